//! What one message changes: `spec/state.md`, "Changes of a ratchet".

use alloc::boxed::Box;
use core::mem::{swap, take};

use crate::error::Error;
use crate::primitives::aead::TAG;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::secret::Secret;
use crate::protocol::braid::Step;

use super::chain::{ChainKey, Missing, Reserved};
use super::header::HeaderKey;
use super::skipped::{Closed, MAX_MISSING, half, read_missing, remove, write_missing};
use super::{Due, Ratchet, ReceivingChain, Sending, SendingChain};

/// The change of one sealed or opened message. Only success makes one.
///
/// All of it is always there, and what only a turn brings is in a box of its own: an enum of large
/// variants, or an `Option` of secrets, that lies on the heap keeps in its unused part whatever was on
/// the stack when it was made, and that is not wiped.
pub(crate) struct Delta {
    pub(crate) place: Place,
    /// The key that the chain goes on from; zeros after a late message, which moves no chain.
    pub(crate) chain: ChainKey,
    /// Keys newly passed over.
    pub(crate) missing: Missing,
    /// Of a sent message the number of the next one, of a received one its own.
    pub(crate) number: u32,
    pub(crate) tag: [u8; TAG],
    /// What moved of the braid, mostly nothing or one chunk.
    pub(crate) braid: Step,
    /// What the sender reserved behind the message. Not part of the encoding: who loads the change skips it.
    pub(crate) reserved: Option<Box<Reserved>>,
}

/// Where the message is.
pub(crate) enum Place {
    /// Sent in the going chain.
    Sent,
    /// Sent in a chain that begins with it.
    SentNext(Box<NewSending>),
    /// Received, among the missing of chain `step`.
    Late { step: u32 },
    /// Received at or after the end of the current chain.
    Current,
    /// Received in a chain that begins with it.
    Next(Box<NewReceiving>),
}

/// A sending chain that begins with this message.
pub(crate) struct NewSending {
    pub(crate) own: dh::SecretKey,
    pub(crate) public: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) mixed: u32,
    pub(crate) root: Secret<32>,
    pub(crate) next_header: HeaderKey,
}

/// A receiving chain that begins with this message.
pub(crate) struct NewReceiving {
    pub(crate) step: u32,
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) mixed: u32,
    pub(crate) root: Secret<32>,
    pub(crate) next_header: HeaderKey,
    /// What was still missing of the chain before.
    pub(crate) closing: Missing,
}

impl Delta {
    /// What names the change: the direction and the tag of its message.
    pub(crate) fn name(&self) -> [u8; 1 + TAG] {
        let mut name = [u8::from(self.is_received()); 1 + TAG];
        let (_, rest) = name.split_at_mut(1);
        rest.copy_from_slice(&self.tag);
        name
    }

    /// Whether a chain begins with it, in either direction.
    pub(crate) fn is_turn(&self) -> bool {
        matches!(self.place, Place::SentNext(_) | Place::Next(_))
    }

    pub(crate) fn is_received(&self) -> bool {
        !matches!(self.place, Place::Sent | Place::SentNext(_))
    }

    /// Messages that this one showed to be missing.
    pub(crate) fn skipped(&self) -> usize {
        let closing = if let Place::Next(new) = &self.place { new.closing.len() } else { 0 };
        self.missing.len().saturating_add(closing)
    }
}

impl Ratchet {
    /// Takes the change over.
    ///
    /// The caller has checked that the delta was made from this very state. The delta is emptied, and
    /// not moved out of: what holds it is wiped as a whole when it is dropped.
    pub(crate) fn apply(&mut self, delta: &mut Delta) {
        let (chain, number) = (&mut delta.chain, delta.number);
        match &mut delta.place {
            Place::Sent => self.go_on_sending(chain, number, delta.reserved.take()),
            Place::SentNext(new) => {
                self.begin_sending(new, chain, number, delta.reserved.take());
            }
            Place::Late { step } => {
                if let Some(missing) = self.missing_of(*step) {
                    remove(missing, number);
                }
                self.received_in(*step, delta);
            }
            Place::Current => {
                let step = self.receiving.as_mut().map_or(0, |current| {
                    swap(&mut current.chain.0, &mut chain.0);
                    current.number = number.saturating_add(1);
                    current.missing.append(&mut delta.missing);
                    current.step
                });
                self.received_in(step, delta);
            }
            Place::Next(new) => {
                let step = new.step;
                let next = number.saturating_add(1);
                self.begin_receiving(new, chain, next, take(&mut delta.missing));
                self.received_in(step, delta);
            }
        }
        self.braid.apply(&mut delta.braid);
    }

    /// A root step of epoch `mixed` begins a chain: what it mixed is erased.
    fn mix(&mut self, mixed: u32) {
        if mixed != self.mixed() {
            self.braid.forget_secret();
        }
    }

    /// How many keys of late messages applying `delta` drops, for room or for age.
    pub(crate) fn dropped_by(&self, delta: &Delta) -> usize {
        let (lost, used) = match &delta.place {
            Place::Sent | Place::SentNext(_) => return 0,
            Place::Next(new) => (self.closed.lost_by_closing(new.step), 0),
            Place::Current => (0, 0),
            Place::Late { .. } => (0, 1),
        };
        let left = self.missing().saturating_sub(lost).saturating_sub(used);
        let surplus = left.saturating_add(delta.skipped()).saturating_sub(MAX_MISSING);
        lost.saturating_add(surplus)
    }

    fn go_on_sending(
        &mut self,
        chain: &mut ChainKey,
        number: u32,
        reserved: Option<Box<Reserved>>,
    ) {
        if let Sending::Active(going) = &mut self.sending {
            swap(&mut going.chain.0, &mut chain.0);
            going.number = number;
            going.reserved = reserved;
        }
    }

    fn begin_sending(
        &mut self,
        new: &mut NewSending,
        chain: &ChainKey,
        number: u32,
        reserved: Option<Box<Reserved>>,
    ) {
        self.mix(new.mixed);
        // From here on `new.next_header` is the header key of the chain that begins.
        swap(&mut self.next_sending_header.0, &mut new.next_header.0);
        swap(&mut self.root, &mut new.root);
        self.sending = Sending::Active(Box::new(SendingChain {
            step: self.sent().chain.saturating_add(1),
            own: dh::SecretKey::from_seed(new.own.seed().duplicate()),
            public: new.public,
            header: HeaderKey(new.next_header.0.duplicate()),
            chain: ChainKey(chain.0.duplicate()),
            number,
            previous: new.previous,
            mixed: new.mixed,
            reserved,
        }));
    }

    fn received_in(&mut self, step: u32, delta: &Delta) {
        self.recent.remember(step, delta.number, half(&delta.tag));
        self.make_room();
    }

    fn missing_of(&mut self, step: u32) -> Option<&mut Missing> {
        match &mut self.receiving {
            Some(current) if current.step == step => Some(&mut current.missing),
            _ => self.closed.of_step(step),
        }
    }

    fn begin_receiving(
        &mut self,
        new: &mut NewReceiving,
        chain: &ChainKey,
        number: u32,
        missing: Missing,
    ) {
        self.mix(new.mixed);
        // From here on `new.next_header` is the header key of the chain that begins.
        swap(&mut self.next_receiving_header.0, &mut new.next_header.0);
        swap(&mut self.root, &mut new.root);
        let (sealed, peer) = (self.sent(), new.ratchet);
        let previous = match &self.sending {
            Sending::Due(due) => due.previous,
            Sending::Active(chain) => chain.number,
            Sending::Answering { .. } => 0,
        };
        // The old ratchet secret and sending chain are wiped here, with what is reserved in it.
        let due = Due { peer, step: sealed.chain, previous, sealed: sealed.number };
        self.sending = Sending::Due(Box::new(due));
        let current = ReceivingChain {
            step: new.step,
            ratchet: new.ratchet,
            previous: new.previous,
            mixed: new.mixed,
            header: HeaderKey(new.next_header.0.duplicate()),
            chain: ChainKey(chain.0.duplicate()),
            number,
            missing,
        };
        let Some(mut left) = self.receiving.replace(Box::new(current)) else {
            return;
        };
        let mut missing = take(&mut left.missing);
        missing.append(&mut new.closing);
        let closed = Closed {
            step: left.step,
            ratchet: left.ratchet,
            previous: left.previous,
            mixed: left.mixed,
            // Copied, so that the old box is dropped whole: moving out of it would leave its keys.
            header: HeaderKey(left.header.0.duplicate()),
            missing,
        };
        self.closed.close(closed, new.step);
    }

    /// Drops the oldest missing keys over the bound.
    fn make_room(&mut self) {
        let surplus = self.missing().saturating_sub(MAX_MISSING);
        let dropped = self.closed.drop_oldest(surplus);
        let left = surplus.saturating_sub(dropped);
        if let Some(current) = &mut self.receiving {
            current.missing.drain(..left.min(current.missing.len()));
        }
    }
}

/// In the first byte of a delta: the braid moved too.
const WITH_BRAID: u8 = 0x80;

impl Delta {
    pub(crate) fn write(&self, writer: &mut Writer) {
        // A braid that rests takes no byte.
        let tag = |place: u8| if self.braid.is_none() { place } else { place | WITH_BRAID };
        match &self.place {
            Place::Sent => writer.u8(tag(0)),
            Place::SentNext(new) => {
                writer.u8(tag(1));
                new.write(writer);
            }
            Place::Late { step } => {
                writer.u8(tag(2));
                writer.u32(*step);
            }
            Place::Current => writer.u8(tag(3)),
            Place::Next(new) => {
                writer.u8(tag(4));
                new.write(writer);
            }
        }
        if !matches!(self.place, Place::Late { .. }) {
            writer.raw(self.chain.0.expose());
        }
        if matches!(self.place, Place::Current | Place::Next(_)) {
            write_missing(&self.missing, writer);
        }
        writer.u32(self.number);
        writer.raw(&self.tag);
        if !self.braid.is_none() {
            self.braid.write(writer);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tag = reader.u8()?;
        let has_braid = tag & WITH_BRAID != 0;
        let place = match tag & !WITH_BRAID {
            0 => Place::Sent,
            1 => Place::SentNext(Box::new(NewSending::read(reader)?)),
            2 => Place::Late { step: reader.u32()? },
            3 => Place::Current,
            4 => Place::Next(Box::new(NewReceiving::read(reader)?)),
            _ => return Err(Error::Malformed),
        };
        let moves = !matches!(place, Place::Late { .. });
        let chain = if moves { Secret::copy(reader.array()?) } else { Secret::copy(&[0; 32]) };
        let skips = matches!(place, Place::Current | Place::Next(_));
        let missing = if skips { read_missing(reader)? } else { Missing::new() };
        let (number, tag) = (reader.u32()?, *reader.array()?);
        let braid = if has_braid { Step::read(reader)? } else { Step::default() };
        let chain = ChainKey(chain);
        let delta = Self { place, chain, missing, number, tag, braid, reserved: None };
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
        writer.u32(self.mixed);
        writer.raw(self.root.expose());
        writer.raw(self.next_header.0.expose());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            own: dh::SecretKey::from_seed(Secret::copy(reader.array()?)),
            public: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            mixed: reader.u32()?,
            root: Secret::copy(reader.array()?),
            next_header: HeaderKey(Secret::copy(reader.array()?)),
        })
    }
}

impl NewReceiving {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.step);
        writer.raw(self.ratchet.bytes());
        writer.u32(self.previous);
        writer.u32(self.mixed);
        writer.raw(self.root.expose());
        writer.raw(self.next_header.0.expose());
        write_missing(&self.closing, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            step: reader.u32()?,
            ratchet: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            mixed: reader.u32()?,
            root: Secret::copy(reader.array()?),
            next_header: HeaderKey(Secret::copy(reader.array()?)),
            closing: read_missing(reader)?,
        })
    }
}
