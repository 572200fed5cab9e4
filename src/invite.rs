//! The host's side of a link, from making it until somebody has claimed it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::change::{Change, Delta};
use crate::chat::{self, Chat};
use crate::device::Device;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::{Secret, same};
use crate::primitives::sign;
use crate::protocol::claim::{self, Verified};
use crate::protocol::content::{Content, Text};
use crate::protocol::course::{HOUR, InviteDelta, Outcome};
use crate::protocol::handshake::Binding;
use crate::protocol::invitation::{self, Approval, Invitation, Policy};
use crate::protocol::link::{Link, Locator};
use crate::protocol::pin::{Pin, PinStage};
use crate::protocol::posting::{Notice, Posting};
use crate::protocol::record::Anchor;
use crate::state::State;
use crate::state::private::Stateful;

/// A host's guest link. Secret while it is open: whoever reads it holds the link.
///
/// ```text
///           claim                         
///  Open ──────────▶ Claimed (the chat goes on in a Chat)
///    │ expire, revoke
///    └────────────▶ Ended
/// ```
///
/// Leaving `Open` erases the link's secret: a link that leaks later opens nothing.
pub struct Invite {
    inner: Box<Inner>,
}

struct Inner {
    status: Status,
    origin: String,
    policy: Policy,
    locator: Locator,
    invitation: [u8; 32],
    owner: sign::SecretKey,
    clock: u64,
    anchor: Anchor,
}

enum Status {
    Open { link: Link, pin: Option<Pin> },
    Claimed([u8; 32]),
    Ended,
}

/// A guest at the door: save the chat and both changes in one write, then apply.
#[must_use = "a claim that is not applied was not taken"]
pub struct Arrival {
    chat: Chat,
    hello: Hello,
    invite: Change,
    device: Change,
}

/// What a guest says of itself at the door.
pub struct Hello {
    /// The name that the guest gave itself. Nobody has checked it.
    pub name: String,
    /// What the guest wrote before being let in.
    pub texts: Vec<Text>,
}

impl Arrival {
    /// The chat, to be sealed for storage.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The change of the [`Invite`], to be recorded.
    pub fn invite_change(&self) -> &Change {
        &self.invite
    }

    /// The change of the [`Device`], to be recorded.
    pub fn device_change(&self) -> &Change {
        &self.device
    }

    /// Moves the invite and the device on, or neither, and gives out the chat, which waits for
    /// [`Chat::grant`] or [`Chat::end`].
    ///
    /// # Errors
    ///
    /// [`Error::StaleChange`] if one of them has moved on meanwhile: open the claim again.
    pub fn apply(self, invite: &mut Invite, device: &mut Device) -> Result<(Chat, Hello), Error> {
        if invite.anchor() != self.invite.base() {
            return Err(Error::StaleChange);
        }
        device.apply(self.device)?;
        invite.apply(self.invite)?;
        Ok((self.chat, self.hello))
    }
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
    /// has more than 255 bytes.
    pub fn create(
        device: &Device,
        origin: &str,
        policy: Policy,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Posting), Error> {
        policy.check(now)?;
        // Independent of the link: whoever holds the link cannot end it in the owner's name.
        let owner = sign::SecretKey::from_seed(Secret::fill(|out| rng.fill_bytes(out)));
        let invitation = Invitation {
            origin: origin.to_string(),
            host: device.certificate().clone(),
            owner: owner.public(),
            policy,
        };
        let signed = invitation.sign(device.identity(), rng)?;
        let link = Link::of(&signed);
        let asked = invitation.policy.approval == Approval::Pin;
        let pin = asked.then(|| Pin::generate(rng));
        let posting = Posting::new(&link, &invitation, &signed)?;
        let keys = link.keys();
        let inner = Inner {
            locator: keys.locator(),
            invitation: keys.invitation_id(),
            status: Status::Open { link, pin },
            origin: invitation.origin,
            policy: invitation.policy,
            owner,
            clock: now,
            anchor: Anchor::start(Self::KIND, &device.certificate().core(), &keys.invitation_id()),
        };
        Ok((Self { inner: Box::new(inner) }, posting))
    }

    /// The link, while it is open. Give its URL to the guest over a way that you trust as much as
    /// the chat.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        match &self.inner.status {
            Status::Open { link, .. } => Some(link),
            Status::Claimed(_) | Status::Ended => None,
        }
    }

    /// The PIN, if the policy asks for one and the link is open. Tell it to the guest over another
    /// way than the link.
    #[must_use]
    pub fn pin(&self) -> Option<&Pin> {
        match &self.inner.status {
            Status::Open { pin, .. } => pin.as_ref(),
            Status::Claimed(_) | Status::Ended => None,
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
    /// claim that is not from a holder of the link or not for this device; the errors of
    /// [`Device::accept`]; [`Error::Exhausted`] after 2^64 changes; [`Error::NotAllowed`] for what the policy does not allow. Nothing
    /// changes then, and the link stays open.
    pub fn claim(&self, device: &Device, claim: &[u8], now: u64) -> Result<Arrival, Error> {
        let inner = &*self.inner;
        // The invite's clock is its own; the device goes by the caller's.
        let at = now.max(inner.clock);
        let (link, pin) = match &inner.status {
            Status::Open { .. } if at > inner.policy.expires => return Err(Error::Expired),
            Status::Open { link, pin } => (link, pin),
            Status::Claimed(ours) => {
                let again = same(ours, &claim::named(claim, inner.locator)?);
                return Err(if again { Error::Duplicate } else { Error::AlreadyClaimed });
            }
            Status::Ended => return Err(Error::Ended),
        };
        let keys = link.keys();
        let claim = claim::verify(claim, &keys, device.certificate().device())?;
        let Verified { transcript, guest, message } = claim;
        let psk = keys.psk()?;
        let binding = Binding { psk: &psk, context: &transcript };
        let accepted = device.accept_bound(message, now, Some(&binding))?;
        let (session, opened, device_change) = accepted.into_parts();
        if *session.peer() != guest {
            return Err(Error::WrongPeer);
        }
        let Content::Hello { name, texts, share } =
            Content::decode(&opened.content, &inner.policy)?
        else {
            return Err(Error::NotAllowed);
        };
        let pin = match (pin, share) {
            (Some(pin), Some(guest)) => PinStage::Asked(Box::new((pin.duplicate(), guest))),
            (None, None) => PinStage::Done,
            _ => return Err(Error::NotAllowed),
        };
        let waiting = (texts.len(), pin);
        let chat = Chat::host(session, device, &self.terms(transcript), &name, waiting, at)?;
        let invite = self.change(InviteDelta { now: at, outcome: Outcome::Claimed(transcript) })?;
        let hello = Hello { name, texts };
        Ok(Arrival { chat, hello, invite, device: device_change })
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
            Status::Claimed(_) => Err(Error::AlreadyClaimed),
            Status::Ended => Err(Error::Ended),
        }
    }

    /// What time does to an open link: once its end has come, the change that erases it; before
    /// that, every hour, a change that remembers the time, so that setting the clock back revives
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] after 2^64 changes.
    pub fn tick(&self, now: u64) -> Result<Option<Change>, Error> {
        let inner = &*self.inner;
        let outcome = match inner.status {
            Status::Open { .. } if now > inner.policy.expires => Outcome::Ended,
            Status::Open { .. } if now >= inner.clock.saturating_add(HOUR) => Outcome::Open,
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
            Status::Claimed(transcript) => Notice::Claimed(*transcript),
            Status::Ended => Notice::Revoked,
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

impl Stateful for Invite {
    const KIND: u8 = 0x04;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        let inner = &*self.inner;
        inner.anchor.write(writer);
        writer.u64(inner.clock);
        match &inner.status {
            Status::Open { link, pin } => {
                writer.u8(1);
                writer.raw(link.secret().expose());
                writer.flag(pin.is_some());
                if let Some(pin) = pin {
                    pin.write(writer);
                }
            }
            Status::Claimed(transcript) => {
                writer.u8(2);
                writer.raw(transcript);
            }
            Status::Ended => writer.u8(3),
        }
        writer.bytes(inner.origin.as_bytes());
        inner.policy.write(writer);
        writer.raw(&inner.locator.0);
        writer.raw(&inner.invitation);
        writer.raw(inner.owner.seed().expose());
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let anchor = Anchor::read(reader)?;
        let clock = reader.u64()?;
        let status = match reader.u8()? {
            1 => {
                let link = Link::from_secret(Secret::copy(reader.array()?));
                let pin = if reader.flag()? { Some(Pin::read(reader)?) } else { None };
                Status::Open { link, pin }
            }
            2 => Status::Claimed(*reader.array()?),
            3 => Status::Ended,
            _ => return Err(Error::Malformed),
        };
        let inner = Inner {
            status,
            origin: invitation::origin(reader)?,
            policy: Policy::read(reader)?,
            locator: Locator(*reader.array()?),
            invitation: *reader.array()?,
            owner: sign::SecretKey::from_seed(Secret::copy(reader.array()?)),
            clock,
            anchor,
        };
        let asked = inner.policy.approval == Approval::Pin;
        let held = match &inner.status {
            Status::Open { pin, .. } => pin.is_some(),
            Status::Claimed(_) | Status::Ended => asked,
        };
        if held == asked { Ok(Self { inner: Box::new(inner) }) } else { Err(Error::Malformed) }
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }
}
