//! The ODBC worker: one session with one database, driven over a socket.
//!
//! Usage: `seawall-odbc SOCKET`, with the token of the session in `SEAWALL_WORKER_TOKEN`. Seawall starts it; a driver
//! that crashes, hangs or leaks takes this process with it and nothing else.
//!
//! **Invariant.** It ends when its standard input or its session ends, and it never prints a value or a secret.

mod bare;
mod catalog;
mod database;
mod execute;
mod fetch;
mod form;
mod kinds;
mod native;
mod output;
mod parameters;
mod session;

use std::io::Read as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    if let [_, word, url, sql] = words.as_slice()
        && word == "--fetch-only"
    {
        return fetch_only(&url.to_string_lossy(), &sql.to_string_lossy());
    }
    let mut arguments = words.into_iter().skip(1);
    let (Some(socket), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: seawall-odbc SOCKET; Seawall starts it for connections of type odbc");
        return ExitCode::from(2);
    };
    if socket == "--version" {
        println!("seawall-odbc {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Ok(token) = std::env::var(adapters_sql_protocol::TOKEN_VARIABLE) else {
        eprintln!("{} is not set", adapters_sql_protocol::TOKEN_VARIABLE);
        return ExitCode::from(2);
    };
    let listener = match UnixListener::bind(&socket) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on {}: {error}", socket.display());
            return ExitCode::FAILURE;
        }
    };
    let _ = SOCKET.set(socket.into());
    std::thread::spawn(end_with_input);
    let worker = Arc::new(session::Worker::new(token));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let worker = worker.clone();
        std::thread::spawn(move || worker.serve(stream));
    }
    ExitCode::SUCCESS
}

/// For the benchmarks only: what the driver alone costs.
fn fetch_only(url: &str, sql: &str) -> ExitCode {
    match bare::run(url.to_owned(), sql) {
        Ok(()) => ExitCode::SUCCESS,
        Err(early) => {
            eprintln!("{early:?}");
            ExitCode::FAILURE
        }
    }
}

/// Seawall holds the other end of our input and writes nothing: when it ends, Seawall has ended.
fn end_with_input() {
    let mut input = std::io::stdin();
    let mut byte = [0; 64];
    while input.read(&mut byte).is_ok_and(|count| count > 0) {}
    // The statement that runs is told, so that the database does not go on for nobody; a driver may hang in it.
    std::thread::spawn(native::cancel);
    std::thread::sleep(std::time::Duration::from_millis(200));
    end();
}

/// Where it listens.
static SOCKET: OnceLock<PathBuf> = OnceLock::new();

/// Ends the process and leaves no socket behind, nor its folder if nothing else is in it: Seawall may be gone.
fn end() -> ! {
    if let Some(socket) = SOCKET.get() {
        let _ = std::fs::remove_file(socket);
        let _ = socket.parent().map(std::fs::remove_dir);
    }
    std::process::exit(0);
}
