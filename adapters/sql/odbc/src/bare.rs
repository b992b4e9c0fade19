//! The yardstick of the benchmarks: fetches all rows of a statement and does nothing with them.
//!
//! **Invariant.** The same driver, the same settings and the same bound memory as for an answer, and nothing else.

use crate::database;
use crate::kinds;
use crate::native::{Cells, Environment, Statement};
use crate::output::Early;
use adapters_sql_protocol::{Fetch, Open};
use std::io::{BufRead as _, Write as _};

/// Rows of a block, as Seawall asks for them where a mapping says nothing else.
const ROWS: usize = 1000;

/// Fetches once for each line of its input and answers with how many rows there were.
pub(crate) fn run(url: String, sql: &str) -> Result<(), Early> {
    let environment = Environment::new()?;
    let database = database::open(&environment, &Open { url, ..Open::default() })?;
    for _ in std::io::stdin().lock().lines() {
        let mut statement = database.connection.statement()?;
        statement.execute(sql, Vec::new())?;
        let rows = all(&mut statement, database.traits)?;
        println!("{rows}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn all(statement: &mut Statement<'_>, traits: database::Traits) -> Result<usize, Early> {
    let mut columns = Vec::new();
    for number in 1..=statement.width()? {
        let described = statement.describe(number)?;
        let plan = kinds::plan(&described, Fetch::Decide, traits.narrow, traits.loose);
        columns.push(Cells::new(plan.form, plan.content_bytes, ROWS));
    }
    statement.bind(columns, ROWS)?;
    let mut rows = 0;
    loop {
        match statement.fetch()? {
            0 => return Ok(rows),
            count => rows += count,
        }
    }
}
