//! `codes`, `flag`, `nullIf`, `default`: codecs that compare values with texts of the mapping.
//!
//! **Invariant.** A text of the mapping that the legacy field cannot hold is reported.

use super::is_text;
use crate::codec::catalogue;
use crate::codec::compile::{Builder, Stage};
use crate::codec::leaf::{comparable, is_bytes};
use crate::codec::lookup::Lookup;
use crate::codec::native::coerce;
use crate::codec::step::Step;
use crate::codec::{CodecArg, CodecCall};
use crate::ty::Kind;
use crate::value::Value;
use kernel::{Diagnostic, ScalarType};

impl Builder<'_> {
    pub(crate) fn codes(&mut self, call: &CodecCall) {
        let Some([name]) = self.texts(call, "codes(table)") else { return };
        let Some(table) = self.setting.codes.get(name).cloned() else {
            let mut error =
                Diagnostic::new("E020", call.args[0].span(), format!("there is no code table `{name}`"));
            let names = self.setting.codes.keys().map(|known| &**known);
            if let Some(near) = catalogue::nearest(name, names) {
                error = error.hint(format!("did you mean `{near}`?"));
            }
            return self.wrong(error);
        };
        let Some(source) = self.matched(call) else { return };
        let legacy = table.lines.iter().flat_map(|line| &line.legacy).map(|(code, _)| code.as_str());
        self.holds(call, legacy.filter(|code| *code != "*").collect());
        let lookup = Lookup::codes(&table, &source);
        self.lookup(call, lookup, Kind::Text);
    }

    pub(crate) fn flag(&mut self, call: &CodecCall) {
        let [yes, no] = call.args.as_slice() else {
            return self.arguments(call, "flag(A, [S, G]): the codes for true, then those for false");
        };
        let (yes, no) = (yes.items(), no.items());
        let all: Vec<&str> = yes.iter().chain(&no).copied().collect();
        if yes.is_empty() || no.is_empty() || all.iter().any(|code| code.trim().is_empty()) {
            return self
                .arguments(call, "flag(A, [S, G]): each side has at least one code that is not blank");
        }
        let Some(source) = self.matched(call) else { return };
        self.holds(call, all);
        self.lookup(call, Lookup::flag(&yes, &no, &source), Kind::Bool);
    }

    fn lookup(&mut self, call: &CodecCall, lookup: Lookup, kind: Kind) {
        if let Some(code) = lookup.clash() {
            let message = format!("legacy code `{code}` stands for two values");
            return self.wrong(Diagnostic::new("E020", call.span, message));
        }
        self.push(Step::Lookup(lookup), kind);
    }

    pub(crate) fn null_if(&mut self, call: &CodecCall) {
        let values: Vec<&str> = call.args.iter().flat_map(CodecArg::items).collect();
        if values.is_empty() {
            return self
                .arguments(call, "nullIf(0): the legacy values that mean nothing; the first is written");
        }
        match self.stage.clone() {
            Stage::Leaf(ty) => self.null_if_legacy(call, &values, vec![ty]),
            Stage::Leaves => {
                self.null_if_legacy(
                    call,
                    &values,
                    self.sources.iter().map(|source| source.ty.clone()).collect(),
                );
            }
            Stage::Modern(kind) => {
                let values = values.iter().map(|value| coerce(&kind, &Value::Text((*value).into())));
                match values.collect::<Result<Vec<_>, _>>() {
                    Ok(values) => {
                        self.optional = true;
                        self.steps.push(Step::NullIf(values));
                    }
                    Err(error) => self.wrong(Diagnostic::new("E020", call.span, format!("nullIf: {error}"))),
                }
            }
            Stage::Unknown => {}
        }
    }

    fn null_if_legacy(&mut self, call: &CodecCall, values: &[&str], types: Vec<ScalarType>) {
        if types.iter().any(is_bytes) {
            return self.unfit(call, "it compares texts and numbers, not bytes");
        }
        if values.iter().any(|value| value.trim().is_empty()) {
            return self.arguments(call, "nullIf(0): blank text is absent by itself");
        }
        self.holds(call, values.to_vec());
        let texts = types.iter().map(|ty| values.iter().map(|value| comparable(ty, value).into()).collect());
        self.optional = true;
        let texts = texts.collect();
        self.steps.push(Step::NullIfLegacy { types, texts, first: values[0].into() });
    }

    pub(crate) fn default(&mut self, call: &CodecCall) {
        let Some([text]) = self.texts(call, "default(0)") else { return };
        self.decode();
        let kind = match &self.stage {
            Stage::Modern(Kind::List(_)) => return self.unfit(call, "a list has no default"),
            Stage::Modern(kind) => kind.clone(),
            _ => return self.unfit(call, "several sources must be combined first"),
        };
        match coerce(&kind, &Value::Text(text.into())) {
            Ok(value) => {
                self.optional = false;
                self.steps.push(Step::Default(value));
            }
            Err(error) => {
                self.wrong(Diagnostic::new("E020", call.args[0].span(), format!("default: {error}")))
            }
        }
    }

    /// The type whose texts a table is compared with.
    fn matched(&mut self, call: &CodecCall) -> Option<ScalarType> {
        match &self.stage {
            Stage::Leaf(ty @ (ScalarType::Decimal { .. } | ScalarType::Bool)) => Some(ty.clone()),
            Stage::Unknown => None,
            stage if is_text(stage) => Some(ScalarType::text()),
            _ => {
                self.unfit(call, "it compares texts, numbers or booleans");
                None
            }
        }
    }

    /// Reports texts that the legacy type cannot hold.
    fn holds(&mut self, call: &CodecCall, texts: Vec<&str>) {
        if !matches!(self.stage, Stage::Leaf(_) | Stage::Leaves) {
            return;
        }
        for source in self.sources {
            let leaf = self.leaf(source);
            for text in &texts {
                let Err(error) = leaf.write(&Value::Text((*text).into())) else { continue };
                let message = format!("the legacy field cannot hold `{text}`: {error}");
                let error = Diagnostic::new("E023", call.span, message).also(source.span, "declared here");
                self.found.push(error);
            }
        }
    }
}
