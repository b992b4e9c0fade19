//! Reads YAML into nodes with byte spans, and refuses what the format does not allow.
//!
//! **Invariant.** Never panics and never recurses: text of any depth ends in a node or in a diagnostic.

mod builder;
mod cuts;
mod frame;
mod offsets;
mod tabs;

pub(crate) use builder::duplicate;

use builder::Builder;
use kernel::{Diagnostic, FileId, Node, NodeKind, Span};
use saphyr_parser::Parser;

/// Longest file that is read, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 4 << 20;

/// Deepest nesting of maps and lists.
pub(crate) const DEPTH_MAX: usize = 64;

/// Returns the node that a file is; `None` if it cannot be read at all, and then an error tells why.
///
/// An empty file is [`NodeKind::Null`]. Reports E001, E006 and E008.
pub(crate) fn parse(file: FileId, text: &str, found: &mut Vec<Diagnostic>) -> Option<Node> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, the limit is {FILE_BYTES_MAX}", text.len());
        found.push(
            Diagnostic::new("E008", Span::new(file, 0, 0), message).hint("divide it into several files"),
        );
        return None;
    }
    let mut builder = Builder::new(file, text);
    let ended = directive(file, text).map_or_else(|| events(text, &mut builder), |found| Err(Some(found)));
    let tabs = tabs::check(file, text, &builder.scalars);
    if let Err(Some(diagnostic)) = &ended
        && tabs.is_empty()
    {
        found.push(diagnostic.clone());
    }
    found.extend(tabs);
    let whole = builder.finish(found);
    ended.is_ok().then(|| whole.unwrap_or_else(|| nothing(file)))
}

/// Feeds the builder. An error without a diagnostic is one that the builder has already told.
fn events(text: &str, builder: &mut Builder<'_>) -> Result<(), Option<Diagnostic>> {
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.take(event, span).map_err(Some)?,
            Err(error) => return Err(cuts::explain(builder, &error)),
        }
    }
    Ok(())
}

fn nothing(file: FileId) -> Node {
    Node { span: Span::new(file, 0, 0), kind: NodeKind::Null }
}

/// Directives change how YAML is read; there is nothing here that they could change.
fn directive(file: FileId, text: &str) -> Option<Diagnostic> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with('%') {
            let span = Span::new(file, at, at + line.trim_end().len());
            return Some(Diagnostic::new("E008", span, "YAML directives are not allowed"));
        }
        let bare = line.trim_start_matches('\u{feff}').trim();
        if !bare.is_empty() && !bare.starts_with('#') {
            return None;
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests;
