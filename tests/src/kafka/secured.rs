//! The doors of a broker that ask who comes: SASL over TLS, and TLS with certificates of clients.
//!
//! **Invariant.** Certificates are made for one broker and name `localhost` alone, so that `127.0.0.1` is a wrong name.

use crate::process::free_address;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The user that the broker knows by all mechanisms.
pub const USER: &str = "seawall";
/// Its password, with characters that mean something elsewhere (Kafka's own tool takes no comma).
pub const PASSWORD: &str = "p;=ss w#rd:1";
/// What the doors speak.
pub(super) const PROTOCOLS: &str = "SASL:SASL_SSL,OPEN:SASL_PLAINTEXT,MUTUAL:SSL";

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Where the doors are, and what opens them.
#[derive(Debug)]
pub struct Secured {
    /// Wants TLS and a user.
    pub sasl: u16,
    /// Wants a user, without TLS.
    pub open: u16,
    /// Wants TLS and a certificate.
    pub mutual: u16,
    /// The authority of all certificates, in PEM.
    pub authority: String,
    /// An authority that has nothing to do with the broker, in PEM.
    pub stranger: String,
    /// The certificate of a client and its key, in PEM.
    pub client: (String, String),
    /// The broker's own certificate with its key, and whom it trusts.
    files: (PathBuf, PathBuf),
}

impl Secured {
    /// Makes certificates in a folder.
    pub(super) fn make(folder: &Path) -> io::Result<Self> {
        let (own, stranger) = (authority("own")?, authority("stranger")?);
        let (certificate, key) = issue(&own, "localhost")?;
        let files = (folder.join("broker.pem"), folder.join("clients.pem"));
        fs::write(&files.0, key + &certificate)?;
        fs::write(&files.1, own.pem())?;
        let port = || free_address().map(|address| address.port());
        let (sasl, open, mutual) = (port()?, port()?, port()?);
        let client = issue(&own, "seawall")?;
        Ok(Self { sasl, open, mutual, authority: own.pem(), stranger: stranger.pem(), client, files })
    }

    /// Each with a comma behind it.
    pub(super) fn listeners(&self) -> String {
        let Self { sasl, open, mutual, .. } = self;
        format!("SASL://localhost:{sasl},OPEN://localhost:{open},MUTUAL://localhost:{mutual},")
    }

    pub(super) fn properties(&self) -> String {
        let modules = "org.apache.kafka.common.security";
        // In JAAS a text ends at its quote, and nothing else of it means anything.
        let plain = format!("{modules}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";");
        let scram = format!("{modules}.scram.ScramLoginModule required;");
        let mut text = String::from("sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n");
        for door in ["sasl", "open"] {
            for (mechanism, jaas) in [("plain", &plain), ("scram-sha-256", &scram), ("scram-sha-512", &scram)]
            {
                text += &format!("listener.name.{door}.{mechanism}.sasl.jaas.config={}\n", escaped(jaas));
            }
        }
        text + &format!(
            "ssl.keystore.type=PEM\nssl.keystore.location={}\nssl.truststore.type=PEM\n\
             ssl.truststore.location={}\nlistener.name.mutual.ssl.client.auth=required\n",
            self.files.0.display(),
            self.files.1.display()
        )
    }
}

/// The arguments that make the user known by SCRAM when a broker is formatted.
pub(super) fn credentials() -> [String; 4] {
    let of = |mechanism| format!("{mechanism}=[name={USER},password=\"{PASSWORD}\"]");
    ["--add-scram".into(), of("SCRAM-SHA-256"), "--add-scram".into(), of("SCRAM-SHA-512")]
}

fn authority(name: &str) -> io::Result<Authority> {
    let mut params = named(Vec::new(), name)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().map_err(io::Error::other)?;
    Authority::self_signed(params, key).map_err(io::Error::other)
}

/// Makes a certificate and its key.
fn issue(authority: &Authority, name: &str) -> io::Result<(String, String)> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let params = named(vec![name.to_owned()], name)?;
    let certificate = params.signed_by(&key, authority).map_err(io::Error::other)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// A name of its own tells a certificate from that of its authority, which would sign itself otherwise.
fn named(alternatives: Vec<String>, name: &str) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(alternatives).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

/// A value as a file of properties writes it; Java reads such files as Latin-1.
fn escaped(value: &str) -> String {
    let escape = |c: char| match c {
        '\\' => "\\\\".to_owned(),
        ' '..='~' => c.to_string(),
        other => format!("\\u{:04x}", u32::from(other)),
    };
    value.chars().map(escape).collect()
}
