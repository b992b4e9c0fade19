//! What rows answer: items, and the cursor behind a page.
//!
//! **Invariant.** Pages put together are the whole list, each row once, whatever the order.

use super::kit::Kit;
use super::{MAPPING, TABLES};
use crate::plan::query::{Keyset, Listing, QueryError, select};
use crate::program::Inputs;

const ROWS: [&str; 3] = [
    "LGNR=1; LGBEZ1=Hof; LGBEZ2=; LGART=K; LGMAIL=A@B; LGAKT=J; LGWERT=5.00; LGSEIT=0; LGDAT=20260301; LGZEIT=90500",
    "LGNR=2; LGBEZ1=Hof; LGBEZ2=Ost; LGART=NULL; LGMAIL=; LGAKT=S; LGWERT=0.10; LGSEIT=20200131; LGDAT=20260301; LGZEIT=0",
    "LGNR=3; LGBEZ1=Kai; LGBEZ2=; LGART=T; LGMAIL=; LGAKT=N; LGWERT=1; LGSEIT=0; LGDAT=20260302; LGZEIT=0",
];

#[test]
fn a_page_ends_before_the_row_that_tells_of_the_next_one() {
    let kit = Kit::new(TABLES, MAPPING);
    let inputs = kit.inputs("GET /stores", &[], "");
    let (items, cursor) = kit.page("GET /stores", &inputs, &Listing::default(), &ROWS);
    assert_eq!(
        items,
        r#"[{"id":1,"name":"Hof","kind":"cold","mail":"a@b","active":true,"value":{"amount":5.00,"currency":"EUR"},"since":null,"changed":"2026-03-01T09:05:00+01:00","label":"Hof 1"},{"id":2,"name":"Hof Ost","kind":null,"mail":null,"active":false,"value":{"amount":0.10,"currency":"EUR"},"since":"2020-01-31","changed":"2026-03-01T00:00:00+01:00","label":"Hof Ost 2"}]"#
    );
    let cursor = cursor.expect("there is a third row");
    let mut next = inputs.clone();
    next.page.cursor = Some(cursor.as_str().into());
    let query = kit.listed("GET /stores", &next, &Listing::default());
    assert!(query.ends_with(" where LGNR > '2' order LGNR limit 3"), "{query}");
    let (items, cursor) = kit.page("GET /stores", &next, &Listing::default(), &ROWS[2..]);
    assert!(items.starts_with(r#"[{"id":3"#) && cursor.is_none(), "{items}");
}

#[test]
fn a_keyset_goes_on_in_mixed_directions_and_behind_null() {
    let kit = Kit::new(
        TABLES,
        &MAPPING
            .replace("sort: [changed,", "sort: [kind2, changed,")
            .replace("      mail:", "      kind2: LGART\n      mail:"),
    );
    let plan = kit.operation("GET /stores").call.as_ref().unwrap().table().unwrap().clone();
    let check = |sort: &str, row: &str, expected: &str| {
        let listing = Listing { sort: Some(plan.sort(sort).unwrap()), fields: None };
        let mut inputs = kit.inputs("GET /stores", &[], "");
        inputs.page.size = 1;
        let (_, cursor) = kit.page("GET /stores", &inputs, &listing, &[row, ROWS[0]]);
        inputs.page.cursor = cursor.map(Into::into);
        let query = kit.listed("GET /stores", &inputs, &listing);
        let filter = query.split_once(" where ").unwrap().1.split_once(" order ").unwrap().0;
        assert_eq!(filter, expected, "{sort}");
    };
    check("-value.amount", ROWS[0], "LGWERT < '5.00' or (LGWERT = '5.00' and LGNR > '1')");
    check(
        "kind2,-since",
        ROWS[0],
        "LGART > 'K' or LGART is null or (LGART >= 'K' and LGART <= 'K' and LGSEIT < '0') or (LGART >= 'K' and LGART <= 'K' and LGSEIT = '0' and LGNR > '1')",
    );
    check(
        "-kind2,since",
        ROWS[1],
        "(LGART is null and LGSEIT > '20200131') or (LGART is null and LGSEIT = '20200131' and LGNR > '2')",
    );
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let kit = Kit::new(TABLES, MAPPING);
    let plan = kit.operation("GET /stores").call.as_ref().unwrap().table().unwrap().clone();
    let mut inputs = kit.inputs("GET /stores", &[], "");
    let (_, cursor) = kit.page("GET /stores", &inputs, &Listing::default(), &ROWS);
    inputs.page.cursor = cursor.clone().map(Into::into);
    let sorted = Listing { sort: Some(plan.sort("changed").unwrap()), fields: None };
    let refused =
        |listing: &Listing, inputs: &Inputs| match select(kit.operation("GET /stores"), inputs, listing) {
            Err(QueryError::Parameter { name, .. }) => *name == *"next",
            _ => false,
        };
    assert!(refused(&sorted, &inputs));
    assert!(!refused(&Listing::default(), &inputs));
    inputs.page.cursor = Some("[1]".into());
    assert!(refused(&Listing::default(), &inputs));
    assert_eq!(Keyset::parse(&cursor.unwrap()).unwrap().values.len(), 1);
}
