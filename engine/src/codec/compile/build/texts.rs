//! `join`, `lines`, `split`, `slice`, `pad`, `lower`, `upper`, `raw`, bytes, and the directions.
//!
//! **Invariant.** Several sources pass only a codec that can tell them apart again.

use super::WIDTH_MAX;
use crate::codec::compile::{Builder, Stage};
use crate::codec::leaf::is_bytes;
use crate::codec::step::Step;
use crate::codec::text::Side;
use crate::codec::{CodecArg, CodecCall};
use crate::ty::{Kind, Type};
use kernel::{Diagnostic, ScalarType, TextType};
use std::sync::Arc;

impl Builder<'_> {
    pub(crate) fn join(&mut self, call: &CodecCall) {
        let Some([separator]) = self.texts(call, "join(-)") else { return };
        if separator.is_empty() {
            return self.arguments(call, "join(-): without a separator the text cannot be split again");
        }
        if !matches!(self.stage, Stage::Leaves) {
            return self.unfit(call, "it joins several sources: A + B | join(-)");
        }
        if self.sources.iter().any(|source| is_bytes(source.ty)) {
            return self.unfit(call, "bytes cannot be joined");
        }
        self.push(Step::Join { separator: separator.into(), parts: self.sources.len() }, Kind::Text);
    }

    pub(crate) fn lines(&mut self, call: &CodecCall) {
        let Some([width]) = self.numbers(call, "lines(35): the characters of a line", 1, WIDTH_MAX) else {
            return;
        };
        if !matches!(self.stage, Stage::Leaves) {
            return self.unfit(call, "it reads several sources: A + B | lines(35)");
        }
        for source in self.sources {
            match source.ty {
                ScalarType::Text(TextType { length_max: Some(length), .. }) if (*length as usize) < width => {
                    return self.unfit(call, &format!("a line takes {length} characters only"));
                }
                ScalarType::Text(TextType { list: false, .. }) => {}
                _ => return self.unfit(call, "it reads texts"),
            }
        }
        self.push(Step::Lines { width, parts: self.sources.len() }, Kind::Text);
    }

    pub(crate) fn split(&mut self, call: &CodecCall) {
        let Some([separator]) = self.texts(call, "split(,)") else { return };
        if separator.is_empty() {
            return self.arguments(call, "split(,): a text that separates the elements");
        }
        if self.text_needed(call) {
            self.push(
                Step::Split { separator: separator.into() },
                Kind::List(Arc::new(Type::required(Kind::Text))),
            );
        }
    }

    pub(crate) fn slice(&mut self, call: &CodecCall) {
        let usage = "slice(1, 3): the first and the last character, counted from 1";
        let Some([first, last]) = self.numbers(call, usage, 1, WIDTH_MAX) else { return };
        if first > last {
            return self.arguments(call, usage);
        }
        if self.text_needed(call) {
            self.optional = true;
            self.push(Step::Slice { first, last }, Kind::Text);
        }
    }

    pub(crate) fn pad(&mut self, call: &CodecCall) {
        let usage = "pad(left, 8, 0): side, width, character";
        let texts: Option<Vec<&str>> = call.args.iter().map(CodecArg::text).collect();
        let (side, width, with) = match texts.as_deref() {
            Some([side, width]) => (*side, width.parse(), " "),
            Some([side, width, with]) => (*side, width.parse(), *with),
            _ => return self.arguments(call, usage),
        };
        let side = match side {
            "left" => Side::Left,
            "right" => Side::Right,
            _ => return self.arguments(call, usage),
        };
        let (Ok(width @ 1..=WIDTH_MAX), Some(with), 1) = (width, with.chars().next(), with.chars().count())
        else {
            return self.arguments(call, usage);
        };
        if self.text_needed(call) {
            self.push(Step::Pad { side, width, with }, Kind::Text);
        }
    }

    pub(crate) fn lower(&mut self, call: &CodecCall) {
        self.case(call, false);
    }

    pub(crate) fn upper(&mut self, call: &CodecCall) {
        self.case(call, true);
    }

    fn case(&mut self, call: &CodecCall, upper: bool) {
        if self.bare(call) && self.text_needed(call) {
            self.push(Step::Case { upper }, Kind::Text);
        }
    }

    pub(crate) fn raw(&mut self, call: &CodecCall) {
        if !self.bare(call) {
            return;
        }
        if !self.steps.is_empty() || self.raw {
            return self
                .arguments(call, "raw, as the first codec: what stands before it was trimmed already");
        }
        if self.sources.iter().any(|source| matches!(source.ty, ScalarType::Bytes { .. })) {
            return self.unfit(call, "bytes are not trimmed; use `hex` or `base64`");
        }
        self.raw = true;
        if matches!(self.stage, Stage::Leaf(_)) {
            self.stage = Stage::Leaf(ScalarType::text());
        }
    }

    pub(crate) fn hex(&mut self, call: &CodecCall) {
        self.bytes(call, true);
    }

    pub(crate) fn base64(&mut self, call: &CodecCall) {
        self.bytes(call, false);
    }

    fn bytes(&mut self, call: &CodecCall, hex: bool) {
        if !self.bare(call) {
            return;
        }
        match &self.stage {
            Stage::Leaf(ty) if is_bytes(ty) => self.push(Step::Bytes { hex }, Kind::Text),
            _ => self.unfit(call, "it reads bytes"),
        }
    }

    pub(crate) fn read_only(&mut self, call: &CodecCall) {
        self.read_only |= self.bare(call);
        self.one_direction(call);
    }

    pub(crate) fn write_only(&mut self, call: &CodecCall) {
        self.write_only |= self.bare(call);
        self.one_direction(call);
    }

    fn one_direction(&mut self, call: &CodecCall) {
        if self.read_only && self.write_only {
            self.wrong(Diagnostic::new("E020", call.span, "readOnly and writeOnly leave no direction"));
        }
    }
}
