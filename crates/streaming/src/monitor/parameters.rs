//! What a question says after its `?`, read as `nats-server` reads it.

use super::answer::Refusal;

/// The parameters of one question; of several by one name the first counts.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The text of a parameter; an empty one counts as none.
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(n, _)| n == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// A switch: off unless it is on.
    pub fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("0" | "f" | "F" | "FALSE" | "false" | "False") => Ok(false),
            Some("1" | "t" | "T" | "TRUE" | "true" | "True") => Ok(true),
            Some(other) => Err(refuse("boolean", name, other)),
        }
    }

    /// A number of things; `None` where it is not said, or less than 1.
    pub fn count(&self, name: &'static str) -> Result<Option<usize>, Refusal> {
        let number = self.text(name).map(|text| text.parse::<i64>().map_err(|_| refuse("int", name, text)));
        Ok(number.transpose()?.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0))
    }

    /// The number of a thing; 0 stands for none.
    pub fn id(&self, name: &'static str) -> Result<Option<u64>, Refusal> {
        let number = self.text(name).map(|text| text.parse::<u64>().map_err(|_| refuse("uint64", name, text)));
        Ok(number.transpose()?.filter(|id| *id > 0))
    }

    /// A switch as NATS Streaming reads it: on if it is 1, and off at anything else.
    pub fn is_one(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.parse() == Ok(1_i64))
    }

    /// `offset` and `limit` as NATS Streaming reads them: what is no number is passed over.
    pub fn lax_page(&self) -> Page {
        let count = |name| self.text(name).and_then(|text| text.parse().ok()).filter(|count| *count > 0);
        Page { offset: count("offset").unwrap_or(0), limit: count("limit").unwrap_or(Page::LIMIT) }
    }

    /// `offset` and `limit`.
    pub fn page(&self) -> Result<Page, Refusal> {
        Ok(Page { offset: self.count("offset")?.unwrap_or(0), limit: self.count("limit")?.unwrap_or(Page::LIMIT) })
    }
}

fn refuse(kind: &'static str, name: &'static str, value: &str) -> Refusal {
    Refusal::Parameter { kind, name, value: value.to_owned() }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// How many are passed over.
    pub offset: usize,
    /// How many are told at most.
    pub limit: usize,
}

impl Page {
    /// Where nobody says, as `nats-server` has it.
    pub const LIMIT: usize = 1024;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(text: &str) -> Parameters {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Parameters::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn switches_are_read_as_go_reads_them() {
        for (text, on) in [("", false), ("s=", false), ("s=1", true), ("s=True", true), ("s=f", false)] {
            assert_eq!(parameters(text).flag("s").expect(text), on, "{text}");
        }
        assert!(parameters("s=1&s=0").flag("s").expect("the first counts"));
        for text in ["s=2", "s=yes", "s=tRUE", "s= 1"] {
            let refusal = parameters(text).flag("s").expect_err(text).to_string();
            assert!(refusal.starts_with("Error decoding boolean for 's': "), "{refusal}");
        }
    }

    #[test]
    fn nats_streaming_passes_over_what_it_cannot_read() {
        for (text, on) in [("subs=1", true), ("subs=01", true), ("subs=0", false), ("subs=2", false), ("subs=x", false)]
        {
            assert_eq!(parameters(text).is_one("subs"), on, "{text}");
        }
        for (text, offset, limit) in [
            ("", 0, 1024),
            ("limit=x&offset=1.5", 0, 1024),
            ("limit=0&offset=-7", 0, 1024),
            ("limit=3&offset=4", 4, 3),
            ("limit=99999999999999999999", 0, 1024),
        ] {
            assert_eq!(parameters(text).lax_page(), Page { offset, limit }, "{text}");
        }
    }

    #[test]
    fn what_is_no_page_is_the_first() {
        for (text, offset, limit) in [
            ("", 0, 1024),
            ("limit=0&offset=0", 0, 1024),
            ("limit=-1&offset=-7", 0, 1024),
            ("limit=3&offset=4", 4, 3),
            ("limit=9223372036854775807", 0, usize::try_from(i64::MAX).expect("64 bits")),
        ] {
            assert_eq!(parameters(text).page().expect(text), Page { offset, limit }, "{text}");
        }
        for text in ["limit=x", "offset=1.5", "limit=9223372036854775808"] {
            parameters(text).page().expect_err(text);
        }
    }
}
