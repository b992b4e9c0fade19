//! A small world for tests: shapes, mappings and records as short texts.
//!
//! **Invariant.** Models are compiled from a mapping, as in production; only the legacy schema is made by hand.

use crate::json::{self, JsonLimits};
use crate::lang;
use crate::plan::compile::{Environment, compile};
use crate::plan::model::Model;
use crate::plan::tree::{Leaf, NodeId, Tree};
use crate::plan::write::{Write, put};
use crate::program::{Ambient, Program};
use crate::value::Value;
use kernel::{
    Catalogue, Group, Name, Occurs, Part, PartId, PartKind, ScalarType, Severity, ShapeBuilder, Sources,
    Type, TypeId, TypeKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A compiled project with one connection, `pms`.
pub(crate) struct Kit {
    pub(crate) program: Program,
}

/// What became of a write: the record, and whether a mapped field changed; or the pointers that were refused.
pub(crate) type Done = Result<(String, bool), Vec<String>>;

impl Kit {
    /// Compiles the model `M` of the structure `Rec`; `shape` has a line per part, `model` is the model's YAML.
    pub(crate) fn new(shape: &str, model: &str) -> Self {
        Self::with(shape, model, &[])
    }

    /// Compiles it together with further files, such as JSON Schemas.
    pub(crate) fn with(shape: &str, model: &str, files: &[(&str, &str)]) -> Self {
        let indented: String = model.lines().map(|line| format!("    {line}\n")).collect();
        let text = format!(
            "facade: kit\nformat: 1\nauth: {{ type: none }}\nconnections:\n  pms: {{ type: double }}\n\
             codes:\n  state: {{ open: [O, P], closed: C }}\nmodels:\n  M:\n    legacy: pms/Rec\n{indented}"
        );
        let mut sources = Sources::default();
        let (project, mut found) = lang::load(vec![("kit.yaml".into(), text.clone())], &mut sources);
        let catalogue = Catalogue { shape: Arc::new(read_shape(shape)), ..Catalogue::default() };
        let read = |name: &str| {
            let file = files.iter().find(|(known, _)| *known == name);
            file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("{name} is missing"))
        };
        let catalogues = BTreeMap::from([("pms".to_owned(), Arc::new(catalogue))]);
        let failed = BTreeSet::new();
        let mut environment = Environment {
            catalogues: &catalogues,
            failed: &failed,
            statements: &|_, _| Err(Vec::new()),
            files: &read,
            sources: &mut sources,
        };
        let compiled = compile(&project, &mut environment);
        found.extend(compiled.findings);
        found.retain(|one| one.severity == Severity::Error);
        assert!(found.is_empty(), "{found:#?}\n{text}");
        Self { program: compiled.program.expect("without an error there is a program") }
    }

    pub(crate) fn model(&self) -> &Arc<Model> {
        self.program.find_model("M").expect("the kit has a model M")
    }

    /// Makes a record: `@id=7 Status=Book Global(Total(@Amount=1.50))`; `Name!` is explicitly nothing.
    pub(crate) fn record(&self, text: &str) -> Tree {
        let model = self.model();
        let mut tree = Tree::new(Arc::clone(&model.shape), model.ty);
        let root = tree.root();
        let mut rest = text.trim();
        while !rest.is_empty() {
            rest = node(&mut tree, root, rest).trim_start();
        }
        tree
    }

    /// Puts JSON into a record.
    pub(crate) fn put(&self, record: &str, modern: &str, write: Write) -> Done {
        let mut tree = self.record(record);
        let root = tree.root();
        match put(self.model(), &parse(modern), &mut tree, root, write, &Ambient::for_tests()) {
            Ok(outcome) => Ok((show(&tree, root), outcome.changed)),
            Err(errors) => Err(errors.into_iter().map(|error| error.pointer).collect()),
        }
    }
}

pub(crate) fn parse(text: &str) -> Value {
    json::parse(text.as_bytes(), JsonLimits::default()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// Prints the content of a node in the form of [`Kit::record`].
pub(crate) fn show(tree: &Tree, node: NodeId) -> String {
    let child = |&child: &NodeId| {
        let part = tree.shape().part(tree.part(child).expect("a child is a part"));
        let mark = if part.kind == PartKind::Attribute { "@" } else { "" };
        let name = format!("{mark}{}", part.name.local);
        let ty = tree.ty(child);
        let ty = if ty == part.ty { None } else { tree.shape().ty(ty).name.as_ref() };
        let name = ty.map_or(name.clone(), |ty| format!("{name}:{}", ty.local));
        match (tree.leaf(child), tree.value(child)) {
            (_, Some(kernel::Scalar::Nil)) => format!("{name}!"),
            (Some(leaf), _) => format!("{name}={}", leaf.text().unwrap_or_else(|| "?".into())),
            (None, _) => format!("{name}({})", show(tree, child)),
        }
    };
    tree.children(node).iter().map(child).collect::<Vec<_>>().join(" ")
}

/// Reads one node and returns what is left.
fn node<'t>(tree: &mut Tree, parent: NodeId, text: &'t str) -> &'t str {
    let end = text.find(['=', '(', '!']).unwrap_or_else(|| panic!("unreadable: {text}"));
    let (name, rest) = text.split_at(end);
    let (name, ty) = name.split_once(':').map_or((name, None), |(name, ty)| (name, Some(ty)));
    let part = find(tree, parent, name.trim_start_matches('@'));
    let declared = tree.shape().part(part).ty;
    let ty = ty.map_or(declared, |ty| tree.shape().derived(declared, ty).expect("a derived type"));
    let child = tree.add_as(parent, part, ty);
    match rest.as_bytes()[0] {
        b'=' => {
            let end = rest.find([' ', ')']).unwrap_or(rest.len());
            tree.set(child, Leaf::Text(rest[1..end].into()));
            &rest[end..]
        }
        b'!' => {
            tree.set(child, Leaf::Nil);
            &rest[1..]
        }
        _ => {
            let mut inner = rest[1..].trim_start();
            while !inner.starts_with(')') {
                inner = node(tree, child, inner).trim_start();
            }
            &inner[1..]
        }
    }
}

fn find(tree: &Tree, parent: NodeId, name: &str) -> PartId {
    let group = tree.shape().group(tree.ty(parent)).unwrap_or_else(|| panic!("{name} stands in a leaf"));
    let is = |id: &PartId| *tree.shape().part(*id).name.local == *name;
    group.parts.iter().copied().find(is).unwrap_or_else(|| panic!("the shape has no {name}"))
}

/// Reads a shape: a line per part, `@Name type [m..n]` or `Name [m..n]` with its parts below; `Name : Base` derives a
/// type that stands for itself.
fn read_shape(text: &str) -> kernel::Shape {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .collect();
    let mut build = ShapeBuilder::new();
    let mut types = BTreeMap::new();
    let (globals, _) = parts(&mut build, &mut types, &lines, 0, lines[0].0);
    for part in globals {
        build.add_global(part);
    }
    build.finish()
}

type Types = BTreeMap<String, (TypeId, Vec<PartId>)>;

/// Reads the parts at this depth from line `n` on; returns them and the first line behind them.
fn parts(
    build: &mut ShapeBuilder,
    types: &mut Types,
    lines: &[(usize, &str)],
    mut n: usize,
    depth: usize,
) -> (Vec<PartId>, usize) {
    let mut found = Vec::new();
    while let Some(&(at, line)) = lines.get(n).filter(|(at, _)| *at >= depth) {
        assert_eq!(at, depth, "{line} is indented wrongly");
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, attribute) = words[0].strip_prefix('@').map_or((words[0], false), |name| (name, true));
        let inner = lines.get(n + 1).filter(|(inner, _)| *inner > depth).map(|(inner, _)| *inner);
        let base = words.iter().position(|word| *word == ":").map(|at| words[at + 1]);
        let ty = match inner {
            Some(inner) => {
                let (own, next) = parts(build, types, lines, n + 1, inner);
                n = next;
                group(build, types, name, base, own)
            }
            None => {
                n += 1;
                build.add_scalar(scalar(words.get(1).copied().unwrap_or("text")))
            }
        };
        if base.is_some() {
            continue;
        }
        let kind = if attribute { PartKind::Attribute } else { PartKind::Element };
        let occurs = words.iter().find_map(|word| occurs(word)).unwrap_or(Occurs::ONCE);
        let nillable = words.contains(&"nillable");
        found.push(build.add_part(Part { occurs, nillable, ..Part::new(Name::local(name), kind, ty) }));
    }
    (found, n)
}

fn group(
    build: &mut ShapeBuilder,
    types: &mut Types,
    name: &str,
    base: Option<&str>,
    own: Vec<PartId>,
) -> TypeId {
    let inherited = base.map(|base| types[base].clone());
    let mut all = inherited.as_ref().map_or_else(Vec::new, |(_, parts)| parts.clone());
    all.extend(own);
    let group = Group { parts: all.clone(), base: inherited.map(|(id, _)| id), ..Group::default() };
    let id = build.add_type(Type { name: Some(Name::local(name)), kind: TypeKind::Group(group), span: None });
    types.insert(name.to_owned(), (id, all));
    id
}

fn scalar(word: &str) -> ScalarType {
    match word {
        "int" => ScalarType::integer(),
        "dec" => ScalarType::decimal(),
        "date" => ScalarType::Date,
        "datetime" => ScalarType::DateTime,
        "bool" => ScalarType::Bool,
        _ => ScalarType::text(),
    }
}

fn occurs(word: &str) -> Option<Occurs> {
    let (min, max) = word.split_once("..")?;
    Some(Occurs { min: min.parse().ok()?, max: max.parse().ok() })
}
