//! Promises of sinks and topics: what was answered as published is kept, in order, and nothing else is told.
//!
//! **Invariant.** What is kept is judged by a connection that was opened after the one that published.

use super::Suite;
use super::calls::{chain, until};
use adapters_ports::{CallContext, Event, EventBatch, Opened, Outcomes, TopicAsk, TopicError, TopicPage};
use kernel::Class;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Time for a call.
const ENOUGH: Duration = Duration::from_secs(5);

/// An event with every attribute, or with the least.
fn event(id: usize, key: &str) -> Event {
    let some = |text: &str| id.is_multiple_of(2).then(|| Arc::from(text));
    Event {
        id: format!("id-{id}").into(),
        source: "/facade/suite".into(),
        ty: "suite.happened.v1".into(),
        subject: some("sübject \"1\""),
        time: some("2026-06-01T12:00:00.123Z"),
        dataschema: some("https://example.com/schemas/suite"),
        key: key.into(),
        data: format!("{{\"number\":{id},\"text\":\"ä\\n\"}}").into(),
        content_type: Cow::Borrowed(if id.is_multiple_of(2) {
            "application/json"
        } else {
            "application/octet-stream"
        }),
        extensions: some("7").map(|value| ("position".into(), value)).into_iter().collect(),
    }
}

fn batch(topic: &str, events: Vec<Event>) -> EventBatch {
    EventBatch { topic: topic.into(), events }
}

async fn publish(opened: &Opened, batch: &EventBatch) -> Outcomes {
    let cx = CallContext::new("suite", ENOUGH);
    let outcomes = opened.connection.sink().expect("it takes events").publish(&cx, batch).await;
    assert_eq!(outcomes.len(), batch.events.len(), "an outcome per event");
    outcomes
}

async fn page(
    opened: &Opened,
    topic: &str,
    after: Option<&str>,
    max: usize,
) -> Result<TopicPage, TopicError> {
    let ask = TopicAsk { topic, after, events_max: max, bytes_max: 1 << 20 };
    opened.connection.topics().expect("it can be read").read(ask).await
}

/// All events of a topic, read in pages of three.
async fn all(opened: &Opened, topic: &str) -> Vec<Event> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let read = page(opened, topic, after.as_deref(), 3).await;
        let read = read.unwrap_or_else(|why| panic!("the topic {topic:?} cannot be read: {why}"));
        assert!(read.events.len() <= 3, "more than was asked for");
        events.extend(read.events.into_iter().map(|kept| kept.event));
        after = read.next;
        if !read.more {
            return events;
        }
    }
}

impl Suite<'_> {
    pub(super) async fn what_was_published_is_there_after_opening_again(self) {
        let place = self.keeper().place();
        let sent: Vec<Event> = (0..10).map(|n| event(n, ["a", "b", ""][n % 3])).collect();
        let opened = self.open(&place, &[]);
        for events in [&sent[..7], &sent[7..]] {
            let outcomes = publish(&opened, &batch("things", events.to_vec())).await;
            assert!(outcomes.iter().all(Result::is_ok), "good events are refused: {outcomes:?}");
        }
        assert!(publish(&opened, &batch("others", vec![event(1, "a")])).await[0].is_ok(), "another topic");
        assert_same(&all(&opened, "things").await, &sent);
        drop(opened);
        let again = self.open(&place, &[]);
        assert_same(&all(&again, "things").await, &sent);
        assert_same(&all(&again, "others").await, &[event(1, "a")]);
        let outcomes = publish(&again, &batch("things", vec![event(10, "a")])).await;
        assert!(outcomes[0].is_ok(), "nothing can be published any more: {outcomes:?}");
        assert_eq!(all(&again, "things").await.len(), 11, "what was there is gone");
    }

    pub(super) async fn a_refused_event_is_never_told(self) {
        let place = self.keeper().place();
        let opened = self.open(&place, &[]);
        let large = Event { data: vec![b'x'; self.keeper().too_large()].into(), ..event(1, "a") };
        let sent = vec![event(0, "a"), large, event(2, "b"), event(3, "a"), event(4, "b")];
        let outcomes = publish(&opened, &batch("things", sent.clone())).await;
        let kept: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(kept, [true, false, true, false, true], "which events are refused: {outcomes:?}");
        let wrong = outcomes[1].as_ref().expect_err("it is too large");
        assert!(!wrong.class.permits_retry(true), "it is as large the next time: {wrong}");
        let behind = outcomes[3].as_ref().expect_err("one before it was refused");
        assert!(behind.class.permits_retry(true), "nothing is wrong with it: {behind}");
        let expected = [sent[0].clone(), sent[2].clone(), sent[4].clone()];
        assert_same(&all(&opened, "things").await, &expected);
        drop(opened);
        assert_same(&all(&self.open(&place, &[]), "things").await, &expected);
    }

    pub(super) async fn a_topic_stays_in_its_place_whatever_its_name(self) {
        let place = self.keeper().place();
        let before = self.keeper().around(&place);
        let opened = self.open(&place, &[]);
        let strange = self.keeper().strange_topics();
        for (n, topic) in strange.iter().enumerate() {
            let outcomes = publish(&opened, &batch(topic, vec![event(n, "a")])).await;
            assert!(outcomes[0].is_ok(), "the topic {topic:?} cannot be had: {outcomes:?}");
        }
        for topic in self.keeper().impossible_topics() {
            let outcome = publish(&opened, &batch(&topic, vec![event(0, "a")])).await.remove(0);
            let error = outcome.expect_err("such a topic cannot be had");
            assert!(!error.class.permits_retry(true), "it has the same name the next time: {error}");
            assert!(chain(&error).contains("topic"), "it is not said what is wrong: {error}");
            let read = page(&opened, &topic, None, 3).await;
            assert!(read.as_ref().map_or(true, |page| page.events.is_empty()), "it is told: {read:?}");
        }
        assert_eq!(self.keeper().around(&place), before, "something left its place");
        drop(opened);
        let again = self.open(&place, &[]);
        for (n, topic) in strange.iter().enumerate() {
            assert_same(&all(&again, topic).await, &[event(n, "a")]);
        }
        assert_eq!(self.keeper().around(&place), before, "something left its place");
    }

    pub(super) async fn readers_go_on_where_they_were(self) {
        let place = self.keeper().place();
        let opened = self.open(&place, &[]);
        let empty = page(&opened, "things", None, 9).await;
        assert_eq!(empty, Ok(TopicPage::default()), "a topic to which nobody published is empty");
        let sent: Vec<Event> = (0..5).map(|n| event(n, "a")).collect();
        assert!(publish(&opened, &batch("things", sent.clone())).await.iter().all(Result::is_ok));
        let first = page(&opened, "things", None, 2).await.expect("it can be read");
        assert!(first.more && first.events.len() == 2, "{first:?}");
        assert_eq!(first.next.as_deref(), first.events.last().map(|kept| &*kept.cursor), "where to go on");
        drop(opened);
        let again = self.open(&place, &[]);
        let rest = page(&again, "things", first.next.as_deref(), 9).await.expect("the cursor is still good");
        let told: Vec<Event> = rest.events.into_iter().map(|kept| kept.event).collect();
        assert_same(&told, &sent[2..]);
        let end = page(&again, "things", rest.next.as_deref(), 9).await.expect("the end can be asked for");
        assert_eq!((end.events.len(), end.more, &end.next), (0, false, &rest.next), "at the end");
        for cursor in ["", "nonsense", "../things", "99999999999999999999"] {
            let unknown = page(&again, "things", Some(cursor), 9).await;
            assert!(matches!(unknown, Err(TopicError::Unknown(_))), "{cursor:?}: {unknown:?}");
        }
        self.who_waits_is_woken(&again, rest.next.as_deref()).await;
    }

    async fn who_waits_is_woken(self, opened: &Opened, after: Option<&str>) {
        let topics = opened.connection.topics().expect("it can be read");
        let early = tokio::time::timeout(Duration::from_millis(50), topics.wait("things", after)).await;
        assert!(early.is_err(), "it does not wait");
        let (woken, news) = (topics.wait("things", after), batch("things", vec![event(9, "a")]));
        let both = async { tokio::join!(woken, publish(opened, &news)).1 };
        let outcomes = tokio::time::timeout(ENOUGH, both).await.expect("who waits is not woken");
        assert!(outcomes[0].is_ok(), "{outcomes:?}");
        let read = page(opened, "things", after, 9).await.expect("it can be read");
        assert_eq!(read.events.len(), 1, "{read:?}");
    }

    pub(super) async fn a_place_that_cannot_be_used_is_a_clear_error(self) {
        let (place, name) = self.keeper().unusable();
        let place_again = self.keeper().place();
        let first = self.open(&place_again, &[]);
        assert!(publish(&first, &batch("things", vec![event(0, "a")])).await[0].is_ok());
        // A place that somebody has is none for a second one, and stays as it is.
        for (place, name) in [(place, name), (place_again.clone(), place_again.clone())] {
            let opened = self.open(&place, &[]);
            let why = opened.connection.topics().expect("it can be read").open();
            let why = why.expect_err("it cannot be used");
            assert!(why.contains(&name), "{name} is not named: {why}");
            let outcome = publish(&opened, &batch("things", vec![event(1, "a")])).await.remove(0);
            let error = outcome.expect_err("nothing can be kept there");
            assert_eq!(error.class, Class::Transient, "an operator can mend it: {error}");
            assert!(chain(&error).contains(&name), "{name} is not named: {error}");
            let read = page(&opened, "things", None, 9).await;
            assert!(matches!(&read, Err(TopicError::Broken(why)) if why.contains(&name)), "{read:?}");
        }
        assert_same(&all(&first, "things").await, &[event(0, "a")]);
        drop(first);
        let next = self.open(&place_again, &[]);
        let topics = next.connection.topics().expect("it can be read");
        until("a place that was left can be had", || topics.open().is_ok()).await;
    }
}

/// Compares what is kept with what was published: every attribute, in this order.
fn assert_same(kept: &[Event], published: &[Event]) {
    let ids = |events: &[Event]| events.iter().map(|event| event.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(kept), ids(published), "what is kept is not what was published");
    assert_eq!(kept, published, "an event is not kept as it was");
}
