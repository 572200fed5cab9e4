//! Groups that know their members: `spec/groups.md`.

pub(crate) mod action;
pub(crate) mod checkpoint;
pub(crate) mod member;
pub(crate) mod operation;
pub(crate) mod request;
pub(crate) mod roster;
pub(crate) mod tree;

#[cfg(test)]
mod tests;
