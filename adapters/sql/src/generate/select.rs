//! SELECT, statements of the mapping's author, and the question for open transactions.
//!
//! **Invariant.** Rows come in the order that was asked for, NULL last, in every database.

use super::{Maker, Sql, defect};
use crate::call::{Answer, Call};
use crate::dialect::{Dialect, NullsLast};
use adapters_sql_protocol::{Fetch, ValueKind};
use kernel::{Error, From, Order, Own, PartId, Select};

/// The name of a statement of the author inside of ours.
const OWN_NAME: &str = " q";

impl Maker<'_> {
    pub(super) fn select(self, select: &Select) -> Result<Call, Error> {
        let table = self.table(select.table)?;
        let rows = self.rows(select.table, &select.columns)?;
        if rows.columns.is_empty() {
            return Err(defect("a query without columns"));
        }
        let mut sql = self.sql();
        // Before version 12 Oracle has no clause for it.
        let old =
            self.dialect() == Dialect::Oracle && self.schema.snapshot.major().is_some_and(|major| major < 12);
        if old && select.limit.is_some() {
            sql.push("SELECT * FROM (");
        }
        sql.push("SELECT ");
        self.dialect().limit_before(select.limit, &mut sql.text);
        sql.names(rows.columns.iter().map(|column| column.name.as_str()));
        sql.push(" FROM ");
        match &select.from {
            From::Table => sql.qualified(&table.name),
            From::Own(own) => {
                sql.push("(");
                sql.own(own)?;
                // A comment at its end would swallow what follows.
                sql.push("\n)");
                sql.push(OWN_NAME);
            }
        }
        sql.filter(select.table, &select.filter)?;
        sql.order(select.table, &select.order)?;
        match select.limit {
            Some(limit) if old => sql.push(&format!(") WHERE ROWNUM <= {limit}")),
            limit => self.dialect().limit_after(limit, &mut sql.text),
        }
        Ok(sql.finish(Answer::Rows(rows), false))
    }

    pub(super) fn run(self, own: &Own) -> Result<Call, Error> {
        let mut sql = self.sql();
        let writes = sql.own(own)?;
        if self.read_only && writes {
            return Err(defect("the connection is read-only"));
        }
        Ok(sql.finish(Answer::Affected, writes))
    }

    /// Asks for the clock and the beginning of the oldest transaction that may still commit.
    ///
    /// Sources: PostgreSQL, "The Statistics Collector", `pg_stat_activity`; SQL Server, `sys.dm_tran_active_transactions`;
    /// Oracle, `V$TRANSACTION`.
    pub(super) fn horizon(self) -> Result<Call, Error> {
        let text = match self.dialect() {
            Dialect::Postgresql => POSTGRESQL_HORIZON,
            Dialect::Sqlserver => SQLSERVER_HORIZON,
            Dialect::Oracle => ORACLE_HORIZON,
            _ => return Err(defect("this database cannot tell its open transactions")),
        };
        let horizon = self.schema.catalogue.horizon.as_ref();
        let horizon = horizon.ok_or_else(|| defect("this database cannot tell its open transactions"))?;
        let shape = self.schema.shape();
        let columns =
            shape.group(shape.part(horizon.part).ty).map(|group| group.parts.clone()).unwrap_or_default();
        let told = |part: PartId| crate::call::Column {
            part,
            name: shape.part(part).name.local.to_string(),
            kind: ValueKind::Text,
            fetch: Fetch::Text,
        };
        let columns = columns.into_iter().map(told).collect();
        let mut sql = self.sql();
        sql.push(text);
        Ok(sql.finish(Answer::Rows(crate::call::Rows { row: horizon.part, columns }), false))
    }
}

// Both are told as texts in UTC, because what drivers make of a time with a zone depends on the session.

/// A session whose row is hidden has no kind; then nobody can tell, and the answer is NULL.
const POSTGRESQL_HORIZON: &str = "SELECT \
    CAST(to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS VARCHAR(40)) AS now, \
    CAST(to_char(oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS VARCHAR(40)) AS oldest \
    FROM (SELECT statement_timestamp() AS now, \
    CASE WHEN EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND backend_type IS NULL) \
    THEN NULL ELSE LEAST(statement_timestamp(), \
    (SELECT MIN(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
    AND backend_type NOT IN ('autovacuum worker', 'walsender')), \
    (SELECT MIN(prepared) FROM pg_prepared_xacts WHERE database = current_database())) END AS oldest) AS horizon";

const SQLSERVER_HORIZON: &str = "SELECT CONVERT(VARCHAR(40), SWITCHOFFSET(h.now, '+00:00'), 127) AS now, \
    CONVERT(VARCHAR(40), SWITCHOFFSET(h.oldest, '+00:00'), 127) AS oldest FROM (SELECT SYSDATETIMEOFFSET() AS now, \
    COALESCE((SELECT TODATETIMEOFFSET(MIN(t.transaction_begin_time), DATEPART(TZOFFSET, SYSDATETIMEOFFSET())) \
    FROM sys.dm_tran_session_transactions s JOIN sys.dm_tran_active_transactions t \
    ON t.transaction_id = s.transaction_id WHERE s.session_id <> @@SPID), SYSDATETIMEOFFSET()) AS oldest) AS h";

const ORACLE_HORIZON: &str = "SELECT TO_CHAR(SYS_EXTRACT_UTC(now), 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6\"Z\"') AS now, \
    TO_CHAR(SYS_EXTRACT_UTC(oldest), 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6\"Z\"') AS oldest FROM (SELECT SYSTIMESTAMP AS now, \
    COALESCE((SELECT FROM_TZ(CAST(MIN(t.START_DATE) AS TIMESTAMP), TO_CHAR(SYSTIMESTAMP, 'TZH:TZM')) \
    FROM V$TRANSACTION t), SYSTIMESTAMP) AS oldest FROM DUAL)";

impl Sql<'_> {
    fn order(&mut self, row: PartId, order: &[Order]) -> Result<(), Error> {
        let dialect = self.maker.dialect();
        for (n, one) in order.iter().enumerate() {
            let column = self.maker.column(row, one.column)?;
            self.push(if n == 0 { " ORDER BY " } else { ", " });
            let nulls = if column.nullable { dialect.nulls_last(one.descending) } else { NullsLast::Itself };
            if nulls == NullsLast::Case {
                self.push("CASE WHEN ");
                self.name(&column.name);
                self.push(" IS NULL THEN 1 ELSE 0 END, ");
            }
            self.name(&column.name);
            if one.descending {
                self.push(" DESC");
            }
            if nulls == NullsLast::Words {
                self.push(" NULLS LAST");
            }
        }
        Ok(())
    }

    /// Writes a statement of the author, with its values as parameters. Returns whether it writes.
    fn own(&mut self, own: &Own) -> Result<bool, Error> {
        let statement = self.maker.statements.read(self.maker.schema, &own.text);
        let statement = statement.map_err(|_| defect("a statement that the check would have refused"))?;
        for piece in &statement.pieces {
            self.push(&piece.text);
            let Some(number) = piece.parameter else { continue };
            let (name, ty) = &statement.parameters[number];
            let value = own.values.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            let value = value.ok_or_else(|| defect("a parameter of the statement has no value"))?;
            self.own_value(name, ty.as_ref(), value)?;
        }
        Ok(statement.writes)
    }
}
