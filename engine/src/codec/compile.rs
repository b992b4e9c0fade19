//! Types a chain from its legacy sources to its modern value, codec by codec.
//!
//! **Invariant.** A chain that compiles never meets a value of a type that one of its codecs does not know.

mod build;

pub(crate) use build::Build;

use super::catalogue;
use super::leaf::{Leaf, comparable, is_bytes, trim};
use super::native::Native;
use super::step::Step;
use super::zone::Zone;
use super::{Chain, CodecCall, Setting, Source};
use crate::ty::{Kind, Type};
use crate::value::Value;
use kernel::{Diagnostic, ScalarType};

/// What a codec finds before it.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// One legacy leaf, in its lexical form.
    Leaf(ScalarType),
    /// Several legacy leaves.
    Leaves,
    /// A modern value.
    Modern(Kind),
    /// A codec before was wrong.
    Unknown,
}

/// Builds a chain and collects what is wrong with it.
pub(crate) struct Builder<'a> {
    sources: &'a [Source<'a>],
    setting: &'a Setting<'a>,
    stage: Stage,
    steps: Vec<Step>,
    found: Vec<Diagnostic>,
    optional: bool,
    raw: bool,
    read_only: bool,
    write_only: bool,
}

/// Types a chain; see [`super::compile`].
pub(crate) fn compile(
    sources: &[Source<'_>],
    calls: &[CodecCall],
    setting: &Setting<'_>,
) -> Result<Chain, Vec<Diagnostic>> {
    let stage = match sources {
        [source] => Stage::Leaf(source.ty.clone()),
        _ => Stage::Leaves,
    };
    let nullable =
        |source: &Source<'_>| source.nillable || setting.nulls.iter().any(|null| reads(source.ty, null));
    let mut builder = Builder {
        sources,
        setting,
        stage,
        steps: Vec::new(),
        found: Vec::new(),
        optional: sources.iter().any(nullable),
        raw: false,
        read_only: false,
        write_only: false,
    };
    for call in calls {
        match catalogue::find(&call.name) {
            Some(codec) => (codec.build)(&mut builder, call),
            None => builder.unknown(call),
        }
    }
    builder.finish()
}

/// Returns whether a text of `nulls:` can be a value of the type.
fn reads(ty: &ScalarType, null: &str) -> bool {
    let native = Native { ty: ty.clone(), zone: Some(Zone::utc()) };
    trim(ty, null).is_some_and(|text| !is_bytes(ty) && native.read(Value::Text(text.as_ref().into())).is_ok())
}

impl Builder<'_> {
    fn unknown(&mut self, call: &CodecCall) {
        let error = Diagnostic::new("E021", call.name_span, format!("unknown codec `{}`", call.name));
        self.found.push(error.hint(match catalogue::suggest(&call.name) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the codecs are {}", catalogue::names().collect::<Vec<_>>().join(", ")),
        }));
        self.stage = Stage::Unknown;
    }

    fn finish(mut self) -> Result<Chain, Vec<Diagnostic>> {
        self.decode();
        let kind = match &self.stage {
            Stage::Leaves => {
                let message = "several sources need a codec that combines them";
                let mut error = Diagnostic::new("E019", self.setting.sources_span, message);
                for source in self.sources {
                    error = error.also(source.span, "declared here");
                }
                self.found.push(error.hint("use `join(-)`, `lines(35)` or `datetime(yyyyMMdd + HHmmss)`"));
                Kind::Any
            }
            Stage::Modern(kind) => kind.clone(),
            Stage::Leaf(_) | Stage::Unknown => Kind::Any,
        };
        if !self.found.is_empty() {
            return Err(self.found);
        }
        let leaves = self.sources.iter().map(|source| self.leaf(source)).collect();
        let ty = Type { kind, optional: self.optional };
        Ok(Chain::new(leaves, self.steps, ty, self.read_only, self.write_only))
    }

    /// Reads a leaf by its own type, unless a codec did so already.
    fn decode(&mut self) {
        let Stage::Leaf(ty) = &self.stage else { return };
        let ty = ty.clone();
        let zone = match ty {
            ScalarType::LocalDateTime => self.zone_needed(self.setting.sources_span),
            ScalarType::DateTime | ScalarType::Instant => self.zone_named(),
            _ => None,
        };
        let native = Native { ty, zone };
        self.stage = Stage::Modern(native.kind());
        let plain = matches!(&native.ty, ScalarType::Text(text) if !text.list);
        if !plain {
            self.steps.push(Step::Native(native));
        }
    }

    fn leaf(&self, source: &Source<'_>) -> Leaf {
        let nulls = self.setting.nulls.iter().filter(|_| !self.raw);
        let nulls =
            nulls.filter_map(|null| trim(source.ty, null).map(|null| comparable(source.ty, &null).into()));
        Leaf {
            ty: source.ty.clone(),
            nillable: source.nillable,
            raw: self.raw,
            nulls: nulls.collect(),
            zone: self.setting.timezone.and_then(Zone::named),
        }
    }

    /// Returns the zone of the connection, if it has one; a wrong one is reported.
    fn zone_named(&mut self) -> Option<Zone> {
        let name = self.setting.timezone?;
        let zone = Zone::named(name);
        if zone.is_none() {
            let message = format!("`timezone: {name}` of the connection is no IANA time zone");
            let error = Diagnostic::new("E024", self.setting.sources_span, message);
            self.found.push(error.hint("write a name such as Europe/Vienna or UTC"));
        }
        zone
    }

    /// Returns the zone of the connection; a missing one is E024.
    fn zone_needed(&mut self, span: kernel::Span) -> Option<Zone> {
        if self.setting.timezone.is_none() {
            let message = "the timestamp has no zone, and the connection has no `timezone:`";
            let mut error = Diagnostic::new("E024", span, message);
            for source in self.sources {
                error = error.also(source.span, "declared here");
            }
            self.found.push(error.hint("add `timezone: Europe/Vienna` to the connection"));
        }
        self.zone_named()
    }
}
