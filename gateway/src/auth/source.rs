//! Where keys come from: a file, a URL, or what the issuer's discovery document names.
//!
//! **Invariant.** Nothing here believes what it fetches; `Keys::parse` does.

use adapters_ports::BoxFuture;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest document that is fetched, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// Fetches a document by its URL; the gateway gives the HTTP client of the adapters, a test a table.
pub type Fetch = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A URL.
    Url(String),
    /// The `jwks_uri` of `{issuer}/.well-known/openid-configuration`.
    Discovery(String),
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl KeySource {
    /// Returns the source that `jwks:` means, or the issuer's discovery document.
    pub fn of(jwks: Option<&str>, issuer: &str, root: &std::path::Path) -> Self {
        match jwks {
            None => Self::Discovery(issuer.to_owned()),
            Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
                Self::Url(url.to_owned())
            }
            Some(path) => Self::File(root.join(path.strip_prefix("file://").unwrap_or(path))),
        }
    }

    /// Returns whether it is there or not without any network, so that its absence is a mistake and not bad luck.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Reads the key set.
    ///
    /// # Errors
    /// In words, naming the source.
    pub async fn read(&self, fetch: &Fetch) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => file(path),
            Self::Url(url) => fetch(url.clone()).await.map_err(|error| format!("{url}: {error}")),
            Self::Discovery(issuer) => {
                let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let document = fetch(url.clone()).await.map_err(|error| format!("{url}: {error}"))?;
                let found = discover(&document, issuer).map_err(|error| format!("{url}: {error}"))?;
                fetch(found.clone()).await.map_err(|error| format!("{found}: {error}"))
            }
        }
    }
}

fn file(path: &std::path::Path) -> Result<Vec<u8>, String> {
    let describe = |error: std::io::Error| format!("{}: {error}", path.display());
    let size = std::fs::metadata(path).map_err(describe)?.len();
    if size > DOCUMENT_BYTES_MAX as u64 {
        return Err(format!("{}: larger than {DOCUMENT_BYTES_MAX} bytes", path.display()));
    }
    std::fs::read(path).map_err(describe)
}

/// OpenID Connect Discovery 1.0, section 4.3: "The issuer value returned MUST be identical to the Issuer URL".
fn discover(document: &[u8], issuer: &str) -> Result<String, String> {
    let found: Discovery =
        serde_json::from_slice(document).map_err(|_| "no discovery document".to_owned())?;
    if found.issuer != issuer {
        return Err("the discovery document is of another issuer".into());
    }
    if !found.jwks_uri.starts_with("https://") && !issuer.starts_with("http://") {
        return Err("the key set must be fetched by https".into());
    }
    Ok(found.jwks_uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jwks_is_a_url_or_a_file_or_found_by_the_issuer() {
        let check = |jwks, expected| {
            assert_eq!(KeySource::of(jwks, "https://idp", std::path::Path::new("/project")), expected);
        };
        check(None, KeySource::Discovery("https://idp".into()));
        check(Some("https://idp/keys"), KeySource::Url("https://idp/keys".into()));
        check(Some("keys.json"), KeySource::File("/project/keys.json".into()));
        check(Some("/etc/keys.json"), KeySource::File("/etc/keys.json".into()));
        check(Some("file:///etc/keys.json"), KeySource::File("/etc/keys.json".into()));
    }

    #[test]
    fn a_discovery_document_must_be_of_the_issuer_itself() {
        let check = |document: &str, issuer: &str, ok| {
            assert_eq!(discover(document.as_bytes(), issuer).is_ok(), ok, "{document}");
        };
        check(r#"{"issuer":"https://idp","jwks_uri":"https://idp/k"}"#, "https://idp", true);
        check(r#"{"issuer":"https://evil","jwks_uri":"https://idp/k"}"#, "https://idp", false);
        check(r#"{"issuer":"https://idp","jwks_uri":"http://idp/k"}"#, "https://idp", false);
        check(r#"{"issuer":"http://localhost","jwks_uri":"http://localhost/k"}"#, "http://localhost", true);
        check("<html>", "https://idp", false);
    }
}
