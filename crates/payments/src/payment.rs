//! A payment and its rules: what follows from how its intent stands at the provider. Pure; drawn in [the crate](crate).

use events::{Cents, OrderId, PaymentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use time::Duration;
use utoipa::ToSchema;

use crate::order::Order;
use crate::provider::Standing;

/// How long a request that pays with a token may take, all of its calls to the provider included. Whoever finds the
/// payment still open after this knows that nobody is at it any more.
pub const ATTEMPT_MAX: Duration = Duration::seconds(40);
/// The first pause between two looks at an intent that its buyer has open in the browser. The provider's webhook tells
/// sooner; this is for the day it does not.
const LOOK_PAUSE: Duration = Duration::seconds(15);
/// The longest pause between two looks: a buyer whose webhook was lost waits this long for the ticket.
const LOOK_PAUSE_MAX: Duration = Duration::minutes(5);
/// The first and the longest pause while somebody waits for the end: an order that is closing, a provider that fails.
const HURRY: Duration = Duration::seconds(1);
const HURRY_MAX: Duration = Duration::seconds(30);
/// The first and the longest pause between two tries to give money back. They never end; the longest is short enough
/// for the buyer and long enough for a provider that is down for a day.
const REFUND_PAUSE: Duration = Duration::seconds(5);
const REFUND_PAUSE_MAX: Duration = Duration::minutes(10);
/// The pause before a refund that failed at the bank is asked for anew: that does not get better in minutes.
const REFUND_AGAIN: Duration = Duration::hours(1);

/// Who confirms a payment's intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Kind {
    /// We do, with the token of a request: over when that is.
    Token,
    /// The buyer's browser does, with the intent's secret: it may try several cards, until the order's time is up.
    Intent,
}

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[schema(as = PaymentStatus)]
pub enum Status {
    /// Under way: money may move.
    Created,
    /// Paid.
    Completed,
    /// Over, and nothing was paid.
    Failed,
    /// Paid, and given back.
    Refunded,
}

/// An attempt to pay for an order: one intent of the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// What is paid for.
    pub order_id: OrderId,
    /// Who pays.
    pub user_id: UserId,
    /// Who confirms the intent.
    pub kind: Kind,
    /// How it stands.
    pub status: Status,
    /// How much.
    pub amount: Cents,
    /// Of what.
    pub currency: String,
    /// When it began.
    pub created_at: Timestamp,
    /// The provider's name of the intent. Without it no money can move: an intent is confirmed only once it is here.
    pub stripe_id: Option<String>,
    /// What the token was, hashed.
    pub token_digest: Option<Vec<u8>>,
    /// The provider's sentence for the buyer.
    pub failure: Option<String>,
    /// The buyer was told to come back for the answer.
    pub answer_owed: bool,
    /// When to ask the provider how the intent stands; at the same time the lease of whoever does.
    pub next_look_at: Option<Timestamp>,
    /// Looks since something happened.
    pub looks: i32,
    /// Since when the money has to go back.
    pub refund_wanted_at: Option<Timestamp>,
    /// Which refund it is: 1, and one more for each that failed at the bank.
    pub refund_attempt: i32,
    /// The provider's name of the refund.
    pub stripe_refund_id: Option<String>,
    /// When to go on with the refund; at the same time the lease of whoever does.
    pub next_refund_at: Option<Timestamp>,
    /// Looks since something happened to the refund.
    pub refund_looks: i32,
}

/// What a change of a payment is to others: an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// `payment:started`.
    Started,
    /// `payment:created`.
    Paid,
    /// `payment:closed`.
    Closed,
    /// `payment:refunded`.
    Refunded,
}

/// What to do about a payment, now that it is known how its intent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Write down that money came.
    Complete,
    /// Write down that none came and none will.
    Close,
    /// End the intent at the provider, then look again.
    Cancel,
    /// Nothing yet: look again later.
    Later,
    /// Nothing ever again.
    Rest,
}

impl Payment {
    /// A new attempt to pay for `order`.
    pub fn begin(order: &Order, kind: Kind, currency: &str, token_digest: Option<Vec<u8>>, now: Timestamp) -> Self {
        Self {
            id: PaymentId::new(),
            order_id: order.id,
            user_id: order.user_id,
            kind,
            status: Status::Created,
            amount: order.price,
            currency: currency.to_owned(),
            created_at: now,
            stripe_id: None,
            token_digest,
            failure: None,
            answer_owed: false,
            next_look_at: Some(now + ATTEMPT_MAX),
            looks: 0,
            refund_wanted_at: None,
            refund_attempt: 1,
            stripe_refund_id: None,
            next_refund_at: None,
            refund_looks: 0,
        }
    }

    /// What names this attempt's intent to the provider, however often it is asked for.
    pub fn open_key(&self) -> String {
        format!("open-{}", self.id)
    }

    /// What names this attempt's confirmation. One per attempt: after a decline the next one is not the same.
    pub fn confirm_key(&self) -> String {
        format!("confirm-{}", self.id)
    }

    /// What names this refund.
    pub fn refund_key(&self) -> String {
        format!("refund-{}-{}", self.id, self.refund_attempt)
    }

    /// What to do without asking the provider, there being no intent to ask for yet. `over` if nobody wants this
    /// payment to go on.
    pub fn step_unopened(&self, over: bool, now: Timestamp) -> Step {
        match self.status {
            Status::Created if over || self.is_abandoned(now) => Step::Close,
            Status::Created => Step::Later,
            Status::Completed | Status::Failed | Status::Refunded => Step::Rest,
        }
    }

    /// What to do, its intent standing as it does. `over` if nobody wants this payment to go on.
    pub fn step(&self, standing: &Standing, over: bool, now: Timestamp) -> Step {
        match (self.status, standing) {
            // Even of one that counts as failed: money that came is never overlooked.
            (Status::Created | Status::Failed, Standing::Succeeded) => Step::Complete,
            (Status::Created | Status::Failed, Standing::Processing) => Step::Later,
            (Status::Created, Standing::Cancelled) => Step::Close,
            (Status::Created, Standing::Open { failure }) => {
                let ended = match self.kind {
                    // Nobody tries a second card on it.
                    Kind::Token => failure.is_some() || self.is_abandoned(now),
                    Kind::Intent => false,
                };
                if ended || over { Step::Cancel } else { Step::Later }
            }
            (Status::Failed, Standing::Open { .. }) => Step::Cancel,
            (Status::Completed | Status::Refunded, _) | (Status::Failed, Standing::Cancelled) => Step::Rest,
        }
    }

    /// The request that began this is gone, or has told its buyer to come back.
    fn is_abandoned(&self, now: Timestamp) -> bool {
        self.answer_owed || now >= self.created_at + ATTEMPT_MAX
    }

    /// Money came. With a `rival` that is under way or paid for the same order, it goes back at once.
    pub fn complete(&mut self, rival: bool, now: Timestamp) -> Option<News> {
        match self.status {
            Status::Failed if rival => {
                self.rest();
                self.want_refund(now);
                None
            }
            Status::Created | Status::Failed => {
                self.rest();
                self.status = Status::Completed;
                Some(News::Paid)
            }
            Status::Completed | Status::Refunded => None,
        }
    }

    /// It is over, and no money came; perhaps with the provider's reason. If the intent `stays_open` at the provider,
    /// it is to be cancelled there: nobody can confirm it, but nobody should wonder about it either.
    pub fn close(&mut self, failure: Option<String>, stays_open: bool, now: Timestamp) -> Option<News> {
        if self.status != Status::Created {
            return None;
        }
        self.rest();
        self.status = Status::Failed;
        self.failure = failure;
        if stays_open && self.stripe_id.is_some() {
            self.look_soon(now);
        }
        Some(News::Closed)
    }

    /// There is nothing more to ask about its intent.
    pub fn rest(&mut self) {
        self.next_look_at = None;
        self.looks = 0;
    }

    /// Something happened to its intent: ask at once what.
    pub fn look_soon(&mut self, now: Timestamp) {
        self.next_look_at = Some(now);
        self.looks = 0;
    }

    /// When to look at its intent for the first time, a browser having been given its secret.
    pub fn first_look(&self, now: Timestamp) -> Timestamp {
        now + LOOK_PAUSE
    }

    /// When to look at its intent again, nothing having come of this look: soon if somebody waits for the end, and at
    /// the latest when the order's time is up. `failed` if the provider did not even answer.
    pub fn next_look(&self, order: &Order, failed: bool, now: Timestamp) -> Timestamp {
        if order.is_over(now) || failed || self.kind == Kind::Token {
            return now + pause(self.looks, HURRY, HURRY_MAX);
        }
        (now + pause(self.looks, LOOK_PAUSE, LOOK_PAUSE_MAX)).min(order.expires_at)
    }

    /// The money has to go back. False if that is known already, or it is back.
    pub fn want_refund(&mut self, now: Timestamp) -> bool {
        if self.refund_wanted_at.is_some() {
            return false;
        }
        self.refund_wanted_at = Some(now);
        self.refund_soon(now);
        true
    }

    /// Something happened to its refund: ask at once what.
    pub fn refund_soon(&mut self, now: Timestamp) {
        if self.refund_wanted_at.is_some() {
            self.next_refund_at = Some(now);
            self.refund_looks = 0;
        }
    }

    /// When to go on with its refund, nothing having come of this try.
    pub fn next_refund(&self, now: Timestamp) -> Timestamp {
        now + pause(self.refund_looks, REFUND_PAUSE, REFUND_PAUSE_MAX)
    }

    /// The bank did not take the money back: it has to be asked anew, later. Banks may say so even after the provider
    /// said that it was done; then the payment is as it was before. With a `rival` it can't count as paid.
    pub fn refund_failed(&mut self, rival: bool, now: Timestamp) {
        if self.status == Status::Refunded {
            self.status = if rival { Status::Failed } else { Status::Completed };
        }
        self.stripe_refund_id = None;
        self.refund_attempt += 1;
        self.refund_looks = 0;
        self.next_refund_at = Some(now + REFUND_AGAIN);
    }

    /// The money is back.
    pub fn refunded(&mut self, refund: String) -> Option<News> {
        self.rest();
        self.stripe_refund_id = Some(refund);
        self.next_refund_at = None;
        self.refund_looks = 0;
        let before = std::mem::replace(&mut self.status, Status::Refunded);
        (before != Status::Refunded).then_some(News::Refunded)
    }

    /// Whether a worker has something to do about it now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        [self.next_look_at, self.next_refund_at].into_iter().flatten().any(|due| due <= now)
    }
}

/// A pause that doubles with each look, from `first` up to `longest`.
fn pause(looks: i32, first: Duration, longest: Duration) -> Duration {
    // 2^16 seconds are longer than any pause here.
    (first * 2_i32.pow(u32::try_from(looks.clamp(1, 17) - 1).unwrap_or(0))).min(longest)
}

#[cfg(test)]
mod tests;
