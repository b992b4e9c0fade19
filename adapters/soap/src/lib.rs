//! SOAP services: envelopes out, envelopes in, and the WSDL that says what is in them.
//!
//! **Invariant.** What a message means comes from the WSDL alone; nothing is fetched from the network to read it.

mod backend;
mod config;
mod connection;
mod fault;
mod inspect;
mod schema;
mod wire;
mod wsdl;

pub use connection::{Recoder, Soap};
pub use inspect::inspect;
pub use schema::{Schema, load_xsd};
pub use wire::{Decoder, Index, difference, wellformed};
pub use wsdl::{
    Binding, Header, Payload, Port, Refused, Selection, Service, SoapVersion, Style, Wsdl, load, load_port,
};
