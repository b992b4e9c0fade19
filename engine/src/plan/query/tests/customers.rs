//! The example of a customer master on an AS/400, as it is written.
//!
//! **Invariant.** Nothing of the example is copied here; where it is missing, the tests say so and pass.

use super::kit::{Kit, catalogue};
use crate::plan::watch::Facts;
use crate::program::Ambient;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The files of the example.
struct Example {
    facade: String,
    codes: String,
    tables: String,
}

fn example() -> Option<Example> {
    let shared = std::env::var_os("SEAWALL_SHARED").map_or_else(
        || Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).to_owned(),
        PathBuf::from,
    );
    let folder = shared.join("examples/customers");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no example at {}; set SEAWALL_SHARED", folder.display());
        return None;
    }
    let text = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    let catalog: serde_json::Value = serde_json::from_str(&text("legacy/erp.catalog.json")).unwrap();
    let mut tables = String::new();
    for (name, table) in catalog["tables"].as_object().unwrap() {
        writeln!(tables, "table {name}").unwrap();
        let key: Vec<&str> = table["key"].as_array().unwrap().iter().filter_map(|key| key.as_str()).collect();
        for (column, ty) in table["columns"].as_object().unwrap() {
            let key = if key.contains(&column.as_str()) { "key" } else { "null" };
            writeln!(tables, "{column} {} {key}", ty.as_str().unwrap().to_lowercase()).unwrap();
        }
    }
    Some(Example { facade: text("facade.yaml"), codes: text("codes/country.csv"), tables })
}

impl Example {
    fn compile(&self, facade: &str) -> Result<Kit, Vec<kernel::Diagnostic>> {
        let files = [("codes/country.csv", self.codes.clone())];
        Kit::load(facade, &files, catalogue(&self.tables), &[])
    }
}

#[test]
fn the_example_compiles_and_asks_as_its_own_test_says() {
    let Some(example) = example() else { return };
    let kit = example.compile(&example.facade).unwrap();
    assert_eq!(kit.findings(), []);
    assert_eq!(kit.program().unsupported, []);
    let mut inputs = kit.inputs("GET /customers", &["country=AT", "changedSince=2026-03-01T00:00:00Z"], "");
    inputs.page.size = 50;
    let query = kit.listed("GET /customers", &inputs, &crate::plan::query::Listing::default());
    assert_eq!(
        query,
        "select KDNR, KDTYP, KDNAM1, KDNAM2, KDMAIL, KDNEWS, KDSTS, KDSTR, KDPLZ, KDORT, KDLKZ, KDKLIM, KDANLD, KDAEND, KDAENZ \
         from KDLIB.KDSTAMM where KDLKZ = 'A' and (KDAEND > '20260301' or (KDAEND = '20260301' and KDAENZ >= '10000')) \
         order KDNR limit 51"
    );
    let events = &kit.program().events[0];
    let watch = events.watch.as_ref().unwrap();
    assert_eq!((watch.every.as_secs(), watch.overlap.as_secs()), (20, 120));
    let model = kit.program().find_model("Customer").unwrap();
    let since = crate::value::Value::Absent;
    let zone = jiff::tz::TimeZone::UTC;
    let facts = events.facts(model, &super::kit::parse("{}"), &since, (&Ambient::for_tests(), &zone));
    assert_eq!(facts, Ok(Facts::default()));
}

#[test]
fn random_rows_that_are_written_back_unchanged_make_no_statement() {
    let Some(example) = example() else { return };
    let kit = example.compile(&example.facade).unwrap();
    let model = kit.program().find_model("Customer").unwrap();
    let laws = crate::plan::laws::Laws::new(model, Ambient::for_tests());
    let report = laws.random(500, 3);
    assert_eq!(report.broken, []);
    let operation = kit.operation("PATCH /customers/{id}");
    let mut inputs = kit.inputs("PATCH /customers/{id}", &[], "");
    let rows = laws.samples(2000, 5);
    assert_eq!(rows.len(), 2000);
    for row in rows {
        let modern = laws.read(&row).unwrap();
        inputs.params = vec![modern.member("id").unwrap().clone()];
        inputs.body = modern;
        inputs.old = Some(row);
        let written = crate::plan::query::write(kit.program(), operation, &inputs).unwrap();
        assert!(written.is_none(), "{}", kit.shown(&written.unwrap()));
    }
}

/// What may be written otherwise without being wrong: names that the mapping makes up itself, texts, sizes.
const FREE: &[&str] = &[
    "facade",
    "customers",
    "title",
    "format",
    "FACADE",
    "EUR",
    "read",
    "write",
    "crm",
    "v1",
    "com",
    "example",
    "customer",
    "created",
    "changed",
    "removed",
    "true",
    "false",
    "person",
    "company",
    "name",
    "country",
    "changedSince",
    "type",
    "email",
    "newsletter",
    "active",
    "street",
    "postcode",
    "city",
    "creditLimit",
    "amount",
    "currency",
    "customerSince",
    "address",
];

#[test]
fn each_typo_in_the_mapping_is_noticed() {
    let Some(example) = example() else { return };
    let facade = example.facade.split("\ntests:").next().unwrap();
    let start = facade.find("\nmodels:").unwrap();
    let (mut tried, mut missed) = (0, Vec::new());
    let mut at = start;
    while let Some(word) = next_word(facade, &mut at) {
        let text = &facade[word.clone()];
        // A single letter is a legacy code: only the file's own tests know which one is meant.
        if text.len() == 1
            || in_comment(facade, word.start)
            || FREE.contains(&text)
            || text.chars().all(|c| c.is_ascii_digit())
        {
            continue;
        }
        let wrong: String =
            text.chars().rev().skip(1).collect::<Vec<_>>().into_iter().rev().chain(['q']).collect();
        let mutated = format!("{}{wrong}{}", &facade[..word.start], &facade[word.end..]);
        tried += 1;
        let noticed = match example.compile(&mutated) {
            Err(_) => true,
            Ok(kit) => !kit.compiled.findings.is_empty() || unlike(&kit),
        };
        if !noticed {
            missed.push(format!(
                "{text} → {wrong} in `{}`",
                facade[..word.end].lines().last().unwrap_or_default()
            ));
        }
    }
    assert!(tried > 70, "{tried}");
    assert!(missed.is_empty(), "{missed:#?}");
}

/// A part of the project is not run as it is in the example.
fn unlike(kit: &Kit) -> bool {
    let Some(program) = &kit.compiled.program else { return true };
    !program.unsupported.is_empty()
}

fn next_word(text: &str, at: &mut usize) -> Option<std::ops::Range<usize>> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let start = *at + text[*at..].find(is_word)?;
    let end = start + text[start..].find(|c| !is_word(c)).unwrap_or(text.len() - start);
    *at = end;
    Some(start..end)
}

fn in_comment(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    text[line..at].contains(" #") || text[line..at].starts_with('#')
}
