//! The row as it is now, for writes that change only what the client changed.
//!
//! **Invariant.** One row or none; of several nobody can say which one would be written back.

use crate::json::{self, JsonLimits};
use crate::plan::read::Reader;
use crate::plan::tree::Tree;
use crate::program::{Ambient, CallPlan, OperationPlan};
use crate::value::Value;
use kernel::{Cause, Class, Document as _, Error, Progress};
use std::sync::Arc;

/// A row as it is now.
#[derive(Debug, Clone)]
pub struct OldRow {
    /// The row alone, for `Inputs::old`.
    pub tree: Tree,
    /// What a client sees of it.
    pub modern: Value,
    /// Fingerprint of its mapped values, for `ETag`.
    pub fingerprint: u128,
}

/// Takes the row out of an answer to [`super::select`] that was captured as the type of its rows; `None`: it is gone.
///
/// # Errors
/// There are several, or the row breaks the contract of the model.
pub fn old(operation: &OperationPlan, rows: &Tree, ambient: &Ambient) -> Result<Option<OldRow>, Error> {
    let call = operation.call.as_ref().filter(|call| call.table().is_some());
    let Some(call) = call else {
        return Err(Error::new(Class::Defect, Cause::Internal, "the operation is on no table"));
    };
    let node = match rows.children(rows.root()) {
        [] => return Ok(None),
        [one] => *one,
        _ => {
            let message = "the key names several rows, one was expected";
            return Err(Error::new(Class::Poison, Cause::Contract, message));
        }
    };
    let mut tree = Tree::new(Arc::clone(rows.shape()), rows.ty(node));
    let root = tree.root();
    tree.take_content(root, rows, node);
    let (modern, fingerprint) = read(call, rows, ambient)?;
    Ok(Some(OldRow { tree, modern, fingerprint }))
}

fn read(call: &CallPlan, rows: &Tree, ambient: &Ambient) -> Result<(Value, u128), Error> {
    let mut reader = Reader::new(Arc::clone(&call.read), ambient);
    let mut replay = rows.replay(rows.root());
    loop {
        match replay.advance(&mut reader) {
            Ok(Progress::Paused) => {}
            Ok(Progress::NeedInput | Progress::Stopped | Progress::End) => break,
            Err(error) => return Err(reader.broken(&error)),
        }
    }
    let answer = reader.finish()?;
    let fingerprint = answer.fingerprint;
    let modern = json::parse(answer.json, JsonLimits::default())
        .map_err(|_| Error::new(Class::Defect, Cause::Internal, "what was read is no JSON"))?;
    Ok((modern, fingerprint))
}
