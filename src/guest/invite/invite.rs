//! The host's side of a link, from making it until somebody has claimed it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::delta::{InviteChange, InviteDelta};
use crate::client::Client;
use crate::client::limits::HOUR;
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::kdf::hedged;
use crate::primitives::secret::{Secret, redacted};
use crate::primitives::sign;
use crate::protocol::clock::{Clock, Now};
use crate::protocol::guest::grant::GrantedElsewhere;
use crate::protocol::guest::invitation::{Approval, Invitation, Policy};
use crate::protocol::guest::link::{InviteLink, Locator};
use crate::protocol::guest::pin::Pin;
use crate::protocol::guest::server_copy::{Notice, ServerCopy};
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::labels;
use crate::protocol::letter::Listed;
use crate::protocol::origin::Origin;
use crate::storage::{Anchor, Pending, Stateful};

/// A host's link, on one of its devices. Secret while it is open: whoever reads it holds the link.
///
/// ```text
///                  claim
///  Open ───────────────────────────────▶ Claimed (the chat goes on in a Chat)
///    │ └─sync──▶ granted elsewhere ─claim──▲  └──the maker took another claim──▶ Contested
///    └─ expire, revoke, sync ─▶ Ended
/// ```
///
/// Leaving `Open` erases the link's secret: a link that leaks later opens nothing. After a grant by the maker, the
/// device that made the link, the invite of another own device keeps what opens that one claim.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::Client;
/// use latchstring::guest::{Invite, LinkStatus, Policy, ServerCopy};
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let account = Account::generate(AccountId([1; 32]), &mut rng);
///     let host = Client::create(&account, now, &mut rng);
///
///     // Save the invite, upload the copy, show the link.
///     let policy = Policy::new("Ada", now + 86_400);
///     let (mut invite, copy) = Invite::create(&host, "chat.example", policy, now, &mut rng)?;
///     let stored = ServerCopy::decode(&copy.encode())?;
///     assert_eq!(stored.locator(), invite.locator());
///     let link = invite.link().expect("an open link");
///     let preview = link.open(stored.sealed_invitation(), "chat.example", now)?;
///
///     // Nobody came: the host takes it back, and the server tells who comes late.
///     invite.revoke(now + 60)?.apply();
///     assert!(invite.link().is_none());
///     let notice = invite.notice().expect("a link that is over");
///     stored.check_notice(&notice)?;
///     assert_eq!(preview.status(&notice)?, LinkStatus::Revoked);
///     Ok(())
/// }
/// ```
pub struct Invite {
    pub(super) inner: Box<Inner>,
}

redacted!(
    Invite,
    |invite| locator = invite.locator(),
    origin = invite.origin(),
    is_open = invite.link().is_some()
);

pub(super) struct Inner {
    pub(super) status: Status,
    pub(super) maker: DeviceId,
    pub(super) origin: Origin,
    pub(super) policy: Policy,
    pub(super) locator: Locator,
    pub(super) invitation: [u8; 32],
    pub(super) owner: Owner,
    pub(super) clock: Clock,
    pub(super) anchor: Anchor,
}

/// The key that ends a link: all of it on the maker, its public half on the host's other devices, so that none of
/// them ends a link that it did not make.
pub(super) enum Owner {
    Here(sign::SecretKey),
    Elsewhere(sign::PublicKey),
}

impl Owner {
    pub(super) fn public(&self) -> sign::PublicKey {
        match self {
            Self::Here(key) => key.public(),
            Self::Elsewhere(key) => *key,
        }
    }
}

/// The beginning of an invite. The maker alone holds the PIN, if there is one: two devices that answer would give a
/// guest two guesses.
pub(super) struct Offer {
    pub(super) invitation: Invitation,
    pub(super) signed: Zeroizing<Vec<u8>>,
    pub(super) owner: Owner,
    pub(super) pin: Option<Pin>,
}

pub(super) enum Status {
    Open { signed: Zeroizing<Vec<u8>>, link: InviteLink, pin: Option<Pin> },
    GrantedElsewhere(Box<GrantedElsewhere>),
    Claimed([u8; 32]),
    Contested,
    Ended,
}

impl Invite {
    /// Makes a link for one guest, and the server copy that the server is to store for it. Save the invite,
    /// then upload the copy, then show the link ([`Invite::link`]).
    ///
    /// `origin` is the name of the service whose pages open the link; a guest's client refuses a
    /// link that was made for another.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for a host's name that cannot be displayed; [`Error::InvalidPolicy`] if the
    /// policy exceeds a limit that its fields name, or the origin is no host name, with or without a
    /// port, of small letters;
    /// [`Error::OwnDeviceUnlisted`] if the device is no longer one of its account's, [`Error::ListExpired`]
    /// if the account's list must be signed anew: no guest could claim.
    pub fn create(
        client: &Client,
        origin: &str,
        policy: Policy,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, ServerCopy), Error> {
        let now = client.hosting(now)?;
        policy.check(now.reading())?;
        let origin = Origin::new(origin)?;
        client.check_list(now)?;
        // The owner key does not follow from the link: whoever holds the link cannot end it in the owner's
        // name.
        let identity = client.device().identity();
        let owner = owner(identity.agreement.seed(), (&origin, &policy), now, rng);
        let invitation = Invitation {
            origin,
            host: client.certificate().clone(),
            listed: Listed::of(client.list()),
            owner: owner.public(),
            policy,
        };
        let signed = invitation.sign(identity, rng);
        let asked = invitation.policy.approval == Approval::Pin;
        let pin = asked.then(|| Pin::generate(identity.agreement.seed(), &signed, rng));
        let server_copy = ServerCopy::new(&InviteLink::of(&signed), &invitation, &signed)?;
        let owner = Owner::Here(owner);
        Ok((Self::new(client, Offer { invitation, signed, owner, pin }, now), server_copy))
    }

    pub(super) fn new(client: &Client, offer: Offer, now: Now) -> Self {
        let Offer { invitation: Invitation { host, origin, policy, .. }, signed, owner, pin } =
            offer;
        let link = InviteLink::of(&signed);
        let (locator, invitation) = (link.locator(), link.keys().invitation_id());
        let anchor = Anchor::start(Self::KIND, &client.certificate().core(), &invitation);
        let status = Status::Open { signed, link, pin };
        let inner = Inner {
            status,
            maker: host.device(),
            origin,
            policy,
            locator,
            invitation,
            owner,
            clock: now.clock(),
            anchor,
        };
        Self { inner: Box::new(inner) }
    }

    /// Returns the link, while it is open. Give its URL to the guest over a way that you trust as much as the
    /// chat.
    #[must_use]
    pub fn link(&self) -> Option<&InviteLink> {
        match &self.inner.status {
            Status::Open { link, .. } => Some(link),
            _ => None,
        }
    }

    /// Returns the PIN, if the policy asks for one, the link is open, and this device made it. Tell it to the
    /// guest over another way than the link.
    #[must_use]
    pub fn pin(&self) -> Option<&Pin> {
        match &self.inner.status {
            Status::Open { pin, .. } => pin.as_ref(),
            _ => None,
        }
    }

    /// Returns the device of this account that made the link: it ends it, and answers its PIN.
    #[must_use]
    pub fn maker(&self) -> DeviceId {
        self.inner.maker
    }

    /// Returns the service that the link was made for.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.inner.origin.as_str()
    }

    /// Returns what the server finds the link's objects by.
    #[must_use]
    pub fn locator(&self) -> Locator {
        self.inner.locator
    }

    /// Returns what the link allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Takes the link back, or drops it after its time: its secret is erased when the change is
    /// applied. Then give [`Invite::notice`] to the server, if there is one. A device that did not make the link lets
    /// go of it for itself and has no notice: tell the maker ([`Invite::maker`]).
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`] if somebody has claimed it: end the [`Chat`](crate::guest::Chat) instead.
    /// [`Error::Ended`] if it is over.
    pub fn revoke(&mut self, now: u64) -> Result<Pending<'_, Self, ()>, Error> {
        let now = self.inner.clock.now(now);
        match self.inner.status {
            Status::Open { .. } => Ok(self.changed(now, InviteChange::Ended, ())),
            Status::GrantedElsewhere(_) | Status::Claimed(_) | Status::Contested => {
                Err(Error::AlreadyClaimed)
            }
            Status::Ended => Err(Error::Ended),
        }
    }

    /// Erases a waiting link once its end has come; before that, remembers the time every hour, so that
    /// setting the clock back revives nothing.
    pub fn expire(&mut self, now: u64) -> Pending<'_, Self, ()> {
        let inner = &*self.inner;
        let at = inner.clock.now(now);
        let change = match &inner.status {
            Status::Open { .. } if at.firm() > inner.policy.expires => InviteChange::Ended,
            Status::GrantedElsewhere(granted) if at.firm() > inner.policy.expires => {
                InviteChange::Claimed(granted.transcript)
            }
            Status::Open { .. } | Status::GrantedElsewhere(_)
                if inner.clock.is_behind(at, HOUR) =>
            {
                InviteChange::Open
            }
            _ => return Pending::maybe(self, None, ()),
        };
        self.changed(at, change, ())
    }

    /// Holds back a change that happens at this time.
    pub(super) fn changed<T>(
        &mut self,
        now: Now,
        change: InviteChange,
        output: T,
    ) -> Pending<'_, Self, T> {
        Pending::new(self, InviteDelta { now, change }, output)
    }

    /// Erases the link's secret, and what opens a claim that was granted elsewhere, on a device that its account
    /// has removed; nothing changes on any other. Give the notice to nobody then, and delete the invite: the
    /// link is the account's, and goes on on its other devices.
    pub fn leave(&mut self, client: &Client, now: u64) -> Pending<'_, Self, ()> {
        let now = self.inner.clock.now(now);
        let change = match &self.inner.status {
            _ if client.is_listed() => None,
            Status::Open { .. } if !self.is_of(client) => None,
            Status::Open { .. } => Some(InviteChange::Ended),
            Status::GrantedElsewhere(granted) => Some(InviteChange::Claimed(granted.transcript)),
            Status::Claimed(_) | Status::Contested | Status::Ended => None,
        };
        let delta = change.map(|change| InviteDelta { now, change });
        Pending::maybe(self, delta, ())
    }

    /// Tells whether an open link is of the client's account.
    pub(super) fn is_of(&self, client: &Client) -> bool {
        let Status::Open { signed, .. } = &self.inner.status else { return false };
        let invitation = Invitation::decode(signed);
        invitation.is_ok_and(|invitation| invitation.host.account() == client.list().first_id())
    }

    /// Tells whether what has ended did so by its time: nothing happens to it afterwards.
    pub(super) fn is_timed_out(&self) -> bool {
        self.inner.clock.latest() > self.inner.policy.expires
    }

    /// Signs the notice that the link is claimed or taken back, for the server, so that a late-comer is told the
    /// truth, and for the other own devices. There is none while the link is open, none on a device that did
    /// not make the link, and none of a link that ended by its time, which everybody knows: another own device may
    /// have let a guest in.
    #[must_use]
    pub fn notice(&self) -> Option<Vec<u8>> {
        let Owner::Here(owner) = &self.inner.owner else { return None };
        let notice = match &self.inner.status {
            // Contested is a maker that was restored: it has told already whose the link is.
            Status::Open { .. } | Status::Contested => return None,
            Status::GrantedElsewhere(granted) => Notice::Claimed(granted.transcript),
            Status::Claimed(transcript) => Notice::Claimed(*transcript),
            // Its own end has come: another device may have let a guest in whom this one knows nothing of.
            Status::Ended if self.is_timed_out() => return None,
            Status::Ended => Notice::Revoked,
        };
        Some(notice.sign(self.inner.locator, owner))
    }
}

/// Draws the key that ends a link, from randomness, a secret of the host's and the link's terms.
fn owner(
    secret: &Secret<32>,
    (origin, policy): (&Origin, &Policy),
    now: Now,
    rng: &mut impl CryptoRng,
) -> sign::SecretKey {
    let mut terms = Writer::new();
    terms.u64(now.reading());
    origin.write(&mut terms);
    policy.write(&mut terms);
    sign::SecretKey::from_seed(hedged(secret, labels::GUEST_OWNER, &[terms.written()], rng))
}
