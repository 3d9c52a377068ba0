//! What each event looks like on the wire: whoever changes one of these lines breaks what streams hold already.

use events::accounts::SessionRevoked;
use events::event::STREAMS;
use events::expiration::ExpirationComplete;
use events::orders::{
    HeldTicket, OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderOverdue, OrderStatus, OrderUpdated,
    RefundRequested, ReleasedTicket,
};
use events::payments::{PaymentClosed, PaymentCreated, PaymentRefunded, PaymentStarted};
use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, Event, OrderId, PaymentId, SessionId, TicketId, Timestamp, UserId, Version};
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn at() -> Timestamp {
    Timestamp::from_milliseconds(1_795_235_947_007).unwrap()
}

/// The event goes to its subject as this JSON, and comes back as it went, also with fields of a later day.
fn goes_as<E: Event + PartialEq + std::fmt::Debug>(event: &E, subject: &str, json: &str) {
    assert_eq!(E::SUBJECT, subject);
    assert!(E::STREAM.subjects.contains(&subject), "{subject} is in no stream");
    assert_eq!(serde_json::to_string(event).unwrap(), json);
    assert_eq!(serde_json::from_str::<E>(json).unwrap(), *event);
    let later = json.replacen('{', "{\"later\":1,", 1);
    assert_eq!(serde_json::from_str::<E>(&later).unwrap(), *event, "a field more is no other event");
}

#[test]
fn tickets() {
    goes_as(
        &TicketCreated {
            id: TicketId(id(1)),
            title: "Hamlet".into(),
            price: Cents(2000),
            user_id: UserId(id(2)),
            version: Version::FIRST,
        },
        "ticket:created",
        r#"{"id":"00000000-0000-0000-0000-000000000001","title":"Hamlet","price":20,"userId":"00000000-0000-0000-0000-000000000002","version":1}"#,
    );
    let free = TicketUpdated {
        id: TicketId(id(1)),
        title: "Lear".into(),
        price: Cents(1999),
        user_id: UserId(id(2)),
        order_id: None,
        version: Version(2),
    };
    goes_as(
        &free,
        "ticket:updated",
        r#"{"id":"00000000-0000-0000-0000-000000000001","title":"Lear","price":19.99,"userId":"00000000-0000-0000-0000-000000000002","version":2}"#,
    );
    goes_as(
        &TicketUpdated { order_id: Some(OrderId(id(3))), version: Version(3), ..free },
        "ticket:updated",
        r#"{"id":"00000000-0000-0000-0000-000000000001","title":"Lear","price":19.99,"userId":"00000000-0000-0000-0000-000000000002","orderId":"00000000-0000-0000-0000-000000000003","version":3}"#,
    );
}

#[test]
fn orders() {
    let ticket = HeldTicket { id: TicketId(id(1)), price: Cents(1999) };
    goes_as(
        &OrderCreated {
            id: OrderId(id(3)),
            version: Version::FIRST,
            status: OrderStatus::Created,
            user_id: UserId(id(4)),
            expires_at: at(),
            ticket: ticket.clone(),
        },
        "order:created",
        r#"{"id":"00000000-0000-0000-0000-000000000003","version":1,"status":"created","userId":"00000000-0000-0000-0000-000000000004","expiresAt":"2026-11-21T04:39:07.007Z","ticket":{"id":"00000000-0000-0000-0000-000000000001","price":19.99}}"#,
    );
    goes_as(
        &OrderUpdated {
            id: OrderId(id(3)),
            version: Version(2),
            status: OrderStatus::AwaitingPayment,
            user_id: UserId(id(4)),
            expires_at: at(),
            ticket: ticket.clone(),
        },
        "order:updated",
        r#"{"id":"00000000-0000-0000-0000-000000000003","version":2,"status":"awaiting:payment","userId":"00000000-0000-0000-0000-000000000004","expiresAt":"2026-11-21T04:39:07.007Z","ticket":{"id":"00000000-0000-0000-0000-000000000001","price":19.99}}"#,
    );
    goes_as(
        &OrderExpiring { id: OrderId(id(3)), version: Version(3) },
        "order:expiring",
        r#"{"id":"00000000-0000-0000-0000-000000000003","version":3}"#,
    );
    goes_as(
        &OrderCancelled { id: OrderId(id(3)), version: Version(4), ticket: ReleasedTicket { id: TicketId(id(1)) } },
        "order:cancelled",
        r#"{"id":"00000000-0000-0000-0000-000000000003","version":4,"ticket":{"id":"00000000-0000-0000-0000-000000000001"}}"#,
    );
    goes_as(
        &OrderCompleted { id: OrderId(id(3)), version: Version(5), user_id: UserId(id(4)), ticket },
        "order:completed",
        r#"{"id":"00000000-0000-0000-0000-000000000003","version":5,"userId":"00000000-0000-0000-0000-000000000004","ticket":{"id":"00000000-0000-0000-0000-000000000001","price":19.99}}"#,
    );
    goes_as(
        &OrderOverdue { id: OrderId(id(3)), expires_at: at() },
        "order:overdue",
        r#"{"id":"00000000-0000-0000-0000-000000000003","expiresAt":"2026-11-21T04:39:07.007Z"}"#,
    );
    goes_as(
        &RefundRequested { payment_id: PaymentId(id(5)), order_id: OrderId(id(3)) },
        "refund:requested",
        r#"{"paymentId":"00000000-0000-0000-0000-000000000005","orderId":"00000000-0000-0000-0000-000000000003"}"#,
    );
}

#[test]
fn expiration() {
    goes_as(
        &ExpirationComplete { order_id: OrderId(id(3)) },
        "expiration:complete",
        r#"{"orderId":"00000000-0000-0000-0000-000000000003"}"#,
    );
}

#[test]
fn payments() {
    let (payment, order) = (PaymentId(id(5)), OrderId(id(3)));
    goes_as(
        &PaymentStarted { id: payment, order_id: order },
        "payment:started",
        r#"{"id":"00000000-0000-0000-0000-000000000005","orderId":"00000000-0000-0000-0000-000000000003"}"#,
    );
    goes_as(
        &PaymentCreated { id: payment, order_id: order, stripe_id: "pi_1".into() },
        "payment:created",
        r#"{"id":"00000000-0000-0000-0000-000000000005","orderId":"00000000-0000-0000-0000-000000000003","stripeId":"pi_1"}"#,
    );
    goes_as(
        &PaymentClosed { order_id: order },
        "payment:closed",
        r#"{"orderId":"00000000-0000-0000-0000-000000000003"}"#,
    );
    goes_as(
        &PaymentRefunded { id: payment, order_id: order, stripe_refund_id: "re_1".into() },
        "payment:refunded",
        r#"{"id":"00000000-0000-0000-0000-000000000005","orderId":"00000000-0000-0000-0000-000000000003","stripeRefundId":"re_1"}"#,
    );
}

#[test]
fn accounts() {
    goes_as(
        &SessionRevoked { id: SessionId(id(6)), user_id: UserId(id(4)), expires_at: at() },
        "session:revoked",
        r#"{"id":"00000000-0000-0000-0000-000000000006","userId":"00000000-0000-0000-0000-000000000004","expiresAt":"2026-11-21T04:39:07.007Z"}"#,
    );
}

#[test]
fn a_payload_as_the_reference_wrote_it_is_read() {
    let event: TicketCreated = serde_json::from_str(
        r#"{"id":"019aa000-0000-7000-8000-000000000001","title":"concert","price":"20","userId":"019aa000-0000-7000-8000-000000000002","version":1}"#,
    )
    .unwrap();
    assert_eq!(event.price, Cents(2000));
}

#[test]
fn every_subject_is_in_one_stream_only() {
    let mut subjects: Vec<_> = STREAMS.iter().flat_map(|stream| stream.subjects).collect();
    let all = subjects.len();
    subjects.sort_unstable();
    subjects.dedup();
    assert_eq!(subjects.len(), all);
}
