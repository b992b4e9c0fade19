//! Tests of operations: what is sent, what comes back, which calls were made, and no others.
//!
//! **Invariant.** The request goes through the service that serves; only the legacy system and the clock are scripted.

mod judge;
mod sql;
mod world;

use super::update::Updates;
use super::{Outcome, Subject, lacking};
use engine::lang::Test;
use engine::program::{OperationPlan, Program, Segment};
use std::sync::Arc;
use world::World;

pub(super) fn run(subject: &Subject<'_>, number: usize, updates: &mut Updates<'_>) -> Outcome {
    let tests = &subject.project.tests;
    let chain = match chain(tests, number) {
        Ok(chain) => chain,
        Err(outcome) => return outcome,
    };
    for &earlier in &chain {
        if let Some(why) = cannot_run(subject, &tests[earlier]) {
            let name = &tests[earlier].name.value;
            return Outcome::NotRun(if earlier == number {
                why
            } else {
                format!("`{name}` is not run: {why}")
            });
        }
    }
    let world = match World::new(subject) {
        Ok(world) => world,
        Err(why) => return Outcome::failed(why),
    };
    let mut last = None;
    for &step in &chain {
        match world.play(&tests[step], step) {
            Ok(played) => last = Some(played),
            Err(why) => return Outcome::failed(why),
        }
    }
    let Some(played) = last else { return Outcome::failed("nothing was requested") };
    let test = &tests[number];
    let wrong = judge::judge(subject, test, &played, updates);
    match &test.events {
        Some(_) if wrong.is_empty() => {
            Outcome::NotRun("this build publishes no events; all else is as the test says".into())
        }
        _ => Outcome::of(wrong),
    }
}

/// Returns the tests whose state a test keeps, the earliest first, and itself.
fn chain(tests: &[Test], number: usize) -> Result<Vec<usize>, Outcome> {
    let mut chain = vec![number];
    let mut at = &tests[number];
    while let Some(after) = &at.after {
        let Some(earlier) = tests.iter().position(|test| test.name.value == after.value) else {
            return Err(Outcome::failed(format!("after: there is no test `{}`", after.value)));
        };
        if chain.contains(&earlier) {
            return Err(Outcome::failed(format!(
                "after: the tests wait for each other at `{}`",
                after.value
            )));
        }
        chain.push(earlier);
        at = &tests[earlier];
    }
    chain.reverse();
    Ok(chain)
}

/// Says why a test cannot be run by this build.
fn cannot_run(subject: &Subject<'_>, test: &Test) -> Option<String> {
    if let Some(why) = lacking(test) {
        return Some(why.into());
    }
    let Some(request) = &test.request else {
        return Some("it requests nothing, so it leaves no state".into());
    };
    let path = request.target.split('?').next().unwrap_or_default();
    let plan = find(subject.program, &request.method, path)?;
    let part =
        subject.program.unsupported.iter().find(|part| part.section == "rest" && *part.name == *plan.key);
    if let Some(part) = part {
        return Some(part.why.into());
    }
    let connection = plan.call.as_ref().map(|call| call.connection);
    let served = connection.is_none_or(|number| subject.connections.get(number).is_some_and(Option::is_some));
    (!served).then(|| "no adapter of this build serves the connection of the operation".into())
}

/// Returns the operation that a request is for: of several, the one with the most literal segments.
fn find<'p>(program: &'p Program, method: &str, path: &str) -> Option<&'p Arc<OperationPlan>> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let fits = |plan: &&Arc<OperationPlan>| {
        let same = |(segment, part): (&Segment, &&str)| match segment {
            Segment::Literal(text) => **text == **part,
            Segment::Param(_) => !part.is_empty(),
        };
        plan.method.name() == method
            && plan.path.len() == parts.len()
            && plan.path.iter().zip(&parts).all(same)
    };
    let literals = |plan: &&Arc<OperationPlan>| {
        plan.path.iter().filter(|segment| matches!(segment, Segment::Literal(_))).count()
    };
    program.operations.iter().filter(fits).max_by_key(literals)
}
