//! A snapshot as a shape: tables as rows of columns, procedures as operations.
//!
//! **Invariant.** Every part of a table or procedure leads back to its column or parameter; there is no other way to a
//! name in a statement.

use crate::catalog::{ColumnDef, ParameterDef, ParameterDirection, ProcedureDef, Snapshot, TableDef};
use crate::dialect::Dialect;
use crate::types::SqlType;
use kernel::{
    Catalogue, Group, Name, Occurs, Operation, Part, PartId, PartKind, Particle, ScalarType, Shape,
    ShapeBuilder, Span, Table, Type, TypeId, TypeKind,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The name of a part that is what a procedure returns.
pub(crate) const RETURN_VALUE: &str = "RETURN_VALUE";
/// The name of a part that is a result set.
pub(crate) const RESULT: &str = "RESULT";

/// A snapshot with the parts that its tables, columns and parameters are.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) snapshot: Snapshot,
    pub(crate) catalogue: Arc<Catalogue>,
    /// By its row: which table.
    rows: HashMap<PartId, usize>,
    /// By its part: which column of which table.
    columns: HashMap<PartId, (usize, usize)>,
    /// For each procedure, in the order of operations.
    pub(crate) calls: Vec<Procedure>,
}

/// The parts of a procedure.
#[derive(Debug)]
pub(crate) struct Procedure {
    /// By parameter: its part in the request.
    pub(crate) sent: Vec<Option<PartId>>,
    /// By parameter: its part in the reply.
    pub(crate) told: Vec<Option<PartId>>,
    /// The result sets and their columns, in order.
    pub(crate) results: Vec<(PartId, Vec<PartId>)>,
}

impl Schema {
    /// Returns the shape of a snapshot.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        let mut build = Build::default();
        let mut tables = Vec::new();
        for (number, table) in snapshot.tables.iter().enumerate() {
            tables.push(build.table(number, table));
        }
        let mut operations = Vec::new();
        let mut calls = Vec::new();
        for procedure in &snapshot.procedures {
            let (operation, parts) = build.procedure(procedure);
            operations.push(operation);
            calls.push(parts);
        }
        let horizon = tells_horizon(snapshot.dialect).then(|| build.horizon());
        let Build { shape, rows, columns, .. } = build;
        let catalogue = Arc::new(Catalogue {
            shape: Arc::new(shape.finish()),
            operations,
            tables,
            horizon,
            ..Catalogue::default()
        });
        Self { snapshot, catalogue, rows, columns, calls }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.snapshot.dialect
    }

    pub(crate) fn shape(&self) -> &Arc<Shape> {
        &self.catalogue.shape
    }

    /// Returns the table that a row is of.
    pub(crate) fn table(&self, row: PartId) -> Option<&TableDef> {
        self.rows.get(&row).map(|&table| &self.snapshot.tables[table])
    }

    /// Returns the column that a part is.
    pub(crate) fn column(&self, part: PartId) -> Option<&ColumnDef> {
        self.columns.get(&part).map(|&(table, column)| &self.snapshot.tables[table].columns[column])
    }

    /// Returns whether a part is a column of the table that a row is of.
    pub(crate) fn belongs(&self, part: PartId, row: PartId) -> bool {
        match (self.columns.get(&part), self.rows.get(&row)) {
            (Some((of, _)), Some(table)) => of == table,
            _ => false,
        }
    }

    /// Returns the procedure of an operation, with its parts.
    pub(crate) fn procedure(&self, number: u32) -> Option<(&ProcedureDef, &Procedure)> {
        let number = usize::try_from(number).ok()?;
        Some((self.snapshot.procedures.get(number)?, self.calls.get(number)?))
    }
}

/// Whether a database can tell its oldest open transaction.
pub(crate) fn tells_horizon(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Postgresql | Dialect::Sqlserver | Dialect::Oracle)
}

#[derive(Default)]
struct Build {
    shape: ShapeBuilder,
    rows: HashMap<PartId, usize>,
    columns: HashMap<PartId, (usize, usize)>,
    /// Types are shared: a table has few kinds of columns.
    scalars: HashMap<ScalarType, TypeId>,
}

impl Build {
    fn table(&mut self, number: usize, table: &TableDef) -> Table {
        let mut parts = Vec::new();
        for (n, column) in table.columns.iter().enumerate() {
            let part = self.column(column);
            self.columns.insert(part, (number, n));
            parts.push(part);
        }
        let named = |names: &[String]| -> Vec<PartId> {
            let at = |name: &String| table.columns.iter().position(|column| column.name == *name);
            names.iter().filter_map(at).map(|n| parts[n]).collect()
        };
        let key = named(&table.key);
        let generated = table.columns.iter().zip(&parts).filter(|(column, _)| column.generated);
        let generated = generated.map(|(_, &part)| part).collect();
        let name: Arc<str> = table.name.to_string().into();
        let row = self.group(Some(&name), parts, table.span);
        let part = self.shape.add_part(Part {
            occurs: Occurs::ANY,
            span: table.span,
            ..Part::new(Name::local(name), PartKind::Element, row)
        });
        self.shape.add_global(part);
        self.rows.insert(part, number);
        let rows = self.group(None, vec![part], table.span);
        Table { part, rows, key, generated, read_only: table.read_only() }
    }

    fn column(&mut self, column: &ColumnDef) -> PartId {
        let ty = self.scalar(&column.ty, &column.text, column.span);
        let (occurs, nillable) =
            if column.nullable { (Occurs::OPTIONAL, true) } else { (Occurs::ONCE, false) };
        // One that the database fills in need not be written, though it is always there.
        let occurs = if column.default || column.generated { Occurs::OPTIONAL } else { occurs };
        let declaration = column.declaration();
        self.shape.add_part(Part {
            occurs,
            nillable,
            span: column.span,
            doc: Some(declaration.into()),
            ..Part::new(Name::local(column.name.as_str()), PartKind::Field, ty)
        })
    }

    /// The type of a leaf; for a type that is not read, an empty group that is named after it, which no value fits.
    fn scalar(&mut self, ty: &SqlType, text: &str, span: Option<Span>) -> TypeId {
        let Some(scalar) = ty.scalar() else {
            return self.group(Some(&text.into()), Vec::new(), span);
        };
        *self.scalars.entry(scalar.clone()).or_insert_with(|| self.shape.add_scalar(scalar))
    }

    fn procedure(&mut self, procedure: &ProcedureDef) -> (Operation, Procedure) {
        let name: Arc<str> = procedure.name.to_string().into();
        let goes = |direction: ParameterDirection| direction.goes_in();
        let sent = self.parameters(&procedure.parameters, goes);
        let told = self.parameters(&procedure.parameters, ParameterDirection::comes_back);
        let results: Vec<_> = (1..)
            .zip(&procedure.results)
            .map(|(number, columns)| self.result(&name, number, columns, procedure.span))
            .collect();
        let mut reply: Vec<PartId> = told.iter().flatten().copied().collect();
        reply.extend(results.iter().map(|(part, _)| *part));
        let request = self.group(None, sent.iter().flatten().copied().collect(), procedure.span);
        let reply = self.group(None, reply, procedure.span);
        let root = |shape: &mut ShapeBuilder, ty| {
            let part = Part::new(Name::local(Arc::clone(&name)), PartKind::Element, ty);
            shape.add_part(Part { span: procedure.span, ..part })
        };
        let (request, reply) = (root(&mut self.shape, request), root(&mut self.shape, reply));
        let operation = Operation {
            name: Arc::clone(&name),
            request,
            reply: Some(reply),
            faults: Vec::new(),
            span: procedure.span,
        };
        (operation, Procedure { sent, told, results })
    }

    fn parameters(
        &mut self,
        parameters: &[ParameterDef],
        takes: impl Fn(ParameterDirection) -> bool,
    ) -> Vec<Option<PartId>> {
        let mut parts = Vec::new();
        for parameter in parameters {
            parts.push(takes(parameter.direction).then(|| {
                let name = match parameter.direction {
                    ParameterDirection::Return => RETURN_VALUE,
                    _ => parameter.name.as_str(),
                };
                let ty = self.scalar(&parameter.ty, &parameter.text, parameter.span);
                self.shape.add_part(Part {
                    occurs: Occurs::OPTIONAL,
                    nillable: true,
                    span: parameter.span,
                    doc: Some(format!("{} {}", parameter.direction.word(), parameter.text).into()),
                    ..Part::new(Name::local(name), PartKind::Field, ty)
                })
            }));
        }
        parts
    }

    fn result(
        &mut self,
        procedure: &str,
        number: usize,
        columns: &[ColumnDef],
        span: Option<Span>,
    ) -> (PartId, Vec<PartId>) {
        let parts: Vec<PartId> = columns.iter().map(|column| self.column(column)).collect();
        let name = if number == 1 { RESULT.to_owned() } else { format!("{RESULT}{number}") };
        let ty = self.group(Some(&format!("{procedure}.{name}").into()), parts.clone(), span);
        let part = Part::new(Name::local(name), PartKind::Element, ty);
        (self.shape.add_part(Part { occurs: Occurs::ANY, span, ..part }), parts)
    }

    fn horizon(&mut self) -> Table {
        let ty = self.shape.add_scalar(ScalarType::Instant);
        let mut instant = |name: &str, occurs| {
            let part = Part::new(Name::local(name), PartKind::Field, ty);
            self.shape.add_part(Part { occurs, nillable: occurs == Occurs::OPTIONAL, ..part })
        };
        let parts = vec![instant("now", Occurs::ONCE), instant("oldest", Occurs::OPTIONAL)];
        let row = self.group(None, parts, None);
        let part = Part::new(Name::local("horizon"), PartKind::Element, row);
        let part = self.shape.add_part(Part { occurs: Occurs::ANY, ..part });
        let rows = self.group(None, vec![part], None);
        Table { part, rows, key: Vec::new(), generated: Vec::new(), read_only: true }
    }

    fn group(&mut self, name: Option<&Arc<str>>, parts: Vec<PartId>, span: Option<Span>) -> TypeId {
        let particles =
            parts.iter().map(|&part| Particle::Part(part, self.shape.part(part).occurs)).collect();
        let content = (!parts.is_empty()).then_some(Particle::Sequence(particles, Occurs::ONCE));
        self.shape.add_type(Type {
            name: name.map(|name| Name::local(Arc::clone(name))),
            kind: TypeKind::Group(Group { parts, content, ..Group::default() }),
            span,
        })
    }
}

#[cfg(test)]
mod tests;
