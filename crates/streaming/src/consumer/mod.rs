//! The delivery state machine of a consumer: which message goes where, when, and how often.
//!
//! A [`Consumer`] reads no clock, no socket and no disk: it is told the time, is shown the log through a [`Source`],
//! and answers with [`Delivery`]s and [`Output`]s. The stream that owns it calls [`Consumer::tick`] when
//! [`Consumer::deadline`] has come, and [`Consumer::poll`] until it returns `None` whenever something changed.
//!
//! ```text
//!              poll: a new message, pending < max_ack_pending            ack (ack policy none: at once)
//!   ┌────────┐ ────────────────────────────────────▶ ┌─────────┐ ───────────────────────▶ ┌───────┐
//!   │ unseen │                                       │ pending │ ─── term, or removed ──▶ │settled│
//!   └────────┘     ┌──── in progress: wait anew ──── │ (waits) │       from the log       └───────┘
//!                  └───────────────────────────────▶ └─────────┘                              ▲
//!                                                      │  ▲  ▲ │                              │
//!     nak with delay: wait until then ─────────────────┘  │  │ │ tick: its wait is over,      │
//!                     └───────────────────────────────────┘  │ │ or a nak                     │
//!                                                            │ ▼                              │
//!                                         poll: again,  ┌────────┐  ack, term, removed        │
//!                                         deliveries+1  │ queued │ ───────────────────────────┤
//!                                                       └────────┘                            │
//!                                                            │ poll: delivered max_deliver    │ ack, but late
//!                                                            ▼       times already            │
//!                                                       ┌──────────┐                          │
//!                                                       │ given up │ ─────────────────────────┘
//!                                                       └──────────┘
//! ```
//!
//! Always true, and tried by `tests/model`:
//! - Every matching message gets settled or given up; none is forgotten, none is delivered more than `max_deliver` times.
//! - Messages wait in one of two places, `expiry` (pending) or the redelivery queue (queued), never in both.
//! - New messages are delivered in the order of the log and only while fewer than `max_ack_pending` are pending.
//!   What is to be redelivered goes before what is new, and counts as pending all the time.
//! - Nothing at or below the ack floor is pending; the floor moves up only.
//! - Nothing happens later than [`Consumer::deadline`] says, if somebody ticks.
//! - A [`Snapshot`] and the [`Change`]s since make the same state again.
//!
//! | file | answers for |
//! |---|---|
//! | [`settings`] | what the consumer was asked to be, and where it starts |
//! | [`output`] | what comes out: deliveries, statuses, news for the stream |
//! | `machine` | the [`Consumer`]: making, restoring, updating, closing it |
//! | `deliver` | [`Consumer::poll`]: picks the next message and who gets it |
//! | `acks` | [`Consumer::ack`]: acknowledged, refused, in progress, terminated |
//! | `tick` | [`Consumer::tick`] and [`Consumer::deadline`]: all that happens by itself |
//! | `log_news` | what the stream tells: messages added, removed, purged |
//! | [`request`] | pull requests in line |
//! | `progress` | the state that outlives the server, changed by [`Change`]s only |
//! | [`ledger`] | changes and snapshots as bytes |
//! | [`group`] | members with windows of their own, and what each holds |
//! | `pending`, `expiry`, `flow`, `pace` | who is delivered; when they expire; the push window; replay and rate |
//!
//! The machine knows no members of a deliver group: the router picks one for each delivery. A group whose members have
//! windows of their own is a [`Group`] beside the machine, and three things tie them: [`Consumer::interest`] while any
//! member can be sent anything, [`Consumer::hold_new`] while none has room, and [`Consumer::redeliver`] for what a lost
//! member held.

mod acks;
mod deliver;
mod expiry;
mod flow;
pub mod group;
mod info;
pub mod ledger;
mod log_news;
mod machine;
pub mod output;
mod pace;
mod pending;
mod progress;
pub mod request;
pub mod settings;
#[cfg(test)]
mod tests;
mod tick;

pub use acks::{Ack, AckKind};
pub use deliver::{Found, Next, Source};
pub use group::{Group, Member};
pub use info::Info;
pub use machine::{Closing, Consumer};
pub use output::{Advice, Delivery, Output, Rest, Status, Target};
pub use progress::{Change, Held, Position, Snapshot};
pub use request::PullRequest;
pub use settings::{AckPolicy, Mode, Nanos, Pull, Push, Rate, Settings, Start};
