//! Calls that end in every way there is, with a double and with a real driver.
//!
//! **Invariant.** After each of them the pool is whole: the next call works, and nothing is left behind.

mod kit;
mod sqlite;

use super::*;
use kit::{Kit, told};
use std::time::{Duration, Instant};

fn read(sql: &str) -> Call {
    kit::call(sql, false)
}

fn write(sql: &str) -> Call {
    Call { answer: Answer::Affected, ..kit::call(sql, true) }
}

#[tokio::test]
async fn rows_counts_and_faults_are_told() {
    let kit = Kit::double(2, false);
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert_eq!(kit.run(&write("changed"), 5000).await, "changed 2");
    assert_eq!(kit.run(&write("duplicate"), 5000).await, "fault 23505 unique");
    assert_eq!(kit.run(&read("duplicate"), 5000).await, "fault 23505 unique");
    kit.is_whole().await;
    assert_eq!(kit.processes(), 1, "one session served them all");
}

#[tokio::test]
async fn the_class_says_what_may_have_happened() {
    let kit = Kit::double(2, false);
    let check = async |call: Call, expected: &str| {
        let began = Instant::now();
        // What does not hang has time for a worker to start on a busy machine.
        let deadline_ms = if call.execute.sql.contains("hang") { 1500 } else { 5000 };
        assert_eq!(kit.run(&call, deadline_ms).await, expected, "{:?}", call.execute.sql);
        assert!(
            began.elapsed() < Duration::from_millis(deadline_ms + 1500),
            "{:?} took too long",
            call.execute.sql
        );
        // Whatever happened, the next call works.
        assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows", "after {:?}", call.execute.sql);
    };
    check(read("hang"), "transient TimedOut").await;
    check(write("hang"), "ambiguous TimedOut").await;
    check(read("hang until cancelled"), "transient TimedOut").await;
    check(write("hang until cancelled"), "ambiguous TimedOut").await;
    check(read("rows, then hang"), "3 rows, then transient TimedOut").await;
    check(read("die"), "transient Broken").await;
    check(write("die"), "ambiguous Broken").await;
    check(read("rows, then die"), "3 rows, then transient Broken").await;
    check(read("gone"), "transient Broken").await;
    check(write("gone"), "ambiguous Broken").await;
    check(read("a length that lies"), "transient Broken").await;
    check(read("garbage"), "transient Broken").await;
    check(write("garbage"), "ambiguous Broken").await;
    check(read("rows without columns"), "defect Internal").await;
    kit.is_whole().await;
}

#[tokio::test]
async fn what_was_written_stands_whatever_becomes_of_the_question_behind_it() {
    let kit = Kit::double(2, false);
    let check = async |first: &str, second: &str, expected: &str| {
        let mut call = kit::call(first, true);
        call.follow = Some(kit::call(second, false).execute);
        assert_eq!(kit.run(&call, 2000).await, expected, "{first}; {second}");
        assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    };
    check("changed", "ok", "3 rows").await;
    check("duplicate", "ok", "fault 23505 unique").await;
    check("changed", "duplicate", "ambiguous Contract").await;
    check("changed", "die", "ambiguous Broken").await;
    check("changed", "gone", "ambiguous Broken").await;
    kit.is_whole().await;
}

#[tokio::test]
async fn a_statement_that_stops_when_it_is_cancelled_costs_no_process() {
    let kit = Kit::double(1, false);
    for _ in 0..3 {
        assert_eq!(kit.run(&read("hang until cancelled"), 200).await, "transient TimedOut");
        assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    }
    assert_eq!(kit.processes(), 1);
    kit.is_whole().await;
}

#[tokio::test]
async fn a_caller_who_leaves_stops_its_statement_and_gives_its_place_back() {
    let kit = Kit::double(2, false);
    for sql in ["hang", "hang until cancelled"] {
        let call = read(sql);
        let left = tokio::time::timeout(Duration::from_millis(100), kit.run(&call, 60_000)).await;
        assert!(left.is_err());
    }
    // Leaves in the middle of a result.
    let reply = kit.reply(&read("an endless answer"), 60_000).await.unwrap();
    assert!(matches!(reply, Reply::Answer(_)));
    drop(reply);
    kit.is_whole().await;
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
}

#[tokio::test]
async fn a_call_waits_for_a_session_and_not_for_ever() {
    let kit = Kit::double(1, false);
    let held = kit.reply(&read("an endless answer"), 60_000).await.unwrap();
    let began = Instant::now();
    assert_eq!(kit.run(&read("ok"), 60_000).await, "transient Unavailable");
    assert!(began.elapsed() < Duration::from_secs(3), "the acquire time-out holds");
    drop(held);
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    kit.is_whole().await;
}

#[tokio::test]
async fn a_worker_that_was_killed_while_idle_costs_no_call() {
    let kit = Kit::double(2, false);
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert!(kit.signal("KILL"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(kit.run(&write("changed"), 5000).await, "changed 2", "nothing had left, so it is sent again");
    kit.is_whole().await;
}

#[tokio::test]
async fn a_stopped_worker_is_killed_and_replaced() {
    let kit = Kit::double(1, false);
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert!(kit.signal("STOP"));
    let began = Instant::now();
    assert_eq!(kit.run(&read("ok"), 500).await, "transient TimedOut");
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(kit.processes(), 2);
    kit.is_whole().await;
}

#[tokio::test]
async fn a_worker_that_is_being_started_for_a_call_that_is_over_keeps_its_place() {
    let kit = Kit::double(1, false);
    let call = read("ok");
    assert!(
        tokio::time::timeout(Duration::ZERO, kit.run(&call, 5000)).await.is_err(),
        "no worker starts so soon"
    );
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert_eq!(kit.processes(), 1, "the one that was started for nobody serves");
    kit.is_whole().await;
}

#[tokio::test]
async fn a_worker_that_gives_no_sign_of_life_is_gone_before_another_takes_its_place() {
    let kit = Kit::double(1, false);
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    let first = kit.last();
    // One waits for the sign, another leaves before it could have come.
    for within_ms in [5000, 300] {
        let stopped = kit.last();
        assert!(kit.signal("STOP"));
        kit.backend.pool().suspect();
        let expected = if within_ms > 1000 { "3 rows" } else { "transient TimedOut" };
        assert_eq!(kit.run(&read("ok"), within_ms).await, expected);
        assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
        assert!(!kit.is_alive(&stopped), "{stopped} is there beside {}", kit.last());
    }
    assert_ne!(kit.last(), first);
    assert_eq!(kit.processes(), 3);
    kit.is_whole().await;
}

#[tokio::test]
async fn sessions_of_a_shared_worker_share_its_end_and_nothing_else() {
    let kit = Kit::double(3, true);
    let held = kit.reply(&read("an endless answer"), 60_000).await.unwrap();
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert_eq!(kit.run(&read("gone"), 5000).await, "transient Broken");
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    assert_eq!(kit.processes(), 1, "a lost connection is no reason to end the worker");
    assert_eq!(kit.run(&read("die"), 5000).await, "transient Broken");
    drop(held);
    assert_eq!(kit.run(&read("ok"), 5000).await, "3 rows");
    kit.is_whole().await;
}

#[tokio::test]
async fn a_worker_that_cannot_be_started_is_said_and_tried_again_only_after_a_pause() {
    let launch = Arc::new(Program::at("/nonexistent/seawall-odbc".into()));
    let kit = Kit::of(launch, Open { login_ms: 1000, ..Open::default() }, 2);
    let error = kit.reply(&read("ok"), 5000).await.unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable));
    assert!(error.to_string().contains("/nonexistent/seawall-odbc"), "{error}");
    let began = Instant::now();
    assert!(kit.reply(&read("ok"), 5000).await.is_err());
    assert!(began.elapsed() < Duration::from_millis(20), "the second one is refused at once");
    kit.is_whole().await;
}

#[tokio::test]
async fn a_document_tells_no_more_than_the_visitor_wants() {
    let kit = Kit::double(1, false);
    let Ok(Reply::Answer(mut body)) = kit.reply(&read("an endless answer"), 60_000).await else {
        panic!("no answer")
    };
    assert_eq!(told(&mut *body, 2500, 5000).await, "2500 rows");
    assert!(body.bytes_read() > 2500 * 7);
}
