//! `decimal`, `integer`, `number`.
//!
//! **Invariant.** Decimals are implied only where the legacy type has none of its own.

use super::is_text;
use crate::codec::CodecCall;
use crate::codec::compile::{Builder, Stage};
use crate::codec::number::Format;
use crate::codec::step::Step;
use crate::ty::Kind;
use kernel::{Diagnostic, ScalarType};

const PLACES_MAX: usize = 38;

impl Builder<'_> {
    pub(crate) fn decimal(&mut self, call: &CodecCall) {
        if call.args.is_empty() {
            return self.number_step(call, Format::Plain, false);
        }
        let Some([places]) = self.numbers(call, "decimal(2): how many digits are decimals", 1, PLACES_MAX)
        else {
            return;
        };
        let text = match &self.stage {
            Stage::Leaf(ScalarType::Decimal { scale: None | Some(0), .. }) => false,
            Stage::Leaf(ScalarType::Decimal { .. }) => {
                return self.unfit(call, "its type has decimals already");
            }
            stage if is_text(stage) => true,
            _ => return self.unfit(call, "it reads digits"),
        };
        let places = u16::try_from(places).unwrap_or(0);
        self.push(Step::Implied { places, text }, Kind::Number { integer: false });
    }

    pub(crate) fn integer(&mut self, call: &CodecCall) {
        if !call.args.is_empty() {
            return self.arguments(call, "integer, without arguments");
        }
        self.number_step(call, Format::Plain, true);
    }

    pub(crate) fn number(&mut self, call: &CodecCall) {
        let Some([locale]) = self.texts(call, "number(de)") else { return };
        let Some(format) = Format::named(locale) else {
            let error =
                Diagnostic::new("E020", call.args[0].span(), format!("unknown number format `{locale}`"));
            return self.wrong(error.hint("the formats are de (1.234,56), en (1,234.56) and fr (1 234,56)"));
        };
        if !is_text(&self.stage) {
            return self.unfit(call, "it reads text");
        }
        self.push(Step::Number { format, integer: false, text: true }, Kind::Number { integer: false });
    }

    fn number_step(&mut self, call: &CodecCall, format: Format, integer: bool) {
        let text = match &self.stage {
            Stage::Leaf(ScalarType::Decimal { .. }) => false,
            stage if is_text(stage) => true,
            _ => return self.unfit(call, "it reads text or numbers"),
        };
        self.push(Step::Number { format, integer, text }, Kind::Number { integer });
    }
}
