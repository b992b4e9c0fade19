//! What Seawall says to a worker.
//!
//! **Invariant.** A secret is in no `Debug`.

use crate::execute::Execute;
use crate::scan::{Malformed, Scan, put_list, put_text};
use crate::{VERSION, kind, write_frame};
use std::fmt;

/// A frame to the worker.
#[derive(Clone, PartialEq)]
pub enum ToWorker {
    /// Says who connects; the first frame of every connection.
    Hello {
        /// The version that is spoken.
        version: u16,
        /// What stands in the worker's environment.
        token: String,
        /// The number of the session; 0 for a connection that only cancels.
        session: u64,
    },
    /// Opens the database; the second frame of every session.
    Open(Open),
    /// Executes a statement.
    Execute(Execute),
    /// Stops what a session executes.
    Cancel {
        /// Its number.
        session: u64,
    },
    /// Asks whether the database answers.
    Ping,
    /// Asks for tables and procedures.
    Catalog {
        /// `SCHEMA.TABLE` with `%` for any text and `_` for any character, or `TABLE` alone; none is all.
        patterns: Vec<String>,
    },
}

/// How to open the database.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// JDBC URL or ODBC connection string.
    pub url: String,
    /// The user; empty where the URL says it or none is needed.
    pub user: String,
    /// The password.
    pub password: String,
    /// How long the login may take.
    pub login_ms: u32,
    /// Nothing may be written.
    pub read_only: bool,
    /// Properties of the driver.
    pub properties: Vec<(String, String)>,
    /// Statements to run first.
    pub settings: Vec<String>,
}

impl ToWorker {
    /// Returns HELLO in our version.
    pub fn hello(token: impl Into<String>, session: u64) -> Self {
        Self::Hello { version: VERSION, token: token.into(), session }
    }

    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello { version, token, session } => write_frame(out, kind::HELLO, |out| {
                out.extend_from_slice(&version.to_le_bytes());
                put_text(out, token);
                out.extend_from_slice(&session.to_le_bytes());
            }),
            Self::Open(open) => write_frame(out, kind::OPEN, |out| open.put(out)),
            Self::Execute(execute) => write_frame(out, kind::EXECUTE, |out| execute.encode(out)),
            Self::Cancel { session } => {
                write_frame(out, kind::CANCEL, |out| out.extend_from_slice(&session.to_le_bytes()));
            }
            Self::Ping => write_frame(out, kind::PING, |_| {}),
            Self::Catalog { patterns } => write_frame(out, kind::CATALOG, |out| {
                put_list(out, patterns, |out, pattern| put_text(out, pattern));
            }),
        }
    }

    /// Reads the payload of a frame of a kind.
    ///
    /// # Errors
    /// It breaks the protocol.
    pub fn decode(kind: u8, payload: &[u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(payload);
        let frame = match kind {
            kind::HELLO => Self::Hello { version: scan.u16()?, token: scan.owned()?, session: scan.u64()? },
            kind::OPEN => Self::Open(Open::take(&mut scan)?),
            kind::EXECUTE => return Execute::decode(payload).map(Self::Execute),
            kind::CANCEL => Self::Cancel { session: scan.u64()? },
            kind::PING => Self::Ping,
            kind::CATALOG => Self::Catalog { patterns: scan.list(Scan::owned)? },
            _ => return Err(scan.wrong("a frame of a kind that no worker takes")),
        };
        scan.end()?;
        Ok(frame)
    }
}

impl Open {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(out, &self.url);
        put_text(out, &self.user);
        put_text(out, &self.password);
        out.extend_from_slice(&self.login_ms.to_le_bytes());
        out.push(u8::from(self.read_only));
        put_list(out, &self.properties, |out, (key, value)| {
            put_text(out, key);
            put_text(out, value);
        });
        put_list(out, &self.settings, |out, statement| put_text(out, statement));
    }

    fn take(scan: &mut Scan<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            url: scan.owned()?,
            user: scan.owned()?,
            password: scan.owned()?,
            login_ms: scan.u32()?,
            read_only: scan.flag()?,
            properties: scan.list(|scan| Ok((scan.owned()?, scan.owned()?)))?,
            settings: scan.list(Scan::owned)?,
        })
    }
}

impl fmt::Debug for ToWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello { version, session, .. } => write!(f, "Hello({version}, ***, {session})"),
            Self::Open(open) => open.fmt(f),
            Self::Execute(execute) => execute.fmt(f),
            Self::Cancel { session } => write!(f, "Cancel({session})"),
            Self::Ping => f.write_str("Ping"),
            Self::Catalog { patterns } => write!(f, "Catalog({patterns:?})"),
        }
    }
}

impl fmt::Debug for Open {
    /// URLs and properties may hold passwords too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Open(***, {} ms, {} settings)", self.login_ms, self.settings.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HEADER_BYTES;

    fn open() -> Open {
        Open {
            url: "Driver=SQLite3;Database=a.db".into(),
            user: "u".into(),
            password: "geheim".into(),
            login_ms: 5000,
            read_only: true,
            properties: vec![("k".into(), "geheim".into())],
            settings: vec!["SET x = 'ä'".into()],
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let check = |frame: ToWorker| {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            assert_eq!(ToWorker::decode(bytes[4], &bytes[HEADER_BYTES..]), Ok(frame.clone()));
            bytes.push(0);
            assert!(
                ToWorker::decode(bytes[4], &bytes[HEADER_BYTES..]).is_err(),
                "{frame:?} with a byte too much"
            );
        };
        check(ToWorker::hello("token", 7));
        check(ToWorker::Open(open()));
        check(ToWorker::Cancel { session: u64::MAX });
        check(ToWorker::Ping);
        check(ToWorker::Catalog { patterns: vec!["KDLIB.KD%".into(), "X".into()] });
        check(ToWorker::Execute(Execute::new("SELECT 1")));
    }

    #[test]
    fn no_secret_is_printed() {
        for frame in [ToWorker::hello("geheim", 1), ToWorker::Open(open())] {
            assert!(!format!("{frame:?}").contains("geheim"));
        }
    }
}
