//! Resolved paths as a mapping writes them.
//!
//! **Invariant.** The text leads to the same parts when it is read again.

use crate::plan::model::{LegacyPath, Pick, Step};
use kernel::{PartKind, Shape};

/// Returns a path as a mapping writes it: `UniqueID[Type=14]/ID`.
pub fn written(shape: &Shape, path: &LegacyPath) -> String {
    let mut pieces: Vec<String> = Vec::new();
    // From the record on it is the same path, however deep in the record it is asked for.
    let up = if path.beside.is_some() { 0 } else { path.up };
    pieces.extend(std::iter::repeat_n("..".to_owned(), up));
    pieces.extend(steps(shape, &path.steps));
    pieces.join("/")
}

fn steps(shape: &Shape, steps: &[Step]) -> Vec<String> {
    steps.iter().filter_map(|step| one(shape, step)).collect()
}

fn one(shape: &Shape, step: &Step) -> Option<String> {
    let part = shape.part(*step.parts.first()?);
    if part.kind == PartKind::Text {
        // The own text of an element is meant by the element's path.
        return None;
    }
    let mark = if part.kind == PartKind::Beside { "$" } else { "" };
    let mut text = format!("{mark}{}", part.name.local);
    match &step.pick {
        Pick::Only => {}
        Pick::Nth(n) => text.push_str(&format!("[{n}]")),
        Pick::Last => text.push_str("[last]"),
        Pick::All => text.push_str("[*]"),
        Pick::Where(conditions) => {
            for condition in conditions {
                let path = self::steps(shape, &condition.path).join("/");
                text.push_str(&format!("[{path}={}]", condition.value));
            }
        }
    }
    Some(text)
}
