//! What a procedure gives back.
//!
//! A driver knows the values of OUT parameters only after the last result set, and a mapping judges a call by them; so
//! the answer is collected, within a limit, and told in the order of the reply: values first.
//!
//! **Invariant.** The limit counts every byte that is kept.

use super::fail;
use crate::call::{Column, Outcome};
use crate::rows::{Cells, RowSet};
use adapters_ports::{BoxFuture, CallContext, ReplyBody};
use adapters_sql_protocol::{ColumnInfo, FromWorker, ValueKind, kind};
use bytes::Bytes;
use kernel::{
    Cause, Class, DecodeError, Document, Error, Interest, PartId, Progress, Scalar, Shape, Stop, TypeId,
    Visitor,
};
use std::collections::VecDeque;

/// Most bytes that a procedure may answer.
const BYTES_MAX: usize = 64 << 20;

/// The frames of an answer.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    values: Vec<Option<String>>,
    sets: Vec<(Vec<ColumnInfo>, Vec<Bytes>)>,
    bytes: usize,
}

impl Collected {
    /// Takes a frame; the last one is returned.
    pub(crate) fn take(&mut self, kind: u8, payload: &Bytes) -> Result<Option<FromWorker<'static>>, Error> {
        self.bytes += payload.len();
        if self.bytes > BYTES_MAX {
            let error = Error::new(Class::Poison, Cause::Contract, "a procedure answers too much");
            return Err(error.with("limit", BYTES_MAX));
        }
        if kind == kind::BATCH {
            let (columns, batches) = self.sets.last_mut().ok_or_else(fail::strange)?;
            FromWorker::decode(kind, payload, columns.len()).map_err(fail::malformed)?;
            batches.push(payload.clone());
            return Ok(None);
        }
        match FromWorker::decode(kind, payload, 0).map_err(fail::malformed)? {
            FromWorker::Columns(columns) => self.sets.push((columns, Vec::new())),
            FromWorker::Out(values) => self.values = values,
            FromWorker::Done { affected } => return Ok(Some(FromWorker::Done { affected })),
            FromWorker::Fault(fault) => return Ok(Some(FromWorker::Fault(fault))),
            _ => return Err(fail::strange()),
        }
        Ok(None)
    }

    /// Takes the values out of the only row of the first result set, by their names.
    fn row_of_values(&mut self, outcome: &Outcome) -> Result<Vec<Option<String>>, Error> {
        let Some((columns, batches)) = (!self.sets.is_empty()).then(|| self.sets.remove(0)) else {
            return Ok(Vec::new());
        };
        let [payload] = batches.as_slice() else { return Ok(Vec::new()) };
        let frame = FromWorker::decode(kind::BATCH, payload, columns.len()).map_err(fail::malformed)?;
        let FromWorker::Batch(batch) = frame else { return Err(fail::strange()) };
        let mut values = Vec::with_capacity(outcome.values.len());
        for wanted in &outcome.values {
            let place = columns.iter().position(|column| column.name == wanted.name);
            let column = place.and_then(|place| batch.columns.get(place));
            let column = column.ok_or_else(|| fail::unasked(&wanted.name))?;
            values.push(first(column, payload));
        }
        Ok(values)
    }

    /// Makes the document of it.
    pub(crate) fn told(mut self, outcome: &Outcome, shape: &Shape) -> Result<Told, Error> {
        if self.values.is_empty() && !outcome.values.is_empty() && outcome.results.is_empty() {
            // PostgreSQL gives what comes out as a row.
            self.values = self.row_of_values(outcome)?;
        }
        if self.values.len() != outcome.values.len() {
            let error =
                Error::new(Class::Poison, Cause::Contract, "a procedure gave other values than declared");
            return Err(error.with("declared", outcome.values.len()).with("came", self.values.len()));
        }
        let values = outcome.values.iter().zip(self.values);
        let values = values.map(|(column, text)| Given::of(column, text, shape)).collect::<Result<_, _>>()?;
        let mut sets = VecDeque::new();
        let mut residue = Vec::new();
        for (n, (columns, batches)) in self.sets.into_iter().enumerate() {
            match outcome.results.get(n) {
                Some(rows) => {
                    let set = RowSet::new(rows, &columns, shape).map_err(|column| fail::unasked(&column))?;
                    sets.push_back((set, VecDeque::from(batches)));
                }
                None => residue.push(format!("result set {}", n + 1)),
            }
        }
        let row = outcome.row.map(|row| (row, shape.part(row).ty));
        Ok(Told { row, values, next: 0, entered: false, sets, residue, bytes: self.bytes as u64 })
    }
}

/// The first cell of a column of a payload, as text.
fn first(column: &adapters_sql_protocol::Column<'_>, payload: &Bytes) -> Option<String> {
    let mut cells = Cells::default();
    cells.load(column, payload);
    match cells.scalar(0) {
        Scalar::Text(text) => Some(text.to_owned()),
        Scalar::Int(number) => Some(number.to_string()),
        Scalar::Float(number) => Some(number.to_string()),
        Scalar::Bytes(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        _ => None,
    }
}

/// A value that came out.
#[derive(Debug)]
struct Given {
    part: PartId,
    ty: TypeId,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Null,
    Text(String),
    Bytes(Vec<u8>),
}

impl Given {
    fn of(column: &Column, text: Option<String>, shape: &Shape) -> Result<Self, Error> {
        let value = match (text, column.kind) {
            (None, _) => Value::Null,
            (Some(text), ValueKind::Bytes) => Value::Bytes(bytes(&text).ok_or_else(fail::strange)?),
            (Some(text), _) => Value::Text(text),
        };
        Ok(Self { part: column.part, ty: shape.part(column.part).ty, value })
    }

    fn scalar(&self) -> Scalar<'_> {
        match &self.value {
            Value::Null => Scalar::Nil,
            Value::Text(text) => Scalar::Text(text),
            Value::Bytes(bytes) => Scalar::Bytes(bytes),
        }
    }
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// What a procedure gave back, as a document.
#[derive(Debug)]
pub(crate) struct Told {
    row: Option<(PartId, TypeId)>,
    values: Vec<Given>,
    /// The value that is told next; beyond the last one they are done.
    next: usize,
    /// The row around the values was entered.
    entered: bool,
    sets: VecDeque<(RowSet, VecDeque<Bytes>)>,
    /// What nobody declared.
    residue: Vec<String>,
    bytes: u64,
}

impl Told {
    fn advance_values(&mut self, to: &mut dyn Visitor) -> Result<Option<Progress>, Stop> {
        if let (Some((part, ty)), false) = (self.row, self.entered) {
            match to.enter(part, ty) {
                Interest::Pause => return Ok(Some(Progress::Paused)),
                Interest::Descend => self.entered = true,
                Interest::Skip | Interest::Leaf => {
                    self.row = None;
                    self.values.clear();
                }
            }
        }
        while let Some(given) = self.values.get(self.next) {
            match to.enter(given.part, given.ty) {
                Interest::Pause => return Ok(Some(Progress::Paused)),
                Interest::Leaf => to.leaf(given.part, given.scalar())?,
                Interest::Skip | Interest::Descend => {}
            }
            self.next += 1;
        }
        if let Some((part, _)) = self.row.take() {
            to.leave(part)?;
        }
        for name in std::mem::take(&mut self.residue) {
            to.unknown(&name);
        }
        Ok(None)
    }
}

impl Document for Told {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        match self.advance_values(to) {
            Ok(None) => {}
            Ok(Some(progress)) => return Ok(progress),
            Err(Stop) => return Ok(Progress::Stopped),
        }
        while let Some((set, batches)) = self.sets.front_mut() {
            match set.advance(to)? {
                Progress::End => {}
                progress => return Ok(progress),
            }
            let Some(payload) = batches.pop_front() else {
                self.sets.pop_front();
                continue;
            };
            // It was decoded before it was kept.
            if let Ok(FromWorker::Batch(batch)) = FromWorker::decode(kind::BATCH, &payload, set.width()) {
                set.load(&batch, &payload);
            }
        }
        Ok(Progress::End)
    }
}

impl ReplyBody for Told {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn bytes_read(&self) -> u64 {
        self.bytes
    }
}
