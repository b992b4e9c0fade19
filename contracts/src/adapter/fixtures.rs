//! Promises about test data: what is decoded, encoded and compared without a call.
//!
//! **Invariant.** Nothing here needs a runtime or a fake.

use super::{Event, Playing, Recorder, Suite, read};
use adapters_ports::Wire;
use kernel::{PartId, Progress};

impl Suite<'_> {
    pub(super) fn what_is_read_is_written_again(self) {
        let opened = self.offline();
        let (connection, shape) = (&*opened.connection, &opened.catalogue.shape);
        let (operation, root, request) = self.operation(&opened);
        for (part, wire) in [self.sample(&opened), (root, request.clone())] {
            let told = read(connection, part, &wire, shape);
            assert!(
                told.iter().filter(|event| matches!(event, Event::Leaf(..))).count() > 1,
                "a poor sample"
            );
            let written =
                connection.encode_part(part, &mut Playing::new(&told)).expect("what was read can be written");
            assert_eq!(read(connection, part, &written, shape), told, "what is written tells something else");
            assert_eq!(connection.difference(&wire, &written), Ok(None));
            let again = connection.encode_part(part, &mut Playing::new(&told)).expect("twice as well");
            assert_eq!(written, again, "the same is written in two ways");
        }
        let told = read(connection, root, &request, shape);
        let body = |told: &[Event]| connection.encode(operation, &mut Playing::new(told)).expect("a request");
        assert!(!body(&told).is_empty(), "a request has no body");
        assert_eq!(body(&told), body(&told), "what must be made anew for each try is not in the body");
        for changed in changes(&told) {
            assert_ne!(body(&told), body(&changed), "a value is not in the request");
        }
    }

    pub(super) fn a_difference_is_found(self) {
        let opened = self.offline();
        let (connection, shape) = (&*opened.connection, &opened.catalogue.shape);
        let (part, wire) = self.sample(&opened);
        assert_eq!(connection.difference(&wire, &wire), Ok(None));
        let told = read(connection, part, &wire, shape);
        let written = |told: &[Event]| -> Wire {
            connection.encode_part(part, &mut Playing::new(told)).expect("a plausible value can be written")
        };
        let changes = changes(&told);
        assert!(changes.len() > 1, "the sample has no values to change");
        for changed in changes {
            let changed = written(&changed);
            for (expected, found) in [(&*wire, &*changed), (&*changed, &*wire)] {
                let difference = connection.difference(expected, found).expect("both are readable");
                assert!(difference.is_some_and(|text| !text.is_empty()), "a changed value is not noticed");
            }
        }
        assert!(connection.difference(&wire, b"").is_err(), "nothing is taken for data");
    }

    pub(super) fn test_data_that_is_not_whole_is_refused(self) {
        let opened = self.offline();
        let (part, wire) = self.sample(&opened);
        for length in 0..wire.len() {
            let refused = opened.connection.decode_part(part, &wire[..length]).err();
            assert!(refused.is_some_and(|why| !why.is_empty()), "{length} of {} bytes are taken", wire.len());
        }
        let (_, root, request) = self.operation(&opened);
        assert!(opened.connection.decode_part(part, &request).is_err(), "another part is taken for this one");
        assert!(opened.connection.decode_part(root, &wire).is_err(), "another part is taken for this one");
    }

    pub(super) fn a_document_can_be_paused_at_every_part(self) {
        let opened = self.offline();
        let (connection, shape) = (&*opened.connection, &opened.catalogue.shape);
        let (part, wire) = self.sample(&opened);
        let told = read(connection, part, &wire, shape);
        let mut document = connection.decode_part(part, &wire).expect("it was read before");
        let mut pausing = Recorder::pausing(shape);
        while document.advance(&mut pausing) == Ok(Progress::Paused) {}
        assert_eq!(pausing.events, told, "a pause changes what is told");
        assert_eq!(pausing.pauses, Some(entered(&told)), "it does not stop at every part");
    }
}

/// How many parts began.
pub(super) fn entered(told: &[Event]) -> usize {
    told.iter().filter(|event| matches!(event, Event::Enter(..))).count()
}

/// What was told, each time with another value changed. The name of a type is no value.
fn changes(told: &[Event]) -> Vec<Vec<Event>> {
    let changed = told.iter().enumerate().filter_map(|(n, event)| match event {
        Event::Leaf(part, value) if *part != PartId::TYPE => {
            let mut all = told.to_vec();
            all[n] = Event::Leaf(*part, value.changed()?);
            Some(all)
        }
        _ => None,
    });
    changed.collect()
}
