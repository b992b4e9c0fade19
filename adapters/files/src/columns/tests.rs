//! Fixed columns, by the example of the language and by what real files do.
//!
//! **Invariant.** Offsets are checked as well as words: records begin at byte 100.

use super::*;
use crate::csv::tests::kit::{given, node, tell};
use adapters_ports::Forms;
use kernel::ShapeBuilder;
use serde_json::{Value, json};

fn try_open(format: &Value, page: &str) -> Result<Columns, Vec<String>> {
    let mut forms = Forms::new(false);
    let mut shape = ShapeBuilder::new();
    let opened = open(&node(format), CodePage::named(page).unwrap(), &mut forms, &mut shape);
    match forms.finish(opened) {
        Ok(opened) => Ok(opened.expect("nothing is wrong")),
        Err(wrong) => Err(wrong.into_iter().map(|found| found.message).collect()),
    }
}

fn payroll(page: &str, more: Value) -> Columns {
    let mut format = json!({
        "columns": { "SATZART": "1-2", "PERSNR": "3-10", "NAME": "11-40", "BETRAG": "41-52" },
        "records": { "person": { "SATZART": "10" }, "bonus": { "SATZART": "20" } },
    });
    for (key, value) in more.as_object().unwrap() {
        format[key] = value.clone();
    }
    try_open(&format, page).unwrap()
}

fn texts(format: &Columns, record: &[u8]) -> Result<Vec<String>, String> {
    Ok(tell(format, 0, record)?.leaves.into_iter().map(|(_, text)| text).collect())
}

fn write(format: &Columns, texts: &[&str]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    format.write(0, &mut given(format, 0, texts), &mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

fn rewrite(format: &Columns, old: &[u8], texts: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    format.rewrite(0, old, &mut given(format, 0, texts), &mut out).unwrap();
    out
}

const ROW: &[u8] = b"1000004711M\xFCller, J\xFCrgen                000000123456";

#[test]
fn the_payroll_of_the_language_is_read_by_its_places() {
    let payroll = payroll("latin1", json!({}));
    let found = texts(&payroll, ROW).unwrap();
    assert_eq!(found, ["10", "00004711", "Müller, Jürgen                ", "000000123456"]);
    assert_eq!(payroll.types().len(), 1);
    let kind = payroll.leaf(0, "SATZART").unwrap();
    assert_eq!(kind.bytes, Some(0..2));
    assert_eq!(payroll.text(&kind, ROW, &mut String::new()).as_deref(), Some("10"));
    let name = payroll.leaf(0, "NAME").unwrap();
    assert_eq!(payroll.text(&name, ROW, &mut String::new()).as_deref(), Some("Müller, Jürgen"));
    assert_eq!((payroll.types()[0].bytes_min, payroll.types()[0].bytes_max), (52, Some(52)));
    // What is written is the same again.
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(write(&payroll, &found).unwrap(), ROW);
    assert_eq!(write(&payroll, &["10", "00004711", "Müller, Jürgen", "000000123456"]).unwrap(), ROW);
}

#[test]
fn places_of_utf_8_are_characters() {
    let payroll = payroll("utf-8", json!({}));
    let row = format!("1000004711{:<30}000000123456", "Müller, Jürgen");
    assert_eq!(row.chars().count(), 52);
    assert_eq!(texts(&payroll, row.as_bytes()).unwrap()[3], "000000123456");
    assert_eq!(payroll.leaf(0, "SATZART").unwrap().bytes, None);
    assert_eq!(
        write(&payroll, &["10", "00004711", "Müller, Jürgen", "000000123456"]).unwrap(),
        row.as_bytes()
    );
    assert_eq!(texts(&payroll, "10€€€€€€€€".as_bytes()).unwrap(), ["10", "€€€€€€€€", "", ""]);
}

#[test]
fn a_line_without_its_blanks_is_read_and_written_back_without_them() {
    let lines = payroll("latin1", json!({}));
    let short = b"1000004711Huber";
    assert_eq!(texts(&lines, short).unwrap(), ["10", "00004711", "Huber", ""]);
    assert_eq!(rewrite(&lines, short, &["10", "00004711", "Huber", ""]), short);
    assert_eq!(rewrite(&lines, short, &["10", "00004711", "Hub", ""]), b"1000004711Hub  ");
    assert_eq!(rewrite(&lines, short, &["10", "00004711", "Huber Karl", ""]), b"1000004711Huber Karl");
    assert_eq!(rewrite(&lines, short, &["10", "00004711", "Huber", "1"]).len(), 41);

    let strict = payroll("latin1", json!({ "short": "refuse" }));
    assert_eq!(
        texts(&strict, short),
        Err("the record ends at 15, and its column NAME is 11-40 at byte 115".into())
    );
    assert!(texts(&strict, ROW).is_ok());
}

#[test]
fn what_stands_behind_the_last_column_is_told_and_kept() {
    let payroll = payroll("latin1", json!({}));
    let mut row = ROW.to_vec();
    row.extend_from_slice(b"  ");
    assert_eq!(tell(&payroll, 0, &row).unwrap().unknown, Vec::<String>::new());
    row.extend_from_slice(b"X\xFF");
    assert_eq!(tell(&payroll, 0, &row).unwrap().unknown, ["columns from 53"]);
    let changed = rewrite(&payroll, &row, &["20", "00004711", "Müller, Jürgen", "000000123456"]);
    assert_eq!(changed[..2], *b"20");
    assert_eq!(changed[2..], row[2..]);
}

#[test]
fn columns_may_overlap_if_they_agree() {
    let format = json!({ "columns": { "DATE": "1-8", "YEAR": "1-4", "MONTH": "5+2", "X": "9" } });
    let format = try_open(&format, "cp037").unwrap();
    let row = [0xF2, 0xF0, 0xF2, 0xF6, 0xF0, 0xF3, 0xF3, 0xF1, 0xE7];
    assert_eq!(texts(&format, &row).unwrap(), ["20260331", "2026", "03", "X"]);
    assert_eq!(write(&format, &["20260331", "2026", "03", "X"]).unwrap(), row);
    let refused = write(&format, &["20260331", "2027", "03", "X"]).unwrap_err();
    assert!(refused.contains("overlaps") && refused.contains("YEAR"), "{refused}");
    // Blanks are characters too.
    assert!(write(&format, &["2026", "2026", "03", "X"]).unwrap_err().contains("MONTH"));
}

#[test]
fn each_type_has_the_columns_of_all_and_its_own() {
    let format = json!({
        "columns": { "KIND": "1-2", "head": { "DATE": "3-10" }, "row": { "ID": "3-7", "NAME": "8-20" } },
        "records": { "head": { "KIND": "00" }, "row": { "KIND": "10" }, "end": { "KIND": "99" } },
    });
    let format = try_open(&format, "ascii").unwrap();
    let names: Vec<(&str, Vec<String>)> =
        format.types().iter().enumerate().map(|(n, ty)| (&*ty.name, format.names(n))).collect();
    assert_eq!(names[0], ("head", vec!["KIND".to_owned(), "DATE".to_owned()]));
    assert_eq!(names[1].1, ["KIND", "ID", "NAME"]);
    assert_eq!(names[2], ("end", vec!["KIND".to_owned()]));
}

#[test]
fn what_does_not_fit_a_column_is_refused() {
    let payroll = payroll("latin1", json!({}));
    let refuse = |values: &[&str], why: &str| {
        let refused = write(&payroll, values).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    };
    refuse(&["100"], "longer than its column, part=SATZART");
    refuse(&["10", "€"], "the code page lacks a character, part=PERSNR, character=1");
    let told =
        tell(&try_open(&json!({ "columns": { "A": "1-2", "B": "3-4" } }), "ascii").unwrap(), 0, b"ab\xFCd");
    let told = told.unwrap();
    assert_eq!((told.leaves.len(), told.unreadable[0].2), (1, 102));
    let wrong = |format: Value| try_open(&format, "latin1").unwrap_err().join("; ");
    assert!(wrong(json!({})).contains("`columns` is missing"));
    assert!(wrong(json!({ "columns": { "A": "0-2" } })).contains("places count from 1"));
    assert!(wrong(json!({ "columns": ["A"] })).contains("a map of places"));
    assert!(
        wrong(json!({ "columns": { "A": "1", "x": { "B": "2" } }, "records": { "y": {} } })).contains("`x`")
    );
    assert!(wrong(json!({ "columns": { "A": "1", "x": { "A": "2" } } })).contains("for all records already"));
    assert!(wrong(json!({ "columns": { "A": "1" }, "short": "maybe" })).contains("blanks or refuse"));
}

#[test]
fn places_that_cannot_be_counted_are_refused() {
    let payroll = payroll("utf-8", json!({}));
    let row = b"1000004711M\xFCller";
    let why = "the record is no utf-8, so that its places cannot be counted at byte 100";
    assert_eq!(texts(&payroll, row), Err(why.into()));
    let kind = payroll.leaf(0, "SATZART").unwrap();
    assert_eq!(payroll.text(&kind, row, &mut String::new()), None);
    let mut out = Vec::new();
    payroll.rewrite(0, row, &mut given(&payroll, 0, &["20"]), &mut out).unwrap_err();
}

#[test]
fn whatever_record_is_read_is_written_back() {
    let mut seed = 0x5EA_3A11_u64;
    let mut next = |end: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % end
    };
    let mut good = 0;
    for page in ["latin1", "utf-8", "cp273", "cp875"] {
        let format = json!({ "columns": { "A": "1-3", "B": "2-5", "C": "8-12", "D": "13" } });
        let format = try_open(&format, page).unwrap();
        for _ in 0..2000 {
            let letters: Vec<char> =
                (0..next(18)).map(|_| ['a', ' ', 'Ä', '7', 'α'][next(5) as usize]).collect();
            let mut record: Vec<u8> = letters
                .iter()
                .flat_map(|letter| match format.page {
                    CodePage::Utf8 => letter.to_string().into_bytes(),
                    page => vec![page.byte(*letter).unwrap_or(0xDC)],
                })
                .collect();
            if next(4) == 0 && !record.is_empty() {
                let at = next(record.len() as u64) as usize;
                record[at] = next(256) as u8;
            }
            let Ok(told) = tell(&format, 0, &record) else { continue };
            let told = told.leaves.into_iter().map(|(part, text)| (part, Some(text))).collect();
            let mut out = Vec::new();
            format.rewrite(0, &record, &mut crate::csv::tests::kit::Given(told), &mut out).unwrap();
            assert_eq!(out, record, "{page}");
            good += 1;
        }
    }
    assert!(good > 6000, "{good}");
}
