//! THE WIRE.
