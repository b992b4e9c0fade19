//! Pages of a listing.
//!
//! **Invariant.** A page that cannot be understood is an error; no object is passed over in silence.

use jiff::Timestamp;

/// A page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub objects: Vec<Object>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// An object that was listed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub key: String,
    pub size: u64,
    pub etag: String,
    /// When it was written, in seconds.
    pub written: i64,
}

/// Reads a page.
///
/// # Errors
/// In words: it is none.
pub(super) fn page(body: &[u8]) -> Result<Page, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the listing is no UTF-8")?;
    let document =
        roxmltree::Document::parse(text).map_err(|error| format!("the listing is no XML: {error}"))?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return Err(format!("the listing is a `{}`", root.tag_name().name()));
    }
    let is_encoded = child(root, "EncodingType") == Some("url");
    let listed = root.children().filter(|node| node.tag_name().name() == "Contents");
    let objects = listed.map(|node| object(node, is_encoded)).collect::<Result<_, _>>()?;
    let next = match (child(root, "IsTruncated"), child(root, "NextContinuationToken")) {
        (Some("true"), Some(token)) => Some(token.to_owned()),
        (Some("true"), None) => return Err("the listing goes on, and does not say where".into()),
        _ => None,
    };
    Ok(Page { objects, next })
}

fn child<'a>(node: roxmltree::Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|child| child.tag_name().name() == name)?.text()
}

fn object(node: roxmltree::Node<'_, '_>, is_encoded: bool) -> Result<Object, String> {
    let text =
        |name: &str| child(node, name).ok_or_else(|| format!("an object of the listing has no {name}"));
    let key = text("Key")?;
    let key = if is_encoded { decoded(key)? } else { key.to_owned() };
    let size = text("Size")?.parse().map_err(|_| format!("the size of {key} is no number"))?;
    let written: Timestamp =
        text("LastModified")?.parse().map_err(|_| format!("the time of {key} is no time"))?;
    Ok(Object { size, etag: text("ETag")?.to_owned(), written: seconds(written), key })
}

/// Whole seconds, rounded down: the other way to ask for the time has no more.
pub(super) fn seconds(time: Timestamp) -> i64 {
    time.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap_or(i64::MAX)
}

/// Decodes a key as forms encode texts, `+` for a blank.
fn decoded(text: &str) -> Result<String, String> {
    let bad = || format!("the key `{text}` of the listing is not encoded as it should be");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, behind) = rest.split_at_checked(2).ok_or_else(bad)?;
                rest = behind;
                let digits = std::str::from_utf8(digits).map_err(|_| bad())?;
                u8::from_str_radix(digits, 16).map_err(|_| bad())?
            }
            byte => *byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Result<&[(&str, u64, i64)], &str>) {
        let found = page(body.as_bytes());
        match expected {
            Ok(objects) => {
                let found = found.expect(body).objects;
                let found: Vec<_> = found.iter().map(|it| (it.key.as_str(), it.size, it.written)).collect();
                assert_eq!(found, objects, "{body}");
            }
            Err(part) => assert!(found.as_ref().is_err_and(|why| why.contains(part)), "{body}: {found:?}"),
        }
    }

    fn listed(encoding: &str, key: &str, rest: &str) -> String {
        format!(
            "<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{encoding}<Contents><Key>{key}</Key>\
             <LastModified>1970-01-01T00:01:40.999Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>\
             {rest}</ListBucketResult>"
        )
    }

    #[test]
    fn a_page_tells_its_objects() {
        let url = "<EncodingType>url</EncodingType>";
        check(&listed(url, "in/a+b%2Bc%C3%A4.csv", ""), Ok(&[("in/a b+cä.csv", 7, 100)]));
        check(&listed("", "in/a+b%2B.csv", ""), Ok(&[("in/a+b%2B.csv", 7, 100)]));
        check("<ListBucketResult/>", Ok(&[]));
        let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
        assert_eq!(page(listed("", "a", more).as_bytes()).unwrap().next.as_deref(), Some("t"));
        assert_eq!(page(listed("", "a", "").as_bytes()).unwrap().next, None);
    }

    #[test]
    fn a_page_that_is_not_understood_is_an_error() {
        let url = "<EncodingType>url</EncodingType>";
        check(&listed(url, "a%", ""), Err("not encoded"));
        check(&listed(url, "a%FF", ""), Err("not encoded"));
        check(&listed("", "a", "<IsTruncated>true</IsTruncated>"), Err("does not say where"));
        check("<html/>", Err("is a `html`"));
        check("<ListBucketResult>", Err("no XML"));
        check("<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", Err("has no Size"));
        check(&listed("", "a", "").replace(">7<", ">7x<"), Err("no number"));
        check(&listed("", "a", "").replace("1970", "197x"), Err("no time"));
    }
}
