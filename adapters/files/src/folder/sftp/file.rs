//! A file of an SFTP server that is being read.
//!
//! **Invariant.** After a lost connection it is opened again only if it still is what it was.

use super::session::{Session, fault};
use super::{Link, READ, lstat, stamp_of, wide};
use crate::content::Stamp;
use crate::folder::remote::{Fault, Ranges, same};
use bytes::Bytes;
use futures_util::future::try_join_all;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a server may take to close a file that nobody reads any more.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A file that was found.
#[derive(Debug)]
pub(super) struct RemoteFile {
    link: Arc<Link>,
    path: String,
    stamp: Stamp,
    open: Mutex<Option<Open>>,
}

/// A file as a session knows it.
#[derive(Debug, Clone)]
struct Open {
    session: Arc<Session>,
    handle: String,
}

impl RemoteFile {
    /// Opens a file.
    pub(super) fn open(link: Arc<Link>, path: String) -> Result<Self, Fault> {
        let (open, stamp) = link.ask(|session, _| open(session, path.clone()))?;
        Ok(Self { link, path, stamp, open: Mutex::new(Some(open)) })
    }

    /// Returns what it was when it was opened.
    pub(super) fn found(&self) -> Stamp {
        self.stamp
    }

    /// Reads all of it.
    pub(super) fn whole(&mut self, bytes_max: u64) -> Result<Bytes, Fault> {
        let size = self.stamp.size;
        match usize::try_from(size) {
            Ok(length) if size <= bytes_max => self.range(0, length),
            _ => Err(Fault::Said(format!("it has {size} bytes, and at most {bytes_max} are read"))),
        }
    }

    /// Does something with the open file.
    fn with<T, F>(&self, work: impl Fn(Open) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let (this, work) = (self, &work);
        self.link.ask(move |session, _| {
            let (path, stamp) = (this.path.clone(), this.stamp);
            async move {
                let known = this.known().filter(|open| Arc::ptr_eq(&open.session, &session));
                let opened = match known {
                    Some(open) => open,
                    None => {
                        let (opened, found) = open(session, path).await?;
                        same(stamp, found)?;
                        this.keep(opened.clone());
                        opened
                    }
                };
                work(opened).await
            }
        })
    }

    fn keep(&self, open: Open) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
    }

    fn known(&self) -> Option<Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ranges for RemoteFile {
    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn range(&mut self, at: u64, length: usize) -> Result<Bytes, Fault> {
        let (path, stamp) = (&self.path, self.stamp);
        self.with(move |open| async move {
            let step = usize::try_from(open.session.piece).unwrap_or(1).max(1);
            let pieces = (0..length)
                .step_by(step)
                .map(|from| piece(&open, stamp.size, at.saturating_add(wide(from)), step.min(length - from)));
            let pieces = try_join_all(pieces).await?;
            // What was read is of the file that was found, if that is still so afterwards.
            unchanged(&open, path, stamp).await?;
            Ok(pieces.concat().into())
        })
    }

    fn still(&mut self) -> Result<(), Fault> {
        let (path, stamp) = (&self.path, self.stamp);
        self.with(move |open| async move { unchanged(&open, path, stamp).await })
    }
}

impl Drop for RemoteFile {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(Open { session, handle }), Ok(runtime)) = (open, tokio::runtime::Handle::try_current())
        else {
            return;
        };
        runtime.spawn(async move {
            // Where it fails, the file is closed with the connection.
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, session.sftp.close(handle)).await;
        });
    }
}

async fn open(session: Arc<Session>, path: String) -> Result<(Open, Stamp), Fault> {
    let named = lstat(Arc::clone(&session), path.clone()).await?.ok_or(Fault::Gone)?;
    let opened = session.sftp.open(path, READ, FileAttributes::empty()).await.map_err(fault)?;
    let found = session.sftp.fstat(opened.handle.as_str()).await.map_err(fault)?;
    let found = stamp_of(&found.attrs)?;
    if named.file != found.file || found.file.0 != 1 {
        return Err(Fault::Said("it is no regular file".into()));
    }
    Ok((Open { session, handle: opened.handle }, found))
}

/// Reads a piece, in as many answers as the server likes.
async fn piece(open: &Open, size: u64, at: u64, length: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let (from, left) = (at.saturating_add(wide(bytes.len())), length - bytes.len());
        let wanted = u32::try_from(left).unwrap_or(u32::MAX);
        match open.session.sftp.read(open.handle.as_str(), from, wanted).await {
            Ok(data) if data.data.is_empty() || data.data.len() > left => {
                return Err(Fault::Said("the server answers with as many bytes as nobody asked for".into()));
            }
            Ok(data) if bytes.is_empty() => bytes = data.data,
            Ok(data) => bytes.extend_from_slice(&data.data),
            Err(SftpError::Status(status)) if status.status_code == StatusCode::Eof => {
                return Err(Fault::Changed(format!("it had {size} bytes, and ends after {from} now")));
            }
            Err(error) => return Err(fault(error)),
        }
    }
    Ok(bytes)
}

/// Makes sure that the open file is what was found, and that its name means the same.
async fn unchanged(open: &Open, path: &str, stamp: Stamp) -> Result<(), Fault> {
    let found = open.session.sftp.fstat(open.handle.as_str()).await.map_err(fault)?;
    same(stamp, stamp_of(&found.attrs)?)?;
    match lstat(Arc::clone(&open.session), path.to_owned()).await? {
        None => Err(Fault::Gone),
        Some(named) if named != stamp => Err(Fault::Changed("another file took its place".into())),
        Some(_) => Ok(()),
    }
}
