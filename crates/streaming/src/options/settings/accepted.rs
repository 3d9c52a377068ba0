//! What NATS Streaming's file store could be told and ours need not be: taken, so that a command line that says it goes
//! on working, and without effect.

use super::Setting;

pub static SETTINGS: &[Setting] = &[
    text("file_compact_frag", &["streaming.file.compact_frag", "streaming.file_options.compact_frag"]),
    text("file_compact_interval", &["streaming.file.compact_interval", "streaming.file_options.compact_interval"]),
    text("file_compact_min_size", &["streaming.file.compact_min_size", "streaming.file_options.compact_min_size"]),
    text("file_buffer_size", &["streaming.file.buffer_size", "streaming.file_options.buffer_size"]),
    text("file_crc_poly", &["streaming.file.crc_poly", "streaming.file_options.crc_poly"]),
    text("file_slice_max_msgs", &["streaming.file.slice_max_msgs", "streaming.file_options.slice_max_msgs"]),
    text("file_slice_max_bytes", &["streaming.file.slice_max_bytes", "streaming.file_options.slice_max_bytes"]),
    text("file_slice_max_age", &["streaming.file.slice_max_age", "streaming.file_options.slice_max_age"]),
    text("file_fds_limit", &["streaming.file.fds_limit", "streaming.file_options.fds_limit"]),
    text("file_parallel_recovery", &["streaming.file.parallel_recovery", "streaming.file_options.parallel_recovery"]),
    text("file_read_buffer_size", &["streaming.file.read_buffer_size", "streaming.file_options.read_buffer_size"]),
    text("file_auto_sync", &["streaming.file.auto_sync", "streaming.file_options.auto_sync"]),
    text("io_batch_size", &[]),
    text("io_sleep_time", &[]),
    flag("file_compact_enabled", &["streaming.file.compact", "streaming.file_options.compact"]),
    flag("file_crc", &["streaming.file.crc", "streaming.file_options.crc"]),
    flag("file_truncate_bad_eof", &[]),
    Setting::block(&["streaming.file", "streaming.file_options"], |_| ()),
];

const fn text(name: &'static str, keys: &'static [&'static str]) -> Setting {
    Setting::text(name, "<value>", |_, _| Ok(())).keys(keys).only_typed()
}

const fn flag(name: &'static str, keys: &'static [&'static str]) -> Setting {
    Setting::flag(name, |_, _| ()).keys(keys).only_typed()
}
