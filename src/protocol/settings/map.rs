//! The map that all devices come to: `spec/settings.md`, "The map".
//!
//! ```text
//! of two assignments of one name, the one with the greater (clock, device id) stands
//! ```

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::assignment::{Assignment, read_name, read_value, write_value};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::identity::certificate::DeviceId;

/// Maximum number of names that a device fills by itself, and the maximum length of names and values together.
const FILL_NAMES: usize = 512;
const FILL_BYTES: usize = 1 << 19;

/// Maximum number of names, those of removed settings among them, and of bytes that a reader takes. It is twice as
/// many, because devices that do not see each other fill it together.
const MAX_NAMES: usize = 1024;
const MAX_BYTES: usize = 1 << 20;

/// The place of an assignment among all: by clock, then by device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AssignedAt {
    pub(crate) clock: u64,
    pub(crate) device: DeviceId,
    pub(crate) number: u64,
}

impl AssignedAt {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.clock);
        writer.raw(&self.device.0);
        writer.u64(self.number);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (clock, device) = (reader.u64()?, DeviceId(*reader.array()?));
        Ok(Self { clock, device, number: reader.u64()? })
    }
}

/// The assignment of one name that stands.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) stamp: AssignedAt,
    /// The value; `None` if it was removed.
    pub(crate) value: Option<Zeroizing<Vec<u8>>>,
}

/// The settings of an account, as far as they are here.
#[derive(Clone, Default)]
pub(crate) struct Map {
    slots: BTreeMap<Vec<u8>, Slot>,
}

impl Map {
    /// Puts a slot in, if it is the later one. Returns the slot that does not stand, if there are two: the one that
    /// was here, or the new one.
    pub(crate) fn put(&mut self, name: &[u8], new: Slot) -> Option<Slot> {
        match self.slots.get_mut(name) {
            Some(slot) if slot.stamp < new.stamp => Some(core::mem::replace(slot, new)),
            Some(_) => Some(new),
            None => {
                self.slots.insert(name.to_vec(), new);
                None
            }
        }
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&Slot> {
        self.slots.get(name)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = (&[u8], &Slot)> {
        self.slots.iter().map(|(name, slot)| (name.as_slice(), slot))
    }

    /// Drops slots.
    pub(crate) fn retain(&mut self, keep: impl Fn(&[u8], &Slot) -> bool) {
        self.slots.retain(|name, slot| keep(name, slot));
    }

    /// Tells whether a device may set so much more.
    pub(crate) fn may_write(&self, more: &[Assignment]) -> bool {
        self.is_within(more, FILL_NAMES, FILL_BYTES)
    }

    /// Tells whether a reader takes so much more.
    pub(crate) fn may_read(&self, more: &[Assignment]) -> bool {
        self.is_within(more, MAX_NAMES, MAX_BYTES)
    }

    /// Counts the names, and all bytes, as if each new value stood beside the one that it replaces.
    fn is_within(&self, more: &[Assignment], names: usize, bytes: usize) -> bool {
        let length = |value: &Option<Zeroizing<Vec<u8>>>| value.as_ref().map_or(0, |it| it.len());
        let here = self.slots.iter().map(|(name, slot)| (name, &slot.value));
        let new = more.iter().map(|assignment| (&assignment.name, &assignment.value));
        let whole = here.chain(new).map(|(name, value)| name.len().saturating_add(length(value)));
        let added = more.iter().filter(|assignment| !self.slots.contains_key(&assignment.name));
        self.slots.len().saturating_add(added.count()) <= names
            && whole.fold(0_usize, usize::saturating_add) <= bytes
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(&self.slots, |(name, slot), writer| {
            writer.bytes(name);
            slot.stamp.write(writer);
            write_value(slot.value.as_ref(), writer);
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut slots = BTreeMap::new();
        for _ in 0..reader.count(MAX_NAMES)? {
            let name = read_name(reader)?;
            let slot = Slot { stamp: AssignedAt::read(reader)?, value: read_value(reader)? };
            ascending(&mut slots, name, slot)?;
        }
        let map = Self { slots };
        if map.may_read(&[]) { Ok(map) } else { Err(Error::Malformed) }
    }
}
