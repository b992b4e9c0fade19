//! A property management system that speaks the SOAP service of the `reservations` mapping.
//!
//! **Invariant.** It counts every effect, so that a test can say how often something was really booked.

mod message;

use crate::http::{Behaviour, Handler, Reply, Request, Server};
use message::Operation;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A running system.
#[derive(Debug)]
pub struct Pms {
    server: Server,
    hotel: Arc<Hotel>,
}

/// What it knows and how it behaves.
#[derive(Debug)]
pub struct Hotel {
    reservations: Mutex<BTreeMap<String, String>>,
    next: AtomicU64,
    created: AtomicU64,
    mood: Mutex<Mood>,
    user: String,
    password: String,
}

/// How it behaves until told otherwise.
#[derive(Debug, Clone, Copy, Default)]
struct Mood {
    /// Pause before each answer, in milliseconds.
    slow_ms: u64,
    /// Every n-th answer is a SOAP fault; 0 is never.
    fault_every: u64,
    /// Every n-th answer says that the system is busy (code 448); 0 is never.
    busy_every: u64,
    /// It answers 503 to everything.
    down: bool,
    /// It acts and then does not answer.
    mute: bool,
    calls: u64,
}

impl Pms {
    /// Starts with `count` reservations, `R-1001` and up, on a port; 0 takes a free one.
    ///
    /// Callers prove who they are by a UsernameToken with this user and password.
    ///
    /// # Errors
    /// The port cannot be had.
    pub async fn start(port: u16, count: u64, user: &str, password: &str) -> io::Result<Self> {
        let reservations =
            (1001..1001 + count).map(|n| (format!("R-{n}"), message::reservation(n))).collect();
        let hotel = Arc::new(Hotel {
            reservations: Mutex::new(reservations),
            next: AtomicU64::new(1001 + count),
            created: AtomicU64::new(0),
            mood: Mutex::new(Mood::default()),
            user: user.to_owned(),
            password: password.to_owned(),
        });
        let handler: Arc<Handler> = {
            let hotel = Arc::clone(&hotel);
            Arc::new(move |request| hotel.answer(request))
        };
        Ok(Self { server: Server::start(port, handler).await?, hotel })
    }

    /// Where the service is.
    pub fn url(&self) -> String {
        format!("{}/pms", self.server.url())
    }

    /// The server behind it, to freeze it or to count its requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// How many reservations were made since the start: the effects of `CreateReservation`.
    pub fn created(&self) -> u64 {
        self.hotel.created.load(Ordering::SeqCst)
    }
}

impl Hotel {
    fn answer(&self, request: &Request) -> Reply {
        if request.path() == "/control" {
            return self.control(request);
        }
        let mood = self.next_mood();
        if mood.down {
            return Reply::new(503, "text/plain", "closed for the night\n");
        }
        let reply = self.serve(request, mood);
        match (mood.mute, mood.slow_ms) {
            (true, _) => reply.sent(Behaviour::Silence),
            (false, 0) => reply,
            (false, ms) => reply.sent(Behaviour::After(Duration::from_millis(ms))),
        }
    }

    fn next_mood(&self) -> Mood {
        let mut mood = lock(&self.mood);
        mood.calls += 1;
        *mood
    }

    fn serve(&self, request: &Request, mood: Mood) -> Reply {
        let parsed = match message::parse(&request.body, &self.user, &self.password) {
            Ok(parsed) => parsed,
            Err(why) => return message::fault("Client", &why),
        };
        if mood.fault_every > 0 && mood.calls.is_multiple_of(mood.fault_every) {
            return message::fault("Server", "ORA-00600: internal error at 10.1.2.3, user PMSADM");
        }
        let busy = mood.busy_every > 0 && mood.calls.is_multiple_of(mood.busy_every);
        match parsed {
            Operation::Read(_) if busy => message::error("OTA_ResRetrieveRS", 448, "System busy"),
            Operation::Create(_) if busy => message::error("OTA_HotelResRS", 448, "System busy"),
            Operation::Read(id) => match lock(&self.reservations).get(&id) {
                Some(reservation) => message::found(reservation),
                None => message::error("OTA_ResRetrieveRS", 245, "Invalid confirmation number"),
            },
            Operation::Create(reservation) => self.create(&reservation),
        }
    }

    fn create(&self, reservation: &str) -> Reply {
        let id = format!("R-{}", self.next.fetch_add(1, Ordering::SeqCst));
        let stored = message::with_id(reservation, &id);
        lock(&self.reservations).insert(id, stored.clone());
        self.created.fetch_add(1, Ordering::SeqCst);
        message::booked(&stored)
    }

    /// `GET /control?slow=300&fault=4&busy=3&down=1&mute=1`: what is not named goes back to normal.
    /// The answer counts what happened so far.
    fn control(&self, request: &Request) -> Reply {
        let number = |name: &str| request.query(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut mood = lock(&self.mood);
        if request.target.contains('?') {
            *mood = Mood {
                slow_ms: number("slow"),
                fault_every: number("fault"),
                busy_every: number("busy"),
                down: number("down") > 0,
                mute: number("mute") > 0,
                calls: mood.calls,
            };
        }
        let created = self.created.load(Ordering::SeqCst);
        Reply::new(200, "text/plain", format!("{mood:?}\ncreated {created}\n"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
