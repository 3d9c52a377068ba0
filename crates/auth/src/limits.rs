//! F27: how often an address, and an account, may try. Each replica counts for itself: what an attacker gains by their
//! number is small, and a shared count would be one more thing to be away.

use std::num::NonZeroU32;

use service::{ClientAddress, Clock, Limit, Problem};

/// What is counted. Clones share it.
#[derive(Clone)]
pub struct Limits {
    per_address: Limit<ClientAddress>,
    per_account: Limit<String>,
}

impl Limits {
    /// So many tries a minute from an address and for an account, all of them at once if need be.
    pub fn new(per_address: NonZeroU32, per_account: NonZeroU32, clock: &Clock) -> Self {
        Self {
            per_address: Limit::per_minute(per_address, per_address).by(clock),
            per_account: Limit::per_minute(per_account, per_account).by(clock),
        }
    }

    /// Counts a sign-up from `address`.
    pub fn sign_up(&self, address: ClientAddress) -> Result<(), Problem> {
        self.per_address.check(&address)
    }

    /// Counts a sign-in to the account of `email` from `address`, whether there is such an account or not.
    pub fn sign_in(&self, address: ClientAddress, email: &str) -> Result<(), Problem> {
        self.per_address.check(&address)?;
        self.per_account.check(&email.to_lowercase())
    }
}
