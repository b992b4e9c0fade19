//! `date`, `time`, `datetime`.
//!
//! **Invariant.** A timestamp has a zone when it compiles: from the pattern's call or from the connection.

use super::is_text;
use crate::codec::compile::{Builder, Stage};
use crate::codec::pattern::{Makes, Pattern};
use crate::codec::step::Step;
use crate::codec::zone::Zone;
use crate::codec::{CodecArg, CodecCall};
use crate::ty::Kind;
use kernel::{Diagnostic, ScalarType, TextType};

impl Builder<'_> {
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
}
