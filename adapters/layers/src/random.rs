//! A small source of unpredictable numbers for pauses.
//!
//! **Invariant.** Never used for anything that has to be secret.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// SplitMix64, shared by threads: a number per addition.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    /// Returns a source that begins where nobody can foresee.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().hash_one(0_u8)))
    }

    /// Returns a source that always gives the same numbers.
    #[cfg(test)]
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to and with `max`.
    pub(crate) fn up_to(&self, max: u64) -> u64 {
        // The high half of a wide product: evenly spread without a division.
        let wide = u128::from(self.next()) * (u128::from(max) + 1);
        (wide >> 64) as u64
    }
}
