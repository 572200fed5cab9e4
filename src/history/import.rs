//! Imports: what a device asked for, and how much of it has come: `spec/history.md`, "Import".

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::chunk::PartialItem;
use super::item::{HistoryItem, ToldItem};
use super::position::HistoryPosition;
use super::range::HistoryRange;
use crate::attachment::Opener;
use crate::client::{Address, Client, OwnObject};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::redacted;
use crate::protocol::history::entry::{HistoryEntry, LENGTH, entry_length};
use crate::protocol::history::manifest::{HistoryPart, Manifest};
use crate::protocol::history::request::HistoryRequest;
use crate::protocol::identity::certificate::DeviceId;
use crate::storage::{STATE_VERSION, State, decode};

/// The kind byte of an import's encoding.
const KIND: u8 = 0x28;

/// A history that this device has asked another own device for. Secret: no `Clone`, wiped on drop.
///
/// It takes one answer, to its own request, and gives out items that are in the range and in order, each once. Save
/// it when it was made and when it has taken the answer; after that [`HistoryImport::position`] is enough. See
/// [`history`](super) for the loop that drives it.
pub struct HistoryImport {
    request: HistoryRequest,
    manifest: Option<Box<Manifest>>,
    at: HistoryPosition,
    partial: PartialItem,
}

redacted!(HistoryImport, |import| range = import.range(), number = import.number());

impl HistoryImport {
    /// Asks an own device for its history. The client does not change: save the import, then send
    /// [`HistoryImport::request`].
    ///
    /// # Errors
    ///
    /// [`Error::OwnDeviceUnlisted`] if this device is not one of its account's, [`Error::Unlisted`] if the other one
    /// is not, [`Error::OwnDevice`] if it is this one; [`Error::NotAllowed`] for a range in which nothing can stand,
    /// or over the caps.
    pub fn ask(
        client: &Client,
        device: DeviceId,
        range: &HistoryRange,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let own = client.address();
        check_listed(client)?;
        if device == own.device {
            return Err(Error::OwnDevice);
        }
        client.list().device(device).ok_or(Error::Unlisted)?;
        let range = range.asked(own.account);
        range.check().map_err(|_| Error::NotAllowed)?;
        let mut place = Writer::new();
        client.anchor().write(&mut place);
        place.u64(now);
        let secret = client.device().identity().agreement.seed();
        let parties = (own.account, own.device, device);
        let request = HistoryRequest::draw(secret, place.written(), parties, range, rng);
        Ok(Self::new(request))
    }

    fn new(request: HistoryRequest) -> Self {
        Self { request, manifest: None, at: HistoryPosition::START, partial: PartialItem::new() }
    }

    /// Returns the request, to be sent to the other own devices ([`Client::plan_object`]): the one that is asked
    /// answers. Sending it again does no harm.
    #[must_use]
    pub fn request(&self) -> OwnObject {
        OwnObject::new(self.request.encode().into())
    }

    /// Takes the answer of the device that was asked. The same one again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Unsolicited`] for the answer to another request or of another device, one beyond the range or the
    /// size that was asked for, and a second one that says something else; [`Error::NotSelf`], [`Error::WrongPeer`]
    /// if it is not the sender's; [`Error::Unlisted`] if the sender is not one of this account's devices, by the list
    /// that this device knows; [`Error::OwnDeviceUnlisted`] if this device is not; [`Error::WrongClient`] if it is
    /// not the one that asked, or has another account id since; [`Error::BadSignature`]; [`Error::Malformed`],
    /// [`Error::UnknownVersion`], [`Error::WrongKind`].
    pub fn take(
        &mut self,
        client: &Client,
        from: Address,
        answer: &OwnObject,
    ) -> Result<(), Error> {
        let request = &self.request;
        if client.address() != self.asker() {
            return Err(Error::WrongClient);
        }
        check_listed(client)?;
        if from.account != request.account {
            return Err(Error::NotSelf);
        }
        let manifest = Manifest::decode(answer.as_bytes())?;
        if manifest.source != from.device {
            return Err(Error::WrongPeer);
        }
        if manifest.request != request.id
            || manifest.asker != request.asker
            || manifest.source != request.source
        {
            return Err(Error::Unsolicited);
        }
        let source = client.list().device(manifest.source).ok_or(Error::Unlisted)?;
        manifest.verify(request, &source.identity().signing)?;
        manifest.check(request)?;
        match &self.manifest {
            None => self.manifest = Some(Box::new(manifest)),
            Some(known) if *known.encode() == *answer.as_bytes() => {}
            Some(_) => return Err(Error::Unsolicited),
        }
        Ok(())
    }

    /// Returns an opener of the part that is read now, from where the next item begins; none if there is no answer
    /// yet, or nothing is left.
    ///
    /// Give what it opens to [`HistoryImport::read`]. After [`HistoryImport::from_bytes`], [`HistoryImport::resume`],
    /// [`HistoryImport::skip`] and a refusal, and when a part is over, another opener is needed. What was read of an
    /// item that is not whole is dropped, as the opener begins in front of it.
    #[must_use]
    pub fn opener(&mut self) -> Option<Opener> {
        self.partial.clear();
        let reference = self.part()?.reference();
        let mut opener = Opener::new(reference);
        opener.read(self.at.offset..reference.length());
        Some(opener)
    }

    /// Reads the next item from what the opener has opened, and takes its bytes away from `content`; none if the item
    /// is not whole yet: call it again with the next bytes.
    ///
    /// Call it until it gives none, store the items with [`HistoryImport::position`] in one transaction, and leave
    /// out those whose sender, by its account's first id, and message id are here already, and what was erased. If
    /// that fails, drop the import, as it is ahead of the store.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for an item beyond the range or the part, out of order or coming twice, a chunk that ends
    /// early or late, and an account that does not belong into the conversation; [`Error::NotSelf`] for somebody else
    /// among own devices; [`Error::NotAllowed`] for what its sender may not say, and for what does not belong
    /// into a history: a receipt, typing, what is shown once. Nothing of the item is taken. The
    /// source lies or is damaged: go on behind the part ([`HistoryImport::skip`]), or give up.
    pub fn read(&mut self, content: &mut &[u8]) -> Result<Option<ToldItem>, Error> {
        let next = self.next_item(content);
        match next {
            Ok(None) => return Ok(None),
            Ok(Some((_, at))) => self.at = at,
            Err(_) => {}
        }
        self.partial.clear();
        next.map(|read| read.map(|(item, _)| item))
    }

    /// Reads the next item, and where the one after it begins.
    fn next_item(
        &mut self,
        content: &mut &[u8],
    ) -> Result<Option<(ToldItem, HistoryPosition)>, Error> {
        let (number, told_by, at) = (self.number(), self.source(), self.at);
        let parts = self.manifest.as_deref().map(|manifest| &*manifest.parts).unwrap_or_default();
        let Some(part) = part_at(parts, at.part) else { return Ok(None) };
        let Some(front) = self.partial.fill(content, LENGTH) else { return Ok(None) };
        let length = LENGTH.saturating_add(entry_length(*first_chunk(front)?)?);
        let offset = at.offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        // Before anything is set aside for it.
        if offset > part.reference.length() {
            return Err(Error::Malformed);
        }
        let Some(whole) = self.partial.fill(content, length) else { return Ok(None) };
        let entry = HistoryEntry::decode(whole.get(LENGTH..).unwrap_or_default())?;
        let (own, range) = (self.request.account, &self.request.range);
        let before = if at.items == 0 { range.to } else { at.last };
        entry.check(own, range, &before)?;
        check_place(part, &at, &entry, offset)?;
        let items = at.items.saturating_add(1);
        let next = HistoryPosition { items, offset, last: entry.mark, ..at };
        let next = if items == part.items { at.next_part() } else { next };
        Ok(Some((ToldItem { told_by, number, item: HistoryItem::of(&entry, own) }, next)))
    }

    /// Leaves out what is left of the part that is read now: its chunk is not to be had, or does not hold. The
    /// numbers of its items are left out too.
    pub fn skip(&mut self) {
        if self.part().is_some() {
            self.at = self.at.next_part();
            self.partial.clear();
        }
    }

    /// Goes to a place that [`HistoryImport::position`] gave.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if the answer has no such place.
    pub fn resume(&mut self, position: &HistoryPosition) -> Result<(), Error> {
        let is_start = position.items == 0;
        let rest = HistoryPosition { part: position.part, ..HistoryPosition::START };
        let fits = match part_at(self.parts(), position.part) {
            _ if is_start => *position == rest && place(position.part) <= self.parts().len(),
            None => false,
            Some(part) => position.items < part.items && position.offset < part.reference.length(),
        };
        if !fits {
            return Err(Error::Corrupt);
        }
        self.partial.clear();
        self.at = *position;
        Ok(())
    }

    /// Returns the place of the next item.
    #[must_use]
    pub fn position(&self) -> HistoryPosition {
        self.at
    }

    /// Returns the part that is read now; none if there is no answer yet, or nothing is left.
    #[must_use]
    pub fn part(&self) -> Option<&HistoryPart> {
        part_at(self.parts(), self.at.part)
    }

    /// Lists all parts of the answer, newest first.
    #[must_use]
    pub fn parts(&self) -> &[HistoryPart] {
        self.manifest.as_ref().map(|manifest| &*manifest.parts).unwrap_or_default()
    }

    /// Returns the number of the next item: how many were read or left out.
    #[must_use]
    pub fn number(&self) -> u64 {
        let before = self.parts().iter().take(place(self.at.part));
        before.fold(self.at.items.into(), |sum: u64, part| sum.saturating_add(part.items.into()))
    }

    /// Returns how many items the answer has.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.parts().iter().fold(0, |sum: u64, part| sum.saturating_add(part.items.into()))
    }

    /// Returns what was asked for.
    #[must_use]
    pub fn range(&self) -> HistoryRange {
        HistoryRange::read(self.request.range, self.request.account)
    }

    /// Returns the device that was asked.
    #[must_use]
    pub fn source(&self) -> Address {
        Address { account: self.request.account, device: self.request.source }
    }

    fn asker(&self) -> Address {
        Address { account: self.request.account, device: self.request.asker }
    }

    /// Tells whether the answer is there.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.manifest.is_some()
    }

    /// Tells whether the answer is there, and all of it was read or left out.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_answered() && self.part().is_none()
    }

    /// Tells whether the source says that it has more in the range than it gives: ask for what is before the oldest.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.manifest.as_ref().is_some_and(|manifest| manifest.more)
    }

    /// Encodes the import in clear, to go on later. Whoever has these bytes can open what was asked for; an old copy
    /// gives out again what was given out since.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::begin(STATE_VERSION, KIND);
        writer.raw(&self.request.encode());
        writer.option(self.manifest.as_ref(), |manifest, writer| writer.raw(&manifest.encode()));
        self.at.write(&mut writer);
        writer.secret()
    }

    /// Decodes what [`HistoryImport::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVersion`] for the bytes of a newer release, [`Error::WrongKind`] for those of something else,
    /// [`Error::Corrupt`] for anything else that does not decode.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode(bytes, KIND, Self::read_state)
    }

    fn read_state(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut import = Self::new(HistoryRequest::read(reader).map_err(|_| Error::Corrupt)?);
        let manifest = reader.option(Manifest::read).map_err(|_| Error::Corrupt)?;
        if let Some(manifest) = &manifest {
            let HistoryRequest { id, asker, source, .. } = import.request;
            if (manifest.request, manifest.asker, manifest.source) != (id, asker, source) {
                return Err(Error::Corrupt);
            }
            manifest.check(&import.request)?;
        }
        import.manifest = manifest.map(Box::new);
        import.resume(&HistoryPosition::read(reader)?)?;
        Ok(import)
    }
}

/// Refuses an item that does not stand where the manifest says: the first and the last one have its marks, and the
/// last one ends with the chunk.
fn check_place(
    part: &HistoryPart,
    at: &HistoryPosition,
    entry: &HistoryEntry<'_>,
    end: u64,
) -> Result<(), Error> {
    let is_last = at.items.saturating_add(1) == part.items;
    let starts = at.items > 0 || entry.mark == part.newest;
    let ends = !is_last || entry.mark == part.oldest;
    let is_end = end == part.reference.length();
    if starts && ends && is_last == is_end { Ok(()) } else { Err(Error::Malformed) }
}

/// Checks that this device is still one of its account's.
fn check_listed(client: &Client) -> Result<(), Error> {
    if client.is_listed() { Ok(()) } else { Err(Error::OwnDeviceUnlisted) }
}

fn first_chunk(bytes: &[u8]) -> Result<&[u8; LENGTH], Error> {
    bytes.first_chunk().ok_or(Error::Malformed)
}

fn part_at(parts: &[HistoryPart], at: u32) -> Option<&HistoryPart> {
    parts.get(place(at))
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
