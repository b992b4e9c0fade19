//! The report: what `explain` says of a program.
//!
//! **Invariant.** The whole text is compared, so that a change of it is seen.

use super::case;
use crate::plan::explain::explain;

#[test]
fn the_report_shows_coverage_direction_class_memory_and_policies() {
    let mapping = "connections:\n  pms:\n    type: soap\n    wsdl: x\n    errors:\n      \
        - { when: { Err: \"*\" }, problem: e, status: 502 }\n    policy: { timeout: 5s, retry: 2 }\nmodels:\n  M:\n    legacy: pms/R\n    \
        fields:\n      id: ID\n      state: S | codes(s)\n      sum: = n + 1\n      n: N\n      list: { each: L, fields: { x: X } }\n    ignore: [Z]\n\
        codes:\n  s: { a: [A, B], c: C }\nrest:\n  GET /r/{id}:\n    get: M\n    call: pms.Get\n    \
        send: { K: = id }\n    receive: R\n    policy: { scope: read, cache: 30s }\n";
    let case = case(
        "type R { @ID? @S? @N:int? @Z? L* { @X? @Y? } } call Get { @K? } -> { Err? R?=R }",
        mapping,
        &[],
    );
    let report = explain(case.program(), None).expect("a report");
    let expected = "\
M ↔ pms/R   (5 of 6 legacy fields used or ignored)
  id        read yes  write yes  exact
  state     read yes  write yes  lossy: A, B → a → A
  sum       read yes  write –    computed: n + 1
  n         read yes  write yes  exact
  list[].x  read yes  write yes  exact
  not mapped: L/Y
  note: elements of list are aligned by position; `key:` would keep what is not mapped with its owner

GET /r/{id}   (get M)
  calls    pms.Get
  sends    K: = id
  judged   before the payload is read
  memory   S1 one element: sum is computed; the element is the record itself
  policy   cache: 30s
  policy   scope: read
  policy   timeout: 5s (connection pms)
  policy   retry: 2 (connection pms)
";
    assert_eq!(report.text(), expected);
    assert_eq!(report.json()["models"][0]["coverage"]["used"], 4);
    assert!(explain(case.program(), Some("Nobody")).is_none());
}
