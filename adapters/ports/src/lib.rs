//! The ports: what an adapter offers and what it is given.
//!
//! **Invariant.** One working method per port; nothing here knows a protocol.

mod adapter;
mod backend;
mod context;
mod event;
mod forms;
pub mod names;
mod source;

pub use adapter::{Adapter, AdapterError, Connection, Files, KeyDoc, Opened, Settings};
pub use backend::{Backend, BoxFuture, FaultReply, Reply, ReplyBody, Request, Wire};
pub use context::{CallContext, Sent};
pub use event::{Event, EventBatch, KeptEvent, Outcomes, Sink, TopicAsk, TopicError, TopicPage, Topics};
pub use forms::Forms;
pub use source::{
    Batch, Framed, Identity, Listing, Position, RawRecord, Records, SeenField, Source, Token, Unit, UnitEnd,
    UnitRef,
};
