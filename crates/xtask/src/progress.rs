//! What is going on: a spinner and a tick at a terminal, a line each elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often the spinner turns.
const TURN_INTERVAL: Duration = Duration::from_millis(100);

/// Something that takes a while. Dropped before it is done, it has failed or was given up.
pub struct Step {
    what: String,
    begun: Instant,
    spinner: Option<ProgressBar>,
}

impl Step {
    /// Begins `what`.
    pub fn begin(what: &str) -> Self {
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(TURN_INTERVAL);
            spinner
        });
        Self { what: what.to_owned(), begun: Instant::now(), spinner }
    }

    /// Begins `what`, which shows by itself how it gets on.
    pub fn aloud(what: &str) -> Self {
        eprintln!("· {what}");
        Self { what: what.to_owned(), begun: Instant::now(), spinner: None }
    }

    /// Says what it is at; only a terminal shows it.
    pub fn at(&self, what: &str) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(format!("{}: {what}", self.what));
        }
    }

    /// It is done: `told` is what is worth knowing of it.
    pub fn done(mut self, told: &str) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
        let seconds = self.begun.elapsed().as_secs_f32();
        eprintln!("✓ {}{}{told}  ({seconds:.1} s)", self.what, if told.is_empty() { "" } else { ": " });
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        // Whoever began it says what went wrong.
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}
