//! Data that is written in the mapping as YAML.
//!
//! **Invariant.** Legacy values are text as written; a name that the legacy schema does not know is an error.

use engine::json::{self, JsonLimits};
use engine::plan::resolve::suggestions;
use engine::plan::tree::{Leaf, NodeId, Tree};
use engine::value::Value;
use kernel::{Node, NodeKind, PartId, PartKind, Shape, Style, TypeId};
use std::sync::Arc;

/// The own text of an element that also has attributes.
const OWN_TEXT: &str = ".";
/// The type that the element has in the message.
const TYPE_NAME: &str = "xsi:type";

/// Returns a modern value. Plain scalars are JSON where they look like it, and text otherwise, as dates do.
pub(super) fn value(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Text(text) if text.style == Style::Plain => plain(&text.value),
        NodeKind::Text(text) => Value::Text(text.value.as_str().into()),
        NodeKind::List(items) => Value::List(items.iter().map(value).collect()),
        NodeKind::Map(entries) => Value::Object(
            entries.iter().map(|entry| (entry.key.as_str().into(), value(&entry.value))).collect(),
        ),
    }
}

fn plain(text: &str) -> Value {
    match json::parse(text.as_bytes(), JsonLimits::default()) {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
        _ => Value::Text(text.into()),
    }
}

/// Returns a legacy structure from a map of names: a text for a leaf, a map for a group, a list where it repeats.
///
/// # Errors
/// In words, with the path of names.
pub(super) fn tree(shape: &Arc<Shape>, ty: TypeId, node: &Node) -> Result<Tree, String> {
    let ty = actual(shape, ty, node)?;
    let mut tree = Tree::new(Arc::clone(shape), ty);
    let root = tree.root();
    fill(&mut tree, root, node, "")?;
    Ok(tree)
}

fn fill(tree: &mut Tree, parent: NodeId, node: &Node, path: &str) -> Result<(), String> {
    let entries = match &node.kind {
        NodeKind::Map(entries) => entries,
        NodeKind::Null => {
            tree.set(parent, Leaf::Nil);
            return Ok(());
        }
        NodeKind::Text(text) => return own_text(tree, parent, &text.value, path),
        NodeKind::List(_) => return Err(format!("{}: expected a map, found a list", shown(path))),
    };
    for entry in entries {
        match entry.key.as_str() {
            TYPE_NAME => {}
            OWN_TEXT => own_text(tree, parent, entry.value.text().unwrap_or_default(), path)?,
            key => {
                let part = find(tree.shape(), tree.ty(parent), key)
                    .map_err(|why| format!("{}: {why}", shown(path)))?;
                member(tree, parent, part, &entry.value, &format!("{path}/{key}"))?;
            }
        }
    }
    Ok(())
}

fn member(tree: &mut Tree, parent: NodeId, part: PartId, node: &Node, path: &str) -> Result<(), String> {
    let declared = tree.shape().part(part);
    let (ty, repeats) = (declared.ty, declared.occurs.repeats());
    let items = match &node.kind {
        NodeKind::List(items) if repeats => items.as_slice(),
        NodeKind::List(_) => return Err(format!("{}: it occurs once, and a list is written", shown(path))),
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let ty = actual(tree.shape(), ty, item)?;
        let child = tree.add_as(parent, part, ty);
        fill(tree, child, item, path)?;
    }
    Ok(())
}

fn own_text(tree: &mut Tree, node: NodeId, text: &str, path: &str) -> Result<(), String> {
    let shape = tree.shape();
    let ty = tree.ty(node);
    if shape.group(ty).is_some() && shape.text_part(ty).is_none() {
        return Err(format!("{}: it is a group, and a text is written", shown(path)));
    }
    tree.set(node, Leaf::Text(text.into()));
    Ok(())
}

/// Returns the part of this name; `@name` asks for the attribute, `$name` for what stands beside the record.
fn find(shape: &Shape, ty: TypeId, key: &str) -> Result<PartId, String> {
    let Some(group) = shape.group(ty) else { return Err(format!("it has no parts, and `{key}` is written")) };
    let (name, attribute) = key.strip_prefix('@').map_or((key, false), |name| (name, true));
    let (name, beside) = name.strip_prefix('$').map_or((name, false), |name| (name, true));
    let substitutes =
        shape.parts().filter(|(_, part)| part.substitutes.is_some_and(|head| group.parts.contains(&head)));
    let mut own = group.parts.iter().copied().chain(substitutes.map(|(id, _)| id));
    let fits = |id: &PartId| {
        let part = shape.part(*id);
        *part.name.local == *name
            && (!attribute || part.kind == PartKind::Attribute)
            && (part.kind == PartKind::Beside) == beside
    };
    own.find(fits).ok_or_else(|| {
        let written = |&id: &PartId| {
            let part = shape.part(id);
            format!("{}{}", if part.kind == PartKind::Beside { "$" } else { "" }, part.name.local)
        };
        let names: Vec<String> = group.parts.iter().map(written).collect();
        let near = suggestions(key, names.iter().map(String::as_str));
        let hint = if near.is_empty() { names.join(", ") } else { near.join(", ") };
        format!("the legacy schema has no `{key}` here; it has: {hint}")
    })
}

/// Returns the type that a map names by `xsi:type`, else the declared one.
fn actual(shape: &Shape, ty: TypeId, node: &Node) -> Result<TypeId, String> {
    match node.at(TYPE_NAME).and_then(Node::text) {
        None => Ok(ty),
        Some(name) => shape.derived(ty, name).ok_or_else(|| format!("no type `{name}` may stand here")),
    }
}

fn shown(path: &str) -> &str {
    match path.strip_prefix('/') {
        Some(path) => path,
        None => "the record",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{
        Entry, FileId, Group, Name, Occurs, Part, ScalarType, ShapeBuilder, Span, Text, Type, TypeKind,
    };

    fn node(kind: NodeKind) -> Node {
        Node { span: Span::new(FileId(0), 0, 0), kind }
    }

    fn text(value: &str, style: Style) -> Node {
        node(NodeKind::Text(Text { value: value.into(), style }))
    }

    fn map(entries: Vec<(&str, Node)>) -> Node {
        let entry = |(key, value): (&str, Node)| Entry { key: key.into(), key_span: value.span, value };
        node(NodeKind::Map(entries.into_iter().map(entry).collect()))
    }

    #[test]
    fn plain_scalars_are_json_where_they_look_like_it() {
        let check = |written: &str, style, expected: Value| {
            let found = value(&text(written, style));
            assert!(found.same(&expected), "{written}: {found:?}");
        };
        check("true", Style::Plain, Value::Bool(true));
        check("true", Style::Quoted, Value::Text("true".into()));
        check("1234.50", Style::Plain, Value::Number(kernel::Decimal::parse("1234.5").unwrap()));
        check("007", Style::Plain, Value::Text("007".into()));
        check("2026-03-31", Style::Plain, Value::Text("2026-03-31".into()));
        check("NO", Style::Plain, Value::Text("NO".into()));
        check("7", Style::Quoted, Value::Text("7".into()));
    }

    /// `Root { @Id, Row[0..*] { Code, Amount { @Currency, text } } }`.
    fn shape() -> (Arc<Shape>, TypeId) {
        let mut build = ShapeBuilder::new();
        let leaf = build.add_scalar(ScalarType::text());
        let part = |build: &mut ShapeBuilder, name: &str, kind, ty| {
            build.add_part(Part::new(Name::local(name), kind, ty))
        };
        let group = |parts| Type {
            name: None,
            kind: TypeKind::Group(Group { parts, ..Group::default() }),
            span: None,
        };
        let currency = part(&mut build, "Currency", PartKind::Attribute, leaf);
        let own = part(&mut build, "text", PartKind::Text, leaf);
        let amount_type = build.add_type(group(vec![currency, own]));
        let code = part(&mut build, "Code", PartKind::Element, leaf);
        let amount = part(&mut build, "Amount", PartKind::Element, amount_type);
        let row_type = build.add_type(group(vec![code, amount]));
        let id = part(&mut build, "Id", PartKind::Attribute, leaf);
        let row = part(&mut build, "Row", PartKind::Element, row_type);
        build.part_mut(row).occurs = Occurs::ANY;
        let root = build.add_type(group(vec![id, row]));
        (Arc::new(build.finish()), root)
    }

    #[test]
    fn a_map_of_names_becomes_a_structure_in_schema_order() {
        let (shape, ty) = shape();
        let plain = |value| text(value, Style::Plain);
        let rows = vec![
            map(vec![
                ("Amount", map(vec![("Currency", plain("EUR")), (".", plain("1.50"))])),
                ("Code", plain("01")),
            ]),
            map(vec![("Amount", plain("2"))]),
        ];
        let tree =
            tree(&shape, ty, &map(vec![("Row", node(NodeKind::List(rows))), ("@Id", plain("7"))])).unwrap();
        let names = |node: NodeId| -> Vec<String> {
            let part = |&child: &NodeId| tree.part(child).map(|part| shape.part(part).name.local.to_string());
            tree.children(node).iter().filter_map(part).collect()
        };
        assert_eq!(names(tree.root()), ["Id", "Row", "Row"]);
        let row = tree.children(tree.root())[1];
        assert_eq!(names(row), ["Code", "Amount"]);
        let amount = tree.children(row)[1];
        assert_eq!(tree.value(amount), Some(kernel::Scalar::Text("1.50")));
    }

    #[test]
    fn what_stands_beside_a_record_is_written_with_its_mark_and_comes_first() {
        let mut build = ShapeBuilder::new();
        let leaf = build.add_scalar(ScalarType::text());
        let group = |parts| Type {
            name: None,
            kind: TypeKind::Group(Group { parts, ..Group::default() }),
            span: None,
        };
        let part = |name: &str, kind, ty: Option<TypeId>, build: &mut ShapeBuilder| {
            build.add_part(Part::new(Name::local(name), kind, ty.unwrap_or(leaf)))
        };
        let number = part("NO", PartKind::Field, None, &mut build);
        let header_type = build.add_type(group(vec![number]));
        let beside = part("header", PartKind::Beside, Some(header_type), &mut build);
        let file = part("file", PartKind::Beside, None, &mut build);
        let own = part("header", PartKind::Field, None, &mut build);
        let ty = build.add_type(group(vec![beside, file, own]));
        let shape = Arc::new(build.finish());
        let plain = |value| text(value, Style::Plain);
        let record = map(vec![
            ("header", plain("own")),
            ("$file", plain("a.dat")),
            ("$header", map(vec![("NO", plain("7"))])),
        ]);
        let tree = super::tree(&shape, ty, &record).unwrap();
        let parts: Vec<_> = tree.children(tree.root()).iter().filter_map(|&node| tree.part(node)).collect();
        assert_eq!(parts, [beside, file, own]);
        let error = super::tree(&shape, ty, &map(vec![("$heder", plain("7"))])).unwrap_err();
        assert_eq!(error, "the record: the legacy schema has no `$heder` here; it has: $header, header");
    }

    #[test]
    fn what_the_schema_does_not_know_is_refused_with_its_path() {
        let (shape, ty) = shape();
        let plain = |value| text(value, Style::Plain);
        let check = |map: Node, expected: &str| {
            let error = tree(&shape, ty, &map).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check(
            map(vec![("Row", map(vec![("Cod", plain("1"))]))]),
            "Row: the legacy schema has no `Cod` here; it has: Code",
        );
        check(map(vec![("Row", plain("1"))]), "Row: it is a group");
        check(map(vec![("Id", node(NodeKind::List(vec![plain("1")])))]), "Id: it occurs once");
        check(map(vec![("Id", map(vec![("X", plain("1"))]))]), "Id: it has no parts");
        check(plain("x"), "the record: it is a group");
    }
}
