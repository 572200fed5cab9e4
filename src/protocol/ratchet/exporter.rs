//! Secrets that both sides of a message take from it: `spec/ratchet.md`, "Exported secrets".
//!
//! ```text
//! place           = session id (32) ‖ direction ‖ version ‖ kind ‖ header (96)
//! exporter        = HMAC-SHA-256(message key, LABEL(ratchet/export) ‖ place)
//! exported secret = HMAC-SHA-256(exporter, LABEL(ratchet/exported) ‖ u8(|label|) ‖ label ‖ context)
//! ```

use alloc::boxed::Box;

use zeroize::Zeroizing;

use super::ratchet::PLACE;
use crate::error::Error;
use crate::primitives::kdf::mac;
use crate::primitives::secret::{Secret, redacted};
use crate::protocol::labels;
use crate::protocol::padding::MAX_CONTENT;

/// The most bytes of a label.
const MAX_LABEL: usize = 64;

/// A message's key and place, from which its exporter is derived once somebody asks for it. Secret.
pub(crate) struct MessageSecret {
    key: Secret<32>,
    place: [u8; PLACE],
}

redacted!(MessageSecret, |_secret| bytes = PLACE);

impl MessageSecret {
    /// Keeps what the exporter follows from, because the chain forgets the key with the message.
    pub(crate) fn new(key: &Secret<32>, place: &[u8; PLACE]) -> Self {
        Self { key: key.duplicate(), place: *place }
    }

    /// Derives the exporter.
    pub(crate) fn exporter(&self) -> Exporter {
        Exporter(Box::new(mac(&self.key, &[labels::RATCHET_EXPORT, &self.place])))
    }
}

/// A source of secrets that belong to one message, and that its sender and its receiver alone can derive. Secret:
/// no `Clone`, wiped on drop.
///
/// It opens nothing: the message's key does not follow from it. Once both sides have dropped it, nobody derives its
/// secrets again. They are for what begins now (the keys of a call, the pre-shared key of another protocol), and not
/// for what must be found again later ([ratchet.md](crate::spec::ratchet), "Exported secrets").
///
/// ```
/// # use getrandom::{SysRng, rand_core::UnwrapErr};
/// # use latchstring::session::{Account, AccountId, Device};
/// # fn main() -> Result<(), latchstring::Error> {
/// # let mut rng = UnwrapErr(SysRng);
/// # let now = 1_800_000_000;
/// # let [ada, mut grace] = [1, 2].map(|id| {
/// #     Device::generate(&Account::generate(AccountId([id; 32]), &mut rng), now, &mut rng)
/// # });
/// # let mut to_grace = ada.initiate(&grace.bundle(), now, &mut rng)?;
/// let (offer, of_offer) = to_grace.stage_send().seal_exporting(b"shall we talk?", &mut rng)?.apply();
/// let opened = grace.accept(&offer, now)?.apply().opened;
///
/// // Both have the same secret, and nobody else has.
/// let key = of_offer.secret(b"chat.example call", b"call 17")?;
/// assert_eq!(opened.exporter().secret(b"chat.example call", b"call 17")?, key);
/// assert_ne!(opened.exporter().secret(b"chat.example call", b"call 18")?, key);
/// # Ok(())
/// # }
/// ```
pub struct Exporter(Box<Secret<32>>);

redacted!(Exporter, |exporter| bytes = exporter.0.expose().len());

impl Exporter {
    /// Derives the secret for a purpose: `label` names the protocol that uses it, in 1 to 64 bytes, best with a name
    /// that is the app's own; `context` says for what, and is bound to it. What differs in either gives another
    /// secret.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for a label of another length; [`Error::ContentTooLong`] for a context of more than
    /// 2^20 bytes.
    pub fn secret(&self, label: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let length = u8::try_from(label.len()).map_err(|_| Error::InvalidName)?;
        if label.is_empty() || label.len() > MAX_LABEL {
            return Err(Error::InvalidName);
        }
        if context.len() > MAX_CONTENT {
            return Err(Error::ContentTooLong);
        }
        let secret = mac(&self.0, &[labels::RATCHET_EXPORTED, &[length], label, context]);
        Ok(Zeroizing::new(*secret.expose()))
    }

    /// Derives a secret of the crate's own, under one of its labels.
    pub(crate) fn own_secret(&self, label: &[u8]) -> Secret<32> {
        mac(&self.0, &[label])
    }
}
