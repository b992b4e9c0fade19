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
