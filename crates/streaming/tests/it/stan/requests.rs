//! What no well-behaved client sends, and what a silent one may expect: byte for byte on the wire.

use std::time::{Duration, Instant};

use futures::StreamExt;
use protocol::stan::{
    CloseRequest, CloseResponse, ConnectRequest, ConnectResponse, Message, MsgProto, Ping, PingResponse,
};
use protocol::stan::{PubAck, PubMsg, SubscriptionRequest, SubscriptionResponse, UnsubscribeRequest};

use super::CLUSTER;
use super::raw::{Raw, ask, discover, tell};
use crate::harness::{Server, eventually, soon};

/// No protobuf.
const GARBAGE: &[u8] = &[0xff; 7];

fn server(args: &[&str]) -> Server {
    Server::start(&[&["-m", "-1", "-cid", CLUSTER], args].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_tells_where_to_go_on_and_refuses_what_cannot_be() {
    let server = server(&[]);
    let ann = Raw::connected(&server, "ann").await;
    let expected = ConnectResponse {
        pub_prefix: "_STAN.pub.ticketing".into(),
        sub_requests: "_STAN.sub.ticketing".into(),
        unsub_requests: "_STAN.unsub.ticketing".into(),
        close_requests: "_STAN.close.ticketing".into(),
        sub_close_requests: "_STAN.subclose.ticketing".into(),
        ping_requests: "_STAN.discover.ticketing.pings".into(),
        ping_interval: 5,
        ping_max_out: 3,
        protocol: 1,
        ..ConnectResponse::default()
    };
    assert_eq!(ann.welcome, expected);
    let told: ConnectResponse = tell(&ann.client, &discover(), GARBAGE.to_vec()).await;
    assert_eq!(told.error, "stan: invalid connection request");
    let nowhere = ConnectRequest { client_id: "bob".into(), ..ConnectRequest::default() };
    assert_eq!(ann.ask::<ConnectResponse>(&discover(), &nowhere).await.error, "stan: invalid connection request");
    let bad = ConnectRequest { client_id: "b.b".into(), heartbeat_inbox: "x".into(), ..ConnectRequest::default() };
    assert_eq!(
        ann.ask::<ConnectResponse>(&discover(), &bad).await.error,
        "stan: invalid clientID: only alphanumeric and `-` or `_` characters allowed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_name_is_asked_once_and_a_third_is_refused_meanwhile() {
    let server = server(&[]);
    let mut first = Raw::connected(&server, "ann").await;
    let began = Instant::now();
    let second = Raw::connect(&server, "ann");
    let third = async {
        first.heartbeat(false).await; // The second's question: only now is the name in doubt.
        Raw::connect(&server, "ann").await.err()
    };
    let (second, third) = tokio::join!(second, third);
    assert_eq!(third.as_deref(), Some("stan: clientID already registered"));
    let second = second.expect("the first did not answer");
    assert!(began.elapsed() >= Duration::from_millis(500), "it had half a second");
    let told: PingResponse = first.ask(&first.welcome.ping_requests, &first.ping()).await;
    assert_eq!(told.error, "client has been replaced or is no longer registered");
    let answer = second.client.request(second.welcome.ping_requests.clone(), second.ping().encode_to_vec().into());
    assert_eq!(answer.await.unwrap().payload.len(), 0, "nothing is the answer that all is well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_gone_after_as_many_heartbeats_as_it_may_miss() {
    // (200 ms + 100 ms) × 3.
    let server = server(&["-hbi", "200ms", "-hbt", "100ms", "-hbf", "3"]);
    let mut ann = Raw::connected(&server, "ann").await;
    let mut bob = Raw::connected(&server, "bob").await;
    // Taken before the answer, so that a slow test sees more time go by, and not less.
    let silent = ann.heartbeat(true).await;
    let answering = async {
        loop {
            bob.heartbeat(true).await;
        }
    };
    let gone = eventually("it is removed", async || (super::monitoring::clients(&server) == ["bob"]).then_some(()));
    tokio::select! {
        () = answering => {}
        () = gone => {}
    }
    let took = silent.elapsed();
    assert!(took >= Duration::from_millis(900), "too soon: {took:?}");
    assert!(took < Duration::from_millis(2900), "too late: {took:?}");
    assert_eq!(bob.publish("c", "1").await, "", "who answered is still here");
    assert_eq!(ann.publish("c", "1").await, "stan: invalid publish request");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_makes_up_for_all_that_were_missed() {
    let server = server(&["-hbi", "100ms", "-hbt", "100ms", "-hbf", "3"]);
    let mut ann = Raw::connected(&server, "ann").await;
    for alive in [false, false, true, false, false, true, false, false, true] {
        ann.heartbeat(alive).await;
    }
    assert_eq!(ann.publish("c", "1").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_refused_in_the_known_words() {
    let server = server(&[]);
    let ann = Raw::connected(&server, "ann").await;
    let w = &ann.welcome;
    let told: PubAck = tell(&ann.client, &format!("{}.c", w.pub_prefix), GARBAGE.to_vec()).await;
    assert_eq!(told.error, "stan: invalid publish request");
    for (client, guid, channel) in [("nobody", "g", "c"), ("ann", "", "c"), ("ann", "g", "c.*"), ("ann", "g", "a/b")] {
        let (client_id, guid, subject) = (client.into(), guid.into(), channel.into());
        let message = PubMsg { client_id, guid, subject, ..PubMsg::default() };
        let told: PubAck = ann.ask(&format!("{}.c", w.pub_prefix), &message).await;
        assert_eq!((told.error.as_str(), told.guid), ("stan: invalid publish request", message.guid), "{channel}");
    }
    let told: SubscriptionResponse = tell(&ann.client, &w.sub_requests, GARBAGE.to_vec()).await;
    assert_eq!(told.error, "stan: invalid subscription request");
    let right = ann.request("c");
    for (request, error) in [
        (SubscriptionRequest { client_id: String::new(), ..right.clone() }, "stan: clientID missing"),
        (SubscriptionRequest { client_id: "nobody".into(), ..right.clone() }, "stan: unknown clientID"),
        (SubscriptionRequest { ack_wait_seconds: 0, ..right.clone() }, "stan: invalid ack wait time, should be >= 1s"),
        (SubscriptionRequest { max_in_flight: 0, ..right.clone() }, "stan: invalid MaxInflight, should be >= 1"),
        (SubscriptionRequest { start_position: 5, ..right.clone() }, "stan: invalid start position"),
        (SubscriptionRequest { subject: "c.>".into(), ..right.clone() }, "stan: invalid subject"),
        (
            SubscriptionRequest { queue_group: "q".into(), durable_name: "a:b".into(), ..right.clone() },
            "stan: durable name of a durable queue subscriber can't contain the character ':'",
        ),
    ] {
        assert_eq!(ann.subscribe(request).await.err().as_deref(), Some(error));
    }
    let subscribed = ann.subscribe(right).await.expect("this one is right");
    for end in [&w.unsub_requests, &w.sub_close_requests] {
        let told: SubscriptionResponse = tell(&ann.client, end, GARBAGE.to_vec()).await;
        assert_eq!(told.error, "stan: invalid unsubscribe request");
        let right = UnsubscribeRequest {
            client_id: "ann".into(),
            subject: "c".into(),
            inbox: subscribed.ack_inbox.clone(),
            durable_name: String::new(),
        };
        for (request, error) in [
            (UnsubscribeRequest { subject: "nope".into(), ..right.clone() }, "stan: unknown channel"),
            (UnsubscribeRequest { client_id: "nobody".into(), ..right.clone() }, "stan: unknown clientID"),
            (UnsubscribeRequest { inbox: "x".into(), ..right.clone() }, "stan: invalid subscription"),
        ] {
            assert_eq!(ann.ask::<SubscriptionResponse>(end, &request).await.error, error);
        }
    }
    // Named by its own inbox it can end too.
    let end = UnsubscribeRequest {
        client_id: "ann".into(),
        subject: "c".into(),
        inbox: subscribed.inbox.clone(),
        durable_name: String::new(),
    };
    assert_eq!(ann.ask::<SubscriptionResponse>(&w.unsub_requests, &end).await.error, "");
    assert_eq!(ann.ask::<SubscriptionResponse>(&w.unsub_requests, &end).await.error, "stan: invalid subscription");
    let told: CloseResponse = tell(&ann.client, &w.close_requests, GARBAGE.to_vec()).await;
    assert_eq!(told.error, "stan: invalid close request");
    let close = |id: &str| CloseRequest { client_id: id.into() };
    assert_eq!(ann.ask::<CloseResponse>(&w.close_requests, &close("nobody")).await.error, "stan: unknown clientID");
    assert_eq!(ann.ask::<CloseResponse>(&w.close_requests, &close("ann")).await.error, "");
    assert_eq!(ann.ask::<CloseResponse>(&w.close_requests, &close("ann")).await.error, "stan: unknown clientID");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_kept_and_what_comes_again_counts_how_often() {
    let server = server(&[]);
    let ann = Raw::connected(&server, "ann").await;
    let request = SubscriptionRequest { max_in_flight: 1, ack_wait_seconds: 1, ..ann.request("c") };
    let mut subscribed = ann.subscribe(request).await.expect("subscribed");
    let began = Instant::now();
    for data in ["1", "2"] {
        assert_eq!(ann.publish("c", data).await, "");
    }
    let times = |m: &MsgProto| (m.sequence, m.redelivered, m.redelivery_count);
    assert_eq!(times(&subscribed.next().await), (1, false, 0));
    assert_eq!(times(&subscribed.next().await), (1, true, 1));
    assert!(began.elapsed() >= Duration::from_secs(1), "not before its time: {:?}", began.elapsed());
    let again = subscribed.next().await;
    assert_eq!(times(&again), (1, true, 2));
    ann.ack(&subscribed, &again).await;
    let next = subscribed.next().await;
    assert_eq!((times(&next), next.data.as_slice(), next.subject.as_str()), ((2, false, 0), &b"2"[..], "c"));
    ann.ack(&subscribed, &next).await;
    assert_eq!(subscribed.next_within(Duration::from_millis(1300)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_of_nothing_do_nothing() {
    let server = server(&[]);
    let ann = Raw::connected(&server, "ann").await;
    let mut subscribed = ann.subscribe(ann.request("c")).await.expect("subscribed");
    ann.client.publish(subscribed.ack_inbox.clone(), GARBAGE.to_vec().into()).await.unwrap();
    let nothing = MsgProto { sequence: 99, subject: "c".into(), ..MsgProto::default() };
    ann.ack(&subscribed, &nothing).await;
    assert_eq!(ann.publish("c", "1").await, "");
    assert_eq!(subscribed.next().await.sequence, 1);
    let answer: PingResponse =
        ask(&ann.client, &ann.welcome.ping_requests, &Ping { connection_id: b"x".to_vec() }).await;
    assert_eq!(answer.error, "client has been replaced or is no longer registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_that_it_is_closed_when_all_it_published_is_acknowledged() {
    const CHANNELS: usize = 5;
    const MESSAGES: usize = 200;
    let server = Server::start(&["-cid", CLUSTER, "-st", "file"]);
    let ann = Raw::connected(&server, "ann").await;
    let inbox = ann.client.new_inbox();
    let mut answers = ann.client.subscribe(format!("{inbox}.*")).await.expect("subscribed");
    for n in 0..MESSAGES {
        let subject = format!("c{}", n % CHANNELS);
        let to = format!("{}.{subject}", ann.welcome.pub_prefix);
        let (client_id, guid) = ("ann".into(), n.to_string());
        let message = PubMsg { client_id, guid, subject, data: vec![b'x'; 500], ..PubMsg::default() };
        ann.client.publish_with_reply(to, format!("{inbox}.ack"), message.encode_to_vec().into()).await.expect("sent");
    }
    let close = CloseRequest { client_id: "ann".into() }.encode_to_vec();
    let to = ann.welcome.close_requests.clone();
    ann.client.publish_with_reply(to, format!("{inbox}.closed"), close.into()).await.expect("sent");
    let mut acknowledged = 0;
    loop {
        let answer = soon("an answer", answers.next()).await.expect("subscribed");
        if answer.subject.ends_with(".closed") {
            assert_eq!(CloseResponse::decode(&*answer.payload).expect("an answer").error, "");
            break;
        }
        assert_eq!(PubAck::decode(&*answer.payload).expect("an answer").error, "");
        acknowledged += 1;
    }
    assert_eq!(acknowledged, MESSAGES);
}
