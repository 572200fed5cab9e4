//! Notices that something was shown once: `spec/conversations.md`, "View once".
//!
//! ```text
//! notice = version (01) ‖ 0x3b ‖ target (88)
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::target::Target;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::wire;

/// Encodes the notice that a message was shown.
pub(crate) fn encode_notice(of: &Target) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::begin(wire::VERSION, wire::VIEW_NOTICE);
    of.write(&mut writer);
    writer.secret()
}

/// Decodes such a notice.
pub(crate) fn decode_notice(bytes: &[u8]) -> Result<Target, Error> {
    Reader::all(bytes, |reader| {
        reader.begin(wire::VERSION, wire::VIEW_NOTICE)?;
        Target::read(reader)
    })
}
