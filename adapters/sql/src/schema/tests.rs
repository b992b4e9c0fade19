//! What a catalog becomes as a shape.

use super::*;
use kernel::FileId;

fn schema(text: &str) -> Schema {
    Schema::new(Snapshot::parse(text, FileId(0)).unwrap())
}

#[test]
fn a_table_is_a_row_of_columns_and_leads_back_to_them() {
    let schema = schema(
        r#"{ "tables": { "L.T": { "key": ["A"], "columns": {
            "A": "DECIMAL(7,0)", "B": "CHAR(3)", "C": "DATE NOT NULL DEFAULT", "D": "INTEGER NOT NULL GENERATED" } } } }"#,
    );
    let table = &schema.catalogue.tables[0];
    let shape = schema.shape();
    assert_eq!(&*shape.part(table.part).name.local, "L.T");
    let parts = &shape.group(shape.part(table.part).ty).unwrap().parts;
    let check = |n: usize, name: &str, nillable: bool, occurs: Occurs, ty: &str| {
        let part = shape.part(parts[n]);
        let scalar = shape.scalar(part.ty).unwrap().describe();
        assert_eq!(
            (&*part.name.local, part.nillable, part.occurs, scalar.as_str()),
            (name, nillable, occurs, ty)
        );
        assert_eq!(schema.column(parts[n]).unwrap().name, name);
        assert!(schema.belongs(parts[n], table.part));
        assert!(part.span.is_some());
    };
    check(0, "A", false, Occurs::ONCE, "integer of at most 7 digits");
    check(1, "B", true, Occurs::OPTIONAL, "text of at most 3 characters");
    check(2, "C", false, Occurs::OPTIONAL, "date");
    check(3, "D", false, Occurs::OPTIONAL, "integer of at most 10 digits");
    assert_eq!(table.key, [parts[0]]);
    assert_eq!(table.generated, [parts[3]]);
    assert_eq!(shape.group(table.rows).unwrap().parts, [table.part]);
    assert!(shape.part(table.part).occurs.repeats());
    assert!(schema.catalogue.horizon.is_none());
}

#[test]
fn a_procedure_is_an_operation() {
    let schema = schema(
        r#"{ "dialect": "postgresql", "procedures": { "L.P": {
            "parameters": { "R": "RETURN INTEGER", "A": "IN DECIMAL(7,0)", "B": "INOUT CHAR(2)", "C": "OUT DATE" },
            "results": [ { "columns": { "X": "INTEGER", "Y": "CHAR(1)" } }, { "columns": { "Z": "DATE" } } ] } } }"#,
    );
    let operation = &schema.catalogue.operations[0];
    let shape = schema.shape();
    let names = |part: PartId| -> Vec<&str> {
        let group = shape.group(shape.part(part).ty).unwrap();
        group.parts.iter().map(|&part| &*shape.part(part).name.local).collect()
    };
    assert_eq!(&*operation.name, "L.P");
    assert_eq!(names(operation.request), ["A", "B"]);
    assert_eq!(names(operation.reply.unwrap()), [RETURN_VALUE, "B", "C", "RESULT", "RESULT2"]);
    assert_eq!(names(schema.calls[0].results[0].0), ["X", "Y"]);
    assert!(schema.catalogue.horizon.is_some());
}

#[test]
fn a_type_that_is_not_read_is_no_value() {
    let schema = schema(r#"{ "tables": { "T": { "columns": { "A": "INTERVAL DAY TO SECOND" } } } }"#);
    let shape = schema.shape();
    let row = shape.group(shape.part(schema.catalogue.tables[0].part).ty).unwrap();
    let ty = shape.part(row.parts[0]).ty;
    assert!(shape.scalar(ty).is_none());
    assert_eq!(&*shape.ty(ty).name.as_ref().unwrap().local, "INTERVAL DAY TO SECOND");
}
