//! Tests of every diagnostic of the language.

use super::*;

/// Lines of a table, modern and legacy, or what was found, code and place.
type Table = Result<Vec<(String, Vec<String>)>, Vec<(String, String)>>;

fn read_csv(text: &str) -> Table {
    let mut sources = Sources::default();
    let yaml = sources.add("a.yaml", "iso2 key");
    let csv = sources.add("codes/country.csv", text);
    let modern = Spanned::new("iso2".to_owned(), Span::new(yaml, 0, 4));
    let legacy = Spanned::new("key".to_owned(), Span::new(yaml, 5, 8));
    codes_from_csv(text, csv, &modern, &legacy)
        .map(|lines| {
            let codes =
                |line: &crate::codec::CodeLine| line.legacy.iter().map(|(code, _)| code.clone()).collect();
            lines.iter().map(|line| (line.modern.clone(), codes(line))).collect()
        })
        .map_err(|found| found.iter().map(|one| (under(&sources, one.span), one.message.clone())).collect())
}

#[test]
fn a_code_table_is_read_from_its_columns() {
    let check = |text: &str, expected: &[(&str, &[&str])]| {
        let expected: Vec<(String, Vec<String>)> =
            expected.iter().map(|(m, l)| ((*m).into(), l.iter().map(|c| (*c).into()).collect())).collect();
        assert_eq!(read_csv(text), Ok(expected), "{text:?}");
    };
    check("iso2,key\nAT,A\nDE,D\n", &[("AT", &["A"]), ("DE", &["D"])]);
    check("key;x;iso2\r\nA;;AT\r\n\r\nO;;AT", &[("AT", &["A", "O"])]);
    check("\u{feff}iso2,key\n\"A,T\",\"A\"\"x\ny\"\n", &[("A,T", &["A\"x\ny"])]);
    check("iso2,key\n", &[]);
    check("iso2,key\nÖS, 007 \n", &[("ÖS", &["007"])]);
}

#[test]
fn what_a_table_lacks_is_told_where_it_is_missing() {
    let check = |text: &str, place: &str, message: &str| {
        assert_eq!(read_csv(text), Err(vec![(place.to_owned(), message.to_owned())]), "{text:?}");
    };
    check("iso3,key\nAT,A\n", "iso2", "the file has no column `iso2`");
    check("iso2,key,key\nAT,A,B\n", "key", "the file has two columns `key`");
    check("iso2,key\nAT\n", "AT", "this row has 1 cells, the header has 2");
    check("iso2,key\nAT,\n", "AT,", "a code without its counterpart in this row");
    assert_eq!(read_csv("").map_err(|found| found.len()), Err(2));
}
