//! The names of code pages, and those that are near a misspelt one.
//!
//! **Invariant.** A name that could mean two pages means none.

use super::{CodePage, SinglePage, ascii, ebcdic, web};
use crate::near::distance;

/// Letters of a misspelt name that are looked at.
const NAME_MAX: usize = 32;

/// Returns the page of a name.
pub(super) fn find(name: &str) -> Option<CodePage> {
    let key = key(name);
    if let "utf8" | "unicode11utf8" | "65001" | "1208" = &*key {
        return Some(CodePage::Utf8);
    }
    let key = ALIASES.iter().find(|(alias, _)| *alias == key).map_or(key, |(_, name)| self::key(name));
    TABLES.into_iter().chain(web::PAGES.iter()).find(|page| self::key(page.name) == key).map(CodePage::Single)
}

/// Returns up to three names that are near one.
pub(crate) fn nearest(name: &str) -> Vec<&'static str> {
    // A key has nothing but ASCII, and no name of a page is longer.
    let key_of = key(name);
    let wanted = &key_of[..key_of.len().min(NAME_MAX)];
    let mut near: Vec<(usize, &'static str)> = TABLES
        .iter()
        .map(|page| page.name)
        .chain(web::NAMES)
        .chain(["utf-8"])
        .map(|known| (distance(wanted, &key(known)), known))
        .filter(|(far, _)| *far <= 2)
        .collect();
    near.sort();
    near.into_iter().map(|(_, known)| known).take(3).collect()
}

/// Drops what vendors spell differently: case, dashes, `IBM`, `CP` and `CCSID` before a number, noughts before it.
fn key(name: &str) -> String {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let number = ["xibm", "ibm", "cp", "ccsid", "xcp", "ebcdiccp", "ibmccsid"]
        .iter()
        .find_map(|prefix| plain.strip_prefix(prefix))
        .unwrap_or(&plain);
    match !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        true => number.trim_start_matches('0').to_owned(),
        false => plain,
    }
}

/// Other names, without what [`key`] drops.
const ALIASES: [(&str, &str); 29] = [
    ("usascii", "ascii"),
    ("us7ascii", "ascii"),
    ("367", "ascii"),
    ("20127", "ascii"),
    ("iso88591", "latin1"),
    ("isolatin1", "latin1"),
    ("819", "latin1"),
    ("28591", "latin1"),
    ("latin2", "iso-8859-2"),
    ("latin5", "iso-8859-9"),
    ("latin9", "iso-8859-15"),
    ("latin10", "iso-8859-16"),
    ("28605", "iso-8859-15"),
    ("923", "iso-8859-15"),
    ("ansi", "windows-1252"),
    ("1250", "windows-1250"),
    ("1251", "windows-1251"),
    ("1252", "windows-1252"),
    ("1253", "windows-1253"),
    ("1254", "windows-1254"),
    ("1255", "windows-1255"),
    ("1256", "windows-1256"),
    ("1257", "windows-1257"),
    ("1258", "windows-1258"),
    ("874", "windows-874"),
    ("cp00858", "cp858"),
    ("mac", "macintosh"),
    ("macroman", "macintosh"),
    ("20273", "cp273"),
];

/// The pages whose tables are ours.
pub(super) static TABLES: [&SinglePage; 35] = [
    &ascii::ASCII,
    &ascii::LATIN1,
    &ebcdic::CP037,
    &ebcdic::CP273,
    &ebcdic::CP277,
    &ebcdic::CP278,
    &ebcdic::CP280,
    &ebcdic::CP284,
    &ebcdic::CP285,
    &ebcdic::CP297,
    &ebcdic::CP500,
    &ebcdic::CP870,
    &ebcdic::CP871,
    &ebcdic::CP875,
    &ebcdic::CP1025,
    &ebcdic::CP1026,
    &ebcdic::CP1047,
    &ebcdic::CP1112,
    &ebcdic::CP1122,
    &ebcdic::CP1123,
    &ebcdic::CP1140,
    &ebcdic::CP1141,
    &ebcdic::CP1142,
    &ebcdic::CP1143,
    &ebcdic::CP1144,
    &ebcdic::CP1145,
    &ebcdic::CP1146,
    &ebcdic::CP1147,
    &ebcdic::CP1148,
    &ebcdic::CP1149,
    &ascii::CP437,
    &ascii::CP850,
    &ascii::CP852,
    &ascii::CP858,
    &ascii::ISO_8859_9,
];
