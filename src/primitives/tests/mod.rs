//! Tools for the tests of all floors.

pub(crate) mod gcm_collision;
pub(crate) mod op_count;
pub(crate) mod repeats;
pub(crate) mod test_rng;
