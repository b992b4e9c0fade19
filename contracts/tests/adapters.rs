//! Every adapter of the program passes the suite, against a fake that speaks its protocol.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

#[path = "adapters/files.rs"]
mod files;
#[path = "adapters/kafka.rs"]
mod kafka;
#[path = "adapters/liar.rs"]
mod liar;
#[path = "adapters/log.rs"]
mod log;
#[path = "adapters/relay.rs"]
mod relay;
#[path = "adapters/script.rs"]
mod script;
#[path = "adapters/soap.rs"]
mod soap;
#[path = "adapters/sql.rs"]
mod sql;

use adapters_ports::{Adapter, Files};
use contracts::adapter::{Subject, Suite};
use gateway::cli::ProjectArgs;
use gateway::project::{Mode, Project};
use gateway::registry;
use liar::{Liar, Lie};

/// A project without files.
#[derive(Debug)]
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("it does not exist".into())
    }
}

fn subjects() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(soap::Soap::new(&adapters_soap::Soap)),
        Box::new(sql::Sql::new(&adapters_sql::Odbc)),
        Box::new(sql::Sql::new(&adapters_sql::Jdbc)),
        Box::new(log::Log::new(&adapters_log::Log)),
        Box::new(files::Folder(&adapters_files::Files)),
        Box::new(kafka::Broker(&adapters_kafka::Kafka)),
    ]
}

fn run(subject: &dyn Subject) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Suite(subject).run());
}

#[test]
fn every_adapter_passes_the_suite() {
    std::thread::scope(|scope| {
        for subject in subjects() {
            let kind = subject.adapter().kind();
            if kind == "jdbc" && !sql::has_bridge(&*subject) {
                eprintln!("SKIPPED: jdbc: the adapter was built without a JDK, so it has no bridge");
                continue;
            }
            std::thread::Builder::new()
                .name(kind.into())
                .spawn_scoped(scope, move || run(&*subject))
                .unwrap();
        }
    });
}

/// Returns what the suite says of an adapter with one lie.
fn found(lie: Lie, honest: &'static dyn Adapter) -> String {
    let liar: &'static Liar = Box::leak(Box::new(Liar(lie, honest)));
    let subject: Box<dyn Subject> = match honest.kind() {
        "soap" => Box::new(soap::Soap::new(liar)),
        "log" => Box::new(log::Log::new(liar)),
        _ => Box::new(sql::Sql::new(liar)),
    };
    let tried = std::thread::spawn(move || run(&*subject));
    let panic = tried.join().expect_err("the suite notices nothing");
    let message = panic.downcast_ref::<String>().map(String::as_str);
    message.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default().to_owned()
}

fn check_lies(honest: &'static dyn Adapter, lies: &[(Lie, &str)]) {
    for (lie, expected) in lies {
        let message = found(*lie, honest);
        assert!(message.contains(expected), "{lie:?}: {expected:?} is not in {message}");
    }
}

#[test]
fn an_adapter_that_breaks_a_promise_of_calls_is_noticed() {
    let lies = [
        (Lie::Safe, "bytes have left, and yet"),
        (Lie::Late, "it waited for"),
        (Lie::Stubborn, "it does not happen that the connection of a dropped call is closed"),
        (Lie::Talkative, "it is shown"),
        (Lie::Blind, "a changed value is not noticed"),
        (Lie::Forgetful, "what is written tells something else"),
        (Lie::Quick, "it stops at the first mistake"),
    ];
    check_lies(&adapters_soap::Soap, &lies);
}

#[test]
fn an_adapter_that_breaks_a_promise_of_tables_is_noticed() {
    let lies = [(Lie::Anxious, "it claims that bytes have left"), (Lie::Literal, "is text of the statement")];
    check_lies(&adapters_sql::Odbc, &lies);
}

#[test]
fn an_adapter_that_breaks_a_promise_of_sinks_is_noticed() {
    let lies = [
        (Lie::Lossy, "what is kept is not what was published"),
        (Lie::Backward, "what is kept is not what was published"),
        (Lie::Generous, "which events are refused"),
        (Lie::Restless, "it does not wait"),
    ];
    check_lies(&adapters_log::Log, &lies);
}

#[test]
fn every_adapter_of_the_program_is_tried() {
    let tried: Vec<&str> = subjects().iter().map(|subject| subject.adapter().kind()).collect();
    let served: Vec<&str> = registry::adapters().iter().map(|adapter| adapter.kind()).collect();
    assert_eq!(tried, served);
}

#[test]
fn a_key_that_no_adapter_documents_is_refused_by_check() {
    let folder = std::env::temp_dir().join(format!("seawall-contracts-{}", std::process::id()));
    for adapter in registry::adapters() {
        std::fs::create_dir_all(&folder).unwrap();
        let kind = adapter.kind();
        let mapping =
            format!("facade: keys\nformat: 1\nconnections:\n  legacy: {{ type: {kind}, surprise: 1 }}\n");
        std::fs::write(folder.join("facade.yaml"), mapping).unwrap();
        let args = ProjectArgs { project: folder.clone(), env: None, libs: Vec::new() };
        let text = Project::check(&args, Mode::Offline).text();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(text.contains("unknown key `surprise`") && text.contains("facade.yaml:4"), "{kind}: {text}");
    }
}
