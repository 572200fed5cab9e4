//! History manifests: `spec/history.md`, "Manifest".
//!
//! ```text
//! manifest  = body ‖ signature
//! body      = version ‖ kind ‖ request id ‖ asker's device id ‖ source's device id ‖ flag more
//!             ‖ u32(count) ‖ part ‖ part …                          newest first
//! part      = mark newest ‖ mark oldest ‖ u32(items) ‖ attachment reference ‖ u32(length) ‖ place
//! signature = Ed25519(source's signing key, LABEL(history/manifest) ‖ request ‖ body)
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::mark::Mark;
use super::request::{HistoryRequest, Range};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::primitives::sign;
use crate::protocol::attachment::reference::Reference;
use crate::protocol::attachment::terms::Media;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::labels;
use crate::protocol::wire;

/// The most parts of a manifest.
pub(crate) const MAX_PARTS: usize = 1024;
/// The most items in a part.
pub(crate) const MAX_PART_ITEMS: u32 = 1 << 16;
/// The longest chunk of a part.
pub(crate) const MAX_PART_BYTES: u64 = 1 << 26;
/// The longest place of a part.
pub(crate) const MAX_PLACE: usize = 64;

/// A part of a history: a chunk of items, which is an attachment. Secret.
pub struct HistoryPart {
    pub(crate) newest: Mark,
    pub(crate) oldest: Mark,
    pub(crate) items: u32,
    pub(crate) reference: Reference,
    pub(crate) place: Zeroizing<Vec<u8>>,
}

redacted!(HistoryPart, |part| items = part.items, reference = part.reference);

impl HistoryPart {
    /// Returns how many items it has.
    #[must_use]
    pub fn items(&self) -> u32 {
        self.items
    }

    /// Returns the times at which its oldest and its newest message were sent.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        (self.oldest.sent, self.newest.sent)
    }

    /// Returns what its chunk is opened by.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Returns where its chunk is stored, in the app's own words; empty if its id says so. Look for it in stores that
    /// you trust alone.
    #[must_use]
    pub fn place(&self) -> &[u8] {
        &self.place
    }

    /// Refuses a part that breaks a rule of its own.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_ordered =
            if self.items == 1 { self.oldest == self.newest } else { self.oldest < self.newest };
        let is_bounded =
            (1..=MAX_PART_ITEMS).contains(&self.items) && self.reference.length() <= MAX_PART_BYTES;
        let is_file = self.reference.media() == Media::File;
        if is_ordered && is_bounded && is_file && self.place.len() <= MAX_PLACE {
            return Ok(());
        }
        Err(Error::Malformed)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.newest.write(writer);
        self.oldest.write(writer);
        writer.u32(self.items);
        self.reference.write(writer);
        writer.bytes(&self.place);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let part = Self {
            newest: Mark::read(reader)?,
            oldest: Mark::read(reader)?,
            items: reader.u32()?,
            reference: Reference::read(reader)?,
            place: Zeroizing::new(reader.bytes(MAX_PLACE)?.to_vec()),
        };
        part.check()?;
        Ok(part)
    }
}

/// The answer to a request: what there is, in order.
pub(crate) struct Manifest {
    pub(crate) request: [u8; 16],
    pub(crate) asker: DeviceId,
    pub(crate) source: DeviceId,
    /// True if the source has more in the range than it gives.
    pub(crate) more: bool,
    pub(crate) parts: Vec<HistoryPart>,
    signature: sign::Signature,
}

impl Manifest {
    /// Signs the answer to a request.
    pub(crate) fn sign(
        request: &HistoryRequest,
        more: bool,
        parts: &[HistoryPart],
        key: &sign::SecretKey,
    ) -> Zeroizing<Vec<u8>> {
        let mut writer = body(&request.id, (request.asker, request.source), more, parts);
        let signed: [&[u8]; 2] = [&request.encode(), writer.written()];
        let signature = key.sign(labels::HISTORY_MANIFEST, &signed);
        writer.raw(&signature);
        writer.secret()
    }

    /// Checks the signature of the source, under the request that is answered.
    pub(crate) fn verify(
        &self,
        request: &HistoryRequest,
        key: &sign::PublicKey,
    ) -> Result<(), Error> {
        let body = body(&self.request, (self.asker, self.source), self.more, &self.parts);
        let signed: [&[u8]; 2] = [&request.encode(), body.written()];
        key.verify(labels::HISTORY_MANIFEST, &signed, &self.signature)
    }

    /// Refuses an answer that gives what was not asked for, or more of it.
    pub(crate) fn check(&self, request: &HistoryRequest) -> Result<(), Error> {
        check_parts(&self.parts, &request.range)
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = body(&self.request, (self.asker, self.source), self.more, &self.parts);
        writer.raw(&self.signature);
        writer.secret()
    }

    /// Decodes what a source has signed. Whether it did is another question.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::HISTORY_MANIFEST)?;
        let request = *reader.array()?;
        let (asker, source) = (DeviceId(*reader.array()?), DeviceId(*reader.array()?));
        let more = reader.flag()?;
        let parts = read_parts(reader)?;
        Ok(Self { request, asker, source, more, parts, signature: *reader.array()? })
    }
}

fn body(
    request: &[u8; 16],
    (asker, source): (DeviceId, DeviceId),
    more: bool,
    parts: &[HistoryPart],
) -> Writer {
    let mut writer = Writer::begin(wire::VERSION, wire::HISTORY_MANIFEST);
    writer.raw(request);
    writer.raw(&asker.0);
    writer.raw(&source.0);
    writer.flag(more);
    writer.list(parts, HistoryPart::write);
    writer
}

/// Refuses parts that give what was not asked for, or more of it.
pub(crate) fn check_parts(parts: &[HistoryPart], range: &Range) -> Result<(), Error> {
    let items = parts.iter().fold(0_u32, |sum, part| sum.saturating_add(part.items));
    let lengths = parts.iter().map(|part| part.reference.length());
    let bytes = lengths.fold(0_u64, u64::saturating_add);
    // The parts descend: what is between the first and the last is in the range if these are.
    let is_inside = parts.first().is_none_or(|part| range.contains(&part.newest))
        && parts.last().is_none_or(|part| range.contains(&part.oldest));
    if items <= range.items && bytes <= range.bytes && is_inside {
        return Ok(());
    }
    Err(Error::Unsolicited)
}

/// Reads parts, which descend.
pub(crate) fn read_parts(reader: &mut Reader<'_>) -> Result<Vec<HistoryPart>, Error> {
    let parts: Vec<HistoryPart> = reader.list(MAX_PARTS, HistoryPart::read)?;
    let mut pairs = parts.iter().zip(parts.iter().skip(1));
    if pairs.any(|(part, next)| next.newest >= part.oldest) {
        return Err(Error::Malformed);
    }
    Ok(parts)
}

#[cfg(test)]
#[path = "tests/manifest.rs"]
mod tests;
