//! `make demo`: a small legacy estate, the facade in front of it, and what to try.
//!
//! **Invariant.** Everything listens on the loopback address and ends with Ctrl-C.

use adapters_testkit::Pms;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tests::process::scratch;
use tests::{KeySet, seawall, shared};
use tokio::process::Command;

const FACADE: &str = "127.0.0.1:8080";
const PMS_PORT: u16 = 8081;
const RESERVATIONS: u64 = 300;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = scratch("demo")?;
    let keys = KeySet::new("https://demo.invalid", "hotel-apps");
    fs::write(folder.join("jwks.json"), keys.jwks().to_string())?;
    fs::write(folder.join("pms-password"), "demo")?;
    let pms = Pms::start(PMS_PORT, RESERVATIONS, "seawall", "demo").await?;
    let token = keys.token("demo", "reservations:read reservations:write", 12 * 3600);
    fs::write(folder.join("token"), &token)?;
    let mut facade = start_facade(&folder, &pms)?;
    wait_until_ready(&mut facade).await?;
    println!("{}", instructions(&folder));
    tokio::select! {
        status = facade.wait() => return Err(format!("the facade ended: {}", status?).into()),
        _ = interrupted() => {}
    }
    // The facade got the same signal from the terminal and drains; here it is told again in case it was not.
    if let Some(pid) = facade.id() {
        std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
    }
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), facade.wait()).await;
    fs::remove_dir_all(&folder)?;
    println!("\nended: {}", ended??);
    Ok(())
}

fn start_facade(folder: &Path, pms: &Pms) -> Result<tokio::process::Child, Box<dyn Error>> {
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

async fn wait_until_ready(facade: &mut tokio::process::Child) -> Result<(), Box<dyn Error>> {
    let address = FACADE.parse()?;
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

The facade logs to {log}. Ctrl-C ends it all.
"#,
        folder = folder.join("token").display(),
        log = folder.join("log").display(),
    )
}
