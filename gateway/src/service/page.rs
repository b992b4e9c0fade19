//! Pages of a list: how many items, and the opaque cursor to the next ones.
//!
//! **Invariant.** A cursor is signed for its operation, its filters and its order; one that was made up or changed is
//! refused.

use super::wanted::Wanted;
use crate::http::params::{FIELDS, SORT};
use crate::http::query;
use crate::problem::Problem;
use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use engine::json;
use engine::program::{Inputs, OperationPlan, Page, Paging, Place, Segment};
use serde_json::{Value, json};

/// Bytes of a signature that a cursor carries.
const TAG_BYTES: usize = 16;
/// Longest cursor that is read.
const CURSOR_BYTES_MAX: usize = 4 << 10;

/// Signs cursors.
#[derive(Debug)]
pub(super) struct Signer(hmac::Key);

impl Signer {
    /// Returns a signer; all nodes need the same key.
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn seal(&self, scope: &str, content: &[u8]) -> String {
        let mut sealed = self.tag(scope, content).to_vec();
        sealed.extend_from_slice(content);
        BASE64.encode(sealed)
    }

    fn open(&self, scope: &str, cursor: &str) -> Option<Vec<u8>> {
        let sealed = BASE64.decode(cursor).ok().filter(|_| cursor.len() <= CURSOR_BYTES_MAX)?;
        let (tag, content) = sealed.split_at_checked(TAG_BYTES)?;
        constant_time::verify_slices_are_equal(tag, &self.tag(scope, content)).ok()?;
        Some(content.to_vec())
    }

    fn tag(&self, scope: &str, content: &[u8]) -> [u8; TAG_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(scope.as_bytes());
        context.update(&[0]);
        context.update(content);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG_BYTES]);
        tag
    }
}

/// Reads which page a request asks for.
///
/// # Errors
/// The problem `invalid-parameter`.
pub(super) fn read(
    paging: &Paging,
    signer: &Signer,
    scope: &str,
    size: Option<&str>,
    next: Option<&str>,
) -> Result<Page, Problem> {
    let size = match size.map(str::parse::<u32>) {
        None => paging.size,
        Some(Ok(size)) if (1..=paging.max).contains(&size) => size,
        Some(_) => return Err(query::refused("size", format!("expected a number from 1 to {}", paging.max))),
    };
    let first = Page { size, cursor: None, offset: 0, number: 1 };
    match next {
        None => Ok(first),
        Some(next) => {
            let content = signer.open(scope, next).and_then(|content| serde_json::from_slice(&content).ok());
            content
                .and_then(|content: Value| resume(&content, size))
                .ok_or_else(|| query::refused("next", "the cursor is not one of this list: it belongs to another operation, other filters or another order"))
        }
    }
}

/// Returns the cursor behind a page, if the legacy system says that there is more.
pub(super) fn next(signer: &Signer, scope: &str, page: &Page, cursor: Option<&str>) -> Option<String> {
    let cursor = cursor.filter(|cursor| !cursor.is_empty())?;
    let offset = page.offset.saturating_add(u64::from(page.size));
    let content = json!({ "c": cursor, "o": offset, "n": page.number.saturating_add(1) });
    Some(signer.seal(scope, content.to_string().as_bytes()))
}

/// Returns the value of a `Link` header to the next page (RFC 8288).
pub(super) fn link(operation: &OperationPlan, inputs: &Inputs, wanted: &Wanted, next: &str) -> String {
    let text = |index: usize| {
        let value = inputs.params.get(index).filter(|value| !value.is_absent());
        value.and_then(json::text_of).map(|text| super::location::encode(&text))
    };
    let mut target = String::new();
    for segment in &operation.path {
        target.push('/');
        match segment {
            Segment::Literal(text) => target.push_str(&super::location::encode(text)),
            Segment::Param(index) => target.push_str(&text(*index).unwrap_or_default()),
        }
    }
    let queried = operation.params.iter().enumerate().filter(|(_, param)| param.place == Place::Query);
    let mut query: Vec<String> = Vec::new();
    for (index, param) in queried {
        let texts = inputs.params.get(index).filter(|value| !value.is_absent()).map(written);
        let pair = |text: &String| {
            format!("{}={}", super::location::encode(&param.name), super::location::encode(text))
        };
        query.extend(texts.iter().flatten().map(pair));
    }
    for (name, text) in [(SORT, &wanted.sort), (FIELDS, &wanted.fields)] {
        query.extend(text.iter().map(|text| format!("{name}={}", super::location::encode(text))));
    }
    query.push(format!("size={}", inputs.page.size));
    query.push(format!("next={next}"));
    format!("<{target}?{}>; rel=\"next\"", query.join("&"))
}

/// A parameter as a client writes it: a list by commas, or in pieces where these have commas themselves.
fn written(value: &engine::value::Value) -> Vec<String> {
    let items = match value {
        engine::value::Value::List(items) => items.iter().filter_map(json::text_of).collect(),
        single => Vec::from_iter(json::text_of(single)),
    };
    let parts = items.len() < 2 || items.iter().any(|item| item.contains(','));
    if parts { items } else { vec![items.join(",")] }
}

fn resume(content: &Value, size: u32) -> Option<Page> {
    let cursor = content.get("c")?.as_str()?;
    let number = |key: &str| content.get(key).and_then(Value::as_u64);
    Some(Page { size, cursor: Some(cursor.into()), offset: number("o")?, number: number("n")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGING: Paging = Paging { size: 50, max: 200 };

    #[test]
    fn a_cursor_leads_to_the_next_page_of_its_operation_and_nowhere_else() {
        let signer = Signer::new(b"key");
        let first = read(&PAGING, &signer, "GET /a", None, None).unwrap();
        let cursor = next(&signer, "GET /a", &first, Some("legacy-77")).unwrap();
        let second = read(&PAGING, &signer, "GET /a", Some("10"), Some(&cursor)).unwrap();
        assert_eq!(second, Page { size: 10, cursor: Some("legacy-77".into()), offset: 50, number: 2 });
        assert_eq!(next(&signer, "GET /a", &second, None), None);
        assert_eq!(next(&signer, "GET /a", &second, Some("")), None);
        let refused = |signer: &Signer, operation: &str, cursor: &str| {
            read(&PAGING, signer, operation, None, Some(cursor)).unwrap_err().slug().to_owned()
        };
        assert_eq!(refused(&signer, "GET /b", &cursor), "invalid-parameter");
        assert_eq!(refused(&Signer::new(b"other"), "GET /a", &cursor), "invalid-parameter");
        assert_eq!(refused(&signer, "GET /a", &format!("{cursor}A")), "invalid-parameter");
        assert_eq!(refused(&signer, "GET /a", ""), "invalid-parameter");
        assert_eq!(refused(&signer, "GET /a", "legacy-77"), "invalid-parameter");
    }

    #[test]
    fn a_list_is_written_as_a_client_writes_it() {
        use engine::value::Value;
        let text = |text: &str| Value::Text(text.into());
        let check = |value: Value, expected: &[&str]| assert_eq!(written(&value), expected);
        check(Value::List(vec![text("SI"), text("NO")]), &["SI,NO"]);
        check(Value::List(vec![text("a,b"), text("c")]), &["a,b", "c"]);
        check(Value::List(vec![text("SI")]), &["SI"]);
        check(text("a,b"), &["a,b"]);
        check(Value::Bool(true), &["true"]);
        check(Value::Absent, &[]);
    }

    #[test]
    fn a_size_beyond_the_bounds_is_refused() {
        let signer = Signer::new(b"key");
        let check =
            |size: &str, ok| assert_eq!(read(&PAGING, &signer, "op", Some(size), None).is_ok(), ok, "{size}");
        check("1", true);
        check("200", true);
        check("0", false);
        check("201", false);
        check("-1", false);
        check("ten", false);
        check("", false);
    }
}
