//! What needs no declaration: the types of XML Schema, the `xml:` attributes, the SOAP encoding.
//!
//! **Invariant.** Each built-in type has exactly one scalar type; what cannot be told apart by it is text.

use kernel::{ScalarType, TextType};

/// Namespace of `xml:lang` and its like.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Namespace of the SOAP 1.1 encoding.
pub(crate) const ENCODING_11: &str = "http://schemas.xmlsoap.org/soap/encoding/";
/// Namespace of the SOAP 1.2 encoding.
pub(crate) const ENCODING_12: &str = "http://www.w3.org/2003/05/soap-encoding";

/// Makes the scalar of a type.
type Make = fn() -> ScalarType;

/// The types of XML Schema that are values, by local name.
///
/// Source: XML Schema Part 2: Datatypes Second Edition, section 3.
const TYPES: [(&str, Make); 48] = [
    ("anySimpleType", ScalarType::text),
    ("anyAtomicType", ScalarType::text),
    ("string", ScalarType::text),
    ("normalizedString", ScalarType::text),
    ("token", token),
    ("language", token),
    ("Name", token),
    ("NCName", token),
    ("NMTOKEN", token),
    ("NMTOKENS", list),
    ("ID", token),
    ("IDREF", token),
    ("IDREFS", list),
    ("ENTITY", token),
    ("ENTITIES", list),
    ("anyURI", token),
    ("QName", token),
    ("NOTATION", token),
    ("duration", token),
    ("dayTimeDuration", token),
    ("yearMonthDuration", token),
    ("gYear", token),
    ("gYearMonth", token),
    ("gMonth", token),
    ("gMonthDay", token),
    ("gDay", token),
    ("boolean", || ScalarType::Bool),
    ("decimal", ScalarType::decimal),
    ("integer", ScalarType::integer),
    ("nonPositiveInteger", ScalarType::integer),
    ("negativeInteger", ScalarType::integer),
    ("nonNegativeInteger", || integer(None, true)),
    ("positiveInteger", || integer(None, true)),
    ("long", || integer(Some(19), false)),
    ("int", || integer(Some(10), false)),
    ("short", || integer(Some(5), false)),
    ("byte", || integer(Some(3), false)),
    ("unsignedLong", || integer(Some(20), true)),
    ("unsignedInt", || integer(Some(10), true)),
    ("unsignedShort", || integer(Some(5), true)),
    ("unsignedByte", || integer(Some(3), true)),
    ("float", || ScalarType::Float { bits: 32 }),
    ("double", || ScalarType::Float { bits: 64 }),
    ("date", || ScalarType::Date),
    ("time", || ScalarType::Time),
    ("dateTime", || ScalarType::DateTime),
    ("base64Binary", || ScalarType::Base64),
    ("hexBinary", || ScalarType::Hex),
];

/// Returns the name, with static lifetime, and the scalar of a built-in type.
pub(crate) fn scalar(local: &str) -> Option<(&'static str, ScalarType)> {
    let late = match local {
        // A point in time with a mandatory zone, from XML Schema 1.1.
        "dateTimeStamp" => Some(("dateTimeStamp", ScalarType::DateTime)),
        _ => None,
    };
    late.or_else(|| TYPES.iter().find(|(name, _)| *name == local).map(|(name, make)| (*name, make())))
}

/// Returns the scalar type of a built-in attribute such as `xml:lang`.
pub(crate) fn attribute(space: Option<&str>, local: &str) -> Option<ScalarType> {
    match (space?, local) {
        (XML, "lang" | "base" | "id") => Some(token()),
        (XML, "space") => Some(token()),
        (ENCODING_11, "arrayType" | "offset" | "position" | "root") => Some(token()),
        (ENCODING_12, "arraySize" | "itemType" | "nodeType" | "id" | "ref") => Some(token()),
        _ => None,
    }
}

/// The attributes of the group `xml:specialAttrs`.
pub(crate) const SPECIAL_ATTRIBUTES: [&str; 4] = ["base", "lang", "space", "id"];

/// Returns whether a namespace needs no file.
pub(crate) fn well_known(space: Option<&str>) -> bool {
    matches!(space, Some(XML | ENCODING_11 | ENCODING_12 | super::XSD))
}

/// Returns whether a namespace is one of the SOAP encoding.
pub(crate) fn encoding(space: Option<&str>) -> bool {
    matches!(space, Some(ENCODING_11 | ENCODING_12))
}

fn token() -> ScalarType {
    ScalarType::Text(TextType { collapse: true, ..TextType::default() })
}

fn list() -> ScalarType {
    ScalarType::Text(TextType { collapse: true, list: true, ..TextType::default() })
}

fn integer(digits: Option<u16>, unsigned: bool) -> ScalarType {
    ScalarType::Decimal { digits, scale: Some(0), unsigned }
}

/// The names of all built-in types that are values.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(name, _)| *name)
}
