//! The delta of a ratchet, which one message makes: `spec/state.md`, "Session delta".

use alloc::boxed::Box;
use core::mem::{swap, take};

use super::braid::BraidDelta;
use crate::error::Error;
use crate::primitives::aead::TAG;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::dh;
use crate::primitives::secret::{Room, Secret};

use super::chain::{ChainKey, Reserved, SkippedKeys};
use super::header::HeaderKey;
use super::imprint::{IMPRINT, Imprint};
use super::profile::Profile;
use super::ratchet::{Due, Ratchet, ReceivingChain, SendState, SendingChain};
use super::skipped::{Closed, MAX_SKIPPED, read_skipped, remove, write_skipped};

/// Length in bytes of what a delta says of its message's bytes.
const TRACE: usize = TAG;
const _: () = assert!(TAG == IMPRINT, "a delta has one place for a tag or an imprint");

/// The change of one sealed or opened message. Only success makes one.
///
/// All of it is always there, and what only a turn brings is in a box of its own: see note `[boxes]`.
pub(crate) struct RatchetDelta {
    pub(crate) place: MessagePlace,
    /// The key that the chain goes on with; zeros after a late message, which moves no chain.
    pub(crate) chain_key: ChainKey,
    /// Newly skipped keys.
    pub(crate) skipped: SkippedKeys,
    /// The number of the next message after a sent one, and of the message itself if it was received.
    pub(crate) number: u32,
    /// The tag of the body if the message was sent, its imprint if it was received.
    pub(crate) trace: [u8; TRACE],
    /// The delta of the braid: mostly nothing or one chunk.
    pub(crate) braid: BraidDelta,
    /// The numbers that the sender reserved behind the message. Not part of the encoding: a process
    /// that loads the change skips them.
    pub(crate) reserved: Option<Box<Reserved>>,
}

/// The place of the message.
#[expect(dead_code, reason = "a room is there to be zero")]
pub(crate) enum MessagePlace {
    /// Sent in the present chain.
    Sent(Room),
    /// Sent in a chain that begins with it.
    SentNext(Box<NewSending>),
    /// Received: a skipped message of chain `chain`.
    Late { chain: u32, room: u32 },
    /// Received at or after the end of the current chain.
    Current(Room),
    /// Received in a chain that begins with it.
    Next(Box<NewReceiving>),
}

/// A sending chain that begins with this message.
pub(crate) struct NewSending {
    pub(crate) own: dh::SecretKey,
    pub(crate) public: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) pq_epoch: u32,
    pub(crate) root: Secret<32>,
    pub(crate) next_header: HeaderKey,
}

/// A receiving chain that begins with this message.
pub(crate) struct NewReceiving {
    pub(crate) chain: u32,
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) pq_epoch: u32,
    pub(crate) root: Secret<32>,
    pub(crate) next_header: HeaderKey,
    /// Keys of the skipped messages of the chain before, up to its end.
    pub(crate) closing: SkippedKeys,
}

impl RatchetDelta {
    /// Returns the change id: the direction, and the tag of a sent message or the imprint of a received one.
    pub(crate) fn change_id(&self) -> [u8; 1 + TRACE] {
        concat(&[&[u8::from(self.is_received())], &self.trace])
    }

    /// Tells whether a chain begins with it, in either direction.
    pub(crate) fn is_turn(&self) -> bool {
        matches!(self.place, MessagePlace::SentNext(_) | MessagePlace::Next(_))
    }

    pub(crate) fn is_received(&self) -> bool {
        !matches!(self.place, MessagePlace::Sent(_) | MessagePlace::SentNext(_))
    }

    /// Counts the messages that this one skipped.
    pub(crate) fn skipped(&self) -> usize {
        let closing = if let MessagePlace::Next(new) = &self.place { new.closing.len() } else { 0 };
        self.skipped.len().saturating_add(closing)
    }
}

impl<P: Profile> Ratchet<P> {
    /// Applies the delta. The caller has checked that it was made from this very state.
    ///
    /// It is emptied, and not moved out of: what holds it is wiped as a whole when it is dropped.
    pub(crate) fn apply(&mut self, delta: &mut RatchetDelta) {
        let (chain_key, number) = (&mut delta.chain_key, delta.number);
        match &mut delta.place {
            MessagePlace::Sent(_) => self.go_on_sending(chain_key, number, delta.reserved.take()),
            MessagePlace::SentNext(new) => {
                self.begin_sending(new, chain_key, number, delta.reserved.take());
            }
            MessagePlace::Late { chain, .. } => {
                if let Some(skipped) = self.skipped_of(*chain) {
                    remove(skipped, number);
                }
                self.received_in(*chain, delta);
            }
            MessagePlace::Current(_) => {
                let chain = self.receiving.as_mut().map_or(0, |current| {
                    swap(&mut current.chain_key.0, &mut chain_key.0);
                    current.number = number.saturating_add(1);
                    current.skipped.append(&mut delta.skipped);
                    current.chain
                });
                self.received_in(chain, delta);
            }
            MessagePlace::Next(new) => {
                let chain = new.chain;
                let next = number.saturating_add(1);
                self.begin_receiving(new, chain_key, next, take(&mut delta.skipped));
                self.received_in(chain, delta);
            }
        }
        self.braid.apply(&mut delta.braid);
    }

    /// Takes over the pq epoch of the root step that begins a chain, and erases the secret that went in.
    fn take_over_pq_epoch(&mut self, pq_epoch: u32) {
        if pq_epoch != self.pq_epoch() {
            self.braid.forget_secret();
        }
    }

    /// Counts the keys of late messages that applying `delta` drops, for room or for age.
    pub(crate) fn dropped_by(&self, delta: &RatchetDelta) -> usize {
        let (lost, used) = match &delta.place {
            MessagePlace::Sent(_) | MessagePlace::SentNext(_) => return 0,
            MessagePlace::Next(new) => (self.closed.lost_by_closing(new.chain), 0),
            MessagePlace::Current(_) => (0, 0),
            MessagePlace::Late { .. } => (0, 1),
        };
        let left = self.skipped().saturating_sub(lost).saturating_sub(used);
        let surplus = left.saturating_add(delta.skipped()).saturating_sub(MAX_SKIPPED);
        lost.saturating_add(surplus)
    }

    /// Counts the skipped keys that there are once `delta` is applied.
    pub(crate) fn skipped_after(&self, delta: &RatchetDelta) -> usize {
        let used = usize::from(matches!(delta.place, MessagePlace::Late { .. }));
        let gone = self.dropped_by(delta).saturating_add(used);
        self.skipped().saturating_add(delta.skipped()).saturating_sub(gone)
    }

    fn go_on_sending(
        &mut self,
        chain_key: &mut ChainKey,
        number: u32,
        reserved: Option<Box<Reserved>>,
    ) {
        if let SendState::Active(going) = &mut self.sending {
            swap(&mut going.chain_key.0, &mut chain_key.0);
            going.number = number;
            going.reserved = reserved;
        }
    }

    fn begin_sending(
        &mut self,
        new: &mut NewSending,
        chain_key: &ChainKey,
        number: u32,
        reserved: Option<Box<Reserved>>,
    ) {
        self.take_over_pq_epoch(new.pq_epoch);
        // From here on `new.next_header` is the header key of the chain that begins.
        swap(&mut self.next_sending_header.0, &mut new.next_header.0);
        swap(&mut self.root, &mut new.root);
        self.sending = SendState::Active(Box::new(SendingChain {
            chain: self.sent().chain.saturating_add(1),
            own: dh::SecretKey::from_seed(new.own.seed().duplicate()),
            public: new.public,
            header: HeaderKey(new.next_header.0.duplicate()),
            chain_key: ChainKey(chain_key.0.duplicate()),
            number,
            previous: new.previous,
            pq_epoch: new.pq_epoch,
            reserved,
        }));
    }

    fn received_in(&mut self, chain: u32, delta: &RatchetDelta) {
        self.recent.remember(chain, delta.number, Imprint::from_bytes(&delta.trace));
        self.make_room();
    }

    fn skipped_of(&mut self, chain: u32) -> Option<&mut SkippedKeys> {
        match &mut self.receiving {
            Some(current) if current.chain == chain => Some(&mut current.skipped),
            _ => self.closed.of_chain(chain),
        }
    }

    fn begin_receiving(
        &mut self,
        new: &mut NewReceiving,
        chain_key: &ChainKey,
        number: u32,
        skipped: SkippedKeys,
    ) {
        self.take_over_pq_epoch(new.pq_epoch);
        // From here on `new.next_header` is the header key of the chain that begins.
        swap(&mut self.next_receiving_header.0, &mut new.next_header.0);
        swap(&mut self.root, &mut new.root);
        let (sealed, peer) = (self.sent(), new.ratchet);
        let previous = match &self.sending {
            SendState::Due(due) => due.previous,
            SendState::Active(going) => going.number,
        };
        // The old ratchet secret and sending chain are wiped here, with what is reserved in it.
        let due = Due { peer, chain: sealed.chain, previous, sealed: sealed.number };
        self.sending = SendState::Due(Box::new(due));
        let current = ReceivingChain {
            chain: new.chain,
            ratchet: new.ratchet,
            previous: new.previous,
            pq_epoch: new.pq_epoch,
            header: HeaderKey(new.next_header.0.duplicate()),
            chain_key: ChainKey(chain_key.0.duplicate()),
            number,
            skipped,
        };
        let Some(mut left) = self.receiving.replace(Box::new(current)) else {
            return;
        };
        let mut skipped = take(&mut left.skipped);
        skipped.append(&mut new.closing);
        let closed = Closed {
            chain: left.chain,
            ratchet: left.ratchet,
            previous: left.previous,
            pq_epoch: left.pq_epoch,
            // Copied out: see note `[boxes]`.
            header: HeaderKey(left.header.0.duplicate()),
            skipped,
        };
        self.closed.close(closed, new.chain);
    }

    /// Drops the oldest skipped keys over the bound.
    fn make_room(&mut self) {
        self.drop_skipped(self.skipped().saturating_sub(MAX_SKIPPED));
    }

    /// Drops the `surplus` oldest skipped keys, and returns how many there were to drop.
    pub(crate) fn drop_skipped(&mut self, surplus: usize) -> usize {
        let dropped = self.closed.drop_oldest(surplus);
        let Some(current) = &mut self.receiving else { return dropped };
        let here = surplus.saturating_sub(dropped).min(current.skipped.len());
        current.skipped.drain(..here);
        dropped.saturating_add(here)
    }
}

/// The bit in the first byte of a delta that says that the braid moved too.
const WITH_BRAID: u8 = 0x80;

impl RatchetDelta {
    pub(crate) fn write(&self, writer: &mut Writer) {
        // A braid that rests takes no byte.
        let tag = |place: u8| if self.braid.is_none() { place } else { place | WITH_BRAID };
        match &self.place {
            MessagePlace::Sent(_) => writer.u8(tag(0)),
            MessagePlace::SentNext(new) => {
                writer.u8(tag(1));
                new.write(writer);
            }
            MessagePlace::Late { chain, .. } => {
                writer.u8(tag(2));
                writer.u32(*chain);
            }
            MessagePlace::Current(_) => writer.u8(tag(3)),
            MessagePlace::Next(new) => {
                writer.u8(tag(4));
                new.write(writer);
            }
        }
        if !matches!(self.place, MessagePlace::Late { .. }) {
            writer.raw(self.chain_key.0.expose());
        }
        if matches!(self.place, MessagePlace::Current(_) | MessagePlace::Next(_)) {
            write_skipped(&self.skipped, writer);
        }
        writer.u32(self.number);
        writer.raw(&self.trace);
        if !self.braid.is_none() {
            self.braid.write(writer);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tag = reader.u8()?;
        let has_braid = tag & WITH_BRAID != 0;
        let place = match tag & !WITH_BRAID {
            0 => MessagePlace::Sent(Room::EMPTY),
            1 => MessagePlace::SentNext(Box::new(NewSending::read(reader)?)),
            2 => MessagePlace::Late { chain: reader.u32()?, room: 0 },
            3 => MessagePlace::Current(Room::EMPTY),
            4 => MessagePlace::Next(Box::new(NewReceiving::read(reader)?)),
            _ => return Err(Error::Malformed),
        };
        let moves = !matches!(place, MessagePlace::Late { .. });
        let chain_key = if moves { reader.secret()? } else { Secret::copy(&[0; 32]) };
        let skips = matches!(place, MessagePlace::Current(_) | MessagePlace::Next(_));
        let skipped = if skips { read_skipped(reader)? } else { SkippedKeys::new() };
        let (number, trace) = (reader.u32()?, *reader.array()?);
        let braid = if has_braid { BraidDelta::read(reader)? } else { BraidDelta::default() };
        let chain_key = ChainKey(chain_key);
        let delta = Self { place, chain_key, skipped, number, trace, braid, reserved: None };
        if has_braid && delta.braid.is_received() != delta.is_received() {
            return Err(Error::Malformed);
        }
        Ok(delta)
    }
}

impl NewSending {
    fn write(&self, writer: &mut Writer) {
        writer.raw(self.own.seed().expose());
        writer.raw(self.public.bytes());
        writer.u32(self.previous);
        writer.u32(self.pq_epoch);
        writer.raw(self.root.expose());
        writer.raw(self.next_header.0.expose());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            own: dh::SecretKey::from_seed(reader.secret()?),
            public: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            pq_epoch: reader.u32()?,
            root: reader.secret()?,
            next_header: HeaderKey(reader.secret()?),
        })
    }
}

impl NewReceiving {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.chain);
        writer.raw(self.ratchet.bytes());
        writer.u32(self.previous);
        writer.u32(self.pq_epoch);
        writer.raw(self.root.expose());
        writer.raw(self.next_header.0.expose());
        write_skipped(&self.closing, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            chain: reader.u32()?,
            ratchet: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            pq_epoch: reader.u32()?,
            root: reader.secret()?,
            next_header: HeaderKey(reader.secret()?),
            closing: read_skipped(reader)?,
        })
    }
}
