//! What one message changes: `spec/state.md`, "Changes of a ratchet".

use alloc::boxed::Box;
use core::mem::{swap, take};

use crate::error::Error;
use crate::primitives::aead::TAG;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::secret::Secret;

use super::chain::{ChainKey, Missing};
use super::header::HeaderKey;
use super::skipped::{Closed, MAX_MISSING, half, read_missing, remove, write_missing};
use super::{Due, Position, Ratchet, ReceivingChain, Sending, SendingChain};

/// The change of one sealed or opened message. Only success makes one.
pub(crate) enum Delta {
    Sent(Sent),
    Received(Received),
}

pub(crate) struct Sent {
    pub(crate) new: Option<NewSending>,
    pub(crate) chain: ChainKey,
    pub(crate) number: u32,
    pub(crate) tag: [u8; TAG],
}

/// A sending chain that begins with this message.
pub(crate) struct NewSending {
    pub(crate) own: dh::SecretKey,
    pub(crate) public: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) root: Secret<32>,
    pub(crate) next_header: HeaderKey,
}

pub(crate) struct Received {
    pub(crate) place: Place,
    pub(crate) number: u32,
    pub(crate) tag: [u8; TAG],
}

/// Where the opened message was.
pub(crate) enum Place {
    /// Among the missing of chain `step`.
    Late { step: u32 },
    /// At or after the end of the current chain.
    Current { chain: ChainKey, missing: Missing },
    /// In a chain that begins with this message.
    Next { new: NewReceiving, chain: ChainKey, missing: Missing },
}

pub(crate) struct NewReceiving {
    pub(crate) step: u32,
    pub(crate) ratchet: dh::PublicKey,
    pub(crate) previous: u32,
    pub(crate) root: Secret<32>,
    pub(crate) next_header: HeaderKey,
    /// What was still missing of the chain before.
    pub(crate) closing: Missing,
}

impl Delta {
    /// What names the change: the direction and the tag of its message.
    pub(crate) fn name(&self) -> [u8; 1 + TAG] {
        let (direction, tag) = match self {
            Self::Sent(sent) => (0, &sent.tag),
            Self::Received(received) => (1, &received.tag),
        };
        let mut name = [direction; 1 + TAG];
        let (_, rest) = name.split_at_mut(1);
        rest.copy_from_slice(tag);
        name
    }

    pub(crate) fn is_received(&self) -> bool {
        matches!(self, Self::Received(_))
    }

    /// Messages that this one showed to be missing.
    pub(crate) fn skipped(&self) -> usize {
        match self {
            Self::Sent(_) | Self::Received(Received { place: Place::Late { .. }, .. }) => 0,
            Self::Received(Received { place: Place::Current { missing, .. }, .. }) => missing.len(),
            Self::Received(Received { place: Place::Next { new, missing, .. }, .. }) => {
                new.closing.len().saturating_add(missing.len())
            }
        }
    }
}

impl Ratchet {
    /// Takes the change over.
    ///
    /// The caller has checked that the delta was made from this very state. The delta is emptied, and
    /// not moved out of: what holds it is wiped as a whole when it is dropped.
    pub(crate) fn apply(&mut self, delta: &mut Delta) {
        match delta {
            Delta::Sent(sent) => self.apply_sent(sent),
            Delta::Received(received) => self.apply_received(received),
        }
    }

    /// How many keys of late messages applying `delta` drops, for room or for age.
    pub(crate) fn dropped_by(&self, delta: &Delta) -> usize {
        let Delta::Received(received) = delta else {
            return 0;
        };
        let (lost, used) = match &received.place {
            Place::Next { new, .. } => (self.closed.lost_by_closing(new.step), 0),
            Place::Current { .. } => (0, 0),
            Place::Late { .. } => (0, 1),
        };
        let left = self.missing().saturating_sub(lost).saturating_sub(used);
        let surplus = left.saturating_add(delta.skipped()).saturating_sub(MAX_MISSING);
        lost.saturating_add(surplus)
    }

    fn apply_sent(&mut self, sent: &mut Sent) {
        if let Some(new) = &mut sent.new {
            // From here on `new.next_header` is the header key of the chain that begins.
            swap(&mut self.next_sending_header.0, &mut new.next_header.0);
            swap(&mut self.root, &mut new.root);
            self.sending = Sending::Active(Box::new(SendingChain {
                step: self.sent().chain.saturating_add(1),
                own: dh::SecretKey::from_seed(new.own.seed().duplicate()),
                public: new.public,
                header: HeaderKey(new.next_header.0.duplicate()),
                chain: ChainKey(sent.chain.0.duplicate()),
                number: sent.number,
                previous: new.previous,
            }));
        } else if let Sending::Active(going) = &mut self.sending {
            swap(&mut going.chain.0, &mut sent.chain.0);
            going.number = sent.number;
        }
    }

    fn apply_received(&mut self, received: &mut Received) {
        let next = received.number.saturating_add(1);
        let step = match &mut received.place {
            Place::Late { step } => {
                if let Some(missing) = self.missing_of(*step) {
                    remove(missing, received.number);
                }
                *step
            }
            Place::Current { chain, missing } => self.receiving.as_mut().map_or(0, |current| {
                swap(&mut current.chain.0, &mut chain.0);
                current.number = next;
                current.missing.append(missing);
                current.step
            }),
            Place::Next { new, chain, missing } => {
                let step = new.step;
                self.begin_receiving(new, chain, next, take(missing));
                step
            }
        };
        self.recent.remember(step, received.number, half(&received.tag));
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
        // From here on `new.next_header` is the header key of the chain that begins.
        swap(&mut self.next_receiving_header.0, &mut new.next_header.0);
        swap(&mut self.root, &mut new.root);
        let Position { chain: step, number: previous } = self.sent();
        // The old ratchet secret and sending chain are wiped here.
        self.sending = Sending::Due(Box::new(Due { peer: new.ratchet, step, previous }));
        let current = ReceivingChain {
            step: new.step,
            ratchet: new.ratchet,
            previous: new.previous,
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

impl Delta {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Sent(sent) => {
                writer.flag(sent.new.is_some());
                if let Some(new) = &sent.new {
                    writer.raw(new.own.seed().expose());
                    writer.raw(new.public.bytes());
                    writer.u32(new.previous);
                    writer.raw(new.root.expose());
                    writer.raw(new.next_header.0.expose());
                }
                writer.raw(sent.chain.0.expose());
                writer.u32(sent.number);
                writer.raw(&sent.tag);
            }
            Self::Received(received) => {
                received.place.write(writer);
                writer.u32(received.number);
                writer.raw(&received.tag);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let kind = reader.u8()?;
        match kind {
            0 | 1 => Ok(Self::Sent(Sent {
                new: if kind == 1 { Some(NewSending::read(reader)?) } else { None },
                chain: ChainKey(Secret::copy(reader.array()?)),
                number: reader.u32()?,
                tag: *reader.array()?,
            })),
            _ => Ok(Self::Received(Received {
                place: Place::read(kind, reader)?,
                number: reader.u32()?,
                tag: *reader.array()?,
            })),
        }
    }
}

impl NewSending {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            own: dh::SecretKey::from_seed(Secret::copy(reader.array()?)),
            public: dh::PublicKey::decode(*reader.array()?)?,
            previous: reader.u32()?,
            root: Secret::copy(reader.array()?),
            next_header: HeaderKey(Secret::copy(reader.array()?)),
        })
    }
}

impl Place {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Late { step } => {
                writer.u8(2);
                writer.u32(*step);
            }
            Self::Current { chain, missing } => {
                writer.u8(3);
                writer.raw(chain.0.expose());
                write_missing(missing, writer);
            }
            Self::Next { new, chain, missing } => {
                writer.u8(4);
                writer.u32(new.step);
                writer.raw(new.ratchet.bytes());
                writer.u32(new.previous);
                writer.raw(new.root.expose());
                writer.raw(new.next_header.0.expose());
                write_missing(&new.closing, writer);
                writer.raw(chain.0.expose());
                write_missing(missing, writer);
            }
        }
    }

    fn read(kind: u8, reader: &mut Reader<'_>) -> Result<Self, Error> {
        match kind {
            2 => Ok(Self::Late { step: reader.u32()? }),
            3 => Ok(Self::Current {
                chain: ChainKey(Secret::copy(reader.array()?)),
                missing: read_missing(reader)?,
            }),
            4 => Ok(Self::Next {
                new: NewReceiving {
                    step: reader.u32()?,
                    ratchet: dh::PublicKey::decode(*reader.array()?)?,
                    previous: reader.u32()?,
                    root: Secret::copy(reader.array()?),
                    next_header: HeaderKey(Secret::copy(reader.array()?)),
                    closing: read_missing(reader)?,
                },
                chain: ChainKey(Secret::copy(reader.array()?)),
                missing: read_missing(reader)?,
            }),
            _ => Err(Error::Malformed),
        }
    }
}
