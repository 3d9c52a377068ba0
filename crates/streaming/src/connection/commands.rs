//! What each command of a client does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::hash_map::Entry;
use protocol::client::{Command, Connect, Violation};
use protocol::{server, subject};

use super::session::Session;
use super::{Reason, auth, flag};
use crate::router::{Subscription, Target};
use crate::turn::Message;

impl Session {
    /// Does every whole command in `input`; returns how many bytes they took.
    pub(super) fn commands(&mut self, input: &[u8]) -> Result<usize, Reason> {
        let mut taken = 0;
        while taken < input.len() {
            match protocol::client::decode(&input[taken..], &self.limits) {
                Ok(Some((command, length))) => {
                    self.command(command)?;
                    taken += length;
                }
                Ok(None) => {
                    self.check_beginning(&input[taken..])?;
                    break;
                }
                Err(violation) => return Err(self.violated(violation)),
            }
        }
        Ok(taken)
    }

    fn command(&mut self, command: Command<'_>) -> Result<(), Reason> {
        match command {
            Command::Publish { subject, reply, headers, payload } => {
                self.must_be_known()?;
                self.publish(subject, reply, headers, payload)
            }
            Command::Ping => {
                self.must_be_known()?;
                self.answer(server::pong);
                Ok(())
            }
            Command::Pong => {
                self.connection.unanswered.store(0, Ordering::Relaxed);
                let round_trip = self.turn.now - self.connection.pinged.load(Ordering::Relaxed);
                self.connection.round_trip.store(round_trip, Ordering::Relaxed);
                Ok(())
            }
            Command::Subscribe { subject, queue, sid } => {
                self.must_be_known()?;
                self.subscribe(subject, queue, sid);
                Ok(())
            }
            Command::Unsubscribe { sid, max } => {
                self.must_be_known()?;
                self.unsubscribe(sid, max);
                Ok(())
            }
            Command::Connect(json) => self.connect(json),
            // The client gives up.
            Command::Err(_) => Err(Reason::ClientClosed),
            Command::Info(_) | Command::Ok => Ok(()),
        }
    }

    /// What can be refused before all of it has come.
    fn check_beginning(&mut self, input: &[u8]) -> Result<(), Reason> {
        let has_headers = input.get(..5).is_some_and(|verb| verb[..4].eq_ignore_ascii_case(b"HPUB"));
        if has_headers && !self.connection.takes_headers() {
            return Err(self.refuse("message headers not supported"));
        }
        Ok(())
    }

    fn connect(&mut self, json: &[u8]) -> Result<(), Reason> {
        let parsed = if json.starts_with(b"{") { Connect::parse(json).ok() } else { None };
        let Some(connect) = parsed else { return Err(self.violated(Violation::ParserError)) };
        let Some(who) = auth::recognise(&self.server.options.auth, &connect) else {
            tracing::warn!(cid = self.connection.id, peer = %self.connection.peer, "authentication failed");
            return Err(self.refuse("Authorization Violation"));
        };
        if connect.no_responders && !connect.headers {
            return Err(self.refuse("no responders requires headers support"));
        }
        if !(0..=1).contains(&connect.protocol) {
            return Err(self.refuse("invalid client protocol"));
        }
        self.connection.connect(&connect, who.user, who.permissions);
        self.verbose_ok();
        Ok(())
    }

    /// Until a client proved who it is, it may do nothing.
    fn must_be_known(&mut self) -> Result<(), Reason> {
        if self.server.options.auth.is_required() && !self.connection.is_connected() {
            return Err(self.refuse("Authorization Violation"));
        }
        Ok(())
    }

    fn publish(&mut self, subject: &str, reply: Option<&str>, headers: &[u8], payload: &[u8]) -> Result<(), Reason> {
        if !headers.is_empty() && !self.connection.takes_headers() {
            return Err(self.refuse("message headers not supported"));
        }
        self.tally.messages += 1;
        self.tally.bytes += (headers.len() + payload.len()) as u64;
        if !self.connection.rights.may_publish(subject, self.turn.now) {
            let text = format!("Permissions Violation for Publish to \"{subject}\"");
            tracing::warn!(cid = self.connection.id, "{text}");
            self.answer(|out| server::error(out, &text));
            return Ok(());
        }
        if self.connection.has(flag::PEDANTIC) && !subject::is_valid_literal(subject) {
            self.answer(|out| server::error(out, "Invalid Publish Subject"));
        }
        self.verbose_ok();
        let connection = self.connection.clone();
        let message = Message { subject, reply, headers, payload, from: Some(&connection) };
        let reached = if is_used_once(subject) {
            self.turn.publish(&message)
        } else {
            let matches = self.cache.find(&self.server.router, subject);
            self.turn.deliver(matches, subject, &message)
        };
        if reached == 0
            && let Some(reply) = reply
            && connection.has(flag::NO_RESPONDERS)
        {
            self.no_responders(reply);
        }
        Ok(())
    }

    /// Tells the client that nobody listens where it asked, on the subscription that awaits the answer.
    fn no_responders(&mut self, reply: &str) {
        let subscriptions = self.connection.subscriptions.lock();
        let sid = subscriptions.iter().find(|(_, s)| subject::matches(&s.subject, reply)).map(|(sid, _)| sid.clone());
        drop(subscriptions);
        if let Some(sid) = sid {
            self.answer(|out| server::no_responders(out, reply, &sid));
        }
    }

    fn subscribe(&mut self, filter: &str, queue: Option<&str>, sid: &str) {
        if !subject::is_valid_filter(filter) {
            self.answer(|out| server::error(out, "Invalid Subject"));
            return;
        }
        if !self.connection.rights.may_subscribe(filter, queue) {
            let using = queue.map(|q| format!(" using queue \"{q}\"")).unwrap_or_default();
            let text = format!("Permissions Violation for Subscription to \"{filter}\"{using}");
            tracing::warn!(cid = self.connection.id, "{text}");
            self.answer(|out| server::error(out, &text));
            return;
        }
        let max = self.server.options.limits.max_subscriptions;
        let target = Target::Client { connection: self.connection.clone(), sid: sid.into() };
        let subscription = Subscription::new(filter, queue, target);
        let mut all = self.connection.subscriptions.lock();
        if max > 0 && all.len() >= max {
            drop(all);
            self.answer(|out| server::error(out, "maximum subscriptions exceeded"));
            return;
        }
        // A client that names two subscriptions alike keeps the first.
        if let Entry::Vacant(place) = all.entry(sid.into()) {
            place.insert(subscription.clone());
            drop(all);
            self.server.router.insert(subscription);
            self.server.router.announce(&mut self.turn, filter);
        } else {
            drop(all);
        }
        self.verbose_ok();
    }

    fn unsubscribe(&mut self, sid: &str, max: Option<u64>) {
        let mut all = self.connection.subscriptions.lock();
        let ends_now = match (all.get(sid), max.filter(|max| *max > 0)) {
            (Some(subscription), Some(max)) => subscription.end_after(max),
            (Some(_), None) => true,
            (None, _) => false,
        };
        let ended = if ends_now { all.remove(sid) } else { None };
        drop(all);
        if let Some(subscription) = ended {
            self.server.router.remove(&subscription);
            self.server.router.announce(&mut self.turn, &subscription.subject);
        }
        self.verbose_ok();
    }

    fn verbose_ok(&mut self) {
        if self.connection.has(flag::VERBOSE) {
            self.answer(server::ok);
        }
    }

    fn answer(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let appended = self.connection.outbox.append(write);
        self.turn.note(&Arc::clone(&self.connection), appended);
    }

    fn violated(&mut self, violation: Violation) -> Reason {
        tracing::debug!(cid = self.connection.id, %violation, "protocol violation");
        // A stranger learns nothing but that it is one.
        if let Err(reason) = self.must_be_known() {
            return reason;
        }
        self.refuse(match violation {
            Violation::ParserError => "Parser Error",
            Violation::UnknownOperation => "Unknown Protocol Operation",
            Violation::MaximumPayload => "Maximum Payload Violation",
            Violation::MaximumControlLine => "maximum control line exceeded",
        })
    }

    /// Says why, and ends the connection.
    fn refuse(&mut self, text: &'static str) -> Reason {
        self.answer(|out| server::error(out, text));
        Reason::Violation(text)
    }
}

/// Subjects of which every one is different: remembering who gets them would only push out those that come again.
fn is_used_once(subject: &str) -> bool {
    subject.starts_with("_INBOX.") || subject.starts_with("$JS.ACK.")
}
