//! Streams and where they are kept.

use super::{Setting, Take};
use crate::options::{Sync, units};

pub static SETTINGS: &[Setting] = &[
    Setting::flag("jetstream", |draft, on| draft.jetstream_on = on)
        .or(&["js"])
        .keys(&["jetstream", "jetstream.enabled", "jetstream.enable"])
        .default("false")
        .help("Keep streams: turn JetStream on"),
    Setting::text("store_dir", "<dir>", |draft, text| {
        draft.jetstream.store_dir = units::path(text)?;
        draft.store_dir_said = true;
        Ok(())
    })
    .or(&["sd"])
    .keys(&["jetstream.store_dir", "jetstream.storedir", "jetstream.store", "store_dir", "storedir"])
    .help("Keep them in <dir>/jetstream (default: nats in the folder for temporary files)"),
    Setting::text("sync", "always|never|<duration>", |draft, text| {
        draft.jetstream.sync = match text {
            "always" => Sync::Always,
            "never" => Sync::Never,
            other => Sync::Every(units::some_time(other).map_err(|_| "expected always, never or a duration")?),
        };
        Ok(())
    })
    .keys(&["jetstream.sync", "jetstream.sync_interval"])
    .default("always")
    .help("Acknowledge a message of a file store when the disk has it (always: survives a power\ncut), or sync every so often, or never (survives only our own death)"),
    Setting::text("max_memory_store", "<size>", |draft, text| {
        draft.jetstream.max_memory = units::size_or_unlimited(text)?;
        Ok(())
    })
    .keys(&["jetstream.max_memory_store", "jetstream.max_mem_store", "jetstream.max_mem"])
    .help("Most that memory streams may hold (default: three quarters of the memory)"),
    Setting::text("max_file_store", "<size>", |draft, text| {
        draft.jetstream.max_file = units::size_or_unlimited(text)?;
        Ok(())
    })
    .keys(&["jetstream.max_file_store", "jetstream.max_file"])
    .help("Most that file streams may hold (default: what the disk takes)"),
    Setting::text("max_streams", "<number>", |draft, text| {
        draft.jetstream.max_streams = units::count_or_unlimited(text)?;
        Ok(())
    })
    .keys(&["jetstream.limits.max_streams", "jetstream.max_streams"])
    .default("-1")
    .help("Most streams; -1 = unlimited"),
    Setting::text("max_consumers", "<number>", |draft, text| {
        draft.jetstream.max_consumers = units::count_or_unlimited(text)?;
        Ok(())
    })
    .keys(&["jetstream.limits.max_consumers", "jetstream.max_consumers"])
    .default("-1")
    .help("Most consumers of one stream; -1 = unlimited"),
    Setting::text("max_ack_pending", "<number>", |draft, text| {
        draft.jetstream.max_ack_pending = units::count_or_unlimited(text)?.map(|count| count as u64);
        Ok(())
    })
    .keys(&["jetstream.limits.max_ack_pending"])
    .default("-1")
    .help("Most a consumer may ask for as max_ack_pending; -1 = unlimited"),
    Setting::text("max_request_batch", "<number>", |draft, text| {
        draft.jetstream.max_request_batch = units::count_or_unlimited(text)?.map(|count| count as u64);
        Ok(())
    })
    .keys(&["jetstream.limits.max_request_batch"])
    .default("-1")
    .help("Most a consumer may ask for as max_batch; -1 = unlimited"),
    Setting::text("max_duplicate_window", "<duration>", |draft, text| {
        draft.jetstream.duplicate_window = Some(units::duration(text)?).filter(|window| !window.is_zero());
        Ok(())
    })
    .keys(&["jetstream.limits.duplicate_window"])
    .default("0s")
    .help("Longest a stream may ask for as duplicate_window; 0s = unlimited"),
    Setting::text("domain", "<name>", |draft, text| {
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '.' | '*' | '>');
        if text.is_empty() || text == "API" || !text.chars().all(plain) {
            return Err("expected one token of a subject, and not API".into());
        }
        draft.jetstream.domain = Some(text.to_owned());
        Ok(())
    })
    .keys(&["jetstream.domain"])
    .help("Answer to $JS.<domain>.API too"),
    Setting::flag("strict", |draft, on| draft.jetstream.strict = on)
        .keys(&["jetstream.strict"])
        .default("false")
        .help("Refuse API requests with fields we do not know"),
    Setting { keys: &["jetstream.limits"], ..Setting::new("", Take::Block(|_| ())) },
];
