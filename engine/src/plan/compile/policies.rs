//! Policies that contradict what an operation is.
//!
//! **Invariant.** What could do harm is an error here, not a default at run time.

use super::Compiler;
use crate::lang;
use crate::program::Verb;

impl Compiler<'_> {
    pub(super) fn operation_policy(&mut self, operation: &lang::Operation, verb: Verb) {
        let policy = &operation.policy;
        let read = matches!(verb, Verb::Get | Verb::List);
        if verb == Verb::Create && policy.idempotency.is_none() {
            let message = format!(
                "{} creates something: a client that tries again would create it twice",
                operation.key.value
            );
            let diagnostic = self.report("E070", operation.key.span, message);
            *diagnostic = diagnostic.clone().hint(
                "write `policy: { idempotency: 24h }`, or `idempotency: off` if the legacy system recognises duplicates",
            );
        }
        for (span, key) in [
            (policy.cache.as_ref().map(|it| it.span), "cache"),
            (policy.stale.as_ref().map(|it| it.span), "stale"),
        ] {
            if let (Some(span), false) = (span, read) {
                let message =
                    format!("`{key}` stands on {}, which is no `get` and no `list`", operation.key.value);
                let diagnostic = self.report("E071", span, message);
                *diagnostic =
                    diagnostic.clone().hint("a write must reach the legacy system every time; take it away");
            }
        }
    }
}
