//! What the gateway imports from each adapter.
//!
//! **Invariant.** An adapter gets its configuration parsed from the mapping and files of the project folder, nothing else.

use crate::{Backend, Sink, Source, Topics, Wire};
use kernel::{
    Catalogue, Cause, Class, Diagnostic, Document, Error, Node, OperationId, PartId, Query, Sources,
    Statement, StatementError,
};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

/// Reads files of the project folder. Paths are relative to its root, with `/`; a path that leaves it is refused.
pub trait Files: Debug {
    /// Returns the bytes of a file.
    ///
    /// # Errors
    /// In words for people: it does not exist, it is too large, it is outside the project.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// Returns the folder itself, for paths that are used when something is served: folders that are written to, programs.
    /// `None` where there is none, as in tests.
    fn root(&self) -> Option<&Path> {
        None
    }
}

/// The part of a mapping that configures one connection.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    /// The connection's name.
    pub name: &'a str,
    /// All its keys. Common keys (`type errors policy send timezone nulls strict`) are the engine's and are passed over.
    pub node: &'a Node,
    /// Whether `${…}` stands for itself, because nothing will be called: `check` and `test` need no secret.
    pub offline: bool,
}

/// One key of a connection, for the editor schema and the reference.
#[derive(Debug, Clone, Copy)]
pub struct KeyDoc {
    /// The key, dotted below the connection: `auth.user`.
    pub key: &'static str,
    /// Its form: `text`, `duration`, `size`, `map`, or the allowed words separated by `|`.
    pub form: &'static str,
    /// The default in words, empty where it is required or nothing.
    pub default: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

/// A connection that was read and understood.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What it offers.
    pub catalogue: Arc<Catalogue>,
    /// The connection itself.
    pub connection: Arc<dyn Connection>,
}

/// Why a connection cannot be had: every reason, not the first.
#[derive(Debug, Clone, Default)]
pub struct AdapterError(pub Vec<Diagnostic>);

/// A kind of connection.
pub trait Adapter: Send + Sync + Debug + 'static {
    /// The word behind `type:`.
    fn kind(&self) -> &'static str;

    /// Its keys beside the common ones.
    fn keys(&self) -> &'static [KeyDoc];

    /// Reads the configuration and the legacy schema. Opens no connection and needs no network.
    ///
    /// Files that diagnostics point at are added to `sources`. Warnings go to `findings`.
    ///
    /// # Errors
    /// Everything that is wrong.
    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError>;
}

/// A connection: encodes, decodes fixtures, and gives the ports that it has. One that only gives or takes events has neither
/// operations nor parts, and says nothing of them.
pub trait Connection: Send + Sync + Debug + 'static {
    /// Encodes the request of an operation; `content` tells the parts of the operation's request.
    ///
    /// # Errors
    /// A value that the wire form cannot hold. If it is for one character, that is the context `character`, as
    /// `U+0001`.
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        let _ = (operation, content);
        Err(Error::new(Class::Defect, Cause::Internal, "the connection has no operations"))
    }

    /// Encodes one part on its own, for tests and `--update`: an XML element, a row as a map.
    ///
    /// # Errors
    /// As for `encode`.
    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        let _ = (part, content);
        Err(Error::new(Class::Defect, Cause::Internal, "the connection has no parts"))
    }

    /// Reads test data in wire form that holds one part, such as a file with an XML element.
    ///
    /// # Errors
    /// It is not that part, or is not readable at all; in words, with the place.
    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        let _ = (part, wire);
        Err("the connection has no parts".into())
    }

    /// Says how two wire forms differ by content (prefixes, order of attributes and white space aside), or nothing.
    ///
    /// # Errors
    /// One of them is not readable.
    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        let _ = (expected, found);
        Err("the connection has no messages to compare".into())
    }

    /// Encodes a query; it is called as [`kernel::OperationId::QUERY`].
    ///
    /// # Errors
    /// A value that the wire form cannot hold, or the connection has no tables.
    fn query(&self, query: &Query) -> Result<Wire, Error> {
        let _ = query;
        Err(Error::new(Class::Defect, Cause::Internal, "the connection has no tables"))
    }

    /// Returns the text of an encoded query with its values in place, for tests and `explain`; never to be executed.
    fn shown(&self, wire: &[u8]) -> Option<String> {
        let _ = wire;
        None
    }

    /// Reads a statement that the mapping's author wrote and holds it against the catalogue.
    ///
    /// # Errors
    /// Every mistake in it.
    fn statement(&self, text: &str) -> Result<Statement, Vec<StatementError>> {
        let message = "the connection takes no statements".to_owned();
        Err(vec![StatementError { range: 0..text.len(), message, hint: None }])
    }

    /// The backend port, if it has one.
    fn backend(&self) -> Option<&dyn Backend> {
        None
    }

    /// The sink port, if it has one.
    fn sink(&self) -> Option<&dyn Sink> {
        None
    }

    /// The source port, if it has one.
    fn source(&self) -> Option<&dyn Source> {
        None
    }

    /// The topics that can be read again, if it keeps them itself; they can be read over HTTP then.
    fn topics(&self) -> Option<&dyn Topics> {
        None
    }

    /// The topics that can be read again by us alone, to send dead letters again.
    fn letters(&self) -> Option<&dyn Topics> {
        self.topics()
    }
}
