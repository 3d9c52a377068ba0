//! The log at its widest door: against a model, through crashes, on failing disks.

mod model;
mod naive;
