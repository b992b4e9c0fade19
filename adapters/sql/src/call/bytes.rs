//! A call as bytes, and back.
//!
//! **Invariant.** What `encode` wrote is what `decode` reads; bytes that nobody here wrote are refused, never guessed.

use super::{Answer, Call, Column, Outcome, Rows};
use adapters_sql_protocol::{Execute, Fetch, ValueKind};
use kernel::PartId;

/// The first byte of every call, so that another wire form is noticed.
const MARK: u8 = 0x51;

impl Call {
    /// Returns the bytes of a request.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(128 + self.execute.sql.len() + 24 * self.marks.len()));
        out.0.extend([MARK, u8::from(self.writes)]);
        out.list(&self.marks, |out, mark| out.number(*mark));
        match &self.answer {
            Answer::Affected => out.0.push(0),
            Answer::Rows(rows) => {
                out.0.push(1);
                out.rows(rows);
            }
            Answer::Procedure(outcome) => {
                out.0.push(2);
                out.number(outcome.row.map_or(u32::MAX, |part| part.0));
                out.list(&outcome.values, Writer::column);
                out.list(&outcome.results, Writer::rows);
            }
        }
        out.list(self.follow.as_slice(), Writer::execute);
        out.execute(&self.execute);
        out.0
    }

    /// Reads the bytes of a request; nothing if they are not of this form.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        if from.byte()? != MARK {
            return None;
        }
        let writes = from.byte()? == 1;
        let marks = from.list(Reader::number)?;
        let answer = match from.byte()? {
            0 => Answer::Affected,
            1 => Answer::Rows(from.rows()?),
            2 => Answer::Procedure(Outcome {
                row: Some(from.number()?).filter(|&part| part != u32::MAX).map(PartId),
                values: from.list(Reader::column)?,
                results: from.list(Reader::rows)?,
            }),
            _ => return None,
        };
        let follow = from.list(Reader::execute)?.pop();
        let execute = from.execute()?;
        from.0.is_empty().then_some(Self { execute, marks, writes, answer, follow })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        self.number(u32::try_from(length).expect("a request is limited to far less than four GiB"));
    }

    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.length(items.len());
        for item in items {
            write(self, item);
        }
    }

    fn column(&mut self, column: &Column) {
        self.number(column.part.0);
        self.length(column.name.len());
        self.0.extend(column.name.as_bytes());
        self.0.extend([column.kind as u8, column.fetch as u8]);
    }

    fn rows(&mut self, rows: &Rows) {
        self.number(rows.row.0);
        self.list(&rows.columns, Self::column);
    }

    /// Writes a frame behind its length, which is known afterwards.
    fn execute(&mut self, execute: &Execute) {
        let start = self.0.len();
        self.number(0);
        execute.encode(&mut self.0);
        let length = u32::try_from(self.0.len() - start - 4).expect("a request is far shorter than four GiB");
        self.0[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn column(&mut self) -> Option<Column> {
        let part = PartId(self.number()?);
        let name = String::from_utf8(self.bytes()?.to_vec()).ok()?;
        let (kind, fetch) = (self.byte()?, self.byte()?);
        let kind = *ValueKind::ALL.iter().find(|&&known| known as u8 == kind)?;
        let fetch = *Fetch::ALL.iter().find(|&&known| known as u8 == fetch)?;
        Some(Column { part, name, kind, fetch })
    }

    fn rows(&mut self) -> Option<Rows> {
        Some(Rows { row: PartId(self.number()?), columns: self.list(Self::column)? })
    }

    fn execute(&mut self) -> Option<Execute> {
        Execute::decode(self.bytes()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters_sql_protocol::{Direction, Parameter, Value};

    fn column(part: u32, name: &str, kind: ValueKind, fetch: Fetch) -> Column {
        Column { part: PartId(part), name: name.into(), kind, fetch }
    }

    fn text(kind: ValueKind, value: &str) -> Parameter {
        Parameter::input(kind, Value::Text(value.into()))
    }

    #[test]
    fn a_call_survives_its_bytes_and_a_shorter_one_is_refused() {
        let rows = Rows {
            row: PartId(9),
            columns: vec![
                column(1, "A", ValueKind::Text, Fetch::Text),
                column(2, "É", ValueKind::Integer, Fetch::Integer),
                column(3, "C", ValueKind::Instant, Fetch::Instant),
            ],
        };
        let outcome = |row| Outcome { row, values: rows.columns.clone(), results: vec![rows.clone()] };
        let answers = [
            Answer::Affected,
            Answer::Rows(rows.clone()),
            Answer::Procedure(outcome(None)),
            Answer::Procedure(outcome(Some(PartId(0)))),
        ];
        for answer in answers {
            let mut execute = Execute::new("SELECT ? FROM T WHERE X = ?");
            execute.parameters = vec![
                text(ValueKind::National, "O'Brien"),
                Parameter {
                    direction: Direction::InOut,
                    ..Parameter::input(ValueKind::Bytes, Value::Bytes(vec![0, 255]))
                },
            ];
            let follow = Some(Execute::new("SELECT LAST_INSERT_ID()"));
            let call = Call { execute, marks: vec![7, 26], writes: true, answer, follow };
            let bytes = call.encode();
            assert_eq!(Call::decode(&bytes), Some(call));
            for length in 0..bytes.len() {
                assert_eq!(Call::decode(&bytes[..length]), None, "{length}");
            }
        }
    }

    #[test]
    fn values_are_shown_in_their_places() {
        let mut execute = Execute::new("A = ? AND \"?\" = ?");
        execute.parameters = vec![text(ValueKind::Text, "?"), Parameter::input(ValueKind::Text, Value::Null)];
        let call =
            Call { execute, marks: vec![4, 16], writes: false, answer: Answer::Affected, follow: None };
        let shown = call.shown(|parameter| match &parameter.value {
            Value::Text(text) => format!("'{text}'"),
            _ => "NULL".into(),
        });
        assert_eq!(shown, "A = '?' AND \"?\" = NULL");
    }
}
