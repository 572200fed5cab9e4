//! Requests for operations that somebody lacks: `spec/groups.md`, "Asking".
//!
//! ```text
//! request = version ‖ kind ‖ group id ‖ hash of the asker's state ‖ hash of the wanted operation
//! ```

use alloc::vec::Vec;

use super::operation::OperationHash;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::letter::GroupId;
use crate::protocol::wire;

/// A request for what leads to an operation.
pub(crate) struct OperationRequest {
    pub(crate) group: GroupId,
    /// The state that the asker is in.
    pub(crate) head: OperationHash,
    pub(crate) wanted: OperationHash,
}

impl OperationRequest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::GROUP_REQUEST);
        writer.raw(&self.group.0);
        writer.raw(&self.head.0);
        writer.raw(&self.wanted.0);
        writer.public()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::GROUP_REQUEST)?;
            Ok(Self {
                group: GroupId(*reader.array()?),
                head: OperationHash(*reader.array()?),
                wanted: OperationHash(*reader.array()?),
            })
        })
    }
}
