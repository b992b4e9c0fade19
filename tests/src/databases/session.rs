//! A session of a database server that stays open, as an application's would: for transactions that take their time.
//!
//! **Invariant.** It is the product's own client, so a session that is dropped is rolled back by the server.

use super::{Product, Server, mariadb, postgres};
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// An open session.
#[derive(Debug)]
pub struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Server {
    /// Opens a session; for PostgreSQL and MariaDB.
    ///
    /// # Errors
    /// The client cannot be started.
    pub fn session(&self) -> io::Result<Session> {
        let mut command = match self.product {
            Product::Postgres => postgres::client(self),
            Product::Mariadb => {
                let mut client = mariadb::client(self);
                client.arg("--unbuffered");
                client
            }
            Product::H2 => return Err(io::Error::other("H2 has no client of its own")),
        };
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let piped = || io::Error::other("the client has no pipes");
        let input = child.stdin.take().ok_or_else(piped)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(piped)?);
        Ok(Session { child, input, output, asked: 0 })
    }
}

impl Session {
    /// Runs statements, each ended by `;`, and returns what they print once all are done.
    ///
    /// # Errors
    /// The server says no, and the session is over; the error is what it says.
    pub fn run(&mut self, sql: &str) -> io::Result<String> {
        self.asked += 1;
        let mark = format!("done {}", self.asked);
        // A client that ended says why on standard error.
        drop(writeln!(self.input, "{sql}\nSELECT '{mark}';").and_then(|()| self.input.flush()));
        let mut said = String::new();
        loop {
            let start = said.len();
            if self.output.read_line(&mut said)? == 0 {
                let mut why = String::new();
                drop(self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut why)));
                return Err(io::Error::other(why));
            }
            if said[start..].trim_end() == mark {
                said.truncate(start);
                return Ok(said);
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
