//! Shapes and documents for tests, written as short texts.
//!
//! **Invariant.** Only tests use it.
//!
//! A shape: `type Name : Base { @attr? child* { … } leaf:date other=Named }`; the last line is the messages:
//! `call Read { … } -> { … }`, or the types of records that come by themselves: `record booking=Booking`. What stands
//! beside a record is written `$header?=Header`, what follows from other things `~Count`. A document: `(List (Res @Status=Book (Id "x")))`, told as an adapter would; `(Id bad)` cannot be
//! read.

use kernel::{
    BadField, Catalogue, DecodeError, Document, Group, Interest, Name, Occurs, Operation, Part, PartId,
    PartKind, Particle, Progress, Scalar, ScalarType, Shape, ShapeBuilder, Stop, Type, TypeId, TypeKind,
    Visitor,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Reads a catalogue.
pub(crate) fn catalogue(text: &str) -> Arc<Catalogue> {
    let mut parser = Parser {
        words: words(text),
        at: 0,
        build: ShapeBuilder::new(),
        named: HashMap::new(),
        parts: HashMap::new(),
    };
    let mut operations = Vec::new();
    let mut records = Vec::new();
    while parser.at < parser.words.len() {
        match parser.next().as_str() {
            "type" => parser.named_type(),
            "call" => {
                let name = parser.next();
                let request = parser.message(&format!("{name}RQ"));
                assert_eq!(parser.next(), "->");
                let reply = parser.message(&format!("{name}RS"));
                operations.push(Operation {
                    name: name.as_str().into(),
                    request,
                    reply: Some(reply),
                    faults: Vec::new(),
                    span: None,
                });
            }
            "record" => {
                let word = parser.next();
                let (name, ty) = word.split_once('=').expect("a record has a type");
                let ty = parser.named(ty);
                let part = parser.build.add_part(Part::new(Name::local(name), PartKind::Element, ty));
                parser.build.add_global(part);
                records.push(part);
            }
            other => panic!("type, record or call, not {other}"),
        }
    }
    Arc::new(Catalogue {
        shape: Arc::new(parser.build.finish()),
        operations,
        records,
        ..Catalogue::default()
    })
}

const MARKS: [char; 4] = ['?', '*', '+', '9'];

struct Parser {
    words: Vec<String>,
    at: usize,
    build: ShapeBuilder,
    named: HashMap<String, TypeId>,
    parts: HashMap<TypeId, (Vec<PartId>, Vec<Particle>)>,
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        rest = &rest[start..];
        let quoted = rest.starts_with('"');
        let end = if quoted {
            rest[1..].find('"').map_or(rest.len(), |n| n + 2)
        } else if rest.starts_with(['{', '}', '(', ')']) {
            1
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "{}()".contains(c)).unwrap_or(rest.len());
            match rest[..end].find("=\"") {
                Some(quote) => rest[quote + 2..].find('"').map_or(rest.len(), |n| quote + n + 3),
                None => end,
            }
        };
        words.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    words
}

impl Parser {
    fn next(&mut self) -> String {
        self.at += 1;
        self.words[self.at - 1].clone()
    }

    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn named(&mut self, name: &str) -> TypeId {
        if let Some(&known) = self.named.get(name) {
            return known;
        }
        let id = self.build.reserve();
        self.named.insert(name.into(), id);
        id
    }

    fn named_type(&mut self) {
        let name = self.next();
        let id = self.named(&name);
        let mut base = None;
        if self.peek() == ":" {
            self.next();
            let of = self.next();
            base = Some(self.named(&of));
        }
        self.body(id, Some(name), base);
    }

    fn message(&mut self, name: &str) -> PartId {
        let ty = self.build.reserve();
        self.body(ty, None, None);
        let part = self.build.add_part(Part::new(Name::local(name), PartKind::Element, ty));
        self.build.add_global(part);
        part
    }

    fn body(&mut self, id: TypeId, name: Option<String>, base: Option<TypeId>) {
        let (mut parts, mut content) =
            base.and_then(|base| self.parts.get(&base).cloned()).unwrap_or_default();
        assert_eq!(self.next(), "{");
        while self.peek() != "}" {
            let part = self.part();
            parts.push(part);
            let it = self.build.part(part);
            if it.kind == PartKind::Element {
                content.push(Particle::Part(part, it.occurs));
            }
        }
        self.next();
        self.parts.insert(id, (parts.clone(), content.clone()));
        let content = (!content.is_empty()).then_some(Particle::Sequence(content, Occurs::ONCE));
        let kind = TypeKind::Group(Group { parts, content, base, ..Group::default() });
        self.build.define(id, Type { name: name.map(Name::local), kind, span: None });
    }

    fn part(&mut self) -> PartId {
        let word = self.next();
        // How often it occurs may stand behind the name or behind the type.
        let word = match word.rsplit_once([':', '=']) {
            Some((name, ty)) if ty.ends_with(MARKS) => {
                let (ty, mark) = ty.split_at(ty.len() - 1);
                format!("{name}{mark}{}{ty}", &word[name.len()..=name.len()])
            }
            _ => word,
        };
        let (word, ty) = match (word.split_once(':'), word.split_once('=')) {
            (Some((name, ty)), _) => (name.to_owned(), Some(self.build.add_scalar(scalar(ty)))),
            (_, Some((name, ty))) => {
                let ty = self.named(ty);
                (name.to_owned(), Some(ty))
            }
            _ => (word, None),
        };
        let (name, occurs) = match word.chars().last() {
            Some('?') => (&word[..word.len() - 1], Occurs::OPTIONAL),
            Some('*') => (&word[..word.len() - 1], Occurs::ANY),
            Some('+') => (&word[..word.len() - 1], Occurs { min: 1, max: None }),
            Some(digit @ '2'..='9') => (&word[..word.len() - 1], Occurs { min: 0, max: digit.to_digit(10) }),
            _ => (word.as_str(), Occurs::ONCE),
        };
        let (name, implied) = name.strip_prefix('~').map_or((name, false), |name| (name, true));
        let (name, kind) = match name.strip_prefix('@') {
            Some(name) => (name, PartKind::Attribute),
            None if name.starts_with('$') => (&name[1..], PartKind::Beside),
            None if name == "#text" => (name, PartKind::Text),
            None => (name, PartKind::Element),
        };
        let ty = ty.unwrap_or_else(|| {
            if self.peek() == "{" {
                let id = self.build.reserve();
                self.body(id, None, None);
                id
            } else {
                self.build.add_scalar(ScalarType::text())
            }
        });
        self.build.add_part(Part { occurs, implied, ..Part::new(Name::local(name), kind, ty) })
    }
}

fn scalar(name: &str) -> ScalarType {
    match name {
        "text" => ScalarType::text(),
        "int" => ScalarType::integer(),
        "dec" => ScalarType::decimal(),
        "bool" => ScalarType::Bool,
        "date" => ScalarType::Date,
        "datetime" => ScalarType::DateTime,
        other => panic!("no type {other}"),
    }
}

/// A document over a text. It pauses, skips and resumes as a decoder does, and asserts that the visitor plays by the rules.
pub(crate) struct Told {
    events: Vec<Event>,
    at: usize,
    slow: bool,
    waited: bool,
    pub(crate) entered: usize,
}

#[derive(Debug)]
enum Event {
    Enter(PartId, TypeId, usize),
    Leaf(PartId, Option<String>),
    Bad(PartId, u64),
    Leave(PartId),
    Unknown(String),
}

impl Told {
    /// Reads a document of a type.
    pub(crate) fn new(shape: &Shape, ty: TypeId, text: &str) -> Self {
        let words = words(text);
        let mut events = Vec::new();
        let mut at = 0;
        while at < words.len() {
            tell(shape, ty, &words, &mut at, &mut events);
        }
        Self { events, at: 0, slow: false, waited: false, entered: 0 }
    }

    /// Stops for more input before each event, as if bytes came one by one.
    pub(crate) fn slow(mut self, slow: bool) -> Self {
        self.slow = slow;
        self
    }
}

fn tell(shape: &Shape, ty: TypeId, words: &[String], at: &mut usize, events: &mut Vec<Event>) {
    let word = words[*at].clone();
    *at += 1;
    if let Some(attribute) = word.strip_prefix('@') {
        let (name, value) = attribute.split_once('=').expect("an attribute has a value");
        return leaf(shape, ty, name, Some(value), events);
    }
    if word.starts_with('"') {
        return leaf(shape, ty, "#text", Some(&word), events);
    }
    assert_eq!(word, "(", "a part begins with a parenthesis");
    let name = words[*at].clone();
    *at += 1;
    let (name, as_type) = name.split_once('=').map_or((name.as_str(), None), |(name, ty)| (name, Some(ty)));
    let group = shape.group(ty).expect("a structure");
    let derived =
        || group.derived.iter().filter_map(|&derived| shape.group(derived)).flat_map(|group| &group.parts);
    let (name, beside) = name.strip_prefix('$').map_or((name, false), |name| (name, true));
    let part = group.parts.iter().chain(derived()).copied().find(|&part| {
        let part = shape.part(part);
        *part.name.local == *name && (part.kind == PartKind::Beside) == beside
    });
    let Some(part) = part else {
        events.push(Event::Unknown(name.to_owned()));
        let mut depth = 1;
        while depth > 0 {
            depth = match words[*at].as_str() {
                "(" => depth + 1,
                ")" => depth - 1,
                _ => depth,
            };
            *at += 1;
        }
        return;
    };
    let declared = shape.part(part).ty;
    let ty = as_type.map_or(declared, |name| shape.derived(declared, name).expect("a derived type"));
    if shape.group(ty).is_none() {
        if words[*at] == "bad" {
            events.push(Event::Enter(part, ty, events.len() + 1));
            events.push(Event::Bad(part, u64::try_from(*at).unwrap_or_default()));
            *at += 2;
            return;
        }
        let value = if words[*at] == ")" {
            Some("\"\"".to_owned())
        } else {
            Some(words[*at].clone()).filter(|word| word != "nil")
        };
        *at += if words[*at] == ")" { 1 } else { 2 };
        events.push(Event::Enter(part, ty, events.len() + 1));
        events.push(Event::Leaf(part, value.map(unquoted)));
        return;
    }
    let enter = events.len();
    events.push(Event::Enter(part, ty, 0));
    if let Some(name) = as_type {
        events.push(Event::Enter(PartId::TYPE, TypeId(0), events.len() + 1));
        events.push(Event::Leaf(PartId::TYPE, Some(name.to_owned())));
    }
    while words[*at] != ")" {
        if words[*at] == "nil" {
            *at += 1;
            events.push(Event::Leaf(part, None));
            continue;
        }
        tell(shape, ty, words, at, events);
    }
    *at += 1;
    events.push(Event::Leave(part));
    let end = events.len() - 1;
    events[enter] = Event::Enter(part, ty, end);
}

fn leaf(shape: &Shape, ty: TypeId, name: &str, value: Option<&str>, events: &mut Vec<Event>) {
    let parts = &shape.group(ty).expect("a structure").parts;
    let part = parts.iter().copied().find(|&part| *shape.part(part).name.local == *name);
    let part = part.unwrap_or_else(|| panic!("no attribute {name}"));
    events.push(Event::Enter(part, shape.part(part).ty, events.len() + 1));
    events.push(Event::Leaf(part, value.map(|value| unquoted(value.to_owned()))));
}

fn unquoted(text: String) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map_or(text.clone(), str::to_owned)
}

/// The error of a leaf that cannot be read.
fn bad(part: PartId, at: u64) -> DecodeError {
    let field = BadField { path: format!("part {}", part.0), bytes: [0xff].into() };
    DecodeError { field: Some(Box::new(field)), ..DecodeError::new("these are no digits", at) }
}

impl Document for Told {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        while self.at < self.events.len() {
            if self.slow && !std::mem::replace(&mut self.waited, true) {
                return Ok(Progress::NeedInput);
            }
            self.waited = false;
            match self.step(to) {
                Ok(true) => {}
                Ok(false) => return Ok(Progress::Paused),
                Err(Stop) => {
                    return match &self.events[self.at] {
                        Event::Bad(part, at) => Err(bad(*part, *at)),
                        _ => Ok(Progress::Stopped),
                    };
                }
            }
        }
        Ok(Progress::End)
    }
}

impl Told {
    fn step(&mut self, to: &mut dyn Visitor) -> Result<bool, Stop> {
        match &self.events[self.at] {
            Event::Enter(part, ty, end) => {
                self.entered += 1;
                let leaf = matches!(self.events[*end], Event::Leaf(..) | Event::Bad(..));
                match to.enter(*part, *ty) {
                    Interest::Pause => return Ok(false),
                    Interest::Skip => self.at = *end,
                    Interest::Leaf => assert!(leaf, "a structure was taken for a leaf"),
                    Interest::Descend => assert!(!leaf, "a leaf was taken for a structure"),
                }
            }
            Event::Leaf(part, value) => {
                to.leaf(*part, value.as_deref().map_or(Scalar::Nil, Scalar::Text))?;
            }
            Event::Bad(part, at) => to.unreadable(*part, &bad(*part, *at))?,
            Event::Leave(part) => to.leave(*part)?,
            Event::Unknown(name) => to.unknown(name),
        }
        self.at += 1;
        Ok(true)
    }
}
