//! The table of [`super`] cell by cell, and what must hold along every path through it.

use proptest::prelude::*;

use super::*;

/// How long the orders of these tests may wait for `payments`.
const PATIENCE: Duration = Duration::minutes(2);

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_800_000_000_000 + minutes * 60_000).unwrap()
}

fn ticket() -> Ticket {
    Ticket {
        id: TicketId::new(),
        title: "Lear".into(),
        price: Cents(1999),
        user_id: UserId::new(),
        version: Version(3),
    }
}

/// Made at minute 0, to be paid until minute 15.
fn created() -> Order {
    Order::new(UserId::new(), ticket(), at(15)).unwrap()
}

fn awaiting() -> Order {
    created().after(Change::Await, at(1))
}

fn expiring() -> Order {
    awaiting().after(Change::Expire, at(15))
}

fn complete(payment: PaymentId) -> Order {
    awaiting().after(Change::Complete(payment), at(2))
}

fn cancelled() -> Order {
    created().after(Change::Cancel, at(15))
}

#[test]
fn every_order_knows_what_to_do_whatever_happens() {
    let (first, other) = (PaymentId::new(), PaymentId::new());
    let orders = [created(), awaiting(), expiring(), complete(first), cancelled()];
    let row = |news, minute| orders.each_ref().map(|order| order.decide(news, at(minute)));
    let [cancel, expire, wait, reopen] =
        [Change::Cancel, Change::Expire, Change::Await, Change::Reopen].map(Decision::Change);
    let complete = |payment| Decision::Change(Change::Complete(payment));
    let (stay, early) = (Decision::Stay, Decision::TooEarly);

    assert_eq!(row(News::TimeUp, 14), [early, early, stay, stay, stay]);
    assert_eq!(row(News::TimeUp, 15), [cancel, expire, stay, stay, stay], "not a moment longer than was promised");
    assert_eq!(row(News::PaymentStarted, 5), [wait, stay, stay, stay, stay]);
    assert_eq!(row(News::PaymentStarted, 20), [wait, stay, stay, stay, stay], "the timer still decides");
    assert_eq!(row(News::PaymentClosed, 16), [stay, reopen, cancel, stay, stay]);
    assert_eq!(
        row(News::Paid(first), 16),
        [complete(first), complete(first), complete(first), stay, Decision::Retake(first)]
    );
    assert_eq!(
        row(News::Paid(other), 16),
        [complete(other), complete(other), complete(other), Decision::Refund(other), Decision::Retake(other)]
    );
    assert_eq!(row(News::GivenUp, 5), [cancel, cancel, cancel, Decision::Refuse, stay]);
    assert_eq!(row(News::Unanswered(PATIENCE), 16), [stay; 5]);
    assert_eq!(row(News::Unanswered(PATIENCE), 17), [stay, stay, cancel, stay, stay]);
}

#[test]
fn a_payment_asked_back_buys_nothing() {
    let payment = PaymentId::new();
    for mut order in [created(), awaiting(), expiring(), complete(PaymentId::new()), cancelled()] {
        order.refunds.push(payment);
        assert_eq!(order.decide(News::Paid(payment), at(5)), Decision::Stay, "{order:?}");
    }
}

#[test]
fn what_was_agreed_is_kept() {
    let ticket = ticket();
    let order = Order::new(UserId::new(), ticket.clone(), at(15)).unwrap();
    assert_eq!((order.status, order.version, order.expires_at), (OrderStatus::Created, Version(1), at(15)));
    assert_eq!(OrderCreated::from(&order).ticket, HeldTicket { id: ticket.id, price: ticket.price });
    let sold = order.after(Change::Complete(PaymentId::new()), at(1));
    assert_eq!(sold.ticket, order.ticket);
}

#[test]
fn nobody_buys_their_own_ticket_or_decides_about_anothers_order() {
    let ticket = ticket();
    assert!(matches!(Order::new(ticket.user_id, ticket, at(15)), Err(Error::OwnTicket)));
    let order = created();
    assert!(order.must_belong_to(order.user_id).is_ok());
    assert!(matches!(order.must_belong_to(UserId::new()), Err(Error::NotAuthorized)));
}

#[test]
fn its_json_is_the_contracts() {
    let order = complete(PaymentId::new());
    let json = serde_json::to_value(&order).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "id": order.id, "userId": order.user_id, "status": "complete", "version": 3,
            "expiresAt": "2027-01-15T08:15:00.000Z",
            "ticket": { "id": order.ticket.id, "title": "Lear", "price": 19.99, "version": 3 },
        })
    );
}

/// One thing that happens, to be drawn at random: payments by their number, and whether the ticket is free meanwhile.
#[derive(Debug, Clone, Copy)]
enum Step {
    TimeUp,
    PaymentStarted,
    PaymentClosed,
    Paid { payment: usize, ticket_is_free: bool },
    GivenUp,
    Sweep,
    MinutesPass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::TimeUp),
        Just(Step::PaymentStarted),
        Just(Step::PaymentClosed),
        (0..3_usize, any::<bool>()).prop_map(|(payment, ticket_is_free)| Step::Paid { payment, ticket_is_free }),
        Just(Step::GivenUp),
        Just(Step::Sweep),
        (1..10_i64).prop_map(Step::MinutesPass),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_in_whatever_order_no_money_is_kept_for_nothing(steps in prop::collection::vec(step(), 1..40)) {
        let payments = [(); 3].map(|()| PaymentId::new());
        let mut paid: Vec<PaymentId> = Vec::new();
        let mut order = created();
        let mut minute = 0;
        for step in steps {
            let mut free = false;
            let news = match step {
                Step::TimeUp => News::TimeUp,
                Step::PaymentStarted => News::PaymentStarted,
                Step::PaymentClosed => News::PaymentClosed,
                Step::Paid { payment, ticket_is_free } => {
                    free = ticket_is_free;
                    paid.push(payments[payment]);
                    News::Paid(payments[payment])
                }
                Step::GivenUp => News::GivenUp,
                Step::Sweep => News::Unanswered(PATIENCE),
                Step::MinutesPass(minutes) => {
                    minute += minutes;
                    continue;
                }
            };
            let before = order.clone();
            match order.decide(news, at(minute)) {
                Decision::Change(change) => order = order.after(change, at(minute)),
                Decision::Retake(payment) if free => order = order.after(Change::Complete(payment), at(minute)),
                Decision::Retake(payment) | Decision::Refund(payment) => {
                    prop_assert!(!order.refunds.contains(&payment), "asked back twice");
                    order.refunds.push(payment);
                }
                Decision::Stay | Decision::TooEarly | Decision::Refuse => {}
            }

            if before.status == OrderStatus::Complete {
                prop_assert_eq!(order.status, OrderStatus::Complete, "what is sold stays sold");
                prop_assert_eq!(order.payment_id, before.payment_id);
            }
            let changed = (before.status, before.expiring_since) != (order.status, order.expiring_since);
            prop_assert_eq!(order.version.0 - before.version.0, i64::from(changed), "a version for each change");
            prop_assert_eq!(order.payment_id.is_some(), order.status == OrderStatus::Complete);
            prop_assert!(order.expiring_since.is_none() || order.status == OrderStatus::AwaitingPayment);
            for payment in &paid {
                let (bought, back) = (order.payment_id == Some(*payment), order.refunds.contains(payment));
                prop_assert!(bought ^ back, "a payment buys the ticket or goes back, and never both: {:?}", order);
            }
            let again = order.decide(news, at(minute));
            prop_assert!(!matches!(again, Decision::Change(_) | Decision::Refund(_)), "a repeat is no news: {:?}", again);
            prop_assert!(!matches!((again, news), (Decision::Retake(_), News::Paid(_))), "{:?}", order);
        }
    }
}
