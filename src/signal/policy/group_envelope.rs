//! Forms of groups between attested accounts: `spec/third-party.md`, "Groups".
//!
//! ```text
//! told sender key = 01 44 ‖ sender ‖ receiver ‖ agreed (32) ‖ group id (32) ‖ distribution message
//! group envelope  = 01 45 ‖ sender ‖ group id (32) ‖ message id (16) ‖ u64(sent) ‖ u32(disappears after)
//!                   ‖ u8(view once) ‖ content
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::Kinds;
use crate::protocol::wire;

use super::agreed::AGREED;
use super::envelope::{Ends, ForeignChat, ForeignGroupId, Said, Saying};
use super::names::ForeignDevice;

/// A distribution message that came in a session, and the group that it is for.
pub(crate) struct ToldSenderKey<'a> {
    pub(crate) group: ForeignGroupId,
    pub(crate) distribution: &'a [u8],
}

impl Ends<'_> {
    /// Encloses a distribution message for one device.
    pub(crate) fn tell(
        self,
        agreed: &[u8; AGREED],
        group: ForeignGroupId,
        distribution: &[u8],
    ) -> Zeroizing<Vec<u8>> {
        let mut writer = self.bytes(wire::TOLD_SENDER_KEY);
        writer.raw(agreed);
        writer.raw(&group.0);
        writer.raw(distribution);
        writer.secret()
    }

    /// Takes a distribution message out of its form.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPeer`] if it names other devices; [`Error::ProfilesDiffer`] for another agreement;
    /// [`Error::Malformed`].
    pub(crate) fn told(
        self,
        bytes: &[u8],
        is_agreed: impl FnOnce(&[u8; AGREED]) -> bool,
    ) -> Result<ToldSenderKey<'_>, Error> {
        Reader::all(bytes, |reader| {
            self.check(wire::TOLD_SENDER_KEY, reader, is_agreed)?;
            let group = ForeignGroupId(*reader.array()?);
            Ok(ToldSenderKey { group, distribution: reader.rest() })
        })
    }
}

/// Tells whether bytes of an attested account are a distribution message, and no envelope.
pub(super) fn is_told(bytes: &[u8]) -> bool {
    bytes.get(1) == Some(&wire::TOLD_SENDER_KEY)
}

/// Puts an envelope around a content for a group.
pub(super) fn enclose(
    sender: &ForeignDevice,
    group: ForeignGroupId,
    saying: &Saying<'_>,
    sent: u64,
) -> Zeroizing<Vec<u8>> {
    let mut writer = begin(sender, group);
    saying.write(sent, &mut writer);
    writer.secret()
}

/// Takes a content out of its envelope: of the device that told the chain, for the group that it was told for.
///
/// # Errors
///
/// [`Error::WrongPeer`] if it names another device or group; [`Error::NotAllowed`], [`Error::UnsupportedContent`] for
/// the content; [`Error::Malformed`].
pub(crate) fn disclose(
    sender: &ForeignDevice,
    group: ForeignGroupId,
    bytes: &[u8],
    kinds: Kinds,
) -> Result<Said, Error> {
    Reader::all(bytes, |reader| {
        let expected = begin(sender, group);
        if reader.slice(expected.written().len())? != expected.written() {
            return Err(Error::WrongPeer);
        }
        Said::read(ForeignChat::Group(group), kinds, reader)
    })
}

fn begin(sender: &ForeignDevice, group: ForeignGroupId) -> Writer {
    let mut writer = Writer::begin(wire::VERSION, wire::GROUP_ENVELOPE);
    sender.write(&mut writer);
    writer.raw(&group.0);
    writer
}
