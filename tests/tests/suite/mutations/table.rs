//! The mistakes: one line of the project changed to something wrong.
//!
//! **Invariant.** `from` stands in its file exactly once; each row says who notices it.

use super::By::{self, Check, CheckAt, Tests};

/// A mistake.
pub(crate) struct Mutation {
    /// The project, a folder of `mappings`.
    pub project: &'static str,
    /// What somebody did, in words.
    pub what: &'static str,
    /// The file, relative to the project.
    pub file: &'static str,
    /// What stands there.
    pub from: &'static str,
    /// What it is changed to.
    pub to: &'static str,
    /// Who notices it.
    pub by: By,
}

const fn facade(what: &'static str, from: &'static str, to: &'static str, by: By) -> Mutation {
    Mutation { project: RESERVATIONS, what, file: "facade.yaml", from, to, by }
}

const fn file(
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    by: By,
) -> Mutation {
    Mutation { project: RESERVATIONS, what, file, from, to, by }
}

/// The project of most mistakes.
pub(crate) const RESERVATIONS: &str = "reservations";

/// Mistakes at the head of the project and in its connections.
pub(crate) const CONNECTIONS: &[Mutation] = &[
    facade("a format of the future", "format: 1", "format: 2", Check("E009")),
    facade("no name", "facade: reservations\n", "\n", CheckAt("E007", "# yaml-language-server")),
    facade("a way of authentication that does not exist", "type: oidc", "type: oicd", Check("E007")),
    facade("tokens of any audience", ", audience: hotel-apps }", " }", Check("E007")),
    facade(
        "nobody says who may call",
        "auth: { type: oidc",
        "# { type: oidc",
        CheckAt("E007", "facade: reservations"),
    ),
    facade("a kind of connection that does not exist", "type: soap", "type: sopa", Check("E007")),
    facade("a WSDL that is not there", "wsdl: legacy/pms.wsdl", "wsdl: legacy/psm.wsdl", Check("E091")),
    facade("a variable of an unknown kind", "url: ${env:PMS_URL}", "url: ${evn:PMS_URL}", Check("E082")),
    facade("a password in the file", "\"${secret:pms-password}\"", "geheim", Check("E081")),
    facade("a way to log in that does not exist", "type: wsse", "type: wss", Check("E007")),
    facade(
        "a key of the login misspelt",
        "user: \"${env:PMS_USER}\"",
        "usr: \"${env:PMS_USER}\"",
        Check("E007"),
    ),
    facade("a key of the connection misspelt", "    errors:  ", "    erors:  ", Check("E007")),
    facade(
        "the target of a constant misspelt",
        "EchoToken: = requestId",
        "EchoTokn: = requestId",
        Check("E014"),
    ),
    facade("an input misspelt", "EchoToken: = requestId", "EchoToken: = requestID", Check("E030")),
    facade("another input", "EchoToken: = requestId", "EchoToken: = \"test\"", Tests),
    facade("the wrong moment", "TimeStamp: = now", "TimeStamp: = nwo", Check("E030")),
    facade(
        "an error code with digits swapped",
        "Errors/Error/Code: 245 }",
        "Errors/Error/Code: 254 }",
        Tests,
    ),
    facade("a path of an error misspelt", "Errors/Error/Code: 322", "Errors/Eror/Code: 322", Check("E014")),
    facade(
        "the wrong problem",
        "problem: reservation-not-found, status: 404",
        "problem: reservation-gone, status: 404",
        Tests,
    ),
    facade(
        "the wrong status of a problem",
        "problem: reservation-not-found, status: 404",
        "problem: reservation-not-found, status: 400",
        Tests,
    ),
    facade("a status that does not exist", "status: 409", "status: 4009", Check("E007")),
    facade(
        "a key of an error misspelt",
        "problem: no-availability",
        "problm: no-availability",
        Check("E007"),
    ),
    facade(
        "a detail out of many",
        "status: 422, detail: \"Errors/Error[1]/ShortText\"",
        "status: 422, detail: \"Errors/Error/ShortText\"",
        Check("E016"),
    ),
    facade(
        "a detail misspelt",
        "status: 422, detail: \"Errors/Error[1]/ShortText\"",
        "status: 422, detail: \"Errors/Error[1]/ShortTxt\"",
        Check("E014"),
    ),
    facade("a flag that is none", "retry: true", "retry: often", Check("E007")),
    facade(
        "a class that contradicts the retry",
        "status: 503, retry: true",
        "status: 503, retry: true, class: client",
        Check("E072"),
    ),
    facade("no entry for unlisted errors", "Code: \"*\" }, ", "Code: 999 }, ", Check("W001")),
    facade("a unit that does not exist", "timeout: 5s", "timeout: 5sec", Check("E007")),
    facade("a number that is none", "retry: 2,", "retry: two,", Check("E007")),
    facade("a policy misspelt", "concurrency: 8", "concurency: 8", Check("E007")),
    facade("more than all calls", "failures: 50%", "failures: 150%", Check("E007")),
    facade("a key of the breaker misspelt", "of: 20,", "off: 20,", Check("E007")),
    facade("a duration without unit", "open: 30s", "open: 30", Check("E007")),
];

/// Mistakes in code tables, models and fields.
pub(crate) const MODELS: &[Mutation] = &[
    facade("a code misspelt", "booked: [Book, Modify]", "booked: [Bok, Modify]", Tests),
    facade("codes swapped", "booked: [Book, Modify]", "booked: [Modify, Book]", Tests),
    facade("one code with two meanings", "cancelled: Cancel", "cancelled: Book", Check("E060")),
    facade(
        "a modern value that the schema does not allow",
        "no-show: No-show",
        "noshow: No-show",
        Check("E041"),
    ),
    facade(
        "a code table that does not exist",
        "codes(reservation-status)",
        "codes(reservation-state)",
        Check("E020"),
    ),
    facade(
        "a codec that does not exist",
        "codes(reservation-status)",
        "code(reservation-status)",
        Check("E021"),
    ),
    facade("no codec", "ResStatus | codes(reservation-status)", "ResStatus", Tests),
    facade("an argument missing", "default(0)", "default()", Check("E020")),
    facade("a default of the wrong type", "default(0)", "default(none)", Check("E020")),
    facade(
        "a schema that is not there",
        "schema: schemas/reservation.json",
        "schema: schemas/reservations.json",
        Check("E007"),
    ),
    facade(
        "a connection misspelt",
        "legacy: pms/HotelReservation",
        "legacy: psm/HotelReservation",
        Check("E002"),
    ),
    facade(
        "a structure misspelt",
        "legacy: pms/HotelReservation",
        "legacy: pms/HotelReservaton",
        Check("E003"),
    ),
    facade("a key that is no field", "key: id", "key: ID", Check("E031")),
    facade("a condition dropped", "UniqueID[Type=14]/ID\n", "UniqueID/ID\n", Check("E016")),
    facade(
        "a condition on something else",
        "id:              UniqueID[Type=14]/ID",
        "id:              UniqueID[Typ=14]/ID",
        Check("E015"),
    ),
    facade(
        "a condition with another value",
        "id:              UniqueID[Type=14]/ID",
        "id:              UniqueID[Type=41]/ID",
        Tests,
    ),
    facade(
        "the other attribute",
        "id:              UniqueID[Type=14]/ID",
        "id:              UniqueID[Type=14]/Type",
        Tests,
    ),
    facade(
        "a parent misspelt",
        "ResGlobalInfo/BasicPropertyInfo/HotelCode",
        "ResGlobalInf/BasicPropertyInfo/HotelCode",
        Check("E014"),
    ),
    facade(
        "a leaf misspelt",
        "ResGlobalInfo/BasicPropertyInfo/HotelCode",
        "ResGlobalInfo/BasicPropertyInfo/HotelCod",
        Check("E014"),
    ),
    facade(
        "a group in the place of a value",
        "ResGlobalInfo/BasicPropertyInfo/HotelCode",
        "ResGlobalInfo/BasicPropertyInfo",
        Check("E018"),
    ),
    facade(
        "the wrong date",
        "checkIn:         ResGlobalInfo/TimeSpan/Start",
        "checkIn:         ResGlobalInfo/TimeSpan/End",
        Tests,
    ),
    facade(
        "the dates swapped",
        "checkOut:        ResGlobalInfo/TimeSpan/End",
        "checkOut:        ResGlobalInfo/TimeSpan/Start",
        Tests,
    ),
    facade(
        "the same member twice",
        "checkOut:        ResGlobalInfo/TimeSpan/End",
        "checkIn:         ResGlobalInfo/TimeSpan/End",
        Check("E001"),
    ),
    facade("an operand misspelt", "= checkOut - checkIn", "= checkOut - checkin", Check("E030")),
    facade("operands swapped", "= checkOut - checkIn", "= checkIn - checkOut", Tests),
    facade("dates that are added", "= checkOut - checkIn", "= checkOut + checkIn", Check("E042")),
    facade("an expression that ends early", "= checkOut - checkIn", "= checkOut -", Check("E035")),
    facade(
        "text in the place of a number",
        "ResGlobalInfo/Total/AmountAfterTax",
        "ResGlobalInfo/Total/CurrencyCode",
        Check("E042"),
    ),
    facade(
        "a number in the place of text",
        "ResGlobalInfo/Total/CurrencyCode",
        "ResGlobalInfo/Total/AmountAfterTax",
        CheckAt("E042", "total.currency:"),
    ),
    facade("a member that the schema does not know", "total.amount:", "totals.amount:", Check("E040")),
    facade("a field misspelt", "guests:\n", "guest:\n", Check("E040")),
    facade("another field's name", "status:          ResStatus", "state:           ResStatus", Check("E040")),
    facade("each of one", "each: RoomStays/RoomStay", "each: RoomStays", Check("E017")),
    facade(
        "a position dropped",
        "RoomTypes/RoomType[1]/RoomTypeCode",
        "RoomTypes/RoomType/RoomTypeCode",
        Check("E016"),
    ),
    facade(
        "a position from zero",
        "RoomTypes/RoomType[1]/RoomTypeCode",
        "RoomTypes/RoomType[0]/RoomTypeCode",
        Check("E011"),
    ),
    facade(
        "another position",
        "RoomTypes/RoomType[1]/RoomTypeCode",
        "RoomTypes/RoomType[2]/RoomTypeCode",
        Tests,
    ),
    facade(
        "a bracket missing",
        "RatePlans/RatePlan[1]/RatePlanCode",
        "RatePlans/RatePlan[1/RatePlanCode",
        Check("E010"),
    ),
    facade(
        "the other code",
        "RatePlans/RatePlan[1]/RatePlanCode",
        "RoomTypes/RoomType[1]/RoomTypeCode",
        Tests,
    ),
    facade(
        "adults who are children",
        "GuestCount[AgeQualifyingCode=10]/Count",
        "GuestCount[AgeQualifyingCode=8]/Count",
        Tests,
    ),
    facade(
        "children of another age",
        "GuestCount[AgeQualifyingCode=8]/Count",
        "GuestCount[AgeQualifyingCode=7]/Count",
        Tests,
    ),
    facade("guests misspelt", "each: ResGuests/ResGuest", "each: ResGuests/ResGust", Check("E014")),
    facade(
        "a prefix through many",
        "at: Profiles/ProfileInfo[1]/Profile/Customer",
        "at: Profiles/ProfileInfo/Profile/Customer",
        Check("E016"),
    ),
    facade("one of many names", "PersonName/GivenName[1]", "PersonName/GivenName", Check("E016")),
    facade("the last name first", "PersonName/GivenName[1]", "PersonName/Surname", Tests),
    facade("a step left out", "lastName:    PersonName/Surname", "lastName:    Surname", Check("E014")),
    facade("an array in the place of a text", "Email[1]", "Email[*]", Check("E042")),
    facade(
        "the wrong timestamp",
        "bookedAt:        CreateDateTime",
        "bookedAt:        LastModifyDateTime",
        Tests,
    ),
    facade(
        "a timestamp misspelt",
        "changedAt:       LastModifyDateTime",
        "changedAt:       LastModifiedDateTime",
        Check("E014"),
    ),
    facade(
        "a date in the place of a timestamp",
        "changedAt:       LastModifyDateTime",
        "changedAt:       ResGlobalInfo/TimeSpan/End",
        Check("E042"),
    ),
    facade(
        "something ignored that is not there",
        "ignore: [ResGlobalInfo/Comments]",
        "ignore: [ResGlobalInfo/Coments]",
        Check("E014"),
    ),
    facade(
        "something neither mapped nor ignored",
        "    ignore: [ResGlobalInfo/Comments] ",
        "    # ",
        CheckAt("W003", "legacy: pms/HotelReservation"),
    ),
];

/// Mistakes in operations and events.
pub(crate) const OPERATIONS: &[Mutation] = &[
    facade(
        "a path misspelt",
        "GET /reservations/{id}:",
        "GET /reservation/{id}:",
        CheckAt("E005", "request: GET /reservations/R-404"),
    ),
    facade(
        "a parameter misspelt",
        "GET /reservations/{id}:",
        "GET /reservations/{ID}:",
        CheckAt("E030", "UniqueID[Type=14]/ID: = id"),
    ),
    facade(
        "the wrong method",
        "  POST /reservations:",
        "  PUT /reservations:",
        CheckAt("E005", "request: POST /reservations"),
    ),
    facade("a model misspelt", "get: Reservation\n", "get: Reservaton\n", Check("E004")),
    facade(
        "another meaning",
        "get: Reservation\n",
        "list: Reservation\n",
        CheckAt("E017", "receive: ReservationsList/HotelReservation[1]"),
    ),
    facade("no meaning", "create: Reservation", "make: Reservation", Check("E007")),
    facade(
        "a legacy operation misspelt",
        "    get: Reservation\n    call: pms.ReadReservation",
        "    get: Reservation\n    call: pms.ReadReservations",
        CheckAt("E005", "call: pms.ReadReservations"),
    ),
    facade(
        "the wrong legacy operation",
        "    call: pms.CreateReservation\n",
        "    call: pms.ReadReservation\n",
        CheckAt("E014", "HotelReservations/HotelReservation: = body"),
    ),
    facade(
        "a parameter of another name",
        "UniqueID[Type=14]/ID: = id",
        "UniqueID[Type=14]/ID: = ID",
        Check("E030"),
    ),
    facade(
        "a receiver misspelt",
        "ReadRequests/ReadRequest/UniqueID",
        "ReadRequests/ReadRequests/UniqueID",
        Check("E014"),
    ),
    facade(
        "one of many received",
        "receive: ReservationsList/HotelReservation[1]",
        "receive: ReservationsList/HotelReservation",
        Check("E016"),
    ),
    facade(
        "a reply misspelt",
        "receive: ReservationsList/HotelReservation[1]",
        "receive: ReservationList/HotelReservation[1]",
        Check("E014"),
    ),
    facade(
        "the second of what comes once",
        "receive: HotelReservations/HotelReservation[1]",
        "receive: HotelReservations/HotelReservation[2]",
        Tests,
    ),
    facade(
        "the body misspelt",
        "HotelReservations/HotelReservation: = body",
        "HotelReservations/HotelReservation: = boddy",
        Check("E030"),
    ),
    facade(
        "a group that gets a text",
        "HotelReservations/HotelReservation: = body",
        "HotelReservations: = body",
        Check("E003"),
    ),
    facade("a cache on a write", "idempotency: 24h", "idempotency: 24h, cache: 30s", Check("E071")),
    facade(
        "a booking that may happen twice",
        ", idempotency: 24h",
        "",
        CheckAt("E070", "POST /reservations:"),
    ),
    facade("a duration in words", "idempotency: 24h", "idempotency: 1 day", Check("E007")),
    facade(
        "a policy of an operation misspelt",
        "scope: reservations:read, cache: 30s",
        "scope: reservations:read, cach: 30s",
        Check("E007"),
    ),
    facade(
        "a shared policy that does not exist",
        "scope: reservations:read, cache: 30s",
        "use: gentle, scope: reservations:read",
        Check("E007"),
    ),
    facade(
        "a topic of an unknown connection",
        "topic: bus/hotel.reservations.v1",
        "topic: bsu/hotel.reservations.v1",
        Check("E002"),
    ),
    facade(
        "a deleted field",
        "deletedWhen: = status == 'cancelled'",
        "deletedWhen: = state == 'cancelled'",
        Check("E030"),
    ),
    facade("a field that changes nothing", "since: changedAt", "since: changed", Check("E030")),
    facade("an interval without unit", "every: 30s", "every: 30", Check("E007")),
    facade(
        "a bracket of YAML",
        "booked: [Book, Modify]",
        "booked: [Book, Modify",
        CheckAt("E008", "cancelled: Cancel"),
    ),
    facade("a tab", "    key: id", "\tkey: id", Check("E008")),
    facade("an anchor", "key: id", "key: &key id", Check("E008")),
];

/// Mistakes in the tests, the schema and the examples themselves.
pub(crate) const TESTS: &[Mutation] = &[
    facade(
        "no tests",
        "tests:\n  - name: a booked reservation, both ways\n    model: Reservation\n    legacy: tests/R-1001.xml\n    modern: tests/R-1001.json\n",
        "tests: []\nx-rest:\n",
        CheckAt("E007", "tests: []"),
    ),
    facade(
        "a model of a test misspelt",
        "    model: Reservation\n",
        "    model: Reservaton\n",
        Check("E004"),
    ),
    facade(
        "a file of a test that is not there",
        "modern: tests/R-1001.json",
        "modern: tests/R-1002.json",
        Tests,
    ),
    facade("another status expected", "response: { status: 404,", "response: { status: 200,", Tests),
    facade(
        "another problem expected",
        "404, problem: reservation-not-found }\n\n",
        "404, problem: reservation-gone }\n\n",
        Tests,
    ),
    facade("another address expected", "/reservations/R-1002 }", "/reservations/R-1003 }", Tests),
    facade(
        "another call expected",
        "pms.ReadReservation: { reply: tests/error-245.xml }",
        "pms.CreateReservation: { reply: tests/error-245.xml }",
        Tests,
    ),
    facade(
        "the reply of another operation",
        "reply: tests/error-245.xml",
        "reply: tests/new-booking-reply.xml",
        Tests,
    ),
    facade(
        "a key of a test misspelt",
        "    calls:\n      pms.CreateReservation:",
        "    cals:\n      pms.CreateReservation:",
        CheckAt("E007", "    cals:"),
    ),
    file("a wrong amount expected", "tests/R-1001.json", "420.50", "420.51", Tests),
    file("a number expected as text", "tests/R-1001.json", "\"nights\": 3", "\"nights\": \"3\"", Tests),
    file(
        "a member too many expected",
        "tests/R-1001.json",
        "\"status\": \"booked\"",
        "\"status\": \"booked\", \"vip\": true",
        Tests,
    ),
    file(
        "a wrong child in the request",
        "tests/new-booking.xml",
        "RoomTypeCode=\"SGL\"",
        "RoomTypeCode=\"DBL\"",
        Tests,
    ),
    file(
        "a parent left out of the request",
        "tests/new-booking.xml",
        "<Profiles><ProfileInfo>",
        "<Profiles><ProfileInfos>",
        Tests,
    ),
    file(
        "a body that the schema refuses",
        "tests/new-booking.json",
        "\"lastName\": \"Turing\"",
        "\"surname\": \"Turing\"",
        Tests,
    ),
    file(
        "a legacy example with an unknown code",
        "tests/R-1001.xml",
        "ResStatus=\"Book\"",
        "ResStatus=\"Boook\"",
        Tests,
    ),
    file(
        "the wrong type in the schema",
        "schemas/reservation.json",
        "\"amount\": { \"type\": \"number\" }",
        "\"amount\": { \"type\": \"string\" }",
        CheckAt("E042", "total.amount:"),
    ),
    file(
        "a member left out of the schema",
        "schemas/reservation.json",
        "\"hotelId\": { \"type\": \"string\" },",
        "",
        CheckAt("E040", "hotelId:"),
    ),
    file(
        "a value left out of the schema",
        "schemas/reservation.json",
        "\"cancelled\", \"no-show\"]",
        "\"no-show\"]",
        CheckAt("E041", "cancelled: Cancel"),
    ),
    file(
        "a schema that is no JSON",
        "schemas/reservation.json",
        "\"type\": \"object\", \"additionalProperties\": false,",
        "\"type\": \"object\" \"additionalProperties\": false,",
        CheckAt("E007", "schema: schemas/reservation.json"),
    ),
    file(
        "another structure in the legacy schema",
        "legacy/pms.wsdl",
        "<xs:attribute name=\"HotelCode\"",
        "<xs:attribute name=\"PropertyCode\"",
        CheckAt("E014", "BasicPropertyInfo/HotelCode"),
    ),
    file(
        "another type in the legacy schema",
        "legacy/pms.wsdl",
        "<xs:attribute name=\"Start\" type=\"xs:date\"/>",
        "<xs:attribute name=\"Start\" type=\"xs:string\"/>",
        CheckAt("E042", "TimeSpan/Start"),
    ),
];
