//! Words of a sender: the contents of letters that are read once.

use super::blob::Reference;
use super::object::ObjectKind;
use crate::primitives::codec::Writer;

/// The words of a sender, which are read once and remembered.
pub(crate) enum Said<'a> {
    /// The content of a message.
    Message(&'a [u8]),
    /// The blob that holds the content of a message, and its key.
    Blob(Reference),
    /// The program's own content between devices of one account.
    Own(&'a [u8]),
    /// An object of the crate's own between devices of one account: a shared link, grant or chat, or a notice.
    Object(ObjectKind, &'a [u8]),
}

impl Said<'_> {
    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Message(content) => {
                writer.u8(1);
                writer.raw(content);
            }
            Self::Blob(reference) => {
                writer.u8(2);
                reference.write(writer);
            }
            Self::Own(content) => {
                writer.u8(3);
                writer.raw(content);
            }
            Self::Object(_, object) => {
                writer.u8(6);
                writer.raw(object);
            }
        }
    }
}
