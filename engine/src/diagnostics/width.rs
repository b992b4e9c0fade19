//! How wide characters are in a terminal, and how they are shown safely.
//!
//! **Invariant.** Nothing that is shown can move the cursor, change the colour or the direction of the text.

/// Blanks that a tab is shown as.
const TAB: usize = 4;

/// Characters that take two columns.
///
/// Source: Unicode 16, EastAsianWidth.txt, classes W and F, joined to ranges.
const WIDE: [(u32, u32); 22] = [
    (0x1100, 0x115F),
    (0x231A, 0x231B),
    (0x2329, 0x232A),
    (0x23E9, 0x23EC),
    (0x25FD, 0x25FE),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x26AA, 0x26AB),
    (0x2705, 0x2705),
    (0x274C, 0x274C),
    (0x2E80, 0x303E),
    (0x3041, 0x33FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60),
    (0xFFE0, 0xFFE6),
    (0x1F300, 0x1FAFF),
    (0x20000, 0x3FFFD),
];

/// Characters that take no column: combining marks, joiners, variation selectors.
const NARROW: [(u32, u32); 10] = [
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05BD),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x200B, 0x200D),
    (0x20D0, 0x20F0),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
];

/// Characters that change the direction of text or hide something.
const HIDDEN: [(u32, u32); 5] =
    [(0x061C, 0x061C), (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF)];

/// Appends a character as it is shown, and returns how many columns it takes.
pub(super) fn show(character: char, out: &mut String) -> usize {
    let within =
        |ranges: &[(u32, u32)]| ranges.iter().any(|(from, to)| (*from..=*to).contains(&u32::from(character)));
    if character == '\t' {
        out.extend([' '; TAB]);
        return TAB;
    }
    if character.is_control() || within(&HIDDEN) {
        out.push('\u{fffd}');
        return 1;
    }
    out.push(character);
    match () {
        () if within(&NARROW) => 0,
        () if within(&WIDE) => 2,
        () => 1,
    }
}

/// Returns a text as it is shown on one line.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        show(character, &mut out);
    }
    out
}
