//! How far a long piece of work is, told every so often to whoever waits for it.

use std::io::Write;
use std::time::{Duration, Instant};

/// Between two lines. What is over sooner needs none.
const TELL_EVERY: Duration = Duration::from_secs(3);
/// Looked at the clock after so many bytes.
const LOOK_BYTES: u64 = 4 * 1024 * 1024;

/// See the module.
pub struct Progress<'a> {
    out: &'a mut dyn Write,
    now: &'a dyn Fn() -> Instant,
    verb: &'static str,
    total: u64,
    done: u64,
    looked: u64,
    told: Instant,
}

impl<'a> Progress<'a> {
    /// Lines go to `out`.
    pub fn new(out: &'a mut dyn Write, now: &'a dyn Fn() -> Instant) -> Self {
        let told = now();
        Self { out, now, verb: "", total: 0, done: 0, looked: 0, told }
    }

    /// A piece of work of so many bytes begins: they are `verb`.
    pub fn begin(&mut self, verb: &'static str, total: u64) {
        (self.verb, self.total, self.done, self.looked) = (verb, total, 0, 0);
        self.told = (self.now)();
    }

    /// So many bytes more, of `channel`.
    pub fn add(&mut self, channel: &str, bytes: u64) {
        self.done += bytes;
        if self.done - self.looked < LOOK_BYTES {
            return;
        }
        self.looked = self.done;
        let now = (self.now)();
        if now.duration_since(self.told) >= TELL_EVERY {
            self.told = now;
            let percent = (self.done * 100).checked_div(self.total).unwrap_or(100).min(100);
            let mebibyte = 1024 * 1024;
            // That nobody can read it is no reason to stop.
            let _ = writeln!(
                self.out,
                "{percent} % {}: {} of {} MiB, at {channel}",
                self.verb,
                self.done / mebibyte,
                self.total / mebibyte
            );
        }
    }

    /// The piece of work is done.
    pub fn end(&mut self) {
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_line_comes_every_so_often_and_none_for_what_is_quick() {
        let began = Instant::now();
        let now = Cell::new(began);
        let clock = || now.get();
        let mut out = Vec::new();
        let mut progress = Progress::new(&mut out, &clock);
        progress.begin("read", 20 * LOOK_BYTES);
        progress.add("a", LOOK_BYTES);
        now.set(began + TELL_EVERY);
        progress.add("a", LOOK_BYTES);
        progress.add("b", LOOK_BYTES);
        now.set(began + TELL_EVERY * 2);
        progress.add("b", 1);
        progress.add("b", LOOK_BYTES);
        assert_eq!(String::from_utf8(out).unwrap(), "10 % read: 8 of 80 MiB, at a\n20 % read: 16 of 80 MiB, at b\n");
    }
}
