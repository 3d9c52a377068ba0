//! Where clients find what.

use protocol::stan::{ConnectRequest, ConnectResponse, PROTOCOL};

use crate::options;

/// The subjects of one cluster id.
pub(super) struct Subjects {
    pub discover: String,
    pub pings: String,
    pub publish: String,
    pub publish_all: String,
    pub subscribe: String,
    pub unsubscribe: String,
    pub subclose: String,
    pub close: String,
    /// Where clients answer heartbeats and probes: this and a number.
    answer: String,
    pub answers: String,
}

impl Subjects {
    pub fn new(options: &options::Stan, id: &str) -> Self {
        let cluster = &options.cluster_id;
        let discover = format!("{}.{cluster}", options.discover_prefix);
        Self {
            pings: format!("{discover}.pings"),
            discover,
            publish: format!("_STAN.pub.{cluster}"),
            publish_all: format!("_STAN.pub.{cluster}.>"),
            subscribe: format!("_STAN.sub.{cluster}"),
            unsubscribe: format!("_STAN.unsub.{cluster}"),
            subclose: format!("_STAN.subclose.{cluster}"),
            close: format!("_STAN.close.{cluster}"),
            answer: format!("_INBOX.{id}."),
            answers: format!("_INBOX.{id}.*"),
        }
    }

    /// What a client is told that may stay.
    pub fn welcome(&self, request: &ConnectRequest) -> ConnectResponse {
        let pings = request.protocol >= PROTOCOL;
        ConnectResponse {
            pub_prefix: self.publish.clone(),
            sub_requests: self.subscribe.clone(),
            unsub_requests: self.unsubscribe.clone(),
            close_requests: self.close.clone(),
            sub_close_requests: self.subclose.clone(),
            ping_requests: if pings { self.pings.clone() } else { String::new() },
            ping_interval: if pings { request.ping_interval } else { 0 },
            ping_max_out: if pings { request.ping_max_out } else { 0 },
            protocol: PROTOCOL,
            ..ConnectResponse::default()
        }
    }

    /// Where the question with this number is answered.
    pub fn answer(&self, number: u64) -> String {
        format!("{}{number}", self.answer)
    }

    /// The number of the question that is answered on `subject`.
    pub fn answered(&self, subject: &str) -> Option<u64> {
        subject.strip_prefix(&self.answer)?.parse().ok()
    }
}
