//! Idempotency keys: the same key gets the same answer, and is refused for anything but the same request.
//! <https://docs.stripe.com/api/idempotent_requests>

use std::collections::{HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::form::Form;

/// Stripe's limit on a key.
const LENGTH_MAX: usize = 255;
/// How long an answer is kept: Stripe's "at least 24 hours", taken at its word.
const KEPT_FOR: i64 = 24 * 60 * 60;
/// Answers kept, the oldest forgotten first: many times what a day of development sends, at a few kB each.
const KEYS_MAX: usize = 20_000;

/// An answer, as it was first given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON text.
    pub body: String,
    /// The id of the request it first answered.
    pub request: String,
}

/// One use of a key: whose it is, which it is, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    name: String,
    key: String,
    path: String,
    fingerprint: String,
}

impl Use {
    /// A request with this key. `account` is the API key: others' idempotency keys are other keys.
    pub fn new(account: &str, key: &str, path: &str, form: &Form) -> Result<Self, Error> {
        if key.is_empty() || key.chars().count() > LENGTH_MAX {
            let message = format!("Idempotency keys have between 1 and {LENGTH_MAX} characters.");
            return Err(Error::idempotency(message));
        }
        let digest = Sha256::digest(format!("{form:?}").as_bytes());
        Ok(Self {
            name: format!("{account} {key}"),
            key: key.to_owned(),
            path: path.to_owned(),
            fingerprint: crate::ids::hex(&digest),
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    name: String,
    path: String,
    fingerprint: String,
    created: i64,
    answer: Answer,
}

/// The keys used, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Keys {
    entries: VecDeque<Entry>,
    #[serde(skip)]
    places: HashMap<String, usize>,
    /// How many entries were forgotten, because places count from the very first.
    #[serde(skip)]
    forgotten: usize,
    #[serde(skip)]
    under_way: HashSet<String>,
}

impl Keys {
    /// Begins a request: the answer it got before, or none, and then it is [`Keys::finish`]ed or [`Keys::drop`]ped.
    pub fn begin(&mut self, attempt: &Use, now: i64) -> Result<Option<Answer>, Error> {
        self.forget(now);
        if self.under_way.contains(&attempt.name) {
            return Err(Error::in_use(&attempt.key));
        }
        let entry = self.places.get(&attempt.name).and_then(|place| self.entries.get(place - self.forgotten));
        let Some(entry) = entry else {
            self.under_way.insert(attempt.name.clone());
            return Ok(None);
        };
        let other =
            format!("Try using a key other than '{}' if you meant to execute a different request.", attempt.key);
        if entry.path != attempt.path {
            return Err(Error::idempotency(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{}' vs \
                 '{}'). {other}",
                attempt.path, entry.path
            )));
        }
        if entry.fingerprint != attempt.fingerprint {
            return Err(Error::idempotency(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 {other}"
            )));
        }
        Ok(Some(entry.answer.clone()))
    }

    /// Keeps the answer.
    pub fn finish(&mut self, attempt: Use, answer: Answer, now: i64) {
        self.under_way.remove(&attempt.name);
        self.places.insert(attempt.name.clone(), self.forgotten + self.entries.len());
        let Use { name, path, fingerprint, .. } = attempt;
        self.entries.push_back(Entry { name, path, fingerprint, created: now, answer });
    }

    /// Leaves the key as it was: the request never began its work.
    pub fn drop(&mut self, attempt: &Use) {
        self.under_way.remove(&attempt.name);
    }

    fn forget(&mut self, now: i64) {
        while let Some(first) = self.entries.front()
            && (self.entries.len() > KEYS_MAX || now - first.created > KEPT_FOR)
        {
            if let Some(entry) = self.entries.pop_front() {
                self.places.remove(&entry.name);
                self.forgotten += 1;
            }
        }
    }

    /// Finds the places again after reading from a file.
    pub fn number(&mut self) {
        self.forgotten = 0;
        self.places = self.entries.iter().enumerate().map(|(place, entry)| (entry.name.clone(), place)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::parse;

    fn used(key: &str, path: &str, form: &str) -> Use {
        Use::new("sk", key, path, &parse(form).unwrap()).unwrap()
    }

    fn answer(request: &str) -> Answer {
        Answer { status: 200, body: "{}".to_owned(), request: request.to_owned() }
    }

    #[test]
    fn the_same_request_gets_the_same_answer_for_a_day() {
        let mut keys = Keys::default();
        let first = used("k", "/v1/refunds", "a=1&b=2");
        assert_eq!(keys.begin(&first, 0).unwrap(), None);
        keys.finish(first, answer("req_1"), 0);
        let again = used("k", "/v1/refunds", "b=2&a=1");
        assert_eq!(keys.begin(&again, KEPT_FOR).unwrap(), Some(answer("req_1")));
        assert_eq!(keys.begin(&again, KEPT_FOR + 1).unwrap(), None);
    }

    #[test]
    fn another_request_is_refused() {
        let mut keys = Keys::default();
        let first = used("k", "/v1/refunds", "a=1");
        keys.begin(&first, 0).unwrap();
        assert_eq!(keys.begin(&first, 0).unwrap_err().status, 409);
        keys.finish(first, answer("req_1"), 0);
        for other in [used("k", "/v1/refunds", "a=2"), used("k", "/v1/charges", "a=1")] {
            let error = keys.begin(&other, 0).unwrap_err();
            assert_eq!((error.status, error.kind), (400, "idempotency_error"));
        }
        let others = Use::new("pk", "k", "/v1/charges", &Form::new()).unwrap();
        assert_eq!(keys.begin(&others, 0).unwrap(), None);
    }

    #[test]
    fn a_request_that_never_began_frees_its_key() {
        let mut keys = Keys::default();
        let first = used("k", "/v1/refunds", "a=1");
        keys.begin(&first, 0).unwrap();
        keys.drop(&first);
        assert_eq!(keys.begin(&used("k", "/v1/refunds", "a=2"), 0).unwrap(), None);
    }

    #[test]
    fn the_oldest_are_forgotten_beyond_the_bound() {
        let mut keys = Keys::default();
        for number in 0..KEYS_MAX + 10 {
            let attempt = used(&number.to_string(), "/v1/refunds", "");
            keys.begin(&attempt, 0).unwrap();
            keys.finish(attempt, answer("req"), 0);
        }
        let last = used(&(KEYS_MAX + 9).to_string(), "/v1/refunds", "");
        assert!(keys.begin(&last, 0).unwrap().is_some());
        assert!(keys.begin(&used("0", "/v1/refunds", ""), 0).unwrap().is_none());
        assert!(keys.entries.len() <= KEYS_MAX);
    }
}
