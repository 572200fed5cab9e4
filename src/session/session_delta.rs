//! Changes of a session by one message: `spec/state.md`, "Session delta".

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::ratchet::RatchetDelta;
use crate::storage::{Delta, DeltaKind};

impl Delta for RatchetDelta {
    const KIND: DeltaKind = DeltaKind::Session;

    fn id(&self) -> impl AsRef<[u8]> {
        self.change_id()
    }

    fn is_turn(&self) -> bool {
        RatchetDelta::is_turn(self)
    }

    fn write(&self, writer: &mut Writer) {
        RatchetDelta::write(self, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        RatchetDelta::read(reader)
    }
}
