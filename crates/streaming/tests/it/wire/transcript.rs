//! Reads a transcript: its lines become steps, its escapes bytes. The format is told in [`super`].

use std::fmt;

use serde_json::{Map, Value};

/// A conversation, and the configuration of the server it is led with.
#[derive(Debug, Default)]
pub struct Transcript {
    pub config: Option<String>,
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub struct Step {
    /// Counted from 1.
    pub line: usize,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Connect and be greeted.
    Open(String),
    /// Connect.
    Dial(String),
    Send(String, Vec<u8>),
    Receive(String, Vec<u8>),
    /// An `INFO` with at least these fields.
    ReceiveInfo(String, Map<String, Value>),
    /// All of these, in any order.
    ReceiveAll(String, Vec<Vec<u8>>),
    /// This, any number of times.
    MayReceive(String, Vec<u8>),
    /// One of these connections, this.
    OneReceives(Vec<String>, Vec<u8>),
    Nothing(String),
    /// The server ends it.
    Closed(String),
    HangUp(String),
}

/// What is wrong with a line.
#[derive(Debug)]
pub struct Malformed {
    line: usize,
    why: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.why)
    }
}

impl Transcript {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut transcript = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            if let Some(config) = &mut transcript.config
                && transcript.steps.is_empty()
                && line.starts_with(' ')
            {
                config.push_str(line);
                config.push('\n');
            } else if line == "config" {
                transcript.config = Some(String::new());
            } else if !line.is_empty() && !line.starts_with('#') {
                let action = action(line).map_err(|why| Malformed { line: line_number, why })?;
                transcript.push(line_number, action);
            }
        }
        Ok(transcript)
    }

    /// Adds a step; consecutive lines in any order are one.
    fn push(&mut self, line: usize, action: Action) {
        if let Action::ReceiveAll(name, more) = &action
            && let Some(Step { action: Action::ReceiveAll(last, all), .. }) = self.steps.last_mut()
            && last == name
        {
            all.extend(more.iter().cloned());
            return;
        }
        self.steps.push(Step { line, action });
    }
}

fn action(line: &str) -> Result<Action, String> {
    let end = line.find([' ', '<', '>']).ok_or("it says nothing")?;
    let (name, rest) = line.split_at(end);
    let names: Vec<String> = name.split('|').map(str::to_owned).collect();
    if names.iter().any(|name| name.is_empty() || !name.chars().all(char::is_alphanumeric)) {
        return Err(format!("{name:?} is no name of a connection"));
    }
    if names.len() > 1 {
        let text = rest.strip_prefix("< ").ok_or("of several, one can only receive")?;
        return Ok(Action::OneReceives(names, with_end(text)?));
    }
    let name = name.to_owned();
    match rest {
        " opens" => return Ok(Action::Open(name)),
        " dials" => return Ok(Action::Dial(name)),
        " closed" => return Ok(Action::Closed(name)),
        " hangs up" => return Ok(Action::HangUp(name)),
        "< (nothing)" => return Ok(Action::Nothing(name)),
        _ => {}
    }
    let (arrow, text) = rest.split_once(' ').unwrap_or((rest, ""));
    match arrow {
        ">" => Ok(Action::Send(name, with_end(text)?)),
        ">>" => Ok(Action::Send(name, unescape(text)?)),
        "<" => match text.strip_prefix("INFO ") {
            Some(json) => {
                let fields = serde_json::from_str(json).map_err(|error| error.to_string())?;
                Ok(Action::ReceiveInfo(name, fields))
            }
            None => Ok(Action::Receive(name, with_end(text)?)),
        },
        "<*" => Ok(Action::ReceiveAll(name, vec![with_end(text)?])),
        "<?" => Ok(Action::MayReceive(name, with_end(text)?)),
        _ => Err(format!("{rest:?} is nothing that a connection does")),
    }
}

fn with_end(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = unescape(text)?;
    bytes.extend_from_slice(b"\r\n");
    Ok(bytes)
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '\\' => {
                let (byte, length) = escaped(rest)?;
                bytes.push(byte);
                rest = &rest[length..];
            }
            '<' => {
                let (repeated, after) = rest.split_once('>').ok_or("< without >")?;
                let (what, times) = repeated.rsplit_once('*').ok_or("<what*times>")?;
                let times = times.parse().map_err(|_| format!("{times:?} times"))?;
                bytes.extend(what.as_bytes().repeat(times));
                rest = after;
            }
            _ => bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(bytes)
}

/// The byte that `\` and what follows stand for, and how long that is.
fn escaped(text: &str) -> Result<(u8, usize), String> {
    Ok(match text.as_bytes() {
        [b'r', ..] => (b'\r', 1),
        [b'n', ..] => (b'\n', 1),
        [b't', ..] => (b'\t', 1),
        [b'\\', ..] => (b'\\', 1),
        [b'x', ..] => {
            let hex = text.get(1..3).ok_or("\\x takes two digits")?;
            (u8::from_str_radix(hex, 16).map_err(|_| format!("\\x{hex}"))?, 3)
        }
        _ => return Err(format!("\\{text} is no escape")),
    })
}

#[test]
fn lines_become_steps() {
    let text = "# Example\nconfig\n  a: 1\n\nA opens\nA> SUB \\x41 1\nA>> x<y*3>\\r\nA<* 1\nA<* 2\nA|B< m\nA closed\n";
    let transcript = Transcript::parse(text).expect("well-formed");
    assert_eq!(transcript.config.as_deref(), Some("  a: 1\n"));
    let name = || "A".to_owned();
    let steps = [
        Action::Open(name()),
        Action::Send(name(), b"SUB A 1\r\n".to_vec()),
        Action::Send(name(), b"xyyy\r".to_vec()),
        Action::ReceiveAll(name(), vec![b"1\r\n".to_vec(), b"2\r\n".to_vec()]),
        Action::OneReceives(vec![name(), "B".to_owned()], b"m\r\n".to_vec()),
        Action::Closed(name()),
    ];
    assert!(transcript.steps.iter().map(|step| &step.action).eq(&steps), "{transcript:?}");
}

#[test]
fn a_slip_of_the_pen_is_told_with_its_line() {
    for wrong in ["A", "A sings", "A< <x>", "A> \\q", "A|B> x", "?> x", "A< INFO {", "A<+ x"] {
        let error = Transcript::parse(&format!("# x\n{wrong}")).expect_err(wrong);
        assert!(error.to_string().starts_with("2: "), "{wrong}: {error}");
    }
}
