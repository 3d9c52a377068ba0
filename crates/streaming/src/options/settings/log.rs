//! What is logged, where and how.

use super::Setting;
use crate::options::{LogFormat, units};

pub static SETTINGS: &[Setting] = &[
    Setting::text("log", "<file>", |draft, text| {
        draft.options.log.file = Some(units::path(text)?);
        Ok(())
    })
    .or(&["l"])
    .keys(&["log_file", "logfile"])
    .help("Log to this file instead of standard error"),
    Setting::text("log_size_limit", "<size>", |draft, text| {
        draft.options.log.size_limit = units::size_or_unlimited(text)?;
        Ok(())
    })
    .keys(&["log_size_limit", "logfile_size_limit"])
    .default("0")
    .help("Set the file aside under a dated name when it is so long; 0 = never"),
    Setting::text("log_format", "text|json", |draft, text| {
        draft.options.log.format = match text {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err("expected text or json".into()),
        };
        Ok(())
    })
    .keys(&["log_format"])
    .default("text")
    .help("Log lines as nats-server writes them, or JSON objects"),
    Setting::flag("logtime", |draft, on| draft.options.log.time = on)
        .or(&["T"])
        .keys(&["logtime"])
        .default("true")
        .help("Begin lines with the time (UTC)"),
    Setting::flag("debug", |draft, on| draft.options.log.debug = on)
        .or(&["D"])
        .keys(&["debug"])
        .default("false")
        .help("Log connections and decisions"),
    Setting::flag("trace", |draft, on| draft.options.log.trace = on)
        .or(&["V", "VV"])
        .keys(&["trace", "trace_verbose"])
        .default("false")
        .help("Log each line of the protocol"),
    Setting::flag("DV", |draft, on| {
        (draft.options.log.debug, draft.options.log.trace) = (on, on);
    })
    .or(&["DVV"])
    .only_typed()
    .help("Both"),
];
