//! When: UTC with milliseconds, written as JavaScript writes it.

use std::fmt;
use std::ops::{Add, Sub};

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};
use utoipa::ToSchema;

/// A moment, to the millisecond: `2026-11-21T04:39:07.120Z`.
///
/// Milliseconds are all that the wire carries, so that a moment is the same before and after its travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, format = DateTime, example = "2026-11-21T04:39:07.120Z")]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Now, by the machine's clock. Ask a service's `Clock` instead where a test should decide.
    pub fn now() -> Self {
        OffsetDateTime::now_utc().into()
    }

    /// Milliseconds since 1970.
    pub fn milliseconds(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The moment so many milliseconds after 1970; `None` outside of the years 0 to 9999.
    pub fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok().map(Self)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        let time = time.to_offset(UtcOffset::UTC);
        Self(time - Duration::nanoseconds(i64::from(time.nanosecond() % 1_000_000)))
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(time: Timestamp) -> Self {
        time.0
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        (self.0 + duration).into()
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        (self.0 - duration).into()
    }
}

impl Sub for Timestamp {
    type Output = Duration;

    fn sub(self, other: Self) -> Duration {
        self.0 - other.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        let (hour, minute, second, millisecond) = time.as_hms_milli();
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        OffsetDateTime::parse(&text, &Rfc3339).map(Self::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_with_milliseconds_and_a_z() {
        let time = Timestamp::from_milliseconds(1_795_235_947_007).unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-11-21T04:39:07.007Z\"");
    }

    #[test]
    fn any_offset_is_read_and_what_is_below_a_millisecond_is_dropped() {
        let time: Timestamp = serde_json::from_str("\"2026-11-21T05:39:07.0079+01:00\"").unwrap();
        assert_eq!(time.milliseconds(), 1_795_235_947_007);
    }
}
