//! Hashing and verifying passwords: Argon2id, off the threads that serve, and no more of it at a time than the machine
//! has processors.
//!
//! ```text
//!  request ─► waiting room ─► for at most `wait_max` ─► one of `at_once` blocking threads ─► answer
//!               │ full: Busy        │ over: Busy      19 MiB and some 20 ms of a processor each
//! ```

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::user::{Password, PasswordHash};

/// Argon2id with 19 MiB, 2 passes and 1 lane: the second of the equivalent choices in OWASP's Password Storage Cheat
/// Sheet ("m=19456 (19 MiB), t=2, p=1"), as of 2026. Raise them here: at the next sign-in a user's hash is made anew.
pub const PARAMETERS: Parameters = Parameters { memory_kib: 19_456, passes: 2, lanes: 1 };
/// What hashing costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Times that the memory is gone through.
    pub passes: u32,
    /// Parts of the memory that could be filled side by side.
    pub lanes: u32,
}

/// How much is done at a time, and who waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Threads that hash: the machine's processors, since nothing else bounds the function.
    pub at_once: usize,
    /// Requests that may wait for one of them.
    pub waiting_max: usize,
    /// How long one may wait.
    pub wait_max: Duration,
}

impl Pool {
    /// A thread for each of the machine's processors. A request waits for 3 seconds at most: whoever has waited longer
    /// has often given up, and the work would be for nobody. That many are worked off in this time: 64 a processor.
    pub fn of_this_machine() -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { at_once, waiting_max: 64 * at_once, wait_max: Duration::from_secs(3) }
    }
}

/// The bounded pool in which passwords are worked on. Clones share it.
#[derive(Clone)]
pub struct Passwords {
    shared: Arc<Shared>,
}

struct Shared {
    params: Params,
    /// Tried when there is no user: nobody has this password, and trying takes as long as with any other.
    decoy: PasswordHash,
    room: Semaphore,
    processors: Arc<Semaphore>,
    wait_max: Duration,
    hashed: AtomicU64,
    verified: AtomicU64,
}

/// How a password compares with a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is another one.
    No,
    /// It is the one.
    Yes,
    /// It is the one, and the hash was made with parameters that are not ours any more.
    Outdated,
}

/// How often the function was computed: what the work was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Passwords hashed.
    pub hashed: u64,
    /// Passwords tried against a hash.
    pub verified: u64,
}

/// Why a password could not be worked on.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many others wait.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The function failed, or the database holds what is no hash of it.
    #[error("Argon2 failed: {0}")]
    Argon2(argon2::password_hash::Error),
    /// The thread died.
    #[error(transparent)]
    Thread(#[from] tokio::task::JoinError),
}

impl From<argon2::password_hash::Error> for PasswordError {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self::Argon2(error)
    }
}

impl Passwords {
    /// A pool of workers. Computes one hash, on this thread.
    pub fn new(parameters: Parameters, pool: Pool) -> Result<Self, PasswordError> {
        let Parameters { memory_kib, passes, lanes } = parameters;
        let params = Params::new(memory_kib, passes, lanes, None).map_err(argon2::password_hash::Error::from)?;
        // 128 random bits, which nobody types.
        let nobodys =
            argon2::password_hash::try_generate_salt().map_err(|_| argon2::password_hash::Error::RngFailure)?;
        let decoy = hash(&params, &nobodys)?;
        let shared = Shared {
            params,
            decoy,
            room: Semaphore::new(pool.at_once + pool.waiting_max),
            processors: Arc::new(Semaphore::new(pool.at_once)),
            wait_max: pool.wait_max,
            hashed: AtomicU64::new(0),
            verified: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let (shared, password) = (Arc::clone(&self.shared), password.clone());
        self.work(move || {
            shared.hashed.fetch_add(1, Ordering::Relaxed);
            hash(&shared.params, password.expose())
        })
        .await
    }

    /// Tries a password against a user's hash. If there is no user it is tried all the same, in vain.
    pub async fn verify(&self, password: &Password, stored: Option<PasswordHash>) -> Result<Match, PasswordError> {
        let (shared, password) = (Arc::clone(&self.shared), password.clone());
        self.work(move || {
            shared.verified.fetch_add(1, Ordering::Relaxed);
            let matched = verify(&shared.params, &password, stored.as_ref().unwrap_or(&shared.decoy))?;
            Ok(if stored.is_some() { matched } else { Match::No })
        })
        .await
    }

    /// What was computed so far.
    pub fn work_done(&self) -> Work {
        Work {
            hashed: self.shared.hashed.load(Ordering::Relaxed),
            verified: self.shared.verified.load(Ordering::Relaxed),
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.shared.room.try_acquire().map_err(|_| PasswordError::Busy)?;
        let processor = timeout(self.shared.wait_max, Arc::clone(&self.shared.processors).acquire_owned())
            .await
            .map_err(|_| PasswordError::Busy)?
            .map_err(|_| PasswordError::Busy)?;
        // The permit goes with the work: a client that leaves does not stop it, and must not let another begin beside it.
        tokio::task::spawn_blocking(move || {
            let _processor = processor;
            work()
        })
        .await?
    }
}

fn argon2(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn hash(params: &Params, password: &[u8]) -> Result<PasswordHash, PasswordError> {
    let hash: phc::PasswordHash = argon2(params).hash_password(password)?;
    Ok(PasswordHash(hash.to_string()))
}

fn verify(params: &Params, password: &Password, stored: &PasswordHash) -> Result<Match, PasswordError> {
    let stored = phc::PasswordHash::new(&stored.0).map_err(argon2::password_hash::Error::from)?;
    match argon2(params).verify_password(password.expose(), &stored) {
        Ok(()) => {
            let of = Params::try_from(&stored)?;
            let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
            let ours = stored.algorithm == Algorithm::Argon2id.ident() && costs(&of) == costs(params);
            Ok(if ours { Match::Yes } else { Match::Outdated })
        }
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Match::No),
        Err(error) => Err(error.into()),
    }
}
