//! The names of the elements that are open.
//!
//! **Invariant.** Names stand one behind the other in one buffer, so that opening an element allocates nothing.

/// The names of the open elements, as written.
#[derive(Debug, Default)]
pub(crate) struct Open {
    names: Vec<u8>,
    starts: Vec<u32>,
}

impl Open {
    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.starts.len()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.starts.clear();
    }

    /// Lets memory go that is beyond this many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.names.shrink_to(bytes);
        self.starts.shrink_to(bytes / size_of::<u32>());
    }

    /// Opens an element.
    pub(crate) fn push(&mut self, name: &[u8]) {
        // A message that exceeds four gigabytes in open names is refused by its size long before.
        self.starts.push(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.extend_from_slice(name);
    }

    /// Opens an element whose name stands here; a short one is copied without a call, with what is behind it.
    #[inline]
    pub(crate) fn push_from(&mut self, bytes: &[u8], from: usize, to: usize) {
        match bytes.get(from..).and_then(|rest| rest.first_chunk::<16>()) {
            Some(chunk) if to - from <= chunk.len() => {
                let start = self.names.len();
                self.starts.push(u32::try_from(start).unwrap_or(u32::MAX));
                self.names.extend_from_slice(chunk);
                self.names.truncate(start + to - from);
            }
            _ => self.push(&bytes[from..to]),
        }
    }

    /// Closes the innermost element.
    pub(crate) fn pop(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start as usize);
        }
    }

    /// Returns whether the innermost element has this name.
    pub(crate) fn is_last(&self, name: &[u8]) -> bool {
        self.starts.last().is_some_and(|&start| &self.names[start as usize..] == name)
    }

    /// Returns the name of the innermost element.
    pub(crate) fn last(&self) -> Option<&[u8]> {
        self.starts.last().map(|&start| &self.names[start as usize..])
    }

    /// Returns the innermost element in words.
    pub(super) fn describe(&self) -> String {
        match self.last() {
            Some(name) => format!("<{}>", shortened(&String::from_utf8_lossy(name))),
            None => "any start tag".into(),
        }
    }
}

/// Returns a name, cut where it is too long for a message.
pub(crate) fn shortened(name: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    match name.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}
