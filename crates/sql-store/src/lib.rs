//! THE STORE IN A DATABASE: what [`journal`] keeps in files, in PostgreSQL, MySQL or MariaDB.
//!
//! ```text
//!  a thread of the server                      the thread "sql"
//!  ┌───────────────────────────┐   waits   ┌────────────────────────────────┐
//!  │ Log ─ SqlLog ─ cache      │──────────►│ Link: connections, health,     │──► streaming_messages, _logs
//!  │ Ledger ─ SqlLedger        │           │       epoch, second tries      │──► streaming_entries
//!  │ Folder: documents         │           │ Lock: kept, and looked after   │──► streaming_documents, _server
//!  └───────────────────────────┘           └────────────────────────────────┘
//! ```
//!
//! | file | answers for |
//! |---|---|
//! | `source.rs` and its folder | which database: the options in the words of Go's drivers and of URLs |
//! | `database.rs` | opened, asked, closed: the door to everything here, and the thread behind it |
//! | `folder.rs` | what belongs to one stream: its log, its ledger, its documents; their removal |
//! | `log.rs` and its folder | messages: staging, the cache, commits, recovery, deletion |
//! | `ledger.rs` | entries of consumers and clients |
//! | `lock.rs` | one server at a time |
//! | `link.rs` | transactions, second tries, what is known of the database's health |
//! | `connection.rs` | one way to speak to both databases |
//! | `schema.rs` and its folder | the tables |
//!
//! Who waits for the database: a commit, in the thread that drives the stream; a read of what is not in memory, with the
//! stream's lock held, at most a few seconds and not at all once the database is known to be down; whoever makes, changes
//! or deletes a stream. What is read at the end of a log, where consumers usually are, is in memory.

mod connection;
mod database;
mod error;
mod folder;
mod ledger;
mod link;
mod lock;
mod log;
mod schema;
mod source;
#[cfg(feature = "testing")]
pub mod testing;

pub use database::{Database, Options};
pub use error::Error;
pub use folder::Folder;
pub use source::{Driver, Source};
