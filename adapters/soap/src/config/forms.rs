//! Forms of values that only this adapter has: files in PEM, texts that go into XML, keys of one kind of `auth`.
//!
//! **Invariant.** A value that is not known offline (`${…}`) is never judged.

use crate::wire::chars;
use adapters_ports::{Files, Forms};
use kernel::Node;

/// A text that a kind of `auth` cannot be without.
pub(super) fn required(forms: &mut Forms, node: &Node, key: &str) -> Option<String> {
    if node.at(key).is_none() {
        forms.missing(node, key, "this kind of `auth` needs it");
    }
    forms.owned(node, key)
}

/// Reports texts that XML cannot hold.
pub(super) fn writable(forms: &mut Forms, node: &Node, keys: &[&str]) {
    for key in keys {
        if let Some((text, span)) = forms.text(node, key)
            && !text.chars().all(chars::is_char)
        {
            forms.wrong(span, format!("`{key}` has a character that XML cannot hold"));
        }
    }
}

/// A PEM text, or the content of a PEM file of the project.
pub(super) fn pem(forms: &mut Forms, files: &dyn Files, node: &Node, key: &str) -> Option<Vec<u8>> {
    let (text, span) = forms.text(node, key)?;
    if text.trim_start().starts_with("-----BEGIN") {
        return Some(text.as_bytes().to_vec());
    }
    if !forms.is_known(text) {
        return None;
    }
    match files.read(text) {
        Ok(bytes) => Some(bytes),
        Err(reason) => {
            forms.wrong(span, format!("`{key}` cannot be read: {reason}"));
            None
        }
    }
}
