//! Version 2 of sealed envelopes, one body for many recipients: `spec/third-party.md`, "Sealed sender".
//!
//! ```text
//! M          = 32 random bytes
//! e          = HKDF(no salt, M, "Sealed Sender v2: r (2023-08)", 32)      E = public key of e
//! K          = HKDF(no salt, M, "Sealed Sender v2: K", 32)
//! body       = AES-256-GCM-SIV(K, nonce 0, content)
//! wrapped    = M ⊕ HKDF(no salt, DH(e, R) ‖ E ‖ R, "Sealed Sender v2: DH", 32)                per recipient
//! proof      = HKDF(no salt, DH(S, R) ‖ E ‖ wrapped ‖ S ‖ R, "Sealed Sender v2: DH-sender", 16)
//! envelope   = 22 ‖ wrapped ‖ proof ‖ E (32, without its type) ‖ body
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, concat};
use crate::primitives::dh;
use crate::primitives::gcm_siv;
use crate::primitives::kdf::{Prk, hash, hedged};
use crate::primitives::secret::{Secret, same};
use crate::protocol::labels;
use crate::signal::identity_secret::IdentitySecret;
use crate::signal::keys::{IdentityKey, typed};

/// The first byte of an envelope as it is received.
pub(super) const VERSION: u8 = 0x22;

/// Length in bytes of the wrapped secret.
pub(super) const WRAPPED: usize = 32;

/// Length in bytes of the proof of the sender.
pub(super) const PROOF: usize = 16;

/// The part that is the same for all recipients.
pub(super) struct Shared {
    secret: Secret<32>,
    ephemeral: dh::SecretKey,
    pub(super) public: dh::PublicKey,
}

impl Shared {
    /// Draws the secret under which content is sealed.
    pub(super) fn generate(
        sender: &IdentitySecret,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Self {
        let about = [&hash(&[content])[..]];
        let label = labels::SIGNAL_SEALED_SECRET;
        Self::of(hedged(sender.secret().seed(), label, &about, rng))
    }

    fn of(secret: Secret<32>) -> Self {
        let seed = derive(&[secret.expose()], b"Sealed Sender v2: r (2023-08)");
        let ephemeral = dh::SecretKey::from_seed(seed);
        Self { secret, public: ephemeral.public(), ephemeral }
    }

    /// Seals the body.
    pub(super) fn seal(&self, content: &[u8]) -> Result<Vec<u8>, Error> {
        gcm_siv::seal_once(&self.body_key(), content)
    }

    /// Wraps the secret for one recipient, with the proof of who does it.
    pub(super) fn wrap(
        &self,
        sender: &IdentitySecret,
        recipient: &IdentityKey,
    ) -> Result<([u8; WRAPPED], [u8; PROOF]), Error> {
        let agreement = self.ephemeral.agree(&recipient.0)?;
        let wrapped = mask(&self.secret, &agreement, &self.public, recipient);
        let agreement = sender.secret().agree(&recipient.0)?;
        let parties = [&sender.public(), recipient];
        Ok((*wrapped.expose(), proof(&agreement, &self.public, wrapped.expose(), parties)))
    }

    fn body_key(&self) -> Secret<32> {
        derive(&[self.secret.expose()], b"Sealed Sender v2: K")
    }
}

/// Content that was opened, whose sender is only a claim until it is proved.
pub(super) struct Opened<'a> {
    pub(super) content: Zeroizing<Vec<u8>>,
    wrapped: &'a [u8; WRAPPED],
    proof: &'a [u8; PROOF],
    public: dh::PublicKey,
}

/// Opens what is behind the version of an envelope. It costs one agreement and one key pair, whoever made it.
pub(super) fn open<'a>(
    recipient: &IdentitySecret,
    envelope: &'a [u8],
) -> Result<Opened<'a>, Error> {
    let mut reader = Reader::new(envelope);
    let (wrapped, proof) = (reader.array()?, reader.array()?);
    let public = dh::PublicKey::decode(*reader.array()?)?;
    let agreement = recipient.secret().agree(&public)?;
    let own = recipient.public();
    let secret = mask(&Secret::copy(wrapped), &agreement, &public, &own);
    let shared = Shared::of(secret);
    // Whoever holds the secret made the envelope's key of it, and nobody else could have.
    if !same(shared.public.bytes(), public.bytes()) {
        return Err(Error::Forged);
    }
    let content = gcm_siv::open_once(&shared.body_key(), reader.rest())?;
    Ok(Opened { content, wrapped, proof, public })
}

impl Opened<'_> {
    /// Checks that the holder of an identity key made the envelope.
    pub(super) fn prove(
        &self,
        recipient: &IdentitySecret,
        sender: &IdentityKey,
    ) -> Result<(), Error> {
        let agreement = recipient.secret().agree(&sender.0)?;
        let parties = [sender, &recipient.public()];
        let expected = proof(&agreement, &self.public, self.wrapped, parties);
        if same(&expected, self.proof) { Ok(()) } else { Err(Error::Forged) }
    }
}

/// Wraps or unwraps the secret.
fn mask(
    secret: &Secret<32>,
    agreement: &Secret<32>,
    ephemeral: &dh::PublicKey,
    recipient: &IdentityKey,
) -> Secret<32> {
    let mask: Secret<32> = derive(
        &[agreement.expose(), &typed(ephemeral), &recipient.encode()],
        b"Sealed Sender v2: DH",
    );
    Secret::fill(|out| {
        for ((byte, one), other) in out.iter_mut().zip(secret.expose()).zip(mask.expose()) {
            *byte = one ^ other;
        }
    })
}

fn proof(
    agreement: &Secret<32>,
    ephemeral: &dh::PublicKey,
    wrapped: &[u8; WRAPPED],
    [sender, recipient]: [&IdentityKey; 2],
) -> [u8; PROOF] {
    let ephemeral = typed(ephemeral);
    let (sender, recipient) = (sender.encode(), recipient.encode());
    let ikm: [&[u8]; 5] = [agreement.expose(), &ephemeral, wrapped, &sender, &recipient];
    concat(&[derive::<PROOF>(&ikm, b"Sealed Sender v2: DH-sender").expose()])
}

fn derive<const N: usize>(ikm: &[&[u8]], info: &[u8]) -> Secret<N> {
    Prk::extract(&[], ikm).expand(&[info])
}
