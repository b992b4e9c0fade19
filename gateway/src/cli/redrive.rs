//! `seawall redrive`: sends dead letters again.
//!
//! **Invariant.** A letter that cannot be read stays in its topic, and is told with its reason.

use super::run_once::{Opened, folder, kept_by, open, with_project};
use super::{Ended, RedriveArgs, say};
use crate::events::stream::{Letter, Redrive, Redriven};
use crate::project::Project;
use crate::store::hash;
use engine::program::{Program, TopicPlan};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// Open letters that are told by name.
const TOLD_MAX: usize = 20;

/// Runs the command.
pub(super) fn run(args: &RedriveArgs) -> Ended {
    with_project(&args.project, &args.batch, |project| async move { all(args, &project).await })
}

async fn all(args: &RedriveArgs, project: &Project) -> Result<Ended, String> {
    let folder = folder(project, &args.batch);
    let kept_by = kept_by(project, &folder);
    let topic = topic(&project.program, &args.topic)?;
    let connection =
        kept_by(topic).ok_or_else(|| format!("the topic {} is kept by nothing here", topic.topic))?;
    let topics = connection
        .letters()
        .ok_or_else(|| format!("the topic {} cannot be read again by this program", topic.topic))?;
    topics.open()?;
    let opened = open(project, &args.batch, None, &kept_by, None).await?;
    let Opened { streams, stop, .. } = opened;
    let place = topic.connection.map_or("", |index| &*project.program.connections[index].name);
    let name =
        hash(&[b"letters", project.program.facade.as_bytes(), place.as_bytes(), topic.topic.as_bytes()]);
    let mut redrive = Redrive { streams: &streams, topics, topic: &topic.topic, name, stop };
    let done = match &args.file {
        Some(file) => redrive.these(letters(file)?).await?,
        None => redrive.all(args.export.is_none(), &mut |_| {}).await?,
    };
    if let Some(file) = &args.export {
        export(file, &done, &redrive)?;
    }
    say(&if args.json { format!("{:#}", json(&done, &redrive)) } else { text(&done, args.export.is_some()) });
    Ok(if done.open.is_empty() { Ended::Done } else { Ended::Findings })
}

/// Returns the topic of dead letters that is meant: by its name, or by that of the topic whose letters it takes.
fn topic<'p>(program: &'p Program, name: &str) -> Result<&'p TopicPlan, String> {
    let streams = || program.events.iter().filter(|plan| plan.stream.is_some());
    let rejects = || streams().filter_map(|plan| plan.reject.as_ref());
    let named = |topic: &&TopicPlan| *topic.topic == *name;
    let by_block = || streams().find(|plan| named(&&plan.topic)).and_then(|plan| plan.reject.as_ref());
    let mut names: Vec<&str> = rejects().map(|topic| &*topic.topic).collect();
    names.dedup();
    let only = || rejects().next().filter(|_| name.is_empty() && names.len() == 1);
    rejects().find(named).or_else(by_block).or_else(only).ok_or_else(|| match names.is_empty() {
        true => "no event block of a stream has a `reject:` topic".into(),
        false => format!("`{name}` is no topic of dead letters; there is: {}", names.join(", ")),
    })
}

fn letters(file: &Path) -> Result<Vec<Letter>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parse = |(number, line): (usize, &str)| {
        Letter::parse(line).map_err(|why| format!("{}:{}: {why}", file.display(), number + 1))
    };
    lines.map(parse).collect()
}

fn export(file: &Path, done: &Redriven, redrive: &Redrive<'_>) -> Result<(), String> {
    let mut out = String::new();
    for (letter, why) in &done.open {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", letter.line(why, &redrive.fields(letter)));
    }
    std::fs::write(file, out).map_err(|error| format!("{}: {error}", file.display()))
}

fn text(done: &Redriven, exported: bool) -> String {
    let Redriven { letters, events, passed_over, others, open } = done;
    let mut out = String::new();
    for (letter, why) in open.iter().take(TOLD_MAX) {
        let record = &letter.record;
        let _ = writeln!(out, "{}, record {} at byte {}: {why}", record.unit, record.number, record.offset);
    }
    if open.len() > TOLD_MAX {
        let _ = writeln!(out, "and {} more", open.len() - TOLD_MAX);
    }
    if exported {
        let _ = write!(
            out,
            "{letters} letters, {} cannot be read and are in the file; nothing was sent",
            open.len()
        );
        return out;
    }
    let _ = write!(out, "{letters} letters, {events} events published, {} still cannot be read", open.len());
    if *passed_over > 0 {
        let _ = write!(out, ", {passed_over} say nothing new by now");
    }
    if *others > 0 {
        let _ = write!(out, ", {others} are no letters of records");
    }
    out
}

fn json(done: &Redriven, redrive: &Redrive<'_>) -> Value {
    let line = |(letter, why): &(Letter, String)| letter.line(why, &redrive.fields(letter));
    json!({
        "letters": done.letters,
        "events": done.events,
        "passedOver": done.passed_over,
        "others": done.others,
        "open": done.open.iter().map(line).collect::<Vec<_>>(),
    })
}
