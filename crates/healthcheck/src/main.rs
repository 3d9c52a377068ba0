//! `healthcheck [URL]`: ends with 0 if URL, or else `HEALTHCHECK_URL`, answers 200; with 1 and a line that says why if not.
//!
//! It is in every image of ours that has no shell and no curl, and asks what is in the same container: plain HTTP.

mod ask;
mod url;

use std::io::{self, Write};
use std::process::ExitCode;

/// What to say to whoever asks how it is used.
const USAGE: &str = "usage: healthcheck [URL]\n\nEnds with 0 if URL, or else HEALTHCHECK_URL, answers 200.\n";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (word, more) = (words.next(), words.next());
    if more.is_some() || word.as_deref().is_some_and(|word| matches!(word, "-h" | "--help")) {
        let _ = io::stderr().write_all(USAGE.as_bytes());
        return ExitCode::from(2);
    }
    let Some(url) = word.or_else(|| std::env::var("HEALTHCHECK_URL").ok()) else {
        let _ = writeln!(io::stderr(), "healthcheck: which URL? Name it, or set HEALTHCHECK_URL");
        return ExitCode::from(2);
    };
    match url::parse(&url).and_then(|url| ask::ask(&url).map_err(|error| error.to_string())) {
        Ok(200) => ExitCode::SUCCESS,
        Ok(status) => {
            let _ = writeln!(io::stderr(), "healthcheck: {url} answers {status}");
            ExitCode::FAILURE
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "healthcheck: {url}: {error}");
            ExitCode::FAILURE
        }
    }
}
