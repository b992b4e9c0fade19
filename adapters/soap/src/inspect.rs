//! Tells what is in a WSDL: services, ports, bindings, operations, messages, faults, headers, and what cannot be used.
//!
//! **Invariant.** It always answers; what is wrong with the file is part of the answer, with its place.

use crate::schema::compile::Compiler;
use crate::schema::files;
use crate::schema::findings::Findings;
use crate::schema::index::Index;
use crate::wsdl::offer::{Offer, offers, version};
use crate::wsdl::read::{
    Body, BoundOperation, Definitions, MessageRef, Protocol, RawBinding, RawOperation, read,
};
use crate::wsdl::roots::{self, body_parts};
use crate::wsdl::{Binding, Payload, Refused, Selection, SoapVersion, Style};
use adapters_ports::Files;
use kernel::{Diagnostic, Name, Operation, PartId, Severity, Shape, Sources, Span};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Returns what is in a WSDL, for `seawall inspect`.
///
/// `operations` are those that a mapping can call; `portTypes` and `bindings` are as they are written.
/// `findings` has every refusal and everything passed over, with file, line and column.
pub fn inspect(path: &str, files: &dyn Files) -> Value {
    let mut sources = Sources::default();
    let mut findings = Findings::default();
    let mut answer = Map::new();
    answer.insert("file".into(), json!(path));
    if let Some(library) = files::collect(path, files, &mut sources, &mut findings) {
        let docs = library.parse();
        let index = Index::build(&library, &docs, &mut findings);
        let definitions = read(&index, &mut findings);
        index.report_unread(&mut findings);
        answer.insert("targetNamespace".into(), json!(definitions.space));
        answer.insert("schemas".into(), schemas(&index, &sources));
        let view = View { definitions: &definitions, sources: &sources, lines: lines(&sources) };
        view.describe(&mut answer);
        let offers = offers(&definitions, Selection::default(), &mut findings);
        let mut compiler = Compiler::new(&index, &mut findings);
        let (operations, bindings, refused) = roots::compile(&definitions, &offers, &mut compiler);
        compiler.drain();
        compiler.findings.aside = true;
        compiler.compile_all();
        let shape = compiler.finish();
        let callable =
            operations.iter().zip(&bindings).map(|(operation, binding)| callable(&shape, operation, binding));
        answer.insert("operations".into(), callable.collect());
        answer.insert("refused".into(), refused.iter().map(|refused| view.refused(refused)).collect());
        let judged = Judged {
            offers: offers.iter().map(|offer| (offer.operation.name, offer)).collect(),
            refused: refused.iter().map(|refused| (refused.span, refused)).collect(),
        };
        answer.insert("bindings".into(), view.bindings(&judged));
        answer.insert("types".into(), json!(shape.types().filter(|(_, ty)| ty.name.is_some()).count()));
        answer.insert("elements".into(), json!(shape.globals().len()));
    }
    answer.insert("usable".into(), json!(!findings.fatal()));
    answer.insert(
        "findings".into(),
        findings.into_vec().iter().map(|found| finding(&sources, found)).collect(),
    );
    Value::Object(answer)
}

fn schemas(index: &Index<'_>, sources: &Sources) -> Value {
    let one = |schema: &crate::schema::index::Decl<'_>| {
        let count = |name: &str| schema.children().filter(|child| child.tag() == name).count();
        let path = sources.file(schema.context.file).map(|file| file.path.to_string());
        json!({
            "file": path,
            "targetNamespace": schema.context.space,
            "elements": count("element"),
            "complexTypes": count("complexType"),
            "simpleTypes": count("simpleType"),
        })
    };
    index.schemas.iter().map(one).collect()
}

/// What became of the operations.
struct Judged<'j, 'a> {
    offers: HashMap<&'a str, &'j Offer<'j, 'a>>,
    refused: HashMap<Span, &'j Refused>,
}

struct View<'v, 'a> {
    definitions: &'v Definitions<'a>,
    sources: &'v Sources,
    /// Where the lines of each file begin.
    lines: Vec<Vec<u32>>,
}

impl<'a> View<'_, 'a> {
    fn describe(&self, answer: &mut Map<String, Value>) {
        let messages = self.definitions.messages.all.iter().map(|(name, message)| {
            let parts: Vec<Value> = message
                .parts
                .iter()
                .map(|part| match part.element {
                    Some(element) => json!({ "name": part.name, "element": element }),
                    None => json!({ "name": part.name, "type": part.ty }),
                })
                .collect();
            json!({ "name": name, "file": self.file(message.place.span()), "parts": parts })
        });
        answer.insert("messages".into(), messages.collect());
        let port_types = self.definitions.port_types.all.iter().map(|(name, port_type)| {
            let operations: Vec<Value> =
                port_type.operations.iter().map(|operation| self.operation(operation)).collect();
            json!({ "name": name, "file": self.file(port_type.place.span()), "operations": operations })
        });
        answer.insert("portTypes".into(), port_types.collect());
        let services = self.definitions.services.iter().map(|service| {
            let ports: Vec<Value> = service
                .ports
                .iter()
                .map(|port| json!({ "name": port.name, "binding": local(port.binding), "address": port.address }))
                .collect();
            json!({ "name": service.name, "file": self.file(service.place.span()), "ports": ports })
        });
        answer.insert("services".into(), services.collect());
    }

    fn operation(&self, operation: &RawOperation<'a>) -> Value {
        let message =
            |reference: Option<MessageRef<'a>>| reference.and_then(|reference| local(reference.message));
        let faults: Vec<Value> = operation
            .faults
            .iter()
            .map(|fault| json!({ "name": fault.name, "message": local(fault.message) }))
            .collect();
        json!({
            "name": operation.name,
            "input": message(operation.input),
            "output": message(operation.output),
            "faults": faults,
            "line": self.line(operation.place.span()),
        })
    }

    fn bindings(&self, judged: &Judged<'_, 'a>) -> Value {
        let one = |(name, binding): &(&'a str, RawBinding<'a>)| {
            let operations: Vec<Value> =
                binding.operations.iter().map(|bound| self.bound(binding, bound, judged)).collect();
            json!({
                "name": name,
                "portType": local(binding.port_type),
                "protocol": protocol(binding.protocol),
                "transport": binding.transport,
                "style": binding.style,
                "file": self.file(binding.place.span()),
                "operations": operations,
            })
        };
        self.definitions.bindings.all.iter().map(one).collect()
    }

    fn bound(&self, binding: &RawBinding<'a>, bound: &BoundOperation<'a>, judged: &Judged<'_, 'a>) -> Value {
        // The one that is offered may stand at another port; whether this one could be spoken is said all the same.
        let offered = judged.offers.get(bound.name);
        let here = offered.map(|offer| Offer { binding: Some(binding), bound: Some(bound), ..**offer });
        let reason = match (judged.refused.get(&bound.place.span()), here.as_ref()) {
            (Some(refused), _) => Some(refused.reason.clone()),
            (None, Some(offer)) => roots::unspeakable(offer),
            (None, None) => Some("its port type does not declare it".into()),
        };
        let messages = here.map(|offer| (offer.operation.input, offer.operation.output));
        json!({
            "name": bound.name,
            "action": bound.action,
            "style": bound.style.or(binding.style).unwrap_or("document"),
            "input": self.body(&bound.input, messages.and_then(|m| m.0)),
            "output": self.body(&bound.output, messages.and_then(|m| m.1)),
            "line": self.line(bound.place.span()),
            "refused": reason,
        })
    }

    fn body(&self, body: &Body<'a>, message: Option<MessageRef<'a>>) -> Value {
        let mut silent = Findings::default();
        let message = message.and_then(|reference| {
            let at = self.definitions.messages.find(
                reference.place,
                reference.message?,
                "message",
                &mut silent,
            )?;
            Some(&self.definitions.messages.all[at].1)
        });
        let parts: Vec<&str> = message
            .map(|message| {
                body_parts(self.definitions, message, Some(body)).iter().map(|part| part.name).collect()
            })
            .unwrap_or_default();
        let headers: Vec<Value> = body
            .headers
            .iter()
            .map(|header| json!({ "message": local(header.message), "part": header.part }))
            .collect();
        json!({
            "use": body.encoding_use,
            "namespace": body.space,
            "parts": parts,
            "headers": headers,
            "attachments": body.attachments,
        })
    }

    fn refused(&self, refused: &Refused) -> Value {
        json!({
            "name": &*refused.name,
            "reason": refused.reason,
            "file": self.file(refused.span),
            "line": self.line(refused.span),
        })
    }

    fn file(&self, span: Span) -> Option<String> {
        self.sources.file(span.file).map(|file| file.path.to_string())
    }

    fn line(&self, span: Span) -> Option<u32> {
        let starts = self.lines.get(span.file.0 as usize)?;
        u32::try_from(starts.partition_point(|start| *start <= span.start)).ok()
    }
}

/// The offsets of all lines of all files: a WSDL has thousands of places to tell, and each is looked up here.
fn lines(sources: &Sources) -> Vec<Vec<u32>> {
    let starts = |text: &str| {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        std::iter::once(0).chain(ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect()
    };
    sources.iter().map(|file| starts(&file.text)).collect()
}

fn callable(shape: &Shape, operation: &Operation, binding: &Binding) -> Value {
    let root = |part: PartId, payload: Payload| {
        let root = shape.part(part);
        let parts: Vec<Value> = shape
            .group(root.ty)
            .map(|group| group.parts.iter().map(|id| json!(&*shape.part(*id).name.local)).collect())
            .unwrap_or_default();
        match payload {
            Payload::Element => json!({ "element": qualified(&root.name), "parts": parts }),
            Payload::Parts => json!({ "element": null, "parts": parts }),
        }
    };
    let faults: Vec<Value> = operation
        .faults
        .iter()
        .map(|fault| {
            let detail = fault.detail.map(|detail| qualified(&shape.part(detail).name));
            json!({ "name": &*fault.name, "detail": detail })
        })
        .collect();
    let headers: Vec<Value> = binding
        .headers
        .iter()
        .map(|header| json!({ "element": qualified(&shape.part(header.part).name), "inReply": header.in_reply }))
        .collect();
    json!({
        "name": &*operation.name,
        "soap": match binding.soap { SoapVersion::V11 => "1.1", SoapVersion::V12 => "1.2" },
        "style": match binding.style { Style::Document => "document", Style::Rpc => "rpc" },
        "wrapped": binding.wrapped,
        "action": &*binding.action,
        "request": root(operation.request, binding.request),
        "reply": operation.reply.map(|reply| root(reply, binding.reply)),
        "faults": faults,
        "headers": headers,
        "service": binding.service.as_deref(),
        "port": binding.port.as_deref(),
        "address": binding.address.as_deref(),
    })
}

fn finding(sources: &Sources, found: &Diagnostic) -> Value {
    let mut value = place(sources, found.span);
    value.insert("code".into(), json!(found.code.0));
    value.insert(
        "severity".into(),
        json!(match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }),
    );
    value.insert("message".into(), json!(found.message));
    if let Some(hint) = &found.hint {
        value.insert("hint".into(), json!(hint));
    }
    let others: Vec<Value> = found
        .others
        .iter()
        .map(|label| {
            let mut other = place(sources, Some(label.span));
            other.insert("text".into(), json!(label.text));
            Value::Object(other)
        })
        .collect();
    if !others.is_empty() {
        value.insert("others".into(), Value::Array(others));
    }
    Value::Object(value)
}

fn place(sources: &Sources, span: Option<Span>) -> Map<String, Value> {
    let mut place = Map::new();
    if let Some(span) = span
        && let (Some(file), Some(position)) = (sources.file(span.file), sources.position(span))
    {
        place.insert("file".into(), json!(&*file.path));
        place.insert("line".into(), json!(position.line));
        place.insert("column".into(), json!(position.column));
    }
    place
}

/// A name in the notation of James Clark: `{namespace}local`.
fn qualified(name: &Name) -> String {
    match &name.space {
        Some(space) => format!("{{{space}}}{}", name.local),
        None => name.local.to_string(),
    }
}

fn local(name: Option<&str>) -> Option<&str> {
    name.map(|name| name.rsplit(':').next().unwrap_or(name))
}

fn protocol(protocol: Protocol) -> Option<&'static str> {
    match (version(protocol), protocol) {
        (Some(SoapVersion::V11), _) => Some("1.1"),
        (Some(SoapVersion::V12), _) => Some("1.2"),
        (None, Protocol::Http) => Some("http"),
        (None, _) => None,
    }
}
