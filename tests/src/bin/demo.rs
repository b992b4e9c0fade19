//! `make demo`: a small legacy estate, the facade in front of it, and what to try.
//!
//! **Invariant.** Everything listens on the loopback address and ends with Ctrl-C.

use adapters_testkit::Pms;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tests::databases::Sqlite;
use tests::process::scratch;
use tests::{KeySet, seawall, shared};
use tokio::process::{Child, Command};

const FACADE: &str = "127.0.0.1:8080";
const CUSTOMERS: &str = "127.0.0.1:8082";
const BOOKINGS: &str = "127.0.0.1:8083";
const PMS_PORT: u16 = 8081;
const RESERVATIONS: u64 = 300;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = scratch("demo")?;
    let keys = KeySet::new("https://demo.invalid", "hotel-apps");
    fs::write(folder.join("jwks.json"), keys.jwks().to_string())?;
    fs::write(folder.join("pms-password"), "demo")?;
    let pms = Pms::start(PMS_PORT, RESERVATIONS, "seawall", "demo").await?;
    let scopes = "reservations:read reservations:write customers:read customers:write events:customers";
    let token = keys.token("demo", scopes, 12 * 3600);
    fs::write(folder.join("token"), &token)?;
    let erp = Sqlite::new()?;
    erp.run(&fs::read_to_string(shared::repository().join("tests/projects/demo/erp.sql"))?)?;
    let mut facade = start_facade(&folder, &pms)?;
    let mut customers = start_customers(&folder, &erp)?;
    let mut bookings = start_bookings(&folder)?;
    wait_until_ready(&mut facade, FACADE).await?;
    println!("{}", instructions(&folder));
    if let Some(customers) = &mut customers {
        wait_until_ready(customers, CUSTOMERS).await?;
        println!("{}", about_customers(&folder, &erp));
    }
    wait_until_ready(&mut bookings, BOOKINGS).await?;
    println!("{}", about_bookings(&folder));
    println!("Ctrl-C ends it all.");
    tokio::select! {
        status = facade.wait() => return Err(format!("the facade ended: {}", status?).into()),
        status = ended(&mut customers) => return Err(format!("the facade of the customers ended: {status}").into()),
        status = bookings.wait() => return Err(format!("the facade of the bookings ended: {}", status?).into()),
        _ = interrupted() => {}
    }
    let mut statuses = vec![stop(&mut facade).await?.to_string(), stop(&mut bookings).await?.to_string()];
    if let Some(mut customers) = customers {
        statuses.push(stop(&mut customers).await?.to_string());
    }
    fs::remove_dir_all(&folder)?;
    println!("\nended: {}", statuses.join(", "));
    Ok(())
}

/// Lets a facade drain. It got the signal of the terminal too; here it is told again in case it was not.
async fn stop(facade: &mut Child) -> Result<ExitStatus, Box<dyn Error>> {
    if let Some(pid) = facade.id() {
        std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
    }
    Ok(tokio::time::timeout(std::time::Duration::from_secs(30), facade.wait()).await??)
}

/// Waits for the end of a process; for ever where there is none.
async fn ended(process: &mut Option<Child>) -> String {
    match process {
        Some(process) => {
            process.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string())
        }
        None => std::future::pending().await,
    }
}

/// Starts the facade of the customers; nothing, said loudly, where the ODBC driver is missing.
fn start_customers(folder: &Path, erp: &Sqlite) -> Result<Option<Child>, Box<dyn Error>> {
    let Some(url) = erp.odbc_url() else { return Ok(None) };
    let child = Command::new(seawall())
        .arg("serve")
        .arg(shared::repository().join("tests/projects/demo"))
        .args(["--listen", CUSTOMERS, "--store"])
        .arg(folder.join("customers-store"))
        .env("OIDC_ISSUER", "https://demo.invalid")
        .env("OIDC_JWKS", folder.join("jwks.json"))
        .env("ERP_URL", url)
        .env("ERP_FILE", &erp.path)
        .env("LOG_PATH", folder.join("events"))
        .stdin(Stdio::null())
        .stdout(fs::File::create(folder.join("customers-log"))?)
        .kill_on_drop(true)
        .spawn()?;
    Ok(Some(child))
}

/// Starts the facade of the bank's files, on a copy of its mapping whose overlay names the folders of the demo.
fn start_bookings(folder: &Path) -> Result<Child, Box<dyn Error>> {
    let project = folder.join("bookings");
    tests::bench::copy(&shared::repository().join("mappings/bookings"), &project)?;
    let inbound = folder.join("inbound");
    fs::create_dir_all(inbound.join("done"))?;
    let (files, done, events) =
        (inbound.join("TRX*.DAT"), inbound.join("done"), folder.join("bookings-events"));
    let overlay = format!(
        "connections.corebank.path: {}\nconnections.corebank.done: {}\nconnections.bus: {{ type: log, path: {} }}\n",
        files.display(),
        done.display(),
        events.display()
    );
    fs::write(project.join("env/demo.yaml"), overlay)?;
    Ok(Command::new(seawall())
        .arg("serve")
        .arg(&project)
        .args(["--env", "demo", "--listen", BOOKINGS, "--store"])
        .arg(folder.join("bookings-store"))
        .stdin(Stdio::null())
        .stdout(fs::File::create(folder.join("bookings-log"))?)
        .kill_on_drop(true)
        .spawn()?)
}

fn start_facade(folder: &Path, pms: &Pms) -> Result<Child, Box<dyn Error>> {
    Ok(Command::new(seawall())
        .arg("serve")
        .arg(shared::repository().join("mappings/reservations"))
        .args(["--env", "demo", "--without", "events", "--listen", FACADE, "--store"])
        .arg(folder.join("store"))
        .env("OIDC_ISSUER", "https://demo.invalid")
        .env("OIDC_JWKS", folder.join("jwks.json"))
        .env("SEAWALL_SECRETS", folder)
        .env("PMS_URL", pms.url())
        .env("PMS_USER", "seawall")
        .stdin(Stdio::null())
        .stdout(fs::File::create(folder.join("log"))?)
        .kill_on_drop(true)
        .spawn()?)
}

async fn wait_until_ready(facade: &mut Child, address: &str) -> Result<(), Box<dyn Error>> {
    let address = address.parse()?;
    for _ in 0..1500 {
        if let Some(status) = facade.try_wait()? {
            return Err(format!("the facade does not start: {status}").into());
        }
        let ready =
            tokio::task::spawn_blocking(move || tests::Client::new(address).get("/health/ready")).await?;
        if ready.is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Err("the facade is not ready in 30 s".into())
}

async fn interrupted() {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminated = async {
        match &mut term {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

fn instructions(folder: &Path) -> String {
    let control = format!("http://127.0.0.1:{PMS_PORT}/control");
    format!(
        r#"
A legacy PMS (SOAP, http://127.0.0.1:{PMS_PORT}/pms, {RESERVATIONS} reservations) and its facade (http://{FACADE}) are running.

  TOKEN=$(cat {folder})

Read a reservation; then one that is not there:
  curl -s -H "Authorization: Bearer $TOKEN" http://{FACADE}/reservations/R-1001
  curl -s -H "Authorization: Bearer $TOKEN" http://{FACADE}/reservations/R-404

Book a room; send the same line again and see that nothing is booked twice:
  curl -si -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: try-1" -H "Content-Type: application/json" \
    -d '{{"hotelId":"VIE01","checkIn":"2026-07-10","checkOut":"2026-07-12","rooms":[{{"type":"SGL","ratePlan":"BAR","adults":1,"children":0}}],"guests":[{{"firstName":"Alan","lastName":"Turing"}}]}}' \
    http://{FACADE}/reservations
  curl -s {control}

Make the PMS busy at every second call (retries hide it), slow, silent, or down (the breaker opens):
  curl -s "{control}?busy=2"
  curl -s "{control}?slow=6000"
  curl -s "{control}?down=1"
  curl -s "{control}?ok"        # back to normal
  curl -s http://{FACADE}/health/ready
  curl -s http://{FACADE}/metrics | grep breaker

The API, as OpenAPI 3.1:
  curl -s http://{FACADE}/openapi.json

The facade logs to {log}.
"#,
        folder = folder.join("token").display(),
        log = folder.join("log").display(),
    )
}

fn about_bookings(folder: &Path) -> String {
    format!(
        r#"A bank's nightly files (EBCDIC, by a COBOL copybook) become events; their facade (http://{BOOKINGS}) watches {inbound}.

Follow the events, then drop a file; drop the same content under another name and see that nothing is published twice:
  curl -sN -H "Accept: text/event-stream" http://{BOOKINGS}/events/bank.bookings.v1 &
  cp {samples}/TRX20260331.DAT {inbound}/
  cp {samples}/TRX20260331.DAT {inbound}/TRX-AGAIN.DAT

Drop one that does not add up, and see why nothing of it is published; then look into it:
  cp {samples}/TRX-BADTOTAL.DAT {inbound}/
  sleep 5; grep refused {log}
  {seawall} inspect {samples}/TRX20260331.DAT

What is published, as AsyncAPI 3.0, and the schema of the data:
  curl -s http://{BOOKINGS}/asyncapi.json
  curl -s http://{BOOKINGS}/schemas/Booking.json

The facade logs to {log}.
"#,
        inbound = folder.join("inbound").display(),
        samples = shared::repository().join("mappings/bookings/tests").display(),
        seawall = seawall().display(),
        log = folder.join("bookings-log").display(),
    )
}

fn about_customers(folder: &Path, erp: &Sqlite) -> String {
    format!(
        r#"An ERP's customers (SQLite by ODBC, {database}) and their facade (http://{CUSTOMERS}) are running, for the same token.

Read one; then those of a country, by name, in pages and in an order; some fields only:
  curl -si -H "Authorization: Bearer $TOKEN" http://{CUSTOMERS}/customers/1001
  curl -s -H "Authorization: Bearer $TOKEN" "http://{CUSTOMERS}/customers?country=AT&name=Huber&size=3"
  curl -s -H "Authorization: Bearer $TOKEN" "http://{CUSTOMERS}/customers?sort=-creditLimit,id&size=2&fields=name,creditLimit"

Change one, only if nobody else has; send the same line again and see 412:
  ETAG=$(curl -si -H "Authorization: Bearer $TOKEN" http://{CUSTOMERS}/customers/1001 | tr -d '\r' | sed -n 's/^etag: //ip')
  curl -si -X PATCH -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/merge-patch+json" -H "If-Match: $ETAG" \
    -d '{{"name":"Huber und Töchter"}}' http://{CUSTOMERS}/customers/1001

See changes as events, as they happen; also those that others make in the table:
  curl -sN -H "Authorization: Bearer $TOKEN" -H "Accept: text/event-stream" http://{CUSTOMERS}/events/customers
  sqlite3 {database} "UPDATE KDSTAMM SET KDSTS = 'S', KDAEND = strftime('%Y%m%d'), KDAENZ = strftime('%H%M%S') WHERE KDNR = 1002"

The facade logs to {log}.
"#,
        database = erp.path.display(),
        log = folder.join("customers-log").display(),
    )
}
