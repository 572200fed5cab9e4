//! A state in a store: its head, which is always written, and its pages, which are written when
//! they change. `spec/state.md`, "Pages".

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Part, Reader, Writer};
use crate::primitives::secret::{Secret, same};
use crate::protocol::pages::{PageName, Pages};
use crate::protocol::record::{Anchor, StateKey};
use crate::state::{State, encode};

/// The kinds of the two records.
pub(crate) const HEAD: u8 = 0x08;
const PAGE: u8 = 0x09;

/// What a page says in clear about the state's history: nothing. A store would tell, contact by
/// contact, when somebody was spoken to last.
const NOWHERE: [u8; 32] = [0; 32];

/// One record of a snapshot, to be written in the place of what stands under its name, or to be
/// deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What the store keeps it under. It differs from owner to owner, and does not show what the
    /// page is about.
    pub name: [u8; 32],
    /// What to write; nothing if what stands under the name is to be deleted.
    pub record: Option<Vec<u8>>,
}

/// Seals what of a state is not in the store yet, and says what is there then.
pub(crate) fn write<S: State>(
    state: &S,
    secret: &Secret<32>,
    (key, owner): (&StateKey, &[u8]),
    before: Option<&Pages>,
    rng: &mut impl CryptoRng,
) -> Result<(Vec<Page>, Pages), Error> {
    let written = encode(state);
    let (core, parts) = written.cut();
    let mut pages = Pages::new(key, owner);
    // By their names, so that the order tells nothing.
    let mut changed = BTreeMap::<PageName, Part<'_>>::new();
    for part in parts {
        let name = pages.add(part).ok_or(Error::Corrupt)?;
        if !before.is_some_and(|before| pages.shares(&name, before)) {
            changed.insert(name, part);
        }
    }
    let head = seal_head(state, &pages, secret, core, (key, owner), rng)?;
    let mut out = Vec::from([Page { name: pages.head(), record: Some(head) }]);
    for (name, part) in changed {
        out.push(Page { name, record: Some(seal_page(part, key, owner, rng)?) });
    }
    let gone = before.into_iter().flat_map(Pages::names).filter(|name| !pages.has(name));
    out.extend(gone.map(|name| Page { name, record: None }));
    Ok((out, pages))
}

fn seal_head<S: State>(
    state: &S,
    pages: &Pages,
    secret: &Secret<32>,
    core: &[u8],
    (key, owner): (&StateKey, &[u8]),
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, Error> {
    let mut text = Writer::new();
    text.raw(secret.expose());
    text.raw(&pages.digest());
    text.raw(core);
    key.seal_record(HEAD, &state.anchor(), owner, text.written(), rng)
}

/// `length of title (1) ‖ title ‖ part`, sealed.
fn seal_page(
    part: Part<'_>,
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
pub(crate) struct Opened<S> {
    pub(crate) state: S,
    pub(crate) secret: Box<Secret<32>>,
    pub(crate) pages: Pages,
}

/// Opens the records of a snapshot, in any order, and puts the state together.
pub(crate) fn read<S: State>(
    key: &StateKey,
    owner: &[u8],
    records: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Result<Opened<S>, Error> {
    let mut pages = Pages::new(key, owner);
    let mut head = None;
    let mut texts = BTreeMap::new();
    for record in records {
        let record = record.as_ref();
        if record.get(1) == Some(&PAGE) {
            let (_, text) = key.open_record(PAGE, owner, record)?;
            let part = open_page(&text)?;
            pages.add(part).ok_or(Error::Corrupt)?;
            let title = part.title.to_vec();
            texts.insert(title, text);
        } else if head.replace(key.open_record(HEAD, owner, record)?).is_some() {
            return Err(Error::Corrupt);
        }
    }
    let (anchor, head) = head.ok_or(Error::Corrupt)?;
    let (secret, core) = open_head(&head, &pages)?;
    let state = if texts.is_empty() {
        S::from_bytes(core)?
    } else {
        let mut whole = Writer::new();
        whole.raw(core);
        for text in texts.values() {
            whole.raw(open_page(text)?.bytes);
        }
        S::from_bytes(whole.written())?
    };
    if state.anchor() == anchor { Ok(Opened { state, secret, pages }) } else { Err(Error::Corrupt) }
}

/// The journal key and the core of a head that belongs to exactly these pages.
fn open_head<'a>(text: &'a [u8], pages: &Pages) -> Result<(Box<Secret<32>>, &'a [u8]), Error> {
    let mut reader = Reader::new(text);
    let secret = Box::new(Secret::copy(reader.array().map_err(|_| Error::Corrupt)?));
    let digest = reader.array().map_err(|_| Error::Corrupt)?;
    if same(digest, &pages.digest()) { Ok((secret, reader.rest())) } else { Err(Error::Corrupt) }
}

fn open_page(text: &[u8]) -> Result<Part<'_>, Error> {
    let (length, rest) = text.split_first().ok_or(Error::Corrupt)?;
    let (title, bytes) = rest.split_at_checked(usize::from(*length)).ok_or(Error::Corrupt)?;
    Ok(Part { title, bytes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]
    use super::*;
    use crate::account::Account;
    use crate::primitives::generator::TestRng;
    use crate::protocol::identity::AccountId;

    /// The error of opening an account's head beside a page with this text, which the head names.
    fn opened(text: &[u8], title: &[u8]) -> Option<Error> {
        let mut rng = TestRng::new(1);
        let (key, owner) = (StateKey::new(1, &[9; 32]).unwrap(), b"owner");
        let account = Account::generate(AccountId([7; 32]), &mut rng);
        let mut pages = Pages::new(&key, owner);
        pages.add(Part { title, bytes: &[] }).unwrap();
        let core = account.to_bytes();
        let secret = Secret::copy(&[5; 32]);
        let head = seal_head(&account, &pages, &secret, &core, (&key, owner), &mut rng).unwrap();
        let anchor = Anchor::from_bytes(&NOWHERE);
        let page = key.seal_record(PAGE, &anchor, owner, text, &mut rng).unwrap();
        read::<Account>(&key, owner, [head, page]).err()
    }

    #[test]
    fn a_page_whose_title_is_longer_than_its_text_is_corrupt() {
        assert_eq!(opened(&[1, 7], &[7]), None);
        assert_eq!(opened(&[2, 7], &[7]), Some(Error::Corrupt));
        assert_eq!(opened(&[], &[7]), Some(Error::Corrupt));
        // Another title, and a title cut elsewhere.
        assert_eq!(opened(&[1, 8], &[7]), Some(Error::Corrupt));
        assert_eq!(opened(&[0, 7], &[7]), Some(Error::Corrupt));
    }
}
