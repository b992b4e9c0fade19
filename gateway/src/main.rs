//! The `seawall` binary.
//!
//! **Invariant.** Everything is in the library, so that tests can reach it.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::cli::Cli::parse().run().into()
}
