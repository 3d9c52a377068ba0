//! What `nats-server` and NATS Streaming can be told and we cannot, and what to do instead.

use super::Setting;

const CLUSTER: &str = "this server runs alone; for a cluster run nats-server";
const ACCOUNTS: &str = "there is one account; list its users under authorization.users, or run nats-server";
const GATES: &str = "clients connect by TCP only; for MQTT and WebSocket run nats-server";
const SYSLOG: &str = "standard error is what journald, Docker and Kubernetes collect; or log to a file with -l";
const HTTPS: &str = "monitoring is plain HTTP; use -m and put a TLS proxy before it";
const CIPHERS: &str = "TLS 1.2 and 1.3 with their safe ciphers are all there is; leave it out";
const MAPPINGS: &str = "name a subject_transform in the stream's own configuration";
const ONE_NODE: &str = "this server runs alone; for several nodes run a NATS cluster with JetStream";
const SHARED: &str = "two servers cannot share a store; for several nodes run a NATS cluster with JetStream";
const OWN_NATS: &str = "the server is its own NATS server: clients connect to this one";
const ARCHIVE: &str = "files are dropped when their messages are, and no script is run; consume what is to be archived";
const CRYPT: &str = "files are not encrypted; put the store on an encrypted volume";

pub static SETTINGS: &[Setting] = &[
    Setting::refused(
        &[
            "routes",
            "cluster",
            "cluster_name",
            "cluster_listen",
            "cluster_advertise",
            "no_advertise",
            "connect_retries",
        ],
        &["cluster", "gateway", "leafnodes", "leaf", "default_js_domain"],
        CLUSTER,
    ),
    Setting::refused(
        &[],
        &["jetstream.unique_tag", "jetstream.max_outstanding_catchup", "jetstream.limits.max_ha_assets"],
        CLUSTER,
    ),
    Setting::refused(
        &[],
        &[
            "accounts",
            "system_account",
            "system",
            "operator",
            "operators",
            "resolver",
            "resolver_preload",
            "resolver_tls",
        ],
        ACCOUNTS,
    ),
    Setting::refused(&[], &["authorization.auth_callout", "trusted", "trusted_keys"], ACCOUNTS),
    Setting::refused(&[], &["mqtt", "websocket", "ws"], GATES),
    Setting::refused(&["syslog", "s", "remote_syslog", "r"], &["syslog", "remote_syslog"], SYSLOG),
    Setting::refused(&["https_port", "ms"], &["https", "https_port"], HTTPS),
    Setting::refused(&[], &["tls.cipher_suites", "tls.curve_preferences", "tls.min_version"], CIPHERS),
    Setting::refused(
        &[],
        &["tls.verify_and_map", "tls.verify_cert_and_check_known_urls", "tls.pinned_certs"],
        "a certificate admits a client but does not name its user; use verify, and passwords or a token",
    ),
    Setting::refused(
        &[],
        &["tls.handshake_first", "tls.first", "tls.immediate"],
        "the server speaks first, then TLS begins; leave it out of the client's options too",
    ),
    Setting::refused(&[], &["mappings", "maps"], MAPPINGS),
    Setting::refused(&[], &["jetstream.key", "jetstream.ek", "jetstream.encryption_key", "jetstream.cipher"], CRYPT),
    Setting::refused(&["profile"], &["prof_port"], "Go's profiler needs a Go program; use perf"),
    Setting::refused(&["help_tls"], &[], "see TLS in --help"),
    Setting::refused(
        &["max_traced_msg_len"],
        &["max_traced_msg_len"],
        "trace lines show what arrived; bound the log with log_size_limit",
    ),
    Setting::refused(
        &[
            "clustered",
            "cluster_node_id",
            "cluster_bootstrap",
            "cluster_peers",
            "cluster_log_path",
            "cluster_log_cache_size",
            "cluster_log_snapshots",
            "cluster_trailing_logs",
            "cluster_sync",
            "cluster_raft_logging",
            "cluster_proceed_on_restore_failure",
            "cluster_allow_add_remove_node",
        ],
        &["streaming.cluster", "streaming.partitioning"],
        ONE_NODE,
    ),
    Setting::refused(&["ft_group"], &["streaming.ft_group", "streaming.ft_group_name"], SHARED),
    Setting::refused(
        &["ns", "nats_server"],
        &["streaming.ns", "streaming.nats_server", "streaming.nats_server_url"],
        OWN_NATS,
    ),
    Setting::refused(
        &["file_slice_archive_script"],
        &[
            "streaming.file.slice_archive_script",
            "streaming.file.slice_archive",
            "streaming.file.slice_script",
            "streaming.file_options.slice_archive_script",
            "streaming.file_options.slice_archive",
            "streaming.file_options.slice_script",
        ],
        ARCHIVE,
    ),
    Setting::refused(
        &["encrypt", "encryption_cipher", "encryption_key"],
        &["streaming.encrypt", "streaming.encryption_cipher", "streaming.encryption_key"],
        CRYPT,
    ),
];
