//! What each construct of WSDL becomes in a catalogue.
//!
//! **Invariant.** Rows of data: the WSDL as its maker writes it, the operations as a mapping sees them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/render.rs"]
mod render;

use adapters_soap::{Binding, Payload, Selection, SoapVersion, Style, Wsdl, inspect, load, load_port};
use folder::Texts;
use kernel::{Operation, PartId, Shape, Sources};

const SCHEMA: &str = r#"<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="q" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="AskResponse"><xs:complexType><xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="Session" type="xs:string"/><xs:element name="Trouble" type="xs:int"/>
<xs:complexType name="Point"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:complexType></xs:schema>"#;

/// A WSDL of the namespace `urn:t`.
fn wsdl(body: &str) -> String {
    format!(
        r#"<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/">
<types>{SCHEMA}</types>
{body}
</definitions>"#
    )
}

const MESSAGES: &str = r#"<message name="In"><part name="p" element="t:Ask"/></message><message name="Out"><part name="p" element="t:AskResponse"/></message>"#;
const PORT_TYPE: &str = r#"<portType name="P"><operation name="Ask"><input message="t:In"/><output message="t:Out"/></operation></portType>"#;

/// A binding `name` of the operation `Ask`, with what stands in its input and output.
fn bound(name: &str, soap: &str, style: &str, input: &str, output: &str) -> String {
    format!(
        r#"<binding name="{name}" type="t:P"><{soap}:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Ask"><{soap}:operation soapAction="urn:act"/><input>{input}</input><output>{output}</output></operation></binding>"#
    )
}

fn service(ports: &[(&str, &str)]) -> String {
    let ports: String = ports.iter().map(|(name, binding)| format!(r#"<port name="{name}" binding="t:{binding}"><soap:address location="http://localhost/{name}"/></port>"#)).collect();
    format!(r#"<service name="S">{ports}</service>"#)
}

const LITERAL: &str = r#"<soap:body use="literal"/>"#;

fn read(body: &str) -> Result<Wsdl, Vec<String>> {
    let files = Texts::new([("s.wsdl", wsdl(body))]);
    let mut sources = Sources::default();
    load("s.wsdl", &files, &mut sources).map_err(|found| found.iter().map(ToString::to_string).collect())
}

fn only(body: &str) -> (Wsdl, Operation, Binding) {
    let loaded = read(body).unwrap_or_else(|findings| panic!("{body}\n{findings:#?}"));
    let [operation] = loaded.catalogue.operations.as_slice() else {
        panic!("one operation: {:?}", loaded.refused)
    };
    let (operation, binding) = (operation.clone(), loaded.bindings[0].clone());
    (loaded, operation, binding)
}

fn render(shape: &Shape, part: PartId) -> String {
    let root = shape.part(part);
    let space = root.name.space.as_deref().map_or(String::new(), |space| format!("{{{space}}}"));
    format!("{space}{} {}", root.name.local, render::ty(shape, root.ty, &mut Vec::new()))
}

#[test]
fn a_wsdl_without_a_binding_is_read_as_soap_11_document_literal() {
    let (loaded, operation, binding) = only(&format!("{MESSAGES}{PORT_TYPE}"));
    assert_eq!((binding.soap, binding.style, &*binding.action), (SoapVersion::V11, Style::Document, ""));
    assert_eq!((binding.request, binding.reply, binding.wrapped), (Payload::Element, Payload::Element, true));
    assert_eq!(render(&loaded.catalogue.shape, operation.request), "{urn:t}Ask {q: text} = (q)");
    let reply = operation.reply.expect("a reply");
    assert_eq!(render(&loaded.catalogue.shape, reply), "{urn:t}AskResponse {a: text} = (a)");
    assert_eq!(loaded.findings, []);
}

#[test]
fn version_action_and_address_come_from_binding_and_port() {
    let check = |soap: &str, version: SoapVersion| {
        let body = LITERAL.replace("soap:", &format!("{soap}:"));
        let binding = bound("B", soap, "document", &body, &body);
        let (_, _, binding) = only(&format!("{MESSAGES}{PORT_TYPE}{binding}{}", service(&[("A", "B")])));
        assert_eq!((binding.soap, &*binding.action), (version, "urn:act"));
        assert_eq!(binding.address.as_deref(), Some("http://localhost/A"));
        assert_eq!((binding.service.as_deref(), binding.port.as_deref()), (Some("S"), Some("A")));
    };
    check("soap", SoapVersion::V11);
    check("soap12", SoapVersion::V12);
}

#[test]
fn an_rpc_operation_is_an_element_of_its_name_with_unqualified_parts() {
    let messages = r#"<message name="In"><part name="p" type="t:Point"/><part name="n" type="xs:int"/></message><message name="Out"><part name="return" type="xs:date"/></message>"#;
    let literal = r#"<soap:body use="literal" namespace="urn:rpc"/>"#;
    let (loaded, operation, binding) = only(&format!(
        "{messages}{PORT_TYPE}{}{}",
        bound("B", "soap", "rpc", literal, literal),
        service(&[("A", "B")])
    ));
    let shape = &loaded.catalogue.shape;
    assert_eq!(
        render(shape, operation.request),
        "{urn:rpc}Ask {.p: {x: dec(10,0)} = (x); .n: dec(10,0)} = (p, n)"
    );
    assert_eq!(
        render(shape, operation.reply.expect("a reply")),
        "{urn:rpc}AskResponse {.return: date} = (return)"
    );
    assert_eq!((binding.style, binding.request, binding.wrapped), (Style::Rpc, Payload::Element, false));
    assert_eq!(binding.rpc_namespace.as_deref(), Some("urn:rpc"));
    let roots: Vec<_> = shape.globals().iter().map(|id| shape.part(*id).name.local.to_string()).collect();
    // `Ask` is a global element already, so the root of that name does not stand beside it.
    assert_eq!(roots, ["Ask", "AskResponse", "Session", "Trouble"]);
}

#[test]
fn a_document_of_several_parts_or_none_has_no_element_of_its_own() {
    let messages = r#"<message name="In"><part name="p" element="t:Ask"/><part name="s" element="t:Session"/></message><message name="Out"/>"#;
    let (loaded, operation, binding) = only(&format!("{messages}{PORT_TYPE}"));
    let shape = &loaded.catalogue.shape;
    assert_eq!((binding.request, binding.reply), (Payload::Parts, Payload::Parts));
    assert_eq!(
        render(shape, operation.request),
        "Ask {Ask: {q: text} = (q); Session: text} = (Ask, Session)"
    );
    assert_eq!(render(shape, operation.reply.expect("a reply")), "AskResponse {}");
}

#[test]
fn headers_are_no_part_of_the_body_and_faults_have_their_detail() {
    let messages = r#"<message name="In"><part name="p" element="t:Ask"/><part name="s" element="t:Session"/></message><message name="Out"><part name="p" element="t:AskResponse"/></message><message name="Bad"><part name="f" element="t:Trouble"/></message>"#;
    let port_type = r#"<portType name="P"><operation name="Ask"><input message="t:In"/><output message="t:Out"/><fault name="bad" message="t:Bad"/></operation></portType>"#;
    let check = |input: &str| {
        let binding = bound("B", "soap", "document", input, LITERAL);
        let (loaded, operation, binding) =
            only(&format!("{messages}{port_type}{binding}{}", service(&[("A", "B")])));
        let shape = &loaded.catalogue.shape;
        assert_eq!(render(shape, operation.request), "{urn:t}Ask {q: text} = (q)", "{input}");
        let [header] = binding.headers.as_slice() else { panic!("one header") };
        assert_eq!((render(shape, header.part).as_str(), header.in_reply), ("{urn:t}Session text", false));
        let [fault] = operation.faults.as_slice() else { panic!("one fault") };
        let detail = fault.detail.map(|detail| render(shape, detail));
        assert_eq!((&*fault.name, detail.as_deref()), ("bad", Some("{urn:t}Trouble dec(10,0)")));
    };
    check(r#"<soap:header message="t:In" part="s" use="literal"/><soap:body use="literal"/>"#);
    check(r#"<soap:header message="t:In" part="s" use="literal"/><soap:body use="literal" parts="p"/>"#);
}

#[test]
fn a_one_way_operation_has_no_reply() {
    let port_type =
        r#"<portType name="P"><operation name="Ask"><input message="t:In"/></operation></portType>"#;
    let (_, operation, _) = only(&format!("{MESSAGES}{port_type}"));
    assert_eq!(operation.reply, None);
}

#[test]
fn an_operation_that_cannot_be_called_is_refused_by_name_and_the_others_stay() {
    let other = r#"<portType name="Q"><operation name="Other"><input message="t:In"/></operation></portType><binding name="C" type="t:Q"><soap:binding/><operation name="Other"/></binding>"#;
    let check = |binding: &str, reason: &str| {
        let body = format!("{MESSAGES}{PORT_TYPE}{other}{binding}{}", service(&[("A", "B"), ("Z", "C")]));
        let loaded = read(&body).unwrap_or_else(|findings| panic!("{findings:?}"));
        let names: Vec<_> = loaded.catalogue.operations.iter().map(|operation| &*operation.name).collect();
        assert_eq!(names, ["Other"]);
        let [refused] = loaded.refused.as_slice() else { panic!("one refusal: {:?}", loaded.refused) };
        assert!(&*refused.name == "Ask" && refused.reason.contains(reason), "{refused:?}");
        assert!(loaded.findings.iter().any(|found| found.message.contains(reason) && found.span.is_some()));
    };
    let encoded = r#"<soap:body use="encoded" encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"/>"#;
    check(&bound("B", "soap", "rpc", encoded, LITERAL), "SOAP encoding");
    check(
        r#"<binding name="B" type="t:P"><http:binding verb="GET"/><operation name="Ask"/></binding>"#,
        "not one of SOAP",
    );
    check(
        &bound("B", "soap", "document", LITERAL, LITERAL)
            .replace("http://schemas.xmlsoap.org/soap/http", "http://www.w3.org/2010/soapjms/"),
        "is not HTTP",
    );
    let attached = r#"<mime:multipartRelated><mime:part><soap:body use="literal"/></mime:part><mime:part><mime:content part="p" type="image/png"/></mime:part></mime:multipartRelated>"#;
    check(&bound("B", "soap", "document", LITERAL, attached), "attachments");
}

#[test]
fn an_encoded_operation_of_simple_values_is_spoken_as_a_literal_one() {
    let check = |out: &str, refused: usize| {
        let messages = format!(
            r#"<message name="In"><part name="p" type="xs:int"/></message><message name="Out"><part name="r" type="{out}"/></message>"#
        );
        let encoded = r#"<soap:body use="encoded" namespace="urn:rpc"/>"#;
        let binding = bound("B", "soap", "rpc", encoded, encoded);
        let loaded =
            read(&format!("{messages}{PORT_TYPE}{binding}{}", service(&[("A", "B")]))).expect("it loads");
        assert_eq!(
            (loaded.refused.len(), loaded.catalogue.operations.len()),
            (refused, 1 - refused),
            "{out}"
        );
    };
    check("xs:date", 0);
    check("t:Point", 1);
}

#[test]
fn the_first_port_counts_and_another_can_be_chosen() {
    let literal12 = LITERAL.replace("soap:", "soap12:");
    let body = format!(
        "{MESSAGES}{PORT_TYPE}{}{}{}",
        bound("B", "soap", "document", LITERAL, LITERAL),
        bound("C", "soap12", "document", &literal12, &literal12),
        service(&[("One", "B"), ("Two", "C")])
    );
    let (loaded, _, binding) = only(&body);
    assert_eq!((binding.soap, binding.port.as_deref()), (SoapVersion::V11, Some("One")));
    let ports: Vec<_> = loaded.services[0].ports.iter().map(|port| (&*port.name, port.soap)).collect();
    assert_eq!(ports, [("One", Some(SoapVersion::V11)), ("Two", Some(SoapVersion::V12))]);
    let files = Texts::new([("s.wsdl", wsdl(&body))]);
    let choose = |service, port| {
        load_port(
            "s.wsdl",
            Selection { service, port, ..Selection::default() },
            &files,
            &mut Sources::default(),
        )
    };
    let chosen = choose(Some("S"), Some("Two")).expect("it is there");
    assert_eq!(chosen.bindings[0].soap, SoapVersion::V12);
    let findings = choose(None, Some("Three")).expect_err("it is not there");
    assert_eq!(findings[0].to_string(), "E092: the WSDL has no service or port `Three`");
    assert_eq!(findings[0].hint.as_deref(), Some("it has: S/One, S/Two"));
}

#[test]
fn a_wsdl_may_be_spread_over_files() {
    let main = r#"<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:m" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><import namespace="urn:t" location="parts/b.wsdl"/><service name="S"><port name="A" binding="t:B"><soap:address location="http://localhost/"/></port></service></definitions>"#;
    let part = wsdl(&format!(
        r#"<import namespace="urn:m" location="../s.wsdl"/>{MESSAGES}{PORT_TYPE}{}"#,
        bound("B", "soap", "document", LITERAL, LITERAL)
    ));
    let files = Texts::new([("s.wsdl", main.to_owned()), ("parts/b.wsdl", part)]);
    let mut sources = Sources::default();
    let loaded = load("s.wsdl", &files, &mut sources).expect("it loads");
    assert_eq!(&*loaded.catalogue.operations[0].name, "Ask");
    let span = loaded.catalogue.operations[0].span.expect("it is declared somewhere");
    assert_eq!(sources.file(span.file).map(|file| &*file.path), Some("parts/b.wsdl"));
}

#[test]
fn what_no_operation_needs_may_be_broken() {
    let broken = r#"<types><xs:schema targetNamespace="urn:b"><xs:element name="b" type="xs:nope"/></xs:schema></types>"#;
    let loaded = read(&format!("{broken}{MESSAGES}{PORT_TYPE}")).expect("it loads");
    assert!(loaded.findings.iter().any(|found| found.to_string().starts_with("W091: no type `nope`")));
    let needed = MESSAGES
        .replace("t:AskResponse", "b:b")
        .replace("<message name=\"Out\"", "<message name=\"Out\" xmlns:b=\"urn:b\"");
    let findings = read(&format!("{broken}{needed}{PORT_TYPE}")).expect_err("it is needed");
    assert!(findings[0].starts_with("E092: no type `nope`"), "{findings:?}");
}

#[test]
fn mistakes_of_a_wsdl_are_refused_with_their_reason() {
    let check = |body: &str, expected: &str| {
        let findings = read(body).expect_err("it is refused");
        assert!(findings.iter().any(|finding| finding.starts_with(expected)), "{expected}: {findings:?}");
    };
    check(&(MESSAGES.replace("t:Ask\"", "t:Nope\"") + PORT_TYPE), "E092: no element `Nope` is declared");
    check(PORT_TYPE, "E092: no message `In` is declared in `urn:t`");
    check(
        &format!("{MESSAGES}{PORT_TYPE}{}", service(&[("A", "B")])),
        "E092: no binding `B` is declared in `urn:t`",
    );
    let files = Texts::new([("s.wsdl", r#"<description xmlns="http://www.w3.org/ns/wsdl"/>"#.to_owned())]);
    let findings = load("s.wsdl", &files, &mut Sources::default()).expect_err("it is refused");
    assert_eq!(findings[0].to_string(), "E092: WSDL 2.0 is not read");
    let findings = load("gone.wsdl", &files, &mut Sources::default()).expect_err("it is refused");
    assert_eq!(
        findings[0].to_string(),
        "E091: schema file `gone.wsdl` cannot be read: there is no such file"
    );
}

#[test]
fn a_tolerant_reader_lives_with_what_is_broken() {
    let broken = r#"<types><xs:schema targetNamespace="urn:b"><xs:import namespace="urn:far" schemaLocation="gone.xsd"/><xs:element name="b" type="xs:nope"/></xs:schema></types>"#;
    let messages = r#"<message name="In"><part name="p" element="t:Ask"/></message><message name="Out" xmlns:b="urn:b"><part name="p" element="b:b"/></message>"#;
    let files = Texts::new([("s.wsdl", wsdl(&format!("{broken}{messages}{PORT_TYPE}")))]);
    let read = |path: &str, tolerant| {
        let selection = Selection { tolerant, ..Selection::default() };
        load_port(path, selection, &files, &mut Sources::default())
    };
    let codes =
        |findings: &[kernel::Diagnostic]| findings.iter().map(|found| found.code.0).collect::<Vec<_>>();
    assert_eq!(codes(&read("s.wsdl", false).expect_err("it is broken")), ["E091", "E092"]);
    let loaded = read("s.wsdl", true).expect("it is read all the same");
    assert_eq!(codes(&loaded.findings), ["W091", "W091"]);
    let reply = loaded.catalogue.operations[0].reply.expect("a reply");
    let shape = &loaded.catalogue.shape;
    assert_eq!(render(shape, reply), "{urn:b}b mixed open@ open {#text[0..1]: text} = any*");
    assert_eq!(codes(&read("gone.wsdl", true).expect_err("it is not there")), ["E091"]);
}

#[test]
fn inspect_answers_whatever_it_is_given() {
    let check = |text: &str| {
        let told = inspect("s.wsdl", &Texts::new([("s.wsdl", text.to_owned())]));
        assert_eq!(
            (told["usable"].as_bool(), told["findings"].as_array().map(Vec::is_empty)),
            (Some(false), Some(false)),
            "{text}"
        );
    };
    check("");
    check("<a/>");
    check("not xml");
    check(&wsdl(PORT_TYPE));
    let told = inspect("s.wsdl", &Texts::new([("s.wsdl", wsdl(&format!("{MESSAGES}{PORT_TYPE}")))]));
    assert_eq!(told["usable"], true);
    assert_eq!(told["operations"][0]["request"]["element"], "{urn:t}Ask");
    assert_eq!(told["portTypes"][0]["operations"][0]["output"], "Out");
    assert_eq!(told["schemas"][0]["elements"], 4);
    let encoded = r#"<soap:body use="encoded"/>"#;
    let binding = bound("B", "soap", "rpc", encoded, encoded);
    let told = inspect("s.wsdl", &Texts::new([("s.wsdl", wsdl(&format!("{MESSAGES}{PORT_TYPE}{binding}")))]));
    for refused in [&told["bindings"][0]["operations"][0]["refused"], &told["refused"][0]["reason"]] {
        assert!(refused.as_str().is_some_and(|reason| reason.contains("SOAP encoding")), "{told}");
    }
}
