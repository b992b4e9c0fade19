//! Mistakes in the mapping of a file: its format, its record types, its fields, its totals.
//!
//! **Invariant.** As of the table beside it.

use super::By::{self, Check, CheckAt, Tests};
use super::table::Mutation;

/// The project whose lines are changed.
pub(super) const PROJECT: &str = "bookings";

const fn facade(what: &'static str, from: &'static str, to: &'static str, by: By) -> Mutation {
    Mutation { project: PROJECT, what, file: "facade.yaml", from, to, by }
}

const fn copybook(what: &'static str, from: &'static str, to: &'static str, by: By) -> Mutation {
    Mutation { project: PROJECT, what, file: "legacy/TRXFILE.cpy", from, to, by }
}

/// Mistakes in the mapping of the bookings.
pub(super) const BOOKINGS: &[Mutation] = &[
    facade("a format that does not exist", "type: copybook", "type: copybok", Check("E007")),
    facade("a copybook that is not there", "legacy/TRXFILE.cpy", "legacy/TRXFIL.cpy", Check("E091")),
    facade("a code page that does not exist", "encoding: cp273", "encoding: cp2733", Check("E007")),
    facade("the code page of another country", "encoding: cp273", "encoding: cp037", Tests),
    facade("a code page that is none of the host", "encoding: cp273", "encoding: latin1", Tests),
    facade("a framing that does not exist", "framing: rdw", "framing: rdww", Check("E007")),
    facade("another framing", "framing: rdw", "framing: lines", Tests),
    facade(
        "a record type by a field that does not exist",
        "{ HDR-TYPE: \"00\" }",
        "{ HDR-TYP: \"00\" }",
        Check("E015"),
    ),
    facade(
        "two record types that cannot be told apart",
        "{ TRX-TYPE: \"10\" }",
        "{ TRX-TYPE: \"00\" }",
        Check("E050"),
    ),
    facade("a record type by another value", "{ TRX-TYPE: \"10\" }", "{ TRX-TYPE: \"11\" }", Tests),
    facade(
        "no trailer",
        "        trailer: { TRL-TYPE: \"99\" }\n",
        "",
        CheckAt("E013", "$trailer/TRL-COUNT"),
    ),
    facade(
        "a key of the connection misspelt",
        "    done: /inbound/done",
        "    dnoe: /inbound/done",
        Check("E007"),
    ),
    facade(
        "a model of a record type that does not exist",
        "legacy: corebank/booking",
        "legacy: corebank/bokking",
        Check("E003"),
    ),
    facade(
        "a field that the copybook does not have",
        "account:          TRX-ACCOUNT",
        "account:          TRX-ACOUNT",
        Check("E014"),
    ),
    facade(
        "a field of another record",
        "account:          TRX-ACCOUNT",
        "account:          HDR-FILE-NO",
        Check("E014"),
    ),
    facade(
        "something that does not stand beside the record",
        "$header/HDR-BUS-DATE",
        "$headr/HDR-BUS-DATE",
        Check("E013"),
    ),
    facade(
        "a field that the header does not have",
        "$header/HDR-BUS-DATE",
        "$header/HDR-DATE",
        Check("E014"),
    ),
    facade("wrong letters of a date", "date(yyyyMMdd)", "date(YYYYMMDD)", Check("E022")),
    facade("day and month exchanged", "date(yyyyMMdd)", "date(yyyyddMM)", Tests),
    facade("another separator of the id", "join(-)", "join(/)", Tests),
    facade("codes that are exchanged", "debit: D, credit: C", "debit: C, credit: D", Tests),
    facade("a code table that does not exist", "codes(direction)", "codes(directions)", Check("E020")),
    facade(
        "decimals on a number that has them",
        "amount.value:     TRX-AMOUNT",
        "amount.value:     TRX-AMOUNT | decimal(2)",
        Check("E023"),
    ),
    facade("another selector", "oneOf: TRX-KIND", "oneOf: TRX-DC", Tests),
    facade("a case for two values", "when: [F, Z]", "when: [F, T]", Check("E050")),
    facade(
        "cases that are exchanged",
        "            when: C\n            at: TRX-CARD",
        "            when: X\n            at: TRX-CARD",
        Tests,
    ),
    facade(
        "a case in another area",
        "at: TRX-CARD",
        "at: TRX-TRANSFER",
        CheckAt("E014", "lastDigits: CRD-PAN-LAST4"),
    ),
    facade(
        "a table without its elements",
        "        each: TRX-SPLIT ",
        "        at: TRX-SPLIT ",
        Check("E016"),
    ),
    facade("elements of what is no table", "each: TRX-SPLIT ", "each: TRX-CARD ", Check("E017")),
    facade(
        "a topic of a connection that does not exist",
        "topic: bus/bank.bookings.v1",
        "topic: buss/bank.bookings.v1",
        Check("E002"),
    ),
    facade(
        "a topic of a connection that takes no events",
        "topic: bus/bank.bookings.v1",
        "topic: corebank/bank.bookings.v1",
        Check("E002"),
    ),
    facade("a key that does not exist", "key: = account ", "key: = acount ", Check("E030")),
    facade("an id of another field", "id: = id ", "id: = account ", Tests),
    facade("a time that is no time", "time: = bookedOn", "time: = account", Check("E042")),
    facade(
        "another type of events",
        "type: com.example.bank.booking.posted\n    key",
        "type: com.example.bank.booking.booked\n    key",
        Tests,
    ),
    facade(
        "a count of another total",
        "$trailer/TRL-COUNT: = count",
        "$trailer/TRL-COUNT: = count + 1",
        Tests,
    ),
    facade("a sum of what is no number", "sum(amount.value)", "sum(account)", Check("E042")),
    facade("a sum of a field that does not exist", "sum(amount.value)", "sum(amount.valu)", Check("E030")),
    facade(
        "totals that are compared with nothing",
        "$trailer/TRL-TOTAL",
        "$trailer/TRL-TOTALS",
        Check("E014"),
    ),
    facade("totals that nobody verifies", "      $trailer/TRL-TOTAL: = sum(amount.value)\n", "", Tests),
    facade(
        "files that are watched like a table",
        "    verify: ",
        "    watch: { every: 5s }\n    verify: ",
        Check("E007"),
    ),
    copybook("a picture that is none", "PIC S9(11)V99 COMP-3.", "PIC S9(11)VV99 COMP-3.", Check("E092")),
    copybook(
        "a redefinition of what is not there",
        "TRX-CARD REDEFINES TRX-DETAIL",
        "TRX-CARD REDEFINES TRX-DETAILS",
        Check("E091"),
    ),
    copybook(
        "a counter that is not there",
        "DEPENDING ON TRX-SPLIT-CNT",
        "DEPENDING ON TRX-SPLIT-COUNT",
        Check("E092"),
    ),
    copybook(
        "a field that is longer",
        "05  TRX-ACCOUNT         PIC X(20)",
        "05  TRX-ACCOUNT         PIC X(21)",
        Tests,
    ),
    copybook(
        "another scale",
        "05  TRX-AMOUNT          PIC S9(11)V99",
        "05  TRX-AMOUNT          PIC S9(12)V9",
        Tests,
    ),
    copybook("a number that is not packed", "PIC 9(9)      COMP.", "PIC 9(9)      COMP-3.", Tests),
];
