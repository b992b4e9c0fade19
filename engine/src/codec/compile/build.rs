//! How each codec checks its arguments and what stands before it.
//!
//! **Invariant.** A codec that cannot work is a diagnostic here; none fails later because of its arguments.

mod moments;
mod numbers;
mod texts;
mod values;

use super::{Builder, Stage};
use crate::codec::step::Step;
use crate::codec::{CodecArg, CodecCall};
use crate::ty::Kind;
use kernel::{Diagnostic, ScalarType, Span};

/// Checks one call and adds its step.
pub(crate) type Build = fn(&mut Builder<'_>, &CodecCall);

/// Most characters of a line, a slice or a padded text.
const WIDTH_MAX: usize = 1 << 16;

impl Builder<'_> {
    /// Reports anything but text.
    pub(crate) fn text_needed(&mut self, call: &CodecCall) -> bool {
        let fits = is_text(&self.stage);
        if !fits {
            self.unfit(call, "it reads text");
        }
        fits
    }

    /// Adds a step and says what it gives.
    pub(crate) fn push(&mut self, step: Step, kind: Kind) {
        self.steps.push(step);
        if !matches!(self.stage, Stage::Unknown) {
            self.stage = Stage::Modern(kind);
        }
    }

    /// Returns the arguments if they are exactly `N` texts.
    pub(crate) fn texts<'c, const N: usize>(
        &mut self,
        call: &'c CodecCall,
        usage: &str,
    ) -> Option<[&'c str; N]> {
        let texts: Option<Vec<&str>> = call.args.iter().map(CodecArg::text).collect();
        let texts = texts.and_then(|texts| <[&str; N]>::try_from(texts).ok());
        if texts.is_none() {
            self.arguments(call, usage);
        }
        texts
    }

    /// Returns the arguments if they are exactly `N` whole numbers within bounds.
    pub(crate) fn numbers<const N: usize>(
        &mut self,
        call: &CodecCall,
        usage: &str,
        min: usize,
        max: usize,
    ) -> Option<[usize; N]> {
        let texts: [&str; N] = self.texts(call, usage)?;
        let numbers: Option<Vec<usize>> =
            texts.iter().map(|text| text.parse().ok().filter(|n| (min..=max).contains(n))).collect();
        let numbers = numbers.and_then(|numbers| <[usize; N]>::try_from(numbers).ok());
        if numbers.is_none() {
            self.arguments(call, usage);
        }
        numbers
    }

    /// Reports arguments of a codec that has none.
    pub(crate) fn bare(&mut self, call: &CodecCall) -> bool {
        if !call.args.is_empty() {
            self.arguments(call, &format!("{}, without arguments", call.name));
        }
        call.args.is_empty()
    }

    /// Reports wrong arguments.
    pub(crate) fn arguments(&mut self, call: &CodecCall, usage: &str) {
        let message = format!("`{}` has the wrong arguments", call.name);
        self.wrong(Diagnostic::new("E020", call.span, message).hint(format!("write {usage}")));
    }

    /// Reports a codec that does not fit what stands before it.
    pub(crate) fn unfit(&mut self, call: &CodecCall, why: &str) {
        if matches!(self.stage, Stage::Unknown) {
            return;
        }
        let before = match &self.stage {
            Stage::Leaf(ty) => ty.describe(),
            Stage::Leaves => "several sources".into(),
            Stage::Modern(kind) => kind.describe(),
            Stage::Unknown => String::new(),
        };
        let message = format!("`{}` does not fit {before}: {why}", call.name);
        let mut error = Diagnostic::new("E023", call.span, message);
        for source in self.sources {
            error = error.also(source.span, "declared here");
        }
        self.wrong(error);
    }

    pub(crate) fn wrong(&mut self, error: Diagnostic) {
        self.found.push(error);
        self.stage = Stage::Unknown;
    }
}

fn is_text(stage: &Stage) -> bool {
    match stage {
        Stage::Leaf(ScalarType::Text(text)) => !text.list,
        Stage::Modern(Kind::Text) | Stage::Unknown => true,
        _ => false,
    }
}

impl CodecArg {
    /// Returns where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Text { span, .. } | Self::List { span, .. } => *span,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text { value, .. } => Some(value),
            Self::List { .. } => None,
        }
    }

    /// Returns a list, or a text as a list of one.
    fn items(&self) -> Vec<&str> {
        match self {
            Self::Text { value, .. } => vec![value],
            Self::List { items, .. } => items.iter().map(|(item, _)| item.as_str()).collect(),
        }
    }
}
