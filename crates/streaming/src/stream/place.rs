//! Where a stream lies: in memory, in a folder of files, in a folder of a database.
//!
//! ```text
//! <store>/jetstream/streams/<name>/   or the folder streams/<name> of the database
//!   stream.json     configuration and time of creation; written last, so that it stands for a whole stream
//!   *.log *.index   the log                      (in a database: the log "log")
//!   consumers       the ledger of durable consumers
//! ```

use std::io;
use std::sync::Arc;

use journal::{Disk, Ledger, Log};
use sql_store::Folder;

const CONFIG_FILE: &str = "stream.json";
const LEDGER_FILE: &str = "consumers";
const TRIAL_FILE: &str = "trial.tmp";
const LOG: &str = "log";

/// What publishers are told while the database is away.
pub(super) const AWAY: &str = "the database cannot be reached";

/// See the module.
#[derive(Clone)]
pub(super) enum Place {
    Memory(Arc<dyn Disk>),
    Files(Arc<dyn Disk>),
    Database(Folder),
}

impl Place {
    /// Gone with the process.
    pub fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// In a database. Whoever commits to it waits for a network: never in a thread of many sockets.
    pub fn is_database(&self) -> bool {
        matches!(self, Self::Database(_))
    }

    /// Nothing can be stored, as everybody knows by now.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Database(folder) if folder.database().is_away())
    }

    /// Opens the log, or makes one.
    pub fn log(&self, name: &str) -> Result<Log, journal::OpenError> {
        let (disk, options) = match self {
            Self::Memory(disk) => (disk, journal::Options::memory()),
            Self::Files(disk) => (disk, journal::Options::default()),
            Self::Database(folder) => return folder.log(LOG),
        };
        let (log, recovery) = Log::open(disk.clone(), options)?;
        for line in recovery.lines() {
            tracing::warn!(stream = name, "{line}");
        }
        Ok(log)
    }

    /// Opens the ledger, or makes one, with its entries. In memory there is none.
    pub fn ledger(&self, name: &str) -> Result<(Option<Ledger>, Vec<Vec<u8>>), journal::OpenError> {
        match self {
            Self::Memory(_) => Ok((None, Vec::new())),
            Self::Files(disk) => {
                let (ledger, entries, recovery) = Ledger::open(disk.clone(), LEDGER_FILE)?;
                for line in recovery.lines() {
                    tracing::warn!(stream = name, "{line}");
                }
                Ok((Some(ledger), entries))
            }
            Self::Database(folder) => folder.ledger(LEDGER_FILE).map(|(ledger, entries)| (Some(ledger), entries)),
        }
    }

    /// What says what the stream is.
    pub fn read_config(&self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Memory(_) => Ok(None),
            Self::Files(disk) => journal::read_atomic(&**disk, CONFIG_FILE),
            Self::Database(folder) => folder.read(CONFIG_FILE),
        }
    }

    /// Writes that down.
    pub fn write_config(&self, content: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Files(disk) => journal::write_atomic(&**disk, CONFIG_FILE, content),
            Self::Database(folder) => folder.write(CONFIG_FILE, content),
        }
    }

    /// Syncs what was written without: for a log that is synced every so often.
    pub fn sync(&self) -> io::Result<()> {
        let (Self::Memory(disk) | Self::Files(disk)) = self else { return Ok(()) };
        for name in disk.list()? {
            // A file that has nothing to sync costs next to nothing.
            match disk.open(&name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                file => file?.sync()?,
            }
        }
        disk.sync()
    }

    /// Writes, syncs and removes `bytes`, to see whether that can be done; of a database only whether it answers.
    pub fn try_out(&self, bytes: usize) -> io::Result<()> {
        let disk = match self {
            Self::Memory(disk) | Self::Files(disk) => disk,
            Self::Database(folder) => return Ok(folder.database().try_out()?),
        };
        let file = disk.create(TRIAL_FILE)?;
        let tried = file.write_at(&vec![0xaa; bytes], 0).and_then(|()| file.sync());
        // Also where it failed: it may have taken the last of the room.
        let removed = disk.remove(TRIAL_FILE);
        tried.and(removed)
    }

    /// Removes everything.
    pub fn remove(&self) -> io::Result<()> {
        match self {
            Self::Memory(disk) | Self::Files(disk) => disk.remove_all(),
            Self::Database(folder) => folder.remove_all(),
        }
    }
}
