//! Codecs: pairs of functions between legacy leaves and modern values, chained and typed at compile time.
//!
//! **Invariant.** What `write` gives reads back as the value that was written, or `write` refuses.

mod catalogue;
mod compile;
mod error;
mod fast;
mod inverse;
mod leaf;
mod lookup;
mod native;
mod number;
mod pattern;
mod step;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod zone;

pub use error::CodecError;
pub use inverse::{Ask, Column, Unfit, Wanted};
pub use table::{CodeLine, CodeTable, CodeTables};
pub(crate) use zone::Zone;

use crate::json;
use crate::ty::Type;
use crate::value::Value;
pub(crate) use fast::Direct;
use fast::Fast;
use kernel::{Diagnostic, Scalar, ScalarType, Span};
use leaf::Leaf;
use lookup::Lookup;
use std::sync::Arc;
use step::Step;

/// A codec as a mapping calls it: `flag(A, [S, G])`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecCall {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: Vec<CodecArg>,
    /// The whole call.
    pub span: Span,
    /// The name alone.
    pub name_span: Span,
}

/// An argument of a codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodecArg {
    /// One text; `yyyyMMdd + HHmmss` is one.
    Text {
        /// The text without quotes.
        value: String,
        /// Where it stands.
        span: Span,
    },
    /// A list in brackets.
    List {
        /// The elements and where they stand.
        items: Vec<(String, Span)>,
        /// The whole list.
        span: Span,
    },
}

/// A legacy leaf from which a chain reads.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its legacy type.
    pub ty: &'a ScalarType,
    /// Nothing is written as an explicit nothing; whoever compiles says so only where the legacy system expects it.
    pub nillable: bool,
    /// Where the legacy schema declares it.
    pub span: Option<Span>,
}

/// What surrounds a chain.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// IANA zone of timestamps without a zone: `timezone:` of the connection.
    pub timezone: Option<&'a str>,
    /// Legacy texts that mean nothing: `nulls:` of the connection.
    pub nulls: &'a [String],
    /// The code tables of the project.
    pub codes: &'a CodeTables,
    /// The field's line.
    pub span: Span,
    /// The sources in it.
    pub sources_span: Span,
}

/// How much a chain keeps; ordered, the worst codec decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// The laws hold literally.
    Exact,
    /// Reads anything, writes one form.
    Canonical,
    /// Several legacy values read alike.
    Lossy,
    /// Some modern values cannot be written and are refused.
    Partial,
}

/// A legacy leaf to be written, in the lexical form of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// No element.
    Absent,
    /// Explicitly nothing.
    Nil,
    /// Text.
    Text(String),
    /// Bytes, only where the legacy type is bytes.
    Bytes(Vec<u8>),
}

/// A compiled chain of codecs, in both directions. Immutable and cheap to clone.
#[derive(Debug, Clone)]
pub struct Chain {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    leaves: Vec<Leaf>,
    steps: Vec<Step>,
    ty: Type,
    fast: Fast,
    read_only: bool,
    write_only: bool,
}

/// Types a chain from its legacy sources to its modern value.
///
/// # Errors
/// E019–E024, all that can be found at once.
pub fn compile(
    sources: &[Source<'_>],
    calls: &[CodecCall],
    setting: &Setting<'_>,
) -> Result<Chain, Vec<Diagnostic>> {
    compile::compile(sources, calls, setting)
}

/// Prints the reference of all codecs as Markdown.
pub fn reference() -> String {
    catalogue::reference()
}

impl Chain {
    fn new(leaves: Vec<Leaf>, steps: Vec<Step>, ty: Type, read_only: bool, write_only: bool) -> Self {
        let fast = Fast::of(&leaves, &steps);
        Self { inner: Arc::new(Inner { leaves, steps, ty, fast, read_only, write_only }) }
    }

    /// The modern type; optional if a codec, a null value or an explicit nothing can make it absent.
    pub fn ty(&self) -> &Type {
        &self.inner.ty
    }

    /// Reads one scalar per source; a missing one is `Nil`. The result may be `Absent`.
    ///
    /// # Errors
    /// What arrived breaks the contract.
    pub fn read(&self, sources: &[Scalar<'_>]) -> Result<Value, CodecError> {
        if let [Step::Join { separator, .. }] = self.inner.steps.as_slice()
            && let Some(joined) = self.read_joined(sources, separator)
        {
            return Ok(joined);
        }
        let first = self.read_leaves(sources)?;
        self.inner.steps.iter().try_fold(first, |value, step| step.read(value))
    }

    /// Joins texts that mean what they say, which most do; nothing if a value has to be made of one first.
    fn read_joined(&self, sources: &[Scalar<'_>], separator: &str) -> Option<Value> {
        let mut joined = String::with_capacity(32);
        let mut first = true;
        for (leaf, source) in self.inner.leaves.iter().zip(sources) {
            let Scalar::Text(text) = source else { return None };
            let Some(text) = leaf.plain(text)? else { continue };
            if !std::mem::replace(&mut first, false) {
                joined.push_str(separator);
            }
            joined.push_str(&text);
        }
        (!first && sources.len() >= self.inner.leaves.len()).then(|| Value::Text(joined.into()))
    }

    fn read_leaves(&self, sources: &[Scalar<'_>]) -> Result<Value, CodecError> {
        let scalar = |n: usize| sources.get(n).copied().unwrap_or(Scalar::Nil);
        if let [leaf] = self.inner.leaves.as_slice() {
            return leaf.read(scalar(0));
        }
        let parts: Result<Vec<Value>, CodecError> =
            self.inner.leaves.iter().enumerate().map(|(n, leaf)| leaf.read(scalar(n))).collect();
        let parts = parts?;
        Ok(if parts.iter().all(Value::is_absent) { Value::Absent } else { Value::List(parts) })
    }

    /// Reads one source and appends the JSON text, if no value has to be made for that; else nothing is appended.
    #[inline(always)]
    pub(crate) fn read_at_once(&self, source: Scalar<'_>, out: &mut Vec<u8>) -> bool {
        self.inner.fast.read(&self.inner.steps, source, out).is_some()
    }

    /// Returns what the text of its one source needs to become JSON; nothing where blanks around it count, or where it has
    /// several sources.
    pub(crate) fn direct(&self) -> Option<Direct> {
        match self.inner.leaves.as_slice() {
            [leaf] if !leaf.raw => Some(self.inner.fast.direct()),
            _ => None,
        }
    }

    /// Reads one source and appends the JSON text, or appends nothing and returns `false` if it is absent.
    ///
    /// # Errors
    /// As [`Chain::read`]; then nothing was appended.
    pub fn read_json(&self, source: Scalar<'_>, out: &mut Vec<u8>) -> Result<bool, CodecError> {
        if self.read_at_once(source, out) {
            return Ok(true);
        }
        let value = self.read(&[source])?;
        if value.is_absent() {
            return Ok(false);
        }
        json::write(&value, out);
        Ok(true)
    }

    /// Encodes a modern value: one leaf per source. `old` is what stood there, of which `slice` keeps a part.
    ///
    /// The result was read again and gives [`Chain::canonical`] of the value, else it is refused.
    ///
    /// # Errors
    /// The legacy type cannot hold the value.
    pub fn write(&self, modern: &Value, old: Option<&[Written]>) -> Result<Vec<Written>, CodecError> {
        if self.inner.read_only {
            return Err(CodecError::new("the field is read only"));
        }
        if let (Value::Text(text), [leaf], []) = (modern, &*self.inner.leaves, &*self.inner.steps)
            && leaf.gives_back(text)
        {
            return leaf.write(modern).map(|written| vec![written]);
        }
        let canonical = self.canonical(modern)?;
        let written = self.encode(canonical.clone(), old)?;
        let scalars: Vec<Scalar<'_>> = written.iter().map(Written::as_scalar).collect();
        match self.read(&scalars) {
            Ok(read) if read.same(&canonical) => Ok(written),
            _ => Err(CodecError::new("the legacy field would give back another value")),
        }
    }

    /// Encodes a value that nobody sent, such as `now`.
    ///
    /// As [`Chain::write`], but an instant is never refused: one in the hour that the clocks repeat reads back as the
    /// earlier of the two, and fractions that the legacy field does not hold are cut.
    ///
    /// # Errors
    /// The legacy type cannot hold the value.
    pub fn write_generated(&self, value: &Value) -> Result<Vec<Written>, CodecError> {
        match value {
            // How it reads back decides nothing, so nobody looks.
            Value::Instant(_) => self.encode(self.canonical(value)?, None),
            _ => self.write(value, None),
        }
    }

    fn encode(&self, value: Value, old: Option<&[Written]>) -> Result<Vec<Written>, CodecError> {
        let Inner { leaves, steps, .. } = &*self.inner;
        let olds = self.old_stages(old);
        let mut value = value;
        for (n, step) in steps.iter().enumerate().rev() {
            value = step.write(value, olds.get(n).unwrap_or(&Value::Absent))?;
        }
        match (leaves.as_slice(), value) {
            ([leaf], value) => Ok(vec![leaf.write(&value)?]),
            (leaves, Value::List(parts)) => {
                leaves.iter().zip(&parts).map(|(leaf, part)| leaf.write(part)).collect()
            }
            (leaves, _) => leaves.iter().map(|leaf| leaf.write(&Value::Absent)).collect(),
        }
    }

    /// Returns what stood before each step in the old record; only `slice` looks at it.
    fn old_stages(&self, old: Option<&[Written]>) -> Vec<Value> {
        let steps = &self.inner.steps;
        let Some(old) = old.filter(|_| steps.iter().any(|step| matches!(step, Step::Slice { .. }))) else {
            return Vec::new();
        };
        let scalars: Vec<Scalar<'_>> = old.iter().map(Written::as_scalar).collect();
        let mut value = self.read_leaves(&scalars).unwrap_or_default();
        let mut stages = Vec::with_capacity(steps.len());
        for step in steps {
            stages.push(value.clone());
            // An old value that cannot be read keeps nothing; what is written then is read again all the same.
            value = step.read(value).unwrap_or_default();
        }
        stages
    }

    /// Returns the value as reading would give it: dates from JSON text, folded case, the default for absent.
    ///
    /// # Errors
    /// The value is of another type.
    pub fn canonical(&self, modern: &Value) -> Result<Value, CodecError> {
        let value = native::coerce(&self.inner.ty.kind, modern)?;
        if value.is_absent() {
            return self.read(&[]);
        }
        let steps = &self.inner.steps;
        let from = steps.iter().rposition(|step| !step.keeps_value()).map_or(0, |n| n + 1);
        Ok(steps[from..].iter().fold(value, |value, step| step.fold(value)))
    }

    /// Returns the only values that reading can give, absent apart, where a code table or a flag decides.
    pub fn outcomes(&self) -> Option<Vec<Value>> {
        let steps = &self.inner.steps;
        let last = steps.iter().rposition(|step| !matches!(step, Step::Default(_) | Step::NullIf(_)))?;
        let Step::Lookup(lookup) = &steps[last] else { return None };
        let mut values = lookup.outcomes();
        for step in &steps[last + 1..] {
            match step {
                Step::NullIf(nulls) => values.retain(|value| !nulls.iter().any(|null| null.same(value))),
                Step::Default(default) if !values.iter().any(|value| value.same(default)) => {
                    values.push(default.clone());
                }
                _ => {}
            }
        }
        Some(values)
    }

    /// Returns all legacy codes that the first code table or flag knows; nothing where there is none.
    pub fn legacy_codes(&self) -> Vec<String> {
        let lookup = self.inner.steps.iter().find_map(|step| match step {
            Step::Lookup(lookup) => Some(lookup),
            _ => None,
        });
        lookup.map_or_else(Vec::new, Lookup::legacy_codes)
    }

    /// How much it keeps.
    pub fn loss(&self) -> Loss {
        self.inner.steps.iter().map(Step::loss).max().unwrap_or(Loss::Exact)
    }

    /// What `explain` says beside the class: `S, G → false → S`.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.inner.steps.iter().flat_map(Step::notes).collect();
        let mut seen = std::collections::HashSet::new();
        notes.retain(|note| seen.insert(note.clone()));
        notes
    }

    /// Returns whether a range filter on the modern value is one on the legacy value.
    pub fn keeps_order(&self) -> bool {
        self.inner.steps.iter().all(Step::keeps_order)
    }

    /// Returns the zone in which it reads local times, if it does.
    pub(crate) fn zone(&self) -> Option<&Zone> {
        self.inner.steps.iter().find_map(|step| match step {
            Step::Moment { makes: pattern::Makes::DateTime, zone, .. } => Some(zone),
            Step::Native(native) if native.ty == ScalarType::LocalDateTime => native.zone.as_ref(),
            _ => None,
        })
    }

    /// Returns how far apart two moments may be that are the same in the legacy value, in seconds; at least one.
    pub(crate) fn grain_s(&self) -> u32 {
        self.inner.steps.iter().fold(1, |grain, step| match step {
            Step::Moment { makes: pattern::Makes::DateTime, pattern, .. } => grain.max(pattern.grain_s()),
            _ => grain,
        })
    }

    /// The codec `readOnly` is in it.
    pub fn read_only(&self) -> bool {
        self.inner.read_only
    }

    /// The codec `writeOnly` is in it.
    pub fn write_only(&self) -> bool {
        self.inner.write_only
    }
}

impl Written {
    /// Returns it as a scalar, as a reader would get it.
    pub fn as_scalar(&self) -> Scalar<'_> {
        match self {
            Self::Absent | Self::Nil => Scalar::Nil,
            Self::Text(text) => Scalar::Text(text),
            Self::Bytes(bytes) => Scalar::Bytes(bytes),
        }
    }
}

impl Loss {
    /// Returns its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Canonical => "canonical",
            Self::Lossy => "lossy",
            Self::Partial => "partial",
        }
    }
}
