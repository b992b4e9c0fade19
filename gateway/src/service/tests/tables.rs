//! Models on tables: every verb, concurrent changes, pages, long lists.
//!
//! **Invariant.** What the database holds afterwards is looked at, not only what the client was told.

use super::table::{self, Column, Database, Declared, Mood, Row, Rows, row};
use super::*;
use crate::problem::Types;
use crate::service::Torn;
use futures_util::StreamExt as _;
use kernel::{Predicate, Query};

const MAPPING: &str = "
facade: shop
format: 1
auth: { type: none }
connections:
  erp: { type: odbc, url: none, policy: { timeout: 2s, concurrency: 4 } }
codes:
  colour: { red: R, green: [G, V] }
models:
  Item:
    legacy: erp/SHOP.ITEMS
    key: id
    fields:
      id: ITEM_NO
      name: NAME
      price: PRICE
      colour: COLOUR | codes(colour)
      note: NOTE
    write: { CHANGED_BY: SEAWALL }
    ignore: [SECRET]
rest:
  GET /items:
    list: Item
    filter: { colour: colour, name: name starts, minPrice: price >=, in: name in, colours: colour in }
    page: { size: 10, max: 100000, sort: [name, price] }
  GET /all:
    list: Item
  GET /kept:
    list: Item
    policy: { cache: 1h }
  GET /items/{id}:
    get: Item
    policy: { cache: 1h }
  POST /items:
    create: Item
    policy: { idempotency: 1h }
  PATCH /items/{id}:
    update: Item
  PUT /items/{id}:
    replace: Item
  DELETE /items/{id}:
    delete: Item
tests:
  - { name: none, request: GET /all, response: { status: 200 } }
";

const ITEMS: Declared = Declared {
    schema: "SHOP",
    name: "ITEMS",
    key: &["ITEM_NO"],
    generated: &[],
    columns: &[
        ("ITEM_NO", Column::Number(9, 0)),
        ("NAME", Column::Text(40)),
        ("PRICE", Column::Number(11, 2)),
        ("COLOUR", Column::MaybeText(1)),
        ("NOTE", Column::MaybeText(80)),
        ("CHANGED_BY", Column::MaybeText(10)),
        ("SECRET", Column::MaybeText(10)),
    ],
};

fn item(id: usize) -> Row {
    let colour = ["R", "G", "V", "~"][id % 4];
    row(&[
        ("ITEM_NO", &id.to_string()),
        ("NAME", &format!("item {}", id % 7)),
        ("PRICE", &format!("{}.50", id % 100)),
        ("COLOUR", colour),
        ("NOTE", "~"),
        ("CHANGED_BY", "~"),
        ("SECRET", "kept"),
    ])
}

fn shop(count: usize) -> (Arc<Service>, Arc<Database>) {
    let mut rows = Rows::default();
    rows.of("ITEMS").extend((1..=count).map(item));
    table::service(MAPPING, &[ITEMS], rows)
}

fn json(responded: &Responded) -> Value {
    serde_json::from_slice(responded.answer.bytes()).unwrap_or_else(|error| panic!("{error}: {responded:?}"))
}

fn column(database: &Database, id: &str, name: &str) -> Option<String> {
    database.rows(|rows| {
        let row = rows.of("ITEMS").iter().find(|row| row["ITEM_NO"].as_deref() == Some(id)).cloned();
        row.unwrap_or_else(|| panic!("no row {id}"))[name].clone()
    })
}

async fn patch(service: &Arc<Service>, target: &str, headers: &[(&str, &str)], body: Value) -> Responded {
    ask(service, "PATCH", target, headers, Some(&body)).await
}

#[tokio::test]
async fn a_record_is_read_by_its_key() {
    let (service, database) = shop(4);
    let found = get(&service, "/items/3").await;
    assert_eq!(outcome(&found), (200, None), "{found:?}");
    assert_eq!(
        json(&found),
        json!({ "id": 3, "name": "item 3", "price": 3.50, "colour": null, "note": null })
    );
    assert!(found.answer.find("etag").is_some());
    assert_eq!(outcome(&get(&service, "/items/5").await), (404, Some("not-found")));
    assert_eq!(outcome(&get(&service, "/items/x").await), (400, Some("invalid-parameter")));
    let etag = found.answer.find("etag").unwrap();
    let same = ask(&service, "GET", "/items/3", &[("if-none-match", etag)], None).await;
    assert_eq!(same.answer.status(), 304);
    let Query::Select(select) = &database.asked()[0] else { panic!("{:?}", database.asked()) };
    let shape = &database.catalogue().shape;
    let asked: Vec<_> = select.columns.iter().map(|&column| &*shape.part(column).name.local).collect();
    assert_eq!(asked, ["ITEM_NO", "NAME", "PRICE", "COLOUR", "NOTE"], "only what is mapped is asked for");
}

#[tokio::test]
async fn pages_lead_through_a_list_without_losing_or_repeating_a_row() {
    let (service, database) = shop(25);
    let mut seen = Vec::new();
    let mut target = "/items?size=7".to_owned();
    loop {
        let page = get(&service, &target).await;
        assert_eq!(outcome(&page), (200, None), "{page:?}");
        let body = json(&page);
        seen.extend(body["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
        // Rows that arrive in front are not seen, rows that go do not move the rest.
        database.rows(|rows| rows.of("ITEMS").retain(|row| row["ITEM_NO"].as_deref() != Some("2")));
        let Some(next) = body["next"].as_str() else { break };
        assert!(page.answer.find("link").unwrap().contains(next));
        target = format!("/items?size=7&next={next}");
    }
    assert_eq!(seen, (1..=25).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_cursor_belongs_to_its_filters() {
    let (service, _) = shop(40);
    let first = get(&service, "/items?colour=green&size=5").await;
    let ids: Vec<_> = json(&first)["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 5, 6, 9].map(Value::from), "G and V are both green");
    let next = json(&first)["next"].as_str().unwrap().to_owned();
    let check = async |query: &str, expected: (u16, Option<&str>)| {
        let page = get(&service, &format!("/items?{query}&next={next}")).await;
        assert_eq!(outcome(&page), expected, "{query}");
    };
    check("colour=green&size=5", (200, None)).await;
    check("colour=green&size=3", (200, None)).await;
    check("colour=red&size=5", (400, Some("invalid-parameter"))).await;
    check("size=5", (400, Some("invalid-parameter"))).await;
    check("colour=green&minPrice=1&size=5", (400, Some("invalid-parameter"))).await;
}

#[tokio::test]
async fn a_record_is_the_same_however_its_number_is_written() {
    let (service, _) = shop(3);
    let name = async |path: &str| json(&get(&service, path).await)["name"].clone();
    assert_eq!((name("/items/1").await, name("/items/1.0").await), (json!("item 1"), json!("item 1")));
    let patch = json!({ "name": "other" });
    assert_eq!(outcome(&ask(&service, "PATCH", "/items/1", &[], Some(&patch)).await), (204, None));
    // What was kept of it is forgotten under every name.
    assert_eq!((name("/items/1").await, name("/items/1.0").await), (json!("other"), json!("other")));
    let body = json!({ "id": 1, "name": "third", "price": 1 });
    let put = ask(&service, "PUT", "/items/01.0", &[], Some(&body)).await;
    assert_eq!(outcome(&put), (204, None), "{put:?}");
    assert_eq!(name("/items/1").await, json!("third"));
}

#[tokio::test]
async fn filters_select_rows() {
    let (service, _) = shop(12);
    let check = async |query: &str, expected: &[u64]| {
        let page = get(&service, &format!("/items?{query}")).await;
        assert_eq!(outcome(&page), (200, None), "{query} {page:?}");
        let ids: Vec<_> =
            json(&page)["items"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    };
    check("colour=red", &[4, 8, 12]).await;
    check("minPrice=10.50", &[10, 11, 12]).await;
    check("minPrice=10.51", &[11, 12]).await;
    check("name=item%201", &[1, 8]).await;
    check("name=item%20%25", &[]).await;
    check("colour=red&minPrice=8", &[8, 12]).await;
    check("in=item%201,item%203", &[1, 3, 8, 10]).await;
    // Given in pieces, each is one value as it stands.
    check("in=item%201&in=item%203", &[1, 3, 8, 10]).await;
    check("in=item%201,item%203&in=item%202", &[2, 9]).await;
    check("colours=red&colours=green", &[1, 2, 4, 5, 6, 8, 9, 10, 12]).await;
    let refused = get(&service, "/items?colour=blue").await;
    assert_eq!(outcome(&refused), (400, Some("invalid-parameter")));
    assert_eq!(json(&refused)["detail"], "expected one of red, green");
    assert_eq!(
        outcome(&get(&service, "/items?colour=red&colour=red").await),
        (400, Some("invalid-parameter"))
    );
    assert_eq!(outcome(&get(&service, "/items?size=x").await), (400, Some("invalid-parameter")));
    assert_eq!(outcome(&get(&service, "/items?unknown=x").await), (400, Some("invalid-parameter")));
}

#[tokio::test]
async fn a_new_record_is_answered_as_it_stands_in_the_table() {
    let (service, database) = shop(2);
    let post = async |key: &str, body: Value| {
        ask(&service, "POST", "/items", &[("idempotency-key", key)], Some(&body)).await
    };
    let body = json!({ "id": 7, "name": "new", "price": 1.5, "colour": "green" });
    let made = post("a", body.clone()).await;
    assert_eq!(outcome(&made), (201, None), "{made:?}");
    assert_eq!(made.answer.find("location"), Some("/items/7"));
    assert_eq!(
        json(&made),
        json!({ "id": 7, "name": "new", "price": 1.50, "colour": "green", "note": null })
    );
    let read = get(&service, "/items/7").await;
    assert_eq!(read.answer.find("etag"), made.answer.find("etag"));
    assert_eq!(column(&database, "7", "CHANGED_BY").as_deref(), Some("SEAWALL"));
    assert_eq!(column(&database, "7", "COLOUR").as_deref(), Some("G"));
    // The same key gives the same answer, another one meets the row that is there.
    assert_eq!(post("a", body.clone()).await.origin, Some(Origin::Replay));
    assert_eq!(outcome(&post("b", body).await).0, 409);
    assert_eq!(database.counts()[1], 2);
    let long = "x".repeat(41);
    let refused = post("c", json!({ "id": 8, "name": long, "price": 1 })).await;
    assert_eq!(outcome(&refused), (422, Some("unwritable")), "{refused:?}");
    assert_eq!(database.counts()[1], 2, "what does not fit is not sent");
}

#[tokio::test]
async fn an_update_writes_only_what_changed_and_nothing_where_nothing_did() {
    let (service, database) = shop(4);
    let done = patch(&service, "/items/2", &[], json!({ "name": "other" })).await;
    assert!(done.answer.status() < 300, "{done:?}");
    let Some(Query::Update(update)) =
        database.asked().into_iter().find(|query| matches!(query, Query::Update(_)))
    else {
        panic!("{:?}", database.asked())
    };
    let shape = database.catalogue().shape.clone();
    let name = |part: kernel::PartId| shape.part(part).name.local.to_string();
    let mut set: Vec<_> = update.set.iter().map(|(column, _)| name(*column)).collect();
    set.sort();
    assert_eq!(set, ["CHANGED_BY", "NAME"]);
    assert_eq!(column(&database, "2", "NAME").as_deref(), Some("other"));
    assert_eq!(column(&database, "2", "COLOUR").as_deref(), Some("V"), "a code that reads the same stays");
    assert_eq!(column(&database, "2", "SECRET").as_deref(), Some("kept"));
    let updates = database.counts()[2];
    for body in [json!({ "name": "other" }), json!({ "colour": "green" }), json!({})] {
        let same = patch(&service, "/items/2", &[], body.clone()).await;
        assert_eq!(same.origin, Some(Origin::Unchanged), "{body}");
    }
    assert_eq!(database.counts()[2], updates);
    assert_eq!(
        outcome(&patch(&service, "/items/9", &[], json!({ "name": "x" })).await),
        (404, Some("not-found"))
    );
    let long = "x".repeat(41);
    let refused = patch(&service, "/items/2", &[], json!({ "name": long })).await;
    assert_eq!(outcome(&refused), (422, Some("unwritable")));
    assert_eq!(database.counts()[2], updates);
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_kept() {
    let (service, database) = shop(4);
    database.meanwhile(|rows| {
        rows.of("ITEMS")[1].insert("PRICE".into(), Some("77.00".into()));
    });
    let done = patch(&service, "/items/2", &[], json!({ "name": "other" })).await;
    assert!(done.answer.status() < 300, "{done:?}");
    assert_eq!(column(&database, "2", "NAME").as_deref(), Some("other"));
    assert_eq!(column(&database, "2", "PRICE").as_deref(), Some("77.00"));
    assert_eq!(database.counts()[2], 2, "the first update met another row");
    // A column that no mapping reads is nobody's conflict.
    database.meanwhile(|rows| {
        rows.of("ITEMS")[1].insert("SECRET".into(), Some("new".into()));
    });
    let done = patch(&service, "/items/2", &[], json!({ "name": "third" })).await;
    assert!(done.answer.status() < 300, "{done:?}");
    assert_eq!(database.counts()[2], 3);
    assert_eq!(column(&database, "2", "SECRET").as_deref(), Some("new"));
}

#[tokio::test]
async fn a_record_that_goes_or_changes_under_if_match_is_not_written() {
    let (service, database) = shop(4);
    let etag = get(&service, "/items/2").await.answer.find("etag").unwrap().to_owned();
    let change = |rows: &mut Rows| {
        rows.of("ITEMS")[1].insert("PRICE".into(), Some("77.00".into()));
    };
    database.meanwhile(change);
    let refused = patch(&service, "/items/2", &[("if-match", &etag)], json!({ "name": "other" })).await;
    assert_eq!(outcome(&refused), (412, Some("precondition-failed")));
    let now = refused.answer.find("etag").unwrap().to_owned();
    assert_ne!(now, etag);
    assert_eq!(column(&database, "2", "NAME").as_deref(), Some("item 2"));
    let early = patch(&service, "/items/2", &[("if-match", &etag)], json!({ "name": "other" })).await;
    assert_eq!(outcome(&early), (412, Some("precondition-failed")));
    let weak =
        patch(&service, "/items/2", &[("if-match", &format!("W/{now}"))], json!({ "name": "x" })).await;
    assert_eq!(outcome(&weak), (412, Some("precondition-failed")));
    let done = patch(&service, "/items/2", &[("if-match", &now)], json!({ "name": "other" })).await;
    assert!(done.answer.status() < 300, "{done:?}");
    database.meanwhile(|rows| {
        rows.of("ITEMS").remove(1);
    });
    let gone = patch(&service, "/items/2", &[], json!({ "name": "fourth" })).await;
    assert_eq!(outcome(&gone), (404, Some("not-found")));
}

#[tokio::test]
async fn a_record_that_never_stands_still_is_a_conflict() {
    let (service, database) = shop(4);
    for _ in 0..20 {
        database.meanwhile(|rows| {
            let row = &mut rows.of("ITEMS")[1];
            let price: f64 = row["PRICE"].clone().unwrap().parse().unwrap();
            row.insert("PRICE".into(), Some(format!("{:.2}", price + 1.0)));
        });
    }
    let refused = patch(&service, "/items/2", &[], json!({ "name": "other" })).await;
    assert_eq!(outcome(&refused), (409, Some("concurrent-change")), "{refused:?}");
    assert_eq!(column(&database, "2", "NAME").as_deref(), Some("item 2"));
}

#[tokio::test]
async fn a_thousand_races_lose_no_update() {
    let (service, database) = shop(4);
    database.set(Mood::Slow(Duration::from_micros(10)));
    for race in 0..500 {
        let name = json!({ "name": format!("n{race}") });
        let price = json!({ "price": race });
        let (a, b) =
            tokio::join!(patch(&service, "/items/2", &[], name), patch(&service, "/items/2", &[], price));
        assert!(a.answer.status() < 300 && b.answer.status() < 300, "{race}: {a:?} {b:?}");
        assert_eq!(column(&database, "2", "NAME"), Some(format!("n{race}")));
        let price: f64 = column(&database, "2", "PRICE").unwrap().parse().unwrap();
        assert_eq!(price, f64::from(race));
    }
    let mut won = 0;
    for race in 0..500 {
        let current = ask(&service, "GET", "/items/3", &[], None).await;
        let etag = current.answer.find("etag").unwrap().to_owned();
        let bodies = [json!({ "name": format!("a{race}") }), json!({ "note": format!("b{race}") })];
        let headers = [("if-match", etag.as_str())];
        let all = bodies.map(|body| patch(&service, "/items/3", &headers, body));
        let all = futures_util::future::join_all(all).await;
        let good = all.iter().filter(|one| one.answer.status() < 300).count();
        assert_eq!(good, 1, "race {race}: two writers saw the same record, and both wrote: {all:?}");
        won += good;
    }
    assert_eq!(won, 500);
}

#[tokio::test]
async fn a_record_is_replaced_or_is_not_there() {
    let (service, database) = shop(4);
    let put = async |target: &str, headers: &[(&str, &str)], body: Value| {
        ask(&service, "PUT", target, headers, Some(&body)).await
    };
    let done = put("/items/2", &[], json!({ "name": "whole", "price": 9, "colour": "green" })).await;
    assert!(done.answer.status() < 300, "{done:?}");
    assert_eq!(column(&database, "2", "NAME").as_deref(), Some("whole"));
    assert_eq!(column(&database, "2", "COLOUR").as_deref(), Some("V"), "still green, and still V");
    let same = put("/items/2", &[], json!({ "name": "whole", "price": 9.00, "colour": "green" })).await;
    assert_eq!(same.origin, Some(Origin::Unchanged));
    let other = put("/items/2", &[], json!({ "id": 3, "name": "x", "price": 9 })).await;
    assert_eq!(outcome(&other), (400, Some("invalid-body")));
    let body = json!({ "name": "x", "price": 9 });
    assert_eq!(outcome(&put("/items/2", &[("if-match", "\"x\"")], body.clone()).await).0, 412);
    assert_eq!(outcome(&put("/items/9", &[], body.clone()).await), (404, Some("not-found")));
    assert_eq!(database.counts()[1], 0);
}

#[tokio::test]
async fn a_record_is_deleted_once() {
    let (service, database) = shop(4);
    let delete =
        async |target: &str, headers: &[(&str, &str)]| ask(&service, "DELETE", target, headers, None).await;
    assert_eq!(outcome(&delete("/items/2", &[]).await), (204, None));
    assert_eq!(outcome(&delete("/items/2", &[]).await), (404, Some("not-found")));
    let etag = get(&service, "/items/3").await.answer.find("etag").unwrap().to_owned();
    assert_eq!(
        outcome(&delete("/items/3", &[("if-match", "\"x\"")]).await),
        (412, Some("precondition-failed"))
    );
    database.meanwhile(|rows| {
        rows.of("ITEMS")[1].insert("NAME".into(), Some("changed".into()));
    });
    let refused = delete("/items/3", &[("if-match", &etag)]).await;
    assert_eq!(outcome(&refused), (412, Some("precondition-failed")));
    let etag = refused.answer.find("etag").unwrap().to_owned();
    assert_eq!(outcome(&delete("/items/3", &[("if-match", &etag)]).await), (204, None));
    assert_eq!(outcome(&get(&service, "/items/3").await), (404, Some("not-found")));
    assert_eq!(database.rows(|rows| rows.of("ITEMS").len()), 2);
}

#[tokio::test]
async fn a_write_forgets_what_was_kept() {
    let (service, database) = shop(4);
    let reads = |database: &Database| database.counts()[0];
    get(&service, "/items/2").await;
    get(&service, "/kept").await;
    let before = reads(&database);
    assert_eq!(get(&service, "/items/2").await.origin, Some(Origin::Cache));
    assert_eq!(get(&service, "/kept").await.origin, Some(Origin::Cache));
    assert_eq!(reads(&database), before);
    patch(&service, "/items/2", &[], json!({ "name": "other" })).await;
    assert_eq!(json(&get(&service, "/items/2").await)["name"], "other");
    assert_eq!(json(&get(&service, "/kept").await)["items"][1]["name"], "other");
}

#[tokio::test]
async fn what_the_database_refuses_is_told_in_our_words() {
    let (service, database) = shop(4);
    let check = async |error: &'static str, sqlstate: &'static str, status: u16| {
        database.set(Mood::Refuses(error, sqlstate));
        let refused = patch(&service, "/items/2", &[], json!({ "name": "other" })).await;
        assert_eq!(refused.answer.status(), status, "{error}: {refused:?}");
        let text = String::from_utf8_lossy(refused.answer.bytes()).into_owned();
        assert!(!text.contains("poisoned"), "{text}");
    };
    check("unique", "23505", 409).await;
    check("deadlock", "40001", 503).await;
    check("locked", "57033", 503).await;
    database.set(Mood::Error(Class::Ambiguous, Cause::Broken));
    let refused = patch(&service, "/items/2", &[], json!({ "name": "other" })).await;
    assert!([503, 504].contains(&refused.answer.status()), "only the reading failed: {refused:?}");
}

#[tokio::test]
async fn a_long_list_goes_out_while_it_is_read() {
    const ROWS: usize = 20_000;
    let (service, database) = shop(ROWS);
    database.batches(100, Duration::ZERO);
    let mut responded = get(&service, "/all").await;
    assert_eq!(outcome(&responded), (200, None));
    let mut rest = responded.rest.take().expect("the list is long");
    let (mut body, mut ahead) = (Vec::new(), 0);
    let mut taken = 0;
    while let Some(piece) = rest.next().await {
        let piece = piece.unwrap();
        taken += piece.len();
        body.extend_from_slice(&piece);
        // Whoever takes slowly holds the reading back.
        tokio::time::sleep(Duration::from_micros(200)).await;
        let told = database.reading().1;
        ahead = ahead.max(told.saturating_sub(taken / 60));
    }
    assert!(ahead < 6_000, "{ahead} rows were read ahead of the client");
    let list: Value = serde_json::from_slice(&body).unwrap();
    let ids: Vec<u64> =
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=ROWS as u64).collect::<Vec<_>>());
    assert_eq!(list.get("next"), None);
    assert_eq!(database.reading(), (0, ROWS));
}

#[tokio::test]
async fn a_short_list_is_whole_and_its_errors_are_problems() {
    let (service, database) = shop(400);
    let whole = get(&service, "/all").await;
    assert!(whole.rest.is_none());
    assert_eq!(json(&whole)["items"].as_array().unwrap().len(), 400);
    database.breaks_after(300);
    let broken = get(&service, "/all").await;
    assert_eq!(outcome(&broken), (503, Some("unavailable")), "{broken:?}");
    assert_eq!(database.reading().0, 0);
}

#[tokio::test]
async fn a_long_page_ends_with_the_way_to_the_next_one() {
    let (service, _) = shop(30_000);
    let mut responded = get(&service, "/items?size=25000").await;
    let mut rest = responded.rest.take().expect("the page is longer than what is held");
    let mut body = Vec::new();
    while let Some(piece) = rest.next().await {
        body.extend_from_slice(&piece.unwrap());
    }
    let page: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 25_000);
    let next = page["next"].as_str().unwrap();
    let rest = get(&service, &format!("/items?size=5000&next={next}")).await;
    let rest = json(&rest);
    assert_eq!(rest["items"][0]["id"], 25_001);
    assert_eq!(rest["items"].as_array().unwrap().len(), 5_000);
    assert_eq!(rest.get("next"), None);
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_reading() {
    let (service, database) = shop(20_000);
    database.batches(1_000, Duration::from_millis(5));
    let mut responded = get(&service, "/all").await;
    let mut rest = responded.rest.take().expect("the list is long");
    rest.next().await.unwrap().unwrap();
    assert_eq!(database.reading().0, 1);
    drop(rest);
    tokio::time::timeout(Duration::from_secs(5), async {
        while database.reading().0 > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the reading goes on though nobody wants it");
    assert!(database.reading().1 < 20_000);
}

#[tokio::test]
async fn a_list_that_breaks_off_is_never_taken_for_a_whole_one() {
    let (service, database) = shop(20_000);
    database.breaks_after(15_000);
    let mut responded = get(&service, "/all").await;
    let mut rest = responded.rest.take().expect("the list is long");
    let mut ended = None;
    while let Some(piece) = rest.next().await {
        ended = Some(piece);
    }
    assert_eq!(ended, Some(Err(Torn)));
    assert_eq!(database.reading().0, 0);
    let metrics = get(&service, "/metrics").await;
    assert!(String::from_utf8_lossy(metrics.answer.bytes()).contains("seawall_lists_torn_total 1"));
}

#[tokio::test]
async fn a_long_list_keeps_its_place_among_the_calls_in_flight() {
    let (service, database) = shop(20_000);
    database.batches(100, Duration::ZERO);
    let mut rests = Vec::new();
    for _ in 0..4 {
        rests.push(get(&service, "/all").await.rest.take().expect("the list is long"));
    }
    let waiting = tokio::time::timeout(Duration::from_millis(200), get(&service, "/items/1")).await;
    assert!(waiting.is_err(), "a fifth call got in: {waiting:?}");
    drop(rests);
    let freed = tokio::time::timeout(Duration::from_secs(5), get(&service, "/items/1")).await.unwrap();
    assert_eq!(outcome(&freed), (200, None));
}

#[tokio::test]
async fn a_client_says_which_fields_it_wants_and_in_which_order() {
    let (service, database) = shop(12);
    let page = get(&service, "/items?sort=-price,name&fields=id,price&size=3").await;
    assert_eq!(
        json(&page),
        json!({
            "items": [
                { "id": 12, "price": 12.50 }, { "id": 11, "price": 11.50 }, { "id": 10, "price": 10.50 },
            ],
            "next": json(&page)["next"],
        })
    );
    let Some(Query::Select(select)) = database.asked().pop() else { panic!("{:?}", database.asked()) };
    let shape = &database.catalogue().shape;
    let asked: Vec<_> = select.columns.iter().map(|&column| &*shape.part(column).name.local).collect();
    assert_eq!(asked, ["ITEM_NO", "NAME", "PRICE"], "what nobody wants is not asked for");
    let next = json(&page)["next"].as_str().unwrap().to_owned();
    let link = page.answer.find("link").unwrap().to_owned();
    assert!(link.contains("sort=-price%2Cname&fields=id%2Cprice"), "{link}");
    let page = get(&service, &format!("/items?sort=-price,name&fields=id&size=3&next={next}")).await;
    assert_eq!(json(&page)["items"], json!([{ "id": 9 }, { "id": 8 }, { "id": 7 }]));
    let check = async |target: &str, expected: (u16, Option<&str>)| {
        let found = get(&service, target).await;
        assert_eq!(outcome(&found), expected, "{target}");
    };
    let refused = (400, Some("invalid-parameter"));
    check(&format!("/items?sort=price&next={next}"), refused).await;
    check("/items?sort=colour", refused).await;
    check("/items?sort=name,name", refused).await;
    check("/items?fields=secret", refused).await;
    check("/items?fields=", refused).await;
    check("/all?sort=name", refused).await;
    let one = get(&service, "/items/3?fields=name").await;
    assert_eq!(json(&one), json!({ "name": "item 3" }));
    assert_eq!(one.answer.find("etag"), None, "it would not be the tag of the record");
    assert_eq!(json(&get(&service, "/items/3").await)["id"], 3, "what was kept is whole");
}

#[test]
fn the_description_of_the_api_says_what_tables_can() {
    let (service, _) = shop(0);
    let types = Types::new("");
    let document = crate::openapi::document(service.program(), &types, &crate::openapi::Examples::default());
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let names = |path: &str, method: &str| -> Vec<String> {
        let parameters = document["paths"][path][method]["parameters"].as_array().unwrap();
        parameters.iter().map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("/items", "get"),
        ["colour", "name", "minPrice", "in", "colours", "size", "next", "sort", "fields"]
    );
    let colours = &document["paths"]["/items"]["get"]["parameters"][4];
    assert_eq!(colours["schema"]["items"]["enum"], json!(["red", "green"]));
    assert_eq!((&colours["explode"], &colours["schema"]["type"]), (&json!(false), &json!("array")));
    assert_eq!(names("/items/{id}", "get"), ["id", "fields", "If-None-Match"]);
    assert_eq!(names("/items/{id}", "patch"), ["id", "If-Match"]);
    assert_eq!(names("/items/{id}", "delete"), ["id", "If-Match"]);
    let statuses = |path: &str, method: &str| -> Vec<u16> {
        let responses = document["paths"][path][method]["responses"].as_object().unwrap();
        responses.keys().map(|status| status.parse().unwrap()).collect()
    };
    for status in [204, 404, 409, 412, 422] {
        assert!(statuses("/items/{id}", "patch").contains(&status), "{status}");
    }
    let made = &document["paths"]["/items"]["post"]["responses"]["201"];
    assert!(made["content"]["application/json"]["schema"].is_object(), "{made}");
    assert!(made["headers"]["ETag"].is_object() && made["headers"]["Location"].is_object(), "{made}");
}

#[test]
fn each_way_to_read_a_table_is_explained() {
    let (service, database) = shop(0);
    let connections = [Some(Arc::clone(&database) as Arc<dyn adapters_ports::Connection>)];
    let text = crate::statements::statements(service.program(), &connections, Some("Item"));
    for line in [
        "GET /items ",
        "  ?minPrice Select",
        "  ?name    Select",
        "  ?colour  Select",
        "value: Text(\"R\")",
        "  first    Select",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(crate::statements::statements(service.program(), &connections, Some("Other")), "");
}

#[test]
fn a_first_mapping_is_accepted_as_it_is_printed() {
    let (_, database) = shop(0);
    let catalogue = database.catalogue();
    let printed = crate::import::mapping("erp", catalogue, &catalogue.tables[0], Some("Thing"));
    let head =
        "facade: first\nformat: 1\nauth: { type: none }\nconnections:\n  erp: { type: odbc, url: none }\n";
    let program = table::compiled(&format!("{head}{printed}"), Arc::new(catalogue.clone()));
    let keys: Vec<&str> = program.operations.iter().map(|plan| &*plan.key).collect();
    assert_eq!(
        keys,
        [
            "GET /thing",
            "GET /thing/{itemNo}",
            "POST /thing",
            "PATCH /thing/{itemNo}",
            "DELETE /thing/{itemNo}"
        ]
    );
}

/// Values in places where a statement would be another one, if they ever became a part of it.
#[tokio::test]
async fn values_stay_values() {
    let (service, database) = shop(4);
    for text in ["' OR 1=1 --", "\"; DROP TABLE ITEMS; --", "%", "_", "\\", "${env:X}", ":name", "?"] {
        let target = format!("/items?name={}", super::super::location::encode(text));
        let page = get(&service, &target).await;
        assert_eq!(json(&page)["items"], json!([]), "{text}");
        let done = patch(&service, "/items/1", &[], json!({ "note": text })).await;
        assert!(done.answer.status() < 300, "{text}: {done:?}");
        assert_eq!(column(&database, "1", "NOTE").as_deref(), Some(text));
    }
    let likes = database.asked().into_iter().filter_map(|query| match query {
        Query::Select(select) => Some(select.filter),
        _ => None,
    });
    fn has_text(predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All(all) | Predicate::Any(all) => all.iter().any(has_text),
            Predicate::Like { text, .. } => text.contains("OR 1=1"),
            _ => false,
        }
    }
    assert!(likes.into_iter().any(|filter| has_text(&filter)));
}
