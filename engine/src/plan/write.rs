//! Writing: a modern value becomes a legacy structure, changed only where the modern value changed.
//!
//! **Invariant.** What was not changed stays as it was, and what was written reads back as what the client sent,
//! or the whole write is refused with the JSON pointer of each field that cannot be kept.

mod align;
mod cases;
mod fill;
#[cfg(test)]
pub(crate) mod kit;
mod names;
mod prepared;
mod request;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use fill::with_defaults;
pub use prepared::{Built, Prepared};
pub use request::request;
pub(crate) use request::{evaluate, with_params};
pub use verify::read_back;

use crate::codec::{Chain, Written};
use crate::json::push_pointer;
use crate::plan::model::{Field, FieldKind, Formula, LegacyPath, Model, ObjectMap, WriteRule};
use crate::plan::tree::{Leaf, NodeId, Tree};
use crate::program::Ambient;
use crate::value::Value;
use kernel::Scalar;
use names::Frames;

/// A value that the legacy system cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError {
    /// JSON pointer of the field; empty for the whole body.
    pub pointer: String,
    /// What is wrong: lower case, without the value.
    pub message: String,
}

/// Which write it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// There is no old record: defaults are applied, read-only fields are refused.
    Create,
    /// The record that stands in the tree is changed. It may be empty, if nobody read it.
    Put,
}

/// Why a value is refused that something beside the record would have to change for.
const BESIDE: &str = "it follows from what stands beside the record, which a write does not change";

/// What a write did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// At least one mapped field changed.
    pub changed: bool,
}

/// Puts a modern value into the record at `node`.
///
/// Fields whose value is what is there already are not touched. If nothing changed, nothing at all is written,
/// the model's constants neither.
///
/// # Errors
/// Every field that cannot be written. The tree is of no use then.
pub fn put(
    model: &Model,
    modern: &Value,
    tree: &mut Tree,
    node: NodeId,
    write: Write,
    ambient: &Ambient,
) -> Result<Outcome, Vec<WriteError>> {
    let modern =
        &if write == Write::Create { fill::with_defaults(&model.body, modern) } else { modern.clone() };
    let mut run = Run { tree, write, ambient, changed: false, errors: Vec::new() };
    let mut at = Place { frames: Frames::new(&model.body, modern), pointer: String::new() };
    run.object(&model.body, modern, node, &mut at);
    if run.errors.is_empty() && (run.changed || write == Write::Create) {
        run.generated(&model.body, node, &mut at);
        run.constants(model, node, &at);
    }
    let outcome = Outcome { changed: run.changed };
    if run.errors.is_empty() { Ok(outcome) } else { Err(run.errors) }
}

/// Returns the value of an expression over the fields of a model, by the modern value of a record.
///
/// # Errors
/// In words: it has no value.
pub(crate) fn evaluate_on(
    model: &Model,
    formula: &Formula,
    modern: &Value,
    ambient: &Ambient,
) -> Result<Value, String> {
    let frames = Frames::new(&model.body, modern);
    formula.typed.eval(&frames.names(formula, ambient)).map_err(|error| error.to_string())
}

/// One write under way.
struct Run<'a> {
    tree: &'a mut Tree,
    write: Write,
    ambient: &'a Ambient,
    changed: bool,
    errors: Vec<WriteError>,
}

/// Where in the modern value the write is.
struct Place<'m> {
    frames: Frames<'m>,
    pointer: String,
}

impl Run<'_> {
    fn object<'m>(&mut self, map: &'m ObjectMap, modern: &'m Value, node: NodeId, at: &mut Place<'m>) {
        for field in &map.fields {
            let length = at.pointer.len();
            push_pointer(&mut at.pointer, &field.name);
            self.field(field, modern.member(&field.name).unwrap_or(&Value::Absent), node, at);
            at.pointer.truncate(length);
        }
    }

    fn field<'m>(&mut self, field: &'m Field, modern: &'m Value, node: NodeId, at: &mut Place<'m>) {
        if field.hidden {
            return;
        }
        let generated = matches!(field.kind, FieldKind::Value { write: WriteRule::Expr(_), .. });
        if field.facts.read_only && !generated {
            return self.read_only(field, modern, node, at);
        }
        match &field.kind {
            FieldKind::Value { write: WriteRule::Inverse, many: true, .. } => {
                self.many(field, modern, node, at)
            }
            FieldKind::Value { write: WriteRule::Inverse, .. } => self.value(field, modern, node, at),
            FieldKind::Value { .. } | FieldKind::Computed(_) => {}
            FieldKind::Each { path, element, key } => self.each(path, element, key, modern, node, at),
            FieldKind::Object(map) => self.nested(map, modern, node, at),
            FieldKind::Cases { selector, tag, cases } => {
                self.cases(selector.as_ref(), tag, cases, modern, node, at)
            }
        }
    }

    /// A client may send a read-only field back as it is, but not make one up.
    fn read_only(&mut self, field: &Field, modern: &Value, node: NodeId, at: &Place<'_>) {
        if modern.is_absent() {
            return;
        }
        let refused = match (&field.kind, self.write) {
            // What stands beside the record is there before it is created.
            (FieldKind::Value { sources, .. }, Write::Create)
                if sources.iter().any(|source| source.beside.is_none()) =>
            {
                true
            }
            (FieldKind::Value { sources, chain, many: false, .. }, Write::Create) => {
                let sent = chain.canonical(modern).ok();
                !sent.is_some_and(|sent| self.reads_as(sources, chain, node, &sent))
            }
            (_, Write::Create) => true,
            (FieldKind::Value { sources, chain, many: false, .. }, Write::Put) => {
                let old = self.read(sources, chain, node);
                let sent = chain.canonical(modern).ok();
                old.is_some_and(|old| !old.is_absent() && !sent.is_some_and(|sent| sent.same(&old)))
            }
            _ => false,
        };
        if refused {
            self.refuse(at, "the field is read-only");
        }
    }

    fn value(&mut self, field: &Field, modern: &Value, node: NodeId, at: &Place<'_>) {
        let FieldKind::Value { sources, chain, .. } = &field.kind else { return };
        let wanted = match chain.canonical(modern) {
            Ok(wanted) => wanted,
            Err(error) => return self.refuse(at, error.message),
        };
        let present = sources.iter().any(|source| !self.tree.select(node, source).is_empty());
        if (present || self.write == Write::Put) && self.reads_as(sources, chain, node, &wanted) {
            return;
        }
        if wanted.is_absent() && !present {
            return;
        }
        let old = self.old(sources, node);
        match chain.write(modern, old.as_deref()) {
            Ok(written) => self.store(sources, written, node),
            Err(error) => return self.refuse(at, error.message),
        }
        self.changed = true;
        if !self.reads_as(sources, chain, node, &wanted) {
            let beside = sources.iter().any(|source| self.is_beside(source, node));
            self.refuse(
                at,
                if beside { BESIDE } else { "the legacy system would read it back as something else" },
            );
        }
    }

    /// Returns whether a path from here leads to what stands beside the record, which no write changes.
    fn is_beside(&self, path: &LegacyPath, node: NodeId) -> bool {
        path.beside.is_some() || self.start(path, node).is_some_and(|from| self.tree.is_beside(from))
    }

    /// Decodes what stands at the sources; nothing if that cannot be decoded.
    fn read(&self, sources: &[LegacyPath], chain: &Chain, node: NodeId) -> Option<Value> {
        let scalar = |source: &LegacyPath| {
            self.tree.select(node, source).first().and_then(|&leaf| self.tree.value(leaf))
        };
        let scalars: Vec<Scalar<'_>> =
            sources.iter().map(|source| scalar(source).unwrap_or(Scalar::Nil)).collect();
        chain.read(&scalars).ok()
    }

    fn reads_as(&self, sources: &[LegacyPath], chain: &Chain, node: NodeId, wanted: &Value) -> bool {
        self.read(sources, chain, node).is_some_and(|value| value.same(wanted))
    }

    fn old(&self, sources: &[LegacyPath], node: NodeId) -> Option<Vec<Written>> {
        let written = |source: &LegacyPath| {
            let leaf = self.tree.select(node, source).first().copied()?;
            Some(match self.tree.value(leaf)? {
                Scalar::Nil => Written::Nil,
                Scalar::Bytes(bytes) => Written::Bytes(bytes.to_vec()),
                other => Written::Text(Leaf::from_scalar(other).text()?),
            })
        };
        sources.iter().map(written).collect()
    }

    fn store(&mut self, sources: &[LegacyPath], written: Vec<Written>, node: NodeId) {
        for (source, value) in sources.iter().zip(written) {
            self.store_one(source, value, node);
        }
    }

    fn store_one(&mut self, path: &LegacyPath, value: Written, node: NodeId) {
        if self.is_beside(path, node) {
            return;
        }
        let leaf = match value {
            Written::Absent => return self.clear(path, node),
            Written::Nil => Leaf::Nil,
            Written::Text(text) => Leaf::Text(text.into()),
            Written::Bytes(bytes) => Leaf::Bytes(bytes.into()),
        };
        if let Some(from) = self.start(path, node) {
            let at = self.tree.ensure(from, &path.steps, false);
            self.tree.set(at, leaf);
        }
    }

    fn clear(&mut self, path: &LegacyPath, node: NodeId) {
        if self.is_beside(path, node) {
            return;
        }
        for leaf in self.tree.select(node, path) {
            self.tree.remove(leaf, node);
        }
    }

    fn start(&self, path: &LegacyPath, node: NodeId) -> Option<NodeId> {
        (0..path.up).try_fold(node, |node, _| self.tree.parent(node))
    }

    fn nested<'m>(&mut self, map: &'m ObjectMap, modern: &'m Value, node: NodeId, at: &mut Place<'m>) {
        if !matches!(modern, Value::Object(_) | Value::Absent | Value::Null) {
            return self.refuse(at, "expected an object");
        }
        at.frames.enter(map, modern);
        self.object(map, modern, node, at);
        at.frames.leave(map);
    }

    fn refuse(&mut self, at: &Place<'_>, message: impl Into<String>) {
        self.errors.push(WriteError { pointer: at.pointer.clone(), message: message.into() });
    }
}
