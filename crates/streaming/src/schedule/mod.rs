//! When a scheduled message is due (`Nats-Schedule`), and how long a message lives (`Nats-TTL`). Knows no clock.

mod cron;
pub mod duration;
pub mod ttl;

use jiff::{Timestamp, tz::TimeZone};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use cron::Cron;

const SECOND: i64 = 1_000_000_000;

/// When a message is to be published: once, or again and again.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// `@at 2026-11-20T23:55:40Z`: once. In UNIX nanoseconds, as all times here.
    At(i64),
    /// `@every 1h30m`: a duration of one second or more, in nanoseconds, counted from the last time.
    Every(i64),
    /// A pattern of calendar fields in a time zone.
    Calendar(Calendar),
}

/// `0 30 9 * * mon-fri` or `@daily`, in a time zone (UTC if none is named).
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    cron: Cron,
    zone: TimeZone,
}

/// Why a schedule is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `Nats-Schedule` is none of the forms known (error 10189).
    #[error("message schedules pattern is invalid")]
    Pattern,
    /// `Nats-Schedule-Time-Zone` is unknown, or the pattern is not one of calendar fields (error 10223).
    #[error("message schedules time zone is invalid")]
    Zone,
}

impl Schedule {
    /// Reads a `Nats-Schedule`, with its `Nats-Schedule-Time-Zone` if there is one:
    ///
    /// - `@at` and an RFC 3339 time,
    /// - `@every` and a duration as Go writes it, at least one second,
    /// - six fields: second, minute, hour, day of month, month, day of week,
    /// - `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`.
    pub fn parse(pattern: &str, zone: Option<&str>) -> Result<Self, Error> {
        let (word, argument) = pattern.split_once(' ').unwrap_or((pattern, ""));
        let schedule = match word {
            "@at" => Self::At(at(argument)?),
            "@every" => Self::Every(duration::parse(argument).filter(|every| *every >= SECOND).ok_or(Error::Pattern)?),
            _ => {
                let cron = Cron::parse(named(pattern)).ok_or(Error::Pattern)?;
                let zone = match zone {
                    None => TimeZone::UTC,
                    // A schedule must not depend on where the server happens to run.
                    Some(zone) if zone.eq_ignore_ascii_case("local") => return Err(Error::Zone),
                    Some(zone) => TimeZone::get(zone).map_err(|_| Error::Zone)?,
                };
                return Ok(Self::Calendar(Calendar { cron, zone }));
            }
        };
        if zone.is_some() { Err(Error::Zone) } else { Ok(schedule) }
    }

    /// When a message stored at `stored` is first due. For `@at` that may be in the past: then it is due at once.
    pub fn first(&self, stored: i64) -> Option<i64> {
        match self {
            Self::At(at) => Some(*at),
            _ => self.next(stored),
        }
    }

    /// When it is due next after a time it was due, or after now, to leave out what was missed. `None`: never again.
    pub fn next(&self, after: i64) -> Option<i64> {
        match self {
            Self::At(at) => Some(*at).filter(|at| *at > after),
            Self::Every(every) => whole_second(after)?.checked_add(*every),
            Self::Calendar(Calendar { cron, zone }) => {
                let after = Timestamp::from_nanosecond(after.into()).ok()?;
                i64::try_from(cron.next(after, zone)?.as_nanosecond()).ok()
            }
        }
    }

    /// Whether it is over once it was due.
    pub fn once(&self) -> bool {
        matches!(self, Self::At(_))
    }
}

fn at(time: &str) -> Result<i64, Error> {
    let time = OffsetDateTime::parse(time, &Rfc3339).map_err(|_| Error::Pattern)?;
    i64::try_from(time.unix_timestamp_nanos()).map_err(|_| Error::Pattern)
}

/// The nearest whole second, so that repeated times do not drift with the moment each is noticed.
fn whole_second(time: i64) -> Option<i64> {
    Some(time.checked_add(SECOND / 2)?.div_euclid(SECOND) * SECOND)
}

/// The fields that a name stands for.
fn named(pattern: &str) -> &str {
    match pattern {
        "@yearly" | "@annually" => "0 0 0 1 1 *",
        "@monthly" => "0 0 0 1 * *",
        "@weekly" => "0 0 0 * * 0",
        "@daily" | "@midnight" => "0 0 0 * * *",
        "@hourly" => "0 0 * * * *",
        pattern => pattern,
    }
}

#[cfg(test)]
mod tests;
