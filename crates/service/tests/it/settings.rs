//! Settings: everything missing or wrong is told at once, by its environment variable.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Parser;
use secrecy::{ExposeSecret, SecretString};
use service::Settings;
use service::settings::{LogFormat, Refused, duration, read};

#[derive(Debug, Parser)]
struct Config {
    #[command(flatten)]
    common: Settings,
    #[arg(long, env, hide_env_values = true)]
    things_database_url: SecretString,
    #[arg(long, env, default_value = "15m", value_parser = duration)]
    thing_hold: Duration,
}

const GOOD: [(&str, &str); 3] =
    [("NATS_URL", "nats://nats-srv:4222"), ("JWT_KEY", testkit::KEY), ("THINGS_DATABASE_URL", "postgres://db/things")];

fn config(variables: &[(&str, &str)], arguments: &[&str]) -> Result<Config, String> {
    let variables: BTreeMap<_, _> = variables.iter().copied().collect();
    let arguments = arguments.iter().map(|&argument| argument.to_owned());
    read(|name| variables.get(name).map(|&value| value.to_owned()), arguments).map_err(|error| error.to_string())
}

#[test]
fn what_is_enough_is_enough() {
    let config = config(&GOOD, &[]).unwrap();
    assert_eq!(config.common.port, 3000);
    assert_eq!(config.common.nats_url, "nats://nats-srv:4222");
    assert_eq!(config.common.nats_cluster_id, "ticketing");
    assert_eq!(config.common.public_url.to_string(), "https://ticketing.dev");
    assert_eq!(config.common.log_format, LogFormat::Json);
    assert_eq!(config.thing_hold, Duration::from_mins(15));
    assert_eq!(config.things_database_url.expose_secret(), "postgres://db/things");
}

#[test]
fn everything_missing_is_told_at_once() {
    let error = config(&[], &[]).unwrap_err();
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    let missing = ["NATS_URL is missing", "JWT_KEY is missing", "THINGS_DATABASE_URL is missing"];
    assert_eq!(lines, [&["the settings are not complete:"], &missing[..]].concat());
}

#[test]
fn everything_wrong_is_told_with_what_is_missing() {
    let variables = [
        ("PORT", "70000"),
        ("LOG_FORMAT", "xml"),
        ("PUBLIC_URL", "ticketing.dev"),
        ("THING_HOLD", "soon"),
        ("SHUTDOWN_GRACE", "5"),
        ("JWT_KEY", "short"),
        ("NATS_URL", "nats://nats-srv:4222"),
    ];
    let error = config(&variables, &[]).unwrap_err();
    for line in [
        "PORT is wrong: 70000 is not in 0..=65535",
        "LOG_FORMAT is wrong: it must be one of json, pretty",
        "PUBLIC_URL is wrong: it must be http:// or https://, a host and maybe a port",
        "THING_HOLD is wrong: a duration is written like 250ms, 20s, 15m, 2h or 1m30s",
        "SHUTDOWN_GRACE is wrong: a duration is written like 250ms, 20s, 15m, 2h or 1m30s",
        "THINGS_DATABASE_URL is missing",
        "JWT_KEY is wrong: it must have 32 bytes or more to serve https://ticketing.dev",
    ] {
        assert!(error.lines().any(|told| told.trim() == line), "{line}\nis not in\n{error}");
    }
    assert_eq!(error.lines().count(), 8, "{error}");
}

#[test]
fn what_is_empty_is_missing_and_an_empty_choice_is_none() {
    let error = config(&[GOOD[0], GOOD[1], ("THINGS_DATABASE_URL", " ")], &[]).unwrap_err();
    assert!(error.ends_with("THINGS_DATABASE_URL is missing"), "{error}");
    assert_eq!(config(&[&GOOD[..], &[("PORT", "")]].concat(), &[]).unwrap().common.port, 3000);
}

#[test]
fn a_setting_may_be_in_a_file_that_a_variable_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    let path = path.to_str().unwrap();
    let with = |more: &[(&str, &str)]| config(&[&GOOD[..2], more].concat(), &[]);
    let named = [("THINGS_DATABASE_URL_FILE", path)];
    assert_eq!(
        with(&named).unwrap_err().lines().nth(1).unwrap().trim(),
        format!("THINGS_DATABASE_URL_FILE is wrong: {path} cannot be read: No such file or directory (os error 2)"),
    );

    std::fs::write(path, "postgres://from/file\n").unwrap();
    assert_eq!(with(&named).unwrap().things_database_url.expose_secret(), "postgres://from/file");
    let both = [named[0], ("THINGS_DATABASE_URL", "postgres://from/variable")];
    assert_eq!(with(&both).unwrap().things_database_url.expose_secret(), "postgres://from/variable");
    assert_eq!(
        with(&[named[0], ("THINGS_DATABASE_URL", "")]).unwrap().things_database_url.expose_secret(),
        "postgres://from/file"
    );

    std::fs::write(path, "\n").unwrap();
    assert!(with(&named).unwrap_err().contains("THINGS_DATABASE_URL is missing"));
}

#[test]
fn a_secret_is_never_told() {
    let secret = "postgres://user:secret@host/db";
    let variables = [("JWT_KEY", "secret"), ("THINGS_DATABASE_URL", secret)];
    let error = config(&variables, &[]).unwrap_err();
    assert!(!error.contains("secret"), "{error}");
    let config = config(&[&GOOD[..2], &[("THINGS_DATABASE_URL", secret)]].concat(), &[]).unwrap();
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn a_short_key_is_for_development_only() {
    let with = |url| config(&[GOOD[0], GOOD[2], ("JWT_KEY", "asdf"), ("PUBLIC_URL", url)], &[]);
    with("http://localhost:3000").unwrap();
    with("http://127.0.0.1").unwrap();
    for url in ["https://localhost", "http://ticketing.dev", "https://ticketing.dev"] {
        assert!(with(url).unwrap_err().contains("JWT_KEY is wrong"), "{url}");
    }
}

#[test]
fn the_command_line_counts_more_than_the_environment() {
    let variables = [&GOOD[..], &[("PORT", "4000")]].concat();
    assert_eq!(config(&variables, &["--port", "5000"]).unwrap().common.port, 5000);
    assert!(config(&variables, &["--port", "x"]).unwrap_err().contains("PORT is wrong"));
    assert!(config(&variables, &["--nonsense"]).unwrap_err().contains("--nonsense"));
}

#[test]
fn help_names_the_variables_and_needs_none() {
    let refused = read::<Config>(|_| None, ["--help".to_owned()]).unwrap_err();
    assert!(matches!(refused, Refused::Line(_)));
    for name in ["NATS_URL", "THINGS_DATABASE_URL", "SHUTDOWN_GRACE"] {
        assert!(refused.to_string().contains(name), "{refused}");
    }
}
