//! A guest that becomes an account, and the host that goes on with it: `spec/guest-links.md`, "A guest becomes an
//! account".

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::Sender;
use crate::protocol::group::member::Member;
use crate::protocol::guest::claim;
use crate::protocol::guest::content::{ChatContent, EndReason};
use crate::protocol::guest::hand_over::HandOver;
use crate::protocol::guest::late_device::{GuestSecrets, LateDevices};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::Listed;

use super::chat::Chat;
use super::delta::ChatStep;
use super::event::ChatEvent;
use super::receive::Meaning;
use super::state::{Inner, Stage};
use super::sync::SyncOutcome;
use crate::client::{Client, Envelope, OwnObject};
use crate::storage::Pending;

impl Chat {
    /// Seals, at the guest, the word that this guest is from now on the account of `client`, signed by both, for each
    /// device of the host. Its user decides then; until [`ChatEvent::BecameAccount`] comes, or a letter of the host to
    /// the account, the chat goes on. Called again for the same account, it seals the same word again.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the host's side; [`Error::NotGranted`] before the grant; [`Error::OtherAccount`] if it
    /// was handed over to another account; [`Error::OwnAccount`] if the account is the host's;
    /// [`Error::OwnDeviceUnlisted`] if the client's device is not on its account's list; [`Error::ListExpired`],
    /// [`Error::NoRecipient`], [`Error::Expired`], [`Error::Ended`], [`Error::ChainExhausted`].
    pub fn hand_over(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        let inner = &*self.inner;
        inner.check_granted()?;
        let LateDevices::Guest(secrets) = &inner.late_devices else {
            return Err(Error::NotAllowed);
        };
        client.check_hosting()?;
        let made = HandOver::sign(
            inner.names(),
            client.certificate().clone(),
            (Listed::of(client.list()), now.reading()),
            [&secrets.signing, &client.device().identity().signing],
        );
        inner.check_account(&made)?;
        let said = match &inner.memory.hand_over {
            Some(before) => before.clone(),
            None => Box::new(made),
        };
        let content = ChatContent::HandOver(said.clone());
        self.seal(&content, ChatStep::HandOver(said), now, rng)
    }

    /// Returns the hand-over that the guest has said, or the host has got; after the end of the chat the one that the
    /// host has accepted.
    #[must_use]
    pub fn handed_over(&self) -> Option<&HandOver> {
        self.inner.memory.hand_over.as_deref()
    }

    /// Returns, at the guest, what shows a server that it is the guest of its claim
    /// ([`ServerCopy::check_hand_over`](crate::guest::ServerCopy::check_hand_over)). The server learns by it who the
    /// guest was, and whose link it had: give it out only where a service asks for it.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the host's side; [`Error::Ended`].
    pub fn claim_credentials(&self) -> Result<Vec<u8>, Error> {
        let inner = &*self.inner;
        inner.going()?;
        let LateDevices::Guest(secrets) = &inner.late_devices else {
            return Err(Error::NotAllowed);
        };
        let GuestSecrets { signing, uid, bundles, prekey_set, .. } = &**secrets;
        let (keys, t) = ((&inner.own, signing), &inner.terms.transcript);
        Ok(claim::credentials(uid, keys, t, bundles, &prekey_set.public))
    }

    /// Goes on, at the host, with the account that the guest has become: seals the word of it for the guest, and ends
    /// the chat. Let the client learn the account's list first ([`HandOver::check`], [`Client::learn`]); tell the own
    /// devices then ([`Chat::export_hand_over`]), and write to the account.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, and if the guest has handed nothing over; [`Error::UnknownAccount`]
    /// if the client knows no list of the account, and what [`HandOver::check`] has against the one that it knows;
    /// [`Error::WrongClient`] if `client` is not the device that this chat is of; [`Error::OwnDeviceUnlisted`] if that
    /// device is no longer one of its account's; [`Error::Expired`], [`Error::Ended`], [`Error::ChainExhausted`].
    pub fn accept_hand_over(
        &mut self,
        client: &Client,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Vec<Envelope>>, Error> {
        let now = self.writing(now)?;
        let inner = &*self.inner;
        let hand_over = inner.memory.hand_over.clone().ok_or(Error::NotAllowed)?;
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        hand_over.check_known(client)?;
        let now = now.supported(client.firm(now.reading()));
        let content = ChatContent::Accepted(hand_over.account());
        self.seal(&content, ChatStep::Become(hand_over), now, rng)
    }

    /// Returns, at the host, the hand-over that this device has accepted, for the other own devices
    /// ([`Client::plan_object`]), which give it to [`Chat::sync_hand_over`].
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side, and if none was accepted; [`Error::WrongClient`] if `client` is not
    /// the device that this chat is of; [`Error::OwnDeviceUnlisted`] if that device is no longer one of its account's.
    pub fn export_hand_over(&self, client: &Client) -> Result<OwnObject, Error> {
        let inner = &*self.inner;
        let is_over = matches!(inner.stage, Stage::Ended(EndReason::BecameAccount));
        let Some(hand_over) = inner.memory.hand_over.as_ref().filter(|_| is_over) else {
            return Err(Error::NotAllowed);
        };
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        let mut writer = Writer::new();
        hand_over.write(&mut writer);
        Ok(OwnObject::new(writer.secret()))
    }

    /// Takes the hand-over that another own device has accepted ([`Chat::export_hand_over`]): the chat ends here as
    /// well, without a word to the guest, because the guest has signed that it goes on as the account. Let the client
    /// learn the account's list first, as for [`Chat::accept_hand_over`].
    ///
    /// [`SyncOutcome::TwoAccounts`] says that the guest has signed for another account, too: of two devices of the
    /// host each has got another hand-over.
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] on the guest's side; [`Error::WrongPeer`] for the hand-over of another chat;
    /// [`Error::BadSignature`] if the guest or the account's device has not signed; [`Error::OwnAccount`] if the
    /// account is the host's; [`Error::UnknownAccount`] if the client knows no list of the account, and what
    /// [`HandOver::check`] has against the one that it knows; [`Error::WrongClient`] if `client` is not the device that
    /// this chat is of; [`Error::OwnDeviceUnlisted`] if that device is no longer one of its account's;
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`];
    /// [`Error::Ended`] for a chat that is over for another reason.
    pub fn sync_hand_over(
        &mut self,
        client: &Client,
        shared: &OwnObject,
        now: u64,
    ) -> Result<Pending<'_, Self, SyncOutcome>, Error> {
        let inner = &*self.inner;
        if self.sender() != Sender::Guest {
            return Err(Error::NotAllowed);
        }
        inner.hosted_by(client)?;
        let shared = Reader::all(shared.as_bytes(), HandOver::recall)?;
        inner.check_hand_over(&shared)?;
        let is_other = inner.check_account(&shared).is_err();
        let outcome = if is_other { SyncOutcome::TwoAccounts } else { SyncOutcome::Taken };
        match inner.stage {
            Stage::Ended(EndReason::BecameAccount) if is_other => {
                Ok(Pending::maybe(self, None, outcome))
            }
            Stage::Ended(EndReason::BecameAccount) => {
                Ok(Pending::maybe(self, None, SyncOutcome::Known))
            }
            Stage::Ended(_) => Err(Error::Ended),
            _ => {
                shared.check_known(client)?;
                let now = inner.clock.now(now);
                Ok(self.step(now, ChatStep::Become(Box::new(shared)), outcome))
            }
        }
    }
}

impl HandOver {
    /// Tells whether a client knows the account already: the user may know it under another name. Ask before its list
    /// is learned, and tell the user that the guest is this account.
    #[must_use]
    pub fn is_known_to(&self, client: &Client) -> bool {
        client.list_of_member(Member::of_device(self.device())).is_some()
    }

    /// Checks the list of the account that a client knows.
    fn check_known(&self, client: &Client) -> Result<(), Error> {
        // It may have moved since; another account that has its id is refused as such.
        let list = client.list_of_member(Member::of_device(self.device()));
        let list = list.or_else(|| client.list_of(self.account()));
        self.check(list.ok_or(Error::UnknownAccount)?)
    }
}

impl Inner {
    /// Checks that a hand-over is of this chat, and that its guest and the account's device have signed it. The host's
    /// own account is none that a guest becomes.
    fn check_hand_over(&self, hand_over: &HandOver) -> Result<(), Error> {
        if hand_over.names != self.names() {
            return Err(Error::WrongPeer);
        }
        if hand_over.account() == self.list.first_id() {
            return Err(Error::OwnAccount);
        }
        hand_over.verify(&self.peer.identity().signing)
    }

    /// Refuses a second account.
    fn check_account(&self, hand_over: &HandOver) -> Result<(), Error> {
        if hand_over.account() == self.list.first_id() {
            return Err(Error::OwnAccount);
        }
        match &self.memory.hand_over {
            Some(before) if !before.is_to_account_of(hand_over) => Err(Error::OtherAccount),
            _ => Ok(()),
        }
    }

    /// Returns what an arriving hand-over means: the first is remembered, and no other account is taken after it.
    pub(super) fn read_hand_over(&self, hand_over: Box<HandOver>) -> Result<Meaning, Error> {
        self.check_granted()?;
        self.check_hand_over(&hand_over)?;
        self.check_account(&hand_over)?;
        if let Some(before) = &self.memory.hand_over {
            return Ok((ChatEvent::HandedOver(before.clone()), ChatStep::Stay).into());
        }
        let step = ChatStep::HandOver(hand_over.clone());
        Ok((ChatEvent::HandedOver(hand_over), step).into())
    }

    /// Returns what it means for a guest that the host goes on with an account: with the one that it has become.
    pub(super) fn read_accepted(&self, account: AccountId) -> Result<Meaning, Error> {
        match &self.memory.hand_over {
            Some(said) if said.account() == account => {
                Ok((ChatEvent::BecameAccount, ChatStep::End(EndReason::BecameAccount)).into())
            }
            _ => Err(Error::NotAllowed),
        }
    }
}
