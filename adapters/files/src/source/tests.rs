//! Units as they are read: batches, rewinding, files that change, many damaged ones.

use super::reader::{Limits, Plan, Reader};
use super::records::FileRecords;
use super::unit::FileUnit;
use crate::content::{Blocks, Bounds, Compression, Content, Origin, Stamp};
use crate::double::Columns;
use crate::frame::{Ending, Framing, LengthField, LengthForm, Rdw, Skip, Writer};
use crate::select::{self, Asked, Named, Pattern};
use crate::shape::{self, Belongs};
use adapters_ports::{Position, Records, Unit};
use bytes::Bytes;
use kernel::{FileId, ShapeBuilder, Span};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOST: Rdw = Rdw { little: false, whole: true, adjust: 0 };
const LIMITS: Limits = Limits { record: 200, batch: 300, group: 2000 };
const BOUNDS: Bounds = Bounds { bytes: 1 << 30, ratio: 1000 };

/// Returns how records `H`, `B` and `T` are read; `parents` makes `B` belong to `H`.
fn plan(framing: Framing, parents: bool, limits: Limits) -> Arc<Plan> {
    let mut shape = ShapeBuilder::new();
    let types: [(&str, &[(&str, usize)]); 3] = [
        ("head", &[("H-TYPE", 1), ("NO", 3)]),
        ("body", &[("B-TYPE", 1), ("TEXT", 9)]),
        ("tail", &[("T-TYPE", 1), ("COUNT", 3)]),
    ];
    let format = Arc::new(Columns::new(&mut shape, &types));
    let span = Span::new(FileId(0), 0, 0);
    let named = |name: &str, path: &str, value: &str| {
        let asked = Asked { path: path.into(), span, values: vec![Pattern::parse(value)] };
        Named { name: name.into(), span, any: vec![vec![asked]] }
    };
    let named = [named("head", "H-TYPE", "H"), named("body", "B-TYPE", "B"), named("tail", "T-TYPE", "T")];
    let mut found = Vec::new();
    let rules = select::compile(&named, &*format, &mut found);
    let belongs =
        Belongs { child: "body".into(), child_span: span, parent: "head".into(), parent_span: span };
    let belongs = if parents { vec![belongs] } else { Vec::new() };
    let layout = shape::build(&rules, &belongs, format, &mut shape, &mut found);
    assert_eq!(found, []);
    Arc::new(Plan { layout: Arc::new(layout), rules: rules.into(), framing, skip: Skip::default(), limits })
}

fn framings() -> Vec<Framing> {
    let field = LengthField { bytes: 4..6, form: LengthForm::Digits, rest: false, adjust: 0 };
    vec![
        Framing::Lines(Ending::Auto),
        Framing::Lines(Ending::Crlf),
        Framing::Rdw(HOST),
        Framing::Rdw(Rdw { little: true, whole: false, adjust: 0 }),
        Framing::Bdw(HOST),
        Framing::Fixed(10),
        Framing::Length(field),
    ]
}

/// A file of so many bodies behind a head, another head in the middle, and a tail. All records have ten bytes, and their
/// length in it.
fn file(framing: &Framing, bodies: usize) -> Vec<u8> {
    let mut writer = Writer::new(framing, Skip::default());
    let mut push = |text: String| writer.push(text.as_bytes()).unwrap();
    for n in 0..bodies {
        if n % 50 == 0 {
            push(format!("H{:03}10    ", n / 50 % 1000));
        }
        push(format!("B{:03}10{:04}", n % 7, n % 10_000));
    }
    push(format!("T{:03}10    ", bodies % 1000));
    writer.finish()
}

fn reader(plan: &Arc<Plan>, bytes: &[u8]) -> Reader {
    let blocks = Blocks::new(Origin::Memory(Bytes::copy_from_slice(bytes)));
    Reader::new(Arc::clone(plan), "a.dat".into(), Content::open(blocks, Compression::Auto, BOUNDS).unwrap())
}

/// What a reader gives: a line per record, and where each batch ends with the number of records before it.
fn drain(plan: &Arc<Plan>, reader: &mut Reader) -> (Vec<String>, Vec<(usize, Position)>, Option<String>) {
    let (mut lines, mut ends) = (Vec::new(), Vec::new());
    loop {
        match reader.batch() {
            Ok(None) => return (lines, ends, None),
            Err(error) => return (lines, ends, Some(error.to_string())),
            Ok(Some(chunk)) => {
                let mut records = FileRecords::new(Arc::clone(&plan.layout), chunk, Some("a.dat".into()));
                while let Some(framed) = records.next() {
                    let raw = records.raw();
                    let beside: Vec<_> =
                        raw.beside.iter().map(|(name, bytes)| format!("{name}={bytes:?}")).collect();
                    lines.push(format!(
                        "{} {} {:?} {:?} {}",
                        framed.number,
                        framed.offset,
                        framed.part,
                        raw.bytes,
                        beside.join(" ")
                    ));
                }
                ends.push((lines.len(), reader.position()));
            }
        }
    }
}

#[test]
fn a_unit_that_is_read_from_any_batch_on_gives_the_same_records() {
    for framing in framings() {
        for parents in [false, true] {
            let plan = plan(framing.clone(), parents, LIMITS);
            let bytes = file(&framing, if parents { 120 } else { 200 });
            let mut first = reader(&plan, &bytes);
            let (lines, ends, error) = drain(&plan, &mut first);
            if parents && error.is_some() {
                panic!("{framing:?}: {error:?}");
            }
            assert_eq!((error, lines.len()), (None, if parents { 4 } else { 205 }), "{framing:?}");
            assert!(ends.len() > 2, "{framing:?} has {} batches", ends.len());
            for (count, position) in ends {
                for mut again in [reader(&plan, &bytes), reader(&plan, &bytes)] {
                    again.rewind(position).unwrap();
                    assert_eq!(again.position(), position);
                    assert_eq!(drain(&plan, &mut again).0, lines[count..], "{framing:?} from {position:?}");
                    again.rewind(Position::START).unwrap();
                    assert_eq!(drain(&plan, &mut again).0, lines, "{framing:?}");
                }
                let strange = Position { bytes: position.bytes + 1, ..position };
                let error = reader(&plan, &bytes).rewind(strange).unwrap_err().to_string();
                assert!(error.contains("no such position"), "{error}");
            }
        }
    }
}

#[test]
fn records_do_not_depend_on_how_large_batches_are() {
    for framing in framings() {
        let bytes = file(&framing, 200);
        let read = |batch| {
            let plan = plan(framing.clone(), false, Limits { batch, ..LIMITS });
            drain(&plan, &mut reader(&plan, &bytes)).0
        };
        let whole = read(1 << 20);
        for batch in [1, 11, 100, 1000] {
            assert_eq!(read(batch), whole, "{framing:?} in batches of {batch}");
        }
    }
}

#[test]
fn records_before_a_damaged_place_are_given_and_then_the_reason() {
    let framing = Framing::Rdw(HOST);
    let mut bytes = file(&framing, 100);
    let at = 14 * 60;
    bytes[at..at + 2].copy_from_slice(&[0xFF, 0xFF]);
    for batch in [1, 300, 1 << 20] {
        let plan = plan(framing.clone(), false, Limits { batch, ..LIMITS });
        let (lines, _, error) = drain(&plan, &mut reader(&plan, &bytes));
        let error = error.unwrap();
        assert_eq!(lines.len(), 60, "{error}");
        assert!(error.contains("record=61") && error.contains("offset=840"), "{error}");
        assert!(error.contains("`limits.record` allows 200"), "{error}");
    }
}

#[test]
fn a_group_without_end_is_refused_before_it_fills_the_memory() {
    let framing = Framing::Fixed(10);
    let plan = plan(framing.clone(), true, Limits { group: 400, ..LIMITS });
    let (lines, _, error) = drain(&plan, &mut reader(&plan, &file(&framing, 120)));
    assert_eq!(lines.len(), 0);
    assert!(error.unwrap().contains("`limits.group` of 400 bytes"));
}

/// A folder of a test, which is removed with it.
pub(super) struct Temp(pub PathBuf);

impl Temp {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("seawall-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(plan: &Arc<Plan>, path: &Path) -> Reader {
    let file = File::open(path).unwrap();
    let stamp = Stamp::of(&file.metadata().unwrap());
    let blocks = Blocks::new(Origin::File { file, path: path.to_owned(), stamp });
    Reader::new(Arc::clone(plan), "a.dat".into(), Content::open(blocks, Compression::Auto, BOUNDS).unwrap())
}

/// Writes other bytes over a file without any trace in its size and time.
fn overwrite(path: &Path, at: usize) {
    let written = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(&bytes).unwrap();
    file.set_modified(written).unwrap();
}

#[test]
fn a_file_that_changes_while_it_is_read_or_between_passes_is_an_error_with_a_reason() {
    let framing = Framing::Fixed(10);
    let plan = plan(framing.clone(), false, Limits { batch: 100_000, ..LIMITS });
    let bytes = file(&framing, 100_000);
    type Change = (&'static str, fn(&Path), &'static str);
    let changes: [Change; 7] = [
        (
            "shrinks",
            |path| File::options().write(true).open(path).unwrap().set_len(500_000).unwrap(),
            "500000",
        ),
        ("empties", |path| File::options().write(true).open(path).unwrap().set_len(0).unwrap(), "0"),
        (
            "grows",
            |path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap(),
            "grew to",
        ),
        (
            "is written to",
            |path| {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.set_modified(std::time::SystemTime::now() + Duration::from_secs(5)).unwrap();
            },
            "it was written to",
        ),
        ("vanishes", |path| fs::remove_file(path).unwrap(), "removed or renamed"),
        ("is renamed", |path| fs::rename(path, path.with_extension("old")).unwrap(), "removed or renamed"),
        (
            "is replaced",
            |path| {
                let other = path.with_extension("new");
                fs::copy(path, &other).unwrap();
                fs::rename(other, path).unwrap();
            },
            "another file took its place",
        ),
    ];
    let temp = Temp::new("changes");
    let path = temp.0.join("a.dat");
    for (name, change, part) in changes {
        for whole in [false, true] {
            fs::write(&path, &bytes).unwrap();
            let mut reader = open(&plan, &path);
            if whole {
                reader.examine().unwrap();
                reader.rewind(Position::START).unwrap();
            }
            assert!(reader.batch().unwrap().is_some());
            change(&path);
            let (lines, _, error) = drain(&plan, &mut reader);
            let error = error.unwrap_or_else(|| panic!("{name}: nothing was noticed"));
            assert!(error.contains("changed while it was read") && error.contains(part), "{name}: {error}");
            assert!(lines.len() < 100_000, "{name}");
        }
    }
}

#[test]
fn other_bytes_than_in_the_pass_before_are_never_given() {
    let framing = Framing::Fixed(10);
    let plan = plan(framing.clone(), false, Limits { batch: 100_000, ..LIMITS });
    let bytes = file(&framing, 100_000);
    let temp = Temp::new("bytes");
    let path = temp.0.join("a.dat");
    // The first block, one in the middle, the last byte.
    for at in [0, 600_000, bytes.len() - 1] {
        fs::write(&path, &bytes).unwrap();
        let mut reader = open(&plan, &path);
        let all = drain(&plan, &mut reader).0;
        overwrite(&path, at);
        let error = match reader.rewind(Position::START) {
            Err(error) => error.to_string(),
            Ok(()) => {
                let (lines, _, error) = drain(&plan, &mut reader);
                assert_eq!(lines, all[..lines.len()]);
                assert!((lines.len() as u64) * 10 <= at as u64, "{} records before byte {at}", lines.len());
                error.unwrap()
            }
        };
        assert!(error.contains("are others than before"), "{error}");
    }
}

#[tokio::test]
async fn the_same_content_has_the_same_identity_whatever_its_name_and_way() {
    let framing = Framing::Fixed(10);
    let plan = plan(framing.clone(), false, Limits { batch: 100_000, ..LIMITS });
    let bytes = file(&framing, 60_000);
    let temp = Temp::new("identity");
    let unit = |name: &str| {
        fs::write(temp.0.join(name), &bytes).unwrap();
        let reader = open(&plan, &temp.0.join(name));
        FileUnit::new(name.into(), Arc::clone(&plan), reader, None)
    };
    let (mut one, mut two) = (unit("a"), unit("b"));
    let examined = one.examine().await.unwrap();
    assert_eq!((one.bytes(), one.bytes_read()), (Some(bytes.len() as u64), 0));
    assert_eq!(two.identity(), None);
    while two.batch().unwrap().is_some() {}
    assert_eq!(two.identity(), Some(examined));
    assert_eq!(two.bytes_read(), bytes.len() as u64);
    let mut other = Blocks::new(Origin::Memory(Bytes::copy_from_slice(&bytes[..bytes.len() - 10])));
    other.examine().unwrap();
    assert_ne!(other.identity(), Some(examined));
}

/// A small generator of numbers, the same for the same seed.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// Damages a file in one to five places.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1));
        match random.below(5) {
            0 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
            1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + random.below(40)).min(bytes.len());
                let piece = bytes[at.min(end)..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
        }
    }
}

/// Files of each framing; with `SEAWALL_LONG` ten thousand.
#[test]
fn damaged_files_are_refused_with_a_place_and_never_hang_or_panic() {
    let count = if std::env::var_os("SEAWALL_LONG").is_some() { 10_000 } else { 100 };
    let mut random = Random(0x5EA_3A11);
    for framing in framings() {
        let good = file(&framing, 60);
        for parents in [false, true] {
            let plan = plan(framing.clone(), parents, LIMITS);
            for n in 0..count {
                let mut bytes = good.clone();
                mutate(&mut bytes, &mut random);
                let begin = Instant::now();
                let mut once = reader(&plan, &bytes);
                let (lines, _, error) = drain(&plan, &mut once);
                once.rewind(Position::START).unwrap();
                let (again, _, same) = drain(&plan, &mut once);
                assert_eq!((&lines, &error), (&again, &same), "{framing:?} {n}: two passes differ");
                assert!(
                    begin.elapsed() < Duration::from_secs(5),
                    "{framing:?} {n} took {:?}",
                    begin.elapsed()
                );
                if let Some(error) = error {
                    assert!(
                        error.contains("offset=") && error.contains("record="),
                        "{framing:?} {n}: {error}"
                    );
                }
            }
        }
    }
}

/// Returns the most memory that this process ever held, in bytes.
fn held_most() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_file_of_200_mb_is_read_in_memory_that_does_not_grow_with_it() {
    let plan = plan(Framing::Fixed(1000), false, Limits { record: 1000, batch: 512 << 10, ..LIMITS });
    let temp = Temp::new("large");
    let path = temp.0.join("a.dat");
    let block = b"B12345678 ".repeat(100).repeat(1000);
    let mut file = File::create(&path).unwrap();
    (0..200).for_each(|_| file.write_all(&block).unwrap());
    let mut reader = open(&plan, &path);
    let (before, begin) = (held_most(), Instant::now());
    let mut records = 0;
    while let Some(chunk) = reader.batch().unwrap() {
        assert!(chunk.data.len() <= (512 << 10) + 1000);
        records += chunk.placed.len();
    }
    assert_eq!(records, 200_000);
    println!("{} MiB more in {:?}", (held_most() - before) >> 20, begin.elapsed());
}
