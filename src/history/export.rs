//! Exports: the answer to a request, while it is made: `spec/history.md`, "Answering".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::range::HistoryRange;
use super::writer::HistoryWriter;
use crate::attachment::{Media, Reference};
use crate::client::{Address, Client, OwnObject};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::history::manifest::{
    HistoryPart, MAX_PARTS, MAX_PLACE, Manifest, check_parts, read_parts,
};
use crate::protocol::history::request::{HistoryRequest, Range};
use crate::storage::{STATE_VERSION, decode};

/// The kind byte of an export's encoding.
const KIND: u8 = 0x29;

/// An answer that is being made for another own device. Secret: no `Clone`, wiped on drop.
///
/// Save it after each part. A copy from before a part makes the part again, as another attachment.
pub struct HistoryExport {
    request: HistoryRequest,
    parts: Vec<HistoryPart>,
}

redacted!(HistoryExport, |export| range = export.range(), parts = export.parts());

impl HistoryExport {
    pub(super) fn new(request: HistoryRequest) -> Self {
        Self { request, parts: Vec::new() }
    }

    /// Returns a writer for the chunk of the next part.
    #[must_use]
    pub fn writer(&self) -> HistoryWriter {
        let Range { items, bytes, to, .. } = self.request.range;
        let range = Range {
            items: items.saturating_sub(self.items()),
            bytes: bytes.saturating_sub(self.bytes()),
            ..self.request.range
        };
        let before = self.parts.last().map_or(to, |part| part.oldest);
        HistoryWriter::new(self.request.account, range, before)
    }

    /// Adds the part that was written and sealed as a file ([`Client::attach`], [`Media::File`]). The place, of up to
    /// 64 bytes, says where it is stored, if more is needed for that than the reference's id.
    ///
    /// # Errors
    ///
    /// [`Error::ContentMismatch`] if the attachment is not of the length that was written, or no file, and for the
    /// writer of another place of the answer; [`Error::NotAllowed`] if nothing was written; [`Error::ContentTooLong`]
    /// for a longer place, and a 1,025th part.
    pub fn add(
        &mut self,
        written: &HistoryWriter,
        reference: &Reference,
        place: &[u8],
    ) -> Result<(), Error> {
        if place.len() > MAX_PLACE || self.parts.len() >= MAX_PARTS {
            return Err(Error::ContentTooLong);
        }
        let start = self.writer();
        let newest = written.newest.ok_or(Error::NotAllowed)?;
        let is_next =
            (written.own, written.range) == (start.own, start.range) && newest < start.before;
        let is_sealed = reference.length() == written.length && reference.media() == Media::File;
        if !is_next || !is_sealed {
            return Err(Error::ContentMismatch);
        }
        self.parts.push(HistoryPart {
            newest,
            oldest: written.before,
            items: written.items,
            reference: reference.duplicate(),
            place: Zeroizing::new(place.to_vec()),
        });
        Ok(())
    }

    /// Signs the answer, once all parts are stored where the other device finds them: send it with
    /// [`Client::plan_object`]. `more` says that there is more in the range than was added. Called again, it gives
    /// the same answer.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClient`] if `client` is not the device that was asked, or has another account id since;
    /// [`Error::OwnDeviceUnlisted`] if it is no longer one of its account's, [`Error::Unlisted`] if the asker is not;
    /// [`Error::ListExpired`] if the account's list is over.
    pub fn finish(&self, client: &Client, more: bool, now: u64) -> Result<OwnObject, Error> {
        let HistoryRequest { account, source, asker, .. } = self.request;
        if client.address() != (Address { account, device: source }) {
            return Err(Error::WrongClient);
        }
        client.check_list(client.hosting(now)?)?;
        client.list().device(asker).ok_or(Error::Unlisted)?;
        let key = &client.device().identity().signing;
        Ok(OwnObject::new(Manifest::sign(&self.request, more, &self.parts, key)))
    }

    /// Returns what was asked for.
    #[must_use]
    pub fn range(&self) -> HistoryRange {
        HistoryRange::read(self.request.range, self.request.account)
    }

    /// Returns the device that asks.
    #[must_use]
    pub fn asker(&self) -> Address {
        Address { account: self.request.account, device: self.request.asker }
    }

    /// Returns how many parts were added.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns how many items were added.
    #[must_use]
    pub fn items(&self) -> u32 {
        self.parts.iter().fold(0, |sum: u32, part| sum.saturating_add(part.items))
    }

    /// Returns how many bytes were added, before they were sealed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let lengths = self.parts.iter().map(|part| part.reference.length());
        lengths.fold(0, u64::saturating_add)
    }

    /// Encodes the export in clear, to go on later. Whoever has these bytes can open what was added.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(STATE_VERSION, KIND);
        writer.raw(&self.request.encode());
        writer.list(&self.parts, HistoryPart::write);
        writer.secret()
    }

    /// Decodes what [`HistoryExport::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the bytes of a newer release, [`Error::WrongKind`] for those of something else,
    /// [`Error::Corrupt`] for anything else that does not decode.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode(bytes, KIND, |reader| Self::read(reader).map_err(|_| Error::Corrupt))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let request = HistoryRequest::read(reader)?;
        let parts = read_parts(reader)?;
        check_parts(&parts, &request.range)?;
        Ok(Self { request, parts })
    }
}
