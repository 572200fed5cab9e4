//! The seal of entries and snapshots: `spec/settings.md`, "Sealing".
//!
//! ```text
//! text   = content, padded in buckets
//! salt   = HMAC(key, LABEL(settings/salt) ‖ account key ‖ front ‖ text)
//! k      = HKDF-Expand(HKDF-Extract(salt, ikm = key), LABEL(settings/seal) ‖ account key ‖ front, 32)
//! sealed = salt ‖ AES-256-GCM(k, 0, ad = front, text)
//! ```
//!
//! `salt` follows from the text, so that a device that was set back and says something else under the same number
//! seals no two texts under one key.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::key::SettingsKey;
use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::Reader;
use crate::primitives::kdf::{Prk, mac};
use crate::primitives::secret::Secret;
use crate::protocol::identity::certificate::AccountKey;
use crate::protocol::labels;
use crate::protocol::padding::{Padding, content_length};

/// Length of what a seal adds to its text.
pub(crate) const OVERHEAD: usize = 32 + TAG;

/// Seals a content behind its front.
pub(crate) fn seal(
    key: &SettingsKey,
    account: AccountKey,
    front: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, Error> {
    let text = Padding::Buckets.pad(content);
    let salt = mac(key.secret(), &[labels::SETTINGS_SALT, &account.0, front, &text]);
    let sealed = seal_once(text_key(key, &salt, account, front), front, &text)?;
    Ok([salt.expose().as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made.
pub(crate) fn open(
    key: &SettingsKey,
    account: AccountKey,
    front: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut reader = Reader::new(sealed);
    let salt = reader.secret()?;
    let mut text = open_once(text_key(key, &salt, account, front), front, reader.rest())?;
    let length = content_length(&text)?;
    text.truncate(length);
    Ok(text)
}

fn text_key(key: &SettingsKey, salt: &Secret<32>, account: AccountKey, front: &[u8]) -> Secret<32> {
    let prk = Prk::extract(salt.expose(), &[key.secret().expose()]);
    prk.expand(&[labels::SETTINGS_SEAL, &account.0, front])
}
