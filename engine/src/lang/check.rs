//! Holds nodes against the table of keys: unknown keys and wrong forms.
//!
//! **Invariant.** Reports E007 and nothing else; what passes here, the builders can take without asking again.

use super::suggest;
use super::syntax::value::shortened;
use super::table::{Block, Form, Key, Scalar};
use kernel::{Diagnostic, Entry, Node, Span};

/// Checks a node against a form. Texts with a variable in them are passed over.
pub(crate) fn check(node: &Node, form: &Form, found: &mut Vec<Diagnostic>) {
    match form {
        Form::One(scalar) => one(node, *scalar, &form.words(), found),
        Form::Words(words) => word(node, words, found),
        Form::Many(scalar) => match node.list() {
            Some(list) => many(list, *scalar, found),
            None => found.push(node.expected(&form.words())),
        },
        Form::OneOrMany(scalar) => match node.list() {
            Some(list) => many(list, *scalar, found),
            None => one(node, *scalar, &form.words(), found),
        },
        Form::Map(inner) => match node.map() {
            Some(_) => block(node, inner, found),
            None => found.push(node.expected(&form.words())),
        },
        Form::Short(scalar, inner) => match node.map() {
            Some(_) => block(node, inner, found),
            None => one(node, *scalar, &form.words(), found),
        },
        Form::Items(inner) => items(node, inner, found),
        Form::Entries(_, inner) => match node.map() {
            Some(entries) => entries.iter().for_each(|entry| entry_of(entry, inner, found)),
            None => found.push(node.expected(&form.words())),
        },
        Form::OneOrNothing(_) if node.is_null() => {}
        Form::OneOrNothing(scalar) => one(node, *scalar, &form.words(), found),
        Form::Codes => codes(node, found),
        Form::Conditions => conditions(node, form, found),
        Form::ValuesOrConditions => match node.map().is_some() || has_maps(node) {
            true => conditions(node, form, found),
            false => values(node, form, found),
        },
        Form::Payload if node.is_null() => found.push(node.expected(&form.words())),
        Form::DataList => match node.list() {
            Some(list) => list.iter().filter(|item| item.map().is_none()).for_each(|item| {
                found.push(item.expected("a map"));
            }),
            None => found.push(node.expected(&form.words())),
        },
        Form::Foreign if node.map().is_none() => found.push(node.expected(&form.words())),
        Form::Payload | Form::Foreign => {}
    }
}

/// Checks the keys of a map.
pub(crate) fn block(node: &Node, block: &Block, found: &mut Vec<Diagnostic>) {
    let Some(entries) = node.map() else { return };
    for entry in entries {
        match block.key(&entry.key) {
            Some(key) => entry_of(entry, &key.form, found),
            None if block.open => {}
            None => found.push(unknown(entry, block)),
        }
    }
    for key in block.keys.iter().filter(|key| key.required && node.at(key.name).is_none()) {
        found.push(missing(node, key, block.name));
    }
}

/// Returns E007 for a key that is missing from a map.
pub(crate) fn missing(node: &Node, key: &Key, block: &str) -> Diagnostic {
    let message = format!("`{}` is missing in {} {block}", key.name, article(block));
    Diagnostic::new("E007", first_line(node), message).hint(key.doc)
}

/// Returns the span of the first thing in a map, so that long maps are not underlined as a whole.
pub(crate) fn first_line(node: &Node) -> Span {
    match node.map().and_then(<[Entry]>::first) {
        Some(entry) if entry.key_span.start >= node.span.start => entry.key_span,
        _ => node.span.within(0, 1),
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn unknown(entry: &Entry, block: &Block) -> Diagnostic {
    let message = format!("unknown key `{}` in {} {}", entry.key, article(block.name), block.name);
    let found = Diagnostic::new("E007", entry.key_span, message);
    match suggest::hint(&entry.key, block.keys.iter().map(|key| key.name)) {
        Some(hint) => found.hint(hint),
        None => found,
    }
}

/// Checks a value; where nothing stands, the key is shown.
fn entry_of(entry: &Entry, form: &Form, found: &mut Vec<Diagnostic>) {
    let before = found.len();
    check(&entry.value, form, found);
    for diagnostic in &mut found[before..] {
        if diagnostic.span.is_none_or(|span| span.start == span.end) {
            diagnostic.span = Some(entry.key_span);
        }
    }
}

fn one(node: &Node, scalar: Scalar, words: &str, found: &mut Vec<Diagnostic>) {
    let Some(text) = node.text() else {
        found.push(node.expected(words));
        return;
    };
    if !scalar.fits(text) && !text.contains("${") {
        let message = format!("expected {words}, found `{}`", shortened(text));
        found.push(Diagnostic::new("E007", node.span, message));
    }
}

fn word(node: &Node, words: &[&'static str], found: &mut Vec<Diagnostic>) {
    match node.text() {
        Some(text) if words.contains(&text) || text.contains("${") => {}
        Some(text) => {
            let message = format!("expected one of {}, found `{}`", words.join(", "), shortened(text));
            let diagnostic = Diagnostic::new("E007", node.span, message);
            found.push(match suggest::nearest(text, words.iter().copied()) {
                Some(word) => diagnostic.hint(format!("did you mean `{word}`?")),
                None => diagnostic,
            });
        }
        None => found.push(node.expected(&format!("one of {}", words.join(", ")))),
    }
}

fn many(list: &[Node], scalar: Scalar, found: &mut Vec<Diagnostic>) {
    for item in list {
        one(item, scalar, scalar.words(), found);
    }
}

fn items(node: &Node, inner: &Block, found: &mut Vec<Diagnostic>) {
    let Some(list) = node.list() else {
        found.push(node.expected("a list of maps"));
        return;
    };
    for item in list {
        match item.map() {
            Some(_) => block(item, inner, found),
            None => found.push(item.expected("a map")),
        }
    }
}

fn codes(node: &Node, found: &mut Vec<Diagnostic>) {
    let Some(entries) = node.map() else {
        found.push(node.expected(&Form::Codes.words()));
        return;
    };
    if is_csv(node) {
        return block(node, &super::table::CSV_CODES, found);
    }
    if entries.is_empty() {
        found.push(Diagnostic::new("E007", node.span, "a code table has no line"));
    }
    for entry in entries {
        entry_of(entry, &Form::OneOrMany(Scalar::Data), found);
    }
}

/// Returns whether a code table stands in a file.
pub(crate) fn is_csv(node: &Node) -> bool {
    let known = |entry: &Entry| super::table::CSV_CODES.key(&entry.key).is_some();
    node.at("csv").is_some()
        && node.map().is_some_and(|entries| entries.len() > 1 && entries.iter().any(known))
        && (node.at("modern").is_some() || node.at("legacy").is_some())
}

fn has_maps(node: &Node) -> bool {
    node.list().is_some_and(|list| list.iter().any(|item| item.map().is_some()))
}

fn conditions(node: &Node, form: &Form, found: &mut Vec<Diagnostic>) {
    let maps = match node.list() {
        Some(list) if !list.is_empty() => list,
        _ => std::slice::from_ref(node),
    };
    for map in maps {
        match map.map() {
            Some([]) => found.push(Diagnostic::new("E007", map.span, "a condition has no path")),
            Some(entries) => entries.iter().for_each(|entry| values(&entry.value, form, found)),
            None => found.push(map.expected(&form.words())),
        }
    }
}

fn values(node: &Node, form: &Form, found: &mut Vec<Diagnostic>) {
    match node.list() {
        Some([]) => found.push(Diagnostic::new("E007", node.span, "a list of values is empty")),
        Some(list) => many(list, Scalar::Data, found),
        None if node.text().is_none() => found.push(node.expected(&form.words())),
        None => {}
    }
}
