//! Time on the wire: UNIX nanoseconds ⇄ RFC 3339, and durations as Go writes them.
//!
//! Everywhere else time is an `i64` of nanoseconds since 1970: from 1677 to 2262. `0` stands for "no time": it is written
//! as `0001-01-01T00:00:00Z`, Go's zero time, which clients know as such, and that is read as `0` again.

mod duration;

pub use duration::{go_duration, parse_go_duration};

use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// No time at all.
pub const ZERO: i64 = 0;

const ZERO_TEXT: &str = "0001-01-01T00:00:00Z";

/// Appends `nanos` as RFC 3339 in UTC, with as many decimals as it takes: `2026-11-20T23:55:36.79Z`.
pub fn write_rfc3339(out: &mut Vec<u8>, nanos: i64) {
    if nanos == ZERO {
        out.extend_from_slice(ZERO_TEXT.as_bytes());
        return;
    }
    // Each i64 of nanoseconds is within the years `time` knows.
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second, fraction) = moment.to_hms_nano();
    digits::<4>(out, year.unsigned_abs());
    out.push(b'-');
    digits::<2>(out, u8::from(month).into());
    out.push(b'-');
    digits::<2>(out, day.into());
    out.push(b'T');
    digits::<2>(out, hour.into());
    out.push(b':');
    digits::<2>(out, minute.into());
    out.push(b':');
    digits::<2>(out, second.into());
    if fraction > 0 {
        out.push(b'.');
        digits::<9>(out, fraction);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.push(b'Z');
}

/// Appends `value` with leading zeros.
fn digits<const COUNT: usize>(out: &mut Vec<u8>, mut value: u32) {
    let mut text = [b'0'; COUNT];
    for digit in text.iter_mut().rev() {
        #[allow(clippy::cast_possible_truncation)] // A remainder of 10.
        let last = (value % 10) as u8;
        *digit += last;
        value /= 10;
    }
    out.extend_from_slice(&text);
}

/// `nanos` as RFC 3339 in UTC.
pub fn rfc3339(nanos: i64) -> String {
    let mut out = Vec::with_capacity(32);
    write_rfc3339(&mut out, nanos);
    String::from_utf8(out).unwrap_or_default()
}

/// Reads RFC 3339 with any offset. Times beyond what nanoseconds can count are taken for the first or last they can.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    if text == ZERO_TEXT {
        return Some(ZERO);
    }
    let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    let clamped = nanos.clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(clamped).ok()
}

/// A time in JSON: `#[serde(with = "time::json")]`.
pub mod json {
    use super::{Deserialize, Deserializer, Error, Serializer, parse_rfc3339, rfc3339};

    /// Writes RFC 3339.
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature.
    pub fn serialize<S: Serializer>(nanos: &i64, json: S) -> Result<S::Ok, S::Error> {
        json.serialize_str(&rfc3339(*nanos))
    }

    /// Reads RFC 3339.
    pub fn deserialize<'de, D: Deserializer<'de>>(json: D) -> Result<i64, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(json)?;
        parse_rfc3339(&text).ok_or_else(|| D::Error::custom(format_args!("{text:?} is no RFC 3339 time")))
    }
}

/// A time in JSON that may be absent: `#[serde(default, with = "time::json_option")]`.
pub mod json_option {
    use super::{Deserialize, Deserializer, Error, Serializer, parse_rfc3339, rfc3339};

    /// Writes RFC 3339 or `null`.
    #[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)] // serde's signature.
    pub fn serialize<S: Serializer>(nanos: &Option<i64>, json: S) -> Result<S::Ok, S::Error> {
        match nanos {
            Some(nanos) => json.serialize_some(&rfc3339(*nanos)),
            None => json.serialize_none(),
        }
    }

    /// Reads RFC 3339 or `null`.
    pub fn deserialize<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
        let Some(text) = Option::<std::borrow::Cow<str>>::deserialize(json)? else {
            return Ok(None);
        };
        match parse_rfc3339(&text) {
            Some(nanos) => Ok(Some(nanos)),
            None => Err(D::Error::custom(format_args!("{text:?} is no RFC 3339 time"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (1_795_218_936_792_191_751, "2026-11-20T23:55:36.792191751Z"),
            (1_893_456_000_000_000_000, "2030-01-01T00:00:00Z"),
            (1_500_000_000, "1970-01-01T00:00:01.5Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (ZERO, ZERO_TEXT),
        ] {
            assert_eq!(rfc3339(nanos), text);
            assert_eq!(parse_rfc3339(text), Some(nanos));
        }
    }

    #[test]
    fn other_offsets_are_read_and_other_texts_refused() {
        assert_eq!(parse_rfc3339("1970-01-01T02:00:00.000000001+02:00"), Some(1));
        assert_eq!(parse_rfc3339("1600-01-01T00:00:00Z"), Some(i64::MIN));
        assert_eq!(parse_rfc3339("9999-01-01T00:00:00Z"), Some(i64::MAX));
        for text in ["", "now", "2026-11-20", "2026-13-20T23:55:36Z", "2026-11-20T23:55:36"] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_time_is_read_as_it_was_written(nanos: i64) {
            prop_assert_eq!(parse_rfc3339(&rfc3339(nanos)), Some(nanos));
        }
    }
}
