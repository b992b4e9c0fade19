//! The validator of others: the package `openapi-spec-validator`, in an environment of its own below `target`.
//!
//! **Invariant.** It takes a bounded time and ends only what it started; where it cannot be had, it says why.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The package, at the version that is known to judge OpenAPI 3.1.
const PACKAGE: &str = "openapi-spec-validator==0.7.1";
/// Time for everything: the environment, the package, the judgement.
pub(crate) const TIME: Duration = Duration::from_secs(120);

/// Why a document was not taken.
#[derive(Debug)]
pub(crate) enum Why {
    /// There is no validator.
    Unavailable(String),
    /// What it says.
    Refused(String),
}

/// Judges a document.
pub(crate) fn run(document: &Path) -> Result<(), Why> {
    let until = Instant::now() + TIME;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/openapi-spec-validator");
    let validator = folder.join("bin/openapi-spec-validator");
    if !validator.exists() {
        install(&folder, until).map_err(Why::Unavailable)?;
    }
    let document = document.to_str().unwrap_or_default();
    match step(&validator, &["--schema", "3.1", document], until) {
        Ok(()) => Ok(()),
        Err(Failed::Said(text)) => Err(Why::Refused(text)),
        Err(Failed::Not(why)) => Err(Why::Unavailable(why)),
    }
}

/// How a step failed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It ran and said no.
    Said(String),
    /// It did not run to its end.
    Not(String),
}

fn install(folder: &Path, until: Instant) -> Result<(), String> {
    let words = |failed| match failed {
        Failed::Said(text) | Failed::Not(text) => text,
    };
    // What an earlier run left half done is of no use.
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let path = folder.to_str().unwrap_or_default();
    step(&PathBuf::from("python3"), &["-m", "venv", path], until).map_err(words)?;
    let quiet = ["install", "--quiet", "--disable-pip-version-check", "--retries", "1", PACKAGE];
    step(&folder.join("bin/pip"), &quiet, until).map_err(words)
}

fn name_of(program: &Path) -> String {
    program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Runs a program to its end.
pub(crate) fn step(program: &Path, args: &[&str], until: Instant) -> Result<(), Failed> {
    let name = program.display();
    let log = std::env::temp_dir().join(format!("seawall-{}-{}", name_of(program), std::process::id()));
    let file = |error: std::io::Error| Failed::Not(format!("{name}: {error}"));
    let output = std::fs::File::create(&log).map_err(file)?;
    let errors = output.try_clone().map_err(file)?;
    let started = Command::new(program).args(args).stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
    let mut child = started.map_err(file)?;
    loop {
        if let Some(status) = child.try_wait().map_err(file)? {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let _ = std::fs::remove_file(&log);
            return if status.success() { Ok(()) } else { Err(Failed::Said(format!("{name}: {text}"))) };
        }
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failed::Not(format!("{name} did not end within {} s", TIME.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
