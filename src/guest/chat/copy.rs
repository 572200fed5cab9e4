//! Copies of what a device of the host says, for its account's other devices: `spec/guest-links.md`, "Copies".

use alloc::vec::Vec;

use crate::error::Error;
use crate::protocol::content::Sender;
use crate::protocol::guest::guest_copy::{GuestCopy, MAX_COMPARED};
use crate::protocol::guest::text::{Acquaintance, ChatText};

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::event::SyncedCopy;
use crate::client::{Address, Alert, Client, OwnObject};
use crate::storage::Pending;

impl Chat {
    /// Returns the copy, at the host, of a text that this device has said ([`Chat::text`]), for the other own devices
    /// ([`Client::plan_object`]), which give it to [`Chat::sync_copy`]. It holds the digests of the guest's last texts
    /// as well, so that a guest which tells two devices different things is found; without a text it is that alone.
    /// Secret.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, and for a text of another device; [`Error::WrongClient`] if `client`
    /// is not the device that this chat is of; [`Error::OwnDeviceUnlisted`] if that device is no longer one of its
    /// account's; [`Error::Ended`].
    pub fn export_copy(
        &self,
        client: &Client,
        said: Option<&ChatText>,
    ) -> Result<OwnObject, Error> {
        let inner = &*self.inner;
        inner.going()?;
        let is_ours = said.is_none_or(|said| said.id.by == inner.own.device());
        if self.sender() != Sender::Guest || !is_ours {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        let seen = inner.memory.texts.last_of(inner.peer.device(), MAX_COMPARED);
        let copy = GuestCopy { names: inner.names(), said: said.cloned(), seen };
        Ok(OwnObject::new(copy.encode()))
    }

    /// Takes the copy of another own device ([`Chat::export_copy`]). Save the change, then show the text as one that
    /// the own device `from` has said: the sender of the letter that brought the copy
    /// ([`ReceivedLetter::from`](crate::client::ReceivedLetter::from)), and of nothing else, because the copy does not
    /// name it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side; [`Error::WrongClient`] if `client` is not the device that this chat
    /// is of; [`Error::OwnDeviceUnlisted`] if that device is no longer one of its account's; [`Error::NotSelf`] if
    /// `from` is of another account, [`Error::OwnDevice`] if it is this device, [`Error::Unlisted`] if the account's
    /// list does not name it; [`Error::WrongPeer`] for a copy of another chat; [`Error::NotAllowed`] for a text that
    /// the policy does not allow; [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`];
    /// [`Error::Expired`], [`Error::Ended`].
    pub fn sync_copy(
        &mut self,
        client: &Client,
        from: Address,
        shared: &OwnObject,
        now: u64,
    ) -> Result<Pending<'_, Self, SyncedCopy>, Error> {
        let inner = &*self.inner;
        let now = self.alive(now)?;
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        check_sender(client, from)?;
        let devices = (from.device, inner.peer.device());
        let copy = GuestCopy::decode(shared.as_bytes(), devices, &inner.terms.policy)?;
        let names = inner.names();
        if copy.names != names {
            return Err(Error::WrongPeer);
        }
        let mut alerts = Vec::new();
        for seen in &copy.seen {
            if inner.memory.texts.compare(seen) == Acquaintance::Other {
                alerts.push(inner.equivocation(seen.id));
            }
        }
        let Some(text) = copy.said else {
            return Ok(Pending::maybe(self, None, SyncedCopy { text: None, alerts }));
        };
        let known = text.known(&names);
        match inner.memory.texts.compare(&known) {
            Acquaintance::New => {
                let delta =
                    ChatDelta { known: Some(known), ..ChatDelta::step(now, ChatStep::Stay) };
                Ok(Pending::new(self, delta, SyncedCopy { text: Some(text), alerts }))
            }
            Acquaintance::Known => {
                Ok(Pending::maybe(self, None, SyncedCopy { text: None, alerts }))
            }
            Acquaintance::Other => {
                // The chat's list may be older than the client's, and not name the device yet.
                alerts.push(Alert::Equivocation { by: from, id: text.id.id });
                Ok(Pending::maybe(self, None, SyncedCopy { text: None, alerts }))
            }
        }
    }
}

/// Refuses a sender that is not another listed device of the client's account.
fn check_sender(client: &Client, from: Address) -> Result<(), Error> {
    if !client.list().had(from.account) {
        return Err(Error::NotSelf);
    }
    if from.device == client.certificate().device() {
        return Err(Error::OwnDevice);
    }
    client.list().device(from.device).map(drop).ok_or(Error::Unlisted)
}
