//! Executes one statement and answers it.
//!
//! **Invariant.** An answer has one end: DONE, FAULT, or a connection that breaks.

use crate::database::Database;
use crate::fetch::{Fetching, Widths};
use crate::native::Statement;
use crate::output::{Early, Output};
use crate::{form, kinds, parameters};
use adapters_sql_protocol::{Execute, FromWorker, Phase};

/// What a session has learnt about its statements.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    /// By a statement's text: the room that its columns need.
    widths: Vec<(String, Widths)>,
}

/// Most statements of which something is kept.
const LEARNT_MAX: usize = 64;

/// Executes a statement and writes all of the answer but its end.
pub(crate) fn run(
    database: &Database<'_>,
    execute: &Execute,
    learnt: &mut Learnt,
    output: &mut Output,
) -> Result<FromWorker<'static>, Early> {
    if !execute.generated.is_empty() {
        let message = "an ODBC driver cannot be asked for generated keys; the statement must return them";
        return Err(Early::own("0A000", message, Phase::Before));
    }
    let mut statement = database.connection.statement()?;
    loop {
        start(database, execute, &mut statement)?;
        let widths = learnt.of(&execute.sql).cloned().unwrap_or_default();
        match results(database, execute, &mut statement, widths, output)? {
            Ended::Done(affected) => return Ok(FromWorker::Done { affected }),
            // Nothing has left yet, and reading again changes nothing.
            Ended::Again(widths) => {
                learnt.keep(&execute.sql, widths);
                statement.reset();
            }
            Ended::TooLate(widths) => {
                learnt.keep(&execute.sql, widths);
                let message = "a value is longer than its column says; read again, the session knows it now";
                return Err(Early::own("HY090", message, Phase::Within));
            }
        }
    }
}

/// How the results of a statement ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// All was told; how many rows were changed.
    Done(Option<u64>),
    /// A value did not fit, nothing was told, and it may be read again with more room.
    Again(Widths),
    /// A value did not fit, and something was told already.
    TooLate(Widths),
}

fn start(database: &Database<'_>, execute: &Execute, statement: &mut Statement<'_>) -> Result<(), Early> {
    let slots = parameters::slots(&execute.parameters, database.traits.narrow)?;
    if execute.timeout_ms > 0 {
        statement.limit_seconds(execute.timeout_ms.div_ceil(1000));
    }
    Ok(statement.execute(&execute.sql, slots).map_err(|mut diagnostic| {
        if database.connection.is_dead() && !diagnostic.is_gone() {
            diagnostic.state = "08S01".to_owned();
        }
        diagnostic
    })?)
}

fn results(
    database: &Database<'_>,
    execute: &Execute,
    statement: &mut Statement<'_>,
    widths: Widths,
    output: &mut Output,
) -> Result<Ended, Early> {
    let (mut affected, mut told, mut widths) = (None, false, widths);
    loop {
        if statement.width()? > 0 {
            let fetching =
                Fetching { traits: database.traits, execute, told, widths: std::mem::take(&mut widths) };
            match fetching.run(statement, output)? {
                None => told = true,
                Some(ended) => return Ok(ended),
            }
        } else if let Some(rows) = statement.affected() {
            affected = Some(affected.unwrap_or(0) + rows);
        }
        // A query has one result, and some drivers do not like to be asked for more.
        let complete = !execute.call && (told || !execute.rows);
        if complete || !more(statement)? {
            break;
        }
    }
    if execute.rows && !told && !execute.call {
        let message = "the statement gave no rows";
        return Err(Early::own("07005", message, Phase::Within));
    }
    out(execute, statement, output)?;
    Ok(Ended::Done(affected))
}

/// Drivers that know no further results have none.
fn more(statement: &mut Statement<'_>) -> Result<bool, Early> {
    match statement.more() {
        Err(diagnostic) if matches!(diagnostic.state.as_str(), "IM001" | "HYC00") => Ok(false),
        other => Ok(other?),
    }
}

/// Values that come out are there once all results are read.
fn out(execute: &Execute, statement: &Statement<'_>, output: &mut Output) -> Result<(), Early> {
    let slots = statement.parameters().iter().zip(&execute.parameters).filter(|(slot, _)| slot.goes_out());
    let formed = |text: Option<String>, kind| text.map(|text| form::formed(kinds::style(kind), text));
    let values: Result<Vec<_>, _> =
        slots.map(|(slot, parameter)| slot.taken().map(|text| formed(text, parameter.kind))).collect();
    let values = values.map_err(|message| Early::own("22001", message, Phase::Within))?;
    if !values.is_empty() {
        output.put(&FromWorker::Out(values));
    }
    Ok(())
}

impl Learnt {
    fn of(&self, sql: &str) -> Option<&Widths> {
        self.widths.iter().find(|(known, _)| known == sql).map(|(_, widths)| widths)
    }

    fn keep(&mut self, sql: &str, widths: Widths) {
        self.widths.retain(|(known, _)| known != sql);
        if self.widths.len() >= LEARNT_MAX {
            self.widths.remove(0);
        }
        self.widths.push((sql.to_owned(), widths));
    }
}
