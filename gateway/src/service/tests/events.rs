//! Events of a table from the mapping to the reader: polls, own writes, deletes, records that cannot be read.

use super::table::{self, Column, Database, Declared, Row, Rows, row};
use super::*;
use crate::events::{Events, Start, start};
use crate::store::{Sqlite, Watches};
use std::path::{Path, PathBuf};

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
      version: VERSION
      colour: COLOUR | codes(colour)
rest:
  GET /items/{id}:
    get: Item
  POST /items:
    create: Item
    policy: { idempotency: 1h }
  PATCH /items/{id}:
    update: Item
  DELETE /items/{id}:
    delete: Item
events:
  Item:
    topic: items
    reject: items.rejected
    created: item.created
    updated: item.changed
    deleted: item.removed
    subject: '= \"items/\" + string(id)'
    WATCH
tests:
  - { name: none, request: GET /items/1, response: { status: 200 } }
";

const ITEMS: Declared = Declared {
    schema: "SHOP",
    name: "ITEMS",
    key: &["ITEM_NO"],
    generated: &[],
    columns: &[
        ("ITEM_NO", Column::Number(9, 0)),
        ("NAME", Column::Text(40)),
        ("VERSION", Column::Number(9, 0)),
        ("COLOUR", Column::MaybeText(1)),
    ],
};

const COMPARED: &str = "watch: { every: 20ms }";
const SINCE: &str = "watch: { every: 20ms, since: version }";

fn item(id: usize, name: &str, version: usize) -> Row {
    row(&[("ITEM_NO", &id.to_string()), ("NAME", name), ("VERSION", &version.to_string()), ("COLOUR", "R")])
}

struct World {
    service: Arc<Service>,
    database: Arc<Database>,
    events: Arc<Events>,
    store: Arc<Sqlite>,
    folder: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn world(watch: &str, rows: Vec<Row>) -> World {
    let rows = Rows([("ITEMS".to_owned(), rows)].into());
    let (service, database) = table::service(&MAPPING.replace("WATCH", watch), &[ITEMS], rows);
    let folder = std::env::temp_dir().join(format!("seawall-table-events-{}", crate::ids::request_id()));
    let store = Arc::new(Sqlite::open(Path::new(":memory:")).unwrap());
    let events = started(&service, &store, &folder).await;
    service.attach(Arc::clone(&events));
    World { service, database, events, store, folder }
}

async fn started(service: &Arc<Service>, store: &Arc<Sqlite>, folder: &Path) -> Arc<Events> {
    let from = Start {
        service,
        watches: Arc::clone(store) as Arc<dyn Watches>,
        streams: Arc::clone(store) as Arc<dyn crate::store::Streams>,
        folder,
        base_url: "https://api.example.com",
        version: "v".into(),
    };
    start(from).await.unwrap().unwrap()
}

impl World {
    /// Everything that a topic has: type, subject and data of each event.
    async fn told(&self, topic: &str) -> Vec<(String, String, Value)> {
        let answer = get(&self.service, &format!("/events/{topic}")).await.answer;
        assert_eq!(answer.status(), 200);
        let lines = answer.bytes().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let events = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        events.map(|event| (text(&event["type"]), text(&event["subject"]), event["data"].clone())).collect()
    }

    /// Waits until a topic has so many events, and a little longer for one too many.
    async fn wait(&self, topic: &str, count: usize) -> Vec<(String, String, Value)> {
        for _ in 0..500 {
            if self.told(topic).await.len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(80)).await;
        let told = self.told(topic).await;
        assert_eq!(told.len(), count, "{told:?}");
        told
    }
}

/// Puts a row in the place of the one with its key, as somebody else would.
fn put(world: &World, row: Row) {
    world.database.rows(|rows| {
        let same = |known: &mut Row| known["ITEM_NO"] == row["ITEM_NO"];
        let known = rows.of("ITEMS").iter_mut().find_map(|known| same(known).then_some(known));
        *known.expect("the row is there") = row.clone();
    });
}

fn remove(world: &World, id: &str) {
    world.database.rows(|rows| rows.of("ITEMS").retain(|row| row["ITEM_NO"].as_deref() != Some(id)));
}

fn patch(name: &str) -> Value {
    json!({ "name": name })
}

async fn changes(watch: &str) {
    let world = world(watch, vec![item(1, "one", 1), item(2, "two", 2)]).await;
    let first = world.wait("items", 2).await;
    assert_eq!(first[0].0, "item.created");
    assert_eq!(first[0].1, "items/1");
    assert_eq!(first[0].2, json!({ "id": 1, "name": "one", "version": 1, "colour": "red" }));
    // Somebody else changes a row.
    put(&world, item(2, "zwei", 3));
    let second = world.wait("items", 3).await;
    assert_eq!((second[2].0.as_str(), &second[2].2["name"]), ("item.changed", &json!("zwei")));
    // A write of our own is one event, whoever sees it first.
    let body = json!({ "name": "uno", "version": 4 });
    let responded = ask(&world.service, "PATCH", "/items/1", &[], Some(&body)).await;
    assert!(responded.answer.status() < 300, "{responded:?}");
    let third = world.wait("items", 4).await;
    assert_eq!((third[3].0.as_str(), &third[3].2["name"]), ("item.changed", &json!("uno")));
    let new = json!({ "id": 3, "name": "three", "version": 5, "colour": "green" });
    let responded = ask(&world.service, "POST", "/items", &[("idempotency-key", "a")], Some(&new)).await;
    assert_eq!(responded.answer.status(), 201, "{responded:?}");
    let fourth = world.wait("items", 5).await;
    assert_eq!((fourth[4].0.as_str(), &fourth[4].2), ("item.created", &new));
    let responded = ask(&world.service, "DELETE", "/items/3", &[], None).await;
    assert!(responded.answer.status() < 300, "{responded:?}");
    let fifth = world.wait("items", 6).await;
    assert_eq!((fifth[5].0.as_str(), &fifth[5].2), ("item.removed", &json!({ "id": 3 })));
    assert!(world.told("items.rejected").await.is_empty());
    world.events.stopped().await;
}

#[tokio::test]
async fn changes_are_noticed_by_comparing_everything_and_own_writes_are_one_event() {
    changes(COMPARED).await;
}

#[tokio::test]
async fn changes_are_noticed_by_a_number_and_own_writes_are_one_event() {
    changes(SINCE).await;
}

#[tokio::test]
async fn own_writes_are_events_where_nothing_watches() {
    let world = world("", vec![item(1, "one", 1)]).await;
    assert!(world.wait("items", 0).await.is_empty());
    let responded = ask(&world.service, "PATCH", "/items/1", &[], Some(&patch("uno"))).await;
    assert!(responded.answer.status() < 300, "{responded:?}");
    let told = world.wait("items", 1).await;
    assert_eq!(told[0].2["name"], "uno");
    world.events.stopped().await;
}

#[tokio::test]
async fn what_is_gone_is_found_and_what_cannot_be_read_goes_to_the_dead_letters() {
    let world = world(COMPARED, vec![item(1, "one", 1), item(2, "two", 2), item(3, "three", 3)]).await;
    world.wait("items", 3).await;
    let mut broken = item(2, "two", 9);
    broken.extend(row(&[("COLOUR", "X")]));
    put(&world, broken);
    remove(&world, "3");
    let told = world.wait("items", 4).await;
    assert_eq!((told[3].0.as_str(), &told[3].2), ("item.removed", &json!({ "id": 3 })));
    let rejected = world.wait("items.rejected", 1).await;
    assert_eq!(rejected[0].0, "seawall.rejected");
    // What came, as it came.
    assert_eq!(
        rejected[0].2,
        json!({ "ITEM_NO": "2", "NAME": "two", "VERSION": "9", "COLOUR": "X" }),
        "{rejected:?}"
    );
    let page = get(&world.service, "/events/items.rejected").await.answer;
    let letter: Value = serde_json::from_slice(page.bytes()).unwrap();
    assert_eq!(letter["position"], "{\"ITEM_NO\":\"2\"}");
    assert!(letter["reason"].as_str().is_some_and(|reason| !reason.contains('X')), "{letter}");
    put(&world, item(2, "mended", 10));
    assert_eq!(world.wait("items", 5).await[4].2["name"], "mended");
    world.events.stopped().await;
}

#[tokio::test]
async fn a_process_that_starts_anew_publishes_nothing_twice() {
    let world = world(SINCE, (1..=600).map(|id| item(id, "x", id)).collect()).await;
    let first = world.wait("items", 600).await;
    let subjects: std::collections::BTreeSet<_> = first.iter().map(|event| &event.1).collect();
    assert_eq!(subjects.len(), 600);
    world.events.stopped().await;
    let again = started(&world.service, &world.store, &world.folder.join("other")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    again.stopped().await;
    assert_eq!(world.told("items").await.len(), 600);
    let page = again.topic("items").unwrap().topics();
    let ask = adapters_ports::TopicAsk { topic: "items", after: None, events_max: 1, bytes_max: 1 };
    assert!(page.read(ask).await.unwrap().events.is_empty());
}

#[tokio::test]
async fn what_is_published_is_described_and_the_schemas_that_events_name_are_there() {
    let world = world(COMPARED, vec![item(1, "a", 1)]).await;
    let text = crate::asyncapi::document(world.service.program(), &[]);
    let document: Value = serde_json::from_str(&text).unwrap();
    crate::asyncapi::tests::check(&document);
    let channel = &document["channels"]["items"];
    assert_eq!(channel["messages"].as_object().unwrap().len(), 3, "{channel}");
    assert_eq!(document["channels"]["items.rejected"]["address"], "items.rejected");
    assert_eq!(document["operations"]["publish.items"]["messages"].as_array().unwrap().len(), 3);
    assert_eq!(outcome(&get(&world.service, "/asyncapi.json").await).0, 404, "nobody attached it");
    world.service.attach_asyncapi(text.into());
    assert_eq!(get(&world.service, "/asyncapi.json").await.answer.status(), 200);
    world.wait("items", 1).await;
    let events = get(&world.service, "/events/items").await.answer;
    let event: Value = serde_json::from_slice(events.bytes().trim_ascii()).unwrap();
    let schema = event["dataschema"].as_str().unwrap().strip_prefix("https://api.example.com").unwrap();
    assert_eq!(schema, "/schemas/Item.json");
    let answer = get(&world.service, schema).await.answer;
    let schema: Value = serde_json::from_slice(answer.bytes()).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&event["data"]), "{schema}");
    assert_eq!(outcome(&get(&world.service, "/schemas/Other.json").await), (404, Some("not-found")));
}

#[tokio::test]
async fn topics_are_in_the_description_of_the_api_with_their_scopes() {
    let world = world(COMPARED, Vec::new()).await;
    let types = crate::problem::Types::new("");
    let document =
        crate::openapi::document(world.service.program(), &types, &crate::openapi::Examples::default());
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let items = &document["paths"]["/events/items"]["get"];
    assert!(items["description"].as_str().unwrap().contains("`events:items`"), "{items}");
    let rejected = &document["paths"]["/events/items.rejected"]["get"];
    assert!(rejected["description"].as_str().unwrap().contains("`events:reject`"), "{rejected}");
    let event = &document["components"]["schemas"]["ItemEvent"]["properties"];
    assert_eq!(event["type"]["enum"], json!(["item.created", "item.changed", "item.removed"]));
    assert_eq!(world.events.topic("items").unwrap().scope, "events:items");
    assert_eq!(world.events.topic("items.rejected").unwrap().scope, "events:reject");
    let unknown = get(&world.service, "/events/other").await;
    assert_eq!(outcome(&unknown), (404, Some("not-found")));
    let metrics = get(&world.service, "/metrics").await.answer;
    let text = std::str::from_utf8(metrics.bytes()).unwrap();
    assert!(text.contains("seawall_events_published_total{model=\"Item\",topic=\"items\"} 0"), "{text}");
    world.events.stopped().await;
}
