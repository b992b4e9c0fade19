//! The page of the classes of errors: where each comes from and what follows from it.
//!
//! **Invariant.** Each cell is asked of the function that decides it when a call fails.

use engine::plan::errors::class_of;
use kernel::Class;
use std::fmt::Write as _;

/// Returns the page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Classes of errors\n\n\
         A failed call has one of ten classes, and the class alone decides what policies do.\n\
         An entry under `errors:` gets the class of its `status`, unless it says `class:`; `retry: true` makes it \
         `transient`.\n\n\
         | class | means | default for `status` | sent again | breaker counts it | an old answer may serve |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for class in Class::ALL {
        let (counts, stale) = (yes(class.counts()), yes(class.permits_stale()));
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {counts} | {stale} |",
            class.name(),
            meaning(class),
            statuses(class),
            retried(class)
        );
    }
    page.push_str(
        "\nOnly a call under a policy with `retry:` is sent again, and only while budget and deadline last.\n\
         A call is repeatable if it is a `get` or a `list`, or if its policy says `repeatable: true`.\n\
         An entry may say `counts:` where the breaker shall see it otherwise.\n\
         A reply with an HTTP status that no entry covers has the class of that status; a bare 502, 503 or 504 is \
         `transient` for a repeatable call and `ambiguous` for any other, because nobody has said that nothing \
         happened.\n",
    );
    page
}

fn meaning(class: Class) -> &'static str {
    match class {
        Class::Client => "The request is wrong and stays wrong.",
        Class::Auth => "Who asks is not known or may not.",
        Class::NotFound => "The thing does not exist.",
        Class::Conflict => "The thing is in another state than the request assumes.",
        Class::RateLimited => "Too much; nothing was executed.",
        Class::Transient => "The legacy system certainly did not act; the same call may succeed later.",
        Class::Maintenance => "The legacy system says that it is closed.",
        Class::Ambiguous => "Nobody knows whether the legacy system acted.",
        Class::Poison => "The reply breaks the contract.",
        Class::Defect => "Something is broken, there or here.",
    }
}

fn retried(class: Class) -> &'static str {
    match (class.permits_retry(false), class.permits_retry(true)) {
        (true, _) => "yes",
        (false, true) => "if it is repeatable",
        (false, false) => "no",
    }
}

/// Returns the statuses of entries that have a class by default, runs of them joined.
fn statuses(class: Class) -> String {
    if class_of(503, true) == class {
        return "any other with `retry: true`".into();
    }
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for status in (400..600).filter(|status| class_of(*status, false) == class) {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == status => *end = status,
            _ => runs.push((status, status)),
        }
    }
    let run = |&(start, end): &(u16, u16)| {
        if start == end { start.to_string() } else { format!("{start}–{end}") }
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_code_decides() {
        let page = page();
        let check = |line: &str| assert!(page.contains(line), "{line}\nis not in\n{page}");
        check("| 404, 410 | no | no | no |");
        check("| 429 | yes | no | yes |");
        check("| 504 | if it is repeatable | yes | yes |");
        check("| any other with `retry: true` | yes | yes | yes |");
        assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), 10);
    }
}
