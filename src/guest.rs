//! The guest's side of a link, until it has claimed the chat.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

use crate::chat::{Beginning, Chat, Terms};
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::protocol::bundle::Bundle;
use crate::protocol::claim::{self, Addressed, guest_identity};
use crate::protocol::content::{Content, Text, text};
use crate::protocol::descent::Descent;
use crate::protocol::devices::DeviceList;
use crate::protocol::handshake::{Binding, Opening, Psk};
use crate::protocol::identity::Certificate;
use crate::protocol::invitation::{self, Approval, Invitation, Policy, is_name};
use crate::protocol::join::{Joining, Reception};
use crate::protocol::letter::Listed;
use crate::protocol::link::Link;
use crate::protocol::pin::{Pin, PinStage};
use crate::protocol::posting::Notice;
use crate::protocol::prekeys::Generation;
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
    /// [`Error::WrongKind`], [`Error::BadSignature`] or [`Error::WeakKey`] if the host itself made
    /// it wrong.
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
    /// `list` is the host account's newest device list, and `hosts` are bundles of its devices, in
    /// any order. Fetch one of every device that is listed, each with a one-time prekey: a device
    /// without a bundle is left out, and cannot answer the guest.
    ///
    /// Makes the guest's keys, from fresh randomness and for this link alone, and a first message
    /// to each device of the host with the guest's `name` and first `texts`. Save the chat, then
    /// send the claim; keep the claim's bytes until the server has taken them, and send the same
    /// bytes again if in doubt. Then drop the preview and the [`Link`]: the link is erased with
    /// them.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a list of another account than the invitation's, and for a bundle
    /// of a device that is not in the list; [`Error::ListExpired`] for a list outside its validity
    /// time; [`Error::ListRollback`] for one that is older than the invitation, [`Error::ListFork`]
    /// for one that does not descend from the list that the invitation names, [`Error::ListGap`]
    /// for one that does not reach back to it; [`Error::BadArgument`] without a bundle, and for two
    /// of one device; [`Error::StalePrekey`] for one outside its validity time;
    /// [`Error::NotAllowed`] for a PIN that is missing, for texts before a PIN is proved, for a
    /// name of more than 64 bytes or that is no line (`spec/README.md`, "Lines"), and for texts
    /// that the policy does not allow; [`Error::Expired`]; [`Error::WeakKey`].
    pub fn claim(
        &self,
        list: &DeviceList,
        hosts: &[Bundle],
        name: &str,
        texts: &[&str],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Chat, Vec<u8>), Error> {
        let policy = &self.invitation.policy;
        if now > policy.expires {
            return Err(Error::Expired);
        }
        self.check_list(list, now)?;
        let hosts = addressed(list, hosts, now)?;
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
        // For devices of the host that are linked later, as long as the chat lives.
        let generation = Generation::generate(&identity, now, rng);
        let join = Secret::fill(|out| rng.fill_bytes(out));
        let open = |host| (host, Box::new(Opening::generate(&identity, host, descent, rng)));
        let openings: Vec<(&Bundle, Box<Opening<'_>>)> = hosts.into_iter().map(open).collect();
        let addressed: Vec<_> =
            openings.iter().map(|(host, opening)| Addressed::new(host, opening)).collect();
        let invitation = keys.invitation_id();
        let transcript = {
            let (guest, lasting) = (&identity.certificate, &generation.public);
            claim::transcript(&invitation, &uid, guest, lasting, &addressed)
        };

        let share = self.pin.as_ref().map(|pin| pin.share(&transcript, rng));
        let hello = Content::Hello {
            name,
            texts: first,
            share: share.as_ref().map(|own| *own.public()),
            join: Box::new(Psk::new(join.duplicate())?),
        };
        let hello = hello.encode(&Listed::of(list));
        let psk = keys.psk()?;
        let binding = Binding { psk: &psk, context: &transcript };
        let mut sessions = Vec::with_capacity(openings.len());
        let mut envelopes = Vec::with_capacity(openings.len());
        for ((host, opening), addressed) in openings.iter().zip(addressed) {
            let (session_keys, prefix) = opening.initiate(&identity, Some(&binding))?;
            let ratchet = Ratchet::initiate(session_keys, host.lasting.signed);
            let (peer, one_time) = (host.certificate().clone(), host.has_one_time_prekey());
            let mut session = Session::initiate(ratchet, peer, prefix, one_time, descent)?;
            envelopes.push((addressed, session.encrypt(&hello, rng)?));
            sessions.push(session);
        }
        let claim = {
            let guest = (&identity, &generation.public);
            claim::encode(&keys, &uid, guest, &transcript, &envelopes, rng)?
        };
        let terms = Terms {
            invitation,
            transcript,
            locator: keys.locator(),
            owner: self.invitation.owner,
            policy: policy.clone(),
        };
        let beginning = Beginning {
            terms,
            own: identity.certificate,
            peer: self.invitation.host.clone(),
            peer_name: policy.host_name.clone(),
            list: list.clone(),
            pending: texts.len(),
            pin: share.map_or(PinStage::Done, |share| PinStage::Offered(Box::new(share))),
            granted: None,
            sessions,
            reported: Listed::of(list),
            joining: Joining::Guest(Box::new(Reception {
                agreement: identity.agreement,
                generation,
                key: Psk::new(join)?,
            })),
        };
        Ok((Chat::begin(beginning, now)?.0, claim))
    }

    /// Whether a list is the host account's, in its time, and the one that the invitation names or
    /// a later one of the same history.
    fn check_list(&self, list: &DeviceList, now: u64) -> Result<(), Error> {
        let Invitation { host, listed, .. } = &self.invitation;
        if list.account() != host.account() || list.account_key() != host.account_key() {
            return Err(Error::WrongPeer);
        }
        list.check(now)?;
        if list.epoch() < listed.epoch {
            return Err(Error::ListRollback);
        }
        match list.hash_at(listed.epoch) {
            Some(hash) if hash == listed.hash => Ok(()),
            Some(_) => Err(Error::ListFork),
            None => Err(Error::ListGap),
        }
    }
}

/// The bundles in ascending order of their devices, which are those of the list, each once and in
/// its time.
fn addressed<'a>(
    list: &DeviceList,
    hosts: &'a [Bundle],
    now: u64,
) -> Result<Vec<&'a Bundle>, Error> {
    for host in hosts {
        if list.device(host.certificate().device()) != Some(host.certificate()) {
            return Err(Error::WrongPeer);
        }
        host.check(now)?;
    }
    let device = |host: &&Bundle| host.certificate().device();
    let mut hosts: Vec<&Bundle> = hosts.iter().collect();
    hosts.sort_unstable_by_key(device);
    let is_set = hosts.is_sorted_by(|one, two| device(one) < device(two));
    if hosts.is_empty() || !is_set { Err(Error::BadArgument) } else { Ok(hosts) }
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
