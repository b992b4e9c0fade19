//! The one table of all keys of the format: what they are called, which form they have, what they mean.
//!
//! **Invariant.** The reader, the editor schema and the printed reference know nothing but this table.

mod model;
mod policy;
mod project;
mod rest;
mod scalar;
mod stream;
mod test;

pub(crate) use model::MODEL;
pub(crate) use policy::POLICY;
pub(crate) use project::{CSV_CODES, ROOT};
pub(crate) use rest::OPERATION;
pub(crate) use scalar::Scalar;
pub(crate) use stream::{EVENTS, RECONCILE, VERSION};
pub(crate) use test::TEST;

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its name in the editor schema and the reference.
    pub(crate) name: &'static str,
    /// What it is, in a sentence.
    pub(crate) doc: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
    /// Further keys belong to somebody else and are checked there.
    pub(crate) open: bool,
}

/// One key of a block.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key.
    pub(crate) name: &'static str,
    /// What stands behind it.
    pub(crate) form: Form,
    /// It must be there.
    pub(crate) required: bool,
    /// The default in words; empty where it is nothing.
    pub(crate) default: &'static str,
    /// What it does, in a sentence.
    pub(crate) doc: &'static str,
}

/// What stands behind a key.
#[derive(Debug)]
pub(crate) enum Form {
    /// One text.
    One(Scalar),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A list of texts.
    Many(Scalar),
    /// A text or a list of texts.
    OneOrMany(Scalar),
    /// A map with known keys.
    Map(&'static Block),
    /// A text as shorthand, or a map.
    Short(Scalar, &'static Block),
    /// A list of maps.
    Items(&'static Block),
    /// A map whose keys are names or paths.
    Entries(&'static str, &'static Form),
    /// A text, or `~`.
    OneOrNothing(Scalar),
    /// A code table.
    Codes,
    /// A map of path to values, or a list of such maps.
    Conditions,
    /// Values, or conditions.
    ValuesOrConditions,
    /// Data of a test: a file, a text, a map or a list.
    Payload,
    /// A list of maps of data.
    DataList,
    /// A map that an adapter reads.
    Foreign,
}

impl Block {
    /// Returns a key by its name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// Returns a key that may be left out.
    pub(crate) const fn new(name: &'static str, form: Form, doc: &'static str) -> Self {
        Self { name, form, required: false, default: "", doc }
    }

    /// Returns a key that must be there.
    pub(crate) const fn required(name: &'static str, form: Form, doc: &'static str) -> Self {
        Self { name, form, required: true, default: "", doc }
    }

    /// Returns a key with a default.
    pub(crate) const fn with(
        name: &'static str,
        form: Form,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { name, form, required: false, default, doc }
    }
}

impl Form {
    /// Returns what is expected, in words: `a duration such as 5s`.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::One(scalar) => scalar.words().to_owned(),
            Self::Words(words) => format!("one of {}", words.join(", ")),
            Self::Many(scalar) => format!("a list, each {}", scalar.words()),
            Self::OneOrMany(scalar) => format!("{}, or a list", scalar.words()),
            Self::Map(_) | Self::Foreign => "a map".to_owned(),
            Self::Short(scalar, _) => format!("{}, or a map", scalar.words()),
            Self::Items(_) | Self::DataList => "a list of maps".to_owned(),
            Self::Entries(key, form) => format!("a map of {key} to {}", form.words()),
            Self::OneOrNothing(scalar) => format!("{}, or ~", scalar.words()),
            Self::Codes => "a map of modern names to legacy codes".to_owned(),
            Self::Conditions => "a map of legacy path to value or values, or a list of such maps".to_owned(),
            Self::ValuesOrConditions => {
                "a value, a list of values, or a map of legacy path to values".to_owned()
            }
            Self::Payload => "a file, a block of text, a map or a list".to_owned(),
        }
    }
}
