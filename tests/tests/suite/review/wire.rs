//! A legacy system that is a plain socket, and the messages that it may say.
//!
//! **Invariant.** It counts each request that arrived whole, and answers with just the bytes that a test gave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the legacy system says to each request, and whether it hangs up afterwards.
type Script = (Vec<u8>, bool);

/// A legacy system made of bytes.
pub(super) struct Wire {
    pub(super) address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
    script: Arc<Mutex<Script>>,
}

impl Wire {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Self { address, said: Arc::default(), script: Arc::default() };
        let (said, script) = (Arc::clone(&wire.said), Arc::clone(&wire.script));
        // The thread ends with the process; a test leaves no more than an idle listener behind.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (said, script) = (Arc::clone(&said), Arc::clone(&script));
                std::thread::spawn(move || converse(stream, &said, &script));
            }
        });
        wire
    }

    pub(super) fn says(&self, bytes: impl Into<Vec<u8>>, hangs_up: bool) {
        *self.script.lock().unwrap() = (bytes.into(), hangs_up);
    }

    pub(super) fn hits(&self) -> usize {
        self.said.lock().unwrap().len()
    }

    pub(super) fn last(&self) -> String {
        self.said.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

fn converse(mut stream: TcpStream, said: &Mutex<Vec<String>>, script: &Mutex<Script>) {
    let mut input = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let Some(end) = find(&input, b"\r\n\r\n").map(|at| at + 4) else {
            match stream.read(&mut buffer) {
                Ok(count) if count > 0 => input.extend_from_slice(&buffer[..count]),
                _ => return,
            }
            continue;
        };
        let head = String::from_utf8_lossy(&input[..end]).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let total = end + length.map_or(0, |length| length.trim().parse::<usize>().unwrap());
        while input.len() < total {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "a request ended early");
            input.extend_from_slice(&buffer[..count]);
        }
        said.lock().unwrap().push(String::from_utf8_lossy(&input[end..total]).into_owned());
        input.drain(..total);
        let (bytes, hangs_up) = script.lock().unwrap().clone();
        if stream.write_all(&bytes).is_err() || hangs_up {
            return;
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

pub(super) fn reservation(id: &str, more: &str) -> String {
    format!(
        r#"<HotelReservation ResStatus="Book" CreateDateTime="2026-05-01T08:00:00Z" LastModifyDateTime="2026-05-01T08:00:00Z">
<UniqueID Type="14" ID="{id}"/><RoomStays><RoomStay><RoomTypes><RoomType RoomTypeCode="SGL"/></RoomTypes>
<RatePlans><RatePlan RatePlanCode="BAR"/></RatePlans><GuestCounts><GuestCount AgeQualifyingCode="10" Count="1"/></GuestCounts>
</RoomStay></RoomStays><ResGuests><ResGuest><Profiles><ProfileInfo><Profile><Customer><PersonName>
<GivenName>Alan</GivenName><Surname>Turing</Surname></PersonName></Customer></Profile></ProfileInfo></Profiles></ResGuest></ResGuests>
<ResGlobalInfo><TimeSpan Start="2026-07-10" End="2026-07-12"/>{more}<BasicPropertyInfo HotelCode="VIE01"/></ResGlobalInfo>
</HotelReservation>"#
    )
}

pub(super) fn created(reservation: &str) -> String {
    let space = "http://www.opentravel.org/OTA/2003/05";
    envelope(&format!(
        "<OTA_HotelResRS xmlns=\"{space}\"><HotelReservations>{reservation}</HotelReservations></OTA_HotelResRS>"
    ))
}

pub(super) fn found(reservation: &str) -> String {
    let space = "http://www.opentravel.org/OTA/2003/05";
    envelope(&format!(
        "<OTA_ResRetrieveRS xmlns=\"{space}\"><ReservationsList>{reservation}</ReservationsList></OTA_ResRetrieveRS>"
    ))
}

fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}

pub(super) fn reply(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}
