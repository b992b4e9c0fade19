//! What both doubles need: a compiled project, a reading of many records, visitors that are hard to please.

use engine::lang;
use engine::plan::compile::{Environment, compile};
use engine::plan::model::{LegacyPath, Model, Pick, Step};
use engine::plan::read::{ReadPlan, ReadSpec, Reader, RecordSpec, Yield};
use engine::plan::tree::{Capture, Tree};
use engine::program::{Ambient, Program};
use kernel::{
    Catalogue, DecodeError, Document, Interest, Occurs, Part, PartId, Progress, Scalar, Shape, Sources, Stop,
    TypeId, Visitor,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Compiles a mapping against the doubles.
pub(crate) fn compiled(mapping: &str, catalogues: [(&str, Arc<Catalogue>); 2]) -> Program {
    let mut sources = Sources::default();
    let (project, mut found) = lang::load(vec![("facade.yaml".into(), mapping.into())], &mut sources);
    let catalogues: BTreeMap<String, Arc<Catalogue>> =
        catalogues.into_iter().map(|(name, catalogue)| (name.to_owned(), catalogue)).collect();
    let files = |path: &str| Err(format!("{path} is not there"));
    let mut environment = Environment {
        catalogues: &catalogues,
        failed: &BTreeSet::new(),
        files: &files,
        statements: &|_: &str, _: &str| Err(Vec::new()),
        sources: &mut sources,
    };
    let compiled = compile(&project, &mut environment);
    found.extend(compiled.findings);
    compiled.program.unwrap_or_else(|| panic!("{}", engine::diagnostics::render(&found, &sources)))
}

/// Reads all records of a source into a JSON array. Every `pause`-th part is put off once; 0 is never.
pub(crate) fn read_all(model: &Model, root: TypeId, mut source: impl Document, pause: usize) -> String {
    let record = Step { parts: vec![model.part], ty: model.ty, pick: Pick::Only };
    let receive = LegacyPath {
        beside: None,
        up: 0,
        steps: vec![record],
        ty: model.ty,
        occurs: Occurs::ANY,
        span: model.span,
    };
    let plan = ReadPlan::new(&ReadSpec {
        shape: Arc::clone(&model.shape),
        root,
        table: Arc::default(),
        tests: Vec::new(),
        details: Vec::new(),
        record: Some(RecordSpec::new(model, receive, Yield::Many)),
        cursor: None,
        strict: false,
        repeatable: true,
    });
    let reader = Reader::new(Arc::new(plan), &Ambient::for_tests());
    let mut reluctant = Reluctant { reader, every: pause, seen: 0, put_off: false };
    let mut step = || source.advance(&mut reluctant).expect("the source can be read");
    while let Progress::NeedInput | Progress::Paused = step() {}
    let answer = reluctant.reader.finish().expect("the records obey the contract");
    String::from_utf8(answer.json.to_vec()).expect("JSON is UTF-8")
}

/// Asks to be told again, now and then.
struct Reluctant {
    reader: Reader,
    every: usize,
    seen: usize,
    put_off: bool,
}

impl Visitor for Reluctant {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        self.seen += 1;
        if self.every > 0 && self.seen.is_multiple_of(self.every) && !self.put_off {
            self.put_off = true;
            return Interest::Pause;
        }
        self.put_off = false;
        self.reader.enter(part, ty)
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.reader.leaf(part, scalar)
    }

    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.reader.unreadable(part, error)
    }

    fn unknown(&mut self, name: &str) {
        self.reader.unknown(name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.reader.leave(part)
    }
}

/// Notes what it is told, with the interest of a model's read plan.
pub(crate) struct Picky {
    reader: Reader,
    shape: Arc<Shape>,
    /// Names of the leaves whose values were asked for.
    pub(crate) decoded: Vec<String>,
    /// How many parts were passed over.
    pub(crate) skipped: usize,
    depth: usize,
}

impl Picky {
    pub(crate) fn new(model: &Model) -> Self {
        let reader = Reader::new(Arc::new(ReadPlan::of_record(model)), &Ambient::for_tests());
        Self { reader, shape: Arc::clone(&model.shape), decoded: Vec::new(), skipped: 0, depth: 0 }
    }
}

impl Visitor for Picky {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        // The plan is one of a record, which the file is around.
        let interest = if self.depth == 0 { Interest::Descend } else { self.reader.enter(part, ty) };
        match interest {
            Interest::Descend => self.depth += 1,
            Interest::Skip => self.skipped += 1,
            Interest::Leaf => self.decoded.push(self.shape.part(part).name.to_string()),
            Interest::Pause => {}
        }
        interest
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.reader.leaf(part, scalar)
    }

    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.reader.unreadable(part, error)
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.depth -= 1;
        if self.depth == 0 { Ok(()) } else { self.reader.leave(part) }
    }
}

/// Takes a whole document that arrives in pieces.
pub(crate) fn taken(
    shape: &Arc<Shape>,
    ty: TypeId,
    document: &mut impl Document,
) -> Result<Tree, DecodeError> {
    let mut capture = Capture::new(shape, ty);
    while document.advance(&mut capture)? != Progress::End {}
    Ok(capture.finish())
}

/// Takes the first record out of a structure.
pub(crate) fn first_of(all: &Tree) -> Tree {
    let node = *all.children(all.root()).first().expect("there is a record");
    let mut alone = Tree::new(Arc::clone(all.shape()), all.ty(node));
    let root = alone.root();
    alone.take_content(root, all, node);
    alone
}

/// Adds a column or a field to a shape under construction.
pub(crate) fn field(build: &mut kernel::ShapeBuilder, name: &str, ty: kernel::ScalarType) -> PartId {
    let ty = build.add_scalar(ty);
    build.add_part(Part::new(kernel::Name::local(name), kernel::PartKind::Field, ty))
}

/// Adds a group of parts and returns its type.
pub(crate) fn group(build: &mut kernel::ShapeBuilder, parts: &[PartId]) -> TypeId {
    let content = parts.iter().map(|&part| kernel::Particle::Part(part, build.part(part).occurs)).collect();
    let kind = kernel::TypeKind::Group(kernel::Group {
        parts: parts.to_vec(),
        content: Some(kernel::Particle::Sequence(content, Occurs::ONCE)),
        ..kernel::Group::default()
    });
    build.add_type(kernel::Type { name: None, kind, span: None })
}

/// Adds a part of a group type.
pub(crate) fn element(build: &mut kernel::ShapeBuilder, name: &str, ty: TypeId, occurs: Occurs) -> PartId {
    let part = Part::new(kernel::Name::local(name), kernel::PartKind::Element, ty);
    build.add_part(Part { occurs, ..part })
}

/// Text of so many characters, padded with blanks.
pub(crate) fn padded(length: u32) -> kernel::ScalarType {
    kernel::ScalarType::Text(kernel::TextType {
        length_max: Some(length),
        padded: true,
        ..kernel::TextType::default()
    })
}

/// An exact number.
pub(crate) fn decimal(digits: u16, scale: u16) -> kernel::ScalarType {
    kernel::ScalarType::Decimal { digits: Some(digits), scale: Some(scale), unsigned: false }
}

/// A number without a sign or decimals.
pub(crate) fn digits(count: u16) -> kernel::ScalarType {
    kernel::ScalarType::Decimal { digits: Some(count), scale: Some(0), unsigned: true }
}
