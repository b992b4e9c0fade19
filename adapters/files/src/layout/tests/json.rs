//! JSON whose numbers keep all their digits.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Text(String),
    Number(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Null,
}

impl Json {
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads a value that is known to be JSON.
pub(super) fn parse(text: &str) -> Json {
    let mut parser = Parser { rest: text };
    parser.value()
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn peek(&mut self) -> char {
        self.rest = self.rest.trim_start();
        self.rest.chars().next().expect("a golden file is whole")
    }

    fn take(&mut self, wanted: char) -> bool {
        let is = self.peek() == wanted;
        if is {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        is
    }

    fn value(&mut self) -> Json {
        match self.peek() {
            '{' => self.object(),
            '[' => self.list(),
            '"' => Json::Text(self.text()),
            'n' => {
                self.rest = &self.rest[4..];
                Json::Null
            }
            _ => {
                let end = self.rest.find(|c: char| !"+-.eE0123456789".contains(c)).unwrap_or(self.rest.len());
                let (number, rest) = self.rest.split_at(end);
                assert!(!number.is_empty(), "no JSON: {rest}");
                self.rest = rest;
                Json::Number(number.into())
            }
        }
    }

    fn object(&mut self) -> Json {
        let mut members = Vec::new();
        self.take('{');
        while !self.take('}') {
            let name = self.text();
            assert!(self.take(':'));
            members.push((name, self.value()));
            self.take(',');
        }
        Json::Object(members)
    }

    fn list(&mut self) -> Json {
        let mut elements = Vec::new();
        self.take('[');
        while !self.take(']') {
            elements.push(self.value());
            self.take(',');
        }
        Json::List(elements)
    }

    fn text(&mut self) -> String {
        assert!(self.take('"'));
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return out;
                }
                '\\' => match chars.next().expect("an escape").1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    'b' => out.push('\u{8}'),
                    'f' => out.push('\u{c}'),
                    'u' => {
                        let digits: String = (0..4).map(|_| chars.next().expect("four digits").1).collect();
                        let unit = u32::from_str_radix(&digits, 16).expect("hexadecimal");
                        out.push(char::from_u32(unit).unwrap_or('\u{fffd}'));
                    }
                    other => out.push(other),
                },
                c => out.push(c),
            }
        }
        panic!("a text is not closed");
    }
}
