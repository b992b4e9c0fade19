//! The SOAP adapter as a subject of the suite: the example's service, and a fake that speaks HTTP.

use crate::script::{self, Pace, Peered};
use adapters_ports::{Adapter, BoxFuture, Files};
use adapters_testkit::http;
use contracts::adapter::{Ask, Callee, Fake, Keeper, Limit, Manner, POISON, SECRET, Subject, Tables};
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

    fn nowhere(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/pms", listener.local_addr().unwrap())
    }

    fn callee(&self) -> Option<&dyn Callee> {
        Some(self)
    }

    fn keeper(&self) -> Option<&dyn Keeper> {
        None
    }
}

impl Callee for Soap {
    fn limit(&self) -> Limit {
        Limit::Set("limits.message", "300B", "limit=300")
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

    fn poisoned(&self, _ask: Ask) -> Vec<Vec<u8>> {
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

    fn start(&self, manner: Manner, _ask: Ask) -> BoxFuture<'_, Box<dyn Fake>> {
        let pace = Pace { pieces: 97, crawl: 200 };
        let garbage = b"\0\x01\xffno protocol\n\n\n";
        let address = |at| format!("http://{at}/pms");
        let script = script::of(manner, &self.answer(), garbage, pace);
        Box::pin(async move { Peered::start(http::is_whole, script, address).await })
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(120)
    }

    fn tables(&self) -> Option<&dyn Tables> {
        None
    }
}

fn envelope(body: &str) -> String {
    format!("<s:Envelope xmlns:s='{SOAP}'><s:Body>{body}</s:Body></s:Envelope>")
}

fn message(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}
