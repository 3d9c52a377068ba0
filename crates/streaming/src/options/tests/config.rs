//! Configuration files: NATS' syntax, its keys, and what is refused where.

use proptest::prelude::*;

use super::*;

/// Starts a server by the file `a.conf` of this text, among some others.
fn file(text: &str) -> Result<Parsed, Error> {
    let env = [
        ("HOME", "/root"),
        ("QUOTED", "\"42\""),
        ("HASH", "$2a$04$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
    ];
    let wide = "include seven.conf;".repeat(100);
    let files = [
        ("a.conf", text),
        ("seven.conf", "port: 7"),
        ("names.conf", "N: 7"),
        ("conf/deep.conf", "include 'deeper.conf'"),
        ("conf/deeper.conf", "port 7"),
        ("bad.conf", "\n  nonsense: 1"),
        ("self.conf", "include self.conf"),
        ("wide.conf", &*wide),
    ];
    parse(&["-c", "a.conf"], &env, &files)
}

#[track_caller]
fn server(text: &str) -> Options {
    match file(text) {
        Ok(Parsed::Run(options)) => *options,
        other => panic!("{text:?}: {other:?}"),
    }
}

#[test]
fn there_are_many_ways_to_write_a_value() {
    for text in [
        "port: 7",
        "port = 7",
        "port 7",
        "PORT:7",
        "port=7",
        "\u{feff}port: 7\r\n",
        "\"port\": 7",
        "'port' = '7'",
        "port: \"7\"",
        "port: \"\\x37\"",
        "port: (\n7\n  )\n",
        "port: 7;",
        ",;port: 7,;",
        "port: 7 # why",
        "// before\nport: 7 // after",
        "{\"port\": 7}",
        "{\n  \"port\": 7,\n}\n# end",
        "port: 1\nport: 7",
        "N: 7\nport: $N",
        "N: 7\nM: $N\nport: $M",
        "N: 1\nN: 7\nport: $N",
        "listen: 0.0.0.0:7",
        "listen: \"7\"",
        "include seven.conf",
        "include \"seven.conf\"",
        "include: 'seven.conf'",
        "include conf/deep.conf",
        "N: 1; include names.conf; port: $N",
    ] {
        let options = server(text);
        assert_eq!(options, defaults_but(|o| o.client.port = 7), "{text:?}");
    }
}

#[test]
fn texts_may_hold_anything() {
    for (text, expected) in [
        (r#"authorization { token: "a b\t\"\\\x41" }"#, "a b\t\"\\A"),
        (r"authorization { token: 'a\tb' }", r"a\tb"),
        (r"authorization { token: a#b//c\\d }", r"a#b//c\d"),
        ("authorization { token: 3secret }", "3secret"),
        ("authorization { token: \"$HOME\" }", "$HOME"),
        ("authorization { token: $HOME }", "/root"),
        ("authorization { token: $QUOTED }", "42"),
        ("authorization { token: ünï☃ }", "ünï☃"),
        ("authorization {\n token (\n  one\n  two\n)\n}", "  one\n  two"),
        (
            "authorization { token: $2a$04$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy }",
            "$2a$04$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        ),
        ("authorization { token: $HASH }", "$2a$04$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"),
        ("T: outer; authorization { T: inner; token: $T }", "inner"),
        ("T: outer; authorization { token: $T }", "outer"),
    ] {
        assert_eq!(server(text).auth, Auth::Token(Password::new(expected)), "{text}");
    }
}

#[test]
fn blocks_hold_what_the_command_line_says_too() {
    let options = server(
        "# a server as people configure it
        listen: 127.0.0.1:4333
        server_name: tickets
        monitor_port: 8222
        max_connections: 1000, max_payload: 8MB
        max_pending: 128MiB
        ping_interval: \"20s\"
        write_deadline: 5
        lame_duck_duration: 1m
        debug: yes
        logfile: /var/log/nats.log
        DATA: /data
        jetstream {
          store_dir: $DATA
          max_mem: 1G
          max_file = -1
          sync_interval: always
          strict: true
          limits { max_ack_pending: 100k, duplicate_window: '1h', max_streams: 5 }
        }
        tls {
          cert_file: \"./cert.pem\"
          key_file:  \"./key.pem\"
          timeout: 0.5
        }
        authorization {
          user: ann, password: $HOME
          timeout: 1
        }",
    );
    let expected = defaults_but(|o| {
        o.client = Address { host: "127.0.0.1".into(), port: 4333 };
        o.server_name = Some("tickets".into());
        o.monitor = Some(Address { host: "127.0.0.1".into(), port: 8222 });
        (o.limits.max_connections, o.limits.max_payload, o.limits.max_pending) = (1000, 8 << 20, 128 << 20);
        (o.limits.ping_interval, o.limits.write_deadline) = (Duration::from_secs(20), Duration::from_secs(5));
        o.lame_duck.duration = Duration::from_mins(1);
        (o.log.debug, o.log.file) = (true, Some("/var/log/nats.log".into()));
        o.jetstream = Some(streams(|js| {
            js.store_dir = "/data".into();
            (js.max_memory, js.max_file, js.strict) = (Some(1_000_000_000), None, true);
            (js.max_ack_pending, js.max_streams) = (Some(100_000), Some(5));
            js.duplicate_window = Some(Duration::from_hours(1));
        }));
        o.tls = Some(Tls {
            cert_file: "./cert.pem".into(),
            key_file: "./key.pem".into(),
            ca_file: None,
            verify: false,
            timeout: Duration::from_millis(500),
        });
        o.auth = users(vec![user("ann", "/root", None)]);
        o.auth_timeout = Duration::from_secs(1);
    });
    assert_eq!(options, expected);
}

#[test]
fn jetstream_is_on_by_a_word_or_by_its_block() {
    for (text, on) in [
        ("jetstream: true", true),
        ("jetstream: enabled", true),
        ("jetstream {}", true),
        ("jetstream\n{\n}", true),
        ("jetstream: {enabled: false}", false),
        ("jetstream: disabled", false),
        ("store_dir: /data", false),
    ] {
        assert_eq!(server(text).jetstream.is_some(), on, "{text}");
    }
}

#[test]
fn users_have_permissions_of_their_own_or_the_default_ones() {
    let options = server(
        "authorization {
          default_permissions = { publish: \"open.>\", subscribe: { deny: secret } }
          READER = { subscribe: [\"a.*\", \"b q1\"], allow_responses: { max: 5, expires: \"1m\" } }
          users = [
            { user: ann, password: a }
            { user: bob, pass: b, permissions: $READER },
            { username: cy, password: c, permissions { publish { allow: x, deny: [y, z] }, allow_responses: true } }
            { user: di, password: d, permission { allow_responses: false } }
            { user: ed, password: e, permissions { allow_responses { max: -1, ttl: \"-1s\" } } }
          ]
        }
        no_auth_user: di",
    );
    let rules = |rules: &[&str]| rules.iter().map(|rule| Rule::parse(rule, true).expect(rule)).collect::<Vec<_>>();
    let permissions = |change: &dyn Fn(&mut Permissions)| {
        let mut permissions = Permissions::default();
        change(&mut permissions);
        Some(permissions)
    };
    let list = vec![
        user(
            "ann",
            "a",
            permissions(&|p| {
                p.publish.allow = Some(rules(&["open.>"]));
                p.subscribe.deny = rules(&["secret"]);
            }),
        ),
        user(
            "bob",
            "b",
            permissions(&|p| {
                p.publish.allow = Some(vec![]);
                p.subscribe.allow = Some(rules(&["a.*", "b q1"]));
                p.responses = Some(Responses { max: Some(5), expires: Some(Duration::from_mins(1)) });
            }),
        ),
        user(
            "cy",
            "c",
            permissions(&|p| {
                p.publish = Rules { allow: Some(rules(&["x"])), deny: rules(&["y", "z"]) };
                p.responses = Some(Responses { max: Some(1), expires: Some(Duration::from_mins(2)) });
            }),
        ),
        user("di", "d", permissions(&|_| ())),
        user(
            "ed",
            "e",
            permissions(&|p| {
                p.publish.allow = Some(vec![]);
                p.responses = Some(Responses { max: None, expires: None });
            }),
        ),
    ];
    assert_eq!(options.auth, Auth::Users { users: list, no_auth_user: Some("di".into()) });
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, message) in [
        // Keys and values.
        ("port: 1\nfoo: 3", r#"a.conf:2:1: unknown key "foo""#),
        ("\n  Prot: 1", r#"a.conf:2:3: unknown key "Prot", did you mean "port"?"#),
        (
            "jetstream { stor_dir: x }",
            r#"a.conf:1:13: unknown key "stor_dir" in "jetstream", did you mean "store_dir"?"#,
        ),
        ("jetstream { limits { x: 1 } }", r#"a.conf:1:22: unknown key "x" in "jetstream.limits""#),
        ("N: 1\nport: 2", r#"a.conf:1:1: unknown key "N""#),
        ("x { port: 1 }", r#"a.conf:1:1: unknown key "x""#),
        ("port: x", r#"a.conf:1:1: port cannot be "x": expected a port from 1 to 65535, or -1 for any free one"#),
        (
            "jetstream {\n sync: often }",
            r#"a.conf:2:2: jetstream.sync cannot be "often": expected always, never or a duration"#,
        ),
        ("debug: 3", r#"a.conf:1:1: debug cannot be "3": expected true or false"#),
        ("jetstream: maybe", r#"a.conf:1:1: jetstream cannot be "maybe": expected true or false"#),
        ("port: {}", "a.conf:1:7: port expects a single value"),
        ("debug [yes]", "a.conf:1:7: debug expects a single value"),
        ("debug { on: 1 }", "a.conf:1:7: debug expects a single value"),
        ("authorization: on", "a.conf:1:16: authorization expects a block { … }"),
        ("include bad.conf", r#"bad.conf:2:3: unknown key "nonsense""#),
        // What we have not.
        (
            "cluster { port: 1 }",
            "a.conf:1:1: cluster is not supported: this server runs alone; for a cluster run nats-server",
        ),
        (
            "port: 1; mqtt { port: 1883 }",
            "a.conf:1:10: mqtt is not supported: clients connect by TCP only; for MQTT and WebSocket run nats-server",
        ),
        (
            "jetstream { key: x }",
            "a.conf:1:13: jetstream.key is not supported: files are not encrypted; put the store on an encrypted volume",
        ),
        // Users.
        ("authorization { users: [] }", "a.conf:1:24: authorization.users names nobody, so nobody could connect"),
        ("authorization { users: [{user: a}] }", r#"a.conf:1:25: the user "a" has no password"#),
        (
            "authorization { users: [{password: a}] }",
            "a.conf:1:25: authorization.users: this user has no name; set user",
        ),
        (
            "authorization { users: [{user: a, password: b}, {user: a, password: b}] }",
            r#"a.conf:1:49: the user "a" is there twice"#,
        ),
        (
            "authorization { users: [{user: a, pasword: b}] }",
            r#"a.conf:1:35: unknown key "pasword" in "authorization.users", did you mean "password"?"#,
        ),
        (
            "authorization { users: [{nkey: UDXU4RCS}] }",
            "a.conf:1:26: authorization.users.nkey is not supported: \
             users show a password; nkeys, JWTs and accounts need a nats-server",
        ),
        (
            "authorization { users: [{user: a, password: b, permissions: {publish: [\"a..b\"]}}] }",
            r#"a.conf:1:72: publish cannot be "a..b": expected a subject"#,
        ),
        (
            "authorization { default_permissions: {subscribe: {deny: 'a b c'}} }",
            r#"a.conf:1:57: deny cannot be "a b c": expected a subject, perhaps with a queue group after a space"#,
        ),
        (
            "authorization { default_permissions: {allow_responses: {max: x}} }",
            r#"a.conf:1:57: max cannot be "x": expected a number"#,
        ),
        (
            "authorization { user: a, password: b, users: [{user: c, password: d}] }",
            "a user, a token and a list of users exclude each other: choose one",
        ),
        ("authorization { token: $2a$11$short }", "the token begins like a bcrypt hash but is none; hash it again"),
        (
            "authorization { users: [{user: a, password: '$2b$'}] }",
            r#"the password of "a" begins like a bcrypt hash but is none; hash it again"#,
        ),
        (
            "authorization { default_permissions: {publish: []} }",
            "a.conf:1:48: publish is empty; leave it out to allow all, or deny \">\" to allow nothing",
        ),
        (
            "authorization { default_permissions: {subscribe: {allow: []}} }",
            "a.conf:1:58: allow is empty; leave it out to allow all, or deny \">\" to allow nothing",
        ),
        // Syntax.
        ("port", "a.conf:1:1: \"port\" has no value"),
        ("port:", "a.conf:1:1: \"port\" has no value"),
        ("port:\nhost: a", "a.conf:1:1: \"port\" has no value"),
        ("port: ,", "a.conf:1:1: \"port\" has no value"),
        (": 1", "a.conf:1:1: expected a key, found ':'"),
        ("port: 1 }", "a.conf:1:9: expected a key, found '}'"),
        ("port 5 6", "a.conf:1:8: unexpected '6' after a value; quote a text with spaces"),
        ("server_name: \"a", "a.conf:1:14: the text that begins with \" never ends"),
        (
            r#"server_name: "a\q""#,
            r#"a.conf:1:16: a backslash is followed by t, n, r, ", \ or xHH; write \\ for the backslash itself"#,
        ),
        ("server_name: (\nabc", "a.conf:1:14: no line after this ( holds ) alone"),
        ("jetstream {\n", "a.conf:1:11: this { has no }"),
        ("port: [1, 2", "a.conf:1:7: this [ has no ]"),
        ("{ port: 1 } x", "a.conf:1:13: nothing may follow the last }"),
        ("port: $X", "a.conf:1:7: $X is neither set above nor in the environment"),
        ("port: $X\nX: 1", "a.conf:1:7: $X is neither set above nor in the environment"),
        ("\ninclude no.conf", "a.conf:2:1: cannot read \"no.conf\": entity not found"),
        ("include self.conf", "self.conf:1:1: more than 32 blocks or files in each other"),
    ] {
        let error = file(text).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn a_small_file_cannot_become_a_big_one() {
    let nested = "jetstream {".repeat(100_000);
    let lists = format!("port: {}", "[".repeat(100_000));
    let mut laughs = String::from("A0: [x]\n");
    for level in 1..40 {
        let ten = format!("$A{}, ", level - 1).repeat(10);
        laughs.extend([&format!("A{level}: ["), &*ten, "]\n"]);
    }
    for (text, bound) in [
        (nested.as_str(), "more than 32 blocks or files in each other"),
        (&lists, "more than 32 blocks or files in each other"),
        (&laughs, "more than 100000 values"),
        ("include wide.conf", "more than 64 files are included"),
    ] {
        let message = file(text).expect_err(bound).to_string();
        assert!(message.ends_with(bound), "{message}");
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_panic_or_speak_in_two_lines(text in prop_oneof![
        "\\PC*",
        "[ -~\\n\\t]{0,200}",
        "(port|jetstream|authorization|users|tls|include|[a-c$\"':=,;{}\\[\\]()#/\\\\ \n-]){0,60}",
    ]) {
        if let Err(error) = file(&text) {
            prop_assert!(!error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn what_is_quoted_comes_back(token in "\\PC*") {
        let quoted = token.replace('\\', "\\\\").replace('"', "\\\"");
        let text = format!("authorization {{ token: \"{quoted}\" }}");
        prop_assert_eq!(server(&text).auth, Auth::Token(Password::new(token)));
    }
}
