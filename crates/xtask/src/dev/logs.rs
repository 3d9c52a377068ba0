//! `--logs`: what the processes write, line by line, each with its writer's name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::home::Home;

/// Read at once; the rest comes the next time.
const READ_BYTES_MAX: u64 = 64 * 1024;

struct Log {
    name: &'static str,
    path: PathBuf,
    read: u64,
    /// The beginning of a line whose end was not there yet.
    begun: Vec<u8>,
}

/// The logs of all processes, each read to some place.
pub struct Logs(Vec<Log>);

impl Logs {
    /// All of them, from the beginning.
    pub fn of(home: &Home) -> Self {
        let names = ["postgres", "redis", "stripe-sandbox", "marketplace"];
        Self(names.map(|name| Log { name, path: home.log(name), read: 0, begun: Vec::new() }).into())
    }

    /// Shows what is new.
    pub fn show(&mut self) {
        for log in &mut self.0 {
            for line in log.lines().unwrap_or_default() {
                eprintln!("{:>14} | {line}", log.name);
            }
        }
    }
}

impl Log {
    fn lines(&mut self) -> std::io::Result<Vec<String>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        self.read += file.take(READ_BYTES_MAX).read_to_end(&mut self.begun)? as u64;
        let whole = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.begun.drain(..whole).collect();
        Ok(String::from_utf8_lossy(&lines).lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_line_is_shown_once_and_when_it_is_whole() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut log = Log { name: "redis", path: file.path().into(), read: 0, begun: Vec::new() };
        for (written, expected) in [("one\ntw", vec!["one"]), ("", vec![]), ("o\nthree\n", vec!["two", "three"])] {
            file.write_all(written.as_bytes()).unwrap();
            assert_eq!(log.lines().unwrap(), expected);
        }
    }
}
