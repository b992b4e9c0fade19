//! The project: its sections, connections, code tables, and who may call.
//!
//! **Invariant.** Everything stands in the order of the files.

use super::{Assign, Conditions, Events, Model, Operation, Path, Policy, Reconcile, Spanned, Test, Version};
use crate::codec::CodeLine;
use kernel::{Class, Node, Span};
use std::fmt;
use std::time::Duration;

/// A project, parsed.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// `facade:`; `None` where it is missing, which is an error.
    pub facade: Option<Spanned<String>>,
    /// `title:`.
    pub title: Option<Spanned<String>>,
    /// `auth:`.
    pub auth: Option<Auth>,
    /// `connections:`.
    pub connections: Vec<Connection>,
    /// `codes:`.
    pub codes: Vec<Codes>,
    /// `models:`.
    pub models: Vec<Model>,
    /// `rest:`.
    pub rest: Vec<Operation>,
    /// `events:`.
    pub events: Vec<Events>,
    /// `reconcile:`.
    pub reconcile: Vec<Reconcile>,
    /// `versions:`.
    pub versions: Vec<Version>,
    /// `policies:`.
    pub policies: Vec<(Spanned<String>, Policy)>,
    /// `tests:`.
    pub tests: Vec<Test>,
}

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Which way.
    pub kind: AuthKind,
    /// The map.
    pub span: Span,
}

/// The ways of authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthKind {
    /// Everybody may.
    None,
    /// Bearer tokens of an OpenID provider.
    Oidc {
        /// Who issues them.
        issuer: Spanned<String>,
        /// For whom they must be; at least one.
        audience: Vec<Spanned<String>>,
        /// URL or file of the keys; `None` is the issuer's discovery document.
        jwks: Option<Spanned<String>>,
        /// The signature algorithms; empty is the asymmetric ones.
        algorithms: Vec<Spanned<String>>,
        /// Clock difference that is forgiven.
        leeway: Option<Spanned<Duration>>,
    },
    /// A key in a header.
    ApiKey {
        /// The header; `None` is `X-API-Key`.
        header: Option<Spanned<String>>,
        /// A file with the keys' hashes and scopes.
        keys: Spanned<String>,
    },
    /// A client certificate.
    Mtls {
        /// A file with the authorities that are trusted.
        authorities: Spanned<String>,
    },
}

/// One entry of `connections:`. Its `Debug` leaves out the node, in which secrets may stand.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub name: Spanned<String>,
    /// `type:`.
    pub kind: Spanned<String>,
    /// All its keys, for the adapter; variables are replaced unless the project was loaded offline.
    pub node: Node,
    /// `timezone:`, an IANA name.
    pub timezone: Option<Spanned<String>>,
    /// `nulls:`, texts that mean nothing.
    pub nulls: Vec<Spanned<String>>,
    /// `send:`, goes into every request that has the field.
    pub send: Vec<Assign>,
    /// `errors:`, of which the first that matches wins.
    pub errors: Vec<ErrorRule>,
    /// `policy:`.
    pub policy: Policy,
    /// `strict: true`: what the schema does not know is an error.
    pub strict: bool,
    /// The whole block.
    pub span: Span,
}

/// One entry of `errors:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRule {
    /// `when:`, alternatives.
    pub when: Vec<Conditions>,
    /// `problem:`, the slug.
    pub problem: Spanned<String>,
    /// `status:`.
    pub status: Spanned<u16>,
    /// `title:`.
    pub title: Option<Spanned<String>>,
    /// `detail:`, the only text of the legacy system that clients may see.
    pub detail: Option<Path>,
    /// `retry:`.
    pub retry: Option<Spanned<bool>>,
    /// `class:`.
    pub class: Option<Spanned<Class>>,
    /// `counts:`, whether the breaker counts it.
    pub counts: Option<Spanned<bool>>,
    /// The entry.
    pub span: Span,
}

/// One entry of `codes:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    /// Its name.
    pub name: Spanned<String>,
    /// Its lines.
    pub source: CodeSource,
    /// The whole block.
    pub span: Span,
}

/// Where the lines of a code table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSource {
    /// Written in the mapping.
    Inline(Vec<CodeLine>),
    /// In a CSV file, see [`crate::lang::codes_from_csv`].
    Csv {
        /// The file, relative to the root.
        file: Spanned<String>,
        /// The column with the modern names.
        modern: Spanned<String>,
        /// The column with the legacy codes.
        legacy: Spanned<String>,
    },
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, node: _, timezone, nulls, send, errors, policy, strict, span: _ } = self;
        f.debug_struct("Connection")
            .field("name", &name.value)
            .field("kind", &kind.value)
            .field("node", &"***")
            .field("timezone", timezone)
            .field("nulls", nulls)
            .field("send", send)
            .field("errors", errors)
            .field("policy", policy)
            .field("strict", strict)
            .finish()
    }
}

impl Project {
    /// Returns a connection by its name.
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name.value == name)
    }

    /// Returns a model by its name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name.value == name)
    }
}
