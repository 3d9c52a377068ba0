//! `streaming-server sub`: the tutorials' listener.

use protocol::stan::{MsgProto, SubscriptionRequest};

use super::error::Error;
use super::options::Listen;
use super::session::{Session, Subscription};
use super::{Interrupts, say};

/// Listens as `options` say, and prints what the tutorials' listener prints, until it is told to stop.
pub async fn run(options: Listen, mut interrupts: Interrupts) -> Result<(), Error> {
    let mut session = tokio::select! {
        opened = Session::open(&options.connection) => opened?,
        () = interrupts.next() => return Ok(()),
    };
    say(format_args!("Listener connected to NATS"))?;
    let heard = listen(&mut session, &options, &mut interrupts).await;
    // However it ended: the server need not find out by itself.
    let closed = session.close().await;
    heard.and(closed)?;
    say(format_args!("NATS connection closed!"))
}

async fn listen(session: &mut Session, options: &Listen, interrupts: &mut Interrupts) -> Result<(), Error> {
    let subscription = session.subscribe(request(options)).await?;
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0 {
        let event = tokio::select! {
            event = session.next() => event?,
            () = interrupts.next() => break,
        };
        take(session, options, &subscription, &event).await?;
        left -= 1;
    }
    if options.unsubscribe { session.unsubscribe(&subscription).await } else { Ok(()) }
}

async fn take(
    session: &mut Session,
    options: &Listen,
    subscription: &Subscription,
    event: &MsgProto,
) -> Result<(), Error> {
    if !options.manual_ack && !options.no_ack {
        session.ack(subscription, event).await?;
    }
    let data = String::from_utf8_lossy(&event.data);
    say(format_args!("Received event #{}, with data: {data}", event.sequence))?;
    if options.manual_ack { session.ack(subscription, event).await } else { Ok(()) }
}

fn request(options: &Listen) -> SubscriptionRequest {
    let mut request = SubscriptionRequest {
        subject: options.subject.clone(),
        queue_group: options.queue.clone().unwrap_or_default(),
        durable_name: options.durable.clone().unwrap_or_default(),
        max_in_flight: options.max_in_flight,
        ack_wait_seconds: options.ack_wait,
        ..SubscriptionRequest::default()
    };
    request.start_from(options.start.position());
    request
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use protocol::stan::StartPosition;

    use super::*;

    #[test]
    fn what_is_typed_is_what_is_asked_for() {
        let words = ["c", "-q", "g", "-d", "d", "--max-in-flight", "5", "--ack-wait", "7", "--from-sequence", "9"];
        let asked = request(&Listen::try_parse_from(words).unwrap());
        assert_eq!((&*asked.subject, &*asked.queue_group, &*asked.durable_name), ("c", "g", "d"));
        assert_eq!((asked.max_in_flight, asked.ack_wait_seconds), (5, 7));
        assert_eq!(asked.start(), Some(StartPosition::Sequence(9)));
    }
}
