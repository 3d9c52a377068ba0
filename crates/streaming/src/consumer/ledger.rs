//! Changes and snapshots as bytes.
