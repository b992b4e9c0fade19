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
        Self { walk, stage: Stage::Outside, index: index.clone() }
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
            Stage::Envelope(_) => self.walk.pass(&child),
            Stage::Body(version) if child.is(namespace(version), "Fault") => {
                return Ok(Step::Held(Judged::Fault));
            }
            Stage::Body(version) => return Ok(Step::Held(Judged::Answer(Some(child), version))),
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
        let mut root = Root { part: expected.root, ty: part.ty, name: None, context: self.walk.context() };
        let begin = match (expected.payload, child) {
            (Payload::Parts, _) => Begin::Content,
            (Payload::Element, None) => return Ok(Held::Nothing),
            (Payload::Element, Some(child)) => {
                root.context = child.outer;
                root.name = (expected.style == Style::Document).then(|| part.name.clone());
                Begin::Tag
            }
        };
        let Walk { tokens, warm, .. } = self.walk;
        Ok(Held::Answer(Box::new(Decoder::within(tokens, warm, self.index, root, begin))))
    }
}
