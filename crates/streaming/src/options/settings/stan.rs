//! The NATS Streaming face: any of these turns it on, and with it the streams it stands on.

use std::time::Duration;

use super::{Setting, Take};
use crate::options::config::Node;
use crate::options::draft::Draft;
use crate::options::stan::{ChannelOverrides, Stan, StanStore};
use crate::options::units::{self, Wrong};
use crate::options::{Error, Origin, Password, Sync};

pub static SETTINGS: &[Setting] = &[
    Setting::text("cluster_id", "<name>", |draft, text| {
        stan(draft).cluster_id = token(text)?;
        Ok(())
    })
    .or(&["cid"])
    .keys(&["streaming.cluster_id", "streaming.cid", "streaming.id"])
    .help("Speak NATS Streaming under this id (default: test-cluster); any option below turns\nit on, too"),
    Setting::text("stan_store", "memory|file|sql", |draft, text| {
        stan(draft).store = match text.to_ascii_lowercase().as_str() {
            "memory" => StanStore::Memory,
            "file" => StanStore::File,
            "sql" => StanStore::Sql,
            _ => return Err("expected memory, file or sql".into()),
        };
        Ok(())
    })
    .or(&["st", "store"])
    .keys(&["streaming.store", "streaming.st", "streaming.store_type"])
    .help("Keep channels and clients there (default: memory)"),
    Setting::text("dir", "<dir>", |draft, text| {
        draft.jetstream.store_dir = units::path(text)?;
        draft.store_dir_said = true;
        stan(draft);
        Ok(())
    })
    .keys(&["streaming.dir", "streaming.datastore"])
    .help("With files: keep them in <dir>/jetstream; the same as --store_dir"),
    Setting::text("hb_interval", "<duration>", |draft, text| {
        stan(draft).heartbeat_interval = units::some_time(text)?;
        Ok(())
    })
    .or(&["hbi"])
    .keys(&["streaming.hb_interval", "streaming.hbi", "streaming.server_to_client_hb_interval"])
    .help("Ask each client so often whether it lives (default: 30s)"),
    Setting::text("hb_timeout", "<duration>", |draft, text| {
        stan(draft).heartbeat_timeout = units::some_time(text)?;
        Ok(())
    })
    .or(&["hbt"])
    .keys(&["streaming.hb_timeout", "streaming.hbt", "streaming.server_to_client_hb_timeout"])
    .help("Wait so long for its answer (default: 10s)"),
    Setting::text("hb_fail_count", "<number>", |draft, text| {
        stan(draft).heartbeat_fail_count = text.parse().map_err(|_| Wrong::from("expected a number"))?;
        Ok(())
    })
    .or(&["hbf"])
    .keys(&["streaming.hb_fail_count", "streaming.hbf", "streaming.server_to_client_hb_fail_count"])
    .help("Remove it after so many without one (default: 10)"),
    Setting::text("max_channels", "<number>", |draft, text| {
        stan(draft).max_channels = count(text)?;
        Ok(())
    })
    .or(&["mc"])
    .keys(&[
        "streaming.store_limits.max_channels",
        "streaming.limits.max_channels",
        "streaming.store_limits.mc",
        "streaming.limits.mc",
    ])
    .help("Most channels; 0 = unlimited (default: 100)"),
    Setting::text("max_subs", "<number>", |draft, text| {
        stan(draft).limits.max_subscriptions = count(text)?;
        Ok(())
    })
    .or(&["msu"])
    .keys(&[
        "streaming.store_limits.max_subs",
        "streaming.limits.max_subs",
        "streaming.store_limits.msu",
        "streaming.limits.msu",
        "streaming.store_limits.max_subscriptions",
        "streaming.limits.max_subscriptions",
    ])
    .help("Most subscriptions of a channel; 0 = unlimited (default: 1000)"),
    Setting::text("max_msgs", "<number>", |draft, text| {
        stan(draft).limits.max_messages = count(text)?.map(|count| count as u64);
        Ok(())
    })
    .or(&["mm"])
    .keys(&[
        "streaming.store_limits.max_msgs",
        "streaming.limits.max_msgs",
        "streaming.store_limits.mm",
        "streaming.limits.mm",
        "streaming.store_limits.max_count",
        "streaming.limits.max_count",
    ])
    .help("Most messages of a channel: the oldest go; 0 = unlimited (default: 1000000)"),
    Setting::text("max_bytes", "<size>", |draft, text| {
        stan(draft).limits.max_bytes = units::size_or_unlimited(text)?;
        Ok(())
    })
    .or(&["mb"])
    .keys(&[
        "streaming.store_limits.max_bytes",
        "streaming.limits.max_bytes",
        "streaming.store_limits.mb",
        "streaming.limits.mb",
    ])
    .help("Most bytes of a channel: the oldest go; 0 = unlimited (default: 1024000000)"),
    Setting::text("max_age", "<duration>", |draft, text| {
        stan(draft).limits.max_age = time(text)?;
        Ok(())
    })
    .or(&["ma"])
    .keys(&[
        "streaming.store_limits.max_age",
        "streaming.limits.max_age",
        "streaming.store_limits.ma",
        "streaming.limits.ma",
    ])
    .help("Longest that a channel keeps a message; 0 = for ever (default: 0s)"),
    Setting::text("max_inactivity", "<duration>", |draft, text| {
        stan(draft).limits.max_inactivity = time(text)?;
        Ok(())
    })
    .or(&["mi"])
    .keys(&[
        "streaming.store_limits.max_inactivity",
        "streaming.limits.max_inactivity",
        "streaming.store_limits.mi",
        "streaming.limits.mi",
    ])
    .help("Delete a channel that is not used for so long; 0 = never (default: 0s)"),
    Setting::flag("replace_durable", |draft, on| stan(draft).replace_durable = on)
        .keys(&["streaming.replace_durable", "streaming.replace_durable_subs"])
        .help("Let a new subscriber take a durable that is in use"),
    Setting::flag("wildcards", |draft, on| stan(draft).wildcards = on)
        .keys(&["streaming.wildcards"])
        .help("Let clients subscribe to several channels at once: foo.*, foo.>"),
    Setting::text("admin_token", "<token>", |draft, text| {
        stan(draft).admin_token = Some(Password::new(text));
        Ok(())
    })
    .keys(&["streaming.admin_token"])
    .help("Whoever shows this token may delete channels, durables and clients on the port of -m,\nas streaming-server admin does. Other users of the machine see what is typed: better\nuse the environment or the file"),
    Setting::flag("file_sync", |draft, on| {
        draft.jetstream.sync = if on { Sync::Always } else { Sync::Never };
    })
    .keys(&[
        "streaming.file.sync",
        "streaming.file_options.sync",
        "streaming.file.do_sync",
        "streaming.file_options.do_sync",
        "streaming.file.sync_on_flush",
        "streaming.file_options.sync_on_flush",
    ])
    .help("The same as --sync always; =false is --sync never (default: true)"),
    Setting::flag("stan_debug", |draft, on| stan(draft).debug = on)
        .or(&["SD"])
        .keys(&["streaming.stan_debug", "streaming.sd"])
        .help("Log what clients of NATS Streaming ask for"),
    Setting::flag("stan_trace", |draft, on| stan(draft).trace = on)
        .or(&["SV"])
        .keys(&["streaming.stan_trace", "streaming.sv"])
        .help("Log each of their messages"),
    Setting::flag("SDV", |draft, on| {
        let stan = stan(draft);
        (stan.debug, stan.trace) = (on, on);
    })
    .only_typed()
    .help("Both"),
    Setting::text("discover_prefix", "<subject>", |draft, text| {
        if !protocol::subject::is_valid_literal(text) {
            return Err("expected a subject".into());
        }
        text.clone_into(&mut stan(draft).discover_prefix);
        Ok(())
    })
    .keys(&["streaming.discover_prefix"])
    .help("Where clients find the server (default: _STAN.discover)"),
    Setting::block(&["streaming"], |draft| {
        stan(draft);
    }),
    Setting::block(&["streaming.store_limits", "streaming.limits"], |_| ()),
    Setting {
        keys: &[
            "streaming.store_limits.channels",
            "streaming.limits.channels",
            "streaming.store_limits.per_channel",
            "streaming.limits.per_channel",
            "streaming.store_limits.channels_limits",
            "streaming.limits.channels_limits",
            "streaming.store_limits.per_channel_limits",
            "streaming.limits.per_channel_limits",
        ],
        help: "Limits of the channels that a name or filter takes: { \"foo.*\": { max_msgs: 10 } }",
        ..Setting::new("", Take::Tree(channels))
    },
];

/// What is said of the face; to say anything is to turn it on.
pub(super) fn stan(draft: &mut Draft) -> &mut Stan {
    draft.options.stan.get_or_insert_default()
}

/// A cluster id: signs that mean nothing in a subject.
fn token(text: &str) -> Result<String, Wrong> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if text.is_empty() || !text.bytes().all(plain) {
        return Err("expected letters, digits, - and _".into());
    }
    Ok(text.to_owned())
}

/// A number, or none for 0 and -1.
fn count(text: &str) -> Result<Option<usize>, Wrong> {
    Ok(units::count_or_unlimited(text)?.filter(|count| *count > 0))
}

/// A duration, or none for 0.
fn time(text: &str) -> Result<Option<Duration>, Wrong> {
    Ok(Some(units::duration(text)?).filter(|duration| !duration.is_zero()))
}

/// Limits of channels by name or filter. A limit that is 0 or negative is none; one that is not there is that of the
/// wider filter, or of all channels.
fn channels(draft: &mut Draft, node: &Node, key: &str) -> Result<(), Error> {
    for entry in node.block(key)? {
        let inside = format!("{key}.{}", entry.key);
        if !protocol::subject::is_valid_filter(&entry.key) {
            let origin = Origin::File(entry.at.clone(), key.to_owned());
            return Err(Error::Value {
                origin,
                value: entry.key.clone(),
                why: "expected a channel or a filter".into(),
            });
        }
        let mut own = ChannelOverrides::default();
        for limit in entry.node.block(&inside)? {
            let text = limit.node.text(&limit.key)?;
            take(&mut own, &limit.key.to_lowercase().replace('_', ""), text).map_err(|why| Error::Value {
                origin: Origin::File(limit.at.clone(), format!("{inside}.{}", limit.key)),
                value: text.to_owned(),
                why,
            })?;
        }
        stan(draft).channels.push((entry.key.clone(), own));
    }
    Ok(())
}

fn take(own: &mut ChannelOverrides, key: &str, text: &str) -> Result<(), Wrong> {
    let unlimited = text.starts_with('-');
    let number = || if unlimited { Ok(None) } else { units::size_or_unlimited(text) };
    let duration = || if unlimited { Ok(None) } else { time(text) };
    match key {
        "mm" | "maxmsgs" | "maxcount" => own.max_messages = Some(number()?),
        "mb" | "maxbytes" => own.max_bytes = Some(number()?),
        "msu" | "maxsubs" | "maxsubscriptions" => {
            own.max_subscriptions = Some(number()?.and_then(|max| usize::try_from(max).ok()));
        }
        "ma" | "maxage" => own.max_age = Some(duration()?),
        "mi" | "maxinactivity" => own.max_inactivity = Some(duration()?),
        _ => return Err("expected max_msgs, max_bytes, max_age, max_subs or max_inactivity".into()),
    }
    Ok(())
}
