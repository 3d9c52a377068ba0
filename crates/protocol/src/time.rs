//! Time on the wire.
