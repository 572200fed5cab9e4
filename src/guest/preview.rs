//! The guest's side of a link, until it has claimed the chat.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

use super::chat::Chat;
use super::chat::{Beginning, ChatTerms};
use super::claimant::{Guest, Terms};
use crate::error::Error;
use crate::primitives::secret::redacted;
use crate::protocol::clock::Now;
use crate::protocol::content::Text;
use crate::protocol::guest::claim;
use crate::protocol::guest::claim::bundle_hash;
use crate::protocol::guest::content::{ChatContent, check_first, text};
use crate::protocol::guest::invitation;
use crate::protocol::guest::invitation::{Approval, Invitation, Policy, is_name};
use crate::protocol::guest::late_device::{GoneDevices, GuestSecrets, LateDevices};
use crate::protocol::guest::link::InviteLink;
use crate::protocol::guest::pin::{Pin, PinStage};
use crate::protocol::guest::server_copy::Notice;
use crate::protocol::guest::text::draw_id;
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::handshake::x3dh::{Binding, Psk};
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::letter::{Listed, MessageId};

impl InviteLink {
    /// Opens the stored invitation and checks that it is the one that the link commits to. It spends nothing,
    /// and may be called as often as one likes: looking is not claiming.
    ///
    /// `origin` is the service that the caller belongs to.
    ///
    /// # Errors
    ///
    /// [`Error::WrongInvitation`] if the server gave anything but the host's invitation,
    /// [`Error::WrongOrigin`], [`Error::Expired`]; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`], [`Error::BadSignature`] or [`Error::WeakKey`] if the host itself made
    /// it wrong.
    pub fn open(&self, sealed_invitation: &[u8], origin: &str, now: u64) -> Result<Preview, Error> {
        let invitation = invitation::open(self, sealed_invitation)?;
        invitation.origin.check(origin)?;
        invitation.policy.check_time(now)?;
        let link = Self::from_secret(self.secret().duplicate());
        Ok(Preview { link, invitation, pin: None })
    }
}

/// The end of a link, by the notice of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkStatus {
    /// Somebody has claimed it: ask the host for a new one.
    Claimed,
    /// The host has taken it back, or its time is over.
    Revoked,
}

impl fmt::Display for LinkStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claimed => "somebody has claimed the link",
            Self::Revoked => "the host has ended the link",
        })
    }
}

/// A verified invitation: who invites to what. Secret, because it holds the link.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::Client;
/// use latchstring::guest::{Approval, ChatStatus, Invite, InviteLink, Pin, Policy};
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let account = Account::generate(AccountId([1; 32]), &mut rng);
///     let host = Client::create(&account, now, &mut rng);
///     let mut policy = Policy::new("Ada", now + 86_400);
///     policy.approval = Approval::Pin;
///     let (invite, copy) = Invite::create(&host, "chat.example", policy, now, &mut rng)?;
///
///     // The guest has the link as a URL, and the PIN by another way.
///     let url = invite.link().expect("an open link").to_url("chat.example")?;
///     let digits = invite.pin().expect("a link with a PIN").digits();
///
///     let link = InviteLink::parse(&url)?;
///     assert_eq!(link.locator(), copy.locator()); // by which the server finds the invitation
///     let preview = link.open(copy.sealed_invitation(), "chat.example", now)?;
///     assert_eq!(preview.policy().host_name, "Ada");
///
///     // The guest enters the PIN and claims: save the chat, then send the claim.
///     let preview = preview.enter(Pin::parse(&digits)?)?;
///     let (chat, claim) = preview.claim(host.list(), &[host.bundle()], "Grace", &[], now, &mut rng)?;
///     copy.check_claim(&claim)?;
///     assert_eq!(chat.status(), ChatStatus::Waiting);
///     Ok(())
/// }
/// ```
pub struct Preview {
    link: InviteLink,
    invitation: Invitation,
    pin: Option<Pin>,
}

redacted!(Preview, |preview| host = preview.host());

impl Preview {
    /// Returns the host's device that signed the invitation, and its account.
    #[must_use]
    pub fn host(&self) -> &Certificate {
        &self.invitation.host
    }

    /// Returns what the link allows, and the host's name.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.invitation.policy
    }

    /// Reads from a server's notice that the link is claimed or taken back.
    ///
    /// # Errors
    ///
    /// [`Error::BadSignature`] if the link's owner did not sign it: the link may still be open;
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WrongPeer`].
    pub fn status(&self, notice: &[u8]) -> Result<LinkStatus, Error> {
        let claimed = Notice::decode(notice, self.link.locator(), &self.invitation.owner)?;
        Ok(if claimed.is_some() { LinkStatus::Claimed } else { LinkStatus::Revoked })
    }

    /// Takes the PIN that the host told the guest over another way than the link.
    ///
    /// Offer to enter one for *every* link, also for one that asks for none: somebody who put another link in
    /// the place of the host's would make it ask for none. Each claim with a PIN gives the other side one
    /// guess: once a PIN was wrong, or a claim with it was made, do not use that link again
    /// ([`Chat::locator`]).
    ///
    /// # Errors
    ///
    /// [`Error::PinNotRequested`] if the invitation asks for none; the preview is used up.
    pub fn enter(self, pin: Pin) -> Result<Self, Error> {
        if self.invitation.policy.approval != Approval::Pin {
            return Err(Error::PinNotRequested);
        }
        Ok(Self { pin: Some(pin), ..self })
    }

    /// Claims the chat. Call it only when the person has asked for it: the first claim is the
    /// only one.
    ///
    /// `list` is the host account's newest device list, and `hosts` are bundles of its devices, in
    /// any order. Fetch one of every device that is listed, each with a one-time prekey: a device
    /// without a bundle is left out, and cannot answer the guest.
    ///
    /// Makes the guest's keys, from fresh randomness and for this link alone, and a first message to each
    /// device of the host with the guest's `name` and first `texts`. Save the chat, then send the claim; keep
    /// the claim's bytes until the server has taken them, and send the same bytes again if in doubt. Then
    /// drop the preview and the [`InviteLink`]: that erases the link.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] for a list of another account than the invitation's, and for a bundle of a device
    /// that is not in the list; [`Error::ListExpired`] for a list outside its validity time;
    /// [`Error::ListRollback`] for one that is older than the invitation, [`Error::ListFork`] for one that
    /// does not follow the list that the invitation names, [`Error::ListGap`] for one that does not reach
    /// back to it; [`Error::BundleMissing`] without a bundle, and with a PIN without one of the device that made the
    /// link, which alone can prove it; [`Error::DeviceConflict`] for two of one device; [`Error::StalePrekey`] for
    /// one outside its validity time; [`Error::PinRequired`] for a PIN that is missing ([`Preview::enter`]);
    /// [`Error::InvalidName`] for a name of more than 64 bytes or that is no line ("Lines" in [the
    /// specification](crate::spec)); [`Error::NotAllowed`] for texts before a PIN is proved, and for texts that the
    /// policy does not allow, or of more than 16,384 bytes together; [`Error::Expired`]; [`Error::WeakKey`].
    pub fn claim(
        &self,
        list: &DeviceList,
        hosts: &[Bundle],
        name: &str,
        texts: &[&str],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Chat, Vec<u8>), Error> {
        let policy = &self.invitation.policy;
        let hosts = self.check(list, hosts, now)?;
        let (name, texts) = introduction(policy, name, texts)?;
        let pending = texts.len();

        let keys = self.link.keys();
        let terms = Terms { invitation: &keys.invitation_id(), list, hosts: &hosts, name: &name };
        let bundles = hosts.iter().copied().map(bundle_hash).collect();
        let guest = Guest::generate(keys.locator(), &terms.encode(&texts, now), now, rng);
        let handshakes = guest.handshakes(hosts, now, rng);
        let transcript = guest.transcript(&keys.invitation_id(), &handshakes);
        let secret = guest.identity.agreement.seed();
        let share = self.pin.as_ref().map(|pin| pin.share(secret, &transcript, &[], rng));
        let join = Box::new(Psk::new(guest.join.duplicate())?);
        let public = share.as_ref().map(|own| *own.public());
        let texts = numbered(texts, &join, &transcript, now, rng);
        let guest_name = name.clone();
        let content = ChatContent::Introduction { name, texts, share: public, join };
        let content = content.encode(&Listed::of(list), now);
        let psk = keys.psk()?;
        let binding = Binding { psk: &psk, context: &transcript };
        let (sessions, envelopes) = guest.seal(handshakes, &binding, &content, rng)?;
        let credentials = (&guest.identity, &guest.prekeys.public);
        let claim = claim::encode(&keys, &guest.uid, credentials, &transcript, &envelopes, rng)?;
        let beginning = Beginning {
            terms: self.terms(transcript, guest_name),
            own: guest.identity.certificate,
            peer: self.invitation.host.clone(),
            list: list.clone(),
            pending,
            texts: Vec::new(),
            pin: share.map_or(PinStage::Done, |share| PinStage::Offered(Box::new(share))),
            granted: None,
            sessions,
            reported: Listed::of(list),
            late_devices: LateDevices::Guest(Box::new(GuestSecrets {
                signing: guest.identity.signing,
                uid: guest.uid,
                bundles,
                agreement: guest.identity.agreement,
                prekey_set: guest.prekeys,
                key: Psk::new(guest.join)?,
                gone: GoneDevices::default(),
            })),
        };
        Ok((Chat::begin(beginning, Now::beginning(now))?.0, claim))
    }

    /// Checks that the link can be claimed, and returns the bundles to claim it by.
    fn check<'a>(
        &self,
        list: &DeviceList,
        hosts: &'a [Bundle],
        now: u64,
    ) -> Result<Vec<&'a Bundle>, Error> {
        let policy = &self.invitation.policy;
        policy.check_time(now)?;
        self.check_list(list, now)?;
        let hosts = addressees(list, hosts, now)?;
        if self.pin.is_some() != (policy.approval == Approval::Pin) {
            return Err(Error::PinRequired);
        }
        let maker = self.invitation.host.device();
        let is_asked = hosts.iter().any(|host| host.certificate().device() == maker);
        if self.pin.is_some() && !is_asked { Err(Error::BundleMissing) } else { Ok(hosts) }
    }

    /// Returns what both sides of the chat that this claim begins agree on.
    fn terms(&self, transcript: [u8; 32], guest_name: String) -> ChatTerms {
        let keys = self.link.keys();
        ChatTerms {
            invitation: keys.invitation_id(),
            transcript,
            locator: keys.locator(),
            owner: self.invitation.owner,
            policy: self.invitation.policy.clone(),
            maker: self.invitation.host.device(),
            guest_name,
        }
    }

    /// Checks that a list is the host account's, in its time, and the one that the invitation names or a
    /// later one of the same history.
    fn check_list(&self, list: &DeviceList, now: u64) -> Result<(), Error> {
        let Invitation { host, listed, .. } = &self.invitation;
        if list.first_id() != host.account() || list.account_key() != host.account_key() {
            return Err(Error::WrongPeer);
        }
        list.check(now)?;
        if list.epoch() < listed.epoch {
            return Err(Error::ListRollback);
        }
        match list.hash_at(listed.epoch) {
            Some(hash) if hash == listed.hash => Ok(()),
            Some(_) => Err(Error::ListFork),
            None => Err(Error::ListGap),
        }
    }
}

/// Returns the bundles in ascending order of their devices, if they are of devices of the list, each once and
/// in its time.
fn addressees<'a>(
    list: &DeviceList,
    hosts: &'a [Bundle],
    now: u64,
) -> Result<Vec<&'a Bundle>, Error> {
    for host in hosts {
        if list.device(host.certificate().device()) != Some(host.certificate()) {
            return Err(Error::WrongPeer);
        }
        host.check(now)?;
    }
    let device = |host: &&Bundle| host.certificate().device();
    let mut hosts: Vec<&Bundle> = hosts.iter().collect();
    hosts.sort_unstable_by_key(device);
    let is_set = hosts.is_sorted_by(|one, two| device(one) < device(two));
    if hosts.is_empty() {
        return Err(Error::BundleMissing);
    }
    if is_set { Ok(hosts) } else { Err(Error::DeviceConflict) }
}

/// Returns the name and first texts, if the policy allows them. With a PIN there are no texts before it is
/// proved: whoever altered the link would read them.
fn introduction(policy: &Policy, name: &str, texts: &[&str]) -> Result<(String, Vec<Text>), Error> {
    let most = if policy.approval == Approval::Pin { 0 } else { policy.max_pending };
    if !is_name(name) {
        return Err(Error::InvalidName);
    }
    if texts.len() > usize::from(most) {
        return Err(Error::NotAllowed);
    }
    let texts = texts.iter().map(|one| text(one.as_bytes(), policy));
    let texts = texts.collect::<Result<Vec<_>, Error>>()?;
    check_first(texts.iter())?;
    Ok((name.to_string(), texts))
}

/// Gives the texts of an introduction their ids, by their numbers from 1.
fn numbered(
    texts: Vec<Text>,
    key: &Psk,
    transcript: &[u8; 32],
    now: u64,
    rng: &mut impl CryptoRng,
) -> Vec<(MessageId, Text)> {
    let one =
        |(number, text): (u8, Text)| (draw_id(key, (transcript, number), (&text, now), rng), text);
    (1..).zip(texts).map(one).collect()
}
