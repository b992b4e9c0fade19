//! A model after all its names were resolved: the form from which read plans, write plans and reports are made.
//!
//! **Invariant.** Every path is resolved against a shape and every codec chain is typed; nothing here is text to be parsed.

use crate::codec::Chain;
use crate::expr::Typed;
use crate::plan::schema::Check;
use crate::ty::{Record, Type};
use crate::value::Value;
use kernel::{Occurs, PartId, Shape, Span, TypeId};
use std::sync::Arc;

/// Number of a model in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(pub u32);

/// A modern structure and how it is made of a legacy one.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name.
    pub name: Arc<str>,
    /// Index of its connection in the program.
    pub connection: usize,
    /// The shape that its paths speak of.
    pub shape: Arc<Shape>,
    /// The part that a record is.
    pub part: PartId,
    /// The legacy type of a record.
    pub ty: TypeId,
    /// The types of what encloses a record, nearest first, as far as `..` needs them.
    pub parents: Vec<TypeId>,
    /// Its fields.
    pub body: ObjectMap,
    /// Indexes into `body.fields` of the fields that make the key.
    pub key: Vec<usize>,
    /// What each write sets beside the fields: `write:` of the model.
    pub constants: Vec<Constant>,
    /// Paths that are deliberately not mapped.
    pub ignored: Vec<LegacyPath>,
    /// Its JSON Schema: the one that the mapping names, or one inferred from the fields.
    pub schema: Arc<serde_json::Value>,
    /// Where the mapping declares it.
    pub span: Span,
}

/// An expression together with the names that it may use.
#[derive(Debug, Clone)]
pub struct Formula {
    /// The compiled expression; its inputs are indexes into the scope.
    pub typed: Typed,
    /// The names in scope.
    pub scope: Arc<Scope>,
}

/// The names that an expression may use, with their types and where their values are.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Names and types, in the order of `origins`.
    pub record: Record,
    /// Where each value is.
    pub origins: Vec<Origin>,
}

/// Where the value of a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A member of a `fields:` map: `out` maps outwards from the one in which the expression stands (0 is that map
    /// itself; the implicit object of a dotted key is no map of its own), by the index of the member there.
    Field {
        /// How many maps outwards.
        out: usize,
        /// Index into the map's fields.
        index: usize,
    },
    /// `now`.
    Now,
    /// `today`.
    Today,
    /// `requestId`.
    RequestId,
    /// A path or query parameter of the operation, by its index there.
    Param(usize),
    /// `body`.
    Body,
    /// `page`: an object with `size`, `cursor`, `offset`, `number`.
    Page,
}

/// A legacy value that the modern side does not know.
#[derive(Debug, Clone)]
pub struct Constant {
    /// Where it goes.
    pub path: LegacyPath,
    /// What it is.
    pub value: Fill,
}

/// What fills a legacy value that no modern field fills.
#[derive(Debug, Clone)]
pub enum Fill {
    /// A text as written in the mapping, in the lexical form of the legacy type.
    Text(Arc<str>),
    /// An expression over the model's fields and `now`, `today`, `requestId`; written by the chain of the legacy type.
    Expr(Box<Formula>, Chain),
}

/// The members of a JSON object, in the order of the mapping.
#[derive(Debug, Clone, Default)]
pub struct ObjectMap {
    /// The members. A dotted key has become a member of kind `Object`.
    pub fields: Vec<Field>,
    /// It comes from dotted keys and is no `fields:` map of its own (see [`Origin::Field`]); writes need to know.
    pub implicit: bool,
}

/// A member of a JSON object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// It is not in the JSON: its name begins with `_`.
    pub hidden: bool,
    /// It is masked in logs, traces and test output.
    pub sensitive: bool,
    /// Where the mapping declares it.
    pub span: Span,
    /// Its modern type.
    pub ty: Type,
    /// What the JSON Schema says of it.
    pub facts: Facts,
    /// How it is made.
    pub kind: FieldKind,
}

/// What the JSON Schema says of a property. Without a schema: not declared, not required, nullable.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// A JSON Schema declares it.
    pub declared: bool,
    /// It must be there.
    pub required: bool,
    /// It may be `null`.
    pub nullable: bool,
    /// Clients do not send it.
    pub read_only: bool,
    /// It is not in answers.
    pub write_only: bool,
    /// What `create` assumes where it is missing.
    pub default: Option<Value>,
    /// What it demands of a value that is there.
    pub checks: Arc<[Check]>,
}

/// What an answer shows where a value is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// `null`.
    Null,
    /// The member is left out.
    Omit,
    /// The reply breaks the contract.
    Refuse,
}

impl Facts {
    /// Returns what an answer shows where the value is absent.
    pub fn absent(&self) -> Absent {
        match (self.declared, self.required, self.nullable) {
            (false, _, _) | (true, true, true) => Absent::Null,
            (true, false, _) => Absent::Omit,
            (true, true, false) => Absent::Refuse,
        }
    }
}

/// The five forms of a field.
#[derive(Debug, Clone)]
pub enum FieldKind {
    /// A value from one or several legacy leaves.
    Value {
        /// Where it comes from; several are combined by the chain.
        sources: Vec<LegacyPath>,
        /// How it is read and written.
        chain: Chain,
        /// `[*]`: each leaf gives an element of an array of plain values.
        many: bool,
        /// What is written.
        write: WriteRule,
    },
    /// An expression over the names in scope: the members of this `fields:` map, then of enclosing ones, then inputs.
    Computed(Box<Formula>),
    /// An array of objects.
    Each {
        /// The repeated legacy part, relative to the enclosing scope.
        path: LegacyPath,
        /// The fields of an element; their paths are relative to the element, a common `at:` prefixed.
        element: ObjectMap,
        /// Indexes into `element.fields` by which old and new elements are aligned; empty: by position.
        key: Vec<usize>,
    },
    /// A nested object; the paths of its fields are relative to the enclosing scope, a common `at:` prefixed.
    Object(ObjectMap),
    /// Alternatives.
    Cases {
        /// What decides. `None`: the case whose `at` is present.
        selector: Option<LegacyPath>,
        /// Name of the JSON property that says which case it is.
        tag: Arc<str>,
        /// The cases, in order.
        cases: Vec<Case>,
    },
}

/// One alternative.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name, which is the value of the tag.
    pub name: Arc<str>,
    /// Legacy values of the selector; the first is written. Empty where presence decides.
    pub when: Vec<Arc<str>>,
    /// The part whose presence decides where there is no selector, and the common prefix.
    pub at: Option<LegacyPath>,
    /// Its fields; paths are relative to the enclosing scope, `at` prefixed.
    pub fields: ObjectMap,
}

/// What a write does with a field.
#[derive(Debug, Clone)]
pub enum WriteRule {
    /// The inverse of the chain.
    Inverse,
    /// An expression, whenever anything is written; the client's value is not looked at.
    Expr(Box<Formula>),
    /// Nothing: read-only.
    Never,
}

/// A path into a legacy structure.
#[derive(Debug, Clone)]
pub struct LegacyPath {
    /// The name after `$`, if the path begins beside the record: `header`, `fault`.
    pub beside: Option<Arc<str>>,
    /// How many `..` it begins with.
    pub up: usize,
    /// The steps. Empty: the enclosing scope itself.
    pub steps: Vec<Step>,
    /// Its type at the end; a leaf type where a value is needed.
    pub ty: TypeId,
    /// How often its end occurs within the scope, picks applied.
    pub occurs: Occurs,
    /// Where it stands in the mapping.
    pub span: Span,
}

/// One step of a path.
#[derive(Debug, Clone)]
pub struct Step {
    /// The part that the declared type has under this name, then the parts of types derived from it and the
    /// substitutes: any of these is the step.
    pub parts: Vec<PartId>,
    /// Its declared type, or the derived one that a case selected.
    pub ty: TypeId,
    /// Which of several.
    pub pick: Pick,
}

/// Which occurrences of a repeated part a step takes.
#[derive(Debug, Clone)]
pub enum Pick {
    /// The only one; or, below `each`, whatever is there.
    Only,
    /// The n-th, counted from 1.
    Nth(u32),
    /// The last one.
    Last,
    /// All of them.
    All,
    /// Those for which all conditions hold; on the way back each is written as a constant.
    Where(Vec<Condition>),
}

/// A condition on a child or attribute of a step.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The steps to the leaf that is compared.
    pub path: Vec<Step>,
    /// The legacy text that it must have.
    pub value: Arc<str>,
}
