//! Every adapter of the program passes the suite, against a fake that speaks its protocol.

#![expect(clippy::unwrap_used, reason = "all of it is tests")]

#[path = "adapters/soap.rs"]
mod soap;

use contracts::adapter::{Subject, Suite};
use gateway::cli::ProjectArgs;
use gateway::project::{Mode, Project};
use gateway::registry;

fn subjects() -> Vec<Box<dyn Subject>> {
    vec![Box::new(soap::Soap::new())]
}

#[tokio::test]
async fn every_adapter_passes_the_suite() {
    for subject in subjects() {
        Suite(&*subject).run().await;
    }
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
