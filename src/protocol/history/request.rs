//! History requests: `spec/history.md`, "Request".
//!
//! ```text
//! request    = version ‖ kind ‖ request id ‖ asker's account id ‖ asker's device id ‖ source's device id ‖ range
//! range      = conversation? ‖ mark from ‖ mark to ‖ u32(items) ‖ u64(bytes)
//! request id = hedged(agreement secret, LABEL(history/request),
//!                     anchor of the client ‖ u64(now) ‖ the request behind its id, 16)
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::mark::Mark;
use super::scope::HistoryScope;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hedged;
use crate::primitives::secret::Secret;
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::labels;
use crate::protocol::wire;

/// The most items that a request may ask for.
pub(crate) const MAX_ITEMS: u32 = 1 << 26;
/// The most bytes that a request may ask for, of all parts together.
pub(crate) const MAX_BYTES: u64 = 1 << 36;

/// The messages that are asked for: from one mark to another, that one not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The one conversation, or all of them.
    pub(crate) scope: Option<HistoryScope>,
    pub(crate) from: Mark,
    pub(crate) to: Mark,
    /// The most items and the most bytes that are wanted.
    pub(crate) items: u32,
    pub(crate) bytes: u64,
}

impl Range {
    pub(crate) const ALL: Self =
        Self { scope: None, from: Mark::FIRST, to: Mark::LAST, items: MAX_ITEMS, bytes: MAX_BYTES };

    /// Refuses a range in which nothing can stand, and one over the caps.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_empty = self.from >= self.to || self.items == 0 || self.bytes == 0;
        if is_empty || self.items > MAX_ITEMS || self.bytes > MAX_BYTES {
            return Err(Error::Malformed);
        }
        Ok(())
    }

    pub(crate) fn contains(&self, mark: &Mark) -> bool {
        self.from <= *mark && *mark < self.to
    }

    fn write(&self, writer: &mut Writer) {
        writer.option(self.scope, |scope, writer| scope.write(writer));
        self.from.write(writer);
        self.to.write(writer);
        writer.u32(self.items);
        writer.u64(self.bytes);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let range = Self {
            scope: reader.option(HistoryScope::read)?,
            from: Mark::read(reader)?,
            to: Mark::read(reader)?,
            items: reader.u32()?,
            bytes: reader.u64()?,
        };
        range.check()?;
        Ok(range)
    }
}

/// A request of one own device to another. Nothing in it is secret but what the session around it hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryRequest {
    pub(crate) id: [u8; 16],
    /// The account, by the id that it has at the asker.
    pub(crate) account: AccountId,
    pub(crate) asker: DeviceId,
    pub(crate) source: DeviceId,
    pub(crate) range: Range,
}

impl HistoryRequest {
    /// Draws the id, and makes the request. `place` is the anchor of the client, and the time.
    pub(crate) fn draw(
        secret: &Secret<32>,
        place: &[u8],
        (account, asker, source): (AccountId, DeviceId, DeviceId),
        range: Range,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let mut request = Self { id: [0; 16], account, asker, source, range };
        let mut rest = Writer::new();
        request.write_rest(&mut rest);
        let about: [&[u8]; 2] = [place, rest.written()];
        request.id = *hedged(secret, labels::HISTORY_REQUEST, &about, rng).expose();
        request
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::begin(wire::VERSION, wire::HISTORY_REQUEST);
        writer.raw(&self.id);
        self.write_rest(&mut writer);
        writer.public()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.begin(wire::VERSION, wire::HISTORY_REQUEST)?;
        let request = Self {
            id: *reader.array()?,
            account: AccountId(*reader.array()?),
            asker: DeviceId(*reader.array()?),
            source: DeviceId(*reader.array()?),
            range: Range::read(reader)?,
        };
        if request.asker == request.source { Err(Error::Malformed) } else { Ok(request) }
    }

    fn write_rest(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.asker.0);
        writer.raw(&self.source.0);
        self.range.write(writer);
    }
}
