//! The command line of `streaming-server admin`.

use std::fs;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::Error;

/// Where the token is looked for: the variable by which the server itself is told.
pub const TOKEN_VARIABLE: &str = "STREAMING_ADMIN_TOKEN";

/// Deletes what clients of NATS Streaming cannot: channels, messages, durables nobody uses, clients.
///
/// Asks a running server, on the port of its monitoring (-m), where it answers if its `admin_token` is set. To see what
/// there is, ask `<server>/streaming/channelsz?subs=1` and `/streaming/clientsz`.
///
/// Exit code 0: done. 1: the server refused. 2: it could not be asked.
#[derive(Debug, Clone, Parser)]
#[command(name = "streaming-server admin", bin_name = "streaming-server admin", no_binary_name = true)]
pub struct Options {
    /// The server's monitoring. There is no https: have a proxy or a tunnel on this machine do it
    #[arg(long, global = true, value_name = "http://HOST:PORT", default_value = "http://127.0.0.1:8222")]
    pub server: String,
    /// File with the token; without, the environment has it as `STREAMING_ADMIN_TOKEN`
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print what the server answers, JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Delete a channel with all it holds, and its durables
    DeleteChannel {
        channel: String,
        /// Disconnect the clients that are subscribed to it
        #[arg(long)]
        force: bool,
    },
    /// Delete all messages of a channel
    PurgeChannel { channel: String },
    /// Forget a durable that nobody uses
    #[command(group = clap::ArgGroup::new("whose").required(true))]
    DropDurable {
        /// The channel, or the filter with wildcards, it is on
        channel: String,
        durable: String,
        /// It is this client's
        #[arg(long, value_name = "ID", group = "whose")]
        client: Option<String>,
        /// It is this queue group's
        #[arg(long, value_name = "GROUP", group = "whose")]
        queue: Option<String>,
    },
    /// Disconnect a client; its durables stay, and its name is free
    DisconnectClient { client: String },
}

impl Options {
    /// The token.
    pub fn token(&self) -> Result<String, Error> {
        let text = match &self.token_file {
            Some(path) => fs::read_to_string(path)
                .map_err(|why| Error::File { path: path.display().to_string().escape_debug().to_string(), why })?,
            None => std::env::var(TOKEN_VARIABLE).unwrap_or_default(),
        };
        let token = text.trim();
        // Anything else would not fit on a line of HTTP.
        if token.is_empty() || token.bytes().any(|b| !b.is_ascii_graphic()) {
            return Err(Error::NoToken);
        }
        Ok(token.to_owned())
    }
}

impl Command {
    /// The request's method and path.
    pub fn request(&self) -> (&'static str, String) {
        match self {
            Self::DeleteChannel { channel, force } => {
                ("DELETE", format!("/channels/{}{}", encoded(channel), if *force { "?force=true" } else { "" }))
            }
            Self::PurgeChannel { channel } => ("POST", format!("/channels/{}/purge", encoded(channel))),
            Self::DropDurable { channel, durable, client, queue } => {
                let whose = match (client, queue) {
                    (Some(client), _) => format!("client={}", encoded(client)),
                    (None, queue) => format!("queue={}", encoded(queue.as_deref().unwrap_or_default())),
                };
                ("DELETE", format!("/channels/{}/durables/{}?{whose}", encoded(channel), encoded(durable)))
            }
            Self::DisconnectClient { client } => ("DELETE", format!("/clients/{}", encoded(client))),
        }
    }
}

/// As a part of a URL.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}"); // A String takes it.
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &[&str]) -> Option<(&'static str, String)> {
        Options::try_parse_from(words).ok().map(|options| options.command.request())
    }

    #[test]
    fn a_command_is_a_request_whatever_the_names() {
        for (words, method, path) in [
            (&["delete-channel", "foo.bar"][..], "DELETE", "/channels/foo%2Ebar"),
            (&["delete-channel", "..", "--force"], "DELETE", "/channels/%2E%2E?force=true"),
            (&["purge-channel", "ä b"], "POST", "/channels/%C3%A4%20b/purge"),
            (&["drop-durable", "c", "d/e", "--client", "me"], "DELETE", "/channels/c/durables/d%2Fe?client=me"),
            (&["drop-durable", "c", "d", "--queue", "q&x"], "DELETE", "/channels/c/durables/d?queue=q%26x"),
            (&["disconnect-client", "me"], "DELETE", "/clients/me"),
        ] {
            assert_eq!(request(words), Some((method, path.to_owned())), "{words:?}");
        }
    }

    #[test]
    fn whose_durable_it_is_has_to_be_said_once() {
        assert_eq!(request(&["drop-durable", "c", "d"]), None);
        assert_eq!(request(&["drop-durable", "c", "d", "--client", "a", "--queue", "b"]), None);
        assert_eq!(request(&[]), None);
    }
}
