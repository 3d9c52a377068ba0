//! Who may connect, and what they may trust us by.

use super::super::access::{default_permissions, users};
use super::{Setting, Take};
use crate::options::{Password, units};

pub static USERS: &[Setting] = &[
    Setting::text("user", "<user>", |draft, text| {
        draft.credentials().user = Some(units::name(text)?);
        Ok(())
    })
    .keys(&["authorization.user", "authorization.username"])
    .help("Only this user may connect"),
    Setting::text("pass", "<password>", |draft, text| {
        draft.credentials().password = Some(Password::new(text));
        Ok(())
    })
    .keys(&["authorization.password", "authorization.pass"])
    .help("with this password, or the one of this bcrypt hash. Other users of the machine see\nwhat is typed: better use the environment or the file"),
    Setting::text("auth", "<token>", |draft, text| {
        draft.credentials().token = Some(Password::new(text));
        Ok(())
    })
    .keys(&["authorization.token"])
    .help("Whoever knows this token may connect, or the one of this bcrypt hash"),
    Setting::text("auth_timeout", "<duration>", |draft, text| {
        draft.auth_timeout = Some(units::some_time(text)?);
        Ok(())
    })
    .keys(&["authorization.timeout"])
    .help("Longest a client may take to show who it is (default: 2s; with TLS 3s)"),
    Setting::text("no_auth_user", "<user>", |draft, text| {
        draft.no_auth_user = Some(text.to_owned());
        Ok(())
    })
    .keys(&["no_auth_user"])
    .help("Who a client is that does not say; one of authorization.users"),
    Setting::block(&["authorization"], |_| ()),
    Setting { keys: &["authorization.users"], ..Setting::new("", Take::Tree(users)) }
        .help("[{user, password, permissions: {publish, subscribe: subject | [subjects] |\n{allow, deny}, allow_responses: true | {max, expires},\nstreaming: {publish, subscribe}, of channels of NATS Streaming}}, …]"),
    Setting { keys: &["authorization.default_permissions"], ..Setting::new("", Take::Tree(default_permissions)) }
        .help("Of users that have none of their own"),
];

pub static TLS: &[Setting] = &[
    Setting::flag("tls", |draft, on| draft.tls.on = Some(on))
        .keys(&["tls"])
        .default("false")
        .help("Encrypt connections; so do the next options"),
    Setting::text("tlscert", "<file>", |draft, text| {
        draft.tls.cert_file = Some(units::path(text)?);
        Ok(())
    })
    .keys(&["tls.cert_file"])
    .help("The server's certificate chain, PEM"),
    Setting::text("tlskey", "<file>", |draft, text| {
        draft.tls.key_file = Some(units::path(text)?);
        Ok(())
    })
    .keys(&["tls.key_file"])
    .help("Its private key, PEM"),
    Setting::flag("tlsverify", |draft, on| draft.tls.verify = on)
        .keys(&["tls.verify"])
        .default("false")
        .help("Admit only clients with a certificate"),
    Setting::text("tlscacert", "<file>", |draft, text| {
        draft.tls.ca_file = Some(units::path(text)?);
        Ok(())
    })
    .keys(&["tls.ca_file"])
    .help("signed by one of these, PEM"),
    Setting::text("tls_timeout", "<duration>", |draft, text| {
        draft.tls.timeout = units::some_time(text)?;
        Ok(())
    })
    .keys(&["tls.timeout"])
    .default("2s")
    .help("Longest that a handshake may take"),
];
