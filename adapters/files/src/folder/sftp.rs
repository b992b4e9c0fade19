//! A folder of another machine, read by SFTP.
//!
//! **Invariant.** Nothing is read from a server whose host key is not known, and a link is never followed.

mod file;
mod hosts;
mod list;
mod session;

pub(crate) use hosts::HostKeys;

use super::Place;
use super::remote::{Ahead, BRIEF, Fault, LONG, patiently, wait, wide};
use super::store::{Found, Store};
use crate::content::{Origin, Stamp};
use file::RemoteFile;
use kernel::{Error, Secret};
use russh::keys::PrivateKey;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, FileType, OpenFlags, StatusCode};
use session::{Session, fault};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long connecting and logging in may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long all requests of one step may take together; each has its own limit.
const STEP_TIMEOUT: Duration = Duration::from_secs(600);
/// Bytes that are read at once.
const AHEAD_BYTES: usize = 1 << 20;
/// Most folders that are made for a file that is moved.
const FOLDERS_MAX: usize = 64;

/// Where a server is and how we are known there.
#[derive(Clone)]
pub(crate) struct Config {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The host keys that it may show.
    pub hosts: HostKeys,
    /// The user.
    pub user: Secret<String>,
    /// The password.
    pub password: Option<Secret<String>>,
    /// The private key.
    pub key: Option<Secret<Arc<PrivateKey>>>,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sftp://{}:{}", self.host, self.port)
    }
}

/// A folder of an SFTP server.
#[derive(Debug)]
pub(crate) struct Sftp {
    link: Arc<Link>,
    /// The folder; empty for that in which a log-in begins.
    root: String,
}

/// The connection, made anew when it was lost.
#[derive(Debug)]
struct Link {
    config: Config,
    session: Mutex<Option<Arc<Session>>>,
}

impl Sftp {
    /// Starts; nothing is connected yet.
    pub(crate) fn new(config: Config, root: &Path) -> Self {
        let link = Link { config, session: Mutex::default() };
        Self { link: Arc::new(link), root: text(root) }
    }

    fn path(&self, name: &str) -> String {
        match self.root.as_str() {
            "" => name.to_owned(),
            root => format!("{}/{name}", root.trim_end_matches('/')),
        }
    }

    fn shown(&self) -> String {
        let Config { host, port, .. } = &self.link.config;
        format!("sftp://{host}:{port} {}", if self.root.is_empty() { "." } else { &self.root })
    }
}

impl Link {
    /// Returns the session, or opens one.
    fn session(&self) -> Result<Arc<Session>, Fault> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*session {
            return Ok(Arc::clone(session));
        }
        let opened = Arc::new(wait(CONNECT_TIMEOUT, Session::open(&self.config))?);
        *session = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Gives up a session that was lost.
    fn lose(&self, lost: &Arc<Session>) {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if session.as_ref().is_some_and(|session| Arc::ptr_eq(session, lost)) {
            *session = None;
        }
    }

    /// As [`Link::ask_for`], where a file would have to be begun again.
    fn ask<T, F>(&self, work: impl FnMut(Arc<Session>, usize) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        self.ask_for(LONG, work)
    }

    /// Asks something that may be asked again, for so long. The work is told how often it was tried before.
    fn ask_for<T, F>(
        &self,
        tried_max: Duration,
        mut work: impl FnMut(Arc<Session>, usize) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut tried = 0;
        patiently(tried_max, || {
            let session = self.session()?;
            let found = wait(STEP_TIMEOUT, work(Arc::clone(&session), tried));
            tried += 1;
            if matches!(found, Err(Fault::Lost(_))) {
                self.lose(&session);
            }
            found
        })
    }
}

impl Store for Sftp {
    fn list(&self, place: &Place) -> Result<Found, Error> {
        let listed = self.link.ask_for(BRIEF, |session, _| list::list(session, place, self.root.clone()));
        listed.map_err(|fault| fault.of_folder(self.shown()))
    }

    fn open(&self, name: &str) -> Result<(Stamp, Origin), Error> {
        let file = RemoteFile::open(Arc::clone(&self.link), self.path(name));
        let file = file.map_err(|fault| fault.of_file(name))?;
        let stamp = file.found();
        Ok((stamp, Origin::Remote(Box::new(Ahead::new(file, AHEAD_BYTES)))))
    }

    fn stamp(&self, name: &str) -> Result<Option<Stamp>, String> {
        let path = self.path(name);
        self.link.ask(|session, _| lstat(session, path.clone())).map_err(|fault| fault.to_string())
    }

    fn small(&self, name: &str, bytes_max: u64) -> Result<Vec<u8>, String> {
        let words = |fault: Fault| fault.to_string();
        let mut file = RemoteFile::open(Arc::clone(&self.link), self.path(name)).map_err(words)?;
        file.whole(bytes_max).map(|bytes| bytes.to_vec()).map_err(words)
    }

    fn delete(&self, name: &str, _: Stamp) -> Result<(), String> {
        let path = self.path(name);
        let deleted = self.link.ask(|session, tried| {
            let path = path.clone();
            async move {
                match session.sftp.remove(path).await.map_err(fault) {
                    // The answer to the first try was lost, not the try.
                    Err(Fault::Gone) if tried > 0 => Ok(()),
                    other => other.map(drop),
                }
            }
        });
        deleted.map_err(|fault| fault.to_string())
    }

    fn put(&self, name: &str, stamp: Stamp, target: &Path) -> Result<bool, String> {
        let (from, to) = (self.path(name), text(target));
        let moved =
            self.link.ask(|session, tried| rename(session, (from.clone(), to.clone()), stamp, tried > 0));
        moved.map_err(|fault| fault.to_string())
    }

    fn is_here(&self) -> bool {
        false
    }

    fn tells_age(&self) -> bool {
        // Its clock is not ours.
        false
    }
}

/// Moves a file to where nothing is.
async fn rename(
    session: Arc<Session>,
    (from, to): (String, String),
    stamp: Stamp,
    again: bool,
) -> Result<bool, Fault> {
    if let Some(found) = lstat(Arc::clone(&session), to.clone()).await? {
        // The answer to the first try was lost, not the try.
        let done = again && found == stamp && lstat(session, from).await?.is_none();
        return Ok(done);
    }
    let mut renamed = session.sftp.rename(from.clone(), to.clone()).await;
    if matches!(&renamed, Err(SftpError::Status(status)) if status.status_code != StatusCode::PermissionDenied)
        && lstat(Arc::clone(&session), from.clone()).await?.is_some()
    {
        make_folders(&session, &to).await?;
        renamed = session.sftp.rename(from, to.clone()).await;
    }
    match renamed.map_err(fault) {
        Ok(_) => Ok(true),
        // SFTP has no answer of its own for a name that is taken.
        Err(Fault::Said(_)) if lstat(session, to).await?.is_some() => Ok(false),
        Err(other) => Err(other),
    }
}

/// Makes the folders in front of a file; those that are there are no error.
async fn make_folders(session: &Session, path: &str) -> Result<(), Fault> {
    let slashes = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
    for at in slashes.take(FOLDERS_MAX) {
        let folder = path.get(..at).unwrap_or_default().to_owned();
        match session.sftp.mkdir(folder, FileAttributes::empty()).await {
            Ok(_) | Err(SftpError::Status(_)) => {}
            Err(error) => return Err(fault(error)),
        }
    }
    Ok(())
}

/// Returns the stamp of what a path names itself; nothing if nothing is there.
async fn lstat(session: Arc<Session>, path: String) -> Result<Option<Stamp>, Fault> {
    match session.sftp.lstat(path).await.map_err(fault) {
        Ok(found) => stamp_of(&found.attrs).map(Some),
        Err(Fault::Gone) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Returns the stamp of attributes.
fn stamp_of(found: &FileAttributes) -> Result<Stamp, Fault> {
    match (found.size, found.mtime) {
        (Some(size), Some(written)) => {
            Ok(Stamp { size, written: (i64::from(written), 0), file: (kind(found), 0) })
        }
        _ => Err(Fault::Said("the server does not tell size and time of its files".into())),
    }
}

/// A number for the type of a file, so that a link is no file.
fn kind(found: &FileAttributes) -> u64 {
    match found.permissions.map(FileType::from) {
        Some(FileType::Dir) => 2,
        Some(FileType::Symlink) => 3,
        Some(FileType::Other) => 4,
        Some(FileType::File) | None => 1,
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

const READ: OpenFlags = OpenFlags::READ;
