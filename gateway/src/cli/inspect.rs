//! `seawall inspect`: what a WSDL offers.
//!
//! **Invariant.** Only files beside or below the WSDL, or below the working folder if it lies there, are read.

use super::{Ended, InspectArgs, complain, look, say};
use crate::project::Folder;
use crate::registry;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: &InspectArgs) -> Ended {
    if args.copybook.is_some() || !look::is_markup(&args.file) {
        return look::run(args);
    }
    let (folder, name) = match locate(&args.file) {
        Ok(found) => found,
        Err(error) => return complain(&error),
    };
    let Some(answer) = registry::inspect(&name, &folder) else {
        return complain("this program was built without the adapter that reads a WSDL");
    };
    if args.json {
        say(&format!("{answer:#}"));
    } else {
        say(&text(&answer));
    }
    if answer["usable"] == Value::Bool(true) { Ended::Done } else { Ended::Findings }
}

/// Returns the folder within which files are read, and the name of the file in it.
pub(super) fn locate(file: &Path) -> Result<(Folder, String), String> {
    let real = file.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
    let parent = real.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    let working = std::env::current_dir().and_then(|folder| folder.canonicalize()).ok();
    let root = working.filter(|folder| real.starts_with(folder)).unwrap_or(parent);
    let relative = real.strip_prefix(&root).unwrap_or(&real);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    Ok((Folder::open(&root)?, parts.join("/")))
}

fn text(answer: &Value) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let mut line = |indent: usize, text: String| {
        let _ = writeln!(out, "{:indent$}{text}", "");
    };
    for service in list(&answer["services"]) {
        line(0, format!("service {}", word(&service["name"])));
        for port in list(&service["ports"]) {
            line(2, format!("port {} → {}", word(&port["name"]), word(&port["address"])));
        }
    }
    for operation in list(&answer["operations"]) {
        let soap = format!("SOAP {}, {}", word(&operation["soap"]), word(&operation["style"]));
        line(0, format!("operation {}   ({soap})", word(&operation["name"])));
        line(2, format!("sends    {}", root(&operation["request"])));
        line(2, format!("receives {}", root(&operation["reply"])));
        for fault in list(&operation["faults"]) {
            line(2, format!("fault    {}: {}", word(&fault["name"]), word(&fault["detail"])));
        }
    }
    for refused in list(&answer["refused"]) {
        let place = format!("{}:{}", word(&refused["file"]), word(&refused["line"]));
        line(
            0,
            format!("cannot be used: {}: {} ({place})", word(&refused["name"]), word(&refused["reason"])),
        );
    }
    for finding in list(&answer["findings"]) {
        let place =
            format!("{}:{}:{}", word(&finding["file"]), word(&finding["line"]), word(&finding["column"]));
        let code = format!("{}[{}]", word(&finding["severity"]), word(&finding["code"]));
        line(0, format!("{code}: {} ({place})", word(&finding["message"])));
    }
    out
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".into(),
        other => other.to_string(),
    }
}

fn root(root: &Value) -> String {
    let parts: Vec<String> = list(&root["parts"]).map(word).collect();
    match (&root["element"], parts.is_empty()) {
        (_, true) if root.is_null() => "nothing".into(),
        (Value::String(element), true) => element.clone(),
        (Value::String(element), false) => format!("{element}: {}", parts.join(", ")),
        _ => parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_text_names_what_can_be_called_and_what_cannot() {
        let answer = json!({
            "services": [{ "name": "S", "ports": [{ "name": "P", "address": "http://x" }] }],
            "operations": [{
                "name": "Read", "soap": "1.1", "style": "document",
                "request": { "element": "{urn:a}Read", "parts": ["Id"] }, "reply": null,
                "faults": [{ "name": "NotFound", "detail": "{urn:a}NotFound" }],
            }],
            "refused": [{ "name": "Old", "reason": "rpc/encoded", "file": "a.wsdl", "line": 7 }],
            "findings": [{ "severity": "error", "code": "S001", "message": "bad", "file": "a.wsdl", "line": 1, "column": 2 }],
        });
        let text = text(&answer);
        for expected in [
            "service S\n",
            "  port P → http://x\n",
            "  sends    {urn:a}Read: Id\n",
            "  receives nothing\n",
            "  fault    NotFound: {urn:a}NotFound\n",
            "cannot be used: Old: rpc/encoded (a.wsdl:7)\n",
            "error[S001]: bad (a.wsdl:1:2)\n",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }
}
