//! Identities of accounts and devices: `spec/identity.md`, `spec/devices.md`, `spec/linking.md`.

pub(crate) mod certificate;
pub(crate) mod device_list;
pub(crate) mod fingerprint;
pub(crate) mod linking;
