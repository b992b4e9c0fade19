//! The adapter for SOAP services, and a connection to one.
//!
//! **Invariant.** Opening a connection reads the project's files and nothing else; the network is used by calls only.

use crate::backend::{Operation, Service};
use crate::config::{self, Config};
use crate::wire::decoder::Decoder;
use crate::wire::encoder;
use crate::wire::envelope::{self, Envelope};
use crate::wire::lookup::Index;
use crate::wire::reply::Expected;
use crate::wire::spaces::Spaces;
use crate::wsdl::{self, Binding, Payload, Selection, SoapVersion, Wsdl};
use adapters_client::{Client, Target};
use adapters_ports::{Adapter, AdapterError, Backend, Connection, Files, KeyDoc, Opened, Settings, Wire};
use kernel::{
    Cause, Class, Diagnostic, Document, Error, Interest, Limits, OperationId, PartId, Progress, Scalar,
    Shape, Sources, Stop, TypeId, Visitor,
};
use std::sync::Arc;

/// Connections to SOAP services.
#[derive(Debug, Clone, Copy, Default)]
pub struct Soap;

impl Adapter for Soap {
    fn kind(&self) -> &'static str {
        "soap"
    }

    fn keys(&self) -> &'static [KeyDoc] {
        config::KEYS
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        let config = config::read(settings, files).map_err(AdapterError)?;
        let selection = Selection {
            service: config.service.as_deref(),
            port: config.port.as_deref(),
            tolerant: config.tolerant,
        };
        let wsdl = wsdl::load_port(&config.wsdl, selection, files, sources).map_err(|mut wrong| {
            // A file that cannot be read has no place in itself: the place is where it is named.
            wrong.iter_mut().for_each(|one| one.span = one.span.or(Some(config.wsdl_span)));
            AdapterError(wrong)
        })?;
        findings.extend(wsdl.findings.iter().cloned());
        let index = Index::new(wsdl.catalogue.shape.clone()).tolerant(config.tolerant);
        let service = service(&wsdl, &config, &index, settings).map_err(|wrong| AdapterError(vec![wrong]))?;
        let spaces = Spaces::new(&wsdl.catalogue.shape);
        let catalogue = wsdl.catalogue.clone();
        let connection = SoapConnection { wsdl, index, spaces, limits: config.limits, service };
        Ok(Opened { catalogue, connection: Arc::new(connection) })
    }
}

/// Writes elements of a shape, without a service around them.
#[derive(Debug)]
pub struct Recoder {
    shape: Arc<Shape>,
    spaces: Spaces,
}

impl Recoder {
    /// Prepares a shape.
    pub fn new(shape: Arc<Shape>) -> Self {
        Self { spaces: Spaces::new(&shape), shape }
    }

    /// Writes the element that a part is.
    ///
    /// # Errors
    /// A value that XML cannot hold.
    pub fn element(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        encoder::element(&self.shape, &self.spaces, part, content).map(Wire::from)
    }
}

/// A connection to a SOAP service.
#[derive(Debug)]
struct SoapConnection {
    wsdl: Wsdl,
    index: Index,
    spaces: Spaces,
    limits: Limits,
    /// Nothing, where it is not known how to reach it.
    service: Option<Service>,
}

impl Connection for SoapConnection {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        let unknown = || Error::new(Class::Defect, Cause::Internal, "no such operation");
        let binding = self.wsdl.binding(operation).ok_or_else(unknown)?;
        let declared = self.wsdl.catalogue.operations.get(operation.0 as usize).ok_or_else(unknown)?;
        let shape = self.index.shape();
        let text = match binding.request {
            Payload::Element => encoder::element(shape, &self.spaces, declared.request, content),
            Payload::Parts => encoder::elements(shape, &self.spaces, content),
        };
        text.map(Wire::from)
    }

    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        encoder::element(self.index.shape(), &self.spaces, part, content).map(Wire::from)
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        let decoder = || {
            let mut decoder = Decoder::new(&self.index, part, self.limits, None);
            decoder.feed(wire);
            decoder.close();
            decoder
        };
        match decoder().advance(&mut Nobody) {
            Ok(Progress::End) => Ok(Box::new(decoder())),
            Ok(_) => Err("the XML ends early".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        crate::wire::difference(expected, found)
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.service.as_ref().map(|service| service as _)
    }
}

/// Prepares the calls, unless the address or a secret is not known offline.
fn service(
    wsdl: &Wsdl,
    config: &Config,
    index: &Index,
    settings: &Settings<'_>,
) -> Result<Option<Service>, Diagnostic> {
    let Some(target) = target(wsdl, config, settings)? else { return Ok(None) };
    let wrong = |message: String| {
        let span = settings.node.at("url").unwrap_or(settings.node).span;
        Diagnostic::new("E007", span, format!("the connection cannot be used: {message}"))
    };
    let mut client = adapters_client::Config::new(target.origin.clone());
    client.connect_timeout = config.connect_timeout;
    client.limits.body_bytes_max = config.limits.message_bytes_max;
    client.tls = config.tls.clone();
    let client = Client::new(client).map_err(|error| wrong(error.0))?;
    let envelope = |version| Arc::new(Envelope::new(version, &config.header, config.token.clone()));
    let envelopes = [envelope(SoapVersion::V11), envelope(SoapVersion::V12)];
    let operations = wsdl.catalogue.operations.iter().zip(&wsdl.bindings).map(|(operation, binding)| {
        Ok(Operation {
            head: head(&client, &target, binding, config).map_err(|error| wrong(error.0))?,
            envelope: envelopes[usize::from(binding.soap == SoapVersion::V12)].clone(),
            version: binding.soap,
            expected: operation.reply.map(|root| Expected {
                version: binding.soap,
                root,
                payload: binding.reply,
                style: binding.style,
            }),
            details: operation.faults.iter().filter_map(|fault| fault.detail).collect(),
        })
    });
    let operations = operations.collect::<Result<_, _>>()?;
    Ok(Some(Service { client, index: index.clone(), limits: config.limits, operations }))
}

/// Where the service is: as configured, else as the WSDL says.
fn target(wsdl: &Wsdl, config: &Config, settings: &Settings<'_>) -> Result<Option<Target>, Diagnostic> {
    if config.has_url {
        return Ok(config.target.clone());
    }
    let Some(address) = wsdl.bindings.iter().find_map(|binding| binding.address.as_deref()) else {
        let message = "`url` is missing, and the WSDL names no address";
        return match settings.offline {
            true => Ok(None),
            false => {
                Err(Diagnostic::new("E007", settings.node.span, message).hint("say where the service is"))
            }
        };
    };
    Target::parse(address).map(Some).map_err(|reason| {
        let message = format!("the address in the WSDL cannot be used: {reason}");
        Diagnostic::new("E007", config.wsdl_span, message).hint("say where the service is by `url:`")
    })
}

fn head(
    client: &Client,
    target: &Target,
    binding: &Binding,
    config: &Config,
) -> Result<adapters_client::Head, adapters_client::ConfigError> {
    let ours = envelope::http_headers(binding.soap, &binding.action);
    let fixed = config.headers.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()));
    let written = |name: &str| config.headers.iter().any(|(fixed, _)| fixed.eq_ignore_ascii_case(name));
    let ours = ours.iter().filter(|(name, _)| !written(name)).map(|(name, value)| (*name, value.as_str()));
    let headers: Vec<(&str, &str)> = ours.chain(fixed).collect();
    client.head("POST", &target.path, &headers)
}

/// Wants nothing: to see whether a message can be read at all.
struct Nobody;

impl Visitor for Nobody {
    fn enter(&mut self, _part: PartId, _ty: TypeId) -> Interest {
        Interest::Skip
    }

    fn leaf(&mut self, _part: PartId, _scalar: Scalar<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn unknown(&mut self, _name: &str) {}

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        Ok(())
    }
}
