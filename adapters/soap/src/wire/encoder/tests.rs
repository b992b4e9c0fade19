//! What the encoder writes, mostly by reading it again.
//!
//! **Invariant.** Everything written is well-formed.

use super::*;
use crate::wire::infoset::difference;
use crate::wire::testing::{Sample, sample};
use crate::wire::{Decoder, wellformed};
use kernel::Limits;

fn again(sample: &Sample, xml: &str) -> Result<String, Error> {
    let root = if xml.contains("ping") { sample.ping } else { sample.order };
    let mut decoder = Decoder::new(&sample.index, root, Limits::default(), None);
    decoder.feed(xml.as_bytes());
    decoder.close();
    let shape = sample.index.shape();
    element(shape, &Spaces::new(shape), root, &mut decoder)
}

#[test]
fn a_document_that_is_read_and_written_again_says_the_same() {
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:t='urn:t'";
    for xml in [
        "<order xmlns='urn:t'/>".to_owned(),
        "<order xmlns='urn:t' id='a&quot;&#10;&lt;é'><note>a&amp;b&lt;&#13;</note><note/></order>".into(),
        "<o:order xmlns:o='urn:t'><o:item sku='1'><o:price currency='EUR'>1.50</o:price><o:item sku='2'/></o:item>\
         </o:order>".into(),
        format!("<order xmlns='urn:t' {xsi}><customer xsi:type='t:Company' vat='1'><name>A</name></customer></order>"),
        format!("<order xmlns='urn:t' {xsi}><item sku='1'><price xsi:nil='true' currency='E'/></item><note xsi:nil='1'/></order>"),
        "<ping xmlns='urn:t'>a b</ping>".into(),
        format!("<ping xmlns='urn:t' {xsi} xsi:nil='true'/>"),
    ] {
        let written = again(&sample(), &xml).unwrap();
        assert_eq!(wellformed(written.as_bytes(), Limits::default()), Ok(()), "{written}");
        assert_eq!(difference(xml.as_bytes(), written.as_bytes()), Ok(None), "{written}");
    }
}

#[test]
fn namespaces_are_declared_once_at_the_root() {
    let written = again(&sample(), "<p:order xmlns:p='urn:t'><p:note>1</p:note></p:order>").unwrap();
    assert_eq!(written, "<order xmlns=\"urn:t\"><note>1</note></order>");
}

#[test]
fn what_xml_cannot_hold_is_refused_with_its_path() {
    struct One(PartId, TypeId, &'static str, PartId, TypeId);
    impl Document for One {
        fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, kernel::DecodeError> {
            to.enter(self.3, self.4);
            to.enter(self.0, self.1);
            Ok(match to.leaf(self.0, Scalar::Text(self.2)) {
                Ok(()) => Progress::End,
                Err(Stop) => Progress::Stopped,
            })
        }
    }
    let sample = sample();
    let shape = sample.index.shape();
    let (item, ty) =
        shape.parts().find(|(_, part)| &*part.name.local == "item").map(|(id, p)| (id, p.ty)).unwrap();
    let sku = shape.parts().find(|(_, part)| &*part.name.local == "sku").map(|(id, _)| id).unwrap();
    let mut content = One(sku, TypeId(0), "a\0", item, ty);
    let error = element(shape, &Spaces::new(shape), sample.order, &mut content).unwrap_err();
    assert_eq!((error.class, error.cause), (Class::Client, Cause::Unwritable));
    assert_eq!(error.context[0], ("part", "order/item/sku".to_owned()));
    assert_eq!(error.context[1], ("character", "U+0000".to_owned()));
}
