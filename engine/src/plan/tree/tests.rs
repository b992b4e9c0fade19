//! Trees: order of the schema, picking by paths, grafting, capturing and telling again.
//!
//! **Invariant.** Records are texts in the form of the kit of the write side.

use super::{Leaf, NodeId, Tree, capture};
use crate::plan::model::{Condition, LegacyPath, Pick, Step};
use crate::plan::write::kit::{Kit, show};
use kernel::{Occurs, PartId, Scalar, Span};
use std::sync::Arc;

const SHAPE: &str = "
Rec
  @id text 0..1
  Name text 0..1 nillable
  Box 0..1 nillable
    Inner 0..1
      Leaf text 0..1
  Row 0..9
    @Type text 0..1
    Value text 0..1
  End text 0..1
";

fn kit() -> Kit {
    Kit::new(SHAPE, "fields:\n  name: Name\n")
}

/// Resolves `Row[2]/Value`, `Row[last]`, `Row[Type=x]/Value`, `../Name` by hand.
fn path(tree: &Tree, text: &str) -> LegacyPath {
    let mut ty = tree.ty(tree.root());
    let mut path = LegacyPath {
        beside: None,
        up: 0,
        steps: Vec::new(),
        ty,
        occurs: Occurs::ONCE,
        span: Span::new(kernel::FileId(0), 0, 0),
    };
    for word in text.split('/') {
        if word == ".." {
            path.up += 1;
            continue;
        }
        let (name, pick) = word
            .strip_suffix(']')
            .and_then(|word| word.split_once('['))
            .map_or((word, None), |(a, b)| (a, Some(b)));
        let step = step(tree, ty, name, |ty| pick.map_or(Pick::Only, |pick| of(tree, ty, pick)));
        ty = step.ty;
        path.steps.push(step);
    }
    LegacyPath { ty, ..path }
}

fn step(tree: &Tree, ty: kernel::TypeId, name: &str, pick: impl Fn(kernel::TypeId) -> Pick) -> Step {
    let shape = tree.shape();
    let group = shape.group(ty).expect("a group");
    let part: PartId = group
        .parts
        .iter()
        .copied()
        .find(|&part| *shape.part(part).name.local == *name)
        .expect("a known name");
    let ty = shape.part(part).ty;
    Step { parts: vec![part], ty, pick: pick(ty) }
}

fn of(tree: &Tree, ty: kernel::TypeId, text: &str) -> Pick {
    match (text, text.split_once('=')) {
        ("last", _) => Pick::Last,
        ("*", _) => Pick::All,
        (_, Some((name, value))) => Pick::Where(vec![Condition {
            path: vec![step(tree, ty, name, |_| Pick::Only)],
            value: value.into(),
        }]),
        _ => Pick::Nth(text.parse().expect("a position")),
    }
}

fn values(tree: &Tree, from: NodeId, text: &str) -> Vec<String> {
    let found = tree.select(from, &path(tree, text));
    found.into_iter().map(|node| tree.leaf(node).and_then(Leaf::text).unwrap_or_else(|| "?".into())).collect()
}

#[test]
fn paths_find_what_the_read_plan_would_find() {
    let tree = kit().record("@id=7 Row(@Type=a Value=1) Row(@Type=b Value=2) Row(@Type=a Value=3)");
    let check =
        |text: &str, expected: &[&str]| assert_eq!(values(&tree, tree.root(), text), expected, "{text}");
    check("id", &["7"]);
    check("Row/Value", &["1", "2", "3"]);
    check("Row[*]/Value", &["1", "2", "3"]);
    check("Row[2]/Value", &["2"]);
    check("Row[4]/Value", &[]);
    check("Row[last]/Value", &["3"]);
    check("Row[Type=a]/Value", &["1", "3"]);
    check("Row[Type=c]/Value", &[]);
    check("Name", &[]);
}

#[test]
fn what_a_path_misses_is_made_in_schema_order_with_its_conditions() {
    let check = |before: &str, at: &str, fresh: bool, after: &str| {
        let mut tree = kit().record(before);
        let root = tree.root();
        let steps = path(&tree, at).steps;
        let node = tree.ensure(root, &steps, fresh);
        tree.set(node, Leaf::Text("x".into()));
        assert_eq!(show(&tree, root), after, "{at}");
    };
    check("End=e", "Box/Inner/Leaf", false, "Box(Inner(Leaf=x)) End=e");
    check("End=e", "id", false, "@id=x End=e");
    check("Row(@Type=a)", "Row[Type=b]/Value", false, "Row(@Type=a) Row(@Type=b Value=x)");
    check("Row(@Type=b)", "Row[Type=b]/Value", false, "Row(@Type=b Value=x)");
    check("", "Row[3]/Value", false, "Row() Row() Row(Value=x)");
    check("Row(Value=1) Row(Value=2)", "Row[last]/Value", false, "Row(Value=1) Row(Value=x)");
    check("", "Row[last]/Value", false, "Row(Value=x)");
}

#[test]
fn taking_out_a_node_takes_out_the_optional_groups_that_it_empties() {
    let check = |before: &str, at: &str, after: &str| {
        let mut tree = kit().record(before);
        let root = tree.root();
        for node in tree.select(root, &path(&tree, at)) {
            tree.remove(node, root);
        }
        assert_eq!(show(&tree, root), after, "{at}");
    };
    check("@id=1 Box(Inner(Leaf=a))", "Box/Inner/Leaf", "@id=1");
    check("Row(@Type=a Value=1) Row(Value=2)", "Row/Value", "Row(@Type=a)");
    check("@id=1", "id", "");
}

#[test]
fn explicitly_nothing_goes_when_something_is_put_there() {
    let mut tree = kit().record("Box! Name!");
    let root = tree.root();
    let name = tree.select(root, &path(&tree, "Name"))[0];
    assert_eq!(tree.value(name), Some(Scalar::Nil));
    let steps = path(&tree, "Box/Inner/Leaf").steps;
    let leaf = tree.ensure(root, &steps, false);
    tree.set(leaf, Leaf::Text("x".into()));
    assert_eq!(show(&tree, root), "Name! Box(Inner(Leaf=x))");
}

#[test]
fn a_tree_that_is_told_and_captured_is_the_same() {
    let kit = kit();
    for record in [
        "",
        "@id=7 Name=a Box(Inner(Leaf=b)) Row(@Type=x Value=1) Row(Value=2) End=e",
        "Name! Box! Row() End=e",
    ] {
        let tree = kit.record(record);
        let root = tree.root();
        let copy = capture(tree.shape(), tree.ty(root), &mut tree.replay(root)).unwrap();
        assert!(copy.same(copy.root(), &tree, root), "{record}");
        assert_eq!(show(&copy, copy.root()), show(&tree, root));
    }
}

#[test]
fn a_difference_in_value_order_or_nothing_is_seen() {
    let kit = kit();
    let check = |a: &str, b: &str| {
        let (a, b) = (kit.record(a), kit.record(b));
        assert!(!a.same(a.root(), &b, b.root()) && !b.same(b.root(), &a, a.root()));
    };
    check("Name=a", "Name=b");
    check("Name=a", "Name!");
    check("Name!", "");
    check("Row(Value=1) Row(Value=2)", "Row(Value=2) Row(Value=1)");
    check("Box()", "Box!");
}

#[test]
fn a_grafted_copy_is_whole_and_stands_for_itself() {
    let kit = kit();
    let from = kit.record("Row(@Type=a Value=1)");
    let row = from.select(from.root(), &path(&from, "Row"))[0];
    let mut to = kit.record("Row(Value=0) End=e");
    let root = to.root();
    let part = from.part(row).unwrap();
    let copy = to.graft(root, part, &from, row);
    let value = to.select(
        copy,
        &LegacyPath { steps: path(&to, "Row/Value").steps[1..].to_vec(), ..path(&to, "Row/Value") },
    )[0];
    to.set(value, Leaf::Text("2".into()));
    assert_eq!(show(&to, root), "Row(Value=0) Row(@Type=a Value=2) End=e");
    assert_eq!(show(&from, from.root()), "Row(@Type=a Value=1)");
    assert!(Arc::strong_count(from.shape()) > 1);
}
