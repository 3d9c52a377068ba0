//! Makes calls go wrong on purpose: fail, get lost before or after they took effect, or wait until they are let go.

use std::collections::BTreeMap;
use std::str::FromStr;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

/// Faults planned at once. A test plans a handful.
const PLANNED_MAX: usize = 1000;
/// Calls held at once. Beyond it they pass unheld rather than fill the memory.
const HELD_MAX: usize = 1000;

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It never arrives: nothing happens, and the connection closes without an answer.
    LoseRequest,
    /// It takes effect, and the connection closes without an answer.
    LoseAnswer,
    /// It waits before it takes effect, until it is let go. It then takes effect even if no one waits for the answer.
    Hold,
    /// It takes effect at once; its answer waits until it is let go.
    HoldAnswer,
    /// It is refused because something else is changing the same object: 429 `lock_timeout`.
    Locked,
    /// It is refused with this status before it takes effect: 429 (too many requests), 500, 502, 503.
    /// As at Stripe, a 500 is the key's answer from then on; the others are not.
    Fail(u16),
}

/// Which calls: `POST /v1/payment_intents/*/confirm`. A `*` stands for one part of the path, at its end for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    method: String,
    path: Vec<String>,
}

impl FromStr for Calls {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || format!("expected a method and a path, such as `POST /v1/refunds`, not `{text}`");
        let (method, path) = text.split_once(' ').ok_or_else(expected)?;
        let path = path.strip_prefix('/').ok_or_else(expected)?;
        Ok(Self { method: method.to_owned(), path: path.split('/').map(str::to_owned).collect() })
    }
}

impl Calls {
    fn matches(&self, method: &str, path: &str) -> bool {
        if self.method != "*" && self.method != method {
            return false;
        }
        let mut parts = path.trim_start_matches('/').split('/');
        for (place, wanted) in self.path.iter().enumerate() {
            let is_last = place + 1 == self.path.len();
            match parts.next() {
                Some(_) if wanted == "*" && is_last => return true,
                Some(part) if wanted == "*" || wanted == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }
}

#[derive(Debug)]
struct Planned {
    calls: Calls,
    fault: Fault,
    times: u32,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    calls: BTreeMap<u64, (String, oneshot::Sender<()>)>,
}

/// What is planned, and what is being held.
#[derive(Debug)]
pub struct Faults {
    planned: Mutex<Vec<Planned>>,
    held: Mutex<Held>,
    count: watch::Sender<usize>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { planned: Mutex::default(), held: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Faults {
    /// The next `times` matching calls go wrong like this. Plans are used up in the order they were made.
    pub fn plan(&self, calls: Calls, fault: Fault, times: u32) -> Result<(), String> {
        let mut planned = self.planned.lock();
        if planned.len() >= PLANNED_MAX {
            return Err(format!("no more than {PLANNED_MAX} faults are planned at once"));
        }
        planned.push(Planned { calls, fault, times });
        Ok(())
    }

    /// Forgets all plans. What is held stays held.
    pub fn clear(&self) {
        self.planned.lock().clear();
    }

    /// How this call goes wrong, if it does.
    pub fn take(&self, method: &str, path: &str) -> Option<Fault> {
        let mut planned = self.planned.lock();
        planned.retain(|plan| plan.times > 0);
        let plan = planned.iter_mut().find(|plan| plan.calls.matches(method, path))?;
        plan.times -= 1;
        Some(plan.fault)
    }

    /// Waits until the call is let go. `false`: the stand-in stopped meanwhile.
    pub async fn wait(&self, call: &str) -> bool {
        let (release, released) = oneshot::channel();
        {
            let mut held = self.held.lock();
            if held.calls.len() >= HELD_MAX {
                return true;
            }
            let number = held.next;
            held.next += 1;
            held.calls.insert(number, (call.to_owned(), release));
            self.count.send_replace(held.calls.len());
        }
        released.await.is_ok()
    }

    /// The calls held now, oldest first.
    pub fn held(&self) -> Vec<String> {
        self.held.lock().calls.values().map(|(call, _)| call.clone()).collect()
    }

    /// Waits until so many calls are held.
    pub async fn until_held(&self, count: usize) {
        let mut seen = self.count.subscribe();
        // The sender lives as long as `self`, so this only ends with the count.
        let _ = seen.wait_for(|held| *held >= count).await;
    }

    /// Lets the oldest held calls go on, and says how many.
    pub fn release(&self, most: usize) -> usize {
        let mut held = self.held.lock();
        let mut released = 0;
        while released < most
            && let Some((_, (_, release))) = held.calls.pop_first()
        {
            // A call whose task is gone has nothing left to be let go.
            let _ = release.send(());
            released += 1;
        }
        self.count.send_replace(held.calls.len());
        released
    }

    /// Drops what is held: those calls never go on.
    pub fn abandon(&self) {
        self.held.lock().calls.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> Calls {
        text.parse().unwrap()
    }

    #[test]
    fn a_star_is_one_part_and_at_the_end_the_rest() {
        assert!(calls("POST /v1/refunds").matches("POST", "/v1/refunds"));
        assert!(!calls("POST /v1/refunds").matches("GET", "/v1/refunds"));
        assert!(!calls("POST /v1/refunds").matches("POST", "/v1/refunds/re_1"));
        assert!(calls("POST /v1/payment_intents/*/confirm").matches("POST", "/v1/payment_intents/pi_1/confirm"));
        assert!(!calls("POST /v1/payment_intents/*/confirm").matches("POST", "/v1/payment_intents/pi_1/cancel"));
        assert!(!calls("POST /v1/payment_intents/*/confirm").matches("POST", "/v1/payment_intents"));
        assert!(calls("* /v1/*").matches("GET", "/v1/payment_intents/pi_1"));
        assert!("POST".parse::<Calls>().is_err());
    }

    #[test]
    fn plans_are_used_up_in_order() {
        let faults = Faults::default();
        faults.plan(calls("POST /v1/refunds"), Fault::LoseAnswer, 1).unwrap();
        faults.plan(calls("* /v1/*"), Fault::Fail(500), 2).unwrap();
        let taken: Vec<_> = (0..4).map(|_| faults.take("POST", "/v1/refunds")).collect();
        assert_eq!(taken, [Some(Fault::LoseAnswer), Some(Fault::Fail(500)), Some(Fault::Fail(500)), None]);
    }

    #[tokio::test]
    async fn a_held_call_goes_on_when_it_is_let_go() {
        let faults = std::sync::Arc::new(Faults::default());
        let waiting = tokio::spawn({
            let faults = faults.clone();
            async move { faults.wait("POST /v1/refunds").await }
        });
        faults.until_held(1).await;
        assert_eq!(faults.held(), ["POST /v1/refunds"]);
        assert_eq!(faults.release(5), 1);
        assert!(waiting.await.unwrap());
    }
}
