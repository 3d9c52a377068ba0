//! Schedules on the calendar: what they mean, and what the clocks of a time zone do to them.

use super::*;

fn nanos(time: &str) -> i64 {
    at(time).unwrap()
}

fn text(nanos: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(nanos.into()).unwrap().format(&Rfc3339).unwrap()
}

/// The next times after `after`, in UTC.
fn times(pattern: &str, zone: Option<&str>, after: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(pattern, zone).unwrap();
    let mut after = nanos(after);
    let next = std::iter::from_fn(|| {
        after = schedule.next(after)?;
        Some(text(after))
    });
    next.take(count).collect()
}

#[test]
fn once_is_once() {
    let schedule = Schedule::parse("@at 2026-11-20T23:55:40.5+01:00", None).unwrap();
    let at = nanos("2026-11-20T22:55:40.5Z");
    assert_eq!(schedule.first(at + 1), Some(at), "what is past is due at once");
    assert_eq!(schedule.next(at - 1), Some(at));
    assert_eq!(schedule.next(at), None);
    assert!(schedule.once());
}

#[test]
fn every_so_often_keeps_to_whole_seconds() {
    assert_eq!(
        times("@every 90s", None, "2026-11-20T23:58:00.49Z", 2),
        ["2026-11-20T23:59:30Z", "2026-11-21T00:01:00Z"]
    );
    assert_eq!(times("@every 1s", None, "2026-11-20T23:58:00.5Z", 1), ["2026-11-20T23:58:02Z"]);
    let schedule = Schedule::parse("@every 290y".replace("290y", "2540400h").as_str(), None).unwrap();
    assert_eq!(schedule.next(nanos("2026-01-01T00:00:00Z")), None, "beyond all time");
}

#[test]
fn fields_are_matched_from_the_second_on() {
    let after = "2026-11-20T23:58:30.1Z"; // a Friday
    let cases = [
        ("* * * * * *", "2026-11-20T23:58:31Z"),
        ("*/15 * * * * *", "2026-11-20T23:58:45Z"),
        ("30 * * * * *", "2026-11-20T23:59:30Z"),
        ("10,20 58 * * * *", "2026-11-21T00:58:10Z"),
        ("0 0-5 * * * *", "2026-11-21T00:00:00Z"),
        ("0 30 9 * * mon-fri", "2026-11-23T09:30:00Z"),
        ("0 30 9 * * 1-5", "2026-11-23T09:30:00Z"),
        ("5/20 59 23 ? NOV Fri", "2026-11-20T23:59:05Z"),
        ("0 0 0 31 * *", "2026-12-31T00:00:00Z"),
        ("0 0 0 1 jan-mar/2 *", "2027-01-01T00:00:00Z"),
        ("59 59 23 30 6 *", "2027-06-30T23:59:59Z"),
        // One of two restricted days is enough; a star restricts nothing, a stepped one does.
        ("0 0 12 25 * sat", "2026-11-21T12:00:00Z"),
        ("0 0 12 25 * *", "2026-11-25T12:00:00Z"),
        ("0 0 12 */1 * sun", "2026-11-22T12:00:00Z"),
        ("0 0 12 */2 * sun", "2026-11-21T12:00:00Z"),
        ("@hourly", "2026-11-21T00:00:00Z"),
        ("@daily", "2026-11-21T00:00:00Z"),
        ("@midnight", "2026-11-21T00:00:00Z"),
        ("@weekly", "2026-11-22T00:00:00Z"),
        ("@monthly", "2026-12-01T00:00:00Z"),
        ("@yearly", "2027-01-01T00:00:00Z"),
        ("@annually", "2027-01-01T00:00:00Z"),
    ];
    for (pattern, next) in cases {
        assert_eq!(times(pattern, None, after, 1), [next], "{pattern}");
    }
}

#[test]
fn a_moment_that_fits_is_not_its_own_next() {
    assert_eq!(times("0 0 0 * * *", None, "2026-11-20T00:00:00Z", 1), ["2026-11-21T00:00:00Z"]);
    assert_eq!(times("0 0 0 * * *", None, "2026-11-19T23:59:59.999999999Z", 1), ["2026-11-20T00:00:00Z"]);
}

#[test]
fn leap_days_are_found_however_far() {
    assert_eq!(
        times("0 0 0 29 2 *", None, "2026-01-01T00:00:00Z", 2),
        ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]
    );
    assert_eq!(times("0 0 0 29 2 *", None, "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00:00Z"]);
}

#[test]
fn what_never_fits_is_never_due() {
    for pattern in ["0 0 0 30 2 *", "0 0 0 31 4,6,9,11 *"] {
        let schedule = Schedule::parse(pattern, Some("Europe/Berlin")).unwrap();
        assert_eq!(schedule.next(nanos("2026-01-01T00:00:00Z")), None, "{pattern}");
    }
}

#[test]
fn time_ends_with_the_count_of_nanoseconds() {
    let schedule = Schedule::parse("@yearly", None).unwrap();
    assert_eq!(schedule.next(i64::MAX), None);
    assert_eq!(schedule.next(nanos("2262-01-01T00:00:00Z")), None);
    assert_eq!(schedule.next(i64::MIN).map(text).as_deref(), Some("1678-01-01T00:00:00Z"));
    assert_eq!(Schedule::parse("@every 1s", None).unwrap().next(i64::MAX), None);
}

#[test]
fn a_time_zone_moves_the_day() {
    assert_eq!(times("@daily", Some("Asia/Kolkata"), "2026-11-20T12:00:00Z", 1), ["2026-11-20T18:30:00Z"]);
    assert_eq!(times("0 0 9 * * mon", Some("America/New_York"), "2026-11-20T12:00:00Z", 1), ["2026-11-23T14:00:00Z"]);
}

#[test]
fn a_time_the_clocks_jump_over_is_left_out() {
    // In Berlin, 29 March 2026 has no 02:30.
    assert_eq!(
        times("0 30 2 * * *", Some("Europe/Berlin"), "2026-03-27T12:00:00Z", 3),
        ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]
    );
    assert_eq!(
        times("0 0 * * * *", Some("Europe/Berlin"), "2026-03-29T00:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"],
        "though an hourly schedule misses no hour"
    );
}

#[test]
fn a_time_the_clocks_have_twice_comes_twice() {
    // In Berlin, 25 October 2026 has two 02:30.
    assert_eq!(
        times("0 30 2 * * *", Some("Europe/Berlin"), "2026-10-24T12:00:00Z", 3),
        ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"]
    );
}

#[test]
fn odd_zones_are_kept_to() {
    // Lord Howe's clocks change by half an hour; Santiago's have a day without midnight.
    assert_eq!(
        times("0 45 1 * * *", Some("Australia/Lord_Howe"), "2026-04-04T00:00:00Z", 2),
        ["2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"]
    );
    assert_eq!(times("@daily", Some("America/Santiago"), "2026-09-05T12:00:00Z", 1), ["2026-09-07T03:00:00Z"]);
}

#[test]
fn what_is_no_schedule_is_refused() {
    let patterns = [
        "",
        "garbage",
        "@never",
        "@at",
        "@at tomorrow",
        "@at 2026-11-20",
        "@at 9999-01-01T00:00:00Z",
        "@every",
        "@every 500ms",
        "@every -1h",
        "@every 1 h",
        "@every 10",
        "@daily 5",
        "@Daily",
        "* * * * *",
        "* * * * * * *",
        "60 * * * * *",
        "* 60 * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * 32 * *",
        "* * * * 0 *",
        "* * * * 13 *",
        "* * * * * 7",
        "5-1 * * * * *",
        "*/0 * * * * *",
        "1/ * * * * *",
        "1,,2 * * * * *",
        "+1 * * * * *",
        "-1 * * * * *",
        "mon * * * * *",
        "* * * L * *",
        "* * * * * mon#1",
        "* * * * * 1-2-3",
        "999999999999 * * * * *",
        "* * * * * ÿ",
    ];
    for pattern in patterns {
        assert_eq!(Schedule::parse(pattern, None), Err(Error::Pattern), "{pattern:?}");
    }
}

#[test]
fn a_time_zone_goes_with_calendar_fields_only_and_has_to_exist() {
    for zone in ["", "Mars/Olympus", "local", "../etc/passwd"] {
        assert_eq!(Schedule::parse("@daily", Some(zone)), Err(Error::Zone), "{zone:?}");
    }
    for pattern in ["@at 2026-11-20T23:55:40Z", "@every 1h"] {
        assert_eq!(Schedule::parse(pattern, Some("UTC")), Err(Error::Zone), "{pattern}");
    }
    assert!(Schedule::parse("@daily", Some("UTC")).is_ok());
}
