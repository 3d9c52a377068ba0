//! The count of changes of a row, by which a replica keeps the order of events.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a row was changed, its creation included: the first version is 1.
///
/// Its owner adds one with every change (`UPDATE … WHERE id = $1 AND version = $n - 1`) and publishes the change with
/// it. 0 is the version of a row that is not there.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema, Default,
)]
#[serde(transparent)]
#[sqlx(transparent)]
#[schema(value_type = i64, minimum = 1)]
pub struct Version(pub i64);

/// What a replica does with an event of some version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is the next one: apply it.
    Next,
    /// It was applied before: there is nothing to do.
    Past,
    /// One before it is still on its way: let it come again.
    Early,
}

impl Version {
    /// Of a row that is not there.
    pub const ABSENT: Self = Self(0);
    /// Of a row just made.
    pub const FIRST: Self = Self(1);

    /// The version after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// What a replica at `stored` does with an event that carries this version.
    ///
    /// ```
    /// use events::{Turn, Version};
    /// assert_eq!(Version::FIRST.turn(Version::ABSENT), Turn::Next);
    /// assert_eq!(Version(3).turn(Version(3)), Turn::Past);
    /// assert_eq!(Version(3).turn(Version(1)), Turn::Early);
    /// ```
    pub fn turn(self, stored: Self) -> Turn {
        match self.0 {
            n if n <= stored.0 => Turn::Past,
            n if n == stored.0 + 1 => Turn::Next,
            _ => Turn::Early,
        }
    }
}
