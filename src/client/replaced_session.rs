//! Sessions that are only read: `spec/sessions.md`, "Replaced sessions".

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::session::Session;
use crate::storage::Stateful;

/// A session that was replaced, or that lost against another one.
pub(super) struct ReplacedSession {
    pub(super) session: Session,
    /// Its end, once the session that took its place is proven; before that the end of time.
    pub(super) until: u64,
}

impl ReplacedSession {
    pub(super) fn is_open(&self, now: u64) -> bool {
        now < self.until
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.session.write(writer);
        writer.u64(self.until);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { session: Session::read(reader)?, until: reader.u64()? })
    }
}
