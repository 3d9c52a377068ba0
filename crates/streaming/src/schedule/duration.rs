//! Durations as Go writes them: `1h30m`, `1.5s`, `-2ms`.

use std::fmt::Write;

/// The units, largest first, and how many nanoseconds each is.
const UNITS: [(&str, i64); 8] = [
    ("h", 3_600_000_000_000),
    ("ms", 1_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5, the micro sign
    ("μs", 1_000), // U+03BC, the Greek letter
    ("ns", 1),
];

/// Reads a duration, in nanoseconds: an optional sign, then numbers with units (`1h15m30.918s`). A plain `0` needs no
/// unit. `None` if it is none, or longer than 292 years. As Go's `time.ParseDuration`.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (number, tail) = rest.split_at(number);
        let (unit, scale) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        total = total.checked_add(scaled(number, *scale)?)?;
        rest = &tail[unit.len()..];
    }
    Some(if negative { -total } else { total })
}

/// `number`, digits with at most one point among them, times `scale`; what is less than a nanosecond is dropped.
fn scaled(number: &str, scale: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Eighteen digits are finer than a nanosecond in any unit.
    let fraction = &fraction[..fraction.len().min(18)];
    let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let parts = parts * i128::from(scale) / 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    whole.checked_mul(scale)?.checked_add(i64::try_from(parts).ok()?)
}

/// Writes a duration as Go prints it: `1h0m0s`, `1m30s`, `1.5s`, `250ms`, `0s`.
pub fn format(nanos: i64) -> String {
    let mut text = String::from(if nanos < 0 { "-" } else { "" });
    let nanos = nanos.unsigned_abs();
    let (unit, scale) = match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let (mut whole, fraction) = (nanos / scale, nanos % scale);
    if unit == "s" {
        let (hours, minutes) = (whole / 3_600, whole / 60 % 60);
        whole %= 60;
        if hours > 0 {
            let _ = write!(text, "{hours}h");
        }
        if hours + minutes > 0 {
            let _ = write!(text, "{minutes}m");
        }
    }
    let _ = write!(text, "{whole}");
    if fraction > 0 {
        let digits = scale.ilog10() as usize;
        let _ = write!(text, ".{}", format!("{fraction:0digits$}").trim_end_matches('0'));
    }
    text + unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let cases = [
            ("0", Some(0)),
            ("5s", Some(5_000_000_000)),
            ("1h30m", Some(5_400_000_000_000)),
            ("1h15m30.918s", Some(4_530_918_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("5.s", Some(5_000_000_000)),
            ("-2ms", Some(-2_000_000)),
            ("+2us", Some(2_000)),
            ("2µs", Some(2_000)),
            ("2μs", Some(2_000)),
            ("1ns1ns", Some(2)),
            ("0.9ns", Some(0)),
            ("0.000000000123456789012345678901234567890s", Some(0)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("9223372036854775808ns", None),
            ("2562048h", None),
            ("", None),
            ("-", None),
            ("5", None),
            ("s", None),
            (".s", None),
            ("1..5s", None),
            ("1.2.3s", None),
            ("5d", None),
            ("5 s", None),
            ("--5s", None),
            ("5s3", None),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), nanos, "{text:?}");
        }
    }

    #[test]
    fn writes_what_go_writes() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_600_000_000_000 * 30 + 1, "30h0m0.000000001s"),
            (-90_000_000_000, "-1m30s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(format(nanos), text);
            assert!(nanos == i64::MIN || parse(text) == Some(nanos), "{text} comes back");
        }
    }
}
