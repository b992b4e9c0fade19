//! Promises of calls: what an error says of what may have happened, and what a call leaves behind.
//!
//! **Invariant.** Every wait is for something and has an end.

use super::fixtures::entered;
use super::{Ask, Event, Fake, Limit, Manner, POISON, Playing, Recorder, SECRET, Suite, read};
use adapters_ports::{CallContext, Opened, Reply, Request};
use kernel::{Cause, Class, DecodeError, Error, OperationId, Progress};
use std::time::{Duration, Instant};

/// Time for a call that is expected to succeed.
const ENOUGH: Duration = Duration::from_secs(5);
/// How late a deadline may be noticed on a busy machine.
const LATE: Duration = Duration::from_secs(2);
/// How long anything else may take; less than [`ENOUGH`], so that no call comes to its end by itself meanwhile.
const SOON: Duration = Duration::from_secs(4);

/// How a call ended.
#[derive(Debug)]
enum Ended {
    /// An answer that was read to its end.
    Answer(Vec<Event>),
    /// A fault.
    Fault,
    /// The call or the rest of its answer failed.
    Failed(Error),
    /// What came cannot be decoded.
    Broken(DecodeError),
}

impl Suite<'_> {
    pub(super) async fn calls_keep_their_promises(self, ask: Ask) {
        self.an_answer_is_told_whole_in_whatever_pieces_it_comes(ask).await;
        self.where_nobody_listens_nothing_is_sent(ask).await;
        self.a_broken_call_says_what_may_have_happened(ask).await;
        self.a_kept_connection_that_died_is_no_excuse(ask).await;
        self.a_deadline_holds(ask).await;
        self.a_call_that_is_dropped_leaves_nothing_behind(ask).await;
        self.texts_of_the_legacy_system_are_not_shown(ask).await;
    }

    async fn an_answer_is_told_whole_in_whatever_pieces_it_comes(self, ask: Ask) {
        let whole = self.answer(Manner::Answer, false, ask).await;
        assert!(entered(&whole.0) > 2, "the answer has few parts: {whole:?}");
        assert_eq!(self.answer(Manner::Pieces, false, ask).await, whole, "pieces change what is told");
        for manner in [Manner::Answer, Manner::Pieces] {
            let (told, pauses) = self.answer(manner, true, ask).await;
            assert_eq!(told, whole.0, "a pause changes what is told");
            assert_eq!(pauses, Some(entered(&whole.0)), "it does not stop at every part");
        }
    }

    async fn where_nobody_listens_nothing_is_sent(self, ask: Ask) {
        let opened = self.open(&self.0.nowhere(), &[]);
        let cx = CallContext::new("suite", ENOUGH);
        let Ended::Failed(error) = self.call(&opened, &cx, ask).await else { panic!("somebody listens") };
        assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable), "{error}");
        assert!(!cx.sent.is_marked(), "it claims that bytes have left");
        assert!(!chain(&error).contains(SECRET), "a secret is shown: {error:?}");
    }

    async fn a_broken_call_says_what_may_have_happened(self, ask: Ask) {
        for manner in [Manner::HangUp, Manner::Drop, Manner::Half, Manner::Garbage] {
            let fake = self.callee().start(manner.clone(), ask).await;
            let opened = self.open(&fake.address(), &[]);
            let cx = CallContext::new("suite", ENOUGH);
            let ended = self.call(&opened, &cx, ask).await;
            match &ended {
                Ended::Failed(error) => honest(&manner, ask, &cx, error),
                // The legacy system is known to have answered: that it is nonsense is not retried either.
                Ended::Broken(_) => assert!(matches!(manner, Manner::Half | Manner::Garbage), "{manner:?}"),
                Ended::Answer(_) | Ended::Fault => panic!("{manner:?} is taken for an answer: {ended:?}"),
            }
            if manner != Manner::HangUp {
                assert!(fake.bytes() > 0, "{manner:?}: the fake got nothing");
                assert!(ask == Ask::Reading || cx.sent.is_marked(), "{manner:?}: the mark is missing");
            }
            gone(&*fake, "a connection that broke").await;
        }
    }

    /// Who keeps connections finds some of them dead; what is said of the next call is true all the same.
    async fn a_kept_connection_that_died_is_no_excuse(self, ask: Ask) {
        let fake = self.callee().start(Manner::Leave, ask).await;
        let opened = self.open(&fake.address(), &[]);
        let ended = self.call(&opened, &CallContext::new("suite", ENOUGH), ask).await;
        assert!(matches!(ended, Ended::Answer(_)), "the usual answer is none: {ended:?}");
        gone(&*fake, "a connection that the other side closed").await;
        // A call at the very moment may be lost, which is no harm if it says so; the next one finds another connection.
        let mut answered = false;
        for _ in 0..3 {
            let cx = CallContext::new("suite", ENOUGH);
            match self.call(&opened, &cx, ask).await {
                Ended::Answer(_) => answered = true,
                Ended::Failed(error) => honest(&Manner::HangUp, ask, &cx, &error),
                other => panic!("{other:?}"),
            }
            gone(&*fake, "a connection that the other side closed").await;
        }
        assert!(answered, "a dead connection is not replaced");
        drop(fake);
        // Now it is known to be dead on this side, too.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let cx = CallContext::new("suite", ENOUGH);
        let Ended::Failed(error) = self.call(&opened, &cx, ask).await else { panic!("nobody is left") };
        honest(&Manner::HangUp, ask, &cx, &error);
    }

    async fn a_deadline_holds(self, ask: Ask) {
        let little = self.callee().patience();
        for manner in [Manner::Silence, Manner::Crawl] {
            let fake = self.callee().start(manner.clone(), ask).await;
            let opened = self.open(&fake.address(), &[]);
            let (cx, began) = (CallContext::new("suite", little), Instant::now());
            let Ended::Failed(error) = self.call(&opened, &cx, ask).await else {
                panic!("{manner:?} is an answer")
            };
            assert!(began.elapsed() < little + LATE, "{manner:?}: it waited for {:?}", began.elapsed());
            assert_eq!(error.cause, Cause::TimedOut, "{manner:?}: {error}");
            assert!(fake.bytes() > 0, "{manner:?}: the call did not get to the fake in {little:?}");
            honest(&manner, ask, &cx, &error);
            gone(&*fake, "a connection whose answer is late").await;
        }
        let fake = self.callee().start(Manner::Silence, ask).await;
        let opened = self.open(&fake.address(), &[]);
        let cx = CallContext::new("suite", Duration::ZERO);
        let Ended::Failed(error) = self.call(&opened, &cx, ask).await else {
            panic!("there was no time left")
        };
        assert_eq!((error.class, error.cause), (Class::Transient, Cause::TimedOut), "{error}");
        gone(&*fake, "a connection for which there was no time").await;
        // Long enough to start whatever makes connections.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!((fake.accepted(), fake.bytes()), (0, 0), "connections and bytes after the deadline");
    }

    pub(super) async fn a_reply_that_is_too_large_names_the_limit(self) {
        let ask = Ask::Operation;
        let (key, value, name) = match self.callee().limit() {
            Limit::Set(key, value, name) => (key, value, name),
            Limit::None(why) => return assert!(!why.is_empty(), "why is there no limit?"),
        };
        let fake = self.callee().start(Manner::Answer, ask).await;
        let opened = self.open(&fake.address(), &[(key, value)]);
        let cx = CallContext::new("suite", ENOUGH);
        let (text, named) = match self.call(&opened, &cx, ask).await {
            Ended::Failed(error) => {
                assert_eq!((error.class, error.cause), (Class::Poison, Cause::Contract), "{error}");
                (error.to_string(), true)
            }
            Ended::Broken(error) => (error.to_string(), error.limit.is_some()),
            other => panic!("{key}: {value} does not hold: {other:?}"),
        };
        assert!(named && text.contains(name), "the limit is not named: {text}");
        gone(&*fake, "a connection whose answer is too large").await;
    }

    async fn a_call_that_is_dropped_leaves_nothing_behind(self, ask: Ask) {
        let fake = self.callee().start(Manner::Silence, ask).await;
        let opened = self.open(&fake.address(), &[]);
        for count in 1..=3 {
            let (cx, earlier) = (CallContext::new("suite", ENOUGH), fake.bytes());
            tokio::select! {
                ended = self.call(&opened, &cx, ask) => panic!("silence is an answer: {ended:?}"),
                () = until("the call is made", || fake.bytes() > earlier) => {}
            }
            gone(&*fake, "the connection of a dropped call").await;
            let before = fake.bytes();
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert_eq!(fake.bytes(), before, "something was sent after the call was dropped");
            assert_eq!(fake.accepted(), count, "the call went on with another connection");
        }
        // What is kept for the next call ends with the connection that keeps it.
        let fake = self.callee().start(Manner::Answer, ask).await;
        let opened = self.open(&fake.address(), &[]);
        let ended = self.call(&opened, &CallContext::new("suite", ENOUGH), ask).await;
        assert!(matches!(ended, Ended::Answer(_)), "{ended:?}");
        drop(opened);
        gone(&*fake, "an unused connection").await;
    }

    async fn texts_of_the_legacy_system_are_not_shown(self, ask: Ask) {
        let poisoned = self.callee().poisoned(ask);
        let mut faults = 0;
        for bytes in poisoned {
            assert!(bytes.windows(POISON.len()).any(|text| text == POISON.as_bytes()), "no poison");
            let fake = self.callee().start(Manner::Says(bytes), ask).await;
            let opened = self.open(&fake.address(), &[]);
            let cx = CallContext::new("suite", ENOUGH);
            let reply = self.send(&opened, &cx, ask).await;
            let mut shown = format!("{reply:?} {opened:?}");
            match reply {
                Err(error) => shown.push_str(&chain(&error)),
                Ok(Reply::Fault(_)) => faults += 1,
                Ok(Reply::Answer(_)) => match self.call(&opened, &cx, ask).await {
                    Ended::Failed(error) => shown.push_str(&chain(&error)),
                    Ended::Broken(error) => shown.push_str(&chain(&error)),
                    other => panic!("a broken answer is none: {other:?}"),
                },
            }
            assert!(!shown.contains(POISON) && !shown.contains(SECRET), "it is shown: {shown}");
        }
        assert!(faults > 0, "the subject has no fault");
    }

    async fn send(self, opened: &Opened, cx: &CallContext, ask: Ask) -> Result<Reply, Error> {
        let request = match ask {
            Ask::Operation => self.operation_request(opened)?,
            Ask::Reading => {
                let tables = self.tables().expect("it has tables");
                let body = opened.connection.query(&tables.reading(&opened.catalogue))?;
                Request { operation: OperationId::QUERY, body, repeatable: true }
            }
        };
        opened.connection.backend().expect("it can be called").call(cx, &request).await
    }

    fn operation_request(self, opened: &Opened) -> Result<Request, Error> {
        let (operation, part, wire) = self.operation(opened);
        let told = read(&*opened.connection, part, &wire, &opened.catalogue.shape);
        let body = opened.connection.encode(operation, &mut Playing::new(&told))?;
        Ok(Request { operation, body, repeatable: false })
    }

    async fn call(self, opened: &Opened, cx: &CallContext, ask: Ask) -> Ended {
        self.call_with(opened, cx, ask, &mut Recorder::new(&opened.catalogue.shape)).await
    }

    async fn call_with(self, opened: &Opened, cx: &CallContext, ask: Ask, recorder: &mut Recorder) -> Ended {
        let mut body = match self.send(opened, cx, ask).await {
            Err(error) => return Ended::Failed(error),
            Ok(Reply::Fault(_)) => return Ended::Fault,
            Ok(Reply::Answer(body)) => body,
        };
        loop {
            match body.advance(recorder) {
                Ok(Progress::End) => return Ended::Answer(std::mem::take(&mut recorder.events)),
                Ok(Progress::NeedInput) => match body.more(cx).await {
                    Ok(()) => {}
                    Err(error) => return Ended::Failed(error),
                },
                Ok(_) => {}
                Err(error) => return Ended::Broken(error),
            }
        }
    }

    /// Returns what an answer tells, and how often it was paused.
    async fn answer(self, manner: Manner, pausing: bool, ask: Ask) -> (Vec<Event>, Option<usize>) {
        let fake = self.callee().start(manner, ask).await;
        let opened = self.open(&fake.address(), &[]);
        let shape = &opened.catalogue.shape;
        let mut recorder = if pausing { Recorder::pausing(shape) } else { Recorder::new(shape) };
        match self.call_with(&opened, &CallContext::new("suite", ENOUGH), ask, &mut recorder).await {
            Ended::Answer(told) => (told, recorder.pauses),
            other => panic!("the usual answer is none: {other:?}"),
        }
    }
}

/// `Transient` promises that the legacy system did not act; once bytes have left nobody can promise that.
///
/// What only reads changes nothing, so nothing is uncertain about it; nonsense of a worker of ours is our own defect.
fn honest(manner: &Manner, ask: Ask, cx: &CallContext, error: &Error) {
    if ask == Ask::Reading {
        assert!(!cx.sent.is_marked(), "{manner:?}: a reading is said to have changed something: {error}");
        let defect = *manner == Manner::Garbage && error.class == Class::Defect;
        let passing = matches!(error.class, Class::Transient | Class::Poison);
        return assert!(defect || passing, "{manner:?}: no class of a broken reading: {error}");
    }
    let certain = error.class.permits_retry(false);
    assert!(!(certain && cx.sent.is_marked()), "{manner:?}: bytes have left, and yet: {error}");
    assert!(certain || cx.sent.is_marked(), "{manner:?}: nothing has left, and yet: {error}");
    assert!(
        matches!(error.class, Class::Transient | Class::Ambiguous | Class::Poison),
        "{manner:?}: no class of a broken call: {error}"
    );
}

/// Waits until the fake has no open connection.
async fn gone(fake: &dyn Fake, what: &str) {
    until(&format!("{what} is closed"), || fake.open() == 0).await;
}

pub(super) async fn until(what: &str, happened: impl Fn() -> bool) {
    let end = Instant::now() + SOON;
    while !happened() {
        assert!(Instant::now() < end, "it does not happen that {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Everything that anybody could print of an error.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("{error} {error:?} {error:#?} "));
        next = error.source();
    }
    text
}
