//! Letters, what own devices compare of them, and blobs.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::content::said;
use super::form::{Vector, chosen};
use super::shared;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::secret::Secret;
use crate::primitives::tests::gcm_collision;
use crate::primitives::{aead, kdf};
use crate::protocol::identity::certificate::{AccountId, DeviceId};
use crate::protocol::labels;
use crate::protocol::letter::MessageId;
use crate::protocol::letter::blob;
use crate::protocol::letter::blob::Reference;
use crate::protocol::letter::object::ObjectKind;
use crate::protocol::letter::{Body, Letter, LetterConversation, Said, audience};

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        message(),
        group(),
        letter_of_blob(),
        own(),
        own_object(),
        request_resend(),
        refusal(),
        copy_request(),
        copy(),
        seen_report(),
        sealed(),
        foreign_own(),
        foreign_object(),
        foreign_copy(),
        unordered(),
        unordered_gaps(),
        empty_gap(),
        nothing_refused(),
        copy_of_copy(),
        other_content(),
        two_keys(),
    ]
}

fn new(name: &str, comment: &'static str) -> Vector {
    Vector::new(name, "fan-out", comment)
}

/// Computes what a letter says of a list.
fn listed(v: &mut Vector, epoch: u64) -> Vec<u8> {
    v.number("list epoch number", epoch);
    let hash: [u8; 32] = v.input("list hash");
    [&epoch.to_be_bytes()[..], &hash].concat()
}

/// The conversation of a letter of these files.
#[derive(Clone, Copy)]
enum Place {
    Own,
    With(&'static str),
    Group,
}

/// Computes a letter of the initiator, in a group for the responder's account, by the formulas: its
/// bytes and its digest. Compares the crate's own.
fn letter(v: &mut Vector, place: Place, kind: u8, content: &[u8]) -> Vec<u8> {
    v.part("initiator");
    let account: [u8; 32] = v.input("account id");
    let device: [u8; 8] = v.input("device id");
    let ours = listed(v, 7);
    let (theirs, conversation) = match place {
        Place::Own => (ours.clone(), [&[1][..], &account].concat()),
        Place::With(who) => {
            let account = account_of(v, who);
            v.part(who);
            (listed(v, 3), [&[1][..], &account].concat())
        }
        Place::Group => {
            v.part("responder");
            (listed(v, 3), in_group(v, account))
        }
    };
    v.part("");
    v.bytes("conversation", &conversation);
    v.number("kind", kind);
    v.bytes("content", content);
    v.number("sent at", NOW);
    let id: [u8; 16] = v.input("id");
    let said = [&conversation[..], &[kind], content].concat();
    v.bytes("flag rolled back", &[0]);
    let bytes = [&ours[..], &theirs, &[0], &NOW.to_be_bytes()[..], &id, &said].concat();
    v.bytes("letter", &bytes);
    let digest = v.hash("digest", &[labels::LETTER_DIGEST, &account, &device, &id, &said]);

    if let Ok(real) = Letter::decode(&bytes) {
        assert_eq!(*real.encode(), bytes);
        assert_eq!(real.digest(AccountId(account), DeviceId(device)), digest);
        // As it is for another account of a group.
        let lists = real.lists;
        let swapped = Letter { lists: [lists[1], lists[0]], ..real }.encode();
        assert_eq!(*swapped, [&bytes[40..80], &bytes[..40], &bytes[80..]].concat());
    }
    bytes
}

fn account_of(v: &mut Vector, who: &'static str) -> [u8; 32] {
    v.part(who);
    let account = v.input("account id");
    v.part("");
    account
}

fn in_group(v: &mut Vector, sender: [u8; 32]) -> Vec<u8> {
    v.part("");
    let group: [u8; 32] = v.input("group id");
    let given = [sender, account_of(v, "responder"), account_of(v, "other")];
    let mut ids = given;
    ids.sort_unstable();
    v.number("count", 3_u64);
    let parts: [&[u8]; 5] = [labels::LETTER_AUDIENCE, &[0, 0, 0, 3], &ids[0], &ids[1], &ids[2]];
    let hash = v.hash("audience", &parts);
    assert_eq!(audience(given.map(AccountId)), hash);
    [&[2][..], &group, &hash].concat()
}

fn message() -> Vector {
    let mut v = new("letter-message", "a message in the conversation of two accounts");
    let bytes = letter(&mut v, Place::With("responder"), 1, &said("shall we meet at noon?"));
    let real = Letter::decode(&bytes).unwrap();
    let Body::Said(Said::Message(content)) = real.body else { panic!() };
    assert_eq!(content, said("shall we meet at noon?"));
    assert!(matches!(real.conversation, LetterConversation::With(_)));
    assert_eq!((real.lists[0].epoch, real.lists[1].epoch, real.sent), (7, 3, NOW));
    v
}

fn group() -> Vector {
    let mut v = new("letter-group", "a message in a group of three accounts");
    let bytes = letter(&mut v, Place::Group, 1, &said("who brings the bread?"));
    let real = Letter::decode(&bytes).unwrap();
    let Body::Said(Said::Message(content)) = real.body else { panic!() };
    assert_eq!(content, said("who brings the bread?"));
    assert!(matches!(real.conversation, LetterConversation::Group { .. }));
    v
}

/// Computes a blob and its reference, by the formulas.
fn blob(v: &mut Vector, text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    v.bytes("text", text);
    let said = v.hash("text hash", &[labels::BLOB_CONTENT, text]);
    let secret: [u8; 32] = v.input("secret");
    let id: [u8; 16] = v.input("id");
    let prk = v.extract("message prk", &secret, &[&said]);
    let key: [u8; 32] = v.expand("key", &prk, &[labels::BLOB_MESSAGE, &id]);
    let (sealing_key, front) = keys(v, &key);
    let mut padded = [text, &[0x80]].concat();
    padded.resize(32, 0);
    v.bytes("padded", &padded);
    let sealed = v.seal("sealed", &sealing_key, &front, &padded);
    let blob = [front, sealed].concat();
    v.bytes("blob", &blob);
    let hash = v.hash("blob hash", &[&blob]);
    v.length("text", text.len());
    let length = u64::try_from(text.len()).unwrap().to_be_bytes();
    let reference = [&key[..], &hash, &length].concat();
    v.bytes("reference", &reference);

    let ours = blob::key(&Secret::copy(&secret), &id, &blob::text_hash(text));
    let (real, bytes) = blob::seal(ours, text).unwrap();
    assert_eq!(bytes, blob);
    let mut writer = Writer::new();
    real.write(&mut writer);
    assert_eq!(writer.public(), reference);
    assert_eq!(*refer(&reference).open(&blob).unwrap(), text);
    (blob, reference)
}

/// Computes the keys of a blob, by the formulas, and the clear bytes before its content.
fn keys(v: &mut Vector, key: &[u8; 32]) -> ([u8; 32], Vec<u8>) {
    let prk = v.extract("prk", labels::BLOB_KEY, &[key]);
    let sealing_key = v.expand("k", &prk, &[labels::BLOB_SEAL]);
    let commitment: [u8; 32] = v.expand("commitment", &prk, &[labels::BLOB_COMMITMENT]);
    let front = [&[1, 0x31][..], &commitment].concat();
    v.bytes("front", &front);
    (sealing_key, front)
}

fn refer(reference: &[u8]) -> Reference {
    Reader::all(reference, Reference::read).unwrap()
}

fn sealed() -> Vector {
    let mut v = new("blob", "content sealed once for all devices, and the reference to it");
    blob(&mut v, &said("a picture of a boat"));
    v
}

fn letter_of_blob() -> Vector {
    let mut v = new("letter-large", "a message whose content is the blob of the file blob");
    let mut scratch = new("blob", "");
    let (_, reference) = blob(&mut scratch, &said("a picture of a boat"));
    let bytes = letter(&mut v, Place::With("responder"), 2, &reference);
    assert!(matches!(Letter::decode(&bytes).unwrap().body, Body::Said(Said::Blob(_))));
    v
}

fn own() -> Vector {
    let mut v = new("letter-own", "content that only own devices send each other");
    let bytes = letter(&mut v, Place::Own, 3, &said("theme=dark"));
    let real = Letter::decode(&bytes).unwrap();
    let Body::Said(Said::Own(content)) = real.body else { panic!() };
    assert_eq!(content, said("theme=dark"));
    assert!(matches!(real.conversation, LetterConversation::With(_)));
    assert_eq!(real.check_sender(true, true, (AccountId([0; 32]), |_| true)), Ok(()));
    v
}

fn own_object() -> Vector {
    let comment = "an own object: the shared grant of the file guest-shared-grant";
    let mut v = new("letter-own-object", comment);
    let object = shared::grant();
    let bytes = letter(&mut v, Place::Own, 6, &object);
    let real = Letter::decode(&bytes).unwrap();
    let Body::Said(Said::Object(ObjectKind::Grant, found)) = real.body else { panic!() };
    assert!(found == object);
    v
}

fn request_resend() -> Vector {
    let mut v = new("letter-ask-again", "a letter of a group could not be opened");
    let asked: [u8; 16] = v.input("asked id");
    let content = [&[0, 0, 0, 1][..], &asked, &[0; 4]].concat();
    let bytes = letter(&mut v, Place::Group, 4, &content);
    let real = Letter::decode(&bytes).unwrap();
    let Body::ResendRequest(missing) = real.body else { panic!() };
    assert!(missing.ids == [MessageId(asked)] && missing.gaps.is_empty());
    v
}

/// Computes gaps of one session, by their chains, first numbers and counts.
fn gaps<const N: usize>(v: &mut Vector, gaps: [(&'static str, u32, u32, u32); N]) -> Vec<u8> {
    let session: [u8; 32] = v.input("session id");
    let mut bytes = u32::try_from(N).unwrap().to_be_bytes().to_vec();
    for (part, chain, from, count) in gaps {
        v.part(part);
        v.number("chain number", chain);
        v.number("first number", from);
        v.number("count", count);
        bytes.extend(&session[..16]);
        bytes.extend([chain, from, count].map(u32::to_be_bytes).concat());
    }
    v.part("");
    bytes
}

fn refusal() -> Vector {
    let comment = "a letter and two gaps of one session that do not come again";
    let mut v = new("letter-refusal", comment);
    let refused: [u8; 16] = v.input("asked id");
    let gaps = gaps(&mut v, [("one", 3, 0, 2), ("two", 3, 5, 65_536)]);
    let content = [&[0, 0, 0, 1][..], &refused, &gaps].concat();
    let bytes = letter(&mut v, Place::With("responder"), 7, &content);
    let real = Letter::decode(&bytes).unwrap();
    let Body::Refusal(missing) = real.body else { panic!() };
    assert!(missing.ids == [MessageId(refused)]);
    assert!(
        missing
            .gaps
            .iter()
            .map(|gap| (gap.chain, gap.from, gap.count))
            .eq([(3, 0, 2), (3, 5, 65_536)])
    );
    v
}

fn copy_request() -> Vector {
    let comment = "an own device is asked for two letters of others";
    let mut v = new("letter-copy-request", comment);
    let mut letters = ["one", "two"].map(|which| letter_of(&mut v, which));
    letters.sort_unstable();
    v.number("count", 2_u64);
    let content = [&[0, 0, 0, 2][..], &letters.concat()].concat();
    let bytes = letter(&mut v, Place::Own, 8, &content);
    let real = Letter::decode(&bytes).unwrap();
    assert!(matches!(real.body, Body::CopyRequest(letters) if letters.len() == 2));
    v
}

/// Makes what names a letter: its sender and its id.
fn letter_of(v: &mut Vector, which: &str) -> Vec<u8> {
    let account: [u8; 32] = v.input(&format!("{which} sender account id"));
    let device: [u8; 8] = v.input(&format!("{which} sender device id"));
    let id: [u8; 16] = v.input(&format!("{which} sender message id"));
    [&account[..], &device, &id].concat()
}

/// Makes a copy of a message to the initiator's account, and computes the digest that the message has.
fn copied(v: &mut Vector, said: &[u8]) -> Vec<u8> {
    let of = letter_of(v, "one");
    let account: [u8; 32] = chosen("initiator account id");
    let conversation = [&[1][..], &account].concat();
    let parts: [&[u8]; 4] = [labels::LETTER_DIGEST, &of, &conversation, said];
    v.hash("digest copied", &parts);
    [&of[..], &NOW.to_be_bytes(), &conversation, said].concat()
}

fn copy() -> Vector {
    let mut v = new("letter-copy", "a message of somebody else, passed on to an own device");
    let said = [&[1][..], &said("shall we meet at noon?")].concat();
    let content = copied(&mut v, &said);
    let bytes = letter(&mut v, Place::Own, 9, &content);
    let real = Letter::decode(&bytes).unwrap();
    let Body::Copy(copy) = real.body else { panic!() };
    assert_eq!(copy.sent, NOW);
    let of = [&copy.of.account.0[..], &copy.of.device.0, &copy.of.id.0].concat();
    assert_eq!(of, content[..56]);
    let parts: [&[u8]; 4] = [labels::LETTER_DIGEST, &of, &content[64..97], &said];
    assert_eq!(copy.digest(), kdf::hash(&parts));
    v
}

/// Makes two seen messages, the lower account first.
fn seen_messages(v: &mut Vector) -> [Vec<u8>; 2] {
    let mut seen_messages = ["one", "two"].map(|which| {
        let account: [u8; 32] = v.input(&format!("{which} seen account id"));
        let device: [u8; 8] = v.input(&format!("{which} seen device id"));
        let id: [u8; 16] = v.input(&format!("{which} seen id"));
        let digest: [u8; 32] = v.input(&format!("{which} seen digest"));
        [&account[..], &device, &id, &digest].concat()
    });
    seen_messages.sort_unstable();
    seen_messages
}

fn seen_report() -> Vector {
    let mut v = new("letter-witness", "what two letters of others said to this device");
    let [low, high] = seen_messages(&mut v);
    v.number("count", 2_u64);
    let content = [&[0, 0, 0, 2][..], &low, &high].concat();
    let bytes = letter(&mut v, Place::Own, 5, &content);
    let real = Letter::decode(&bytes).unwrap();
    assert!(matches!(real.body, Body::SeenReport(seen_messages) if seen_messages.len() == 2));
    v
}

fn unordered() -> Vector {
    let mut v = new("refused-letter-unordered", "a witness with the higher sighting first");
    let [low, high] = seen_messages(&mut v);
    v.number("count", 2_u64);
    let content = [&[0, 0, 0, 2][..], &high, &low].concat();
    let bytes = letter(&mut v, Place::Own, 5, &content);
    v.refused(Letter::decode(&bytes).err())
}

fn unordered_gaps() -> Vector {
    let comment = "a resend request with the later gap first";
    let mut v = new("refused-letter-gaps-unordered", comment);
    let content = [&[0; 4][..], &gaps(&mut v, [("one", 3, 5, 1), ("two", 3, 0, 2)])].concat();
    let bytes = letter(&mut v, Place::With("responder"), 4, &content);
    v.refused(Letter::decode(&bytes).err())
}

fn empty_gap() -> Vector {
    let mut v = new("refused-letter-gap-empty", "a resend request with a gap of no message");
    let content = [&[0; 4][..], &gaps(&mut v, [("one", 3, 5, 0)])].concat();
    let bytes = letter(&mut v, Place::With("responder"), 4, &content);
    v.refused(Letter::decode(&bytes).err())
}

fn nothing_refused() -> Vector {
    let mut v = new("refused-letter-refusal-empty", "a refusal that names nothing");
    let bytes = letter(&mut v, Place::With("responder"), 7, &[0; 8]);
    v.refused(Letter::decode(&bytes).err())
}

fn copy_of_copy() -> Vector {
    let mut v = new("refused-letter-copy-nested", "a copy of a copy");
    let content = copied(&mut v, &[9]);
    let bytes = letter(&mut v, Place::Own, 9, &content);
    v.refused(Letter::decode(&bytes).err())
}

/// Makes a well formed letter of the initiator that a device of the responder's account refuses.
fn foreign(mut v: Vector, place: Place, kind: u8, content: &[u8]) -> Vector {
    let bytes = letter(&mut v, place, kind, content);
    let own = AccountId(chosen("responder account id"));
    let letter = Letter::decode(&bytes).unwrap();
    let about_self = letter.conversation == LetterConversation::With(own);
    v.refused(letter.check_sender(false, about_self, (own, |id| id == own)).err())
}

fn foreign_own() -> Vector {
    let v = new("refused-letter-own", "own content, from another account");
    foreign(v, Place::With("responder"), 3, &said("theme=dark"))
}

fn foreign_object() -> Vector {
    let v = new("refused-letter-own-object", "an own object, from another account");
    foreign(v, Place::With("responder"), 6, &shared::grant())
}

fn foreign_copy() -> Vector {
    let v = new(
        "refused-letter-copy",
        "the copy of a message to somebody else, from another account than the own one",
    );
    foreign(v, Place::With("other"), 1, &said("I agree to everything"))
}

fn other_content() -> Vector {
    let mut v = new(
        "refused-blob-other",
        "another content of the same length, well sealed by a recipient under the same key",
    );
    let (_, reference) = blob(&mut v, &said("pay one hundred"));
    v.part("altered");
    let key: [u8; 32] = reference[..32].try_into().unwrap();
    let (sealing_key, front) = keys(&mut v, &key);
    let mut padded = [&said("pay one million")[..], &[0x80]].concat();
    padded.resize(32, 0);
    v.bytes("padded", &padded);
    let altered = [&front[..], &v.seal("sealed", &sealing_key, &front, &padded)].concat();
    v.bytes("blob", &altered);
    v.refused(refer(&reference).open(&altered).err())
}

fn two_keys() -> Vector {
    let mut v = new(
        "refused-blob-two-keys",
        "a blob that AES-256-GCM opens under two keys, and the reference with the second",
    );
    let key: [u8; 32] = v.input("key");
    let (one, front) = keys(&mut v, &key);
    let (key, text) = (0_u32..)
        .map(|n| kdf::hash(&[format!("latchstring vector other key {n}").as_bytes()]))
        .find_map(|key| {
            let two = Secret::copy(&keys(&mut new("scratch", ""), &key).0);
            Some((key, gcm_collision::of(&Secret::copy(&one), &two, &front, 0x80)?))
        })
        .unwrap();
    v.part("other");
    v.bytes("key", &key);
    let (two, _) = keys(&mut v, &key);
    for (part, key) in [("", one), ("other", two)] {
        v.part(part);
        let padded = aead::open_once(Secret::copy(&key), &front, &text).unwrap();
        v.bytes("padded", &padded);
    }
    v.part("");
    let blob = [&front[..], &text].concat();
    v.bytes("blob", &blob);
    let hash = v.hash("blob hash", &[&blob]);
    v.length("text", 31);
    let reference = [&key[..], &hash, &31_u64.to_be_bytes()].concat();
    v.bytes("reference", &reference);
    v.refused(refer(&reference).open(&blob).err())
}

#[test]
fn a_blob_has_another_key_for_every_sender_message_and_content() {
    let key = |secret: u8, id: u8, content: &[u8]| {
        *blob::key(&Secret::copy(&[secret; 32]), &[id; 16], &blob::text_hash(content)).expose()
    };
    assert_eq!(key(1, 1, b"one"), key(1, 1, b"one"));
    for other in [key(2, 1, b"one"), key(1, 2, b"one"), key(1, 1, b"two")] {
        assert_ne!(other, key(1, 1, b"one"));
    }
}
