//! Tests of what other messengers speak, and what they share.

pub(crate) mod known_answers;
