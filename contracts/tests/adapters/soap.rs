//! The SOAP adapter as a subject of the suite: the example's service, and a fake that speaks HTTP.

use adapters_ports::{Adapter, BoxFuture, Files};
use adapters_testkit::{Peer, Step, http};
use contracts::adapter::{Fake, Manner, POISON, SECRET, Subject};
use gateway::project::Folder;
use std::path::Path;
use std::time::Duration;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const OTA: &str = "http://www.opentravel.org/OTA/2003/05";

/// The subject.
pub(crate) struct Soap {
    adapter: &'static dyn Adapter,
    project: Folder,
    reservation: String,
}

#[derive(Debug)]
struct Service(Peer);

impl Soap {
    pub(crate) fn new(adapter: &'static dyn Adapter) -> Self {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../mappings/reservations"));
        let project = Folder::open(folder).unwrap();
        let reservation = project.read_text("tests/R-1001.xml").unwrap().trim().to_owned();
        Self { adapter, project, reservation }
    }

    fn answer(&self) -> Vec<u8> {
        let list = format!("<ReservationsList>{}</ReservationsList>", self.reservation);
        message("200 OK", &envelope(&format!("<OTA_ResRetrieveRS xmlns='{OTA}'>{list}</OTA_ResRetrieveRS>")))
    }
}

impl Subject for Soap {
    fn adapter(&self) -> &dyn Adapter {
        self.adapter
    }

    fn files(&self) -> &dyn Files {
        &self.project
    }

    fn settings(&self, address: &str) -> Vec<(&'static str, String)> {
        vec![
            ("url", address.to_owned()),
            ("wsdl", "legacy/pms.wsdl".to_owned()),
            ("auth.type", "wsse".to_owned()),
            ("auth.user", "seawall".to_owned()),
            ("auth.password", SECRET.to_owned()),
        ]
    }

    fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("url", "ftp://pms"),
            ("auth.digest", "perhaps"),
            ("auth.timestamp", "5"),
            ("limits.depth", "0"),
            ("limits.message", "ten"),
            ("connectTimeout", "soon"),
            ("header", "<a>"),
            ("tls.ca", "nowhere.pem"),
        ]
    }

    fn limit(&self) -> (&'static str, &'static str, &'static str) {
        ("limits.message", "300B", "limit=300")
    }

    fn request(&self) -> (&'static str, Vec<u8>) {
        let id = "<ReadRequest><UniqueID Type='14' ID='R-1001'/></ReadRequest>";
        let request =
            format!("<OTA_ReadRQ xmlns='{OTA}' EchoToken='e'><ReadRequests>{id}</ReadRequests></OTA_ReadRQ>");
        ("ReadReservation", request.into_bytes())
    }

    fn part(&self) -> (&'static str, Vec<u8>) {
        ("HotelReservation", self.reservation.clone().into_bytes())
    }

    fn poisoned(&self) -> Vec<Vec<u8>> {
        let fault = format!(
            "<s:Fault><faultcode>s:{POISON}</faultcode><faultstring>{POISON}</faultstring>\
             <faultactor>{POISON}</faultactor><detail><x>{POISON}</x></detail></s:Fault>"
        );
        let reply = |inside: &str| {
            envelope(&format!("<OTA_ResRetrieveRS xmlns='{OTA}'>{inside}</OTA_ResRetrieveRS>"))
        };
        vec![
            message("500 Internal Server Error", &envelope(&fault)),
            message("200 OK", &envelope(&fault)),
            message("200 OK", &envelope(&fault.replace("</faultactor>", "</wrong>"))),
            message(&format!("503 {POISON}"), &format!("<html>{POISON}</html>")),
            message("200 OK", &format!("<html>{POISON}</html>")),
            message("200 OK", &format!("{POISON} is no XML")),
            message("200 OK", &reply(&format!("<Errors><Error Type='{POISON}' Type='{POISON}'/></Errors>"))),
            message("200 OK", &reply(&format!("<Errors>{POISON}</Warnings>"))),
            message("200 OK", &reply(&format!("<Errors>{POISON}&#0;</Errors>"))),
            format!("HTTP/1.1 200 OK\r\nContent-Length: {POISON}\r\n\r\n").into_bytes(),
            format!("{POISON}\r\n\r\n").into_bytes(),
        ]
    }

    fn start(&self, manner: Manner) -> BoxFuture<'_, Box<dyn Fake>> {
        let answer = self.answer();
        let script = match manner {
            Manner::Answer => vec![Step::Read, Step::Send(answer)],
            Manner::Pieces => vec![Step::Read, Step::Trickle(answer, 97, Duration::from_millis(1))],
            Manner::Crawl => vec![Step::Read, Step::Trickle(answer, 200, Duration::from_millis(50))],
            Manner::HangUp => vec![Step::Close],
            Manner::Drop => vec![Step::Read, Step::Close],
            Manner::Half => vec![Step::Read, Step::Send(answer[..answer.len() / 2].to_vec()), Step::Close],
            Manner::Garbage => {
                vec![Step::Read, Step::Send(b"\0\x01\xffno protocol\n\n\n".to_vec()), Step::Close]
            }
            Manner::Silence => vec![Step::Read],
            Manner::Says(bytes) => vec![Step::Read, Step::Send(bytes), Step::Close],
        };
        Box::pin(async move {
            Box::new(Service(Peer::start(http::is_whole, script).await.unwrap())) as Box<dyn Fake>
        })
    }

    fn nowhere(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/pms", listener.local_addr().unwrap())
    }
}

impl Fake for Service {
    fn address(&self) -> String {
        format!("http://{}/pms", self.0.address())
    }

    fn accepted(&self) -> u64 {
        self.0.accepted()
    }

    fn open(&self) -> u64 {
        self.0.open()
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }
}

fn envelope(body: &str) -> String {
    format!("<s:Envelope xmlns:s='{SOAP}'><s:Body>{body}</s:Body></s:Envelope>")
}

fn message(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}
