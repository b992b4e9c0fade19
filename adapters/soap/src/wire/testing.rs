//! A small shape and a visitor that writes down what it is told.
//!
//! **Invariant.** Only tests see this.

use super::lookup::Index;
use kernel::{
    Group, Interest, Name, Occurs, Part, PartId, PartKind, Particle, Scalar, ScalarType, Shape, ShapeBuilder,
    Stop, Type, TypeId, TypeKind, Visitor,
};
use std::sync::Arc;

/// The namespace of the shape.
pub(crate) const SPACE: &str = "urn:t";

/// An order: attributes, polymorphic groups, values with attributes, nillable leaves, an open group, recursion.
pub(crate) struct Sample {
    /// What the decoder needs of it.
    pub(crate) index: Index,
    /// The root element, `order`.
    pub(crate) order: PartId,
    /// A root that is a leaf, `ping`.
    pub(crate) ping: PartId,
}

/// Builds the sample.
pub(crate) fn sample() -> Sample {
    let mut b = ShapeBuilder::new();
    let text = b.add_scalar(ScalarType::text());
    let part = |b: &mut ShapeBuilder, name: &str, kind, ty, occurs| {
        let space = (kind == PartKind::Element).then(|| Arc::from(SPACE));
        b.add_part(Part { occurs, ..Part::new(Name::new(space, name), kind, ty) })
    };
    let attribute = PartKind::Attribute;
    let element = PartKind::Element;

    let name = part(&mut b, "name", element, text, Occurs::ONCE);
    let party = group(&mut b, "Party", vec![name], None);
    let born = part(&mut b, "born", element, text, Occurs::OPTIONAL);
    group(&mut b, "Person", vec![name, born], Some(party));
    let vat = part(&mut b, "vat", attribute, text, Occurs::OPTIONAL);
    group(&mut b, "Company", vec![vat, name], Some(party));

    let currency = part(&mut b, "currency", attribute, text, Occurs::OPTIONAL);
    let amount = part(&mut b, "#text", PartKind::Text, text, Occurs::ONCE);
    let price = group(&mut b, "Price", vec![currency, amount], None);

    let open = b.add_type(Type {
        name: Some(Name::new(Some(SPACE.into()), "Open")),
        kind: TypeKind::Group(Group { open_elements: true, open_attributes: true, ..Group::default() }),
        span: None,
    });
    let mixed_text = part(&mut b, "#text", PartKind::Text, text, Occurs::OPTIONAL);
    let bold = part(&mut b, "b", element, text, Occurs::ANY);
    let mixed = b.add_type(Type {
        name: Some(Name::new(Some(SPACE.into()), "Mixed")),
        kind: TypeKind::Group(Group {
            parts: vec![mixed_text, bold],
            content: Some(Particle::Part(bold, Occurs::ANY)),
            mixed: true,
            ..Group::default()
        }),
        span: None,
    });

    let item = b.reserve();
    let sku = part(&mut b, "sku", attribute, text, Occurs::ONCE);
    let price = part(&mut b, "price", element, price, Occurs::OPTIONAL);
    b.part_mut(price).nillable = true;
    let inner = part(&mut b, "item", element, item, Occurs::ANY);
    let parts = vec![sku, price, inner];
    let content = elements(&b, &parts);
    b.define(
        item,
        Type { name: None, kind: TypeKind::Group(Group { parts, content, ..Group::default() }), span: None },
    );

    let id = part(&mut b, "id", attribute, text, Occurs::OPTIONAL);
    let customer = part(&mut b, "customer", element, party, Occurs::OPTIONAL);
    let items = part(&mut b, "item", element, item, Occurs::ANY);
    let note = part(&mut b, "note", element, text, Occurs::ANY);
    b.part_mut(note).nillable = true;
    let extra = part(&mut b, "extra", element, open, Occurs::OPTIONAL);
    let prose = part(&mut b, "prose", element, mixed, Occurs::OPTIONAL);
    let order = group(&mut b, "Order", vec![id, customer, items, note, extra, prose], None);
    let order = part(&mut b, "order", element, order, Occurs::ONCE);
    let ping = part(&mut b, "ping", element, text, Occurs::ONCE);
    b.part_mut(ping).nillable = true;
    Sample { index: Index::new(Arc::new(b.finish())), order, ping }
}

fn group(b: &mut ShapeBuilder, name: &str, parts: Vec<PartId>, base: Option<TypeId>) -> TypeId {
    let content = elements(b, &parts);
    let kind = TypeKind::Group(Group { parts, content, base, ..Group::default() });
    b.add_type(Type { name: Some(Name::new(Some(SPACE.into()), name)), kind, span: None })
}

fn elements(b: &ShapeBuilder, parts: &[PartId]) -> Option<Particle> {
    let members: Vec<Particle> = parts
        .iter()
        .filter(|&&id| b.part(id).kind == PartKind::Element)
        .map(|&id| Particle::Part(id, b.part(id).occurs))
        .collect();
    (!members.is_empty()).then_some(Particle::Sequence(members, Occurs::ONCE))
}

/// Writes down what it is told, one word per event.
pub(crate) struct Recorder {
    shape: Arc<Shape>,
    /// The events.
    pub(crate) events: Vec<String>,
    /// Names that are skipped.
    pub(crate) skip: &'static [&'static str],
    /// Every part is paused once before it is taken.
    pub(crate) pausing: bool,
    /// Every leaf and every leave stops the telling.
    pub(crate) stopping: bool,
    paused: bool,
}

impl Recorder {
    /// Starts with nothing, and takes everything.
    pub(crate) fn new(index: &Index) -> Self {
        Self {
            shape: index.shape().clone(),
            events: Vec::new(),
            skip: &[],
            pausing: false,
            stopping: false,
            paused: false,
        }
    }

    fn name(&self, part: PartId) -> String {
        let part = self.shape.part(part);
        let mark = if part.kind == PartKind::Attribute { "@" } else { "" };
        format!("{mark}{}", part.name.local)
    }

    fn end(&self) -> Result<(), Stop> {
        if self.stopping { Err(Stop) } else { Ok(()) }
    }
}

impl Visitor for Recorder {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if self.pausing && !std::mem::replace(&mut self.paused, true) {
            return Interest::Pause;
        }
        self.paused = false;
        let name = self.name(part);
        if self.skip.contains(&name.as_str()) {
            return Interest::Skip;
        }
        if self.shape.scalar(ty).is_some() {
            return Interest::Leaf;
        }
        let ty_name = self.shape.ty(ty).name.as_ref().map_or("", |name| &name.local);
        self.events.push(format!("{name}:{ty_name}("));
        Interest::Descend
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let value = match scalar {
            Scalar::Text(text) => format!("{text:?}"),
            other => format!("{other:?}"),
        };
        self.events.push(format!("{}={value}", self.name(part)));
        self.end()
    }

    fn unknown(&mut self, name: &str) {
        self.events.push(format!("?{name}"));
    }

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        self.events.push(")".into());
        self.end()
    }
}
