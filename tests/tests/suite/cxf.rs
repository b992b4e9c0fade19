//! Another maker's SOAP stack: Apache CXF, WSDL-first, validating, with WSS4J in front.

use crate::estate::booking;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tests::process::{FacadeOptions, free_address};
use tests::{Facade, KeySet, shared};

/// A running CXF server; it ends when its standard input closes.
struct Cxf {
    child: Child,
    url: String,
}

impl Cxf {
    fn start(password_kind: &str) -> Option<Self> {
        let folder = build()?;
        let port = free_address().unwrap().port();
        let wsdl = shared::repository().join("mappings/reservations/legacy/pms.wsdl");
        let mut child = Command::new("java")
            .args(["-Xmx256m", "-cp"])
            .arg(format!("{0}/classes:{0}/lib/*", folder.display()))
            .args(["seawall.cxf.Server", &port.to_string(), "seawall", "secret", password_kind])
            .arg(wsdl)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("java can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "listening");
        Some(Self { child, url: format!("http://127.0.0.1:{port}/pms") })
    }
}

impl Drop for Cxf {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Builds the server once; says loudly why it cannot.
fn build() -> Option<&'static PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let source = shared::repository().join("tests/cxf");
            if Command::new("mvn").arg("-version").stdout(Stdio::null()).status().is_err() {
                eprintln!("SKIPPED: Maven is missing, so there is no independent SOAP server; run tests/setup.sh test");
                return None;
            }
            let status = Command::new("mvn").args(["-q", "-B", "package"]).current_dir(&source).status().unwrap();
            assert!(status.success(), "the CXF server does not build");
            Some(source.join("target"))
        })
        .as_ref()
}

fn facade(cxf: &Cxf, keys: &KeySet, digest: bool) -> Facade {
    let project = tests::process::scratch("cxf").unwrap();
    tests::bench::copy(&shared::repository().join("mappings/reservations"), &project).unwrap();
    let file = project.join("facade.yaml");
    let mapping = std::fs::read_to_string(&file).unwrap();
    let auth = if digest { "type: wsse, digest: true" } else { "type: wsse" };
    std::fs::write(&file, mapping.replace("type: wsse", auth)).unwrap();
    let args = vec!["--without".into(), "events".into()];
    let env = vec![("PMS_URL".into(), cxf.url.clone())];
    Facade::start(&FacadeOptions { project: &project, env, args, keys, store: None }).unwrap()
}

#[test]
fn cxf_validates_what_we_send_and_we_read_what_it_answers() {
    let Some(cxf) = Cxf::start("text") else { return };
    let keys = KeySet::new("https://idp.example", "hotel-apps");
    let facade = facade(&cxf, &keys, false);
    let mut client = facade.client().bearer(&keys.token("x", "reservations:read reservations:write", 600));
    let mut book = |key: &str, hotel: &str| {
        let mut body = booking();
        body["hotelId"] = hotel.into();
        body["guests"][0]["lastName"] = "Müller & <Söhne> \"€\" 𝔘".into();
        body["total"] = serde_json::json!({ "amount": 1234567890.10, "currency": "EUR" });
        client.post("/reservations", &[("Idempotency-Key", key)], &body).unwrap()
    };
    let answer = book("1", "VIE01");
    assert_eq!(answer.status, 201, "{}\n{}", answer.text(), facade.log());
    let full = book("2", "FULL");
    assert_eq!((full.status, full.problem().as_str()), (409, "no-availability"), "{}", full.text());
    let crash = book("3", "CRASH");
    assert_eq!((crash.status, crash.problem().as_str()), (502, "legacy-error"), "{}", crash.text());
    assert!(!crash.text().contains("tiger"), "{}", crash.text());
    let location = answer.header("location").unwrap().to_owned();
    let read = client.get(&location).unwrap();
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(read.json()["guests"][0]["lastName"], "Müller & <Söhne> \"€\" 𝔘");
    assert!(read.text().contains("1234567890.1"), "{}", read.text());
    assert_eq!(read.json()["nights"], 2);
    let missing = client.get("/reservations/C-1").unwrap();
    assert_eq!(missing.problem(), "reservation-not-found", "{}", missing.text());
}

#[test]
fn wss4j_accepts_our_digests_and_refuses_text_where_it_wants_a_digest() {
    let Some(cxf) = Cxf::start("digest") else { return };
    let keys = KeySet::new("https://idp.example", "hotel-apps");
    let token = keys.token("x", "reservations:read", 600);
    let good = facade(&cxf, &keys, true).client().bearer(&token).get("/reservations/C-1").unwrap();
    assert_eq!(good.problem(), "reservation-not-found", "{}", good.text());
    let bad = facade(&cxf, &keys, false).client().bearer(&token).get("/reservations/C-1").unwrap();
    assert_eq!(bad.problem(), "legacy-error", "{}", bad.text());
}
