//! Operations: written as recorded, and read whole, in pieces and at random.

use proptest::prelude::*;

use super::*;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn operations_are_written_as_clients_expect_them() {
    let block = b"NATS/1.0\r\n\r\n";
    assert_eq!(written(|out| message(out, "a", "1", None, b"", b"hi")), "MSG a 1 2\r\nhi\r\n");
    assert_eq!(written(|out| message(out, "a", "1", Some("r"), b"", b"")), "MSG a 1 r 0\r\n\r\n");
    assert_eq!(
        written(|out| message(out, "a", "1", Some("r"), block, b"hi")),
        "HMSG a 1 r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"
    );
    assert_eq!(written(|out| no_responders(out, "_INBOX.1", "7")), "HMSG _INBOX.1 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
    assert_eq!(written(|out| error(out, "Invalid Subject")), "-ERR 'Invalid Subject'\r\n");
    assert_eq!(written(|out| error(out, "a\r\nPING")), "-ERR 'a  PING'\r\n");
    assert_eq!(written(ok) + &written(ping) + &written(pong), "+OK\r\nPING\r\nPONG\r\n");
}

#[test]
fn info_leaves_out_what_does_not_apply() {
    let about = Info {
        server_id: "N".into(),
        server_name: "s".into(),
        version: "2.14.0".into(),
        proto: 1,
        host: "127.0.0.1".into(),
        port: 4222,
        headers: true,
        max_payload: 1_048_576,
        jetstream: true,
        ..Info::default()
    };
    let text = written(|out| info(out, &about));
    let json = r#"{"server_id":"N","server_name":"s","version":"2.14.0","proto":1,"go":"","host":"127.0.0.1","port":4222,"headers":true,"max_payload":1048576,"jetstream":true}"#;
    assert_eq!(text, format!("INFO {json}\r\n"));
    let Ok(Some((ServerOp::Info(read), _))) = decode_op(text.as_bytes()) else { panic!("{text}") };
    assert_eq!(serde_json::from_slice::<Info>(read).unwrap(), about);
}

#[test]
fn what_is_no_operation_is_refused() {
    for input in [
        "X",
        "MSG\r\n",
        "MSG a 1\r\n",
        "MSG a 1 r x 2\r\n",
        "MSG a 1 2\r\nhi!!",
        "HMSG a 1 2\r\n",
        "HMSG a 1 3 2\r\nhi\r\n",
    ] {
        assert_eq!(decode_op(input.as_bytes()), Err(Malformed), "{input:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        subject in "[!-~]{1,9}", sid in "[0-9]{1,9}", reply in prop::option::of("[!-~]{1,9}"),
        headers in prop_oneof![Just(String::new()), Just("NATS/1.0\r\nA: b\r\n\r\n".to_owned())],
        payload: Vec<u8>, text in "[A-Za-z ]{0,9}[A-Za-z]",
    ) {
        let mut stream = Vec::new();
        message(&mut stream, &subject, &sid, reply.as_deref(), headers.as_bytes(), &payload);
        let reply = reply.as_deref();
        let expected = ServerOp::Msg { subject: &subject, sid: &sid, reply, headers: headers.as_bytes(), payload: &payload };
        let mut ops = vec![(expected, stream.len())];
        error(&mut stream, &text);
        ops.push((ServerOp::Err(text.trim()), stream.len()));
        for (write, op) in [(ok as fn(&mut Vec<u8>), ServerOp::Ok), (ping, ServerOp::Ping), (pong, ServerOp::Pong)] {
            write(&mut stream);
            ops.push((op, stream.len()));
        }
        let mut at = 0;
        for (expected, end) in ops {
            for cut in at..end {
                prop_assert_eq!(decode_op(&stream[at..cut]), Ok(None));
            }
            if let ServerOp::Err(_) = expected {
                prop_assert!(matches!(decode_op(&stream[at..]), Ok(Some((ServerOp::Err(read), _))) if read == text));
            } else {
                prop_assert_eq!(decode_op(&stream[at..]), Ok(Some((expected, end - at))));
            }
            at = end;
        }
    }

    #[test]
    fn nothing_panics(input: Vec<u8>, text in "(MSG|HMSG|INFO|-ERR)?[ a0-9\r\n']{0,30}") {
        let _ = (decode_op(&input), decode_op(text.as_bytes()));
    }
}
