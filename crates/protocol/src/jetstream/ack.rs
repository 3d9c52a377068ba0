//! Acknowledgements: the subject a delivery is answered to, and what may be answered.
//!
//! ```text
//! $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<timestamp>.<pending>
//! $JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>.<…>.<pending>[.<token>]     as newer servers may write it
//! ```

use super::api::PullRequest;
use crate::{line, subject, time};

/// What a delivery's reply subject says. Clients read it, too: it is where they learn sequence and redelivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckSubject<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The consumer.
    pub consumer: &'a str,
    /// How often the message was delivered, this time included.
    pub delivered: u64,
    /// The message's sequence.
    pub stream_seq: u64,
    /// The delivery's number.
    pub consumer_seq: u64,
    /// When the message was stored.
    pub timestamp: i64,
    /// How many more the consumer has to deliver.
    pub pending: u64,
}

/// What every acknowledgement's subject begins with.
pub const PREFIX: &str = "$JS.ACK.";

impl<'a> AckSubject<'a> {
    /// Reads either form. `None` if it is neither.
    pub fn parse(subject: &'a str) -> Option<Self> {
        let rest = subject.strip_prefix(PREFIX)?;
        // Its dots tell the form.
        let mut tokens = subject::tokens(rest);
        match rest.bytes().filter(|&byte| byte == b'.').count() + 1 {
            7 => {}
            9 | 10 => {
                tokens.next();
                tokens.next();
            }
            _ => return None,
        }
        let (stream, consumer) = (tokens.next()?, tokens.next()?);
        let mut number = || tokens.next()?.parse::<u64>().ok();
        let (delivered, stream_seq, consumer_seq) = (number()?, number()?, number()?);
        let timestamp = i64::try_from(number()?).ok()?;
        let pending = number()?;
        Some(Self { stream, consumer, delivered, stream_seq, consumer_seq, timestamp, pending })
    }

    /// Appends the shorter form.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        /// The prefix, dots, and five numbers of up to 20 digits.
        const OVERHEAD: usize = 116;
        out.reserve(self.stream.len() + self.consumer.len() + OVERHEAD);
        out.extend_from_slice(PREFIX.as_bytes());
        out.extend_from_slice(self.stream.as_bytes());
        out.push(b'.');
        out.extend_from_slice(self.consumer.as_bytes());
        for value in
            [self.delivered, self.stream_seq, self.consumer_seq, self.timestamp.max(0).unsigned_abs(), self.pending]
        {
            out.push(b'.');
            line::number(out, value);
        }
    }
}

/// What is answered to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack<'a> {
    /// It is done.
    Ack,
    /// It failed: deliver it again, after a while if `delay` (nanoseconds) is given.
    Nak {
        /// How long to wait.
        delay: Option<i64>,
    },
    /// It takes longer: begin to wait anew.
    Progress,
    /// It is done, and here is the next request, answered to where the acknowledgement asks for answers.
    Next(PullRequest),
    /// It will never be done: do not deliver it again.
    Term {
        /// Why, for whoever reads the advisory.
        reason: Option<&'a str>,
    },
}

impl<'a> Ack<'a> {
    /// Reads a payload. `None`, to be ignored, if it is no acknowledgement.
    ///
    /// As `nats-server` has it: nothing and `+OK` are `+ACK`; a delay is JSON or a Go duration, and one that
    /// cannot be read is none.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        match payload {
            b"" | b"+ACK" | b"+OK" => Some(Self::Ack),
            b"+WPI" => Some(Self::Progress),
            b"+TERM" => Some(Self::Term { reason: None }),
            [b'+', b'T', b'E', b'R', b'M', b' ', reason @ ..] => {
                let reason = std::str::from_utf8(reason).ok().map(str::trim).filter(|reason| !reason.is_empty());
                Some(Self::Term { reason })
            }
            [b'-', b'N', b'A', b'K', options @ ..] => Some(Self::Nak { delay: delay(options.trim_ascii()) }),
            [b'+', b'N', b'X', b'T', request @ ..] => Some(Self::Next(PullRequest::parse(request).unwrap_or_default())),
            _ => None,
        }
    }
}

/// What follows `-NAK`.
fn delay(options: &[u8]) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Options {
        delay: Option<i64>,
    }
    let delay = match options {
        [] => None,
        [b'{', ..] => serde_json::from_slice::<Options>(options).ok()?.delay,
        text => time::parse_go_duration(std::str::from_utf8(text).ok()?),
    };
    delay.filter(|&delay| delay > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORDED: &str = "$JS.ACK.S.D.2.6.7.1795218940001952923.3";

    fn recorded() -> AckSubject<'static> {
        AckSubject {
            stream: "S",
            consumer: "D",
            delivered: 2,
            stream_seq: 6,
            consumer_seq: 7,
            timestamp: 1_795_218_940_001_952_923,
            pending: 3,
        }
    }

    #[test]
    fn both_forms_of_the_subject_are_read() {
        assert_eq!(AckSubject::parse(RECORDED), Some(recorded()));
        for longer in
            ["$JS.ACK._.ACC.S.D.2.6.7.1795218940001952923.3", "$JS.ACK.hub.ACC.S.D.2.6.7.1795218940001952923.3.rnd"]
        {
            assert_eq!(AckSubject::parse(longer), Some(recorded()));
        }
        for other in
            ["$JS.ACK.S.D.2.6.7.1.3.4", "$JS.ACK.S.D.2.6.7.1", "$JS.ACK.S.D.x.6.7.1.3", "$JS.FC.S.D.2.6.7.1.3", ""]
        {
            assert_eq!(AckSubject::parse(other), None, "{other}");
        }
    }

    #[test]
    fn payloads_are_read_as_nats_server_reads_them() {
        let nak = |delay| Some(Ack::Nak { delay });
        let next = |batch| Some(Ack::Next(PullRequest { batch, ..PullRequest::default() }));
        for (payload, expected) in [
            ("", Some(Ack::Ack)),
            ("+ACK", Some(Ack::Ack)),
            ("+OK", Some(Ack::Ack)),
            ("+WPI", Some(Ack::Progress)),
            ("-NAK", nak(None)),
            ("-NAK {\"delay\":1000000}", nak(Some(1_000_000))),
            ("-NAK{\"delay\":5}", nak(Some(5))),
            ("-NAK 300ms", nak(Some(300_000_000))),
            ("-NAK {\"delay\":\"300ms\"}", nak(None)),
            ("-NAK {\"delay\":null}", nak(None)),
            ("-NAK -3s", nak(None)),
            ("-NAK x", nak(None)),
            ("+TERM", Some(Ack::Term { reason: None })),
            ("+TERM no such ticket", Some(Ack::Term { reason: Some("no such ticket") })),
            ("+NXT", next(1)),
            ("+NXT 5", next(5)),
            ("+NXT {\"batch\":7}", next(7)),
            ("+NXT {bad", next(1)),
            ("+ACK x", None),
            ("ACK", None),
            ("+TERMx", None),
            ("hello", None),
        ] {
            assert_eq!(Ack::parse(payload.as_bytes()), expected, "{payload}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers: [u64; 4], timestamp in 0..i64::MAX, stream in "[a-zA-Z_-]{1,9}") {
            let [delivered, stream_seq, consumer_seq, pending] = numbers;
            let ack = AckSubject { stream: &stream, consumer: "c", delivered, stream_seq, consumer_seq, timestamp, pending };
            let mut out = Vec::new();
            ack.write(&mut out);
            prop_assert_eq!(AckSubject::parse(std::str::from_utf8(&out).unwrap()), Some(ack));
        }

        #[test]
        fn nothing_panics(subject in "([$]JS[.]ACK[.])?([a0-9]{0,3}[.]?){0,12}", payload: Vec<u8>) {
            let _ = (AckSubject::parse(&subject), Ack::parse(&payload));
        }
    }
}
