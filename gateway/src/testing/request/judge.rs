//! Compares what became of a request with what its test expects.
//!
//! **Invariant.** A test that expects nothing proves nothing and fails.

use super::sql;
use super::world::{Called, Played, called};
use crate::http::answer::Answer;
use crate::testing::payload::{self, named};
use crate::testing::script::Made;
use crate::testing::update::Updates;
use crate::testing::{Subject, compare};
use engine::json::{self, JsonLimits};
use engine::lang::{Payload, Test, TestCall, TestResponse};
use engine::plan::model::ObjectMap;
use engine::program::Ambient;
use engine::value::Value;

/// Returns what is wrong.
pub(super) fn judge(
    subject: &Subject<'_>,
    test: &Test,
    played: &Played,
    updates: &mut Updates<'_>,
) -> Vec<String> {
    if test.calls.is_none() && test.response.is_none() && test.statement.is_none() {
        return vec!["the test expects nothing: it needs `calls`, `sql` or `response`".into()];
    }
    let mut wrong = calls(subject, test, played, updates);
    wrong.extend(sql::differences(test.statement.as_ref().map(|text| text.value.as_str()), &played.stated));
    match &test.response {
        Some(response) => wrong.extend(answer(subject, response, played, updates)),
        None if played.responded.problem.is_some() => {
            wrong.push(unexpected_problem(&played.responded.answer))
        }
        None => {}
    }
    wrong
}

/// Which calls were made, in what order, and no others; and what they sent.
fn calls(subject: &Subject<'_>, test: &Test, played: &Played, updates: &mut Updates<'_>) -> Vec<String> {
    let expected: Vec<&str> = played.expected.iter().map(|(name, _)| name.as_str()).collect();
    let made: Vec<String> = played.made.iter().map(|made| name(subject, made)).collect();
    let mut wrong = Vec::new();
    if made != expected {
        let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let made: Vec<&str> = made.iter().map(String::as_str).collect();
        wrong.push(format!("calls: expected {}, made {}", list(&expected), list(&made)));
    }
    for made in &played.made {
        let call = made.entry.and_then(|entry| test.calls.as_ref()?.get(entry));
        if let Some((call, payload)) = call.and_then(|call| Some((call, call.request.as_ref()?))) {
            wrong.extend(sent(subject, call, payload, made, updates));
        }
    }
    wrong
}

fn sent(
    subject: &Subject<'_>,
    call: &TestCall,
    payload: &Payload,
    made: &Made,
    updates: &mut Updates<'_>,
) -> Vec<String> {
    let difference =
        called(subject, &call.name).and_then(|called| difference(subject, called, payload, made));
    let what = match difference {
        Ok(None) => return Vec::new(),
        Ok(Some(what)) | Err(what) => what,
    };
    let name = named(payload, "request");
    updates.wire(payload, &made.body).failure(vec![format!("{}: {name}: {what}", call.name.value)])
}

fn difference(
    subject: &Subject<'_>,
    called: Called<'_>,
    payload: &Payload,
    made: &Made,
) -> Result<Option<String>, String> {
    let expected = called.legacy(called.operation.request).wire(subject.folder, payload)?;
    called.connection.difference(&expected, &made.body)
}

fn name(subject: &Subject<'_>, made: &Made) -> String {
    let connection = &subject.program.connections[made.connection];
    let operations = connection.catalogue.as_ref().map(|catalogue| &catalogue.operations);
    let operation = operations.and_then(|operations| operations.get(made.operation.0 as usize));
    format!("{}.{}", connection.name, operation.map_or("?", |operation| &operation.name))
}

fn answer(
    subject: &Subject<'_>,
    expected: &TestResponse,
    played: &Played,
    updates: &mut Updates<'_>,
) -> Vec<String> {
    let answer = &played.responded.answer;
    let mut wrong = Vec::new();
    if let Some(status) = expected.status.filter(|status| status.value != answer.status()) {
        wrong.push(format!("status: expected {}, found {}", status.value, answer.status()));
    }
    let problem = played.responded.problem.as_deref();
    match &expected.problem {
        Some(slug) if problem != Some(slug) => {
            wrong.push(format!("problem: expected {}, found {}", slug.value, problem.unwrap_or("none")));
        }
        None if problem.is_some() && !wrong.is_empty() => wrong.push(unexpected_problem(answer)),
        _ => {}
    }
    if let Some(detail) = &expected.detail {
        let found = body(answer).ok().and_then(|body| body.member("detail").and_then(json::text_of));
        if found.as_deref() != Some(detail) {
            wrong.push(format!("detail: expected {:?}, found {found:?}", detail.value));
        }
    }
    for (name, value) in &expected.headers {
        let found = answer.find(&name.to_ascii_lowercase());
        if found != Some(value) {
            wrong.push(format!("header {}: expected {:?}, found {found:?}", name.value, value.value));
        }
    }
    if let Some(payload) = &expected.body {
        wrong.extend(content(subject, payload, played, updates));
    }
    wrong
}

fn content(
    subject: &Subject<'_>,
    payload: &Payload,
    played: &Played,
    updates: &mut Updates<'_>,
) -> Vec<String> {
    let found = match body(&played.responded.answer) {
        Ok(found) => found,
        Err(why) => return vec![format!("body: {why}")],
    };
    let expected = match payload::value(subject.folder, payload) {
        Ok(expected) => expected,
        Err(why) => return updates.json(payload, &found).failure(vec![format!("body: {why}")]),
    };
    let wrong = compare::differences(&expected, &found, sensitive(subject, played));
    if wrong.is_empty() {
        return wrong;
    }
    let name = named(payload, "body");
    updates.json(payload, &found).failure(wrong.into_iter().map(|line| format!("{name} {line}")).collect())
}

/// The fields of the model that the operation answers with.
fn sensitive<'a>(subject: &Subject<'a>, played: &Played) -> Option<&'a ObjectMap> {
    let plan = subject.program.operations.get(played.responded.route?)?;
    Some(&subject.program.model(plan.model?).body)
}

/// Returns the body of an answer; the request id of a problem is that of tests.
fn body(answer: &Answer) -> Result<Value, String> {
    if answer.bytes().is_empty() {
        return Err("the answer has none".into());
    }
    let mut body = json::parse(answer.bytes(), JsonLimits::default()).map_err(|error| error.message)?;
    let is_problem = answer.find("content-type") == Some(crate::problem::MEDIA_TYPE);
    if let (true, Value::Object(members)) = (is_problem, &mut body) {
        for (_, value) in members.iter_mut().filter(|(name, _)| &**name == "instance") {
            *value = Value::Text(Ambient::for_tests().request_id);
        }
    }
    Ok(body)
}

fn unexpected_problem(answer: &Answer) -> String {
    format!("the answer is a problem: {}", String::from_utf8_lossy(answer.bytes()))
}
