//! Compiles the Java bridge, where there is a JDK, and packs it into a jar that the crate embeds.
//!
//! **Invariant.** Without a JDK everything else is built all the same; the crate then says that the bridge is missing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: &str = "jdbc/src/seawall/jdbc";

fn main() {
    println!("cargo:rerun-if-changed={SOURCES}");
    println!("cargo:rerun-if-env-changed=JAVA_HOME");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let jar = out.join("bridge.jar");
    let embedded = match compile(&out, &jar) {
        Ok(()) => "Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/bridge.jar\")))".to_owned(),
        Err(why) => {
            println!(
                "cargo:warning=the JDBC bridge is not built: {why}; connections of type jdbc need a JDK 17 here"
            );
            "None".to_owned()
        }
    };
    let text = format!("/// The bridge as a jar.\npub(crate) const BRIDGE: Option<&[u8]> = {embedded};\n");
    fs::write(out.join("bridge.rs"), text).expect("OUT_DIR can be written");
}

fn compile(out: &Path, jar: &Path) -> Result<(), String> {
    let javac = tool("javac")?;
    println!("cargo:rerun-if-changed={}", javac.display());
    let classes = out.join("classes");
    let _ = fs::remove_dir_all(&classes);
    fs::create_dir_all(&classes).map_err(|error| error.to_string())?;
    let entries = fs::read_dir(SOURCES).map_err(|error| error.to_string())?;
    let mut sources: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    sources.sort();
    run(Command::new(&javac)
        .args(["--release", "17", "-encoding", "UTF-8", "-d"])
        .arg(&classes)
        .args(&sources))?;
    let archive = javac.with_file_name("jar");
    let archive = if archive.exists() { archive } else { tool("jar")? };
    run(Command::new(archive).arg("--create").arg("--file").arg(jar).arg("-C").arg(&classes).arg("."))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("it failed").to_owned())
        }
    }
}

/// Finds a tool of the JDK: in `JAVA_HOME`, else on the path.
fn tool(name: &str) -> Result<PathBuf, String> {
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    home.into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| format!("there is no {name}"))
}
