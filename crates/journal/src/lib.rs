//! THE LOG.
