//! `seawall run-once`: reads what there is, publishes its events, says what became of each unit, and ends.
//!
//! **Invariant.** It ends well only if everything that is there was accepted.

use super::progress::{self, Progress};
use super::{BatchArgs, Ended, RunOnceArgs, STORE_FILE, STORE_FOLDER, complain, remark, say};
use crate::events::keeper;
use crate::events::stream::{
    Round, Setup, Show, SinkOf, SourceOf, Stream, Trouble, UnitOutcome, UnitReport, UnitTotal,
};
use crate::ids;
use crate::project::{Mode, Project};
use crate::store::{Sqlite, Streams};
use crate::telemetry::{Log, LogTo};
use adapters_ports::Connection;
use engine::plan::stream::Compared;
use engine::program::{Ambient, Program, TopicPlan};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Runs the command.
pub(super) fn run(args: &RunOnceArgs) -> Ended {
    with_project(&args.project, &args.batch, |project| async move { all(args, &project).await })
}

/// Loads a project, and runs something that publishes and ends.
pub(super) fn with_project<F: Future<Output = Result<Ended, String>>>(
    place: &super::ProjectArgs,
    batch: &BatchArgs,
    run: impl FnOnce(Arc<Project>) -> F,
) -> Ended {
    // One provider of cryptography for all; a second call finds the first one, which is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let log = match Log::start(&batch.log, LogTo::Error) {
        Ok(log) => log,
        Err(error) => return complain(&error),
    };
    let project = match Project::load(place, Mode::Online) {
        Ok(project) => Arc::new(project),
        Err(report) => return report.print_as_errors(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(run(project)));
    log.flush();
    ended.unwrap_or_else(|error| complain(&error))
}

/// What runs in one process: streams, and what keeps their topics.
pub(super) struct Opened {
    pub streams: Vec<Stream>,
    pub stop: watch::Receiver<bool>,
}

/// Returns the connection of a project that keeps a topic.
pub(super) fn kept_by<'p>(
    project: &'p Project,
    folder: &std::path::Path,
) -> impl Fn(&TopicPlan) -> Option<Arc<dyn Connection>> + Sync + 'p {
    keeper(|index| project.connections.get(index)?.clone(), folder)
}

/// Opens the streams of a project, or that of one connection; with `dry`, streams that publish nothing.
pub(super) async fn open(
    project: &Project,
    batch: &BatchArgs,
    connection: Option<&str>,
    kept_by: &(dyn Fn(&TopicPlan) -> Option<Arc<dyn Connection>> + Sync),
    dry: Option<Arc<dyn Show>>,
) -> Result<Opened, String> {
    let program = &project.program;
    if let Some(part) = program.unsupported.iter().find(|part| part.section == "events") {
        return Err(format!("events {}: {}", part.name, part.why));
    }
    let index = match connection {
        None => None,
        Some(name) => {
            let found = program.connections.iter().position(|connection| *connection.name == *name);
            Some(found.ok_or_else(|| format!("there is no connection `{name}`"))?)
        }
    };
    if dry.is_none() {
        open_topics(program, kept_by)?;
    }
    let store = match dry {
        Some(_) => Sqlite::fleeting(),
        None => Sqlite::open(&folder(project, batch).join(STORE_FILE)),
    };
    let store: Arc<dyn Streams> = Arc::new(store.map_err(|error| error.to_string())?);
    let setup = Setup {
        program,
        source: &|index| SourceOf::of(project.connections.get(index)?.clone()?),
        sink: &|topic| kept_by(topic).and_then(SinkOf::of),
        store,
        version: Arc::clone(&project.version),
        base_url: &batch.base_url,
        patience: Some(batch.patience),
        clock: Arc::new(|zone| Ambient::at(Timestamp::now(), zone, ids::request_id())),
    };
    let mut streams = setup.streams(index).await?;
    if let Some(show) = dry {
        streams = streams.into_iter().map(|stream| stream.dry(Arc::clone(&show))).collect();
    }
    if streams.is_empty() {
        return Err("no event block is about the records of a connection; `serve` watches tables".into());
    }
    Ok(Opened { streams, stop: stopped_by_signals() })
}

fn open_topics(
    program: &Program,
    kept_by: &(dyn Fn(&TopicPlan) -> Option<Arc<dyn Connection>> + Sync),
) -> Result<(), String> {
    for plan in program.events.iter().filter(|plan| plan.stream.is_some()) {
        for topic in [Some(&plan.topic), plan.reject.as_ref()].into_iter().flatten() {
            if let Some(topics) = kept_by(topic).as_deref().and_then(Connection::topics) {
                topics.open()?;
            }
        }
    }
    Ok(())
}

/// Returns the folder of the store.
pub(super) fn folder(project: &Project, batch: &BatchArgs) -> PathBuf {
    batch.store.clone().unwrap_or_else(|| project.folder.root().join(STORE_FOLDER))
}

async fn all(args: &RunOnceArgs, project: &Project) -> Result<Ended, String> {
    let folder = folder(project, &args.batch);
    let kept_by = kept_by(project, &folder);
    let dry = args.dry_run.then(|| Arc::new(Lines) as Arc<dyn Show>);
    let opened = open(project, &args.batch, args.connection.as_deref(), &kept_by, dry).await?;
    let mut summary = Summary { dry: args.dry_run, ..Summary::default() };
    for stream in &opened.streams {
        let _progress = Progress::of(Arc::clone(&stream.counts));
        let result = one(args, stream, &opened.stop, &mut summary).await;
        if let Err(trouble) = result {
            summary.troubles.push(format!("connection {}: {trouble}", stream.connection()));
        }
    }
    progress::clear();
    let text = if args.json { format!("{:#}", summary.json()) } else { summary.text() };
    sayer(args)(&text);
    Ok(if summary.is_accepted() { Ended::Done } else { Ended::Findings })
}

/// Returns what takes the words of a run: in a dry one, standard output is for events alone.
fn sayer(args: &RunOnceArgs) -> fn(&str) {
    if args.dry_run { remark } else { say }
}

/// Standard output as it takes the events of a dry run.
#[derive(Debug)]
struct Lines;

impl Show for Lines {
    fn events(&self, lines: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(lines)?;
        out.flush()
    }

    fn letters(&self, lines: &str) {
        progress::clear();
        remark(lines);
    }
}

/// Goes through what a stream has until there is nothing new.
async fn one(
    args: &RunOnceArgs,
    stream: &Stream,
    stop: &watch::Receiver<bool>,
    summary: &mut Summary,
) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        let told = &mut summary.units;
        let quiet = args.json;
        let round = stream
            .round(stop, &mut |report| {
                if !quiet {
                    progress::clear();
                    sayer(args)(&unit_text(&report));
                }
                told.push(report);
            })
            .await?;
        let Round { worked, waiting, held } = round;
        if worked > 0 {
            continue;
        }
        let left = args.wait.saturating_sub(begun.elapsed());
        if waiting.is_empty() || left.is_zero() {
            let now: HashSet<&Arc<str>> = summary.units.iter().map(|unit| &unit.name).collect();
            let held: Vec<_> = held.into_iter().filter(|(name, _)| !now.contains(name)).collect();
            summary.held.extend(held);
            summary.waiting.extend(waiting);
            return Ok(());
        }
        let mut stop = stop.clone();
        tokio::select! {
            _ = tokio::time::timeout(left, stream.wait()) => {}
            _ = stop.wait_for(|stop| *stop) => return Err(Trouble::Stopped),
        }
    }
}

/// What a run came to.
#[derive(Default)]
struct Summary {
    units: Vec<UnitReport>,
    waiting: Vec<(Arc<str>, String)>,
    held: Vec<(Arc<str>, String)>,
    troubles: Vec<String>,
    /// Nothing was published.
    dry: bool,
}

impl Summary {
    fn is_accepted(&self) -> bool {
        let good = |unit: &UnitReport| {
            matches!(unit.outcome, UnitOutcome::Settled | UnitOutcome::Duplicate)
                && unit.counted.rejected_in_all() == 0
                && unit.left_behind.is_none()
        };
        self.troubles.is_empty()
            && self.waiting.is_empty()
            && self.held.is_empty()
            && self.units.iter().all(good)
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (name, why) in &self.waiting {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "{name}: waits: {why}");
        }
        for (name, why) in &self.held {
            let _ = writeln!(out, "{name}: refused before: {why}");
        }
        for trouble in &self.troubles {
            let _ = writeln!(out, "stopped: {trouble}");
        }
        if self.dry {
            out.push_str("dry run: nothing was published, kept or moved\n");
        }
        let count = |of: fn(&UnitReport) -> u64| self.units.iter().map(of).sum::<u64>();
        let _ = write!(
            out,
            "{} units, {} records, {} events, {} rejected: {}",
            self.units.len(),
            count(|unit| unit.counted.records.values().sum()),
            count(|unit| unit.counted.events.values().sum()),
            count(|unit| unit.counted.rejected_in_all()),
            if self.is_accepted() { "all was accepted" } else { "not all was accepted" },
        );
        out
    }

    fn json(&self) -> Value {
        let named = |list: &[(Arc<str>, String)]| {
            let entry = |(name, why): &(Arc<str>, String)| json!({ "name": &**name, "reason": why });
            list.iter().map(entry).collect::<Vec<_>>()
        };
        json!({
            "accepted": self.is_accepted(),
            "dryRun": self.dry,
            "units": self.units.iter().map(unit_json).collect::<Vec<_>>(),
            "waiting": named(&self.waiting),
            "held": named(&self.held),
            "troubles": self.troubles,
        })
    }
}

/// How a unit ended, in a word, and why.
fn outcome(report: &UnitReport) -> (&'static str, Option<&str>) {
    match &report.outcome {
        UnitOutcome::Settled => ("settled", None),
        UnitOutcome::Duplicate => ("duplicate", None),
        UnitOutcome::Refused(why) => ("refused", Some(why)),
        UnitOutcome::Left(why) => ("left", Some(why)),
    }
}

fn read_now(report: &UnitReport) -> u64 {
    report.counted.records.values().sum::<u64>().saturating_sub(report.from_record)
}

fn unit_text(report: &UnitReport) -> String {
    let UnitReport { name, counted, totals, from_record, took, left_behind, .. } = report;
    let (word, why) = outcome(report);
    let mut out = match why {
        Some(why) => format!("{name}: {word}: {why}"),
        None => format!("{name}: {word}"),
    };
    let list = |counts: &std::collections::BTreeMap<String, u64>| {
        let one = |(name, count): (&String, &u64)| match name.as_str() {
            "" => format!("{count} of no type"),
            name => format!("{count} {name}"),
        };
        counts.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    for (label, counts) in
        [("records ", &counted.records), ("events  ", &counted.events), ("rejected", &counted.rejected)]
    {
        if !counts.is_empty() {
            let _ = write!(out, "\n  {label}  {}", list(counts));
        }
    }
    if counted.passed_over > 0 {
        let _ = write!(out, "\n  passed    {} that are older or say nothing new", counted.passed_over);
    }
    for (n, UnitTotal { compared, .. }) in totals.iter().enumerate() {
        let Compared { field, said, totals, found, difference } = compared;
        let (label, sign) =
            (if n == 0 { "totals" } else { "" }, if difference.is_none() { '=' } else { '\u{2260}' });
        let _ = write!(out, "\n  {label:8}  {field} {said} {sign} {totals} {found}");
    }
    if *from_record > 0 {
        let _ = write!(out, "\n  resumed   behind record {from_record}");
    }
    if let Some(why) = left_behind {
        let _ = write!(out, "\n  not put away: {why}");
    }
    let seconds = took.as_secs_f64();
    let _ = write!(out, "\n  took      {seconds:.3} s, {}", progress::rate(read_now(report), *took));
    out
}

fn unit_json(report: &UnitReport) -> Value {
    let UnitReport { name, counted, verified, totals, from_record, bytes, took, .. } = report;
    let (word, why) = outcome(report);
    json!({
        "name": &**name,
        "outcome": word,
        "reason": why,
        "records": counted.records,
        "events": counted.events,
        "rejected": counted.rejected,
        "passedOver": counted.passed_over,
        "totalsHold": verified,
        "totals": totals.iter().map(total_json).collect::<Vec<_>>(),
        "fromRecord": from_record,
        "bytes": bytes,
        "seconds": took.as_secs_f64(),
        "notPutAway": report.left_behind,
    })
}

/// Numbers as texts, since money does not fit into those of every reader of JSON.
fn total_json(total: &UnitTotal) -> Value {
    let UnitTotal { model, compared } = total;
    let Compared { field, said, totals, found, difference } = compared;
    json!({
        "model": &**model,
        "field": field,
        "said": said.to_string(),
        "totals": totals,
        "found": found,
        "holds": difference.is_none(),
    })
}

/// Tells when the process is asked to end. What is in hand is finished, or left as it was.
fn stopped_by_signals() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let asked = async {
            #[cfg(unix)]
            {
                use tokio::signal::unix::{SignalKind, signal};
                if let Ok(mut terminate) = signal(SignalKind::terminate()) {
                    terminate.recv().await;
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = asked => {}
            result = tokio::signal::ctrl_c() => if result.is_err() {
                std::future::pending::<()>().await;
            },
        }
        stop.send_replace(true);
        std::future::pending::<()>().await;
    });
    stopped
}
