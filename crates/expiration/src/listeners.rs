//! What this service listens to: one event a file.

mod order_cancelled;
mod order_completed;
mod order_created;
mod order_overdue;

pub use self::order_cancelled::order_cancelled;
pub use self::order_completed::order_completed;
pub use self::order_created::order_created;
pub use self::order_overdue::order_overdue;
