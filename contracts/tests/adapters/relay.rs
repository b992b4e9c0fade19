//! A database worker without a database: this test program itself, started again by a script.
//!
//! It opens sessions by itself and hands statements and their answers on, from and to the fake. When the fake hangs up,
//! a worker of one session dies; one of many ends that session.
//!
//! **Invariant.** It shares nothing with a real worker but the frames, and writes nothing to its outputs.

use adapters_sql_protocol::{
    Fault, FromWorker, Open, Phase, TOKEN_VARIABLE, ToWorker, kind, read_frame, write_frame,
};
use contracts::adapter::SECRET;
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

const SOCKET: &str = "SEAWALL_RELAY_SOCKET";
const SHARED: &str = "SEAWALL_RELAY_SHARED";

/// The lines to the fake, by the number of their session.
type Lines = Arc<Mutex<HashMap<u64, TcpStream>>>;

/// Returns the script that starts a relay with its last argument as the socket.
pub(crate) fn program(shared: bool) -> PathBuf {
    // Both are written before any process is started, which would hold them open.
    static PROGRAMS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    PROGRAMS.get_or_init(|| [written(false), written(true)])[usize::from(shared)].clone()
}

fn written(shared: bool) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let name = if shared { "relay-shared" } else { "relay" };
    let (draft, file) = (folder.join(format!("{name}.{}", std::process::id())), folder.join(name));
    let tests = std::env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\nfor last; do :; done\n{SOCKET}=\"$last\" {SHARED}={} exec '{}' \
         relay::the_relay_serves_when_it_is_started_as_one --exact --nocapture\n",
        u8::from(shared),
        tests.display()
    );
    std::fs::write(&draft, script).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&draft, &file).unwrap();
    file
}

#[test]
fn the_relay_serves_when_it_is_started_as_one() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let shared = std::env::var(SHARED).unwrap() == "1";
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let lines = Lines::default();
    for stream in listener.incoming() {
        let (stream, lines) = (stream.unwrap(), Arc::clone(&lines));
        std::thread::spawn(move || serve(stream, &lines, shared));
    }
}

fn serve(mut stream: UnixStream, lines: &Lines, shared: bool) {
    let (mut payload, mut number, mut line) = (Vec::new(), 0, None);
    while let Ok(Some(kind)) = read_frame(&mut stream, &mut payload) {
        let mut out = Vec::new();
        match ToWorker::decode(kind, &payload).unwrap() {
            ToWorker::Hello { token, session, .. } => {
                assert_eq!(token, std::env::var(TOKEN_VARIABLE).unwrap());
                number = session;
                FromWorker::Ready { version: 1 }.encode(&mut out);
            }
            ToWorker::Ping => FromWorker::Ready { version: 1 }.encode(&mut out),
            ToWorker::Catalog { .. } => FromWorker::Done { affected: None }.encode(&mut out),
            ToWorker::Cancel { session } => {
                if let Some(line) = lines.lock().unwrap().get(&session) {
                    let _ = line.shutdown(Shutdown::Both);
                }
                FromWorker::Ready { version: 1 }.encode(&mut out);
            }
            ToWorker::Open(open) => match connected(&open) {
                Err(fault) => FromWorker::Fault(fault).encode(&mut out),
                Ok(fake) => {
                    let (product, version, driver) = ("Relay".into(), "1".into(), "1".into());
                    FromWorker::Opened { product, version, driver }.encode(&mut out);
                    stream.write_all(&std::mem::take(&mut out)).unwrap();
                    lines.lock().unwrap().insert(number, fake.try_clone().unwrap());
                    let (from, to) = (fake.try_clone().unwrap(), stream.try_clone().unwrap());
                    std::thread::spawn(move || hand_back(from, to, shared));
                    line = Some(fake);
                }
            },
            ToWorker::Execute(_) => {
                let mut frame = Vec::new();
                write_frame(&mut frame, kind::EXECUTE, |out| out.extend_from_slice(&payload));
                // That it cannot be sent is seen by who reads from it.
                let _ = line.as_mut().unwrap().write_all(&frame);
            }
        }
        if stream.write_all(&out).is_err() {
            break;
        }
    }
    if let Some(line) = lines.lock().unwrap().remove(&number) {
        let _ = line.shutdown(Shutdown::Both);
    }
}

/// Hands on what the fake says, until it says no more.
fn hand_back(mut from: TcpStream, mut to: UnixStream, shared: bool) {
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    if !shared {
        std::process::exit(1);
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// As drivers do, a refusal repeats what it was told.
fn connected(open: &Open) -> Result<TcpStream, Fault> {
    let refused = |sqlstate: &str, why: &str| Fault {
        sqlstate: sqlstate.into(),
        native: -1,
        message: format!("{why} as {} with {} at {}", open.user, open.password, open.url),
        phase: Phase::Before,
    };
    if open.password != SECRET {
        return Err(refused("28000", "nobody may log in"));
    }
    let address = open.url.rsplit(['=', '/']).next().unwrap_or_default();
    TcpStream::connect(address).map_err(|_| refused("08001", "nobody listens"))
}
