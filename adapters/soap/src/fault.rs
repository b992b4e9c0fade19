//! SOAP faults, taken apart.
//!
//! **Invariant.** Texts of a fault go into the reply for the error table; they never become a message of ours.
//!
//! Source: SOAP 1.1, section 4.4; SOAP 1.2 Part 1, section 5.4.

use crate::wire::decoder::{Begin, Decoder, Root};
use crate::wire::envelope::{SOAP_11, SOAP_12};
use crate::wire::lookup::Index;
use crate::wire::walk::{Child, Next, Walk, without_prefix};
use adapters_ports::{BoxFuture, CallContext, FaultReply, ReplyBody};
use bytes::Bytes;
use kernel::{DecodeError, Document, Error, Limits, PartId, Progress, Visitor};

/// A message that arrived as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    /// Its pieces.
    pub(crate) pieces: &'a [Bytes],
    /// The charset that HTTP says.
    pub(crate) charset: Option<&'a str>,
    /// Its limits.
    pub(crate) limits: Limits,
}

/// Reads a fault; `details` are the parts that its detail may be.
///
/// # Errors
/// The message is not well-formed.
pub(crate) fn read(
    message: Message<'_>,
    index: &Index,
    details: &[PartId],
) -> Result<FaultReply, DecodeError> {
    let mut walk = fault(message)?;
    let mut reply = FaultReply::default();
    let mut detail = None;
    let mut fault_child = 0;
    while let Next::Element(child) = walk.next()? {
        match child.local.as_str() {
            "faultcode" => reply.code = without_prefix(&walk.text(&child)?).to_owned(),
            "faultstring" => reply.text = walk.text(&child)?.trim().to_owned(),
            "Code" => reply.code = code(&mut walk, &child)?,
            "Reason" => reply.text = reason(&mut walk, &child)?,
            "detail" | "Detail" => {
                walk.enter(&child);
                let found = entry(&mut walk, index, details)?;
                detail = found.map(|(part, n)| (part, fault_child, n));
            }
            _ => walk.pass(&child),
        }
        fault_child += 1;
    }
    if let Some((part, fault_child, n)) = detail {
        reply.detail = Some((part, Box::new(decoder(message, index, part, fault_child, n)?)));
    }
    Ok(reply)
}

/// Walks into the fault of a message.
fn fault(message: Message<'_>) -> Result<Walk, DecodeError> {
    let mut walk = Walk::new(message.limits, message.charset);
    message.pieces.iter().for_each(|piece| walk.tokens.feed(piece));
    walk.tokens.close();
    for name in ["Envelope", "Body", "Fault"] {
        loop {
            match walk.next()? {
                Next::Element(child) if child.local == name && matches!(&*child.space, SOAP_11 | SOAP_12) => {
                    walk.enter(&child);
                    break;
                }
                Next::Element(child) => walk.pass(&child),
                Next::End | Next::NeedInput => return Err(DecodeError::new("the message has no fault", 0)),
            }
        }
    }
    Ok(walk)
}

/// The values of a code and its subcodes, outermost first, joined by points: `Sender.MessageTimeout`.
fn code(walk: &mut Walk, code: &Child) -> Result<String, DecodeError> {
    walk.enter(code);
    let mut names: Vec<String> = Vec::new();
    let mut depth = 1;
    while depth > 0 {
        match walk.next()? {
            Next::Element(child) if child.local == "Value" => {
                names.push(without_prefix(&walk.text(&child)?).to_owned());
            }
            Next::Element(child) if child.local == "Subcode" => {
                walk.enter(&child);
                depth += 1;
            }
            Next::Element(child) => walk.pass(&child),
            Next::End => depth -= 1,
            Next::NeedInput => break,
        }
    }
    Ok(names.join("."))
}

/// The first text of a reason.
fn reason(walk: &mut Walk, reason: &Child) -> Result<String, DecodeError> {
    walk.enter(reason);
    let mut text = None;
    while let Next::Element(child) = walk.next()? {
        match text {
            None if child.local == "Text" => text = Some(walk.text(&child)?.trim().to_owned()),
            _ => walk.pass(&child),
        }
    }
    Ok(text.unwrap_or_default())
}

/// The first entry of a detail that is one of the declared parts, and which child it is.
fn entry(walk: &mut Walk, index: &Index, details: &[PartId]) -> Result<Option<(PartId, usize)>, DecodeError> {
    let mut found = None;
    let mut n = 0;
    while let Next::Element(child) = walk.next()? {
        let space = Some(child.space.as_str()).filter(|space| !space.is_empty());
        if let (None, Some(part)) = (found, index.root(details, space, &child.local)) {
            found = Some((part, n));
        }
        walk.pass(&child);
        n += 1;
    }
    Ok(found)
}

/// A decoder for child `n` of the detail, which is child `fault_child` of the fault.
fn decoder(
    message: Message<'_>,
    index: &Index,
    part: PartId,
    fault_child: usize,
    n: usize,
) -> Result<Detail, DecodeError> {
    let mut walk = fault(message)?;
    for (skipped, enter) in [(fault_child, true), (n, false)] {
        for at in 0..=skipped {
            let Next::Element(child) = walk.next()? else {
                return Err(DecodeError::new("the message has no such detail", 0));
            };
            match at == skipped {
                false => walk.pass(&child),
                true if enter => walk.enter(&child),
                true => {}
            }
        }
    }
    let context = walk.context();
    let root = Root { part, ty: index.shape().part(part).ty, name: None, context, read: None };
    let bytes = walk.tokens.input.bytes_read();
    Ok(Detail { decoder: Decoder::within(walk.tokens, walk.warm, index.clone(), root, Begin::Tag), bytes })
}

/// The detail of a fault, which has arrived as a whole.
#[derive(Debug)]
struct Detail {
    decoder: Decoder,
    bytes: u64,
}

impl Document for Detail {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        self.decoder.advance(to)
    }
}

impl ReplyBody for Detail {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn bytes_read(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::testing::{Recorder, sample};

    fn told(xml: &str) -> (String, String, Option<Vec<String>>) {
        let sample = sample();
        let pieces = [Bytes::copy_from_slice(xml.as_bytes())];
        let message = Message { pieces: &pieces, charset: None, limits: Limits::default() };
        let reply = read(message, &sample.index, &[sample.order]).unwrap();
        let detail = reply.detail.map(|(_, mut document)| {
            let mut recorder = Recorder::new(&sample.index);
            assert_eq!(document.advance(&mut recorder), Ok(Progress::End));
            recorder.events
        });
        (reply.code, reply.text, detail)
    }

    #[test]
    fn a_fault_of_either_version_has_code_text_and_detail() {
        let check = |xml: &str, code: &str, text: &str, detail: Option<&[&str]>| {
            let detail = detail.map(|events| events.iter().map(|&event| event.to_owned()).collect());
            assert_eq!(told(xml), (code.to_owned(), text.to_owned(), detail), "{xml}");
        };
        let v11 = |fault: &str| {
            format!(
                "<s:Envelope xmlns:s='{SOAP_11}'><s:Header><x/></s:Header><s:Body><s:Fault>{fault}</s:Fault></s:Body></s:Envelope>"
            )
        };
        let v12 = |fault: &str| {
            format!(
                "<s:Envelope xmlns:s='{SOAP_12}'><s:Body><s:Fault>{fault}</s:Fault></s:Body></s:Envelope>"
            )
        };
        check(
            &v11("<faultcode> s:Client.NotFound\n</faultcode><faultstring>no &amp; no</faultstring>"),
            "Client.NotFound",
            "no & no",
            None,
        );
        check(
            &v11(
                "<detail><other/><order xmlns='urn:t'><note>1</note></order></detail><faultcode>x</faultcode>",
            ),
            "x",
            "",
            Some(&["note=\"1\""]),
        );
        check(&v11("<faultcode>a</faultcode><detail><stack/></detail>"), "a", "", None);
        check(
            &v12(
                "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:m='u'>m:Timeout</s:Value></s:Subcode></s:Code>\
                 <s:Reason><s:Text xml:lang='en'>late</s:Text><s:Text xml:lang='de'>spaet</s:Text></s:Reason>\
                 <s:Detail><order xmlns='urn:t' id='1'/></s:Detail>",
            ),
            "Sender.Timeout",
            "late",
            Some(&["@id=\"1\""]),
        );
        check(&v12(""), "", "", None);
    }
}
