//! The messages of the benchmarks: reservations of about 2 KB and 200 KB.
//!
//! **Invariant.** Valid by the example's WSDL, every element of it; what the mapping reads is a fair part of them.

/// How large a message is, and how much of it is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// About 2 KB, nearly all of it mapped.
    Small,
    /// About 200 KB, nearly all of it mapped: 410 rooms and as many guests.
    Large,
    /// About 200 KB, most of it not mapped: the mapping takes the first of many reservations.
    Skipped,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Small, Self::Large, Self::Skipped];

    /// What it is called in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "2 KB, all mapped",
            Self::Large => "200 KB, all mapped",
            Self::Skipped => "200 KB, a hundredth mapped",
        }
    }

    /// How many requests a round has.
    pub fn requests(self) -> usize {
        if self == Self::Small { 8_000 } else { 800 }
    }
}

/// Returns a SOAP reply with the reservation R-1001.
pub fn reply(size: Size) -> String {
    let list = match size {
        Size::Small => reservation(1001, 2),
        Size::Large => reservation(1001, 410),
        Size::Skipped => (1001..1141).map(|n| reservation(n, 2)).collect(),
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><OTA_ResRetrieveRS xmlns="http://www.opentravel.org/OTA/2003/05" EchoToken="b" TimeStamp="2026-01-01T00:00:00Z"><ReservationsList>{list}</ReservationsList></OTA_ResRetrieveRS></soap:Body></soap:Envelope>"#
    )
}

/// Returns a SOAP request of the size that Seawall sends, for nginx to forward.
pub fn request() -> String {
    r#"<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><wsse:UsernameToken><wsse:Username>seawall</wsse:Username><wsse:Password>secret</wsse:Password></wsse:UsernameToken></wsse:Security></soap:Header><soap:Body><OTA_ReadRQ xmlns="http://www.opentravel.org/OTA/2003/05" EchoToken="b" TimeStamp="2026-01-01T00:00:00Z"><ReadRequests><ReadRequest><UniqueID Type="14" ID="R-1001"/></ReadRequest></ReadRequests></OTA_ReadRQ></soap:Body></soap:Envelope>"#.to_owned()
}

fn reservation(n: u32, rooms: u32) -> String {
    let stays: String = (0..rooms).map(stay).collect();
    let guests: String = (0..rooms).map(guest).collect();
    format!(
        r#"<HotelReservation ResStatus="Book" CreateDateTime="2026-03-01T09:30:00Z" LastModifyDateTime="2026-03-02T10:00:00Z"><UniqueID Type="14" ID="R-{n}"/><RoomStays>{stays}</RoomStays><ResGuests>{guests}</ResGuests><ResGlobalInfo><TimeSpan Start="2026-06-01" End="2026-06-04"/><Comments>late arrival, quiet room, feather-free pillows if there are any</Comments><Total AmountAfterTax="420.50" CurrencyCode="EUR"/><BasicPropertyInfo HotelCode="VIE01"/></ResGlobalInfo></HotelReservation>"#
    )
}

fn stay(n: u32) -> String {
    let kind = ["SGL", "DBL", "SUI"][n as usize % 3];
    format!(
        r#"<RoomStay><RoomTypes><RoomType RoomTypeCode="{kind}"/></RoomTypes><RatePlans><RatePlan RatePlanCode="BAR"/></RatePlans><GuestCounts><GuestCount AgeQualifyingCode="10" Count="2"/><GuestCount AgeQualifyingCode="8" Count="1"/></GuestCounts></RoomStay>"#
    )
}

fn guest(n: u32) -> String {
    format!(
        r#"<ResGuest><Profiles><ProfileInfo><Profile><Customer><PersonName><GivenName>Ada {n}</GivenName><Surname>Lovelace &amp; Söhne</Surname></PersonName><Email>ada.{n}@example.com</Email></Customer></Profile></ProfileInfo></Profiles></ResGuest>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_size_that_their_name_says() {
        let check = |size, from: usize, to: usize| {
            let length = reply(size).len();
            assert!((from..to).contains(&length), "{size:?}: {length}");
        };
        check(Size::Small, 1_700, 2_300);
        check(Size::Large, 150_000, 230_000);
        check(Size::Skipped, 150_000, 230_000);
    }
}
