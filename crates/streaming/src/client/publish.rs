//! `streaming-server pub`: the tutorials' publisher.

use super::error::Error;
use super::options::Publish;
use super::session::Session;
use super::{Interrupts, say};

/// Publishes what `options` say, and prints what the tutorials' publisher prints.
pub async fn run(options: Publish, mut interrupts: Interrupts) -> Result<(), Error> {
    let event = options.event()?;
    let mut session = Session::open(&options.connection).await?;
    say(format_args!("Publisher connected to NATS"))?;
    for _ in 0..options.count {
        tokio::select! {
            published = session.publish(&options.subject, &event) => published?,
            () = interrupts.next() => break,
        }
        say(format_args!("Event published"))?;
    }
    session.close().await
}
