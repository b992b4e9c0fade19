//! The command line.
//!
//! **Invariant.** What people asked for goes to standard output, everything else to standard error; exit codes are
//! 0 (done), 1 (there are findings), 2 (it could not be tried).

mod check;
mod explain;
mod import;
mod inspect;
mod look;
mod progress;
mod redrive;
mod run_once;
mod serve;
mod snapshot;
mod test;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Puts a modern REST API in front of legacy systems, from mapping files.
#[derive(Debug, Parser)]
#[command(name = "seawall", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 there are findings, 2 it could not be tried.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Reports every mistake of a project at once
    Check(CheckArgs),
    /// Says what the mapping does: coverage, what each field reads and writes, what is lost, memory class, policies
    Explain(ExplainArgs),
    /// Runs the tests in the mapping files, in both directions
    Test(TestArgs),
    /// Serves the API
    Serve(Box<ServeArgs>),
    /// Reads what there is, publishes its events, and ends
    RunOnce(RunOnceArgs),
    /// Reads dead letters again with the mapping as it is now, and publishes what can be read
    Redrive(RedriveArgs),
    /// Prints the JSON Schema of mapping files, for editors
    Schema,
    /// Says what a WSDL offers, prints the records of a file, or guesses what a file is
    Inspect(InspectArgs),
    /// Takes the catalog of a database: tables, columns, keys, procedures
    Snapshot(SnapshotArgs),
    /// Prints a first mapping of something that a connection has
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Prints the reference and the schemas into a repository
    #[command(hide = true)]
    Reference {
        /// The root of the repository
        root: PathBuf,
    },
}

/// Which project.
#[derive(Debug, Clone, Args)]
pub struct ProjectArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    pub project: PathBuf,
    /// Overlay `env/NAME.yaml`
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// A folder with shared mapping files; may be given several times
    #[arg(long = "lib", value_name = "DIR")]
    pub libs: Vec<PathBuf>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Findings as a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub(crate) place: ProjectArgs,
    /// Only this model
    pub(crate) model: Option<String>,
    /// The report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Adds random law tests for each codec and model
    #[arg(long)]
    pub(crate) laws: bool,
    /// Rewrites expected files
    #[arg(long)]
    pub(crate) update: bool,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "SEAWALL_LISTEN")]
    pub(crate) listen: String,
    /// Sections that the mapping has and this program does not run: events, reconcile, versions …
    #[arg(long, value_name = "SECTION", value_delimiter = ',')]
    pub(crate) without: Vec<String>,
    /// The folder of what must not be forgotten; by default `var` in the project
    #[arg(long, value_name = "DIR", env = "SEAWALL_STORE")]
    pub(crate) store: Option<PathBuf>,
    /// Threads that serve; by default one per processor
    #[arg(long, value_name = "COUNT", env = "SEAWALL_WORKERS")]
    pub(crate) workers: Option<std::num::NonZeroUsize>,
    /// The base URL of the API, to which the types of problems are relative
    #[arg(long, value_name = "URL", default_value = "", env = "SEAWALL_BASE_URL")]
    pub(crate) base_url: String,
    /// Largest request body in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, env = "SEAWALL_BODY_BYTES_MAX")]
    pub(crate) body_bytes_max: usize,
    /// How long a connection without requests stays open
    #[arg(long, value_name = "TIME", default_value = "75s", value_parser = duration)]
    pub(crate) keep_alive: Duration,
    /// Time in which `/health/ready` says no before listening ends
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) drain: Duration,
    /// Time for requests under way when the process ends
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) grace: Duration,
    /// What is logged: error, warn, info, debug, or directives
    #[arg(long, value_name = "FILTER", default_value = "info", env = "SEAWALL_LOG")]
    pub(crate) log: String,
    /// Requests are not logged
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Arguments of `run-once`.
#[derive(Debug, Args)]
pub struct RunOnceArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Only the records of this connection
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// How long files are waited for that are there and not ready yet
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) wait: Duration,
    /// Publishes nothing, keeps nothing and moves nothing: prints the data of the events that would be published, one
    /// line of JSON each, as if none had been published before; dead letters and the summary go to standard error
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `redrive`.
#[derive(Debug, Args)]
pub struct RedriveArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The topic of the dead letters, as `reject:` names it, without its connection
    #[arg(value_name = "TOPIC", default_value = "")]
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// Sends nothing, and writes what cannot be read to this file, one JSON object per line, with its fields to read and its bytes (`data`) to mend
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub(crate) export: Option<PathBuf>,
    /// Sends the records of such a file, with `data` as it was repaired there
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What commands share that publish and end.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// The folder of what must not be forgotten; by default `var` in the project
    #[arg(long, value_name = "DIR", env = "SEAWALL_STORE")]
    pub(crate) store: Option<PathBuf>,
    /// The base URL of the API, where the schemas of events are
    #[arg(long, value_name = "URL", default_value = "", env = "SEAWALL_BASE_URL")]
    pub(crate) base_url: String,
    /// How long a topic that takes no events is waited for
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub(crate) patience: Duration,
    /// What is logged: error, warn, info, debug, or directives
    #[arg(long, value_name = "FILTER", default_value = "warn", env = "SEAWALL_LOG")]
    pub(crate) log: String,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The WSDL, or a file of records
    pub(crate) file: PathBuf,
    /// As JSON; records always are, one object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// The copybook of the records; without it, what is no WSDL is guessed
    #[arg(long, value_name = "FILE")]
    pub(crate) copybook: Option<PathBuf>,
    /// The code page of the records
    #[arg(long, value_name = "NAME", requires = "copybook")]
    pub(crate) encoding: Option<String>,
    /// How the records are framed: lines, fixed, rdw …
    #[arg(long, value_name = "WORD", requires = "copybook")]
    pub(crate) framing: Option<String>,
    /// How long each record is, where they are of fixed length
    #[arg(long, value_name = "BYTES", requires = "copybook")]
    pub(crate) length: Option<u32>,
    /// Which record a type applies to, as TYPE=FIELD:VALUE; once per 01 level
    #[arg(long = "record", value_name = "CONDITION", requires = "copybook")]
    pub(crate) records: Vec<String>,
    /// Records that are printed at most
    #[arg(long, value_name = "COUNT", requires = "copybook")]
    pub(crate) limit: Option<u64>,
}

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// The connection
    pub(crate) connection: String,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Writes it to the file that the connection names; without this it is printed
    #[arg(long, conflicts_with = "diff")]
    pub(crate) write: bool,
    /// Says what has changed since the last one, and which fields, operations and events that touches
    #[arg(long)]
    pub(crate) diff: bool,
    /// Only these, as SCHEMA.TABLE with % for any letters; by default what the last one has, else everything
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub(crate) tables: Vec<String>,
}

/// What is imported.
#[derive(Debug, Subcommand)]
enum Import {
    /// Prints model and operations of a table, one field per column, with hints where people have to decide
    Table(ImportTableArgs),
    /// Prints connection, models and events of a copybook, one field per elementary item
    Copybook(ImportCopybookArgs),
}

/// Arguments of `import copybook`.
#[derive(Debug, Args)]
pub struct ImportCopybookArgs {
    /// The copybook
    pub(crate) file: PathBuf,
    /// The name that its connection gets
    #[arg(long, value_name = "NAME", default_value = "legacy")]
    pub(crate) connection: String,
}

/// Arguments of `import table`.
#[derive(Debug, Args)]
pub struct ImportTableArgs {
    /// The connection
    pub(crate) connection: String,
    /// The table or view, as its catalog names it: SCHEMA.TABLE
    pub(crate) table: String,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// The name of the model; by default that of the table
    #[arg(long = "as", value_name = "MODEL")]
    pub(crate) model: Option<String>,
}

/// Which project, for commands whose first argument is something else.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Overlay `env/NAME.yaml`
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// A folder with shared mapping files; may be given several times
    #[arg(long = "lib", value_name = "DIR")]
    pub libs: Vec<PathBuf>,
}

/// The file in the folder of the store.
pub(crate) const STORE_FILE: &str = "seawall.db";
/// The folder of the store where nobody names one.
pub(crate) const STORE_FOLDER: &str = "var";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Done.
    Done,
    /// There are findings, or a test failed.
    Findings,
    /// It could not be tried.
    NotTried,
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> Ended {
        match self.command {
            Command::Check(args) => check::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Test(args) => test::run(&args),
            Command::Serve(args) => serve::run(&args),
            Command::RunOnce(args) => run_once::run(&args),
            Command::Redrive(args) => redrive::run(&args),
            Command::Schema => check::schema(),
            Command::Inspect(args) => inspect::run(&args),
            Command::Snapshot(args) => snapshot::run(&args),
            Command::Import { what: Import::Table(args) } => import::table(&args),
            Command::Import { what: Import::Copybook(args) } => import::copybook(&args),
            Command::Reference { root } => match crate::reference::write(&root) {
                Ok(written) => {
                    say(&written.join("\n"));
                    Ended::Done
                }
                Err(error) => complain(&format!("{}: {error}", root.display())),
            },
        }
    }
}

impl From<PlaceArgs> for ProjectArgs {
    fn from(place: PlaceArgs) -> Self {
        Self { project: place.project, env: place.env, libs: place.libs }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Done => Self::SUCCESS,
            Ended::Findings => Self::from(1),
            Ended::NotTried => Self::from(2),
        }
    }
}

/// Writes to standard output; a reader that has gone is no error.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end_matches('\n'));
}

/// Says something on standard error, where standard output is for lines of something else.
pub(crate) fn remark(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// Says on standard error why something cannot be tried.
pub(crate) fn complain(text: &str) -> Ended {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "error: {}", text.trim_end_matches('\n'));
    Ended::NotTried
}

/// Reads `500ms`, `75s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().map_err(|_| "expected a time such as 30s".to_owned())?;
    match &text[digits..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err("expected a time such as 500ms, 30s or 2m".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_carry_their_unit() {
        let check = |text: &str, ms: Option<u64>| {
            assert_eq!(duration(text).ok(), ms.map(Duration::from_millis), "{text}")
        };
        check("500ms", Some(500));
        check("30s", Some(30_000));
        check("2m", Some(120_000));
        check("30", None);
        check("s", None);
        check("-1s", None);
        check("1h", None);
    }

    #[test]
    fn several_sections_are_waived_by_one_argument() {
        let cli = Cli::try_parse_from(["seawall", "serve", "x", "--without", "events,reconcile"]).unwrap();
        let Command::Serve(args) = cli.command else { panic!("serve") };
        assert_eq!(args.without, ["events", "reconcile"]);
    }
}
