//! What each construct of XML Schema becomes in a shape.
//!
//! **Invariant.** Rows of data: the schema as its maker writes it, the shape as a reader sees it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/render.rs"]
mod render;

use adapters_soap::load_xsd;
use folder::Texts;
use kernel::{Diagnostic, Severity, Sources, TypeKind};
use render::{scalar, structure};
use std::time::{Duration, Instant};

const XSD: &str = "xmlns:xs='http://www.w3.org/2001/XMLSchema'";

/// A schema of the namespace `urn:t` with qualified elements.
fn schema(body: &str) -> String {
    format!(
        "<xs:schema {XSD} xmlns='urn:t' targetNamespace='urn:t' elementFormDefault='qualified'>\n{body}\n</xs:schema>"
    )
}

/// Compares the structure of the global element `r`.
fn check(body: &str, expected: &str) {
    let (found, findings) =
        read(&Texts::new([("s.xsd", schema(body))])).unwrap_or_else(|e| panic!("{body}\n{e:#?}"));
    assert_eq!(found, expected, "{body}");
    assert_eq!(findings, Vec::<String>::new(), "{body}");
}

/// Compares a complex type that is written as the type of `r`.
fn check_type(inner: &str, expected: &str) {
    check(&format!("<xs:element name='r'><xs:complexType>{inner}</xs:complexType></xs:element>"), expected);
}

/// Compares the first finding, with its place.
fn check_finding(files: &Texts, expected: &str) {
    let findings = match read(files) {
        Ok((_, findings)) | Err(findings) => findings,
    };
    assert!(findings.iter().any(|finding| finding == expected), "{expected}\n{findings:#?}");
}

fn refused(body: &str, expected: &str) {
    let files = Texts::new([("s.xsd", schema(body))]);
    assert!(read(&files).is_err(), "{body}");
    check_finding(&files, expected);
}

/// The structure of `r` and what was passed over, or what was refused.
fn read(files: &Texts) -> Result<(String, Vec<String>), Vec<String>> {
    let mut sources = Sources::default();
    let loaded = load_xsd("s.xsd", files, &mut sources);
    let tell = |findings: &[Diagnostic]| -> Vec<String> {
        findings.iter().map(|finding| format!("{} {finding}", place(&sources, finding))).collect()
    };
    match &loaded {
        Ok(schema) => {
            assert!(schema.findings.iter().all(|finding| finding.severity == Severity::Warning));
            Ok((structure(&schema.shape, "r"), tell(&schema.findings)))
        }
        Err(findings) => Err(tell(findings)),
    }
}

fn place(sources: &Sources, finding: &Diagnostic) -> String {
    let Some(span) = finding.span else { return "-".into() };
    let path = &sources.file(span.file).expect("the file of the span").path;
    format!("{path}:{}", sources.position(span).expect("the place of the span").line)
}

#[test]
fn built_in_types_become_scalars() {
    let check =
        |name: &str, expected: &str| check(&format!("<xs:element name='r' type='xs:{name}'/>"), expected);
    for name in ["string", "normalizedString", "anySimpleType"] {
        check(name, "text");
    }
    for name in ["token", "language", "Name", "NCName", "NMTOKEN", "ID", "IDREF", "ENTITY", "anyURI", "QName"]
    {
        check(name, "token");
    }
    for name in ["NOTATION", "duration", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay"] {
        check(name, "token");
    }
    for name in ["NMTOKENS", "IDREFS", "ENTITIES"] {
        check(name, "list");
    }
    for (name, expected) in [
        ("boolean", "bool"),
        ("decimal", "dec(*,*)"),
        ("integer", "dec(*,0)"),
        ("nonPositiveInteger", "dec(*,0)"),
        ("negativeInteger", "dec(*,0)"),
        ("nonNegativeInteger", "+dec(*,0)"),
        ("positiveInteger", "+dec(*,0)"),
        ("long", "dec(19,0)"),
        ("int", "dec(10,0)"),
        ("short", "dec(5,0)"),
        ("byte", "dec(3,0)"),
        ("unsignedLong", "+dec(20,0)"),
        ("unsignedInt", "+dec(10,0)"),
        ("unsignedShort", "+dec(5,0)"),
        ("unsignedByte", "+dec(3,0)"),
        ("float", "float32"),
        ("double", "float64"),
        ("date", "date"),
        ("time", "time"),
        ("dateTime", "datetime"),
        ("base64Binary", "base64"),
        ("hexBinary", "hex"),
        ("anyType", "mixed open@ open {#text[0..1]: text} = any*"),
    ] {
        check(name, expected);
    }
}

#[test]
fn facets_narrow_a_scalar() {
    let check = |restriction: &str, expected: &str| {
        check(
            &format!("<xs:element name='r'><xs:simpleType>{restriction}</xs:simpleType></xs:element>"),
            expected,
        );
    };
    let on = |base: &str, facets: &str| {
        let facets: String = facets
            .split_whitespace()
            .filter_map(|facet| facet.split_once('='))
            .map(|(name, value)| format!("<xs:{name} value='{value}'/>"))
            .collect();
        format!("<xs:restriction base='xs:{base}'>{facets}</xs:restriction>")
    };
    check(&on("string", "length=3"), "text(3..3)");
    check(&on("string", "minLength=1 maxLength=8 pattern=[A-Z]*"), "text(1..8)");
    check(&on("token", "enumeration=A enumeration=B"), "token[A|B]");
    check(&on("string", "whiteSpace=collapse"), "token");
    check(&on("decimal", "totalDigits=11 fractionDigits=2"), "dec(11,2)");
    check(&on("decimal", "minInclusive=0.0"), "+dec(*,*)");
    check(&on("decimal", "minInclusive=-0.5"), "dec(*,*)");
    check(&on("integer", "minInclusive=1 maxInclusive=9999"), "+dec(4,0)");
    check(&on("integer", "minInclusive=-12345 maxInclusive=99"), "dec(5,0)");
    check(&on("int", "maxInclusive=99"), "dec(10,0)");
    check(&on("unsignedByte", "maxInclusive=99"), "+dec(2,0)");
    check(&on("date", "minInclusive=2000-01-01"), "date");
    check(
        "<xs:restriction><xs:simpleType><xs:restriction base='xs:string'><xs:maxLength value='9'/></xs:restriction></xs:simpleType><xs:minLength value='2'/></xs:restriction>",
        "text(2..9)",
    );
}

#[test]
fn lists_and_unions_become_texts() {
    let check = |body: &str, expected: &str| {
        let types = "<xs:simpleType name='A'><xs:restriction base='xs:token'><xs:enumeration value='a'/></xs:restriction></xs:simpleType>\
             <xs:simpleType name='B'><xs:restriction base='xs:token'><xs:enumeration value='b'/></xs:restriction></xs:simpleType>\
             <xs:simpleType name='S'><xs:restriction base='xs:string'><xs:maxLength value='5'/></xs:restriction></xs:simpleType>";
        check(
            &format!("{types}<xs:element name='r'><xs:simpleType>{body}</xs:simpleType></xs:element>"),
            expected,
        );
    };
    check("<xs:list itemType='xs:int'/>", "list");
    check("<xs:list><xs:simpleType><xs:restriction base='xs:int'/></xs:simpleType></xs:list>", "list");
    check("<xs:union memberTypes='A B'/>", "token[a|b]");
    check("<xs:union memberTypes='A S'/>", "text");
    check("<xs:union memberTypes='S S'/>", "text(..5)");
    check("<xs:union memberTypes='xs:date xs:dateTime'/>", "text");
    check("<xs:union memberTypes='xs:date xs:date'/>", "date");
    check(
        "<xs:union memberTypes='A'><xs:simpleType><xs:restriction base='B'/></xs:simpleType></xs:union>",
        "token[a|b]",
    );
}

#[test]
fn bounds_are_the_product_along_model_groups() {
    let a = "<xs:element name='a' type='xs:int'/>";
    let b = "<xs:element name='b' type='xs:int' minOccurs='0' maxOccurs='2'/>";
    check_type(
        &format!("<xs:sequence>{a}{b}</xs:sequence>"),
        "{a: dec(10,0); b[0..2]: dec(10,0)} = (a, b[0..2])",
    );
    check_type(
        &format!("<xs:sequence minOccurs='0' maxOccurs='3'>{a}{b}</xs:sequence>"),
        "{a[0..3]: dec(10,0); b[0..6]: dec(10,0)} = (a, b[0..2])[0..3]",
    );
    check_type(
        &format!("<xs:choice maxOccurs='unbounded'>{a}{b}</xs:choice>"),
        "{a[0..*]: dec(10,0); b[0..*]: dec(10,0)} = (a | b[0..2])[1..*]",
    );
    check_type(&format!("<xs:all>{a}{b}</xs:all>"), "{a: dec(10,0); b[0..2]: dec(10,0)} = (a & b[0..2])");
    check_type(
        &format!(
            "<xs:sequence><xs:sequence>{a}</xs:sequence><xs:choice minOccurs='0'>{b}</xs:choice></xs:sequence>"
        ),
        "{a: dec(10,0); b[0..2]: dec(10,0)} = (a, (b[0..2])?)",
    );
}

#[test]
fn one_name_is_one_part_of_its_group() {
    let [a, b, c] = ["a", "b", "c"].map(|name| format!("<xs:element name='{name}' type='xs:string'/>"));
    check_type(&format!("<xs:sequence>{a}{b}{a}</xs:sequence>"), "{a[2..2]: text; b: text} = (a, b, a)");
    check_type(
        &format!("<xs:choice><xs:sequence>{a}{b}</xs:sequence><xs:sequence>{a}{c}</xs:sequence></xs:choice>"),
        "{a: text; b[0..1]: text; c[0..1]: text} = ((a, b) | (a, c))",
    );
}

#[test]
fn an_element_that_cannot_occur_is_gone_and_an_empty_alternative_is_a_way_out() {
    let a = "<xs:element name='a' type='xs:int'/>";
    check_type(
        &format!(
            "<xs:sequence>{a}<xs:element name='b' maxOccurs='0' minOccurs='0' type='xs:int'/></xs:sequence>"
        ),
        "{a: dec(10,0)} = (a)",
    );
    check_type(&format!("<xs:choice>{a}<xs:sequence/></xs:choice>"), "{a[0..1]: dec(10,0)} = (a)?");
    check_type("<xs:sequence/>", "{}");
    check_type("", "{}");
}

#[test]
fn elements_keep_what_their_declaration_says() {
    check_type(
        "<xs:sequence><xs:element name='a' type='xs:int' nillable='true' default='7'/><xs:element name='b' fixed='x' type='xs:string' form='unqualified'/></xs:sequence>",
        "{a: nil default=7 dec(10,0); .b: fixed=x text} = (a, b)",
    );
    check("<xs:element name='r' type='xs:int' nillable='1'/>", "nil dec(10,0)");
    check("<xs:element name='r'/>", "mixed open@ open {#text[0..1]: text} = any*");
    check(
        "<xs:element name='r'><xs:complexType><xs:sequence><xs:element ref='g' maxOccurs='4'/></xs:sequence></xs:complexType></xs:element><xs:element name='g' type='xs:date' nillable='true'/>",
        "{g[1..4]: nil date} = (g[1..4])",
    );
}

#[test]
fn forms_decide_the_namespace() {
    let body = |attributes: &str| {
        format!(
            "<xs:schema {XSD} targetNamespace='urn:t' {attributes}><xs:element name='r'><xs:complexType><xs:sequence><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int' form='qualified'/></xs:sequence><xs:attribute name='x' type='xs:int'/><xs:attribute name='y' type='xs:int' form='unqualified'/></xs:complexType></xs:element></xs:schema>"
        )
    };
    let check = |attributes: &str, expected: &str| {
        assert_eq!(read(&Texts::new([("s.xsd", body(attributes))])), Ok((expected.to_owned(), Vec::new())));
    };
    check("", "{@.x[0..1]: dec(10,0); @.y[0..1]: dec(10,0); .a: dec(10,0); b: dec(10,0)} = (a, b)");
    check(
        "elementFormDefault='qualified' attributeFormDefault='qualified'",
        "{@x[0..1]: dec(10,0); @.y[0..1]: dec(10,0); a: dec(10,0); b: dec(10,0)} = (a, b)",
    );
}

#[test]
fn attributes_come_first_and_keep_use_default_and_fixed() {
    check_type(
        "<xs:sequence><xs:element name='a' type='xs:int'/></xs:sequence><xs:attribute name='u' type='xs:int' use='required'/><xs:attribute name='d' default='1'/><xs:attribute name='f' type='xs:int' fixed='2'/><xs:anyAttribute/>",
        "open@ {@.u: dec(10,0); @.d[0..1]: default=1 text; @.f[0..1]: fixed=2 dec(10,0); a: dec(10,0)} = (a)",
    );
    check(
        "<xs:attribute name='g' type='xs:date'/><xs:attributeGroup name='G'><xs:attribute ref='g'/><xs:attributeGroup ref='H'/></xs:attributeGroup><xs:attributeGroup name='H'><xs:attribute name='h'><xs:simpleType><xs:restriction base='xs:string'><xs:length value='2'/></xs:restriction></xs:simpleType></xs:attribute><xs:attribute ref='xml:lang' use='required'/></xs:attributeGroup><xs:element name='r'><xs:complexType><xs:attributeGroup ref='G'/></xs:complexType></xs:element>",
        "{@g[0..1]: date; @.h[0..1]: text(2..2); @{http://www.w3.org/XML/1998/namespace}lang: token}",
    );
}

#[test]
fn simple_content_has_a_text_beside_its_attributes() {
    let money = "<xs:complexType name='Money'><xs:simpleContent><xs:extension base='xs:decimal'><xs:attribute name='c' type='xs:string'/></xs:extension></xs:simpleContent></xs:complexType>";
    check(&format!("{money}<xs:element name='r' type='Money'/>"), "{@.c[0..1]: text; #text: dec(*,*)}");
    let check = |derived: &str, expected: &str| {
        check(
            &format!(
                "{money}<xs:element name='r'><xs:complexType><xs:simpleContent>{derived}</xs:simpleContent></xs:complexType></xs:element>"
            ),
            expected,
        );
    };
    check(
        "<xs:extension base='Money'><xs:attribute name='d' type='xs:int'/></xs:extension>",
        "{@.c[0..1]: text; @.d[0..1]: dec(10,0); #text: dec(*,*)}",
    );
    check(
        "<xs:restriction base='Money'><xs:fractionDigits value='2'/><xs:attribute name='c' type='xs:string' use='required'/></xs:restriction>",
        "{@.c: text; #text: dec(*,2)}",
    );
    check(
        "<xs:restriction base='Money'><xs:simpleType><xs:restriction base='xs:int'/></xs:simpleType><xs:attribute name='c' use='prohibited'/></xs:restriction>",
        "{#text: dec(10,0)}",
    );
}

const BASE: &str = "<xs:complexType name='Base' abstract='true'><xs:sequence><xs:element name='a' type='xs:int'/></xs:sequence><xs:attribute name='x' type='xs:int'/></xs:complexType>";

#[test]
fn an_extension_has_what_its_base_has_and_more() {
    check(
        &format!(
            "{BASE}<xs:element name='r'><xs:complexType><xs:complexContent><xs:extension base='Base'><xs:choice><xs:element name='b' type='xs:int'/><xs:element name='c' type='xs:int'/></xs:choice><xs:attribute name='y' type='xs:int'/></xs:extension></xs:complexContent></xs:complexType></xs:element>"
        ),
        "{@.x[0..1]: dec(10,0); @.y[0..1]: dec(10,0); a: dec(10,0); b[0..1]: dec(10,0); c[0..1]: dec(10,0)} = (a, (b | c))",
    );
    check(
        &format!("{BASE}<xs:element name='r' type='Base'/>"),
        "abstract {@.x[0..1]: dec(10,0); a: dec(10,0)} = (a)",
    );
    // The base does not change because something that derives from it repeats its element.
    let twice = "<xs:complexType name='Twice'><xs:complexContent><xs:extension base='Base'><xs:sequence><xs:element name='a' type='xs:int'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>";
    check(
        &format!(
            "{BASE}{twice}<xs:element name='r'><xs:complexType><xs:sequence><xs:element name='t' type='Twice'/><xs:element name='o' type='Base'/></xs:sequence></xs:complexType></xs:element>"
        ),
        "{t: {@.x[0..1]: dec(10,0); a[2..2]: dec(10,0)} = (a, a); o: abstract {@.x[0..1]: dec(10,0); a: dec(10,0)} = (a)} = (t, o)",
    );
}

#[test]
fn a_restriction_says_its_elements_anew_and_inherits_attributes() {
    let check = |derived: &str, expected: &str| {
        check(
            &format!(
                "{BASE}<xs:element name='r'><xs:complexType><xs:complexContent>{derived}</xs:complexContent></xs:complexType></xs:element>"
            ),
            expected,
        );
    };
    check(
        "<xs:restriction base='Base'><xs:sequence><xs:element name='a' type='xs:short'/></xs:sequence></xs:restriction>",
        "{@.x[0..1]: dec(10,0); a: dec(5,0)} = (a)",
    );
    check("<xs:restriction base='Base'><xs:attribute name='x' use='prohibited'/></xs:restriction>", "{}");
    check(
        "<xs:restriction base='xs:anyType'><xs:sequence><xs:element name='z' type='xs:int'/></xs:sequence></xs:restriction>",
        "{z: dec(10,0)} = (z)",
    );
}

#[test]
fn inherited_parts_keep_their_number_and_types_know_what_derives_from_them() {
    let body = format!(
        "{BASE}<xs:complexType name='D'><xs:complexContent><xs:extension base='Base'><xs:sequence><xs:element name='b' type='xs:int'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType><xs:element name='r' type='Base'/>"
    );
    let files = Texts::new([("s.xsd", schema(&body))]);
    let shape = load_xsd("s.xsd", &files, &mut Sources::default()).expect("it loads").shape;
    let base = shape.part(shape.globals()[0]).ty;
    let derived = shape.derived(base, "D").expect("D derives from Base");
    let (base, derived) = (shape.group(base).expect("a group"), shape.group(derived).expect("a group"));
    assert!(base.parts.iter().all(|part| derived.parts.contains(part)));
    assert_eq!(derived.parts.len(), base.parts.len() + 1);
}

#[test]
fn groups_are_expanded_with_the_bounds_of_their_reference() {
    let group = "<xs:group name='G'><xs:sequence><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int' minOccurs='0'/></xs:sequence></xs:group>";
    let check = |inner: &str, expected: &str| {
        check(
            &format!("{group}<xs:element name='r'><xs:complexType>{inner}</xs:complexType></xs:element>"),
            expected,
        );
    };
    check("<xs:group ref='G'/>", "{a: dec(10,0); b[0..1]: dec(10,0)} = (a, b?)");
    check(
        "<xs:sequence><xs:element name='z' type='xs:int'/><xs:group ref='G' minOccurs='0' maxOccurs='unbounded'/></xs:sequence>",
        "{z: dec(10,0); a[0..*]: dec(10,0); b[0..*]: dec(10,0)} = (z, ((a, b?))*)",
    );
}

#[test]
fn substitutes_stand_for_their_head() {
    let elements = "<xs:element name='head' abstract='true' type='xs:string'/><xs:element name='one' substitutionGroup='head'/><xs:element name='two' substitutionGroup='one' type='xs:token'/>";
    let check = |inner: &str, expected: &str| {
        check(
            &format!(
                "{elements}<xs:element name='r'><xs:complexType><xs:sequence>{inner}</xs:sequence></xs:complexType></xs:element>"
            ),
            expected,
        );
    };
    check(
        "<xs:element ref='head' maxOccurs='2'/>",
        "{head[0..2]: abstract text; one[0..2]: for head text; two[0..2]: for head token} = ((one | two)[1..2])",
    );
    check("<xs:element ref='one'/>", "{one[0..1]: text; two[0..1]: for one token} = ((one | two))");
    check("<xs:element ref='two'/>", "{two: token} = (two)");
}

#[test]
fn recursion_ends_at_the_name() {
    check(
        "<xs:complexType name='Node'><xs:sequence><xs:element name='n' type='Node' minOccurs='0'/></xs:sequence></xs:complexType><xs:element name='r' type='Node'/>",
        "{n[0..1]: ^Node} = (n?)",
    );
    check(
        "<xs:element name='r'><xs:complexType><xs:sequence><xs:element ref='r' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>",
        "{r[0..1]: ^} = (r?)",
    );
}

#[test]
fn wildcards_and_mixed_content_are_kept() {
    check_type(
        "<xs:sequence><xs:element name='a' type='xs:int'/><xs:any processContents='lax' minOccurs='0' maxOccurs='unbounded'/></xs:sequence>",
        "open {a: dec(10,0)} = (a, any*)",
    );
    check(
        "<xs:element name='r'><xs:complexType mixed='true'><xs:sequence><xs:element name='a' type='xs:int' minOccurs='0'/></xs:sequence><xs:attribute name='x'/></xs:complexType></xs:element>",
        "mixed {@.x[0..1]: text; #text[0..1]: text; a[0..1]: dec(10,0)} = (a?)",
    );
}

#[test]
fn where_any_type_may_stand_every_type_derives_from_it() {
    let body = "<xs:element name='r' type='xs:anyType'/><xs:complexType name='C'><xs:sequence/></xs:complexType><xs:simpleType name='S'><xs:restriction base='xs:date'/></xs:simpleType>";
    let files = Texts::new([("s.xsd", schema(body))]);
    let shape = load_xsd("s.xsd", &files, &mut Sources::default()).expect("it loads").shape;
    let any = shape.part(shape.globals()[0]).ty;
    let text_of = |name: &str| {
        let ty = shape.derived(any, name).unwrap_or_else(|| panic!("{name} derives from anyType"));
        shape.text_part(ty).and_then(|text| shape.scalar(shape.part(text).ty)).map(scalar)
    };
    assert_eq!(text_of("int").as_deref(), Some("dec(10,0)"));
    assert_eq!(text_of("S").as_deref(), Some("date"));
    assert_eq!(text_of("C"), None);
    assert!(matches!(&shape.ty(any).kind, TypeKind::Group(group) if group.mixed));
}

#[test]
fn imports_and_includes_are_followed_wherever_they_lead() {
    let main = schema(
        "<xs:include schemaLocation='in/chameleon.xsd'/><xs:import namespace='urn:o' schemaLocation='./in/../o.xsd'/><xs:element name='r'><xs:complexType><xs:sequence xmlns:o='urn:o'><xs:element name='a' type='Mine'/><xs:element ref='o:e'/></xs:sequence></xs:complexType></xs:element>",
    );
    let chameleon = format!(
        "<xs:schema {XSD}><xs:include schemaLocation='../s.xsd'/><xs:include schemaLocation='deep.xsd'/><xs:complexType name='Mine'><xs:sequence><xs:element name='m' type='Deep' form='qualified'/></xs:sequence></xs:complexType></xs:schema>"
    );
    let deep = format!(
        "<xs:schema {XSD}><xs:simpleType name='Deep'><xs:restriction base='xs:date'/></xs:simpleType></xs:schema>"
    );
    let other = format!(
        "<xs:schema {XSD} xmlns:t='urn:t' targetNamespace='urn:o'><xs:import namespace='urn:t' schemaLocation='s.xsd'/><xs:element name='e' type='t:Mine'/></xs:schema>"
    );
    let files = Texts::new([
        ("s.xsd", main),
        ("in/chameleon.xsd", chameleon),
        ("in/deep.xsd", deep),
        ("o.xsd", other),
    ]);
    let (found, findings) = read(&files).expect("it loads");
    assert_eq!(found, "{a: {m: date} = (m); {urn:o}e: ^Mine} = (a, e)");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn every_refusal_says_what_and_where() {
    let r = "<xs:element name='r' type='xs:int'/>";
    refused("<xs:element name='r' type='Nope'/>", "s.xsd:2 E092: no type `Nope` is declared in `urn:t`");
    refused("<xs:element name='r' type='x:y'/>", "s.xsd:2 E092: the prefix `x` is not declared");
    refused("<xs:element type='xs:int'/>", "s.xsd:2 E092: this `element` has no name");
    refused(
        "\n<xs:element name='r'><xs:complexType><xs:sequence>\n<xs:element ref='gone'/></xs:sequence></xs:complexType></xs:element>",
        "s.xsd:4 E092: no element `gone` is declared in `urn:t`",
    );
    refused(
        "<xs:element name='r'><xs:complexType><xs:attribute ref='gone'/></xs:complexType></xs:element>",
        "s.xsd:2 E092: no attribute `gone` is declared in `urn:t`",
    );
    refused(
        "<xs:element name='r'><xs:complexType><xs:sequence maxOccurs='many'/></xs:complexType></xs:element>",
        "s.xsd:2 E092: maxOccurs `many` is no number",
    );
    refused(
        &format!(
            "{r}<xs:complexType name='A'><xs:complexContent><xs:extension base='B'/></xs:complexContent></xs:complexType>\n<xs:complexType name='B'><xs:complexContent><xs:extension base='A'/></xs:complexContent></xs:complexType>"
        ),
        "s.xsd:3 E092: this type derives from itself",
    );
    refused(
        &format!("{r}<xs:simpleType name='A'><xs:restriction base='A'/></xs:simpleType>"),
        "s.xsd:2 E092: the simple type `A` is made of itself",
    );
    refused(
        "<xs:group name='G'><xs:sequence><xs:group ref='G'/></xs:sequence></xs:group><xs:element name='r'><xs:complexType><xs:group ref='G'/></xs:complexType></xs:element>",
        "s.xsd:2 E092: the group `G` contains itself",
    );
    refused(
        "<xs:redefine schemaLocation='s.xsd'><xs:simpleType name='A'/></xs:redefine>",
        "s.xsd:2 E092: `redefine` is not supported",
    );
    refused(
        "<xs:element name='r' type='xs:int'/><xs:include schemaLocation='gone.xsd'/>",
        "s.xsd:2 E091: schema file `gone.xsd` cannot be read: there is no such file",
    );
    refused(
        "<xs:element name='r' type='xs:int'/><xs:include schemaLocation='../up.xsd'/>",
        "s.xsd:2 E091: `../up.xsd` lies outside the project folder",
    );
}

#[test]
fn what_is_passed_over_is_noted() {
    let note = |body: &str, expected: &str| {
        let files = Texts::new([("s.xsd", schema(&format!("<xs:element name='r' type='xs:int'/>{body}")))]);
        assert!(read(&files).is_ok(), "{body}: {:?}", read(&files));
        check_finding(&files, expected);
    };
    note("<xs:simpletype name='A'/>", "s.xsd:2 W091: `simpletype` is no part of a schema and is passed over");
    note(
        "<xs:import namespace='urn:far' schemaLocation='http://example.org/far.xsd'/>",
        "s.xsd:2 W091: `http://example.org/far.xsd` was not read, nothing is read from the network; `urn:far` is therefore unknown",
    );
    note(
        "<xs:import namespace='http://www.w3.org/XML/1998/namespace' schemaLocation='http://www.w3.org/2001/xml.xsd'/>",
        "s.xsd:2 W091: `http://www.w3.org/2001/xml.xsd` was not read, nothing is read from the network; `http://www.w3.org/XML/1998/namespace` is known from elsewhere",
    );
    note(
        "\n<xs:simpleType name='A'><xs:restriction base='xs:int'/></xs:simpleType>\n<xs:simpleType name='A'><xs:restriction base='xs:date'/></xs:simpleType>",
        "s.xsd:4 W091: `A` is declared twice; the first declaration counts",
    );
    note(
        "<xs:element name='q'><xs:complexType><xs:choice>\n<xs:element name='a' type='xs:int'/>\n<xs:element name='a' type='xs:date'/></xs:choice></xs:complexType></xs:element>",
        "s.xsd:4 W091: `a` is declared twice in one group with different types; the first one counts",
    );
}

#[test]
fn a_file_that_is_no_xml_is_refused_at_the_place() {
    let check = |text: &str, expected: &str| {
        let files = Texts::new([("s.xsd", text.to_owned())]);
        let findings = read(&files).expect_err("it is refused");
        assert!(findings[0].starts_with(expected), "{findings:?}");
    };
    check("<a>\n<b></a>", "s.xsd:2 E091: `s.xsd` is not readable: no well-formed XML");
    check("<x:a/>", "s.xsd:1 E091: `s.xsd` is not readable: no well-formed XML");
    check("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "s.xsd:1 E091: `s.xsd` is not readable: a DTD is not read");
    check("<a/>", "s.xsd:1 E091: `s.xsd` is neither a WSDL nor an XML Schema");
    check("", "s.xsd:1 E091: `s.xsd` is not readable: no well-formed XML");
}

#[test]
fn a_hostile_schema_comes_to_an_end() {
    let started = Instant::now();
    let quick = |body: String, expected: &str| {
        let findings = read(&Texts::new([("s.xsd", schema(&body))])).expect_err("it is refused");
        assert!(
            findings.iter().any(|finding| finding.contains(expected)),
            "{expected}: {:?}",
            findings.first()
        );
    };
    // Every group contains the next one twice, which makes 2^60 elements.
    let doubling: String = (0..60)
        .map(|n| format!("<xs:group name='G{n}'><xs:sequence><xs:group ref='G{0}'/><xs:group ref='G{0}'/></xs:sequence></xs:group>", n + 1))
        .collect();
    let last = "<xs:group name='G60'><xs:sequence><xs:element name='a'/></xs:sequence></xs:group><xs:element name='r'><xs:complexType><xs:group ref='G0'/></xs:complexType></xs:element>";
    quick(format!("{doubling}{last}"), "nested deeper than 64");
    quick(format!("{doubling}{last}").replace("G0'/></xs:complex", "G40'/></xs:complex"), "more than");
    let chain: String = (0..5000)
        .map(|n| format!("<xs:complexType name='T{n}'><xs:complexContent><xs:extension base='T{}'/></xs:complexContent></xs:complexType>", n + 1))
        .collect();
    quick(
        format!("{chain}<xs:complexType name='T5000'/><xs:element name='r' type='T0'/>"),
        "more than 256 types",
    );
    let simple: String = (0..5000)
        .map(|n| {
            format!("<xs:simpleType name='T{n}'><xs:union memberTypes='T{0} T{0}'/></xs:simpleType>", n + 1)
        })
        .collect();
    quick(
        format!(
            "{simple}<xs:simpleType name='T5000'><xs:restriction base='xs:int'/></xs:simpleType><xs:element name='r' type='T0'/>"
        ),
        "nested deeper than 64",
    );
    quick("<xs:element name='a'><xs:complexType><xs:sequence>".repeat(200), "nested deeper than 256");
    let nested = format!(
        "<xs:element name='r'><xs:complexType>{}{}</xs:complexType></xs:element>",
        "<xs:sequence>".repeat(200),
        "</xs:sequence>".repeat(200)
    );
    quick(nested, "model groups are nested deeper than 64");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn deep_recursion_of_anonymous_types_costs_no_stack() {
    let (mut open, mut close) = (String::new(), String::new());
    for n in 0..80 {
        open.push_str(&format!("<xs:element name='e{n}'><xs:complexType><xs:sequence>"));
        close.push_str("</xs:sequence></xs:complexType></xs:element>");
    }
    let body = format!(
        "<xs:element name='r'><xs:complexType><xs:sequence>{open}{close}</xs:sequence></xs:complexType></xs:element>"
    );
    let (found, _) = read(&Texts::new([("s.xsd", schema(&body))])).expect("it loads");
    assert!(found.contains("e79"), "{found}");
}
