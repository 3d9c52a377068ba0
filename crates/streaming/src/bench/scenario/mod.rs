//! What is measured, one scenario a file, and what they share.

mod fanout;
mod fetch;
mod latency;
mod publish;
mod push;
mod request;
mod stan_latency;
mod stan_publish;
mod stan_subscribe;
mod window;

use super::error::Error;
use super::measure::{Context, Measurement};
use super::options::{Scenario, Storage};

/// Runs the case of `context`; what it makes on the server is gone afterwards.
pub fn run(context: &Context) -> Result<Measurement, Error> {
    let storage = context.case.storage.unwrap_or(Storage::Memory);
    match context.case.scenario {
        Scenario::Publish => publish::run(context),
        Scenario::Fanout => fanout::run(context),
        Scenario::Request => request::run(context),
        Scenario::JsPublish => window::run(context, storage, 1),
        Scenario::JsWindow => window::run(context, storage, context.window),
        Scenario::JsLatency => latency::run(context, storage),
        Scenario::JsFetch => fetch::run(context, storage),
        Scenario::JsPush => push::run(context, storage),
        Scenario::StanPublish => stan_publish::run(context, 1),
        Scenario::StanWindow => stan_publish::run(context, context.window),
        Scenario::StanLatency => stan_latency::run(context),
        Scenario::StanSubscribe => stan_subscribe::run(context),
    }
}

/// A subject of this process' own, so that two benchmarks of one server do not hear each other.
fn subject(of: &str) -> String {
    format!("bench.{}.{of}", std::process::id())
}

/// An inbox of connection `index`.
fn inbox(index: usize) -> String {
    format!("_INBOX.bench.{}.{index}", std::process::id())
}

/// A message's body: its number in the first eight bytes, then what no compression shortens much.
struct Payload(Vec<u8>);

impl Payload {
    fn new(size: usize) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let noise = std::iter::repeat_with(|| {
            // Xorshift: cheap, and the same in every run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        });
        Self(noise.take(size).collect())
    }

    fn numbered(&mut self, number: u64) -> &[u8] {
        self.0[..8].copy_from_slice(&number.to_be_bytes());
        &self.0
    }
}

/// The number a message was given by [`Payload::numbered`].
fn number_of(payload: &[u8]) -> Result<u64, Error> {
    payload.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)).ok_or(Error::NoNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_bears_its_number() {
        let mut payload = Payload::new(16);
        let body = payload.numbered(7).to_vec();
        assert_eq!((body.len(), number_of(&body).expect("its number")), (16, 7));
        assert!(number_of(b"short").is_err());
    }
}
