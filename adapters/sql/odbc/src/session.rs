//! Serves the connections of Seawall: one session, and those that only cancel.
//!
//! **Invariant.** Who does not say the token first gets no answer, and one process has one session in its life.

use crate::catalog;
use crate::database::{self, Database};
use crate::execute::{self, Learnt};
use crate::native::{self, Environment};
use crate::output::{Early, Output};
use adapters_sql_protocol::{FromWorker, Phase, ToWorker, VERSION, read_frame};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Worker {
    token: String,
    /// The number of the session, once there is one.
    session: Mutex<Option<u64>>,
}

impl Worker {
    pub(crate) fn new(token: String) -> Self {
        Self { token, session: Mutex::new(None) }
    }

    /// Serves a connection until it ends. The end of the session is the end of the process.
    pub(crate) fn serve(&self, mut stream: UnixStream) {
        let mut payload = Vec::new();
        let Some(session) = self.hello(&mut stream, &mut payload) else { return };
        let Ok(writer) = stream.try_clone() else { return };
        let mut output = Output::new(writer);
        output.put(&FromWorker::Ready { version: VERSION });
        if output.flush().is_err() {
            return;
        }
        if session == 0 {
            let _ = self.control(&mut stream, &mut payload, &mut output);
            return;
        }
        let _ = Session::run(&mut stream, &mut payload, &mut output);
        crate::end();
    }

    /// Returns the number of the session, or nothing for who is not welcome.
    fn hello(&self, stream: &mut UnixStream, payload: &mut Vec<u8>) -> Option<u64> {
        let kind = read_frame(stream, payload).ok()??;
        let Ok(ToWorker::Hello { version: VERSION, token, session }) = ToWorker::decode(kind, payload) else {
            return None;
        };
        if token != self.token {
            return None;
        }
        let mut known = self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match (session, *known) {
            (0, _) => Some(0),
            (_, None) => {
                *known = Some(session);
                Some(session)
            }
            (_, Some(_)) => None,
        }
    }

    fn control(&self, stream: &mut UnixStream, payload: &mut Vec<u8>, output: &mut Output) -> io::Result<()> {
        while let Some(kind) = read_frame(stream, payload)? {
            let Ok(ToWorker::Cancel { session }) = ToWorker::decode(kind, payload) else { return Ok(()) };
            let known = *self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            output.put(&FromWorker::Ready { version: VERSION });
            output.flush()?;
            if known == Some(session) {
                native::cancel();
            }
        }
        Ok(())
    }
}

/// The session.
struct Session<'e> {
    database: Option<Database<'e>>,
    learnt: Learnt,
}

impl Session<'_> {
    fn run(stream: &mut UnixStream, payload: &mut Vec<u8>, output: &mut Output) -> io::Result<()> {
        let environment = Environment::new();
        let mut session = Session { database: None, learnt: Learnt::default() };
        while let Some(kind) = read_frame(stream, payload)? {
            let Ok(frame) = ToWorker::decode(kind, payload) else { return Ok(()) };
            let end = match (&environment, frame) {
                (Err(diagnostic), _) => Err(diagnostic.clone().into()),
                (Ok(environment), ToWorker::Open(open)) => match database::open(environment, &open) {
                    Ok(database) => {
                        let told = database.told();
                        session.database = Some(database);
                        Ok(told)
                    }
                    Err(early) => Err(early),
                },
                (Ok(_), frame) => session.answer(&frame, output),
            };
            match end {
                Ok(frame) => output.put(&frame),
                Err(Early::Fault(fault)) => output.put(&FromWorker::Fault(fault)),
                Err(Early::Gone) => return Ok(()),
            }
            output.flush()?;
            // What a large answer needed is given back.
            if payload.capacity() > 1 << 20 {
                *payload = Vec::new();
            }
        }
        Ok(())
    }

    fn answer(&mut self, frame: &ToWorker, output: &mut Output) -> Result<FromWorker<'static>, Early> {
        let Some(database) = &self.database else {
            return Err(Early::own("08003", "no database was opened", Phase::Gone));
        };
        match frame {
            ToWorker::Execute(execute) => execute::run(database, execute, &mut self.learnt, output),
            ToWorker::Ping => database.ping().map(|()| FromWorker::Ready { version: VERSION }),
            ToWorker::Catalog { patterns } => {
                catalog::write(database, patterns, output)?;
                Ok(FromWorker::Done { affected: None })
            }
            ToWorker::Hello { .. } | ToWorker::Open(_) | ToWorker::Cancel { .. } => Err(Early::Gone),
        }
    }
}
