//! Names of services: `spec/README.md`, "Origins".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// Maximum length of an origin in bytes.
const MAX_ORIGIN: usize = 255;

/// The name of a service: a host as it stands in a URL, with a port or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(Box<str>);

impl Origin {
    /// Takes a name; [`Error::InvalidPolicy`] if it is none.
    pub(crate) fn new(origin: &str) -> Result<Self, Error> {
        if is_origin(origin) { Ok(Self(origin.into())) } else { Err(Error::InvalidPolicy) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses the name of another service.
    pub(crate) fn check(&self, origin: &str) -> Result<(), Error> {
        if *self.0 == *origin { Ok(()) } else { Err(Error::WrongOrigin) }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.0.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let origin = core::str::from_utf8(reader.bytes(MAX_ORIGIN)?);
        Self::new(origin.map_err(|_| Error::Malformed)?).map_err(|_| Error::Malformed)
    }
}

fn is_origin(text: &str) -> bool {
    let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    text.len() <= MAX_ORIGIN
        && ends.iter().all(|end| end.is_some_and(is_end))
        && text.bytes().all(|byte| is_end(&byte) || matches!(byte, b'.' | b'-' | b':'))
}
