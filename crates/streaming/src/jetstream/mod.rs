//! `JetStream`: all streams of a server, and the API by which clients manage them.
//!
//! `mod.rs` the streams and their life · `api.rs` takes requests off `$JS.API.>`, `verb.rs` tells what they ask for,
//! `request.rs` reads and answers them · `account.rs streams.rs consumers/ messages.rs direct.rs` the verbs, one file a
//! noun · `metadata.rs` what we add to theirs · `acks.rs` what clients say to consumers · `advisories.rs` what we tell
//! unasked.

mod account;
mod acks;
pub(crate) mod advisories;
mod api;
mod consumers;
mod direct;
mod messages;
mod metadata;
mod request;
mod streams;
mod verb;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use journal::{Directory, StoreLock};
use parking_lot::{Mutex, RwLock};
use protocol::jetstream::config::{Discard, Storage, StreamConfig};
use protocol::jetstream::error::{self, ApiError};
use protocol::subject;
use sql_store::Database;

use crate::options;
use crate::server::Server;
use crate::stream::driver::Drivers;
use crate::stream::{Adoption, OpenError, Quota, Reserve, Store, Stream};
use crate::turn::Turn;

/// What the folders of streams in a database begin with.
const FOLDER: &str = "streams/";

/// Why the streams cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has them, or they may not be read.
    #[error("cannot use the store {path}: {why}")]
    Store {
        /// Where.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The database cannot be used.
    #[error("{0}")]
    Database(#[from] sql_store::Error),
    /// One of them cannot be opened.
    #[error("cannot open stream \"{name}\" in {place}: {source}")]
    Stream {
        /// Its name.
        name: String,
        /// Where.
        place: String,
        /// Why not.
        source: OpenError,
    },
    /// No thread can be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// Counts of the API's use.
#[derive(Debug, Default)]
pub struct Usage {
    /// Requests.
    pub total: AtomicU64,
    /// Those answered by an error.
    pub errors: AtomicU64,
}

/// The streams of a server.
pub struct JetStream {
    /// What was set.
    pub options: options::JetStream,
    /// Requests to the API.
    pub usage: Usage,
    streams: RwLock<BTreeMap<Box<str>, Arc<Stream>>>,
    /// Held while streams are made, changed and deleted, so that no two claim the same subjects.
    changing: Mutex<()>,
    drivers: Drivers,
    numbers: AtomicU64,
    /// What the streams in memory, and those on disk, may hold together.
    memory: Arc<Quota>,
    files: Arc<Quota>,
    reserve: Arc<Reserve>,
    root: PathBuf,
    /// Where the streams are that are not in memory, if that is not the root.
    database: Option<Database>,
    _lock: Option<StoreLock>,
}

impl JetStream {
    /// Takes the store and recovers every stream in it.
    pub fn open(options: &options::JetStream, now: i64) -> Result<Self, StartError> {
        let root = options.directory().join("streams");
        let refuse = |why: String| StartError::Store { path: options.directory(), why };
        let database = match &options.database {
            Some(database) => Some(Database::open(database, &crate::name::of_process())?),
            None => None,
        };
        let lock = if options.in_memory {
            None
        } else if let Some(database) = &database {
            tracing::info!("  Store Database: {}", database.source());
            None
        } else {
            std::fs::create_dir_all(&root).map_err(|e| refuse(e.to_string()))?;
            let lock = StoreLock::take(&options.directory()).map_err(|e| refuse(e.to_string()))?;
            tracing::info!("  Store Directory: \"{}\"", options.directory().display());
            Some(lock)
        };
        let reserve = match &lock {
            Some(_) => Reserve::in_folder(Directory::new(options.directory())),
            None => Reserve::none(),
        };
        let jetstream = Self {
            options: options.clone(),
            usage: Usage::default(),
            streams: RwLock::default(),
            changing: Mutex::default(),
            drivers: Drivers::new(),
            numbers: AtomicU64::new(0),
            memory: Quota::new(options.max_memory.or_else(memory_share)),
            files: Quota::new(options.max_file),
            reserve,
            root,
            database,
            _lock: lock,
        };
        if options.in_memory {
            return Ok(jetstream);
        }
        if let Some(database) = &jetstream.database {
            jetstream.recover_rows(database, now)?;
        } else {
            jetstream.recover_files(refuse, now)?;
        }
        if let Err(error) = jetstream.reserve.set_aside() {
            tracing::error!("no room can be set aside in the store, so nothing can be stored: {error}");
        }
        Ok(jetstream)
    }

    fn recover_files(&self, refuse: impl Fn(String) -> StartError, now: i64) -> Result<(), StartError> {
        let entries = std::fs::read_dir(&self.root).map_err(|e| refuse(e.to_string()))?;
        for entry in entries {
            let path = entry.map_err(|e| refuse(e.to_string()))?.path();
            let name = path.file_name().and_then(|n| n.to_str()).and_then(file_name::decode);
            let Some(name) = name.filter(|_| path.is_dir()) else { continue };
            let store = Store::files(Directory::new(path.clone()), self.files.clone(), self.reserve.clone());
            self.recover(name, store, &path.display().to_string(), now)?;
        }
        Ok(())
    }

    fn recover_rows(&self, database: &Database, now: i64) -> Result<(), StartError> {
        for folder in database.folders(FOLDER)? {
            let Some(name) = folder.strip_prefix(FOLDER) else { continue };
            let store = Store::database(database.folder(&folder), self.files.clone());
            self.recover(name.to_owned(), store, &database.source().to_string(), now)?;
        }
        Ok(())
    }

    fn recover(&self, name: String, store: Store, place: &str, now: i64) -> Result<(), StartError> {
        let seat = self.drivers.seat(self.numbers.fetch_add(1, Ordering::Relaxed));
        match Stream::recover(&name, store, seat, &self.options, now) {
            Ok(Some(stream)) => {
                let state = stream.summary();
                tracing::info!("  Restored {} messages for stream '{name}'", state.messages);
                self.streams.write().insert(name.into(), stream);
                Ok(())
            }
            Ok(None) => {
                tracing::warn!("{place} holds no finished stream; it is left as it is");
                Ok(())
            }
            Err(source) => Err(StartError::Stream { name, place: place.to_owned(), source }),
        }
    }

    /// Takes the API's subjects and starts the streams.
    pub fn start(&self, server: &Arc<Server>) -> Result<(), StartError> {
        let mut turn = Turn::new(server.clone());
        api::subscribe(server, self.options.domain.as_deref());
        acks::subscribe(server);
        self.drivers.start(server).map_err(StartError::Thread)?;
        for stream in self.streams() {
            stream.subscribe(&mut turn);
            stream.wake_driver();
        }
        turn.finish();
        Ok(())
    }

    /// Commits what is staged, tells who waits for it, and takes nothing more.
    pub fn close(&self, server: &Arc<Server>) {
        self.drivers.stop();
        let mut turn = Turn::new(server.clone());
        for stream in self.streams() {
            stream.close(&mut turn);
        }
        if let Some(database) = &self.database {
            database.flush();
        }
    }

    /// The database the streams are in, if they are in one.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// The room set aside for what is removed on a full disk.
    pub fn reserve(&self) -> &Arc<Reserve> {
        &self.reserve
    }

    /// The stream of that name.
    pub fn stream(&self, name: &str) -> Option<Arc<Stream>> {
        self.streams.read().get(name).cloned()
    }

    /// All streams, by name.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.streams.read().values().cloned().collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.streams.read().len()
    }

    /// Makes a stream, or finds the one that is just so. `config` is normalized. True when it was made.
    pub fn create(&self, turn: &mut Turn, config: StreamConfig) -> Result<(Arc<Stream>, bool), ApiError> {
        let _changing = self.changing.lock();
        if let Some(stream) = self.stream(&config.name) {
            return if stream.config() == config { Ok((stream, false)) } else { Err(error::STREAM_NAME_EXISTS) };
        }
        self.check_limits(&config)?;
        self.check_overlap(&config)?;
        if self.options.max_streams.is_some_and(|max| self.count() >= max) {
            return Err(error::MAXIMUM_STREAMS);
        }
        if self.options.in_memory && config.storage == Storage::File {
            return Err(error::stream_config("this server keeps streams in memory only: it was given no store_dir"));
        }
        let name: Box<str> = config.name.as_str().into();
        let store = match config.storage {
            Storage::Memory => Store::memory(self.memory.clone()),
            Storage::File => self.durable(&name),
        };
        let seat = self.drivers.seat(self.numbers.fetch_add(1, Ordering::Relaxed));
        let made = Stream::create(config, store, seat, &self.options, turn.now);
        let stream = made.map_err(|e| {
            tracing::error!(stream = &*name, "cannot create the stream: {e}");
            error::stream_create(e)
        })?;
        self.streams.write().insert(name, stream.clone());
        stream.subscribe(turn);
        holds_other_subjects(turn, &stream);
        Ok((stream, true))
    }

    /// Begins to take over a stream that was another server's: no client may know of it before it is finished, and
    /// this server has to be restarted then. `config` is normalized; `first` is the first sequence.
    pub(crate) fn adopt(&self, config: StreamConfig, first: u64) -> Result<Adoption, OpenError> {
        let store = self.durable(&config.name);
        Adoption::begin(config, store, first)
    }

    /// Where the stream of that name lies, or will, if it is to outlive the process.
    fn durable(&self, name: &str) -> Store {
        if let Some(database) = &self.database {
            return Store::database(database.folder(&format!("{FOLDER}{name}")), self.files.clone());
        }
        let folder = Directory::new(self.root.join(file_name::encode(name)));
        Store::files(folder, self.files.clone(), self.reserve.clone())
    }

    /// Changes a stream. `config` is normalized.
    pub fn update(&self, turn: &mut Turn, config: StreamConfig) -> Result<Arc<Stream>, ApiError> {
        let _changing = self.changing.lock();
        let stream = self.stream(&config.name).ok_or(error::STREAM_NOT_FOUND)?;
        self.check_limits(&config)?;
        self.check_overlap(&config)?;
        stream.update(turn, config)?;
        stream.subscribe(turn);
        holds_other_subjects(turn, &stream);
        Ok(stream)
    }

    /// Deletes a stream and all it holds.
    pub fn delete(&self, turn: &mut Turn, name: &str) -> Result<(), ApiError> {
        let _changing = self.changing.lock();
        let stream = self.streams.write().remove(name).ok_or(error::STREAM_NOT_FOUND)?;
        stream.delete(turn).map_err(error::stream_delete)
    }

    fn check_overlap(&self, config: &StreamConfig) -> Result<(), ApiError> {
        for other in self.streams() {
            let taken = other.config();
            if taken.name != config.name
                && taken.subjects.iter().any(|a| config.subjects.iter().any(|b| subject::overlaps(a, b)))
            {
                return Err(error::SUBJECT_OVERLAP);
            }
        }
        Ok(())
    }

    fn check_limits(&self, config: &StreamConfig) -> Result<(), ApiError> {
        let longest = self.options.duplicate_window.map(crate::clock::nanos);
        if longest.is_some_and(|max| config.duplicate_window > max) {
            return Err(error::stream_config("duplicates window can not be larger than the server limit"));
        }
        if config.allow_msg_schedules && config.discard == Discard::New {
            return Err(error::stream_config("message schedules and discard new can not be combined"));
        }
        let (reserved, max, refusal) = match config.storage {
            Storage::Memory => {
                (self.reserved(Storage::Memory), self.options.max_memory, error::MEMORY_RESOURCES_EXCEEDED)
            }
            Storage::File => (self.reserved(Storage::File), self.options.max_file, error::STORAGE_RESOURCES_EXCEEDED),
        };
        let asked = u64::try_from(config.max_bytes).unwrap_or(0);
        if max.is_some_and(|max| reserved + asked > max) { Err(refusal) } else { Ok(()) }
    }

    /// Bytes set aside by the limits of all streams of a kind.
    pub fn reserved(&self, storage: Storage) -> u64 {
        let streams = self.streams();
        let of_kind = streams.iter().map(|s| s.config()).filter(|c| c.storage == storage);
        of_kind.map(|c| u64::try_from(c.max_bytes).unwrap_or(0)).sum()
    }
}

/// Tells those of NATS Streaming who want whatever comes.
fn holds_other_subjects(turn: &mut Turn, stream: &Arc<Stream>) {
    let server = turn.server().clone();
    if let Some(stan) = &server.stan {
        stan.reach_stream(turn, stream);
    }
}

/// Three quarters of the machine's memory, as `nats-server` sets aside; `None` where it is not told.
fn memory_share() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024 / 4 * 3)
}

/// Stream names as folder names: any sign that a file system might take amiss is written as `%` and two hex digits.
mod file_name {
    /// The folder of a stream.
    pub fn encode(name: &str) -> String {
        let mut text = String::with_capacity(name.len());
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
                text.push(char::from(byte));
            } else {
                let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
                text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        text
    }

    /// The stream of a folder; `None` for a folder that is not a stream's.
    pub fn decode(folder: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(folder.len());
        let mut rest = folder.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            if *byte == b'%' {
                let (digits, after) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = after;
            } else {
                bytes.push(*byte);
            }
        }
        String::from_utf8(bytes).ok().filter(|name| encode(name) == folder)
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn every_name_has_a_folder_of_its_own() {
            for name in ["S", "ticket:created", "ä b", "..", "a%2fb", "CON", ""] {
                assert_eq!(super::decode(&super::encode(name)).as_deref(), Some(name));
            }
            assert_eq!(super::decode("lock.tmp"), None);
            assert_eq!(super::decode("%zz"), None);
            assert_eq!(super::decode("%2F"), None, "one spelling only");
        }
    }
}
