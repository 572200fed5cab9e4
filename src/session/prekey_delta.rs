//! Changes of a device's prekeys: `spec/state.md`, "Device, invite and chat delta".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat};

use crate::protocol::handshake::bundle::PrekeyId;
use crate::protocol::handshake::prekeys::{
    HandshakeId, OneTimeSecret, PrekeySet, Prekeys, read_one_time, write_one_time,
};
use crate::storage::{Delta, DeltaKind};

/// A change of a device's prekeys, and its time.
pub(crate) struct DeviceDelta {
    pub(crate) now: u64,
    pub(crate) change: PrekeyChange,
}

/// A change of the prekeys.
pub(crate) enum PrekeyChange {
    /// A new prekey set.
    Rotate(Box<PrekeySet>),
    /// New one-time prekeys.
    Replenish(Vec<OneTimeSecret>),
    /// A first message was accepted.
    Accept { signed_prekeys: PrekeyId, one_time: Option<PrekeyId>, handshake: HandshakeId },
    /// Only time has passed.
    Expire,
}

impl Prekeys {
    /// Takes the change over, and erases what is past its time by then.
    pub(crate) fn apply(&mut self, delta: DeviceDelta) {
        match delta.change {
            PrekeyChange::Rotate(prekey_set) => self.rotate(*prekey_set),
            PrekeyChange::Replenish(keys) => self.add(keys),
            PrekeyChange::Accept { signed_prekeys, one_time, handshake } => {
                self.accept(signed_prekeys, one_time, handshake);
            }
            PrekeyChange::Expire => {}
        }
        self.expire(delta.now);
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
            PrekeyChange::Accept { handshake, .. } => (3, handshake.0),
            PrekeyChange::Expire => (4, [0; 16]),
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
                write_one_time(keys, writer);
            }
            PrekeyChange::Accept { signed_prekeys, one_time, handshake } => {
                writer.u8(3);
                writer.raw(&signed_prekeys.0);
                writer.raw(&one_time.map_or([0; 8], |id| id.0));
                writer.raw(&handshake.0);
            }
            PrekeyChange::Expire => writer.u8(4),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let change = match reader.u8()? {
            1 => PrekeyChange::Rotate(Box::new(PrekeySet::read(reader)?)),
            2 => PrekeyChange::Replenish(read_one_time(reader)?),
            3 => PrekeyChange::Accept {
                signed_prekeys: PrekeyId::decode(*reader.array()?)?,
                one_time: PrekeyId::decode_option(*reader.array()?),
                handshake: HandshakeId(*reader.array()?),
            },
            4 => PrekeyChange::Expire,
            _ => return Err(Error::Malformed),
        };
        Ok(Self { now, change })
    }
}
