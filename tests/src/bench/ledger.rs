//! Records of 100 bytes in EBCDIC, and a decoder of just these, written by hand: what translating them costs at least.
//!
//! **Invariant.** The decoder shares nothing with Seawall; its output is compared with Seawall's, byte for byte.

use std::io::{self, BufWriter, Write};

/// Bytes of a record. Its layout is `tests/projects/ledger/legacy/LEDGER.cpy`.
pub const RECORD_BYTES: usize = 100;

/// Writes `count` records, the same ones each time.
///
/// # Errors
/// They cannot be written.
pub fn write(count: u64, to: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, to);
    let mut record = [0x40; RECORD_BYTES];
    for n in 0..count {
        fill(&mut record, n);
        out.write_all(&record)?;
    }
    out.flush()
}

fn fill(record: &mut [u8; RECORD_BYTES], n: u64) {
    // A multiplication by an odd number makes neighbours unlike.
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    digits(&mut record[0..11], n + 10_000_000);
    record[11..41].fill(0x40);
    let name = ["BAECKEREI HUBER", "GRUBER UND SOEHNE", "HUBER BAU GMBH", "WAGNER"][(mixed % 4) as usize];
    record[11..41].iter_mut().zip(name.bytes()).for_each(|(to, letter)| *to = ebcdic(letter));
    packed(&mut record[41..48], mixed % 1_000_000_000, mixed.is_multiple_of(5));
    digits(&mut record[48..60], mixed % 500_000_000);
    record[59] = record[59] & 0x0f | if mixed.is_multiple_of(7) { 0xd0 } else { 0xc0 };
    digits(&mut record[60..68], 20_000_101 + mixed % 25 * 10_000 + mixed % 12 * 100 + mixed % 28);
    record[68] = ebcdic(b"ASG"[(mixed % 3) as usize]);
    record[69..71].copy_from_slice(&((mixed % 9999) as u16).to_be_bytes());
    record[71..74].copy_from_slice(&[ebcdic(b'A'), ebcdic(b'U'), ebcdic(b'T')]);
    record[74..77].copy_from_slice(&[ebcdic(b'E'), ebcdic(b'U'), ebcdic(b'R')]);
    record[77..81].copy_from_slice(&((n % 1_000_000_000) as u32).to_be_bytes());
}

fn digits(to: &mut [u8], mut number: u64) {
    for byte in to.iter_mut().rev() {
        *byte = 0xf0 | (number % 10) as u8;
        number /= 10;
    }
}

fn packed(to: &mut [u8], mut number: u64, negative: bool) {
    let mut low = if negative { 0x0d } else { 0x0c };
    for byte in to.iter_mut().rev() {
        let high = (number % 10) as u8;
        number /= 10;
        *byte = high << 4 | low;
        low = (number % 10) as u8;
        number /= 10;
    }
}

/// Capital letters and blanks are the same in all EBCDIC pages.
fn ebcdic(letter: u8) -> u8 {
    match letter {
        b'A'..=b'I' => 0xc1 + (letter - b'A'),
        b'J'..=b'R' => 0xd1 + (letter - b'J'),
        b'S'..=b'Z' => 0xe2 + (letter - b'S'),
        _ => 0x40,
    }
}

/// Translates records into lines of JSON, as a program would that knows nothing else.
#[derive(Debug)]
pub struct Decoder {
    letters: [u8; 256],
}

impl Default for Decoder {
    fn default() -> Self {
        let mut letters = [b'?'; 256];
        for letter in (b'A'..=b'Z').chain([b' ']) {
            letters[usize::from(ebcdic(letter))] = letter;
        }
        (0..10).for_each(|digit| letters[0xf0 + usize::from(digit)] = b'0' + digit);
        Self { letters }
    }
}

impl Decoder {
    /// Appends the lines of whole records.
    pub fn decode(&self, records: &[u8], out: &mut Vec<u8>) {
        for record in records.chunks_exact(RECORD_BYTES) {
            self.record(record, out);
        }
    }

    fn record(&self, record: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        number(zoned(&record[0..11]), out);
        self.text(b",\"name\":\"", &record[11..41], out);
        out.extend_from_slice(b"\",\"balance\":");
        let (value, negative) = unpacked(&record[41..48]);
        cents(value, negative, out);
        out.extend_from_slice(b",\"limit\":");
        cents(zoned(&record[48..60]), record[59] >> 4 == 0xd, out);
        self.date(b",\"openedOn\":\"", &record[60..68], out);
        self.text(b"\",\"status\":\"", &record[68..69], out);
        out.extend_from_slice(b"\",\"branch\":");
        number(u64::from(u16::from_be_bytes([record[69], record[70]])), out);
        self.text(b",\"country\":\"", &record[71..74], out);
        self.text(b"\",\"currency\":\"", &record[74..77], out);
        out.extend_from_slice(b"\",\"sequence\":");
        number(u64::from(u32::from_be_bytes([record[77], record[78], record[79], record[80]])), out);
        out.extend_from_slice(b"}\n");
    }

    fn text(&self, label: &[u8], raw: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(label);
        let length = raw.iter().rposition(|&byte| byte != 0x40).map_or(0, |last| last + 1);
        out.extend(raw[..length].iter().map(|&byte| self.letters[usize::from(byte)]));
    }

    fn date(&self, label: &[u8], raw: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(label);
        for (part, between) in [(&raw[0..4], &b"-"[..]), (&raw[4..6], b"-"), (&raw[6..8], b"")] {
            out.extend(part.iter().map(|byte| b'0' | byte & 0x0f));
            out.extend_from_slice(between);
        }
    }
}

fn zoned(raw: &[u8]) -> u64 {
    raw.iter().fold(0, |number, byte| number * 10 + u64::from(byte & 0x0f))
}

fn unpacked(raw: &[u8]) -> (u64, bool) {
    let last = raw[raw.len() - 1];
    let front = &raw[..raw.len() - 1];
    let number = front
        .iter()
        .fold(0, |number, byte| number * 100 + u64::from(byte >> 4) * 10 + u64::from(byte & 0x0f));
    (number * 10 + u64::from(last >> 4), last & 0x0f == 0x0d)
}

fn number(mut value: u64, out: &mut Vec<u8>) {
    let mut text = [0; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}

fn cents(value: u64, negative: bool, out: &mut Vec<u8>) {
    if negative && value != 0 {
        out.push(b'-');
    }
    number(value / 100, out);
    out.extend_from_slice(&[b'.', b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line() {
        let (mut file, mut lines) = (Vec::new(), Vec::new());
        write(3, &mut file).unwrap();
        Decoder::default().decode(&file, &mut lines);
        assert_eq!(file.len(), 3 * RECORD_BYTES);
        let text = String::from_utf8(lines).unwrap();
        assert_eq!(text.lines().count(), 3);
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(first["id"], 10_000_000);
        assert_eq!(first["name"], "BAECKEREI HUBER");
        assert_eq!(first["openedOn"], "2000-01-01");
    }
}
