//! Tests of compiling and reading, from mapping text to JSON.
//!
//! **Invariant.** Shapes and documents stand in the test; nothing is read from a file.

mod brief;
mod checking;
mod judging;
mod reading;
mod reports;
mod requests;
mod streams;

use crate::lang;
use crate::plan::compile::{Compiled, Environment, compile};
use crate::plan::read::{ReadPlan, Reader};
use crate::plan::testing::{Told, catalogue};
use crate::program::{Ambient, Program};
use kernel::{Catalogue, Diagnostic, Document, Error, Progress, Severity, Sources};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A project of one connection `pms`.
struct Case {
    sources: Sources,
    catalogue: Arc<Catalogue>,
    compiled: Compiled,
}

const HEAD: &str = "facade: test\nformat: 1\nauth: { type: none }\n";

/// Compiles a mapping against a shape. `files` are JSON Schemas and code tables.
fn case(shape: &str, mapping: &str, files: &[(&str, &str)]) -> Case {
    let mut sources = Sources::default();
    let (project, found) = lang::load(vec![("facade.yaml".into(), format!("{HEAD}{mapping}"))], &mut sources);
    let wrong: Vec<&Diagnostic> = found.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "the mapping cannot be read: {wrong:?}");
    let catalogue = catalogue(shape);
    let catalogues = BTreeMap::from([("pms".to_owned(), Arc::clone(&catalogue))]);
    let read = |path: &str| {
        files
            .iter()
            .find(|(name, _)| *name == path)
            .map(|(_, text)| (*text).to_owned())
            .ok_or_else(|| "no such file".to_owned())
    };
    let failed = BTreeSet::from(["failed".to_owned()]);
    let mut environment = Environment {
        catalogues: &catalogues,
        failed: &failed,
        statements: &|_, _| Err(Vec::new()),
        files: &read,
        sources: &mut sources,
    };
    let compiled = compile(&project, &mut environment);
    Case { sources, catalogue, compiled }
}

impl Case {
    fn program(&self) -> &Program {
        let wrong: Vec<&Diagnostic> =
            self.compiled.findings.iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        self.compiled.program.as_ref().expect("a program")
    }

    /// Code, the text that it points at, and the message of each finding.
    fn findings(&self) -> Vec<(&'static str, &str, &str)> {
        let shown = |found| {
            let found: &Diagnostic = found;
            let text = found.span.and_then(|span| {
                self.sources.file(span.file)?.text.get(span.start as usize..span.end as usize)
            });
            (found.code.0, text.unwrap_or_default(), found.message.as_str())
        };
        self.compiled.findings.iter().map(shown).collect()
    }

    /// Reads a record of the model `M` that stands alone.
    fn record(&self, document: &str) -> Result<String, Error> {
        let model = self.program().find_model("M").expect("the model M");
        let told = |slow| Told::new(&self.catalogue.shape, model.ty, document).slow(slow);
        let plan = Arc::new(ReadPlan::of_record(model));
        let mut reader = Reader::new(plan, &Ambient::for_tests());
        let first = finish(&mut reader, told(false));
        // Whatever came before, and however the input is cut, the same document gives the same answer.
        reader.reset(&Ambient::for_tests());
        let second = finish(&mut reader, told(true));
        assert_eq!(first.as_ref().ok(), second.as_ref().ok());
        first
    }

    /// Reads a reply of the first operation.
    fn reply(&self, document: &str) -> Result<String, Error> {
        let operation = &self.program().operations[0];
        let call = operation.call.as_ref().expect("a call");
        let reply = self.catalogue.operations[call.operation.0 as usize].reply.expect("a reply");
        let told = Told::new(&self.catalogue.shape, self.catalogue.shape.part(reply).ty, document);
        let mut reader = operation.reader(&Ambient::for_tests()).expect("a reader");
        finish(&mut reader, told)
    }
}

fn finish(reader: &mut Reader, mut told: Told) -> Result<String, Error> {
    loop {
        match told.advance(reader).expect("decodable") {
            Progress::End | Progress::Stopped => break,
            Progress::Paused if reader.judged().is_some() => break,
            Progress::Paused | Progress::NeedInput => {}
        }
    }
    let answer = reader.finish()?;
    if answer.found {
        // What is written must be JSON, whatever it is made of.
        crate::json::parse(answer.json, crate::json::JsonLimits::default()).expect("JSON");
    }
    Ok(String::from_utf8(answer.json.to_vec()).expect("UTF-8"))
}

/// Returns a detail of an error.
fn detail<'e>(error: &'e Error, key: &str) -> &'e str {
    error.context.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value.as_str())
}
