//! Reads model groups: sequence, choice, all, references to groups and elements, wildcards.
//!
//! **Invariant.** One name is one part of its group, however often the schema repeats it; its bounds hold for the whole group.

use super::compile::{Compiler, documentation};
use super::index::{Decl, Key};
use kernel::{Name, Occurs, Part, PartId, Particle};
use std::collections::HashMap;

/// Deepest nesting of model groups, references followed.
const NESTING_MAX: usize = 64;

/// The elements of a group that is being made.
#[derive(Default)]
pub(crate) struct Members {
    pub(crate) order: Vec<PartId>,
    pub(crate) by_name: HashMap<Name, PartId>,
    /// Parts that were inherited and are declared once more, and what they became.
    pub(crate) replaced: HashMap<PartId, PartId>,
    /// How many of `order` were inherited.
    pub(crate) inherited: usize,
    /// A wildcard was found.
    pub(crate) open: bool,
}

impl<'a> Compiler<'a> {
    /// Reads one particle. Nothing is returned for what cannot occur.
    pub(crate) fn particle(
        &mut self,
        decl: Decl<'a>,
        members: &mut Members,
        depth: usize,
    ) -> Option<Particle> {
        if !self.spend(1) {
            return None;
        }
        if depth > NESTING_MAX {
            self.findings.refuse(
                decl.span(),
                format!("model groups are nested deeper than {NESTING_MAX}"),
                None,
            );
            return None;
        }
        let occurs = self.occurs(decl);
        if occurs.max == Some(0) {
            return None;
        }
        match decl.tag() {
            "element" => self.element(decl, occurs, members),
            "sequence" => {
                let inner = self.inner(decl, members, depth);
                (!inner.is_empty()).then_some(Particle::Sequence(inner, occurs))
            }
            "choice" => self.choice(decl, occurs, members, depth),
            "all" => {
                let inner = self.inner(decl, members, depth);
                (!inner.is_empty()).then_some(Particle::All(inner, occurs))
            }
            "group" => self.group(decl, occurs, members, depth),
            "any" => {
                members.open = true;
                Some(Particle::Any(occurs))
            }
            _ => {
                self.unexpected(decl);
                None
            }
        }
    }

    fn inner(&mut self, decl: Decl<'a>, members: &mut Members, depth: usize) -> Vec<Particle> {
        let mut inner = Vec::new();
        for child in decl.children() {
            match self.particle(child, members, depth + 1) {
                // A sequence that occurs once inside a sequence says nothing of its own.
                Some(Particle::Sequence(parts, Occurs::ONCE)) if decl.tag() == "sequence" => {
                    inner.extend(parts)
                }
                Some(particle) => inner.push(particle),
                None => {}
            }
        }
        inner
    }

    /// A choice with an empty alternative may be left out altogether.
    fn choice(
        &mut self,
        decl: Decl<'a>,
        occurs: Occurs,
        members: &mut Members,
        depth: usize,
    ) -> Option<Particle> {
        let inner = self.inner(decl, members, depth);
        if inner.is_empty() {
            return None;
        }
        let alternatives = decl.children().filter(|child| child.attribute("maxOccurs") != Some("0")).count();
        let occurs = if inner.len() < alternatives { Occurs { min: 0, ..occurs } } else { occurs };
        Some(Particle::Choice(inner, occurs))
    }

    fn group(
        &mut self,
        decl: Decl<'a>,
        occurs: Occurs,
        members: &mut Members,
        depth: usize,
    ) -> Option<Particle> {
        let (key, group) = self.reference(decl, "group")?;
        if self.open_groups.contains(&key) {
            self.findings.refuse(decl.span(), format!("the group `{}` contains itself", key.1), None);
            return None;
        }
        self.open_groups.push(key);
        let model = group.children().find(|child| matches!(child.tag(), "sequence" | "choice" | "all"));
        let inner = model.and_then(|model| self.particle(model, members, depth + 1));
        self.open_groups.pop();
        let inner = inner?;
        Some(if occurs == Occurs::ONCE { inner } else { Particle::Sequence(vec![inner], occurs) })
    }

    /// Follows a `ref` to what it names.
    pub(crate) fn reference(&mut self, decl: Decl<'a>, what: &'static str) -> Option<(Key<'a>, Decl<'a>)> {
        let Some(name) = decl.attribute("ref") else {
            self.findings.refuse(
                decl.span(),
                format!("this `{}` has neither a name nor a ref", decl.tag()),
                None,
            );
            return None;
        };
        let key = match decl.key(name) {
            Ok(key) => key,
            Err(prefix) => {
                self.undeclared(decl, prefix);
                return None;
            }
        };
        let index = self.index;
        let table = match what {
            "element" => &index.elements,
            "group" => &index.groups,
            "attribute" => &index.attributes,
            _ => &index.attribute_groups,
        };
        match table.get(&key) {
            Some(&found) => Some((key, found)),
            None => {
                self.unresolved(decl, what, key);
                None
            }
        }
    }

    fn element(&mut self, decl: Decl<'a>, occurs: Occurs, members: &mut Members) -> Option<Particle> {
        if decl.attribute("ref").is_some() {
            return self.element_ref(decl, occurs, members);
        }
        let Some(name) = decl.attribute("name") else {
            self.findings.refuse(decl.span(), "this `element` has neither a name nor a ref", None);
            return None;
        };
        let qualified = match decl.attribute("form") {
            Some(form) => form == "qualified",
            None => decl.context.elements_qualified,
        };
        let space = decl.context.space.filter(|_| qualified);
        let part = Part { abstract_: false, ..self.element_part(decl, (space, name), occurs) };
        let id = self.member(members, part);
        Some(Particle::Part(id, occurs))
    }

    fn element_ref(&mut self, decl: Decl<'a>, occurs: Occurs, members: &mut Members) -> Option<Particle> {
        let (key, global) = self.reference(decl, "element")?;
        let mut part = self.element_part(global, key, occurs);
        part.span = Some(decl.span());
        part.doc = documentation(decl).or(part.doc);
        let abstract_ = part.abstract_;
        let head = self.member(members, part);
        let substitutes = self.substitutes(key);
        if substitutes.is_empty() {
            return Some(Particle::Part(head, occurs));
        }
        let mut alternatives = Vec::new();
        if !abstract_ {
            alternatives.push(Particle::Part(head, Occurs::ONCE));
        }
        for key in substitutes {
            let Some(&substitute) = self.index.elements.get(&key) else { continue };
            let mut part = self.element_part(substitute, key, occurs);
            part.substitutes = Some(head);
            let abstract_ = part.abstract_;
            let id = self.member(members, part);
            if !abstract_ {
                alternatives.push(Particle::Part(id, Occurs::ONCE));
            }
        }
        Some(Particle::Choice(alternatives, occurs))
    }

    /// All elements that may stand for this one, also indirectly.
    fn substitutes(&mut self, head: Key<'a>) -> Vec<Key<'a>> {
        let mut found: Vec<Key<'a>> = Vec::new();
        let mut next = vec![head];
        while let Some(key) = next.pop() {
            for &member in self.index.members.get(&key).into_iter().flatten() {
                if member != head && !found.contains(&member) && self.spend(1) {
                    found.push(member);
                    next.push(member);
                }
            }
        }
        found
    }

    /// Adds an element to a group, or returns the part that has its name already.
    fn member(&mut self, members: &mut Members, part: Part) -> PartId {
        let Some(&known) = members.by_name.get(&part.name) else {
            let name = part.name.clone();
            let id = self.add_part(part);
            members.order.push(id);
            members.by_name.insert(name, id);
            return id;
        };
        let declared = self.build.part(known).clone();
        if declared.ty != part.ty && part.span.is_some() && declared.span != part.span {
            let message = format!(
                "`{}` is declared twice in one group with different types; the first one counts",
                part.name
            );
            let finding = kernel::Diagnostic::new("W091", part.span, message);
            self.findings.push(finding.also(declared.span, "declared here"));
        }
        let Some(at) = members.order[..members.inherited].iter().position(|&id| id == known) else {
            return known;
        };
        // What an inherited part is in its own type must not change with the types that derive from it.
        let id = self.add_part(declared.clone());
        members.order[at] = id;
        members.by_name.insert(declared.name, id);
        members.replaced.insert(known, id);
        id
    }

    fn occurs(&mut self, decl: Decl<'a>) -> Occurs {
        let mut bound = |name: &str, default: Option<u32>| match decl.attribute(name) {
            None => default,
            Some("unbounded") if name == "maxOccurs" => None,
            Some(text) => match text.parse() {
                Ok(bound) => Some(bound),
                // Bounds beyond 32 bits are as good as none.
                Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => None,
                Err(_) => {
                    self.findings.refuse(decl.span(), format!("{name} `{text}` is no number"), None);
                    default
                }
            },
        };
        let (min, max) = (bound("minOccurs", Some(1)), bound("maxOccurs", Some(1)));
        Occurs { min: min.unwrap_or(u32::MAX), max }
    }
}
