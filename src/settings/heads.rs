//! Heads: the entries that own devices say that they have, and those that the server does not show.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::draft::Draft;
use super::settings::Settings;
use crate::client::{Client, OwnObject};
use crate::error::Error;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::settings::head::{SettingsHead, SettingsHeads};
use crate::storage::Pending;

/// An entry that another own device has, and that is not here: it is on its way, or the server holds it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Withheld {
    /// The entry. Those before it may be missing, too.
    pub entry: SettingsHead,
    /// The device that has named it.
    pub by: DeviceId,
    /// The time since which that is known, in seconds.
    pub since: u64,
}

impl Settings {
    /// Signs the heads that this device has, for the other own devices ([`Client::plan_object`]). Send it after each
    /// change and once a week: what the server holds back from one device it then cannot hold back unnoticed.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`].
    pub fn tell_heads(&self, client: &Client) -> Result<OwnObject, Error> {
        let inner = &*self.inner;
        inner.check(client)?;
        let heads: Vec<_> = self.heads().collect();
        let signing = &client.device().identity().signing;
        let told = SettingsHeads::sign(inner.account, inner.device, &heads, signing);
        Ok(OwnObject::new(Zeroizing::new(told)))
    }

    /// Notes the heads that another own device has ([`OwnContent::SettingsHeads`]). What is not here is in
    /// [`Settings::withheld`] from then on.
    ///
    /// [`OwnContent::SettingsHeads`]: crate::client::OwnContent::SettingsHeads
    ///
    /// # Errors
    ///
    /// [`Error::Forked`] if it has another entry under a number than is here or was named; [`Error::Unlisted`] for
    /// heads of a device that the account does not have; [`Error::BadSignature`]; [`Error::WrongPeer`] for those of
    /// another account; [`Error::WrongClient`], [`Error::OwnDeviceUnlisted`]; [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn note_heads(
        &mut self,
        client: &Client,
        heads: &OwnObject,
        now: u64,
    ) -> Result<Pending<'_, Self, ()>, Error> {
        let mut draft = Draft::begin(&self.inner, client, now)?;
        let told = SettingsHeads::decode(self.inner.account, heads.as_bytes())?;
        told.verify(&draft.signing(told.device)?)?;
        for head in told.heads {
            draft.replica.history.has(head)?;
            draft.name(head, told.device);
        }
        let delta = draft.into_delta();
        Ok(Pending::maybe(self, delta, ()))
    }

    /// Lists the entries that other own devices have named and that are not here, one of each device: its last. What
    /// stays here for long, while the server answers, is withheld: tell the user. An entry of this very device means
    /// that this state is an old copy: fetch and take the entries.
    pub fn withheld(&self) -> impl Iterator<Item = Withheld> {
        let named = self.inner.replica.history.named();
        named.map(|named| Withheld { entry: named.head, by: named.by, since: named.since })
    }
}
