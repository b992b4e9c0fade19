//! The runner itself: what passes, what fails and why, what is not run, what is rewritten.
//!
//! **Invariant.** Each case is the `reservations` project with other tests in it.

use super::{Options, Outcome, Report, Subject, run};
use crate::cli::ProjectArgs;
use crate::project::{Mode, Project};
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of the project with tests of its own, gone when it is dropped.
struct Case(PathBuf);

impl Case {
    fn new(tests: &str) -> Self {
        Self::with(tests, &[])
    }

    /// `changes` are made in the mapping before its tests.
    fn with(tests: &str, changes: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("seawall-runner-{}", crate::ids::request_id()));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../mappings/reservations"), &root);
        fs::remove_file(root.join("tests.yaml")).unwrap();
        let text = fs::read_to_string(root.join("facade.yaml")).unwrap();
        let (mapping, _) = text.split_once("\ntests:\n").unwrap();
        let mapping = changes.iter().fold(mapping.to_owned(), |mapping, (from, to)| {
            assert_eq!(mapping.matches(from).count(), 1, "{from}");
            mapping.replace(from, to)
        });
        fs::write(root.join("facade.yaml"), format!("{mapping}\ntests:\n{tests}")).unwrap();
        Self(root)
    }

    fn run(&self, options: Options) -> Report {
        let args = ProjectArgs { project: self.0.clone(), env: None, libs: Vec::new() };
        let project =
            Project::load(&args, Mode::Offline).unwrap_or_else(|findings| panic!("{}", findings.text()));
        let subject = Subject {
            project: &project.written,
            program: &project.program,
            connections: &project.connections,
            folder: &project.folder,
            sources: &project.sources,
        };
        run(&subject, options)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => fs::write(&target, fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

/// Runs tests and compares what became of each: `ok`, `not run: …`, or the lines of its failure.
fn check(tests: &str, expected: &[&str]) {
    compare(&Case::new(tests), expected);
}

fn compare(case: &Case, expected: &[&str]) {
    let report = case.run(Options::default());
    let found = report.results.iter().map(|test| match &test.outcome {
        Outcome::Passed => "ok".to_owned(),
        Outcome::NotRun(why) => format!("not run: {why}"),
        Outcome::Failed(lines) => lines.join("\n"),
    });
    assert_eq!(found.collect::<Vec<_>>(), expected, "{report}");
}

const READ: &str = "    request: GET /reservations/R-404\n";
const BOOK: &str = "    request: POST /reservations\n    body: tests/new-booking.json\n";
const BOOKED: &str = "    calls:\n      pms.CreateReservation: { reply: tests/new-booking-reply.xml }\n    response: { status: 201 }\n";

#[test]
fn which_calls_were_made_is_compared_with_their_order_and_no_others() {
    let case = Case::new(&format!(
        "  - name: unnamed\n{READ}    calls: {{}}\n    response: {{ status: 404 }}\n\
         \x20 - name: not made\n{READ}    calls:\n      pms.ReadReservation: {{ reply: tests/error-245.xml }}\n      \
         pms.CreateReservation: {{ reply: tests/new-booking-reply.xml }}\n    response: {{ status: 404 }}\n"
    ));
    let report = case.run(Options::default()).to_string();
    for expected in [
        "calls: expected none, made pms.ReadReservation\n",
        // A call that nobody names is answered by a defect of ours, never by a made-up reply.
        "status: expected 404, found 500\n",
        "calls: expected pms.ReadReservation, pms.CreateReservation, made pms.ReadReservation\n",
        "0 passed, 2 failed, 0 not run",
    ] {
        assert!(report.contains(expected), "{expected} is not in {report}");
    }
}

#[test]
fn what_was_sent_and_what_came_back_are_compared() {
    let request = "    calls:\n      pms.ReadReservation:\n        request: |\n          \
        <OTA_ReadRQ xmlns=\"http://www.opentravel.org/OTA/2003/05\" EchoToken=\"test-request\" TimeStamp=\"2026-01-01T00:00:00Z\">\
        <ReadRequests><ReadRequest><UniqueID Type=\"14\" ID=\"R-404\"/></ReadRequest></ReadRequests></OTA_ReadRQ>\n        \
        reply: tests/error-245.xml\n";
    check(
        &format!(
            "  - name: all as expected\n{READ}{request}    response: {{ status: 404, problem: reservation-not-found }}\n\
             \x20 - name: all wrong\n{READ}{request}    response: {{ status: 409, problem: gone, headers: {{ Retry-After: 1 }} }}\n"
        ),
        &[
            "ok",
            "status: expected 409, found 404\nproblem: expected gone, found reservation-not-found\n\
             header Retry-After: expected \"1\", found None",
        ],
    );
}

#[test]
fn a_body_is_compared_by_value_and_a_problem_carries_the_request_id_of_tests() {
    let calls = "    calls:\n      pms.ReadReservation: { reply: tests/error-245.xml }\n";
    let body = "type: /problems/reservation-not-found, title: Reservation not found, status: 404.0, instance: test-request";
    check(
        &format!(
            "  - name: same\n{READ}{calls}    response: {{ body: {{ {body} }} }}\n\
             \x20 - name: another\n{READ}{calls}    response: {{ body: {{ {body}, detail: x }} }}\n"
        ),
        &["ok", "body /detail: expected \"x\", found nothing"],
    );
}

#[test]
fn legacy_data_may_be_a_map_of_names() {
    let reply = "    calls:\n      pms.ReadReservation:\n        reply:\n          Errors: { Error: { Type: 3, Code: 448 } }\n";
    let misspelt = reply.replace("Code", "Kode");
    check(
        &format!(
            "  - name: busy\n{READ}{reply}    response: {{ status: 503, problem: pms-busy }}\n\
             \x20 - name: misspelt\n{READ}{misspelt}    response: {{ status: 503 }}\n"
        ),
        &[
            // A try is made once, whatever the policy says: a test takes no time.
            "ok",
            "pms.ReadReservation: reply: Errors/Error: the legacy schema has no `Kode` here; it has: Code",
        ],
    );
}

#[test]
fn a_status_alone_is_a_fault_of_the_transport() {
    let status = |status: u16| format!("    calls:\n      pms.ReadReservation: {{ status: {status} }}\n");
    check(
        &format!(
            "  - name: broken\n{READ}{}    response: {{ status: 502, problem: legacy-error }}\n",
            status(500)
        ),
        &["ok"],
    );
}

#[test]
fn a_create_has_a_key_of_its_own_and_state_is_kept_by_after_alone() {
    let key = "    headers: { Idempotency-Key: k }\n";
    check(
        &format!(
            "  - name: one\n{BOOK}{key}{BOOKED}\
             \x20 - name: the same again\n    after: one\n{BOOK}{key}    calls: {{}}\n    response: {{ status: 201, headers: {{ Idempotency-Replayed: true }} }}\n\
             \x20 - name: with a key of its own\n    after: one\n{BOOK}{BOOKED}\
             \x20 - name: a fresh state\n{BOOK}{key}{BOOKED}"
        ),
        &["ok", "ok", "ok", "ok"],
    );
}

#[test]
fn a_body_is_validated_as_in_production() {
    check(
        "  - name: no guests\n    request: POST /reservations\n    body: { hotelId: VIE01 }\n    calls: {}\n    \
         response: { status: 400, problem: invalid-body }\n",
        &["ok"],
    );
}

#[test]
fn what_this_build_lacks_is_said_and_counted() {
    let case = Case::new(&format!(
        "  - name: a stream\n    messages:\n      - {{ topic: a/b, payload: x }}\n    events: []\n\
         \x20 - name: with events\n{BOOK}{BOOKED}    events: []\n\
         \x20 - name: behind\n    after: a stream\n{BOOK}{BOOKED}"
    ));
    let report = case.run(Options::default());
    assert_eq!(report.counts(), (0, 0, 3), "{report}");
    assert!(
        report.to_string().contains("not run  behind: `a stream` is not run: this build reads no streams"),
        "{report}"
    );
    assert!(report.to_string().ends_with("0 passed, 0 failed, 3 not run"), "{report}");
}

#[test]
fn a_sensitive_value_does_not_show_in_a_failure() {
    let model =
        "  - name: m\n    model: Reservation\n    legacy: tests/R-1001.xml\n    modern: { id: R-1001 }\n";
    let case = Case::with(
        model,
        &[("email:       Email[1]", "email:       { from: \"Email[1]\", sensitive: true }")],
    );
    let report = case.run(Options::default()).to_string();
    assert!(report.contains("/guests: expected nothing, found ***"), "{report}");
    assert!(!report.contains("ada@example.com") && report.contains("VIE01"), "{report}");
}

#[test]
fn expected_files_are_rewritten_only_where_they_differ() {
    let tests = "  - name: m\n    model: Reservation\n    legacy: tests/R-1001.xml\n    modern: tests/R-1001.json\n\
        \x20 - name: inline\n    model: Reservation\n    legacy: tests/R-1001.xml\n    modern: { id: R-1 }\n\
        \x20 - name: r\n    request: POST /reservations\n    body: tests/new-booking.json\n    calls:\n      \
        pms.CreateReservation: { request: tests/new-booking.xml, reply: tests/new-booking-reply.xml }\n    response: { status: 201 }\n";
    let case = Case::new(tests);
    let untouched = case.read("tests/new-booking.xml");
    let wrong = case.read("tests/R-1001.json").replace("420.50", "1.00");
    fs::write(case.0.join("tests/R-1001.json"), wrong).unwrap();
    let report = case.run(Options { update: true, laws: false });
    assert_eq!(report.updated, ["tests/R-1001.json"], "{report}");
    assert!(
        case.read("tests/R-1001.json").contains("\"amount\": 420.50"),
        "{}",
        case.read("tests/R-1001.json")
    );
    assert_eq!(case.read("tests/new-booking.xml"), untouched);
    assert_eq!(report.counts(), (2, 1, 0), "{report}");
    assert!(report.to_string().contains("it stands in the mapping, which is not rewritten"), "{report}");
    fs::write(case.0.join("tests/new-booking.xml"), untouched.replace("SGL", "DBL")).unwrap();
    let report = case.run(Options { update: true, laws: false });
    assert_eq!(report.updated, ["tests/new-booking.xml"], "{report}");
    assert_eq!(case.run(Options::default()).counts(), (2, 1, 0));
}

#[test]
fn the_laws_are_checked_where_that_is_asked_for() {
    let case = Case::new(&format!("  - name: m\n{READ}    calls: {{}}\n"));
    let report = case.run(Options { laws: true, update: false });
    let [checked] = report.laws.as_slice() else { panic!("{report}") };
    assert_eq!((checked.report.records, checked.report.broken.len()), (1_000, 0), "{report}");
}
