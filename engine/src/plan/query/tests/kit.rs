//! Tables, projects and requests for tests as short texts, and queries printed in words like SQL.
//!
//! **Invariant.** Only tests use it; what it prints is no dialect and is never sent anywhere.

use crate::json::{self, JsonLimits};
use crate::lang;
use crate::plan::compile::{Compiled, Environment, compile};
use crate::plan::query::{Listing, QueryError, paged, select, write};
use crate::plan::read::Reader;
use crate::plan::tree::{Leaf, Tree};
use crate::program::{Ambient, Inputs, OperationPlan, Program};
use crate::value::Value;
use kernel::{
    Catalogue, Comparison, Datum, Document, From, Group, Interest, Lexical, Name, Occurs, Own, Part, PartId,
    PartKind, Pen, Predicate, Progress, Query, Scalar, ScalarType, Severity, Shape, ShapeBuilder, Sheet,
    Slot, Sources, Statement, StatementError, Table, Taker, TextType, Type, TypeKind, Visitor,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A project with one connection `erp`.
pub(crate) struct Kit {
    pub(crate) compiled: Compiled,
    sources: Sources,
    shape: Arc<Shape>,
    /// Rows that went the short way so far.
    pub(crate) taken: Cell<usize>,
}

/// Statements that tests know: text, facts.
pub(crate) type Statements = &'static [(&'static str, fn() -> Statement)];

impl Kit {
    pub(crate) fn new(tables: &str, mapping: &str) -> Self {
        Self::with(tables, mapping, &[])
    }

    pub(crate) fn with(tables: &str, mapping: &str, statements: Statements) -> Self {
        let text = format!(
            "facade: kit\nformat: 1\nauth: {{ type: none }}\nconnections:\n  erp: {{ type: double, timezone: Europe/Vienna }}\n{mapping}"
        );
        let kit = Self::load(&text, &[], catalogue(tables), statements);
        kit.unwrap_or_else(|found| panic!("{found:#?}\n{mapping}"))
    }

    /// Compiles a whole project with the connection `erp`; what is named `bus` takes events. `files` are code tables.
    ///
    /// # Errors
    /// What is wrong with the mapping before anything is compiled.
    pub(crate) fn load(
        text: &str,
        files: &[(&str, String)],
        catalogue: Catalogue,
        statements: Statements,
    ) -> Result<Self, Vec<kernel::Diagnostic>> {
        let mut sources = Sources::default();
        let (project, found) = lang::load(vec![("kit.yaml".into(), text.to_owned())], &mut sources);
        if found.iter().any(|one| one.severity == Severity::Error) {
            return Err(found);
        }
        let catalogue = Arc::new(catalogue);
        let bus = Catalogue { takes_events: true, ..Catalogue::default() };
        let shape = Arc::clone(&catalogue.shape);
        let catalogues = BTreeMap::from([("erp".to_owned(), catalogue), ("bus".to_owned(), Arc::new(bus))]);
        let facts = |_: &str, text: &str| {
            let found = statements.iter().find(|(known, _)| *known == text.trim());
            found.map(|(_, facts)| facts()).ok_or_else(|| {
                vec![StatementError { range: 0..6, message: "no such statement".into(), hint: None }]
            })
        };
        let read = |path: &str| {
            let file = files.iter().find(|(known, _)| *known == path);
            file.map(|(_, text)| text.clone()).ok_or_else(|| "no such file".to_owned())
        };
        let failed = BTreeSet::new();
        let mut environment = Environment {
            catalogues: &catalogues,
            failed: &failed,
            statements: &facts,
            files: &read,
            sources: &mut sources,
        };
        let compiled = compile(&project, &mut environment);
        Ok(Self { compiled, sources, shape, taken: Cell::default() })
    }

    pub(crate) fn program(&self) -> &Program {
        let wrong: Vec<_> =
            self.compiled.findings.iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        self.compiled.program.as_ref().expect("without an error there is a program")
    }

    /// Code and the text that it points at, of each finding that is no note.
    pub(crate) fn findings(&self) -> Vec<(&'static str, &str)> {
        let found = self.compiled.findings.iter().filter(|found| found.severity != Severity::Note);
        found
            .map(|found| {
                let span = found.span.expect("every finding has a place");
                let file = self.sources.file(span.file).expect("a file");
                (found.code.0, &file.text[span.start as usize..span.end as usize])
            })
            .collect()
    }

    pub(crate) fn operation(&self, key: &str) -> &OperationPlan {
        self.program().find_operation(key).unwrap_or_else(|| panic!("no {key}"))
    }

    /// The inputs of a request: parameters as `name=text`, the first page of 2 rows, a body as JSON.
    pub(crate) fn inputs(&self, key: &str, params: &[&str], body: &str) -> Inputs {
        let operation = self.operation(key);
        let mut inputs = Inputs::new(Ambient::for_tests());
        inputs.params = vec![Value::Absent; operation.params.len()];
        for text in params {
            let (name, text) = text.split_once('=').expect("name=text");
            let at = operation.params.iter().position(|param| *param.name == *name).expect("a parameter");
            inputs.params[at] = operation.params[at].parse(text).expect("a value");
        }
        inputs.page.size = 2;
        if !body.is_empty() {
            inputs.body = parse(body);
        }
        inputs
    }

    /// Prints the query that reads.
    pub(crate) fn select(&self, key: &str, params: &[&str]) -> String {
        self.listed(key, &self.inputs(key, params, ""), &Listing::default())
    }

    pub(crate) fn listed(&self, key: &str, inputs: &Inputs, listing: &Listing) -> String {
        match select(self.operation(key), inputs, listing) {
            Ok(query) => self.shown(&query),
            Err(error) => format!("error: {error}"),
        }
    }

    /// Prints the statement that changes something; `old` is the row as `A=1 B=x`.
    pub(crate) fn write(&self, key: &str, params: &[&str], old: Option<&str>, body: &str) -> String {
        let mut inputs = self.inputs(key, params, body);
        inputs.old = old.map(|old| self.row(key, old));
        match write(self.program(), self.operation(key), &inputs) {
            Ok(Some(query)) => self.shown(&query),
            Ok(None) => "nothing".into(),
            Err(QueryError::Body(errors)) => {
                let texts: Vec<String> =
                    errors.iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect();
                format!("error {}", texts.join(", "))
            }
            Err(error) => format!("error: {error}"),
        }
    }

    pub(crate) fn row(&self, key: &str, text: &str) -> Tree {
        let plan = self.operation(key).call.as_ref().and_then(|call| call.table()).expect("a table");
        let ty = self.shape.part(plan.table.part).ty;
        let mut tree = Tree::new(Arc::clone(&self.shape), ty);
        for (part, leaf) in self.cells(ty, text) {
            let root = tree.root();
            let node = tree.add(root, part);
            tree.set(node, leaf);
        }
        tree
    }

    fn cells(&self, ty: kernel::TypeId, text: &str) -> Vec<(PartId, Leaf)> {
        let group = self.shape.group(ty).expect("a row");
        let find = |name: &str| {
            let is = |part: &PartId| *self.shape.part(*part).name.local == *name;
            group.parts.iter().copied().find(is).unwrap_or_else(|| panic!("no column {name}"))
        };
        text.split(';')
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(|cell| {
                let (name, value) = cell.split_once('=').expect("A=1");
                let leaf = if value == "NULL" { Leaf::Nil } else { Leaf::Text(value.into()) };
                (find(name), leaf)
            })
            .collect()
    }

    /// Reads rows as an answer to a list, and returns items and cursor.
    pub(crate) fn page(
        &self,
        key: &str,
        inputs: &Inputs,
        listing: &Listing,
        rows: &[&str],
    ) -> (String, Option<String>) {
        self.page_or_error(key, inputs, listing, rows).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Does the same; an error is given in words, and the same one both ways.
    pub(crate) fn page_or_error(
        &self,
        key: &str,
        inputs: &Inputs,
        listing: &Listing,
        rows: &[&str],
    ) -> Result<(String, Option<String>), String> {
        let page = self.page_told(key, inputs, listing, (rows, false));
        let at_once = self.page_told(key, inputs, listing, (rows, true));
        assert_eq!(page, at_once, "rows told cell by cell and at once: {rows:#?}");
        page
    }

    fn page_told(
        &self,
        key: &str,
        inputs: &Inputs,
        listing: &Listing,
        (rows, at_once): (&[&str], bool),
    ) -> Result<(String, Option<String>), String> {
        let operation = self.operation(key);
        let call = operation.call.as_ref().expect("a call");
        let plan = call.table().expect("a table");
        let read = listing.fields.as_ref().map_or(&call.read, |fields| &fields.read);
        let mut reader = Reader::new(Arc::clone(read), &inputs.ambient);
        let mut pages = paged(operation, inputs, listing).expect("a table");
        let ty = self.shape.part(plan.table.part).ty;
        let mut told = Rows {
            row: plan.table.part,
            ty,
            rows: rows.iter().map(|row| self.cells(ty, row)).collect(),
            shape: Arc::clone(&self.shape),
            at_once,
            taken: 0,
        };
        told.advance(&mut pages.to(&mut reader)).map_err(|error| format!("{error:?}"))?;
        self.taken.set(self.taken.get() + told.taken);
        let answer = reader.finish().map_err(|error| format!("{error:?}"))?;
        Ok((String::from_utf8(answer.json.to_vec()).expect("UTF-8"), pages.cursor()))
    }

    pub(crate) fn shown(&self, query: &Query) -> String {
        let name = |part: &PartId| self.shape.part(*part).name.local.to_string();
        let names = |parts: &[PartId]| parts.iter().map(name).collect::<Vec<_>>().join(", ");
        let set = |values: &[(PartId, Datum)]| {
            values
                .iter()
                .map(|(part, datum)| format!("{}={}", name(part), text(datum)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match query {
            Query::Select(select) => {
                let from = match &select.from {
                    From::Table => name(&select.table),
                    From::Own(own) => format!("({})", shown_own(own)),
                };
                let mut out = format!("select {} from {from}", names(&select.columns));
                if select.filter != Predicate::everything() {
                    out += &format!(" where {}", self.predicate(&select.filter));
                }
                if !select.order.is_empty() {
                    let each = |order: &kernel::Order| {
                        format!("{}{}", name(&order.column), if order.descending { " desc" } else { "" })
                    };
                    out +=
                        &format!(" order {}", select.order.iter().map(each).collect::<Vec<_>>().join(", "));
                }
                select.limit.map_or(out.clone(), |limit| format!("{out} limit {limit}"))
            }
            Query::Insert(insert) => {
                let mut out = format!("insert {} {}", name(&insert.table), set(&insert.values));
                if !insert.returning.is_empty() {
                    out += &format!(" returning {}", names(&insert.returning));
                }
                out
            }
            Query::Update(update) => {
                format!(
                    "update {} set {} where {}",
                    name(&update.table),
                    set(&update.set),
                    self.predicate(&update.filter)
                )
            }
            Query::Delete(delete) => {
                format!("delete {} where {}", name(&delete.table), self.predicate(&delete.filter))
            }
            Query::Run(own) => shown_own(own),
            Query::Horizon => "horizon".into(),
        }
    }

    fn predicate(&self, predicate: &Predicate) -> String {
        let name = |part: &PartId| &*self.shape.part(*part).name.local;
        let join = |of: &[Predicate], word: &str| {
            let each = |one: &Predicate| match one {
                Predicate::All(of) | Predicate::Any(of) if of.len() > 1 => {
                    format!("({})", self.predicate(one))
                }
                one => self.predicate(one),
            };
            of.iter().map(each).collect::<Vec<_>>().join(word)
        };
        match predicate {
            Predicate::All(of) if of.is_empty() => "true".into(),
            Predicate::Any(of) if of.is_empty() => "false".into(),
            Predicate::All(of) => join(of, " and "),
            Predicate::Any(of) => join(of, " or "),
            Predicate::Compare { column, op, value, fold } => {
                let sign = match op {
                    Comparison::Equal => "=",
                    Comparison::NotEqual => "<>",
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                };
                format!("{}{} {sign} {}", name(column), if *fold { "~" } else { "" }, text(value))
            }
            Predicate::In { column, values, .. } => {
                format!("{} in ({})", name(column), values.iter().map(text).collect::<Vec<_>>().join(","))
            }
            Predicate::Like { column, text, anywhere, fold } => {
                let fold = if *fold { "~" } else { "" };
                format!("{}{fold} like {}{text}%", name(column), if *anywhere { "%" } else { "" })
            }
            Predicate::Null { column, is } => {
                format!("{} is {}null", name(column), if *is { "" } else { "not " })
            }
            Predicate::Same { column, value } => format!("{} is {}", name(column), text(value)),
        }
    }
}

pub(crate) fn parse(text: &str) -> Value {
    json::parse(text.as_bytes(), JsonLimits::default()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn shown_own(own: &Own) -> String {
    let values: Vec<String> =
        own.values.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    format!("{} with {}", own.text.trim(), values.join(", "))
}

fn text(datum: &Datum) -> String {
    match datum {
        Datum::Null => "NULL".into(),
        Datum::Text(text) => format!("'{text}'"),
        Datum::Bytes(bytes) => format!("{bytes:02x?}"),
    }
}

/// Rows as an adapter tells them.
struct Rows {
    row: PartId,
    ty: kernel::TypeId,
    rows: Vec<Vec<(PartId, Leaf)>>,
    shape: Arc<Shape>,
    /// Rows are taken where they can be, and the cells of others are told by one call.
    at_once: bool,
    /// How many were taken.
    taken: usize,
}

/// Rows as they are taken, in the lexical forms of their types.
struct Taken<'a>(&'a mut Rows);

impl kernel::TakeRows for Taken<'_> {
    fn excerpt(&mut self, slots: &[Slot]) -> bool {
        let has = |row: &Vec<(PartId, Leaf)>, slot: &Slot| row.iter().any(|(part, _)| *part == slot.part);
        slots.iter().all(|slot| self.0.rows.first().is_none_or(|row| has(row, slot)))
    }

    fn take(&mut self, slots: &[Slot], to: &mut dyn Taker, sheet: &mut Sheet) -> bool {
        let Some(row) = self.0.rows.first() else { return false };
        sheet.reserve(10_000);
        let mut at = sheet.end();
        for (index, slot) in slots.iter().enumerate() {
            let (_, leaf) = row.iter().find(|(part, _)| *part == slot.part).expect("a column");
            let ty = self.0.shape.scalar(self.0.shape.part(slot.part).ty).expect("a scalar");
            let write = |pen: &mut Pen<'_>| match leaf.as_scalar() {
                _ if *leaf == Leaf::Nil => Some(kernel::Taken::Nil),
                Scalar::Text(text) => Lexical::of(ty).write(text.as_bytes(), pen),
                other => panic!("{other:?} is not given"),
            };
            let Some(end) = slot.fill(index, write, to, (sheet, at)) else { return false };
            at = end;
        }
        sheet.set_end(at);
        self.0.rows.remove(0);
        self.0.taken += 1;
        true
    }
}

impl Document for Rows {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, kernel::DecodeError> {
        loop {
            if self.at_once {
                to.rows(self.row, &mut Taken(self), usize::MAX);
            }
            if self.rows.is_empty() {
                return Ok(Progress::End);
            }
            let row = self.rows.remove(0);
            if to.enter(self.row, self.ty) == Interest::Skip {
                continue;
            }
            let cells: Vec<kernel::Leaf<'_>> = row
                .iter()
                .map(|(part, leaf)| {
                    let scalar = if *leaf == Leaf::Nil { Scalar::Nil } else { leaf.as_scalar() };
                    kernel::Leaf { part: *part, ty: self.shape.part(*part).ty, scalar }
                })
                .collect();
            let told = match self.at_once {
                true => to.leaves(&cells),
                false => cells.iter().try_fold(0, |told, cell| {
                    if to.enter(cell.part, cell.ty) == Interest::Leaf {
                        to.leaf(cell.part, cell.scalar)?;
                    }
                    Ok(told + 1)
                }),
            };
            match told {
                Ok(told) => assert_eq!(told, cells.len(), "nobody pauses"),
                Err(_) => return Ok(Progress::Stopped),
            }
            if to.leave(self.row).is_err() {
                return Ok(Progress::Stopped);
            }
        }
    }
}

/// Reads tables: `table L.T` or `view L.V`, then a line per column: `NAME type`, with `key`, `null`, `default`,
/// `generated` behind it.
pub(crate) fn catalogue(text: &str) -> Catalogue {
    let mut build = ShapeBuilder::new();
    let mut tables = Vec::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let (word, name) = line.split_once(' ').expect("table L.T");
        let (mut columns, mut key, mut generated) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(line) = lines.next_if(|line| !line.starts_with("table ") && !line.starts_with("view "))
        {
            let words: Vec<&str> = line.split_whitespace().collect();
            let ty = build.add_scalar(scalar(words[1]));
            let nillable = words.contains(&"null");
            let free = ["null", "default", "generated"].iter().any(|word| words.contains(word));
            let occurs = if free { Occurs::OPTIONAL } else { Occurs::ONCE };
            let part = Part { occurs, nillable, ..Part::new(Name::local(words[0]), PartKind::Field, ty) };
            let part = build.add_part(part);
            columns.push(part);
            if words.contains(&"key") {
                key.push(part);
            }
            if words.contains(&"generated") {
                generated.push(part);
            }
        }
        let group = |parts| TypeKind::Group(Group { parts, ..Group::default() });
        let row = build.add_type(Type { name: None, kind: group(columns), span: None });
        let part = Part { occurs: Occurs::ANY, ..Part::new(Name::local(name), PartKind::Element, row) };
        let part = build.add_part(part);
        build.add_global(part);
        let rows = build.add_type(Type { name: None, kind: group(vec![part]), span: None });
        tables.push(Table { part, rows, key, generated, read_only: word == "view" });
    }
    Catalogue { shape: Arc::new(build.finish()), tables, ..Catalogue::default() }
}

fn scalar(text: &str) -> ScalarType {
    let (name, numbers) = text.split_once('(').unwrap_or((text, ""));
    let numbers: Vec<u16> = numbers.trim_end_matches(')').split(',').filter_map(|n| n.parse().ok()).collect();
    let length_max = numbers.first().map(|&n| u32::from(n));
    match name {
        "char" => ScalarType::Text(TextType { length_max, padded: true, ..TextType::default() }),
        "text" => ScalarType::Text(TextType { length_max, ..TextType::default() }),
        "decimal" => {
            ScalarType::Decimal { digits: Some(numbers[0]), scale: Some(numbers[1]), unsigned: false }
        }
        "int" => ScalarType::Decimal { digits: Some(10), scale: Some(0), unsigned: false },
        "timestamp" => ScalarType::LocalDateTime,
        "date" => ScalarType::Date,
        "bool" => ScalarType::Bool,
        "float" => ScalarType::Float { bits: 64 },
        "real" => ScalarType::Float { bits: 32 },
        "time" => ScalarType::Time,
        "bytes" => ScalarType::Bytes { length_max: None },
        other => panic!("no type {other}"),
    }
}
