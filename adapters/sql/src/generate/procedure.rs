//! Calls of procedures.
//!
//! **Invariant.** Every parameter of the procedure has its `?`, in the order of the catalog; one that nobody sends is NULL.

mod postgresql;

use super::{Maker, defect, told};
use crate::call::{Answer, Call, Outcome, Rows};
use crate::catalog::{ParameterDef, ParameterDirection, ProcedureDef};
use crate::dialect::Dialect;
use crate::schema::Procedure;
use crate::testdata::datum;
use crate::types::SqlType;
use crate::values;
use adapters_sql_protocol::{Direction, Parameter, Value, ValueKind};
use kernel::{Datum, Document, Error, Interest, PartId, Progress, Scalar, Stop, TypeId, Visitor};

/// Returns the call of a procedure with the values that a request has for its parts.
///
/// # Errors
/// A value that a parameter cannot hold.
pub(crate) fn call(maker: Maker<'_>, number: u32, sent: &[(PartId, Datum)]) -> Result<Call, Error> {
    let (procedure, parts) = maker.schema.procedure(number).ok_or_else(|| defect("no such operation"))?;
    let mut sql = maker.sql();
    let mut outcome = Outcome::default();
    if maker.dialect() == Dialect::Postgresql
        && procedure.parameters.iter().all(|one| one.direction != ParameterDirection::Return)
    {
        let value = |n: usize| {
            let value = parts.sent[n].and_then(|part| sent.iter().find(|(sent, _)| *sent == part));
            value.map(|(_, value)| value.clone())
        };
        postgresql::write(&mut sql, maker, procedure, value)?;
        for (declared, part) in procedure.parameters.iter().zip(&parts.told) {
            outcome.values.extend(part.map(|part| told(maker.dialect(), part, &declared.name, &declared.ty)));
        }
        return Ok(finished(maker, sql, outcome, procedure, parts));
    }
    let returns = procedure.parameters.iter().position(|one| one.direction == ParameterDirection::Return);
    let mut bind = |sql: &mut super::Sql<'_>, n: usize| -> Result<(), Error> {
        let declared = &procedure.parameters[n];
        let value = parts.sent[n].and_then(|part| sent.iter().find(|(sent, _)| *sent == part));
        sql.bind(parameter(maker, declared, value.map(|(_, value)| value))?);
        if let Some(part) = parts.told[n] {
            outcome.values.push(told(maker.dialect(), part, &declared.name, &declared.ty));
        }
        Ok(())
    };
    sql.push("{");
    if let Some(n) = returns {
        bind(&mut sql, n)?;
        sql.push(" = ");
    }
    sql.push("call ");
    sql.qualified(&procedure.name);
    sql.push("(");
    let others = (0..procedure.parameters.len()).filter(|&n| Some(n) != returns);
    for (place, n) in others.enumerate() {
        sql.push(if place > 0 { ", " } else { "" });
        bind(&mut sql, n)?;
    }
    sql.push(")}");
    Ok(finished(maker, sql, outcome, procedure, parts))
}

fn finished(
    maker: Maker<'_>,
    sql: super::Sql<'_>,
    mut outcome: Outcome,
    procedure: &ProcedureDef,
    parts: &Procedure,
) -> Call {
    for ((row, columns), declared) in parts.results.iter().zip(&procedure.results) {
        let columns = columns.iter().zip(declared);
        let columns = columns.map(|(&part, column)| maker.told(part, column)).collect();
        outcome.results.push(Rows { row: *row, columns });
    }
    let rows = !outcome.results.is_empty();
    let mut call = sql.finish(Answer::Procedure(outcome), true);
    (call.execute.call, call.execute.rows) = (true, rows);
    call
}

fn parameter(maker: Maker<'_>, declared: &ParameterDef, value: Option<&Datum>) -> Result<Parameter, Error> {
    if declared.ty == SqlType::Unknown {
        return Err(defect("the type of a parameter is not supported").with("parameter", &declared.name));
    }
    let direction = match declared.direction {
        ParameterDirection::In => Direction::In,
        ParameterDirection::InOut => Direction::InOut,
        ParameterDirection::Out | ParameterDirection::Return => Direction::Out,
    };
    let value = value.filter(|_| direction != Direction::Out).unwrap_or(&Datum::Null);
    let written = values::written(maker.rules(), &declared.ty, value, &declared.name)?;
    // There is no place for a cast in a call.
    let kind = match &declared.ty {
        SqlType::Timestamp(timestamp) if timestamp.zone => ValueKind::Instant,
        _ => written.kind,
    };
    debug_assert!(direction != Direction::Out || written.value == Value::Null);
    Ok(Parameter { direction, kind, ..written })
}

/// Gathers the values of a request's parts.
///
/// # Errors
/// The request could not be told.
pub(crate) fn request_parts(content: &mut dyn Document) -> Result<Vec<(PartId, Datum)>, Error> {
    let mut gather = Gather(Vec::new());
    match content.advance(&mut gather) {
        Ok(Progress::End) => Ok(gather.0),
        Ok(_) => Err(defect("the request ended early")),
        Err(error) => Err(defect("the request could not be told").because(error)),
    }
}

struct Gather(Vec<(PartId, Datum)>);

impl Visitor for Gather {
    fn enter(&mut self, part: PartId, _ty: TypeId) -> Interest {
        if part == PartId::TYPE { Interest::Skip } else { Interest::Leaf }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.0.push((part, datum(scalar)));
        Ok(())
    }

    fn unknown(&mut self, _name: &str) {}

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        Ok(())
    }
}
