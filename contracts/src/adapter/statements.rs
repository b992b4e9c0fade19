//! Promises of tables: how a query becomes a statement, and that its values do not.
//!
//! **Invariant.** Each statement is judged by what the fake got, not by what the adapter says that it sends.

use super::calls::chain;
use super::{Ask, Asked, Manner, POISON, Recorder, SECRET, Suite, Tables};
use adapters_ports::{CallContext, Opened, Reply, Request};
use kernel::{OperationId, Progress, Query};
use std::time::Duration;

/// Texts that would do something if they were text of a statement. Each begins with a word that stands nowhere else.
const VALUES: [&str; 3] = ["zq1' OR '1'='1", "zq2\"; -- ?", "zq3';#:n"];
/// How these words begin.
const WORD: &str = "zq";
/// Time for a call.
const ENOUGH: Duration = Duration::from_secs(5);

impl Suite<'_> {
    fn tried_tables(&self) -> &dyn Tables {
        self.tables().unwrap_or_else(|| panic!("{self:?} has no tables"))
    }

    pub(super) async fn a_value_is_never_text_of_a_statement(self) {
        let offline = self.offline();
        let count = self.tried_tables().queries(&offline.catalogue, VALUES[0]).len();
        assert!(count > 4, "few queries prove little");
        for n in 0..count {
            let mut texts = Vec::new();
            for value in VALUES {
                let asked = self.tried_tables().queries(&offline.catalogue, value).swap_remove(n);
                texts.push(self.statement_of(&asked, value).await);
            }
            texts.dedup();
            assert_eq!(texts.len(), 1, "the text of a statement depends on a value");
        }
    }

    /// Asks a query with a value and returns the text that was sent.
    async fn statement_of(self, asked: &Asked, value: &str) -> String {
        let fake = self.callee().start(Manner::Says(asked.answer.clone()), Ask::Reading).await;
        let opened = self.open(&fake.address(), &[]);
        let connection = &opened.connection;
        let query = &asked.query;
        let body = connection.query(query).unwrap_or_else(|why| panic!("{query:?}: {why}"));
        assert_eq!(
            connection.query(query).ok().as_ref(),
            Some(&body),
            "the same query becomes two statements"
        );
        let shown = connection.shown(&body).unwrap_or_else(|| panic!("{query:?} cannot be shown"));
        let fake_address = fake.address();
        assert!(!shown.contains(SECRET) && !shown.contains(&fake_address), "it is shown: {shown}");
        self.ask(&opened, asked, body).await;
        let (text, values) = self.tried_tables().statement(&fake.received());
        assert!(!text.contains(WORD), "the value {value} is text of the statement: {text}");
        assert!(values.iter().any(|sent| sent.contains(value)), "the value {value} is not sent: {values:?}");
        let letters = |text: &str| text.replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
        assert!(letters(&shown).contains(&letters(value)), "the value {value} is not shown: {shown}");
        text
    }

    async fn ask(self, opened: &Opened, asked: &Asked, body: adapters_ports::Wire) {
        let reads = matches!(asked.query, Query::Select(_));
        let cx = CallContext::new("suite", ENOUGH);
        let request = Request { operation: OperationId::QUERY, body, repeatable: reads };
        let backend = opened.connection.backend().expect("it can be called");
        let mut answer = match backend.call(&cx, &request).await {
            Ok(Reply::Answer(answer)) => answer,
            other => panic!("{:?} is not answered: {other:?}", asked.query),
        };
        assert_eq!(cx.sent.is_marked(), !reads, "what writes is marked, and nothing else: {:?}", asked.query);
        let mut recorder = Recorder::new(&opened.catalogue.shape);
        loop {
            match answer.advance(&mut recorder).expect("the answer can be read") {
                Progress::End => break,
                Progress::NeedInput => answer.more(&cx).await.expect("there is more"),
                other => panic!("{other:?} within an answer"),
            }
        }
        assert_eq!(answer.affected(), asked.affected, "how many rows {:?} changed", asked.query);
    }

    pub(super) fn a_value_that_does_not_fit_is_refused_and_not_shown(self) {
        let opened = self.offline();
        let misfits = self.tried_tables().misfits(&opened.catalogue, POISON);
        assert!(!misfits.is_empty(), "the subject has no value that does not fit");
        for query in misfits {
            let refused = opened.connection.query(&query).err();
            let error = refused.unwrap_or_else(|| panic!("{query:?} is taken"));
            assert!(!error.class.permits_retry(true), "trying again does not help: {error}");
            assert!(!chain(&error).contains(POISON), "it is shown: {error:?}");
        }
    }
}
