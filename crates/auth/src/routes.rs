//! What is answered: one operation a file.

pub mod current_user;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
