//! Claims that reach a host.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::delta::{InviteChange, InviteDelta};
use super::invite::{Invite, Status};
use crate::client::{Alert, Client};
use crate::error::Error;
use crate::guest::chat::{Beginning, Chat, ChatTerms};
use crate::primitives::pake::Public;
use crate::primitives::secret::{redacted, same};
use crate::protocol::clock::Now;
use crate::protocol::guest::claim::{self, ClaimOpener, Verified};
use crate::protocol::guest::content::ChatContent;
use crate::protocol::guest::grant::{Grant, GrantedElsewhere};
use crate::protocol::guest::late_device::{JoinTicket, LateDevices};
use crate::protocol::guest::pin::PinStage;
use crate::protocol::guest::text::{ChatNames, ChatText, TextId};
use crate::protocol::handshake::x3dh::Binding;
use crate::protocol::identity::certificate::Certificate;
use crate::session::Accepted;
use crate::storage::{Anchor, Change, Journal, State, StateKey};

/// A claim that was opened and has not been taken yet.
///
/// It changes two states, since the claim uses up one of the client's prekeys, and makes a third, the
/// [`Chat`]. Like a [`Pending`](crate::storage::Pending) answer it gives out chat and introduction only when
/// both changes are applied; dropping it leaves invite and client as they were. Write both records and the
/// chat in one transaction.
#[must_use = "a claim that is not applied was not taken"]
pub struct OpenedClaim<'a> {
    invite: &'a mut Invite,
    client: &'a mut Client,
    invite_change: Change<Invite>,
    client_change: Change<Client>,
    chat: Chat,
    introduction: Introduction,
}

redacted!(OpenedClaim<'_>, |claim| peer = claim.peer());

/// The first that a guest says, inside its claim.
pub struct Introduction {
    /// The name that the guest gave itself. Nobody has checked it.
    pub name: String,
    /// The texts that the guest wrote before being let in.
    pub texts: Vec<ChatText>,
    /// Findings of which the user, or a log, should know: that the guest knows another device list of the host
    /// than this device does ([`Chat::mismatches`]), or that the claim used no one-time prekey of it, because a
    /// server had none or withholds them.
    pub alerts: Vec<Alert>,
}

redacted!(
    Introduction,
    |introduction| texts = introduction.texts.len(),
    alerts = introduction.alerts
);
impl Invite {
    /// Opens a claim: who the guest is, what it wrote, and a chat that waits for the host's decision.
    ///
    /// The first claim wins. The link is spent from then on, also if the guest is not let in.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] for a claim that names the transcript of the one that won, which is not verified;
    /// [`Error::AlreadyClaimed`] for any other after it; [`Error::Ended`] and [`Error::Expired`] for a link
    /// that is over; [`Error::BadSignature`], [`Error::Forged`], [`Error::WrongPeer`], [`Error::WeakKey`] for
    /// a claim that is not from a holder of the link or not for this device; [`Error::OwnDeviceUnlisted`] if
    /// this device is no longer one of its account's; the errors of
    /// [`Device::accept`](crate::session::Device::accept); [`Error::NotAllowed`] for what the policy does not
    /// allow. Nothing changes then, and the link stays open.
    pub fn claim<'a>(
        &'a mut self,
        client: &'a mut Client,
        claim: &[u8],
        now: u64,
    ) -> Result<OpenedClaim<'a>, Error> {
        let inner = &*self.inner;
        // Invite and client each go by a clock of their own.
        let at = inner.clock.now(now).supported(client.firm(now));
        let device = client.certificate().device();
        let (verified, psk, granted) = match &inner.status {
            Status::Open { .. } | Status::GrantedElsewhere(_)
                if at.reading() > inner.policy.expires =>
            {
                return Err(Error::Expired);
            }
            Status::Open { link, .. } => {
                let keys = link.keys();
                (claim::verify(claim, &keys, device)?, &keys.psk()?, None)
            }
            Status::GrantedElsewhere(granted) => {
                (self.verify_granted(granted, claim, client)?, &granted.psk, Some(granted.grant))
            }
            Status::Claimed(ours) => {
                let again = same(ours, &claim::named(claim, inner.locator)?);
                return Err(if again { Error::Duplicate } else { Error::AlreadyClaimed });
            }
            Status::Contested => return Err(Error::AlreadyClaimed),
            Status::Ended => return Err(Error::Ended),
        };
        let transcript = verified.transcript;
        let binding = Binding { psk, context: &transcript };
        let (accepted, accepting) = client.accept_guest(verified.message, &binding, now)?;
        let (chat, introduction) = self.begin(client, verified, accepted, granted, at)?;
        let claimed = InviteDelta { now: at, change: InviteChange::Claimed(transcript) };
        Ok(OpenedClaim {
            invite_change: Change::new(self.anchor(), claimed),
            client_change: Change::new(client.anchor(), accepting),
            invite: self,
            client,
            chat,
            introduction,
        })
    }

    /// Verifies the claim that the maker has granted, and no other.
    fn verify_granted<'a>(
        &self,
        granted: &GrantedElsewhere,
        claim: &'a [u8],
        client: &Client,
    ) -> Result<Verified<'a>, Error> {
        let (locator, invitation) = (self.inner.locator, &self.inner.invitation);
        let GrantedElsewhere { transcript, grant, credentials_key, .. } = granted;
        if claim::named(claim, locator)? != *transcript {
            return Err(Error::AlreadyClaimed);
        }
        let opener = ClaimOpener { locator, invitation, credentials_key };
        let verified = opener.verify_granted(claim, client.certificate().device())?;
        let guest = verified.guest.account();
        let granted = grant.verify(invitation, transcript, guest, client.list());
        granted.map(|()| verified).map_err(|_| Error::WrongPeer)
    }

    /// Begins the chat of a verified claim, and returns what the guest says of itself.
    fn begin(
        &self,
        client: &Client,
        verified: Verified<'_>,
        accepted: Accepted,
        granted: Option<Grant>,
        at: Now,
    ) -> Result<(Chat, Introduction), Error> {
        let Verified { transcript, guest, signed_prekeys, .. } = verified;
        let Accepted { session, opened } = accepted;
        if *session.peer() != guest {
            return Err(Error::WrongPeer);
        }
        let (reported, sent, ChatContent::Introduction { name, texts, share, join }) =
            ChatContent::decode(&opened.content, &self.inner.policy)?
        else {
            return Err(Error::NotAllowed);
        };
        let names =
            ChatNames { invitation: self.inner.invitation, transcript, guest: guest.account() };
        let said = |(id, text)| ChatText { id: TextId { by: guest.device(), id }, sent, text };
        let texts: Vec<ChatText> = texts.into_iter().map(said).collect();
        let known: Vec<_> = texts.iter().map(|text| text.known(&names)).collect();
        let is_without_one_time = !session.used_one_time_prekey();
        let beginning = Beginning {
            terms: self.terms(transcript, name.clone()),
            own: client.certificate().clone(),
            peer: guest,
            list: client.list().clone(),
            pending: texts.len(),
            texts: known,
            pin: self.pin_stage(share)?,
            granted,
            sessions: Vec::from([session]),
            reported,
            late_devices: LateDevices::Host(Box::new(JoinTicket { signed_prekeys, key: join })),
        };
        let (chat, mut alerts) = Chat::begin(beginning, at)?;
        if is_without_one_time {
            alerts.push(Alert::NoOneTimePrekey);
        }
        Ok((chat, Introduction { name, texts, alerts }))
    }

    /// Returns the stage of the PIN when a guest has come with this share.
    fn pin_stage(&self, share: Option<Public>) -> Result<PinStage, Error> {
        match (self.pin(), share) {
            (Some(pin), Some(share)) => Ok(PinStage::Asked(Box::new((pin.duplicate(), share)))),
            (None, Some(_)) => Ok(PinStage::Elsewhere(self.maker())),
            (None, None) => Ok(PinStage::Done),
            (Some(_), None) => Err(Error::NotAllowed),
        }
    }

    fn terms(&self, transcript: [u8; 32], guest_name: String) -> ChatTerms {
        ChatTerms {
            invitation: self.inner.invitation,
            transcript,
            locator: self.inner.locator,
            owner: self.inner.owner.public(),
            policy: self.inner.policy.clone(),
            maker: self.inner.maker,
            guest_name,
        }
    }
}

impl<'a> OpenedClaim<'a> {
    /// Returns the guest, by the keys that the claim proved.
    #[must_use]
    pub fn peer(&self) -> &Certificate {
        self.chat.peer()
    }

    /// Returns the invite as it is, to renew a full journal of it.
    #[must_use]
    pub fn invite(&self) -> &Invite {
        self.invite
    }

    /// Returns the client as it is, to renew a full journal of it.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.client
    }

    /// Seals both changes for storage. Each of `invite` and `client` is an owner and the anchor that the store
    /// holds for it now, as in [`Pending::record`](crate::storage::Pending::record).
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the store has moved on in one of them: load both again, and open the claim
    /// again.
    pub fn record(
        self,
        key: &StateKey,
        invite: (&[u8], &Anchor),
        client: (&[u8], &Anchor),
        rng: &mut impl CryptoRng,
    ) -> Result<RecordedClaim<'a>, Error> {
        let invite = self.invite_change.record(key, invite.0, invite.1, rng)?;
        let client = self.client_change.record(key, client.0, client.1, rng)?;
        Ok(RecordedClaim { claim: self, records: (invite, client) })
    }

    /// Seals both changes as the next entries of two journals.
    ///
    /// # Errors
    ///
    /// As [`Pending::journal`](crate::storage::Pending::journal), and then neither journal has changed.
    pub fn journal(
        self,
        invite: &mut Journal,
        client: &mut Journal,
        rng: &mut impl CryptoRng,
    ) -> Result<RecordedClaim<'a>, Error> {
        let at_invite = invite.seal(&self.invite_change, rng)?;
        let at_client = client.seal(&self.client_change, rng)?;
        let records = (invite.add(at_invite), client.add(at_client));
        Ok(RecordedClaim { claim: self, records })
    }

    /// Moves the invite and the client on, and gives out the chat, which waits for [`Chat::grant`] or
    /// [`Chat::end`], or is active if another own device has let the guest in. For a program that saves whole
    /// states: save all three before anything is shown.
    #[must_use = "the chat is all that is left of the link"]
    pub fn apply(self) -> (Chat, Introduction) {
        self.invite_change.move_on(self.invite);
        self.client_change.move_on(self.client);
        (self.chat, self.introduction)
    }
}

/// A claim whose two changes are ready to be written.
#[must_use = "a claim that is not applied was not taken"]
pub struct RecordedClaim<'a> {
    claim: OpenedClaim<'a>,
    records: (Vec<u8>, Vec<u8>),
}

redacted!(RecordedClaim<'_>, |recorded| peer = recorded.claim.peer());

impl RecordedClaim<'_> {
    /// Returns the sealed changes of the invite and of the client.
    #[must_use]
    pub fn records(&self) -> (&[u8], &[u8]) {
        (&self.records.0, &self.records.1)
    }

    /// Moves the invite and the client on, and gives out the chat, to be written beside both records in one
    /// transaction. If the write fails, drop all three, and load the two again.
    #[must_use = "the chat is all that is left of the link"]
    pub fn apply(self) -> (Chat, Introduction) {
        self.claim.apply()
    }
}
