//! Keys of one message: `spec/third-party.md`, "Messages".
//!
//! ```text
//! cipher key (32) ‖ MAC key (32) ‖ IV (16) = HKDF(salt = post-quantum key | nothing, ikm = message seed,
//!                                                 info = "WhisperMessageKeys", 80)
//! MAC = HMAC(MAC key, identity of the sender ‖ identity of the receiver ‖ version byte ‖ protobuf)[0..8]
//! ```

use crate::error::Error;
use crate::primitives::aes_cbc;
use crate::primitives::codec::first;
use crate::primitives::dh;
use crate::primitives::kdf::{Prk, mac};
use crate::primitives::secret::{Secret, same};

use super::keys::typed;

/// Length of the MAC of a message in bytes: the protocol's, not ours to choose. It says less than a tag of 16
/// bytes: somebody who sends 2^64 messages forges one.
pub(crate) const MAC: usize = 8;

/// The identity keys on the two ends of a message.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) sender: &'a dh::PublicKey,
    pub(crate) receiver: &'a dh::PublicKey,
}

/// The keys of one message.
pub(crate) struct MessageKeys {
    cipher: Secret<32>,
    mac: Secret<32>,
    iv: Secret<16>,
}

impl MessageKeys {
    /// Derives them from the seed that the chain gives, and in version 4 from the key that the post-quantum chains
    /// give: whoever wants to read the message needs both.
    pub(crate) fn derive(seed: &Secret<32>, post_quantum: Option<&Secret<32>>) -> Self {
        let salt = post_quantum.map_or(&[0; 32], Secret::expose);
        let keys = Prk::extract(salt, &[seed.expose()]).expand::<80>(&[b"WhisperMessageKeys"]);
        let (cipher, rest) = keys.expose().split_at(32);
        let (mac, iv) = rest.split_at(32);
        Self {
            cipher: Secret::fill(|out| out.copy_from_slice(cipher)),
            mac: Secret::fill(|out| out.copy_from_slice(mac)),
            iv: Secret::fill(|out| out.copy_from_slice(iv)),
        }
    }

    /// Encrypts the first `length` bytes of `buffer`, which has room for the padding.
    pub(crate) fn encrypt(&self, buffer: &mut [u8], length: usize) -> Result<(), Error> {
        aes_cbc::encrypt(&self.cipher, self.iv.expose(), buffer, length)
    }

    /// Computes the MAC over what is in front of it.
    pub(crate) fn mac(&self, ends: Ends<'_>, covered: &[u8]) -> [u8; MAC] {
        let ends = [typed(ends.sender), typed(ends.receiver)];
        let [sender, receiver] = &ends;
        first(mac(&self.mac, &[sender, receiver, covered]).expose())
    }

    /// Checks the MAC over the bytes as they came: a sender writes them in its own way.
    pub(crate) fn check(
        &self,
        ends: Ends<'_>,
        covered: &[u8],
        mac: &[u8; MAC],
    ) -> Result<(), Error> {
        if same(&self.mac(ends, covered), mac) { Ok(()) } else { Err(Error::Forged) }
    }

    /// Decrypts a text whose MAC has been checked, in place, and returns its length without padding.
    pub(crate) fn decrypt(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        aes_cbc::decrypt(&self.cipher, self.iv.expose(), buffer)
    }
}

#[cfg(test)]
#[path = "tests/message_keys.rs"]
mod tests;
