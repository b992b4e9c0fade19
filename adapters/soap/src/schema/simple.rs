//! Reads simple types: restrictions with facets, lists, unions.
//!
//! **Invariant.** A scalar never permits less than its declaration does; where facets cannot be told, it permits more.

use super::XSD;
use super::builtin;
use super::compile::Compiler;
use super::index::{Decl, Key};
use kernel::{ScalarType, TextType, Type, TypeKind};
use std::collections::BTreeSet;

/// Deepest nesting of anonymous simple types.
const NESTING_MAX: usize = 64;
/// Most enumerated values that are kept; a type with more is plain text.
const CODES_MAX: usize = 20_000;

impl<'a> Compiler<'a> {
    /// Returns the scalar of a `simpleType` element.
    pub(crate) fn simple(&mut self, decl: Decl<'a>) -> ScalarType {
        self.simple_depth += 1;
        let scalar = if self.simple_depth > NESTING_MAX {
            self.findings.refuse(
                decl.span(),
                format!("simple types are nested deeper than {NESTING_MAX}"),
                None,
            );
            ScalarType::text()
        } else {
            self.derivation(decl)
        };
        self.simple_depth -= 1;
        scalar
    }

    fn derivation(&mut self, decl: Decl<'a>) -> ScalarType {
        for child in decl.children() {
            match child.tag() {
                "restriction" => {
                    let base = self.base_scalar(child);
                    return restrict(base, child);
                }
                "list" => {
                    let item = self.inner_scalar(child, "itemType");
                    return list_of(&item.unwrap_or_else(ScalarType::text));
                }
                "union" => {
                    let members = self.union_members(child);
                    return union(&members);
                }
                _ => self.unexpected(child),
            }
        }
        self.findings.refuse(
            decl.span(),
            "this simple type says neither restriction nor list nor union",
            None,
        );
        ScalarType::text()
    }

    /// The type that a restriction restricts: named by `base`, or written inside it.
    fn base_scalar(&mut self, restriction: Decl<'a>) -> ScalarType {
        self.inner_scalar(restriction, "base").unwrap_or_else(|| {
            self.findings.refuse(restriction.span(), "this restriction has no base", None);
            ScalarType::text()
        })
    }

    fn inner_scalar(&mut self, decl: Decl<'a>, attribute: &str) -> Option<ScalarType> {
        match decl.attribute(attribute) {
            Some(name) => Some(self.scalar_named(decl, name)),
            None => decl.child("simpleType").map(|inner| self.simple(inner)),
        }
    }

    fn union_members(&mut self, union: Decl<'a>) -> Vec<ScalarType> {
        let mut members = Vec::new();
        for name in union.attribute("memberTypes").unwrap_or_default().split_ascii_whitespace() {
            members.push(self.scalar_named(union, name));
        }
        for inner in union.children().filter(|child| child.tag() == "simpleType") {
            members.push(self.simple(inner));
        }
        members
    }

    /// The scalar behind the name of a simple type.
    pub(crate) fn scalar_named(&mut self, at: Decl<'a>, name: &'a str) -> ScalarType {
        let key = match at.key(name) {
            Ok(key) => key,
            Err(prefix) => {
                self.undeclared(at, prefix);
                return ScalarType::text();
            }
        };
        if (key.0 == Some(XSD) || builtin::encoding(key.0))
            && let Some((_, scalar)) = builtin::scalar(key.1)
        {
            return scalar;
        }
        match self.index.types.get(&key).copied() {
            Some(decl) if decl.tag() == "simpleType" => self.named_simple(key, decl),
            Some(decl) => {
                self.findings.refuse(
                    at.span(),
                    format!("`{name}` has elements or attributes; a value is needed here"),
                    None,
                );
                let _ = decl;
                ScalarType::text()
            }
            None => {
                self.unresolved(at, "type", key);
                ScalarType::text()
            }
        }
    }

    /// Compiles a named simple type once.
    pub(crate) fn named_simple(&mut self, key: Key<'a>, decl: Decl<'a>) -> ScalarType {
        let id = self.reserve_named(key);
        if let Some(Type { kind: TypeKind::Scalar(scalar), .. }) = self.build.ty(id) {
            return scalar.clone();
        }
        if !self.open_simple.insert(key) {
            self.findings.refuse(decl.span(), format!("the simple type `{}` is made of itself", key.1), None);
            return ScalarType::text();
        }
        let scalar = self.simple(decl);
        self.open_simple.remove(&key);
        let name = Some(self.name(key.0, key.1));
        self.build.define(id, Type { name, kind: TypeKind::Scalar(scalar.clone()), span: Some(decl.span()) });
        scalar
    }
}

/// Applies the facets of a restriction.
///
/// Source: XML Schema Part 2, section 4.3. Patterns have no place in a scalar type and are left to the legacy system.
pub(crate) fn restrict(base: ScalarType, restriction: Decl<'_>) -> ScalarType {
    let mut facets = Facets::default();
    let mut codes: Vec<&str> = Vec::new();
    for child in restriction.children() {
        let Some(value) = child.node.attribute("value") else { continue };
        match child.tag() {
            "enumeration" => codes.push(value),
            "length" => (facets.length_min, facets.length_max) = (count(value), count(value)),
            "minLength" => facets.length_min = count(value),
            "maxLength" => facets.length_max = count(value),
            "totalDigits" => facets.digits = count(value),
            "fractionDigits" => facets.scale = count(value),
            "minInclusive" | "minExclusive" => facets.low = Some(value.trim()),
            "maxInclusive" | "maxExclusive" => facets.high = Some(value.trim()),
            "whiteSpace" => facets.collapse = Some(value.trim() == "collapse"),
            _ => {}
        }
    }
    match base {
        ScalarType::Text(text) => ScalarType::Text(facets.text(text, &codes)),
        ScalarType::Decimal { digits, scale, unsigned } => facets.decimal(digits, scale, unsigned),
        other => other,
    }
}

#[derive(Default)]
struct Facets<'a> {
    length_min: Option<u32>,
    length_max: Option<u32>,
    digits: Option<u32>,
    scale: Option<u32>,
    low: Option<&'a str>,
    high: Option<&'a str>,
    collapse: Option<bool>,
}

impl Facets<'_> {
    fn text(&self, mut text: TextType, codes: &[&str]) -> TextType {
        // The lengths of a list count its elements, not characters.
        if !text.list {
            text.length_min = self.length_min.or(text.length_min);
            text.length_max = self.length_max.or(text.length_max);
        }
        text.collapse = self.collapse.unwrap_or(text.collapse);
        if !text.list && !codes.is_empty() && codes.len() <= CODES_MAX {
            let collapse = text.collapse;
            text.codes =
                codes.iter().map(|code| if collapse { collapsed(code) } else { (*code).into() }).collect();
        }
        text
    }

    fn decimal(&self, digits: Option<u16>, scale: Option<u16>, unsigned: bool) -> ScalarType {
        let small = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        let scale = self.scale.map(small).or(scale);
        let narrower = |a: Option<u16>, b: Option<u16>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let mut digits = narrower(self.digits.map(small), digits);
        if scale == Some(0) {
            digits = narrower(digits, self.digits_of_bounds(unsigned));
        }
        ScalarType::Decimal { digits, scale, unsigned: unsigned || self.low.is_some_and(not_negative) }
    }

    /// How many digits an integer can have between both bounds, if both are known.
    fn digits_of_bounds(&self, unsigned: bool) -> Option<u16> {
        let digits = |bound: &str| {
            let bound = bound.trim_start_matches(['+', '-']);
            let whole = bound.split('.').next().unwrap_or(bound).trim_start_matches('0');
            whole
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| u16::try_from(whole.len().max(1)).unwrap_or(u16::MAX))
        };
        let low = match self.low {
            Some(low) => digits(low)?,
            None if unsigned => 1,
            None => return None,
        };
        Some(low.max(digits(self.high?)?))
    }
}

fn not_negative(bound: &str) -> bool {
    !bound.starts_with('-') && bound.bytes().any(|b| b.is_ascii_digit())
}

fn count(value: &str) -> Option<u32> {
    value.trim().parse().ok()
}

fn collapsed(text: &str) -> Box<str> {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").into()
}

/// A list of values is a text whose elements are separated by white space.
fn list_of(_item: &ScalarType) -> ScalarType {
    ScalarType::Text(TextType { collapse: true, list: true, ..TextType::default() })
}

/// What holds for all members of a union; text where they differ in kind.
fn union(members: &[ScalarType]) -> ScalarType {
    let Some((first, rest)) = members.split_first() else { return ScalarType::text() };
    if rest.iter().all(|member| member == first) {
        return first.clone();
    }
    let mut texts = Vec::new();
    for member in members {
        match member {
            ScalarType::Text(text) => texts.push(text),
            _ => return ScalarType::text(),
        }
    }
    let closed = texts.iter().all(|text| !text.codes.is_empty());
    let codes: BTreeSet<&str> = if closed {
        texts.iter().flat_map(|text| text.codes.iter().map(|code| &**code)).collect()
    } else {
        BTreeSet::new()
    };
    let all = |bound: fn(&TextType) -> Option<u32>| {
        texts.iter().map(|text| bound(text)).collect::<Option<Vec<_>>>()
    };
    ScalarType::Text(TextType {
        length_min: all(|text| text.length_min).and_then(|bounds| bounds.into_iter().min()),
        length_max: all(|text| text.length_max).and_then(|bounds| bounds.into_iter().max()),
        padded: false,
        collapse: texts.iter().all(|text| text.collapse),
        codes: codes.into_iter().map(Into::into).collect(),
        list: texts.iter().any(|text| text.list),
    })
}
