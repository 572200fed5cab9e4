//! The keys of a media file: `spec/third-party.md`, "Media".
//!
//! ```text
//! IV (16) ‖ cipher key (32) ‖ MAC key (32) ‖ (32) = HKDF(salt nothing, media key, info of the kind, 112)
//! MAC       = HMAC(MAC key, IV ‖ text)[0..10]
//! media key = hedged(identity secret, LABEL(signal/media-key), info ‖ u64(length) ‖ anchor ‖ u64(now))
//! ```

use rand_core::CryptoRng;

use super::kind::MediaKind;
use super::layout::{MAC, MediaLayout};
use crate::primitives::aes_cbc::BLOCK;
use crate::primitives::codec::first;
use crate::primitives::kdf::{Prk, RunningMac, hedged};
use crate::primitives::secret::Secret;
use crate::protocol::labels;
use crate::storage::Anchor;

/// Draws the key of a media file, for a client at this anchor.
pub(super) fn draw(
    client: (&Secret<32>, Anchor),
    kind: MediaKind,
    layout: MediaLayout,
    now: u64,
    rng: &mut impl CryptoRng,
) -> Secret<32> {
    let (secret, anchor) = client;
    let [length, now] = [layout.length(), now].map(u64::to_be_bytes);
    let about: [&[u8]; 4] = [kind.info(), &length, &anchor.to_bytes(), &now];
    hedged(secret, labels::SIGNAL_MEDIA_KEY, &about, rng)
}

/// The keys of one media file. Whoever holds them on the heap boxes them.
pub(super) struct Keys {
    pub(super) cipher: Secret<32>,
    pub(super) mac: Secret<32>,
    pub(super) iv: [u8; BLOCK],
}

impl Keys {
    pub(super) fn derive(key: &Secret<32>, kind: MediaKind) -> Self {
        // What is left of the 112 bytes serves nothing, so it is not made.
        let keys = Prk::extract(&[0; 32], &[key.expose()]).expand::<80>(&[kind.info()]);
        let (iv, rest) = keys.expose().split_at(BLOCK);
        let (cipher, mac) = rest.split_at(32);
        let mut keys = Self {
            cipher: Secret::fill(|out| out.copy_from_slice(cipher)),
            mac: Secret::fill(|out| out.copy_from_slice(mac)),
            iv: [0; BLOCK],
        };
        keys.iv.copy_from_slice(iv);
        keys
    }

    /// Begins a MAC: what follows is the text.
    pub(super) fn mac(&self) -> RunningMac {
        let mut mac = RunningMac::new(&self.mac);
        mac.update(&self.iv);
        mac
    }
}

/// Returns as much of a MAC as a file has.
pub(super) fn cut(mac: &RunningMac) -> [u8; MAC] {
    first(mac.value().expose())
}
