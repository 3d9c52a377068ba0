//! Runs the commands of the repository.
fn main() {}
