//! `seawall inspect` of a file of records: what it has, by a copybook, or what it probably is.
//!
//! **Invariant.** It proposes, with its evidence; a person decides.

use super::inspect::locate;
use super::{Ended, InspectArgs, complain, progress, say};
use crate::registry::{self, Look};
use engine::diagnostics;
use kernel::{Entry, FileId, Node, NodeKind, Sources, Span, Style, Text};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes from which is guessed.
const GUESS_BYTES_MAX: u64 = 4 << 20;
/// How often the progress is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(200);

/// Runs the command.
pub(super) fn run(args: &InspectArgs) -> Ended {
    match &args.copybook {
        Some(copybook) => records(args, copybook),
        None => guess(args),
    }
}

/// Returns whether a file begins like XML, as a WSDL does.
pub(super) fn is_markup(file: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(256).read_to_end(&mut head));
    // Who reads a WSDL says why it cannot.
    let text = String::from_utf8_lossy(&head);
    read.is_err() || text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('<')
}

fn guess(args: &InspectArgs) -> Ended {
    let mut bytes = Vec::new();
    // One byte more says that the file goes on.
    let read = File::open(&args.file).and_then(|file| file.take(GUESS_BYTES_MAX + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return complain(&format!("{}: {error}", args.file.display()));
    }
    let Some(found) = registry::guess(&bytes) else {
        return complain("this program was built without the adapter that reads files");
    };
    if args.json {
        let one = |guess: &registry::Guess| json!({ "proposal": guess.proposal, "confidence": guess.confidence, "evidence": guess.evidence });
        say(&format!("{:#}", Value::from(found.iter().map(one).collect::<Vec<_>>())));
    } else {
        for guess in &found {
            say(&format!("{:3} %  {}\n       {}", guess.confidence, guess.proposal, guess.evidence));
        }
        if found.is_empty() {
            say("nothing speaks for any framing or code page");
        }
    }
    if found.is_empty() { Ended::Findings } else { Ended::Done }
}

fn records(args: &InspectArgs, copybook: &Path) -> Ended {
    let (folder, name) = match locate(copybook) {
        Ok(found) => found,
        Err(error) => return complain(&error),
    };
    let format = match format(args, &name) {
        Ok(format) => format,
        Err(error) => return complain(&error),
    };
    let mut sources = Sources::default();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut count, begun, mut drawn) = (0_u64, Instant::now(), Instant::now());
    let shows = std::io::stderr().is_terminal();
    let mut each = |line: Value, read: u64, all: u64| {
        count += 1;
        if shows && drawn.elapsed() >= DRAWN_EVERY {
            drawn = Instant::now();
            let part = read.min(all).saturating_mul(100) / all.max(1);
            let rate = progress::rate(count, begun.elapsed());
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{part:3} %  {count} records, {rate}");
        }
        // A reader that has gone wants no more.
        writeln!(out, "{line}").is_ok() && args.limit.is_none_or(|limit| count < limit)
    };
    let look = Look { format: &format, files: &folder, path: &args.file, each: &mut each };
    let result = registry::look(look, &mut sources);
    let _ = out.flush();
    progress::clear();
    match result {
        Some(Ok(true)) => Ended::Done,
        Some(Ok(false)) => Ended::Findings,
        Some(Err(found)) => {
            complain(&diagnostics::render(&found, &sources));
            Ended::Findings
        }
        None => complain("this program was built without the adapter that reads files"),
    }
}

/// Makes of the arguments what a connection has under `format`.
fn format(args: &InspectArgs, copybook: &str) -> Result<Node, String> {
    let mut entries = vec![entry("type", text("copybook")), entry("copybook", text(copybook))];
    entries.extend(args.encoding.as_ref().map(|encoding| entry("encoding", text(encoding))));
    entries.extend(args.framing.as_ref().map(|framing| entry("framing", text(framing))));
    entries.extend(args.length.map(|length| entry("length", text(&length.to_string()))));
    let mut records = Vec::new();
    for condition in &args.records {
        let parsed = condition.split_once('=').and_then(|(ty, rest)| Some((ty, rest.split_once(':')?)));
        let (ty, (field, value)) =
            parsed.ok_or_else(|| format!("--record {condition}: expected TYPE=FIELD:VALUE"))?;
        records.push(entry(ty, map(vec![entry(field, text(value))])));
    }
    if !records.is_empty() {
        entries.push(entry("records", map(records)));
    }
    Ok(map(entries))
}

fn nowhere() -> Span {
    Span::new(FileId(u32::MAX), 0, 0)
}

fn map(entries: Vec<Entry>) -> Node {
    Node { span: nowhere(), kind: NodeKind::Map(entries) }
}

fn text(value: &str) -> Node {
    Node { span: nowhere(), kind: NodeKind::Text(Text { value: value.into(), style: Style::Plain }) }
}

fn entry(key: &str, value: Node) -> Entry {
    Entry { key: key.into(), key_span: nowhere(), value }
}
