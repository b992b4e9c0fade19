//! The fenced blocks of a Markdown file and what their info strings ask for.
//!
//! **Invariant.** A word of an info string that is not understood is a failure, never passed over.
//!
//! ```text
//! yaml project=guide file=facade.yaml      is written into the project
//! console project=guide                    is run in the project; what stands below a command is its output
//! console project=guide fails              the same, and the commands find something
//! ```

use std::fs;
use std::path::Path;

/// A Markdown file.
#[derive(Debug)]
pub(crate) struct Guide {
    lines: Vec<String>,
    pub(crate) blocks: Vec<Block>,
    wrong: Vec<String>,
}

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The line of its fence, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) project: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) fails: bool,
}

/// A command and what is shown below it.
#[derive(Debug)]
pub(crate) struct Step {
    /// The command without prompt, continued lines joined.
    pub(crate) command: String,
    /// The command as it is written.
    pub(crate) written: String,
    pub(crate) output: String,
}

impl Guide {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (index, line) in lines.iter().enumerate() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(info), None) => open = Some(Block::new(index + 1, info)),
                (Some(""), Some(_)) => blocks.extend(open.take()),
                (Some(info), Some(_)) => {
                    panic!("{}:{}: a block opens in a block: {info}", path.display(), index + 1)
                }
                (None, Some(block)) => block.text += &format!("{line}\n"),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: the last block does not end", path.display());
        assert!(!blocks.is_empty(), "{} has no blocks", path.display());
        Self { lines, blocks, wrong: Vec::new() }
    }

    /// Notes what a block should show.
    pub(crate) fn shown(&mut self, index: usize, text: String) {
        let block = &mut self.blocks[index];
        if block.text != text {
            self.wrong.push(format!("line {}: shown\n{}\nbut it is\n{text}", block.line, block.text));
            block.text = text;
        }
    }

    /// Fails if something was shown that is not so; or writes what is so, if that is asked for.
    pub(crate) fn settle(self, path: &Path) {
        if self.wrong.is_empty() {
            return;
        }
        if std::env::var_os("SEAWALL_UPDATE_DOCS").is_none() {
            panic!("{}: {}", path.display(), self.wrong.join("\n"));
        }
        let mut text = String::new();
        let mut next = 0;
        for block in &self.blocks {
            self.lines[next..block.line].iter().for_each(|line| text += &format!("{line}\n"));
            text += &block.text;
            next = block.line + self.lines[block.line..].iter().position(|line| line == "```").unwrap();
        }
        self.lines[next..].iter().for_each(|line| text += &format!("{line}\n"));
        fs::write(path, text).unwrap();
    }
}

impl Block {
    fn new(line: usize, info: &str) -> Self {
        let mut block = Self { line, text: String::new(), project: None, file: None, fails: false };
        for word in info.split_whitespace().skip(1) {
            match word.split_once('=') {
                Some(("project", name)) => block.project = Some(name.into()),
                Some(("file", name)) => block.file = Some(name.into()),
                None if word == "fails" => block.fails = true,
                _ => panic!("line {line}: {word} is not understood"),
            }
        }
        block
    }

    /// Returns the commands of a console.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut continued = false;
        for line in self.text.lines() {
            let command = if continued { Some(line.trim()) } else { line.strip_prefix("$ ") };
            let Some(command) = command else {
                let step = steps.last_mut().unwrap_or_else(|| panic!("line {}: no command", self.line));
                step.output += &format!("{line}\n");
                continue;
            };
            let (part, goes_on) = command.strip_suffix('\\').map_or((command, false), |part| (part, true));
            match steps.last_mut().filter(|_| continued) {
                Some(step) => {
                    step.command += part;
                    step.written += &format!("{line}\n");
                }
                None => steps.push(Step {
                    command: part.into(),
                    written: format!("{line}\n"),
                    output: String::new(),
                }),
            }
            continued = goes_on;
        }
        assert!(!steps.is_empty(), "line {}: the console shows no command", self.line);
        steps
    }
}
