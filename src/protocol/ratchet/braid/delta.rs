//! The delta of a braid, which one message makes: `spec/state.md`, "Session delta".

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::take;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kem;
use crate::primitives::secret::{Room, Secret};

use super::authenticator::Authenticator;
use super::braid::{Braid, Ct1, Ct2, Expanded, KeySide, Phase, first_half};
use super::collector::Collector;
use super::part::{BraidPart, Kind};

/// Maximum number of chunks that one change accounts for: 36 in its message, and in each of 100 reserved ones.
const MAX_SENT: u16 = 36 * 101;

/// The change that one sealed or opened message makes. Only success makes one.
#[derive(Default)]
pub(crate) struct BraidDelta {
    /// Number of chunks of the stream that goes out that were sent or set aside.
    pub(crate) sent: u16,
    pub(crate) event: BraidEvent,
    /// The braid part of the message. It is encoded only if the event is that it came. Beside the enum:
    /// see note `[boxes]`.
    pub(crate) part: BraidPart,
    /// The chunks behind the content; empty, and without cost, in the common case.
    pub(crate) extra: Vec<u8>,
    /// Computed values that would otherwise be computed again. Not part of the encoding.
    pub(crate) cache: Cache,
}

/// The event, other than that chunks went out. All secrets are in boxes of their own.
#[expect(dead_code, reason = "a room is there to be zero")]
pub(crate) enum BraidEvent {
    None(Room),
    /// Fresh → Header.
    Generated(kem::SecretKey),
    /// Waiting → Ct1.
    Encapsulated(Box<Encapsulated>),
    /// Ct1 → Ct2, with its stream.
    Finished(Box<[u8; 160]>),
    /// Chunks or an acknowledgement came.
    Collected(Room),
    /// The key side's Ct2 → Waiting.
    Agreed(Box<Agreed>),
    /// The ciphertext side's Ct2 → Fresh.
    Followed(Room),
}

impl Default for BraidEvent {
    fn default() -> Self {
        Self::None(Room::EMPTY)
    }
}

pub(crate) struct Encapsulated {
    pub(crate) coins: Box<Secret<32>>,
    pub(crate) authenticator: Box<Authenticator>,
    pub(crate) secret: Box<Secret<32>>,
}

pub(crate) struct Agreed {
    pub(crate) authenticator: Box<Authenticator>,
    pub(crate) secret: Box<Secret<32>>,
}

/// Public values that follow from secret ones: one of the two, or none. No enum: see note `[boxes]`.
#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) key: Option<Box<Expanded>>,
    pub(crate) ct1: Option<Box<[u8; kem::CIPHERTEXT_1]>>,
}

impl BraidDelta {
    pub(crate) fn of(event: BraidEvent) -> Self {
        Self { event, ..Self::default() }
    }

    pub(crate) fn sent(part: &BraidPart) -> Self {
        Self { sent: part.chunks().into(), part: *part, ..Self::default() }
    }

    pub(crate) fn collected(part: &BraidPart, extra: &[u8]) -> Self {
        Self { part: *part, extra: extra.to_vec(), ..Self::of(BraidEvent::Collected(Room::EMPTY)) }
    }

    /// Tells whether it belongs to an opened message; otherwise it belongs to a sealed one.
    pub(crate) fn is_received(&self) -> bool {
        matches!(
            self.event,
            BraidEvent::Collected(_) | BraidEvent::Agreed(_) | BraidEvent::Followed(_)
        )
    }

    /// Tells whether the peer was heard in the next epoch.
    pub(crate) fn is_followed(&self) -> bool {
        matches!(self.event, BraidEvent::Followed(_))
    }

    /// Tells whether the braid stays as it is.
    pub(crate) fn is_none(&self) -> bool {
        self.sent == 0 && matches!(self.event, BraidEvent::None(_))
    }
}

impl Braid {
    /// Applies a delta and empties it. The caller has checked that it was made from this state.
    pub(crate) fn apply(&mut self, delta: &mut BraidDelta) {
        let BraidDelta { sent, event, part, extra, cache } = take(delta);
        match event {
            BraidEvent::None(_) => {}
            BraidEvent::Generated(key) => self.phase = Phase::Key(Box::new(KeySide::new(key))),
            BraidEvent::Encapsulated(made) => self.begin_ct1(*made),
            BraidEvent::Finished(stream) => {
                self.phase = Phase::Ct2(Box::new(Ct2 { stream: *stream, count: 0 }));
            }
            BraidEvent::Collected(_) => self.keep(&part, &extra),
            BraidEvent::Agreed(agreed) => {
                let Agreed { authenticator, secret } = *agreed;
                (self.authenticator, self.secret) = (authenticator, Some(secret));
                self.begin_epoch(Phase::Waiting(Box::default()));
            }
            BraidEvent::Followed(_) => self.begin_epoch(Phase::Fresh),
        }
        self.go_on(sent, cache);
    }

    fn begin_epoch(&mut self, phase: Phase) {
        self.epoch = self.epoch.saturating_add(1);
        self.phase = phase;
    }

    fn begin_ct1(&mut self, made: Encapsulated) {
        let Phase::Waiting(header) = &self.phase else { return };
        let header = first_half(header);
        let Encapsulated { coins, authenticator, secret } = made;
        (self.authenticator, self.secret) = (authenticator, Some(secret));
        let vector = Collector::default();
        let side = Ct1 { header, coins, count: 0, stream: None, vector, acknowledged: false };
        self.phase = Phase::Ct1(Box::new(side));
    }

    fn keep(&mut self, part: &BraidPart, extra: &[u8]) {
        let run = part.run(extra);
        match (&mut self.phase, part.kind) {
            (Phase::Key(side), Kind::Ct1) => {
                // The peer has the header: from here on the vector goes out.
                if side.ct1.is_empty() {
                    side.count = 0;
                }
                side.ct1.add(&run);
            }
            (Phase::Key(side), Kind::Ct2) => side.ct2.add(&run),
            (Phase::Waiting(header), Kind::Header) => header.add(&run),
            (Phase::Ct1(side), kind) => {
                side.acknowledged |= kind.says_done();
                side.vector.add(&run);
            }
            _ => {}
        }
    }

    fn go_on(&mut self, sent: u16, cache: Cache) {
        match &mut self.phase {
            Phase::Key(side) => {
                side.count = side.count.wrapping_add(sent);
                if cache.key.is_some() {
                    side.expanded = cache.key;
                }
            }
            Phase::Ct1(side) => {
                side.count = side.count.wrapping_add(sent);
                if cache.ct1.is_some() {
                    side.stream = cache.ct1;
                }
            }
            Phase::Ct2(side) => side.count = side.count.wrapping_add(sent),
            Phase::Fresh | Phase::Waiting(_) => {}
        }
    }
}

impl BraidDelta {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match &self.event {
            BraidEvent::None(_) => writer.u8(0),
            BraidEvent::Generated(key) => {
                writer.u8(1);
                writer.raw(key.seed().expose());
            }
            BraidEvent::Encapsulated(made) => {
                writer.u8(2);
                writer.raw(made.coins.expose());
                made.authenticator.write(writer);
                writer.raw(made.secret.expose());
            }
            BraidEvent::Finished(stream) => {
                writer.u8(3);
                writer.raw(stream.as_slice());
            }
            BraidEvent::Collected(_) => {
                writer.u8(4);
                self.write_collected(writer);
            }
            BraidEvent::Agreed(agreed) => {
                writer.u8(5);
                agreed.authenticator.write(writer);
                writer.raw(agreed.secret.expose());
            }
            BraidEvent::Followed(_) => writer.u8(6),
        }
        if !self.is_received() {
            writer.u16(self.sent);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let event = match reader.u8()? {
            0 => BraidEvent::None(Room::EMPTY),
            1 => BraidEvent::Generated(kem::SecretKey::from_seed(reader.secret()?)),
            2 => BraidEvent::Encapsulated(Box::new(Encapsulated {
                coins: secret(reader)?,
                authenticator: Box::new(Authenticator::read(reader)?),
                secret: secret(reader)?,
            })),
            3 => BraidEvent::Finished(Box::new(*reader.array()?)),
            4 => BraidEvent::Collected(Room::EMPTY),
            5 => BraidEvent::Agreed(Box::new(Agreed {
                authenticator: Box::new(Authenticator::read(reader)?),
                secret: secret(reader)?,
            })),
            6 => BraidEvent::Followed(Room::EMPTY),
            _ => return Err(Error::Malformed),
        };
        let mut delta = Self::of(event);
        if matches!(delta.event, BraidEvent::Collected(_)) {
            delta.read_collected(reader)?;
        }
        if !delta.is_received() {
            delta.sent = reader.u16()?;
        }
        if delta.sent > MAX_SENT || delta.is_none() { Err(Error::Malformed) } else { Ok(delta) }
    }

    fn write_collected(&self, writer: &mut Writer) {
        writer.u8(self.part.kind.byte());
        if self.part.kind.has_chunk() {
            writer.u16(self.part.index);
            writer.u8(self.part.extra);
            writer.raw(&self.part.chunk);
            writer.raw(&self.extra);
        }
    }

    fn read_collected(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let kind = Kind::of(reader.u8()?).ok_or(Error::Malformed)?;
        let mut part = BraidPart::bare(1, kind);
        if kind.has_chunk() {
            (part.index, part.extra, part.chunk) = (reader.u16()?, reader.u8()?, *reader.array()?);
            self.extra = reader.slice(part.extra_bytes())?.to_vec();
        }
        // The same bounds as on the wire.
        self.part = BraidPart::decode(&part.encode()).map_err(|_| Error::Malformed)?;
        if kind == Kind::Nothing { Err(Error::Malformed) } else { Ok(()) }
    }
}

/// Reads a secret into a box of its own.
pub(super) fn secret(reader: &mut Reader<'_>) -> Result<Box<Secret<32>>, Error> {
    Ok(Box::new(reader.secret()?))
}
