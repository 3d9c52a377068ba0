//! Prometheus' text format, version 0.0.4: a family's `HELP` and `TYPE`, then its samples.

use std::fmt::Write;

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Up and down.
    Gauge,
    /// Up, and back to 0 when the server starts anew.
    Counter,
}

/// The text as far as it is written.
#[derive(Default)]
pub(super) struct Text {
    out: String,
    /// The family under way, not written before it has a sample.
    family: Option<(&'static str, Kind, &'static str)>,
    name: &'static str,
}

impl Text {
    /// Its media type.
    pub const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family: the samples that follow are its. `help` is one line without backslashes.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) {
        self.family = Some((name, kind, help));
        self.name = name;
    }

    /// One sample of the family.
    pub fn sample(&mut self, labels: &[(&'static str, &str)], value: f64) {
        // Writing to a String does not fail.
        if let Some((name, kind, help)) = self.family.take() {
            let kind = if kind == Kind::Gauge { "gauge" } else { "counter" };
            let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        }
        self.out.push_str(self.name);
        let mut before = '{';
        for (name, value) in labels {
            let _ = write!(self.out, "{before}{name}=\"{}\"", escaped(value));
            before = ',';
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.out, "{end} {value}");
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.out
    }
}

/// A label's value, in which names from clients may be, so that it ends where it ends.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_told_with_its_samples_or_not_at_all() {
        let mut text = Text::default();
        text.family("a_total", Kind::Counter, "Of a.");
        text.family("b", Kind::Gauge, "Of b.");
        text.sample(&[], 0.5);
        text.sample(&[("x", "1"), ("y", "a \"b\" \\ \n}")], 9_007_199_254_740_992.0);
        let expected =
            "# HELP b Of b.\n# TYPE b gauge\nb 0.5\nb{x=\"1\",y=\"a \\\"b\\\" \\\\ \\n}\"} 9007199254740992\n";
        assert_eq!(text.finish(), expected);
    }
}
