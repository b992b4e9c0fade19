//! One operation in the document: parameters, body, answers.
//!
//! **Invariant.** Every status that the operation can answer is listed, with the problems that it stands for.

use super::examples::Shown;
use super::{Examples, embedded, is_secured, operation_id, problem_response};
use crate::http::params::{FIELDS, SORT, takes_fields, takes_sort};
use crate::problem::{Kind, Types, words};
use crate::service::location;
use engine::json as exact;
use engine::lang::Idempotency;
use engine::program::{CallPlan, OperationPlan, Param, Place, Program, Verb};
use engine::ty;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Describes an operation. A schema that belongs to it alone is added to `schemas`.
pub(super) fn describe(
    program: &Program,
    plan: &OperationPlan,
    types: &Types,
    examples: &Examples,
    schemas: &mut Map<String, Value>,
) -> Value {
    let mut described = json!({
        "operationId": operation_id(plan),
        "summary": plan.summary.as_deref().map_or_else(|| summary(plan), str::to_owned),
        "parameters": parameters(plan),
        "responses": responses(program, plan, types, examples, schemas),
    });
    if let Some(model) = &plan.model_name {
        described["tags"] = json!([&**model]);
    }
    if let Some(schema) = plan.body_schema.as_deref() {
        let fits = fitting(schema);
        let schema = referred(plan, schema, program, schemas, "Body");
        let mut content = json!({ "schema": schema });
        let shown: Map<_, _> = examples.requests(&plan.key).filter(fits).map(example).collect();
        if !shown.is_empty() {
            content["examples"] = Value::Object(shown);
        }
        described["requestBody"] = json!({ "required": true, "content": { "application/json": content } });
    }
    if let Some(scope) = plan.policy.scope.as_ref().filter(|_| is_secured(program)) {
        described["security"] = json!([{ "token": [scope.value] }]);
        described["description"] = json!(format!("Needs the scope `{}`.", scope.value));
    }
    described
}

fn parameters(plan: &OperationPlan) -> Vec<Value> {
    let mut parameters: Vec<Value> = plan.params.iter().map(parameter).collect();
    if plan.page.is_some() {
        let page = plan.page.as_ref();
        let max = page.map_or(0, |page| page.max);
        let size = page.map_or(0, |page| page.size);
        parameters.push(json!({
            "name": "size", "in": "query", "description": "Items of a page.",
            "schema": { "type": "integer", "minimum": 1, "maximum": max, "default": size },
        }));
        parameters.push(json!({
            "name": "next", "in": "query", "description": "The cursor `next` of the page before.",
            "schema": { "type": "string" },
        }));
    }
    parameters.extend(of_table(plan));
    if compares(plan) {
        parameters.push(json!({
            "name": "If-Match", "in": "header",
            "description": "The `ETag` of the record that is meant; 412 if it is another one by now.",
            "schema": { "type": "string" },
        }));
    }
    if requires_key(plan) {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A fresh text for each intent; the same one for each repetition. A repetition gets the first answer and has no second effect.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    if plan.verb == Verb::Get {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header",
            "description": "The `ETag` of an answer that the client has; 304 if it is still the same.",
            "schema": { "type": "string" },
        }));
    }
    parameters
}

/// What may be asked of tables beside the filters.
fn of_table(plan: &OperationPlan) -> Vec<Value> {
    let mut parameters = Vec::new();
    if let Some(table) = plan.call.as_ref().and_then(CallPlan::table).filter(|_| takes_sort(plan)) {
        let fields: Vec<&str> = table.sorts.iter().map(|sort| &*sort.field).collect();
        let about = format!(
            "Fields by which the list is ordered, separated by commas, `-` in front of those turned around: {}.",
            fields.join(", ")
        );
        parameters.push(json!({
            "name": SORT, "in": "query", "description": about, "schema": { "type": "string" },
            "example": fields.first().map(|field| format!("-{field}")),
        }));
    }
    if takes_fields(plan) {
        parameters.push(json!({
            "name": FIELDS, "in": "query",
            "description": "Fields of the answer, separated by commas, with dots: `id,address.city`; without it all.",
            "schema": { "type": "string" },
        }));
    }
    parameters
}

/// Returns whether the record is compared with the one that the client means.
fn compares(plan: &OperationPlan) -> bool {
    let writes = matches!(plan.verb, Verb::Update | Verb::Replace | Verb::Delete);
    writes && (on_table(plan) || plan.read_by.is_some())
}

fn on_table(plan: &OperationPlan) -> bool {
    plan.call.as_ref().is_some_and(|call| call.table().is_some())
}

fn parameter(param: &Param) -> Value {
    let place = match param.place {
        Place::Path => "path",
        Place::Query => "query",
    };
    let required = param.place == Place::Path || (!param.ty.optional && param.default.is_none());
    let element = match &param.ty.kind {
        ty::Kind::List(element) => &element.kind,
        kind => kind,
    };
    let mut schema = schema_of(element);
    if !param.allowed.is_empty() {
        schema["enum"] = param.allowed.iter().map(|text| Value::from(&**text)).collect();
    }
    if param.repeats() {
        return json!({
            "name": &*param.name, "in": place, "required": required, "style": "form", "explode": false,
            "description": "Values separated by commas. Where it is given several times, each is one value, with its commas.",
            "schema": { "type": "array", "items": schema },
        });
    }
    if let Some(default) = &param.default {
        schema["default"] = engine::json::to_serde(default);
    }
    json!({ "name": &*param.name, "in": place, "required": required, "schema": schema })
}

fn schema_of(kind: &ty::Kind) -> Value {
    match kind {
        ty::Kind::Bool => json!({ "type": "boolean" }),
        ty::Kind::Number { integer: true } => json!({ "type": "integer" }),
        ty::Kind::Number { integer: false } | ty::Kind::Float => json!({ "type": "number" }),
        ty::Kind::Date => json!({ "type": "string", "format": "date" }),
        ty::Kind::Time => json!({ "type": "string", "format": "time" }),
        ty::Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        _ => json!({ "type": "string" }),
    }
}

fn responses(
    program: &Program,
    plan: &OperationPlan,
    types: &Types,
    examples: &Examples,
    schemas: &mut Map<String, Value>,
) -> Value {
    let mut responses = Map::new();
    responses.insert(plan.success.to_string(), success(program, plan, examples, schemas));
    if plan.verb == Verb::Get {
        responses.insert(not_modified(), json!({ "description": "The client has it already." }));
    }
    for (status, problems) in problems(program, plan) {
        let problems: Vec<_> =
            problems.iter().map(|(slug, title)| (slug.as_str(), title.as_str(), status)).collect();
        responses.insert(status.to_string(), problem_response(&problems, types));
    }
    Value::Object(responses)
}

fn not_modified() -> String {
    crate::problem::Status::NotModified.code().to_string()
}

fn success(
    program: &Program,
    plan: &OperationPlan,
    examples: &Examples,
    schemas: &mut Map<String, Value>,
) -> Value {
    let mut answer = json!({ "description": meaning(plan) });
    // A record that was made in a table is answered as the operation that reads it answers.
    let read_back = location::read_back(program, plan).map(|number| &program.operations[number]);
    let schema =
        plan.reply_schema.as_deref().or_else(|| read_back.and_then(|get| get.reply_schema.as_deref()));
    if let Some(schema) = schema {
        let fits = fitting(schema);
        let schema = referred(plan, schema, program, schemas, "Answer");
        let schema = if plan.verb == Verb::List { list_of(schema) } else { schema };
        let mut content = json!({ "schema": schema });
        let list = plan.verb == Verb::List;
        let model = plan.model_name.as_deref().filter(|_| !list);
        let shown = examples.answers(&plan.key, plan.success, model).filter(|shown| list || fits(shown));
        let shown: Map<_, _> = shown.map(example).collect();
        if !shown.is_empty() {
            content["examples"] = Value::Object(shown);
        }
        answer["content"] = json!({ "application/json": content });
    }
    let mut headers = Map::new();
    if plan.verb == Verb::Create {
        headers.insert("Location".into(), header("Where it can be read."));
    }
    if plan.verb == Verb::Get || read_back.is_some() {
        headers.insert("ETag".into(), header("Changes with the record."));
    }
    if plan.page.is_some() {
        headers.insert("Link".into(), header("The next page, if there is one."));
    }
    if !headers.is_empty() {
        answer["headers"] = Value::Object(headers);
    }
    answer
}

/// The problems that an operation can answer, by status.
fn problems(program: &Program, plan: &OperationPlan) -> BTreeMap<u16, Vec<(String, String)>> {
    let mut by_status: BTreeMap<u16, Vec<(String, String)>> = BTreeMap::new();
    let mut add = |slug: &str, title: String, status: u16| {
        let list = by_status.entry(status).or_default();
        if !list.iter().any(|(known, _)| known == slug) {
            list.push((slug.to_owned(), title));
        }
    };
    let connection = plan.call.as_ref().map(|call| &program.connections[call.connection]);
    for entry in connection.into_iter().flat_map(|connection| &connection.errors) {
        add(
            &entry.problem,
            entry.title.as_deref().map_or_else(|| words(&entry.problem), str::to_owned),
            entry.status,
        );
    }
    for kind in kinds(program, plan) {
        let facts = kind.facts();
        add(facts.slug, facts.title.to_owned(), facts.status);
    }
    by_status
}

fn kinds(program: &Program, plan: &OperationPlan) -> Vec<Kind> {
    let mut kinds = vec![Kind::InvalidParameter, Kind::LegacyContract, Kind::LegacyError, Kind::Unavailable];
    if is_secured(program) {
        kinds.extend([Kind::Unauthenticated, Kind::Forbidden]);
    }
    let of_one = matches!(plan.verb, Verb::Update | Verb::Replace | Verb::Delete);
    if plan.verb == Verb::Get || (of_one && on_table(plan)) {
        kinds.push(Kind::NotFound);
    }
    if compares(plan) {
        kinds.push(Kind::PreconditionFailed);
    }
    if on_table(plan) && !plan.is_read() {
        kinds.push(Kind::Conflict);
    }
    if on_table(plan) && of_one {
        kinds.push(Kind::ConcurrentChange);
    }
    if plan.body_schema.is_some() {
        kinds.extend([Kind::InvalidBody, Kind::BodyTooLarge, Kind::UnsupportedMediaType, Kind::Unwritable]);
    }
    if requires_key(plan) {
        kinds.extend([Kind::IdempotencyKeyMissing, Kind::InFlight, Kind::IdempotencyKeyReused]);
    }
    let repeatable = plan.call.as_ref().is_some_and(|call| call.repeatable);
    kinds.push(if repeatable { Kind::TimedOut } else { Kind::OutcomeUnknown });
    kinds
}

fn requires_key(plan: &OperationPlan) -> bool {
    matches!(plan.policy.idempotency.map(|spanned| spanned.value), Some(Idempotency::For(_)))
}

/// A reference to the schema of a model, or the schema of this operation under a name of its own.
fn referred(
    plan: &OperationPlan,
    schema: &Value,
    program: &Program,
    schemas: &mut Map<String, Value>,
    what: &str,
) -> Value {
    let known =
        program.schemas.iter().find(|(_, known)| &**known == schema).map(|(name, _)| name.to_string());
    let name = known.unwrap_or_else(|| {
        let id = operation_id(plan);
        let mut letters = id.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
        let name: String = first.chain(letters).chain(what.chars()).collect();
        schemas.entry(name.clone()).or_insert_with(|| embedded(&name, schema));
        name
    });
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list_of(item: Value) -> Value {
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": item },
            "next": { "type": "string", "description": "The cursor of the next page; absent on the last one." },
        },
    })
}

fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

/// A test may well show what the schema refuses; that is an example of nothing.
fn fitting(schema: &Value) -> impl Fn(&Shown<'_>) -> bool + use<> {
    let validator = jsonschema::options().offline().build(schema).ok();
    move |shown| validator.as_ref().is_some_and(|validator| validator.is_valid(&exact::to_serde(shown.body)))
}

fn example(shown: Shown<'_>) -> (String, Value) {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    (shown.name.chars().map(plain).collect(), shown.object())
}

fn summary(plan: &OperationPlan) -> String {
    let model = plan.model_name.as_deref().unwrap_or("a record");
    match plan.verb {
        Verb::Get => format!("Reads {model}"),
        Verb::List => format!("Lists {model}"),
        Verb::Create => format!("Creates {model}"),
        Verb::Replace => format!("Replaces {model}"),
        Verb::Update => format!("Changes {model}"),
        Verb::Delete => format!("Deletes {model}"),
        Verb::Call => plan.key.to_string(),
    }
}

fn meaning(plan: &OperationPlan) -> &'static str {
    match plan.verb {
        Verb::Get => "The record.",
        Verb::List => "The records.",
        Verb::Create => "It was created.",
        Verb::Replace => "It was replaced, or was the same already.",
        Verb::Update => "It was changed.",
        Verb::Delete => "It was deleted.",
        Verb::Call => "It was done.",
    }
}
