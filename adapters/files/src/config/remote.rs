//! Where the files of other machines are: addresses, and how we are known there.
//!
//! **Invariant.** No server is used whose host key or certificate nobody vouches for.

use crate::folder::{Glob, Local, Store};
use adapters_ports::{Files as ProjectFiles, Forms};
use kernel::{Diagnostic, Node, Span};
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(any(feature = "sftp", feature = "s3"))]
use std::time::Duration;

#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "sftp")]
mod sftp;

/// Keys that say something of a server.
const KEYS: [&str; 7] = ["auth", "hostKey", "timeout", "region", "endpoint", "addressing", "tls"];
/// How long an answer may take, where the mapping says nothing.
#[cfg(any(feature = "sftp", feature = "s3"))]
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time that an answer may take.
#[cfg(any(feature = "sftp", feature = "s3"))]
const TIMEOUT_MAX: Duration = Duration::from_secs(300);

/// The place that a path names.
pub(super) struct Named {
    /// The folder in front of all wildcards, as the store names it.
    pub folder: PathBuf,
    /// The names below it.
    pub glob: Glob,
    /// Where relative folders of `done` and `failed` begin, and absolute ones.
    pub bases: (PathBuf, PathBuf),
    /// Where the files are.
    pub store: Arc<dyn Store>,
}

/// Which kind of place a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Local,
    Sftp,
    S3,
}

/// What keys are read with.
#[cfg_attr(
    not(any(feature = "sftp", feature = "s3")),
    expect(dead_code, reason = "there is no server in this build")
)]
struct Keys<'a> {
    node: &'a Node,
    files: &'a dyn ProjectFiles,
    path: &'a str,
    span: Span,
}

/// Reads a path and what belongs to it; nothing where that is not known offline, or wrong.
pub(super) fn read(
    forms: &mut Forms,
    node: &Node,
    (path, span): (&str, Span),
    root: &Path,
    files: &dyn ProjectFiles,
) -> Option<Named> {
    let kind = kind(path);
    if kind == Some(Kind::Local) {
        if forms.is_known(path) {
            strangers(forms, node, "a path that begins with sftp:// or s3://", &KEYS);
        }
        return local(forms, (path, span), root);
    }
    let keys = Keys { node, files, path, span };
    match kind {
        Some(Kind::Sftp) => {
            strangers(
                forms,
                node,
                "a path that begins with s3://",
                &["region", "endpoint", "addressing", "tls"],
            );
            self::sftp(forms, &keys)
        }
        Some(Kind::S3) => {
            strangers(forms, node, "a path that begins with sftp://", &["hostKey"]);
            self::s3(forms, &keys)
        }
        _ => {
            let scheme = path.split("://").next().unwrap_or_default();
            let found = Diagnostic::new("E007", span, format!("`path`: files are not read by `{scheme}://`"));
            forms.diagnose(
                found.hint("write a folder of this machine, sftp://host/folder/*.csv or s3://bucket/*.csv"),
            );
            None
        }
    }
}

fn kind(path: &str) -> Option<Kind> {
    match path.split_once("://") {
        Some(("sftp", _)) => Some(Kind::Sftp),
        Some(("s3", _)) => Some(Kind::S3),
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => None,
        _ => Some(Kind::Local),
    }
}

/// Notes keys that mean nothing here.
fn strangers(forms: &mut Forms, node: &Node, to: &str, keys: &[&str]) {
    for (key, value) in keys.iter().filter_map(|key| Some((key, node.at(key)?))) {
        forms.wrong(value.span, format!("`{key}` belongs to {to}"));
        // What is wrong within it is said at once too.
        match *key {
            "auth" => forms.keys(value, key, &["user", "password", "token", "key", "passphrase"]),
            "tls" => forms.keys(value, key, &["ca"]),
            _ => {}
        }
    }
}

fn local(forms: &mut Forms, (path, span): (&str, Span), root: &Path) -> Option<Named> {
    if !forms.is_known(path) {
        return None;
    }
    if leads_out(path) {
        let found = Diagnostic::new("E007", span, "`path` is absolute, or stays in the project");
        forms.diagnose(found.hint("write a path without `..`"));
        return None;
    }
    let (folder, glob) = split(forms, path, span)?;
    let folder = root.join(folder);
    let store = Arc::new(Local::new(folder.clone()));
    Some(Named { folder, glob, bases: (root.to_owned(), root.to_owned()), store })
}

fn split(forms: &mut Forms, path: &str, span: Span) -> Option<(String, Glob)> {
    match Glob::split(path) {
        Ok(found) => Some(found),
        Err(why) => {
            forms.wrong(span, format!("`path`: {why}"));
            None
        }
    }
}

fn leads_out(path: &str) -> bool {
    path.split('/').any(|step| step == "..") || path.contains('\0')
}

impl Named {
    /// Returns the folder that `done` or `failed` names.
    pub(super) fn folder(&self, text: &str) -> PathBuf {
        match text.strip_prefix('/') {
            Some(rest) if self.bases.0 != self.bases.1 => self.bases.1.join(rest),
            _ => self.bases.0.join(text),
        }
    }
}

#[cfg(feature = "sftp")]
use sftp::read as sftp;

#[cfg(not(feature = "sftp"))]
fn sftp(forms: &mut Forms, keys: &Keys<'_>) -> Option<Named> {
    not_built(forms, keys, "SFTP", "sftp")
}

#[cfg(feature = "s3")]
use s3::read as s3;

#[cfg(not(feature = "s3"))]
fn s3(forms: &mut Forms, keys: &Keys<'_>) -> Option<Named> {
    not_built(forms, keys, "S3", "s3")
}

#[cfg(not(all(feature = "sftp", feature = "s3")))]
fn not_built(forms: &mut Forms, keys: &Keys<'_>, what: &str, feature: &str) -> Option<Named> {
    let found = Diagnostic::new("E007", keys.span, format!("`path`: this build reads no files by {what}"));
    forms.diagnose(found.hint(format!("use the released binary, or build with the feature `{feature}`")));
    None
}

#[cfg(any(feature = "sftp", feature = "s3"))]
impl Keys<'_> {
    fn timeout(&self, forms: &mut Forms) -> Duration {
        let timeout = forms.duration(self.node, "timeout").unwrap_or(TIMEOUT);
        if timeout > TIMEOUT_MAX || timeout.is_zero() {
            let span = self.node.at("timeout").map_or(self.span, |timeout| timeout.span);
            forms.wrong(span, format!("`timeout` is between 1ms and {} s", TIMEOUT_MAX.as_secs()));
        }
        timeout
    }

    /// A text, or the text of a file of the project.
    fn content(&self, forms: &mut Forms, node: &Node, key: &str) -> Option<(String, Span)> {
        let (text, span) = forms.text(node, key)?;
        if !forms.is_known(text) || text.contains("-----BEGIN") {
            return Some((text.to_owned(), span));
        }
        match self
            .files
            .read(text)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is no text".into()))
        {
            Ok(content) => Some((content, span)),
            Err(why) => {
                forms.wrong(span, format!("`{key}`: `{text}` cannot be read: {why}"));
                None
            }
        }
    }
}
