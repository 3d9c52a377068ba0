//! The clients on disk, so that those who were connected when the server stopped need not notice that it did; and what
//! is subscribed by wildcards, for which no stream need exist that could keep it.
//!
//! ```text
//! <dir>/jetstream/stan/clients   a ledger of JSON entries; or the ledger clients in the folder stan of the database
//!   {"cluster":"ticketing"}          the first: whose store this is
//!   {"come":{"id":…}}      {"gone":"id"}
//!   {"wide":{"consumer":…}}   {"narrow":"consumer"}
//! ```
//!
//! Entries are written at once and synced by the operating system when it likes, or sent to the database by the way:
//! after a power cut a client may have to connect again. Its durables are the streams', and synced.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use journal::{Directory, Ledger, Sync};
use serde::{Deserialize, Serialize};
use sql_store::Folder;

use super::StartError;
use super::registry::{Presented, Registry};
use super::wildcards::Wide;
use crate::jetstream::JetStream;

const FILE: &str = "clients";

/// A ledger below this size is never written anew.
const COMPACT_BYTES_MIN: u64 = 256 * 1024;

/// Above so many bytes for each client, and each subscription by wildcards, most of the ledger is history.
const BYTES_PER_ENTRY: u64 = 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Cluster(String),
    Come(Presented),
    Gone(Box<str>),
    Wide(Box<Wide>),
    Narrow(Box<str>),
}

/// Where the clients are written down.
pub enum Home {
    /// In a folder, which is made if need be.
    Files(PathBuf),
    /// In a folder of a database.
    Database(Folder),
}

impl Home {
    /// Beside the streams that are not in memory.
    pub(crate) fn beside(jetstream: &JetStream) -> Self {
        match jetstream.database() {
            Some(database) => Self::Database(database.folder("stan")),
            None => Self::Files(jetstream.options.directory().join("stan")),
        }
    }

    fn ledger(&self) -> Result<(Ledger, Vec<Vec<u8>>), StartError> {
        match self {
            Self::Files(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| self.refuse(error.to_string()))?;
                let disk = Arc::new(Directory::new(folder.clone()));
                let (ledger, entries, recovery) =
                    Ledger::open(disk, FILE).map_err(|error| self.refuse(error.to_string()))?;
                for line in recovery.lines() {
                    tracing::warn!("STREAM: {line}");
                }
                Ok((ledger, entries))
            }
            Self::Database(folder) => folder.ledger(FILE).map_err(|error| self.refuse(error.to_string())),
        }
    }

    fn refuse(&self, why: String) -> StartError {
        let place = match self {
            Self::Files(folder) => folder.display().to_string(),
            Self::Database(folder) => folder.database().source().to_string(),
        };
        StartError::Clients { place, why }
    }
}

/// The registry with the clients found at `home`. They are first asked whether they live at `due`.
pub(super) fn open(home: &Home, cluster: &str, due: i64) -> Result<Registry, StartError> {
    let (ledger, entries) = home.ledger()?;
    let mut registry = Registry::default();
    registry.ledger = Some(ledger);
    let (mut found, mut owner) = (HashMap::new(), None);
    for entry in entries {
        match serde_json::from_slice(&entry) {
            Ok(Entry::Cluster(id)) => owner = Some(id),
            Ok(Entry::Come(client)) => drop(found.insert(client.id.clone(), client)),
            Ok(Entry::Gone(id)) => drop(found.remove(&id)),
            Ok(Entry::Wide(wide)) => drop(registry.wide.insert(wide.consumer.clone(), *wide)),
            Ok(Entry::Narrow(consumer)) => drop(registry.wide.remove(&consumer)),
            Err(error) => tracing::warn!("STREAM: an entry of the clients' ledger was not understood: {error}"),
        }
    }
    match owner {
        Some(found) if found != cluster => {
            return Err(StartError::Cluster { said: cluster.to_owned(), found });
        }
        Some(_) => {}
        None => {
            registry.write(&Entry::Cluster(cluster.to_owned()));
            if let Home::Files(folder) = home {
                warn_of_original(folder);
            }
        }
    }
    for client in found.into_values() {
        registry.insert(client, due);
    }
    Ok(registry)
}

/// Tells of a store that the original left where `folder` is made: it would look as if all of it were lost.
fn warn_of_original(folder: &Path) {
    let store = folder.ancestors().nth(2).filter(|store| store.join("server.dat").exists());
    if let Some(store) = store.map(Path::display) {
        tracing::warn!(
            "STREAM: {store} holds a store of the original NATS Streaming Server, of which nothing is taken over yet: \
             stop this server, and run streaming-server import {store} -dir {store}"
        );
    }
}

/// Writes down at `home` that `clients` are connected to `cluster`, if nobody wrote there before. False: somebody did,
/// and not of all of them; what is there stays.
pub(crate) fn adopt(home: &Home, cluster: &str, clients: &[Presented]) -> Result<bool, StartError> {
    let (mut ledger, entries) = home.ledger()?;
    let (mut owner, mut known) = (None, Vec::new());
    for entry in &entries {
        match serde_json::from_slice(entry) {
            Ok(Entry::Cluster(id)) => owner = Some(id),
            Ok(Entry::Come(client)) => known.push(client),
            Ok(Entry::Gone(_) | Entry::Wide(_) | Entry::Narrow(_)) | Err(_) => {}
        }
    }
    match owner {
        Some(found) if found != cluster => return Err(StartError::Cluster { said: cluster.to_owned(), found }),
        // An import that was interrupted came so far already.
        Some(_) => return Ok(clients.iter().all(|client| known.contains(client))),
        None => {}
    }
    // One commit: all of them, or nothing at all.
    let come = clients.iter().cloned().map(Entry::Come);
    for entry in std::iter::once(Entry::Cluster(cluster.to_owned())).chain(come) {
        ledger.append(&serde_json::to_vec(&entry).unwrap_or_default());
    }
    if let Some(mut commit) = ledger.begin_commit() {
        let outcome = commit.run(Sync::Always);
        ledger.end_commit(commit, outcome).map_err(|error| home.refuse(error.to_string()))?;
    }
    Ok(true)
}

impl Registry {
    /// Writes down that a client came.
    pub fn note_come(&mut self, client: &Presented, cluster: &str) {
        self.write(&Entry::Come(client.clone()));
        self.compact(cluster);
    }

    /// Writes down that a client went.
    pub fn note_gone(&mut self, id: &str) {
        self.write(&Entry::Gone(id.into()));
    }

    /// Writes down what a group of subscriptions by wildcards has become.
    pub fn note_wide(&mut self, wide: &Wide, cluster: &str) {
        self.write(&Entry::Wide(Box::new(wide.clone())));
        self.compact(cluster);
    }

    /// Writes down that there is no such group any more.
    pub fn note_wide_gone(&mut self, consumer: &str) {
        self.write(&Entry::Narrow(consumer.into()));
    }

    fn write(&mut self, entry: &Entry) {
        if let Some(ledger) = &mut self.ledger {
            ledger.append(&serde_json::to_vec(entry).unwrap_or_default());
            self.commit();
        }
    }

    fn commit(&mut self) {
        let Some(ledger) = &mut self.ledger else { return };
        if let Some(mut commit) = ledger.begin_commit() {
            let outcome = commit.run(Sync::Never);
            if let Err(error) = ledger.end_commit(commit, outcome) {
                // It is staged again, and goes with the next.
                tracing::error!("STREAM: cannot write down who is connected: {error}");
            }
        }
    }

    /// Writes the ledger anew when most of it is history.
    fn compact(&mut self, cluster: &str) {
        let members: usize = self.wide.values().map(|wide| wide.members.len() + 1).sum();
        let live = BYTES_PER_ENTRY * (self.clients.len() + members) as u64;
        let Some(ledger) = self.ledger.as_mut().filter(|l| l.bytes() > COMPACT_BYTES_MIN.max(live)) else { return };
        let entries = std::iter::once(Entry::Cluster(cluster.to_owned()))
            .chain(self.clients.values().map(|client| Entry::Come(client.presented.clone())))
            .chain(self.wide.values().map(|wide| Entry::Wide(Box::new(wide.clone()))));
        let entries: Vec<_> = entries.map(|entry| serde_json::to_vec(&entry).unwrap_or_default()).collect();
        ledger.rewrite(&entries);
        self.commit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> Presented {
        Presented { id: id.into(), heartbeat_inbox: "hb".into(), connection: id.as_bytes().into(), protocol: 1 }
    }

    #[test]
    fn who_came_and_did_not_go_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::Files(folder.path().to_owned());
        let mut registry = open(&home, "c", 0).unwrap();
        for id in ["a", "b"] {
            registry.insert(client(id), 0);
            registry.note_come(&client(id), "c");
        }
        registry.remove("a");
        registry.note_gone("a");
        drop(registry);
        let registry = open(&home, "c", 7).unwrap();
        assert_eq!(registry.clients.keys().map(|id| &**id).collect::<Vec<_>>(), ["b"]);
        assert_eq!((registry.connected(b"b"), registry.next_due()), (Some("b"), Some(7)));
        let other = open(&home, "other", 0).err().unwrap().to_string();
        assert_eq!(other, "cluster ID \"other\" does not match recovered value of \"c\"");
    }
}
