//! Builds policies, and lays them over the shared ones that they start from.
//!
//! **Invariant.** A key stands where it has an effect, or it is an error: no policy is silently not obeyed.

use super::Reader;
use crate::lang::ast::{Breaker, Dedupe, Failures, Idempotency, Policy, Retry, Slow, Spanned};
use crate::lang::suggest;
use crate::lang::syntax::amount;
use kernel::{Diagnostic, Entry, Node};
use std::collections::BTreeMap;

/// Where a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a connection.
    Connection,
    /// On an operation.
    Operation,
    /// On an event block.
    Events,
}

/// The shared policies by name.
pub(crate) type Shared = BTreeMap<String, Policy>;

const CONNECTION_KEYS: [&str; 8] =
    ["timeout", "deadline", "retry", "breaker", "concurrency", "queue", "rate", "maxBytes"];
const OPERATION_KEYS: [&str; 7] =
    ["deadline", "cache", "stale", "idempotency", "repeatable", "dedupe", "scope"];
const EVENTS_KEYS: [&str; 2] = ["scope", "rejectLimit"];

impl Place {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Connection => &CONNECTION_KEYS,
            Self::Operation => &OPERATION_KEYS,
            Self::Events => &EVENTS_KEYS,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Connection => "a connection",
            Self::Operation => "an operation",
            Self::Events => "an event block",
        }
    }
}

impl Reader<'_> {
    /// Returns the policy of a block, laid over the shared one that it names.
    pub(crate) fn policy(&mut self, owner: &Node, place: Place, shared: &Shared) -> Policy {
        let Some(node) = owner.at("policy") else { return Policy::default() };
        for entry in node.map().unwrap_or_default() {
            self.placed(entry, place);
        }
        let own = self.policy_of(node);
        let Some(name) = &own.base else { return own };
        match shared.get(&name.value) {
            Some(base) => own.over(&base.only(place)),
            None => {
                let message = format!("there is no shared policy `{}`", name.value);
                let diagnostic = Diagnostic::new("E007", name.span, message);
                self.found.push(match suggest::hint(&name.value, shared.keys().map(String::as_str)) {
                    Some(hint) => diagnostic.hint(hint),
                    None => diagnostic.hint("shared policies stand in the section `policies`"),
                });
                own
            }
        }
    }

    fn placed(&mut self, entry: &Entry, place: Place) {
        let key = entry.key.as_str();
        if key == "use" || place.keys().contains(&key) {
            return;
        }
        let belongs = [Place::Connection, Place::Operation, Place::Events]
            .into_iter()
            .find(|p| p.keys().contains(&key));
        if let Some(other) = belongs {
            let message = format!("`{key}` has no effect in the policy of {}", place.name());
            self.wrong(entry.key_span, message, format!("it belongs into the policy of {}", other.name()));
        }
    }

    /// Returns a policy as it was written.
    pub(crate) fn policy_of(&mut self, node: &Node) -> Policy {
        Policy {
            base: self.text(node, "use"),
            timeout: self.duration(node, "timeout"),
            deadline: self.duration(node, "deadline"),
            retry: self.retry(node),
            breaker: self.breaker(node),
            concurrency: self.integer(node, "concurrency"),
            queue: self.integer(node, "queue"),
            rate: self.parsed(node, "rate", amount::rate),
            max_bytes: self.parsed(node, "maxBytes", amount::size),
            cache: self.duration(node, "cache"),
            stale: self.duration(node, "stale"),
            idempotency: self.parsed(node, "idempotency", |text| match text {
                "off" => Some(Idempotency::Off),
                _ => amount::duration(text).map(Idempotency::For),
            }),
            repeatable: self.flag(node, "repeatable"),
            dedupe: self.parsed(node, "dedupe", |text| (text == "unchanged").then_some(Dedupe::Unchanged)),
            scope: self.text(node, "scope"),
            reject_limit: self.integer(node, "rejectLimit"),
            span: Some(node.span),
        }
    }

    fn retry(&self, node: &Node) -> Option<Spanned<Retry>> {
        let node = node.at("retry")?;
        let retry = match node.text() {
            Some(text) => Retry { max: amount::integer(text)?, budget_percent: None, backoff: None },
            None => Retry {
                max: self.integer(node, "max")?.value,
                budget_percent: self.parsed(node, "budget", amount::percent).map(|percent| percent.value),
                backoff: self.parsed(node, "backoff", amount::backoff).map(|range| range.value),
            },
        };
        Some(Spanned::new(retry, node.span))
    }

    fn breaker(&mut self, node: &Node) -> Option<Spanned<Breaker>> {
        let node = node.at("breaker")?;
        let failures = self.parsed(node, "failures", |text| match amount::percent(text) {
            Some(percent) => Some(Failures::Percent(percent)),
            None => amount::integer(text).map(Failures::Count),
        })?;
        let of = self.integer(node, "of").map(|of| of.value);
        let window = self.duration(node, "window").map(|window| window.value);
        if of.is_some() && window.is_some() {
            self.wrong(
                node.span,
                "`of` and `window` exclude each other",
                "count the last calls, or those of a time",
            );
        }
        if let (Failures::Count(count), Some(of)) = (failures.value, of)
            && count > of
        {
            self.wrong(failures.span, format!("{count} failures of {of} calls cannot happen"), "raise `of`");
        }
        let slow = node.at("slow").and_then(|slow| {
            Some(Slow {
                over: self.duration(slow, "over")?.value,
                rate_percent: self.parsed(slow, "rate", amount::percent)?.value,
            })
        });
        let breaker = Breaker {
            failures: failures.value,
            of,
            window,
            open: self.duration(node, "open").map(|open| open.value),
            min_calls: self.integer(node, "minCalls").map(|n| n.value),
            slow,
            trials: self.integer(node, "trials").map(|n| n.value),
        };
        Some(Spanned::new(breaker, node.span))
    }

    /// Returns the shared policies in the order of the files, each laid over the one that it names.
    pub(crate) fn shared(&mut self, section: Option<&Node>) -> (Vec<(Spanned<String>, Policy)>, Shared) {
        let entries = section.and_then(Node::map).unwrap_or_default();
        let mut written = Vec::new();
        for entry in entries {
            let policy = self.policy_of(&entry.value);
            written.push((Spanned::new(entry.key.clone(), entry.key_span), policy));
        }
        let by_name: Shared =
            written.iter().map(|(name, policy)| (name.value.clone(), policy.clone())).collect();
        for (_, policy) in &mut written {
            *policy = self.resolved(policy, &by_name);
        }
        let resolved = written.iter().map(|(name, policy)| (name.value.clone(), policy.clone())).collect();
        (written, resolved)
    }

    fn resolved(&mut self, policy: &Policy, by_name: &Shared) -> Policy {
        let mut whole = policy.clone();
        let mut next = policy.base.clone();
        for _ in 0..=by_name.len() {
            let Some(name) = next else { return whole };
            let Some(base) = by_name.get(&name.value) else {
                let hint = suggest::hint(&name.value, by_name.keys().map(String::as_str)).unwrap_or_default();
                self.wrong(name.span, format!("there is no shared policy `{}`", name.value), hint);
                return whole;
            };
            whole = whole.over(base);
            next = base.base.clone();
        }
        if let Some(name) = &policy.base {
            self.wrong(name.span, "shared policies start from each other in a circle", "break the circle");
        }
        whole
    }
}

impl Policy {
    /// Returns the part of a shared policy that has an effect at a place.
    fn only(&self, place: Place) -> Self {
        let own = self.clone();
        let none = Self { base: None, span: None, ..Self::default() };
        match place {
            Place::Connection => Self {
                timeout: own.timeout,
                deadline: own.deadline,
                retry: own.retry,
                breaker: own.breaker,
                concurrency: own.concurrency,
                queue: own.queue,
                rate: own.rate,
                max_bytes: own.max_bytes,
                ..none
            },
            Place::Operation => Self {
                deadline: own.deadline,
                cache: own.cache,
                stale: own.stale,
                idempotency: own.idempotency,
                repeatable: own.repeatable,
                dedupe: own.dedupe,
                scope: own.scope,
                ..none
            },
            Place::Events => Self { scope: own.scope, reject_limit: own.reject_limit, ..none },
        }
    }
}
