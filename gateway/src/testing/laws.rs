//! `--laws`: GetPut, PutGet and CreateGet of each model on random records.
//!
//! **Invariant.** The same records each time, so that a failure can be looked at again.

use super::Checked;
use engine::plan::laws::Laws;
use engine::program::{Ambient, Program};

/// Random records of each model.
const RECORDS: u32 = 1_000;
/// Where the random numbers begin.
const SEED: u64 = 2_026;

pub(super) fn run(program: &Program) -> Vec<Checked> {
    let check = |model: &std::sync::Arc<engine::plan::model::Model>| Checked {
        model: model.name.to_string(),
        report: Laws::new(model, Ambient::for_tests()).random(RECORDS, SEED),
    };
    program.models.iter().map(check).collect()
}
