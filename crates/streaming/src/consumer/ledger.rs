//! Changes and snapshots as bytes.
//!
//! ```text
//! changes   change*                           each relative to the one before it, the first to 0
//! change    tag u8, then of sequence, consumer sequence, time: the differences (zigzag varint)
//!           1 delivered first  sequence  consumer  at          5 postponed  sequence  since
//!           2 delivered again  sequence  consumer  at  count   6 gave up    sequence
//!           3 acked            sequence  at                    7 removed    sequence
//!           4 acked to         sequence  at                    8 skipped, 9 purged, 10 reset   sequence
//! snapshot  version u8 = 1, delivered, ack floor, resume, pending, given up, list
//! position  consumer varint, stream varint, 0 u8 or (1 u8, active varint)
//! pending   length varint, (sequence, consumer, since: differences as above; count varint)*
//! others    length varint, (sequence: difference)*
//! ```
//!
//! A run of deliveries or acknowledgements costs about five bytes each. Nothing here guards against damage: records
//! with checksums are the journal's business. What cannot be is refused all the same, as the state machine trusts it.

use super::progress::{Change, Held, Position, Snapshot};

/// The bytes are no changes or no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed consumer ledger")]
pub struct Malformed;

/// Sequences end here: so far that counting on cannot overflow.
const SEQUENCE_MAX: u64 = u64::MAX / 2;

const VERSION: u8 = 1;

/// Appends the changes to `into`.
pub fn encode(changes: &[Change], into: &mut Vec<u8>) {
    let mut writer = Writer { into, last: Last::default() };
    for change in changes {
        match *change {
            Change::Delivered { sequence, consumer_sequence, deliveries, at } => {
                writer.tag(if deliveries == 1 { 1 } else { 2 }, sequence);
                writer.consumer(consumer_sequence);
                writer.time(at);
                if deliveries != 1 {
                    writer.varint(deliveries.into());
                }
            }
            Change::Acked { sequence, at } => writer.timed(3, sequence, at),
            Change::AckedTo { sequence, at } => writer.timed(4, sequence, at),
            Change::Postponed { sequence, since } => writer.timed(5, sequence, since),
            Change::GaveUp { sequence } => writer.tag(6, sequence),
            Change::Removed { sequence } => writer.tag(7, sequence),
            Change::Skipped { to } => writer.tag(8, to),
            Change::Purged { before } => writer.tag(9, before),
            Change::Reset { to } => writer.tag(10, to),
        }
    }
}

/// Appends the changes that `bytes`, one [`encode`]d run, stand for to `into`.
pub fn decode(bytes: &[u8], into: &mut Vec<Change>) -> Result<(), Malformed> {
    let mut reader = Reader { bytes, last: Last::default() };
    while let Some((tag, rest)) = reader.bytes.split_first() {
        reader.bytes = rest;
        let sequence = reader.sequence()?;
        into.push(match tag {
            1 | 2 => Change::Delivered {
                sequence,
                consumer_sequence: reader.consumer()?,
                at: reader.time()?,
                deliveries: if *tag == 1 { 1 } else { reader.deliveries()? },
            },
            3 => Change::Acked { sequence, at: reader.time()? },
            4 => Change::AckedTo { sequence, at: reader.time()? },
            5 => Change::Postponed { sequence, since: reader.time()? },
            6 => Change::GaveUp { sequence },
            7 => Change::Removed { sequence },
            8 => Change::Skipped { to: sequence },
            9 => Change::Purged { before: sequence },
            10 => Change::Reset { to: sequence },
            _ => return Err(Malformed),
        });
    }
    Ok(())
}

impl Snapshot {
    /// Appends the snapshot to `into`.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let mut writer = Writer { into, last: Last::default() };
        writer.into.push(VERSION);
        for position in [self.delivered, self.ack_floor] {
            writer.varint(position.consumer);
            writer.varint(position.stream);
            writer.into.push(u8::from(position.active.is_some()));
            if let Some(active) = position.active {
                writer.time(active);
            }
        }
        writer.varint(self.resume);
        writer.varint(self.pending.len() as u64);
        for held in &self.pending {
            writer.sequence(held.sequence);
            writer.consumer(held.consumer_sequence);
            writer.time(held.since);
            writer.varint(held.deliveries.into());
        }
        for sequences in [&self.given_up, &self.list] {
            writer.last.sequence = 0;
            writer.varint(sequences.len() as u64);
            for sequence in sequences {
                writer.sequence(*sequence);
            }
        }
    }

    /// Reads a snapshot that takes up all of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader { bytes, last: Last::default() };
        if reader.byte()? != VERSION {
            return Err(Malformed);
        }
        let delivered = reader.position()?;
        let ack_floor = reader.position()?;
        let resume = reader.bounded()?;
        let pending = reader.ascending(|reader, sequence| {
            Ok(Held {
                sequence,
                consumer_sequence: reader.consumer()?,
                since: reader.time()?,
                deliveries: reader.deliveries()?,
            })
        })?;
        let given_up = reader.ascending(|_, sequence| Ok(sequence))?;
        let list = reader.ascending(|_, sequence| Ok(sequence))?;
        let last = pending.last().map_or(0, |held| held.sequence);
        if !reader.bytes.is_empty() || last > delivered.stream {
            return Err(Malformed);
        }
        Ok(Self { delivered, ack_floor, pending, given_up, list, resume })
    }
}

/// What the next change is relative to.
#[derive(Default)]
struct Last {
    sequence: u64,
    consumer: u64,
    time: i64,
}

struct Writer<'a> {
    into: &'a mut Vec<u8>,
    last: Last,
}

impl Writer<'_> {
    fn timed(&mut self, tag: u8, sequence: u64, time: i64) {
        self.tag(tag, sequence);
        self.time(time);
    }

    fn tag(&mut self, tag: u8, sequence: u64) {
        self.into.push(tag);
        self.sequence(sequence);
    }

    fn sequence(&mut self, sequence: u64) {
        self.difference(sequence.wrapping_sub(self.last.sequence).cast_signed());
        self.last.sequence = sequence;
    }

    fn consumer(&mut self, consumer: u64) {
        self.difference(consumer.wrapping_sub(self.last.consumer).cast_signed());
        self.last.consumer = consumer;
    }

    fn time(&mut self, time: i64) {
        self.difference(time.wrapping_sub(self.last.time));
        self.last.time = time;
    }

    fn difference(&mut self, difference: i64) {
        self.varint(((difference << 1) ^ (difference >> 63)).cast_unsigned());
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.into.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.into.push((number & 0x7f) as u8);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    last: Last,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.bytes.split_first().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    fn difference(&mut self) -> Result<i64, Malformed> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn bounded(&mut self) -> Result<u64, Malformed> {
        Some(self.varint()?).filter(|number| *number <= SEQUENCE_MAX).ok_or(Malformed)
    }

    fn sequence(&mut self) -> Result<u64, Malformed> {
        self.last.sequence = following(self.last.sequence, self.difference()?)?;
        Ok(self.last.sequence)
    }

    fn consumer(&mut self) -> Result<u64, Malformed> {
        self.last.consumer = following(self.last.consumer, self.difference()?)?;
        Ok(self.last.consumer)
    }

    fn time(&mut self) -> Result<i64, Malformed> {
        self.last.time = self.last.time.wrapping_add(self.difference()?);
        Ok(self.last.time)
    }

    fn deliveries(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).ok().filter(|deliveries| *deliveries > 0).ok_or(Malformed)
    }

    fn position(&mut self) -> Result<Position, Malformed> {
        Ok(Position {
            consumer: self.bounded()?,
            stream: self.bounded()?,
            active: match self.byte()? {
                0 => None,
                1 => Some(self.time()?),
                _ => return Err(Malformed),
            },
        })
    }

    /// Items led by sequences that go up.
    fn ascending<T>(&mut self, item: impl Fn(&mut Self, u64) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
        let length = self.varint()?;
        // An item takes a byte at least: no length makes room for more than there is.
        if length > self.bytes.len() as u64 {
            return Err(Malformed);
        }
        self.last.sequence = 0;
        (0..length)
            .map(|_| {
                let before = self.last.sequence;
                let sequence = self.sequence()?;
                if sequence <= before {
                    return Err(Malformed);
                }
                item(self, sequence)
            })
            .collect()
    }
}

/// The number so far from the last one: from 1 to [`SEQUENCE_MAX`].
fn following(last: u64, difference: i64) -> Result<u64, Malformed> {
    let number = last.wrapping_add_signed(difference);
    if (1..=SEQUENCE_MAX).contains(&number) { Ok(number) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![1..1_000_u64, 1..=SEQUENCE_MAX]
    }

    fn change() -> impl Strategy<Value = Change> {
        (0..9_u8, number(), number(), 1..=u32::MAX, any::<i64>()).prop_map(
            |(kind, sequence, consumer_sequence, deliveries, at)| match kind {
                0 => Change::Delivered { sequence, consumer_sequence, deliveries, at },
                1 => Change::Acked { sequence, at },
                2 => Change::AckedTo { sequence, at },
                3 => Change::Postponed { sequence, since: at },
                4 => Change::GaveUp { sequence },
                5 => Change::Removed { sequence },
                6 => Change::Skipped { to: sequence },
                7 => Change::Purged { before: sequence },
                _ => Change::Reset { to: sequence },
            },
        )
    }

    proptest! {
        #[test]
        fn changes_come_back_as_they_were(changes in vec(change(), 0..40)) {
            let mut bytes = Vec::new();
            encode(&changes, &mut bytes);
            let mut read = Vec::new();
            decode(&bytes, &mut read).unwrap();
            prop_assert_eq!(read, changes);
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in vec(any::<u8>(), 0..200), versioned: bool) {
            let mut read = Vec::new();
            let _ = decode(&bytes, &mut read);
            let bytes = if versioned { [&[VERSION], &*bytes].concat() } else { bytes };
            if let Ok(snapshot) = Snapshot::decode(&bytes) {
                let mut again = Vec::new();
                snapshot.encode(&mut again);
                prop_assert_eq!(Snapshot::decode(&again), Ok(snapshot));
            }
        }
    }

    #[test]
    fn a_snapshot_comes_back_and_no_part_of_it_does() {
        let held = |sequence, consumer_sequence, deliveries| Held {
            sequence,
            consumer_sequence,
            since: 1_795_218_938_796_773_824,
            deliveries,
        };
        let snapshot = Snapshot {
            delivered: Position { consumer: 31, stream: 20, active: Some(-5) },
            ack_floor: Position { consumer: 3, stream: 4, active: None },
            pending: vec![held(5, 4, 1), held(9, 31, 7)],
            given_up: vec![6, 7],
            list: vec![21, 300],
            resume: 500,
        };
        let mut bytes = Vec::new();
        snapshot.encode(&mut bytes);
        assert_eq!(Snapshot::decode(&bytes), Ok(snapshot));
        for cut in 0..bytes.len() {
            assert_eq!(Snapshot::decode(&bytes[..cut]), Err(Malformed), "cut at {cut}");
        }
        bytes.push(0);
        assert_eq!(Snapshot::decode(&bytes), Err(Malformed), "and nothing may follow");
    }

    #[test]
    fn a_consumer_that_did_nothing_yet_comes_back_too() {
        let mut bytes = Vec::new();
        Snapshot::default().encode(&mut bytes);
        assert_eq!(Snapshot::decode(&bytes), Ok(Snapshot::default()));
        assert_eq!(Snapshot::default().next(), 1);
    }

    #[test]
    fn a_run_of_deliveries_and_acks_is_small() {
        let start = 1_795_218_938_796_773_824;
        let run = |first: u64| {
            (first..first + 100).flat_map(move |sequence| {
                let at = start + sequence.cast_signed() * 3_000;
                [
                    Change::Delivered { sequence, consumer_sequence: sequence, deliveries: 1, at },
                    Change::Acked { sequence: sequence - 10, at: at + 1_000 },
                ]
            })
        };
        let mut bytes = Vec::new();
        encode(&run(1_000_000).collect::<Vec<_>>(), &mut bytes);
        assert!(bytes.len() <= 200 * 5 + 20, "{} bytes", bytes.len());
    }
}
