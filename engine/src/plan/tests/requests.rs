//! Requests: one that was prepared is the one that would be built anew.
//!
//! **Invariant.** Each row is built in both ways.

use super::case;
use crate::plan::testing::Told;
use crate::plan::tree::{Tree, capture};
use crate::plan::write::request;
use crate::program::{Ambient, Inputs, OperationPlan, Page, Program, Target};
use crate::value::Value;
use std::sync::Arc;

const SHAPE: &str = "type R { @ID? } \
    call Get { @Echo? @Time? Box? { @Kind? @Key? Deep? { K? } } L* { @X? V? } } -> { R?=R }";

/// The operation with these lines of `send:`.
fn operation(send: &str) -> (Program, Arc<OperationPlan>) {
    // A parameter that nothing uses is a mistake.
    let query = if send.contains("more") { "    query: { more: text }\n" } else { "" };
    let mapping = format!(
        "connections:\n  pms: {{ type: soap, wsdl: x }}\nmodels:\n  M:\n    legacy: pms/R\n    fields: {{ id: ID }}\n\
         rest:\n  GET /r/{{id}}:\n    get: M\n    call: pms.Get\n{query}    send: {send}\n    \
         receive: R\n"
    );
    let case = case(SHAPE, &mapping, &[]);
    let program = case.program().clone();
    let operation = Arc::clone(&program.operations[0]);
    (program, operation)
}

fn anew(operation: &OperationPlan) -> OperationPlan {
    let mut operation = operation.clone();
    let call = operation.call.as_mut().expect("a call");
    let Target::Send(plan) = &mut call.target else { panic!("a message") };
    plan.prepared = None;
    operation
}

fn told(program: &Program, operation: &OperationPlan, params: &[Value]) -> Result<Tree, String> {
    let inputs =
        Inputs { params: params.to_vec(), page: Page::default(), ..Inputs::new(Ambient::for_tests()) };
    let plan = operation.call.as_ref().and_then(|call| call.send()).expect("a message");
    let built = request(program, operation, &inputs).map_err(|errors| format!("{errors:?}"))?;
    Ok(capture(&plan.shape, plan.ty, &mut built.replay()).expect("a tree"))
}

fn check(send: &str, is_prepared: bool) {
    let (program, operation) = operation(send);
    let plan = operation.call.as_ref().and_then(|call| call.send()).expect("a message");
    assert_eq!(plan.prepared.is_some(), is_prepared, "{send}");
    let more = [Value::Text("m".into()), Value::Text("".into()), Value::Absent];
    for more in more {
        let params = [Value::Text("A & B".into()), more];
        let (one, other) = (told(&program, &operation, &params), told(&program, &anew(&operation), &params));
        match (one, other) {
            (Ok(one), Ok(other)) => assert!(one.same(one.root(), &other, other.root()), "{send}: {one:?}"),
            (one, other) => assert_eq!(one.err(), other.err(), "{send}"),
        }
    }
}

#[test]
fn a_prepared_request_is_what_building_it_anew_would_give() {
    check("{ Box/Key: = id, Echo: = requestId, Time: = now }", true);
    check("{ \"Box[Kind=14]/Key\": = id, Box/Deep/K: fixed, Echo: = more }", true);
    check("{ \"L[@X=1]/V\": = id, \"L[@X=2]/V\": = more }", true);
    check("{ \"L[2]/V\": = id, Echo: = more }", true);
    check("{ L/V: = id }", true);
}

#[test]
fn nothing_is_prepared_where_the_structure_depends_on_a_value() {
    // The condition looks at what an expression fills.
    check("{ Box/Kind: = more, \"Box[Kind=14]/Key\": = id }", false);
}

#[test]
fn a_value_is_told_where_the_tree_has_another() {
    let (program, operation) = operation("{ Box/Key: = id, Box/Deep/K: fixed }");
    let told =
        |id: &str| told(&program, &operation, &[Value::Text(id.into()), Value::Absent]).expect("a tree");
    let expected = "(Box @Key=one (Deep (K fixed)))";
    let plan = operation.call.as_ref().and_then(|call| call.send()).expect("a message");
    let expected =
        capture(&plan.shape, plan.ty, &mut Told::new(&plan.shape, plan.ty, expected)).expect("a tree");
    let (one, other) = (told("one"), told("other"));
    assert!(one.same(one.root(), &expected, expected.root()), "{one:?}");
    assert!(!one.same(one.root(), &other, other.root()));
}
