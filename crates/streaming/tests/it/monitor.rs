//! Monitoring as tools see it: the same questions, the same fields and the same refusals as `nats-server`'s.
//!
//! What a field is called and what kind of value it has was recorded from `nats-server`; run on it, these tests say
//! whether they got it right.

use std::io::{Read, Write};
use std::net::TcpStream;

use async_nats::ConnectOptions;
use async_nats::jetstream::{consumer, stream};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, Server, World, eventually, ours};

/// What was answered.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Where a server that was started with `-m -1` answers.
fn address(server: &Server) -> String {
    server.says("Starting http monitor on ")
}

/// Sends `head`, of which the last line is still open, and reads until the server closes.
fn ask(server: &Server, head: &str) -> Reply {
    let mut socket = TcpStream::connect(address(server)).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    // With HTTP/1.0 an answer comes in one piece.
    socket.write_all(format!("{head}\r\n\r\n").as_bytes()).expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer in time");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn get(server: &Server, path: &str) -> Reply {
    ask(server, &format!("GET {path} HTTP/1.0"))
}

/// The JSON at `path`.
#[track_caller]
fn tell(server: &Server, path: &str) -> Value {
    let reply = get(server, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    assert!(reply.head.contains("content-type: application/json"), "{path}: {}", reply.head);
    reply.json()
}

/// Fails unless `value` has every field of `form`, each with a value of the same kind; of a list, in each element.
#[track_caller]
fn has_form(path: &str, value: &Value, form: &Value) {
    match (value, form) {
        (Value::Object(value), Value::Object(form)) => {
            for (name, form) in form {
                let path = format!("{path}/{name}");
                has_form(&path, value.get(name).unwrap_or_else(|| panic!("{path} is missing")), form);
            }
        }
        (Value::Array(value), Value::Array(form)) => {
            let [form] = form.as_slice() else { panic!("a list's form is that of each element") };
            assert!(!value.is_empty(), "{path} is empty");
            for value in value {
                has_form(path, value, form);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => panic!("{path} should be like {form}, and is {value}"),
    }
}

/// The JSON at `path`, as soon as it is what it should become: a client's library tells when it has written, not when
/// the server has read.
async fn become_so(server: &Server, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(path, async || Some(tell(server, path)).filter(|told| is(told))).await
}

fn monitored() -> Server {
    Server::start(&["-m", "-1"])
}

/// A client that calls itself `name`, on its way through.
async fn client(server: &Server, name: &str) -> async_nats::Client {
    ConnectOptions::new().name(name).connect(server.url()).await.expect("a connection")
}

/// The connections' names, in the order they are told in.
fn names(connz: &Value) -> Vec<&str> {
    let connections = connz["connections"].as_array().expect("connections");
    connections.iter().map(|c| c["name"].as_str().unwrap_or_default()).collect()
}

/// Every field it has, in the order it tells them.
const VARZ: &str = r#"{
    "server_id": "", "server_name": "", "version": "", "proto": 0, "go": "", "host": "", "port": 0,
    "max_connections": 0, "ping_interval": 0, "ping_max": 0, "http_host": "", "http_port": 0,
    "http_base_path": "", "https_port": 0, "auth_timeout": 0, "max_control_line": 0, "max_payload": 0,
    "max_pending": 0, "cluster": {}, "gateway": {}, "leaf": {}, "mqtt": {}, "websocket": {},
    "jetstream": {
        "config": { "max_memory": 0, "max_storage": 0, "store_dir": "" },
        "stats": {
            "memory": 0, "storage": 0, "reserved_memory": 0, "reserved_storage": 0, "accounts": 0, "ha_assets": 0,
            "api": { "total": 0, "errors": 0 }
        }
    },
    "tls_timeout": 0, "write_deadline": 0, "start": "", "now": "", "uptime": "", "mem": 0, "cores": 0,
    "gomaxprocs": 0, "cpu": 0, "connections": 0, "total_connections": 0, "routes": 0, "remotes": 0, "leafnodes": 0,
    "in_msgs": 0, "out_msgs": 0, "in_bytes": 0, "out_bytes": 0, "slow_consumers": 0, "subscriptions": 0,
    "http_req_stats": { "/varz": 0 }, "config_load_time": ""
}"#;

#[tokio::test]
async fn varz_tells_of_the_server() {
    let server = monitored();
    let client = client(&server, "ann").await;
    let mut inbox = client.subscribe("a.>").await.unwrap();
    client.publish("a.b", "12345".into()).await.unwrap();
    inbox.next().await.expect("the message");

    let varz = become_so(&server, "/varz", |varz| varz["in_msgs"] == 1).await;
    has_form("/varz", &varz, &serde_json::from_str(VARZ).expect("JSON"));
    for (field, value) in [
        ("connections", json!(1)),
        ("total_connections", json!(1)),
        ("in_msgs", json!(1)),
        ("out_msgs", json!(1)),
        ("in_bytes", json!(5)),
        ("out_bytes", json!(5)),
        ("slow_consumers", json!(0)),
        ("max_payload", json!(1_048_576)),
        ("ping_interval", json!(120_000_000_000_i64)),
        ("host", json!("127.0.0.1")),
        ("port", json!(server.url().rsplit(':').next().unwrap().parse::<u16>().unwrap())),
    ] {
        assert_eq!(varz[field], value, "{field}");
    }
    if ours() {
        // nats-server tells what it was told, -1.
        assert!(address(&server).ends_with(&format!(":{}", varz["http_port"])), "{}", varz["http_port"]);
    }
    assert!(varz["mem"].as_u64() > Some(1024 * 1024), "{}", varz["mem"]);
    let asked = |varz: &Value| varz["http_req_stats"]["/varz"].as_u64().expect("a count");
    assert_eq!(asked(&tell(&server, "/varz")), asked(&varz) + 1);
}

#[tokio::test]
async fn connz_tells_of_each_connection() {
    let server = monitored();
    let ann = client(&server, "ann").await;
    let bob = client(&server, "bob").await;
    let _inbox = bob.queue_subscribe("orders.*", "workers".into()).await.unwrap();
    become_so(&server, "/connz", |told| told["connections"][1]["subscriptions"] == 1).await;
    ann.publish("orders.1", "12345".into()).await.unwrap();
    ann.publish("elsewhere", "".into()).await.unwrap();

    let connz = become_so(&server, "/connz", |told| told["connections"][0]["in_msgs"] == 2).await;
    has_form(
        "/connz",
        &connz,
        &json!({
            "server_id": "", "now": "", "num_connections": 0, "total": 0, "offset": 0, "limit": 0,
            "connections": [{
                "cid": 0, "kind": "", "type": "", "ip": "", "port": 0, "start": "", "last_activity": "", "rtt": "",
                "uptime": "", "idle": "", "pending_bytes": 0, "in_msgs": 0, "out_msgs": 0, "in_bytes": 0,
                "out_bytes": 0, "subscriptions": 0, "name": "", "lang": "", "version": "",
            }],
        }),
    );
    assert_eq!(names(&connz), ["ann", "bob"]);
    let told = &connz["connections"];
    assert_eq!((&told[0]["in_msgs"], &told[0]["in_bytes"], &told[0]["out_msgs"]), (&json!(2), &json!(5), &json!(0)));
    assert_eq!((&told[1]["out_msgs"], &told[1]["out_bytes"], &told[1]["in_msgs"]), (&json!(1), &json!(5), &json!(0)));
    assert_eq!(
        (&told[1]["subscriptions"], &told[1]["lang"], &told[1]["kind"]),
        (&json!(1), &json!("rust"), &json!("Client"))
    );
    assert_eq!(told[1].get("subscriptions_list"), None, "nobody asked");

    let cid = told[1]["cid"].as_u64().expect("a number");
    let detail = json!({ "subject": "", "qgroup": "", "sid": "", "msgs": 0, "cid": 0 });
    let one = tell(&server, &format!("/connz?cid={cid}&subs=detail"));
    has_form("/connz", &one["connections"][0], &json!({ "subscriptions_list_detail": [detail] }));
    let list = &one["connections"][0]["subscriptions_list_detail"][0];
    assert_eq!((&list["subject"], &list["qgroup"], &list["msgs"]), (&json!("orders.*"), &json!("workers"), &json!(1)));
    let list = &tell(&server, "/connz?subs=1&sort=subs")["connections"][0]["subscriptions_list"];
    assert_eq!(*list, json!(["orders.*"]));

    for (question, expected, num, total) in [
        ("sort=msgs_from", &["ann", "bob"][..], 2, 2),
        ("sort=msgs_to", &["bob", "ann"], 2, 2),
        ("sort=bytes_to", &["bob", "ann"], 2, 2),
        ("sort=uptime", &["bob", "ann"], 2, 2),
        ("limit=1", &["ann"], 1, 2),
        ("limit=1&offset=1", &["bob"], 1, 2),
        ("offset=7", &[], 0, 2),
        ("state=closed", &[], 0, 0),
        ("state=ALL", &["ann", "bob"], 2, 2),
        ("acc=$G", &["ann", "bob"], 2, 2),
    ] {
        let told = tell(&server, &format!("/connz?{question}"));
        assert_eq!(names(&told), expected, "{question}");
        assert_eq!((&told["num_connections"], &told["total"]), (&json!(num), &json!(total)), "{question}");
    }
}

#[tokio::test]
async fn connz_remembers_who_left() {
    let server = monitored();
    let _stays = client(&server, "stays").await;
    drop(client(&server, "leaves").await);
    let closed = become_so(&server, "/connz?state=closed", |told| names(told) == ["leaves"]).await;
    has_form("/connz", &closed["connections"][0], &json!({ "stop": "", "reason": "", "cid": 0, "uptime": "" }));
    assert_eq!(closed["connections"][0]["reason"], "Client Closed");
    assert_eq!(names(&tell(&server, "/connz")), ["stays"]);
    let all = tell(&server, "/connz?state=all");
    assert_eq!(names(&all), ["stays", "leaves"]);
    assert_eq!(all["connections"][0].get("stop"), None);
    assert_eq!(names(&tell(&server, "/connz?state=closed&sort=stop&limit=1")), ["leaves"]);
}

#[tokio::test]
async fn subsz_tells_who_would_get_what() {
    let server = monitored();
    let client = client(&server, "ann").await;
    let _star = client.subscribe("orders.*").await.unwrap();
    let _queue = client.queue_subscribe("orders.>", "workers".into()).await.unwrap();
    let _other = client.subscribe("tickets").await.unwrap();
    become_so(&server, "/connz", |told| told["connections"][0]["subscriptions"] == 3).await;

    let stats = json!({
        "num_subscriptions": 0, "num_cache": 0, "num_inserts": 0, "num_removes": 0, "num_matches": 0,
        "cache_hit_rate": 0, "max_fanout": 0, "avg_fanout": 0,
    });
    let subsz = tell(&server, "/subsz");
    has_form("/subsz", &subsz, &stats);
    assert!(subsz["num_subscriptions"].as_u64() >= Some(3) && subsz["num_inserts"].as_u64() >= Some(3), "{subsz}");
    assert_eq!(subsz.get("subscriptions_list"), None, "nobody asked");

    let list = tell(&server, "/subscriptionsz?subs=1&test=orders.1");
    has_form("/subsz", &list, &stats);
    let detail = json!({ "account": "", "subject": "", "sid": "", "msgs": 0, "cid": 0 });
    let form =
        json!({ "server_id": "", "now": "", "total": 0, "offset": 0, "limit": 0, "subscriptions_list": [detail] });
    has_form("/subsz", &list, &form);
    assert_eq!(list["total"], 2);
    let list = list["subscriptions_list"].as_array().expect("a list");
    let mut subjects: Vec<_> = list.iter().map(|s| (s["subject"].as_str(), s["qgroup"].as_str())).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, [(Some("orders.*"), None), (Some("orders.>"), Some("workers"))]);

    let page = tell(&server, "/subsz?subs=1&limit=2&offset=1");
    assert_eq!(page["subscriptions_list"].as_array().map(Vec::len), Some(2));
    assert_eq!((&page["limit"], &page["offset"]), (&json!(2), &json!(1)));
    assert_eq!(page["total"], 2, "as many as are told");
}

#[tokio::test]
async fn jsz_tells_of_streams_and_consumers() {
    let server = monitored();
    let world = World::of(&server).await;
    let config = |name: &str, storage| stream::Config { name: name.into(), storage, ..Default::default() };
    let files = world.js.create_stream(config("FILES", stream::StorageType::File)).await.unwrap();
    world.js.create_stream(config("MEMORY", stream::StorageType::Memory)).await.unwrap();
    let durable = consumer::pull::Config { durable_name: Some("D".into()), ..Default::default() };
    files.create_consumer(durable).await.unwrap();
    for subject in ["FILES", "FILES", "MEMORY"] {
        world.js.publish(subject, "12345".into()).await.unwrap().await.unwrap();
    }

    let jsz = tell(&server, "/jsz");
    let stats = json!({
        "memory": 0, "storage": 0, "reserved_memory": 0, "reserved_storage": 0, "accounts": 0, "ha_assets": 0,
        "api": { "total": 0, "errors": 0 },
    });
    has_form("/jsz", &jsz, &stats);
    let form = json!({
        "server_id": "", "now": "", "config": { "max_memory": 0, "max_storage": 0, "store_dir": "" },
        "streams": 0, "consumers": 0, "messages": 0, "bytes": 0,
    });
    has_form("/jsz", &jsz, &form);
    assert_eq!((&jsz["streams"], &jsz["consumers"], &jsz["messages"]), (&json!(2), &json!(1), &json!(3)));
    assert!(jsz["memory"].as_u64() > Some(0) && jsz["storage"].as_u64() > Some(0), "{jsz}");
    assert_eq!((jsz.get("account_details"), jsz.get("disabled")), (None, None));

    let all = tell(&server, "/jsz?consumers=true&config=true");
    let account = &all["account_details"][0];
    has_form("/jsz/account_details", account, &stats);
    let sequence = json!({ "consumer_seq": 0, "stream_seq": 0 });
    let form = json!({ "name": "", "id": "", "stream_detail": [{
        "name": "", "created": "", "cluster": { "leader": "" },
        "config": { "name": "", "subjects": [""], "retention": "", "storage": "", "max_bytes": 0, "num_replicas": 0 },
        "state": {
            "messages": 0, "bytes": 0, "first_seq": 0, "first_ts": "", "last_seq": 0, "last_ts": "", "consumer_count": 0,
        },
    }]});
    has_form("/jsz/account_details", account, &form);
    let streams = account["stream_detail"].as_array().expect("streams");
    let told = streams.iter().find(|s| s["name"] == "FILES").expect("the stream");
    assert_eq!((&told["state"]["messages"], &told["state"]["consumer_count"]), (&json!(2), &json!(1)));
    let form = json!({ "consumer_detail": [{
        "stream_name": "", "name": "", "created": "", "config": { "durable_name": "", "ack_policy": "" },
        "delivered": sequence, "ack_floor": sequence, "num_ack_pending": 0, "num_redelivered": 0, "num_waiting": 0,
        "num_pending": 0,
    }]});
    has_form("/jsz/stream", told, &form);
    assert_eq!(
        (&told["consumer_detail"][0]["name"], &told["consumer_detail"][0]["num_pending"]),
        (&json!("D"), &json!(2))
    );

    let streams = tell(&server, "/jsz?streams=1");
    let streams = streams["account_details"][0]["stream_detail"].as_array().expect("streams").clone();
    assert_eq!(streams.len(), 2);
    assert!(streams.iter().all(|s| s.get("config").is_none() && s.get("consumer_detail").is_none()), "{streams:?}");
    let accounts = tell(&server, "/jsz?accounts=1");
    assert_eq!(accounts["account_details"][0].get("stream_detail"), None);
    assert_eq!(tell(&server, "/jsz?acc=other").get("account_details"), None);
    assert_eq!(tell(&server, "/jsz?streams=1&offset=1&limit=1").get("account_details"), None);
}

#[tokio::test]
async fn healthz_says_that_all_is_well() {
    let server = monitored();
    for path in ["/healthz", "/healthz?js-enabled-only=true", "/healthz?js-server-only=1", "/healthz?js-enabled=1"] {
        let reply = get(&server, path);
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"ok"}"#), "{path}");
    }
}

#[tokio::test]
async fn what_a_lone_server_lacks_is_told_as_none() {
    let server = monitored();
    for (path, form, empty) in [
        ("/routez", json!({ "server_id": "", "now": "", "num_routes": 0 }), "routes"),
        ("/gatewayz", json!({ "server_id": "", "now": "", "inbound_gateways": {} }), "outbound_gateways"),
        ("/leafz", json!({ "server_id": "", "now": "", "leafnodes": 0 }), "leafs"),
    ] {
        let told = tell(&server, path);
        has_form(path, &told, &form);
        let empty = &told[empty];
        assert!([json!([]), json!({}), json!(null)].contains(empty), "{path}: {empty}");
    }
    let accounts = tell(&server, "/accountz");
    assert!(accounts["accounts"].as_array().is_some_and(|all| all.contains(&json!("$G"))), "{accounts}");
    let account = tell(&server, "/accountz?acc=$G");
    let form = json!({ "account_name": "", "jetstream_enabled": true, "client_connections": 0, "subscriptions": 0 });
    has_form("/accountz", &account["account_detail"], &form);
    let _client = client(&server, "ann").await;
    let traffic = json!({ "msgs": 0, "bytes": 0 });
    let form =
        json!({ "acc": "", "conns": 0, "total_conns": 0, "sent": traffic, "received": traffic, "slow_consumers": 0 });
    has_form("/accstatz", &tell(&server, "/accstatz"), &json!({ "account_statz": [form] }));
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let server = monitored();
    for path in [
        "/connz?sort=name",
        "/connz?sort=stop",
        "/connz?sort=reason&state=all",
        "/connz?limit=x",
        "/connz?offset=1.5",
        "/connz?cid=-1",
        "/connz?state=gone",
        "/connz?subs=maybe",
        "/connz?auth=maybe",
        "/subsz?subs=1&test=a..b",
        "/subsz?subs=1&test=a.*",
        "/jsz?streams=maybe",
        "/healthz?js-server-only=maybe",
    ] {
        let reply = get(&server, path);
        assert_eq!(reply.status, 400, "{path}: {}", reply.body);
        assert!(reply.head.contains("content-type: text/plain") && !reply.body.is_empty(), "{path}: {}", reply.head);
    }
    for path in ["/nothing", "/varz/", "/varz/x", "/streaming/nothing"] {
        assert_eq!(get(&server, path).status, 404, "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_ask() {
    let server = monitored();
    let call = get(&server, "/healthz?callback=jQuery.cb_1");
    assert_eq!(call.body, r#"jQuery.cb_1({"status":"ok"})"#);
    assert!(call.head.contains("content-type: application/javascript"), "{}", call.head);
    if ours() {
        // Which nats-server says since 2.9.22.
        assert!(get(&server, "/varz").head.contains("access-control-allow-origin: *"));
        assert_eq!(get(&server, "/varz?callback=alert(1);//").status, 400);
    }
}

#[tokio::test]
async fn the_index_links_to_what_there_is_and_loads_nothing() {
    let server = monitored();
    let index = get(&server, "/");
    assert!(index.status == 200 && index.head.contains("content-type: text/html"), "{}", index.head);
    if !ours() {
        return; // Theirs loads an icon from elsewhere.
    }
    assert!(!index.body.contains("http:") && !index.body.contains("https:"));
    let links: Vec<_> = index.body.split("href=\".").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.contains(&"/varz") && links.contains(&"/metrics"), "{links:?}");
    for link in links {
        assert_eq!(get(&server, link).status, 200, "{link}");
    }
}

#[tokio::test]
async fn monitoring_can_be_read_and_no_more() {
    let server = monitored();
    let head = ask(&server, "HEAD /varz HTTP/1.0");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    if !ours() {
        return; // nats-server takes any method, and a request of any kind.
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let reply = ask(&server, &format!("{method} /varz HTTP/1.0"));
        assert!(reply.status == 405 && reply.head.contains("allow: get,head"), "{method}: {}", reply.head);
    }
    let long = ask(&server, &format!("GET /varz HTTP/1.0\r\nX-Long: {}", "a".repeat(40_000)));
    assert_eq!(long.status, 431);
    assert_eq!(get(&server, "/varz").status, 200, "others are served as before");
}

#[tokio::test]
async fn no_secret_is_told() {
    const SECRETS: [&str; 2] = ["pw-of-ann", "s3cr3t-token"];
    let users = "http: 127.0.0.1:-1\nauthorization { users: [{ user: ann, password: pw-of-ann }] }";
    let token = "http: 127.0.0.1:-1\nauthorization { token: s3cr3t-token }";
    for config in [users, token] {
        let server = Server::with_config(config);
        let options = if config == users {
            ConnectOptions::with_user_and_password("ann".into(), SECRETS[0].into())
        } else {
            ConnectOptions::with_token(SECRETS[1].into())
        };
        let _client = options.connect(server.url()).await.expect("a connection");
        let told = tell(&server, "/connz?auth=1");
        assert_eq!(told["num_connections"], 1);
        if config == users {
            assert_eq!(told["connections"][0]["authorized_user"], "ann");
            assert_eq!(tell(&server, "/connz")["connections"][0].get("authorized_user"), None, "nobody asked");
            assert_eq!(tell(&server, "/connz?user=ann&auth=1")["num_connections"], 1);
            assert_eq!(tell(&server, "/connz?user=bob&auth=1")["num_connections"], 0);
        }
        if ours() {
            // nats-server tells a token as the user's name.
            for path in [
                "/connz?auth=1&subs=detail&state=all",
                "/varz",
                "/accountz?acc=$G",
                "/subsz?subs=1",
                "/metrics",
                "/live/server",
                "/live/connections",
            ] {
                let body = get(&server, path).body;
                assert!(!SECRETS.iter().any(|secret| body.contains(secret)), "{path}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn metrics_are_for_prometheus() {
    let server = monitored();
    if !ours() {
        return; // nats-server has an exporter for that.
    }
    let world = World::of(&server).await;
    let config = stream::Config { name: "ORDERS".into(), ..Default::default() };
    let stream = world.js.create_stream(config).await.unwrap();
    let durable = consumer::pull::Config { durable_name: Some("ship".into()), ..Default::default() };
    stream.create_consumer(durable).await.unwrap();
    let ephemeral = consumer::pull::Config { name: Some("passing".into()), ..Default::default() };
    stream.create_consumer(ephemeral).await.unwrap();
    world.js.publish("ORDERS", "12345".into()).await.unwrap().await.unwrap();

    let reply = get(&server, "/metrics");
    assert!(reply.head.contains("content-type: text/plain; version=0.0.4"), "{}", reply.head);
    for line in [
        "nats_connections 1",
        "jetstream_enabled 1",
        "jetstream_consumers 2",
        "jetstream_consumers_untold 1",
        "jetstream_stream_messages{account=\"$G\",stream=\"ORDERS\"} 1",
        "jetstream_stream_fault{account=\"$G\",stream=\"ORDERS\"} 0",
        "jetstream_consumer_pending{account=\"$G\",stream=\"ORDERS\",consumer=\"ship\"} 1",
        "# TYPE nats_received_messages_total counter",
    ] {
        assert!(reply.body.lines().any(|l| l == line), "{line} is missing:\n{}", reply.body);
    }
    assert!(!reply.body.contains("passing"), "a name that nobody will use again");
}

#[tokio::test]
async fn monitoring_goes_with_the_server() {
    let mut server = monitored();
    let address = address(&server);
    let mut idle = TcpStream::connect(&address).expect("a connection");
    idle.set_read_timeout(Some(PATIENCE)).expect("an option");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut first = [0; 12];
    idle.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop();
    idle.read_to_end(&mut Vec::new()).expect("the connection's end");
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
}
