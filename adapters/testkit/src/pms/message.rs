//! The messages of the fake property management system.
//!
//! **Invariant.** Requests are read with an XML parser that no adapter uses on the wire, so that mistakes are not shared.

use crate::http::Reply;
use roxmltree::{Document, Node};

const OTA: &str = "http://www.opentravel.org/OTA/2003/05";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// What a request asks for.
pub(super) enum Operation {
    /// The reservation with this id.
    Read(String),
    /// A new reservation: the `HotelReservation` element without its prefixes.
    Create(String),
}

/// Reads a request, or says what is wrong with it.
pub(super) fn parse(body: &[u8], user: &str, password: &str) -> Result<Operation, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if !root.has_tag_name((SOAP, "Envelope")) {
        return Err("no SOAP 1.1 envelope".into());
    }
    authenticate(&root, user, password)?;
    let body = child(root, SOAP, "Body").ok_or("no Body")?;
    let payload = body.first_element_child().ok_or("an empty Body")?;
    match payload.tag_name().name() {
        "OTA_ReadRQ" => {
            let id = named(payload, "UniqueID").and_then(|node| node.attribute("ID")).ok_or("no UniqueID")?;
            Ok(Operation::Read(id.to_owned()))
        }
        "OTA_HotelResRQ" => {
            let node = named(payload, "HotelReservation").ok_or("no HotelReservation")?;
            let mut out = String::new();
            write(node, &mut out, None);
            Ok(Operation::Create(out))
        }
        other => Err(format!("unknown request {other}")),
    }
}

fn authenticate(root: &Node<'_, '_>, user: &str, password: &str) -> Result<(), String> {
    let text = |name| named(*root, name).and_then(|node| node.text().map(str::to_owned));
    if text("Username").as_deref() == Some(user) && text("Password").as_deref() == Some(password) {
        return Ok(());
    }
    Err("the user or the password is wrong".into())
}

fn child<'a, 'i>(node: Node<'a, 'i>, space: &str, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|node| node.has_tag_name((space, name)))
}

fn named<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.descendants().find(|node| node.tag_name().name() == name)
}

/// Writes an element without prefixes, with `id` as its first `UniqueID` if there is one to set.
fn write(node: Node<'_, '_>, out: &mut String, id: Option<&str>) {
    let name = node.tag_name().name();
    out.push_str(&format!("<{name}"));
    for attribute in node.attributes() {
        out.push_str(&format!(" {}=\"{}\"", attribute.name(), escape(attribute.value())));
    }
    out.push('>');
    if let Some(id) = id {
        out.push_str(&format!("<UniqueID Type=\"14\" ID=\"{}\"></UniqueID>", escape(id)));
    }
    for child in node.children() {
        if child.is_element() {
            write(child, out, None);
        } else if let Some(text) = child.text() {
            out.push_str(&escape(text));
        }
    }
    out.push_str(&format!("</{name}>"));
}

/// Returns a reservation as it is stored: with its id and its time stamps.
pub(super) fn with_id(reservation: &str, id: &str) -> String {
    let stamped = reservation.replacen(
        "<HotelReservation",
        "<HotelReservation CreateDateTime=\"2026-05-01T08:00:00Z\" LastModifyDateTime=\"2026-05-01T08:00:00Z\"",
        1,
    );
    let Ok(document) = Document::parse(&stamped) else { return stamped };
    let mut out = String::new();
    write(document.root_element(), &mut out, Some(id));
    out
}

/// Makes up a reservation that is the same for the same number.
pub(super) fn reservation(n: u64) -> String {
    let status = ["Book", "Modify", "Cancel", "No-show"][(n % 4) as usize];
    let hotel = ["VIE01", "VIE02", "LNZ01", "GRZ01"][(n / 3 % 4) as usize];
    let guest = ["Lovelace", "Turing", "Hopper", "Dijkstra", "Noether", "O’Brien & Söhne"][(n % 6) as usize];
    let (month, day, nights) = (1 + n % 12, 1 + n % 24, 1 + n % 4);
    let rooms: String = (0..=n % 3).map(room).collect();
    format!(
        r#"<HotelReservation ResStatus="{status}" CreateDateTime="2026-03-01T09:30:00Z" LastModifyDateTime="2026-03-02T10:00:00Z"><UniqueID Type="14" ID="R-{n}"/><RoomStays>{rooms}</RoomStays><ResGuests><ResGuest><Profiles><ProfileInfo><Profile><Customer><PersonName><GivenName>Guest {n}</GivenName><Surname>{}</Surname></PersonName><Email>guest{n}@example.com</Email></Customer></Profile></ProfileInfo></Profiles></ResGuest></ResGuests><ResGlobalInfo><TimeSpan Start="2026-{month:02}-{day:02}" End="2026-{month:02}-{:02}"/><Comments>late arrival</Comments><Total AmountAfterTax="{}.{:02}" CurrencyCode="EUR"/><BasicPropertyInfo HotelCode="{hotel}"/></ResGlobalInfo></HotelReservation>"#,
        escape(guest),
        day + nights,
        100 + n % 900,
        n % 100,
    )
}

fn room(n: u64) -> String {
    format!(
        r#"<RoomStay><RoomTypes><RoomType RoomTypeCode="{}"/></RoomTypes><RatePlans><RatePlan RatePlanCode="BAR"/></RatePlans><GuestCounts><GuestCount AgeQualifyingCode="10" Count="{}"/></GuestCounts></RoomStay>"#,
        ["SGL", "DBL", "SUI"][(n % 3) as usize],
        1 + n % 2,
    )
}

/// Answers a read.
pub(super) fn found(reservation: &str) -> Reply {
    let list = format!("<ReservationsList>{reservation}</ReservationsList>");
    envelope(200, &format!(r#"<OTA_ResRetrieveRS xmlns="{OTA}">{list}</OTA_ResRetrieveRS>"#))
}

/// Answers a booking.
pub(super) fn booked(reservation: &str) -> Reply {
    let list = format!("<HotelReservations>{reservation}</HotelReservations>");
    envelope(200, &format!(r#"<OTA_HotelResRS xmlns="{OTA}">{list}</OTA_HotelResRS>"#))
}

/// Answers with an error inside a 200, as OTA services do.
pub(super) fn error(root: &str, code: u32, text: &str) -> Reply {
    let error = format!(r#"<Error Type="3" Code="{code}" ShortText="{}"/>"#, escape(text));
    envelope(200, &format!(r#"<{root} xmlns="{OTA}"><Errors>{error}</Errors></{root}>"#))
}

/// Answers with a SOAP 1.1 fault.
pub(super) fn fault(code: &str, text: &str) -> Reply {
    let text = escape(text);
    envelope(
        500,
        &format!("<s:Fault><faultcode>s:{code}</faultcode><faultstring>{text}</faultstring></s:Fault>"),
    )
}

fn envelope(status: u16, body: &str) -> Reply {
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>"#
    );
    Reply::new(status, "text/xml; charset=utf-8", xml)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
