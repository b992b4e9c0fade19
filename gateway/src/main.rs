//! The `seawall` binary.
//!
//! **Invariant.** Everything is in the library, so that tests can reach it.

use clap::Parser as _;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Measured against the system's: `docs/adr/0005-allocator.md`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gateway::cli::Cli::parse().run().into()
}
