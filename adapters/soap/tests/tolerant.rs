//! What a service sends that contradicts its own WSDL: refused or residue, unless the connection is tolerant.
//!
//! **Invariant.** Every row is read both ways, over a real socket.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/json.rs"]
mod json;
#[path = "support/project.rs"]
mod project;
#[path = "support/server.rs"]
mod server;

use adapters_ports::{CallContext, Files, Opened, Reply, ReplyBody, Request};
use kernel::{OperationId, Progress, Shape};
use serde_json::{Value, json};
use server::Server;
use std::sync::Arc;
use std::time::Duration;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// A service whose answer has parts of one local name in two namespaces, a type with a derived one, and any elements.
const WSDL: &str = "
<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/'
    xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:t='urn:t' xmlns:o='urn:o' targetNamespace='urn:t'>
  <types>
    <xs:schema targetNamespace='urn:o'><xs:element name='twice' type='xs:string'/></xs:schema>
    <xs:schema targetNamespace='urn:t' elementFormDefault='qualified'>
      <xs:import namespace='urn:o'/>
      <xs:element name='ask' type='xs:string'/>
      <xs:complexType name='Base'><xs:sequence><xs:element name='b' type='xs:string' minOccurs='0'/></xs:sequence></xs:complexType>
      <xs:complexType name='More'><xs:complexContent><xs:extension base='t:Base'><xs:sequence>
        <xs:element name='m' type='xs:string' minOccurs='0'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:element name='answer'><xs:complexType><xs:sequence>
        <xs:element name='a' type='xs:string' minOccurs='0' maxOccurs='unbounded'/>
        <xs:element name='twice' type='xs:string' minOccurs='0'/>
        <xs:element ref='o:twice' minOccurs='0'/>
        <xs:element name='base' type='t:Base' minOccurs='0'/>
        <xs:element name='open' minOccurs='0'><xs:complexType><xs:sequence>
          <xs:element name='a' type='xs:string' minOccurs='0'/><xs:any processContents='skip' minOccurs='0' maxOccurs='unbounded'/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence><xs:attribute name='id' type='xs:string'/></xs:complexType></xs:element>
      <xs:element name='reason'><xs:complexType><xs:sequence><xs:element name='why' type='xs:string'/></xs:sequence></xs:complexType></xs:element>
    </xs:schema>
  </types>
  <message name='In'><part name='p' element='t:ask'/></message>
  <message name='Out'><part name='p' element='t:answer'/></message>
  <message name='Bad'><part name='p' element='t:reason'/></message>
  <portType name='P'><operation name='Ask'><input message='t:In'/><output message='t:Out'/><fault name='f' message='t:Bad'/></operation></portType>
  <binding name='B' type='t:P'><soap:binding style='document' transport='http://schemas.xmlsoap.org/soap/http'/>
    <operation name='Ask'><soap:operation soapAction=''/><input><soap:body use='literal'/></input><output><soap:body use='literal'/></output>
    <fault name='f'><soap:fault name='f' use='literal'/></fault></operation></binding>
  <service name='S'><port name='P' binding='t:B'><soap:address location='http://localhost/'/></port></service>
</definitions>";

#[derive(Debug)]
struct Wsdl;

impl Files for Wsdl {
    fn read(&self, _path: &str) -> Result<Vec<u8>, String> {
        Ok(WSDL.as_bytes().to_vec())
    }
}

/// What a reply with this body comes to: a value with what is unknown, or why it is refused.
async fn read(body: &str, tolerant: bool) -> Result<(Value, Vec<String>), String> {
    let envelope = format!("<s:Envelope xmlns:s='{SOAP}'><s:Body>{body}</s:Body></s:Envelope>");
    let reply = server::answer("200 OK", "Content-Type: text/xml\r\n", envelope.as_bytes());
    let server = Server::start(vec![reply]).await;
    let keys =
        [("wsdl", "s.wsdl"), ("url", &*server.url), ("tolerant", if tolerant { "true" } else { "false" })];
    let opened: Opened = project::open_files(&Wsdl, &keys)?;
    let shape = &opened.catalogue.shape;
    let root = opened.catalogue.operations[0].request;
    let mut asked = json::Telling::new(shape, shape.part(root).ty, Value::Null);
    let body = opened.connection.encode(OperationId(0), &mut asked).map_err(|error| error.to_string())?;
    let cx = CallContext::new("test", Duration::from_secs(5));
    let request = Request { operation: OperationId(0), body, repeatable: true };
    let called = opened.connection.backend().unwrap().call(&cx, &request).await;
    match called.map_err(|error| error.to_string())? {
        Reply::Answer(document) => all(document, &cx, shape).await,
        Reply::Fault(fault) => match fault.detail {
            Some((_, document)) => all(document, &cx, shape).await,
            None => Err("a fault without a known detail".into()),
        },
    }
}

async fn all(
    mut document: Box<dyn ReplyBody>,
    cx: &CallContext,
    shape: &Arc<Shape>,
) -> Result<(Value, Vec<String>), String> {
    let mut reading = json::Reading::new(shape);
    loop {
        match document.advance(&mut reading).map_err(|error| error.message)? {
            Progress::NeedInput => document.more(cx).await.map_err(|error| error.to_string())?,
            _ => {
                let unknown = std::mem::take(&mut reading.unknown);
                return Ok((reading.value(), unknown));
            }
        }
    }
}

/// Compares what an exact and what a tolerant connection reads.
async fn check(body: &str, exact: Result<(Value, &[&str]), &str>, tolerant: (Value, &[&str])) {
    let owned = |(value, unknown): (Value, &[&str])| {
        (value, unknown.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    match (read(body, false).await, exact) {
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{body}: {found}"),
        (found, exact) => assert_eq!(found, Ok(owned(exact.unwrap())), "{body}"),
    }
    assert_eq!(read(body, true).await, Ok(owned(tolerant)), "tolerant: {body}");
}

#[tokio::test]
async fn a_name_in_another_namespace_is_the_one_part_of_its_local_name() {
    let a = || json!({ "a": "1" });
    check("<t:answer xmlns:t='urn:t'><t:a>1</t:a></t:answer>", Ok((a(), &[])), (a(), &[])).await;
    check("<t:answer xmlns:t='urn:t'><a>1</a></t:answer>", Ok((json!({}), &["a"])), (a(), &[])).await;
    check(
        "<t:answer xmlns:t='urn:t' xmlns:x='urn:x'><x:a>1</x:a></t:answer>",
        Ok((json!({}), &["a"])),
        (a(), &[]),
    )
    .await;
    let both = json!({ "a": ["1", "2"] });
    let mixed = "<t:answer xmlns:t='urn:t'><t:a>1</t:a><a>2</a></t:answer>";
    check(mixed, Ok((a(), &["a"])), (both, &[])).await;
    let order = json!({ "a": "1", "twice": "2" });
    let turned = "<t:answer xmlns:t='urn:t'><t:twice>2</t:twice><t:a>1</t:a></t:answer>";
    check(turned, Ok((order.clone(), &[])), (order, &[])).await;
    let id = json!({ "attributes": { "id": "7" } });
    check("<t:answer xmlns:t='urn:t' t:id='7'/>", Ok((json!({}), &["id"])), (id, &[])).await;
    let else_ = "<t:answer xmlns:t='urn:t'><A>1</A><z/></t:answer>";
    check(else_, Ok((json!({}), &["A", "z"])), (json!({}), &["A", "z"])).await;
}

#[tokio::test]
async fn a_name_that_may_be_several_parts_stays_unknown_and_an_exact_one_goes_first() {
    let unclear = "<t:answer xmlns:t='urn:t'><twice>1</twice></t:answer>";
    check(unclear, Ok((json!({}), &["twice"])), (json!({}), &["twice"])).await;
    let clear = "<t:answer xmlns:t='urn:t' xmlns:o='urn:o'><o:twice>1</o:twice></t:answer>";
    check(clear, Ok((json!({ "twice": "1" }), &[])), (json!({ "twice": "1" }), &[])).await;
    // Where any element may stand, an unknown one is just that.
    let open = "<t:answer xmlns:t='urn:t'><t:open><a>1</a></t:open></t:answer>";
    check(open, Ok((json!({ "open": {} }), &[])), (json!({ "open": {} }), &[])).await;
}

#[tokio::test]
async fn a_root_a_detail_and_a_type_may_be_in_another_namespace() {
    let answer = json!({ "a": "1" });
    check(
        "<answer xmlns='urn:x'><a>1</a></answer>",
        Err("expected the element {urn:t}answer"),
        (answer.clone(), &[]),
    )
    .await;
    check("<answer><a>1</a></answer>", Err("expected the element {urn:t}answer"), (answer, &[])).await;
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let typed = format!(
        "<answer xmlns='urn:t' {xsi} xmlns:x='urn:x'><base xsi:type='x:More'><b>1</b><m>2</m></base></answer>"
    );
    let more = json!({ "base": { "b": "1", "m": "2" } });
    check(&typed, Err("xsi:type names {urn:x}More"), (more, &[])).await;
    let fault = format!(
        "<s:Fault xmlns:s='{SOAP}'><faultcode>s:Server</faultcode><faultstring>no</faultstring>\
         <detail><reason><why>full</why></reason></detail></s:Fault>"
    );
    check(&fault, Err("a fault without a known detail"), (json!({ "why": "full" }), &[])).await;
    for tolerant in [false, true] {
        let other = read("<other xmlns='urn:t'/>", tolerant).await;
        assert!(other.unwrap_err().contains("expected the element {urn:t}answer, found {urn:t}other"));
    }
}
