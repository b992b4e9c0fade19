//! JSON pointers.
//!
//! **Invariant.** One place knows how a name is escaped in a pointer (RFC 6901, section 3).

/// Appends a member's name, or the number of an element, to a pointer.
pub fn push_pointer(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// Returns the pointer of a member of the root.
pub fn pointer_to(name: &str) -> String {
    let mut pointer = String::new();
    push_pointer(&mut pointer, name);
    pointer
}
