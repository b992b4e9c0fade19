//! All codes, what each means, and what to do about it.
//!
//! **Invariant.** Sorted by code; the reference page is printed from here.

use std::fmt::Write;

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeDoc {
    /// The code.
    pub code: &'static str,
    /// What it means, in a line.
    pub meaning: &'static str,
    /// Why it is an error, and what to do.
    pub explanation: &'static str,
}

const fn doc(code: &'static str, meaning: &'static str, explanation: &'static str) -> CodeDoc {
    CodeDoc { code, meaning, explanation }
}

/// All codes.
pub static CODES: &[CodeDoc] = &[
    doc(
        "E001",
        "duplicate key",
        "The same name is defined twice, in one file or in two. Both places are shown, since a project is the union of its files and nothing wins silently. Remove or rename one of them. The same code stands for two operations with one route and two tests with one name.",
    ),
    doc(
        "E002",
        "unknown connection",
        "A mapping names a connection that the section `connections` does not have. The hint lists those that it has.",
    ),
    doc(
        "E003",
        "unknown legacy structure",
        "The structure behind `legacy: connection/…` is not in the legacy schema. It is looked for among global elements, then types, then elements within messages.",
    ),
    doc("E004", "unknown model", "The section `models` has no model of this name."),
    doc(
        "E005",
        "unknown operation",
        "The connection has no operation of this name. `seawall inspect` lists the operations of a service description.",
    ),
    doc(
        "E006",
        "YAML cut the line",
        "YAML ends a plain text at `: `, and within braces or brackets at `, `. What stands behind was taken for a new key. Quote the whole text, or write a map over several lines.",
    ),
    doc(
        "E007",
        "unknown key, or a value of the wrong form",
        "Every key must be known, so that a misspelt one is never silently without effect. The hint names the key that was probably meant. The same code stands for a value of another form than the key has, for a key that is missing, and for an empty `tests:`.",
    ),
    doc(
        "E008",
        "YAML that the format does not allow",
        "The format uses a small part of YAML: no tabs, anchors, aliases, merge keys, tags, directives or several documents. A text that is not YAML at all has this code, too.",
    ),
    doc(
        "E009",
        "`format:` missing or newer than this program",
        "`format: 1` stands in the root file. It tells a project that is too new from one that is misspelt.",
    ),
    doc(
        "E010",
        "unreadable path step",
        "A legacy path is made of names, parted by `/`, each with a position or conditions in brackets. Names with blanks or punctuation are quoted. Names have no prefixes: the schema knows the namespaces.",
    ),
    doc(
        "E011",
        "position zero",
        "Positions count from 1, as in XPath and COBOL. The first element is `[1]`, the last one `[last]`.",
    ),
    doc(
        "E012",
        "unreadable condition",
        "A condition is a map of legacy path to value or values. A value is a text, `\"*\"` for presence, `\"CPF*\"` for a beginning, `\"!00\"` for anything else.",
    ),
    doc(
        "E013",
        "`$name` is not available here",
        "What stands beside a record depends on the kind of system, and on the place in the mapping. The message lists what is available.",
    ),
    doc(
        "E014",
        "no such name in the legacy schema, or two of them",
        "Each step of a path is looked up in the legacy schema when the project is compiled. The second place shows the structure that was searched. Where an attribute and an element share a name, write `\"@name\"` for the attribute.",
    ),
    doc(
        "E015",
        "the condition compares something that does not exist",
        "The left side of a condition in brackets is a child or attribute of the step before them, and the value must be one that its type can have.",
    ),
    doc(
        "E016",
        "repeated without `each:`, a position, `[*]` or a condition",
        "Something can occur several times, so a single value of it is a guess. The second place shows where that is declared. Cardinality comes from the schema, never from a message.",
    ),
    doc(
        "E017",
        "`each` on a single element",
        "`each:` makes an array of objects, but this occurs at most once. Use `at:` for an object.",
    ),
    doc(
        "E018",
        "a group where a value is needed, or the reverse",
        "A field line reads one value. For a structure use `at:` or `each:` with `fields:`.",
    ),
    doc(
        "E019",
        "several sources without a codec that combines them",
        "`A + B` needs `join`, `lines` or `datetime` behind it, which also say how the value is divided again on the way back.",
    ),
    doc(
        "E020",
        "codec unreadable or with wrong arguments",
        "A codec looks like `name` or `name(argument, [list])`. Arguments with brackets, commas or quotes are quoted.",
    ),
    doc("E021", "unknown codec", "There is no codec of this name. The reference lists all codecs."),
    doc(
        "E022",
        "wrong date letters",
        "Date patterns use `yyyy yy MM dd HH mm ss`. `YYYY` is the year of the week, `DD` the day of the year, `hh` the hour of twelve: each is right on most days and wrong on some.",
    ),
    doc(
        "E023",
        "the codec does not fit the legacy type",
        "The codec reads another type than the legacy schema declares, or than the codec before it gives.",
    ),
    doc(
        "E024",
        "a timestamp without zone and no `timezone:` on the connection",
        "An instant cannot be told from local time alone. Write the IANA name of the zone in which the legacy system lives; another name is an error wherever it stands.",
    ),
    doc(
        "E030",
        "unknown modern name in an expression",
        "Expressions speak modern names only: fields of the model, parameters, `body`, `now`, `today`, `requestId`.",
    ),
    doc("E031", "unknown name in `key:`", "A key is made of fields of the model."),
    doc(
        "E032",
        "a required result from an input that may be absent",
        "If an input is absent, so is the result, but the JSON Schema requires it. Test the input by `has()`, or make the property optional.",
    ),
    doc("E033", "unknown field in a filter", "A filter compares a modern field of the model."),
    doc(
        "E034",
        "range filter through a codec that does not keep the order",
        "`<` on the modern side is not `<` on the legacy side if the codec reorders values, as code tables do.",
    ),
    doc("E035", "unreadable expression", "The text behind `=` is not an expression of CEL."),
    doc(
        "E036",
        "a function that does not exist, or is not called like this",
        "The reference lists all functions with their arguments and types.",
    ),
    doc("E037", "a field computed from itself", "The expressions of computed fields form a circle."),
    doc(
        "E038",
        "a parameter that nothing uses",
        "A parameter of the path or query has no effect: no field of the model, no `send`, no filter takes it.",
    ),
    doc(
        "E039",
        "a field that cannot be asked for",
        "A filter on a table is turned around by the codecs of the field. This one could miss rows, because the same value can be stored in more ways than can be listed.",
    ),
    doc(
        "E040",
        "no such property in the JSON Schema",
        "The mapping has a field that the JSON Schema of the model does not declare, so a valid answer could not contain it.",
    ),
    doc(
        "E041",
        "enum mismatch",
        "A code table or constant yields a value that the `enum` of the JSON Schema does not allow.",
    ),
    doc(
        "E042",
        "type mismatch",
        "The type of the value is not the one that is needed at this place, by the JSON Schema or by the operator.",
    ),
    doc(
        "E043",
        "legacy requires it and no write fills it",
        "A `create` would send a message that the legacy schema does not allow. Map the field, or fill it by `write:` of the model or `send:` of the operation.",
    ),
    doc(
        "E050",
        "cases or record types overlap",
        "One value selects two alternatives, so it would depend on their order which one applies.",
    ),
    doc(
        "E060",
        "ambiguous code table",
        "A legacy code stands in two lines, or a modern name does: reading or writing would be a guess.",
    ),
    doc(
        "E070",
        "`create` without `idempotency`",
        "A client that gets no answer tries again, and would create the thing twice. Write `idempotency: 24h`, or `off` if the legacy system recognises duplicates itself.",
    ),
    doc("E071", "`cache` on a write", "Only answers of `get` and `list` can be kept."),
    doc(
        "E072",
        "a retry that cannot be safe, or a `class` that contradicts `retry`",
        "`retry: true` promises that the call was not executed; a class that says otherwise contradicts it.",
    ),
    doc("E073", "sunset before deprecation", "A version is deprecated first and ends later."),
    doc(
        "E074",
        "steps wait for each other",
        "The steps of an operation use each other's results in a circle.",
    ),
    doc(
        "E075",
        "a write needs the old record and no operation reads it",
        "Writing only what changed needs what was there before. Add a `get` of the same path, or name the operation by `read:`.",
    ),
    doc(
        "E076",
        "a write to what cannot be written",
        "The table is a view, its connection is read-only, or the database fills the column itself.",
    ),
    doc(
        "E077",
        "the rows of a table cannot be told apart",
        "To read, change or delete one row, the path names the whole key of the model; pages of a list need a key too, because they go on behind the last row.",
    ),
    doc(
        "E078",
        "a mistake in a statement",
        "The statement behind `sql:` cannot be read, does not fit what the operation means, or does not give what the model needs.",
    ),
    doc(
        "E080",
        "an overlay changes meaning, or names what does not exist",
        "The file of an environment changes addresses, credentials, sizes, times and topics that the project has. What a message means is the same everywhere, because production must translate exactly as the tests did.",
    ),
    doc(
        "E081",
        "a literal where a secret belongs",
        "Passwords and tokens do not stand in files that are committed. Write `${secret:name}`.",
    ),
    doc(
        "E082",
        "`${…}` where it is not allowed, or unreadable",
        "Variables stand in `connections`, `auth` and `policies` only; there is `${env:NAME}`, `${env:NAME:-default}` and `${secret:name}`.",
    ),
    doc(
        "E083",
        "a variable without a value",
        "The environment has no such variable, or no such secret is mounted, and there is no default.",
    ),
    doc(
        "E091",
        "a schema file that cannot be read",
        "A service description or schema is missing, outside of the project's folder, too large, or not well-formed.",
    ),
    doc(
        "E092",
        "a construct of a schema that is refused",
        "The legacy schema uses something that cannot be mapped faithfully. The message says what and where.",
    ),
    doc(
        "N001",
        "an enum value that no code produces",
        "The JSON Schema allows a value that the code table never yields. Nothing is wrong; somebody may have expected it.",
    ),
    doc(
        "N002",
        "more findings than are shown",
        "So many findings mostly have one cause. Mend the first ones and look again.",
    ),
    doc(
        "N003",
        "a list of a table without pages",
        "Every row is answered. That streams, so it needs no memory here, but the client gets as much as there is.",
    ),
    doc(
        "W001",
        "no catch-all error",
        "An error that no entry lists comes with a good status, so it would be taken for a normal reply. Add an entry whose condition is presence: `\"*\"`.",
    ),
    doc(
        "W002",
        "optional in legacy, required in the model",
        "A message without it is allowed by the legacy schema and breaks the model's contract; then the answer is 502. The message lists the fields.",
    ),
    doc(
        "W003",
        "legacy fields neither used nor ignored",
        "Nothing is silently dropped: map the field, or name it under `ignore:`.",
    ),
    doc(
        "W004",
        "unquoted text that looks like a number or a boolean",
        "Here every scalar is the text as written. Other YAML tools see a number, a boolean or a date, and may write it back changed. Quote it.",
    ),
    doc(
        "W005",
        "a declared fault that no `errors` entry covers",
        "The service description declares a fault; without an entry it is a `legacy-error`, 502.",
    ),
    doc(
        "W006",
        "written, and not run by this program",
        "It is checked as far as names go, and nothing more happens. `serve` refuses it unless its section is waived by name: `--without events`.",
    ),
    doc(
        "W007",
        "a key that may not be unique",
        "The key of the model does not hold all columns of the table's key, so it may name several rows. Reading one of several is an error at run time.",
    ),
    doc(
        "W008",
        "records that nobody reads",
        "A source has records of a type that no model reads, and that no path names by `$type/…`. They pass by without a trace. Make a model of them, or name them under `ignore:` of a model of the same source, as in `ignore: [$control]`.",
    ),
    doc(
        "W091",
        "part of a schema was passed over",
        "A declaration was not understood and is not used by anything that was; mapping it would be an error.",
    ),
    doc(
        "W092",
        "something that a connection needs is not on this machine",
        "A Java runtime, a driver's jar or a part of this program is missing here. The mapping may be right; calls will fail on a machine like this one. The message says what to install.",
    ),
];

/// Returns what a code means.
pub fn explain(code: &str) -> Option<&'static CodeDoc> {
    CODES.iter().find(|known| known.code == code)
}

/// Prints the reference of all codes as Markdown.
pub fn reference() -> String {
    let mut page = String::from("# Diagnostics\n\nPrinted from `engine/src/diagnostics/codes.rs`.\n\n");
    page.push_str("`E` is an error: the project cannot be used. `W` is a warning, `N` a note. Codes are never reused.\n");
    for code in CODES {
        let _ = write!(page, "\n## {} {}\n\n", code.code, code.meaning);
        // One sentence per line.
        let _ = writeln!(page, "{}", code.explanation.replace(". ", ".\n"));
    }
    page
}
