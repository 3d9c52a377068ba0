//! Who a client is, and what it may do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use protocol::client::Connect;

use crate::options::{Auth, Permissions};
use crate::router::Subscription;

/// Requests whose answers one client may still owe. Beyond that the oldest promise is forgotten.
const ANSWERS_MAX: usize = 4096;

/// Whom a CONNECT was recognised as.
pub(super) struct Recognised {
    pub user: Option<String>,
    pub permissions: Option<Arc<Permissions>>,
}

/// Checks the credentials of a CONNECT; `None` refuses it.
pub(super) fn recognise(auth: &Auth, connect: &Connect) -> Option<Recognised> {
    let anyone = Recognised { user: None, permissions: None };
    match auth {
        Auth::None => Some(anyone),
        Auth::Token(token) => {
            let attempt = connect.auth_token.as_deref()?;
            verify(token, attempt).then_some(anyone)
        }
        Auth::Users { no_auth_user, .. } => {
            let user = match (connect.user.as_deref(), no_auth_user) {
                (Some(name), _) => {
                    let user = auth.user(name)?;
                    verify(&user.password, connect.pass.as_deref().unwrap_or_default()).then_some(user)?
                }
                (None, Some(name)) => auth.user(name)?,
                (None, None) => return None,
            };
            Some(Recognised { user: Some(user.name.clone()), permissions: user.permissions.clone().map(Arc::new) })
        }
    }
}

fn verify(password: &crate::options::Password, attempt: &str) -> bool {
    let check = || password.verify(attempt.as_bytes());
    let may_block = || {
        let handle = tokio::runtime::Handle::try_current();
        handle.is_ok_and(|h| h.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread)
    };
    // A bcrypt hash takes a tenth of a second: others' sockets must not wait for it.
    if password.is_slow() && may_block() { tokio::task::block_in_place(check) } else { check() }
}

struct Promise {
    since: i64,
    answers: u32,
}

/// What one client may do. Without permissions, everything.
#[derive(Default)]
pub struct Rights {
    restricted: AtomicBool,
    permissions: Mutex<Option<Arc<Permissions>>>,
    /// Reply subjects the client was asked to answer on, where its permissions allow only that.
    promises: Mutex<HashMap<Box<str>, Promise>>,
}

impl Rights {
    pub(super) fn grant(&self, permissions: Option<Arc<Permissions>>) {
        self.restricted.store(permissions.is_some(), Ordering::Release);
        *self.permissions.lock() = permissions;
    }

    pub(super) fn permissions(&self) -> Option<Arc<Permissions>> {
        if self.restricted.load(Ordering::Acquire) { self.permissions.lock().clone() } else { None }
    }

    pub(super) fn may_publish(&self, subject: &str, now: i64) -> bool {
        self.permissions().is_none_or(|p| p.may_publish(subject) || self.may_answer(&p, subject, now))
    }

    pub(super) fn may_subscribe(&self, filter: &str, queue: Option<&str>) -> bool {
        self.permissions().is_none_or(|p| p.may_subscribe(filter, queue))
    }

    pub(super) fn may_receive(&self, subscription: &Subscription, subject: &str) -> bool {
        // A consumer's delivery shows the message's own subject; only what the filter itself covers is the client's.
        if !subscription.subject.contains(['*', '>']) {
            return true;
        }
        self.permissions().is_none_or(|p| p.may_receive(subject, subscription.queue.as_deref()))
    }

    pub(super) fn asked(&self, reply: &str, now: i64) {
        if !self.permissions().is_some_and(|p| p.responses.is_some() && !p.may_publish(reply)) {
            return;
        }
        let mut promises = self.promises.lock();
        if promises.len() >= ANSWERS_MAX {
            let oldest = promises.iter().min_by_key(|(_, p)| p.since).map(|(reply, _)| reply.clone());
            oldest.and_then(|reply| promises.remove(&reply));
        }
        promises.insert(reply.into(), Promise { since: now, answers: 0 });
    }

    fn may_answer(&self, permissions: &Permissions, subject: &str, now: i64) -> bool {
        let Some(responses) = permissions.responses else { return false };
        let mut promises = self.promises.lock();
        let Some(promise) = promises.get_mut(subject) else { return false };
        let expired = responses.expires.is_some_and(|d| now - promise.since > crate::clock::nanos(d));
        if expired || responses.max.is_some_and(|max| promise.answers >= max) {
            promises.remove(subject);
            return false;
        }
        promise.answers += 1;
        true
    }
}
