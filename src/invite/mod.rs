//! The host's side of a link, from making it until somebody has claimed it.

mod arrival;
mod share;
mod stored;

pub use arrival::{Arrival, Hello};

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::change::{Change, Delta};
use crate::chat::{self, Beginning, Chat};
use crate::client::Client;
use crate::error::Error;
use crate::primitives::pake::Public;
use crate::primitives::secret::{Secret, same};
use crate::primitives::sign;
use crate::protocol::claim::{self, Opener, Verified};
use crate::protocol::content::Content;
use crate::protocol::course::{HOUR, InviteDelta, Outcome};
use crate::protocol::grant::{Granted, Settled, Word};
use crate::protocol::handshake::Binding;
use crate::protocol::invitation::{Approval, Invitation, Policy};
use crate::protocol::join::{Joining, Ticket};
use crate::protocol::letter::Listed;
use crate::protocol::link::{Link, Locator};
use crate::protocol::pin::{Pin, PinStage};
use crate::protocol::posting::{Notice, Posting};
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

/// A host's guest link, on one of its devices. Secret while it is open: whoever reads it holds the
/// link.
///
/// ```text
///              claim
///  Open ───────────────────────▶ Claimed (the chat goes on in a Chat)
///    │ └─settle──▶ Settled ─claim──▲  └──settle, heed: another claim──▶ Contested
///    └─ expire, revoke, heed ─▶ Ended
/// ```
///
/// Leaving `Open` erases the link's secret: a link that leaks later opens nothing. What is settled
/// keeps what opens the one claim that another own device has granted.
pub struct Invite {
    inner: Box<Inner>,
}

struct Inner {
    status: Status,
    /// Whether this device made the link. It alone holds the PIN, if there is one: two that answer
    /// would give a guest two guesses.
    made: bool,
    origin: String,
    policy: Policy,
    locator: Locator,
    invitation: [u8; 32],
    owner: sign::SecretKey,
    clock: u64,
    anchor: Anchor,
}

/// What an invite begins with.
struct Offer {
    invitation: Invitation,
    signed: Zeroizing<Vec<u8>>,
    owner: sign::SecretKey,
    pin: Option<Pin>,
    made: bool,
}

enum Status {
    Open { signed: Zeroizing<Vec<u8>>, link: Link, pin: Option<Pin> },
    Settled(Box<Settled>),
    Claimed([u8; 32]),
    Contested,
    Ended,
}

impl Invite {
    /// Makes a link for one guest, and the posting that the server is to store for it. Save the
    /// invite, then upload the posting, then show the link ([`Invite::link`]).
    ///
    /// `origin` is the name of the service whose pages open the link; a guest's client refuses a
    /// link that was made for another.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if the policy exceeds a limit that its fields name, or the origin
    /// has more than 255 bytes; [`Error::Unlisted`], [`Error::ListExpired`] if the device is no
    /// more one of its account's, or the account's list must be signed anew: no guest could claim.
    pub fn create(
        client: &Client,
        origin: &str,
        policy: Policy,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Posting), Error> {
        let now = client.hosting(now)?;
        policy.check(now)?;
        client.list().check(now)?;
        // Independent of the link: whoever holds the link cannot end it in the owner's name.
        let owner = sign::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        let invitation = Invitation {
            origin: origin.to_string(),
            host: client.certificate().clone(),
            listed: Listed::of(client.list()),
            owner: owner.public(),
            policy,
        };
        let signed = invitation.sign(client.device().identity(), rng)?;
        let asked = invitation.policy.approval == Approval::Pin;
        let pin = asked.then(|| Pin::generate(rng));
        let posting = Posting::new(&Link::of(&signed), &invitation, &signed)?;
        Ok((Self::new(client, Offer { invitation, signed, owner, pin, made: true }, now), posting))
    }

    fn new(client: &Client, offer: Offer, now: u64) -> Self {
        let Offer { invitation: Invitation { origin, policy, .. }, signed, owner, pin, made } =
            offer;
        let link = Link::of(&signed);
        let (locator, invitation) = (link.locator(), link.keys().invitation_id());
        let anchor = Anchor::start(Self::KIND, &client.certificate().core(), &invitation);
        let status = Status::Open { signed, link, pin };
        let inner =
            Inner { status, made, origin, policy, locator, invitation, owner, clock: now, anchor };
        Self { inner: Box::new(inner) }
    }

    /// The link, while it is open. Give its URL to the guest over a way that you trust as much as
    /// the chat.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        match &self.inner.status {
            Status::Open { link, .. } => Some(link),
            _ => None,
        }
    }

    /// The PIN, if the policy asks for one, the link is open, and this device made it. Tell it to
    /// the guest over another way than the link.
    #[must_use]
    pub fn pin(&self) -> Option<&Pin> {
        match &self.inner.status {
            Status::Open { pin, .. } => pin.as_ref(),
            _ => None,
        }
    }

    /// The service that the link was made for.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.inner.origin
    }

    /// What the server finds the link's objects by.
    #[must_use]
    pub fn locator(&self) -> Locator {
        self.inner.locator
    }

    /// What the link allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Opens a claim: the guest, what it wrote, and a chat that waits for the host's decision.
    ///
    /// The first claim wins. The link is spent from then on, also if the guest is not let in.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] for a claim that names the transcript of the one that won (unverified,
    /// a hint); [`Error::AlreadyClaimed`] for any
    /// other after it; [`Error::Ended`] and [`Error::Expired`] for a link that is over;
    /// [`Error::BadSignature`], [`Error::Forged`], [`Error::WrongPeer`], [`Error::WeakKey`] for a
    /// claim that is not from a holder of the link or not for this device; [`Error::Unlisted`] if
    /// the device is no more one of its account's; the errors of
    /// [`Device::accept`](crate::Device::accept); [`Error::Exhausted`] after 2^64 changes;
    /// [`Error::NotAllowed`] for what the policy does not allow. Nothing changes then, and the link
    /// stays open.
    pub fn claim(&self, client: &Client, claim: &[u8], now: u64) -> Result<Arrival, Error> {
        let inner = &*self.inner;
        // The invite's clock is its own; the client goes by its own, too.
        let at = now.max(inner.clock);
        let device = client.certificate().device();
        let (verified, psk, granted) = match &inner.status {
            Status::Open { .. } | Status::Settled(_) if at > inner.policy.expires => {
                return Err(Error::Expired);
            }
            Status::Open { link, .. } => {
                let keys = link.keys();
                (claim::verify(claim, &keys, device)?, &keys.psk()?, None)
            }
            Status::Settled(settled) => {
                let Settled { transcript, word, psk, record_key } = &**settled;
                if claim::named(claim, inner.locator)? != *transcript {
                    return Err(Error::AlreadyClaimed);
                }
                let (locator, invitation) = (inner.locator, &inner.invitation);
                let opener = Opener { locator, invitation, record_key };
                let verified = opener.verify_granted(claim, device)?;
                self.confirm(word, &verified, client)?;
                (verified, psk, Some(*word))
            }
            Status::Claimed(ours) => {
                let again = same(ours, &claim::named(claim, inner.locator)?);
                return Err(if again { Error::Duplicate } else { Error::AlreadyClaimed });
            }
            Status::Contested => return Err(Error::AlreadyClaimed),
            Status::Ended => return Err(Error::Ended),
        };
        let Verified { transcript, guest, lasting, message } = verified;
        let binding = Binding { psk, context: &transcript };
        let (session, opened, client_change) = client.accept_guest(message, &binding, now)?;
        if *session.peer() != guest {
            return Err(Error::WrongPeer);
        }
        let (reported, Content::Hello { name, texts, share, join }) =
            Content::decode(&opened.content, &inner.policy)?
        else {
            return Err(Error::NotAllowed);
        };
        let beginning = Beginning {
            terms: self.terms(transcript),
            own: client.certificate().clone(),
            peer: guest,
            peer_name: name.clone(),
            list: client.list().clone(),
            pending: texts.len(),
            pin: self.pin_stage(share)?,
            granted,
            sessions: Vec::from([session]),
            reported,
            joining: Joining::Host(Box::new(Ticket { lasting, key: join })),
        };
        let (chat, alerts) = Chat::begin(beginning, at)?;
        let invite = self.change(InviteDelta { now: at, outcome: Outcome::Claimed(transcript) })?;
        let hello = Hello { name, texts, alerts };
        Ok(Arrival { chat, hello, invite, client: client_change })
    }

    /// Whether the word of another own device is for the guest of this claim. It was signed by that
    /// device when it came; one that has gone from the list since has said nothing else.
    fn confirm(&self, word: &Word, claim: &Verified<'_>, client: &Client) -> Result<(), Error> {
        let Word { host, at, signature } = word;
        let Some(by) = client.list().device(*host) else { return Ok(()) };
        let (invitation, transcript) = (&self.inner.invitation, &claim.transcript);
        let guest = claim.guest.account();
        let told = Granted { invitation, transcript, guest, host: *host, at: *at };
        told.verify(&by.identity().signing, signature).map_err(|_| Error::WrongPeer)
    }

    /// Where the PIN stands when a guest has come with this share.
    fn pin_stage(&self, share: Option<Public>) -> Result<PinStage, Error> {
        match (self.pin(), share) {
            (Some(pin), Some(share)) => Ok(PinStage::Asked(Box::new((pin.duplicate(), share)))),
            (None, Some(_)) => Ok(PinStage::Elsewhere),
            (None, None) => Ok(PinStage::Done),
            (Some(_), None) => Err(Error::NotAllowed),
        }
    }

    /// Takes the link back, or drops it after its time: its secret is erased when the change is
    /// applied. Then give [`Invite::notice`] to the server.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyClaimed`] if somebody has claimed it: end the [`Chat`] instead.
    /// [`Error::Ended`] if it is over.
    pub fn revoke(&self, now: u64) -> Result<Change, Error> {
        let now = now.max(self.inner.clock);
        match self.inner.status {
            Status::Open { .. } => self.change(InviteDelta { now, outcome: Outcome::Ended }),
            Status::Settled(_) | Status::Claimed(_) | Status::Contested => {
                Err(Error::AlreadyClaimed)
            }
            Status::Ended => Err(Error::Ended),
        }
    }

    /// What time does to a link that waits: once its end has come, the change that erases it;
    /// before that, every hour, a change that remembers the time, so that setting the clock back
    /// revives nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn tick(&self, now: u64) -> Result<Option<Change>, Error> {
        let inner = &*self.inner;
        let outcome = match &inner.status {
            Status::Open { .. } if now > inner.policy.expires => Outcome::Ended,
            Status::Settled(settled) if now > inner.policy.expires => {
                Outcome::Claimed(settled.transcript)
            }
            Status::Open { .. } | Status::Settled(_) if now >= inner.clock.saturating_add(HOUR) => {
                Outcome::Open
            }
            _ => return Ok(None),
        };
        self.change(InviteDelta { now, outcome }).map(Some)
    }

    /// The owner's signed word for the server that the link is claimed or over, so that a
    /// late-comer is told the truth. Nothing while the link is open.
    #[must_use]
    pub fn notice(&self) -> Option<Vec<u8>> {
        let notice = match &self.inner.status {
            Status::Open { .. } => return None,
            Status::Settled(settled) => Notice::Claimed(settled.transcript),
            Status::Claimed(transcript) => Notice::Claimed(*transcript),
            // Nobody is let in: both guests are to know.
            Status::Contested | Status::Ended => Notice::Revoked,
        };
        Some(notice.sign(self.inner.locator, &self.inner.owner))
    }

    /// Moves the invite on by a change that was made from it.
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if the change was made from another state. Nothing changes then.
    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        let (next, Delta::Invite(delta)) = change.take(&self.inner.anchor)? else {
            return Err(Error::StaleChange);
        };
        self.inner.anchor = next;
        self.inner.clock = delta.now;
        // The link's secret goes with the old status.
        match delta.outcome {
            Outcome::Open => {}
            Outcome::Claimed(transcript) => self.inner.status = Status::Claimed(transcript),
            Outcome::Ended => self.inner.status = Status::Ended,
            Outcome::Settled(settled) => self.inner.status = Status::Settled(settled),
            Outcome::Contested => self.inner.status = Status::Contested,
        }
        Ok(())
    }

    fn terms(&self, transcript: [u8; 32]) -> chat::Terms {
        chat::Terms {
            invitation: self.inner.invitation,
            transcript,
            locator: self.inner.locator,
            owner: self.inner.owner.public(),
            policy: self.inner.policy.clone(),
        }
    }

    fn change(&self, delta: InviteDelta) -> Result<Change, Error> {
        Change::new(self.inner.anchor, Delta::Invite(delta))
    }
}
