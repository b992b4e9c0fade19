//! The benchmarks of files: records to lines of JSON against a decoder written by hand, lines to Kafka against `kcat`, a
//! large file in little memory, and what a second processor brings.
//!
//! **Invariant.** Both sides are measured in one run, in turn, on the same processor, as whole processes, and what they
//! write is compared; the broker is on neither side.

use super::ledger::{self, Decoder, RECORD_BYTES};
use super::median;
use crate::process::scratch;
use crate::{seawall, shared};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
/// Records of the comparison with the decoder written by hand: 200 MB.
const RECORDS: u64 = 2_000_000;
/// Records of the large file: 2 GB.
const LARGE: u64 = 20_000_000;
/// The argument by which this program becomes the decoder.
pub const DECODER: &str = "--decode-ledger";

/// Runs all benchmarks of files whose names contain `only`.
///
/// # Errors
/// Something does not run, or the two sides do not write the same.
pub fn run(only: &str) -> Result<(), Box<dyn Error>> {
    let wanted = |name: &str| name.contains(only);
    if wanted("CSV to Kafka") {
        super::lines::run()?;
    }
    if !(wanted("100-byte records") || wanted("2 GB") || wanted("two processors")) {
        return Ok(());
    }
    let ledger = Ledger::new("ledger", RECORDS)?;
    if wanted("100-byte records") {
        records(&ledger)?;
    }
    if wanted("two processors") {
        processors(&ledger)?;
    }
    drop(ledger);
    if wanted("2 GB") {
        memory()?;
    }
    Ok(())
}

/// The decoder written by hand, as a process of its own: a file in, lines out.
///
/// # Errors
/// The file cannot be read, or standard output cannot be written.
pub fn decode(path: &Path) -> io::Result<()> {
    let (mut file, decoder) = (File::open(path)?, Decoder::default());
    let (mut block, mut lines) = (vec![0; RECORD_BYTES * 5_000], Vec::new());
    let mut out = io::stdout().lock();
    loop {
        let length = fill(&mut file, &mut block)?;
        if length == 0 {
            return out.flush();
        }
        lines.clear();
        decoder.decode(&block[..length], &mut lines);
        out.write_all(&lines)?;
    }
}

fn fill(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < block.len() {
        match file.read(&mut block[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// A folder with the project and one file.
struct Ledger {
    folder: PathBuf,
}

impl Ledger {
    fn new(name: &str, records: u64) -> io::Result<Self> {
        let folder = scratch(name)?;
        super::copy(&shared::repository().join("tests/projects/ledger"), &folder.join("project"))?;
        ledger::write(records, File::create(folder.join("accounts.dat"))?)?;
        Ok(Self { folder })
    }

    fn file(&self) -> PathBuf {
        self.folder.join("accounts.dat")
    }

    /// Seawall, as it prints the data of the events that it would publish.
    fn seawall(&self, processors: &str) -> Command {
        let mut command = Command::new("taskset");
        command.args(["-c", processors]).arg(seawall()).arg("run-once").arg(self.folder.join("project"));
        command.arg("--dry-run").env("LEDGER_FOLDER", &self.folder).stderr(Stdio::null());
        command
    }

    fn by_hand(&self) -> io::Result<Command> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(std::env::current_exe()?).arg(DECODER).arg(self.file());
        Ok(command)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // What is left lies in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn records(ledger: &Ledger) -> Result<(), Box<dyn Error>> {
    let lines = |mut command: Command| -> io::Result<[u8; 32]> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let hash = hash(child.stdout.take().ok_or_else(|| io::Error::other("no output"))?)?;
        ended(&mut child)?;
        Ok(hash)
    };
    let equal = lines(ledger.by_hand()?)? == lines(ledger.seawall("0"))?;
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let by_hand = cpu(&mut ledger.by_hand()?)?;
        let mapped = cpu(&mut ledger.seawall("0"))?;
        a.push(micros(by_hand, RECORDS));
        b.push(micros(mapped, RECORDS));
        ratios.push(mapped.as_secs_f64() / by_hand.as_secs_f64());
    }
    println!(
        "100-byte records to lines of JSON: by hand {:.3} µs, seawall {:.3} µs a record, {:.2}x, lines {}",
        median(&mut a),
        median(&mut b),
        median(&mut ratios),
        if equal { "equal" } else { "NOT EQUAL" },
    );
    Ok(())
}

fn processors(ledger: &Ledger) -> Result<(), Box<dyn Error>> {
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (processors, times) in [("0", &mut one), ("0,1", &mut two)] {
            let start = Instant::now();
            ended(&mut ledger.seawall(processors).stdout(Stdio::null()).spawn()?)?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
    let (one, two) = (median(&mut one), median(&mut two));
    println!(
        "200 MB of records on one processor: {one:.2} s, on two processors: {two:.2} s, {:.2}x",
        one / two
    );
    Ok(())
}

fn memory() -> Result<(), Box<dyn Error>> {
    let ledger = Ledger::new("large", LARGE)?;
    let most = most_memory(&mut ledger.seawall("0,1"))?;
    println!("a file of 2 GB: {most:.1} MiB of memory at most");
    Ok(())
}

/// Runs a process to its end, its output to nowhere, and returns the most memory that it had at once, in MiB.
///
/// # Errors
/// It cannot be run, or ends badly.
pub fn most_memory(command: &mut Command) -> io::Result<f64> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let mut most = 0.0_f64;
    while child.try_wait()?.is_none() {
        most = most.max(peak(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    }
    ended(&mut child)?;
    Ok(most)
}

/// The most memory that a process had at once, in MiB; zero where it is gone.
fn peak(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("");
    line.trim().trim_end_matches(" kB").parse().map_or(0.0, |kib: f64| kib / 1024.0)
}

fn ended(child: &mut Child) -> io::Result<()> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

fn micros(cpu: Duration, records: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / records as f64
}

/// Runs a process to its end, its output to nowhere, and returns its CPU time: user and system.
///
/// # Errors
/// It cannot be run, or ends badly.
pub fn cpu(command: &mut Command) -> io::Result<Duration> {
    let before = children()?;
    ended(&mut command.stdout(Stdio::null()).spawn()?)?;
    Ok(children()?.saturating_sub(before))
}

/// The CPU time of all children that have ended and were waited for, in hundredths of a second.
fn children() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // A name may hold anything, so the last parenthesis ends it; the fields behind it are numbered from 3 (proc(5)).
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = |number: usize| -> u64 {
        rest.split_whitespace().nth(number - 3).and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    Ok(Duration::from_millis((field(16) + field(17)) * 10))
}

fn hash(mut from: impl io::Read) -> io::Result<[u8; 32]> {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut block = vec![0; 1 << 20];
    loop {
        match from.read(&mut block)? {
            0 => break,
            read => context.update(&block[..read]),
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Ok(hash)
}
