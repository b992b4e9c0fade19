//! SOAP services: envelopes out, envelopes in, and the WSDL that says what is in them.
//!
//! **Invariant.** What a message means comes from the WSDL alone; nothing is fetched from the network to read it.

mod wire;

pub use wire::{Decoder, Index, wellformed};
