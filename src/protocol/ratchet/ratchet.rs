//! The double ratchet with header encryption: `spec/ratchet.md`, after section 4 of the public
//! Double Ratchet specification.
//! ```text
//! root', chain key 0, next header key = HKDF(salt = root, ikm = X25519(own, peer) ‖ (secret or zeros),
//!                                            info = LABEL(ratchet/root) ‖ u32(pq_epoch) ‖ byte 1 | 2 | 3)
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
//! A side turns only when it has something to send: the new ratchet key is as late as possible, and
//! opening needs no randomness.

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::aead::TAG;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::dh;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::secret::Secret;

use super::braid::Braid;
use super::braid::NATIVE;
use super::chain::{ChainKey, Reserved, SkippedKeys};
use super::header::{ClearHeader, SEALED_HEADER};
use super::header::{HEADER, HeaderKey};
use super::profile::{Native, Profile, Turn};
use super::skipped::MAX_SKIPPED;
use super::skipped::{ClosedChains, Recent, read_skipped, write_skipped};
use crate::protocol::handshake::x3dh::SessionKeys;
use crate::protocol::labels;
use crate::protocol::position::{Position, Role};

/// Maximum number of messages that one message may be ahead of what has come, over both the chain it closes
/// and the chain it is in: the most chain steps that a genuine header with an altered body costs.
pub(crate) const MAX_SKIP: u32 = 2000;

/// Bytes of a message between its clear header and its body.
pub(crate) const OVERHEAD: usize = SEALED_HEADER + TAG;

/// The sending side; see the drawing above, and note `[boxes]`.
pub(super) enum SendState {
    /// The next message makes a ratchet key against the peer's.
    Due(Box<Due>),
    /// A chain is in use.
    Active(Box<SendingChain>),
}

pub(super) struct Due {
    pub(super) peer: dh::PublicKey,
    /// The number of the sending chain before this one, 0 if there was none.
    pub(super) chain: u32,
    /// The end of that chain in the store, with all its reserved numbers.
    pub(super) previous: u32,
    /// The end of that chain as far as this process knows: it may be before `previous`.
    pub(super) sealed: u32,
}

pub(super) struct SendingChain {
    pub(super) chain: u32,
    pub(super) own: dh::SecretKey,
    /// Kept, because computing it anew for each header would cost more than all the rest.
    pub(super) public: dh::PublicKey,
    pub(super) header: HeaderKey,
    /// The key behind all reserved numbers.
    pub(super) chain_key: ChainKey,
    pub(super) number: u32,
    pub(super) previous: u32,
    pub(super) pq_epoch: u32,
    /// The numbers reserved in memory: a process that loads the state does not have them.
    pub(super) reserved: Option<Box<Reserved>>,
}

pub(super) struct ReceivingChain {
    pub(super) chain: u32,
    pub(super) ratchet: dh::PublicKey,
    pub(super) previous: u32,
    pub(super) pq_epoch: u32,
    pub(super) header: HeaderKey,
    pub(super) chain_key: ChainKey,
    pub(super) number: u32,
    pub(super) skipped: SkippedKeys,
}

/// One side's ratchet of one session. Secret.
pub(crate) struct Ratchet<P: Profile = Native> {
    pub(super) role: Role,
    session: [u8; 32],
    pub(super) root: Secret<32>,
    pub(super) imprint: Secret<DIGEST_KEY>,
    pub(super) sending: SendState,
    pub(super) next_sending_header: HeaderKey,
    pub(super) receiving: Option<Box<ReceivingChain>>,
    pub(super) next_receiving_header: HeaderKey,
    pub(super) closed: ClosedChains,
    pub(super) recent: Recent,
    pub(super) braid: P,
}

impl Ratchet<Native> {
    /// Begins the initiator's ratchet: the signed prekey is the responder's first ratchet key.
    pub(crate) fn initiate(keys: SessionKeys, signed_prekey: dh::PublicKey) -> Self {
        let braid = Braid::initiate(&keys.braid, &NATIVE);
        Self::start(Role::Initiator, keys, signed_prekey, braid)
    }

    /// Begins the responder's ratchet around a first message, which answers this ratchet key.
    pub(super) fn answer(keys: SessionKeys, peer: dh::PublicKey) -> Self {
        let braid = Braid::accept(&keys.braid, &NATIVE);
        Self::start(Role::Responder, keys, peer, braid)
    }

    /// Encodes the associated data of a body: the label, and the place of the message.
    pub(super) fn body_ad(place: &[u8; PLACE]) -> [u8; BODY_AD] {
        concat(&[labels::RATCHET_BODY, place])
    }

    /// Encodes the place of a message: all that both sides know of it, and the header in clear.
    pub(super) fn place(
        &self,
        sender: Role,
        clear: &ClearHeader,
        header: &[u8; HEADER],
    ) -> [u8; PLACE] {
        let clear = [sender.direction(), clear.version, clear.kind];
        concat(&[&self.session, &clear, header])
    }
}

impl<P: Profile> Ratchet<P> {
    /// Begins a side's ratchet, whose first chain will answer the ratchet key `peer`.
    pub(super) fn start(role: Role, keys: SessionKeys, peer: dh::PublicKey, braid: P) -> Self {
        let (own_header, peer_header) = match role {
            Role::Initiator => (keys.initiator_header, keys.responder_header),
            Role::Responder => (keys.responder_header, keys.initiator_header),
        };
        Self {
            role,
            session: keys.session,
            root: keys.root,
            imprint: keys.imprint,
            sending: SendState::Due(Box::new(Due { peer, chain: 0, previous: 0, sealed: 0 })),
            next_sending_header: HeaderKey(own_header),
            receiving: None,
            next_receiving_header: HeaderKey(peer_header),
            closed: ClosedChains::default(),
            recent: Recent::default(),
            braid,
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn session(&self) -> &[u8; 32] {
        &self.session
    }

    /// Counts the skipped keys.
    pub(crate) fn skipped(&self) -> usize {
        let current = self.receiving.as_ref().map_or(0, |current| current.skipped.len());
        current.saturating_add(self.closed.skipped())
    }

    /// Returns the position of the next message that this side sends in its present chain: one behind
    /// all that it has sent.
    pub(crate) fn sent(&self) -> Position {
        match &self.sending {
            SendState::Due(due) => Position { chain: due.chain, number: due.sealed },
            SendState::Active(going) => Position { chain: going.chain, number: going.sealed() },
        }
    }

    /// Returns the number of the newest receiving chain, 0 if nothing was received.
    pub(crate) fn received(&self) -> u32 {
        self.receiving.as_ref().map_or(0, |current| current.chain)
    }

    /// Returns the position behind the last message that was opened.
    pub(crate) fn heard(&self) -> Position {
        let current = self.receiving.as_ref();
        current.map_or_else(Position::default, |current| Position {
            chain: current.chain,
            number: current.number,
        })
    }

    /// Returns the newest epoch of the braid that is in the root, 0 if none is.
    pub(crate) fn pq_epoch(&self) -> u32 {
        match &self.sending {
            SendState::Active(going) => going.pq_epoch,
            SendState::Due(_) => self.receiving.as_ref().map_or(0, |current| current.pq_epoch),
        }
    }

    /// Takes a root step, with the secret of epoch `pq_epoch` if that is not in the root yet.
    pub(super) fn turn(
        &self,
        own: &dh::SecretKey,
        peer: &dh::PublicKey,
        pq_epoch: u32,
        secret: Option<&Secret<32>>,
    ) -> Result<Turn, Error> {
        Ok(P::turn(&self.root, &own.agree(peer)?, pq_epoch, secret))
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.role.direction());
        writer.raw(&self.session);
        writer.raw(self.root.expose());
        writer.raw(self.imprint.expose());
        match &self.sending {
            SendState::Due(due) => {
                writer.u8(0);
                writer.raw(due.peer.bytes());
                writer.u32(due.chain);
                writer.u32(due.previous);
            }
            SendState::Active(going) => {
                writer.u8(1);
                writer.u32(going.chain);
                writer.raw(going.own.seed().expose());
                writer.raw(going.public.bytes());
                writer.raw(going.header.0.expose());
                writer.raw(going.chain_key.0.expose());
                writer.u32(going.number);
                writer.u32(going.previous);
                writer.u32(going.pq_epoch);
            }
        }
        writer.raw(self.next_sending_header.0.expose());
        writer.option(self.receiving.as_deref(), ReceivingChain::write);
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
            root: reader.secret()?,
            imprint: reader.secret()?,
            sending: SendState::read(reader)?,
            next_sending_header: HeaderKey(reader.secret()?),
            receiving: reader.option(|reader| ReceivingChain::read(reader).map(Box::new))?,
            next_receiving_header: HeaderKey(reader.secret()?),
            closed: ClosedChains::read(reader)?,
            recent: Recent::read(reader)?,
            braid: P::read(reader)?,
        };
        let fits = ratchet.braid.fits(ratchet.pq_epoch(), role == Role::Initiator);
        let is_bounded = ratchet.skipped() <= MAX_SKIPPED;
        if fits && is_bounded { Ok(ratchet) } else { Err(Error::Malformed) }
    }
}

/// Bytes of a message's place.
pub(super) const PLACE: usize = 32 + 3 + HEADER;

const BODY_AD: usize = labels::RATCHET_BODY.len() + PLACE;

impl SendState {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            0 => {
                let peer = dh::PublicKey::decode(*reader.array()?)?;
                let (chain, previous) = (reader.u32()?, reader.u32()?);
                Ok(Self::Due(Box::new(Due { peer, chain, previous, sealed: previous })))
            }
            1 => Ok(Self::Active(Box::new(SendingChain {
                chain: reader.u32()?,
                own: dh::SecretKey::from_seed(reader.secret()?),
                public: dh::PublicKey::decode(*reader.array()?)?,
                header: HeaderKey(reader.secret()?),
                chain_key: ChainKey(reader.secret()?),
                number: reader.u32()?,
                previous: reader.u32()?,
                pq_epoch: reader.u32()?,
                reserved: None,
            }))),
            _ => Err(Error::Malformed),
        }
    }
}

impl ReceivingChain {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.chain);
        writer.raw(self.ratchet.bytes());
        writer.u32(self.previous);
        writer.u32(self.pq_epoch);
        writer.raw(self.header.0.expose());
        writer.raw(self.chain_key.0.expose());
        writer.u32(self.number);
        write_skipped(&self.skipped, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let current = Self {
            chain: reader.u32()?,
            ratchet: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            pq_epoch: reader.u32()?,
            header: HeaderKey(reader.secret()?),
            chain_key: ChainKey(reader.secret()?),
            number: reader.u32()?,
            skipped: read_skipped(reader)?,
        };
        let last = current.skipped.last().map(|(number, _)| *number);
        if last.is_some_and(|last| last >= current.number) {
            Err(Error::Malformed)
        } else {
            Ok(current)
        }
    }
}
