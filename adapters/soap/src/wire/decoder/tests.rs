//! What the decoder tells, and what it refuses.
//!
//! **Invariant.** Every document is decoded whole, cut at every place, with pauses and with stops.

use super::*;
use crate::wire::testing::{Recorder, Sample, sample};
use kernel::Limits;

/// Decodes a document that arrives in these pieces, for the first time and with what was learnt of it;
/// `Err` is the message and the offset.
fn events(
    xml: &[u8],
    pieces: &[usize],
    limits: Limits,
    set: impl Fn(&mut Recorder),
) -> Result<Vec<String>, (String, u64)> {
    let sample = sample();
    let first = decode(&sample, xml, pieces, limits, &set);
    let again = decode(&sample, xml, pieces, limits, &set);
    assert_eq!(again, first, "again: {}", String::from_utf8_lossy(xml));
    first
}

fn decode(
    sample: &Sample,
    xml: &[u8],
    pieces: &[usize],
    limits: Limits,
    set: impl Fn(&mut Recorder),
) -> Result<Vec<String>, (String, u64)> {
    let root = if memchr::memmem::find(xml, b"ping").is_some() { sample.ping } else { sample.order };
    let mut decoder = Decoder::new(&sample.index, root, limits, None);
    let mut recorder = Recorder::new(&sample.index);
    set(&mut recorder);
    let mut rest = xml;
    let mut cuts = pieces.iter();
    loop {
        match decoder.advance(&mut recorder).map_err(|error| (error.message, error.offset))? {
            Progress::End => return Ok(recorder.events),
            Progress::Paused | Progress::Stopped => {}
            Progress::NeedInput if rest.is_empty() => decoder.close(),
            Progress::NeedInput => {
                let (piece, behind) =
                    rest.split_at(cuts.next().map_or(rest.len(), |&cut| cut.min(rest.len())));
                decoder.feed(piece);
                rest = behind;
            }
        }
    }
}

fn check(xml: &str, expected: &str) {
    let whole = |set: fn(&mut Recorder)| events(xml.as_bytes(), &[], Limits::default(), set);
    let expected: Result<Vec<String>, (String, u64)> =
        Ok(expected.split('|').filter(|word| !word.is_empty()).map(str::to_owned).collect());
    assert_eq!(whole(|_| {}), expected, "{xml}");
    assert_eq!(whole(|recorder| recorder.pausing = true), expected, "with pauses: {xml}");
    assert_eq!(whole(|recorder| recorder.stopping = true), expected, "with stops: {xml}");
    for cut in 1..xml.len() {
        let both = |recorder: &mut Recorder| (recorder.pausing, recorder.stopping) = (true, true);
        assert_eq!(
            events(xml.as_bytes(), &[cut], Limits::default(), |_| {}),
            expected,
            "cut at {cut}: {xml}"
        );
        assert_eq!(events(xml.as_bytes(), &[cut], Limits::default(), both), expected, "cut at {cut}: {xml}");
    }
    let ones = vec![1; xml.len()];
    assert_eq!(events(xml.as_bytes(), &ones, Limits::default(), |_| {}), expected, "byte by byte: {xml}");
}

const NS: &str = "xmlns='urn:t'";

#[test]
fn parts_are_told_in_order_however_they_arrive() {
    check("<order xmlns='urn:t'/>", "");
    check(
        "<?xml version='1.0'?><!-- a --><order xmlns='urn:t' id=\"7\"><item sku='a&amp;b'><price currency='EUR'>1.50\
         </price></item>\n <note>x</note><note/></order>\n<?pi?>",
        "@id=\"7\"|item:(|@sku=\"a&b\"|price:Price(|@currency=\"EUR\"|#text=\"1.50\"|)|)|note=\"x\"|note=\"\"",
    );
    check(
        "<t:order xmlns:t='urn:t'><t:note>a<!-- no -->b<![CDATA[<c>&amp;]]>&#x64;\r\ne</t:note></t:order>",
        "note=\"ab<c>&amp;d\\ne\"",
    );
    check(
        "<order xmlns='urn:t'><item sku='1'><item sku='2'/></item></order>",
        "item:(|@sku=\"1\"|item:(|@sku=\"2\"|)|)",
    );
    check("<ping xmlns='urn:t'>pong</ping>", "ping=\"pong\"");
}

#[test]
fn prefixes_and_default_namespaces_may_change_anywhere() {
    check(
        "<o:order xmlns:o='urn:t'><note xmlns='urn:t'>1</note><x:note xmlns:x='urn:t'>2</x:note></o:order>",
        "note=\"1\"|note=\"2\"",
    );
    check(
        "<order xmlns='urn:t'><note xmlns='urn:other'>1</note><o:note xmlns:o='urn:other'>1</o:note><note>2</note></order>",
        "?note|?note|note=\"2\"",
    );
    check(
        "<a:order xmlns:a='urn:t' xmlns:b='urn:t'><b:note>1</b:note><a:note>2</a:note></a:order>",
        "note=\"1\"|note=\"2\"",
    );
    check(
        "<order xmlns='urn:t'><item xmlns:p='urn:t' sku='1'><p:item p:sku='9' sku='2'/></item></order>",
        "item:(|@sku=\"1\"|item:(|?sku|@sku=\"2\"|)|)",
    );
}

#[test]
fn unknown_things_are_told_by_name_and_passed_over() {
    check(
        "<order xmlns='urn:t' new='1'><x><y>&</y></x><note>1</note>text</order>".replace('&', "").as_str(),
        "?new|?x|note=\"1\"|?text()",
    );
    check(
        "<order xmlns='urn:t'><note lang='de' xml:lang='de'>a<b>c</b>d</note></order>",
        "?lang|?b|note=\"ad\"",
    );
    check("<order xmlns='urn:t'><extra any='1'><x/>text</extra></order>", "extra:Open(|)");
}

#[test]
fn a_substituted_type_is_told_with_its_part() {
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:t='urn:t'";
    check(
        &format!(
            "<order {NS} {xsi}><customer xsi:type='t:Company' vat='1'><name>A</name></customer></order>"
        ),
        "customer:Company(|xsi:type=\"Company\"|@vat=\"1\"|name=\"A\"|)",
    );
    check(
        &format!(
            "<order {NS} {xsi}><customer xsi:type=' Person '><name>A</name><born>1</born></customer></order>"
        ),
        "customer:Person(|xsi:type=\"Person\"|name=\"A\"|born=\"1\"|)",
    );
    check(
        &format!("<order {NS}><customer><name>A</name></customer></order>"),
        "customer:Party(|xsi:type=\"Party\"|name=\"A\"|)",
    );
    check(
        &format!(
            "<order {NS} {xsi} xmlns:xsd='http://www.w3.org/2001/XMLSchema'><note xsi:type='xsd:string'>A</note></order>"
        ),
        "note=\"A\"",
    );
}

#[test]
fn nil_is_told_as_nil() {
    let xsi = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'";
    check(&format!("<order {NS} {xsi}><note i:nil='true'/><note i:nil='0'/></order>"), "note=Nil|note=\"\"");
    check(
        &format!("<order {NS} {xsi}><item sku='1'><price i:nil='1' currency='EUR'></price></item></order>"),
        "item:(|@sku=\"1\"|price:Price(|@currency=\"EUR\"|price=Nil|)|)",
    );
    check(&format!("<ping {NS} {xsi} i:nil='true'/>"), "ping=Nil");
}

#[test]
fn own_text_between_elements_is_told_joined_at_the_end() {
    check(
        "<order xmlns='urn:t'><prose>a<b>x</b>b&lt;<b/></prose></order>",
        "prose:Mixed(|b=\"x\"|b=\"\"|#text=\"ab<\"|)",
    );
    check("<order xmlns='urn:t'><prose> <b>x</b> </prose></order>", "prose:Mixed(|b=\"x\"|)");
}

#[test]
fn what_is_skipped_is_passed_over_wherever_it_is_cut() {
    let xml = "<order xmlns='urn:t' id='1'><item a='>' b=\"'>\"><x y='&bad;' z=\"1\"/><!-- > </item> --><![CDATA[</item>]]>\
               <?p </item>?>&unknown;<price/></item ><item/><note>1</note></order>";
    for cut in 1..xml.len() {
        for set in [|_: &mut Recorder| {}, |recorder: &mut Recorder| recorder.pausing = true] {
            let told = events(xml.as_bytes(), &[cut, 1, 1], Limits::default(), |recorder| {
                set(recorder);
                recorder.skip = &["item", "@id"];
            });
            assert_eq!(told, Ok(vec!["note=\"1\"".to_owned()]), "cut at {cut}");
        }
    }
}

#[test]
fn what_is_not_xml_or_not_of_the_shape_is_refused_with_its_place() {
    let refused = |xml: &str, message: &str, at: usize| {
        for skip in [&[][..], &["item", "note"]] {
            for pieces in [vec![], vec![1; xml.len()]] {
                let told =
                    events(xml.as_bytes(), &pieces, Limits::default(), |recorder| recorder.skip = skip);
                let (found, offset) = told.expect_err(xml);
                assert!(found.contains(message), "{xml}: {found}");
                assert_eq!(offset, at as u64, "{xml}: {found}");
            }
        }
    };
    refused("", "no element", 0);
    refused("  text", "before the root", 2);
    refused("<!DOCTYPE order><order/>", "DOCTYPE", 0);
    refused("<order/>", "expected the element {urn:t}order, found order", 0);
    refused("<Fault xmlns='urn:t'/>", "expected the element {urn:t}order, found {urn:t}Fault", 0);
    refused("<order xmlns='urn:t'></note>", "does not match <order>", 21);
    refused("<order xmlns='urn:t'><item><a></b></item></order>", "does not match <a>", 30);
    refused("<order xmlns='urn:t'><item>", "ends within <item>", 27);
    refused("<order xmlns='urn:t'><item", "ends within a tag", 26);
    refused("<order xmlns='urn:t'><item><!-- ", "ends within a comment", 32);
    refused("<order xmlns='urn:t'><item><!-- -- --></item></order>", "-- stands", 32);
    refused("<order xmlns='urn:t'/><order/>", "second root", 22);
    refused("<order xmlns='urn:t'/>x", "behind the root", 22);
    refused("<order xmlns='urn:t'><p:note/></order>", "prefix p is not declared", 21);
    refused("<order xmlns='urn:t' id='1' id='2'/>", "written twice", 28);
    refused("<order xmlns='urn:t' id='a<b'/>", "< stands within a tag", 26);
    refused("<order xmlns='urn:t' id=1/>", "not quoted", 24);
    refused("<order xmlns='urn:t' id='1'x='2'/>", "white space is missing", 27);
    refused("<order xmlns='urn:t'><item>\u{1}</item></order>", "U+0001", 27);
    refused(
        "<order xmlns='urn:t'><customer xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='Order'/></order>",
        "does not derive",
        95,
    );
    refused("<order xmlns='urn:t'><!DOCTYPE x></order>", "DOCTYPE", 21);
    refused("<order xmlns='urn:t'><1/></order>", "name was expected", 22);
}

#[test]
fn what_is_wanted_is_read_strictly() {
    let refused = |xml: &str, message: &str| {
        let (found, _) = events(xml.as_bytes(), &[], Limits::default(), |_| {}).expect_err(xml);
        assert!(found.contains(message), "{xml}: {found}");
    };
    refused("<order xmlns='urn:t'><note>&nbsp;</note></order>", "not declared");
    refused("<order xmlns='urn:t'><note>]]></note></order>", "]]>");
    refused("<order xmlns='urn:t' id='&#0;'/>", "no character of XML");
    refused(
        "<order xmlns='urn:t' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><note i:nil='yes'/></order>",
        "xsi:nil",
    );
}

#[test]
fn every_limit_is_named_when_it_is_exceeded() {
    let check = |limits: Limits, xml: &str, key: &str| {
        for skip in [&[][..], &["item"]] {
            let (found, _) =
                events(xml.as_bytes(), &[], limits, |recorder| recorder.skip = skip).expect_err(key);
            assert!(found.contains(key), "{found}");
        }
    };
    let attributes: String = (0..300).map(|n| format!(" a{n}='1'")).collect();
    let double = attributes.replace('\'', "\"");
    let spaces: String = (0..70).map(|n| format!(" xmlns:a{n}='urn:{n}'")).collect();
    let deep = format!("{}{}", "<item>".repeat(70), "</item>".repeat(70));
    let default = Limits::default();
    check(default, &format!("<order {NS}>{deep}</order>"), "limits.depth of 64");
    for attributes in [&attributes, &double] {
        check(default, &format!("<order {NS}{attributes}/>"), "limits.attributes of 256");
        check(
            default,
            &format!("<order {NS}><item><x{attributes}/></item></order>").replace("<x", "<item"),
            "limits.attributes of 256",
        );
    }
    check(default, &format!("<order {NS}{spaces}/>"), "limits.namespaces of 64");
    let small = Limits { text_bytes_max: 10, message_bytes_max: 100, ..default };
    check(small, &format!("<order {NS} id='12345678901'/>"), "limits.text of 10");
    check(small, &format!("<order {NS}><note>12345678901</note></order>"), "limits.text of 10");
    check(small, &format!("<order {NS}><note>123456<!---->78901</note></order>"), "limits.text of 10");
    check(small, &format!("<order {NS}>{}</order>", " ".repeat(100)), "limits.message of 100");
}

#[test]
fn many_small_pieces_do_not_cost_their_square() {
    // A quarter of a megabyte in one tag, one comment and one text, byte by byte.
    let long = "x".repeat(250_000);
    let started = std::time::Instant::now();
    for xml in [
        format!("<order {NS} id='{long}'/>"),
        format!("<order {NS}><!--{long}--></order>"),
        format!("<order {NS}><note>{long}</note></order>"),
        format!("<order {NS}><item a='{long}'><![CDATA[{long}]]></item></order>"),
    ] {
        let ones = vec![1; xml.len()];
        assert!(
            events(xml.as_bytes(), &ones, Limits::default(), |recorder| recorder.skip = &["item"]).is_ok()
        );
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn what_one_message_says_of_its_prefixes_means_nothing_to_the_next() {
    let sample = sample();
    let order = |xml: &str| decode(&sample, xml.as_bytes(), &[], Limits::default(), |_| {});
    let first = order("<p:order xmlns:p='urn:t' xmlns:q='urn:o'><p:note>1</p:note></p:order>");
    assert_eq!(first, Ok(vec!["note=\"1\"".to_owned()]));
    let other = order("<q:order xmlns:q='urn:t' xmlns:p='urn:o'><p:note>1</p:note></q:order>");
    assert_eq!(other, Ok(vec!["?note".to_owned()]));
    let quoted = order("<p:order xmlns:p='urn:t\"xmlns:q\"urn:o'><p:note>1</p:note></p:order>");
    assert!(quoted.unwrap_err().0.contains("expected the element"));
    assert_eq!(order("<p:order xmlns:p='urn:t' xmlns:q='urn:o'><p:note>1</p:note></p:order>"), first);
}

#[test]
fn names_are_kept_for_the_next_message_unless_too_many_mean_nothing() {
    let sample = sample();
    let learnt = |inner: &str| {
        let xml = format!("<order {NS}>{inner}</order>");
        decode(&sample, xml.as_bytes(), &[], Limits::default(), |_| {}).unwrap();
        let warm = sample.index.pool.take();
        let names = format!("{warm:?}");
        sample.index.pool.put(warm);
        names
    };
    assert!(learnt("<note>a</note><stranger/>").contains("\"stranger\""));
    let strangers: String = (0..200).map(|n| format!("<s{n}/>")).collect();
    assert!(!learnt(&format!("<note>a</note>{strangers}")).contains("\"note\""));
    assert!(learnt("<note>a</note>").contains("\"note\""));
}
