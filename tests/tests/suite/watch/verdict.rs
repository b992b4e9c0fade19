//! What is right about events: every record as it was left, each key in its order, no event under two names.
//!
//! **Invariant.** What is judged is what a consumer got, against what the database itself says.

use super::world::{Rows, text};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// What may be forgiven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgive {
    /// Nothing: each event once.
    Nothing,
    /// An event that is told again under the same id, as after a kill.
    SameId,
}

/// Judges events of orders. With `deletes`, records that are gone have to be told of.
pub(crate) fn judge(events: &[Value], rows: &Rows, deletes: bool, forgive: Forgive) -> Result<(), String> {
    let events = once(events, forgive)?;
    let mut last: BTreeMap<i64, &Value> = BTreeMap::new();
    let mut versions: HashMap<i64, u64> = HashMap::new();
    for event in events {
        let id = event["data"]["id"].as_i64().ok_or_else(|| format!("an event without a key: {event}"))?;
        last.insert(id, event);
        let Some(version) = event["data"]["version"].as_u64() else { continue };
        let before = versions.insert(id, version).unwrap_or(0);
        if version <= before {
            return Err(format!("{id} has version {version} after {before}: {event}"));
        }
    }
    let mut wrong = Vec::new();
    for (id, (version, state)) in rows {
        let told =
            last.get(id).map(|event| (event["data"]["version"].as_u64(), text(&event["data"]["state"])));
        if told != Some((Some(*version), state.as_str())) {
            wrong.push(format!("{id} is {version} {state} and was told as {told:?}"));
        }
    }
    let lives = |event: &Value| !text(&event["type"]).ends_with("removed");
    let ghosts = last.iter().filter(|(id, event)| deletes && lives(event) && !rows.contains_key(id));
    wrong.extend(ghosts.map(|(id, _)| format!("{id} is gone and nobody was told")));
    match wrong.first() {
        None => Ok(()),
        Some(first) => Err(format!("{} records are wrong, first: {first}", wrong.len())),
    }
}

/// Returns each event once, in the order of their first times.
pub(crate) fn once(events: &[Value], forgive: Forgive) -> Result<Vec<&Value>, String> {
    let mut known: HashMap<&str, &Value> = HashMap::new();
    let mut kept = Vec::new();
    for event in events {
        let id = text(&event["id"]);
        match known.insert(id, event) {
            None => kept.push(event),
            Some(_) if forgive == Forgive::Nothing => return Err(format!("{id} came twice: {event}")),
            Some(before) if before["data"] != event["data"] => {
                return Err(format!("{id} means two things: {before} and {event}"));
            }
            Some(_) => {}
        }
    }
    Ok(kept)
}
