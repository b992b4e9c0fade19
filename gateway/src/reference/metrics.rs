//! The page of metrics, read from what `/metrics` prints.
//!
//! **Invariant.** Names, types, texts and labels are those of the exposition; nothing is listed by hand.

use super::cell;
use crate::metrics::{self, Metrics};
use adapters_layers::{Policy, Stack};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Returns the page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         `/metrics` answers in the text format of Prometheus, version 0.0.4, and asks for no token.\n\
         All counts are those of the process and begin at zero with it.\n\
         A route or a class of status that was never met has no line yet.\n\n\
         | metric | type | labels | meaning |\n| --- | --- | --- | --- |\n",
    );
    for family in families(&sample()) {
        let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        let (help, labels) = (cell(family.help), labels.join(", "));
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{}` | {} | {labels} | {help} |", family.name, family.kind);
    }
    page
}

/// A metric as the exposition describes it.
#[derive(Debug)]
struct Family<'t> {
    name: &'t str,
    kind: &'t str,
    help: &'t str,
    labels: Vec<&'t str>,
}

/// Prints each metric at least once.
fn sample() -> String {
    let mut text = String::new();
    let requests = Metrics::new([("GET", Arc::from("/"))]);
    requests.answered(Some(0), 200, Duration::ZERO);
    requests.print(&mut text);
    metrics::print_residue([("GET /", 1)], &mut text);
    metrics::print_cache([0; 3], &mut text);
    let counts = crate::events::Counts::default();
    crate::events::print(&[("Customer", "customers", &counts)], &[], 0, &mut text);
    crate::events::stream::print_streams(&[("a", &Default::default())], &mut text);
    let connection = Stack::new("a", Policy::default());
    adapters_layers::print(&[connection.snapshot()], &mut text);
    text
}

fn families(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (first, families.last_mut()) {
            ("#", last) => match (rest.split_once(' '), last) {
                (Some(("HELP", about)), _) => {
                    let (name, help) = about.split_once(' ').unwrap_or((about, ""));
                    families.push(Family { name, kind: "", help, labels: Vec::new() });
                }
                (Some(("TYPE", about)), Some(family)) => {
                    family.kind = about.split_once(' ').map_or("", |(_, kind)| kind);
                }
                _ => {}
            },
            (_, Some(family)) => family.add_labels(line),
            _ => {}
        }
    }
    families
}

impl<'t> Family<'t> {
    /// Adds the labels of a line, in their order, each once.
    fn add_labels(&mut self, line: &'t str) {
        let Some((_, labels)) = line.split_once('{') else { return };
        // Values are quoted; those of the sample hold neither quotes nor commas.
        let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
        for (label, _) in labels.split(',').filter_map(|label| label.split_once('=')) {
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_type_a_meaning_and_its_labels() {
        let text = sample();
        let families = families(&text);
        assert!(families.len() > 10, "{families:?}");
        assert!(
            families.iter().all(|family| !family.kind.is_empty() && !family.help.is_empty()),
            "{families:?}"
        );
        let labels = |name: &str| {
            families.iter().find(|family| family.name == name).map(|family| family.labels.clone())
        };
        assert_eq!(labels("seawall_requests_total"), Some(vec!["method", "route", "status"]));
        assert_eq!(labels("seawall_calls_total"), Some(vec!["connection", "outcome"]));
        assert_eq!(labels("seawall_residue_total"), Some(vec!["operation"]));
        assert_eq!(labels("seawall_events_published_total"), Some(vec!["model", "topic"]));
    }
}
