//! Version 1 of sealed envelopes: `spec/third-party.md`, "Sealed sender".
//!
//! ```text
//! E, S, R = public keys (33) of the ephemeral key, of sender and recipient
//! outer   = keys(salt = "UnidentifiedDelivery" ‖ R ‖ E, DH(E, R))        sealed sender = outer.seal(S)
//! inner   = keys(salt = chain of outer ‖ sealed sender, DH(S, R))        sealed content = inner.seal(content)
//! envelope = 11 ‖ { 1: E, 2: sealed sender, 3: sealed content }
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::dh;
use crate::primitives::kdf::{hash, hedged};
use crate::primitives::protobuf::{self, put_bytes};
use crate::primitives::secret::Secret;
use crate::protocol::labels;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::keys::{IdentityKey, public_key, typed};

use super::keys::LayerKeys;

/// The first byte of an envelope.
pub(super) const VERSION: u8 = 0x11;

const SALT: &[u8] = b"UnidentifiedDelivery";

/// Content that was opened, and the identity key that its sender showed to hold.
pub(super) struct Opened {
    pub(super) content: Zeroizing<Vec<u8>>,
    pub(super) sender: IdentityKey,
}

/// Seals content for one recipient.
pub(super) fn seal(
    sender: &IdentitySecret,
    recipient: &IdentityKey,
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    let public = recipient.encode();
    // The keys follow from the ephemeral key, and the cipher is a stream: no two texts may have one.
    let about = [&public[..], &hash(&[content])];
    let seed = hedged(sender.secret().seed(), labels::SIGNAL_SEALED_EPHEMERAL, &about, rng);
    let ephemeral = dh::SecretKey::from_seed(seed);
    let ephemeral_public = typed(&ephemeral.public());
    let outer =
        LayerKeys::derive(&[SALT, &public, &ephemeral_public], &ephemeral.agree(&recipient.0)?);
    let sealed_sender = outer.seal(&sender.public().encode());
    let inner = inner(&outer, &sealed_sender, &sender.secret().agree(&recipient.0)?);
    let mut writer = Writer::new();
    writer.u8(VERSION);
    put_bytes(&mut writer, 1, &ephemeral_public);
    put_bytes(&mut writer, 2, &sealed_sender);
    put_bytes(&mut writer, 3, &inner.seal(content));
    Ok(writer.public())
}

/// Opens what is behind the version of an envelope. It costs two agreements, whoever made it.
pub(super) fn open(recipient: &IdentitySecret, envelope: &[u8]) -> Result<Opened, Error> {
    let [ephemeral, sealed_sender, sealed_content] = protobuf::read::<3>(envelope)?;
    let (ephemeral, sealed_sender) = (ephemeral.bytes()?, sealed_sender.bytes()?);
    let agreement = recipient.secret().agree(&public_key(ephemeral)?)?;
    let outer = LayerKeys::derive(&[SALT, &recipient.public().encode(), ephemeral], &agreement);
    let sender = IdentityKey::decode(&outer.open(sealed_sender)?)?;
    let inner = inner(&outer, sealed_sender, &recipient.secret().agree(&sender.0)?);
    Ok(Opened { content: inner.open(sealed_content.bytes()?)?, sender })
}

fn inner(outer: &LayerKeys, sealed_sender: &[u8], agreement: &Secret<32>) -> LayerKeys {
    LayerKeys::derive(&[outer.chain().expose(), sealed_sender], agreement)
}
