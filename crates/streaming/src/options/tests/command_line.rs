//! Options as they are typed.

use proptest::prelude::*;

use super::*;

#[test]
fn a_server_without_options_is_nats_servers() {
    assert_eq!(options(&[], &[], &[]), Options::default());
}

#[test]
fn options_have_short_and_long_names_with_one_dash_or_two() {
    type Change = fn(&mut Options);
    let cases: &[(&[&str], Change)] = &[
        (&["-a ::1", "--addr ::1", "-net=[::1]", "--host=::1"], |o| {
            o.client.host = "::1".into();
        }),
        (&["-p 1", "--p 1", "-port=1", "--port 1"], |o| {
            o.client.port = 1;
        }),
        (&["-p -1", "-p=-1", "--listen :-1"], |o| o.client.port = 0),
        (&["-p 0", "-p 1 -p 4222", "--listen=0.0.0.0:4222"], |_| ()),
        (&["-n x", "--name x", "-server_name=x"], |o| {
            o.server_name = Some("x".into());
        }),
        (&["--client_advertise example.org:4222"], |o| {
            o.client_advertise = Some("example.org:4222".into());
        }),
        (&["-m 8222", "--http_port=8222", "--http 0.0.0.0:8222", "--http 8222"], |o| {
            o.monitor = Some(Address { host: "0.0.0.0".into(), port: 8222 });
        }),
        (&["-a 127.0.0.1 -m -1"], |o| {
            o.client.host = "127.0.0.1".into();
            o.monitor = Some(Address { host: "127.0.0.1".into(), port: 0 });
        }),
        (&["-P a.pid", "--pid=a.pid"], |o| {
            o.pid_file = Some("a.pid".into());
        }),
        (&["--ports_file_dir /tmp"], |o| {
            o.ports_file_dir = Some("/tmp".into());
        }),
        (&["--worker_threads 3"], |o| o.worker_threads = Some(3)),
        (&["--lame_duck_duration=40s --lame_duck_grace_period 1.5s"], |o| {
            o.lame_duck.duration = Duration::from_secs(40);
            o.lame_duck.grace_period = Duration::from_millis(1500);
        }),
        (&["-js", "--js", "-jetstream=true", "-js=1"], |o| {
            o.jetstream = Some(streams(|_| ()));
        }),
        (&["-js=false", "-js --jetstream=off", "-sd /data"], |_| ()),
        (&["-js -sd /data", "--store_dir=/data -js"], |o| {
            o.jetstream = Some(streams(|js| js.store_dir = "/data".into()));
        }),
        (&["-js --sync never"], |o| {
            o.jetstream = Some(streams(|js| js.sync = Sync::Never));
        }),
        (&["-js --sync 2m", "-js --sync=120"], |o| {
            o.jetstream = Some(streams(|js| js.sync = Sync::Every(Duration::from_mins(2))));
        }),
        (&["-js --max_memory_store 1gb --max_file_store=5k --domain hub --strict"], |o| {
            o.jetstream = Some(streams(|js| {
                (js.max_memory, js.max_file) = (Some(1 << 30), Some(5000));
                (js.domain, js.strict) = (Some("hub".into()), true);
            }));
        }),
        (&["--max_payload 2MB --max_pending=4mib -max_control_line 8k"], |o| {
            (o.limits.max_payload, o.limits.max_pending, o.limits.max_control_line) = (2 << 20, 4 << 20, 8000);
        }),
        (&["--max_connections -1 --ping_max=5 --ping_interval 1h1m1s"], |o| {
            (o.limits.max_connections, o.limits.ping_max) = (usize::MAX, 5);
            o.limits.ping_interval = Duration::from_secs(3661);
        }),
        (&["-D", "--debug", "-DV -V=false"], |o| o.log.debug = true),
        (&["-V", "-VV", "--trace"], |o| o.log.trace = true),
        (&["-DV", "-D -V", "-DVV"], |o| {
            (o.log.debug, o.log.trace) = (true, true);
        }),
        (&["-T=false", "--logtime=false"], |o| o.log.time = false),
        (&["-l a.log --log_size_limit 1m --log_format json"], |o| {
            (o.log.file, o.log.size_limit, o.log.format) = (Some("a.log".into()), Some(1_000_000), LogFormat::Json);
        }),
        (&["--user ann --pass s3"], |o| {
            o.auth = users(vec![user("ann", "s3", None)]);
        }),
        (&["--auth t", "-auth=t"], |o| {
            o.auth = Auth::Token(Password::new("t"));
        }),
        (&["--auth a=b", "-auth=a=b"], |o| {
            o.auth = Auth::Token(Password::new("a=b"));
        }),
        (&["--tlscert c --tlskey k", "--tls --tlscert=c --tlskey=k"], |o| {
            o.tls = Some(Tls {
                cert_file: "c".into(),
                key_file: "k".into(),
                ca_file: None,
                verify: false,
                timeout: Duration::from_secs(2),
            });
            o.auth_timeout = Duration::from_secs(3);
        }),
        (&["--tlscert c --tls=false"], |_| ()),
    ];
    for (lines, change) in cases {
        for line in *lines {
            let words: Vec<_> = line.split(' ').collect();
            assert_eq!(options(&words, &[], &[]), defaults_but(change), "{line}");
        }
    }
}

#[test]
fn a_bad_line_is_answered_by_one_that_names_the_word() {
    for (words, message) in [
        (&["--foo"][..], r#"unknown option "--foo"; --help lists them all"#),
        (&["--prot=1"], r#"unknown option "--prot", did you mean "--port"?; --help lists them all"#),
        (&["-store-dir", "x"], r#"unknown option "-store-dir", did you mean "--store_dir"?; --help lists them all"#),
        (&["--=3"], r#"unknown option "--"; --help lists them all"#),
        (&["--"], r#"unexpected argument "--"; --help shows how to call me"#),
        (&["-"], r#"unexpected argument "-"; --help shows how to call me"#),
        (&["extra"], r#"unexpected argument "extra"; --help shows how to call me"#),
        (&["-js", "false"], r#"unexpected argument "false"; --help shows how to call me"#),
        (&["-p", "1", "bench"], r#"unexpected argument "bench"; --help shows how to call me"#),
        (&["-p"], "-p needs a value: -p <port>"),
        (&["--sync"], "--sync needs a value: --sync always|never|<duration>"),
        (&["-p", ""], r#"-p cannot be "": expected a port from 1 to 65535, or -1 for any free one"#),
        (&["-p=x"], r#"-p cannot be "x": expected a port from 1 to 65535, or -1 for any free one"#),
        (&["-p", "99999"], r#"-p cannot be "99999": expected a port from 1 to 65535, or -1 for any free one"#),
        (&["-p", "-2"], r#"-p cannot be "-2": expected a port from 1 to 65535, or -1 for any free one"#),
        (&["-a", "a b"], r#"-a cannot be "a b": expected a host name or an IP address"#),
        (&["-a", "host:1"], r#"-a cannot be "host:1": expected a host alone; the port is another setting"#),
        (&["--listen", "::1"], r#"--listen cannot be "::1": expected host:port, an IPv6 host in brackets"#),
        (
            &["--listen", "localhost"],
            r#"--listen cannot be "localhost": after the host, expected a port from 1 to 65535, or -1 for any free one"#,
        ),
        (&["-js=maybe"], r#"-js cannot be "maybe": expected true or false"#),
        (&["-n", "a b"], r#"-n cannot be "a b": expected a name without spaces"#),
        (&["-n", "a\nb"], r#"-n cannot be "a\nb": expected a name without spaces"#),
        (&["--sync", "often"], r#"--sync cannot be "often": expected always, never or a duration"#),
        (&["--sync", "0s"], r#"--sync cannot be "0s": expected always, never or a duration"#),
        (&["--ping_interval", "0"], r#"--ping_interval cannot be "0": expected more than 0"#),
        (
            &["--write_deadline", "5x"],
            r#"--write_deadline cannot be "5x": expected a duration such as 10s, 2m or 1h30m"#,
        ),
        (&["--max_payload", "65mb"], r#"--max_payload cannot be "65mb": expected 1 to 67108864 bytes"#),
        (&["--max_payload", "1.5k"], r#"--max_payload cannot be "1.5k": expected a size such as 4096, 64KB or 1GB"#),
        (&["--max_connections", "0"], r#"--max_connections cannot be "0": expected 1 or more, or -1 for no limit"#),
        (&["--ping_max", "0"], r#"--ping_max cannot be "0": expected 1 or more"#),
        (&["--domain", "a.b"], r#"--domain cannot be "a.b": expected one token of a subject, and not API"#),
        (&["--log_format", "xml"], r#"--log_format cannot be "xml": expected text or json"#),
        (&["--worker_threads", "9999"], r#"--worker_threads cannot be "9999": expected 0 to 1024 threads"#),
        (&["-sd", ""], r#"-sd cannot be "": expected a path"#),
        (&["--signal", "kill"], r#"--signal cannot be "kill": expected stop, quit, term, reopen, reload or ldm"#),
        (&["--signal", "ldm="], r#"--signal cannot be "ldm=": expected a process id or a pid file after the ="#),
        (&["--signal", "ldm"], "--signal needs to know whom: --signal stop=<pid>, or a pid file"),
        (&["--signal", "ldm=a.pid"], "cannot read a.pid: entity not found"),
        (&["-c", "no.conf"], "cannot read no.conf: entity not found"),
        (&["--user", "ann"], "a user needs a password: set pass too"),
        (&["--pass", "s3"], "a password needs a user: set user too"),
        (
            &["--user", "ann", "--pass", "x", "--auth", "t"],
            "a user, a token and a list of users exclude each other: choose one",
        ),
        (&["--no_auth_user", "ann"], r#"no_auth_user is "ann", who is not in authorization.users"#),
        (&["--tls"], "TLS needs both a certificate, --tlscert, and its key, --tlskey"),
        (&["--tlscert", "c"], "TLS needs both a certificate, --tlscert, and its key, --tlskey"),
        (
            &["--tlscert", "c", "--tlskey", "k", "--tlsverify"],
            "verifying clients needs the certificates that vouch for them, --tlscacert",
        ),
        (
            &["--max_pending", "1k"],
            "max_payload (1048576 bytes) exceeds max_pending (1000 bytes): such a message would reach nobody",
        ),
        (&["--lame_duck_duration", "5s"], "lame_duck_grace_period (10s) exceeds lame_duck_duration (5s)"),
        (&["-p", "5", "-m", "5"], "clients and monitoring cannot both have 0.0.0.0:5"),
        (
            &["-cluster", "nats://x:1"],
            "-cluster is not supported: this server runs alone; for a cluster run nats-server",
        ),
        (&["--routes=nats://x:1"], "--routes is not supported: this server runs alone; for a cluster run nats-server"),
        (&["-ms", "1"], "-ms is not supported: monitoring is plain HTTP; use -m and put a TLS proxy before it"),
    ] {
        let error = parse(words, &[], &[]).expect_err(&format!("{words:?}"));
        assert_eq!(error.to_string(), message, "{words:?}");
    }
}

#[test]
fn some_words_ask_for_something_else_than_a_server() {
    for words in [&["-h"][..], &["--help"], &["help"], &["-js", "-p", "1", "--help"], &["-h", "-c", "no.conf"]] {
        assert!(matches!(parse(words, &[], &[]), Ok(Parsed::Print(text)) if text.contains("Usage")), "{words:?}");
    }
    for words in [&["-v"][..], &["--version"], &["version"]] {
        let answer = parse(words, &[], &[]);
        assert!(matches!(answer, Ok(Parsed::Print(text)) if text.starts_with("streaming-server: v")), "{words:?}");
    }
    let valid = |words: &[&str]| match parse(words, &[], &[("a.conf", "port: 1")]) {
        Ok(Parsed::Valid(text)) => text,
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(valid(&["-t"]), "streaming-server: configuration is valid\n");
    assert_eq!(valid(&["-t", "-c", "a.conf"]), "streaming-server: configuration file a.conf is valid\n");
    let Ok(Parsed::Bench(words)) = parse(&["bench", "--help", "x"], &[], &[]) else { panic!("no bench") };
    assert_eq!(words, ["--help", "x"]);
}

#[test]
fn a_signal_finds_its_process() {
    let files = &[("a.pid", "42\n"), ("odd.pid", "-1"), ("a.conf", "pid_file: a.pid")];
    for (words, command, process) in [
        (&["--signal", "ldm=7"][..], Command::LameDuck, 7),
        (&["-sl", "stop=7"], Command::Stop, 7),
        (&["-sl=reload=a.pid"], Command::Reload, 42),
        (&["--signal", "quit", "-P", "a.pid"], Command::Quit, 42),
        (&["--signal", "reopen", "-c", "a.conf"], Command::Reopen, 42),
    ] {
        let answer = parse(words, &[], files);
        let sent = matches!(&answer, Ok(Parsed::Signal(signal, to)) if signal.command == command && *to == process);
        assert!(sent, "{words:?}: {answer:?}");
    }
    let error = parse(&["--signal", "stop=odd.pid"], &[], files).expect_err("a group of processes");
    assert_eq!(error.to_string(), "odd.pid holds no process id");
}

#[test]
fn a_reload_changes_what_may_change_and_names_what_may_not() {
    let old = options(&["-js", "-D"], &[], &[]);
    let new = options(&["-js", "-V"], &[], &[]);
    assert_eq!(old.reload(new.clone()), Ok(new));
    for (words, what) in [
        (&["-js", "-p", "1"][..], "host or port"),
        (&["-js", "-m", "1"], "http_port"),
        (&["-js", "--auth", "t"], "authorization"),
        (&["-js", "--max_payload", "2mb"], "limits of connections"),
        (&[], "jetstream"),
        (&["-js", "--sync", "never"], "jetstream"),
        (&["-js", "-l", "x"], "log_file, its limit or its format"),
    ] {
        let error = old.reload(options(words, &[], &[])).expect_err(what);
        assert_eq!(error.to_string(), format!("{what} cannot change while the server runs: restart it"));
    }
}

proptest! {
    #[test]
    fn no_words_make_it_panic(words in prop::collection::vec("-{0,2}[a-zA-Z_]{0,4}=?\\PC{0,6}", 0..6)) {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let _ = parse(&words, &[], &[]);
    }

    #[test]
    fn no_value_makes_an_option_panic(
        setting in prop::sample::select(crate::options::settings::all().map(|setting| setting.name).collect::<Vec<_>>()),
        value in "[0-9a-z.:\\-\\[\\]µ]{0,24}|\\PC*",
    ) {
        if let Err(error) = parse(&[&format!("--{setting}={value}")], &[], &[]) {
            prop_assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}
