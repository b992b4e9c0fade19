//! The adapter: files whose records come by themselves.
//!
//! **Invariant.** Test data passes the same framing, the same conditions and the same fields as files do.

mod wire;

use crate::config::{self, Config};
use crate::content::{Blocks, Bounds, Compression, Content, Origin, Wide};
use crate::folder::Folder;
use crate::formats;
use crate::frame::Framing;
use crate::inspect::letter_fields;
use crate::select;
use crate::shape;
use crate::source::{FileUnit, Plan, Reader, letter};
use crate::watch::Watch;
use adapters_ports::{
    Adapter, AdapterError, BoxFuture, Connection, Files as ProjectFiles, KeyDoc, Listing, Opened, RawRecord,
    Records, SeenField, Settings, Source, Unit, UnitRef, Wire,
};
use bytes::Bytes;
use kernel::{Catalogue, Cause, Class, Diagnostic, Document, Error, PartId, Shape, ShapeBuilder, Sources};
use std::sync::Arc;
use std::time::Duration;

/// The kind `files`: flat files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

/// A `files` connection.
#[derive(Debug)]
pub(crate) struct FilesConnection {
    plan: Arc<Plan>,
    shape: Arc<Shape>,
    /// Nothing where the path is not known offline.
    folder: Option<Arc<Folder>>,
    watch: Option<Arc<Watch>>,
    poll: Duration,
    compression: Compression,
    bounds: Bounds,
    wide: Option<Wide>,
}

impl Adapter for Files {
    fn kind(&self) -> &'static str {
        "files"
    }

    fn keys(&self) -> &'static [KeyDoc] {
        config::KEYS
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn ProjectFiles,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        let config = config::read(settings, files).map_err(AdapterError)?;
        let mut shape = ShapeBuilder::new();
        let format = formats::open(&config.format, (files, settings.offline), sources, &mut shape, findings);
        let format = format.map_err(AdapterError)?;
        let connection = FilesConnection::new(config, format, shape).map_err(AdapterError)?;
        let catalogue = Catalogue {
            shape: Arc::clone(&connection.shape),
            records: connection.plan.layout.tops().map(|(_, kind)| kind.part).collect(),
            ..Catalogue::default()
        };
        Ok(Opened { catalogue: Arc::new(catalogue), connection: Arc::new(connection) })
    }
}

impl FilesConnection {
    /// Puts together what was read of a configuration and of a format.
    ///
    /// # Errors
    /// What of `records`, `parents` and `framing` does not fit the format.
    pub(crate) fn new(
        config: Config,
        opened: formats::Open,
        mut shape: ShapeBuilder,
    ) -> Result<Self, Vec<Diagnostic>> {
        let formats::Open { format, is_ebcdic, is_text, split, wide } = opened;
        let mut wrong = Vec::new();
        let written = &config.format;
        if written.records.is_empty() && format.types().len() > 1 {
            let names: Vec<&str> = format.types().iter().map(|ty| &*ty.name).collect();
            let message = format!("`records` has to say which of these a record is: {}", names.join(", "));
            wrong.push(
                Diagnostic::new("E007", written.node.span, message)
                    .hint("write records: { header: { HDR-TYPE: \"00\" } }"),
            );
        }
        let rules = select::compile(&written.records, &*format, &mut wrong);
        let framing = match split {
            Some(split) if written.framing.chosen.is_none() => Some(Framing::Split(split)),
            split => config::settle(&written.framing, &*format, is_ebcdic, (is_text, split.is_some()))
                .map_err(|found| wrong.push(found))
                .ok(),
        };
        if let (Some(_), Some(framing)) = (wide, &framing)
            && !matches!(framing, Framing::Lines(_) | Framing::Split(_))
        {
            let message = format!("records of UTF-16 are lines, and cannot be framed by {}", framing.word());
            wrong.push(Diagnostic::new("E007", written.framing.span, message).hint("leave `framing` out"));
        }
        let layout = shape::build(&rules, &written.parents, format, &mut shape, &mut wrong);
        let (Some(framing), true) = (framing, wrong.is_empty()) else { return Err(wrong) };
        let plan = Plan {
            layout: Arc::new(layout),
            rules: rules.into(),
            framing,
            skip: written.framing.skip,
            limits: config.limits,
        };
        let folder = config.place.map(|(place, store)| Arc::new(Folder::new(place, store)));
        Ok(Self {
            plan: Arc::new(plan),
            shape: Arc::new(shape.finish()),
            watch: folder.as_ref().and_then(|folder| Some(Arc::new(Watch::of(folder.watchable()?)))),
            folder,
            poll: config.poll,
            compression: config.compression,
            bounds: config.bounds,
            wide,
        })
    }

    /// Reads bytes at hand.
    ///
    /// # Errors
    /// In words: they are no unit.
    pub(crate) fn reader(&self, name: &str, bytes: Bytes) -> Result<Reader, String> {
        let blocks = Blocks::new(Origin::Memory(bytes));
        let content = Content::open(blocks, self.compression, self.bounds).map_err(|why| why.to_string())?;
        Ok(Reader::new(Arc::clone(&self.plan), name.into(), content.wide(self.wide)))
    }

    /// Returns how UTF-16 lies in files, where they are of it.
    pub(crate) fn wide(&self) -> Option<Wide> {
        self.wide
    }

    /// Returns how files are read.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Returns what records look like.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    fn folder(&self) -> Result<Arc<Folder>, Error> {
        self.folder
            .clone()
            .ok_or_else(|| Error::new(Class::Defect, Cause::Internal, "the path of the files is not known"))
    }
}

/// Lets another thread do what blocks.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let given_up = |_| Error::new(Class::Transient, Cause::Internal, "reading the folder was given up");
    tokio::task::spawn_blocking(work).await.map_err(given_up)?
}

impl Source for FilesConnection {
    fn list(&self) -> BoxFuture<'_, Result<Listing, Error>> {
        Box::pin(async move {
            let (folder, watch) = (self.folder()?, self.watch.clone());
            apart(move || match watch {
                Some(watch) => watch.listing(|| folder.list()),
                None => folder.list(),
            })
            .await
        })
    }

    fn open<'a>(&'a self, unit: &'a UnitRef) -> BoxFuture<'a, Result<Box<dyn Unit>, Error>> {
        Box::pin(async move {
            let (folder, plan, unit) = (self.folder()?, Arc::clone(&self.plan), unit.clone());
            let (compression, bounds, wide) = (self.compression, self.bounds, self.wide);
            apart(move || {
                let (blocks, finish) = folder.open(&unit)?;
                let content = Content::open(blocks, compression, bounds);
                let content = content.map_err(|trouble| trouble.error(&unit.name))?;
                let reader = Reader::new(Arc::clone(&plan), Arc::clone(&unit.name), content.wide(wide));
                let unit: Box<dyn Unit> = Box::new(FileUnit::new(unit.name, plan, reader, Some(finish)));
                Ok(unit)
            })
            .await
        })
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let due = self.folder.as_ref().and_then(|folder| folder.due());
            // Nobody is told of what other machines write to a shared folder, so it is listed every so often, too.
            let most = due.map_or(self.poll, |due| due.min(self.poll));
            match &self.watch {
                Some(watch) => watch.wait(most).await,
                None => tokio::time::sleep(most).await,
            }
        })
    }

    fn sample(&self, name: &str, bytes: Bytes) -> Result<Box<dyn Unit>, String> {
        let reader = self.reader(name, bytes)?;
        Ok(Box::new(FileUnit::new(name.into(), Arc::clone(&self.plan), reader, None)))
    }

    fn letter(&self, raw: &RawRecord) -> Result<Box<dyn Records>, String> {
        Ok(Box::new(letter(&self.plan, raw)?))
    }

    fn fields(&self, raw: &RawRecord) -> Vec<SeenField> {
        letter_fields(self, raw)
    }
}

impl Connection for FilesConnection {
    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.encode_file(part, content).map(Wire::from)
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        Ok(Box::new(self.decode_file(part, wire)?))
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        self.compare(expected, found)
    }

    fn source(&self) -> Option<&dyn Source> {
        Some(self)
    }
}

#[cfg(test)]
mod tests;
