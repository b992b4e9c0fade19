//! Finds every global declaration of all schema files by its name.
//!
//! **Invariant.** A declaration keeps the context it was read in: the same file, included under two namespaces, is two.

use super::files::{Library, Link, tag_span};
use super::findings::Findings;
use super::{WSDL, XSD, builtin};
use kernel::{Diagnostic, FileId, Span};
use roxmltree::{Document, Node, NodeId};
use std::collections::{HashMap, HashSet};

/// A node of a schema file.
pub(crate) type Xml<'a> = Node<'a, 'a>;
/// Namespace and local name.
pub(crate) type Key<'a> = (Option<&'a str>, &'a str);

/// What a declaration needs to know of the schema that it stands in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) doc: usize,
    pub(crate) file: FileId,
    /// The target namespace; for a chameleon include that of the including schema.
    pub(crate) space: Option<&'a str>,
    /// The file has no namespace of its own, so names without prefix mean `space`.
    pub(crate) chameleon: bool,
    pub(crate) elements_qualified: bool,
    pub(crate) attributes_qualified: bool,
}

/// A declaration in its context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decl<'a> {
    pub(crate) node: Xml<'a>,
    pub(crate) context: Context<'a>,
}

/// All global declarations.
#[derive(Debug, Default)]
pub(crate) struct Index<'a> {
    pub(crate) elements: HashMap<Key<'a>, Decl<'a>>,
    pub(crate) types: HashMap<Key<'a>, Decl<'a>>,
    pub(crate) groups: HashMap<Key<'a>, Decl<'a>>,
    pub(crate) attributes: HashMap<Key<'a>, Decl<'a>>,
    pub(crate) attribute_groups: HashMap<Key<'a>, Decl<'a>>,
    /// The direct members of substitution groups, by their head.
    pub(crate) members: HashMap<Key<'a>, Vec<Key<'a>>>,
    /// Names of global elements and of types, in the order of the files.
    pub(crate) element_order: Vec<Key<'a>>,
    pub(crate) type_order: Vec<Key<'a>>,
    /// The schemas that were read.
    pub(crate) schemas: Vec<Decl<'a>>,
    /// The WSDL definitions that were read: the first is the one that was asked for.
    pub(crate) definitions: Vec<(usize, FileId, Xml<'a>)>,
    /// Imports that lead to the network, by namespace.
    pub(crate) unread: HashMap<Option<&'a str>, (String, Span)>,
}

impl<'a> Decl<'a> {
    /// The span of the start tag.
    pub(crate) fn span(&self) -> Span {
        tag_span(self.context.file, self.node)
    }

    /// The same context at another node.
    pub(crate) fn at(&self, node: Xml<'a>) -> Self {
        Self { node, context: self.context }
    }

    /// Child elements in the namespace of XML Schema, annotations aside.
    pub(crate) fn children(&self) -> impl Iterator<Item = Decl<'a>> + use<'a> {
        let context = self.context;
        self.node
            .children()
            .filter(|node| is_schema(*node) && tag(*node) != "annotation")
            .map(move |node| Decl { node, context })
    }

    /// The first child element with this name.
    pub(crate) fn child(&self, name: &str) -> Option<Decl<'a>> {
        self.children().find(|child| child.tag() == name)
    }

    /// The local name of the element.
    pub(crate) fn tag(&self) -> &'a str {
        tag(self.node)
    }

    /// An attribute, white space around it removed.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.node.attribute(name).map(str::trim)
    }

    /// Whether an attribute says `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.attribute(name), Some("true" | "1"))
    }

    /// Resolves a prefixed name that stands in an attribute. The error is the prefix that nobody declared.
    pub(crate) fn key(&self, name: &'a str) -> Result<Key<'a>, &'a str> {
        let key = resolve(self.node, name)?;
        match key {
            (None, local) if self.context.chameleon => Ok((self.context.space, local)),
            key => Ok(key),
        }
    }
}

impl<'a> Index<'a> {
    /// Reads the declarations of all files that the first one leads to.
    pub(crate) fn build(library: &Library, docs: &'a [Document<'a>], findings: &mut Findings) -> Self {
        let mut builder = Builder {
            library,
            docs,
            findings,
            index: Index::default(),
            seen: HashSet::new(),
            queue: Vec::new(),
        };
        if !docs.is_empty() {
            builder.queue.push(Task::File(0, None));
        }
        while let Some(task) = builder.queue.pop() {
            builder.run(task);
        }
        builder.index
    }

    /// Reports imports from the network: only a note where the namespace is known from elsewhere.
    pub(crate) fn report_unread(&self, findings: &mut Findings) {
        let loaded: HashSet<_> = self.schemas.iter().map(|schema| schema.context.space).collect();
        let mut unread: Vec<_> = self.unread.iter().collect();
        unread.sort_by_key(|(_, (_, span))| *span);
        for (space, (url, span)) in unread {
            let name = space.unwrap_or_default();
            let known = loaded.contains(space) || builtin::well_known(*space);
            let message = if known {
                format!(
                    "`{url}` was not read, nothing is read from the network; `{name}` is known from elsewhere"
                )
            } else {
                format!(
                    "`{url}` was not read, nothing is read from the network; `{name}` is therefore unknown"
                )
            };
            findings.push(
                Diagnostic::new("W091", *span, message)
                    .hint("save the file beside this one and name it here by its relative path"),
            );
        }
    }
}

/// Resolves a prefixed name in the scope of a node. The error is the prefix that nobody declared.
pub(crate) fn resolve<'a>(node: Xml<'a>, name: &'a str) -> Result<Key<'a>, &'a str> {
    let name = name.trim();
    match name.split_once(':') {
        None => Ok((node.lookup_namespace_uri(None).filter(|space| !space.is_empty()), name)),
        Some(("xml", local)) => Ok((Some(builtin::XML), local)),
        Some((prefix, local)) => match node.lookup_namespace_uri(Some(prefix)) {
            Some(space) => Ok((Some(space), local)),
            None => Err(prefix),
        },
    }
}

fn is_schema(node: Xml<'_>) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(XSD)
}

fn tag(node: Xml<'_>) -> &str {
    node.tag_name().name()
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
