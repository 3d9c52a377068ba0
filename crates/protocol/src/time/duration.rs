//! Durations as Go writes them: `1h30m0s`, `300ms`, `-1.5s`.

/// The units, longest first where one begins like another.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5
    ("μs", 1_000), // U+03BC
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration into nanoseconds: a sign perhaps, then numbers with units. Only `0` needs no unit.
pub fn parse_go_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole = leading_digits(rest);
        let after = &rest[whole.len()..];
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => {
                let digits = leading_digits(after);
                (digits, &after[digits.len()..])
            }
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        // `m` must not be taken where `ms` stands: the unit is all up to the next number.
        let length = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(length);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.into() };
        total = total.checked_add(whole.checked_mul(*nanos)?)?.checked_add(part(fraction, *nanos))?;
        if total > i128::from(i64::MAX) + 1 {
            return None;
        }
        rest = next;
    }
    i64::try_from(sign * total).ok()
}

fn leading_digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// `0.<digits>` of a unit, cut off below the nanosecond.
fn part(digits: &str, nanos: i128) -> i128 {
    /// An hour has 12 digits of nanoseconds and no more than 13 matter.
    const DIGITS_MAX: usize = 18;
    let mut scale = 1;
    let mut value = 0;
    for digit in digits.bytes().take(DIGITS_MAX) {
        value = value * 10 + i128::from(digit - b'0');
        scale *= 10;
    }
    value * nanos / scale
}

/// `nanos` as Go prints it: `2m0s`, `1.5s`, `300ms`, `0s`.
pub fn go_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let value = nanos.unsigned_abs();
    match value {
        0 => "0s".into(),
        1..1_000 => format!("{sign}{value}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", decimal(value, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(value, 1_000_000)),
        _ => {
            const MINUTE: u64 = 60_000_000_000;
            let seconds = decimal(value % MINUTE, 1_000_000_000);
            match (value / MINUTE / 60, value / MINUTE % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// `value / unit` with the decimals it takes.
fn decimal(value: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (300_000_000, "300ms"),
            (1_000_000_000, "1s"),
            (60_000_000_000, "1m0s"),
            (120_000_000_000, "2m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (5_400_500_000_000, "1h30m0.5s"),
            (-1_500_000_000, "-1.5s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
            (i64::MAX, "2562047h47m16.854775807s"),
        ] {
            assert_eq!(go_duration(nanos), text);
            assert_eq!(parse_go_duration(text), Some(nanos), "{text}");
        }
    }

    #[test]
    fn what_go_reads_is_read_and_the_rest_refused() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("1h1h", Some(7_200_000_000_000)),
            ("3us", Some(3_000)),
            ("0.0000000001s", Some(0)),
            ("", None),
            ("-", None),
            ("1", None),
            (".s", None),
            ("s", None),
            ("1x", None),
            ("1 s", None),
            ("1m s", None),
            ("--1s", None),
            ("9223372036854775808ns", None),
            ("99999999999999999999999h", None),
        ] {
            assert_eq!(parse_go_duration(text), nanos, "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_duration_is_read_as_it_was_written(nanos: i64) {
            prop_assert_eq!(parse_go_duration(&go_duration(nanos)), Some(nanos));
        }

        #[test]
        fn nothing_panics(text in "[-+]?([0-9]{0,20}[.]?[0-9]{0,30}(ns|us|µs|ms|s|m|h|x| )?){0,4}") {
            let _ = parse_go_duration(&text);
        }
    }
}
