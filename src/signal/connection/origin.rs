//! The name of a service, as its own people know it: `spec/third-party.md`, "Connecting".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::text::is_line;

/// Maximum length of an origin in bytes.
const MAX_ORIGIN: usize = 255;

/// A service's name: a line of 1 to 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin(Box<str>);

impl Origin {
    pub(super) fn new(origin: &str) -> Result<Self, Error> {
        let is_origin = (1..=MAX_ORIGIN).contains(&origin.len()) && is_line(origin);
        if is_origin { Ok(Self(origin.into())) } else { Err(Error::InvalidPolicy) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses the name of another service.
    pub(super) fn check(&self, origin: &str) -> Result<(), Error> {
        if *self.0 == *origin { Ok(()) } else { Err(Error::WrongOrigin) }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.0.as_bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let origin = core::str::from_utf8(reader.bytes(MAX_ORIGIN)?);
        Self::new(origin.map_err(|_| Error::Malformed)?).map_err(|_| Error::Malformed)
    }
}
