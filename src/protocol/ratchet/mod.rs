//! The double ratchet with header encryption: `spec/ratchet.md`, after section 4 of the public
//! Double Ratchet specification.
//!
//! ```text
//! root', chain key, next header key = HKDF(salt = root, ikm = X25519(own, peer) ‖ (secret or zeros),
//!                                          info = LABEL(ratchet/root) ‖ mixed ‖ 1 | 2 | 3)
//!
//!            seal: new ratchet key, root step
//!          ┌────────────────────────────────────┐
//!   ┌──────┴──┐                             ┌───▼────┐
//!   │   Due   │                             │ Active │ seal: chain step
//!   └──────▲──┘                             └───┬────┘
//!          └────────────────────────────────────┘
//!            open: a header under the next header key, root step
//! ```
//!
//! A side turns only when it has something to send: the new ratchet key is as late as possible,
//! and opening needs no randomness.

mod chain;
mod delta;
mod header;
#[cfg(test)]
mod healing;
#[cfg(test)]
mod leaps;
#[cfg(test)]
mod mixing;
mod open;
mod reserve;
mod seal;
mod skipped;
#[cfg(test)]
mod tests;

pub(crate) use delta::Delta;
pub(crate) use header::{Front, SEALED_HEADER};
pub(crate) use open::Staged;
pub(crate) use reserve::MAX_RESERVED;

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::aead::TAG;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::dh;
use crate::primitives::kdf::Prk;
use crate::primitives::secret::Secret;

use super::braid::{Braid, NATIVE};
use super::handshake::Keys;
use super::labels;
use chain::{ChainKey, Missing, Reserved};
use header::{HEADER, HeaderKey};
use skipped::{ClosedChains, Recent, read_missing, write_missing};

/// Messages that one message may be ahead of what has arrived, over both the chain it closes and
/// the chain it is in: what a genuine header with an altered body costs at most in chain steps.
pub(crate) const MAX_SKIP: u32 = 2000;

/// Header keys that a message is tried under: the current chain's, the next one's, the closed
/// ones'. All that a stranger's bytes cost.
#[cfg(test)]
pub(crate) const HEADER_TRIALS: usize = 2 + skipped::MAX_CLOSED;

/// Bytes of a message after its front and before its body.
pub(crate) const OVERHEAD: usize = SEALED_HEADER + TAG;

/// Where a message stands among those of its sender.
///
/// Within a chain numbers count up from 0 without gaps; a sender begins a new chain with its
/// first message after having received. What a server withholds shows as a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The sender's chain, from 1.
    pub chain: u32,
    /// The message's number in it, from 0.
    pub number: u32,
}

/// Which side of the handshake this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The side that fetched a bundle and wrote first.
    Initiator,
    /// The side that published the bundle.
    Responder,
}

impl Role {
    /// The direction byte of what this side sends.
    pub(crate) const fn direction(self) -> u8 {
        match self {
            Self::Initiator => 1,
            Self::Responder => 2,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// The sending side; see the drawing above. Each variant is one box: what a larger variant leaves
/// unused of an enum is not wiped, and is filled with whatever was on the stack.
enum Sending {
    /// The next seal makes a ratchet key against the peer's.
    Due(Box<Due>),
    /// A chain is going.
    Active(Box<SendingChain>),
    /// A responder before the first message: its signed prekey is its ratchet key. Lives only
    /// until that message is opened, and is never saved.
    Answering { own: dh::SecretKey },
}

struct Due {
    peer: dh::PublicKey,
    /// The sending chain before this one, 0 if there was none.
    step: u32,
    /// Where that chain ended in the store, with all that was reserved in it.
    previous: u32,
    /// Where it ended, as far as this process knows: it may be before `previous`.
    sealed: u32,
}

struct SendingChain {
    step: u32,
    own: dh::SecretKey,
    /// Kept, because computing it anew for each header would cost more than all the rest.
    public: dh::PublicKey,
    header: HeaderKey,
    /// The chain behind all that is reserved.
    chain: ChainKey,
    number: u32,
    previous: u32,
    mixed: u32,
    /// What is reserved, and not stored: who loads the state does not have it.
    reserved: Option<Box<Reserved>>,
}

struct ReceivingChain {
    step: u32,
    ratchet: dh::PublicKey,
    previous: u32,
    mixed: u32,
    header: HeaderKey,
    chain: ChainKey,
    number: u32,
    missing: Missing,
}

/// One side's ratchet of one session. Secret.
pub(crate) struct Ratchet {
    role: Role,
    session: [u8; 32],
    root: Secret<32>,
    sending: Sending,
    next_sending_header: HeaderKey,
    receiving: Option<Box<ReceivingChain>>,
    next_receiving_header: HeaderKey,
    closed: ClosedChains,
    recent: Recent,
    braid: Braid,
}

/// What a root step gives.
pub(crate) struct Turn {
    root: Secret<32>,
    chain: ChainKey,
    next_header: HeaderKey,
}

impl Ratchet {
    /// The initiator's ratchet: the signed prekey is the responder's first ratchet key.
    pub(crate) fn initiate(keys: Keys, signed_prekey: dh::PublicKey) -> Self {
        Self {
            role: Role::Initiator,
            session: keys.session,
            root: keys.root,
            sending: Sending::Due(Box::new(Due {
                peer: signed_prekey,
                step: 0,
                previous: 0,
                sealed: 0,
            })),
            next_sending_header: HeaderKey(keys.initiator_header),
            receiving: None,
            next_receiving_header: HeaderKey(keys.responder_header),
            closed: ClosedChains::default(),
            recent: Recent::default(),
            braid: Braid::initiate(&keys.braid, &NATIVE),
        }
    }

    /// The responder's ratchet, which must open a first message before anything else.
    pub(crate) fn accept(keys: Keys, signed_prekey: &dh::SecretKey) -> Self {
        // The copy lives until the first message has been opened, in this call of the caller's.
        let own = dh::SecretKey::from_seed(signed_prekey.seed().duplicate());
        Self {
            role: Role::Responder,
            session: keys.session,
            root: keys.root,
            sending: Sending::Answering { own },
            next_sending_header: HeaderKey(keys.responder_header),
            receiving: None,
            next_receiving_header: HeaderKey(keys.initiator_header),
            closed: ClosedChains::default(),
            recent: Recent::default(),
            braid: Braid::accept(&keys.braid, &NATIVE),
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn session(&self) -> &[u8; 32] {
        &self.session
    }

    /// Keys kept for messages that have not arrived.
    pub(crate) fn missing(&self) -> usize {
        let current = self.receiving.as_ref().map_or(0, |chain| chain.missing.len());
        current.saturating_add(self.closed.missing())
    }

    /// Where the next message that this side sends in its present chain stands: one place behind
    /// all that it has sent.
    pub(crate) fn sent(&self) -> Position {
        match &self.sending {
            Sending::Due(due) => Position { chain: due.step, number: due.sealed },
            Sending::Active(chain) => Position { chain: chain.step, number: chain.sealed() },
            Sending::Answering { .. } => Position::default(),
        }
    }

    /// The newest chain that something was received in, 0 if nothing was.
    pub(crate) fn received(&self) -> u32 {
        self.receiving.as_ref().map_or(0, |chain| chain.step)
    }

    /// The newest epoch of the braid that is in the root, 0 if none is.
    pub(crate) fn mixed(&self) -> u32 {
        match &self.sending {
            Sending::Active(chain) => chain.mixed,
            Sending::Due(_) | Sending::Answering { .. } => {
                self.receiving.as_ref().map_or(0, |chain| chain.mixed)
            }
        }
    }

    /// The root step, into which the secret of epoch `mixed` goes if that is not in the root yet.
    fn turn(
        &self,
        own: &dh::SecretKey,
        peer: &dh::PublicKey,
        mixed: u32,
        secret: Option<&Secret<32>>,
    ) -> Result<Turn, Error> {
        let secret = secret.map_or(&[0; 32], Secret::expose);
        let prk = Prk::extract(self.root.expose(), &[own.agree(peer)?.expose(), secret]);
        let mixed = mixed.to_be_bytes();
        let key = |i: u8| prk.expand::<32>(&[labels::RATCHET_ROOT, &mixed, &[i]]);
        Ok(Turn { root: key(1), chain: ChainKey(key(2)), next_header: HeaderKey(key(3)) })
    }

    /// The associated data of a body: all that both sides know of it, and the header in clear.
    fn body_ad(&self, sender: Role, front: &Front, header: &[u8; HEADER]) -> [u8; BODY_AD] {
        let clear = [sender.direction(), front.version, front.kind];
        concat(&[labels::RATCHET_BODY, &self.session, &clear, header])
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.role.direction());
        writer.raw(&self.session);
        writer.raw(self.root.expose());
        match &self.sending {
            Sending::Due(due) => {
                writer.u8(0);
                writer.raw(due.peer.bytes());
                writer.u32(due.step);
                writer.u32(due.previous);
            }
            Sending::Active(chain) => {
                writer.u8(1);
                writer.u32(chain.step);
                writer.raw(chain.own.seed().expose());
                writer.raw(chain.public.bytes());
                writer.raw(chain.header.0.expose());
                writer.raw(chain.chain.0.expose());
                writer.u32(chain.number);
                writer.u32(chain.previous);
                writer.u32(chain.mixed);
            }
            Sending::Answering { .. } => writer.u8(2),
        }
        writer.raw(self.next_sending_header.0.expose());
        writer.flag(self.receiving.is_some());
        if let Some(chain) = &self.receiving {
            writer.u32(chain.step);
            writer.raw(chain.ratchet.bytes());
            writer.u32(chain.previous);
            writer.u32(chain.mixed);
            writer.raw(chain.header.0.expose());
            writer.raw(chain.chain.0.expose());
            writer.u32(chain.number);
            write_missing(&chain.missing, writer);
        }
        writer.raw(self.next_receiving_header.0.expose());
        self.closed.write(writer);
        self.recent.write(writer);
        self.braid.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let role = match reader.u8()? {
            1 => Role::Initiator,
            2 => Role::Responder,
            _ => return Err(Error::Malformed),
        };
        let ratchet = Self {
            role,
            session: *reader.array()?,
            root: Secret::copy(reader.array()?),
            sending: Sending::read(reader)?,
            next_sending_header: HeaderKey(Secret::copy(reader.array()?)),
            receiving: if reader.flag()? {
                Some(Box::new(ReceivingChain::read(reader)?))
            } else {
                None
            },
            next_receiving_header: HeaderKey(Secret::copy(reader.array()?)),
            closed: ClosedChains::read(reader)?,
            recent: Recent::read(reader)?,
            braid: Braid::read(reader, &NATIVE)?,
        };
        let fits = ratchet.braid.fits(ratchet.mixed(), role == Role::Initiator);
        let is_bounded = ratchet.missing() <= skipped::MAX_MISSING;
        if fits && is_bounded { Ok(ratchet) } else { Err(Error::Malformed) }
    }
}

const BODY_AD: usize = labels::RATCHET_BODY.len() + 32 + 3 + HEADER;

impl Sending {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => {
                let peer = dh::PublicKey::decode(*reader.array()?)?;
                let (step, previous) = (reader.u32()?, reader.u32()?);
                Ok(Self::Due(Box::new(Due { peer, step, previous, sealed: previous })))
            }
            1 => Ok(Self::Active(Box::new(SendingChain {
                step: reader.u32()?,
                own: dh::SecretKey::from_seed(Secret::copy(reader.array()?)),
                public: dh::PublicKey::decode(*reader.array()?)?,
                header: HeaderKey(Secret::copy(reader.array()?)),
                chain: ChainKey(Secret::copy(reader.array()?)),
                number: reader.u32()?,
                previous: reader.u32()?,
                mixed: reader.u32()?,
                reserved: None,
            }))),
            _ => Err(Error::Malformed),
        }
    }
}

impl ReceivingChain {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let chain = Self {
            step: reader.u32()?,
            ratchet: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            mixed: reader.u32()?,
            header: HeaderKey(Secret::copy(reader.array()?)),
            chain: ChainKey(Secret::copy(reader.array()?)),
            number: reader.u32()?,
            missing: read_missing(reader)?,
        };
        let last = chain.missing.last().map(|(number, _)| *number);
        if last.is_some_and(|last| last >= chain.number) {
            Err(Error::Malformed)
        } else {
            Ok(chain)
        }
    }
}
