//! Which host keys a server may show.
//!
//! **Invariant.** A server that shows a key which is not listed, or is revoked, is not spoken to.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use russh::keys::{HashAlg, PublicKey, parse_public_key_base64};
use std::collections::HashSet;

/// Most bytes of a file of known hosts.
const KNOWN_BYTES_MAX: usize = 1 << 20;

/// The keys that a server may show, as fingerprints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HostKeys {
    known: HashSet<String>,
    revoked: HashSet<String>,
}

impl HostKeys {
    /// Adds a fingerprint, as `ssh-keygen -l` prints it.
    ///
    /// # Errors
    /// In words: it is none.
    pub(crate) fn fingerprint(&mut self, text: &str) -> Result<(), String> {
        let digits = text.strip_prefix("SHA256:").unwrap_or_default().trim_end_matches('=');
        if STANDARD.decode(format!("{digits}=")).is_ok_and(|hash| hash.len() == 32) {
            self.known.insert(format!("SHA256:{digits}"));
            return Ok(());
        }
        Err(format!(
            "`{text}` is no fingerprint; one is SHA256: and 43 characters, as `ssh-keygen -l` prints it"
        ))
    }

    /// Adds what a file in the form of `known_hosts` says of a host.
    ///
    /// # Errors
    /// In words: it says nothing of this host, or what it says cannot be read.
    pub(crate) fn known_hosts(&mut self, bytes: &[u8], host: &str, port: u16) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= KNOWN_BYTES_MAX);
        let text = text.ok_or("it is no text, or far too large")?;
        let named = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
        let mut found = false;
        for (n, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace().peekable();
            let mark = words.next_if(|word| word.starts_with('@'));
            let (Some(hosts), Some(_), Some(key)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            if hosts.starts_with('#') || !is_meant(hosts, &named) || mark == Some("@cert-authority") {
                continue;
            }
            let key = parse_public_key_base64(key).map_err(|error| format!("line {}: {error}", n + 1))?;
            let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
            match mark {
                Some("@revoked") => drop(self.revoked.insert(fingerprint)),
                _ => found |= self.known.insert(fingerprint),
            }
        }
        if found { Ok(()) } else { Err(format!("it has no key of {named}")) }
    }

    /// Whether no key is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Judges a key that a server shows.
    ///
    /// # Errors
    /// In words: why the server is not spoken to.
    pub(super) fn judge(&self, key: &PublicKey) -> Result<(), String> {
        let (shown, kind) = (key.fingerprint(HashAlg::Sha256).to_string(), key.algorithm());
        if self.revoked.contains(&shown) {
            return Err(format!("the server shows the host key {shown} ({kind}), which is revoked"));
        }
        if self.known.contains(&shown) {
            return Ok(());
        }
        let mut known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        known.sort_unstable();
        Err(format!(
            "the server shows the host key {shown} ({kind}), and `hostKey` knows {} only: somebody else may answer \
             in its place; ask its operator before you change `hostKey`",
            known.join(", ")
        ))
    }
}

/// Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; hashed names are `|1|salt|HMAC-SHA1 of the name`.
fn is_meant(hosts: &str, named: &str) -> bool {
    let mut meant = false;
    for pattern in hosts.split(',') {
        let (not, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |pattern| (true, pattern));
        if is_host(pattern, named) {
            if not {
                return false;
            }
            meant = true;
        }
    }
    meant
}

fn is_host(pattern: &str, named: &str) -> bool {
    let Some(hashed) = pattern.strip_prefix("|1|") else { return pattern.eq_ignore_ascii_case(named) };
    let Some((salt, hash)) = hashed.split_once('|') else { return false };
    let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    hmac::verify(&key, named.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by `ssh-keygen -t ed25519`; its fingerprint is that of `ssh-keygen -lf`.
    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAID/glWx0Rj47H9O6AA5k/Q36H/NhvVx16KR8eGqcsy0R";
    const SHOWN: &str = "SHA256:WfkQ0KoLtqps2qMViwoj0IZYhoWy+dfH3f9e+XMBTOo";
    const HASHED: &str = "|1|aiLmvrLrGGB5n8UZIBDfQlMsIjE=|BLrx/AR/2wlt6QzGierL1dShqKs=";

    #[test]
    fn a_fingerprint_is_as_ssh_keygen_prints_it() {
        let check = |text: &str, good: bool| {
            let mut keys = HostKeys::default();
            assert_eq!(keys.fingerprint(text).is_ok(), good, "{text}");
            assert_eq!(keys.is_empty(), !good);
        };
        check(SHOWN, true);
        check(&format!("{SHOWN}="), true);
        check("SHA256:abc", false);
        check("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", false);
        check(SHOWN.trim_start_matches("SHA256:"), false);
    }

    #[test]
    fn known_hosts_says_which_keys_a_host_may_show() {
        let key = parse_public_key_base64(KEY).unwrap();
        let check = |file: &str, host: &str, port: u16, expected: Result<(), &str>| {
            let mut keys = HostKeys::default();
            let found = keys.known_hosts(file.as_bytes(), host, port).and_then(|()| keys.judge(&key));
            match expected {
                Ok(()) => assert_eq!(found, Ok(()), "{file}"),
                Err(part) => {
                    assert!(found.as_ref().is_err_and(|why| why.contains(part)), "{file}: {found:?}")
                }
            }
        };
        let line = |hosts: &str| format!("# a comment line here\n\n{hosts} ssh-ed25519 {KEY} somebody\n");
        check(&line("bank.example"), "bank.example", 22, Ok(()));
        check(&line("other,BANK.example"), "bank.example", 22, Ok(()));
        check(&line("bank.example"), "bank.example", 2222, Err("no key of [bank.example]:2222"));
        check(&line("[bank.example]:2222"), "bank.example", 2222, Ok(()));
        check(&line("bank.example,!bank.example"), "bank.example", 22, Err("no key of"));
        check(&line(HASHED), "bank.example", 22, Ok(()));
        check(&line(HASHED), "bunk.example", 22, Err("no key of"));
        check(&line("@cert-authority bank.example"), "bank.example", 22, Err("no key of"));
        let revoked = format!("{}@revoked bank.example ssh-ed25519 {KEY}\n", line("bank.example"));
        check(&revoked, "bank.example", 22, Err("which is revoked"));
        check("bank.example ssh-ed25519 AAAA\n", "bank.example", 22, Err("line 1"));
    }

    #[test]
    fn a_key_that_is_not_known_is_refused_with_both_fingerprints() {
        let mut keys = HostKeys::default();
        let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        keys.fingerprint(other).unwrap();
        let why = keys.judge(&parse_public_key_base64(KEY).unwrap()).unwrap_err();
        assert!(why.contains(SHOWN) && why.contains(other) && why.contains("ssh-ed25519"), "{why}");
    }
}
