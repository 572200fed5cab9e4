//! Assignments, of which the text of an entry consists: `spec/settings.md`, "Assignments".
//!
//! ```text
//! text       = u32(count) ‖ assignment …
//! assignment = u32(length) ‖ name ‖ flag ‖ [u32(length) ‖ value]
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::name::MAX_NAME;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// Maximum length of a value in bytes.
pub(crate) const MAX_VALUE: usize = 4096;

/// Maximum number of assignments in one entry.
pub(crate) const MAX_ASSIGNMENTS: usize = 64;

/// Maximum length of the text of one entry in bytes.
pub(crate) const MAX_TEXT: usize = 65_536;

/// One setting and its new value.
pub(crate) struct Assignment {
    pub(crate) name: Vec<u8>,
    /// The value; `None` if it is removed.
    pub(crate) value: Option<Zeroizing<Vec<u8>>>,
}

impl Assignment {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.name);
        write_value(self.value.as_ref(), writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let name = read_name(reader)?;
        Ok(Self { name, value: read_value(reader)? })
    }

    pub(crate) fn write_all(all: &[Self], writer: &mut Writer) {
        writer.list(all, Self::write);
    }

    /// Reads assignments: strictly ascending by name, so that none is made twice.
    pub(crate) fn read_all(reader: &mut Reader<'_>) -> Result<Vec<Self>, Error> {
        let all: Vec<Self> = reader.list(MAX_ASSIGNMENTS, Self::read)?;
        let is_set = all.is_sorted_by(|one, other| one.name < other.name);
        if is_set { Ok(all) } else { Err(Error::Malformed) }
    }
}

pub(crate) fn read_name(reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let name = reader.bytes(MAX_NAME)?;
    if name.is_empty() { Err(Error::Malformed) } else { Ok(name.to_vec()) }
}

pub(crate) fn write_value(value: Option<&Zeroizing<Vec<u8>>>, writer: &mut Writer) {
    writer.option(value, |value, writer| writer.bytes(value));
}

pub(crate) fn read_value(reader: &mut Reader<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    reader.option(|reader| Ok(Zeroizing::new(reader.bytes(MAX_VALUE)?.to_vec())))
}
