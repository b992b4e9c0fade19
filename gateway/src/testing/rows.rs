//! What a database answers in a test: rows, how many were changed, or an error.
//!
//! **Invariant.** Rows pass the encoder and the decoder of the real connection, and only the columns that were asked
//! for are told.

use super::inline;
use adapters_ports::{BoxFuture, CallContext, Connection, FaultReply, Reply, ReplyBody};
use engine::lang::Payload;
use kernel::{
    Catalogue, Cause, Class, DecodeError, Document, Error, From, Interest, Node, NodeKind, PartId, Progress,
    Query, Scalar, Select, Stop, Table, TypeId, Visitor,
};

/// The words that databases' errors have in common.
const WORDS: [&str; 9] = [
    "unique",
    "foreign-key",
    "not-null",
    "check",
    "locked",
    "deadlock",
    "serialization",
    "timeout",
    "read-only",
];

/// The answer to one statement.
#[derive(Debug, Clone)]
pub(super) enum Answered {
    /// Rows, each as a map of its columns.
    Rows(Vec<Node>),
    /// So many rows were changed.
    Count(u64),
    /// An error: `{ $sqlstate: "23505", $error: unique, $message: … }`.
    Fault(Node),
}

/// Returns the answers of a test to so many statements.
///
/// # Errors
/// What is written is no answer, in words.
pub(super) fn answers(reply: Option<&Payload>, statements: usize) -> Result<Vec<Answered>, String> {
    let node = match reply {
        None => return Ok(Vec::new()),
        Some(Payload::Inline(node)) => node,
        Some(Payload::File(text) | Payload::Text(text)) => {
            let count = text.value.trim().parse().map(|count| vec![Answered::Count(count)]);
            return count.map_err(|_| expected());
        }
    };
    match &node.kind {
        NodeKind::List(items) if statements > 1 => items.iter().map(answered).collect(),
        _ => answered(node).map(|one| vec![one]),
    }
}

fn answered(node: &Node) -> Result<Answered, String> {
    match &node.kind {
        NodeKind::List(rows) if rows.iter().all(|row| row.map().is_some()) => {
            Ok(Answered::Rows(rows.clone()))
        }
        NodeKind::Map(entries) if entries.iter().all(|entry| entry.key.starts_with('$')) => {
            Ok(Answered::Fault(node.clone()))
        }
        NodeKind::Text(text) => text.value.parse().map(Answered::Count).map_err(|_| expected()),
        _ => Err(expected()),
    }
}

fn expected() -> String {
    "reply: expected a list of rows, each a map of columns, the number of rows that were changed, or an error \
     such as { $sqlstate: \"23505\", $error: unique }; and a list of these where `sql` has several statements"
        .into()
}

/// Plays the answer to a query.
///
/// # Errors
/// In words: a row that is none of the table, an error that is none.
pub(super) fn play(
    answered: Option<&Answered>,
    query: &Query,
    connection: &dyn Connection,
    catalogue: &Catalogue,
) -> Result<Reply, String> {
    let (table, columns) = asked(query, catalogue);
    let body = |documents, affected| {
        let (part, ty) = table
            .map_or((PartId::TYPE, TypeId(0)), |table| (table.part, catalogue.shape.part(table.part).ty));
        let columns = columns.map(<[PartId]>::to_vec);
        Reply::Answer(Box::new(Told { part, ty, columns, documents, affected, next: 0, entered: false }))
    };
    match answered {
        Some(Answered::Fault(node)) => fault(node).map(Reply::Fault),
        Some(Answered::Count(count)) => Ok(body(Vec::new(), Some(*count))),
        Some(Answered::Rows(rows)) => {
            let table = table.ok_or("reply: the statement reads no rows")?;
            let documents = rows.iter().map(|row| document(row, table, connection, catalogue));
            Ok(body(documents.collect::<Result<_, _>>()?, Some(1)))
        }
        // A write that nobody says anything about changes one row; a reading finds none.
        None => Ok(body(Vec::new(), (!matches!(query, Query::Select(_) | Query::Horizon)).then_some(1))),
    }
}

/// Returns the table whose rows answer a query, and the columns that they have.
fn asked<'a>(query: &'a Query, catalogue: &'a Catalogue) -> (Option<&'a Table>, Option<&'a [PartId]>) {
    match query {
        Query::Select(Select { table, columns, from: From::Table | From::Own(_), .. }) => {
            (catalogue.table(*table), Some(columns))
        }
        Query::Insert(insert) => (catalogue.table(insert.table), Some(&insert.returning)),
        Query::Horizon => (catalogue.horizon.as_ref(), None),
        Query::Update(_) | Query::Delete(_) | Query::Run(_) => (None, None),
    }
}

fn document(
    row: &Node,
    table: &Table,
    connection: &dyn Connection,
    catalogue: &Catalogue,
) -> Result<Box<dyn Document + Send>, String> {
    let (shape, part) = (&catalogue.shape, table.part);
    let tree = inline::tree(shape, shape.part(part).ty, row).map_err(|why| format!("reply: {why}"))?;
    let wire = connection.encode_part(part, &mut tree.replay(tree.root()));
    let wire = wire.map_err(|error| format!("reply: {error}"))?;
    connection.decode_part(part, &wire).map_err(|why| format!("reply: {why}"))
}

fn fault(node: &Node) -> Result<FaultReply, String> {
    let mut fault = FaultReply::default();
    for entry in node.map().unwrap_or_default() {
        let text = entry.value.text().unwrap_or_default();
        match entry.key.as_str() {
            "$sqlstate" => fault.sqlstate = Some(text.to_owned()),
            "$message" => fault.text = text.to_owned(),
            "$error" => {
                let word = WORDS.into_iter().find(|word| *word == text);
                fault.error = Some(word.ok_or_else(|| {
                    format!("reply: there is no $error `{text}`; there is {}", WORDS.join(", "))
                })?);
            }
            other => {
                return Err(format!("reply: an error has no `{other}`; it has $sqlstate, $message, $error"));
            }
        }
    }
    fault.code = fault.sqlstate.clone().unwrap_or_default();
    Ok(fault)
}

/// Rows that are all there.
struct Told {
    part: PartId,
    ty: TypeId,
    columns: Option<Vec<PartId>>,
    documents: Vec<Box<dyn Document + Send>>,
    affected: Option<u64>,
    next: usize,
    entered: bool,
}

impl Document for Told {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        while let Some(document) = self.documents.get_mut(self.next) {
            if !self.entered {
                match to.enter(self.part, self.ty) {
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Skip | Interest::Leaf => {
                        self.next += 1;
                        continue;
                    }
                    Interest::Descend => self.entered = true,
                }
            }
            let mut chosen = Chosen { columns: self.columns.as_deref(), to };
            match document.advance(&mut chosen)? {
                Progress::End => {}
                progress => return Ok(progress),
            }
            (self.next, self.entered) = (self.next + 1, false);
            if to.leave(self.part).is_err() {
                return Ok(Progress::Stopped);
            }
        }
        Ok(Progress::End)
    }
}

impl ReplyBody for Told {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Err(Error::new(Class::Poison, Cause::Broken, "the rows of the test end early")) })
    }

    fn bytes_read(&self) -> u64 {
        0
    }

    fn affected(&self) -> Option<u64> {
        self.affected
    }
}

/// Passes on the columns that were asked for.
struct Chosen<'a> {
    columns: Option<&'a [PartId]>,
    to: &'a mut dyn Visitor,
}

impl Visitor for Chosen<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        match self.columns {
            Some(columns) if !columns.contains(&part) => Interest::Skip,
            _ => self.to.enter(part, ty),
        }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.to.leaf(part, scalar)
    }

    fn unknown(&mut self, name: &str) {
        self.to.unknown(name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.to.leave(part)
    }
}
