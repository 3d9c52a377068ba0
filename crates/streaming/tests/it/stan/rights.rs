//! What a NATS user may do with channels.

use serde_json::json;

use super::{CLUSTER, Program, program};
use crate::harness::Server;

const STAN: &str = "\"_STAN.>\", \"_INBOX.>\"";

/// A server with users, each with a password that is their name; `users` are permissions by name.
fn server(users: &[(&str, String)]) -> Option<Server> {
    let users: Vec<_> = users
        .iter()
        .map(|(name, permissions)| format!("{{ user: {name}, password: {name}, permissions: {{ {permissions} }} }}"))
        .collect();
    program::is_installed().then(|| {
        Server::with_config(&format!(
            "streaming {{ cid: {CLUSTER}, wildcards: true }}
             authorization {{ users: [ {{ user: admin, password: admin }}, {} ] }}",
            users.join(", ")
        ))
    })
}

fn listen(channel: &str) -> serde_json::Value {
    json!({ "channel": channel, "tag": channel, "options": { "start": "all" } })
}

#[test]
fn lists_of_channels_say_who_may_publish_and_subscribe_where() {
    let lists = "streaming: { publish: [\"orders.>\"], subscribe: { allow: [\"orders.>\", \"jobs workers\"],
                 deny: \"orders.secret\" } }";
    let Some(server) = server(&[("ann", format!("publish: [{STAN}], subscribe: [{STAN}], {lists}"))]) else { return };
    let mut admin = Program::of_user(&server, "admin");
    let mut ann = Program::of_user(&server, "ann");
    ann.publish("orders.new", "1");
    ann.publish("orders.secret", "2");
    assert_eq!(ann.publish_refused("payments", "3"), "stan: Permissions Violation for Publish to \"payments\"");
    admin.publish("payments", "4");
    ann.subscribe(&listen("orders.new"));
    assert_eq!(ann.messages(1), ["1"]);
    for channel in ["orders.secret", "payments", "jobs", "orders.*"] {
        let refused = format!("stan: Permissions Violation for Subscription to \"{channel}\"");
        assert_eq!(ann.subscribe_refused(&listen(channel)), refused);
    }
    let mut jobs = listen("jobs");
    jobs["queue"] = "others".into();
    let refused = "stan: Permissions Violation for Subscription to \"jobs\" using queue \"others\"";
    assert_eq!(ann.subscribe_refused(&jobs), refused);
    jobs["queue"] = "workers".into();
    ann.subscribe(&jobs);
    ann.subscribe(&listen("orders.new.*"));
    admin.subscribe(&listen("orders.secret"));
    assert_eq!(admin.messages(1), ["2"]);
}

#[test]
fn without_lists_denials_hold_and_allowances_guard_streams_only() {
    let permissions = format!("publish: {{ allow: [{STAN}], deny: \"secret\" }}, subscribe: [{STAN}]");
    let Some(server) = server(&[("ann", permissions)]) else { return };
    let mut ann = Program::of_user(&server, "ann");
    ann.publish("anything", "1");
    ann.subscribe(&listen("anything"));
    assert_eq!(ann.messages(1), ["1"], "as with the original, to whom permissions said nothing of channels");
    assert_eq!(ann.publish_refused("secret", "2"), "stan: Permissions Violation for Publish to \"secret\"");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let options = async_nats::ConnectOptions::with_user_and_password("admin".into(), "admin".into());
        let js = async_nats::jetstream::new(options.connect(server.url()).await.unwrap());
        let subjects = vec!["stream.>".into()];
        js.create_stream(async_nats::jetstream::stream::Config { name: "S".into(), subjects, ..Default::default() })
            .await
            .unwrap();
    });
    assert_eq!(ann.publish_refused("stream.a", "3"), "stan: Permissions Violation for Publish to \"stream.a\"");
    let refused = "stan: Permissions Violation for Subscription to \"stream.a\"";
    assert_eq!(ann.subscribe_refused(&listen("stream.a")), refused);
    let mut admin = Program::of_user(&server, "admin");
    admin.publish("stream.a", "4");
}

#[test]
fn a_durable_waits_for_its_user_to_be_allowed_again() {
    let permissions = |more: &str| format!("publish: [{STAN}], subscribe: [{STAN}], streaming: {{ {more} }}");
    let config = |more: &str| {
        format!(
            "streaming {{ cid: {CLUSTER}, store: file, dir: STORE }}
             authorization {{ users: [ {{ user: ann, password: ann, permissions: {{ {} }} }} ] }}",
            permissions(more)
        )
    };
    if !program::is_installed() {
        return;
    }
    let mut server = Server::with_config(&config(""));
    let mut ann = Program::of_user(&server, "ann");
    let durable = json!({ "channel": "c", "tag": "s", "options": { "start": "all", "durable": "d" } });
    ann.subscribe(&durable);
    ann.publish("c", "1");
    assert_eq!(ann.messages(1), ["1"]);
    server.stop();
    server.configure(&config("subscribe: { deny: c }"));
    server.start_again();
    ann.expect("reconnected");
    ann.publish("c", "2");
    assert_eq!(ann.messages_until_quiet(std::time::Duration::from_millis(400)), [], "it may not any more");
    assert_eq!(ann.subscribe_refused(&durable), "stan: Permissions Violation for Subscription to \"c\"");
    server.stop();
    server.configure(&config(""));
    server.start_again();
    ann.expect("reconnected");
    ann.subscribe(&durable);
    assert_eq!(ann.messages(1), ["2"], "it goes on where it was");
}
