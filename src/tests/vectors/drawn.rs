//! Draws before anything can be derived: seeds and ids, from random bytes and what they are about.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::guest::client;
use super::household::Household;
use super::model;
use super::model::Published;
use super::tape::Tape;
use crate::attachment::{Media, Padding};
use crate::client::To;
use crate::content::Content;
use crate::primitives::codec::Writer;
use crate::protocol::handshake::prekeys::OneTimeSecret;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::linking::code::{LinkingPurpose, LinkingRequest, Request};
use crate::protocol::identity::linking::offer;
use crate::protocol::labels;
use crate::session::Account;
use crate::session::prekey_delta::PrekeyChange;
use crate::storage::State;

pub(super) fn vectors() -> Vec<Vector> {
    vec![identity(), prekeys(), linking(), letter(), attachment()]
}

/// The moment as the formulas have it.
const NOW_BYTES: [u8; 8] = NOW.to_be_bytes();

fn identity() -> Vector {
    let mut v = Vector::new(
        "identity-drawn",
        "identity",
        "the seed of an account, and the id and seeds of its primary",
    );
    let id: [u8; 32] = v.input("account id");
    let info: [&[u8]; 2] = [labels::IDENTITY_ACCOUNT_SEED, &id];
    let (random, seed) = v.hedged(("account", "account seed"), &[0; 32], &info);
    let account = Tape::play(&[&random], |rng| Account::generate(AccountId(id), rng));
    assert_eq!(account.to_bytes()[34..], seed);
    v.number("now", NOW);
    let about = [labels::IDENTITY_DEVICE_SEEDS, &id, &NOW_BYTES].concat();
    let (one, device) = v.hedged::<8>(("device id", "device id"), &seed, &[&about, &[1]]);
    let (two, signing) = v.hedged(("signing", "signing seed"), &seed, &[&about, &[2]]);
    let (three, agreement) = v.hedged(("agreement", "agreement seed"), &seed, &[&about, &[3]]);
    let identity = Tape::play(&[&one, &two, &three], |rng| account.certify(NOW, rng));
    assert_eq!(identity.certificate.device().0, device);
    assert_eq!(identity.signing.seed().expose(), &signing);
    assert_eq!(identity.agreement.seed().expose(), &agreement);
    v
}

fn prekeys() -> Vector {
    let mut v = Vector::new(
        "prekeys-drawn",
        "prekeys",
        "the next prekey set of the device of bundle, and the third one-time prekey of its next batch",
    );
    let (mut device, _) = Published::new(&mut Vector::new("scratch", "", ""), "responder").device();
    // As long as its first ones are not known to be published, it gives those again.
    device.note_published([device.bundle().id()], NOW).apply();
    let (anchor, identity) = (device.anchor().to_bytes(), device.identity());
    let secret = identity.agreement.seed().expose();
    v.bytes("agreement seed", secret);
    v.bytes("anchor", &anchor);
    v.number("now", NOW);
    v.part("set");
    let about = [labels::PREKEYS_SET_SECRETS, &anchor, &NOW_BYTES].concat();
    let (one, id) = v.hedged::<8>(("lasting id", "lasting id"), secret, &[&about, &[1]]);
    let (two, signed) = v.hedged(("signed prekey", "signed prekey seed"), secret, &[&about, &[2]]);
    let names = ("last-resort KEM", "last-resort KEM seed");
    let (three, kem) = v.hedged(names, secret, &[&about, &[3]]);
    let made = Tape::play(&[&one, &two, &three], |rng| device.rotation(NOW, rng).1.unwrap().change);
    let PrekeyChange::Rotate(set) = made else { panic!("a rotation") };
    assert_eq!((set.public.id.0, set.signed.seed().expose()), (id, &signed));
    assert_eq!(set.last_resort.seed().expose(), &kem);

    v.part("one-time");
    let about = [labels::PREKEYS_ONE_TIME_SECRETS, &anchor, &NOW_BYTES].concat();
    let (one, id) = v.hedged::<8>(("id", "id"), secret, &[&about, &[2, 1]]);
    let (two, seed) = v.hedged(("prekey", "prekey seed"), secret, &[&about, &[2, 2]]);
    let (three, kem) = v.hedged(("KEM", "KEM seed"), secret, &[&about, &[2, 3]]);
    v.part("");
    let made = Tape::play(&[&one, &two, &three], |rng| {
        OneTimeSecret::generate(identity, (&anchor, 2), NOW, rng)
    });
    assert_eq!((made.id.0, made.agreement.seed().expose()), (id, &seed));
    assert_eq!(made.kem.seed().expose(), &kem);
    v
}

fn linking() -> Vector {
    let mut v = Vector::new(
        "linking-drawn",
        "linking",
        "the secrets of a code, and the id that a primary gives to the device that shows it",
    );
    let description = "Laptop, Linux";
    v.text("description", description);
    v.number("created", NOW);
    let info =
        |i: u8| [labels::LINKING_CODE_SECRETS, &NOW_BYTES, &[i], description.as_bytes()].concat();
    let (one, signing) = v.hedged::<32>(("signing", "signing seed"), &[0; 32], &[&info(1)]);
    let (two, agreement) = v.hedged::<32>(("agreement", "agreement seed"), &[0; 32], &[&info(2)]);
    let (three, ephemeral) = v.hedged::<32>(("ephemeral", "ephemeral seed"), &[0; 32], &[&info(3)]);
    let (four, secret) = v.hedged::<32>(("secret", "linking secret"), &[0; 32], &[&info(4)]);
    let request = Tape::play(&[&one, &two, &three, &four], |rng| {
        Request::generate((LinkingPurpose::Companion, description), NOW, rng).unwrap()
    });
    let mut kept = Writer::new();
    request.write(&mut kept);
    assert_eq!(kept.written()[..128], [signing, agreement, ephemeral, secret].concat());

    let home = Household::new(&mut Vector::new("scratch", "", ""));
    let (primary, list) = (home.identity(&home.primary), home.current(false));
    let scanned = LinkingRequest::read(&request.code(), NOW).unwrap();
    let (signing, agreement) = (request.identity().signing, request.identity().agreement);
    let length = u8::try_from(description.len()).unwrap();
    let parts: [&[u8]; 7] = [
        &[1, 1],
        &NOW_BYTES,
        signing.bytes(),
        agreement.bytes(),
        &public(&ephemeral),
        &[length],
        description.as_bytes(),
    ];
    let body = parts.concat();
    v.bytes("body", &body);
    v.bytes("list hash", &list.hash().0);
    v.part("primary");
    let secret = &home.primary.agreement_seed;
    v.bytes("agreement seed", secret);
    let info: [&[u8]; 3] = [labels::LINKING_DEVICE_ID, &list.hash().0, &body];
    let (random, id) = v.hedged::<8>(("device id", "device id"), secret, &info);
    v.part("");
    let account = home.key();
    let (_, offer) = Tape::play(&[&random, &[0x5a; 32]], |rng| {
        offer(&scanned, &primary, account.key(), &list, NOW, rng).unwrap()
    });
    assert_eq!(request.open(&offer, NOW).unwrap().device().0, id);
    v
}

/// Returns the X25519 public key of a seed.
fn public(seed: &[u8; 32]) -> [u8; 32] {
    Vector::new("scratch", "", "").agreement_key("key", seed)
}

fn letter() -> Vector {
    let mut v = Vector::new(
        "letter-drawn",
        "fan-out",
        "the id of a message among an account's own devices, of which there is only one yet",
    );
    let mut scratch = Vector::new("scratch", "", "");
    let host = model::member(&mut scratch, "host");
    let device = host.device(&model::signed_prekeys(&mut scratch, "host", &host));
    let mut client = client(&host, device);
    let anchor = client.anchor().to_bytes();
    let conversation = [&[1][..], &host.account_id].concat();
    let said = Content::text("a note").unwrap();
    let content = &said.encode();
    v.bytes("agreement seed", &host.agreement_seed);
    v.bytes("anchor", &anchor);
    v.number("now", NOW);
    v.bytes("conversation", &conversation);
    v.bytes("content", content);
    let info: [&[u8]; 5] = [labels::LETTER_ID, &anchor, &NOW_BYTES, &conversation, content];
    let (random, id) = v.hedged::<16>(("id", "id"), &host.agreement_seed, &info);
    let mut plan = client.plan(To::Own, NOW).unwrap();
    let out =
        Tape::play(&[&random], |rng| client.seal(&mut plan, &said, NOW, rng).unwrap().apply());
    assert_eq!(out.id.0, id);
    v
}

fn attachment() -> Vector {
    let mut v = Vector::new(
        "attachment-drawn",
        "attachments",
        "the key of an image of 19 bytes in the smallest bucket",
    );
    let mut scratch = Vector::new("scratch", "", "");
    let host = model::member(&mut scratch, "host");
    let device = host.device(&model::signed_prekeys(&mut scratch, "host", &host));
    let client = client(&host, device);
    let anchor = client.anchor().to_bytes();
    let terms = [&[1, 0x32, 2, 1][..], &19_u64.to_be_bytes()].concat();
    v.bytes("agreement seed", &host.agreement_seed);
    v.bytes("terms", &terms);
    v.bytes("anchor", &anchor);
    v.number("now", NOW);
    let info: [&[u8]; 4] = [labels::ATTACHMENT_DRAW, &terms, &anchor, &NOW_BYTES];
    let (random, key) = v.hedged::<32>(("key", "key"), &host.agreement_seed, &info);
    let sealer = Tape::play(&[&random], |rng| {
        client.attach(Media::Image, 19, Padding::Buckets, NOW, rng).unwrap()
    });
    assert_eq!(sealer.to_bytes()[14..46], key);
    v
}
