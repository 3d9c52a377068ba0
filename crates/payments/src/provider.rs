//! What this service asks of a payment provider, and what it can be told: the seam between our money and theirs.
//!
//! A payment is one *intent* of the provider's, made before any money can move and confirmed after its id was
//! written down. So however an answer is lost, the question "how does that intent stand?" settles it, and an intent
//! succeeds at most once, whoever confirms it how often.

use std::pin::Pin;

use events::{Cents, OrderId, PaymentId};
use secrecy::SecretString;

/// A call to the provider. Boxed, so that a service holds its provider as a `dyn Provider`.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A payment provider: Stripe, or what a test puts in its place.
///
/// `key` names an attempt: the provider does the same request with the same key once, and answers it alike each time.
pub trait Provider: Send + Sync + 'static {
    /// Makes an intent. No money moves before it is confirmed.
    fn open<'a>(&'a self, key: &'a str, wish: &'a Wish) -> Call<'a, Intent>;

    /// Pays an intent with what `token` stands for, without asking the buyer anything more.
    fn confirm<'a>(&'a self, key: &'a str, intent: &'a str, token: &'a SecretString) -> Call<'a, Intent>;

    /// How an intent stands.
    fn ask<'a>(&'a self, intent: &'a str) -> Call<'a, Intent>;

    /// Ends an intent that did not succeed: it never will. [`Failure::OtherState`] if it is too late for that.
    fn cancel<'a>(&'a self, intent: &'a str) -> Call<'a, Intent>;

    /// Gives back all that an intent took. [`Failure::OtherState`] if that was done before.
    fn refund<'a>(&'a self, key: &'a str, intent: &'a str) -> Call<'a, Refund>;

    /// How a refund stands.
    fn ask_refund<'a>(&'a self, refund: &'a str) -> Call<'a, Refund>;

    /// The refund of an intent that did not fail, if there is one.
    fn find_refund<'a>(&'a self, intent: &'a str) -> Call<'a, Option<Refund>>;
}

/// The intent wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Our name of the attempt: the provider keeps it with the intent, for whoever compares books.
    pub payment: PaymentId,
    /// What is paid for, kept likewise.
    pub order: OrderId,
    /// How much.
    pub amount: Cents,
    /// Of what: `usd`.
    pub currency: String,
    /// Who confirms it.
    pub confirmed_by: ConfirmedBy,
}

/// Who confirms an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmedBy {
    /// We, with a token. Ways to pay that lead the buyer elsewhere are of no use then.
    Us,
    /// The buyer's browser, with the intent's secret.
    Browser,
}

/// An intent as the provider has it.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The provider's name of it.
    pub id: String,
    /// How it stands.
    pub standing: Standing,
    /// What lets a browser confirm it.
    pub client_secret: Option<SecretString>,
}

/// How an intent stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may still be confirmed, or its buyer is being asked something.
    Open {
        /// Why the last try to pay it failed: a sentence for the buyer.
        failure: Option<String>,
    },
    /// Money is on its way; nobody can say yet whether it arrives.
    Processing,
    /// Paid. This does not change any more.
    Succeeded,
    /// Given up unpaid. This does not change any more.
    Cancelled,
}

/// A refund as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The provider's name of it.
    pub id: String,
    /// How it stands.
    pub standing: RefundStanding,
}

/// How a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStanding {
    /// On its way.
    Pending,
    /// The money is back.
    Succeeded,
    /// It did not get there, and has to be asked for anew.
    Failed,
}

/// Why a call did not do what it should. Only [`Failure::Unknown`] leaves open whether it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Whoever issued the card said no, or the amount can't be paid; with the provider's sentence for the buyer.
    #[error("declined: {0}")]
    Declined(String),
    /// There is no such token, or it was used before.
    #[error("the token is unknown or used")]
    BadToken,
    /// What was asked for is not possible as things stand: look how they do.
    #[error("not possible in the state it is in")]
    OtherState,
    /// Too much at once; nothing was done.
    #[error("the provider takes no more requests for a moment")]
    Busy,
    /// No answer, or none that can be understood: whether it was done has to be asked.
    #[error("no answer: {0}")]
    Unknown(String),
    /// Our mistake, in code or settings; nothing was done.
    #[error("refused by the provider: {0}")]
    Misuse(String),
}
