//! The keys of a folder that is read by SFTP.
//!
//! **Invariant.** Without a host key that is known there is no connection.

use super::{Keys, Named, leads_out, split};
use crate::folder::sftp::{Config, HostKeys, Sftp};
use adapters_ports::Forms;
use kernel::{Diagnostic, Node, Secret};
use russh::keys::{PrivateKey, decode_secret_key};
use std::path::PathBuf;
use std::sync::Arc;

/// The port of SSH.
const PORT: u16 = 22;
/// What a path looks like.
const EXAMPLE: &str = "write sftp://host/folder/*.csv, or sftp://host:2222/~/folder/*.csv for a folder below that \
                       in which a log-in begins";

/// Who we are.
struct Login {
    user: Secret<String>,
    password: Option<Secret<String>>,
    key: Option<Secret<Arc<PrivateKey>>>,
}

/// Reads the keys; nothing where something is not known offline, or wrong.
pub(super) fn read(forms: &mut Forms, keys: &Keys<'_>) -> Option<Named> {
    let place = forms.is_known(keys.path).then(|| place(forms, keys)).flatten();
    let server = place.as_ref().map(|(host, port, _)| (host.as_str(), *port));
    let hosts = hosts(forms, keys, server);
    let login = login(forms, keys);
    let timeout = keys.timeout(forms);
    let (host, port, path) = place?;
    let (base, path) = match path.strip_prefix("/~/") {
        Some(below) => (PathBuf::new(), below),
        None => (PathBuf::from("/"), path.as_str()),
    };
    let (folder, glob) = split(forms, path, keys.span)?;
    let folder = if folder == "." { PathBuf::new() } else { PathBuf::from(folder) };
    let Login { user, password, key } = login?;
    let config = Config { host, port, hosts: hosts?, user, password, key, timeout };
    let store = Arc::new(Sftp::new(config, &folder));
    Some(Named { bases: (folder.clone(), base), folder, glob, store })
}

fn place(forms: &mut Forms, keys: &Keys<'_>) -> Option<(String, u16, String)> {
    let mut wrong = |message: &str, hint: &str| {
        forms.diagnose(Diagnostic::new("E007", keys.span, format!("`path`: {message}")).hint(hint));
        None
    };
    let rest = keys.path.strip_prefix("sftp://").unwrap_or_default();
    let Some(at) = rest.find('/') else { return wrong("it names no files", EXAMPLE) };
    let (server, path) = rest.split_at(at);
    if server.contains('@') {
        return wrong("it names a user", "write the user under `auth`, and only the host here");
    }
    if leads_out(path) {
        return wrong("it leads out of its folder", "write a path without `..`");
    }
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(PORT), |port| port.parse().ok().filter(|port| *port > 0));
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    match port {
        Some(port) if !host.is_empty() && host.chars().all(is_host) => Some((host.into(), port, path.into())),
        _ => wrong(&format!("`{server}` is no host, or host and port"), EXAMPLE),
    }
}

/// The host keys: fingerprints, or files in the form of `known_hosts`.
fn hosts(forms: &mut Forms, keys: &Keys<'_>, server: Option<(&str, u16)>) -> Option<HostKeys> {
    let Some(written) = keys.node.at("hostKey") else {
        let found =
            Diagnostic::new("E007", keys.span, "`hostKey` is missing: nobody says how to know the server");
        forms.diagnose(found.hint(
            "write hostKey: SHA256:… as its operator tells you, or the name of a known_hosts file of the project; \
             `ssh-keyscan HOST | ssh-keygen -lf -` shows what the server says of itself",
        ));
        return None;
    };
    let mut known = HostKeys::default();
    for text in forms.texts(keys.node, "hostKey") {
        if !forms.is_known(&text) {
            continue;
        }
        let added = match (text.contains(':') && !text.contains('\n'), server) {
            (true, _) => known.fingerprint(text.trim()),
            (false, None) => Ok(()),
            (false, Some((host, port))) => {
                // The content itself, as a secret may hold it, or the name of a file.
                let is_content = text.split_whitespace().count() > 2;
                let content = if is_content { Ok(text.clone().into_bytes()) } else { keys.files.read(&text) };
                content
                    .and_then(|bytes| known.known_hosts(&bytes, host, port))
                    .map_err(|why| format!("`{text}`: {why}"))
            }
        };
        if let Err(why) = added {
            forms.wrong(written.span, format!("`hostKey`: {why}"));
        }
    }
    Some(known).filter(|known| !known.is_empty())
}

fn login(forms: &mut Forms, keys: &Keys<'_>) -> Option<Login> {
    let Some(auth) = keys.node.at("auth") else {
        forms.missing(keys.node, "auth", "write auth: { user: …, password: \"${secret:…}\" }, or a `key`");
        return None;
    };
    forms.keys(auth, "auth", &["user", "password", "key", "passphrase"]);
    if auth.at("user").is_none() {
        forms.missing(auth, "user", "name the user that the server knows");
    }
    if auth.at("password").is_none() && auth.at("key").is_none() {
        forms.missing(auth, "password` or `key", "write one of them, as a ${secret:…}");
    }
    let user = forms.owned(auth, "user").map(Secret::new);
    let password = forms.owned(auth, "password").map(Secret::new);
    let key = key(forms, keys, auth);
    if auth.at("key").is_some() && key.is_none() {
        return None;
    }
    Some(Login { user: user?, password, key })
}

fn key(forms: &mut Forms, keys: &Keys<'_>, auth: &Node) -> Option<Secret<Arc<PrivateKey>>> {
    let passphrase = forms.owned(auth, "passphrase");
    let (text, span) = keys.content(forms, auth, "key")?;
    let is_known = forms.is_known(&text) && passphrase.as_ref().is_none_or(|text| forms.is_known(text));
    if !is_known {
        return None;
    }
    match decode_secret_key(&text, passphrase.as_deref()) {
        Ok(key) => Some(Secret::new(Arc::new(key))),
        Err(error) => {
            let found = Diagnostic::new("E007", span, format!("`auth.key` cannot be read: {error}"));
            forms.diagnose(found.hint(
                "it is a private key as `ssh-keygen` makes it, as a text or a file of the project; `passphrase` opens one \
                 that is locked",
            ));
            None
        }
    }
}
