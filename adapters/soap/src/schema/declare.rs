//! Walks over all schema files and enters what they declare into the index.
//!
//! **Invariant.** A schema is read once for each namespace under which it is included; circles of files end there.

use super::files::{Library, Link, tag_span};
use super::findings::Findings;
use super::index::{Context, Decl, Index, Key, Xml, is_schema, tag};
use super::{WSDL, XSD};
use kernel::{Diagnostic, FileId};
use roxmltree::{Document, Node, NodeId};
use std::collections::{HashMap, HashSet};

/// Reads the declarations of all files that the first one leads to.
pub(crate) fn collect<'a>(library: &Library, docs: &'a [Document<'a>], findings: &mut Findings) -> Index<'a> {
    let (index, seen, queue) = (Index::default(), HashSet::new(), Vec::new());
    let mut builder = Builder { library, docs, findings, index, seen, queue };
    if !docs.is_empty() {
        builder.queue.push(Task::File(0, None));
    }
    while let Some(task) = builder.queue.pop() {
        builder.run(task);
    }
    builder.index
}

/// A file or a schema in it that is still to be read, and the namespace of the schema that includes it.
enum Task<'a> {
    File(usize, Option<&'a str>),
    Schema(usize, Xml<'a>, Option<&'a str>),
}

struct Builder<'a, 'l> {
    library: &'l Library,
    docs: &'a [Document<'a>],
    findings: &'l mut Findings,
    index: Index<'a>,
    seen: HashSet<(usize, NodeId, Option<&'a str>)>,
    queue: Vec<Task<'a>>,
}

impl<'a> Builder<'a, '_> {
    fn run(&mut self, task: Task<'a>) {
        match task {
            Task::File(doc, including) => self.file(doc, including),
            Task::Schema(doc, node, including) => self.schema(doc, node, including),
        }
    }

    fn file(&mut self, doc: usize, including: Option<&'a str>) {
        let root = self.docs[doc].root_element();
        let file = self.library.loaded[doc].file;
        match (root.tag_name().namespace(), tag(root)) {
            (Some(XSD), "schema") => self.schema(doc, root, including),
            (Some(WSDL), "definitions") => self.definitions(doc, file, root),
            (Some("http://www.w3.org/ns/wsdl"), _) => {
                let message = "WSDL 2.0 is not read";
                self.findings.refuse(
                    tag_span(file, root),
                    message,
                    Some("ask for a WSDL 1.1 of the service".into()),
                );
            }
            _ => {
                let message =
                    format!("`{}` is neither a WSDL nor an XML Schema", self.library.loaded[doc].path);
                self.findings.push(Diagnostic::new("E091", tag_span(file, root), message));
            }
        }
    }

    fn definitions(&mut self, doc: usize, file: FileId, root: Xml<'a>) {
        if !self.seen.insert((doc, root.id(), None)) {
            return;
        }
        self.index.definitions.push((doc, file, root));
        let inside =
            |node: &Xml<'a>, name: &str| node.tag_name().namespace() == Some(WSDL) && tag(*node) == name;
        let mut found = Vec::new();
        for child in root.children().filter(Node::is_element) {
            if inside(&child, "import") {
                match self.library.link(doc, child) {
                    Some(Link::File(to)) => found.push(Task::File(*to, None)),
                    Some(Link::Remote(url)) => {
                        let message = format!("`{url}` was not read, nothing is read from the network");
                        self.findings.refuse(
                            tag_span(file, child),
                            message,
                            Some(
                                "save the file beside this one and name it here by its relative path".into(),
                            ),
                        );
                    }
                    Some(Link::Broken) | None => {}
                }
            } else if inside(&child, "types") {
                found.extend(
                    child
                        .children()
                        .filter(|node| is_schema(*node))
                        .map(|node| Task::Schema(doc, node, None)),
                );
            }
        }
        // The queue is a stack, and files are to be read in the order in which they are named.
        self.queue.extend(found.into_iter().rev());
    }

    fn schema(&mut self, doc: usize, node: Xml<'a>, including: Option<&'a str>) {
        let own = node.attribute("targetNamespace").map(str::trim).filter(|space| !space.is_empty());
        let space = own.or(including);
        if !self.seen.insert((doc, node.id(), space)) {
            return;
        }
        let context = Context {
            doc,
            file: self.library.loaded[doc].file,
            space,
            chameleon: own.is_none() && space.is_some(),
            elements_qualified: node.attribute("elementFormDefault") == Some("qualified"),
            attributes_qualified: node.attribute("attributeFormDefault") == Some("qualified"),
        };
        let schema = Decl { node, context };
        self.index.schemas.push(schema);
        let mut found = Vec::new();
        for child in schema.children() {
            match child.tag() {
                "include" | "import" | "redefine" | "override" => found.extend(self.follow(child)),
                "element" => self.element(child),
                "complexType" | "simpleType" => {
                    self.named(child, |index| &mut index.types, Some(|index| &mut index.type_order))
                }
                "group" => self.named(child, |index| &mut index.groups, None),
                "attribute" => self.named(child, |index| &mut index.attributes, None),
                "attributeGroup" => self.named(child, |index| &mut index.attribute_groups, None),
                "notation" => {}
                other => self
                    .findings
                    .pass_over(child.span(), format!("`{other}` is no part of a schema and is passed over")),
            }
        }
        self.queue.extend(found.into_iter().rev());
    }

    fn follow(&mut self, child: Decl<'a>) -> Option<Task<'a>> {
        let includes = child.tag() != "import";
        if matches!(child.tag(), "redefine" | "override") && child.children().next().is_some() {
            self.findings.refuse(
                child.span(),
                format!("`{}` is not supported", child.tag()),
                Some("include the file and declare the resulting types in it".into()),
            );
        }
        let space = if includes {
            child.context.space
        } else {
            child.attribute("namespace").filter(|s| !s.is_empty())
        };
        match self.library.link(child.context.doc, child.node)? {
            Link::File(to) => {
                self.compare(child, *to, space, includes);
                Some(Task::File(*to, if includes { space } else { None }))
            }
            Link::Remote(url) => {
                self.index.unread.entry(space).or_insert_with(|| (url.clone(), child.span()));
                None
            }
            Link::Broken => None,
        }
    }

    /// Notes a file whose namespace is not the one under which it is imported.
    fn compare(&mut self, child: Decl<'a>, to: usize, space: Option<&'a str>, includes: bool) {
        let root = self.docs[to].root_element();
        let own = root.attribute("targetNamespace").map(str::trim).filter(|space| !space.is_empty());
        if !is_schema(root) || own == space || (includes && own.is_none()) {
            return;
        }
        let (own, space) = (own.unwrap_or("no namespace"), space.unwrap_or("no namespace"));
        let message =
            format!("the file declares `{own}`, not `{space}` as is said here; its own declaration counts");
        self.findings.pass_over(child.span(), message);
    }

    fn element(&mut self, decl: Decl<'a>) {
        self.named(decl, |index| &mut index.elements, Some(|index| &mut index.element_order));
        let (Some(name), Some(heads)) = (decl.attribute("name"), decl.attribute("substitutionGroup")) else {
            return;
        };
        for head in heads.split_ascii_whitespace() {
            match decl.key(head) {
                Ok(head) => self.index.members.entry(head).or_default().push((decl.context.space, name)),
                Err(prefix) => {
                    self.findings.refuse(decl.span(), format!("the prefix `{prefix}` is not declared"), None);
                }
            }
        }
    }

    fn named(
        &mut self,
        decl: Decl<'a>,
        table: for<'i> fn(&'i mut Index<'a>) -> &'i mut HashMap<Key<'a>, Decl<'a>>,
        order: Option<for<'i> fn(&'i mut Index<'a>) -> &'i mut Vec<Key<'a>>>,
    ) {
        let Some(name) = decl.attribute("name") else {
            self.findings.refuse(decl.span(), format!("this `{}` has no name", decl.tag()), None);
            return;
        };
        let key = (decl.context.space, name);
        let known = table(&mut self.index).get(&key).copied();
        match known {
            None => {
                table(&mut self.index).insert(key, decl);
                if let Some(order) = order {
                    order(&mut self.index).push(key);
                }
            }
            Some(known) if same_text(known.node, decl.node) => {}
            Some(known) => self.findings.push(
                Diagnostic::new(
                    "W091",
                    decl.span(),
                    format!("`{name}` is declared twice; the first declaration counts"),
                )
                .also(Some(known.span()), "declared here"),
            ),
        }
    }
}

fn same_text(a: Xml<'_>, b: Xml<'_>) -> bool {
    a.document().input_text().get(a.range()) == b.document().input_text().get(b.range())
}
