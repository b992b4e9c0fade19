//! The log as its callers see it: order, cursors, torn ends, damage, retention.

use super::*;
use crate::record::tests::event;
use crate::topic::Refused;
use adapters_ports::{Event, TopicError};
use std::sync::atomic::AtomicU32;

const RULES: Rules = Rules { age: None, size: None, segment: 1 << 20, fsync: true };

/// A folder that goes when the test ends.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("seawall-log-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self, rules: Rules) -> Folder {
        Folder::open(&self.0, rules).unwrap()
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.join("t")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
        files.sort();
        files
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn publish(log: &Folder, events: Vec<Event>) -> Vec<Result<(), Refused>> {
    log.publish(EventBatch { topic: "t".into(), events }).unwrap().blocking_recv().unwrap()
}

fn put(log: &Folder, ids: &[&str]) {
    let outcomes = publish(log, ids.iter().map(|id| event(id, "{\"some\":\"data\"}")).collect());
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

fn read(
    log: &Folder,
    after: Option<&str>,
    events_max: usize,
) -> Result<(Vec<String>, String, bool), TopicError> {
    let page = log.read(TopicAsk { topic: "t", after, events_max, bytes_max: 1 << 20 })?;
    let ids = page.events.iter().map(|kept| kept.event.id.to_string()).collect();
    Ok((ids, page.next.unwrap_or_default(), page.more))
}

/// All events, read in pages of three.
fn all(log: &Folder) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let (more, next, again) = read(log, after.as_deref(), 3).unwrap();
        ids.extend(more);
        after = Some(next);
        if !again {
            return ids;
        }
    }
}

fn numbered(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

fn fill(log: &Folder, range: std::ops::Range<u32>) {
    for id in numbered(range) {
        put(log, &[&id]);
    }
}

#[test]
fn events_come_back_in_order_page_by_page_and_over_files_and_starts() {
    let place = Place::new();
    let rules = Rules { segment: 1 << 10, ..RULES };
    let log = place.open(rules);
    assert_eq!(read(&log, None, 10), Ok((Vec::new(), String::new(), false)));
    fill(&log, 0..25);
    assert_eq!(all(&log), numbered(0..25));
    let (first, cursor, more) = read(&log, None, 4).unwrap();
    assert_eq!((first, more), (numbered(0..4), true));
    assert_eq!(read(&log, Some(&cursor), 100).unwrap().0, numbered(4..25));
    drop(log);
    assert!(place.files("seg").len() > 2, "{:?}", place.files("seg"));
    let log = place.open(rules);
    fill(&log, 25..40);
    assert_eq!(all(&log), numbered(0..40));
    let (rest, end, more) = read(&log, Some(&cursor), 100).unwrap();
    assert_eq!((rest, more), (numbered(4..40), false));
    assert_eq!(read(&log, Some(&end), 100), Ok((Vec::new(), end.clone(), false)));
}

#[test]
fn a_page_ends_by_its_bytes_but_has_at_least_one_event() {
    let place = Place::new();
    let log = place.open(RULES);
    put(&log, &["1", "2", "3"]);
    let page = log.read(TopicAsk { topic: "t", after: None, events_max: 9, bytes_max: 1 }).unwrap();
    assert_eq!((page.events.len(), page.more), (1, true));
}

#[test]
fn an_index_that_is_missing_or_does_not_fit_is_made_anew() {
    let place = Place::new();
    let rules = Rules { segment: 1 << 10, ..RULES };
    fill(&place.open(rules), 0..30);
    let indexes = place.files("idx");
    assert!(indexes.len() > 2);
    fs::remove_file(&indexes[0]).unwrap();
    fs::write(&indexes[1], b"SEAWIDX1 and nothing more").unwrap();
    assert_eq!(all(&place.open(rules)), numbered(0..30));
}

#[test]
fn whatever_byte_a_write_stopped_at_what_was_durable_is_there_and_writing_goes_on() {
    let place = Place::new();
    let log = place.open(RULES);
    put(&log, &["0", "1"]);
    let durable = fs::metadata(&place.files("seg")[0]).unwrap().len();
    put(&log, &["2", "3", "4"]);
    drop(log);
    let file = place.files("seg")[0].clone();
    let whole = fs::read(&file).unwrap();
    for end in usize::try_from(durable).unwrap()..=whole.len() {
        for garbage in [0, 40] {
            let mut bytes = whole[..end].to_vec();
            bytes.resize(end + garbage, 0);
            fs::write(&file, bytes).unwrap();
            let log = place.open(Rules { fsync: false, ..RULES });
            let found = all(&log);
            assert!(found.len() >= 2 && numbered(0..5).starts_with(&found), "cut at {end}: {found:?}");
            put(&log, &["new"]);
            assert_eq!(all(&log).last().unwrap(), "new");
            assert_eq!(all(&log).len(), found.len() + 1);
        }
    }
}

#[test]
fn damage_in_what_was_durable_is_told_with_its_place_and_nothing_is_cut() {
    let place = Place::new();
    let log = place.open(RULES);
    put(&log, &["0", "1"]);
    let begin = fs::metadata(&place.files("seg")[0]).unwrap().len();
    put(&log, &["2", "3"]);
    put(&log, &["4"]);
    drop(log);
    let file = place.files("seg")[0].clone();
    let whole = fs::read(&file).unwrap();
    let mut bytes = whole.clone();
    bytes[usize::try_from(begin).unwrap() + 20] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let error = Folder::open(&place.0, RULES).unwrap_err();
    assert!(error.contains(&format!("is damaged at byte {begin}: the checksum does not fit")), "{error}");
    assert_eq!(fs::read(&file).unwrap(), bytes, "the file was changed");
    fs::write(&file, &whole).unwrap();
    assert_eq!(all(&place.open(RULES)), numbered(0..5));
}

#[test]
fn damage_in_a_finished_file_is_told_to_its_readers_and_the_others_go_on() {
    let place = Place::new();
    let rules = Rules { segment: 1 << 10, ..RULES };
    fill(&place.open(rules), 0..30);
    let file = place.files("seg")[1].clone();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let log = place.open(rules);
    let error = read(&log, None, 100).unwrap_err();
    let TopicError::Broken(why) = error else { panic!("{error:?}") };
    assert!(why.contains("is damaged at byte") && why.contains(&*file.to_string_lossy()), "{why}");
    put(&log, &["30"]);
}

#[test]
fn a_folder_belongs_to_one_at_a_time() {
    let place = Place::new();
    let log = place.open(RULES);
    let error = Folder::open(&place.0, RULES).unwrap_err();
    assert!(error.contains("is used by another process (pid "), "{error}");
    drop(log);
    put(&place.open(RULES), &["0"]);
}

#[test]
fn cursors_of_another_life_and_of_events_that_are_gone_are_told_apart() {
    let place = Place::new();
    let rules = Rules { segment: 1 << 10, size: Some(3 << 10), ..RULES };
    let log = place.open(rules);
    put(&log, &["0"]);
    let (_, old, _) = read(&log, None, 1).unwrap();
    fill(&log, 1..60);
    drop(log);
    // Old files go when a log is opened, and now and then.
    let log = place.open(rules);
    put(&log, &["60"]);
    let Err(TopicError::Expired { resume }) = read(&log, Some(&old), 9) else { panic!("it is there") };
    let (kept, ..) = read(&log, Some(&resume), 100).unwrap();
    assert_eq!(kept, all(&log));
    assert!(kept.len() < 60 && kept.last().unwrap() == "60", "{kept:?}");
    let check = |cursor: &str, part: &str| {
        let Err(TopicError::Unknown(why)) = read(&log, Some(cursor), 9) else { panic!("{cursor} is known") };
        assert!(why.contains(part), "{cursor}: {why}");
    };
    check("", "not one that this program gave out");
    check("zz", "not one that this program gave out");
    check("0000000g.1", "not one that this program gave out");
    check("00000000.+1", "not one that this program gave out");
    check(&format!("{}.999", resume.split_once('.').unwrap().0), "behind the newest event");
    check("00000000.1", "begun anew");
}

#[test]
fn what_is_old_goes_and_the_numbers_go_on() {
    let place = Place::new();
    let log = place.open(RULES);
    put(&log, &["0", "1"]);
    let (_, cursor, _) = read(&log, None, 2).unwrap();
    drop(log);
    std::thread::sleep(Duration::from_millis(5));
    let rules = Rules { age: Some(Duration::from_millis(1)), ..RULES };
    let log = place.open(rules);
    let gone = || read(&log, None, 9).unwrap().0.is_empty();
    let begin = std::time::Instant::now();
    while !gone() && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(gone());
    drop(log);
    let log = place.open(RULES);
    put(&log, &["2"]);
    assert_eq!(read(&log, Some(&cursor), 9).unwrap().0, ["2"]);
}

#[test]
fn an_event_that_is_too_large_takes_only_later_ones_of_its_key_with_it() {
    let place = Place::new();
    let log = place.open(RULES);
    let large = "x".repeat(crate::record::RECORD_BYTES_MAX);
    let other = Event { key: "other".into(), ..event("d", "") };
    let outcomes = publish(&log, vec![event("a", ""), event("b", &large), event("c", ""), other]);
    assert_eq!(outcomes, [Ok(()), Err(Refused::TooLarge), Err(Refused::Behind), Ok(())]);
    assert_eq!(all(&log), ["a", "d"]);
}

#[test]
fn topics_are_apart_and_their_names_may_be_anything() {
    let place = Place::new();
    let names = ["t", "a/b", "..", ".hidden", "Ü %41", "A"];
    let log = place.open(RULES);
    for name in names {
        let batch = EventBatch { topic: name.into(), events: vec![event(name, "")] };
        assert_eq!(log.publish(batch).unwrap().blocking_recv().unwrap(), [Ok(())]);
    }
    let refused = log.publish(EventBatch { topic: "x".repeat(300).into(), events: vec![event("x", "")] });
    assert!(refused.unwrap().blocking_recv().unwrap()[0].is_err());
    drop(log);
    let log = place.open(RULES);
    for name in names {
        let ask = TopicAsk { topic: name, after: None, events_max: 9, bytes_max: 9 };
        let ids: Vec<_> = log.read(ask).unwrap().events.into_iter().map(|kept| kept.event.id).collect();
        assert_eq!(ids, [name.into()]);
    }
}

#[tokio::test]
async fn whoever_waits_is_woken_by_the_next_event() {
    let place = Place::new();
    let log = Arc::new(place.open(RULES));
    let batch = |id: &str| EventBatch { topic: "t".into(), events: vec![event(id, "")] };
    let waiting = |after: Option<String>| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { log.wait("t", after.as_deref()).await })
    };
    let (first, second) = (waiting(None), waiting(None));
    log.publish(batch("a")).unwrap().await.unwrap();
    first.await.unwrap();
    second.await.unwrap();
    let (_, cursor, _) = read(&log, None, 1).unwrap();
    let mut third = waiting(Some(cursor));
    assert!(tokio::time::timeout(Duration::from_millis(20), &mut third).await.is_err());
    log.publish(batch("b")).unwrap().await.unwrap();
    third.await.unwrap();
}

#[test]
fn many_publishers_at_once_share_the_disk_and_lose_nothing() {
    let place = Place::new();
    let log = place.open(Rules { segment: 16 << 10, ..RULES });
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let log = &log;
            scope.spawn(move || (0..50).for_each(|n| put(log, &[&format!("{thread}-{n}")])));
        }
    });
    let found = all(&log);
    assert_eq!(found.len(), 400);
    for thread in 0..8 {
        let own: Vec<_> = found.iter().filter(|id| id.starts_with(&format!("{thread}-"))).cloned().collect();
        assert_eq!(own, (0..50).map(|n| format!("{thread}-{n}")).collect::<Vec<_>>());
    }
}
