//! Decides which operations a connection offers, and from which port each is taken.
//!
//! **Invariant.** Each operation is offered once; what is not offered is a refusal with a reason, or the same operation at a later port.

use super::read::{BoundOperation, Definitions, Protocol, RawBinding, RawOperation, RawPort, RawService};
use super::{Port, Selection, Service, SoapVersion};
use crate::schema::findings::Findings;
use kernel::Diagnostic;
use std::collections::HashMap;

/// An operation and where it is spoken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer<'d, 'a> {
    pub(crate) operation: &'d RawOperation<'a>,
    /// Nothing for a port type without a binding: SOAP 1.1, document, literal.
    pub(crate) binding: Option<&'d RawBinding<'a>>,
    pub(crate) bound: Option<&'d BoundOperation<'a>>,
    pub(crate) at: Option<(&'d RawService<'a>, &'d RawPort<'a>)>,
}

/// Returns all operations in the order of the file.
pub(crate) fn offers<'d, 'a>(
    definitions: &'d Definitions<'a>,
    selection: Selection<'_>,
    findings: &mut Findings,
) -> Vec<Offer<'d, 'a>> {
    let mut chosen = Chosen { offers: Vec::new(), by_name: HashMap::new(), definitions, findings };
    let ports: Vec<_> = selected(definitions, selection).collect();
    if ports.is_empty() && (selection.service.is_some() || selection.port.is_some()) {
        chosen.unknown(selection);
        return Vec::new();
    }
    for &(service, port) in &ports {
        let binding = port
            .binding
            .and_then(|name| definitions.bindings.find(port.place, name, "binding", chosen.findings));
        if let Some(binding) = binding {
            chosen.binding(&definitions.bindings.all[binding].1, Some((service, port)));
        }
    }
    // Parts of a WSDL that is meant to be imported by another one have no service, or no binding.
    if ports.is_empty() {
        for (_, binding) in &definitions.bindings.all {
            chosen.binding(binding, None);
        }
    }
    if ports.is_empty() && definitions.bindings.all.is_empty() {
        for operation in definitions.port_types.all.iter().flat_map(|(_, port_type)| &port_type.operations) {
            chosen.add(Offer { operation, binding: None, bound: None, at: None });
        }
    }
    chosen.offers
}

fn selected<'d, 'a>(
    definitions: &'d Definitions<'a>,
    selection: Selection<'_>,
) -> impl Iterator<Item = (&'d RawService<'a>, &'d RawPort<'a>)> {
    definitions
        .services
        .iter()
        .filter(move |service| selection.service.is_none_or(|name| name == service.name))
        .flat_map(|service| service.ports.iter().map(move |port| (service, port)))
        .filter(move |(_, port)| selection.port.is_none_or(|name| name == port.name))
}

struct Chosen<'d, 'a, 'f> {
    offers: Vec<Offer<'d, 'a>>,
    /// By name; the value is an index in `offers`.
    by_name: HashMap<&'a str, usize>,
    definitions: &'d Definitions<'a>,
    findings: &'f mut Findings,
}

impl<'d, 'a> Chosen<'d, 'a, '_> {
    fn binding(&mut self, binding: &'d RawBinding<'a>, at: Option<(&'d RawService<'a>, &'d RawPort<'a>)>) {
        let Some(name) = binding.port_type else {
            self.findings.refuse(binding.place.span(), "this binding names no port type", None);
            return;
        };
        let Some(found) = self.definitions.port_types.find(binding.place, name, "port type", self.findings)
        else {
            return;
        };
        let port_type = &self.definitions.port_types.all[found].1;
        for bound in &binding.operations {
            let overloads: Vec<_> =
                port_type.operations.iter().filter(|known| known.name == bound.name).collect();
            let named = overloads.iter().find(|known| {
                bound.input_name.is_some() && known.input.and_then(|input| input.name) == bound.input_name
            });
            match named.or(overloads.first()) {
                Some(operation) => {
                    self.add(Offer { operation, binding: Some(binding), bound: Some(bound), at })
                }
                None => {
                    let message = format!("the port type has no operation `{}`", bound.name);
                    self.findings.pass_over(bound.place.span(), message);
                }
            }
        }
    }

    /// Takes an operation, unless one of its name was taken: a port that speaks SOAP comes before one that does not.
    fn add(&mut self, offer: Offer<'d, 'a>) {
        let name = offer.operation.name;
        let Some(&at) = self.by_name.get(name) else {
            self.by_name.insert(name, self.offers.len());
            self.offers.push(offer);
            return;
        };
        let known = self.offers[at];
        if !known.speaks_soap() && offer.speaks_soap() {
            self.offers[at] = offer;
        } else if offer.speaks_soap() && !std::ptr::eq(known.operation, offer.operation) {
            let message = format!("there are several operations `{name}`; the first one counts");
            let finding = Diagnostic::new("W091", offer.operation.place.span(), message);
            self.findings.push(finding.also(Some(known.operation.place.span()), "declared here").hint(
                "choose one by `service:` and `port:` of the connection, if they belong to different ports",
            ));
        }
    }

    fn unknown(&mut self, selection: Selection<'_>) {
        let all: Vec<String> = selected(self.definitions, Selection::default())
            .map(|(service, port)| format!("{}/{}", service.name, port.name))
            .collect();
        let asked = [selection.service, selection.port].into_iter().flatten().collect::<Vec<_>>().join("/");
        let message = format!("the WSDL has no service or port `{asked}`");
        self.findings
            .push(Diagnostic::new("E092", None, message).hint(format!("it has: {}", all.join(", "))));
    }
}

impl Offer<'_, '_> {
    /// Whether the binding is one of SOAP; a missing binding counts as one.
    pub(crate) fn speaks_soap(&self) -> bool {
        self.binding.is_none_or(|binding| matches!(binding.protocol, Protocol::Soap11 | Protocol::Soap12))
    }
}

impl Definitions<'_> {
    /// Returns services and ports for the adapter.
    pub(crate) fn services(&self) -> Vec<Service> {
        let mut silent = Findings::default();
        let mut port = |port: &RawPort<'_>| {
            let binding = port.binding.unwrap_or_default();
            let found = self.bindings.find(port.place, binding, "binding", &mut silent);
            Port {
                name: port.name.into(),
                binding: binding.rsplit(':').next().unwrap_or(binding).into(),
                address: port.address.map(Into::into),
                soap: found.and_then(|found| version(self.bindings.all[found].1.protocol)),
                span: port.place.span(),
            }
        };
        self.services
            .iter()
            .map(|service| Service {
                name: service.name.into(),
                ports: service.ports.iter().map(&mut port).collect(),
            })
            .collect()
    }
}

/// The version of SOAP of a protocol, if it is SOAP.
pub(crate) fn version(protocol: Protocol) -> Option<SoapVersion> {
    match protocol {
        Protocol::Soap11 => Some(SoapVersion::V11),
        Protocol::Soap12 => Some(SoapVersion::V12),
        Protocol::Http | Protocol::Other => None,
    }
}
