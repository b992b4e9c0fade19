//! Every adapter of the program passes the suite, against a fake that speaks its protocol.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

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

use contracts::adapter::{Subject, Suite};
use gateway::cli::ProjectArgs;
use gateway::project::{Mode, Project};
use gateway::registry;
use liar::{Liar, Lie};

fn subjects() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(soap::Soap::new(&adapters_soap::Soap)),
        Box::new(sql::Sql::new(&adapters_sql::Odbc)),
        Box::new(sql::Sql::new(&adapters_sql::Jdbc)),
        Box::new(log::Log::new(&adapters_log::Log)),
    ]
}

#[test]
fn every_adapter_passes_the_suite() {
    let run = |subject: Box<dyn Subject>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Suite(&*subject).run());
    };
    std::thread::scope(|scope| {
        for subject in subjects() {
            let kind = subject.adapter().kind();
            if kind == "jdbc" && !sql::has_bridge(&*subject) {
                eprintln!("SKIPPED: jdbc: the adapter was built without a JDK, so it has no bridge");
                continue;
            }
            std::thread::Builder::new().name(kind.into()).spawn_scoped(scope, move || run(subject)).unwrap();
        }
    });
}

#[tokio::test]
async fn an_adapter_that_breaks_a_promise_is_noticed() {
    let check = async |liar: &'static Liar, expected: &str| {
        let tried = tokio::spawn(async { Suite(&soap::Soap::new(liar)).run().await });
        let panic = tried.await.expect_err("the suite notices nothing").into_panic();
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default().to_owned();
        assert!(message.contains(expected), "{liar:?}: {expected:?} is not in {message}");
    };
    check(&Liar(Lie::Safe), "bytes have left, and yet").await;
    check(&Liar(Lie::Late), "it waited for").await;
    check(&Liar(Lie::Stubborn), "it does not happen that the connection of a dropped call is closed").await;
    check(&Liar(Lie::Talkative), "it is shown").await;
    check(&Liar(Lie::Blind), "a changed value is not noticed").await;
    check(&Liar(Lie::Forgetful), "what is written tells something else").await;
    check(&Liar(Lie::Quick), "it stops at the first mistake").await;
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
