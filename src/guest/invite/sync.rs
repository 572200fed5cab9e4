//! Links, grants and notices that the devices of one host share with each other.

use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::same;
use crate::primitives::sign;
use crate::protocol::guest::grant::{GrantedElsewhere, SharedGrant};
use crate::protocol::guest::invitation::{Approval, Invitation, MAX_SIGNED};
use crate::protocol::guest::server_copy::{Notice, claim_hash};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::wire;

use super::delta::InviteChange;
use super::invite::{Invite, Offer, Status};
use crate::client::{Client, OwnObject};
use crate::guest::chat::SyncOutcome;
use crate::storage::Pending;

impl Invite {
    /// Returns the shared link, for another own device, which then can let the guest in as well
    /// ([`Client::plan_object`]). Secret: whoever reads it holds the link, and can end it in the host's name.
    ///
    /// A PIN stays where it was made: one device proves it, so that a guest has one guess. The others wait
    /// for that device's grant.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`], [`Error::Ended`] for a link that is not open any more.
    pub fn export(&self) -> Result<OwnObject, Error> {
        match &self.inner.status {
            Status::Open { signed, .. } => {
                let mut writer = Writer::begin(wire::VERSION, wire::SHARED_LINK);
                writer.raw(self.inner.owner.seed().expose());
                writer.bytes(signed);
                Ok(OwnObject::new(writer.secret()))
            }
            Status::GrantedElsewhere(_) | Status::Claimed(_) | Status::Contested => {
                Err(Error::AlreadyClaimed)
            }
            Status::Ended => Err(Error::Ended),
        }
    }

    /// Takes the link of another own device ([`Invite::export`]). Save the invite.
    ///
    /// That an own device sent it is what an [`OwnObject`] stands for; that the link is of this account is
    /// checked. Import a link once
    /// ([`Invite::locator`]): a second invite would take a claim again that the first has spent. Keep a grant
    /// or notice of a link that has not come yet until the link comes.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a link of another account, or with another owner's key; [`Error::Expired`];
    /// [`Error::OwnDeviceUnlisted`] if this device is no longer one of its account's;
    /// [`Error::BadSignature`], [`Error::WeakKey`], [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`].
    pub fn import(client: &Client, shared: &OwnObject, now: u64) -> Result<Self, Error> {
        let (seed, signed) = Reader::all(shared.as_bytes(), |reader| {
            reader.begin(wire::VERSION, wire::SHARED_LINK)?;
            let seed = Box::new(reader.secret()?);
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
        if now.seconds() > invitation.policy.expires {
            return Err(Error::Expired);
        }
        let offer = Offer { invitation, signed, owner, pin: None, made: false };
        Ok(Self::new(client, offer, now))
    }

    /// Takes the shared grant of another own device ([`Chat::export_grant`]). An open link then takes that
    /// claim and no other, and after its time none; one that has taken another claim is contested: end the
    /// chat with [`Chat::sync_grant`], too, in the same write. A link with a PIN takes a grant of the device
    /// that made it and of no other.
    ///
    /// [`Chat::export_grant`]: crate::guest::Chat::export_grant
    /// [`Chat::sync_grant`]: crate::guest::Chat::sync_grant
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a grant of another link, and if an open link is not of this client's account;
    /// [`Error::Unlisted`] if the device that granted is not one of this account's; [`Error::BadSignature`];
    /// [`Error::NotAllowed`] for an open link with a PIN that the device did not make; [`Error::Ended`] for a
    /// link that ended here by its time; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`].
    pub fn sync_grant(
        &mut self,
        client: &Client,
        shared: &OwnObject,
        now: u64,
    ) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        let inner = &*self.inner;
        let SharedGrant { invitation, transcript, grant, .. } =
            SharedGrant::decode(shared.as_bytes(), client.list())?;
        if invitation != inner.invitation {
            return Err(Error::WrongPeer);
        }
        let now = inner.clock.now(now);
        let ours = match &inner.status {
            Status::Open { signed, link, .. } => {
                Self::trusts(client, signed, grant.host)?;
                let change = if now.seconds() > inner.policy.expires {
                    // Too late to take the claim: nothing is kept that opens it.
                    InviteChange::Claimed(transcript)
                } else {
                    let keys = link.keys();
                    let (psk, credentials_key) = (keys.psk()?, keys.credentials_key());
                    InviteChange::GrantedElsewhere(Box::new(GrantedElsewhere {
                        transcript,
                        grant,
                        psk,
                        credentials_key,
                    }))
                };
                return Ok(self.changed(now, change, SyncOutcome::Taken));
            }
            Status::GrantedElsewhere(granted) => &granted.transcript,
            Status::Claimed(ours) => ours,
            Status::Contested => return Ok(Pending::maybe(self, None, SyncOutcome::Contested)),
            Status::Ended => return self.over(),
        };
        if same(ours, &transcript) {
            return Ok(Pending::maybe(self, None, SyncOutcome::Known));
        }
        Ok(self.changed(now, InviteChange::Contested, SyncOutcome::Contested))
    }

    /// Takes the notice of another own device ([`Invite::notice`]), from it or from the server: it is signed
    /// with the link's owner key. An open link that was taken back there ends here; one that has taken
    /// another claim than the notice names is contested: end its chat with
    /// [`Chat::block`](crate::guest::Chat::block), too, in the same write.
    ///
    /// An open link stays open where the notice says that it is claimed: it may take that claim, too.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`] for the notice of a link taken back, of which a claim is taken here:
    /// tell the user, who may deny the guest; [`Error::Ended`] for a link that ended here by its time;
    /// [`Error::WrongPeer`], [`Error::BadSignature`], [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn sync_notice(
        &mut self,
        notice: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        let inner = &*self.inner;
        let claimed = Notice::decode(notice, inner.locator, &inner.owner.public())?;
        let now = inner.clock.now(now);
        let ours = match &inner.status {
            Status::Open { .. } => {
                return Ok(match claimed {
                    None => self.changed(now, InviteChange::Ended, SyncOutcome::Taken),
                    Some(_) => Pending::maybe(self, None, SyncOutcome::Known),
                });
            }
            Status::GrantedElsewhere(granted) => &granted.transcript,
            Status::Claimed(ours) => ours,
            Status::Contested => return Ok(Pending::maybe(self, None, SyncOutcome::Contested)),
            Status::Ended if claimed.is_none() => {
                return Ok(Pending::maybe(self, None, SyncOutcome::Known));
            }
            Status::Ended => return self.over(),
        };
        let theirs = claimed.ok_or(Error::AlreadyClaimed)?;
        if claim_hash(ours) == theirs {
            return Ok(Pending::maybe(self, None, SyncOutcome::Known));
        }
        Ok(self.changed(now, InviteChange::Contested, SyncOutcome::Contested))
    }

    /// Checks that an open link takes a grant of this device of the client's account: with a PIN only of the
    /// device that made the link. No other can have seen it proved.
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

    /// Tells what it means that another own device has let a guest in by a link that is over here. A link
    /// that was taken back was to let nobody in; one whose time ended without a claim has only heard late.
    fn over(&mut self) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        if self.inner.clock.latest().seconds() > self.inner.policy.expires {
            return Err(Error::Ended);
        }
        Ok(Pending::maybe(self, None, SyncOutcome::Contested))
    }
}
