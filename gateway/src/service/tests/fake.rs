//! A legacy system behind the real encoder and decoder, that behaves as it is told.
//!
//! **Invariant.** It counts every call, also those that it fails.

use crate::auth::Auth;
use crate::cli::ProjectArgs;
use crate::problem::Types;
use crate::project::{Mode, Project};
use crate::service::{Headers, Parts, Service};
use crate::store::{Sqlite, Store};
use adapters_ports::{
    Backend, BoxFuture, CallContext, Connection, FaultReply, Reply, ReplyBody, Request, Wire,
};
use engine::program::Ambient;
use kernel::{Cause, Class, DecodeError, Document, Error, OperationId, PartId, Progress, Visitor};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const RECORD: &str = r#"<HotelReservation ResStatus="Book" CreateDateTime="2026-05-01T08:00:00Z"
    LastModifyDateTime="2026-05-01T08:00:00Z"><UniqueID Type="14" ID="R-1002"/>
  <RoomStays><RoomStay><RoomTypes><RoomType RoomTypeCode="SGL"/></RoomTypes>
    <RatePlans><RatePlan RatePlanCode="BAR"/></RatePlans>
    <GuestCounts><GuestCount AgeQualifyingCode="10" Count="1"/></GuestCounts></RoomStay></RoomStays>
  <ResGuests><ResGuest><Profiles><ProfileInfo><Profile><Customer>
    <PersonName><GivenName>Alan</GivenName><Surname>Turing</Surname></PersonName>
  </Customer></Profile></ProfileInfo></Profiles></ResGuest></ResGuests>
  <ResGlobalInfo><TimeSpan Start="2026-07-10" End="2026-07-12"/>
    <Comments>late arrival</Comments>
    <Total AmountAfterTax="420.50" CurrencyCode="EUR"/><BasicPropertyInfo HotelCode="VIE01"/></ResGlobalInfo>
</HotelReservation>"#;

/// How it behaves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mood {
    /// It answers at once.
    Answer,
    /// It answers after a while.
    Slow(Duration),
    /// It fails.
    Error(Class, Cause),
    /// It is busy once, answers so by this status, and says for how long in seconds; then it answers.
    Busy(u16, Option<u64>),
}

/// The legacy system.
#[derive(Debug)]
pub(super) struct Fake {
    connection: Arc<dyn Connection>,
    /// For each operation its reply: the part, and the message.
    replies: Vec<(PartId, String)>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    refuses_writes: bool,
    calls: Vec<(OperationId, Wire)>,
}

/// Headers as a list.
pub(super) struct List(pub Vec<(String, String)>);

/// Returns the service of the example with further operations, and its legacy system.
pub(super) fn service(more: &str) -> (Arc<Service>, Arc<Fake>) {
    changed(|mapping| {
        let mapping = mapping.replace("retry: 2", "retry: 0").replace(", cache: 30s", "");
        // Several failures in a test are no reason for the breaker to open.
        let mapping = mapping.replace("failures: 50%, of: 20", "failures: 100%, of: 1000");
        assert!(mapping.contains("\nevents:\n"));
        mapping.replace("\nevents:\n", &format!("{more}\nevents:\n"))
    })
}

/// Returns the service of the example with its mapping changed, and its legacy system.
pub(super) fn changed(change: impl FnOnce(String) -> String) -> (Arc<Service>, Arc<Fake>) {
    let folder = copy(change);
    let args = ProjectArgs { project: folder.clone(), env: None, libs: Vec::new() };
    let project =
        Project::load(&args, Mode::Offline).unwrap_or_else(|findings| panic!("{}", findings.text()));
    std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    let number = project.program.find_connection("pms").unwrap().0;
    let catalogue = project.program.connections[number].catalogue.clone().unwrap();
    let replies = catalogue.operations.iter().map(|operation| {
        let part = operation.reply.unwrap();
        let name = &catalogue.shape.part(part).name;
        let (root, space) = (&name.local, name.space.as_deref().unwrap());
        let list = if &**root == "OTA_ResRetrieveRS" { "ReservationsList" } else { "HotelReservations" };
        (part, format!("<{root} xmlns=\"{space}\"><{list}>{RECORD}</{list}></{root}>"))
    });
    let state = State { mood: Mood::Answer, refuses_writes: false, calls: Vec::new() };
    let fake = Arc::new(Fake {
        connection: project.connections[number].clone().unwrap(),
        replies: replies.collect(),
        state: Mutex::new(state),
    });
    let mut connections = project.connections.clone();
    connections[number] = Some(Arc::clone(&fake) as Arc<dyn Connection>);
    let store = Sqlite::open(Path::new(":memory:")).unwrap();
    let service = Service::new(Parts {
        program: project.program,
        connections,
        auth: Auth::none(),
        types: Types::new(""),
        store: Some(Arc::new(store) as Arc<dyn Store>),
        clock: Arc::new(|_, zone| Ambient::at(Ambient::for_tests().now.at, zone, "test-request".into())),
        openapi: bytes::Bytes::new(),
        signing_key: b"test".to_vec(),
        body_bytes_max: 1 << 20,
    });
    (Arc::new(service.unwrap()), fake)
}

/// Copies the example into a folder of its own, with its mapping changed.
fn copy(change: impl FnOnce(String) -> String) -> PathBuf {
    let from = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../mappings/reservations"));
    let to =
        std::env::temp_dir().join(format!("seawall-service-{}", crate::ids::request_id())).join("project");
    for folder in ["", "legacy", "schemas", "tests"] {
        std::fs::create_dir_all(to.join(folder)).unwrap();
        for entry in std::fs::read_dir(from.join(folder)).unwrap().flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), to.join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
    let file = to.join("facade.yaml");
    let mapping = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, change(mapping)).unwrap();
    to
}

impl Fake {
    pub(super) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(super) fn refuse_writes(&self, refuses: bool) {
        self.state.lock().unwrap().refuses_writes = refuses;
    }

    pub(super) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls.len()
    }

    pub(super) fn writes(&self) -> usize {
        self.state.lock().unwrap().calls.iter().filter(|(operation, _)| self.is_write(*operation)).count()
    }

    pub(super) fn last(&self) -> String {
        let state = self.state.lock().unwrap();
        String::from_utf8(state.calls.last().unwrap().1.to_vec()).unwrap()
    }

    fn is_write(&self, operation: OperationId) -> bool {
        !self.replies[operation.0 as usize].1.contains("ReservationsList")
    }

    async fn answer(&self, request: &Request) -> Result<Reply, Error> {
        let mood = {
            let mut state = self.state.lock().unwrap();
            state.calls.push((request.operation, request.body.clone()));
            let mood = state.mood;
            if matches!(mood, Mood::Busy(..)) {
                state.mood = Mood::Answer;
            }
            let refuses = state.refuses_writes && self.is_write(request.operation);
            if refuses { Mood::Error(Class::Ambiguous, Cause::Broken) } else { mood }
        };
        match mood {
            Mood::Answer => {}
            Mood::Slow(pause) => tokio::time::sleep(pause).await,
            Mood::Busy(status, pause_s) => {
                let retry_after = pause_s.map(Duration::from_secs);
                return Ok(Reply::Fault(FaultReply {
                    status: Some(status),
                    retry_after,
                    ..FaultReply::default()
                }));
            }
            Mood::Error(class, cause) => return Err(Error::new(class, cause, "as the test wants it")),
        }
        let (part, wire) = &self.replies[request.operation.0 as usize];
        let document = self.connection.decode_part(*part, wire.as_bytes()).unwrap();
        Ok(Reply::Answer(Box::new(Whole { document, bytes: wire.len() as u64 })))
    }
}

impl Connection for Fake {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.connection.encode(operation, content)
    }

    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.connection.encode_part(part, content)
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        self.connection.decode_part(part, wire)
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        self.connection.difference(expected, found)
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(self)
    }
}

impl Backend for Fake {
    fn call<'a>(&'a self, _cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.answer(request))
    }
}

struct Whole {
    document: Box<dyn Document + Send>,
    bytes: u64,
}

impl Document for Whole {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        self.document.advance(to)
    }
}

impl ReplyBody for Whole {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Err(Error::new(Class::Poison, Cause::Broken, "the reply ends early")) })
    }

    fn bytes_read(&self) -> u64 {
        self.bytes
    }
}

impl Headers for List {
    fn find(&self, name: &str) -> Option<&[u8]> {
        self.0.as_slice().find(name)
    }

    fn several(&self, name: &str) -> bool {
        self.0.as_slice().several(name)
    }
}
