//! The keys of a `soap` connection: from what is written to what it means.
//!
//! **Invariant.** Every reason why a configuration cannot be used is told, not the first; secrets are never in a message.

mod forms;

use crate::wire::names::OUTSIDE;
use crate::wire::security::UserToken;
use crate::wire::walk::{Next, Walk};
use adapters_client::{Target, Tls};
use adapters_ports::{Files, Forms, KeyDoc, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forms::{pem, required, writable};
use kernel::{Diagnostic, Limits, Node, Secret, Span};
use std::time::Duration;

/// All keys beside the common ones, for the editor and the reference.
pub(crate) const KEYS: &[KeyDoc] = &[
    KeyDoc::new("url", "text", "the address in the WSDL", "Where the service is: an `http` or `https` URL."),
    KeyDoc::new(
        "wsdl",
        "text",
        "",
        "The WSDL file, relative to the project; nothing is read from the network.",
    ),
    KeyDoc::new("service", "text", "the first", "Which service of the WSDL is meant."),
    KeyDoc::new("port", "text", "the first", "Which port of the service is meant."),
    KeyDoc::new(
        "tolerant",
        "true|false",
        "false",
        "Live with what is broken: missing files and undeclared types of the WSDL become warnings, and such types hold anything; in a reply, a name in another namespace than declared is read as the one part of that local name.",
    ),
    KeyDoc::new("auth", "map", "", "How the service knows us."),
    KeyDoc::new(
        "auth.type",
        "wsse|basic|bearer|certificate|none",
        "none",
        "What we show: a WS-Security user name token, an HTTP header, a client certificate.",
    ),
    KeyDoc::new("auth.user", "text", "", "The user, for `wsse` and `basic`."),
    KeyDoc::new("auth.password", "text", "", "The password, for `wsse` and `basic`; a `${secret:…}`."),
    KeyDoc::new(
        "auth.digest",
        "true|false",
        "false",
        "Send a digest of the password instead of the password (`wsse`).",
    ),
    KeyDoc::new(
        "auth.timestamp",
        "duration",
        "5m",
        "How long a message is valid (`wsse`); `off` sends no time stamp.",
    ),
    KeyDoc::new("auth.token", "text", "", "The token, for `bearer`; a `${secret:…}`."),
    KeyDoc::new(
        "auth.certificate",
        "text",
        "",
        "The client certificate, for `certificate`: a PEM file of the project, or the PEM text.",
    ),
    KeyDoc::new(
        "auth.key",
        "text",
        "",
        "The private key of the certificate: a PEM file of the project, or the PEM text.",
    ),
    KeyDoc::new("tls", "map", "", "Whom to trust."),
    KeyDoc::new(
        "tls.ca",
        "text",
        "the system's",
        "The authorities to trust instead of the system's: a PEM file of the project, or the PEM text.",
    ),
    KeyDoc::new("tls.certificate", "text", "", "A client certificate beside another kind of `auth`."),
    KeyDoc::new("tls.key", "text", "", "The private key of that certificate."),
    KeyDoc::new("headers", "map", "", "HTTP headers of every request."),
    KeyDoc::new("header", "text", "", "XML elements that stand in the header of every envelope."),
    KeyDoc::new("connectTimeout", "duration", "3s", "How long getting a connection may take."),
    KeyDoc::new("limits", "map", "", "Limits of a reply."),
    KeyDoc::new("limits.message", "size", "10MiB", "Size of a reply, after decompression."),
    KeyDoc::new("limits.depth", "number", "64", "Nesting of elements."),
    KeyDoc::new("limits.attributes", "number", "256", "Attributes of one element."),
    KeyDoc::new("limits.namespaces", "number", "64", "Namespace declarations of one element."),
    KeyDoc::new("limits.text", "size", "1MiB", "Size of one text or attribute value."),
];

/// A connection's configuration, understood.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where the service is; nothing if the WSDL says it, or if it is not known offline.
    pub(crate) target: Option<Target>,
    /// Whether `url` was written, though it may not be known offline.
    pub(crate) has_url: bool,
    /// The WSDL file.
    pub(crate) wsdl: String,
    /// Where the WSDL file is named.
    pub(crate) wsdl_span: Span,
    /// The service.
    pub(crate) service: Option<String>,
    /// The port.
    pub(crate) port: Option<String>,
    /// What is broken in the WSDL is a warning.
    pub(crate) tolerant: bool,
    /// The WS-Security token.
    pub(crate) token: Option<UserToken>,
    /// HTTP headers of every request.
    pub(crate) headers: Vec<(String, Secret<String>)>,
    /// Elements of every envelope's header.
    pub(crate) header: String,
    /// Certificates.
    pub(crate) tls: Tls,
    /// How long getting a connection may take.
    pub(crate) connect_timeout: Duration,
    /// Limits of a reply.
    pub(crate) limits: Limits,
}

/// Reads the configuration.
///
/// # Errors
/// Everything that is wrong.
pub(crate) fn read(settings: &Settings<'_>, files: &dyn Files) -> Result<Config, Vec<Diagnostic>> {
    let mut forms = Forms::new(settings.offline);
    let node = settings.node;
    let wsdl = forms.text(node, "wsdl");
    if wsdl.is_none() {
        forms.missing(node, "wsdl", "name the WSDL file, relative to the project");
    }
    let url = forms.text(node, "url");
    let target = url.filter(|(text, _)| forms.is_known(text)).and_then(|(text, span)| {
        Target::parse(text)
            .map_err(|reason| forms.wrong(span, format!("`url` cannot be used: {reason}")))
            .ok()
    });
    let mut headers = forms.pairs(node, "headers", "a map from header names to values");
    let auth = node.at("auth");
    let token = auth.and_then(|auth| credentials(&mut forms, auth, &mut headers));
    let config = Config {
        target,
        has_url: url.is_some(),
        wsdl: wsdl.map(|(text, _)| text.to_owned()).unwrap_or_default(),
        wsdl_span: wsdl.map_or(node.span, |(_, span)| span),
        service: forms.text(node, "service").map(|(text, _)| text.to_owned()),
        port: forms.text(node, "port").map(|(text, _)| text.to_owned()),
        tolerant: forms.truth(node, "tolerant").unwrap_or(false),
        token,
        headers,
        header: header(&mut forms, node),
        tls: tls(&mut forms, files, node),
        connect_timeout: forms.duration(node, "connectTimeout").unwrap_or(Duration::from_secs(3)),
        limits: limits(&mut forms, node.at("limits")),
    };
    forms.finish(config)
}

/// Reads `auth`: a token for envelopes, or a header.
fn credentials(
    forms: &mut Forms,
    auth: &Node,
    headers: &mut Vec<(String, Secret<String>)>,
) -> Option<UserToken> {
    const KNOWN: &[&str] =
        &["type", "user", "password", "digest", "timestamp", "token", "certificate", "key"];
    forms.keys(auth, "auth", KNOWN);
    let (kind, span) = forms.text(auth, "type").unwrap_or(("none", auth.span));
    let allowed: &[&str] = match kind {
        "wsse" => &["type", "user", "password", "digest", "timestamp"],
        "basic" => &["type", "user", "password"],
        "bearer" => &["type", "token"],
        "certificate" => &["type", "certificate", "key"],
        "none" => &["type"],
        _ => {
            forms.wrong(
                span,
                format!("`auth.type` is one of wsse, basic, bearer, certificate and none, not `{kind}`"),
            );
            return None;
        }
    };
    for entry in auth.map().unwrap_or_default() {
        if KNOWN.contains(&entry.key.as_str()) && !allowed.contains(&entry.key.as_str()) {
            forms.wrong(entry.key_span, format!("`auth.{}` means nothing for the type {kind}", entry.key));
        }
    }
    match kind {
        "wsse" => {
            let (user, password) = (required(forms, auth, "user")?, required(forms, auth, "password")?);
            writable(forms, auth, &["user", "password"]);
            let digest = forms.truth(auth, "digest").unwrap_or(false);
            let off = forms.text(auth, "timestamp").is_some_and(|(text, _)| text == "off");
            let minutes = Duration::from_secs(300);
            let valid = if off { None } else { Some(forms.duration(auth, "timestamp").unwrap_or(minutes)) };
            Some(UserToken { user, password: Secret::new(password), digest, valid })
        }
        "basic" => {
            let (user, password) = (required(forms, auth, "user")?, required(forms, auth, "password")?);
            if forms.is_known(&user) && user.contains(':') {
                forms.wrong(auth.span, "a user of basic authentication has no `:`");
            }
            let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            headers.push(("Authorization".into(), Secret::new(value)));
            None
        }
        "bearer" => {
            let value = format!("Bearer {}", required(forms, auth, "token")?);
            headers.push(("Authorization".into(), Secret::new(value)));
            None
        }
        _ => None,
    }
}

/// Reads `header` and makes sure that it is a row of elements.
fn header(forms: &mut Forms, node: &Node) -> String {
    let Some((text, span)) = forms.text(node, "header") else { return String::new() };
    if forms.is_known(text)
        && let Err(reason) = are_elements(text)
    {
        forms.wrong(span, format!("`header` is not a row of XML elements: {reason}"));
    }
    text.to_owned()
}

fn are_elements(text: &str) -> Result<(), String> {
    let wrapped = format!("<h>{text}</h>");
    crate::wire::wellformed(wrapped.as_bytes(), Limits::default()).map_err(|error| error.message)?;
    let mut walk = Walk::new(Limits::default(), None);
    walk.tokens.feed(wrapped.as_bytes());
    walk.tokens.close();
    debug_assert_eq!(walk.context(), OUTSIDE);
    let mut elements = 0;
    if let Ok(Next::Element(root)) = walk.next() {
        walk.enter(&root);
        while let Ok(Next::Element(child)) = walk.next() {
            walk.pass(&child);
            elements += 1;
        }
    }
    if elements == 0 { Err("there is no element".into()) } else { Ok(()) }
}

fn tls(forms: &mut Forms, files: &dyn Files, node: &Node) -> Tls {
    let empty = Node { span: node.span, kind: kernel::NodeKind::Null };
    let tls = node.at("tls").unwrap_or(&empty);
    forms.keys(tls, "tls", &["ca", "certificate", "key"]);
    let auth = node
        .at("auth")
        .filter(|auth| forms.text(auth, "type").is_some_and(|(kind, _)| kind == "certificate"));
    let by_tls = tls.at("certificate").is_some() || tls.at("key").is_some();
    if by_tls && auth.is_some() {
        forms.wrong(tls.span, "the client certificate stands under `auth` and under `tls`; keep one");
    }
    let from = auth.unwrap_or(tls);
    let identity = match (pem(forms, files, from, "certificate"), pem(forms, files, from, "key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => {
            if (auth.is_some() || by_tls) && (from.at("certificate").is_none() || from.at("key").is_none()) {
                forms.missing(from, "certificate` and `key", "a client certificate needs both");
            }
            None
        }
    };
    Tls { authorities: pem(forms, files, tls, "ca"), identity }
}

fn limits(forms: &mut Forms, node: Option<&Node>) -> Limits {
    let mut limits = Limits::default();
    let Some(node) = node else { return limits };
    forms.keys(node, "limits", &["message", "depth", "attributes", "namespaces", "text"]);
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    if let Some(bytes) = forms.size(node, "message", u64::MAX) {
        limits.message_bytes_max = bytes;
    }
    if let Some(bytes) = forms.size(node, "text", u64::MAX) {
        limits.text_bytes_max = narrow(bytes);
    }
    for (key, limit) in [
        ("depth", &mut limits.depth_max),
        ("attributes", &mut limits.attributes_max),
        ("namespaces", &mut limits.namespaces_max),
    ] {
        if let Some(number) = forms.number(node, key) {
            *limit = number;
        }
    }
    limits
}

#[cfg(test)]
mod tests;
