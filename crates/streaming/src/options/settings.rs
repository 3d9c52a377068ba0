//! THE table: every setting once, with its names on the command line, in the environment and in the configuration
//! file, its default, its line of `--help`, and what it does. All of those are made from here.

mod accepted;
mod access;
mod jetstream;
mod limits;
mod log;
mod network;
mod process;
mod refused;
mod sql;
mod stan;

use super::config::Node;
use super::draft::Draft;
use super::error::nearest;
use super::{Error, units::Wrong};

/// The groups in the order of `--help`.
pub static GROUPS: &[(&str, &[Setting])] = &[
    ("Server", network::SETTINGS),
    ("Process", process::SETTINGS),
    ("JetStream", jetstream::SETTINGS),
    ("NATS Streaming", stan::SETTINGS),
    ("NATS Streaming in a database", sql::SETTINGS),
    ("Limits", limits::SETTINGS),
    ("Authorization", access::USERS),
    ("TLS", access::TLS),
    ("Logging", log::SETTINGS),
    ("", accepted::SETTINGS), // Known and without effect.
    ("", refused::SETTINGS),  // Known, so that we can say what to use instead; not worth a line of help.
];

/// One setting.
pub struct Setting {
    /// On the command line, and in capitals in the environment; empty if only the file knows it.
    pub name: &'static str,
    /// Other names on the command line.
    pub aliases: &'static [&'static str],
    /// Names in the configuration file, with the blocks around them; empty if the file does not know it.
    pub keys: &'static [&'static str],
    /// `<port>`; empty for what is on or off.
    pub value: &'static str,
    /// What is assumed, in words the setting itself understands; empty if nothing is.
    pub default: &'static str,
    /// One or two lines of `--help`.
    pub help: &'static str,
    /// Whether the environment may set it.
    pub in_environment: bool,
    /// What it does.
    pub take: Take,
}

/// What a setting does with what it is given.
pub enum Take {
    /// On or off.
    Flag(fn(&mut Draft, bool)),
    /// Some text.
    Text(fn(&mut Draft, &str) -> Result<(), Wrong>),
    /// A block whose keys are settings of their own; the function learns that the block is there.
    Block(fn(&mut Draft)),
    /// Lists and blocks with a grammar of their own, which only a file can hold. Gets the key as it is written.
    Tree(fn(&mut Draft, &Node, &str) -> Result<(), Error>),
    /// Nothing; here is what to do instead.
    Refused(&'static str),
}

impl Setting {
    const fn new(name: &'static str, take: Take) -> Self {
        Self { name, aliases: &[], keys: &[], value: "", default: "", help: "", in_environment: true, take }
    }

    const fn flag(name: &'static str, take: fn(&mut Draft, bool)) -> Self {
        Self::new(name, Take::Flag(take))
    }

    const fn text(name: &'static str, value: &'static str, take: fn(&mut Draft, &str) -> Result<(), Wrong>) -> Self {
        Self { value, ..Self::new(name, Take::Text(take)) }
    }

    const fn block(key: &'static [&'static str], take: fn(&mut Draft)) -> Self {
        Self { keys: key, ..Self::new("", Take::Block(take)) }
    }

    const fn refused(names: &'static [&'static str], keys: &'static [&'static str], instead: &'static str) -> Self {
        let mut setting = Self::new("", Take::Refused(instead));
        setting.aliases = names;
        setting.keys = keys;
        setting.in_environment = false;
        setting
    }

    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn keys(mut self, keys: &'static [&'static str]) -> Self {
        self.keys = keys;
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    const fn only_typed(mut self) -> Self {
        self.in_environment = false;
        self
    }

    /// `STREAMING_PORT`, if the environment may set it.
    pub fn variable(&self) -> Option<String> {
        (self.in_environment && !self.name.is_empty()).then(|| format!("STREAMING_{}", self.name.to_ascii_uppercase()))
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.aliases.iter().copied().chain(Some(self.name).filter(|name| !name.is_empty()))
    }
}

/// Every setting.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|(_, settings)| *settings)
}

/// The setting called `name` on the command line.
pub fn by_name(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.names().any(|known| known == name))
}

/// The setting with this key, in lower case and with the blocks around it.
pub fn by_key(key: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.keys.contains(&key)).or_else(|| of_streaming(key))
}

/// NATS Streaming's keys as its own files have them: without underscores if one likes, and at the top instead of in a
/// block called `streaming`, but where NATS has a key of that name. Whom it called itself when it connected to NATS is
/// passed over in the block only: at the top somebody means to say who may connect.
fn of_streaming(key: &str) -> Option<&'static Setting> {
    const ONLY_IN_BLOCK: [&str; 7] = ["user", "username", "pass", "password", "token", "credentials", "admin_token"];
    let plain = |key: &str| key.replace('_', "");
    if ONLY_IN_BLOCK.contains(&key) {
        return None;
    }
    let wanted = plain(key.strip_prefix("streaming.").unwrap_or(key));
    let known = |known: &&str| known.strip_prefix("streaming.").is_some_and(|known| plain(known) == wanted);
    all().find(|setting| setting.keys.iter().any(&known))
}

/// Whether some key stands in the block `key`.
pub fn is_block(key: &str) -> bool {
    let inside = |known: &str| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    all().flat_map(|setting| setting.keys).any(|known| inside(known))
}

/// The option that `name` is perhaps a slip of.
pub fn nearest_name(name: &str) -> Option<&'static str> {
    nearest(name, all().flat_map(Setting::names))
}

/// The key of the same block that `key` is perhaps a slip of.
pub fn nearest_key(inside: &str, key: &str) -> Option<&'static str> {
    let keys = all().flat_map(|setting| setting.keys.iter().copied()).filter_map(|known| {
        let (block, last) = known.rsplit_once('.').unwrap_or(("", known));
        (block == inside).then_some(last)
    });
    nearest(key, keys)
}
