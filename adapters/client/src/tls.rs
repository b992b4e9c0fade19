//! TLS: rustls with the system's roots or given ones, and perhaps a certificate of ours.
//!
//! **Invariant.** Certificates are always verified; there is no switch to turn that off.

use crate::config::{ConfigError, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// Makes the TLS side of a client.
pub(crate) fn client_config(tls: &Tls) -> Result<Arc<ClientConfig>, ConfigError> {
    let roots = match &tls.authorities {
        Some(pem) => Arc::new(roots_of(pem)?),
        None => system_roots()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots);
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(certificates(chain, "the client certificate")?, private_key(key)?)
            .map_err(|error| ConfigError(format!("the client certificate cannot be used: {error}")))?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn roots_of(pem: &[u8]) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, "the CA file")? {
        roots
            .add(certificate)
            .map_err(|error| ConfigError(format!("a certificate of the CA file cannot be used: {error}")))?;
    }
    Ok(roots)
}

/// The system's roots, read once: it is a hundred files on some systems.
fn system_roots() -> Result<Arc<RootCertStore>, ConfigError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    if roots.is_empty() {
        let hint = "install the package ca-certificates or name a CA file in tls:";
        return Err(ConfigError(format!("the system has no trusted certificates; {hint}")));
    }
    Ok(Arc::clone(roots))
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(ConfigError(format!("{what} holds no certificate in PEM form"))),
        Ok(found) => Ok(found),
        Err(error) => Err(ConfigError(format!("{what} is not readable as PEM: {error}"))),
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, ConfigError> {
    // The error names kinds of PEM sections, never their content.
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| ConfigError(format!("the private key is not readable as PEM: {error}")))
}
