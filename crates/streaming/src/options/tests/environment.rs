//! Variables, and who overrules whom.

use super::*;

#[test]
fn each_option_has_a_variable() {
    let env = &[
        ("STREAMING_PORT", "4333"),
        ("STREAMING_JETSTREAM", "true"),
        ("STREAMING_STORE_DIR", "/data"),
        ("STREAMING_AUTH", "t"),
        ("STREAMING_UNHEARD_OF", "x"),
    ];
    let expected = defaults_but(|options| {
        options.client.port = 4333;
        options.jetstream = Some(streams(|js| js.store_dir = "/data".into()));
        options.auth = Auth::Token(Password::new("t"));
    });
    assert_eq!(options(&[], env, &[]), expected);
}

#[test]
fn the_command_line_overrules_the_environment_which_overrules_the_file() {
    let files = &[("a.conf", "port: 1; server_name: file; max_payload: 1k; http_port: 11")];
    let env = &[("STREAMING_PORT", "2"), ("STREAMING_SERVER_NAME", "env"), ("STREAMING_CONFIG", "a.conf")];
    let options = options(&["-p", "3"], env, files);
    assert_eq!((options.client.port, options.server_name.as_deref()), (3, Some("env")));
    assert_eq!((options.limits.max_payload, options.monitor.map(|monitor| monitor.port)), (1000, Some(11)));
}

#[test]
fn the_file_named_on_the_command_line_is_the_one_that_is_read() {
    let files = &[("a.conf", "port: 1"), ("b.conf", "port: 2")];
    assert_eq!(options(&["-c", "b.conf"], &[("STREAMING_CONFIG", "a.conf")], files).client.port, 2);
}

#[test]
fn a_bad_variable_is_named() {
    for (name, value, message) in [
        (
            "STREAMING_PORT",
            "x",
            r#"STREAMING_PORT cannot be "x": expected a port from 1 to 65535, or -1 for any free one"#,
        ),
        ("STREAMING_JETSTREAM", "", r#"STREAMING_JETSTREAM cannot be "": expected true or false"#),
        ("STREAMING_CONFIG", "no.conf", "cannot read no.conf: entity not found"),
    ] {
        assert_eq!(parse(&[], &[(name, value)], &[]).expect_err(name).to_string(), message);
    }
}

#[test]
fn what_kubernetes_says_of_a_service_called_streaming_is_not_for_us() {
    let env = &[("STREAMING_PORT", "tcp://10.0.0.1:4222"), ("STREAMING_PORT_4222_TCP_PORT", "4222")];
    assert_eq!(options(&[], env, &[]), Options::default());
}

#[test]
fn what_only_words_can_ask_for_has_no_variable() {
    let env = &[("STREAMING_HELP", "true"), ("STREAMING_T", "true"), ("STREAMING_SIGNAL", "stop=1")];
    assert_eq!(options(&[], env, &[]), Options::default());
}

#[test]
fn a_user_may_be_typed_and_the_password_come_from_the_environment() {
    let options = options(&["--user", "ann"], &[("STREAMING_PASS", "s3")], &[]);
    assert_eq!(options.auth, users(vec![user("ann", "s3", None)]));
}

#[test]
fn who_may_connect_is_said_by_the_file_or_else_by_what_overrules_it() {
    let files = &[("a.conf", "authorization { users: [{user: bob, password: b}, {user: cy, password: c}] }")];
    let of = |words: &[&str], env| options(&[&["-c", "a.conf"], words].concat(), env, files).auth;
    assert_eq!(of(&[], &[]), users(vec![user("bob", "b", None), user("cy", "c", None)]));
    assert_eq!(of(&[], &[("STREAMING_AUTH", "t")]), Auth::Token(Password::new("t")));
    assert_eq!(of(&["--user", "ann", "--pass", "a"], &[]), users(vec![user("ann", "a", None)]));
}

#[test]
fn no_secret_is_shown() {
    let files = &[("a.conf", "authorization { users: [{user: bob, password: hush}, {user: cy, password: $HASH}] }")];
    let hash = bcrypt::hash("hush", 4).expect("a hash");
    for options in [
        options(&["-c", "a.conf"], &[("HASH", &hash)], files),
        options(&["--auth", "hush"], &[], &[]),
        options(&["--user", "u", "--pass", "hush"], &[], &[]),
    ] {
        let shown = format!("{options:?} {options:#?}");
        assert!(!shown.contains("hush") && !shown.contains("$2b$") && shown.contains("[hidden]"), "{shown}");
    }
}

#[test]
fn passwords_are_compared_as_text_or_by_their_hash() {
    let hash = bcrypt::hash("s3", 4).expect("a hash");
    for (password, attempt, right, slow) in [
        ("s3", "s3", true, false),
        ("s3", "s4", false, false),
        ("s3", "s", false, false),
        ("", "", true, false),
        (&*hash, "s3", true, true),
        (&*hash, "s4", false, true),
        (&*hash, &*hash, false, true),
        ("$2a$broken", "s3", false, true),
    ] {
        let password = Password::new(password);
        assert_eq!(password.verify(attempt.as_bytes()), right, "{attempt}");
        assert_eq!(password.is_slow(), slow);
    }
}
