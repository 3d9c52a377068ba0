//! Bytes recorded from the original server and its clients, and what they say.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// `hex` says `value`, and `value` is written so.
fn golden<M: Message + Default + PartialEq + std::fmt::Debug>(hex: &str, value: &M) {
    assert_eq!(&M::decode(&*bytes(hex)).unwrap(), value);
    assert_eq!(value.encode_to_vec(), bytes(hex));
}

#[test]
fn a_client_comes_and_goes() {
    let connect = ConnectRequest {
        client_id: "me".into(),
        heartbeat_inbox: "_INBOX.hb".into(),
        protocol: 1,
        connection_id: b"conn-1".to_vec(),
        ping_interval: 5,
        ping_max_out: 88,
    };
    golden("0a026d6512095f494e424f582e686218012206636f6e6e2d3128053058", &connect);
    let welcome = ConnectResponse {
        pub_prefix: "_STAN.pub.test-cluster".into(),
        sub_requests: "_STAN.sub.test-cluster".into(),
        unsub_requests: "_STAN.unsub.test-cluster".into(),
        close_requests: "_STAN.close.test-cluster".into(),
        sub_close_requests: "_STAN.subclose.test-cluster".into(),
        ping_requests: "_STAN.discover.test-cluster.pings".into(),
        ping_interval: 5,
        ping_max_out: 88,
        protocol: PROTOCOL,
        ..ConnectResponse::default()
    };
    golden(
        "0a165f5354414e2e7075622e746573742d636c757374657212165f5354414e2e7375622e746573742d636c75737465721a185f5354414e2e756e7375622e746573742d636c757374657222185f5354414e2e636c6f73652e746573742d636c7573746572321b5f5354414e2e737562636c6f73652e746573742d636c75737465723a215f5354414e2e646973636f7665722e746573742d636c75737465722e70696e6773400548585001",
        &welcome,
    );
    let refused = ConnectResponse { error: error::CLIENT_ID_TAKEN.into(), ..ConnectResponse::default() };
    golden("2a217374616e3a20636c69656e74494420616c72656164792072656769737465726564", &refused);
    golden("0a06636f6e6e2d31", &Ping { connection_id: b"conn-1".to_vec() });
    golden("", &PingResponse::default());
    golden(
        "0a33636c69656e7420686173206265656e207265706c61636564206f72206973206e6f206c6f6e6765722072656769737465726564",
        &PingResponse { error: error::REPLACED.into() },
    );
    golden("0a026d65", &CloseRequest { client_id: "me".into() });
    golden("0a167374616e3a20756e6b6e6f776e20636c69656e744944", &CloseResponse { error: error::UNKNOWN_CLIENT.into() });
}

#[test]
fn a_message_is_published_and_delivered() {
    let message = PubMsg {
        client_id: "me".into(),
        guid: "guid1".into(),
        subject: "foo".into(),
        data: b"hello".to_vec(),
        connection_id: b"conn-1".to_vec(),
        ..PubMsg::default()
    };
    golden("0a026d65120567756964311a03666f6f2a0568656c6c6f3206636f6e6e2d31", &message);
    golden("0a056775696431", &PubAck { guid: "guid1".into(), ..PubAck::default() });
    let case = PubAck { guid: "g4".into(), error: error::other_case("FOO", "foo") };
    golden(
        "0a026734125972656a656374696e67206368616e6e656c2022464f4f222062656361757365206368616e6e656c2022666f6f2220616c72656179206578697374732028646966666572656e74206361736573206e6f7420616c6c6f77656429",
        &case,
    );
    let mut delivered = MsgProto {
        sequence: 1,
        subject: "foo".into(),
        data: b"hello".to_vec(),
        timestamp: 1_795_218_863_692_050_884,
        ..MsgProto::default()
    };
    golden("08011203666f6f220568656c6c6f28c4e3c7c3b8c1f9f418", &delivered);
    assert_eq!(MsgProto::bytes(1, 3, 5, delivered.timestamp), 24);
    (delivered.redelivered, delivered.redelivery_count) = (true, 2);
    golden("08011203666f6f220568656c6c6f28c4e3c7c3b8c1f9f41830013802", &delivered);
    golden("0a03666f6f1001", &Ack { subject: "foo".into(), sequence: 1 });
}

#[test]
fn a_delivery_is_written_as_it_would_be_made() {
    for (sequence, channel, data, timestamp, count) in
        [(0, "", &b""[..], 0, 0), (1, "foo", b"hello", 1_795_218_863_692_050_884, 0), (u64::MAX, "a", &[0; 300], -1, 7)]
    {
        let made = MsgProto {
            sequence,
            subject: channel.into(),
            data: data.to_vec(),
            timestamp,
            redelivered: count > 0,
            redelivery_count: count,
            ..MsgProto::default()
        };
        let mut written = Vec::new();
        MsgProto::write(&mut written, sequence, channel, data, timestamp, count);
        assert_eq!(written, made.encode_to_vec());
        if count == 0 {
            assert_eq!(MsgProto::bytes(sequence, channel.len(), data.len(), timestamp), written.len() as u64);
        }
    }
}

#[test]
fn a_subscription_begins_and_ends() {
    let durable = SubscriptionRequest {
        client_id: "me".into(),
        subject: "foo".into(),
        inbox: "_INBOX.msgs".into(),
        max_in_flight: 10,
        ack_wait_seconds: 1,
        durable_name: "dur".into(),
        start_position: 4,
        ..SubscriptionRequest::default()
    };
    golden("0a026d651203666f6f220b5f494e424f582e6d736773280a30013a036475725004", &durable);
    assert_eq!(durable.start(), Some(StartPosition::First));
    let queue = SubscriptionRequest {
        inbox: "_INBOX.m3".into(),
        queue_group: "q".into(),
        ack_wait_seconds: 30,
        durable_name: "qd".into(),
        start_position: 0,
        ..durable.clone()
    };
    golden("0a026d651203666f6f1a017122095f494e424f582e6d33280a301e3a027164", &queue);
    for start in [
        StartPosition::NewOnly,
        StartPosition::LastReceived,
        StartPosition::TimeDelta(5),
        StartPosition::Sequence(7),
        StartPosition::First,
    ] {
        let mut request = SubscriptionRequest::default();
        request.start_from(start);
        assert_eq!(request.start(), Some(start));
    }
    assert_eq!(SubscriptionRequest { start_position: 9, ..durable }.start(), None);
    let inbox = "_INBOX.ITRYa545MB7kfMHsDNZJtj";
    let response = SubscriptionResponse { ack_inbox: inbox.into(), ..SubscriptionResponse::default() };
    golden("121d5f494e424f582e49545259613534354d42376b664d4873444e5a4a746a", &response);
    let refused = SubscriptionResponse { error: error::CLIENT_ID_MISSING.into(), ..SubscriptionResponse::default() };
    golden("1a167374616e3a20636c69656e744944206d697373696e67", &refused);
    let end = UnsubscribeRequest {
        client_id: "me".into(),
        subject: "foo".into(),
        inbox: inbox.into(),
        ..UnsubscribeRequest::default()
    };
    golden("0a026d651203666f6f1a1d5f494e424f582e49545259613534354d42376b664d4873444e5a4a746a", &end);
}

#[test]
fn names_are_as_the_original_has_them() {
    for (name, fits) in [("me", true), ("a-b_C9", true), ("", false), ("bad id!", false), ("a.b", false), ("ä", false)]
    {
        assert_eq!(is_client_id(name), fits, "{name}");
    }
    for (name, fits) in [
        ("foo", true),
        ("foo.bar", true),
        ("ticket:created", true),
        ("", false),
        (".a", false),
        ("a.", false),
        ("a..b", false),
        ("a/b", false),
        ("a.*", false),
        ("a.>", false),
        ("a*b", false),
        ("a b", false),
    ] {
        assert_eq!(is_channel(name), fits, "{name}");
    }
}
