//! Loads WSDL 1.1 into a catalogue of operations and what their bindings say.
//!
//! **Invariant.** An operation that cannot be spoken is refused by name with its reason; the others are not touched by it.

mod names;
pub(crate) mod offer;
pub(crate) mod read;
pub(crate) mod roots;

use crate::schema::compile::Compiler;
use crate::schema::files;
use crate::schema::findings::Findings;
use crate::schema::index::Index;
use adapters_ports::Files;
use kernel::{Catalogue, Diagnostic, OperationId, PartId, Sources, Span};
use std::sync::Arc;

/// Namespaces of the bindings.
pub(crate) const SOAP_11: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
pub(crate) const SOAP_12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";
pub(crate) const HTTP: &str = "http://schemas.xmlsoap.org/wsdl/http/";
pub(crate) const MIME: &str = "http://schemas.xmlsoap.org/wsdl/mime/";

/// A WSDL that was read.
#[derive(Debug, Clone)]
pub struct Wsdl {
    /// The operations and their shape.
    pub catalogue: Arc<Catalogue>,
    /// How each operation is spoken; indexed by [`OperationId`].
    pub bindings: Vec<Binding>,
    /// Services, ports and their addresses, in the order of the file.
    pub services: Vec<Service>,
    /// Operations that are declared and cannot be called.
    pub refused: Vec<Refused>,
    /// What was passed over.
    pub findings: Vec<Diagnostic>,
}

/// Version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoapVersion {
    /// SOAP 1.1.
    V11,
    /// SOAP 1.2.
    V12,
}

/// How a message is made of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// The parts are the children of the body.
    Document,
    /// The body has one element, named like the operation, which has the parts.
    Rpc,
}

/// What stands in the body of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload {
    /// The root part of the operation, as the only child of the body.
    Element,
    /// The parts *of* the root, one after the other: the root itself has no element. Also for a body without any part.
    Parts,
}

/// How an operation is spoken.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The version of the envelope.
    pub soap: SoapVersion,
    /// Document or rpc.
    pub style: Style,
    /// The SOAPAction, or the `action` of the content type in SOAP 1.2; empty where the WSDL says none.
    pub action: Arc<str>,
    /// Body of the request.
    pub request: Payload,
    /// Body of the reply.
    pub reply: Payload,
    /// The request is the one element that is named like the operation and wraps its parameters.
    pub wrapped: bool,
    /// Namespace of the element that names the operation, in rpc style.
    pub rpc_namespace: Option<Arc<str>>,
    /// Headers that the binding declares.
    pub headers: Vec<Header>,
    /// The service, where the operation was found in one.
    pub service: Option<Arc<str>>,
    /// The port, where the operation was found in one.
    pub port: Option<Arc<str>>,
    /// The address of that port.
    pub address: Option<Arc<str>>,
}

/// A header block that a binding declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The part that it is.
    pub part: PartId,
    /// It stands in the reply, not in the request.
    pub in_reply: bool,
    /// Where it is declared.
    pub span: Span,
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: Arc<str>,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// A port of a service.
#[derive(Debug, Clone)]
pub struct Port {
    /// Its name.
    pub name: Arc<str>,
    /// The local name of its binding.
    pub binding: Arc<str>,
    /// Its address.
    pub address: Option<Arc<str>>,
    /// The version of SOAP that its binding speaks; nothing if it speaks no SOAP.
    pub soap: Option<SoapVersion>,
    /// Where it is declared.
    pub span: Span,
}

/// An operation that is declared and cannot be called.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Its name.
    pub name: Arc<str>,
    /// Why: lower case, no full stop.
    pub reason: String,
    /// Where it is declared.
    pub span: Span,
}

/// Which port of a WSDL is meant, and how strictly it is read. No port means the first that offers an operation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// The service.
    pub service: Option<&'a str>,
    /// The port.
    pub port: Option<&'a str>,
    /// What is broken in the files is a warning: missing files stay away, undeclared types may hold anything,
    /// operations whose messages are not declared are refused one by one.
    pub tolerant: bool,
}

impl Wsdl {
    /// Returns how an operation is spoken.
    pub fn binding(&self, operation: OperationId) -> Option<&Binding> {
        self.bindings.get(operation.0 as usize)
    }
}

/// Reads a WSDL and all that it imports; each operation is taken from the first port that offers it.
///
/// # Errors
/// Everything that is wrong with it: E091 for files that cannot be read, E092 for constructs that are refused.
pub fn load(path: &str, files: &dyn Files, sources: &mut Sources) -> Result<Wsdl, Vec<Diagnostic>> {
    load_port(path, Selection::default(), files, sources)
}

/// Reads a WSDL and all that it imports; only operations of the selected service and port are taken.
///
/// # Errors
/// As [`load`]; also a service or port that does not exist, with the names of those that do.
pub fn load_port(
    path: &str,
    selection: Selection<'_>,
    files: &dyn Files,
    sources: &mut Sources,
) -> Result<Wsdl, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    findings.tolerant = selection.tolerant;
    let Some(library) = files::collect(path, files, sources, &mut findings) else {
        return Err(findings.into_vec());
    };
    let docs = library.parse();
    let index = Index::build(&library, &docs, &mut findings);
    if index.definitions.is_empty() && !findings.fatal() {
        let message = format!("`{path}` is an XML Schema; a WSDL is needed here");
        findings.push(Diagnostic::new("E092", None, message));
    }
    let definitions = read::read(&index, &mut findings);
    index.report_unread(&mut findings);
    let offers = offer::offers(&definitions, selection, &mut findings);
    let mut compiler = Compiler::new(&index, &mut findings);
    let (operations, bindings, refused) = roots::compile(&definitions, &offers, &mut compiler);
    compiler.drain();
    // What no operation needs may be incomplete: it is noted, and forbids nothing.
    compiler.findings.aside = true;
    compiler.compile_all();
    let shape = Arc::new(compiler.finish());
    if findings.fatal() {
        return Err(findings.into_vec());
    }
    let services = definitions.services();
    Ok(Wsdl {
        catalogue: Arc::new(Catalogue { shape, operations, ..Catalogue::default() }),
        bindings,
        services,
        refused,
        findings: findings.into_vec(),
    })
}
