//! The pages that `encoding_rs` has: those of Windows, ISO 8859, KOI8 and a few more.
//!
//! **Invariant.** They are asked byte by byte once; after that they are tables like all others.

use super::single::{NONE, SinglePage};
use encoding_rs::Encoding;
use std::sync::LazyLock;

/// All of them.
pub(super) static PAGES: LazyLock<Vec<SinglePage>> =
    LazyLock::new(|| NAMES.iter().filter_map(|name| page(name)).collect());

/// Their names, which are also their labels.
///
/// Source: WHATWG Encoding Standard, "Legacy single-byte encodings".
pub(super) const NAMES: [&str; 27] = [
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "x-mac-cyrillic",
    "ibm866",
];

fn page(name: &'static str) -> Option<SinglePage> {
    let encoding = Encoding::for_label_no_replacement(name.as_bytes())?;
    let mut chars = [NONE; 256];
    for (byte, place) in (0u8..=255).zip(chars.iter_mut()) {
        let text = encoding.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
        *place = text.and_then(|text| text.chars().next()).unwrap_or(NONE);
    }
    Some(SinglePage::new(name, false, chars))
}
