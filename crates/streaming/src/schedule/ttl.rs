//! How long a message lives: the value of `Nats-TTL` and `Nats-Schedule-TTL`.

use super::{SECOND, duration};

/// A message's time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// It outlives the stream's `max_age`, too.
    Never,
    /// So many seconds, at least one.
    Seconds(u64),
}

/// Reads `never`, a number of seconds, or a duration as Go writes it, of which parts of a second are dropped. `None` if
/// it is none, or less than a second (error 10165).
pub fn parse(text: &str) -> Option<Ttl> {
    if text.eq_ignore_ascii_case("never") {
        return Some(Ttl::Never);
    }
    let seconds = match duration::parse(text) {
        Some(nanos) => nanos / SECOND,
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
        None => return None,
    };
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Ttl::Seconds)
}

impl Ttl {
    /// When a message stored at `stored` ends, in UNIX nanoseconds. `None`: never, or later than can be told.
    pub fn ends(self, stored: i64) -> Option<i64> {
        match self {
            Self::Never => None,
            Self::Seconds(seconds) => i64::try_from(seconds).ok()?.checked_mul(SECOND)?.checked_add(stored),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_durations_and_never() {
        let cases = [
            ("1", Some(Ttl::Seconds(1))),
            ("3600", Some(Ttl::Seconds(3600))),
            ("1s", Some(Ttl::Seconds(1))),
            ("1.9s", Some(Ttl::Seconds(1))),
            ("1h30m", Some(Ttl::Seconds(5400))),
            ("never", Some(Ttl::Never)),
            ("NEVER", Some(Ttl::Never)),
            ("9223372036854775807", Some(Ttl::Seconds(i64::MAX.unsigned_abs()))),
            ("0", None),
            ("0s", None),
            ("999ms", None),
            ("-1", None),
            ("-1h", None),
            ("+1", None),
            ("1 s", None),
            ("", None),
            ("soon", None),
            ("9223372036854775808", None),
        ];
        for (text, ttl) in cases {
            assert_eq!(parse(text), ttl, "{text:?}");
        }
    }

    #[test]
    fn the_end_is_counted_from_when_the_message_was_stored() {
        assert_eq!(Ttl::Seconds(2).ends(5), Some(2 * SECOND + 5));
        assert_eq!(Ttl::Never.ends(5), None);
        assert_eq!(Ttl::Seconds(u64::MAX).ends(5), None);
        assert_eq!(Ttl::Seconds(9_223_372_036).ends(SECOND), None);
    }
}
