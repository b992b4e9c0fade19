//! What a file probably is: framing, code page, length of records.
//!
//! **Invariant.** Every proposal names the numbers that speak for it; without any there is none.

/// Most bytes that are looked at.
const BYTES_MAX: usize = 4 << 20;
/// Largest length of a record that is tried.
const LENGTH_MAX: usize = 4096;
/// Fewest records that a length must give.
const RECORDS_MIN: usize = 4;

/// What a file probably is, the likeliest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// How its records are framed.
    pub framing: Vec<Guess>,
    /// Which code page its texts have.
    pub encoding: Vec<Guess>,
    /// How many bytes were looked at.
    pub bytes: usize,
}

/// A proposal with what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// What is proposed.
    pub proposal: Proposal,
    /// How likely it is, 0 to 100. It is a rank, no probability.
    pub confidence: u8,
    /// The numbers that speak for it, in words.
    pub evidence: String,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposal {
    /// `framing:` with this value, as a mapping writes it.
    Framing(String),
    /// `framing: fixed` with `length:`.
    Length(usize),
    /// `encoding:` with this value.
    Encoding(&'static str),
}

/// Looks at the beginning of a file.
pub fn guess(bytes: &[u8]) -> Evidence {
    let is_cut = bytes.len() > BYTES_MAX;
    let bytes = bytes.get(..BYTES_MAX).unwrap_or(bytes);
    let (ebcdic, ascii) = (letters(bytes, &EBCDIC), letters(bytes, &ASCII));
    let mut framing: Vec<Guess> = Vec::new();
    framing.extend(words(bytes, is_cut));
    framing.extend(blocks(bytes, is_cut));
    framing.extend(lines(bytes, ebcdic > ascii));
    // Only the whole file says whether it is a multiple of a length.
    framing.extend(length(bytes, !is_cut, if ebcdic > ascii { 0x40 } else { b' ' }));
    framing.sort_by_key(|guess| std::cmp::Reverse(guess.confidence));
    let mut encoding = pages(bytes, ebcdic, ascii);
    encoding.sort_by_key(|guess| std::cmp::Reverse(guess.confidence));
    Evidence { framing, encoding, bytes: bytes.len() }
}

/// Follows a chain of descriptor words from the beginning.
fn words(bytes: &[u8], is_cut: bool) -> Vec<Guess> {
    const FORMS: [(&str, bool, bool); 4] = [
        ("rdw", false, true),
        ("{ type: rdw, counts: content }", false, false),
        ("{ type: rdw, order: little, counts: content }", true, false),
        ("{ type: rdw, order: little }", true, true),
    ];
    let mut found = Vec::new();
    for (written, little, whole) in FORMS {
        let (mut at, mut records) = (0, 0_usize);
        while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
            let [a, b, c, d] = *word;
            let (length, zeros) = match little {
                true => (u16::from_le_bytes([c, d]), [a, b]),
                false => (u16::from_be_bytes([a, b]), [c, d]),
            };
            let own = if whole { 4 } else { 0 };
            match usize::from(length).checked_sub(own) {
                Some(length) if zeros == [0, 0] && length > 0 && at + 4 + length <= bytes.len() => {
                    at += 4 + length
                }
                _ => break,
            }
            records += 1;
        }
        let reached = at == bytes.len() || is_cut && bytes.len() - at < 1 << 16;
        if records >= 2 && reached {
            let evidence = format!("{records} record descriptor words lead from the beginning to byte {at}");
            found.push(Guess { proposal: Proposal::Framing(written.into()), confidence: 98, evidence });
        } else if records >= 20 {
            let evidence = format!("{records} record descriptor words follow one another, up to byte {at}");
            found.push(Guess { proposal: Proposal::Framing(written.into()), confidence: 40, evidence });
        }
    }
    found
}

/// Follows blocks of records.
fn blocks(bytes: &[u8], is_cut: bool) -> Option<Guess> {
    let (mut at, mut blocks, mut records) = (0, 0_usize, 0_usize);
    'blocks: while let Some([a, b, 0, 0]) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        let end = at + usize::from(u16::from_be_bytes([*a, *b]));
        let mut inner = at + 4;
        while inner < end {
            match bytes.get(inner..).and_then(|rest| rest.first_chunk::<4>()) {
                Some([a, b, 0, 0]) if u16::from_be_bytes([*a, *b]) >= 4 => {
                    inner += usize::from(u16::from_be_bytes([*a, *b]));
                    records += 1;
                }
                _ => break 'blocks,
            }
        }
        if inner != end || end <= at + 4 || end > bytes.len() {
            break;
        }
        (at, blocks) = (end, blocks + 1);
    }
    let reached = at == bytes.len() || is_cut && bytes.len() - at < 1 << 16;
    (blocks > 0 && reached).then(|| Guess {
        proposal: Proposal::Framing("bdw".into()),
        confidence: 99,
        evidence: format!("{blocks} blocks hold exactly {records} records, up to byte {at}"),
    })
}

/// Counts line ends.
fn lines(bytes: &[u8], is_ebcdic: bool) -> Vec<Guess> {
    let mut found = Vec::new();
    let forms: [(&str, u8); 2] = if is_ebcdic {
        [("{ type: lines, ending: nel }", 0x15), ("{ type: lines, ending: ebcdic-lf }", 0x25)]
    } else {
        [("lines", b'\n'), ("{ type: lines, ending: cr }", b'\r')]
    };
    for (written, end) in forms {
        let count = memchr::memchr_iter(end, bytes).count();
        if count == 0 {
            continue;
        }
        let most = bytes.split(|byte| *byte == end).map(<[u8]>::len).max().unwrap_or(0);
        let mean = bytes.len().checked_div(count).unwrap_or(0);
        let is_last = bytes.last() == Some(&end);
        let controls = bytes.iter().filter(|byte| is_control(**byte, is_ebcdic)).count();
        // Binary fields hold bytes that no line of text has.
        let is_text = controls.saturating_mul(100) <= bytes.len();
        let confidence = match (is_text, is_last, mean) {
            (true, true, 2..=2000) => 95,
            (true, false, 2..=2000) => 70,
            (false, true, 8..=2000) => 30,
            _ => 5,
        };
        let evidence = format!(
            "{count} line ends, one in {mean} bytes, the longest line has {most}, {controls} bytes are no text{}",
            if is_last { ", and the file ends with one" } else { "" }
        );
        found.push(Guess { proposal: Proposal::Framing(written.into()), confidence, evidence });
    }
    found
}

fn is_control(byte: u8, is_ebcdic: bool) -> bool {
    match is_ebcdic {
        true => byte < 0x40 && !matches!(byte, 0x05 | 0x0D | 0x15 | 0x25),
        false => byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'),
    }
}

/// Looks for the distance at which bytes are like one another: blanks stand under blanks, digits under digits.
fn length(bytes: &[u8], is_whole: bool, blank: u8) -> Option<Guess> {
    let window = bytes.get(..64 << 10).unwrap_or(bytes);
    let class = |byte: u8| match byte {
        byte if byte == blank => 1_u8,
        b'0'..=b'9' | 0xF0..=0xF9 => 2,
        0 => 3,
        _ => 4,
    };
    let classes: Vec<u8> = window.iter().map(|byte| class(*byte)).collect();
    let mut best: Option<(usize, usize)> = None;
    for length in 2..=LENGTH_MAX.min(bytes.len().checked_div(RECORDS_MIN).unwrap_or(0)) {
        if is_whole && bytes.len().checked_rem(length) != Some(0) {
            continue;
        }
        let pairs = classes.len().saturating_sub(length);
        let alike = classes.iter().zip(classes.iter().skip(length)).filter(|(a, b)| a == b).count();
        let share = alike.saturating_mul(1000).checked_div(pairs).unwrap_or(0);
        // A multiple of the length is as good, so a longer one has to be clearly better.
        if best.is_none_or(|(_, known)| share > known + 15) {
            best = Some((length, share));
        }
    }
    let (length, share) = best?;
    let records = bytes.len().checked_div(length).unwrap_or(0);
    if share < 700 {
        return None;
    }
    let evidence = format!(
        "{}.{} % of bytes are of the kind of those {length} bytes before; that makes {records} records{}",
        share / 10,
        share % 10,
        if is_whole { " without a rest" } else { "" }
    );
    let confidence = u8::try_from(share / 12).unwrap_or(80).min(85);
    Some(Guess { proposal: Proposal::Length(length), confidence, evidence })
}

/// Bytes of letters, digits and blanks: in any EBCDIC page, and in ASCII.
type Letters = [(u8, u8); 8];
const EBCDIC: Letters = [
    (0x40, 0x40),
    (0x81, 0x89),
    (0x91, 0x99),
    (0xA2, 0xA9),
    (0xC1, 0xC9),
    (0xD1, 0xD9),
    (0xE2, 0xE9),
    (0xF0, 0xF9),
];
const ASCII: Letters = [
    (b' ', b' '),
    (b'a', b'z'),
    (b'A', b'Z'),
    (b'0', b'9'),
    (b'\n', b'\n'),
    (b'\r', b'\r'),
    (b',', b'.'),
    (b';', b';'),
];

fn letters(bytes: &[u8], letters: &Letters) -> usize {
    bytes.iter().filter(|byte| letters.iter().any(|(from, to)| (from..=to).contains(byte))).count()
}

fn pages(bytes: &[u8], ebcdic: usize, ascii: usize) -> Vec<Guess> {
    let total = bytes.len();
    let share = |n: usize| n.saturating_mul(100).checked_div(total).unwrap_or(0);
    let confidence = |n: usize| u8::try_from(share(n)).unwrap_or(100).min(95);
    let guess =
        |name, n, evidence| Guess { proposal: Proposal::Encoding(name), confidence: confidence(n), evidence };
    let mut found = Vec::new();
    if share(ascii) >= 30 {
        let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
        let text = format!("{} % of bytes are letters, digits and blanks of ASCII", share(ascii));
        let utf8 = match std::str::from_utf8(bytes) {
            Ok(_) => true,
            // The last character may be cut.
            Err(error) => error.error_len().is_none(),
        };
        let name = if utf8 { "utf-8" } else { "latin1" };
        found.push(guess(
            name,
            ascii,
            format!(
                "{text}; {high} are above 7F, and {}",
                match utf8 {
                    true => "all of it is UTF-8",
                    false => "it is no UTF-8",
                }
            ),
        ));
    }
    if share(ebcdic) >= 30 {
        let text = format!("{} % of bytes are letters, digits and blanks of EBCDIC", share(ebcdic));
        // Where the German page has letters with dots, others have braces and signs, which are rare within words.
        let german = dotted(bytes);
        let (first, second) = if german > 0 { ("cp273", "cp037") } else { ("cp037", "cp273") };
        let count = format!("{text}; {german} times a letter of the German page stands within a word");
        found.push(guess(first, ebcdic, count));
        let below = ebcdic.saturating_sub(total / 10);
        found.push(guess(
            second,
            below,
            format!("{text}; the pages of other countries differ in few characters"),
        ));
    }
    found
}

/// Counts letters with dots of cp273 between letters.
fn dotted(bytes: &[u8]) -> usize {
    let is_letter = |byte: u8| EBCDIC.iter().skip(1).take(6).any(|(from, to)| (*from..=*to).contains(&byte));
    let is_dotted = |byte: u8| matches!(byte, 0x4A | 0xE0 | 0x5A | 0xC0 | 0x6A | 0xD0 | 0xA1);
    bytes
        .windows(3)
        .filter(|three| matches!(three, [a, b, c] if is_letter(*a) && is_dotted(*b) && is_letter(*c)))
        .count()
}
