//! What NATS Streaming could be told and we need not be: taken, so that a command line or file that says it goes on
//! working, and without effect. Of how it kept files, because ours are kept otherwise; of how it connected to NATS, because
//! here is no connection between the two.

use super::Setting;

pub static SETTINGS: &[Setting] = &[
    text(
        "file_compact_frag",
        &[
            "streaming.file.compact_frag",
            "streaming.file_options.compact_frag",
            "streaming.file.compact_fragmentation",
            "streaming.file_options.compact_fragmentation",
        ],
    ),
    text("file_compact_interval", &["streaming.file.compact_interval", "streaming.file_options.compact_interval"]),
    text("file_compact_min_size", &["streaming.file.compact_min_size", "streaming.file_options.compact_min_size"]),
    text("file_buffer_size", &["streaming.file.buffer_size", "streaming.file_options.buffer_size"]),
    text("file_crc_poly", &["streaming.file.crc_poly", "streaming.file_options.crc_poly"]),
    text(
        "file_slice_max_msgs",
        &[
            "streaming.file.slice_max_msgs",
            "streaming.file_options.slice_max_msgs",
            "streaming.file.slice_max_count",
            "streaming.file_options.slice_max_count",
            "streaming.file.slice_msgs",
            "streaming.file_options.slice_msgs",
            "streaming.file.slice_count",
            "streaming.file_options.slice_count",
        ],
    ),
    text(
        "file_slice_max_bytes",
        &[
            "streaming.file.slice_max_bytes",
            "streaming.file_options.slice_max_bytes",
            "streaming.file.slice_max_size",
            "streaming.file_options.slice_max_size",
            "streaming.file.slice_bytes",
            "streaming.file_options.slice_bytes",
            "streaming.file.slice_size",
            "streaming.file_options.slice_size",
        ],
    ),
    text(
        "file_slice_max_age",
        &[
            "streaming.file.slice_max_age",
            "streaming.file_options.slice_max_age",
            "streaming.file.slice_age",
            "streaming.file_options.slice_age",
            "streaming.file.slice_max_time",
            "streaming.file_options.slice_max_time",
            "streaming.file.slice_time_limit",
            "streaming.file_options.slice_time_limit",
        ],
    ),
    text(
        "file_fds_limit",
        &[
            "streaming.file.fds_limit",
            "streaming.file_options.fds_limit",
            "streaming.file.file_descriptors_limit",
            "streaming.file_options.file_descriptors_limit",
        ],
    ),
    text("file_parallel_recovery", &["streaming.file.parallel_recovery", "streaming.file_options.parallel_recovery"]),
    text("file_read_buffer_size", &["streaming.file.read_buffer_size", "streaming.file_options.read_buffer_size"]),
    text("file_auto_sync", &["streaming.file.auto_sync", "streaming.file_options.auto_sync"]),
    text("io_batch_size", &[]),
    text("io_sleep_time", &[]),
    flag(
        "file_compact_enabled",
        &[
            "streaming.file.compact",
            "streaming.file_options.compact",
            "streaming.file.compact_enabled",
            "streaming.file_options.compact_enabled",
        ],
    ),
    flag(
        "file_crc",
        &["streaming.file.crc", "streaming.file_options.crc", "streaming.file.do_crc", "streaming.file_options.do_crc"],
    ),
    flag("file_truncate_bad_eof", &[]),
    Setting::block(&["streaming.file", "streaming.file_options"], |_| ()),
    flag("secure", &["streaming.secure"]),
    text("tls_client_key", &["streaming.tls.client_key"]),
    text("tls_client_cert", &["streaming.tls.client_cert"]),
    text("tls_client_cacert", &["streaming.tls.client_ca", "streaming.tls.client_cacert"]),
    text(
        "",
        &[
            "streaming.tls.server_name",
            "streaming.tls.server_hostname",
            "streaming.tls.skip_verify",
            "streaming.tls.insecure",
            "streaming.credentials",
            "streaming.username",
            "streaming.user",
            "streaming.password",
            "streaming.pass",
            "streaming.token",
            "streaming.nkey_seed_file",
            "streaming.syslog_name",
        ],
    ),
    Setting::block(&["streaming.tls"], |_| ()),
];

const fn text(name: &'static str, keys: &'static [&'static str]) -> Setting {
    Setting::text(name, "<value>", |_, _| Ok(())).keys(keys).only_typed()
}

const fn flag(name: &'static str, keys: &'static [&'static str]) -> Setting {
    Setting::flag(name, |_, _| ()).keys(keys).only_typed()
}
