//! Calendar patterns of six fields: second, minute, hour, day of month, month, day of week.
//!
//! A field is a list of `*`, `?` (the same), `a`, `a-b`, each with an optional `/step`; months and days of the week
//! have names too. If both days are restricted, one of them has to fit, as cron has always had it. Local times that a
//! time zone leaves out are left out; those it has twice come twice.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

/// How far to look: 29 February may be eight years away (1896 to 1904, 2096 to 2104).
const YEARS_MAX: i16 = 8;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The values that fit, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// Whether the field is `*`: it restricts nothing.
    any: bool,
}

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cron {
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Cron {
    pub fn parse(pattern: &str) -> Option<Self> {
        let mut fields = pattern.split_ascii_whitespace();
        let cron = Self {
            second: Field::parse(fields.next()?, 0, 59, &[])?,
            minute: Field::parse(fields.next()?, 0, 59, &[])?,
            hour: Field::parse(fields.next()?, 0, 23, &[])?,
            day: Field::parse(fields.next()?, 1, 31, &[])?,
            month: Field::parse(fields.next()?, 1, 12, &MONTHS)?,
            weekday: Field::parse(fields.next()?, 0, 6, &WEEKDAYS)?,
        };
        fields.next().is_none().then_some(cron)
    }

    /// The first fitting moment after `after`.
    ///
    /// Between two changes of the zone's offset, local time runs like any other: each such stretch is searched by the
    /// calendar alone.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut from = Timestamp::from_second(after.as_nanosecond().div_euclid(1_000_000_000).try_into().ok()?)
            .ok()?
            .checked_add(1.second())
            .ok()?;
        let last_year = zone.to_datetime(from).year().saturating_add(YEARS_MAX);
        loop {
            let offset = zone.to_offset(from);
            let local = self.first(offset.to_datetime(from), last_year)?;
            let found = offset.to_timestamp(local).ok()?;
            match zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if change <= found => from = change,
                _ => return Some(found),
            }
        }
    }

    /// The first fitting local time at or after `from`.
    fn first(&self, from: DateTime, last_year: i16) -> Option<DateTime> {
        let mut date = from.date();
        if let Some(time) = self.first_time(from.time()).filter(|_| self.fits(date)) {
            return Some(date.to_datetime(time));
        }
        let time = self.first_time(Time::midnight())?;
        while date.year() <= last_year {
            date = if self.month.has(date.month()) {
                date.tomorrow().ok()?
            } else {
                date.first_of_month().checked_add(1.month()).ok()?
            };
            if self.fits(date) {
                return Some(date.to_datetime(time));
            }
        }
        None
    }

    fn fits(&self, date: Date) -> bool {
        let day = self.day.has(date.day());
        let weekday = self.weekday.has(date.weekday().to_sunday_zero_offset());
        let days = if self.day.any || self.weekday.any { day && weekday } else { day || weekday };
        self.month.has(date.month()) && days
    }

    /// The first fitting time of day at or after `from`.
    fn first_time(&self, from: Time) -> Option<Time> {
        let (hour, minute, second) = (from.hour(), from.minute(), from.second());
        let time = if !self.hour.has(hour) {
            (self.hour.from(hour)?, self.minute.from(0)?, self.second.from(0)?)
        } else if let Some(second) = self.second.from(second).filter(|_| self.minute.has(minute)) {
            (hour, minute, second)
        } else if let Some(minute) = self.minute.from(minute + 1) {
            (hour, minute, self.second.from(0)?)
        } else {
            (self.hour.from(hour + 1)?, self.minute.from(0)?, self.second.from(0)?)
        };
        Time::new(time.0, time.1, time.2, 0).ok()
    }
}

impl Field {
    fn parse(text: &str, min: u8, max: u8, names: &[&str]) -> Option<Self> {
        let mut field = Self { bits: 0, any: false };
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(number(step)?)),
                None => (part, None),
            };
            let value = |text: &str| match names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
                Some(position) => u8::try_from(position).ok().map(|position| position + min),
                None => number(text),
            };
            let (first, last) = if range == "*" || range == "?" {
                field.any |= step.is_none_or(|step| step == 1);
                (min, max)
            } else if let Some((first, last)) = range.split_once('-') {
                (value(first)?, value(last)?)
            } else {
                let first = value(range)?;
                (first, if step.is_some() { max } else { first })
            };
            let step = step.unwrap_or(1);
            if first < min || last > max || first > last || step == 0 {
                return None;
            }
            (first..=last).step_by(step.into()).for_each(|value| field.bits |= 1 << value);
        }
        Some(field)
    }

    fn has(self, value: i8) -> bool {
        self.bits >> value & 1 == 1
    }

    /// The first value that fits, at or after `value`.
    fn from(self, value: i8) -> Option<i8> {
        let bits = self.bits & (u64::MAX << value);
        (bits != 0).then(|| i8::try_from(bits.trailing_zeros()).ok()).flatten()
    }
}

/// Digits only: a sign is none of them.
fn number(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
