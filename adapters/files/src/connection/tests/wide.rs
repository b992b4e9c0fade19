//! Files of UTF-16: read as lines of characters, written back as they were, refused where they are none.

use super::*;
use crate::content::Wide;

const CSV: &str =
    "{ path: /x/*.csv, format: { type: csv, columns: [ID, NAME], header: true, encoding: utf-16 } }";
const FIXED: &str =
    "{ path: /x/*.txt, format: { type: fixed, columns: { ID: 1-2, NAME: 3-8 }, encoding: utf-16be } }";

/// All records of a file, told, or why there are no more.
async fn all(connection: &str, file: Vec<u8>) -> Vec<String> {
    let opened = open(connection).unwrap();
    let source = opened.connection.source().unwrap();
    let mut lines = Vec::new();
    // Packed or not is no matter.
    let mut unit = source.sample("a", file.into()).unwrap();
    loop {
        let batch = match unit.batch() {
            Ok(None) => return lines,
            Ok(batch) => batch,
            Err(error) => {
                lines.push(error.to_string());
                return lines;
            }
        };
        let mut records = batch.unwrap().records;
        while let Some(framed) = records.next() {
            let told = told(&opened.catalogue.shape, |to| _ = records.tell(to).unwrap());
            lines.push(format!("{}@{} {told}", framed.number, framed.offset));
        }
    }
}

#[tokio::test]
async fn records_of_utf_16_are_those_of_their_text() {
    let text = "ID,NAME\r\n1,\"Käufe,\r\n€ \u{1F600}\"\r\n2,b\r\n";
    let expected = ["1@12 $file=a ID=1 NAME=Käufe,\r\n€ \u{1F600}", "2@35 $file=a ID=2 NAME=b"];
    assert_eq!(all(CSV, Wide::Marked.encode(text)).await, expected);
    let big = [&[0xFE, 0xFF][..], &Wide::Big.encode(text)].concat();
    assert_eq!(all(CSV, big).await, expected);
    let little = CSV.replace("utf-16", "utf-16le");
    let unmarked = ["1@9 $file=a ID=1 NAME=Käufe,\r\n€ \u{1F600}", "2@32 $file=a ID=2 NAME=b"];
    assert_eq!(all(&little, Wide::Little.encode(text)).await, unmarked);
    // Places are characters.
    let lines = "01MÜLLER\n02Ÿ\u{1F600}    \n";
    let expected = ["1@0 $file=a ID=01 NAME=MÜLLER", "2@10 $file=a ID=02 NAME=Ÿ\u{1F600}"];
    assert_eq!(all(FIXED, Wide::Big.encode(lines)).await, expected);
}

#[tokio::test]
async fn what_is_no_utf_16_is_no_file() {
    let check = async |connection: &str, file: Vec<u8>, parts: &[&str]| {
        let lines = all(connection, file).await;
        let last = lines.last().unwrap();
        for part in parts {
            assert!(last.contains(part), "{last} should say {part}");
        }
    };
    let mut file = Wide::Marked.encode("ID,NAME\n1,a\n");
    file.extend(b"\x3D\xD8b\0");
    check(CSV, file, &["poison", "the file is damaged", "half of a surrogate pair", "at byte 26"]).await;
    check(CSV, b"ID,NAME\n".to_vec(), &["does not begin with a byte order mark", "utf-16le"]).await;
    check(FIXED, b"\0a\0".to_vec(), &["it ends within a character"]).await;
    // What is wrong with the text is counted in the text.
    let broken = Wide::Marked.encode("ID,NAME\n1,äöü\n2,\"b");
    check(CSV, broken, &["offset=22", "record=2", "counted=in UTF-8"]).await;
}

#[tokio::test]
async fn a_file_of_utf_16_goes_on_behind_each_batch_packed_or_not() {
    let connection = FIXED.replace("format:", "limits: { batch: 1KiB }, format:");
    let opened = open(&connection).unwrap();
    let source = opened.connection.source().unwrap();
    // Blocks and steps end within characters.
    let text: String = (0..20_000).map(|n| format!("{:02}Ü\u{1F600}{n:>4}\n", n % 100)).collect();
    let file = Wide::Big.encode(&text);
    let packed = zstd::bulk::compress(&file, 1).unwrap();
    for file in [[&[0xFE, 0xFF][..], &file].concat(), file, packed] {
        let mut unit = source.sample("a", file.into()).unwrap();
        let (mut lines, mut ends) = (Vec::new(), vec![(0, Position::START)]);
        while let Some(mut batch) = unit.batch().unwrap() {
            while let Some(framed) = batch.records.next() {
                lines.push((
                    framed.offset,
                    told(&opened.catalogue.shape, |to| _ = batch.records.tell(to).unwrap()),
                ));
            }
            ends.push((lines.len(), batch.token.settle()));
        }
        assert_eq!(lines.len(), 20_000);
        assert!(ends.len() > 100, "{} batches", ends.len());
        for &(count, position) in ends.iter().step_by(37) {
            unit.rewind(position).await.unwrap();
            let Some(mut batch) = unit.batch().unwrap() else { panic!("it ends at {position:?}") };
            let framed = batch.records.next().unwrap();
            let again = told(&opened.catalogue.shape, |to| _ = batch.records.tell(to).unwrap());
            assert_eq!(Some(&(framed.offset, again)), lines.get(count), "{position:?}");
        }
    }
}

#[test]
fn what_is_written_is_utf_16_again() {
    let opened = open(&CSV.replace(" header: true,", "")).unwrap();
    let bytes = encode(&opened, "record", "{ ID: 1, NAME: Käufe }");
    assert_eq!(bytes, Wide::Marked.encode("1,Käufe\n"));
    assert_eq!(opened.connection.difference(&bytes, &bytes), Ok(None));
    let opened = open(FIXED).unwrap();
    assert_eq!(encode(&opened, "record", "{ ID: 1, NAME: Käufe }"), Wide::Big.encode("1 Käufe \n"));
}

#[test]
fn only_text_in_lines_can_be_of_utf_16() {
    let check = |text: &str, expected: &str| {
        let wrong = open(text).unwrap_err();
        assert!(wrong.iter().any(|found| found.message.contains(expected)), "{wrong:?}");
    };
    check(&BOOKINGS.replace("cp273", "utf-16"), "a copybook describes bytes");
    let fixed = FIXED.replace("type: fixed,", "type: fixed, framing: rdw,");
    check(&fixed, "records of UTF-16 are lines, and cannot be framed by rdw");
}
