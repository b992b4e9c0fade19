//! Finds the route of a path: a trie over segments, compiled once.
//!
//! **Invariant.** Finding costs by the length of the path, never by the number of routes; a segment is percent-decoded once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Most segments of a path that can match anything.
const SEGMENTS_MAX: usize = 32;

/// The methods that a route can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or calls.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

/// One segment of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this text.
    Literal(String),
    /// Anything but nothing; the value is captured under this name.
    Param(String),
}

/// What a path led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'p> {
    /// A route, by the number that it was added with, and the values of its parameters in order.
    Route(usize, Captures<'p>),
    /// The path exists, but not with this method; these are the methods that it has.
    OtherMethods(Allow),
    /// Nothing is there.
    Nothing,
    /// The path cannot be read: a broken percent escape, or bytes that are not UTF-8.
    Unreadable,
}

/// Values of path parameters, decoded, in the order of the path.
pub type Captures<'p> = Vec<Cow<'p, str>>;

/// A set of methods, which prints as the value of an `Allow` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allow(u8);

/// Two routes that no request could tell apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The number of the route that was added first.
    pub first: usize,
    /// The number of the one that cannot be added.
    pub second: usize,
}

/// The compiled router.
#[derive(Debug, Default)]
pub struct Router {
    root: Branch,
}

#[derive(Debug, Default)]
struct Branch {
    literals: HashMap<Box<str>, Branch>,
    param: Option<Box<Branch>>,
    routes: [Option<usize>; Method::ALL.len()],
}

impl Method {
    /// All methods, in the order in which `Allow` names them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// Returns the method of this name, which HTTP writes in capitals.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Segment {
    /// Returns what a segment of a template means: `{id}` is a parameter.
    pub fn of(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => Self::Param(name.into()),
            None => Self::Literal(text.into()),
        }
    }
}

impl Router {
    /// Adds a route under a number of the caller's choice.
    ///
    /// # Errors
    /// A route with the same method matches exactly the same paths.
    pub fn add(&mut self, method: Method, path: &[Segment], number: usize) -> Result<(), Conflict> {
        let mut at = &mut self.root;
        for segment in path {
            at = match segment {
                Segment::Literal(text) => at.literals.entry(text.as_str().into()).or_default(),
                Segment::Param(_) => at.param.get_or_insert_default(),
            };
        }
        match &mut at.routes[method as usize] {
            Some(first) => Err(Conflict { first: *first, second: number }),
            free => {
                *free = Some(number);
                Ok(())
            }
        }
    }

    /// Finds the route of a path as it stands in the request line, without the query.
    ///
    /// A literal segment wins over a parameter; where the literal leads to nothing, the parameter is tried.
    /// `None` as method asks which methods the path has.
    pub fn find<'p>(&self, method: Option<Method>, path: &'p str) -> Found<'p> {
        let Some(path) = path.strip_prefix('/') else { return Found::Nothing };
        let mut segments: Vec<Cow<'p, str>> = Vec::with_capacity(8);
        if !path.is_empty() {
            for segment in path.split('/') {
                if segments.len() == SEGMENTS_MAX {
                    return Found::Nothing;
                }
                match decode(segment) {
                    Some(text) => segments.push(text),
                    None => return Found::Unreadable,
                }
            }
        }
        let mut walk = Walk { method, taken: 0, allow: Allow::default() };
        match walk.descend(&self.root, &segments, 0) {
            Some((route, taken)) => Found::Route(route, captures(segments, taken)),
            None if walk.allow.is_empty() => Found::Nothing,
            None => Found::OtherMethods(walk.allow),
        }
    }
}

struct Walk {
    method: Option<Method>,
    /// Bit n: segment n was taken as a parameter.
    taken: u32,
    allow: Allow,
}

impl Walk {
    fn descend(&mut self, at: &Branch, segments: &[Cow<'_, str>], depth: usize) -> Option<(usize, u32)> {
        let Some(segment) = segments.get(depth) else {
            self.allow.add_all(&at.routes);
            return at.routes[self.method? as usize].map(|route| (route, self.taken));
        };
        if let Some(next) = at.literals.get(&**segment)
            && let Some(found) = self.descend(next, segments, depth + 1)
        {
            return Some(found);
        }
        let next = at.param.as_deref().filter(|_| !segment.is_empty())?;
        self.taken |= 1 << depth;
        let found = self.descend(next, segments, depth + 1);
        self.taken &= !(1 << depth);
        found
    }
}

fn captures(segments: Vec<Cow<'_, str>>, taken: u32) -> Captures<'_> {
    segments.into_iter().enumerate().filter(|(n, _)| taken & (1 << n) != 0).map(|(_, text)| text).collect()
}

impl Allow {
    fn add_all(&mut self, routes: &[Option<usize>; Method::ALL.len()]) {
        for method in Method::ALL {
            if routes[method as usize].is_some() {
                self.0 |= 1 << method as u8;
            }
        }
    }

    /// Returns whether there is no method at all.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for method in Method::ALL.into_iter().filter(|method| self.0 & (1 << *method as u8) != 0) {
            // What can be read can also be asked for without its body.
            f.write_str(if method == Method::Get { "GET, HEAD" } else { method.name() })?;
            f.write_str(", ")?;
        }
        f.write_str("OPTIONS")
    }
}

/// Resolves percent escapes, once. `None`: a broken escape, a control character, or no UTF-8.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = if byte == b'%' { hex(rest.next()?)? << 4 | hex(rest.next()?)? } else { byte };
        if byte < 0x20 || byte == 0x7f {
            return None;
        }
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(path: &str) -> Vec<Segment> {
        path.split('/').skip(1).map(Segment::of).collect()
    }

    fn router(routes: &[(Method, &str)]) -> Router {
        let mut router = Router::default();
        for (number, (method, path)) in routes.iter().enumerate() {
            router.add(*method, &segments(path), number).unwrap();
        }
        router
    }

    #[test]
    fn a_path_leads_to_its_route_and_captures_what_it_names() {
        let router = router(&[
            (Method::Get, "/reservations/{id}"),
            (Method::Post, "/reservations"),
            (Method::Get, "/reservations/latest"),
            (Method::Put, "/hotels/{hotel}/rooms/{room}/availability/{date}"),
            (Method::Get, "/hotels/vienna/rooms/{room}/photo"),
            (Method::Delete, "/reservations/{key}"),
        ]);
        let check = |method, path: &str, expected: &str| {
            let found = match router.find(Method::of(method), path) {
                Found::Route(number, captures) => format!("{number} {captures:?}"),
                Found::OtherMethods(allow) => format!("405 {allow}"),
                Found::Nothing => "404".into(),
                Found::Unreadable => "400".into(),
            };
            assert_eq!(found, expected, "{method} {path}");
        };
        check("GET", "/reservations/R-1", r#"0 ["R-1"]"#);
        check("POST", "/reservations", "1 []");
        check("GET", "/reservations/latest", "2 []");
        check("DELETE", "/reservations/latest", r#"5 ["latest"]"#);
        check("PUT", "/hotels/V/rooms/D/availability/2026-01-02", r#"3 ["V", "D", "2026-01-02"]"#);
        check("PUT", "/hotels/vienna/rooms/D/availability/d", r#"3 ["vienna", "D", "d"]"#);
        check("GET", "/hotels/vienna/rooms/12/photo", r#"4 ["12"]"#);
        check("GET", "/reservations/a%2Fb", r#"0 ["a/b"]"#);
        check("GET", "/reservations/a%252Fb", r#"0 ["a%2Fb"]"#);
        check("GET", "/%72eservations/%C3%A4", r#"0 ["ä"]"#);
        check("GET", "/reservations/..", r#"0 [".."]"#);
        check("GET", "/reservations", "405 POST, OPTIONS");
        check("PATCH", "/reservations/1", "405 GET, HEAD, DELETE, OPTIONS");
        check("BREW", "/reservations/1", "405 GET, HEAD, DELETE, OPTIONS");
        check("GET", "/reservations/", "404");
        check("GET", "/", "404");
        check("GET", "", "404");
        check("GET", "*", "404");
        check("GET", "//reservations/1", "404");
        check("GET", "/reservations/1/x", "404");
        check("GET", "/reservations/%zz", "400");
        check("GET", "/reservations/%C3", "400");
        check("GET", "/reservations/%00", "400");
        check("GET", "/reservations/%4", "400");
        check("GET", &"/x".repeat(40), "404");
    }

    #[test]
    fn two_routes_that_nobody_can_tell_apart_are_refused() {
        let mut router = router(&[(Method::Get, "/a/{x}")]);
        assert_eq!(router.add(Method::Get, &segments("/a/{y}"), 7), Err(Conflict { first: 0, second: 7 }));
        assert_eq!(router.add(Method::Put, &segments("/a/{y}"), 7), Ok(()));
        assert_eq!(router.add(Method::Get, &segments("/a/y"), 8), Ok(()));
    }
}
