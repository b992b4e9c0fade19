//! Tests of queries: what a request asks of a table, and what its rows answer.
//!
//! **Invariant.** Every query is made by a compiled mapping; nothing is built by hand but tables and rows.

mod asking;
mod checking;
mod customers;
pub(crate) mod kit;
mod own;
mod reading;
mod reports;
mod rows;
mod writing;

/// A table as people made them long ago, with a mapping of every kind of column.
pub(crate) const TABLES: &str = "
table WRH.LAGER
  LGNR decimal(5,0) key
  LGBEZ1 char(20)
  LGBEZ2 char(20)
  LGART char(2) null
  LGMAIL char(30)
  LGAKT char(1)
  LGWERT decimal(11,2)
  LGSEIT decimal(8,0)
  LGDAT decimal(8,0)
  LGZEIT decimal(6,0)
  LGUSR char(10)
  LGRES char(4) default
";

pub(crate) const MAPPING: &str = "codes:
  kind: { cold: [K, KK], dry: T }
models:
  Store:
    legacy: erp/WRH.LAGER
    key: id
    fields:
      id: LGNR
      name: LGBEZ1 + LGBEZ2 | lines(20)
      kind: LGART | codes(kind)
      mail: LGMAIL | lower
      active: LGAKT | flag(J, [N, S])
      value.amount: LGWERT
      value.currency: = \"EUR\"
      since: LGSEIT | nullIf(0) | date(yyyyMMdd)
      changed:
        from: LGDAT + LGZEIT | datetime(yyyyMMdd + HHmmss)
        write: = now
      label: = name + \" \" + string(id)
    write: { LGUSR: FACADE }
    ignore: [LGRES]
rest:
  GET /stores:
    list: Store
    filter: { kind: kind, name: name starts, changedSince: changed >=, active: active, worth: value.amount <, kinds: kind in, not: kind !=, from: since >= }
    page: { size: 50, max: 500, sort: [changed, value.amount, since] }
  GET /stores/{id}:
    get: Store
  POST /stores:
    create: Store
    policy: { idempotency: 24h }
  PATCH /stores/{id}:
    update: Store
  PUT /stores/{id}:
    replace: Store
  DELETE /stores/{id}:
    delete: Store
";
