//! Requests of other own devices, and how often they may come: `spec/history.md`, "Answering".

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::export::HistoryExport;
use crate::client::{Address, Client, OwnObject};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::history::request::{HistoryRequest, Range};
use crate::protocol::identity::certificate::DeviceId;
use crate::storage::{STATE_VERSION, decode};

/// The kind byte of its encoding.
const KIND: u8 = 0x2a;

/// The time in seconds in which a device may ask for one long history, and for [`MAX_PAGES`] pages: two hours.
const COOLDOWN: u64 = 7_200;

/// The most items that a page has: what a user looks at before scrolling on.
const PAGE_ITEMS: u32 = 50;

/// The most bytes that a page has: fifty contents of the longest that stands in a letter, and room.
const PAGE_BYTES: u64 = 1 << 20;

/// The most pages that are given to a device in two hours.
const MAX_PAGES: u32 = 100;

/// The most devices of which is remembered when they asked: as many as a list names.
const MAX_ASKERS: usize = 32;

/// A memory of which own device has asked when, so that none is answered too often.
///
/// Save it with the [`HistoryExport`] that it gave. It holds no secret, and an old copy does no harm but that a
/// device may ask once more.
#[derive(Debug, Default)]
pub struct HistoryRequests(BTreeMap<DeviceId, Asked>);

/// The times at which one device asked; zero if it did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    /// The time at which it was last given a long history.
    long: u64,
    /// The time from which its pages are counted, and their number.
    from: u64,
    pages: u32,
}

impl HistoryRequests {
    /// Takes the request of another own device, and begins the answer.
    ///
    /// # Errors
    ///
    /// [`Error::TooSoon`] if the device asks again too soon; [`Error::NotRecipient`] if it asks another own device;
    /// [`Error::NotSelf`], [`Error::WrongPeer`] if the request is not the sender's; [`Error::Unlisted`] if the sender
    /// is not one of this account's devices, by the list that this device knows, [`Error::OwnDeviceUnlisted`] if this
    /// device is not; [`Error::ListExpired`] if that list is over; [`Error::Malformed`], [`Error::UnknownVersion`],
    /// [`Error::WrongKind`].
    pub fn answer(
        &mut self,
        client: &Client,
        from: Address,
        request: &OwnObject,
        now: u64,
    ) -> Result<HistoryExport, Error> {
        let own = client.address();
        client.check_list(client.hosting(now)?)?;
        if from.account != own.account {
            return Err(Error::NotSelf);
        }
        let request = HistoryRequest::decode(request.as_bytes())?;
        if (request.account, request.asker) != (from.account, from.device) {
            return Err(Error::WrongPeer);
        }
        if request.source != own.device {
            return Err(Error::NotRecipient);
        }
        client.list().device(from.device).ok_or(Error::Unlisted)?;
        let asked = self.0.get(&from.device).copied().unwrap_or_default();
        let asked = asked.with(&request.range, now)?;
        self.0.retain(|device, _| client.list().device(*device).is_some());
        self.0.insert(from.device, asked);
        Ok(HistoryExport::new(request))
    }

    /// Encodes it, to be stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::begin(STATE_VERSION, KIND);
        writer.list(&self.0, |(device, asked), writer| {
            writer.raw(&device.0);
            writer.u64(asked.long);
            writer.u64(asked.from);
            writer.u32(asked.pages);
        });
        writer.public()
    }

    /// Decodes what [`HistoryRequests::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the bytes of a newer release, [`Error::WrongKind`] for those of something else,
    /// [`Error::Corrupt`] for anything else that does not decode.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode(bytes, KIND, |reader| {
            let mut askers = BTreeMap::new();
            for _ in 0..reader.count(MAX_ASKERS)? {
                let device = DeviceId(*reader.array()?);
                ascending(&mut askers, device, Asked::read(reader)?)?;
            }
            Ok(Self(askers))
        })
    }
}

impl Asked {
    /// Counts one more request, if it may come now.
    fn with(self, range: &Range, now: u64) -> Result<Self, Error> {
        if range.items > PAGE_ITEMS || range.bytes > PAGE_BYTES {
            return if is_over(self.long, now) {
                Ok(Self { long: now, ..self })
            } else {
                Err(Error::TooSoon)
            };
        }
        if is_over(self.from, now) {
            return Ok(Self { from: now, pages: 1, ..self });
        }
        if self.pages >= MAX_PAGES {
            return Err(Error::TooSoon);
        }
        Ok(Self { pages: self.pages.saturating_add(1), ..self })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { long: reader.u64()?, from: reader.u64()?, pages: reader.u32()? })
    }
}

/// Tells whether a cooldown is over. One that begins after its own end is of a clock that was wrong.
fn is_over(from: u64, now: u64) -> bool {
    from == 0 || now >= from.saturating_add(COOLDOWN) || from > now.saturating_add(COOLDOWN)
}
