//! What must hold whatever the input: run by each fuzz target, and by `tests/fuzz.rs`.

use protocol::{
    client::{self, Command, Limits},
    headers::{self, Headers},
    jetstream::{
        ack::{Ack, AckSubject},
        api,
        config::{ConsumerConfig, StreamConfig},
    },
    server::{self, ServerOp},
    stan::{self, Message},
    subject, time,
};

/// Commands: each taken in order, the same however the input arrives, and the same when written again.
pub fn commands(input: &[u8]) {
    let limits = Limits { control_line_bytes_max: 128, payload_bytes_max: 1024 };
    let mut rest = input;
    while let Ok(Some((command, taken))) = client::decode(rest, &limits) {
        assert!(0 < taken && taken <= rest.len());
        for cut in 0..taken {
            assert_eq!(client::decode(&rest[..cut], &limits), Ok(None), "complete at {cut} of {taken}");
        }
        let mut again = Vec::new();
        match command {
            Command::Publish { subject, reply, headers, payload } => {
                assert!(headers.len() + payload.len() <= limits.payload_bytes_max);
                client::publish(&mut again, subject, reply, headers, payload);
            }
            Command::Subscribe { subject, queue, sid } => client::subscribe(&mut again, subject, queue, sid),
            Command::Unsubscribe { sid, max } => client::unsubscribe(&mut again, sid, max),
            Command::Connect(json) => drop(client::Connect::parse(json)),
            Command::Ping | Command::Pong | Command::Info(_) | Command::Ok | Command::Err(_) => {}
        }
        if !again.is_empty() {
            assert_eq!(client::decode(&again, &limits), Ok(Some((command, again.len()))));
        }
        rest = &rest[taken..];
    }
    let last = client::decode(rest, &limits);
    for cut in 0..rest.len() {
        let early = client::decode(&rest[..cut], &limits);
        assert!(early == Ok(None) || early == last, "{early:?} at {cut}, but {last:?}");
    }
    let bound = limits.control_line_bytes_max + limits.payload_bytes_max + 64;
    assert!(last != Ok(None) || rest.len() <= bound, "{} bytes are waited for", rest.len());
}

/// Operations: as commands.
pub fn operations(input: &[u8]) {
    let mut rest = input;
    while let Ok(Some((op, taken))) = server::decode_op(rest) {
        assert!(0 < taken && taken <= rest.len());
        if let ServerOp::Msg { subject, sid, reply, headers, payload } = op {
            let mut again = Vec::new();
            server::message(&mut again, subject, sid, reply, headers, payload);
            assert_eq!(server::decode_op(&again), Ok(Some((op, again.len()))));
        }
        rest = &rest[taken..];
    }
}

/// Header blocks: a copy has the same fields, and each is found by its name.
pub fn headers(input: &[u8]) {
    let block = Headers::parse(input);
    let _ = (block.status(), block.is_well_formed());
    for (name, value) in block.iter() {
        assert!(block.get(name).is_some() && block.get_all(name).any(|other| other == value));
    }
    let mut copy = Vec::new();
    headers::append(&mut copy, input, &[("A", "b\r\nc")]);
    assert!(Headers::parse(&copy).is_well_formed());
    assert!(block.iter().chain([("A", &b"b  c"[..])]).eq(Headers::parse(&copy).iter()));
    let mut less = Vec::new();
    headers::remove(&mut less, input, |name| name == "A");
    assert!(block.iter().filter(|(name, _)| *name != "A").eq(Headers::parse(&less).iter()));
}

/// Subjects: the input is a subject and two filters, and whatever is said of them must agree.
pub fn subjects(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (literal, a, b) = (part(), part(), part());
    let _ = (subject::matches(a, literal), subject::is_subset(a, b), subject::overlaps(a, b));
    if !(subject::is_valid_literal(literal) && subject::is_valid_filter(a) && subject::is_valid_filter(b)) {
        return;
    }
    let (in_a, in_b) = (subject::matches(a, literal), subject::matches(b, literal));
    assert!(!(in_a && in_b) || subject::overlaps(a, b), "{literal} is in {a} and {b}");
    assert!(!(in_a && subject::is_subset(a, b)) || in_b, "{literal} is in {a} but not in {b}");
    assert_eq!(in_a, subject::is_subset(literal, a));
    assert_eq!(in_a, subject::overlaps(a, literal));
    assert_eq!(subject::overlaps(a, b), subject::overlaps(b, a));
    assert!(subject::is_subset(a, a) && subject::overlaps(a, a));
    assert!(!subject::is_subset(a, b) || subject::overlaps(a, b));
    assert_eq!(subject::Filter::new(a).map(|filter| filter.matches(literal)), Some(in_a));
}

/// What clients send to `JetStream`: read or refused; what is accepted stays as it is, also through JSON.
pub fn jetstream(input: &[u8]) {
    let _ = (api::PullRequest::parse(input), api::parse::<api::MsgGetRequest>(input), Ack::parse(input));
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = (time::parse_rfc3339(text), time::parse_go_duration(text));
        if let Some(ack) = AckSubject::parse(text) {
            let mut again = Vec::new();
            ack.write(&mut again);
            assert_eq!(std::str::from_utf8(&again).ok().and_then(AckSubject::parse), Some(ack));
        }
    }
    let Ok(stream) = api::parse::<StreamConfig>(input).and_then(StreamConfig::normalized) else { return };
    assert_eq!(stream.clone().normalized().as_ref(), Ok(&stream));
    assert_eq!(through_json(&stream), stream);
    let consumer = api::parse::<ConsumerConfig>(input).and_then(|asked| asked.normalized(&stream));
    if let Ok(consumer) = consumer {
        assert_eq!(consumer.clone().normalized(&stream).as_ref(), Ok(&consumer));
        assert_eq!(through_json(&consumer), consumer);
    }
}

fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::to_vec(value).and_then(|json| serde_json::from_slice(&json)).expect("what we write we read")
}

/// Messages of NATS Streaming: read or refused, and what was read stays as it is.
pub fn stan(input: &[u8]) {
    again::<stan::ConnectRequest>(input);
    again::<stan::ConnectResponse>(input);
    again::<stan::Ping>(input);
    again::<stan::PubAck>(input);
    again::<stan::PubMsg>(input);
    again::<stan::Ack>(input);
    again::<stan::SubscriptionRequest>(input);
    again::<stan::UnsubscribeRequest>(input);
    if let Some(m) = again::<stan::MsgProto>(input) {
        let (mut written, count) = (Vec::new(), m.redelivery_count);
        stan::MsgProto::write(&mut written, m.sequence, &m.subject, &m.data, m.timestamp, count);
        let plain = stan::MsgProto { redelivered: count > 0, reply: String::new(), crc32: 0, ..m };
        assert_eq!(stan::MsgProto::decode(&*written), Ok(plain));
    }
}

fn again<M: Message + Default + PartialEq + std::fmt::Debug>(input: &[u8]) -> Option<M> {
    let message = M::decode(input).ok()?;
    assert_eq!(M::decode(&*message.encode_to_vec()), Ok(M::decode(input).ok()?));
    Some(message)
}
