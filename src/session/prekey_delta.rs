//! Changes of a device's prekeys: `spec/state.md`, "Device, invite and chat delta".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat, first};
use crate::primitives::kdf::hash;
use crate::primitives::secret::Room;
use crate::protocol::labels;

use crate::protocol::handshake::bundle::PrekeyId;
use crate::protocol::handshake::held::{MAX_RETIRED, Prekeys, read_batch, write_batch};
use crate::protocol::handshake::prekeys::{BATCH, OneTimeSecret, PrekeySet};
use crate::protocol::handshake::replay::FirstMessage;
use crate::storage::{Delta, DeltaKind};

/// A change of a device's prekeys, and its time.
pub(crate) struct DeviceDelta {
    pub(crate) now: u64,
    pub(crate) change: PrekeyChange,
}

/// A change of the prekeys. See note `[boxes]`.
#[expect(clippy::box_collection, reason = "see note [boxes]")]
#[expect(dead_code, reason = "a room is there to be zero")]
pub(crate) enum PrekeyChange {
    /// A new prekey set.
    Rotate(Box<PrekeySet>),
    /// New one-time prekeys.
    Replenish(Box<Vec<OneTimeSecret>>),
    /// A first message was accepted.
    Accept(Box<UsedPrekeys>),
    /// Only time has passed.
    Expire(Room),
    /// The server has what bears these ids, in ascending order.
    Publish(Box<Vec<PrekeyId>>),
}

/// The prekeys that a first message used.
pub(crate) struct UsedPrekeys {
    pub(crate) signed_prekeys: PrekeyId,
    /// The id of the one-time prekey, or zeros.
    pub(crate) one_time: [u8; 8],
    pub(crate) message: FirstMessage,
}

impl PrekeyChange {
    /// Makes the change for an accepted first message.
    pub(crate) fn accept(
        signed_prekeys: PrekeyId,
        one_time: Option<PrekeyId>,
        message: FirstMessage,
    ) -> Self {
        let one_time = one_time.map_or([0; 8], |id| id.0);
        Self::Accept(Box::new(UsedPrekeys { signed_prekeys, one_time, message }))
    }
}

impl Prekeys {
    /// Takes the change over. Only the passing of time erases anything: what is made has the time of a clock that may
    /// be wrong.
    pub(crate) fn apply(&mut self, delta: DeviceDelta) {
        match delta.change {
            PrekeyChange::Rotate(prekey_set) => self.rotate(*prekey_set),
            PrekeyChange::Replenish(keys) => self.add(*keys, delta.now),
            PrekeyChange::Accept(used) => {
                let UsedPrekeys { signed_prekeys, one_time, message } = *used;
                self.accept(signed_prekeys, PrekeyId::decode_option(one_time), message);
            }
            PrekeyChange::Expire(_) => self.expire(delta.now),
            PrekeyChange::Publish(ids) => self.publish(&ids),
        }
    }
}

impl Delta for DeviceDelta {
    const KIND: DeltaKind = DeltaKind::Device;

    /// Returns the kind of the change, the time, and the id that it brings or uses.
    fn id(&self) -> impl AsRef<[u8]> {
        let filled = |id: PrekeyId| concat(&[&id.0, &[0; 8]]);
        let (change, id): (u8, [u8; 16]) = match &self.change {
            PrekeyChange::Rotate(prekey_set) => (1, filled(prekey_set.public.id)),
            PrekeyChange::Replenish(keys) => {
                (2, keys.first().map_or([0; 16], |key| filled(key.id)))
            }
            PrekeyChange::Accept(used) => (3, used.message.handshake.0),
            PrekeyChange::Expire(_) => (4, [0; 16]),
            PrekeyChange::Publish(ids) => {
                (5, first(&hash(&[labels::STATE_PUBLISHED, &joined(ids)])))
            }
        };
        concat::<25>(&[&[change], &self.now.to_be_bytes(), &id])
    }

    fn write(&self, writer: &mut Writer) {
        writer.u64(self.now);
        match &self.change {
            PrekeyChange::Rotate(prekey_set) => {
                writer.u8(1);
                prekey_set.write(writer);
            }
            PrekeyChange::Replenish(keys) => {
                writer.u8(2);
                write_batch(keys, writer);
            }
            PrekeyChange::Accept(used) => {
                writer.u8(3);
                writer.raw(&used.signed_prekeys.0);
                writer.raw(&used.one_time);
                used.message.write(writer);
            }
            PrekeyChange::Expire(_) => writer.u8(4),
            PrekeyChange::Publish(ids) => {
                writer.u8(5);
                writer.list(ids.iter(), |id, writer| writer.raw(&id.0));
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let change = match reader.u8()? {
            1 => PrekeyChange::Rotate(Box::new(PrekeySet::read(reader)?)),
            2 => PrekeyChange::Replenish(Box::new(read_batch(reader)?)),
            3 => {
                let signed_prekeys = PrekeyId::decode(*reader.array()?)?;
                let one_time = PrekeyId::decode_option(*reader.array()?);
                PrekeyChange::accept(signed_prekeys, one_time, FirstMessage::read(reader)?)
            }
            4 => PrekeyChange::Expire(Room::EMPTY),
            5 => PrekeyChange::Publish(Box::new(read_ids(reader)?)),
            _ => return Err(Error::Malformed),
        };
        Ok(Self { now, change })
    }
}

fn joined(ids: &[PrekeyId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.0).collect()
}

/// Reads ids in ascending order, of a batch and all prekey sets at most.
fn read_ids(reader: &mut Reader<'_>) -> Result<Vec<PrekeyId>, Error> {
    let most = usize::from(BATCH).saturating_add(MAX_RETIRED).saturating_add(1);
    let ids: Vec<_> = reader.list(most, |reader| PrekeyId::decode(*reader.array()?))?;
    if ids.is_sorted_by(|a, b| a < b) { Ok(ids) } else { Err(Error::Malformed) }
}
