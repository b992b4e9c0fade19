//! Finds every global declaration of all schema files by its name.
//!
//! **Invariant.** A declaration keeps the context it was read in: the same file, included under two namespaces, is two.

use super::files::{Library, tag_span};
use super::findings::Findings;
use super::{XSD, builtin};
use kernel::{Diagnostic, FileId, Span};
use roxmltree::{Document, Node};
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
        super::declare::collect(library, docs, findings)
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

pub(crate) fn is_schema(node: Xml<'_>) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(XSD)
}

pub(crate) fn tag(node: Xml<'_>) -> &str {
    node.tag_name().name()
}
