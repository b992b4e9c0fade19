//! What the tables are filled with.
//!
//! **Invariant.** The same rows everywhere, in literals that every database reads alike.

use super::world::Engine;
use std::fmt::Write as _;

/// 61 customers and 24 bookings, the same everywhere.
pub(crate) fn seed(engine: Engine) -> String {
    const NAMES: [&str; 8] = [
        "Bäckerei Huber",
        "Zoë Åkesson",
        "Müller & Söhne",
        "O''Brien",
        "100% Bio",
        "Čapek_Žižka",
        "Ivana Đurić",
        "Łódź Textil",
    ];
    const TOWNS: [&str; 5] = ["Linz", "Graz", "St. Pölten", "Ljubljana", "Zürich"];
    const LANDS: [&str; 6] = ["A", "D", "CH", "I", "SLO", "N"];
    let mut out = String::new();
    let table = engine.table("KDSTAMM");
    for n in 0..60_usize {
        let second = if n % 5 == 1 { "Zweigstelle Süd" } else { "" };
        let mail = if n % 7 == 3 { "NULL".into() } else { format!("'Kunde{n}@Example.AT'") };
        let news = ["'J'", "'N'", "NULL"][n % 3];
        let street = if n % 6 == 2 { "NULL".into() } else { format!("'Hauptplatz {n}'") };
        let limit = if n % 8 == 5 { "NULL".into() } else { format!("{}.{:02}", n * n * 37, n) };
        let since = if n % 4 == 0 { 0 } else { 20_000_101 + (n % 20) * 10_000 + (n % 9) * 100 + n % 20 };
        // Hours that the clocks leave out or repeat are among them.
        let (day, time) =
            [(20_260_301, 90_500), (20_251_026, 23_000), (20_260_115, 0), (20_260_620, 235_959)][n % 4];
        let _ = writeln!(
            out,
            "INSERT INTO {table} VALUES ({}, '{}', '{}', '{second}', {mail}, {news}, '{}', {street}, '{}', '{}', '{}', {limit}, {since}, {}, {time}, 'SEED', 'rest {n}', NULL, 'M{n}');",
            100_001 + n,
            ["P", "F"][n % 2],
            NAMES[n % 8],
            ["A", "S", "A", "G"][n % 4],
            4020 + n,
            TOWNS[n % 5],
            LANDS[n % 6],
            day + n / 12,
        );
    }
    let _ = writeln!(
        out,
        "INSERT INTO {table} VALUES (100234, 'F', 'Bäckerei Huber', '', 'info@huber.at', 'J', 'A', 'Hauptplatz 1', '4020', 'Linz', 'A', 5000.00, 20040115, 20260301, 90500, 'SEED', NULL, NULL, NULL);",
    );
    let table = engine.table("KDBUCH");
    let columns: Vec<String> =
        ["BUKDNR", "BUBETR", "BUKURS", "BUZEIT", "BUTAG", "BUTEXT", "BUKENN", "BUSTO", "BUPRUE"]
            .iter()
            .map(|name| engine.name(name))
            .collect();
    for n in 0..24_usize {
        let rate = if n % 3 == 0 { "NULL".into() } else { format!("{}.{:05}", n, n * 11) };
        let due = if n % 4 == 1 { "NULL".into() } else { format!("'2026-0{}-{:02}'", 1 + n % 9, 1 + n) };
        let text = if n % 5 == 2 { "NULL".into() } else { format!("'Zahlung {n} für Đ\u{1F600}'") };
        let sign = if n % 2 == 0 { "" } else { "-" };
        let _ = writeln!(
            out,
            "INSERT INTO {table} ({}) VALUES ({}, {sign}{}.{:04}, {rate}, '2026-0{}-{:02} 1{}:00:0{}.{:03}', {due}, {text}, '{}', {}, {});",
            columns.join(", "),
            100_001 + n % 6,
            n * 1111,
            n * 7,
            1 + n % 9,
            1 + n,
            n % 10,
            n % 10,
            n * 10,
            ["ÄB", "XYZ9"][n % 2],
            ["'J'", "'N'", "NULL"][n % 3],
            n % 2,
        );
    }
    out
}
