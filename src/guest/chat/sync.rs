//! Grants and notices that the devices of one host share with each other.

use alloc::boxed::Box;

use crate::error::Error;
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::grant::{Grant, SharedGrant};
use crate::protocol::guest::pin::PinStage;
use crate::protocol::guest::server_copy::{Notice, claim_hash};
use crate::protocol::identity::certificate::DeviceId;

use super::chat::Chat;
use super::delta::ChatStep;
use super::state::Stage;
use crate::client::{Client, OwnObject};
use crate::protocol::content::Sender;
use crate::storage::Pending;

/// The meaning of another own device's grant or notice for a link or a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyncOutcome {
    /// Nothing new.
    Known,
    /// It was taken over: a link takes the claim that was granted and no other, or has ended because it was
    /// taken back; a chat is active.
    Taken,
    /// The link is open here, and the device that granted did not make it. Nothing changes: keep the grant, and give
    /// it to the chat once a claim has been taken. Let nobody in by yourself before.
    Early {
        /// The device that signed the grant.
        by: DeviceId,
    },
    /// The device says that it has let in another guest than the one that claimed here, or a guest by a link that was
    /// taken back here: somebody gave the devices different claims of one link, or whoever has that device lies.
    /// Nothing changes. Tell the user which device says so, and let nobody in by yourself.
    Disputed {
        /// The device that signed the grant.
        by: DeviceId,
    },
    /// The maker of the link has taken another claim than this device, or one after it was taken back here. Tell the
    /// user. Applying the change, if there is one, ends the link or chat here.
    Contested,
    /// The guest has handed the chat over to two accounts, and the devices of the host have each got another hand-over.
    /// Tell the user, who asks the person by another way which one it is. Applying the change, if there is one, ends
    /// the chat here.
    TwoAccounts,
}

impl Chat {
    /// Returns the shared grant, at the host, once the guest is let in ([`Client::plan_object`]). Each other own
    /// device gives it to
    /// [`Invite::sync_grant`](crate::guest::Invite::sync_grant), and to [`Chat::sync_grant`] if it has taken
    /// the claim.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side; [`Error::NotGranted`] before the grant;
    /// [`Error::WrongClient`] if `client` is not the device that this chat is of;
    /// [`Error::OwnDeviceUnlisted`] if that device is no longer one of its account's; [`Error::Ended`].
    pub fn export_grant(&self, client: &Client) -> Result<OwnObject, Error> {
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        match &self.inner.stage {
            Stage::Active(grant) => {
                self.inner.hosted_by(client)?;
                let Grant { host, at, signature } = **grant;
                Ok(OwnObject::new(self.inner.granted(host, at).encode(&signature)))
            }
            Stage::Waiting { .. } => Err(Error::NotGranted),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Takes the shared grant of another own device ([`Chat::export_grant`]): a chat that waits becomes
    /// active without a message to the guest. A grant of another claim of the link disputes the guest, and changes
    /// nothing.
    ///
    /// The grant is signed by the device that made it. Where there is a PIN, a waiting chat takes the grant of the
    /// link's maker alone, and the maker nobody's: only its own guest can prove the PIN, and only to it.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a grant of another link, or of another guest under this claim;
    /// [`Error::NotAllowed`] on the guest's side, and where there is a PIN, if the device that granted did not make
    /// the link; [`Error::WrongClient`] if `client` is not the device that took the claim;
    /// [`Error::OwnDeviceUnlisted`] if it is not one of this account's, [`Error::Unlisted`] if the device
    /// that granted is not; [`Error::BadSignature`]; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`]; [`Error::Expired`], [`Error::Ended`].
    pub fn sync_grant(
        &mut self,
        client: &Client,
        shared: &OwnObject,
        now: u64,
    ) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        let inner = &*self.inner;
        let now = self.alive(now)?;
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        let now = now.supported(client.firm(now.reading()));
        let shared = SharedGrant::decode(shared.as_bytes(), client.list())?;
        if shared.invitation != inner.terms.invitation {
            return Err(Error::WrongPeer);
        }
        let ours = shared.transcript == inner.terms.transcript;
        let by = shared.grant.host;
        match &inner.stage {
            _ if !ours => Ok(Pending::maybe(self, None, SyncOutcome::Disputed { by })),
            _ if shared.guest != inner.peer.account() => Err(Error::WrongPeer),
            // The device that holds the PIN grants, and no other: it waits for nobody's grant.
            Stage::Waiting { pin, .. }
                if inner.asks_pin()
                    && !matches!(pin, PinStage::Elsewhere(maker) if *maker == by) =>
            {
                Err(Error::NotAllowed)
            }
            Stage::Waiting { .. } => {
                Ok(self.step(now, ChatStep::Grant(Box::new(shared.grant)), SyncOutcome::Taken))
            }
            Stage::Active(_) | Stage::Ended(_) => {
                Ok(Pending::maybe(self, None, SyncOutcome::Known))
            }
        }
    }

    /// Takes, at the host, the notice of the link's maker ([`Invite::notice`](crate::guest::Invite::notice)), from
    /// it or from the server: a chat of another claim than the notice names is contested, and ends.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`] for the notice of a link taken back, of which a claim is taken here: tell the
    /// user, who may deny the guest; [`Error::BadSignature`] if the maker did not sign it; [`Error::WrongPeer`],
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`]; [`Error::NotAllowed`] on the
    /// guest's side ([`Chat::read_notice`]); [`Error::Ended`].
    pub fn sync_notice(
        &mut self,
        notice: &[u8],
        now: u64,
    ) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        let inner = &*self.inner;
        inner.going()?;
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        let claimed = Notice::decode(notice, inner.terms.locator, &inner.terms.owner)?;
        if claimed.ok_or(Error::AlreadyClaimed)? == claim_hash(&inner.terms.transcript) {
            return Ok(Pending::maybe(self, None, SyncOutcome::Known));
        }
        let now = inner.clock.now(now);
        Ok(self.step(now, ChatStep::End(EndReason::Contested), SyncOutcome::Contested))
    }
}
