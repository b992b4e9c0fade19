//! A session: a worker's connection with the database.
//!
//! **Invariant.** A session is used again only when its last answer was read to the end.

use super::line::{Line, Quiet};
use super::process::{Failure, Launch, Process};
use adapters_sql_protocol::{Execute, FromWorker, Open, Phase, ToWorker, kind};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A session in use.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its socket.
    pub(crate) line: Line,
    /// What it runs in.
    pub(crate) process: Arc<Process>,
    id: u64,
    /// When it was opened.
    pub(crate) born: Instant,
}

/// A session that nobody uses.
#[derive(Debug)]
pub(crate) struct Idle {
    quiet: Quiet,
    process: Arc<Process>,
    id: u64,
    /// When it was opened.
    pub(crate) born: Instant,
    /// Since when nobody uses it.
    pub(crate) since: Instant,
}

/// How much longer than the login itself everything around it may take.
const LOGIN_MARGIN: Duration = Duration::from_secs(2);
/// The SQLSTATE of a refusal that tells none.
const GENERAL: &str = "HY000";
/// How long a worker may take to take a cancel.
const CANCEL_MAX: Duration = Duration::from_millis(800);

/// How an attempt to stop a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its answer was read to the end, and the session can be used again.
    Stopped,
    /// The worker has heard it, and the statement goes on or its connection is gone.
    Unheeded,
    /// The worker does not even take the wish: all that it does is lost.
    Deaf,
}

impl Session {
    /// Opens a session in a process.
    pub(crate) async fn open(process: Arc<Process>, open: &Open) -> Result<Self, Failure> {
        let within = Duration::from_millis(open.login_ms.into()) + LOGIN_MARGIN;
        let line = Line::new(process.connect().await?);
        let id = process.number();
        let mut session = Self { line, process, id, born: Instant::now() };
        match timeout(within, session.login(open)).await {
            Ok(Ok(())) => Ok(session),
            Ok(Err(failure)) => Err(failure),
            Err(_) => {
                session.process.kill();
                Err(Failure::new("the database did not open a session in time", format_args!("{within:?}")))
            }
        }
    }

    async fn login(&mut self, open: &Open) -> Result<(), Failure> {
        let broken = |error: io::Error| Failure::new("a database worker broke off", error);
        let mut bytes = Vec::new();
        ToWorker::hello(self.process.token(), self.id).encode(&mut bytes);
        ToWorker::Open(open.clone()).encode(&mut bytes);
        self.line.send(&bytes).await.map_err(|(_, error)| broken(error))?;
        loop {
            let (kind, payload) = self.line.receive().await.map_err(broken)?;
            match FromWorker::decode(kind, &payload, 0) {
                Ok(FromWorker::Ready { .. }) => {}
                Ok(FromWorker::Opened { .. }) => return Ok(()),
                Ok(FromWorker::Fault(fault)) => {
                    let told = without_secrets(&fault.message, open);
                    let failure = Failure::new("the database refused a session", told);
                    return Err(Failure {
                        sqlstate: Some(fault.state().unwrap_or(GENERAL).to_owned()),
                        ..failure
                    });
                }
                Ok(_) => return Err(Failure::new("a database worker broke off", "it said something else")),
                Err(wrong) => return Err(Failure::new("a database worker broke off", wrong)),
            }
        }
    }

    /// Returns whether the database gives a sign of life in time.
    pub(crate) async fn ping(&mut self, within: Duration) -> bool {
        let mut bytes = Vec::new();
        ToWorker::Ping.encode(&mut bytes);
        let pong = async {
            self.line.send(&bytes).await.map_err(|(_, error)| error)?;
            self.line.receive().await
        };
        matches!(timeout(within, pong).await, Ok(Ok((kind::READY, _))))
    }

    /// Asks for the raw catalog.
    pub(crate) async fn catalog(&mut self, patterns: &[String]) -> Result<String, Failure> {
        let broken = |error: io::Error| Failure::new("a database worker broke off", error);
        let mut bytes = Vec::new();
        ToWorker::Catalog { patterns: patterns.to_vec() }.encode(&mut bytes);
        self.line.send(&bytes).await.map_err(|(_, error)| broken(error))?;
        let mut text = String::new();
        loop {
            let (kind, payload) = self.line.receive().await.map_err(broken)?;
            match FromWorker::decode(kind, &payload, 0) {
                Ok(FromWorker::Catalog(piece)) => text.push_str(piece),
                Ok(FromWorker::Done { .. }) => return Ok(text),
                Ok(FromWorker::Fault(fault)) => {
                    let failure = Failure::new("the database does not tell its catalog", &fault.message);
                    return Err(Failure {
                        sqlstate: Some(fault.state().unwrap_or(GENERAL).to_owned()),
                        ..failure
                    });
                }
                Ok(_) => return Err(Failure::new("a database worker broke off", "it said something else")),
                Err(wrong) => return Err(Failure::new("a database worker broke off", wrong)),
            }
        }
    }

    /// Sends a statement, and tells by the error whether something had left; `left` is told as soon as it has.
    pub(crate) async fn execute(
        &mut self,
        execute: Execute,
        left: impl Fn(),
    ) -> Result<(), (usize, io::Error)> {
        let mut bytes = Vec::with_capacity(256 + execute.sql.len());
        ToWorker::Execute(execute).encode(&mut bytes);
        self.line.send_noting(&bytes, left).await
    }

    /// Stops what it executes and reads its answer to the end.
    pub(crate) async fn stop(&mut self, within: Duration) -> Stop {
        let until = tokio::time::Instant::now() + within;
        match timeout(CANCEL_MAX.min(within), self.cancel()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Stop::Unheeded,
            Err(_) => return Stop::Deaf,
        }
        match tokio::time::timeout_at(until, self.drain()).await {
            Ok(Ok(true)) => Stop::Stopped,
            _ => Stop::Unheeded,
        }
    }

    /// Asks the worker, over a connection of its own, to cancel what the session executes.
    async fn cancel(&self) -> io::Result<()> {
        let stream = self.process.connect().await.map_err(|failure| io::Error::other(failure.message))?;
        let mut control = Line::new(stream);
        let mut bytes = Vec::new();
        ToWorker::hello(self.process.token(), 0).encode(&mut bytes);
        ToWorker::Cancel { session: self.id }.encode(&mut bytes);
        control.send(&bytes).await.map_err(|(_, error)| error)?;
        for _ in 0..2 {
            control.receive().await?;
        }
        Ok(())
    }

    /// Reads to the end of an answer; whether the connection to the database is still there.
    async fn drain(&mut self) -> io::Result<bool> {
        loop {
            match self.line.receive().await? {
                (kind::DONE, _) => return Ok(true),
                (kind::FAULT, payload) => {
                    let fault = FromWorker::decode(kind::FAULT, &payload, 0);
                    return Ok(matches!(fault, Ok(FromWorker::Fault(fault)) if fault.phase != Phase::Gone));
                }
                (kind::COLUMNS | kind::BATCH | kind::OUT, _) => {}
                _ => return Ok(false),
            }
        }
    }

    /// Binds it to the runtime of the caller.
    pub(crate) fn moved(self) -> Option<Self> {
        let Self { line, process, id, born } = self;
        let line = line.quiet().ok()?.line().ok()?;
        Some(Self { line, process, id, born })
    }

    /// Lets go of it; nothing if it cannot be used again.
    pub(crate) fn idle(self) -> Option<Idle> {
        let Self { line, process, id, born } = self;
        let quiet = line.quiet().ok().filter(|quiet| !quiet.has_input())?;
        process.is_usable().then(|| Idle { quiet, process, id, born, since: Instant::now() })
    }
}

impl Idle {
    /// Takes it into use; nothing if its worker has ended.
    pub(crate) fn session(self) -> Option<Session> {
        let Self { quiet, process, id, born, .. } = self;
        let line = process.is_usable().then(|| quiet.line().ok())??;
        Some(Session { line, process, id, born })
    }
}

/// Returns what a driver says of a login without what is secret of it: some of them repeat all that they were given.
/// Nothing of a client is in it, and an operator needs it.
fn without_secrets(message: &str, open: &Open) -> String {
    let properties = open.properties.iter().map(|(_, value)| value).filter(|value| value.len() > 5);
    let mut secrets: Vec<&str> = properties.chain([&open.url, &open.password]).map(String::as_str).collect();
    // A long one may hold a shorter one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let blank = |text: String, secret: &&str| text.replace(secret, "***");
    secrets.iter().filter(|secret| !secret.is_empty()).fold(message.to_owned(), blank)
}

/// Opens a session in the process of `shared`, or in a new one. Only on the thread of the workers.
pub(crate) async fn start(
    launch: &dyn Launch,
    shared: Option<&tokio::sync::Mutex<Option<Arc<Process>>>>,
    open: &Open,
) -> Result<Session, Failure> {
    let Some(shared) = shared else {
        let process = Process::start(launch)?;
        let opened = Session::open(Arc::clone(&process), open).await;
        if opened.is_err() {
            // Its place is free as soon as this is told.
            process.end().await;
        }
        return opened;
    };
    loop {
        let (process, fresh) = {
            let mut shared = shared.lock().await;
            match &*shared {
                Some(process) if process.is_usable() => (Arc::clone(process), false),
                _ => (Arc::clone(shared.insert(Process::start(launch)?)), true),
            }
        };
        match Session::open(Arc::clone(&process), open).await {
            // It is not the database that refused: the process is about to end, and nobody knew.
            Err(failure) if !fresh && failure.sqlstate.is_none() => process.retire(),
            opened => return opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_says_of_a_login_is_told_without_secrets() {
        let check = |message: &str, expected: &str| {
            let open = Open {
                url: "jdbc:x://db?password=geheim".into(),
                user: "u".into(),
                password: "geheim".into(),
                properties: vec![("ssl".into(), "true".into()), ("key".into(), "s3cr3t!".into())],
                ..Open::default()
            };
            assert_eq!(without_secrets(message, &open), expected);
        };
        check("no driver for jdbc:x://db?password=geheim", "no driver for ***");
        check("u may not log in with geheim, s3cr3t!", "u may not log in with ***, ***");
        check("it is not true", "it is not true");
        assert_eq!(without_secrets("refused", &Open::default()), "refused");
    }
}
