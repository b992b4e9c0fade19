//! Makes the operations of the catalogue: the root parts of requests and replies, faults and headers.
//!
//! **Invariant.** A root is either a global element itself or a group made here of the parts of a message; which one it is says [`Payload`].

use super::offer::{Offer, version};
use super::read::{Body, Definitions, HeaderRef, Message, MessagePart, MessageRef, Place};
use super::{Binding, Header, Payload, Refused, SoapVersion, Style};
use crate::schema::compile::Compiler;
use crate::schema::index::{Context, Decl};
use crate::schema::{WSDL, XSD, builtin};
use kernel::{Fault, Group, Name, Occurs, Operation, Part, PartId, PartKind, Particle, Type, TypeKind};
use std::sync::Arc;

/// Makes all operations that are offered; the others are returned with their reason.
pub(crate) fn compile<'a>(
    definitions: &Definitions<'a>,
    offers: &[Offer<'_, 'a>],
    compiler: &mut Compiler<'a>,
) -> (Vec<Operation>, Vec<Binding>, Vec<Refused>) {
    let (mut operations, mut bindings, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    let mut roots = Roots { definitions, compiler };
    for offer in offers {
        let outcome = match unspeakable(offer).or_else(|| roots.encoded(offer)) {
            Some(reason) => Err(reason),
            None => roots.operation(offer),
        };
        match outcome {
            Ok((operation, binding)) => {
                operations.push(operation);
                bindings.push(binding);
            }
            Err(reason) => {
                let (name, span) = (offer.operation.name, offer.place().span());
                roots
                    .compiler
                    .findings
                    .pass_over(span, format!("operation `{name}` cannot be called: {reason}"));
                refused.push(Refused { name: name.into(), reason, span });
            }
        }
    }
    (operations, bindings, refused)
}

/// Says why an operation cannot be spoken, from its binding alone.
pub(crate) fn unspeakable(offer: &Offer<'_, '_>) -> Option<String> {
    if !offer.speaks_soap() {
        return Some("its binding is not one of SOAP".into());
    }
    if offer.operation.input.is_none() || offer.operation.output_first {
        return Some("the service sends it, and no request is declared".into());
    }
    let transport = offer.binding.and_then(|binding| binding.transport).unwrap_or_default();
    let http = transport.trim_end_matches('/').to_ascii_lowercase();
    if !(http.is_empty() || http.ends_with("/http")) {
        return Some(format!("its transport `{transport}` is not HTTP"));
    }
    let bound = offer.bound?;
    let attached: Vec<&str> =
        bound.input.attachments.iter().chain(&bound.output.attachments).copied().collect();
    if !attached.is_empty() {
        return Some(format!("it has attachments, which are not supported: {}", attached.join(", ")));
    }
    None
}

/// Returns the style of an offer: that of the operation, else that of the binding, else document.
pub(crate) fn style(offer: &Offer<'_, '_>) -> Style {
    let own = offer.bound.and_then(|bound| bound.style);
    match own.or_else(|| offer.binding.and_then(|binding| binding.style)) {
        Some("rpc") => Style::Rpc,
        _ => Style::Document,
    }
}

/// Returns the parts of a message that stand in the body: those that the binding names, or all that are no headers.
pub(crate) fn body_parts<'a>(
    definitions: &Definitions<'a>,
    message: &Message<'a>,
    body: Option<&Body<'a>>,
) -> Vec<MessagePart<'a>> {
    let Some(body) = body else { return message.parts.clone() };
    let mut silent = crate::schema::findings::Findings::default();
    let header = |part: &MessagePart<'a>| {
        body.headers.iter().any(|header| {
            header.part == Some(part.name)
                && header
                    .message
                    .and_then(|name| definitions.messages.find(header.place, name, "message", &mut silent))
                    .is_some_and(|at| std::ptr::eq(&definitions.messages.all[at].1, message))
        })
    };
    match &body.parts {
        Some(named) => message.parts.iter().filter(|part| named.contains(&part.name)).copied().collect(),
        None => {
            let mut header = header;
            message.parts.iter().filter(|part| !header(part)).copied().collect()
        }
    }
}

impl<'a> Offer<'_, 'a> {
    /// Where the operation is bound, else where it is declared.
    pub(crate) fn place(&self) -> Place<'a> {
        self.bound.map_or(self.operation.place, |bound| bound.place)
    }
}

impl Place<'_> {
    /// The namespace of the definitions, with a lifetime of its own.
    fn owned_space(&self) -> Option<Arc<str>> {
        self.space.map(Into::into)
    }
}

struct Roots<'r, 'a> {
    definitions: &'r Definitions<'a>,
    compiler: &'r mut Compiler<'a>,
}

impl<'r, 'a> Roots<'r, 'a> {
    /// Says why an operation of the SOAP encoding cannot be spoken.
    ///
    /// "Simple values are encoded as … the lexical form of their type", SOAP 1.1, section 5.2: where all parts are simple
    /// values, an encoded message is a literal one, and `xsi:type` may be left out since the types are declared.
    fn encoded(&mut self, offer: &Offer<'_, 'a>) -> Option<String> {
        let bound = offer.bound?;
        let sides = [(offer.operation.input, &bound.input), (offer.operation.output, &bound.output)];
        for (message, body) in sides {
            let (Some(reference), Some("encoded")) = (message, body.encoding_use) else { continue };
            let simple = style(offer) == Style::Rpc
                && self.message(reference).is_none_or(|message| {
                    body_parts(self.definitions, message, Some(body)).iter().all(|part| self.is_simple(*part))
                });
            if !simple {
                return Some(
                    "it uses the SOAP encoding (`use=\"encoded\"`) for more than simple values; only literal \
                     messages are supported"
                        .into(),
                );
            }
        }
        None
    }

    /// Whether a part of a message is of a simple type.
    fn is_simple(&self, part: MessagePart<'a>) -> bool {
        let Some(Ok(key)) = part.ty.map(|name| decl(part.place).key(name)) else { return false };
        let declared = self.compiler.index.types.get(&key);
        (key.0 == Some(XSD) && builtin::scalar(key.1).is_some())
            || declared.is_some_and(|declared| declared.tag() == "simpleType")
    }

    fn operation(&mut self, offer: &Offer<'_, 'a>) -> Result<(Operation, Binding), String> {
        let raw = offer.operation;
        let style = style(offer);
        let bodies = offer.bound.map(|bound| (&bound.input, &bound.output));
        let input = raw.input.ok_or("no request is declared")?;
        let (request, request_payload) = self.root(offer, input, bodies.map(|b| b.0), "")?;
        let (reply, reply_payload) = match raw.output {
            Some(output) => {
                let (part, payload) = self.root(offer, output, bodies.map(|b| b.1), "Response")?;
                (Some(part), payload)
            }
            None => (None, Payload::Parts),
        };
        let faults = raw.faults.iter().map(|fault| self.fault(*fault)).collect();
        let wrapped = style == Style::Document
            && request_payload == Payload::Element
            && *self.compiler.build.part(request).name.local == *raw.name;
        let rpc_namespace =
            (style == Style::Rpc).then(|| self.compiler.build.part(request).name.space.clone()).flatten();
        let binding = Binding {
            soap: offer.binding.and_then(|binding| version(binding.protocol)).unwrap_or(SoapVersion::V11),
            style,
            action: offer.bound.and_then(|bound| bound.action).unwrap_or_default().into(),
            request: request_payload,
            reply: reply_payload,
            wrapped,
            rpc_namespace,
            headers: bodies.map(|(input, output)| self.headers(input, output)).unwrap_or_default(),
            service: offer.at.map(|(service, _)| service.name.into()),
            port: offer.at.map(|(_, port)| port.name.into()),
            address: offer.at.and_then(|(_, port)| port.address).map(Into::into),
        };
        let span = Some(raw.place.span());
        Ok((Operation { name: raw.name.into(), request, reply, faults, span }, binding))
    }

    /// Makes the root part of a request or reply.
    fn root(
        &mut self,
        offer: &Offer<'_, 'a>,
        reference: MessageRef<'a>,
        body: Option<&Body<'a>>,
        suffix: &str,
    ) -> Result<(PartId, Payload), String> {
        let definitions = self.definitions;
        let message = self.message(reference).ok_or("one of its messages is not declared")?;
        let parts = body_parts(definitions, message, body);
        let style = style(offer);
        if let ([only], Style::Document) = (parts.as_slice(), style)
            && only.element.is_some()
        {
            let part = self.element(*only).ok_or("the element of its message is not declared")?;
            return Ok((part, Payload::Element));
        }
        let inner: Vec<PartId> = parts.iter().map(|part| self.part(*part, style)).collect();
        let content = (!inner.is_empty()).then(|| {
            Particle::Sequence(
                inner.iter().map(|id| Particle::Part(*id, Occurs::ONCE)).collect(),
                Occurs::ONCE,
            )
        });
        let span = Some(message.place.span());
        let group = Group { parts: inner, content, ..Group::default() };
        let ty = self.compiler.build.add_type(Type { name: None, kind: TypeKind::Group(group), span });
        let local = format!("{}{suffix}", offer.operation.name);
        let (name, payload) = match style {
            Style::Document => (Name::local(local), Payload::Parts),
            Style::Rpc => {
                let space =
                    body.and_then(|body| body.space).filter(|space| !space.is_empty()).map(Into::into);
                (Name::new(space.or_else(|| offer.place().owned_space()), local), Payload::Element)
            }
        };
        let root = self.compiler.add_part(Part { span, ..Part::new(name, PartKind::Element, ty) });
        self.compiler.extra_globals.push(root);
        Ok((root, payload))
    }

    fn message(&mut self, reference: MessageRef<'a>) -> Option<&'r Message<'a>> {
        let definitions = self.definitions;
        let Some(name) = reference.message else {
            self.compiler.findings.refuse(reference.place.span(), "no message is named here", None);
            return None;
        };
        let at = definitions.messages.find(reference.place, name, "message", self.compiler.findings)?;
        Some(&definitions.messages.all[at].1)
    }

    /// The global element that a part of a message names.
    fn element(&mut self, part: MessagePart<'a>) -> Option<PartId> {
        let decl = decl(part.place);
        let key = match decl.key(part.element?) {
            // Without a prefix, the default namespace is that of WSDL, which declares no elements of messages.
            Ok((Some(WSDL), local)) => (part.place.space, local),
            Ok(key) => key,
            Err(prefix) => {
                self.compiler.undeclared(decl, prefix);
                return None;
            }
        };
        let found = self.compiler.global(key);
        if found.is_none() {
            self.compiler.unresolved(decl, "element", key);
        }
        found
    }

    /// A part of a message as a part of a group: unqualified in rpc style, the element itself where one is named.
    fn part(&mut self, part: MessagePart<'a>, style: Style) -> PartId {
        if part.element.is_some()
            && let Some(found) = self.element(part)
        {
            return found;
        }
        let decl = decl(part.place);
        let ty = match part.ty {
            Some(name) => self.compiler.type_named(decl, name),
            None => self.compiler.any_type(),
        };
        if style == Style::Document && part.ty.is_some() {
            let message = format!(
                "part `{}` of a document has a type instead of an element; it is written as an element of its name",
                part.name
            );
            self.compiler.findings.pass_over(part.place.span(), message);
        }
        let name = self.compiler.name(None, part.name);
        let span = Some(part.place.span());
        self.compiler.add_part(Part { span, ..Part::new(name, PartKind::Element, ty) })
    }

    fn fault(&mut self, fault: MessageRef<'a>) -> Fault {
        let first = self.message(fault).and_then(|message| message.parts.first().copied());
        let detail = first.map(|part| self.part(part, Style::Rpc));
        let local = fault.message.map(|name| name.rsplit(':').next().unwrap_or(name));
        let name = fault.name.or(local).unwrap_or_default();
        Fault { name: name.into(), detail, span: Some(fault.place.span()) }
    }

    fn headers(&mut self, input: &Body<'a>, output: &Body<'a>) -> Vec<Header> {
        let sides = input
            .headers
            .iter()
            .map(|header| (header, false))
            .chain(output.headers.iter().map(|h| (h, true)));
        sides.filter_map(|(header, in_reply)| self.header(header, in_reply)).collect()
    }

    fn header(&mut self, header: &HeaderRef<'a>, in_reply: bool) -> Option<Header> {
        let span = header.place.span();
        if header.encoding_use == Some("encoded") {
            self.compiler.findings.pass_over(span, "this header uses the SOAP encoding and is passed over");
            return None;
        }
        let reference = MessageRef { name: None, message: header.message, place: header.place };
        let wanted = header.part.unwrap_or_default();
        let found = self.message(reference)?.parts.iter().find(|part| part.name == wanted).copied();
        let Some(part) = found else {
            self.compiler
                .findings
                .pass_over(span, format!("the message of this header has no part `{wanted}`"));
            return None;
        };
        Some(Header { part: self.part(part, Style::Rpc), in_reply, span })
    }
}

/// A place of the WSDL as the schema compiler sees it.
fn decl(place: Place<'_>) -> Decl<'_> {
    let context = Context {
        doc: usize::MAX,
        file: place.file,
        space: place.space,
        chameleon: false,
        elements_qualified: false,
        attributes_qualified: false,
    };
    Decl { node: place.node, context }
}
