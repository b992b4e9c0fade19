//! What an independent client sends and reads for the same WSDL, over a real socket.
//!
//! Envelopes are compared as infosets, replies by value.
//!
//! **Invariant.** Each case is run as its row says, and no more rows say less than is needed: the numbers are asserted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "node_soap/cases.rs"]
mod cases;
#[path = "node_soap/envelope.rs"]
mod envelope;
#[path = "node_soap/files.rs"]
mod files;
#[path = "support/json.rs"]
mod json;
#[path = "support/project.rs"]
mod project;
#[path = "support/server.rs"]
mod server;

use adapters_ports::{CallContext, Opened, Reply, ReplyBody, Request};
use cases::{BOUND_TO_SOAP_12, CASES, Case, Read, Sent, TOLERANT, WHOLE};
use files::{CaseFiles, renamed, without_attribute};
use kernel::{OperationId, PartId, Progress};
use serde_json::Value;
use server::Server;
use std::path::PathBuf;
use std::time::Duration;

/// How many cases were run how.
#[derive(Debug, Default, PartialEq)]
struct Told {
    /// Both directions, to the last name and value.
    exact: usize,
    /// Both directions; one of them as its row says.
    nearly: usize,
    /// The request alone.
    sent: usize,
    /// The reply alone.
    read: usize,
    /// Neither.
    nothing: usize,
}

impl Told {
    fn count(&mut self, case: Case, sent: bool, read: bool) {
        let exact = matches!((case.sent, case.read), (Sent::Exact, Read::Whole));
        *match (sent, read) {
            (true, true) if exact => &mut self.exact,
            (true, true) => &mut self.nearly,
            (true, false) => &mut self.sent,
            (false, true) => &mut self.read,
            (false, false) => &mut self.nothing,
        } += 1;
    }
}

#[tokio::test]
async fn complete_pairs_are_sent_and_read_alike() {
    let Some(folder) = project::shared("fixtures/soap/node-soap-cases") else { return };
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).is_dir())
        .collect();
    names.sort();
    let listed = CASES.iter().map(|case| case.name).chain(TOLERANT.iter().map(|(name, _)| *name));
    for name in listed.chain(BOUND_TO_SOAP_12.iter().copied()) {
        assert!(names.iter().any(|known| known == name), "there is no case {name}");
    }
    let (mut told, mut wrong) = (Told::default(), Vec::new());
    for name in &names {
        let case = CASES.iter().find(|case| case.name == name).copied().unwrap_or(WHOLE);
        let run = Run { folder: folder.join(name), name, case };
        match run.run().await {
            Ok((sent, read)) => told.count(case, sent, read),
            Err(message) => wrong.push(format!("{name}: {message}")),
        }
    }
    println!("{told:?} of {}", names.len());
    for case in CASES {
        println!("{}: {:?}, {:?}: {}", case.name, case.sent, case.read, case.why);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(told, Told { exact: 19, nearly: 11, sent: 14, read: 13, nothing: 5 });
}

/// One case.
struct Run<'a> {
    folder: PathBuf,
    name: &'a str,
    case: Case,
}

impl Run<'_> {
    /// Says whether the request and the reply were compared, and were alike.
    async fn run(&self) -> Result<(bool, bool), String> {
        let options = ["wsdl_options.json", "options.json", "security.json", "header.json"];
        if let Some(option) = options.iter().find(|option| self.folder.join(option).exists())
            && self.case == WHOLE
        {
            return Err(format!("has {option} and no row"));
        }
        if (self.case.sent, self.case.read) == (Sent::No, Read::No) {
            return Ok((false, false));
        }
        let answer = self.xml("response.xml").filter(|_| self.case.read != Read::No);
        let kind = "Content-Type: text/xml; charset=utf-8\r\n";
        let body = answer.clone().unwrap_or_default();
        let server = Server::start(vec![server::answer("200 OK", kind, body.as_bytes())]).await;
        let opened = self.open(&server.url)?;
        let operation = self.name.split("__").next().unwrap();
        let id = opened.catalogue.operations.iter().position(|known| &*known.name == operation);
        let id = OperationId(u32::try_from(id.ok_or("no such operation")?).unwrap());
        let cx = CallContext::new("test", Duration::from_secs(5));
        let request = Request { operation: id, body: self.request(&opened, id)?, repeatable: true };
        let called = opened.connection.backend().ok_or("no backend")?.call(&cx, &request).await;
        let sent = server.asked().pop().ok_or("nothing was sent")?.body;
        if let Some(difference) = self.sent(&opened, id, &sent, &request)? {
            return Err(format!("request: {difference}\n{sent}"));
        }
        if answer.is_none() {
            return Ok((true, false));
        }
        let document = match called {
            Ok(Reply::Answer(document)) => document,
            Ok(Reply::Fault(fault)) => return Err(format!("fault {}: {}", fault.code, fault.text)),
            Err(error) => return Err(format!("reply: {error}")),
        };
        self.read(document, &cx, &opened).await?;
        Ok((self.case.sent != Sent::No, true))
    }

    fn open(&self, url: &str) -> Result<Opened, String> {
        let tolerant = TOLERANT.iter().any(|(name, _)| *name == self.name).to_string();
        let mut keys = vec![("wsdl", "a/b/c/d/soap.wsdl"), ("url", url), ("tolerant", &tolerant)];
        let security = self.json("security.json");
        let secured = security.is_some() && self.case.sent == Sent::Secured;
        let security = security.unwrap_or_default();
        let auth = |name: &str| security[name].as_str().unwrap_or_default().to_owned();
        let stamp = security.pointer("/options/hasTimeStamp") != Some(&Value::Bool(false));
        // That client's messages are valid for ten minutes.
        let stamp = if stamp { "10m" } else { "off" };
        let (user, password) = (auth("username"), auth("password"));
        let auth = format!("type: wsse\nuser: {user}\npassword: {password}\ntimestamp: {stamp}\n");
        if secured {
            keys.push(("auth", &auth));
        }
        project::open_files(&CaseFiles(project::Folder(self.folder.clone())), &keys)
    }

    /// Makes the body of the request; where it is not compared, of nothing.
    fn request(&self, opened: &Opened, id: OperationId) -> Result<adapters_ports::Wire, String> {
        let shape = &opened.catalogue.shape;
        let root = opened.catalogue.operations[id.0 as usize].request;
        let value = self.json("request.json").filter(|_| self.case.sent != Sent::No);
        let mut telling = json::Telling::new(shape, shape.part(root).ty, value.unwrap_or_default());
        opened.connection.encode(id, &mut telling).map_err(|error| {
            format!("{error} {}", error.source.as_ref().map(ToString::to_string).unwrap_or_default())
        })
    }

    fn sent(
        &self,
        opened: &Opened,
        id: OperationId,
        sent: &str,
        request: &Request,
    ) -> Result<Option<String>, String> {
        if self.case.sent == Sent::No {
            return Ok(None);
        }
        let theirs = self.xml("request.xml").or_else(|| self.xml("reqeust.xml")).ok_or("no request.xml")?;
        let differ = |a: &str, b: &str| opened.connection.difference(a.as_bytes(), b.as_bytes());
        match self.case.sent {
            Sent::No => Ok(None),
            Sent::Exact => differ(&theirs, sent),
            Sent::Secured => {
                let (expected, found) = (envelope::claims(&theirs), envelope::claims(sent));
                if expected != found {
                    return Ok(Some(format!("expected {expected:?}, found {found:?}")));
                }
                differ(&envelope::without_header(&theirs), &envelope::without_header(sent))
            }
            Sent::Content => {
                if differ(&theirs, sent)?.is_none() {
                    return Err("the request is the same; the row is idle".into());
                }
                let root = opened.catalogue.operations[id.0 as usize].request;
                let theirs = envelope::body(&theirs).ok_or("request.xml has no body")?;
                let theirs = content(opened, root, theirs.as_bytes())?;
                Ok(json::differ(&theirs, &content(opened, root, &request.body)?, ""))
            }
        }
    }

    async fn read(
        &self,
        mut document: Box<dyn ReplyBody>,
        cx: &CallContext,
        opened: &Opened,
    ) -> Result<(), String> {
        let mut reading = json::Reading::new(&opened.catalogue.shape);
        loop {
            match document.advance(&mut reading).map_err(|error| format!("reply: {error}"))? {
                Progress::NeedInput => document.more(cx).await.map_err(|error| error.to_string())?,
                Progress::End => break,
                other => return Err(format!("{other:?}")),
            }
        }
        let undeclared = if let Read::Except(names) = self.case.read { names } else { &[] };
        if reading.unknown != undeclared {
            return Err(format!("reply: unknown {:?}", reading.unknown));
        }
        let mut expected = self.json("response.json").unwrap_or_default();
        undeclared.iter().for_each(|name| without_attribute(&mut expected, name));
        let difference = json::differ(&expected, &reading.value(), "");
        difference.map_or(Ok(()), |difference| Err(format!("reply {difference}")))
    }

    /// A file of JSON, with the keys for attributes and values that are ours.
    fn json(&self, name: &str) -> Option<Value> {
        let read =
            |name: &str| serde_json::from_str(&std::fs::read_to_string(self.folder.join(name)).ok()?).ok();
        let options: Value = read("wsdl_options.json").unwrap_or_default();
        let key = |option: &str, ours: &'static str| Some((options.get(option)?.as_str()?.to_owned(), ours));
        let keys: Vec<(String, &str)> =
            [key("attributesKey", "attributes"), key("valueKey", "$value")].into_iter().flatten().collect();
        Some(renamed(read(name)?, &keys))
    }

    fn xml(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join(name)).ok()?;
        let old = "http://schemas.xmlsoap.org/soap/envelope/";
        let new = "http://www.w3.org/2003/05/soap-envelope";
        Some(if BOUND_TO_SOAP_12.contains(&self.name) { text.replace(old, new) } else { text })
    }
}

/// What an element holds that is the root of a request, types included.
fn content(opened: &Opened, root: PartId, xml: &[u8]) -> Result<Value, String> {
    let mut reading = json::Reading::new(&opened.catalogue.shape);
    reading.types = true;
    let mut document = opened.connection.decode_part(root, xml)?;
    match document.advance(&mut reading).map_err(|error| error.to_string())? {
        Progress::End if reading.unknown.is_empty() => Ok(reading.value()),
        other => Err(format!("{other:?}, unknown {:?}", reading.unknown)),
    }
}
