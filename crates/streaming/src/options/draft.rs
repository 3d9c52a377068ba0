//! Options while they are being gathered: what was said so far, by whom, and what of it contradicts the rest.

use std::path::PathBuf;
use std::time::Duration;

use super::signal::Signal;
use super::{Address, Auth, Error, JetStream, Options, Password, Permissions, StanStore, Tls, User};

/// A token that is shorter can be guessed.
const ADMIN_TOKEN_BYTES_MIN: usize = 16;

/// What was said so far.
#[derive(Default)]
pub struct Draft {
    pub options: Options,
    pub monitor_host: Option<String>,
    pub monitor_port: Option<u16>,
    pub jetstream_on: bool,
    pub jetstream: JetStream,
    /// Whether anybody said where streams are kept.
    pub store_dir_said: bool,
    pub sql: DraftSql,
    pub tls: DraftTls,
    pub auth_timeout: Option<Duration>,
    pub no_auth_user: Option<String>,
    pub default_permissions: Option<Permissions>,
    pub config: Option<PathBuf>,
    /// The second file.
    pub stan_config: Option<PathBuf>,
    pub signal: Option<Signal>,
    pub asked: Asked,
    /// According to the file, and according to environment and command line. If those say anything, they say it all: a
    /// user on the command line replaces the ones of the file rather than joining them.
    credentials: Vec<Credentials>,
}

/// What was asked for; of several, the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Asked {
    #[default]
    Serve,
    Test,
    Version,
    Help,
}

/// Who may connect, according to one source.
#[derive(Default)]
pub struct Credentials {
    pub user: Option<String>,
    pub password: Option<Password>,
    pub token: Option<Password>,
    pub users: Option<Vec<User>>,
}

/// A database as far as it was told. The source may hold a password: it is in no error and no log.
#[derive(Default)]
pub struct DraftSql {
    pub driver: String,
    pub source: String,
    pub no_caching: bool,
    pub connections_max: Option<u32>,
    pub rows_max: Option<usize>,
}

/// TLS as far as it was told.
pub struct DraftTls {
    /// Whether it was turned on or off in so many words.
    pub on: Option<bool>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub verify: bool,
    pub timeout: Duration,
}

impl Default for DraftTls {
    fn default() -> Self {
        let timeout = Duration::from_secs(2);
        Self { on: None, cert_file: None, key_file: None, ca_file: None, verify: false, timeout }
    }
}

impl Draft {
    /// Notes that `what` was asked for, if `on`.
    pub fn ask(&mut self, what: Asked, on: bool) {
        if on {
            self.asked = self.asked.max(what);
        }
    }

    /// What the next source says overrules what was said before.
    pub fn next_source(&mut self) {
        self.credentials.push(Credentials::default());
    }

    /// Those of the present source.
    pub fn credentials(&mut self) -> &mut Credentials {
        if self.credentials.is_empty() {
            self.next_source();
        }
        let last = self.credentials.len() - 1;
        &mut self.credentials[last]
    }

    /// The options, if they agree with each other.
    pub fn finish(self) -> Result<Options, Error> {
        let mut options = self.options;
        if let Some(port) = self.monitor_port {
            let host = self.monitor_host.unwrap_or_else(|| options.client.host.clone());
            options.monitor = Some(Address { host, port });
        }
        options.tls = self.tls.finish()?;
        let handshake = if options.tls.is_some() { Duration::from_secs(1) } else { Duration::ZERO };
        options.auth_timeout = self.auth_timeout.unwrap_or(options.auth_timeout + handshake);
        options.jetstream = (self.jetstream_on || options.stan.is_some()).then_some(self.jetstream);
        if let (Some(stan), Some(jetstream)) = (&options.stan, &mut options.jetstream) {
            if stan.store == StanStore::File && !self.store_dir_said {
                return Err(conflict("a file store needs a place: set dir too"));
            }
            if stan.store == StanStore::Sql {
                jetstream.database = Some(self.sql.finish()?);
            }
            // A face that keeps everything in memory must not meddle with what lies in the usual place.
            jetstream.in_memory = stan.store != StanStore::Sql && !self.jetstream_on && !self.store_dir_said;
        }
        if let Some(token) = options.stan.as_ref().and_then(|stan| stan.admin_token.as_ref()) {
            check_admin(token, options.monitor.is_some())?;
        }
        let said = self.credentials.into_iter().rfind(Credentials::say_something).unwrap_or_default();
        options.auth = said.finish(self.default_permissions.as_ref(), self.no_auth_user)?;
        agree(&options)?;
        Ok(options)
    }
}

impl DraftSql {
    fn finish(self) -> Result<sql_store::Options, Error> {
        let source = sql_store::Source::parse(&self.driver, &self.source);
        let source = source.map_err(|error| conflict(format!("an SQL store needs its database: {error}")))?;
        let Self { no_caching, connections_max, rows_max, .. } = self;
        Ok(sql_store::Options { source, no_caching, connections_max, rows_max })
    }
}

impl DraftTls {
    fn finish(self) -> Result<Option<Tls>, Error> {
        let implied = self.verify || self.cert_file.is_some() || self.key_file.is_some() || self.ca_file.is_some();
        if !self.on.unwrap_or(implied) {
            return Ok(None);
        }
        let (Some(cert_file), Some(key_file)) = (self.cert_file, self.key_file) else {
            return Err(conflict("TLS needs both a certificate, --tlscert, and its key, --tlskey"));
        };
        if self.verify && self.ca_file.is_none() {
            return Err(conflict("verifying clients needs the certificates that vouch for them, --tlscacert"));
        }
        Ok(Some(Tls { cert_file, key_file, ca_file: self.ca_file, verify: self.verify, timeout: self.timeout }))
    }
}

impl Credentials {
    fn say_something(&self) -> bool {
        self.user.is_some() || self.password.is_some() || self.token.is_some() || self.users.is_some()
    }

    fn finish(self, default: Option<&Permissions>, no_auth_user: Option<String>) -> Result<Auth, Error> {
        let mut users = match (self.user, self.password, self.token, self.users) {
            (None, None, None, None) => Vec::new(),
            (None, None, Some(token), None) if no_auth_user.is_none() => {
                return if token.can_be_met() { Ok(Auth::Token(token)) } else { Err(no_hash("the token")) };
            }
            (None, None, None, Some(users)) => users,
            (Some(name), Some(password), None, None) => vec![User { name, password, permissions: None }],
            (Some(_), None, None, None) => {
                return Err(conflict("a user needs a password: set pass too"));
            }
            (None, Some(_), None, None) => {
                return Err(conflict("a password needs a user: set user too"));
            }
            _ => {
                return Err(conflict("a user, a token and a list of users exclude each other: choose one"));
            }
        };
        for user in &mut users {
            if !user.password.can_be_met() {
                return Err(no_hash(&format!("the password of {:?}", user.name)));
            }
            user.permissions = user.permissions.take().or_else(|| default.cloned());
        }
        match no_auth_user {
            Some(name) if !users.iter().any(|user| user.name == name) => {
                Err(conflict(format!("no_auth_user is {name:?}, who is not in authorization.users")))
            }
            None if users.is_empty() => Ok(Auth::None),
            no_auth_user => Ok(Auth::Users { users, no_auth_user }),
        }
    }
}

/// Whether the token of administrators can serve as one.
fn check_admin(token: &Password, has_monitor: bool) -> Result<(), Error> {
    if !token.can_be_met() {
        return Err(no_hash("admin_token"));
    }
    if token.is_shorter_than(ADMIN_TOKEN_BYTES_MIN) {
        return Err(conflict(format!("admin_token needs {ADMIN_TOKEN_BYTES_MIN} signs or more, such as chance makes")));
    }
    if !has_monitor {
        return Err(conflict("admin_token is shown over HTTP, and there is no port for that: set http_port too"));
    }
    Ok(())
}

/// Says nothing of the text itself: it may be a password after all.
fn no_hash(whose: &str) -> Error {
    conflict(format!("{whose} begins like a bcrypt hash but is none; hash it again"))
}

/// Whether values that are right alone are right together.
fn agree(options: &Options) -> Result<(), Error> {
    let Options { client, limits, lame_duck, .. } = options;
    if limits.max_payload > limits.max_pending {
        let (payload, pending) = (limits.max_payload, limits.max_pending);
        return Err(conflict(format!(
            "max_payload ({payload} bytes) exceeds max_pending ({pending} bytes): such a message would reach nobody"
        )));
    }
    if lame_duck.grace_period > lame_duck.duration {
        let (grace, whole) = (lame_duck.grace_period, lame_duck.duration);
        return Err(conflict(format!("lame_duck_grace_period ({grace:?}) exceeds lame_duck_duration ({whole:?})")));
    }
    if options.monitor.as_ref().is_some_and(|monitor| monitor.port != 0 && monitor == client) {
        return Err(conflict(format!("clients and monitoring cannot both have {client}")));
    }
    Ok(())
}

fn conflict(what: impl Into<String>) -> Error {
    Error::Conflict(what.into())
}
