//! ACH files: the large one, small ones that are made here, and what is seen of their entries.
//!
//! **Invariant.** Sums are of whole cents, taken from the digits of the text; nothing is rounded.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tests::kafka::Message;
use tests::shared::repository;

/// Entries of the large file, and their sum in cents. Source: `_expected.json` beside it.
pub(crate) const LARGE: (usize, u64) = (100_199, 20_123_398_766);
/// Entries of a batch of a file that is made here.
const PER_BATCH: usize = 500;

/// The project.
pub(crate) fn project() -> PathBuf {
    repository().join("tests/projects/ach")
}

/// The large file, unpacked. Nothing, said loudly, without the fixtures.
pub(crate) fn large() -> Option<Vec<u8>> {
    let packed =
        tests::shared::shared("fixtures/flat/ach/large-files/PPD-200-batches-100000-entries.ach.gz")?;
    let mut unpack = Command::new("gzip").arg("-dc").arg(packed).stdout(Stdio::piped()).spawn().unwrap();
    let mut bytes = Vec::new();
    unpack.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert!(unpack.wait().unwrap().success());
    Some(bytes)
}

/// Makes a file with so many entries, and their sum in cents; `change` may spoil a line of an entry, by its number from 0.
pub(crate) fn file(entries: usize, mut change: impl FnMut(usize, &mut String)) -> (Vec<u8>, u64) {
    let mut out = String::with_capacity(entries * 96);
    let _ =
        writeln!(out, "{:94}", "101 231380104 1210428822605081505A094101Federal Reserve Bank   My Bank Name");
    let (mut sum, mut hash, mut batches) = (0_u64, 0_u64, 0);
    for first in (0..entries).step_by(PER_BATCH) {
        batches += 1;
        let number = format!("{batches:07}");
        let _ = writeln!(
            out,
            "5220{:16}{:20}121042882 PPDPAYROLL         260508   112104288{number}",
            "ACME", ""
        );
        let (mut own_sum, mut own_hash) = (0, 0);
        let last = entries.min(first + PER_BATCH);
        for n in first..last {
            let (cents, bank) = (1 + (n as u64 * 7919) % 1_000_000, 23_138_010 + n as u64 % 9);
            let mut line = format!(
                "622{bank:08}4{:17}{cents:010}{:15}{:22}  0{:015}",
                123_456_789 + n,
                "",
                "Wade Arnold",
                121_042_880_000_000_u64 + n as u64
            );
            own_sum += cents;
            own_hash = (own_hash + bank) % 10_000_000_000;
            change(n, &mut line);
            let _ = writeln!(out, "{line}");
        }
        let count = last - first;
        let totals = format!("{own_hash:010}{:012}{own_sum:012}", 0);
        let _ = writeln!(out, "8220{count:06}{totals}{:10}{:25}12104288{number}", "121042882", "");
        sum += own_sum;
        hash += own_hash;
    }
    let totals = format!("{:010}{:012}{sum:012}", hash % 10_000_000_000, 0);
    let _ = writeln!(out, "9{batches:06}{:06}{entries:08}{totals}{:39}", 1, "");
    (out.into_bytes(), sum)
}

/// An entry as a consumer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The record that it is of, by its number in the file.
    pub(crate) record: u64,
    /// The key.
    pub(crate) key: String,
    /// What it says.
    pub(crate) data: String,
}

/// Drops equal ids, and returns what is left in the order in which it came, by key.
///
/// What comes again must be the same, and of a key nothing may come before what it stands behind.
pub(crate) fn unique(messages: &[Message]) -> Vec<Entry> {
    let mut seen: HashMap<&str, &Message> = HashMap::new();
    let mut latest: HashMap<&str, u64> = HashMap::new();
    let mut entries = Vec::new();
    for message in messages {
        let id = message.header("ce_id").unwrap();
        if let Some(first) = seen.insert(id, message) {
            assert_eq!((&first.key, &first.value), (&message.key, &message.value), "{id} is another one");
            continue;
        }
        let record = id.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap();
        let before = latest.insert(&message.key, record).unwrap_or(0);
        assert!(before < record, "of key {} record {record} came behind {before}", message.key);
        entries.push(Entry { record, key: message.key.clone(), data: message.value.clone() });
    }
    entries
}

/// The cents of a member whose value is a number with two decimals.
pub(crate) fn cents(json: &str, member: &str) -> u64 {
    let start = json.find(&format!("\"{member}\":")).map(|at| at + member.len() + 3).unwrap();
    let number: String = json[start..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let (whole, decimals) = number.split_once('.').unwrap_or_else(|| panic!("{member} is {number}: {json}"));
    assert_eq!(decimals.len(), 2, "{number}");
    format!("{whole}{decimals}").parse().unwrap()
}

/// Count and sum in cents.
pub(crate) fn totals(entries: &[Entry]) -> (usize, u64) {
    (entries.len(), entries.iter().map(|entry| cents(&entry.data, "amount")).sum())
}
