//! What `streaming-server import` is asked to do.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

use super::error::Error;
use super::source::{Checksum, Reading};
use crate::options::{self, Parsed, World};

/// Takes over the channels, durables and clients of the original NATS Streaming Server (0.25) from its file store.
///
/// Every channel becomes a stream with its messages under the sequences and times they had. Durables, also those of
/// queue groups, go on where they were: what was sent and not acknowledged comes first. The store is read twice and
/// never written. Stop that server first, and start this one afterwards.
///
/// It may be interrupted at any moment and run again: channels that were finished stay, the others are begun anew. Run
/// on a finished target it has nothing to do.
///
/// A record cut off at the end of a file was being written when the server died: it is left out, and told, as
/// the original did when told to (`--file_truncate_bad_eof`). Damage elsewhere ends the import with the file and the byte.
#[derive(Debug, Clone, Parser)]
#[command(name = "streaming-server import", no_binary_name = true, max_term_width = 100)]
#[allow(clippy::struct_excessive_bools, reason = "switches are independent of one another")]
pub struct Options {
    /// The store: the folder the original was given as -dir
    pub source: PathBuf,
    /// Where the channels go: the folder this server will be given as -dir
    #[arg(long, visible_alias = "store_dir", alias = "sd")]
    pub dir: Option<PathBuf>,
    /// The configuration file of this server, for the folder and the limits it sets
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The cluster's id, to be sure that it is that one's store; also where the store does not tell any more
    #[arg(long = "cluster_id", visible_alias = "cid", value_name = "ID")]
    pub cluster_id: Option<String>,
    /// Only read the store and tell what is there
    #[arg(long)]
    pub dry_run: bool,
    /// Pass over what cannot be read, and tell of each
    #[arg(long)]
    pub skip_damaged: bool,
    /// Whether CRCs are checked, as for the original
    #[arg(
        long = "file_crc",
        action = ArgAction::Set,
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true
    )]
    pub file_crc: bool,
    /// The polynomial of the CRCs, as for the original [default: IEEE's, 3988292384]
    #[arg(long = "file_crc_poly", value_name = "NUMBER", value_parser = polynomial)]
    pub file_crc_poly: Option<u32>,
    /// Always so: see above
    #[arg(long = "file_truncate_bad_eof", hide = true)]
    pub file_truncate_bad_eof: bool,
    /// Take messages as they are that look encrypted
    #[arg(long)]
    pub take_encrypted: bool,
    /// Tell what was found and done as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Options of this server, as it will be given them
    #[arg(last = true, value_name = "OPTIONS OF THE SERVER")]
    pub server: Vec<String>,
}

impl Options {
    /// What `words`, everything after the word `import`, ask for. Options may have one dash or two, as the server's.
    pub fn read(words: Vec<String>) -> Result<Self, clap::Error> {
        let mut ours = true;
        Self::try_parse_from(words.into_iter().map(|word| {
            ours &= word != "--";
            let named = word.strip_prefix('-').filter(|name| name.len() > 1 && !name.starts_with('-'));
            if ours && named.is_some() { format!("-{word}") } else { word }
        }))
    }

    /// How the store is read.
    pub fn reading(&self) -> Reading {
        let checksum = match self.file_crc_poly {
            Some(polynomial) => Checksum::new(polynomial, self.file_crc),
            None => Checksum::ieee(self.file_crc),
        };
        Reading { checksum, skip_damaged: self.skip_damaged, take_encrypted: self.take_encrypted }
    }

    /// The options the server will have: for its folder and its limits. `None`: nobody said.
    pub fn server(&self, world: &World<'_>) -> Result<Option<options::Options>, Error> {
        let said = ["STREAMING_DIR", "STREAMING_STORE_DIR", "STREAMING_CONFIG"];
        let in_environment = said.iter().any(|name| (world.env)(name).is_some());
        if self.dir.is_none() && self.config.is_none() && self.server.is_empty() && !in_environment {
            return Ok(None);
        }
        let mut words = self.server.clone();
        let mut word = |name: &str, value: String| words.extend([name.to_owned(), value]);
        word("-st", "file".to_owned());
        if let Some(config) = &self.config {
            word("-c", config.display().to_string());
        }
        if let Some(dir) = &self.dir {
            word("-dir", dir.display().to_string());
        }
        if let Some(id) = &self.cluster_id {
            word("-cid", id.clone());
        }
        match options::Options::parse(&words, world)? {
            Parsed::Run(options) => Ok(Some(*options)),
            _ => Err(Error::NoTarget),
        }
    }
}

/// A polynomial as the original took it, a number; or as it is written elsewhere, with 0x.
fn polynomial(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.ok().filter(|number| *number != 0).ok_or_else(|| "expected a number of 32 bits that is not 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Options {
        Options::read(words.iter().map(ToString::to_string).collect()).unwrap()
    }

    #[test]
    fn options_are_written_as_the_servers_are() {
        let options = read(&["store", "-dir", "there", "--cid", "c", "-file_crc=false", "-c", "f", "--", "-mm", "5"]);
        assert_eq!((options.dir, options.cluster_id.as_deref()), (Some("there".into()), Some("c")));
        assert_eq!((options.file_crc, options.config), (false, Some("f".into())));
        assert_eq!(options.server, ["-mm", "5"]);
        assert!(read(&["store", "-file_crc", "--file_truncate_bad_eof"]).file_crc);
        assert_eq!(read(&["s", "--file_crc_poly", "0x82f63b78"]).file_crc_poly, Some(2_197_175_160));
        assert!(Options::read(vec!["s".into(), "--file_crc_poly".into(), "0".into()]).is_err());
        assert!(Options::read(vec![]).is_err(), "which store?");
    }

    #[test]
    fn the_folder_is_where_the_server_would_look() {
        let read_no_file = |_: &std::path::Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
        let world = World { env: &|_| None, read: &read_no_file };
        assert!(read(&["s"]).server(&world).unwrap().is_none());
        let server = read(&["s", "-dir", "/d", "--", "-mm", "5"]).server(&world).unwrap().unwrap();
        assert_eq!(server.jetstream.unwrap().store_dir, std::path::Path::new("/d"));
        assert_eq!(server.stan.unwrap().limits.max_messages, Some(5));
        let env = |name: &str| (name == "STREAMING_DIR").then(|| "/e".to_owned());
        let world = World { env: &env, read: &read_no_file };
        let server = read(&["s"]).server(&world).unwrap().unwrap();
        assert_eq!(server.jetstream.unwrap().store_dir, std::path::Path::new("/e"));
    }
}
