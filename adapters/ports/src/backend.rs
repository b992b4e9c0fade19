//! The backend port: request and reply.
//!
//! **Invariant.** A reply is a document that can be left and resumed; it is never collected into a tree here.

use crate::CallContext;
use kernel::{Document, Error, OperationId, PartId};
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// A boxed future, where a trait has to be an object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An encoded request body. Encoded once, sent once per try.
pub type Wire = bytes::Bytes;

/// One request. What must be made anew for each try (nonces, time stamps) is not in it.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is called.
    pub operation: OperationId,
    /// The encoded body, as [`crate::Adapter`]'s encoder made it.
    pub body: Wire,
    /// It has the same effect when it is executed twice.
    pub repeatable: bool,
}

/// The beginning of an answer.
pub enum Reply {
    /// An answer; its parts are those of the operation's reply.
    Answer(Box<dyn ReplyBody>),
    /// The legacy system reported a fault.
    Fault(FaultReply),
}

/// A fault. Its texts are for the mapping's error table, never for a client.
#[derive(Default)]
pub struct FaultReply {
    /// Its code without a namespace prefix: `Server`, `Client.NotFound`, an SQLSTATE.
    pub code: String,
    /// Its text.
    pub text: String,
    /// The SQLSTATE of a database: five letters or digits.
    pub sqlstate: Option<String>,
    /// What databases say in different codes, in one word: `unique`, `foreign-key`, `not-null`, `check`, `locked`,
    /// `deadlock`, `serialization`, `timeout`, `read-only`.
    pub error: Option<&'static str>,
    /// The status of the transport, if it has one.
    pub status: Option<u16>,
    /// When it is worth trying again, if the transport said so.
    pub retry_after: Option<std::time::Duration>,
    /// Its detail: the part that it is, and the document that tells it.
    pub detail: Option<(PartId, Box<dyn ReplyBody>)>,
}

/// A document whose input may still be on its way.
pub trait ReplyBody: Document + Send {
    /// Waits for more input, after `advance` answered `NeedInput`.
    ///
    /// # Errors
    /// The connection broke or took too long; the class says what may have happened.
    ///
    /// # Cancel safety
    /// Dropping the future drops the connection with the next use of this body; no input is lost before.
    fn more<'a>(&'a mut self, cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>>;

    /// Bytes that arrived so far, after decompression; for metrics and limits.
    fn bytes_read(&self) -> u64;

    /// Rows that a statement changed; known once the document has ended.
    fn affected(&self) -> Option<u64> {
        None
    }
}

/// Something that answers requests: a SOAP service, a database.
pub trait Backend: Send + Sync + Debug + 'static {
    /// Sends a request and returns the beginning of the answer.
    ///
    /// # Errors
    /// The class says what may have happened: `Transient` only if nothing was sent, `Ambiguous` once bytes have left.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection that it used; nothing is sent afterwards.
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>>;
}

impl Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answer(_) => f.write_str("Answer"),
            // The texts of a fault are the legacy system's and stay out of logs.
            Self::Fault(fault) => write!(f, "Fault(status {:?})", fault.status),
        }
    }
}
