//! The page of all keys of mapping files: those of the format, then those of each adapter.
//!
//! **Invariant.** An adapter that is registered has its section; nothing here names one.

use super::cell;
use crate::registry;
use std::fmt::Write as _;

/// Returns the page.
pub(super) fn page() -> String {
    let mut page = engine::lang::reference();
    for adapter in registry::adapters() {
        // Writing to a string cannot fail, here and below.
        let _ = write!(
            page,
            "\n## connection of type {}\n\nKeys beside those of every connection.\n\n\
             | key | form | default | meaning |\n| --- | --- | --- | --- |\n",
            adapter.kind()
        );
        for key in adapter.keys() {
            let (form, default, doc) = (cell(&form(key.form)), cell(key.default), cell(key.doc));
            let _ = writeln!(page, "| `{}` | {form} | {default} | {doc} |", key.key);
        }
    }
    page
}

/// Words that are allowed are shown as what they are: text to be written.
fn form(form: &str) -> String {
    if !form.contains('|') {
        return form.to_owned();
    }
    form.split('|').map(|word| format!("`{}`", word.trim())).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters_layers::{BreakerPolicy, Policy, RetryPolicy};
    use std::time::Duration;

    /// The language tells defaults that the layers have; they do not know each other, so they are compared here.
    #[test]
    fn defaults_of_policies_are_those_of_the_layers() {
        let page = page();
        let check = |key: &str, default: &str| {
            let start = format!("| `{key}` |");
            let row = page.lines().find(|line| line.starts_with(&start)).expect("the key has a row");
            assert_eq!(row.split(" | ").nth(2), Some(default), "{row}");
        };
        let seconds = |time: Duration| format!("{}s", time.as_secs());
        let (policy, retry, breaker) = (Policy::default(), RetryPolicy::default(), BreakerPolicy::default());
        let waiting = Policy::default_queue(policy.concurrency) / policy.concurrency;
        let timed = BreakerPolicy::within(Duration::from_secs(1), breaker.failures);
        check("timeout", &seconds(policy.timeout));
        check("deadline", &seconds(policy.deadline));
        check("concurrency", &policy.concurrency.to_string());
        check("queue", &format!("{waiting} times `concurrency`"));
        check("budget", &format!("{}%", retry.budget_percent));
        check("backoff", &format!("{}ms..{}", retry.pause_first.as_millis(), seconds(retry.pause_max)));
        check("open", &seconds(breaker.open));
        check("trials", &breaker.trials.to_string());
        check("minCalls", &format!("`of`, or {} with `window`", timed.min_calls));
        assert_eq!(policy.retry, None);
    }

    #[test]
    fn every_key_of_every_adapter_is_on_the_page() {
        let page = page();
        let adapters = registry::adapters();
        assert!(!adapters.is_empty());
        for adapter in adapters {
            assert!(page.contains(&format!("\n## connection of type {}\n", adapter.kind())));
            assert!(adapter.keys().iter().all(|key| page.contains(&format!("| `{}` |", key.key))));
        }
    }
}
