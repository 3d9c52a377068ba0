//! From the text of a configuration file to its tree: blocks, lists, variables, included files.

use std::path::Path;

use super::syntax::Reader;
use super::{Entry, Node, Value, World};
use crate::options::{Error, Password, Position};

/// Blocks within blocks, and files included by included files. People nest five deep.
const DEPTH_MAX: usize = 32;
/// Files included in all, so that two that include each other end soon.
const FILES_MAX: usize = 64;
/// Values in all, so that variables made of variables cannot eat the memory.
const NODES_MAX: usize = 100_000;

/// The tree of the file at `path`.
pub fn parse(path: &Path, world: &World<'_>) -> Result<Vec<Entry>, Error> {
    let mut parser = Parser { world, scopes: vec![Vec::new()], depth: 0, files: 0, nodes: 0 };
    parser.file(path)?;
    Ok(parser.scopes.pop().unwrap_or_default())
}

struct Parser<'a> {
    world: &'a World<'a>,
    /// The blocks around the place we are at, the innermost last.
    scopes: Vec<Vec<Entry>>,
    depth: usize,
    files: usize,
    nodes: usize,
}

impl Parser<'_> {
    /// Reads the file at `path` into the innermost block.
    fn file(&mut self, path: &Path) -> Result<(), Error> {
        let text =
            (self.world.read)(path).map_err(|error| Error::Read { path: path.to_owned(), why: error.to_string() })?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = Reader::new(&path.display().to_string(), text);
        reader.skip_lines();
        let start = reader.at();
        let whole = reader.take('{').then_some(start); // The file may be one JSON object.
        self.entries(&mut reader, &folder, whole.as_ref())?;
        reader.skip_lines();
        if reader.peek().is_some() {
            return Err(reader.wrong("nothing may follow the last }"));
        }
        Ok(())
    }

    /// Reads entries into the innermost block up to the `}` that closes the `{` at `opened`, or up to the end of the file
    /// where none is open.
    fn entries(&mut self, reader: &mut Reader<'_>, folder: &Path, opened: Option<&Position>) -> Result<(), Error> {
        loop {
            reader.skip_lines();
            match (reader.peek(), opened) {
                (Some(',' | ';'), _) => {
                    reader.next();
                }
                (Some('}'), Some(_)) => {
                    reader.next();
                    return Ok(());
                }
                (None, Some(start)) => return Err(wrong(start, "this { has no }")),
                (None, None) => return Ok(()),
                (Some(_), _) => self.entry(reader, folder)?,
            }
        }
    }

    fn entry(&mut self, reader: &mut Reader<'_>, folder: &Path) -> Result<(), Error> {
        let at = reader.at();
        let key = reader.key()?;
        reader.skip_spaces();
        if reader.take(':') || reader.take('=') {
            reader.skip_spaces();
        }
        let mut given = !matches!(reader.peek(), None | Some(',' | ';' | '}' | ']'));
        if reader.peek() == Some('\n') {
            reader.skip_lines();
            given = matches!(reader.peek(), Some('{' | '[' | '('));
        }
        if !given {
            return Err(wrong(&at, format!("{key:?} has no value")));
        }
        let node = self.value(reader, folder)?;
        Self::end_of_value(reader)?;
        if key == "include" {
            return self.include(&at, &folder.join(node.text(&key)?));
        }
        if let Some(scope) = self.scopes.last_mut() {
            let used = false;
            scope.push(Entry { key, at, node, used });
        }
        Ok(())
    }

    fn include(&mut self, at: &Position, path: &Path) -> Result<(), Error> {
        self.files += 1;
        if self.files > FILES_MAX {
            return Err(wrong(at, format!("more than {FILES_MAX} files are included")));
        }
        self.deeper(at)?;
        self.file(path).map_err(|error| match error {
            Error::Read { why, .. } => wrong(at, format!("cannot read {:?}: {why}", path.display().to_string())),
            other => other,
        })?;
        self.depth -= 1;
        Ok(())
    }

    fn value(&mut self, reader: &mut Reader<'_>, folder: &Path) -> Result<Node, Error> {
        let at = reader.at();
        self.count(1, &at)?;
        let value = match reader.peek() {
            Some('{') => {
                reader.next();
                self.deeper(&at)?;
                self.scopes.push(Vec::new());
                self.entries(reader, folder, Some(&at))?;
                self.depth -= 1;
                Value::Block(self.scopes.pop().unwrap_or_default())
            }
            Some('[') => {
                self.deeper(&at)?;
                let list = self.list(reader, folder)?;
                self.depth -= 1;
                Value::List(list)
            }
            Some('(') => Value::Text(reader.lines()?),
            Some('"' | '\'') => Value::Text(reader.quoted()?.unwrap_or_default()),
            Some('}') => return Err(reader.wrong("unexpected '}' in a list")),
            _ => match reader.bare()? {
                word if word.starts_with('$') && !is_hash(&word) => self.variable(&at, &word[1..])?,
                word => Value::Text(word),
            },
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, reader: &mut Reader<'_>, folder: &Path) -> Result<Vec<Node>, Error> {
        let at = reader.at();
        reader.next();
        let mut list = Vec::new();
        loop {
            reader.skip_lines();
            match reader.peek() {
                Some(',' | ';') => {
                    reader.next();
                }
                Some(']') => {
                    reader.next();
                    return Ok(list);
                }
                None => return Err(wrong(&at, "this [ has no ]")),
                Some(_) => {
                    list.push(self.value(reader, folder)?);
                    Self::end_of_value(reader)?;
                }
            }
        }
    }

    fn end_of_value(reader: &mut Reader<'_>) -> Result<(), Error> {
        reader.skip_spaces();
        match reader.peek() {
            None | Some('\n' | ',' | ';' | '}' | ']') => Ok(()),
            Some(c) => Err(reader.wrong(format!("unexpected {c:?} after a value; quote a text with spaces"))),
        }
    }

    /// What `$name` stands for: a key set before in a block around it, or else a variable of the environment.
    fn variable(&mut self, at: &Position, name: &str) -> Result<Value, Error> {
        let mut found = None;
        for entry in self.scopes.iter_mut().flatten().filter(|entry| entry.key == name) {
            entry.used = true; // Also of those that the last, in the innermost block, hides.
            found = Some(&entry.node);
        }
        if let Some(node) = found {
            let value = node.value.clone();
            let weight = node.weight();
            self.count(weight, at)?;
            return Ok(value);
        }
        let Some(text) = (self.world.env)(name) else {
            return Err(wrong(at, format!("${} is neither set above nor in the environment", name.escape_debug())));
        };
        // As nats-server wants a number that is meant as a text: NAME='"42"'.
        let quoted = Reader::new(&format!("${name}"), &text).quoted()?;
        Ok(Value::Text(quoted.unwrap_or(text)))
    }

    /// Enters a block, a list or a file.
    fn deeper(&mut self, at: &Position) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(wrong(at, format!("more than {DEPTH_MAX} blocks or files in each other")));
        }
        Ok(())
    }

    /// Makes `more` values.
    fn count(&mut self, more: usize, at: &Position) -> Result<(), Error> {
        self.nodes += more;
        if self.nodes > NODES_MAX {
            return Err(wrong(at, format!("more than {NODES_MAX} values")));
        }
        Ok(())
    }
}

fn wrong(at: &Position, what: impl Into<String>) -> Error {
    Error::Syntax { at: at.clone(), what: what.into() }
}

/// A bcrypt hash begins like a variable.
fn is_hash(word: &str) -> bool {
    matches!(Password::new(word), Password::Bcrypt(_))
}
