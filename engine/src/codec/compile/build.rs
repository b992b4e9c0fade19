//! How each codec checks its arguments and what stands before it.
//!
//! **Invariant.** A codec that cannot work is a diagnostic here; none fails later because of its arguments.

use super::super::leaf::{comparable, is_bytes};
use super::super::lookup::Lookup;
use super::super::native::coerce;
use super::super::number::Format;
use super::super::pattern::{Makes, Pattern};
use super::super::step::Step;
use super::super::text::Side;
use super::super::zone::Zone;
use super::super::{CodecArg, CodecCall};
use super::{Builder, Stage};
use crate::ty::{Kind, Type};
use crate::value::Value;
use kernel::{Diagnostic, ScalarType, Span, TextType};
use std::sync::Arc;

/// Checks one call and adds its step.
pub(crate) type Build = fn(&mut Builder<'_>, &CodecCall);

const PLACES_MAX: usize = 38;
const WIDTH_MAX: usize = 1 << 16;

impl Builder<'_> {
    pub(crate) fn codes(&mut self, call: &CodecCall) {
        let Some([name]) = self.texts(call, "codes(table)") else { return };
        let Some(table) = self.setting.codes.get(name).cloned() else {
            let mut error =
                Diagnostic::new("E020", call.args[0].span(), format!("there is no code table `{name}`"));
            let names = self.setting.codes.keys().map(|known| &**known);
            if let Some(near) = super::catalogue::nearest(name, names) {
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

    pub(crate) fn date(&mut self, call: &CodecCall) {
        if let Some([pattern]) = self.texts(call, "date(yyyyMMdd)") {
            self.moment(call, pattern, Makes::Date, Kind::Date);
        }
    }

    pub(crate) fn time(&mut self, call: &CodecCall) {
        if let Some([pattern]) = self.texts(call, "time(HHmmss)") {
            self.moment(call, pattern, Makes::Time, Kind::Time);
        }
    }

    pub(crate) fn datetime(&mut self, call: &CodecCall) {
        let texts: Option<Vec<&str>> = call.args.iter().map(CodecArg::text).collect();
        match texts.as_deref() {
            Some(["unix", ..]) if call.args.len() < 3 => self.unix(call),
            Some([pattern, ..]) if call.args.len() < 3 => {
                self.moment(call, pattern, Makes::DateTime, Kind::Instant)
            }
            _ => self.arguments(
                call,
                "datetime(yyyyMMdd + HHmmss), datetime(yyyyMMddHHmmss, Europe/Vienna) or datetime(unix)",
            ),
        }
    }

    fn unix(&mut self, call: &CodecCall) {
        let zone = match call.args.get(1) {
            Some(_) => self.zone_argument(call),
            None => self.zone_named(),
        };
        match &self.stage {
            Stage::Leaf(ScalarType::Decimal { .. } | ScalarType::Float { .. }) => {}
            stage if is_text(stage) => {}
            _ => return self.unfit(call, "it reads a number of seconds"),
        }
        self.push(Step::Unix { zone: zone.unwrap_or_else(Zone::utc) }, Kind::Instant);
    }

    fn moment(&mut self, call: &CodecCall, pattern: &str, makes: Makes, kind: Kind) {
        let pattern = match Pattern::parse(pattern, makes) {
            Ok(pattern) => pattern,
            Err(error) => {
                return self
                    .wrong(Diagnostic::new("E022", call.args[0].span(), error.message).hint(error.hint));
            }
        };
        let zone = match (makes, call.args.get(1)) {
            (Makes::DateTime, Some(_)) => self.zone_argument(call),
            (Makes::DateTime, None) => self.zone_needed(call.span),
            _ => None,
        };
        let types: Vec<ScalarType> = match &self.stage {
            Stage::Leaf(ty) => vec![ty.clone()],
            Stage::Leaves => self.sources.iter().map(|source| source.ty.clone()).collect(),
            Stage::Modern(Kind::Text) => vec![ScalarType::text()],
            Stage::Modern(_) => return self.unfit(call, "it reads legacy text or numbers"),
            Stage::Unknown => return,
        };
        if types.len() != pattern.parts() {
            let message = format!("the pattern has {} parts for {} sources", pattern.parts(), types.len());
            let hint = "write one part per source, separated by `+`: yyyyMMdd + HHmmss";
            return self.wrong(Diagnostic::new("E020", call.args[0].span(), message).hint(hint));
        }
        let numeric: Vec<bool> = types.iter().map(|ty| matches!(ty, ScalarType::Decimal { .. })).collect();
        for (n, ty) in types.iter().enumerate() {
            match ty {
                ScalarType::Decimal { scale: None | Some(0), .. } if pattern.is_numeric(n) => {}
                ScalarType::Decimal { .. } => return self.unfit(call, "a number holds digits only"),
                ScalarType::Text(TextType { list: false, .. }) => {}
                ScalarType::Date | ScalarType::Time | ScalarType::DateTime | ScalarType::LocalDateTime => {
                    return self.unfit(call, "its type is a date or time already, and needs no pattern");
                }
                _ => return self.unfit(call, "it reads legacy text or numbers"),
            }
        }
        let several = matches!(self.stage, Stage::Leaves);
        let zone = zone.unwrap_or_else(Zone::utc);
        self.push(Step::Moment { pattern, makes, zone, numeric, several }, kind);
    }

    fn zone_argument(&mut self, call: &CodecCall) -> Option<Zone> {
        let name = call.args.get(1)?.text()?;
        let zone = Zone::named(name);
        if zone.is_none() {
            let error =
                Diagnostic::new("E020", call.args[1].span(), format!("`{name}` is no IANA time zone"));
            self.found.push(error.hint("write a name such as Europe/Vienna or UTC"));
        }
        zone
    }

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

    fn text_needed(&mut self, call: &CodecCall) -> bool {
        let fits = is_text(&self.stage);
        if !fits {
            self.unfit(call, "it reads text");
        }
        fits
    }

    fn push(&mut self, step: Step, kind: Kind) {
        self.steps.push(step);
        if !matches!(self.stage, Stage::Unknown) {
            self.stage = Stage::Modern(kind);
        }
    }

    /// Returns the arguments if they are exactly `N` texts.
    fn texts<'c, const N: usize>(&mut self, call: &'c CodecCall, usage: &str) -> Option<[&'c str; N]> {
        let texts: Option<Vec<&str>> = call.args.iter().map(CodecArg::text).collect();
        let texts = texts.and_then(|texts| <[&str; N]>::try_from(texts).ok());
        if texts.is_none() {
            self.arguments(call, usage);
        }
        texts
    }

    fn numbers<const N: usize>(
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

    fn bare(&mut self, call: &CodecCall) -> bool {
        if !call.args.is_empty() {
            self.arguments(call, &format!("{}, without arguments", call.name));
        }
        call.args.is_empty()
    }

    fn arguments(&mut self, call: &CodecCall, usage: &str) {
        let message = format!("`{}` has the wrong arguments", call.name);
        self.wrong(Diagnostic::new("E020", call.span, message).hint(format!("write {usage}")));
    }

    fn unfit(&mut self, call: &CodecCall, why: &str) {
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

    fn wrong(&mut self, error: Diagnostic) {
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
