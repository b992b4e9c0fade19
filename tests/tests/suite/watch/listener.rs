//! A consumer that listens to server-sent events, is cut off again and again, and comes back with its last id.
//!
//! **Invariant.** It reads what is on the wire; a stream that ends without the end of its body was cut off.

use super::world::text;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The server ended it, whole.
    Whole,
    /// The connection broke.
    Broken,
    /// The listener had enough.
    Enough,
}

/// An open stream.
pub(crate) struct Stream {
    wire: BufReader<TcpStream>,
    body: Vec<u8>,
    /// The id of the last event that was told.
    pub(crate) last_id: Option<String>,
}

impl Stream {
    /// Asks for a topic behind an event.
    pub(crate) fn open(
        address: SocketAddr,
        token: &str,
        topic: &str,
        last_id: Option<&str>,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(40)))?;
        let last = last_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(
            stream,
            "GET /events/{topic} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n{last}\r\n"
        )?;
        let mut wire = BufReader::new(stream);
        let status = line(&mut wire)?;
        if !status.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(status));
        }
        while !line(&mut wire)?.is_empty() {}
        Ok(Self { wire, body: Vec::new(), last_id: last_id.map(str::to_owned) })
    }

    /// Returns the next event; nothing at the end of a whole body. An error if there is none for a long time.
    pub(crate) fn next(&mut self) -> io::Result<Option<Value>> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if let Some(end) = self.body.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.body.drain(..end + 2).collect();
                let block = String::from_utf8_lossy(&block).into_owned();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                if let (Some(id), Some(data)) = (field("id: "), field("data: ")) {
                    self.last_id = Some(id.to_owned());
                    return Ok(Some(serde_json::from_str(data).map_err(io::Error::other)?));
                }
                continue;
            }
            let size = usize::from_str_radix(&line(&mut self.wire)?, 16).map_err(io::Error::other)?;
            let start = self.body.len();
            self.body.resize(start + size, 0);
            self.wire.read_exact(&mut self.body[start..])?;
            line(&mut self.wire)?;
            if size == 0 {
                return Ok(None);
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

/// Listens until `stop` and the stream ends, hanging up after every few events, and returns the ids of all events and how
/// the last stream ended.
pub(crate) fn listen(
    address: &Mutex<SocketAddr>,
    token: &str,
    topic: &str,
    stop: &AtomicBool,
) -> (Vec<String>, End) {
    let (mut seen, mut last_id, mut few) = (Vec::new(), None::<String>, 1);
    let mut end = End::Broken;
    while !(stop.load(Ordering::Relaxed) && end != End::Enough) {
        let at = *address.lock().unwrap();
        let Ok(mut stream) = Stream::open(at, token, topic, last_id.as_deref()) else {
            if stop.load(Ordering::Relaxed) {
                return (seen, end);
            }
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        few = few * 7 % 31;
        end = End::Enough;
        for _ in 0..few {
            match stream.next() {
                Ok(Some(event)) => seen.push(text(&event["id"]).to_owned()),
                Ok(None) => end = End::Whole,
                Err(_) => end = End::Broken,
            }
            if end != End::Enough {
                break;
            }
        }
        last_id = stream.last_id.take();
    }
    (seen, end)
}

fn line(wire: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut text = String::new();
    if wire.read_line(&mut text)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end().to_owned())
}
