//! Loads XML Schemas into shapes.
//!
//! **Invariant.** Nothing of a schema is dropped silently: what cannot be told is refused with its place, or noted as passed over.

mod attributes;
mod bounds;
pub(crate) mod builtin;
pub(crate) mod compile;
mod complaints;
mod complex;
mod declare;
pub(crate) mod files;
pub(crate) mod findings;
pub(crate) mod index;
mod model;
mod simple;
mod text;
mod types;

use adapters_ports::Files;
use compile::Compiler;
use findings::Findings;
use index::Index;
use kernel::{Diagnostic, Shape, Sources};
use std::sync::Arc;

/// Namespace of XML Schema.
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Namespace of WSDL 1.1.
pub(crate) const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";

/// An XML Schema that was read.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its types and global elements.
    pub shape: Arc<Shape>,
    /// What was passed over.
    pub findings: Vec<Diagnostic>,
}

/// Reads an XML Schema and all that it imports and includes.
///
/// # Errors
/// Everything that is wrong with it: E091 for files that cannot be read, E092 for constructs that are refused.
pub fn load_xsd(path: &str, files: &dyn Files, sources: &mut Sources) -> Result<Schema, Vec<Diagnostic>> {
    let mut findings = Findings::default();
    let Some(library) = files::collect(path, files, sources, &mut findings) else {
        return Err(findings.into_vec());
    };
    let docs = library.parse();
    let index = Index::build(&library, &docs, &mut findings);
    index.report_unread(&mut findings);
    let mut compiler = Compiler::new(&index, &mut findings);
    compiler.compile_all();
    let shape = compiler.finish();
    if findings.fatal() {
        return Err(findings.into_vec());
    }
    Ok(Schema { shape: Arc::new(shape), findings: findings.into_vec() })
}
