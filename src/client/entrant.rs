//! A new device between its acceptance and its briefing: `spec/linking.md`, "Briefing".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::identity::certificate::{AccountKind, Certificate, Identity};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::linking::AcceptedOffer;
use crate::protocol::identity::linking::briefing::BriefingKey;
use crate::protocol::identity::linking::code::{LinkingPurpose, RendezvousId};
use crate::storage::{Anchor, Never, Stateful};

/// The time in seconds for which an entrant takes its briefing: an hour.
const BRIEFING_LIFE: u64 = 3600;

/// A device that has accepted a primary's offer and waits for the briefing. Secret.
///
/// It can write to nobody and learn no list: whom the account knows, and by which keys, it hears from the
/// primary and not from a server. After an hour it is good for nothing; delete it, and link the device anew. If
/// the primary has admitted it meanwhile, its user removes it there ([`Client::remove`](super::Client::remove)).
pub struct Entrant {
    pub(super) inner: Box<Inner>,
}

redacted!(Entrant, |entrant| certificate = entrant.certificate());

pub(super) struct Inner {
    /// The purpose of its code: whether its briefing has the account.
    pub(super) purpose: LinkingPurpose,
    pub(super) identity: Identity,
    pub(super) briefing: BriefingKey,
    rendezvous: RendezvousId,
    pub(super) accepted: u64,
    /// The account's devices when the offer was made.
    pub(super) list: DeviceList,
}

impl Entrant {
    /// Makes the entrant of an offer that was accepted now.
    pub(super) fn new(accepted: AcceptedOffer, rendezvous: RendezvousId, now: u64) -> Self {
        let AcceptedOffer { purpose, identity, list, briefing, acceptance: _ } = accepted;
        let inner = Inner { purpose, identity, briefing, rendezvous, accepted: now, list };
        Self { inner: Box::new(inner) }
    }

    /// Returns the certificate that the device will have.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.inner.identity.certificate
    }

    /// Returns what the device is to become: what its code said ([`NewDevice::purpose`](super::NewDevice::purpose)).
    #[must_use]
    pub fn purpose(&self) -> LinkingPurpose {
        self.inner.purpose
    }

    /// Returns where the device waits for the briefing on a server: the id of its code.
    #[must_use]
    pub fn rendezvous(&self) -> RendezvousId {
        self.inner.rendezvous
    }

    /// Returns the last second at which it takes its briefing.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.inner.accepted.saturating_add(BRIEFING_LIFE)
    }
}

impl Stateful for Entrant {
    const KIND: u8 = 0x0a;

    type Delta = Never;
    fn write(&self, writer: &mut Writer) {
        let inner = &*self.inner;
        inner.purpose.write(writer);
        inner.identity.write(writer);
        inner.briefing.write(writer);
        writer.raw(&inner.rendezvous.0);
        writer.u64(inner.accepted);
        inner.list.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let purpose = LinkingPurpose::read(reader)?;
        let identity = Identity::read(reader)?;
        let briefing = BriefingKey::read(reader)?;
        let (rendezvous, accepted) = (RendezvousId(*reader.array()?), reader.u64()?);
        let list = DeviceList::recall(reader)?;
        let certificate = &identity.certificate;
        let is_new = list.device(certificate.device()).is_none();
        let is_ours = certificate.kind() == AccountKind::Member
            && certificate.account() == list.first_id()
            && certificate.account_key() == list.account_key();
        if !(is_new && is_ours) {
            return Err(Error::Malformed);
        }
        let inner = Inner { purpose, identity, briefing, rendezvous, accepted, list };
        Ok(Self { inner: Box::new(inner) })
    }

    fn stands(&self) -> Anchor {
        let inner = &*self.inner;
        let core = inner.identity.certificate.core();
        Anchor::start(Self::KIND, &core, inner.briefing.transcript())
    }

    fn advance(&mut self, _next: Anchor, delta: Never) {
        match delta {}
    }
}
