//! Whose store it is, who was connected, and which channels there are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use protocol::stan::stored::{ClientDelete, ClientInfo, ServerInfo};
use protocol::stan::{Message as _, is_channel};

use super::records::Records;
use super::resync::Shape;
use super::{Damage, Reading};
use crate::import::error::Error;
use crate::import::notes::Notes;

const SERVER_FILE: &str = "server.dat";
const CLIENTS_FILE: &str = "clients.dat";
const CAME: u8 = 1;
const WENT: u8 = 2;

/// The store as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// What clients call the server by; `None` where the store does not tell.
    pub id: Option<String>,
    /// The clients that were connected, by name.
    pub clients: BTreeMap<String, ClientInfo>,
}

impl Cluster {
    /// Reads that of the store in `folder`.
    pub fn read(reading: &Reading, folder: &Path, notes: &mut Notes) -> Result<Self, Error> {
        let path = folder.join(SERVER_FILE);
        let no_store = |why: &str| Error::NoStore { path: folder.to_owned(), why: why.to_owned() };
        if !folder.is_dir() {
            return Err(no_store("there is no such folder"));
        }
        let Some(mut records) = Records::open(reading, &path, Shape::Info, false)? else {
            return Err(no_store("there is no server.dat in it"));
        };
        let mut info = None;
        while let Some(record) = records.next(notes)? {
            let at = record.at;
            match ServerInfo::decode(record.content) {
                Ok(found) if info.is_none() => info = Some(found),
                Ok(_) => records.damaged(notes, at, "a second record, where there is one")?,
                Err(error) => records.damaged(notes, at, format!("the server's record cannot be read: {error}"))?,
            }
        }
        if info.is_none() {
            records.damaged(notes, records.len(), "the server's record is not there")?;
        }
        if info.as_ref().is_some_and(|info| !info.node_id.is_empty()) {
            notes.push("it is of a cluster's server: the others may have had messages that this one did not".into());
        }
        let id = info.map(|info| info.cluster_id).filter(|id| !id.is_empty());
        Ok(Self { id, clients: clients(reading, folder, notes)? })
    }
}

fn clients(reading: &Reading, folder: &Path, notes: &mut Notes) -> Result<BTreeMap<String, ClientInfo>, Error> {
    let path = folder.join(CLIENTS_FILE);
    let mut all = BTreeMap::new();
    let Some(mut records) = Records::open(reading, &path, Shape::State(WENT), true)? else {
        let what = "there is no such file: nobody is taken for connected".to_owned();
        reading.damaged(notes, Damage { path, at: 0, what })?;
        return Ok(all);
    };
    while let Some(record) = records.next(notes)? {
        let (at, kind) = (record.at, record.kind);
        if let Err(what) = take(&mut all, kind, record.content) {
            records.damaged(notes, at, what)?;
        }
    }
    Ok(all)
}

fn take(all: &mut BTreeMap<String, ClientInfo>, kind: u8, content: &[u8]) -> Result<(), String> {
    let wrong = |error: protocol::stan::DecodeError| format!("a record of kind {kind} cannot be read: {error}");
    match kind {
        CAME => {
            let client = ClientInfo::decode(content).map_err(wrong)?;
            if client.id.is_empty() || client.heartbeat_inbox.is_empty() {
                return Err(format!("a record of kind {kind} that is no client"));
            }
            all.insert(client.id.clone(), client);
        }
        WENT => {
            let client = ClientDelete::decode(content).map_err(wrong)?;
            if client.encoded_len() != content.len() {
                return Err(format!("a record of kind {kind} that says more than such a one does"));
            }
            all.remove(&client.id);
        }
        other => return Err(format!("a record of kind {other}, which is not known")),
    }
    Ok(())
}

/// The channels of the store in `folder`, by name, and where they lie.
pub fn channels(reading: &Reading, folder: &Path, notes: &mut Notes) -> Result<BTreeMap<String, PathBuf>, Error> {
    let failed = |source| Error::Read { path: folder.to_owned(), at: 0, source };
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !path.is_dir() {
            continue;
        }
        let files = fs::read_dir(&path).map_err(failed)?.filter_map(Result::ok);
        let is_ours = |name: &str| name == "subs.dat" || name.starts_with("msgs.");
        if !files.filter_map(|file| file.file_name().into_string().ok()).any(|name| is_ours(&name)) {
            // The streams of this server may lie there too.
            if path.file_name().is_some_and(|name| name != "jetstream") {
                notes.push(format!("{}: no channel, as it has neither messages nor subscriptions", path.display()));
            }
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| is_channel(name));
        if let Some(name) = name {
            all.insert(name.to_owned(), path.clone());
        } else if reading.skip_damaged {
            let what = "the folder's name is no channel's".to_owned();
            notes.passed_over(&Damage { path, at: 0, what });
        } else {
            return Err(Error::Channel { path, why: "its name is no subject".to_owned() });
        }
    }
    Ok(all)
}
