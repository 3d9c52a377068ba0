//! Where the server listens and what it is called.

use super::Setting;
use crate::options::units;

pub static SETTINGS: &[Setting] = &[
    Setting::text("host", "<host>", |draft, text| {
        draft.options.client.host = units::host(text)?;
        Ok(())
    })
    .or(&["a", "addr", "net"])
    .keys(&["host", "net"])
    .default("0.0.0.0")
    .help("Listen for clients on this host"),
    Setting::text("port", "<port>", |draft, text| {
        draft.options.client.port = units::port(text)?.unwrap_or(DEFAULT_PORT);
        Ok(())
    })
    .or(&["p"])
    .keys(&["port"])
    .default("4222")
    .help("Listen for clients on this port; -1 = any free one"),
    Setting::text("listen", "<host:port>", |draft, text| {
        let (host, port) = units::address(text)?;
        units::overlay(&mut draft.options.client, host, port.unwrap_or(DEFAULT_PORT));
        Ok(())
    })
    .keys(&["listen"])
    .help("Both at once"),
    Setting::text("client_advertise", "<host:port>", |draft, text| {
        let (host, port) = units::address(text)?;
        if host.is_none() || port.is_none() {
            return Err("expected host:port, as clients shall see them".into());
        }
        draft.options.client_advertise = Some(text.to_owned());
        Ok(())
    })
    .keys(&["client_advertise"])
    .help("Tell clients this address instead of ours"),
    Setting::text("server_name", "<name>", |draft, text| {
        draft.options.server_name = Some(units::name(text)?);
        Ok(())
    })
    .or(&["n", "name"])
    .keys(&["server_name"])
    .help("Name of the server (default: its id)"),
    Setting::text("http_port", "<port>", |draft, text| {
        draft.monitor_port = units::port(text)?;
        Ok(())
    })
    .or(&["m"])
    .keys(&["http_port", "monitor_port"])
    .default("0")
    .help("Answer monitoring over HTTP on this port; 0 = nowhere"),
    Setting::text("http", "<host:port>", |draft, text| {
        let (host, port) = units::address(text)?;
        draft.monitor_host = host;
        draft.monitor_port = port;
        Ok(())
    })
    .keys(&["http"])
    .help("The same with a host of its own"),
    Setting::text("config", "<file>", |draft, text| {
        draft.config = Some(units::path(text)?);
        Ok(())
    })
    .or(&["c"])
    .help("Read this file, written like a nats-server.conf"),
    Setting::text("stan_config", "<file>", |draft, text| {
        draft.stan_config = Some(units::path(text)?);
        Ok(())
    })
    .or(&["sc"])
    .help("Read this one too, and after it: as NATS Streaming had two"),
];

/// The port of NATS.
const DEFAULT_PORT: u16 = 4222;
