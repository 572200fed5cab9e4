//! Proving the PIN of a link, on either side: `spec/guest-links.md`, "PIN".
//!
//! ```text
//! guest, with its claim: share ─────────▶ host: answer_pin
//! guest: prove_pin ◀───────── share, proof
//!                  proof ───────────────▶ host: may grant
//! ```

use alloc::boxed::Box;

use rand_core::CryptoRng;

use crate::change::Sealed;
use crate::client::Client;
use crate::error::Error;
use crate::primitives::secret::same;
use crate::protocol::content::{Content, EndReason};
use crate::protocol::identity::DeviceId;
use crate::protocol::pin::{PinStage, Proofs};

use super::delta::Step;
use super::stage::Inner;
use super::{Chat, Event};

/// What ends both sides' attempt: there is no second guess.
const WRONG: (Event, Step) = (Event::PinWrong, Step::End(EndReason::WrongPin));

impl Chat {
    /// For the host of a link with a PIN: seals its share and its proof, once, in answer to the
    /// guest's share. Keep the message until the server has taken it: there is no second one. Show
    /// a guest that does not answer it as one that did not know the PIN: a cheater sees from the
    /// host's proof that it guessed wrong, and stays silent.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, without a PIN, or if it was answered before;
    /// [`Error::WeakKey`] if the guest's share is not one;
    /// [`Error::BadArgument`] if `client` is not the device that this chat is of;
    /// [`Error::Unlisted`] if that device is no more one of its account's; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn answer_pin(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = self.speaking(now)?;
        let transcript = &self.inner.terms.transcript;
        let PinStage::Asked(asked) = self.inner.pin()? else {
            return Err(Error::NotAllowed);
        };
        self.inner.hosted_by(client)?;
        let (pin, guest) = &**asked;
        let own = pin.share(transcript, rng);
        let Proofs { host, guest } = Proofs::of_host(&own, guest, transcript)?;
        let answer = Content::PinAnswer { share: *own.public(), proof: *host.expose() };
        self.seal(&answer, Step::Pin(PinStage::Answered { proof: guest }), now, rng)
    }

    /// For the guest, once the host has proved the PIN ([`Event::PinAnswered`]): seals its own
    /// proof, for the one device that has proved it. Keep the message until the server has taken it:
    /// there is no second one.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the host's side or before the host's proof; [`Error::Expired`],
    /// [`Error::Ended`].
    pub fn prove_pin(
        &mut self,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed<'_, Self>, Error> {
        let now = self.speaking(now)?;
        let PinStage::Ready(ready) = self.inner.pin()? else {
            return Err(Error::NotAllowed);
        };
        let (device, proof) = &**ready;
        let (device, proof) = (*device, Content::PinProof(*proof.expose()));
        self.seal_for(|with| with == device, &proof, Step::Pin(PinStage::Done), now, rng)
    }
}

impl Inner {
    /// At the guest: the host's answer.
    pub(super) fn pin_answered(
        &self,
        by: DeviceId,
        share: &[u8; 32],
        proof: &[u8; 32],
    ) -> Result<(Event, Step), Error> {
        let PinStage::Offered(own) = self.pin()? else {
            return Err(Error::NotAllowed);
        };
        let Proofs { host, guest } = Proofs::of_guest(own, share, &self.terms.transcript)?;
        if same(host.expose(), proof) {
            Ok((Event::PinAnswered, Step::Pin(PinStage::Ready(Box::new((by, guest))))))
        } else {
            Ok(WRONG)
        }
    }

    /// At the host: the guest's proof.
    pub(super) fn pin_proved(&self, proof: &[u8; 32]) -> Result<(Event, Step), Error> {
        if self.pin()?.proved_by(proof)? {
            Ok((Event::PinProved, Step::Pin(PinStage::Done)))
        } else {
            Ok(WRONG)
        }
    }
}
