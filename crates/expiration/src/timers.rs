//! The timers, in Redis: whose time is up when, and which worker is about to tell.
//!
//! ```text
//!  {expiration}:timers   sorted set  order → when to look at it next: its due time, or the end of its lease (ms)
//!  {expiration}:due      hash        order → when its time is up (ms)
//!  {expiration}:claims   hash        order → the token of its last claim
//!  {expiration}:dropped  sorted set  order → until when it is remembered as over (ms)
//!  {expiration}:token    number      the last token given
//!  {expiration}:probe    text        written to see whether Redis takes what is written; gone a second later
//!
//!                  arm                claim                    complete, with the claim's token
//!   (no timer) ──────────► waiting ─────────► leased ─────────► (no timer)
//!       ▲                    ▲  ▲  rearm: now    │
//!       │ drop, from         │  └──── release ───┤ with the claim's token
//!       └─ anywhere          └────── lease over ─┘ the token is worth nothing once another claimed
//! ```
//!
//! Each arrow is one Lua script: it happens whole or not at all. `{expiration}` is a hash tag, so that all keys live on
//! one node of a cluster. The scripts know no time but Redis' own, so that workers need not agree about theirs.
//! Redis must not evict (`maxmemory-policy noeviction`) and should keep an append-only file; if it loses everything
//! all the same, `orders` asks again for what is overdue.

use std::sync::Arc;
use std::time::Duration;

use events::{OrderId, Timestamp};
use redis::{RedisResult, Script, ScriptInvocation};
use tokio::sync::Notify;

use crate::link::Link;

/// `{expiration}:timers`
const TIMERS: &str = "{expiration}:timers";
/// `{expiration}:due`
const DUE: &str = "{expiration}:due";
/// `{expiration}:claims`
const CLAIMS: &str = "{expiration}:claims";
/// `{expiration}:dropped`
const DROPPED: &str = "{expiration}:dropped";
/// `{expiration}:token`
const TOKEN: &str = "{expiration}:token";
/// `{expiration}:probe`
const PROBE: &str = "{expiration}:probe";

/// How long an order that is over is remembered, lest a late `order:created` set its timer again. All redeliveries of
/// an event come within this; if one came even later, the timer would tell `orders` what it knows already.
const REMEMBERED: Duration = Duration::from_hours(24);

/// All timers. Clones share the connection.
#[derive(Clone)]
pub struct Timers {
    link: Link,
    scripts: Arc<Scripts>,
    armed: Arc<Notify>,
    ahead: Duration,
}

struct Scripts {
    arm: Script,
    rearm: Script,
    drop: Script,
    claim: Script,
    complete: Script,
    release: Script,
    backlog: Script,
}

/// A timer leased to one worker, which now has to tell that the order's time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose time is up.
    pub order: OrderId,
    /// Since when.
    pub due: Timestamp,
    /// How late the claim is.
    pub late: Duration,
    /// Worth something until another worker claims the timer.
    token: u64,
}

/// What one look at the timers gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Look {
    /// What was due, the first first.
    pub claims: Vec<Claim>,
    /// How long until something is due again; `None` if no timer is set. Zero if there was more than asked for.
    pub next: Option<Duration>,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Timers that are set, of whatever kind.
    pub set: u64,
    /// Those that are due and wait for a worker. Without leases that ran out, these have not been told at all.
    pub ready: u64,
    /// Those that a worker has claimed and not completed.
    pub claimed: u64,
    /// Orders remembered as over.
    pub dropped: u64,
    /// How late the first of those that are ready is.
    pub late: Duration,
}

impl Timers {
    /// The timers at the Redis server that `link` leads to.
    pub fn new(link: Link) -> Self {
        let scripts = Scripts {
            arm: Script::new(include_str!("timers/arm.lua")),
            rearm: Script::new(include_str!("timers/rearm.lua")),
            drop: Script::new(include_str!("timers/drop.lua")),
            claim: Script::new(include_str!("timers/claim.lua")),
            complete: Script::new(include_str!("timers/complete.lua")),
            release: Script::new(include_str!("timers/release.lua")),
            backlog: Script::new(include_str!("timers/backlog.lua")),
        };
        Self { link, scripts: Arc::new(scripts), armed: Arc::default(), ahead: Duration::ZERO }
    }

    /// The same timers, seen from so long after Redis' time: how a test makes time pass.
    #[must_use]
    pub fn ahead(&self, by: Duration) -> Self {
        Self { ahead: by, ..self.clone() }
    }

    /// Sets the timer of an order, unless it is set already or the order is known to be over. Tells whether it was set.
    pub async fn arm(&self, order: OrderId, due: Timestamp) -> RedisResult<bool> {
        let mut script = self.scripts.arm.key(&[TIMERS, DUE, DROPPED]);
        self.woken(script.arg(order.to_string()).arg(due.milliseconds())).await
    }

    /// Makes an order's timer due at once, though it may have been told or dropped before. Tells whether it was set.
    pub async fn rearm(&self, order: OrderId) -> RedisResult<bool> {
        let mut script = self.scripts.rearm.key(&[TIMERS, DUE, CLAIMS]);
        self.woken(script.arg(order.to_string()).arg(milliseconds(self.ahead))).await
    }

    /// Takes an order's timer away and remembers the order as over. Tells whether there was a timer.
    pub async fn drop(&self, order: OrderId) -> RedisResult<bool> {
        let mut script = self.scripts.drop.key(&[TIMERS, DUE, CLAIMS, DROPPED]);
        script.arg(order.to_string()).arg(milliseconds(REMEMBERED)).arg(milliseconds(self.ahead));
        self.link.invoke(&script).await
    }

    /// Claims at most `batch` of what is due, for as long as `lease`.
    pub async fn claim(&self, batch: usize, lease: Duration) -> RedisResult<Look> {
        let mut script = self.scripts.claim.key(&[TIMERS, DUE, CLAIMS, DROPPED, TOKEN]);
        script.arg(batch).arg(milliseconds(lease)).arg(milliseconds(self.ahead));
        let (wait, claims): (i64, Vec<(String, i64, u64, i64)>) = self.link.invoke(&script).await?;
        let next = u64::try_from(wait).ok().map(Duration::from_millis);
        Ok(Look { claims: claims.iter().filter_map(claim).collect(), next })
    }

    /// Removes the timers that were told. Gives how many: those dropped or claimed by another meanwhile are not ours.
    pub async fn complete(&self, claims: &[Claim]) -> RedisResult<usize> {
        self.settle(&self.scripts.complete, claims).await
    }

    /// Gives claims back before their lease ends. Gives how many: those dropped or claimed by another are not ours.
    pub async fn release(&self, claims: &[Claim]) -> RedisResult<usize> {
        self.settle(&self.scripts.release, claims).await
    }

    /// Counts what is set, due, claimed and remembered.
    pub async fn backlog(&self) -> RedisResult<Backlog> {
        let mut script = self.scripts.backlog.key(&[TIMERS, CLAIMS, DROPPED]);
        let (set, ready, claimed, dropped, late) = self.link.invoke(script.arg(milliseconds(self.ahead))).await?;
        Ok(Backlog { set, ready, claimed, dropped, late: Duration::from_millis(late) })
    }

    /// Whether timers could be set now: Redis is there, and takes what is written.
    pub async fn probe(&self) -> RedisResult<()> {
        let mut command = redis::pipe();
        command.cmd("SET").arg(PROBE).arg(1).arg("PX").arg(1000).ignore();
        self.link.query(&command).await
    }

    /// What Redis would throw away when its memory is full, if it says so: `None` if nothing.
    pub async fn evicts(&self) -> RedisResult<Option<String>> {
        let mut command = redis::pipe();
        command.cmd("INFO").arg("memory");
        let (memory,): (String,) = self.link.query(&command).await?;
        let policy = memory.lines().find_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
        Ok(policy.filter(|policy| *policy != "noeviction").map(ToOwned::to_owned))
    }

    /// Comes back once a timer was set in this process, which may be due before the one that is waited for.
    pub async fn armed(&self) {
        self.armed.notified().await;
    }

    async fn woken(&self, script: &ScriptInvocation<'_>) -> RedisResult<bool> {
        let set = self.link.invoke(script).await?;
        if set {
            self.armed.notify_one();
        }
        Ok(set)
    }

    async fn settle(&self, script: &Script, claims: &[Claim]) -> RedisResult<usize> {
        if claims.is_empty() {
            return Ok(0);
        }
        let mut script = script.key(&[TIMERS, DUE, CLAIMS]);
        for claim in claims {
            script.arg(claim.order.to_string()).arg(claim.token);
        }
        self.link.invoke(&script).await
    }
}

/// A claim as the script gives it. One that is not ours to understand is left where it is and told about each lease.
fn claim((order, due, token, late): &(String, i64, u64, i64)) -> Option<Claim> {
    let read = order.parse().ok().zip(Timestamp::from_milliseconds(*due));
    if read.is_none() {
        tracing::error!(order, due, "{TIMERS} has an entry that is no timer");
    }
    read.map(|(order, due)| Claim {
        order,
        due,
        late: Duration::from_millis(u64::try_from(*late).unwrap_or_default()),
        token: *token,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
