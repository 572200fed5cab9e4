//! Proving the PIN of a link, on either side: `spec/guest-links.md`, "PIN".
//!
//! ```text
//! guest, with its claim: share ─────────▶ host: answer_pin
//! guest: prove_pin ◀───────── share, proof
//!                  proof ───────────────▶ host: may grant
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::secret::same;
use crate::protocol::guest::content::{ChatContent, EndReason};
use crate::protocol::guest::pin::{PinStage, Proofs};
use crate::protocol::identity::certificate::DeviceId;

use super::chat::Chat;
use super::delta::ChatStep;
use super::event::ChatEvent;
use super::state::Inner;
use crate::client::{Client, Envelope};
use crate::storage::Pending;

/// The end of an attempt, on either side: there is no second guess.
const WRONG: (ChatEvent, ChatStep) = (ChatEvent::PinWrong, ChatStep::End(EndReason::WrongPin));

impl Chat {
    /// Seals the host's share and proof, once, in answer to the share of a guest that came by a link with a
    /// PIN. Keep the message until the server has taken it: there is no second one. Show a guest that does
    /// not answer it as one that did not know the PIN: a cheater sees from the host's proof that it guessed
    /// wrong, and stays silent.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, without a PIN, or if it was answered before;
    /// [`Error::WeakKey`] if the guest's share is not a valid one; [`Error::WrongClient`] if `client` is not
    /// the device that this chat is of; [`Error::OwnDeviceUnlisted`] if that device is no longer one of its
    /// account's; [`Error::Expired`], [`Error::Ended`].
    pub fn answer_pin(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        let transcript = &self.inner.terms.transcript;
        let PinStage::Asked(asked) = self.inner.pin()? else {
            return Err(Error::NotAllowed);
        };
        self.inner.hosted_by(client)?;
        let now = now.supported(client.firm(now.reading()));
        let (pin, guest) = &**asked;
        let secret = client.device().identity().agreement.seed();
        let own = pin.share(secret, transcript, guest, rng);
        let Proofs { host, guest } = Proofs::of_host(&own, guest, transcript)?;
        let answer = ChatContent::PinAnswer { share: *own.public(), proof: *host.expose() };
        self.seal(&answer, ChatStep::Pin(PinStage::Answered { proof: guest }), now, rng)
    }

    /// Seals the guest's proof of the PIN, once the host has proved it ([`ChatEvent::PinAnswered`]), for the
    /// one device that has done so. Keep the message until the server has taken it: there is no second one.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the host's side or before the host's proof; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn prove_pin(
        &mut self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        let PinStage::Ready(ready) = self.inner.pin()? else {
            return Err(Error::NotAllowed);
        };
        let (device, proof) = &**ready;
        let (device, proof) = (*device, ChatContent::PinProof(*proof.expose()));
        self.seal_for(|with| with == device, &proof, ChatStep::Pin(PinStage::Done), now, rng)
    }
}

impl Inner {
    /// Checks, at the guest, the host's answer.
    pub(super) fn pin_answered(
        &self,
        by: DeviceId,
        share: &[u8; 32],
        proof: &[u8; 32],
    ) -> Result<(ChatEvent, ChatStep), Error> {
        let PinStage::Offered(own) = self.pin()? else {
            return Err(Error::NotAllowed);
        };
        // Of another device of the host it would be a guess, or look like the guest's mistake.
        if by != self.peer.device() {
            return Err(Error::NotAllowed);
        }
        let Proofs { host, guest } = Proofs::of_guest(own, share, &self.terms.transcript)?;
        if same(host.expose(), proof) {
            Ok((ChatEvent::PinAnswered, ChatStep::Pin(PinStage::Ready(Box::new((by, guest))))))
        } else {
            Ok(WRONG)
        }
    }

    /// Checks, at the host, the guest's proof.
    pub(super) fn pin_proved(&self, proof: &[u8; 32]) -> Result<(ChatEvent, ChatStep), Error> {
        if self.pin()?.proved_by(proof)? {
            Ok((ChatEvent::PinProved, ChatStep::Pin(PinStage::Done)))
        } else {
            Ok(WRONG)
        }
    }
}
