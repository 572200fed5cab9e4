//! The crate checked against its specification, and what all its public types have in common.

mod broken_rng;
mod errors;
mod faces;
mod repeats;
mod twice;
mod vectors;
