//! Whoever claims a link: a guest, from what it draws for its claim to its first messages.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::kdf::drawn;
use crate::primitives::secret::Secret;
use crate::protocol::content::Text;
use crate::protocol::guest::claim;
use crate::protocol::guest::claim::{Addressed, GuestId, bundle_hash, guest_identity};
use crate::protocol::guest::link::Locator;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::handshake::continuation::Continuation;
use crate::protocol::handshake::prekeys::PrekeySet;
use crate::protocol::handshake::x3dh::{Binding, InitiatorHandshake};
use crate::protocol::identity::certificate::Identity;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::labels;
use crate::protocol::ratchet::Ratchet;
use crate::session::Session;

/// The content of a claim as far as it is known before anything is drawn for it.
pub(super) struct Terms<'a> {
    pub(super) invitation: &'a [u8; 32],
    pub(super) list: &'a DeviceList,
    pub(super) hosts: &'a [&'a Bundle],
    pub(super) name: &'a str,
}

impl Terms<'_> {
    /// Encodes it, with the time of the claim.
    pub(super) fn encode(&self, texts: &[Text], now: u64) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        writer.raw(self.invitation);
        writer.u64(now);
        writer.raw(&self.list.hash().0);
        writer.list(self.hosts, |host, writer| writer.raw(&bundle_hash(host)));
        writer.bytes(self.name.as_bytes());
        writer.list(texts, |text, writer| writer.bytes(text.as_bytes()));
        writer.secret()
    }
}

/// A guest's secrets, made for one link and one claim.
pub(super) struct Guest {
    pub(super) uid: GuestId,
    pub(super) identity: Identity,
    /// For late devices, as long as the chat lives.
    pub(super) prekeys: PrekeySet,
    pub(super) join: Secret<32>,
}

/// The handshake with one device of the host, before anything is sealed under it.
pub(super) struct HostHandshake<'a> {
    host: &'a Bundle,
    handshake: Box<InitiatorHandshake<'a>>,
    continuation: Continuation,
}

/// The sessions of a claim, and its first messages with what the transcript says of each.
pub(super) type Begun = (Vec<Session>, Vec<(Addressed, Vec<u8>)>);

impl Guest {
    /// Makes the secrets of a claim with these terms.
    pub(super) fn generate(
        locator: Locator,
        about: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Self {
        // A guest has no secret but the link, and that is not the guest's alone.
        let label = labels::GUEST_SECRETS;
        let uid = *drawn(label, &[about, &[1]], rng).expose();
        let identity = guest_identity(&drawn(label, &[about, &[2]], rng), &uid, locator);
        let prekeys = PrekeySet::generate(&identity, &[], now, rng);
        Self { uid, identity, prekeys, join: drawn(label, &[about, &[3]], rng) }
    }

    /// Draws a handshake with each device of the host.
    pub(super) fn handshakes<'a>(
        &'a self,
        hosts: Vec<&'a Bundle>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Vec<HostHandshake<'a>> {
        let continuation = Continuation::new(now);
        let open = |host| {
            let handshake = InitiatorHandshake::generate(&self.identity, host, continuation, rng);
            HostHandshake { host, handshake: Box::new(handshake), continuation }
        };
        hosts.into_iter().map(open).collect()
    }

    /// Computes the transcript to which all of them are bound.
    pub(super) fn transcript(
        &self,
        invitation: &[u8; 32],
        handshakes: &[HostHandshake<'_>],
    ) -> [u8; 32] {
        let addressed: Vec<_> = handshakes.iter().map(HostHandshake::addressed).collect();
        let (certificate, prekeys) = (&self.identity.certificate, &self.prekeys.public);
        claim::transcript(invitation, &self.uid, certificate, prekeys, &addressed)
    }

    /// Seals the same content for every device of the host.
    pub(super) fn seal(
        &self,
        handshakes: Vec<HostHandshake<'_>>,
        binding: &Binding<'_>,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Begun, Error> {
        let mut sessions = Vec::with_capacity(handshakes.len());
        let mut envelopes = Vec::with_capacity(handshakes.len());
        for handshake in handshakes {
            let addressed = handshake.addressed();
            let mut session = handshake.begin(&self.identity, binding)?;
            envelopes.push((addressed, session.encrypt(content, rng)?));
            sessions.push(session);
        }
        Ok((sessions, envelopes))
    }
}

impl HostHandshake<'_> {
    fn addressed(&self) -> Addressed {
        Addressed::new(self.host, &self.handshake)
    }

    fn begin(&self, guest: &Identity, binding: &Binding<'_>) -> Result<Session, Error> {
        let (keys, prefix) = self.handshake.initiate(guest, Some(binding))?;
        let ratchet = Ratchet::initiate(keys, self.host.signed_prekeys.signed);
        let (peer, one_time) = (self.host.certificate().clone(), self.host.has_one_time_prekey());
        Session::initiate(ratchet, peer, prefix, one_time, self.continuation)
    }
}
