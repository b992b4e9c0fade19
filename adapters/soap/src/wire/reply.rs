//! The beginning of a reply: finds the body of an envelope and says what is in it.
//!
//! **Invariant.** What a reply is, is decided by its body alone; a status never makes a fault of an answer.

use super::decoder::{Begin, Decoder, Root};
use super::envelope::{SOAP_11, SOAP_12, namespace};
use super::lookup::Index;
use super::walk::{Child, Next, Walk};
use crate::wsdl::{Payload, SoapVersion, Style};
use kernel::{DecodeError, Limits, PartId};

/// What a reply should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// The version of the envelope.
    pub(crate) version: SoapVersion,
    /// The root of the operation's reply.
    pub(crate) root: PartId,
    /// How the body is made of it.
    pub(crate) payload: Payload,
    /// In rpc style the name of the one element in the body means nothing.
    pub(crate) style: Style,
}

impl Expected {
    /// What a one-way operation expects: any envelope that has no fault.
    pub(crate) fn nothing(version: SoapVersion) -> Self {
        Self { version, root: PartId::TYPE, payload: Payload::Element, style: Style::Rpc }
    }
}

/// The beginning of a reply, read piece by piece.
#[derive(Debug)]
pub(crate) struct Beginning {
    walk: Walk,
    stage: Stage,
    /// Nothing but the envelope and its body was met.
    bare: bool,
    index: Index,
}

/// What the body holds.
#[derive(Debug)]
pub(crate) enum Held {
    /// An answer, which a decoder goes on with.
    Answer(Box<Decoder>),
    /// A fault.
    Fault,
    /// Nothing, though an answer was expected.
    Nothing,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Outside,
    Envelope(SoapVersion),
    Body(SoapVersion),
}

/// What comes next in the envelope, with what was found of it.
enum Step {
    On,
    Wait,
    Held(Judged),
}

enum Judged {
    Answer(Option<Child>, SoapVersion),
    Fault,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is no SOAP message at all.
    NotSoap(DecodeError),
    /// It is one, and a bad one.
    Bad(DecodeError),
}

impl Beginning {
    /// Starts to read a reply. `charset` is what HTTP says.
    pub(crate) fn new(index: &Index, limits: Limits, charset: Option<&str>) -> Self {
        let walk = Walk::within(index.pool.take(), limits, charset);
        Self { walk, stage: Stage::Outside, bare: true, index: index.clone() }
    }

    /// Takes a piece of the reply.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        self.walk.tokens.feed(piece);
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&mut self) {
        self.walk.tokens.close();
    }

    /// Says what the body holds as soon as that is known; an answer takes the message along.
    ///
    /// # Errors
    /// It is no envelope, or none of this version, or not well-formed.
    pub(crate) fn held(mut self, expected: &Expected) -> Result<Result<Held, Self>, Refusal> {
        if let Some(version) = self.walk.recall() {
            self.stage = Stage::Body(version);
        }
        loop {
            let outside = matches!(self.stage, Stage::Outside);
            let step = self.step().map_err(|error| match outside {
                true => Refusal::NotSoap(error),
                false => Refusal::Bad(error),
            })?;
            match step {
                Step::On => {}
                Step::Wait => return Ok(Err(self)),
                Step::Held(Judged::Fault) => return Ok(Ok(Held::Fault)),
                Step::Held(Judged::Answer(child, version)) => {
                    return self.answer(child, version, expected).map(Ok).map_err(Refusal::Bad);
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step, DecodeError> {
        let offset = self.walk.tokens.input.offset(self.walk.tokens.input.at);
        let child = match self.walk.next()? {
            Next::NeedInput => return Ok(Step::Wait),
            Next::Element(child) => child,
            Next::End => {
                return match self.stage {
                    Stage::Body(version) => Ok(Step::Held(Judged::Answer(None, version))),
                    _ => Err(DecodeError::new("the envelope has no body", offset)),
                };
            }
        };
        match self.stage {
            Stage::Outside => {
                let version = match child.space.as_str() {
                    SOAP_11 if child.local == "Envelope" => SoapVersion::V11,
                    SOAP_12 if child.local == "Envelope" => SoapVersion::V12,
                    _ => {
                        let message = format!("expected a SOAP envelope, found {}", child.describe());
                        return Err(DecodeError::new(message, offset));
                    }
                };
                self.walk.enter(&child);
                self.stage = Stage::Envelope(version);
            }
            Stage::Envelope(version) if child.is(namespace(version), "Body") => {
                self.walk.enter(&child);
                self.stage = Stage::Body(version);
            }
            Stage::Envelope(_) => {
                self.bare = false;
                self.walk.pass(&child);
            }
            Stage::Body(version) if child.is(namespace(version), "Fault") => {
                return Ok(Step::Held(Judged::Fault));
            }
            Stage::Body(version) => {
                if self.bare {
                    self.walk.remember(version);
                }
                return Ok(Step::Held(Judged::Answer(Some(child), version)));
            }
        }
        Ok(Step::On)
    }

    fn answer(
        self,
        child: Option<Child>,
        version: SoapVersion,
        expected: &Expected,
    ) -> Result<Held, DecodeError> {
        let offset = self.walk.tokens.input.offset(self.walk.tokens.input.at);
        if version != expected.version {
            let message = format!(
                "expected an envelope of {}, found one of {}",
                namespace(expected.version),
                namespace(version)
            );
            return Err(DecodeError::new(message, offset));
        }
        let part = self.index.shape().part(expected.root);
        let context = self.walk.context();
        let mut root = Root { part: expected.root, ty: part.ty, name: None, context, read: None };
        let begin = match (expected.payload, child) {
            (Payload::Parts, _) => Begin::Content,
            (Payload::Element, None) => return Ok(Held::Nothing),
            (Payload::Element, Some(child)) => {
                root.context = child.outer;
                root.read = Some((child.tag, child.context));
                root.name = (expected.style == Style::Document).then(|| part.name.clone());
                Begin::Tag
            }
        };
        let Walk { tokens, warm, .. } = self.walk;
        Ok(Held::Answer(Box::new(Decoder::within(tokens, warm, self.index, root, begin))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::testing::{Recorder, sample};
    use kernel::{Document, Progress};

    const TAGS: &str =
        "<?xml version='1.0'?><e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'>\n <e:Body>";

    /// Reads a reply in two pieces: what it says, or what is wrong.
    fn read(
        index: &Index,
        order: PartId,
        limits: Limits,
        xml: &str,
        cut: usize,
    ) -> Result<Vec<String>, String> {
        let expected = Expected {
            version: SoapVersion::V11,
            root: order,
            payload: Payload::Element,
            style: Style::Document,
        };
        let mut beginning = Beginning::new(index, limits, None);
        let mut pieces = [&xml.as_bytes()[..cut], &xml.as_bytes()[cut..]].into_iter();
        let mut decoder = loop {
            match pieces.next() {
                Some(piece) => beginning.feed(piece),
                None => beginning.close(),
            }
            match beginning.held(&expected) {
                Ok(Ok(Held::Answer(decoder))) => break decoder,
                Ok(Ok(other)) => return Ok(vec![format!("{other:?}")]),
                Ok(Err(waiting)) => beginning = waiting,
                Err(Refusal::NotSoap(error) | Refusal::Bad(error)) => return Err(error.message),
            }
        };
        let mut recorder = Recorder::new(index);
        loop {
            match decoder.advance(&mut recorder).map_err(|error| error.message)? {
                Progress::End => return Ok(recorder.events),
                _ => match pieces.next() {
                    Some(piece) => decoder.feed(piece),
                    None => decoder.close(),
                },
            }
        }
    }

    #[test]
    fn an_envelope_like_the_one_before_means_the_same_wherever_it_is_cut() {
        let sample = sample();
        let read = |xml: &str, cut| read(&sample.index, sample.order, Limits::default(), xml, cut);
        let end = "</e:Body></e:Envelope>";
        let note = |note: &str| Ok(vec![format!("note=\"{note}\"")]);
        let check = |body: String, expected: Result<Vec<String>, String>| {
            for cut in 0..=body.len() {
                // What was remembered of the message before is that it begins with the same tags.
                assert_eq!(read(&format!("{TAGS}<order xmlns='urn:t'/>{end}"), 0), Ok(vec![]));
                assert_eq!(read(&body, cut), expected, "{body} {cut}");
            }
        };
        check(format!("{TAGS}<order xmlns='urn:t'><note>1</note></order>{end}"), note("1"));
        check(
            format!("{TAGS}\n <!-- c --><o:order xmlns:o='urn:t'><o:note>2</o:note></o:order>\n{end}"),
            note("2"),
        );
        check(format!("{TAGS} <e:Fault/>{end}"), Ok(vec!["Fault".into()]));
        check(format!("{TAGS}{end}"), Ok(vec!["Nothing".into()]));
        check(TAGS.into(), Err("the message ends within <e:Body>".into()));
        check(
            format!("{TAGS}<order xmlns='urn:t'></e:Body>"),
            Err("an end tag does not match <order>".into()),
        );
        check(format!("{TAGS}</e:Envelope>"), Err("an end tag does not match <e:Body>".into()));
        let other = TAGS.replace("e:", "f:").replace(":e=", ":f=");
        check(format!("{other}<order xmlns='urn:t'><note>3</note></order></f:Body></f:Envelope>"), note("3"));
        check(
            TAGS.replace("soap/envelope/", "soap/envelope?"),
            Err("expected a SOAP envelope, found {http://schemas.xmlsoap.org/soap/envelope?}Envelope".into()),
        );
    }

    #[test]
    fn only_bare_envelopes_are_remembered_and_only_with_their_limits() {
        let sample = sample();
        let remembered = || {
            let warm = sample.index.pool.take();
            let text = warm.prologue.as_ref().map(|known| known.text.to_string());
            sample.index.pool.put(warm);
            text
        };
        let read = |xml: &str, limits| read(&sample.index, sample.order, limits, xml, xml.len());
        let order = "<order xmlns='urn:t'><note>1</note></order></e:Body></e:Envelope>";
        let header = TAGS.replace("<e:Body>", "<e:Header><secret>1</secret></e:Header><e:Body>");
        assert!(read(&format!("{header}{order}"), Limits::default()).is_ok());
        assert_eq!(remembered(), None);
        assert!(read(&format!("{TAGS}\n{order}"), Limits::default()).is_ok());
        assert_eq!(remembered().as_deref(), Some(TAGS));
        let small = Limits { depth_max: 1, ..Limits::default() };
        assert!(read(&format!("{TAGS}{order}"), small).unwrap_err().contains("limits.depth"));
    }
}
