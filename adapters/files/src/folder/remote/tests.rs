//! Tries, and bytes read ahead.

use super::*;

#[derive(Debug)]
struct Fake {
    bytes: Vec<u8>,
    size: u64,
    asked: Vec<(u64, usize)>,
}

impl Ranges for Fake {
    fn stamp(&self) -> Stamp {
        Stamp { size: self.size, written: (1, 0), file: (1, 0) }
    }

    fn range(&mut self, at: u64, length: usize) -> Result<Bytes, Fault> {
        self.asked.push((at, length));
        let at = usize::try_from(at).unwrap();
        Ok(self.bytes.iter().skip(at).take(length).copied().collect())
    }

    fn still(&mut self) -> Result<(), Fault> {
        Err(Fault::Gone)
    }
}

fn ahead(bytes: usize, size: u64) -> Ahead<Fake> {
    let bytes = (0..bytes).map(|n| (n % 251) as u8).collect();
    Ahead::new(Fake { bytes, size, asked: Vec::new() }, 40)
}

#[test]
fn bytes_are_asked_for_in_steps_and_given_as_they_are() {
    let mut file = ahead(100, 100);
    for (at, wanted) in [(0, 10), (10, 30), (40, 10), (95, 5), (0, 1), (0, 60)] {
        let mut into = vec![7];
        file.read(at, wanted, &mut into).unwrap();
        let expected: Vec<u8> = (at..at + wanted as u64).map(|n| (n % 251) as u8).collect();
        assert_eq!(into[1..], expected, "{at}+{wanted}");
    }
    assert_eq!(file.file.asked, [(0, 40), (40, 40), (95, 5), (0, 40), (0, 60)]);
}

#[test]
fn a_file_that_is_shorter_than_it_was_gives_nothing() {
    let mut file = ahead(50, 100);
    let mut into = Vec::new();
    file.read(0, 40, &mut into).unwrap();
    into.clear();
    let trouble = file.read(40, 40, &mut into).unwrap_err();
    assert!(into.is_empty());
    assert_eq!(trouble.to_string(), "it had 100 bytes, and ends after 50 now");
    assert_eq!(file.still().unwrap_err().to_string(), "it was removed or renamed");
}

#[test]
fn only_what_was_not_answered_is_tried_again() {
    let check = |faults: &[Fault], expected: Result<usize, Fault>| {
        let mut tries = 0;
        let found = patiently(LONG, || {
            tries += 1;
            faults.get(tries - 1).cloned().map_or(Ok(tries), Err)
        });
        assert_eq!(found, expected, "{faults:?}");
    };
    let lost = || Fault::Lost("x".into());
    let mut tries = 0;
    let never = patiently(Duration::from_millis(300), || {
        tries += 1;
        Err::<(), _>(Fault::Lost("x".into()))
    });
    assert_eq!((never, tries), (Err(Fault::Lost("x".into())), 2));
    check(&[], Ok(1));
    check(&[lost(), lost()], Ok(3));
    for fault in [Fault::Gone, Fault::Denied("x".into()), Fault::Said("x".into()), Fault::Changed("x".into())]
    {
        check(&[lost(), fault.clone()], Err(fault));
    }
}

#[test]
fn a_difference_is_told_in_words() {
    let stamp = |size, written, file| Stamp { size, written: (written, 0), file: (file, 0) };
    let check = |now: Stamp, expected: Result<(), &str>| {
        let found = same(stamp(10, 5, 1), now).map_err(|fault| fault.to_string());
        assert_eq!(found, expected.map_err(str::to_owned));
    };
    check(stamp(10, 5, 1), Ok(()));
    check(stamp(9, 5, 1), Err("it had 10 bytes, and has 9 now"));
    check(stamp(11, 6, 1), Err("it had 10 bytes, and grew to 11"));
    check(stamp(10, 6, 1), Err("it was written to, or another file took its place"));
    check(stamp(10, 5, 2), Err("it was written to, or another file took its place"));
}
