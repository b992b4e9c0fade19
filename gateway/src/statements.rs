//! The statements that operations on tables make, with sample values in place, for people.
//!
//! **Invariant.** They are made as for a request, and never executed.

use adapters_ports::Connection;
use engine::plan::query::{Listing, select};
use engine::program::{Ambient, CallPlan, Inputs, OperationPlan, Page, Param, Place, Program};
use engine::ty::Kind;
use engine::value::{Instant, Value};
use jiff::{Timestamp, civil};
use kernel::{Decimal, Predicate, Query};
use std::fmt::Write as _;
use std::sync::Arc;

/// Returns the statements of all operations on tables, or of those of one model; empty where there are none.
pub fn statements(
    program: &Program,
    connections: &[Option<Arc<dyn Connection>>],
    model: Option<&str>,
) -> String {
    let mut out = String::new();
    for plan in &program.operations {
        let Some((call, _)) = plan.call.as_ref().and_then(|call| Some((call, call.table()?))) else {
            continue;
        };
        let is_wanted = model.is_none_or(|wanted| plan.model_name.as_deref() == Some(wanted));
        let Some(Some(connection)) = connections.get(call.connection).filter(|_| is_wanted) else { continue };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}   statements, with samples in place of values", plan.key);
        for (what, inputs) in samples(plan) {
            let _ = writeln!(out, "  {what:8} {}", shown(plan, call, &**connection, &inputs));
        }
    }
    out
}

fn shown(plan: &OperationPlan, call: &CallPlan, connection: &dyn Connection, inputs: &Inputs) -> String {
    let query = match select(plan, inputs, &Listing::default()) {
        Ok(query) => query,
        Err(why) => return format!("(no sample: {why})"),
    };
    if matches!(&query, Query::Select(select) if is_nothing(&select.filter)) {
        return "(no sample: which values there are is said by a code table)".into();
    }
    let wire = connection.query(&query);
    match wire.map(|wire| connection.shown(&wire)) {
        Ok(Some(text)) => text,
        Ok(None) => format!("(connection of {} does not show it)", call.name),
        Err(error) => format!("(no sample: {error})"),
    }
}

fn is_nothing(filter: &Predicate) -> bool {
    match filter {
        Predicate::Any(any) => any.iter().all(is_nothing),
        Predicate::All(all) => all.iter().any(is_nothing),
        Predicate::In { values, .. } => values.is_empty(),
        _ => false,
    }
}

/// What is asked without anything, and with each filter alone; parameters of the path are always there.
fn samples(plan: &OperationPlan) -> Vec<(String, Inputs)> {
    let inputs = |given: Option<usize>| {
        let value = |(n, param): (usize, &Param)| match param.place {
            Place::Query if given != Some(n) => Value::Absent,
            _ => sample(param),
        };
        let page = Page { size: plan.page.as_ref().map_or(0, |page| page.size), ..Page::default() };
        Inputs {
            params: plan.params.iter().enumerate().map(value).collect(),
            page,
            ..Inputs::new(Ambient::for_tests())
        }
    };
    let first = if plan.is_read() { "reads" } else { "first" };
    let filters = plan.params.iter().enumerate().filter(|(_, param)| param.place == Place::Query);
    let filtered = filters.map(|(n, param)| (format!("?{}", param.name), inputs(Some(n))));
    let makes = plan.verb == engine::program::Verb::Create;
    let all = std::iter::once((first.to_owned(), inputs(None))).chain(filtered);
    if makes { Vec::new() } else { all.collect() }
}

fn sample(param: &Param) -> Value {
    let at = Timestamp::constant(1_767_225_600, 0);
    let text = || param.allowed.first().map_or_else(|| "x".into(), Arc::clone);
    match &param.ty.kind {
        Kind::Bool => Value::Bool(true),
        Kind::Number { .. } | Kind::Float => Value::Number(Decimal::from(1)),
        Kind::Date => Value::Date(civil::date(2026, 1, 1)),
        Kind::Time => Value::Time(civil::time(9, 30, 0, 0)),
        Kind::Instant => Value::Instant(Instant { at, offset_s: 0 }),
        Kind::List(element) => {
            let one = Param { ty: (**element).clone(), ..param.clone() };
            Value::List(vec![sample(&one)])
        }
        _ => Value::Text(text()),
    }
}
