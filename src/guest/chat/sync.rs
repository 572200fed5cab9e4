//! Grants that the devices of one host share with each other.

use alloc::boxed::Box;

use crate::error::Error;
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::grant::{Grant, SharedGrant};
use crate::protocol::guest::pin::PinStage;

use super::chat::Chat;
use super::delta::ChatStep;
use super::state::Stage;
use crate::client::{Client, OwnObject, Sender};
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
    /// The other device has let in another guest than the one that claimed here, because somebody gave the
    /// devices different claims of one link; or it has let in a guest by a link that was taken back here.
    /// Tell the user. Applying the change, if there is one, ends the link or chat here.
    Contested,
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
    /// active without a message to the guest, or ends if the grant is of another claim of the link.
    ///
    /// The grant is signed by the device that made it. A device that holds the link's PIN takes nobody else's grant: only its
    /// own guest can prove the PIN, and only to it.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a grant of another link, or of another guest under this claim;
    /// [`Error::NotAllowed`] on the guest's side, and if the guest waits for this very device, which made a
    /// link with a PIN; [`Error::WrongClient`] if `client` is not the device that took the claim;
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
        let shared = SharedGrant::decode(shared.as_bytes(), client.list())?;
        if shared.invitation != inner.terms.invitation {
            return Err(Error::WrongPeer);
        }
        let ours = shared.transcript == inner.terms.transcript;
        let (outcome, step) = match &inner.stage {
            _ if !ours => (SyncOutcome::Contested, ChatStep::End(EndReason::Contested)),
            _ if shared.guest != inner.peer.account() => return Err(Error::WrongPeer),
            // The device that holds the PIN grants, and no other: it waits for nobody's grant.
            Stage::Waiting { pin, .. }
                if inner.asks_pin() && !matches!(pin, PinStage::Elsewhere) =>
            {
                return Err(Error::NotAllowed);
            }
            Stage::Waiting { .. } => (SyncOutcome::Taken, ChatStep::Grant(Box::new(shared.grant))),
            Stage::Active(_) | Stage::Ended(_) => {
                return Ok(Pending::maybe(self, None, SyncOutcome::Known));
            }
        };
        Ok(self.step(now, step, outcome))
    }
}
