//! What `streaming-server bench` is asked to do: its command line, and the cases that follow from it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde::Serialize;

use super::error::Error;
use super::measure::Target;
use super::url;

/// Measures a NATS server: messages a second, latencies, and the CPU time it takes for them.
///
/// Runs each scenario for each storage, size and number of connections, prints a table, and with --json the
/// same as JSON. Works with any NATS server; give its --pid to see its CPU and memory. With --peer-url a
/// second server is measured in turn with the first, and the table shows medians and ratios.
#[derive(Debug, Clone, Parser)]
#[command(name = "streaming-server bench", no_binary_name = true)]
pub struct Options {
    /// What to measure; everything but stan-… if none is named
    #[arg(value_enum, value_name = "SCENARIO")]
    pub scenarios: Vec<Scenario>,

    /// The server, as nats://[user:pass@|token@]host[:port]
    #[arg(long, default_value = "nats://127.0.0.1:4222", help_heading = "Servers")]
    pub url: String,
    /// Its process on this machine, to report CPU and memory
    #[arg(long, help_heading = "Servers")]
    pub pid: Option<u32>,
    /// How the results call it and its settings, as "file, never synced"
    #[arg(long, default_value = "A", help_heading = "Servers")]
    pub label: String,
    /// A second server to compare with
    #[arg(long, value_name = "URL", help_heading = "Servers")]
    pub peer_url: Option<String>,
    /// The second server's process
    #[arg(long, value_name = "PID", requires = "peer_url", help_heading = "Servers")]
    pub peer_pid: Option<u32>,
    /// How the results call the second server
    #[arg(long, default_value = "B", value_name = "LABEL", help_heading = "Servers")]
    pub peer_label: String,
    /// User name, for both servers, unless their URL names one
    #[arg(long, help_heading = "Servers")]
    pub user: Option<String>,
    /// Password that goes with --user
    #[arg(long, requires = "user", help_heading = "Servers")]
    pub pass: Option<String>,
    /// Token, instead of user and password
    #[arg(long, conflicts_with = "user", help_heading = "Servers")]
    pub token: Option<String>,

    /// The id of its NATS Streaming cluster (stan-…). Where channels are kept is the server's to say (its -st)
    #[arg(long, value_name = "ID", default_value = "test-cluster", help_heading = "Servers")]
    pub cluster: String,

    /// Where streams are kept
    #[arg(long, value_enum, value_delimiter = ',', default_value = "memory,file", help_heading = "Cases")]
    pub storage: Vec<Storage>,
    /// Bytes of a message
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "128,1024",
        value_parser = clap::value_parser!(u32).range(8..=1024 * 1024),
        help_heading = "Cases"
    )]
    pub size: Vec<u32>,
    /// Connections that publish, consume or ask at once
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,16",
        value_parser = clap::value_parser!(u32).range(1..=1024),
        help_heading = "Cases"
    )]
    pub connections: Vec<u32>,
    /// Publishes a connection keeps unacknowledged (js-window, stan-window)
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=4096), help_heading = "Cases")]
    pub window: u32,
    /// Messages a fetch asks for (js-fetch)
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "Cases")]
    pub batch: u32,
    /// Messages published a second, all connections together (js-latency, stan-latency)
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Cases")]
    pub rate: u32,

    /// Messages of a run [default: as fits the scenario]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000), help_heading = "Runs")]
    pub messages: Option<u64>,
    /// Seconds after which a run ends with what it has [default: 5, 1 with --quick]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3600), help_heading = "Runs")]
    pub seconds: Option<u64>,
    /// Times each case is run; medians are shown [default: 1, 3 with --peer-url]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=99), help_heading = "Runs")]
    pub rounds: Option<u32>,
    /// Few messages of one size on one connection: does it all work?
    #[arg(long, help_heading = "Runs")]
    pub quick: bool,
    /// Write the results there
    #[arg(long, value_name = "FILE", help_heading = "Runs")]
    pub json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Publish where nobody listens
    Publish,
    /// One publishes, each connection receives all; counts deliveries
    Fanout,
    /// Request and reply, one by one on each connection; latency is the round trip
    Request,
    /// Publish into a stream one by one; latency is until acknowledged
    JsPublish,
    /// Publish into a stream with --window outstanding; latency is until acknowledged
    JsWindow,
    /// Publish into a stream at --rate; latency is from when it was due until delivered
    JsLatency,
    /// Fetch --batch by --batch and acknowledge each; latency is of a whole fetch
    JsFetch,
    /// Be pushed all a stream has, acknowledging each
    JsPush,
    /// Publish to NATS Streaming one by one; latency is until acknowledged
    StanPublish,
    /// Publish to NATS Streaming with --window outstanding; latency is until acknowledged
    StanWindow,
    /// Publish to NATS Streaming at --rate; latency is from when it was due until delivered
    StanLatency,
    /// Receive all a channel of NATS Streaming has, acknowledging each; the connections are a queue group
    StanSubscribe,
}

impl Scenario {
    pub fn uses_jetstream(self) -> bool {
        matches!(self, Self::JsPublish | Self::JsWindow | Self::JsLatency | Self::JsFetch | Self::JsPush)
    }

    /// Few servers have NATS Streaming: what uses it is measured only when it is named.
    pub fn uses_stan(self) -> bool {
        matches!(self, Self::StanPublish | Self::StanWindow | Self::StanLatency | Self::StanSubscribe)
    }

    /// As many messages as keep a good server busy for a second or a few.
    fn usual_messages(self) -> u64 {
        match self {
            Self::Publish => 5_000_000,
            Self::Fanout => 3_000_000,
            Self::Request | Self::JsPublish | Self::StanPublish => 60_000,
            Self::JsWindow | Self::JsFetch | Self::JsPush | Self::StanWindow | Self::StanSubscribe => 300_000,
            Self::JsLatency | Self::StanLatency => 5_000,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name(self, f)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    Memory,
    File,
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name(self, f)
    }
}

/// Values are called in the results what they are called on the command line.
fn name(value: &impl ValueEnum, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.to_possible_value() {
        Some(value) => f.pad(value.get_name()),
        None => Err(fmt::Error),
    }
}

/// What is measured in one row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Case {
    pub scenario: Scenario,
    /// `None` where no stream takes part.
    pub storage: Option<Storage>,
    /// Bytes of a message.
    pub size: usize,
    pub connections: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.scenario)?;
        if let Some(storage) = self.storage {
            write!(f, " {storage}")?;
        }
        write!(f, " {} B × {}", self.size, self.connections)
    }
}

impl Options {
    /// Every combination asked for, in the order of the table.
    pub fn cases(&self) -> Vec<Case> {
        let usual = || Scenario::value_variants().iter().copied().filter(|scenario| !scenario.uses_stan()).collect();
        let scenarios = if self.scenarios.is_empty() { usual() } else { self.scenarios.clone() };
        let mut cases = Vec::new();
        for scenario in scenarios {
            let storages: Vec<Option<Storage>> =
                if scenario.uses_jetstream() { self.storage.iter().copied().map(Some).collect() } else { vec![None] };
            for storage in storages {
                for &size in self.few(&self.size) {
                    for &connections in self.few(&self.connections) {
                        cases.push(Case { scenario, storage, size: size as usize, connections: connections as usize });
                    }
                }
            }
        }
        cases
    }

    fn few<'a>(&self, all: &'a [u32]) -> &'a [u32] {
        if self.quick { &all[..1] } else { all }
    }

    /// Whether something is to be measured that `uses` what not every server has.
    pub fn needs(&self, uses: fn(Scenario) -> bool) -> bool {
        self.cases().iter().any(|case| uses(case.scenario))
    }

    /// How many messages a run of `case` publishes or consumes, unless its time is up before.
    pub fn messages(&self, case: Case) -> u64 {
        let messages = match self.messages {
            Some(messages) => messages,
            None if self.quick => (case.scenario.usual_messages() / 20).min(5_000),
            None => case.scenario.usual_messages(),
        };
        match case.scenario {
            // Its messages are deliveries, and each one published is delivered to all.
            Scenario::Fanout => messages.div_ceil(case.connections as u64),
            // Without a limit by count it goes on at its rate until the time is up.
            Scenario::JsLatency | Scenario::StanLatency if self.messages.is_none() => {
                u64::from(self.rate) * self.time_limit().as_secs()
            }
            _ => messages,
        }
    }

    pub fn time_limit(&self) -> Duration {
        let usual = if self.quick { 1 } else { 5 };
        Duration::from_secs(self.seconds.unwrap_or(usual))
    }

    pub fn rounds(&self) -> u32 {
        let usual = if self.peer_url.is_some() && !self.quick { 3 } else { 1 };
        self.rounds.unwrap_or(usual)
    }

    pub fn targets(&self) -> Result<Vec<Target>, Error> {
        let mut targets = vec![self.target(&self.label, &self.url, self.pid)?];
        if let Some(url) = &self.peer_url {
            if self.peer_label == self.label {
                return Err(Error::SameLabel(self.label.clone()));
            }
            targets.push(self.target(&self.peer_label, url, self.peer_pid)?);
        }
        Ok(targets)
    }

    fn target(&self, name: &str, url: &str, pid: Option<u32>) -> Result<Target, Error> {
        let mut address = url::parse(url)?;
        if address.user.is_none() && address.token.is_none() {
            address.user.clone_from(&self.user);
            address.pass.clone_from(&self.pass);
            address.token.clone_from(&self.token);
        }
        Ok(Target { name: name.to_owned(), address, pid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn options(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn all_is_measured_unless_something_is_named() {
        let all = options("").expect("no argument is needed");
        assert_eq!(all.cases().len(), 3 * 4 + 5 * 8);
        assert!(all.needs(Scenario::uses_jetstream) && !all.needs(Scenario::uses_stan));
        assert!(options("stan-window").expect("valid").needs(Scenario::uses_stan));
        let some = options("publish js-push --storage file --size 64 --connections 1,2").expect("valid");
        let named: Vec<String> = some.cases().iter().map(ToString::to_string).collect();
        assert_eq!(named, ["publish 64 B × 1", "publish 64 B × 2", "js-push file 64 B × 1", "js-push file 64 B × 2"]);
        assert!(!options("publish fanout request").expect("valid").needs(Scenario::uses_jetstream));
    }

    #[test]
    fn a_run_is_bounded_in_messages_and_time() {
        let case = |options: &Options| (options.messages(options.cases()[0]), options.time_limit().as_secs());
        for (line, bounds) in [
            ("js-window", (300_000, 5)),
            ("js-window --messages 7 --seconds 2", (7, 2)),
            ("js-window --quick", (5_000, 1)),
            ("js-latency --rate 10", (50, 5)),
            ("js-latency --messages 20", (20, 5)),
            ("fanout --connections 4 --messages 10", (3, 5)),
        ] {
            assert_eq!(case(&options(line).expect(line)), bounds, "{line}");
        }
    }

    #[test]
    fn two_servers_take_three_rounds_and_the_same_credentials() {
        let two = options("--url h --peer-url nats://t@g:1 --user ann --pass p").expect("valid");
        assert_eq!(two.rounds(), 3);
        let targets = two.targets().expect("two addresses");
        assert_eq!(targets[0].address.user.as_deref(), Some("ann"));
        assert_eq!(targets[1].address.token.as_deref(), Some("t"));
        assert_eq!(targets[1].address.user, None);
        let twins = options("--peer-url h --label B").expect("read");
        assert!(twins.targets().is_err(), "their results could not be told apart");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "nonsense",
            "--size 4",
            "--connections 0",
            "--window 0",
            "--pass p",
            "--peer-pid 1",
            "--user a --token t",
            "--storage tape",
        ] {
            assert!(options(line).is_err(), "{line}");
        }
    }
}
