//! Blobs.

use super::*;

fn hash_of(blob: Option<&[u8]>) -> Option<Vec<u8>> {
    blob.map(|blob| Sha256::digest(blob).to_vec())
}

#[test]
fn content_of_4097_bytes_and_more_is_sealed_once_for_all() {
    let mut town = Town::new(24, &[2, 2]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    let small = town.seal(0, 0, to, b"x").unwrap();
    town.server.post(town.address(0, 0), small.clone());
    town.receive_all();
    // What is counted is the content as it is encoded.
    let empty = said(b"").encode().len();
    for length in [empty, 4096, 4097, 70_000, 1 << 20] {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(length - empty).collect();
        let out = town.seal(0, 0, to, &content).unwrap();
        assert_eq!(out.blob.is_some(), length > 4096, "{length}");
        assert_eq!(lengths(&out).len(), 1);
        let blob = out.blob.clone();
        assert_eq!(out.blob_hash().map(|hash| hash.0[..].to_vec()), hash_of(blob.as_deref()));
        if blob.is_some() {
            assert!(lengths(&out)[0] < lengths(&small)[0] + 200, "the cost grows with the content");
        }
        town.server.post(town.address(0, 0), out);
        for (person, device) in [(0, 1), (1, 0), (1, 1)] {
            let arrived = town.receive(person, device).pop().unwrap().unwrap();
            match (arrived.event, &blob) {
                (LetterEvent::Message(found), None) => assert!(bytes(&found) == content),
                (LetterEvent::Blob(reference), Some(blob)) => {
                    assert_eq!(reference.length(), length as u64);
                    assert_eq!(reference.hash().0[..], Sha256::digest(blob)[..]);
                    assert!(bytes(&reference.open(blob).unwrap()) == content);
                }
                _ => panic!("{length}"),
            }
        }
    }
}

#[test]
fn a_blob_that_is_not_the_senders_own_is_forged() {
    let mut town = Town::new(25, &[1, 1]);
    let to = To::Account(town.id(1));
    let mut references = Vec::new();
    for content in [[1; 5000], [2; 5000]] {
        let out = town.seal(0, 0, to, &content).unwrap();
        town.server.post(town.address(0, 0), out);
        let LetterEvent::Blob(reference) = town.receive(1, 0).pop().unwrap().unwrap().event else {
            panic!("not a blob");
        };
        references.push(reference);
    }
    let blobs = town.server.blobs.clone();
    for place in (0..blobs[0].len()).step_by(61).chain(0..40) {
        assert_eq!(references[0].open(&flipped(&blobs[0], place)).err(), Some(Error::Forged));
    }
    for wrong in [&blobs[1][..], &blobs[0][1..], &blobs[0][..blobs[0].len() - 1], &[]] {
        assert_eq!(references[0].open(wrong).err(), Some(Error::Forged));
    }
    assert!(bytes(&references[0].open(&blobs[0]).unwrap()) == [1; 5000]);
    assert!(bytes(&references[1].open(&blobs[1]).unwrap()) == [2; 5000]);
}

/// Returns the reference that an honest letter held, as a device that got it can read it.
fn bytes_of(reference: &latchstring::client::BlobReference, key: [u8; 32]) -> Vec<u8> {
    [&key[..], &reference.hash().0, &reference.length().to_be_bytes()].concat()
}

#[test]
fn a_blob_named_by_two_keys_opens_under_one_at_most() {
    let mut town = Town::new(26, &[1, 2]);
    let out = town.seal(0, 0, To::Account(town.id(1)), &[1; 5000]).unwrap();
    let blob = out.blob.clone().unwrap();
    town.server.post(town.address(0, 0), out);
    let LetterEvent::Blob(reference) = town.receive(1, 0).pop().unwrap().unwrap().event else {
        panic!("not a blob");
    };
    assert!(reference.open(&blob).is_ok());
    // The same blob under whatever other key: its own commitment names one.
    let other = bytes_of(&reference, [3; 32]);
    let mail = town.whisper((0, 0), (1, 1), |words| words.content(forged::BLOB, &other));
    let arrived = town.client(1, 1).receive(mail.from, &mail.message, NOW).unwrap();
    let LetterEvent::Blob(other) = arrived.event else { panic!("not a blob") };
    assert_eq!(other.hash(), reference.hash());
    assert_eq!(other.open(&blob).err(), Some(Error::Forged));
}
