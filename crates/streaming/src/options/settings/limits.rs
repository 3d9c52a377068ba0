//! What one client, and all of them, may ask of us.

use super::Setting;
use crate::options::units::{self, Wrong};

/// Beyond this a message stops being one: NATS' own upper bound.
const PAYLOAD_BYTES_MAX: usize = 64 << 20;
/// Beyond this a line is no protocol line; far above the longest CONNECT.
const CONTROL_LINE_BYTES_MAX: usize = 1 << 20;
/// One client's share must leave room for others.
const PENDING_BYTES_MAX: usize = 4 << 30;

pub static SETTINGS: &[Setting] = &[
    Setting::text("max_connections", "<number>", |draft, text| {
        draft.options.limits.max_connections = match units::count_or_unlimited(text)? {
            Some(0) => return Err("expected 1 or more, or -1 for no limit".into()),
            count => count.unwrap_or(usize::MAX),
        };
        Ok(())
    })
    .keys(&["max_connections", "max_conn"])
    .default("65536")
    .help("Most clients at a time; -1 = unlimited"),
    Setting::text("max_subscriptions", "<number>", |draft, text| {
        draft.options.limits.max_subscriptions = units::count_or_unlimited(text)?.unwrap_or(0);
        Ok(())
    })
    .keys(&["max_subscriptions", "max_subs"])
    .default("0")
    .help("Most subscriptions of one client; 0 = unlimited"),
    Setting::text("max_control_line", "<size>", |draft, text| {
        draft.options.limits.max_control_line = units::size_within(text, 64, CONTROL_LINE_BYTES_MAX)?;
        Ok(())
    })
    .keys(&["max_control_line"])
    .default("4KB")
    .help("Longest protocol line"),
    Setting::text("max_payload", "<size>", |draft, text| {
        draft.options.limits.max_payload = units::size_within(text, 1, PAYLOAD_BYTES_MAX)?;
        Ok(())
    })
    .keys(&["max_payload"])
    .default("1MB")
    .help("Longest message"),
    Setting::text("max_pending", "<size>", |draft, text| {
        draft.options.limits.max_pending = units::size_within(text, 1, PENDING_BYTES_MAX)?;
        Ok(())
    })
    .keys(&["max_pending"])
    .default("64MB")
    .help("Most bytes that wait for a slow client until it is cut off"),
    Setting::text("write_deadline", "<duration>", |draft, text| {
        draft.options.limits.write_deadline = units::some_time(text)?;
        Ok(())
    })
    .keys(&["write_deadline"])
    .default("10s")
    .help("Longest that one write to a client may take"),
    Setting::text("ping_interval", "<duration>", |draft, text| {
        draft.options.limits.ping_interval = units::some_time(text)?;
        Ok(())
    })
    .keys(&["ping_interval"])
    .default("2m")
    .help("PING a quiet client so often"),
    Setting::text("ping_max", "<number>", |draft, text| {
        draft.options.limits.ping_max = match text.parse() {
            Ok(count @ 1..) => count,
            _ => return Err(Wrong::from("expected 1 or more")),
        };
        Ok(())
    })
    .keys(&["ping_max"])
    .default("2")
    .help("Unanswered PINGs until a client is gone"),
];
