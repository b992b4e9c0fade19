//! What arrives beside the schema: counted by path, never kept by value.
//!
//! **Invariant.** The number of paths and their length are bounded, whatever arrives.

use kernel::{Cause, Class, DecodeError, Error};

/// Parts that the schema does not know, or allows less often, with how often they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Residue {
    /// Paths with counts; the last one may be `…`, which stands for all further ones.
    pub paths: Vec<(String, u64)>,
}

const PATHS_MAX: usize = 32;
const PATH_BYTES_MAX: usize = 256;

impl Residue {
    pub(super) fn clear(&mut self) {
        self.paths.clear();
    }

    pub(super) fn count(&mut self, mut path: String) {
        if path.len() > PATH_BYTES_MAX {
            let end = (0..=PATH_BYTES_MAX).rev().find(|&at| path.is_char_boundary(at)).unwrap_or(0);
            path.truncate(end);
        }
        if self.paths.len() >= PATHS_MAX && !self.paths.iter().any(|(known, _)| *known == path) {
            path = "…".into();
        }
        match self.paths.iter_mut().find(|(known, _)| *known == path) {
            Some((_, count)) => *count += 1,
            None => self.paths.push((path, 1)),
        }
    }
}

/// Returns the error of a reply that could not be decoded.
pub(super) fn undecodable(error: &DecodeError) -> Error {
    let undecodable = Error::new(Class::Poison, Cause::Contract, "the reply cannot be decoded")
        .with("reason", &error.message)
        .with("offset", error.offset);
    match error.limit {
        Some((key, value)) => undecodable.with("limit", format_args!("{key} {value}")),
        None => undecodable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_exceeded_is_named() {
        let error = undecodable(&DecodeError::limit("limits.depth", 64, 9));
        assert!(error.context.contains(&("limit", "limits.depth 64".to_owned())), "{error}");
        let other = undecodable(&DecodeError::new("no end tag", 9));
        assert!(other.context.iter().all(|(key, _)| *key != "limit"), "{other}");
    }

    #[test]
    fn however_many_unknown_names_arrive_few_are_kept() {
        let mut residue = Residue::default();
        for n in 0..1000 {
            residue.count(format!("A/{n}"));
        }
        residue.count("é".repeat(1000));
        assert_eq!(residue.paths.len(), PATHS_MAX + 1);
        assert_eq!(residue.paths.last(), Some(&("…".to_owned(), 1000 - 32 + 1)));
        assert!(residue.paths.iter().all(|(path, _)| path.len() <= PATH_BYTES_MAX));
    }
}
