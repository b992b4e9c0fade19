//! Attack messages: each is refused or harmless, in little time and little memory.
//!
//! They stand alone in this file, because memory is that of the whole process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/loaded.rs"]
mod loaded;
#[path = "support/project.rs"]
mod project;

use adapters_soap::wellformed;
use kernel::{Limits, PartId};
use loaded::{Loaded, decode};

#[test]
fn no_attack_does_harm() {
    let Some(folder) = project::shared("fixtures/security") else { return };
    let Some(ota) = project::shared("fixtures/ota/schema-alpinebits") else { return };
    let loaded = Loaded::of(&ota, "alpinebits-2018-10.xsd");
    let root = loaded.root("OTA_HotelAvailNotifRQ").unwrap();
    let mut count = 0;
    for folder in ["xml-attacks-own", "xml-attacks-defusedxml"].map(|name| folder.join(name)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".json") {
                continue;
            }
            if name.ends_with(".gz") {
                // What is in it: a hundred thousand nested elements.
                bytes = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)).into_bytes();
            }
            harmless(&name, &bytes, &loaded, root);
            count += 1;
        }
    }
    let mib = "x".repeat(1 << 20);
    for (name, xml) in [
        ("long name", format!("<{mib}/>")),
        ("long attribute name", format!("<a {mib}='1'/>")),
        ("long attribute", format!("<a b='{mib}{mib}'/>")),
        ("long comment", format!("<!--{mib}--><a/>")),
        ("long entity", format!("<a>&{mib};</a>")),
        (
            "long text",
            format!(
                "<OTA_HotelAvailNotifRQ xmlns='http://www.opentravel.org/OTA/2003/05'>{mib}{mib}</OTA_HotelAvailNotifRQ>"
            ),
        ),
        ("many entities", format!("<a>{}</a>", "&lt;".repeat(1 << 18))),
        ("many elements", format!("<a>{}</a>", "<b/>".repeat(1 << 18))),
        ("many namespaces", (0..20_000).map(|n| format!("<a xmlns:p{n}='u{n}'>")).collect()),
        (
            "many contexts",
            format!(
                "<OTA_HotelAvailNotifRQ xmlns='http://www.opentravel.org/OTA/2003/05'>{}</OTA_HotelAvailNotifRQ>",
                (0..50_000).map(|n| format!("<p:b xmlns:p='u{n}'/>")).collect::<String>()
            ),
        ),
        (
            "many names",
            format!(
                "<OTA_HotelAvailNotifRQ xmlns='http://www.opentravel.org/OTA/2003/05'>{}</OTA_HotelAvailNotifRQ>",
                (0..100_000).map(|n| format!("<b{n}/>")).collect::<String>()
            ),
        ),
        ("unfinished", "<a ".repeat(1 << 18)),
        ("quotes", format!("<a b=\"{}", "'".repeat(1 << 20))),
    ] {
        harmless(name, xml.as_bytes(), &loaded, root);
        count += 1;
    }
    println!("{count} attacks");
    assert!(count > 35, "{count}");
}

/// An attack is judged in less than a second each way, with little memory, and every refusal has its place.
fn harmless(name: &str, bytes: &[u8], loaded: &Loaded, root: PartId) {
    let before = peak_memory_kib();
    for piece in [bytes.len().max(1), 4096] {
        let decoded = in_time(name, || decode(loaded, root, bytes, piece));
        if let Err(error) = &decoded {
            assert!(error.offset <= bytes.len() as u64 * 3, "{name}: {error}");
            assert!(error.message.len() < 1000, "{name}: {} bytes of message", error.message.len());
        }
    }
    let _ = in_time(name, || wellformed(bytes, Limits::default()));
    let grown = peak_memory_kib().saturating_sub(before);
    assert!(grown < 64 << 10, "{name}: {grown} KiB");
    if bytes.windows(9).any(|window| window == b"<!DOCTYPE") {
        assert!(wellformed(bytes, Limits::default()).is_err(), "{name}");
    }
}

/// Runs something that has to take less than a second of this thread's time, however busy the machine is.
fn in_time<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let (started, before) = (std::time::Instant::now(), thread_seconds());
    let result = run();
    let seconds = match (before, thread_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => started.elapsed().as_secs_f64(),
    };
    assert!(seconds < 1.0, "{name}: {seconds} s");
    result
}

/// Processor time of this thread, where the system tells it in hundredths of a second.
fn thread_seconds() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
    // The name of the thread is in brackets and may hold anything.
    let fields: Vec<&str> = status.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / 100.0)
}

/// Most memory that the process has had, where the system tells; else nought.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
