//! What an independent client sends and reads for the same WSDL, over a real socket.
//!
//! Envelopes are compared as infosets, replies by value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/json.rs"]
mod json;
#[path = "support/project.rs"]
mod project;
#[path = "support/server.rs"]
mod server;

use adapters_ports::{CallContext, Files, Reply, ReplyBody, Request};
use kernel::{OperationId, Progress, Shape};
use serde_json::Value;
use server::Server;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How much of a case is run.
#[derive(Clone, Copy, PartialEq)]
enum Run {
    /// The request alone.
    Request,
    /// The reply alone.
    Reply,
    /// Nothing.
    Nothing,
}
use Run::{Nothing, Reply as ReplyOnly, Request as RequestOnly};

const OPTION: &str = "needs an option of that client that changes what the WSDL says";
const SECURITY: &str =
    "has a security header with a generated time, or none of ours; the header has tests of its own";
const ATTACHMENT: &str = "the reply is a multipart message";
const SPELLING: &str = "the request has an element that its WSDL spells otherwise";
const UNDECLARED: &str = "the request has parts of a type that the WSDL uses and does not declare";
const ORDER: &str = "the request is not in the order of its schema, in which we write";
const QUALIFIED: &str = "the reply puts its elements into another namespace than the schema does";
const ROOT: &str = "the body of the reply holds another element than the WSDL declares, which we refuse";

/// Cases of which not everything is run, with the reason.
const OTHERS: &[(&str, Run, &str)] = &[
    ("Dummy__ref_element_should_have_correct_namespace", RequestOnly, ATTACHMENT),
    ("Dummy__ref_element_should_have_correct_namespace_with_overrideElementKey", Nothing, OPTION),
    ("Dummy__should_extract_envelope_from_response", RequestOnly, ATTACHMENT),
    ("Dummy__should_handle_inline_types", RequestOnly, QUALIFIED),
    ("Dummy__should_handle_nil_as_null", Nothing, OPTION),
    ("Dummy__should_ignore_custom_defined_namespaces", Nothing, OPTION),
    ("Dummy__should_ignore_defined_namespaces", Nothing, OPTION),
    ("Dummy__should_parse_nil", ReplyOnly, "the request has a nil that its schema does not permit"),
    (
        "Dummy__should_preserve_leading_and_trailing_whitespace_when_preserveWhitespace_is_true",
        Nothing,
        OPTION,
    ),
    (
        "Dummy__should_use_defined_value_key",
        ReplyOnly,
        "the request has an element that its schema does not declare",
    ),
    ("Dummy__should_use_defined_xml_key_in_first_level_for_rpc", Nothing, "the WSDL is not well-formed"),
    ("Dummy__should_use_empty_tags_when_directed", Nothing, OPTION),
    ("Dummy__should_work_with_imported_schemas_that_have_aliases", Nothing, UNDECLARED),
    (
        "GET_ALL_STORE_NUMBERS__should_work_with_more_deeply_nested_XML_messages_and_security",
        Nothing,
        SECURITY,
    ),
    ("GetAccountXml__non_xmlns_attributes_should_be_returned", Nothing, OPTION),
    (
        "GetItemInformation__should_ignore_default_namespace_from_schema",
        RequestOnly,
        "the reply has an element that its schema does not declare",
    ),
    (
        "Login__unsupported_response_name_returned_and_local_xs_schema_missed",
        ReplyOnly,
        "the request is not in the namespace that the WSDL says for its body",
    ),
    ("Message__Messages_suffixed_with_In_Out", ReplyOnly, SPELLING),
    ("Message__Messages_suffixed_with_Input_Output", ReplyOnly, SPELLING),
    ("Message__Messages_suffixed_with_Request_Response", ReplyOnly, SPELLING),
    ("Message__overriding_namespace_prefix", Nothing, OPTION),
    ("RequestHeaders__propogate_basic_security", Nothing, SECURITY),
    ("RequestHeaders__propogate_basic_security backward compatible check", Nothing, SECURITY),
    ("RequestHeaders__propogate_basic_security_invalid_options", Nothing, SECURITY),
    ("RequestHeaders__propogate_basic_security_no_timestamp", Nothing, SECURITY),
    ("RequestHeaders__propogate_basic_security_no_token_created", Nothing, SECURITY),
    ("RequestHeaders__propogate_custom_header", Nothing, OPTION),
    (
        "SendCDATA__cdata_preserves_leading_and_trailing_whitespace_when_preserveWhitespace_option_is_true",
        Nothing,
        OPTION,
    ),
    ("SendCDATA__cdata_removes_leading_and_trailing_whitespace_by_default", RequestOnly, QUALIFIED),
    ("UpdateProfile__correct_namespaces_for_elements_with_base", ReplyOnly, ORDER),
    ("UpdateProfile__correct_namespaces_for_elements_with_base_ignorednamespaces", Nothing, OPTION),
    ("UpdateProfile__correct_ns_context", ReplyOnly, ORDER),
    (
        "addList__complex_extension_namespace_for_arrays",
        Nothing,
        "the request names types that are the declared ones, which we do not write, and the reply has an unknown attribute",
    ),
    ("addPets__force_namespaces", Nothing, OPTION),
    ("createData__should_generate_complex_type_request", ReplyOnly, UNDECLARED),
    (
        "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_missing",
        RequestOnly,
        ROOT,
    ),
    (
        "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_qualified",
        RequestOnly,
        ROOT,
    ),
    (
        "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_unqualified",
        RequestOnly,
        ROOT,
    ),
    (
        "fooOp__should_return_back_good_response_object",
        Nothing,
        "the request has no namespace though its schema declares one, and the reply is not well-formed",
    ),
    (
        "getAppointmentNumber__should_be_able_to_parse_response",
        Nothing,
        "there is no request, and the reply has no envelope",
    ),
    (
        "getAvailability__should_not_fail_without_children",
        Nothing,
        "the WSDL uses a prefix that it does not declare",
    ),
    (
        "getMessage__does_not_use_schema_xmlns",
        ReplyOnly,
        "the request has an element that its schema does not declare",
    ),
    (
        "getMessage__force_use_schema_xmlns",
        ReplyOnly,
        "the request has an element that its schema does not declare",
    ),
    ("login__attributes_namespace_should_be_configurable", Nothing, OPTION),
    (
        "update__complex_extension_fields_in_parent_without_explicit_namespace",
        RequestOnly,
        "the reply has an attribute that its schema does not declare",
    ),
];

/// Cases whose WSDL uses types that it does not declare, so that it is refused unless the connection is tolerant.
const BROKEN_WSDL: &[&str] = &[
    "Dummy__ref_element_should_have_correct_namespace",
    "Dummy__should_remove_leading_and_trailing_whitespace_by_default",
    "createData__should_generate_complex_type_request",
];

/// Cases whose WSDL declares SOAP 1.2 while that client writes the envelope of 1.1: theirs is compared as one of 1.2.
const BOUND_TO_SOAP_12: &[&str] = &[
    "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_missing",
    "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_qualified",
    "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_unqualified",
];

#[tokio::test]
async fn complete_pairs_are_sent_and_read_alike() {
    let Some(folder) = project::shared("fixtures/soap/node-soap-cases") else { return };
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).is_dir())
        .collect();
    names.sort();
    let (mut pairs, mut halves, mut wrong) = (0, 0, Vec::new());
    for name in &names {
        let other = OTHERS.iter().find(|(other, _, _)| other == name).map(|(_, run, _)| *run);
        if other == Some(Nothing) {
            continue;
        }
        match run(&folder.join(name), name, other).await {
            Ok(true) => pairs += 1,
            Ok(false) => halves += 1,
            Err(message) => wrong.push(format!("{name}: {message}")),
        }
    }
    let nothing = OTHERS.iter().filter(|(_, run, _)| *run == Nothing).count();
    println!("{pairs} pairs, {halves} in one direction, {nothing} not run of {}", names.len());
    for (name, _, reason) in OTHERS {
        assert!(names.iter().any(|known| known == name), "{name}: {reason}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(pairs + halves + nothing, names.len());
}

/// The files of a case: some import schemas of a vendor that are not there, of which two types are used.
#[derive(Debug)]
struct Case(project::Folder);

impl Files for Case {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if let Some(own) = path.strip_prefix("a/b/c/d/") {
            return self.0.read(own);
        }
        let (_, name) = path.rsplit_once("platform/").ok_or("it does not exist")?;
        if let Ok(found) = self.0.read(&format!("soap.{name}")) {
            return Ok(found);
        }
        let space = match name {
            "platform.coreTypes.xsd" => "urn:types.core_2013_2.platform.webservices.netsuite.com",
            "platform.faultTypes.xsd" => "urn:types.faults_2013_2.platform.webservices.netsuite.com",
            "platform.common.xsd" => "urn:common_2013_2.platform.webservices.netsuite.com",
            "platform.commonTypes.xsd" => "urn:types.common_2013_2.platform.webservices.netsuite.com",
            "lists.relationshipTypes.xsd" => "urn:types.relationships_2013_2.lists.webservices.netsuite.com",
            _ => return Err("it does not exist".into()),
        };
        let text = "<xs:restriction base='xs:string'/>";
        Ok(format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='{space}'>\
             <xs:simpleType name='StatusDetailCodeType'>{text}</xs:simpleType>\
             <xs:simpleType name='StatusDetailType'>{text}</xs:simpleType></xs:schema>"
        )
        .into_bytes())
    }
}

/// Runs a case; `true` if it was run in both directions.
async fn run(folder: &Path, name: &str, other: Option<Run>) -> Result<bool, String> {
    let json = |name: &str| -> Option<Value> {
        serde_json::from_str(&std::fs::read_to_string(folder.join(name)).ok()?).ok()
    };
    let xml = |file: &str| -> Option<String> {
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        let old = "http://schemas.xmlsoap.org/soap/envelope/";
        let new = "http://www.w3.org/2003/05/soap-envelope";
        Some(if BOUND_TO_SOAP_12.contains(&name) { text.replace(old, new) } else { text })
    };
    for option in ["wsdl_options.json", "options.json", "security.json", "header.json"] {
        if folder.join(option).exists() {
            return Err(format!("has {option}"));
        }
    }
    let reply = xml("response.xml");
    let answer = reply.clone().unwrap_or_default();
    let server = Server::start(vec![answer_of(&answer)]).await;
    let tolerant = if BROKEN_WSDL.contains(&name) { "true" } else { "false" };
    let opened = project::open_files(
        &Case(project::Folder(folder.to_owned())),
        &[("wsdl", "a/b/c/d/soap.wsdl"), ("url", &server.url), ("tolerant", tolerant)],
    )?;
    let catalogue = &opened.catalogue;
    let operation = name.split("__").next().unwrap();
    let id = catalogue.operations.iter().position(|known| &*known.name == operation);
    let id = OperationId(u32::try_from(id.ok_or("no such operation")?).unwrap());
    let declared = &catalogue.operations[id.0 as usize];

    let request = json("request.json").filter(|_| other != Some(ReplyOnly)).unwrap_or_default();
    let mut telling =
        json::Telling::new(&catalogue.shape, catalogue.shape.part(declared.request).ty, request);
    let body = opened.connection.encode(id, &mut telling).map_err(|error| {
        format!("{error} {}", error.source.as_ref().map(ToString::to_string).unwrap_or_default())
    })?;
    let cx = CallContext::new("test", Duration::from_secs(5));
    let backend = opened.connection.backend().ok_or("no backend")?;
    let called = backend.call(&cx, &Request { operation: id, body, repeatable: true }).await;
    if other != Some(ReplyOnly) {
        let sent = server.asked().pop().ok_or("nothing was sent")?.body;
        let expected = xml("request.xml").ok_or("no request.xml")?;
        if let Some(difference) = opened.connection.difference(expected.as_bytes(), sent.as_bytes())? {
            return Err(format!("request: {difference}\n{sent}"));
        }
    }
    if other == Some(RequestOnly) || reply.is_none() {
        return Ok(false);
    }
    let expected = json("response.json").unwrap_or_default();
    let document = match called {
        Ok(Reply::Answer(document)) => document,
        Ok(Reply::Fault(fault)) => return Err(format!("fault {}: {}", fault.code, fault.text)),
        Err(error) => return Err(format!("reply: {error}")),
    };
    let read = read(document, &cx, &catalogue.shape).await?;
    match json::differ(&expected, &read, "") {
        None => Ok(other.is_none()),
        Some(difference) => Err(format!("reply {difference}")),
    }
}

async fn read(
    mut document: Box<dyn ReplyBody>,
    cx: &CallContext,
    shape: &Arc<Shape>,
) -> Result<Value, String> {
    let mut reading = json::Reading::new(shape);
    loop {
        match document.advance(&mut reading).map_err(|error| format!("reply: {error}"))? {
            Progress::NeedInput => document.more(cx).await.map_err(|error| error.to_string())?,
            Progress::End => break,
            other => return Err(format!("{other:?}")),
        }
    }
    match reading.unknown.is_empty() {
        true => Ok(reading.value()),
        false => Err(format!("reply: unknown {:?}", reading.unknown)),
    }
}

fn answer_of(body: &str) -> Vec<u8> {
    server::answer("200 OK", "Content-Type: text/xml; charset=utf-8\r\n", body.as_bytes())
}
