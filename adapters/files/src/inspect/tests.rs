//! What is seen of a file, and what is guessed.

use super::*;
use crate::nodes::node;
use adapters_ports::Files;
use bytes::Bytes;

#[derive(Debug)]
struct Project;

impl Files for Project {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(b"       01 R.\n          05 A PIC X(2).\n          05 N PIC 9.\n          05 T OCCURS 0 TO 3 DEPENDING ON N.\n             10 B PIC S9(3) COMP-3.\n          05 Z PIC X.\n".to_vec())
    }
}

#[test]
fn fields_are_seen_with_their_bytes_and_places() {
    let format = node("{ type: copybook, copybook: r.cpy, framing: rdw }");
    let bytes = b"\x00\x0C\x00\x00\xC1\xC2\xF2\x12\x3C\x45\x6D\xE9\x00\x0A\x00\x00\xC1\x40\xF1\xAA\xBB\xE9";
    let inspection = Inspection::of_bytes(&format, &Project, Bytes::from_static(bytes)).unwrap();
    assert_eq!(inspection.bytes(), 22);
    let records: Vec<Inspected> = inspection.map(Result::unwrap).collect();
    let lines: Vec<String> = records
        .iter()
        .flat_map(|record| &record.fields)
        .map(|field| {
            let value = match &field.value {
                Some(Ok(value)) => value.clone(),
                Some(Err(_)) => "unreadable".into(),
                None => "absent".into(),
            };
            format!("{}={value} {}@{}", field.path, field.hex, field.offset.unwrap())
        })
        .collect();
    assert_eq!(
        lines,
        [
            "A=AB C1C2@4",
            "N=2 F2@6",
            "T[1]/B=123 123C@7",
            "T[2]/B=-456 456D@9",
            "Z=Z E9@11",
            "A=A C140@16",
            "N=1 F1@18",
            "T[1]/B=unreadable AABB@19",
            "Z=Z E9@21",
        ]
    );
    assert_eq!((records[1].number, records[1].offset, records[1].length), (2, 16, 6));
}

#[test]
fn a_file_that_is_not_framed_so_ends_with_the_reason() {
    let format = node("{ type: copybook, copybook: r.cpy, framing: rdw }");
    let mut inspection =
        Inspection::of_bytes(&format, &Project, Bytes::from_static(b"\x00\xFF\x00\x00x")).unwrap();
    assert!(inspection.next().unwrap().unwrap_err().contains("not framed"));
    assert!(inspection.next().is_none());
}

#[test]
fn guesses_name_what_speaks_for_them() {
    let check = |bytes: &[u8], framing: &Proposal, encoding: &str| {
        let found = guess(bytes);
        assert_eq!(found.framing.first().map(|guess| &guess.proposal), Some(framing), "{found:?}");
        assert_eq!(
            found.encoding.first().map(|guess| &guess.proposal),
            Some(&Proposal::Encoding(match encoding {
                "utf-8" => "utf-8",
                "latin1" => "latin1",
                "cp273" => "cp273",
                _ => "cp037",
            })),
            "{found:?}"
        );
        assert!(found.framing.iter().all(|guess| !guess.evidence.is_empty()));
    };
    let framing = |text: &str| Proposal::Framing(text.into());
    check("id,name\n1,Ann\n2,Bob\n".as_bytes(), &framing("lines"), "utf-8");
    check(b"1;M\xFCller\n2;Meier\n", &framing("lines"), "latin1");
    let ebcdic: Vec<u8> =
        (0..20_u8).flat_map(|n| [0xC1 + n % 9, 0x81, 0x95, 0x40, 0x40, 0xF0 + n % 10, 0x40, 0x40]).collect();
    check(&ebcdic, &Proposal::Length(8), "cp037");
    let mut words = Vec::new();
    for record in ebcdic.chunks(5) {
        words.extend([0, 9, 0, 0]);
        words.extend(record);
    }
    check(&words, &framing("rdw"), "cp037");
    let mut blocks = vec![0, u8::try_from(words.len() / 2 + 4).unwrap(), 0, 0];
    blocks.extend(&words[..words.len() / 2]);
    blocks.extend([0, u8::try_from(words.len() / 2 + 4).unwrap(), 0, 0]);
    blocks.extend(&words[words.len() / 2..]);
    check(&blocks, &framing("bdw"), "cp037");
    let german = [0xC2, 0x4A, 0xC3, 0xD2, 0xC5, 0xD9, 0xC5, 0xC9, 0x15].repeat(10);
    check(&german, &framing("{ type: lines, ending: nel }"), "cp273");
    assert_eq!(guess(b"").framing, []);
}
