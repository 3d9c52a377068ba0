//! What may change while the server runs.

use super::{Error, Log, Options};

impl Options {
    /// `new`, if it differs from `self` in nothing that is settled when a server starts: in how much is logged, that is.
    /// Otherwise nothing is to change, and the error names what would have to.
    pub fn reload(&self, new: Self) -> Result<Self, Error> {
        let old = self;
        let settled = |log: &Log| (log.file.clone(), log.size_limit, log.format, log.time);
        let fixed = [
            ("host or port", old.client != new.client),
            ("http_port", old.monitor != new.monitor),
            ("server_name", old.server_name != new.server_name),
            ("client_advertise", old.client_advertise != new.client_advertise),
            ("authorization", old.auth != new.auth || old.auth_timeout != new.auth_timeout),
            ("tls", old.tls != new.tls),
            ("limits of connections", old.limits != new.limits),
            ("lame_duck_duration or its grace period", old.lame_duck != new.lame_duck),
            ("jetstream", old.jetstream != new.jetstream),
            ("streaming", old.stan != new.stan),
            ("log_file, its limit or its format", settled(&old.log) != settled(&new.log)),
            ("pid_file", old.pid_file != new.pid_file),
            ("ports_file_dir", old.ports_file_dir != new.ports_file_dir),
            ("worker_threads", old.worker_threads != new.worker_threads),
        ];
        match fixed.into_iter().find(|(_, differs)| *differs) {
            Some((what, _)) => Err(Error::Conflict(format!("{what} cannot change while the server runs: restart it"))),
            None => Ok(new),
        }
    }
}
