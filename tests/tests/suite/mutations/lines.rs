//! Every line of the mapping, and every word and number in it: taken out, or with two letters swapped.
//!
//! **Invariant.** What nobody notices stands in a list, each with the reason why nothing in the project can know it.

use super::{Mutated, RESERVATIONS, known, original};
use std::collections::BTreeSet;
use std::fs;

/// What a line holds that nothing in the project can contradict, and why.
const FREE: &[(&str, &str)] = &[
    ("facade: reservations", "a name for metrics and events"),
    ("title: ", "words for people"),
    ("auth: { type: oidc", "who issues tokens is deployment"),
    ("url: ${env:PMS_URL}", "where the system is, is deployment; without it the WSDL says so"),
    ("auth: { type: wsse", "how the system lets us in is deployment"),
    ("brokers: ", "where the bus is, is deployment"),
    ("policy: { timeout: 5s", "how long, how often and how many are decisions"),
    ("policy: { scope: reservations:", "scopes are names that the issuer knows"),
    ("topic: bus/", "a name"),
    ("created: com.example", "a name, and events need not have all three"),
    ("updated: com.example", "a name, and events need not have all three"),
    ("deleted: com.example", "a name, and events need not have all three"),
    ("deletedWhen: ", "this build publishes no events, so no test can tell"),
];

#[test]
fn each_line_that_is_deleted_and_each_word_that_is_misspelt_is_noticed() {
    let text = original(RESERVATIONS, "facade.yaml");
    let lines: Vec<&str> = text.lines().take_while(|line| *line != "tests:").collect();
    let known = known(RESERVATIONS);
    let (mut made, mut free, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for (n, line) in lines.iter().enumerate().filter(|(_, line)| !content(line).is_empty()) {
        for changed in changes(line) {
            made += 1;
            if is_noticed(&text, n, &changed, &known) {
                continue;
            }
            match FREE.iter().find(|(start, _)| line.trim_start().starts_with(start)) {
                Some((start, _)) => drop(free.insert(*start)),
                None => wrong.push(format!(
                    "{}:\n  {line}\n  {}",
                    n + 1,
                    changed.as_deref().unwrap_or("(deleted)")
                )),
            }
        }
    }
    eprintln!("{made} changes of {} lines; {} lines may say what they like", lines.len(), free.len());
    assert!(wrong.is_empty(), "{} of {made} changes are not noticed:\n{}", wrong.len(), wrong.join("\n"));
    assert!(made > 300, "only {made} changes were made");
    let unused: Vec<_> = FREE.iter().filter(|(start, _)| !free.contains(start)).collect();
    assert!(unused.is_empty(), "these are noticed after all: {unused:?}");
}

/// The line without its comment.
fn content(line: &str) -> &str {
    let comment = line.find(" #").or_else(|| line.starts_with('#').then_some(0));
    line[..comment.unwrap_or(line.len())].trim()
}

/// All changes of a line; nothing is a deleted line.
fn changes(line: &str) -> Vec<Option<String>> {
    let end = line.find(content(line)).unwrap_or(0) + content(line).len();
    let mut changes = vec![None];
    let mut start = 0;
    for word in line[..end].split(|letter: char| !letter.is_alphanumeric()) {
        let at = start + line[start..].find(word).unwrap_or(0);
        start = at + word.len();
        if let Some(changed) = misspelt(word) {
            changes.push(Some(format!("{}{changed}{}", &line[..at], &line[start..])));
        }
    }
    changes
}

/// A number becomes another one, a word gets its last two letters swapped, or one more where they are the same.
fn misspelt(word: &str) -> Option<String> {
    if let Ok(number) = word.parse::<u32>() {
        return Some((number + 1).to_string());
    }
    let mut letters: Vec<char> = word.chars().collect();
    let [.., before, last] = letters.as_mut_slice() else { return None };
    if before == last {
        letters.push('x');
    } else {
        std::mem::swap(before, last);
    }
    Some(letters.into_iter().collect())
}

fn is_noticed(text: &str, number: usize, changed: &Option<String>, known: &BTreeSet<String>) -> bool {
    let project = Mutated::of(RESERVATIONS, &[]);
    let mut lines: Vec<&str> = text.lines().collect();
    match changed {
        Some(changed) => lines[number] = changed,
        None => drop(lines.remove(number)),
    }
    fs::write(project.0.join("facade.yaml"), lines.join("\n") + "\n").unwrap();
    let news = project.check().into_iter().any(|(code, _, _, message)| !known.contains(&(code + &message)));
    news || project.failures() != Ok(Vec::new())
}
