//! Connections: what each offers, and how it is protected.
//!
//! **Invariant.** A connection without an adapter is kept by name, so that what uses it can say so.

use super::Compiler;
use crate::codec::Zone;
use crate::lang;
use crate::program::ConnectionPlan;
use jiff::tz::TimeZone;
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn connections(&mut self) {
        for connection in &self.project.connections {
            let catalogue = self.catalogues.get(&connection.name.value).map(Arc::clone);
            if catalogue.is_none() && !self.failed.contains(&connection.name.value) {
                let why = "no adapter of this build serves connections of this type";
                self.unsupported("connections", &connection.name.value, why, connection.name.span);
            }
            let timezone = self.timezone(connection);
            self.connections.push(ConnectionPlan {
                name: connection.name.value.as_str().into(),
                kind: connection.kind.value.as_str().into(),
                policy: connection.policy.clone(),
                errors: Vec::new(),
                table: Arc::default(),
                catalogue,
                strict: connection.strict,
                timezone,
                span: connection.name.span,
            });
        }
    }

    /// Returns the zone of a connection, UTC where it has none; E024 if there is no such zone.
    fn timezone(&mut self, connection: &lang::Connection) -> TimeZone {
        let Some(written) = &connection.timezone else { return TimeZone::UTC };
        let zone = Zone::named(&written.value);
        if zone.is_none() {
            let message = format!("`{}` is no IANA time zone", written.value);
            self.report("E024", written.span, message).hint =
                Some("write a name such as Europe/Vienna or UTC".into());
        }
        zone.map_or(TimeZone::UTC, Zone::into_rules)
    }

    /// Returns number and plan of a connection; E002 if there is none.
    pub(super) fn connection(&mut self, name: &str, span: kernel::Span) -> Option<usize> {
        let found = self.connections.iter().position(|connection| &*connection.name == name);
        if found.is_none() {
            let names: Vec<String> =
                self.connections.iter().map(|connection| connection.name.to_string()).collect();
            self.unknown("E002", span, "connection", name, &names);
        }
        found
    }

    /// Reports a name that is not known, with suggestions.
    pub(super) fn unknown(
        &mut self,
        code: &'static str,
        span: kernel::Span,
        what: &str,
        name: &str,
        known: &[String],
    ) {
        let near = crate::plan::resolve::suggestions(name, known.iter().map(String::as_str));
        let hint = if near.is_empty() { None } else { Some(format!("there is: {}", near.join(", "))) };
        self.report(code, span, format!("there is no {what} `{name}`")).hint = hint;
    }
}
