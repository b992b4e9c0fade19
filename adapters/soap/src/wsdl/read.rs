//! Reads WSDL definitions as they are written: messages, port types, bindings, services.
//!
//! **Invariant.** Nothing is judged here beyond its form; what a binding means for an operation is said in `offer` and `roots`.

use super::names::Table;
use super::{HTTP, MIME, SOAP_11, SOAP_12};
use crate::schema::WSDL;
use crate::schema::files::tag_span;
use crate::schema::findings::Findings;
use crate::schema::index::{Index, Xml, resolve};
use kernel::{FileId, Span};

/// All definitions of a WSDL and of those that it imports.
#[derive(Debug, Default)]
pub(crate) struct Definitions<'a> {
    pub(crate) space: Option<&'a str>,
    pub(crate) messages: Table<'a, Message<'a>>,
    pub(crate) port_types: Table<'a, PortType<'a>>,
    pub(crate) bindings: Table<'a, RawBinding<'a>>,
    pub(crate) services: Vec<RawService<'a>>,
}

/// Where something is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: FileId,
    pub(crate) node: Xml<'a>,
    pub(crate) space: Option<&'a str>,
}

/// A message.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) parts: Vec<MessagePart<'a>>,
}

/// A part of a message: an element or a type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessagePart<'a> {
    pub(crate) name: &'a str,
    pub(crate) element: Option<&'a str>,
    pub(crate) ty: Option<&'a str>,
    pub(crate) place: Place<'a>,
}

/// A port type.
#[derive(Debug)]
pub(crate) struct PortType<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) operations: Vec<RawOperation<'a>>,
}

/// An operation of a port type.
#[derive(Debug)]
pub(crate) struct RawOperation<'a> {
    pub(crate) name: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) input: Option<MessageRef<'a>>,
    pub(crate) output: Option<MessageRef<'a>>,
    pub(crate) faults: Vec<MessageRef<'a>>,
    /// The reply is declared before the request: the service calls, not we.
    pub(crate) output_first: bool,
}

/// An input, output or fault of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageRef<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) place: Place<'a>,
}

/// The protocol of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Soap11,
    Soap12,
    Http,
    Other,
}

/// A binding.
#[derive(Debug)]
pub(crate) struct RawBinding<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) port_type: Option<&'a str>,
    pub(crate) protocol: Protocol,
    pub(crate) transport: Option<&'a str>,
    pub(crate) style: Option<&'a str>,
    pub(crate) operations: Vec<BoundOperation<'a>>,
}

/// An operation of a binding.
#[derive(Debug)]
pub(crate) struct BoundOperation<'a> {
    pub(crate) name: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) action: Option<&'a str>,
    pub(crate) style: Option<&'a str>,
    pub(crate) input: Body<'a>,
    pub(crate) output: Body<'a>,
    /// Names of inputs and outputs, which tell overloaded operations apart.
    pub(crate) input_name: Option<&'a str>,
}

/// What a binding says of an input or output.
#[derive(Debug, Default)]
pub(crate) struct Body<'a> {
    /// `literal` or `encoded`.
    pub(crate) encoding_use: Option<&'a str>,
    pub(crate) space: Option<&'a str>,
    pub(crate) parts: Option<Vec<&'a str>>,
    pub(crate) headers: Vec<HeaderRef<'a>>,
    /// Parts that travel as attachments.
    pub(crate) attachments: Vec<&'a str>,
}

/// A header that a binding declares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderRef<'a> {
    pub(crate) message: Option<&'a str>,
    pub(crate) part: Option<&'a str>,
    pub(crate) encoding_use: Option<&'a str>,
    pub(crate) place: Place<'a>,
}

/// A service.
#[derive(Debug)]
pub(crate) struct RawService<'a> {
    pub(crate) name: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) ports: Vec<RawPort<'a>>,
}

/// A port.
#[derive(Debug)]
pub(crate) struct RawPort<'a> {
    pub(crate) name: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) binding: Option<&'a str>,
    pub(crate) address: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The span of the start tag.
    pub(crate) fn span(&self) -> Span {
        tag_span(self.file, self.node)
    }

    fn at(self, node: Xml<'a>) -> Self {
        Self { node, ..self }
    }

    fn children(self, space: &'static str, name: &'static str) -> impl Iterator<Item = Self> {
        self.node
            .children()
            .filter(move |node| node.tag_name().namespace() == Some(space) && node.tag_name().name() == name)
            .map(move |node| self.at(node))
    }

    fn child(self, space: &'static str, name: &'static str) -> Option<Self> {
        self.children(space, name).next()
    }

    fn attribute(self, name: &str) -> Option<&'a str> {
        self.node.attribute(name).map(str::trim)
    }

    /// Resolves a prefixed name; what has no prefix and no default namespace is in that of the definitions.
    pub(crate) fn key(self, name: &'a str) -> Result<(Option<&'a str>, &'a str), &'a str> {
        resolve(self.node, name)
    }
}

/// Reads all definitions.
pub(crate) fn read<'a>(index: &Index<'a>, findings: &mut Findings) -> Definitions<'a> {
    let mut all = Definitions::default();
    for (number, &(_, file, node)) in index.definitions.iter().enumerate() {
        let space = node.attribute("targetNamespace").map(str::trim).filter(|space| !space.is_empty());
        let place = Place { file, node, space };
        if number == 0 {
            all.space = space;
        }
        for message in place.children(WSDL, "message") {
            all.messages.add(message, "message", findings, |place| Message { place, parts: parts(place) });
        }
        for port_type in place.children(WSDL, "portType") {
            all.port_types.add(port_type, "port type", findings, |place| PortType {
                place,
                operations: place.children(WSDL, "operation").map(operation).collect(),
            });
        }
        for found in place.children(WSDL, "binding") {
            all.bindings.add(found, "binding", findings, binding);
        }
        all.services.extend(place.children(WSDL, "service").map(service));
    }
    all
}

fn parts(message: Place<'_>) -> Vec<MessagePart<'_>> {
    message
        .children(WSDL, "part")
        .map(|place| MessagePart {
            name: place.attribute("name").unwrap_or_default(),
            element: place.attribute("element"),
            ty: place.attribute("type"),
            place,
        })
        .collect()
}

fn operation(place: Place<'_>) -> RawOperation<'_> {
    let first = place.node.children().find(|node| {
        node.tag_name().namespace() == Some(WSDL) && matches!(node.tag_name().name(), "input" | "output")
    });
    RawOperation {
        name: place.attribute("name").unwrap_or_default(),
        place,
        input: place.child(WSDL, "input").map(reference),
        output: place.child(WSDL, "output").map(reference),
        faults: place.children(WSDL, "fault").map(reference).collect(),
        output_first: first.is_some_and(|node| node.tag_name().name() == "output"),
    }
}

fn reference(place: Place<'_>) -> MessageRef<'_> {
    MessageRef { name: place.attribute("name"), message: place.attribute("message"), place }
}

fn binding(place: Place<'_>) -> RawBinding<'_> {
    let (protocol, element) = if let Some(soap) = place.child(SOAP_11, "binding") {
        (Protocol::Soap11, Some(soap))
    } else if let Some(soap) = place.child(SOAP_12, "binding") {
        (Protocol::Soap12, Some(soap))
    } else if let Some(http) = place.child(HTTP, "binding") {
        (Protocol::Http, Some(http))
    } else {
        (Protocol::Other, None)
    };
    let attribute = |name: &str| element.and_then(|element| element.attribute(name));
    RawBinding {
        place,
        port_type: place.attribute("type"),
        protocol,
        transport: attribute("transport"),
        style: attribute("style"),
        operations: place.children(WSDL, "operation").map(bound).collect(),
    }
}

fn bound(place: Place<'_>) -> BoundOperation<'_> {
    let soap = place.child(SOAP_11, "operation").or_else(|| place.child(SOAP_12, "operation"));
    let (input, output) = (place.child(WSDL, "input"), place.child(WSDL, "output"));
    BoundOperation {
        name: place.attribute("name").unwrap_or_default(),
        place,
        action: soap.and_then(|soap| soap.node.attribute("soapAction")),
        style: soap.and_then(|soap| soap.attribute("style")),
        input: input.map(body).unwrap_or_default(),
        output: output.map(body).unwrap_or_default(),
        input_name: input.and_then(|input| input.attribute("name")),
    }
}

/// The body of an input or output, which may stand in the first part of a multipart message.
fn body(place: Place<'_>) -> Body<'_> {
    let mut body = Body::default();
    let related = place.children(MIME, "multipartRelated").flat_map(|related| related.children(MIME, "part"));
    let places: Vec<Place<'_>> = std::iter::once(place).chain(related).collect();
    for space in [SOAP_11, SOAP_12] {
        for inside in &places {
            if let Some(soap) = inside.child(space, "body") {
                body.encoding_use = soap.attribute("use");
                body.space = soap.attribute("namespace");
                body.parts = soap.attribute("parts").map(|parts| parts.split_ascii_whitespace().collect());
            }
            body.headers.extend(inside.children(space, "header").map(|place| HeaderRef {
                message: place.attribute("message"),
                part: place.attribute("part"),
                encoding_use: place.attribute("use"),
                place,
            }));
        }
    }
    for inside in &places {
        body.attachments
            .extend(inside.children(MIME, "content").filter_map(|content| content.attribute("part")));
    }
    body
}

fn service(place: Place<'_>) -> RawService<'_> {
    let ports = place.children(WSDL, "port").map(|port| RawPort {
        name: port.attribute("name").unwrap_or_default(),
        place: port,
        binding: port.attribute("binding"),
        address: address(port),
    });
    RawService { name: place.attribute("name").unwrap_or_default(), place, ports: ports.collect() }
}

fn address<'a>(port: Place<'a>) -> Option<&'a str> {
    [SOAP_11, SOAP_12, HTTP]
        .into_iter()
        .find_map(|space| port.child(space, "address")?.node.attribute("location"))
}
