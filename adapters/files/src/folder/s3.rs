//! A bucket of S3, or of a store that speaks its language.
//!
//! **Invariant.** An object is moved by copying it where nothing is and deleting it afterwards, so it is in one of the two
//! places whenever something stops; it is deleted only as the version that was read.

mod listing;
mod request;

use super::remote::{Ahead, BRIEF, Fault, LONG, Ranges, patiently, same};
use super::store::{Found, FoundFile, Store};
use super::{FILES_MAX, Place};
use crate::content::{Origin, Stamp};
use adapters_client::Client;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use kernel::{Error, Secret};
use listing::{Object, page, seconds};
use request::{Answer, Ask, NOT_OFFERED, copied};
use rusty_s3::{Bucket, Method};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are read at once.
const AHEAD_BYTES: usize = 4 << 20;
/// Bytes of the largest answer: a page of a listing, or what is read of an object at once.
pub(crate) const ANSWER_BYTES_MAX: u64 = (16 << 20) + 1;
/// Most bytes that one request copies.
///
/// Source: Amazon S3 API Reference, CopyObject: "You can copy an object of up to 5 GB in size".
const COPY_BYTES_MAX: u64 = 5 << 30;
/// Most objects that are looked at.
const LOOKED_AT_MAX: usize = 10 * FILES_MAX;
/// Characters that stand in a path of a URL as they are.
const PLAIN: &[u8] = b"-_.~/";

/// Where a bucket is and how we are known there.
pub(crate) struct Config {
    /// The bucket, with its address.
    pub bucket: Bucket,
    /// Access key, secret key, session token.
    pub keys: (Secret<String>, Secret<String>, Option<Secret<String>>),
    /// What sends requests.
    pub client: Client,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{} at {}", self.bucket.name(), self.client.origin())
    }
}

/// A folder of a bucket.
#[derive(Debug)]
pub(crate) struct S3 {
    config: Arc<Config>,
    /// What all keys begin with; empty, or ends with a slash.
    prefix: String,
}

/// An object as it was found.
#[derive(Debug)]
struct Version {
    config: Arc<Config>,
    key: String,
    etag: String,
    stamp: Stamp,
}

impl S3 {
    /// Starts; nothing is asked yet.
    pub(crate) fn new(config: Config, root: &Path) -> Self {
        let root = root.to_string_lossy();
        let prefix = if root.is_empty() { String::new() } else { format!("{root}/") };
        Self { config: Arc::new(config), prefix }
    }

    fn shown(&self) -> String {
        format!("s3://{}/{}", self.config.bucket.name(), self.prefix)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Asks what may be asked again.
    fn send(&self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        patiently(LONG, || self.config.send(ask))
    }

    fn found(&self, key: String) -> Result<Version, Fault> {
        let answer =
            self.send(&Ask { method: Method::Head, key: Some(&key), query: &[], signed: &[], headers: &[] })?;
        let written = answer.modified.as_deref().and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        match (answer.length, written) {
            (Some(size), Some(written)) if !answer.etag.is_empty() => {
                let stamp = stamp(size, seconds(written.timestamp()), &answer.etag);
                Ok(Version { config: Arc::clone(&self.config), key, etag: answer.etag, stamp })
            }
            _ => Err(Fault::Said("the store does not tell size, time and version of its objects".into())),
        }
    }

    fn pages(&self, place: &Place) -> Result<Found, Fault> {
        let mut found = Found::default();
        let (mut next, mut looked_at): (Option<String>, usize) = (None, 0);
        loop {
            let mut query: Vec<(&str, &str)> =
                next.iter().map(|next| ("continuation-token", next.as_str())).collect();
            if !place.glob.has_folders() {
                query.push(("delimiter", "/"));
            }
            query.extend([("encoding-type", "url"), ("list-type", "2")]);
            if !self.prefix.is_empty() {
                query.push(("prefix", &self.prefix));
            }
            let ask = Ask { method: Method::Get, key: None, query: &query, signed: &[], headers: &[] };
            let answer = patiently(BRIEF, || self.config.send(&ask));
            let answer = answer.map_err(|fault| match fault {
                Fault::Gone => Fault::Said("there is no such bucket".into()),
                other => other,
            })?;
            let page = page(&answer.body).map_err(Fault::Said)?;
            looked_at += page.objects.len().max(1);
            for object in page.objects {
                self.look(object, place, &mut found);
            }
            if found.files.len() > FILES_MAX || found.signs.len() > FILES_MAX || looked_at > LOOKED_AT_MAX {
                return Err(Fault::Said(format!("it has more than {FILES_MAX} files")));
            }
            match page.next {
                None => return Ok(found),
                same if same == next => return Err(Fault::Said("its listing does not go on".into())),
                more => next = more,
            }
        }
    }

    /// Notes an object if it is meant.
    fn look(&self, object: Object, place: &Place, found: &mut Found) {
        let Some(name) = object.key.strip_prefix(&self.prefix) else { return };
        let folder = Path::new(&object.key).parent().unwrap_or(Path::new(""));
        // A key that ends with a slash stands for a folder in some tools.
        if name.is_empty() || name.ends_with('/') || (name.contains('/') && place.is_put_away(folder)) {
            return;
        }
        let is_odd = name.split('/').any(|step| matches!(step, "" | "." | ".."));
        if is_odd {
            if place.glob.matches(name) {
                found.waiting.push((name.into(), "its name has an empty step, or one of points".into()));
            }
            return;
        }
        let stamp = stamp(object.size, object.written, &object.etag);
        if place.ready.is_sign(name) {
            found.signs.insert(name.to_owned(), stamp);
        }
        if place.glob.matches(name) {
            found.files.push(FoundFile { name: name.to_owned(), stamp });
        }
    }

    /// Copies an object to where nothing is; false if something is there.
    fn copy(&self, from: &Version, to: &str) -> Result<bool, Fault> {
        if from.stamp.size > COPY_BYTES_MAX {
            return Err(Fault::Said(
                "it has more than 5 GiB, which one request cannot copy; move it by hand".into(),
            ));
        }
        let source = format!("/{}/{}", self.config.bucket.name(), escaped(&from.key));
        let signed =
            [("x-amz-copy-source", source.as_str()), ("x-amz-copy-source-if-match", from.etag.as_str())];
        let ask = |headers| Ask { method: Method::Put, key: Some(to), query: &[], signed: &signed, headers };
        let sent = |headers| {
            let answer = self.config.send(&ask(headers))?;
            copied(&self.config, &answer)
        };
        let copied = match sent(&[("If-None-Match", "*")]) {
            // A store that knows no such condition; that nothing was there is known from a moment ago.
            Err(Fault::Said(why)) if why == NOT_OFFERED => sent(&[]),
            other => other,
        };
        match copied {
            Ok(()) => Ok(true),
            Err(Fault::Changed(why)) => match self.found(to.to_owned()) {
                Ok(_) => Ok(false),
                Err(Fault::Gone) => Err(Fault::Changed(why)),
                Err(other) => Err(other),
            },
            Err(other) => Err(other),
        }
    }

    fn moved(&self, name: &str, was: Stamp, target: &Path) -> Result<bool, Fault> {
        let to = target.to_string_lossy();
        let from = self.found(self.key(name))?;
        same(was, from.stamp)?;
        patiently(LONG, || {
            let there = match self.found(to.clone().into_owned()) {
                Ok(there) => Some(there),
                Err(Fault::Gone) => None,
                Err(other) => return Err(other),
            };
            match there {
                // The same version of the same content: a move that was interrupted, or content that came again.
                Some(there) if there.etag == from.etag && there.stamp.size == from.stamp.size => Ok(()),
                Some(_) => return Ok(false),
                None if self.copy(&from, &to)? => Ok(()),
                None => return Ok(false),
            }?;
            self.deleted(&from).map(|()| true)
        })
    }

    fn deleted(&self, version: &Version) -> Result<(), Fault> {
        let headers = [("If-Match", version.etag.as_str())];
        let ask = |headers| Ask {
            method: Method::Delete,
            key: Some(&version.key),
            query: &[],
            signed: &[],
            headers,
        };
        match self.send(&ask(&headers)).map(drop) {
            Err(Fault::Gone) => Ok(()),
            Err(Fault::Said(why)) if why == NOT_OFFERED => self.send(&ask(&[])).map(drop),
            other => other,
        }
    }
}

impl Store for S3 {
    fn list(&self, place: &Place) -> Result<Found, Error> {
        self.pages(place).map_err(|fault| fault.of_folder(self.shown()))
    }

    fn open(&self, name: &str) -> Result<(Stamp, Origin), Error> {
        let found = self.found(self.key(name)).map_err(|fault| fault.of_file(name))?;
        Ok((found.stamp, Origin::Remote(Box::new(Ahead::new(found, AHEAD_BYTES)))))
    }

    fn stamp(&self, name: &str) -> Result<Option<Stamp>, String> {
        match self.found(self.key(name)) {
            Ok(found) => Ok(Some(found.stamp)),
            Err(Fault::Gone) => Ok(None),
            Err(fault) => Err(fault.to_string()),
        }
    }

    fn small(&self, name: &str, bytes_max: u64) -> Result<Vec<u8>, String> {
        let words = |fault: Fault| fault.to_string();
        let mut found = self.found(self.key(name)).map_err(words)?;
        let size = found.stamp.size;
        match usize::try_from(size) {
            Ok(0) => Ok(Vec::new()),
            Ok(length) if size <= bytes_max => {
                found.range(0, length).map(|bytes| bytes.to_vec()).map_err(words)
            }
            _ => Err(format!("it has {size} bytes, and at most {bytes_max} are read")),
        }
    }

    fn delete(&self, name: &str, stamp: Stamp) -> Result<(), String> {
        let found = self.found(self.key(name));
        let deleted = found.and_then(|found| {
            same(stamp, found.stamp)?;
            self.deleted(&found)
        });
        deleted.map_err(|fault| fault.to_string())
    }

    fn put(&self, name: &str, stamp: Stamp, target: &Path) -> Result<bool, String> {
        self.moved(name, stamp, target).map_err(|fault| fault.to_string())
    }

    fn is_here(&self) -> bool {
        false
    }

    fn tells_age(&self) -> bool {
        // An object is there as a whole or not at all, whatever the clocks say.
        true
    }
}

impl Ranges for Version {
    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn range(&mut self, at: u64, length: usize) -> Result<Bytes, Fault> {
        let wide = u64::try_from(length).unwrap_or(u64::MAX);
        let range = format!("bytes={at}-{}", at.saturating_add(wide).saturating_sub(1));
        let headers = [("If-Match", self.etag.as_str()), ("Range", range.as_str())];
        let ask =
            Ask { method: Method::Get, key: Some(&self.key), query: &[], signed: &[], headers: &headers };
        let answer = patiently(LONG, || self.config.send(&ask))?;
        if answer.status != 206 && !(answer.status == 200 && at == 0 && wide == self.stamp.size) {
            return Err(Fault::Said("the store does not give parts of objects".into()));
        }
        if answer.body.len() != length || answer.etag != self.etag {
            return Err(Fault::Changed("another object took its place".into()));
        }
        Ok(answer.body)
    }

    fn still(&mut self) -> Result<(), Fault> {
        let headers = [("If-Match", self.etag.as_str())];
        let ask =
            Ask { method: Method::Head, key: Some(&self.key), query: &[], signed: &[], headers: &headers };
        let answer = patiently(LONG, || self.config.send(&ask))?;
        if answer.etag == self.etag {
            Ok(())
        } else {
            Err(Fault::Changed("another object took its place".into()))
        }
    }
}

fn stamp(size: u64, written: i64, etag: &str) -> Stamp {
    let hash = digest(&SHA256, etag.trim_matches('"').as_bytes());
    let number = |at: usize| {
        let bytes = hash.as_ref().iter().skip(at).take(8);
        bytes.fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte))
    };
    Stamp { size, written: (written, 0), file: (number(0), number(8)) }
}

/// Escapes a key as a path of a URL.
fn escaped(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
