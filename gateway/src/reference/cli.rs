//! The page of the command line, printed from the definition by which it is parsed.
//!
//! **Invariant.** Every command that is not hidden is there, with every option and its default.

use super::cell;
use crate::cli::Cli;
use clap::{Arg, Command, CommandFactory as _};
use std::fmt::Write as _;

/// Returns the page.
pub(super) fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = String::from("# Command line\n\n");
    let mut line = |text: &str| {
        page.push_str(text);
        page.push('\n');
    };
    line(&format!("{}.", text(command.get_about())));
    line(&text(command.get_after_help()));
    line(
        "What was asked for goes to standard output, why something could not be tried goes to standard error.",
    );
    for command in shown(&command) {
        sections(command, command.get_name(), &mut page);
    }
    page
}

/// A command with commands below it is only the way to those.
fn sections(command: &Command, path: &str, page: &mut String) {
    if !command.has_subcommands() {
        return section(command, path, page);
    }
    for below in shown(command) {
        sections(below, &format!("{path} {}", below.get_name()), page);
    }
}

fn section(command: &Command, path: &str, page: &mut String) {
    // Writing to a string cannot fail, here and below.
    let _ = write!(page, "\n## seawall {path}\n\n{}.\n\n", text(command.get_about()));
    let _ = write!(page, "```\n{}\n```\n", usage(command));
    let args: Vec<&Arg> = command.get_arguments().filter(|arg| is_shown(arg)).collect();
    if args.is_empty() {
        return;
    }
    page.push_str("\n| argument | default | environment | meaning |\n| --- | --- | --- | --- |\n");
    for arg in args {
        let environment =
            arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let meaning = cell(&text(arg.get_help()));
        let _ = writeln!(page, "| `{}` | {} | {environment} | {meaning} |", cell(&name(arg)), default(arg));
    }
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn is_shown(arg: &Arg) -> bool {
    !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version")
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

/// `FILE`, `--json`, `--listen <ADDRESS>`.
fn name(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default().join(" ");
    match arg.get_long() {
        None => values,
        Some(long) if arg.get_action().takes_values() => format!("--{long} <{values}>"),
        Some(long) => format!("--{long}"),
    }
}

fn default(arg: &Arg) -> String {
    let values =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(" ");
    match (values.as_str(), arg.is_required_set()) {
        (_, true) => "required".into(),
        _ if !arg.get_action().takes_values() => String::new(),
        ("", false) => String::new(),
        (values, false) => format!("`{}`", cell(values)),
    }
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_every_option_is_on_the_page() {
        let page = page();
        let command = Cli::command();
        let mut options = 0;
        let mut open: Vec<(String, &Command)> =
            shown(&command).map(|command| (command.get_name().to_owned(), command)).collect();
        while let Some((path, command)) = open.pop() {
            if command.has_subcommands() {
                open.extend(shown(command).map(|below| (format!("{path} {}", below.get_name()), below)));
                continue;
            }
            assert!(page.contains(&format!("\n## seawall {path}\n")), "{path}");
            for long in command.get_arguments().filter(|arg| is_shown(arg)).filter_map(Arg::get_long) {
                assert!(page.contains(&format!("| `--{long}")), "--{long}");
                options += 1;
            }
        }
        assert!(options > 15, "{options} options were found");
        assert!(page.contains("| `--listen <ADDRESS>` | `127.0.0.1:8080` | `SEAWALL_LISTEN` |"), "{page}");
        assert!(page.contains("Exit codes: 0 "));
    }
}
