//! Turns checked nodes into the parsed form of a project.
//!
//! **Invariant.** Wrong forms were already reported by `check`; only what stands inside of texts is reported here.

mod case;
mod connection;
mod field;
mod operation;
mod policy;
mod reader;
mod route;
mod section;
mod step;
mod stream;
mod test;
mod version;

pub(crate) use connection::CLASS_NAMES;
pub(crate) use operation::PARAM_TYPES;
pub(crate) use policy::Place;
pub(crate) use reader::Reader;
pub(crate) use section::project;
