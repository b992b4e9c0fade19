//! Parts as an XML element: the mirror of the decoder.
//!
//! **Invariant.** What is written is well-formed and says its namespaces and types where the shape alone does not;
//! what XML cannot hold is an error, never another character.

#[cfg(test)]
mod tests;

use super::escape::{self, Unwritable};
use super::names::XSI;
use super::spaces::{Spaces, declare};
use kernel::{
    Cause, Class, Document, Error, Interest, PartId, PartKind, Progress, Scalar, Shape, Stop, TypeId, Visitor,
};

/// Room for the namespaces of a root, its attributes and its content, at first; most requests need no more.
const DECLARATIONS_BYTES: usize = 200;
const HEAD_BYTES: usize = 128;
const BODY_BYTES: usize = 512;

/// Writes elements.
#[derive(Debug)]
pub(crate) struct Encoder<'a> {
    shape: &'a Shape,
    spaces: &'a Spaces,
    /// Complete elements.
    done: String,
    /// Attributes of the root, whose tag is written last, once all its namespaces are known.
    head: String,
    /// Content of the root.
    body: String,
    root: Option<Root>,
    /// The groups that are open below the root.
    open: Vec<Level>,
    /// Whether a namespace needs its prefix.
    used: Vec<bool>,
    xsi: bool,
    /// There is no root, but each part of it is one.
    several: bool,
    scratch: String,
    error: Option<Error>,
}

#[derive(Debug, Clone, Copy)]
struct Root {
    level: Level,
    default: u32,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    part: PartId,
    ty: TypeId,
    /// The start tag has no `>` yet.
    tag_open: bool,
    typed: bool,
}

/// Writes the element that `root` is, with the content that a document tells.
///
/// # Errors
/// A value that XML cannot hold; parts that do not belong there.
pub(crate) fn element(
    shape: &Shape,
    spaces: &Spaces,
    root: PartId,
    content: &mut dyn Document,
) -> Result<String, Error> {
    let mut encoder = Encoder::new(shape, spaces);
    encoder.begin_root(root, shape.part(root).ty);
    encoder.drive(content)?;
    encoder.end_root();
    Ok(encoder.done)
}

/// Writes each part that a document tells as an element of its own.
///
/// # Errors
/// As for `element`.
pub(crate) fn elements(shape: &Shape, spaces: &Spaces, content: &mut dyn Document) -> Result<String, Error> {
    let mut encoder = Encoder::new(shape, spaces);
    encoder.several = true;
    encoder.drive(content)?;
    Ok(encoder.done)
}

impl<'a> Encoder<'a> {
    fn new(shape: &'a Shape, spaces: &'a Spaces) -> Self {
        Self {
            shape,
            spaces,
            done: String::new(),
            head: String::new(),
            body: String::new(),
            root: None,
            open: Vec::new(),
            used: vec![false; spaces.count() + 1],
            xsi: false,
            several: false,
            scratch: String::new(),
            error: None,
        }
    }

    fn drive(&mut self, content: &mut dyn Document) -> Result<(), Error> {
        let progress = content.advance(self).map_err(|error| {
            Error::new(Class::Defect, Cause::Internal, "the request could not be told").because(error)
        })?;
        match (self.error.take(), progress) {
            (Some(error), _) => Err(error),
            (None, Progress::End) => Ok(()),
            (None, _) => Err(defect("the request ended early")),
        }
    }

    fn begin_root(&mut self, part: PartId, ty: TypeId) {
        let default = self.spaces.default_below(part);
        self.root = Some(Root { level: Level { part, ty, tag_open: true, typed: false }, default });
        self.head.clear();
        self.head.reserve(HEAD_BYTES);
        self.body.clear();
        self.body.reserve(BODY_BYTES);
        self.used.fill(false);
        self.xsi = false;
        if ty != self.shape.part(part).ty {
            self.write_type(ty);
        }
    }

    /// Writes the root's tag with the namespaces that turned out to be needed, then its content.
    fn end_root(&mut self) {
        let Some(root) = self.root.take() else { return };
        let name = self.qualified(root.level.part, root.default);
        // Without room for all of it, the text would be moved with each piece.
        self.done.reserve(self.head.len() + self.body.len() + 2 * name.len() + DECLARATIONS_BYTES);
        for piece in ["<", &name] {
            self.done.push_str(piece);
        }
        self.done.push_str(self.spaces.default_declaration(root.default));
        for number in (1..=self.spaces.count() as u32).filter(|&number| self.used[number as usize]) {
            self.done.push_str(self.spaces.declaration(number));
        }
        if self.xsi {
            declare(&mut self.done, "xmlns:xsi", XSI);
        }
        self.done.push_str(&self.head);
        if self.body.is_empty() {
            self.done.push_str("/>");
        } else {
            for piece in [">", &self.body, "</", &name, ">"] {
                self.done.push_str(piece);
            }
        }
    }

    /// The name of a part as it is written, which marks its prefix as used.
    fn qualified(&mut self, part: PartId, default: u32) -> String {
        let mut name = String::new();
        self.write_name(part, default, &mut name);
        name
    }

    fn write_name(&mut self, part: PartId, default: u32, out: &mut String) {
        let space = self.spaces.of(part);
        // An attribute without a prefix is in no namespace, whatever the default is.
        let bare = space == 0 || (space == default && self.shape.part(part).kind != PartKind::Attribute);
        if !bare {
            self.used[space as usize] = true;
            out.push_str(self.spaces.prefix(space));
        }
        out.push_str(&self.shape.part(part).name.local);
    }

    fn default(&self) -> u32 {
        self.root.map_or(0, |root| root.default)
    }

    /// Appends a name to the content.
    fn name_into_body(&mut self, part: PartId) {
        let mut body = std::mem::take(&mut self.body);
        self.write_name(part, self.default(), &mut body);
        self.body = body;
    }

    fn innermost(&mut self) -> Option<&mut Level> {
        match self.open.last_mut() {
            Some(level) => Some(level),
            None => self.root.as_mut().map(|root| &mut root.level),
        }
    }

    /// Where attributes of the innermost element go.
    fn tag(&mut self) -> &mut String {
        if self.open.is_empty() { &mut self.head } else { &mut self.body }
    }

    /// Closes the start tag of the innermost element, before its content.
    fn close_tag(&mut self) {
        let below = !self.open.is_empty();
        let Some(level) = self.innermost() else { return };
        if std::mem::replace(&mut level.tag_open, false) && below {
            self.body.push('>');
        }
    }

    fn write_nil(&mut self) {
        self.xsi = true;
        self.tag().push_str(" xsi:nil=\"true\"");
    }

    fn write_type(&mut self, ty: TypeId) {
        let shape = self.shape;
        let Some(name) = &shape.ty(ty).name else { return };
        let Some(level) = self.innermost() else { return };
        if std::mem::replace(&mut level.typed, true) {
            return;
        }
        self.xsi = true;
        let prefix = self.type_prefix(name.space.as_deref());
        let tag = self.tag();
        for piece in [" xsi:type=\"", &prefix.0, &name.local, "\"", &prefix.1] {
            tag.push_str(piece);
        }
    }

    /// The prefix of a type's name, and its declaration where the root has none.
    fn type_prefix(&mut self, space: Option<&str>) -> (String, String) {
        let Some(uri) = space else { return (String::new(), String::new()) };
        if let Some(number) = self.spaces.find(uri) {
            self.used[number as usize] = true;
            return (self.spaces.prefix(number).to_owned(), String::new());
        }
        let mut declaration = String::new();
        declare(&mut declaration, "xmlns:t", uri);
        ("t:".into(), declaration)
    }

    fn begin_element(&mut self, part: PartId, ty: TypeId) {
        if self.several && self.root.is_none() {
            return self.begin_root(part, ty);
        }
        self.close_tag();
        self.body.push('<');
        self.name_into_body(part);
        self.open.push(Level { part, ty, tag_open: true, typed: false });
        if ty != self.shape.part(part).ty {
            self.write_type(ty);
        }
    }

    fn end_element(&mut self) {
        let Some(level) = self.open.pop() else {
            if self.several {
                self.end_root();
            }
            return;
        };
        if level.tag_open {
            self.body.push_str("/>");
        } else {
            self.body.push_str("</");
            self.name_into_body(level.part);
            self.body.push('>');
        }
    }

    fn write(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Error> {
        let is_group = self.innermost().is_some_and(|level| level.part == part)
            && self.shape.group(self.shape.part(part).ty).is_some();
        match self.shape.part(part).kind {
            PartKind::TypeName => self.write_type_name(part, scalar),
            PartKind::Attribute => self.write_attribute(part, scalar),
            PartKind::Text => self.write_text(part, scalar),
            PartKind::Element if is_group && scalar == Scalar::Nil => self.nothing(part),
            PartKind::Element if self.shape.group(self.shape.part(part).ty).is_some() => {
                Err(defect("a value was told for a group"))
            }
            PartKind::Element => {
                // A root that is a leaf is open already.
                let is_root = self.open.is_empty() && self.root.is_some_and(|root| root.level.part == part);
                let result = match scalar {
                    Scalar::Nil => self.nothing(part),
                    _ => self.write_text(part, scalar),
                };
                if !is_root || self.several {
                    self.end_element();
                }
                result
            }
            PartKind::Field | PartKind::Beside => {
                Err(defect("a field of a record was told to an encoder of elements"))
            }
        }
    }

    fn nothing(&mut self, part: PartId) -> Result<(), Error> {
        if !self.shape.part(part).nillable {
            let message = "an element that cannot be nil has no value";
            return Err(Error::new(Class::Client, Cause::Unwritable, message).with("part", self.path(part)));
        }
        self.write_nil();
        Ok(())
    }

    fn write_attribute(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Error> {
        if scalar == Scalar::Nil {
            return Ok(());
        }
        if !self.innermost().is_some_and(|level| level.tag_open) {
            return Err(defect("an attribute was told behind the content of its element"));
        }
        let mut tag = std::mem::take(self.tag());
        tag.push(' ');
        self.write_name(part, self.default(), &mut tag);
        tag.push_str("=\"");
        let result = self.write_scalar(part, scalar, &mut tag, escape::value);
        tag.push('"');
        *self.tag() = tag;
        result
    }

    fn write_text(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Error> {
        if matches!(scalar, Scalar::Nil | Scalar::Text("")) {
            return Ok(());
        }
        self.close_tag();
        let mut body = std::mem::take(&mut self.body);
        let result = self.write_scalar(part, scalar, &mut body, escape::text);
        self.body = body;
        result
    }

    fn write_scalar(
        &mut self,
        part: PartId,
        scalar: Scalar<'_>,
        out: &mut String,
        escape: fn(&str, &mut String) -> Result<(), Unwritable>,
    ) -> Result<(), Error> {
        let result = match scalar {
            Scalar::Text(text) => escape(text, out),
            _ => {
                self.scratch.clear();
                let ty = self.shape.scalar(self.shape.part(part).ty);
                escape::lexical(scalar, ty, &mut self.scratch);
                escape(&self.scratch, out)
            }
        };
        result.map_err(|Unwritable(c)| {
            Error::new(Class::Client, Cause::Unwritable, "a text has a character that XML cannot hold")
                .with("part", self.path(part))
                .with("character", format_args!("U+{:04X}", u32::from(c)))
        })
    }

    fn write_type_name(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Error> {
        let (Scalar::Text(name), Some(&mut level)) = (scalar, self.innermost()) else { return Ok(()) };
        let declared = self.shape.part(level.part).ty;
        let Some(ty) = self.shape.derived(declared, name) else {
            let message = "no type of this name may stand here";
            let error = Error::new(Class::Client, Cause::Unwritable, message);
            return Err(error.with("part", self.path(part)).with("within", self.path(level.part)));
        };
        if !level.tag_open {
            return Err(defect("the name of a type was told behind the content of its element"));
        }
        if ty != declared {
            self.write_type(ty);
        }
        if let Some(level) = self.innermost() {
            level.ty = ty;
        }
        Ok(())
    }

    /// The names of the open elements and of a part.
    fn path(&self, part: PartId) -> String {
        let root = self.root.map(|root| root.level.part);
        let mut path: Vec<&str> = Vec::new();
        for id in root.into_iter().chain(self.open.iter().map(|level| level.part)).chain([part]) {
            let name = &*self.shape.part(id).name.local;
            if path.last() != Some(&name) {
                path.push(name);
            }
        }
        path.join("/")
    }
}

impl Visitor for Encoder<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        let kind = self.shape.part(part).kind;
        let scalar = self.shape.scalar(ty).is_some();
        let is_root = self.open.is_empty() && self.root.is_some_and(|root| root.level.part == part);
        if kind == PartKind::Element && !(scalar && is_root && !self.several) {
            self.begin_element(part, ty);
        }
        if kind == PartKind::Element && !scalar { Interest::Descend } else { Interest::Leaf }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.write(part, scalar).map_err(|error| {
            self.error = Some(error);
            Stop
        })
    }

    fn unknown(&mut self, _name: &str) {}

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        self.end_element();
        Ok(())
    }
}

fn defect(message: &'static str) -> Error {
    Error::new(Class::Defect, Cause::Internal, message)
}
