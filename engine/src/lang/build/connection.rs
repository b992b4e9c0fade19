//! Builds `auth:`, `connections:`, `errors:` and conditions.
//!
//! **Invariant.** The node of a connection is kept whole for its adapter.

use super::policy::Shared;
use super::{Place, Reader};
use crate::lang::ast::{Auth, AuthKind, Conditions, Connection, ErrorRule, Spanned};
use crate::lang::check::first_line;
use kernel::{Class, Diagnostic, Entry, Node};

/// The classes of errors and how they are written.
const CLASSES: [(&str, Class); 10] = [
    ("client", Class::Client),
    ("auth", Class::Auth),
    ("not-found", Class::NotFound),
    ("conflict", Class::Conflict),
    ("rate-limited", Class::RateLimited),
    ("transient", Class::Transient),
    ("maintenance", Class::Maintenance),
    ("ambiguous", Class::Ambiguous),
    ("poison", Class::Poison),
    ("defect", Class::Defect),
];

/// The names of the classes of errors.
pub(crate) static CLASS_NAMES: [&str; 10] = {
    let mut names = [""; 10];
    let mut at = 0;
    while at < names.len() {
        names[at] = CLASSES[at].0;
        at += 1;
    }
    names
};

/// Keys of each way of authentication: required ones, then optional ones.
const AUTH_KEYS: [(&str, &[&str], &[&str]); 4] = [
    ("oidc", &["issuer", "audience"], &["jwks", "algorithms", "leeway"]),
    ("apiKey", &["keys"], &["header"]),
    ("mtls", &["authorities"], &[]),
    ("none", &[], &[]),
];

impl Reader<'_> {
    /// Builds `auth:`.
    pub(crate) fn auth(&mut self, node: &Node) -> Option<Auth> {
        let written = self.text(node, "type")?;
        let (_, required, optional) = AUTH_KEYS.iter().find(|(name, ..)| *name == written.value)?;
        for entry in node.map().unwrap_or_default() {
            let key = entry.key.as_str();
            let known = AUTH_KEYS
                .iter()
                .any(|(_, required, optional)| required.contains(&key) || optional.contains(&key));
            if known && !required.contains(&key) && !optional.contains(&key) {
                let message = format!("`{key}` means nothing to `type: {}`", written.value);
                self.wrong(entry.key_span, message, "remove it, or correct the type");
            }
        }
        for key in required.iter().filter(|key| node.at(key).is_none()) {
            let message = format!("`{key}` is missing: `type: {}` needs it", written.value);
            let hint = match *key {
                "audience" => "without it, tokens that were made for other APIs would pass",
                _ => "see the reference of `auth`",
            };
            self.wrong(first_line(node), message, hint);
        }
        let kind = match written.value.as_str() {
            "none" => AuthKind::None,
            "apiKey" => {
                AuthKind::ApiKey { header: self.text(node, "header"), keys: self.text(node, "keys")? }
            }
            "mtls" => AuthKind::Mtls { authorities: self.text(node, "authorities")? },
            _ => self.oidc(node)?,
        };
        Some(Auth { kind, span: node.span })
    }

    fn oidc(&mut self, node: &Node) -> Option<AuthKind> {
        let audience = self.texts(node, "audience");
        if audience.is_empty() {
            if let Some(empty) = node.at("audience").filter(|audience| audience.list().is_some()) {
                self.wrong(empty.span, "`audience` is empty", "name the API that tokens must be made for");
            }
            return None;
        }
        Some(AuthKind::Oidc {
            issuer: self.text(node, "issuer")?,
            audience,
            jwks: self.text(node, "jwks"),
            algorithms: self.texts(node, "algorithms"),
            leeway: self.duration(node, "leeway"),
        })
    }

    /// Builds an entry of `connections:`.
    pub(crate) fn connection(&mut self, entry: &Entry, shared: &Shared) -> Option<Connection> {
        let node = &entry.value;
        let nulls = node.at("nulls");
        if let Some(nulls) = nulls {
            self.look_alike(nulls);
        }
        Some(Connection {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            kind: self.text(node, "type")?,
            timezone: self.text(node, "timezone"),
            nulls: nulls.map(|nulls| self.texts_of(nulls)).unwrap_or_default(),
            send: self.assigns(node, "send"),
            errors: self.errors(node),
            policy: self.policy(node, Place::Connection, shared),
            strict: self.is_set(node, "strict"),
            node: node.clone(),
            span: entry.key_span,
        })
    }

    fn errors(&mut self, node: &Node) -> Vec<ErrorRule> {
        let list = node.at("errors").and_then(Node::list).unwrap_or_default();
        list.iter().filter_map(|item| self.error(item)).collect()
    }

    fn error(&mut self, node: &Node) -> Option<ErrorRule> {
        let when = node.at("when").map(|when| self.conditions(when));
        let detail = self.path(node, "detail");
        let problem = self.text(node, "problem")?;
        if !is_slug(&problem.value) {
            let message = format!("`{}` cannot be part of the problem's type, which is a URL", problem.value);
            self.wrong(problem.span, message, "use letters, digits and dashes: room-not-found");
        }
        Some(ErrorRule {
            when: when?,
            problem,
            status: self.status(node, "status")?,
            title: self.text(node, "title"),
            detail,
            retry: self.flag(node, "retry"),
            class: self.parsed(node, "class", class),
            counts: self.flag(node, "counts"),
            span: node.span,
        })
    }

    /// Builds conditions: a map, or a list of maps.
    pub(crate) fn conditions(&mut self, node: &Node) -> Vec<Conditions> {
        let maps = node.list().unwrap_or(std::slice::from_ref(node));
        maps.iter()
            .map(|map| {
                let entries = map.map().unwrap_or_default();
                let all = entries.iter().filter_map(|entry| self.condition(entry)).collect();
                Conditions { all, span: map.span }
            })
            .collect()
    }

    fn condition(&mut self, entry: &Entry) -> Option<(crate::lang::ast::Path, Vec<Spanned<String>>)> {
        let before = self.found.len();
        let path = self.key_path(entry);
        for diagnostic in &mut self.found[before..] {
            if diagnostic.code.0 == "E010" {
                *diagnostic = Diagnostic { code: kernel::Code("E012"), ..diagnostic.clone() };
            }
        }
        let values = self.values(&entry.value);
        Some((path?, values))
    }

    /// Builds the values of a condition.
    pub(crate) fn values(&mut self, node: &Node) -> Vec<Spanned<String>> {
        self.look_alike(node);
        let values = self.texts_of(node);
        for value in &values {
            let complaint = match value.value.trim() {
                "" => Some("an empty value: absence cannot be compared"),
                "!" => Some("`!` without a value"),
                "!*" => Some("`!*` asks for absence, which cannot be compared"),
                text if text.starts_with("!!") => Some("a value cannot be negated twice"),
                _ => None,
            };
            if let Some(complaint) = complaint {
                let hint = "a value is a text, \"*\" for presence, \"CPF*\", or \"!00\"";
                self.found.push(Diagnostic::new("E012", value.span, complaint).hint(hint));
            }
        }
        values
    }
}

fn class(name: &str) -> Option<Class> {
    CLASSES.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
