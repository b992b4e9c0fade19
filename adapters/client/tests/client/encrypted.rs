//! TLS with certificates made for the test.
//!
//! **Invariant.** A server that cannot prove its name, or does not know ours, gets no request.

use crate::rude::{Rude, read_request};
use adapters_client::{Client, Config, Target, Tls};
use adapters_ports::CallContext;
use bytes::Bytes;
use kernel::{Cause, Class, Error};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate, key)
    }
}

/// A server for `localhost` that answers `ok`; with `clients` it demands a certificate of that authority.
async fn serve(authority: &Authority, clients: Option<&Authority>) -> Rude {
    let (certificate, key) = authority.issue("localhost");
    let builder =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.0.der().clone()).unwrap();
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Rude::start(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            while !read_request(&mut stream).await.is_empty() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            }
        }
    })
    .await
}

async fn call(server: &Rude, host: &str, tls: Tls, times: usize) -> Result<Bytes, Error> {
    let url = format!("https://{host}:{}/", server.address.port());
    let mut config = Config::new(Target::parse(&url).unwrap().origin);
    config.tls = tls;
    let client = Client::new(config).unwrap();
    let mut last = Bytes::new();
    for _ in 0..times {
        let cx = CallContext::new("test", Duration::from_secs(5));
        let head = client.head("POST", "/", &[]).unwrap();
        let body = [Bytes::from(vec![b'x'; 40_000]), Bytes::from_static(b"</a>")];
        last = client.send(&cx, &head, &[], &body).await?.body.whole(&cx).await?;
    }
    Ok(last)
}

fn trusting(authority: &Authority) -> Tls {
    Tls { authorities: Some(authority.0.pem().into_bytes()), identity: None }
}

#[tokio::test]
async fn a_server_of_a_trusted_authority_is_talked_to_over_one_connection() {
    let authority = Authority::new();
    let server = serve(&authority, None).await;
    assert_eq!(call(&server, "localhost", trusting(&authority), 10).await.unwrap(), "ok");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_stranger_gets_no_request() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = serve(&authority, None).await;
    for (host, tls) in
        [("localhost", trusting(&other)), ("localhost", Tls::default()), ("127.0.0.1", trusting(&authority))]
    {
        // A machine without any certificates refuses to make the client at all, which is as good.
        let error = call(&server, host, tls, 1).await.unwrap_err();
        assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable), "{error}");
    }
    let plain = Config::new(Target::parse(&server.url()).unwrap().origin);
    let client = Client::new(plain).unwrap();
    let cx = CallContext::new("test", Duration::from_secs(5));
    let head = client.head("POST", "/", &[]).unwrap();
    let error = client.send(&cx, &head, &[], &[]).await.unwrap_err();
    assert_eq!(error.class, Class::Ambiguous, "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = serve(&authority, Some(&clients)).await;
    let (certificate, key) = clients.issue("seawall");
    let mut tls = trusting(&authority);
    tls.identity = Some((certificate.pem().into_bytes(), key.serialize_pem().into_bytes()));
    assert!(!format!("{tls:?}").contains("BEGIN"));
    assert_eq!(call(&server, "localhost", tls, 2).await.unwrap(), "ok");
    assert!(call(&server, "localhost", trusting(&authority), 1).await.is_err());
}

#[test]
fn certificates_that_cannot_be_used_are_told_before_the_first_call() {
    let check = |tls: Tls, part: &str| {
        let mut config = Config::new(Target::parse("https://localhost/").unwrap().origin);
        config.tls = tls;
        let error = Client::new(config).unwrap_err();
        assert!(error.0.contains(part), "{error}");
    };
    check(Tls { authorities: Some(b"nothing".to_vec()), identity: None }, "the CA file holds no certificate");
    let authority = Authority::new();
    let pem = authority.0.pem().into_bytes();
    let identity = Some((pem.clone(), b"nothing".to_vec()));
    check(Tls { authorities: Some(pem.clone()), identity }, "the private key is not readable");
    let (_, other) = authority.issue("other");
    let identity = Some((pem.clone(), other.serialize_pem().into_bytes()));
    check(Tls { authorities: Some(pem), identity }, "the client certificate cannot be used");
}
