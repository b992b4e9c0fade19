//! What is written for people is true: printed pages are fresh, and every example of the guides runs.
//!
//! **Invariant.** A block of a guide that names a project is written and run; what is shown below a command is what the
//! command says. With `SEAWALL_UPDATE_DOCS=1` shown outputs are rewritten instead, to be read before they are committed.

#[path = "reference/blocks.rs"]
mod blocks;
#[path = "reference/session.rs"]
mod session;
#[path = "reference/workshop.rs"]
mod workshop;

use blocks::{Block, Guide};
use std::collections::BTreeSet;
use std::fs;
use tests::shared::repository;
use workshop::Workshop;

/// How a stale page is made fresh.
const REFRESH: &str = gateway::reference::COMMAND;

#[test]
fn the_printed_pages_are_what_the_code_prints() {
    check_folder(gateway::reference::PAGES, gateway::reference::pages());
}

#[test]
fn the_schemas_are_what_the_code_prints() {
    check_folder(gateway::reference::SCHEMAS, gateway::reference::schemas());
}

/// Compares a folder with what is printed into it; there must be nothing else.
fn check_folder(folder: &str, printed: Vec<(String, String)>) {
    assert!(!printed.is_empty(), "nothing is printed into {folder}");
    let folder = repository().join(folder);
    let mut stale = Vec::new();
    for (file, text) in &printed {
        if fs::read_to_string(folder.join(file)).ok().as_ref() != Some(text) {
            stale.push(file.clone());
        }
    }
    assert!(stale.is_empty(), "{stale:?} in {} are stale; refresh them by `{REFRESH}`", folder.display());
    let printed: BTreeSet<String> = printed.into_iter().map(|(file, _)| file).collect();
    let there = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let foreign: Vec<String> = there.filter(|file| !printed.contains(file)).collect();
    assert!(foreign.is_empty(), "nothing prints {foreign:?} in {}; remove them", folder.display());
}

#[test]
fn the_ten_minute_guide_does_what_it_shows() {
    let ran = run("docs/guide/ten-minutes.md");
    assert!(ran.commands >= 7 && ran.requests >= 15, "{ran:?}");
}

#[test]
fn the_examples_of_the_mapping_guide_compile_and_their_tests_pass() {
    let ran = run("docs/guide/mapping.md");
    assert!(ran.files >= 8 && ran.commands >= 1, "{ran:?}");
}

#[test]
fn the_guide_to_databases_runs_and_shows_what_the_commands_say() {
    if tests::databases::odbc_driver("libsqlite3odbc.so").is_none() {
        return;
    }
    let ran = run("docs/guide/databases.md");
    assert!(ran.files >= 4 && ran.commands >= 4 && ran.requests >= 6, "{ran:?}");
}

#[test]
fn the_guide_to_files_runs_and_shows_what_the_commands_say() {
    let ran = run("docs/guide/files.md");
    assert!(ran.files >= 5 && ran.commands >= 4, "{ran:?}");
}

#[test]
fn the_picture_in_the_readme_compiles_and_reads_as_shown() {
    let guide = Guide::read(&repository().join("README.md"));
    let picture = guide.blocks.iter().find(|block| block.file.is_some()).expect("the README shows a mapping");
    let mut workshop = Workshop::default();
    workshop.write("readme", "picture.yaml", &picture.text);
    workshop.write("readme", "facade.yaml", BASE);
    workshop.write("readme", "tests/R-1001.json", &answer_beside(&picture.text));
    workshop.write("readme", "tests.yaml", PICTURE_TEST);
    for command in ["seawall check", "seawall test"] {
        let (output, good) = workshop.run("readme", command);
        assert!(good, "{command} of the picture:\n{output}");
    }
}

#[test]
fn the_operations_guide_invents_no_names() {
    let guide = fs::read_to_string(repository().join("docs/guide/operations.md")).unwrap();
    let page = |name: &str| {
        let pages = gateway::reference::pages();
        pages
            .into_iter()
            .find_map(|(file, text)| (file == name).then_some(text))
            .expect("the page is printed")
    };
    let (metrics, options) = (page("metrics.md"), page("cli.md"));
    let secrets = [gateway::project::FOLDER_VARIABLE, "SEAWALL_SECRET_NAME"];
    let name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let mut known = [0; 3];
    for word in guide.split(|letter| !name(letter)) {
        let kind = ["seawall_", "SEAWALL_", "--"].iter().position(|start| word.starts_with(start));
        let is_known = match kind {
            Some(0) => metrics.contains(&format!("| `{word}` |")),
            Some(1) => secrets.contains(&word) || options.contains(&format!("| `{word}` |")),
            Some(_) => word.bytes().all(|letter| letter == b'-') || options.contains(&format!("| `{word}")),
            None => continue,
        };
        assert!(is_known, "operations.md names {word}, which nobody knows");
        known[kind.unwrap_or_default()] += 1;
    }
    assert!(known.iter().all(|count| *count >= 4), "{known:?}");
}

/// What the picture leaves out.
const BASE: &str = "\
facade: readme
format: 1
auth: { type: none }
connections:
  pms:
    type: soap
    wsdl: legacy/pms.wsdl
    errors:
      - { when: { Errors/Error/Code: \"*\" }, problem: pms-error, status: 502 }
";

const PICTURE_TEST: &str = "\
tests:
  - name: the picture
    model: Reservation
    legacy: tests/R-1001.xml
    modern: tests/R-1001.json
    oneWay: true
";

/// Returns the JSON that stands in comments at the right of a mapping: what follows the line with the request.
fn answer_beside(mapping: &str) -> String {
    let comments =
        mapping.lines().filter_map(|line| line.split_once("#  ").map(|(_, comment)| comment.trim()));
    let json: String = comments.skip_while(|comment| !comment.starts_with('{')).collect();
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "the picture shows no JSON: {json}");
    json
}

/// What was run of a guide.
#[derive(Debug, Default)]
struct Ran {
    files: usize,
    commands: usize,
    requests: usize,
}

/// Runs a guide from its beginning to its end.
fn run(path: &str) -> Ran {
    let path = repository().join(path);
    let mut guide = Guide::read(&path);
    let mut workshop = Workshop::default();
    let mut ran = Ran::default();
    for index in 0..guide.blocks.len() {
        let block = guide.blocks[index].clone();
        let Some(project) = block.project.clone() else { continue };
        match &block.file {
            Some(file) => {
                workshop.write(&project, file, &block.text);
                ran.files += 1;
            }
            None => guide.shown(index, console(&mut workshop, &project, &block, &mut ran)),
        }
    }
    guide.settle(&path);
    ran
}

/// Runs the commands of a block and returns the block as it should be.
fn console(workshop: &mut Workshop, project: &str, block: &Block, ran: &mut Ran) -> String {
    let mut shown = String::new();
    for step in block.steps() {
        let output = if step.command.starts_with("curl ") {
            ran.requests += 1;
            workshop.session(project).request(&step.command, &step.output)
        } else {
            ran.commands += 1;
            let (output, good) = workshop.run(project, &step.command);
            assert_eq!(
                good, !block.fails,
                "line {}: {} ended otherwise:\n{output}",
                block.line, step.command
            );
            output
        };
        shown.push_str(&step.written);
        shown.push_str(&output);
    }
    shown
}
