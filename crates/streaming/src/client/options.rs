//! What `pub` and `sub` are asked to do.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use protocol::stan::{StartPosition, is_channel, is_client_id};

use super::error::Error;

/// Where the server is, and who to be there.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// The server, as [nats://|tls://][user:pass@|token@]host[:port]
    #[arg(long, short, value_name = "URL", default_value = "nats://127.0.0.1:4222")]
    pub server: String,
    /// What the server is called by: its -cid
    #[arg(
        long,
        visible_alias = "cid",
        value_name = "ID",
        env = "STREAMING_CLUSTER_ID",
        default_value = "test-cluster"
    )]
    pub cluster_id: String,
    /// Our name, of which there is one at a time [default: by chance]
    #[arg(long, value_name = "ID", value_parser = client_id)]
    pub client_id: Option<String>,
    /// If the connection is lost, try so long to have it again
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub reconnect: u64,
    /// User name
    #[arg(long)]
    pub user: Option<String>,
    /// Password that goes with --user
    #[arg(long, requires = "user", env = "NATS_PASSWORD", hide_env_values = true)]
    pub pass: Option<String>,
    /// Token, instead of user and password
    #[arg(long, conflicts_with = "user", env = "NATS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Insist on TLS; a server that wants it gets it anyway
    #[arg(long)]
    pub tls: bool,
    /// The certificates that vouch for the server, PEM
    #[arg(long, value_name = "FILE")]
    pub tlscacert: Option<PathBuf>,
    /// Our own certificate, PEM, where the server wants one
    #[arg(long, value_name = "FILE", requires = "tlskey")]
    pub tlscert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tlscert")]
    pub tlskey: Option<PathBuf>,
}

/// Publishes an event to a channel of NATS Streaming, and waits until it is stored.
#[derive(Debug, Clone, Parser)]
#[command(name = "streaming-server pub", no_binary_name = true, max_term_width = 100)]
pub struct Publish {
    /// The channel
    #[arg(value_parser = channel)]
    pub subject: String,
    /// The event; - reads it from standard input, as it is
    #[arg(allow_hyphen_values = true)]
    pub data: String,
    /// Publish it so many times
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    #[command(flatten)]
    pub connection: Connection,
}

/// Listens to a channel of NATS Streaming, prints its events, and acknowledges them.
///
/// Ctrl-C closes the connection: a durable stays, and goes on from there next time.
#[derive(Debug, Clone, Parser)]
#[command(name = "streaming-server sub", no_binary_name = true, max_term_width = 100)]
#[allow(clippy::struct_excessive_bools, reason = "switches are independent of one another")]
pub struct Listen {
    /// The channel
    #[arg(value_parser = channel)]
    pub subject: String,
    /// Share the events with the others of this queue group
    #[arg(long, short, value_name = "GROUP")]
    pub queue: Option<String>,
    /// Go on next time where this name left off; without a queue group, by the same --client-id
    #[arg(long, short, value_name = "NAME")]
    pub durable: Option<String>,
    /// Acknowledge an event after it is printed, not when it comes
    #[arg(long)]
    pub manual_ack: bool,
    /// Acknowledge nothing: the events come again after --ack-wait
    #[arg(long, conflicts_with = "manual_ack")]
    pub no_ack: bool,
    /// Forget the durable at the end
    #[arg(long)]
    pub unsubscribe: bool,
    /// End after so many events
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Events may be unacknowledged so long until they come again
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(i32).range(1..))]
    pub ack_wait: i32,
    /// So many events may be unacknowledged
    #[arg(long, value_name = "NUMBER", default_value_t = 1024, value_parser = clap::value_parser!(i32).range(1..))]
    pub max_in_flight: i32,
    #[command(flatten)]
    pub start: Start,
    #[command(flatten)]
    pub connection: Connection,
}

/// Where to begin. A durable that is known goes on where it was.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Beginning")]
#[group(multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "clap sees to it that there is but one")]
pub struct Start {
    /// With the next event, as is usual
    #[arg(long)]
    pub new: bool,
    /// With the first event there is
    #[arg(long)]
    pub all: bool,
    /// With the last event there is
    #[arg(long)]
    pub last: bool,
    /// With the event of this number
    #[arg(long, value_name = "NUMBER")]
    pub from_sequence: Option<u64>,
    /// With the first event of the last 90s, 10m, 2h or 1d
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub since: Option<Duration>,
}

impl Start {
    /// As the protocol has it.
    pub fn position(&self) -> StartPosition {
        match (self.from_sequence, self.since) {
            (Some(sequence), _) => StartPosition::Sequence(sequence),
            (_, Some(since)) => StartPosition::TimeDelta(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)),
            _ if self.all => StartPosition::First,
            _ if self.last => StartPosition::LastReceived,
            _ => StartPosition::NewOnly,
        }
    }
}

impl Publish {
    /// The event.
    pub fn event(&self) -> Result<Vec<u8>, Error> {
        if self.data != "-" {
            return Ok(self.data.clone().into_bytes());
        }
        let mut event = Vec::new();
        // A server that took more would have to be told to.
        std::io::stdin().lock().take(EVENT_BYTES_MAX).read_to_end(&mut event)?;
        Ok(event)
    }
}

/// The longest event read from standard input: the most that a NATS server can be told to take.
const EVENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

fn channel(text: &str) -> Result<String, &'static str> {
    if is_channel(text) {
        Ok(text.to_owned())
    } else {
        Err("a channel is like ticket:created or a.b, without wildcards")
    }
}

fn client_id(text: &str) -> Result<String, &'static str> {
    if is_client_id(text) { Ok(text.to_owned()) } else { Err("a client's name has letters, digits, - and _ only") }
}

fn span(text: &str) -> Result<Duration, &'static str> {
    const WRONG: &str = "expected a number and one of ms, s, m, h, d";
    let digits = text.find(|sign: char| !sign.is_ascii_digit()).ok_or(WRONG)?;
    let number: u64 = text[..digits].parse().map_err(|_| WRONG)?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        "d" => 24 * 3600 * 1000,
        _ => return Err(WRONG),
    };
    number.checked_mul(unit).map(Duration::from_millis).ok_or("that is too long ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(words: &[&str]) -> Result<Listen, clap::Error> {
        Listen::try_parse_from(words)
    }

    #[test]
    fn there_is_one_beginning() {
        let begins = |words: &[&str]| listen(&[&["c"], words].concat()).unwrap().start.position();
        assert_eq!(begins(&[]), StartPosition::NewOnly);
        assert_eq!(begins(&["--new"]), StartPosition::NewOnly);
        assert_eq!(begins(&["--all"]), StartPosition::First);
        assert_eq!(begins(&["--last"]), StartPosition::LastReceived);
        assert_eq!(begins(&["--from-sequence", "7"]), StartPosition::Sequence(7));
        assert_eq!(begins(&["--since", "2m"]), StartPosition::TimeDelta(120_000_000_000));
        assert!(listen(&["c", "--all", "--last"]).is_err());
        assert!(listen(&["c", "--since", "2 weeks"]).is_err());
    }

    #[test]
    fn what_no_server_takes_is_refused_before_it_is_asked() {
        for words in
            [&["a.*"][..], &["c", "--client-id", "a b"], &["c", "--ack-wait", "0"], &["c", "--max-in-flight", "0"]]
        {
            assert!(listen(words).is_err(), "{words:?}");
        }
        assert!(Publish::try_parse_from(["c", "-5"]).is_ok(), "an event may begin as an option does");
        assert!(Publish::try_parse_from(["c"]).is_err(), "no event");
    }
}
