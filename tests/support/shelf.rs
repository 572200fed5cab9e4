//! A store of snapshots that does what it should: it overwrites, and it deletes.

use std::collections::BTreeMap;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use latchstring::storage::{Page, PageId};
use sha2::Sha256;

/// The pages that a store holds of one state's snapshot.
#[derive(Clone, Default)]
pub struct Shelf(pub BTreeMap<PageId, Vec<u8>>);

impl Shelf {
    pub fn of(snapshot: Vec<Page>) -> Self {
        let mut shelf = Self::default();
        shelf.put(snapshot);
        shelf
    }

    pub fn put(&mut self, snapshot: Vec<Page>) {
        for Page { id, record } in snapshot {
            match record {
                Some(record) => self.0.insert(id, record),
                None => self.0.remove(&id),
            };
        }
    }

    pub fn records(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.0.values()
    }
}

/// Opens a record of this owner, by the formulas of the page.
pub fn text(key: &[u8; 32], owner: &[u8], record: &[u8]) -> Vec<u8> {
    let (about, rest) = record.split_at(38);
    let length = u32::try_from(owner.len()).unwrap().to_be_bytes();
    let info = [b"latchstring/v1/state/record.", about, &length, owner, &[1]].concat();
    let mut k = [0; 32];
    Hkdf::<Sha256>::new(Some(&rest[..32]), key).expand(&info, &mut k).unwrap();
    let (sealed, tag) = rest[64..].split_at(rest.len() - 64 - 16);
    let (mut text, tag) = (sealed.to_vec(), tag.try_into().unwrap());
    let cipher = Aes256Gcm::new(&k.into());
    let opened =
        cipher.decrypt_inout_detached(&[0; 12].into(), about, text.as_mut_slice().into(), tag);
    opened.unwrap();
    text
}

/// Returns what a page is about; nothing for the head.
pub fn title(key: &[u8; 32], owner: &[u8], record: &[u8]) -> Vec<u8> {
    if record[1] == 8 {
        return Vec::new();
    }
    let text = text(key, owner, record);
    text[1..=usize::from(text[0])].to_vec()
}
