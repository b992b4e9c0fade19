//! What a write does to a legacy record, and what it leaves alone.
//!
//! **Invariant.** Each row is a record before, a modern value, and the record after, or the pointers that were refused.

use super::Write;
use super::kit::{Done, Kit};

const SHAPE: &str = "
Rec
  @id text 0..1
  @version text 0..1
  State text 0..1
  Notes text 0..1
  Stay 0..1
    @Start date 0..1
    @End date 0..1
  Total 0..1
    @Amount dec 0..1
    @Currency text 0..1
  Rooms 0..1
    Room 0..9
      @No text 0..1
      Kind text 0..1
      Count 0..9
        @Age text 0..1
        @N int 0..1
      Remark text 0..1
  Guest 0..9
    Name text 0..1
    Mail text 0..5
  Tag text 0..9
";

const MODEL: &str = "
fields:
  id: id | readOnly
  state: State | codes(state)
  start: Stay/Start
  nights: = 1 + 1
  total.amount: Total/Amount
  total.currency: Total/Currency
  rooms:
    each: Rooms/Room
    key: no
    fields:
      no: No
      kind: Kind
      adults: Count[Age=10]/N
      children: Count[Age=8]/N | default(0)
  guests:
    each: Guest
    fields:
      name: Name
      mail: Mail[1]
  tags: Tag[*]
write:
  version: \"7\"
";

fn check(kit: &Kit, before: &str, modern: &str, expected: Done) {
    assert_eq!(kit.put(before, modern, Write::Put), expected, "{before} ← {modern}");
}

fn done(after: &str) -> Done {
    Ok((after.into(), true))
}

fn untouched(record: &str) -> Done {
    Ok((record.into(), false))
}

fn refused(pointers: &[&str]) -> Done {
    Err(pointers.iter().map(|&pointer| pointer.to_owned()).collect())
}

#[test]
fn a_created_record_has_its_parts_in_schema_order_whatever_the_order_of_the_json() {
    let kit = Kit::new(SHAPE, MODEL);
    let modern = r#"{"tags":["x"],"guests":[{"mail":"a@b","name":"Ada"}],
        "rooms":[{"children":2,"adults":1,"kind":"DBL","no":"1"}],
        "total":{"currency":"EUR","amount":420.50},"start":"2026-06-01","state":"open"}"#;
    let after = "@version=7 State=O Stay(@Start=2026-06-01) Total(@Amount=420.50 @Currency=EUR) \
        Rooms(Room(@No=1 Kind=DBL Count(@Age=10 @N=1) Count(@Age=8 @N=2))) Guest(Name=Ada Mail=a@b) Tag=x";
    assert_eq!(kit.put("", modern, Write::Create), done(after));
}

#[test]
fn writing_back_what_was_read_touches_nothing_at_all() {
    let kit = Kit::new(SHAPE, MODEL);
    // `P` is not the code that a write would choose, the amount has not its shortest form, the version is not ours.
    let record = "@id=R-1 @version=3 State=P Notes=keep Total(@Amount=007.50 @Currency=EUR) Rooms(Room(@No=1 Remark=keep)) Tag=x";
    let modern = r#"{"id":"R-1","state":"open","total":{"amount":7.5,"currency":"EUR"},
        "rooms":[{"no":"1","children":0}],"guests":[],"tags":["x"],"nights":2}"#;
    check(&kit, record, modern, untouched(record));
}

#[test]
fn a_change_of_one_field_keeps_the_rest() {
    let kit = Kit::new(SHAPE, MODEL);
    let check = |before: &str, modern: &str, after: &str| check(&kit, before, modern, done(after));
    check("@version=3 State=P Notes=keep", r#"{"state":"closed"}"#, "@version=7 State=C Notes=keep");
    check(
        "@version=3 State=P Total(@Amount=007.50 @Currency=EUR)",
        r#"{"state":"open","total":{"amount":7.50,"currency":"USD"}}"#,
        "@version=7 State=P Total(@Amount=007.50 @Currency=USD)",
    );
    check("", r#"{"start":"2026-06-01"}"#, "@version=7 Stay(@Start=2026-06-01)");
}

#[test]
fn what_becomes_absent_is_taken_out_with_the_optional_groups_that_it_empties() {
    let kit = Kit::new(SHAPE, MODEL);
    let check = |before: &str, modern: &str, after: &str| check(&kit, before, modern, done(after));
    check("State=O Total(@Amount=1)", r#"{"state":"open"}"#, "@version=7 State=O");
    check("State=O Total(@Amount=1)", r#"{"state":"open","total":null}"#, "@version=7 State=O");
    check("Total(@Amount=1 @Currency=EUR)", r#"{"total":{"amount":1}}"#, "@version=7 Total(@Amount=1)");
    check("Stay(@Start=2026-06-01 @End=2026-06-04)", "{}", "@version=7 Stay(@End=2026-06-04)");
    check("Rooms(Room(@No=1))", r#"{"rooms":[]}"#, "@version=7");
    check(
        "Rooms(Room(@No=1 Count(@Age=10 @N=2)))",
        r#"{"rooms":[{"no":"1"}]}"#,
        "@version=7 Rooms(Room(@No=1 Count(@Age=10)))",
    );
}

#[test]
fn arrays_with_a_key_leave_unmapped_data_with_its_owner() {
    let kit = Kit::new(SHAPE, MODEL);
    let before = "Rooms(Room(@No=1 Remark=sea) Room(@No=2 Remark=hill))";
    let check = |modern: &str, after: &str| check(&kit, before, modern, done(after));
    check(
        r#"{"rooms":[{"no":"2"},{"no":"1"}]}"#,
        "@version=7 Rooms(Room(@No=2 Remark=hill) Room(@No=1 Remark=sea))",
    );
    check(
        r#"{"rooms":[{"no":"3"},{"no":"1"},{"no":"2"}]}"#,
        "@version=7 Rooms(Room(@No=3) Room(@No=1 Remark=sea) Room(@No=2 Remark=hill))",
    );
    check(r#"{"rooms":[{"no":"2","kind":"DBL"}]}"#, "@version=7 Rooms(Room(@No=2 Kind=DBL Remark=hill))");
}

#[test]
fn arrays_without_a_key_are_aligned_by_position() {
    let kit = Kit::new(SHAPE, MODEL);
    let before = "Guest(Name=Ada Mail=a1 Mail=a2) Guest(Name=Bob Mail=b1)";
    let check = |modern: &str, after: &str| check(&kit, before, modern, done(after));
    check(
        r#"{"guests":[{"name":"Ada","mail":"new"},{"name":"Bob","mail":"b1"}]}"#,
        "@version=7 Guest(Name=Ada Mail=new Mail=a2) Guest(Name=Bob Mail=b1)",
    );
    check(r#"{"guests":[{"name":"Ada","mail":"a1"}]}"#, "@version=7 Guest(Name=Ada Mail=a1 Mail=a2)");
    check(
        r#"{"guests":[{"name":"Ada","mail":"a1"},{"name":"Bob","mail":"b1"},{"name":"Eve"}]}"#,
        "@version=7 Guest(Name=Ada Mail=a1 Mail=a2) Guest(Name=Bob Mail=b1) Guest(Name=Eve)",
    );
}

#[test]
fn an_array_of_plain_values_is_written_element_by_element() {
    let kit = Kit::new(SHAPE, MODEL);
    check(&kit, "Tag=a Tag=b", r#"{"tags":["a","b"]}"#, untouched("Tag=a Tag=b"));
    check(&kit, "Tag=a Tag=b", r#"{"tags":["a"]}"#, done("@version=7 Tag=a"));
    check(&kit, "Tag=a", r#"{"tags":["a","c"]}"#, done("@version=7 Tag=a Tag=c"));
    check(&kit, "Tag=a", r#"{"tags":["c"]}"#, done("@version=7 Tag=c"));
    check(&kit, "Tag=a", r#"{"tags":[null]}"#, refused(&["/tags/0"]));
}

#[test]
fn a_condition_is_written_as_a_constant_and_finds_its_element_again() {
    let kit = Kit::new(SHAPE, MODEL);
    let before = "Rooms(Room(@No=1 Count(@Age=7 @N=9) Count(@Age=10 @N=1)))";
    check(
        &kit,
        before,
        r#"{"rooms":[{"no":"1","adults":2,"children":3}]}"#,
        done("@version=7 Rooms(Room(@No=1 Count(@Age=7 @N=9) Count(@Age=10 @N=2) Count(@Age=8 @N=3)))"),
    );
}

#[test]
fn every_refused_field_is_named_by_its_pointer() {
    let kit = Kit::new(SHAPE, MODEL);
    let check = |modern: &str, pointers: &[&str]| check(&kit, "@id=R-1", modern, refused(pointers));
    check(r#"{"id":"R-2"}"#, &["/id"]);
    check(r#"{"state":"gone"}"#, &["/state"]);
    check(
        r#"{"state":1,"start":"2026-02-30","total":{"amount":"x"}}"#,
        &["/state", "/start", "/total/amount"],
    );
    check(r#"{"rooms":[{"no":"1"},{"no":"2","adults":1.5}]}"#, &["/rooms/1/adults"]);
    check(r#"{"rooms":{}}"#, &["/rooms"]);
    check(r#"{"rooms":[1]}"#, &["/rooms/0"]);
    check(r#"{"total":[]}"#, &["/total"]);
}

#[test]
fn a_read_only_field_may_be_sent_back_but_not_made_up() {
    let kit = Kit::new(SHAPE, MODEL);
    check(&kit, "@id=R-1", r#"{"id":"R-1"}"#, untouched("@id=R-1"));
    check(&kit, "@id=R-1", "{}", untouched("@id=R-1"));
    check(&kit, "@id=R-1", r#"{"id":"R-2"}"#, refused(&["/id"]));
    assert_eq!(kit.put("", r#"{"id":"R-1"}"#, Write::Create), refused(&["/id"]));
}

#[test]
fn defaults_of_the_schema_are_applied_by_create_alone() {
    let schema = r#"{ "type": "object", "properties": {
        "state": { "enum": ["open", "closed"], "default": "open" },
        "notes": { "type": "string" } } }"#;
    let model = "schema: m.json\nfields:\n  state: State | codes(state)\n  notes: Notes\n";
    let kit = Kit::with(SHAPE, model, &[("m.json", schema)]);
    assert_eq!(kit.put("", "{}", Write::Create), done("State=O"));
    assert_eq!(kit.put("", r#"{"state":"closed"}"#, Write::Create), done("State=C"));
    check(&kit, "Notes=x", r#"{"notes":"x"}"#, untouched("Notes=x"));
}

#[test]
fn generated_values_are_written_only_with_a_change() {
    let shape = "
Rec
  Changed datetime 0..1
  By text 0..1
  Name text 0..1
";
    let model =
        "fields:\n  name: Name\n  changed: { from: Changed, write: = now }\nwrite:\n  By: = requestId\n";
    let kit = Kit::new(shape, model);
    let before = "Changed=2020-01-01T00:00:00Z By=me Name=Ada";
    check(&kit, before, r#"{"name":"Ada","changed":"1999-01-01T00:00:00Z"}"#, untouched(before));
    check(&kit, before, r#"{"name":"Bob"}"#, done("Changed=2026-01-01T00:00:00Z By=test-request Name=Bob"));
}

#[test]
fn the_case_by_presence_replaces_the_other_one() {
    let shape = "
Rec
  Card 0..1
    Number text 0..1
    Bank text 0..1
  Bill 0..1
    Account text 0..1
";
    let model = "
fields:
  pay:
    cases:
      card: { at: Card, fields: { number: Number } }
      bill: { at: Bill, fields: { account: Account } }
";
    let kit = Kit::new(shape, model);
    let card = "Card(Number=4111 Bank=keep)";
    check(&kit, card, r#"{"pay":{"type":"card","number":"4111"}}"#, untouched(card));
    check(&kit, card, r#"{"pay":{"type":"card","number":"42"}}"#, done("Card(Number=42 Bank=keep)"));
    check(&kit, card, r#"{"pay":{"type":"bill","account":"7"}}"#, done("Bill(Account=7)"));
    check(&kit, card, "{}", done(""));
    check(&kit, card, r#"{"pay":{"type":"cash"}}"#, refused(&["/pay"]));
    check(&kit, card, r#"{"pay":{"number":"1"}}"#, refused(&["/pay"]));
}

#[test]
fn the_case_by_a_selector_keeps_a_code_that_selects_it_already() {
    let shape = "
Rec
  Kind text 0..1
  Text text 0..1
  Iban text 0..1
";
    let model = "
fields:
  detail:
    oneOf: Kind
    cases:
      fee: { when: [F, Z], fields: { text: Text } }
      transfer: { when: T, fields: { iban: Iban } }
";
    let kit = Kit::new(shape, model);
    check(&kit, "Kind=Z Text=a", r#"{"detail":{"type":"fee","text":"a"}}"#, untouched("Kind=Z Text=a"));
    check(&kit, "Kind=Z Text=a", r#"{"detail":{"type":"fee","text":"b"}}"#, done("Kind=Z Text=b"));
    check(&kit, "", r#"{"detail":{"type":"fee","text":"a"}}"#, done("Kind=F Text=a"));
}

#[test]
fn the_same_bytes_told_once_for_each_case_stay_until_one_of_the_tellings_changes() {
    let shape = "
Rec
  Kind text 0..1
  Detail text 0..1
  Transfer 0..1
    Iban text 0..1
  Card 0..1
    Digits text 0..1
";
    let model = "
fields:
  detail:
    oneOf: Kind
    cases:
      transfer: { when: T, at: Transfer, fields: { iban: Iban } }
      card: { when: C, at: Card, fields: { digits: Digits } }
      fee: { when: [F, Z], fields: { text: Detail } }
";
    let kit = Kit::new(shape, model);
    let all = |kind: &str| format!("Kind={kind} Detail=AT61 Transfer(Iban=AT61) Card(Digits=AT)");
    let (transfer, card, fee) = (all("T"), all("C"), all("Z"));
    check(&kit, &transfer, r#"{"detail":{"type":"transfer","iban":"AT61"}}"#, untouched(&transfer));
    check(&kit, &card, r#"{"detail":{"type":"card","digits":"AT"}}"#, untouched(&card));
    check(&kit, &fee, r#"{"detail":{"type":"fee","text":"AT61"}}"#, untouched(&fee));
    check(
        &kit,
        &transfer,
        r#"{"detail":{"type":"transfer","iban":"AT62"}}"#,
        done("Kind=T Detail=AT61 Transfer(Iban=AT62)"),
    );
    check(&kit, &fee, r#"{"detail":{"type":"fee","text":"x"}}"#, done("Kind=Z Detail=x"));
    check(
        &kit,
        &transfer,
        r#"{"detail":{"type":"card","digits":"AT"}}"#,
        done("Kind=C Detail=AT61 Card(Digits=AT)"),
    );
}

#[test]
fn another_case_takes_out_what_only_the_old_one_maps() {
    let shape = "
Rec
  Kind text 0..1
  Note text 0..1
  Text text 0..1
  Iban text 0..1
  Fee 0..1
    Vat text 0..1
    Net text 0..1
    Extra text 0..1
  Line 0..9
    No text 0..1
";
    let model = "
fields:
  detail:
    oneOf: Kind
    cases:
      fee: { when: [F, Z], fields: { note: Note, text: Text, vat: Fee/Vat, net: Fee/Net, lines: { each: Line, fields: { no: No } } } }
      transfer: { when: [\"T*\", U], fields: { note: Note, iban: Iban, net: Fee/Net } }
      other: { when: O, fields: { lines: { each: Line, fields: { no: No } } } }
      any: { when: \"A*\", fields: { iban: Iban } }
";
    let kit = Kit::new(shape, model);
    let transfer = r#"{"detail":{"type":"transfer","note":"n","iban":"AT1","net":"9"}}"#;
    // What both map is changed where it stands, what nobody maps stays.
    let fee = "Kind=F Note=n Text=a Fee(Vat=1 Net=2 Extra=x) Line(No=1) Line(No=2)";
    let other = r#"{"detail":{"type":"other","lines":[{"no":"1"}]}}"#;
    check(&kit, fee, other, done("Kind=O Fee(Extra=x) Line(No=1)"));
    check(
        &kit,
        "Kind=T1 Iban=AT1",
        r#"{"detail":{"type":"transfer","iban":"AT2"}}"#,
        done("Kind=T1 Iban=AT2"),
    );
    check(
        &kit,
        "Kind=T1 Iban=AT1 Text=a",
        r#"{"detail":{"type":"transfer","iban":"AT2"}}"#,
        done("Kind=T1 Text=a Iban=AT2"),
    );
    check(
        &kit,
        "Kind=T1 Iban=AT1 Fee(Net=1)",
        r#"{"detail":{"type":"fee","text":"b"}}"#,
        done("Kind=F Text=b"),
    );
    check(&kit, fee, transfer, done("Kind=U Note=n Iban=AT1 Fee(Net=9 Extra=x)"));
    check(&kit, "Kind=A1 Iban=AT1", r#"{"detail":{"type":"any","iban":"AT2"}}"#, done("Kind=A1 Iban=AT2"));
    check(&kit, fee, r#"{"detail":{"type":"any","iban":"AT2"}}"#, refused(&["/detail"]));
}

#[test]
fn a_value_that_the_legacy_system_would_give_back_differently_is_refused() {
    let kit = Kit::new("\nRec\n  Name text 0..1\n  N int 0..1\n", "fields:\n  name: Name | lower\n  n: N\n");
    check(&kit, "Name=ADA", r#"{"name":"ada"}"#, untouched("Name=ADA"));
    check(&kit, "Name=ADA", r#"{"name":"Ada"}"#, untouched("Name=ADA"));
    check(&kit, "Name=ADA", r#"{"name":"Bob"}"#, done("Name=bob"));
    check(&kit, "N=1", r#"{"n":1.5}"#, refused(&["/n"]));
}
