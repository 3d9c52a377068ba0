//! What a publisher asks of the stream in a message's headers.

use protocol::headers::{self, Headers};
use protocol::jetstream::error::{self, ApiError};

use crate::schedule::{self, Schedule, ttl};

/// The API level we have: ADR-44. 2 = what `nats-server` 2.12 knows.
pub const API_LEVEL: u64 = 2;

/// Which earlier messages a message replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rollup {
    /// All of its subject.
    Subject,
    /// All of the stream.
    All,
}

/// A publisher's headers that the stream acts on.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Wishes<'a> {
    pub id: Option<&'a [u8]>,
    pub expected_stream: Option<&'a str>,
    pub expected_last_sequence: Option<u64>,
    pub expected_last_subject_sequence: Option<u64>,
    pub expected_last_subject: Option<&'a str>,
    pub expected_last_id: Option<&'a [u8]>,
    pub rollup: Option<Rollup>,
    pub ttl: Option<&'a str>,
    pub schedule: Option<&'a str>,
    pub schedule_target: Option<&'a str>,
    pub schedule_source: Option<&'a str>,
    pub schedule_ttl: Option<&'a str>,
    pub schedule_zone: Option<&'a str>,
    pub schedule_rollup: Option<&'a str>,
    pub scheduler: Option<&'a str>,
    pub schedule_next: Option<&'a str>,
}

impl<'a> Wishes<'a> {
    /// Reads them off a header block.
    pub fn read(block: &'a [u8]) -> Result<Self, ApiError> {
        let mut wishes = Self::default();
        if block.is_empty() {
            return Ok(wishes);
        }
        for (name, value) in Headers::parse(block).iter() {
            // Everything we act on begins alike; the rest is the publisher's own.
            if name.starts_with("Nats-") {
                wishes.take(name, value)?;
            }
        }
        Ok(wishes)
    }

    fn take(&mut self, name: &str, value: &'a [u8]) -> Result<(), ApiError> {
        let text = std::str::from_utf8(value).unwrap_or_default();
        match name {
            headers::MSG_ID if !value.is_empty() => self.id = Some(value),
            headers::EXPECTED_STREAM if !text.is_empty() => self.expected_stream = Some(text),
            headers::EXPECTED_LAST_SEQUENCE => self.expected_last_sequence = Some(number(text)?),
            headers::EXPECTED_LAST_SUBJECT_SEQUENCE => self.expected_last_subject_sequence = Some(number(text)?),
            headers::EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT => self.expected_last_subject = Some(text),
            headers::EXPECTED_LAST_MSG_ID if !value.is_empty() => self.expected_last_id = Some(value),
            headers::ROLLUP => {
                self.rollup = Some(match text.to_ascii_lowercase().as_str() {
                    headers::ROLLUP_SUBJECT => Rollup::Subject,
                    headers::ROLLUP_ALL => Rollup::All,
                    other => return Err(error::rollup_failed(format_args!("rollup value invalid: {other:?}"))),
                });
            }
            headers::TTL => self.ttl = Some(text),
            headers::SCHEDULE => self.schedule = Some(text),
            headers::SCHEDULE_TARGET => self.schedule_target = Some(text),
            headers::SCHEDULE_SOURCE => self.schedule_source = Some(text),
            headers::SCHEDULE_TTL => self.schedule_ttl = Some(text),
            headers::SCHEDULE_TIME_ZONE => self.schedule_zone = Some(text),
            headers::SCHEDULE_ROLLUP => self.schedule_rollup = Some(text),
            headers::SCHEDULER => self.scheduler = Some(text),
            headers::SCHEDULE_NEXT => self.schedule_next = Some(text),
            headers::REQUIRED_API_LEVEL if text.parse::<u64>().map_or(true, |level| level > API_LEVEL) => {
                return Err(error::REQUIRED_API_LEVEL);
            }
            _ => {}
        }
        Ok(())
    }

    /// How long the message is to live; `None` for as long as the stream keeps it.
    pub fn time_to_live(&self, allowed: bool) -> Result<Option<ttl::Ttl>, ApiError> {
        let Some(text) = self.ttl else { return Ok(None) };
        if !allowed {
            return Err(error::MESSAGE_TTL_DISABLED);
        }
        ttl::parse(text).map(Some).ok_or(error::MESSAGE_TTL_INVALID)
    }

    /// The schedule the message sets, checked for all but its target's place in the stream.
    pub fn parsed_schedule(&self) -> Result<Option<Schedule>, ApiError> {
        let Some(text) = self.schedule else { return Ok(None) };
        Schedule::parse(text, self.schedule_zone).map(Some).map_err(|why| match why {
            schedule::Error::Pattern => error::SCHEDULE_PATTERN_INVALID,
            schedule::Error::Zone => error::SCHEDULE_TIME_ZONE_INVALID,
        })
    }
}

fn number(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| error::BAD_REQUEST)
}
