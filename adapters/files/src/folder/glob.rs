//! Names with wildcards.
//!
//! **Invariant.** A wildcard never stands for `/`, except `**/`; the time it takes is bounded by the lengths.

/// A pattern of names below a folder: `*`, `?`, `[a-z]`, `[!a]`, `**/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Any number of folders.
    Folders,
    /// One name.
    Name(Vec<Piece>),
}

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Char(char),
    One,
    Many,
    Class { not: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Splits a path into the folder in front of all wildcards and the pattern below it.
    ///
    /// # Errors
    /// In words: what is wrong with it.
    pub(crate) fn split(path: &str) -> Result<(String, Self), String> {
        let steps: Vec<&str> = path.split('/').collect();
        let wild = |step: &&str| step.contains(['*', '?', '[']);
        let first = steps.iter().position(wild).unwrap_or(steps.len().saturating_sub(1));
        let (folder, names) = steps.split_at(first);
        if names.iter().all(|name| name.is_empty()) {
            return Err("it names a folder; write which files: /inbound/*.csv".into());
        }
        let folder = match folder {
            [] => ".".to_owned(),
            [""] => "/".to_owned(),
            folder => folder.join("/"),
        };
        Ok((folder, Self::parse(&names.join("/"))?))
    }

    /// Reads a pattern.
    ///
    /// # Errors
    /// In words: what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for step in text.split('/') {
            steps.push(match step {
                "" | "." | ".." => return Err(format!("`{step}` cannot stand behind a wildcard")),
                "**" => Step::Folders,
                name => Step::Name(pieces(name)?),
            });
        }
        if steps.last() == Some(&Step::Folders) {
            return Err("`**` stands for folders; write which files: **/*".into());
        }
        Ok(Self { steps })
    }

    /// Returns whether a name below the folder is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let names: Vec<Vec<char>> = name.split('/').map(|name| name.chars().collect()).collect();
        path_matches(&self.steps, &names)
    }

    /// Returns whether names in folders below can be meant.
    pub(crate) fn has_folders(&self) -> bool {
        !matches!(self.steps.as_slice(), [Step::Name(_)])
    }

    /// Returns whether something in a folder can be meant.
    pub(crate) fn leads_to(&self, folder: &str) -> bool {
        let names: Vec<Vec<char>> = folder.split('/').map(|name| name.chars().collect()).collect();
        let mut steps = self.steps.as_slice();
        for name in &names {
            match steps {
                [Step::Folders, ..] => return true,
                [Step::Name(pieces), rest @ ..] if !rest.is_empty() && name_matches(pieces, name) => {
                    steps = rest;
                }
                _ => return false,
            }
        }
        true
    }
}

fn pieces(name: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut chars = name.chars();
    while let Some(char) = chars.next() {
        pieces.push(match char {
            '*' => Piece::Many,
            '?' => Piece::One,
            '[' => {
                let class: String = chars.by_ref().take_while(|char| *char != ']').collect();
                if !name.contains(']') || class.is_empty() {
                    return Err(format!("`[` without `]` in `{name}`"));
                }
                let (not, class) =
                    class.strip_prefix('!').map_or((false, class.as_str()), |class| (true, class));
                let class: Vec<char> = class.chars().collect();
                let mut ranges = Vec::new();
                let mut rest = class.as_slice();
                loop {
                    rest = match rest {
                        [from, '-', to, rest @ ..] => {
                            ranges.push((*from, *to));
                            rest
                        }
                        [one, rest @ ..] => {
                            ranges.push((*one, *one));
                            rest
                        }
                        [] => break,
                    };
                }
                Piece::Class { not, ranges }
            }
            char => Piece::Char(char),
        });
    }
    Ok(pieces)
}

fn path_matches(steps: &[Step], names: &[Vec<char>]) -> bool {
    // Which rests of the pattern are reached; each name moves all of them on.
    let mut reached = vec![false; steps.len() + 1];
    set(&mut reached, 0);
    open(steps, &mut reached);
    for name in names {
        let mut next = vec![false; steps.len() + 1];
        for (at, step) in steps.iter().enumerate() {
            if reached.get(at) != Some(&true) {
                continue;
            }
            match step {
                Step::Folders => set(&mut next, at),
                Step::Name(pieces) if name_matches(pieces, name) => set(&mut next, at + 1),
                Step::Name(_) => {}
            }
        }
        open(steps, &mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

fn set(reached: &mut [bool], at: usize) {
    if let Some(slot) = reached.get_mut(at) {
        *slot = true;
    }
}

/// Any number of folders may be none.
fn open(steps: &[Step], reached: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if *step == Step::Folders && reached.get(at) == Some(&true) {
            set(reached, at + 1);
        }
    }
}

fn name_matches(pieces: &[Piece], name: &[char]) -> bool {
    // A file that begins with a point is hidden: only a pattern that says so means it.
    if name.first() == Some(&'.') && pieces.first() != Some(&Piece::Char('.')) {
        return false;
    }
    let (mut at, mut star) = ((0, 0), None);
    loop {
        match (pieces.get(at.0), name.get(at.1)) {
            (Some(Piece::Many), _) => {
                star = Some((at.0 + 1, at.1));
                at.0 += 1;
            }
            (Some(piece), Some(char)) if piece.is(*char) => at = (at.0 + 1, at.1 + 1),
            (None, None) => return true,
            _ => match star {
                Some((piece, from)) if from < name.len() => {
                    star = Some((piece, from + 1));
                    at = (piece, from + 1);
                }
                _ => return false,
            },
        }
    }
}

impl Piece {
    fn is(&self, char: char) -> bool {
        match self {
            Self::Char(own) => *own == char,
            Self::One => true,
            Self::Many => false,
            Self::Class { not, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&char)) != *not
            }
        }
    }
}
