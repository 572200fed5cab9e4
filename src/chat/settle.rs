//! What the devices of one host tell each other about a chat.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::change::Change;
use crate::client::Client;
use crate::error::Error;
use crate::protocol::content::EndReason;
use crate::protocol::grant::{Grant, Word};
use crate::protocol::pin::PinStage;

use super::delta::Step;
use super::stage::Stage;
use super::{Chat, Origin};

/// What another own device's record means for a link or a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Settlement {
    /// Nothing new.
    Known,
    /// It is settled: a link takes the claim that was granted and no other, or has ended as it was taken
    /// back; a chat is active.
    Taken,
    /// The other device has let in another guest than the one that claimed here: somebody gave the
    /// devices different claims of one link. Or one was let in by a link that was taken back here.
    /// Tell the user. Applying the change, if there is one, ends what is here.
    Contested,
}

impl Chat {
    /// For the host, once the guest is let in: what to tell every other own device, as content that
    /// only own devices may send. Each gives it to [`Invite::settle`](crate::Invite::settle), and to
    /// [`Chat::settle`] if it has taken the claim.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side; [`Error::NotGranted`] before the grant;
    /// [`Error::BadArgument`] if `client` is not the device that this chat is of;
    /// [`Error::Unlisted`] if that device is no more one of its account's; [`Error::Ended`].
    pub fn record(&self, client: &Client) -> Result<Zeroizing<Vec<u8>>, Error> {
        if self.origin() != Origin::Guest {
            return Err(Error::NotAllowed);
        }
        match &self.inner.stage {
            Stage::Active(word) => {
                self.inner.hosted_by(client)?;
                let Word { host, at, signature } = **word;
                Ok(self.inner.granted(host, at).record(&signature))
            }
            Stage::Waiting { .. } => Err(Error::NotGranted),
            Stage::Ended(_) => Err(Error::Ended),
        }
    }

    /// Takes the record of another own device ([`Chat::record`]): a chat that waits becomes active
    /// without a word to the guest, or ends if the record names another claim of the link.
    ///
    /// The record is signed by the device that granted. That it came from an own device is what the
    /// channel between own devices says. A device that holds the link's PIN takes no other's word: only
    /// its own guest can prove the PIN, and only to it.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for the record of another link, or of another guest under this claim;
    /// [`Error::NotAllowed`] on the guest's side, and where the guest has yet to be let in by the device
    /// that made a link with a PIN, which is this one; [`Error::BadArgument`] if `client` is not the
    /// device that took the claim; [`Error::Unlisted`] if it, or the device that granted, is not one of
    /// this account's;
    /// [`Error::BadSignature`]; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`]; [`Error::Expired`], [`Error::Ended`].
    pub fn settle(
        &self,
        client: &Client,
        record: &[u8],
        now: u64,
    ) -> Result<(Settlement, Option<Change>), Error> {
        let inner = &*self.inner;
        let now = self.alive(now)?;
        if self.origin() != Origin::Guest {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        let grant = Grant::decode(record, client.list())?;
        if grant.invitation != inner.terms.invitation {
            return Err(Error::WrongPeer);
        }
        let ours = grant.transcript == inner.terms.transcript;
        let (settlement, step) = match &inner.stage {
            _ if !ours => (Settlement::Contested, Step::End(EndReason::Contested)),
            _ if grant.guest != inner.peer.account() => return Err(Error::WrongPeer),
            // The device that holds the PIN lets in, and no other: its word is not awaited, but given.
            Stage::Waiting { pin, .. }
                if inner.asks_pin() && !matches!(pin, PinStage::Elsewhere) =>
            {
                return Err(Error::NotAllowed);
            }
            Stage::Waiting { .. } => (Settlement::Taken, Step::Grant(Box::new(grant.word))),
            Stage::Active(_) | Stage::Ended(_) => return Ok((Settlement::Known, None)),
        };
        Ok((settlement, Some(inner.change(now, step)?)))
    }
}
