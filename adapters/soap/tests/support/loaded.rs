//! A schema with everything that reads and writes its messages.
//!
//! **Invariant.** Whatever arrives is decoded with everything wanted, so that nothing is passed over.

#![allow(dead_code, reason = "each test uses a part of it")]

use crate::project;
use adapters_soap::{Decoder, Index, Recoder, load_xsd};
use kernel::{
    DecodeError, Document, Interest, Limits, PartId, Progress, Scalar, Shape, Sources, Stop, TypeId, Visitor,
};
use std::path::Path;
use std::sync::Arc;

/// A schema and what is made of it.
pub(crate) struct Loaded {
    pub(crate) index: Index,
    pub(crate) recoder: Recoder,
}

impl Loaded {
    pub(crate) fn of(folder: &Path, file: &str) -> Self {
        let mut sources = Sources::default();
        let schema = load_xsd(file, &project::Folder(folder.to_owned()), &mut sources)
            .unwrap_or_else(|wrong| panic!("{file}: {}", wrong[0]));
        Self { index: Index::new(schema.shape.clone()), recoder: Recoder::new(schema.shape) }
    }

    pub(crate) fn shape(&self) -> &Arc<Shape> {
        self.index.shape()
    }

    pub(crate) fn root(&self, name: &str) -> Option<PartId> {
        let globals = self.shape().globals();
        globals.iter().copied().find(|&id| *self.shape().part(id).name.local == *name)
    }
}

/// Wants everything.
pub(crate) struct Everything {
    pub(crate) shape: Arc<Shape>,
    pub(crate) unknown: Vec<String>,
    pub(crate) told: usize,
}

impl Visitor for Everything {
    fn enter(&mut self, _part: PartId, ty: TypeId) -> Interest {
        self.told += 1;
        if self.shape.scalar(ty).is_some() { Interest::Leaf } else { Interest::Descend }
    }

    fn leaf(&mut self, _part: PartId, _scalar: Scalar<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.unknown.push(name.to_owned());
    }

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

/// Decodes a message that arrives in pieces of this size; every error has a place within it.
pub(crate) fn decode(
    loaded: &Loaded,
    root: PartId,
    bytes: &[u8],
    piece: usize,
) -> Result<usize, DecodeError> {
    let mut decoder = Decoder::new(&loaded.index, root, Limits::default(), None);
    let mut all = Everything { shape: loaded.shape().clone(), unknown: Vec::new(), told: 0 };
    let mut pieces = bytes.chunks(piece);
    loop {
        match decoder.advance(&mut all)? {
            Progress::End => return Ok(all.told),
            Progress::NeedInput => match pieces.next() {
                Some(piece) => decoder.feed(piece),
                None => decoder.close(),
            },
            other => panic!("{other:?}"),
        }
    }
}
