//! The report as text, in columns.
//!
//! **Invariant.** The same program gives the same text, so its diff in a review shows what a change loses.

use super::{FieldReport, Memory, ModelReport, OperationReport, Report};
use std::fmt::Write as _;

pub(super) fn report(report: &Report) -> String {
    let mut out = String::new();
    for model in &report.models {
        write_model(&mut out, model);
        out.push('\n');
    }
    for operation in &report.operations {
        write_operation(&mut out, operation);
        out.push('\n');
    }
    for events in &report.events {
        let _ = writeln!(out, "events {} → {}", events.model, events.topic);
        for (what, ty) in &events.types {
            let _ = writeln!(out, "  type     {what}: {ty}");
        }
        for noticed in &events.noticed {
            let _ = writeln!(out, "  noticed  {noticed}");
        }
        for (name, value) in &events.facts {
            let _ = writeln!(out, "  {}  {value}", padded(name, 7));
        }
        for verified in &events.verified {
            let _ = writeln!(out, "  verify   {verified}");
        }
        if let Some(rejected) = &events.rejected {
            let _ = writeln!(out, "  reject   {rejected}");
        }
        if let Some(memory) = &events.memory {
            write_memory(&mut out, memory);
        }
        out.push('\n');
    }
    for (section, name, why) in &report.unsupported {
        let _ = writeln!(out, "not run: {section} {name} ({why})");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn write_model(out: &mut String, model: &ModelReport) {
    let done = model.used + model.ignored;
    let _ = writeln!(
        out,
        "{} ↔ {}   ({done} of {} legacy fields used or ignored)",
        model.name, model.legacy, model.total
    );
    let name = width(model.fields.iter().map(|field| field.name.as_str()));
    let write = width(model.fields.iter().map(|field| field.write.as_str()));
    for field in &model.fields {
        let _ = writeln!(out, "  {}", line(field, name, write));
    }
    for path in &model.reported {
        let _ = writeln!(out, "  not mapped: {path}");
    }
    for remark in &model.remarks {
        let _ = writeln!(out, "  note: {remark}");
    }
}

fn line(field: &FieldReport, name: usize, write: usize) -> String {
    let notes = if field.notes.is_empty() { String::new() } else { format!(": {}", field.notes.join("; ")) };
    let read = if field.read { "yes" } else { "–" };
    format!(
        "{}  read {}  write {}  {}{notes}",
        padded(&field.name, name),
        padded(read, 3),
        padded(&field.write, write),
        field.class
    )
}

fn write_operation(out: &mut String, operation: &OperationReport) {
    let _ = writeln!(out, "{}   ({})", operation.key, operation.meaning);
    if let Some(call) = &operation.call {
        let _ = writeln!(out, "  calls    {call}");
    }
    for (path, value) in &operation.sends {
        let _ = writeln!(out, "  sends    {path}: {value}");
    }
    for (what, how) in &operation.asks {
        let _ = writeln!(out, "  {}  {how}", padded(what, 7));
    }
    if let Some(read) = &operation.read_by {
        let _ = writeln!(out, "  reads    the old record by {read}");
    }
    let _ = writeln!(out, "  judged   {}", operation.judged);
    write_memory(out, &operation.memory);
    for (name, value) in &operation.policies {
        let _ = writeln!(out, "  policy   {name}: {value}");
    }
}

fn write_memory(out: &mut String, memory: &Memory) {
    let causes =
        if memory.causes.is_empty() { String::new() } else { format!(": {}", memory.causes.join("; ")) };
    let _ = writeln!(out, "  memory   {}{causes}", memory.class.name());
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}
