//! A disk that fails when it is told to.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, File};

/// What is asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// [`Disk::create`].
    Create,
    /// [`Disk::open`].
    Open,
    /// [`Disk::list`].
    List,
    /// [`Disk::rename`].
    Rename,
    /// [`Disk::remove`] and [`Disk::remove_all`].
    Remove,
    /// [`Disk::sync`].
    SyncNames,
    /// [`File::read_at`] and [`File::len`].
    Read,
    /// [`File::write_at`]. Half of it is written.
    Write,
    /// [`File::sync`].
    Sync,
    /// [`File::set_len`].
    SetLen,
}

type Plan = Box<dyn FnMut(Operation) -> Option<io::ErrorKind> + Send>;

/// A disk on top of another that asks a plan before every operation.
#[derive(Clone)]
pub struct Failing {
    disk: Arc<dyn Disk>,
    plan: Arc<Mutex<Plan>>,
}

impl Failing {
    /// Over `disk`, with nothing failing until [`plan`](Self::plan) says so.
    pub fn over(disk: Arc<dyn Disk>) -> Self {
        Self { disk, plan: Arc::new(Mutex::new(Box::new(|_| None))) }
    }

    /// From now on, operations fail as `plan` says.
    pub fn plan(&self, plan: impl FnMut(Operation) -> Option<io::ErrorKind> + Send + 'static) {
        *self.plan.lock() = Box::new(plan);
    }

    fn ask(&self, operation: Operation) -> io::Result<()> {
        let answer = (self.plan.lock())(operation);
        answer.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn handle(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(Handle { disk: self.clone(), file })
    }
}

impl Disk for Failing {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.ask(Operation::Create)?;
        Ok(self.handle(self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.ask(Operation::Open)?;
        Ok(self.handle(self.disk.open(name)?))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.ask(Operation::List)?;
        self.disk.list()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.ask(Operation::Rename)?;
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.ask(Operation::Remove)?;
        self.disk.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.ask(Operation::SyncNames)?;
        self.disk.sync()
    }

    fn sub(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(Self { disk: self.disk.sub(name)?, plan: self.plan.clone() }))
    }

    fn remove_all(&self) -> io::Result<()> {
        self.ask(Operation::Remove)?;
        self.disk.remove_all()
    }
}

struct Handle {
    disk: Failing,
    file: Arc<dyn File>,
}

impl File for Handle {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.ask(Operation::Read)?;
        self.file.read_at(into, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Err(error) = self.disk.ask(Operation::Write) {
            self.file.write_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(error);
        }
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.ask(Operation::Sync)?;
        self.file.sync()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.ask(Operation::SetLen)?;
        self.file.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.disk.ask(Operation::Read)?;
        self.file.len()
    }
}
