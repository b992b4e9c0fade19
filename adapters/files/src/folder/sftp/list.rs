//! What is in a folder of an SFTP server.
//!
//! **Invariant.** Only regular files are listed; the number of folders and files that are looked at is bounded.

use super::session::{Session, fault};
use super::stamp_of;
use crate::folder::remote::Fault;
use crate::folder::store::{Found, FoundFile};
use crate::folder::{DEPTH_MAX, FILES_MAX, Place};
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{File, FileType, StatusCode};
use std::sync::Arc;

/// Most names that are looked at.
const LOOKED_AT_MAX: usize = 10 * FILES_MAX;

/// Lists what a place means below a folder.
pub(super) async fn list(session: Arc<Session>, place: &Place, root: String) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut looked_at = 0;
    // The folders that are still to be read, by their name below the root, with a slash behind it.
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        let folder = join(&root, &below);
        let handle = session.sftp.opendir(folder).await.map_err(fault)?.handle;
        loop {
            let names = match session.sftp.readdir(handle.as_str()).await {
                Ok(names) => names.files,
                Err(SftpError::Status(status)) if status.status_code == StatusCode::Eof => break,
                Err(error) => return Err(fault(error)),
            };
            looked_at += names.len();
            if found.files.len() > FILES_MAX || found.signs.len() > FILES_MAX || looked_at > LOOKED_AT_MAX {
                return Err(Fault::Said(format!("it has more than {FILES_MAX} files")));
            }
            for entry in names.into_iter().filter(|entry| !matches!(&*entry.filename, "." | "..")) {
                let name = format!("{below}{}", entry.filename);
                if let Some(folder) = look(entry, name, (place, &root), &mut found) {
                    open.push(folder);
                }
            }
        }
        session.sftp.close(handle).await.map_err(fault)?;
        if open.iter().any(|folder| folder.matches('/').count() > DEPTH_MAX) {
            return Err(Fault::Said(format!("folders are more than {DEPTH_MAX} deep")));
        }
    }
    Ok(found)
}

/// Notes an entry if it is meant; a folder that may lead to files is returned.
fn look(entry: File, name: String, (place, root): (&Place, &str), found: &mut Found) -> Option<String> {
    if entry.filename.contains('/') {
        return None;
    }
    let kind = entry.attrs.permissions.map(FileType::from);
    let is_meant = place.glob.matches(&name);
    if kind == Some(FileType::Dir) {
        let path = join(root, &name);
        let leads = place.glob.leads_to(&name) && !place.is_put_away(path.as_ref());
        return leads.then(|| format!("{name}/"));
    }
    // What is no UTF-8 was replaced, and no file has that name.
    if name.contains(char::REPLACEMENT_CHARACTER) {
        found.waiting.push((name.into(), "its name is no UTF-8".into()));
        return None;
    }
    if place.ready.is_sign(&name)
        && kind == Some(FileType::File)
        && let Ok(stamp) = stamp_of(&entry.attrs)
    {
        found.signs.insert(name.clone(), stamp);
    }
    if is_meant {
        match (kind, stamp_of(&entry.attrs)) {
            (Some(FileType::File), Ok(stamp)) => found.files.push(FoundFile { name, stamp }),
            (Some(FileType::File), Err(why)) => found.waiting.push((name.into(), why.to_string())),
            (Some(FileType::Symlink), _) => {
                found.waiting.push((name.into(), "it is a link, and links are not followed by SFTP".into()));
            }
            _ => found.waiting.push((name.into(), "it is no regular file".into())),
        }
    }
    None
}

fn join(root: &str, name: &str) -> String {
    let name = name.trim_end_matches('/');
    match (root, name) {
        ("", "") => ".".to_owned(),
        ("", name) => name.to_owned(),
        (root, "") => root.to_owned(),
        (root, name) => format!("{}/{name}", root.trim_end_matches('/')),
    }
}
