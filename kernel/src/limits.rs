//! Bounds on what a legacy system may send.
//!
//! **Invariant.** Everything from outside has a limit, and a limit has a default.

/// Limits on one message. All can be changed per connection under `limits:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of a message in bytes, after decompression. Default 10 MiB.
    pub message_bytes_max: u64,
    /// Nesting of elements. Default 64.
    pub depth_max: u32,
    /// Attributes of one element. Default 256.
    pub attributes_max: u32,
    /// Namespace declarations of one element. Default 64.
    pub namespaces_max: u32,
    /// Size of one text or attribute value in bytes. Default 1 MiB.
    pub text_bytes_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 10 << 20,
            depth_max: 64,
            attributes_max: 256,
            namespaces_max: 64,
            text_bytes_max: 1 << 20,
        }
    }
}
