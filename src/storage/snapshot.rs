//! Snapshots: the head of a state, which is always written, and its pages, which are written when they
//! change (`spec/state.md`, "Pages").

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::anchor::Anchor;
use super::pages::{NewMarks, PageId, Pages, Sum};
use super::state::{State, encode, encode_since, recall};
use super::state_key::StateKey;
use crate::error::Error;
use crate::primitives::codec::{PagePart, Reader, Writer};
use crate::primitives::secret::{Secret, same};

/// The kinds of the two records.
pub(crate) const HEAD: u8 = 0x08;
const PAGE: u8 = 0x09;

/// The anchor that a page shows in clear: none. A history would tell the store, contact by contact,
/// when somebody was last spoken to.
const NOWHERE: [u8; 32] = [0; 32];

/// One record of a snapshot, to be written in place of the one under its id, or to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The id under which the store keeps it. It differs from owner to owner, and does not show what
    /// the page is about.
    pub id: PageId,
    /// The record to write; `None` if the one under the id is to be deleted.
    pub record: Option<Vec<u8>>,
}

/// A snapshot of which the records are sealed: those to write, and what the journal behind it needs.
pub(crate) struct Written {
    pub(crate) records: Vec<Page>,
    pub(crate) secret: Box<Secret<32>>,
    pub(crate) marks: NewMarks,
    /// The length of the state.
    pub(crate) length: usize,
}

/// Seals what the store, which has `pages`, has not of a state yet. With the anchor at which it had these pages, only
/// what may have changed since then is looked at.
pub(crate) fn write<S: State>(
    state: &S,
    (key, owner): (&StateKey, &[u8]),
    (pages, since): (&Pages, Option<&Anchor>),
    rng: &mut impl CryptoRng,
) -> Result<Written, Error> {
    let known = since.and_then(|since| encode_since(state, since));
    let is_whole = known.is_none();
    let written = known.unwrap_or_else(|| encode(state));
    let (core, parts) = written.cut();
    let revision = pages.revise(parts, is_whole)?;
    let sum = revision.sum;
    debug_assert_eq!(Ok(sum), sum_of_all(state, (key, owner)), "a page has changed unnoticed");
    let length = u32::try_from(owner.len()).unwrap_or(u32::MAX).to_be_bytes();
    // The digest stands for all that the pages say.
    let place = [&state.anchor().to_bytes()[..], &length, owner].concat();
    let secret = Box::new(key.journal_key(&[&place, sum.digest(), core], rng));
    let head = seal_head(state, &sum, &secret, core, (key, owner), rng)?;
    let mut records = Vec::from([Page { id: pages.head(), record: Some(head) }]);
    for (id, part) in revision.pages() {
        let record = part.map(|part| seal_page(part, key, owner, rng)).transpose()?;
        records.push(Page { id, record });
    }
    let length = core.len().saturating_add(sum.length());
    Ok(Written { records, secret, marks: revision.marks(), length })
}

/// Looks at all of a state: what a look at that which may have changed comes to as well.
fn sum_of_all<S: State>(state: &S, (key, owner): (&StateKey, &[u8])) -> Result<Sum, Error> {
    let written = encode(state);
    Ok(Pages::new(key, owner).revise(written.cut().1, true)?.sum)
}

fn seal_head<S: State>(
    state: &S,
    sum: &Sum,
    secret: &Secret<32>,
    core: &[u8],
    (key, owner): (&StateKey, &[u8]),
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    let mut text = Writer::new();
    text.raw(secret.expose());
    text.raw(sum.digest());
    text.raw(core);
    key.seal_record(HEAD, &state.anchor(), owner, text.written(), rng)
}

/// Seals a page: `length of title (1) ‖ title ‖ part`.
fn seal_page(
    part: PagePart<'_>,
    key: &StateKey,
    owner: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    let mut text = Writer::new();
    text.u8(u8::try_from(part.title.len()).map_err(|_| Error::Corrupt)?);
    text.raw(part.title);
    text.raw(part.bytes);
    key.seal_record(PAGE, &Anchor::from_bytes(&NOWHERE), owner, text.written(), rng)
}

/// A snapshot as it was read.
pub(crate) struct OpenedSnapshot<S> {
    pub(crate) state: S,
    pub(crate) secret: Box<Secret<32>>,
    pub(crate) pages: Pages,
    /// The length of the state.
    pub(crate) length: usize,
}

/// Opens the records of a snapshot, in any order, and puts the state together.
pub(crate) fn read<S: State>(
    key: &StateKey,
    owner: &[u8],
    records: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Result<OpenedSnapshot<S>, Error> {
    let mut pages = Pages::new(key, owner);
    let mut head = None;
    let mut texts = BTreeMap::new();
    for record in records {
        let record = record.as_ref();
        if record.get(1) == Some(&PAGE) {
            let (_, text) = key.open_record(PAGE, owner, record)?;
            let part = open_page(&text)?;
            pages.add(part)?;
            let title = part.title.to_vec();
            texts.insert(title, text);
        } else if head.replace(key.open_record(HEAD, owner, record)?).is_some() {
            return Err(Error::Corrupt);
        }
    }
    let (anchor, head) = head.ok_or(Error::Corrupt)?;
    let (secret, core) = open_head(&head, pages.sum())?;
    let (state, length) = if texts.is_empty() {
        (recall::<S>(core)?, core.len())
    } else {
        let mut whole = Writer::new();
        whole.raw(core);
        for text in texts.values() {
            whole.raw(open_page(text)?.bytes);
        }
        (recall::<S>(whole.written())?, whole.written().len())
    };
    if state.anchor() == anchor {
        Ok(OpenedSnapshot { state, secret, pages, length })
    } else {
        Err(Error::Corrupt)
    }
}

/// Reads the journal key and the core from a head that belongs to exactly these pages.
fn open_head<'a>(text: &'a [u8], sum: &Sum) -> Result<(Box<Secret<32>>, &'a [u8]), Error> {
    let mut reader = Reader::new(text);
    let secret = Box::new(reader.secret().map_err(|_| Error::Corrupt)?);
    let digest = reader.array().map_err(|_| Error::Corrupt)?;
    if same(digest, sum.digest()) { Ok((secret, reader.rest())) } else { Err(Error::Corrupt) }
}

fn open_page(text: &[u8]) -> Result<PagePart<'_>, Error> {
    let (length, rest) = text.split_first().ok_or(Error::Corrupt)?;
    let (title, bytes) = rest.split_at_checked(usize::from(*length)).ok_or(Error::Corrupt)?;
    Ok(PagePart { title, bytes })
}

#[cfg(test)]
#[path = "tests/snapshot.rs"]
mod tests;
