//! What can happen to a device's prekeys: `spec/state.md`, "Change, kind 0x10".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::bundle::PrekeyId;
use super::prekeys::{Generation, Name, OneTimeSecret, Prekeys, read_one_time, write_one_time};

/// A change of a device's prekeys, at a time.
pub(crate) struct DeviceDelta {
    pub(crate) now: u64,
    pub(crate) act: Act,
}

/// What happens to the prekeys.
pub(crate) enum Act {
    /// A new generation of lasting prekeys.
    Rotate(Box<Generation>),
    /// New one-time prekeys.
    Replenish(Vec<OneTimeSecret>),
    /// A first message was accepted.
    Accept { lasting: PrekeyId, one_time: Option<PrekeyId>, name: Name },
    /// Only time has passed.
    Expire,
}

impl Prekeys {
    /// Takes the change over, and erases what is past its time by then.
    pub(crate) fn apply(&mut self, delta: DeviceDelta) {
        match delta.act {
            Act::Rotate(generation) => self.rotate(*generation),
            Act::Replenish(keys) => self.add(keys),
            Act::Accept { lasting, one_time, name } => self.accept(lasting, one_time, name),
            Act::Expire => {}
        }
        self.expire(delta.now);
    }
}

impl DeviceDelta {
    /// What names the change: its act, the id that it brings or uses, and the time.
    pub(crate) fn name(&self) -> [u8; 25] {
        let (act, id): (u8, &[u8]) = match &self.act {
            Act::Rotate(generation) => (1, &generation.public.id.0),
            Act::Replenish(keys) => (2, keys.first().map_or(&[], |key| &key.id.0)),
            Act::Accept { name, .. } => (3, name),
            Act::Expire => (4, &[]),
        };
        let mut name = [0; 25];
        let parts = [act].into_iter().chain(self.now.to_be_bytes()).chain(id.iter().copied());
        for (to, from) in name.iter_mut().zip(parts) {
            *to = from;
        }
        name
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.now);
        match &self.act {
            Act::Rotate(generation) => {
                writer.u8(1);
                generation.write(writer);
            }
            Act::Replenish(keys) => {
                writer.u8(2);
                write_one_time(keys, writer);
            }
            Act::Accept { lasting, one_time, name } => {
                writer.u8(3);
                writer.raw(&lasting.0);
                writer.raw(&one_time.map_or([0; 8], |id| id.0));
                writer.raw(name);
            }
            Act::Expire => writer.u8(4),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = reader.u64()?;
        let act = match reader.u8()? {
            1 => Act::Rotate(Box::new(Generation::read(reader)?)),
            2 => Act::Replenish(read_one_time(reader)?),
            3 => Act::Accept {
                lasting: PrekeyId::decode(*reader.array()?)?,
                one_time: PrekeyId::decode_option(*reader.array()?),
                name: *reader.array()?,
            },
            4 => Act::Expire,
            _ => return Err(Error::Malformed),
        };
        Ok(Self { now, act })
    }
}
