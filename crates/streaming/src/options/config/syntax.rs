//! The characters of a file, where we are in them, and the words they make.

use std::sync::Arc;

use super::super::{Error, Position};

/// A file being read.
pub struct Reader<'a> {
    rest: &'a str,
    file: Arc<str>,
    line: usize,
    column: usize,
}

impl<'a> Reader<'a> {
    pub fn new(file: &str, text: &'a str) -> Self {
        Self { rest: text, file: file.into(), line: 1, column: 1 }
    }

    pub fn at(&self) -> Position {
        Position { file: Arc::clone(&self.file), line: self.line, column: self.column }
    }

    pub fn wrong(&self, what: impl Into<String>) -> Error {
        Error::Syntax { at: self.at(), what: what.into() }
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    /// Takes `c` if it is next.
    pub fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.next();
        }
        found
    }

    /// Takes characters as long as `wanted`.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let (all, start) = (self.rest, self.rest.len());
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
        &all[..start - self.rest.len()]
    }

    /// Passes over spaces and a comment, but not over the end of the line.
    pub fn skip_spaces(&mut self) {
        self.take_while(|c| c != '\n' && c.is_whitespace());
        if self.peek() == Some('#') || self.rest.starts_with("//") {
            self.take_while(|c| c != '\n');
        }
    }

    /// Passes over spaces, comments and line ends.
    pub fn skip_lines(&mut self) {
        loop {
            self.skip_spaces();
            if !self.take('\n') {
                return;
            }
        }
    }

    /// A key: quoted, or up to a space or a separator.
    pub fn key(&mut self) -> Result<String, Error> {
        if let Some(quoted) = self.quoted()? {
            return Ok(quoted);
        }
        let bare =
            self.take_while(|c| !c.is_whitespace() && !matches!(c, ':' | '=' | '{' | '}' | '[' | ']' | ',' | ';'));
        match self.peek() {
            Some(c) if bare.is_empty() => Err(self.wrong(format!("expected a key, found {c:?}"))),
            _ => Ok(bare.to_owned()),
        }
    }

    /// Text in double quotes, where a backslash means something, or in single ones, where it does not.
    pub fn quoted(&mut self) -> Result<Option<String>, Error> {
        let start = self.at();
        let Some(quote @ ('"' | '\'')) = self.peek() else {
            return Ok(None);
        };
        self.next();
        let mut text = String::new();
        loop {
            match self.peek() {
                None => {
                    return Err(Error::Syntax {
                        at: start,
                        what: format!("the text that begins with {quote} never ends"),
                    });
                }
                Some(c) if c == quote => {
                    self.next();
                    return Ok(Some(text));
                }
                Some('\\') if quote == '"' => text.push(self.escape()?),
                Some(c) => {
                    self.next();
                    text.push(c);
                }
            }
        }
    }

    /// A word without quotes: up to a space or what may follow a value.
    pub fn bare(&mut self) -> Result<String, Error> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                '\\' => text.push(self.escape()?),
                ',' | ';' | ']' | '}' => break,
                c if c.is_whitespace() => break,
                c => {
                    self.next();
                    text.push(c);
                }
            }
        }
        Ok(text)
    }

    /// Lines between `(` and a line that holds `)` alone.
    pub fn lines(&mut self) -> Result<String, Error> {
        let start = self.at();
        self.next();
        let mut text = String::new();
        loop {
            let line = self.take_while(|c| c != '\n');
            if line.trim() == ")" {
                return Ok(text.trim_matches('\n').to_owned());
            }
            text.push_str(line);
            match self.next() {
                Some(end) => text.push(end),
                None => {
                    return Err(Error::Syntax { at: start, what: "no line after this ( holds ) alone".into() });
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        const WRONG: &str = r#"a backslash is followed by t, n, r, ", \ or xHH; write \\ for the backslash itself"#;
        let wrong = self.wrong(WRONG);
        self.next();
        match self.next() {
            Some('t') => Ok('\t'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('"') => Ok('"'),
            Some('\\') => Ok('\\'),
            Some('x') => {
                let mut digit = || self.next().and_then(|c| c.to_digit(16));
                let code = digit().zip(digit()).and_then(|(high, low)| char::from_u32(high * 16 + low));
                code.ok_or(wrong)
            }
            _ => Err(wrong),
        }
    }
}
