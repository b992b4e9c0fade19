//! The benchmark of lines to Kafka: a file of separated values becomes events, against `kcat`, which sends its lines as they
//! are.
//!
//! **Invariant.** Both are whole processes on the same processor and wait until the broker, which is on neither side, has
//! confirmed every message; it is counted how many these were.

use super::files::{cpu, most_memory};
use super::median;
use crate::kafka::Broker;
use crate::process::scratch;
use crate::{seawall, shared};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROUNDS: usize = 3;
const LINES: u64 = 500_000;

/// Runs the benchmark.
///
/// # Errors
/// Something does not run, or messages are missing.
pub fn run() -> Result<(), Box<dyn Error>> {
    let Some(broker) = Broker::start()? else { return Ok(()) };
    let orders = Orders::new(&broker)?;
    for topic in ["orders", "lines", "keyed"] {
        broker.create_topic(topic, 6, &[])?;
    }
    let (mut ours, mut plain, mut alike) = (Vec::new(), Vec::new(), Vec::new());
    let (mut to_plain, mut to_alike) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let seawall = micros(cpu(&mut orders.seawall(round))?);
        orders.confirm(round)?;
        let lines = micros(cpu(&mut orders.kcat("lines", "orders.csv"))?);
        let same = micros(cpu(orders.kcat("keyed", "keyed.txt").args(ALIKE))?);
        ours.push(seawall);
        plain.push(lines);
        alike.push(same);
        to_plain.push(seawall / lines);
        to_alike.push(seawall / same);
    }
    println!(
        "lines of CSV to Kafka: kcat {:.2} µs, seawall {:.2} µs a line, {:.2}x",
        median(&mut plain),
        median(&mut ours),
        median(&mut to_plain),
    );
    println!(
        "  against kcat with keys and headers of the same size, idempotent as seawall is: {:.2} µs, {:.2}x",
        median(&mut alike),
        median(&mut to_alike),
    );
    println!("  memory of seawall: {:.1} MiB at most", most_memory(&mut orders.seawall(ROUNDS))?);
    Ok(())
}

/// What makes messages of `kcat` cost its broker and its library what an event costs them. Headers are as long as those of
/// an event; they are the same for each line, since `kcat` knows no others.
const ALIKE: [&str; 20] = [
    "-K",
    "\t",
    "-X",
    "enable.idempotence=true",
    "-X",
    "max.in.flight.requests.per.connection=1",
    "-H",
    "ce_specversion=1.0",
    "-H",
    "ce_id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-250000",
    "-H",
    "ce_source=/orders/shop/record",
    "-H",
    "ce_type=com.example.shop.order",
    "-H",
    "ce_time=2026-03-01T00:00:00Z",
    "-H",
    "content-type=application/json",
    "-H",
    "ce_partitionkey=A10250000",
];

/// A folder with the project, and the lines with and without keys.
struct Orders {
    folder: PathBuf,
    brokers: String,
}

impl Orders {
    fn new(broker: &Broker) -> io::Result<Self> {
        let folder = scratch("orders")?;
        super::copy(&shared::repository().join("tests/projects/orders"), &folder.join("project"))?;
        let mut lines = BufWriter::new(File::create(folder.join("orders.csv"))?);
        let mut keyed = BufWriter::new(File::create(folder.join("keyed.txt"))?);
        for n in 0..LINES {
            let line = line(n);
            writeln!(lines, "{line}")?;
            writeln!(keyed, "A{}\t{line}", 10_000_000 + n)?;
        }
        lines.flush()?;
        keyed.flush()?;
        Ok(Self { folder, brokers: broker.address() })
    }

    /// Seawall, with a store in which nothing is known of the file.
    fn seawall(&self, round: usize) -> Command {
        let mut command = pinned(seawall());
        command.arg("run-once").arg(self.folder.join("project")).arg("--json");
        command.arg("--store").arg(self.folder.join(format!("store-{round}")));
        command.env("ORDERS_FOLDER", &self.folder).env("KAFKA_BROKERS", &self.brokers);
        command
    }

    /// Runs it again with the same store: the file must be known as settled with all its events.
    fn confirm(&self, round: usize) -> Result<(), Box<dyn Error>> {
        fs::copy(self.folder.join("orders.csv"), self.folder.join("again.csv"))?;
        let output = self.seawall(round).stderr(Stdio::inherit()).output()?;
        fs::remove_file(self.folder.join("again.csv"))?;
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let unit = &summary["units"][0];
        if unit["outcome"] != "duplicate" || unit["events"]["orders"] != LINES {
            return Err(format!("not all lines were published: {summary:#}").into());
        }
        Ok(())
    }

    fn kcat(&self, topic: &str, file: &str) -> Command {
        let mut command = pinned(Path::new("kcat"));
        command.args(["-P", "-b", &self.brokers, "-t", topic, "-l"]).arg(self.folder.join(file));
        command
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        // What is left lies in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// An order: 100 bytes or a few less or more.
fn line(n: u64) -> String {
    // A multiplication by an odd number makes neighbours unlike.
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let name = ["BAECKEREI HUBER OG", "GRUBER UND SOEHNE", "HUBER BAU GMBH", "WAGNER UND CO KG"]
        [(mixed % 4) as usize];
    let date = 20_000_101 + mixed % 25 * 10_000 + mixed % 12 * 100 + mixed % 28;
    let (order, customer, article) = (10_000_000 + n, mixed % 1_000_000, mixed % 99_991);
    let (quantity, cents) = (mixed % 50 + 1, mixed % 10_000_000);
    format!(
        "A{order},CUSTOMER-ACCOUNT-{customer:06},{name},{date},ARTICLE-NUMBER-{article:05},{quantity},{}.{:02},EUR",
        cents / 100,
        cents % 100
    )
}

fn micros(cpu: std::time::Duration) -> f64 {
    cpu.as_secs_f64() * 1e6 / LINES as f64
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_has_eight_values_and_about_a_hundred_bytes() {
        for n in [0, 1, 77_777, 499_999] {
            assert_eq!(line(n).split(',').count(), 8);
            assert!((80..=110).contains(&line(n).len()), "{}", line(n));
        }
    }
}
