//! Tests of models: legacy to modern, and the laws on that example.
//!
//! **Invariant.** The example is read by the plan that serves, never by a second reader.

use super::payload::{self, Legacy, named};
use super::update::Updates;
use super::{Outcome, Subject, compare};
use engine::lang::{Payload, Test};
use engine::plan::laws::Laws;
use engine::plan::model::Model;
use engine::plan::tree::Tree;
use engine::program::Ambient;
use std::sync::Arc;

pub(super) fn run(subject: &Subject<'_>, test: &Test, updates: &mut Updates<'_>) -> Outcome {
    let Some(name) = &test.model else { return Outcome::failed("the test names no model") };
    let Some(model) = subject.program.find_model(name) else {
        return unknown(subject, name);
    };
    let (Some(legacy), Some(modern)) = (&test.legacy, &test.modern) else {
        return Outcome::failed("a test of a model needs `legacy` and `modern`");
    };
    let tree = match read_legacy(subject, model, legacy) {
        Ok(Some(tree)) => tree,
        Ok(None) => {
            return Outcome::NotRun("no adapter of this build serves the connection of the model".into());
        }
        Err(why) => return Outcome::failed(format!("legacy: {why}")),
    };
    let mut wrong = reading(subject, model, &tree, modern, updates);
    if !test.one_way {
        wrong.extend(laws(model, &tree));
    }
    Outcome::of(wrong)
}

fn unknown(subject: &Subject<'_>, name: &str) -> Outcome {
    let why = subject.program.unsupported.iter().find(|part| part.section == "models" && *part.name == *name);
    match (why, subject.program.schemas.iter().any(|(known, _)| **known == *name)) {
        (Some(part), _) => Outcome::NotRun(part.why.into()),
        (None, true) => Outcome::failed(format!("model `{name}` has no legacy side")),
        (None, false) => Outcome::failed(format!("there is no model `{name}`")),
    }
}

fn read_legacy(subject: &Subject<'_>, model: &Model, legacy: &Payload) -> Result<Option<Tree>, String> {
    let Some(Some(connection)) = subject.connections.get(model.connection) else { return Ok(None) };
    let legacy_of = Legacy { connection: &**connection, shape: &model.shape, part: model.part };
    legacy_of.tree(subject.folder, legacy).map(Some)
}

fn reading(
    subject: &Subject<'_>,
    model: &Arc<Model>,
    tree: &Tree,
    modern: &Payload,
    updates: &mut Updates<'_>,
) -> Vec<String> {
    let found = match Laws::new(model, Ambient::for_tests()).answer(tree) {
        Ok(found) => found,
        Err(why) => return vec![format!("the record cannot be read: {why}")],
    };
    let expected = match payload::value(subject.folder, modern) {
        Ok(expected) => expected,
        Err(why) => return updates.json(modern, &found).failure(vec![format!("modern: {why}")]),
    };
    let wrong = compare::differences(&expected, &found, Some(&model.body));
    if wrong.is_empty() {
        return wrong;
    }
    let name = named(modern, "modern");
    updates.json(modern, &found).failure(wrong.into_iter().map(|line| format!("{name} {line}")).collect())
}

/// Both directions. A refusal of the example's own values is a failure, too: the example proves nothing then.
fn laws(model: &Arc<Model>, tree: &Tree) -> Vec<String> {
    let report = Laws::new(model, Ambient::for_tests()).example(tree);
    let broken = report.broken.iter().map(|one| format!("{}: {}", one.law, one.what));
    let hint = "say `oneWay: true` if the model is only read";
    broken.chain(report.refusals.iter().map(|why| format!("{why}; {hint}"))).collect()
}
