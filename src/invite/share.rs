//! One link on several devices of its host.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::change::Change;
use crate::chat::Settlement;
use crate::client::Client;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::{Secret, same};
use crate::primitives::sign;
use crate::protocol::course::{InviteDelta, Outcome};
use crate::protocol::grant::{Grant, Settled};
use crate::protocol::identity::DeviceId;
use crate::protocol::invitation::{Approval, Invitation, MAX_SIGNED};
use crate::protocol::posting::{Notice, claim_name};
use crate::protocol::wire;

use super::{Invite, Offer, Status};

impl Invite {
    /// The open link for another own device, which then can take the guest in as well. Send it as
    /// content that only own devices may send. Secret: whoever reads it holds the link, and can end
    /// it in the host's name.
    ///
    /// A PIN stays where it was made: the device that proves it is one, so that a guest has one
    /// guess. The others wait for its record.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`], [`Error::Ended`] for a link that is not open any more.
    pub fn share(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        match &self.inner.status {
            Status::Open { signed, .. } => {
                let mut writer = Writer::begin(wire::VERSION, wire::SHARED_LINK);
                writer.raw(self.inner.owner.seed().expose());
                writer.bytes(signed);
                Ok(writer.secret())
            }
            Status::Settled(_) | Status::Claimed(_) | Status::Contested => {
                Err(Error::AlreadyClaimed)
            }
            Status::Ended => Err(Error::Ended),
        }
    }

    /// Takes the link of another own device ([`Invite::share`]). Save the invite.
    ///
    /// That an own device sent it is what the channel between own devices says: give nothing here
    /// that came another way. That the link is of this account is checked. Adopt a link once
    /// ([`Invite::locator`]): a second invite would take a claim that the first has spent. A record or
    /// notice of a link that has not come yet is to be kept until it comes.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a link of another account, or with another owner's key;
    /// [`Error::Expired`]; [`Error::Unlisted`] if this device is no more one of its account's;
    /// [`Error::BadSignature`], [`Error::WeakKey`], [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn adopt(client: &Client, shared: &[u8], now: u64) -> Result<Self, Error> {
        let (seed, signed) = Reader::all(shared, |reader| {
            reader.begin(wire::VERSION, wire::SHARED_LINK)?;
            let seed = Box::new(Secret::copy(reader.array()?));
            Ok((seed, Zeroizing::new(reader.bytes(MAX_SIGNED)?.to_vec())))
        })?;
        let now = client.hosting(now)?;
        let invitation = Invitation::decode(&signed)?;
        let owner = sign::SecretKey::from_seed(seed.duplicate());
        let host = &invitation.host;
        let is_ours = host.account() == client.list().account()
            && host.account_key() == client.list().account_key()
            && owner.public() == invitation.owner;
        if !is_ours {
            return Err(Error::WrongPeer);
        }
        if now > invitation.policy.expires {
            return Err(Error::Expired);
        }
        let offer = Offer { invitation, signed, owner, pin: None, made: false };
        Ok(Self::new(client, offer, now))
    }

    /// Takes the record of a grant that another own device made ([`Chat::record`]). An open link then
    /// takes that claim and no other, and after its time none; one that has taken another claim is
    /// contested: end the chat with [`Chat::settle`], too, in the same write. A link with a PIN takes the
    /// word of the device that made it and of no other.
    ///
    /// [`Chat::record`]: crate::Chat::record
    /// [`Chat::settle`]: crate::Chat::settle
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for the record of another link, and if an open link is not of this
    /// client's account; [`Error::Unlisted`] if the device that granted is not one of this account's;
    /// [`Error::BadSignature`]; [`Error::NotAllowed`] for an open link with a PIN that the device did
    /// not make; [`Error::Ended`] for a link that ended here by its time; [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn settle(
        &self,
        client: &Client,
        record: &[u8],
        now: u64,
    ) -> Result<(Settlement, Option<Change>), Error> {
        let inner = &*self.inner;
        let Grant { invitation, transcript, word, .. } = Grant::decode(record, client.list())?;
        if invitation != inner.invitation {
            return Err(Error::WrongPeer);
        }
        let now = now.max(inner.clock);
        let ours = match &inner.status {
            Status::Open { signed, .. } => {
                Self::trusts(client, signed, word.host)?;
                None
            }
            Status::Settled(settled) => Some(&settled.transcript),
            Status::Claimed(ours) => Some(ours),
            Status::Contested => return Ok((Settlement::Contested, None)),
            Status::Ended => return self.over(),
        };
        let (settlement, outcome) = match (ours, &inner.status) {
            (Some(ours), _) if same(ours, &transcript) => return Ok((Settlement::Known, None)),
            // Too late to take the claim: nothing is kept that opens it.
            (None, _) if now > inner.policy.expires => {
                (Settlement::Taken, Outcome::Claimed(transcript))
            }
            (None, Status::Open { link, .. }) => {
                let keys = link.keys();
                let (psk, record_key) = (keys.psk()?, keys.record_key());
                let settled = Box::new(Settled { transcript, word, psk, record_key });
                (Settlement::Taken, Outcome::Settled(settled))
            }
            _ => (Settlement::Contested, Outcome::Contested),
        };
        Ok((settlement, Some(self.change(InviteDelta { now, outcome })?)))
    }

    /// Takes the notice of another own device ([`Invite::notice`]), from it or from the server: it is
    /// signed with the link's own key. An open link that was taken back there ends here; one that has
    /// taken another claim than the notice names is contested: end its chat with
    /// [`Chat::block`](crate::Chat::block), too, in the same write.
    ///
    /// An open link stays open where the notice says that it is claimed: it may take that claim, too.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`] for the notice of a link taken back, of which a claim is taken here:
    /// tell the user, who may deny the guest; [`Error::Ended`] for a link that ended here by its time;
    /// [`Error::WrongPeer`], [`Error::BadSignature`], [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn heed(&self, notice: &[u8], now: u64) -> Result<(Settlement, Option<Change>), Error> {
        let inner = &*self.inner;
        let claimed = Notice::decode(notice, inner.locator, &inner.owner.public())?;
        let ours = match &inner.status {
            Status::Open { .. } => None,
            Status::Settled(settled) => Some(&settled.transcript),
            Status::Claimed(ours) => Some(ours),
            Status::Contested => return Ok((Settlement::Contested, None)),
            Status::Ended if claimed.is_none() => return Ok((Settlement::Known, None)),
            Status::Ended => return self.over(),
        };
        let (settlement, outcome) = match (ours.map(claim_name), claimed) {
            (None, None) => (Settlement::Taken, Outcome::Ended),
            (None, Some(_)) => return Ok((Settlement::Known, None)),
            (Some(_), None) => return Err(Error::AlreadyClaimed),
            (Some(ours), Some(theirs)) if ours == theirs => return Ok((Settlement::Known, None)),
            (Some(_), Some(_)) => (Settlement::Contested, Outcome::Contested),
        };
        let now = now.max(inner.clock);
        Ok((settlement, Some(self.change(InviteDelta { now, outcome })?)))
    }

    /// Whether an open link goes by the word of a device of the client's account: with a PIN only by
    /// that of the device that made the link. No other can have seen it proved.
    fn trusts(client: &Client, signed: &[u8], by: DeviceId) -> Result<(), Error> {
        let Invitation { host, policy, .. } = Invitation::decode(signed)?;
        if host.account() != client.list().account() {
            return Err(Error::WrongPeer);
        }
        if policy.approval == Approval::Pin && host.device() != by {
            return Err(Error::NotAllowed);
        }
        Ok(())
    }

    /// What it means that another own device has taken a guest in by a link that is over here. One
    /// that was taken back was to let nobody in; one that has seen its time end without a claim has
    /// only heard late.
    fn over(&self) -> Result<(Settlement, Option<Change>), Error> {
        if self.inner.clock > self.inner.policy.expires {
            return Err(Error::Ended);
        }
        Ok((Settlement::Contested, None))
    }
}
