//! Links, grants and notices that the devices of one host share with each other.

use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::same;
use crate::protocol::clock::Now;
use crate::protocol::guest::grant::{GrantedElsewhere, SharedGrant};
use crate::protocol::guest::invitation::{Approval, Invitation, MAX_SIGNED};
use crate::protocol::guest::server_copy::{Notice, claim_hash};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::wire;

use super::delta::InviteChange;
use super::invite::{Invite, Offer, Owner, Status};
use crate::client::{Client, OwnObject};
use crate::guest::chat::SyncOutcome;
use crate::storage::Pending;

impl Invite {
    /// Returns the shared link, for another own device, which then can let the guest in as well
    /// ([`Client::plan_object`]). Secret: whoever reads it holds the link.
    ///
    /// The key that ends the link stays where it was made, and so does a PIN: one device proves it, so that a guest
    /// has one guess. The others wait for that device's grant.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`], [`Error::Ended`] for a link that is not open any more.
    pub fn export(&self) -> Result<OwnObject, Error> {
        match &self.inner.status {
            Status::Open { signed, .. } => {
                let mut writer = Writer::begin(wire::VERSION, wire::SHARED_LINK);
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
    /// [`Error::WrongPeer`] for a link of another account; [`Error::Expired`];
    /// [`Error::OwnDeviceUnlisted`] if this device is no longer one of its account's;
    /// [`Error::BadSignature`], [`Error::WeakKey`], [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`].
    pub fn import(client: &Client, shared: &OwnObject, now: u64) -> Result<Self, Error> {
        let signed = Reader::all(shared.as_bytes(), |reader| {
            reader.begin(wire::VERSION, wire::SHARED_LINK)?;
            Ok(Zeroizing::new(reader.bytes(MAX_SIGNED)?.to_vec()))
        })?;
        let now = client.hosting(now)?;
        let invitation = Invitation::decode(&signed)?;
        let owner = Owner::Elsewhere(invitation.owner);
        let host = &invitation.host;
        let is_ours = host.account() == client.list().first_id()
            && host.account_key() == client.list().account_key();
        if !is_ours {
            return Err(Error::WrongPeer);
        }
        invitation.policy.check_time(now.reading())?;
        let offer = Offer { invitation, signed, owner, pin: None };
        Ok(Self::new(client, offer, now))
    }

    /// Takes the shared grant of another own device ([`Chat::export_grant`]). By the maker's an open link then
    /// takes that claim and no other, and after its time none. That of any other device is too early for an open
    /// link, because it may be a lie: keep it, and give it to the chat, too, once a claim has been taken. A link that
    /// has taken another claim is disputed, which changes nothing.
    ///
    /// [`Chat::export_grant`]: crate::guest::Chat::export_grant
    /// [`Chat::sync_grant`]: crate::guest::Chat::sync_grant
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a grant of another link, and if an open link is not of this client's account;
    /// [`Error::Unlisted`] if the device that granted is not one of this account's; [`Error::BadSignature`];
    /// [`Error::NotAllowed`] for an open link with a PIN that the device did not make; [`Error::Expired`] for
    /// one whose time is over, if another device than the maker granted; [`Error::Ended`] for a link that ended
    /// here by its time; [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`].
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
        let (now, by) = (inner.clock.now(now).supported(client.firm(now)), grant.host);
        let ours = match &inner.status {
            Status::Open { link, .. } => {
                if !self.is_of(client) {
                    return Err(Error::WrongPeer);
                }
                let is_late = now.firm() > inner.policy.expires;
                if by != inner.maker {
                    return self.told_early(by, now);
                }
                let change = if is_late {
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
            Status::Ended => return self.over(SyncOutcome::Disputed { by }),
        };
        let is_ours = same(ours, &transcript);
        let outcome = if is_ours { SyncOutcome::Known } else { SyncOutcome::Disputed { by } };
        Ok(Pending::maybe(self, None, outcome))
    }

    /// Takes the maker's notice ([`Invite::notice`]), from it or from the server: it is signed with the link's
    /// owner key. An open link that was taken back there ends here; one that has taken another claim than the
    /// notice names is contested: give the notice to its chat
    /// ([`Chat::sync_notice`](crate::guest::Chat::sync_notice)), too, in the same write.
    ///
    /// An open link stays open where the notice says that it is claimed: it may take that claim, too. Keep the
    /// notice, and give it again once it has taken one.
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
            Status::Ended => return self.over(SyncOutcome::Contested),
        };
        let theirs = claimed.ok_or(Error::AlreadyClaimed)?;
        if claim_hash(ours) == theirs {
            return Ok(Pending::maybe(self, None, SyncOutcome::Known));
        }
        Ok(self.changed(now, InviteChange::Contested, SyncOutcome::Contested))
    }

    /// Returns what the grant of a device that did not make it means for an open link: nothing yet, and never
    /// anything if there is a PIN, which no such device can have seen proved.
    fn told_early(
        &mut self,
        by: DeviceId,
        now: Now,
    ) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        match self.inner.policy.approval {
            Approval::Pin => Err(Error::NotAllowed),
            _ if now.reading() > self.inner.policy.expires => Err(Error::Expired),
            _ => Ok(Pending::maybe(self, None, SyncOutcome::Early { by })),
        }
    }

    /// Tells what it means that another own device has let a guest in by a link that is over here. A link
    /// that was taken back was to let nobody in; one whose time ended without a claim has only heard late.
    fn over(&mut self, alarm: SyncOutcome) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        if self.is_timed_out() {
            return Err(Error::Ended);
        }
        Ok(Pending::maybe(self, None, alarm))
    }
}
