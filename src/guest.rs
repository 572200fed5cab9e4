//! The guest's side of a link, until it has claimed the chat.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

use crate::chat::{Chat, Terms};
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::protocol::bundle::Bundle;
use crate::protocol::claim::{self, Addressed, guest_identity};
use crate::protocol::content::{Content, Text, text};
use crate::protocol::descent::Descent;
use crate::protocol::handshake::{Binding, Opening};
use crate::protocol::identity::{AccountKind, Certificate};
use crate::protocol::invitation::{self, Approval, Invitation, Policy, is_name};
use crate::protocol::link::Link;
use crate::protocol::pin::{Pin, PinStage};
use crate::protocol::posting::Notice;
use crate::protocol::ratchet::Ratchet;
use crate::session::Session;

impl Link {
    /// Opens the stored invitation and checks that it is the one the link commits to. Writes
    /// nothing, spends nothing, and may be called as often as one likes: looking is not claiming.
    ///
    /// `origin` is the service that this client belongs to.
    ///
    /// # Errors
    ///
    /// [`Error::WrongInvitation`] if the server gave anything but the host's invitation,
    /// [`Error::WrongOrigin`], [`Error::Expired`]; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`], [`Error::BadSignature`] or [`Error::WeakKey`] if the host itself made it wrong.
    pub fn open(&self, sealed_invitation: &[u8], origin: &str, now: u64) -> Result<Preview, Error> {
        let invitation = invitation::open(self, sealed_invitation)?;
        if invitation.origin != origin {
            return Err(Error::WrongOrigin);
        }
        if now > invitation.policy.expires {
            return Err(Error::Expired);
        }
        let link = Self::from_secret(self.secret().duplicate());
        Ok(Preview { link, invitation, pin: None })
    }
}

/// A verified invitation: who invites, and to what. Secret, because it holds the link.
pub struct Preview {
    link: Link,
    invitation: Invitation,
    pin: Option<Pin>,
}

impl Preview {
    /// The host's device that signed the invitation, and its account.
    #[must_use]
    pub fn host(&self) -> &Certificate {
        &self.invitation.host
    }

    /// What the link allows, and the host's name.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.invitation.policy
    }

    /// What a notice from the server means: that the link is claimed or taken back.
    #[must_use]
    pub fn explain(&self, notice: &[u8]) -> Error {
        match Notice::decode(notice, self.link.locator(), &self.invitation.owner) {
            Ok(Some(_)) => Error::AlreadyClaimed,
            Ok(None) => Error::Ended,
            Err(error) => error,
        }
    }

    /// Takes the PIN that the host told the guest over another way than the link.
    ///
    /// Offer to enter one for *every* link, also for one that asks for none: whoever put another
    /// link in the place of the host's would rather not be asked. Each claim with a PIN gives the
    /// other side one guess: once a PIN was wrong, or a claim with it was made, do not use that
    /// link again ([`Chat::locator`]).
    ///
    /// # Errors
    ///
    /// [`Error::PinNotAsked`] if the invitation asks for none; the preview is gone with it.
    pub fn enter(self, pin: Pin) -> Result<Self, Error> {
        if self.invitation.policy.approval != Approval::Pin {
            return Err(Error::PinNotAsked);
        }
        Ok(Self { pin: Some(pin), ..self })
    }

    /// Claims the chat. Call it only when the person has asked for it: the first claim is the
    /// only one.
    ///
    /// Makes the guest's keys, from fresh randomness and for this link alone, and a first message
    /// to the host's device with the guest's `name` and first `texts`. Save the chat, then send
    /// the claim; keep the claim's bytes until the server has taken them, and send the same bytes
    /// again if in doubt. Then drop the preview and the [`Link`]: the link is erased with them.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a bundle of another account than the invitation's;
    /// [`Error::StalePrekey`] for one outside its validity time; [`Error::NotAllowed`] for a PIN
    /// that is missing, for texts before a PIN is proved, for a name
    /// of more than 64 bytes or with control characters, and for texts that the policy does not allow; [`Error::Expired`];
    /// [`Error::WeakKey`].
    pub fn claim(
        &self,
        host: &Bundle,
        name: &str,
        texts: &[&str],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Chat, Vec<u8>), Error> {
        let policy = &self.invitation.policy;
        if now > policy.expires {
            return Err(Error::Expired);
        }
        self.check(host, now)?;
        if self.pin.is_some() != (policy.approval == Approval::Pin) {
            return Err(Error::NotAllowed);
        }
        let (name, first) = introduction(policy, name, texts)?;

        let keys = self.link.keys();
        let mut uid = [0; 16];
        rng.fill_bytes(&mut uid);
        let seed = Secret::fill(|out| rng.fill_bytes(out));
        let identity = guest_identity(&seed, &uid, keys.locator());
        let descent = Descent::new(now);
        let opening = Opening::generate(&identity, host, descent, rng);
        let addressed = Addressed::new(host, &opening);
        let invitation = keys.invitation_id();
        let devices = [addressed];
        let transcript = claim::transcript(&invitation, &uid, &identity.certificate, &devices);

        let psk = keys.psk()?;
        let binding = Binding { psk: &psk, context: &transcript };
        let (session_keys, prefix) = opening.initiate(&identity, Some(&binding))?;
        let ratchet = Ratchet::initiate(session_keys, host.lasting.signed);
        let one_time = host.has_one_time_prekey();
        let peer = host.certificate().clone();
        let mut session = Session::initiate(ratchet, peer, prefix, one_time, descent)?;
        let share = self.pin.as_ref().map(|pin| pin.share(&transcript, rng));
        let hello =
            Content::Hello { name, texts: first, share: share.as_ref().map(|own| *own.public()) };
        let message = session.encrypt(&hello.encode(), rng)?;

        let devices: Vec<_> = devices.into_iter().zip([message]).collect();
        let claim = claim::encode(&keys, &uid, &identity, &transcript, &devices, rng)?;
        let terms = Terms {
            invitation,
            transcript,
            locator: keys.locator(),
            owner: self.invitation.owner,
            policy: self.invitation.policy.clone(),
        };
        let pin = share.map_or(PinStage::Done, |share| PinStage::Offered(Box::new(share)));
        let waiting = (texts.len(), pin);
        let chat = Chat::guest(session, &identity.certificate, &terms, waiting, now)?;
        Ok((chat, claim))
    }

    /// Whether a bundle is of a device of the host's account, and in its time.
    fn check(&self, bundle: &Bundle, now: u64) -> Result<(), Error> {
        let (ours, theirs) = (&self.invitation.host, bundle.certificate());
        let is_host = theirs.kind() == AccountKind::Member
            && theirs.account() == ours.account()
            && theirs.account_key() == ours.account_key();
        if is_host { bundle.check(now) } else { Err(Error::WrongPeer) }
    }
}

/// The name and first texts, if the policy allows them. With a PIN there are no texts before it is
/// proved: whoever altered the link would read them.
fn introduction(policy: &Policy, name: &str, texts: &[&str]) -> Result<(String, Vec<Text>), Error> {
    let most = if policy.approval == Approval::Pin { 0 } else { policy.max_pending };
    if !is_name(name) || texts.len() > usize::from(most) {
        return Err(Error::NotAllowed);
    }
    let texts = texts.iter().map(|one| text(one.as_bytes(), policy));
    Ok((name.to_string(), texts.collect::<Result<_, Error>>()?))
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview").field("host", self.host()).finish_non_exhaustive()
    }
}
