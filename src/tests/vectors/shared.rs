//! Objects that the devices of a host share: a link, a grant and a chat. They are the examples of
//! `spec/guest-links.md`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::NOW;
use super::claim::transcript;
use super::form::{Vector, hex};
use super::guest::{Guest, Offer, client, guest, offer_until};
use super::handshake::{Initiator, choose};
use super::model;
use super::model::{Published, SignedPrekeys};
use crate::client::OwnObject;
use crate::guest::{Chat, Invite, SyncOutcome};
use crate::primitives::kdf;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::guest::late_device;
use crate::protocol::labels;

/// The inputs of the examples: each is this byte repeated.
const INPUTS: &[(&str, u8)] = &[
    ("host account id", 0x77),
    ("host account seed", 0x01),
    ("host device id", 0x02),
    ("host signing seed", 0x03),
    ("host agreement seed", 0x04),
    ("host lasting id", 0x07),
    ("host signed prekey seed", 0x05),
    ("host last-resort KEM seed", 0x06),
    ("owner seed", 0x81),
    ("invitation nonce", 0x82),
    ("guest uid", 0x91),
    ("guest seed", 0x92),
    ("ephemeral random", 0x93),
    ("KEM random", 0x94),
    ("guest lasting id", 0x98),
    ("guest signed prekey seed", 0x99),
    ("guest last-resort KEM seed", 0x9a),
    ("join key", 0x9b),
];
const PAGE: &str = include_str!("../../../spec/guest-links.md");
const EXPIRES: u64 = NOW + 86_400;

pub(super) fn vectors() -> Vec<Vector> {
    shared().map(|(vector, _)| vector).into()
}

/// Derives the shared grant.
pub(super) fn grant() -> Vec<u8> {
    let [_, (_, grant), _] = shared();
    grant
}

/// Derives what is shared: link, grant and chat.
fn shared() -> [(Vector, Vec<u8>); 3] {
    let mut grant = example(
        "guest-shared-grant",
        "a grant as the device that made it shares it: of the claim of guest-shared-chat",
    );
    let mut chat = example(
        "guest-shared-chat",
        "an active chat as a device of the host shares it: everything from the seeds to its bytes",
    );
    let scene = Scene::new(&mut chat);
    let (link, shared_link) = shared_link();
    let shared_grant = scene.shared_grant(&mut grant);
    let shared_chat = scene.shared_chat(&mut chat);
    scene.play([&shared_link, &shared_grant, &shared_chat]);
    [(link, shared_link), (grant, shared_grant), (chat, shared_chat)]
}

fn example(name: &str, comment: &'static str) -> Vector {
    Vector::example(name, "guest-links", comment, INPUTS)
}

/// A host with an offer, and a guest that claims it with a bundle without a one-time prekey, to `t`.
struct Scene {
    host: Published,
    offer: Offer,
    guest: Guest,
    signed_prekeys: SignedPrekeys,
    join: [u8; 32],
    t: [u8; 32],
}

impl Scene {
    fn new(v: &mut Vector) -> Self {
        let member = model::member(v, "host");
        let signed_prekeys = model::signed_prekeys(v, "host", &member);
        // Its bundle has run out of them.
        let one_time = model::one_time(&mut example("scratch", ""), "host", &member);
        let host = Published { member, signed_prekeys, one_time };
        let offer = offer_until(v, &host.member, EXPIRES, false);
        v.part("guest");
        let secrets = (v.input("uid"), v.input("seed"));
        let guest = guest(v, &offer.keys.locator, secrets);
        v.part("guest");
        let id = v.input("lasting id");
        let seeds = (v.input("signed prekey seed"), v.input("last-resort KEM seed"));
        let signed_prekeys = model::signed_by(v, "guest", &guest.member(), id, seeds);
        v.part("");
        let join = v.input("join key");
        let initiator = Initiator::new(&guest.agreement_seed, &guest.certificate);
        let chosen = choose(v, &initiator, &host, false);

        let parts: [&[u8]; 2] = [&host.member.core, &host.signed_prekeys.body];
        let bundle_hash = v.hash("bundle hash", &parts);
        let to = (&host.member.device_id, &bundle_hash, &chosen);
        let t = transcript(v, &offer, &guest, &signed_prekeys, to);
        Self { host, offer, guest, signed_prekeys, join, t }
    }

    /// Signs the grant of the claim.
    fn grant(&self, v: &mut Vector) -> (Vec<u8>, [u8; 64]) {
        v.number("at", NOW);
        let parts: [&[u8]; 5] = [
            &self.offer.keys.invitation_id,
            &self.t,
            &self.guest.account,
            &self.host.member.device_id,
            &NOW.to_be_bytes(),
        ];
        let statement = parts.concat();
        v.bytes("grant statement", &statement);
        let seed = &self.host.member.signing_seed;
        let signature = v.sign("grant signature", seed, labels::GUEST_GRANT, &[&statement]);
        (statement, signature)
    }

    fn shared_grant(&self, v: &mut Vector) -> Vec<u8> {
        v.bytes("invitation id", &self.offer.keys.invitation_id);
        v.bytes("t", &self.t);
        v.bytes("guest account", &self.guest.account);
        v.bytes("host device id", &self.host.member.device_id);
        v.bytes("host signing seed", &self.host.member.signing_seed);
        let (statement, signature) = self.grant(v);
        let shared = [&[1, 0x25][..], &statement, &signature].concat();
        v.bytes("shared grant", &shared);
        shared
    }

    fn shared_chat(&self, v: &mut Vector) -> Vec<u8> {
        v.text("guest name", "Grace");
        let (_, signature) = self.grant(v);
        let host = &self.host.member;
        let parts: [&[u8]; 8] = [
            &self.offer.keys.invitation_id,
            &self.t,
            &self.offer.keys.locator,
            &self.offer.owner,
            &self.offer.policy,
            &host.device_id,
            &[0, 0, 0, 5],
            b"Grace",
        ];
        let terms = parts.concat();
        v.bytes("terms", &terms);
        let context = v.hash("context", &[labels::GUEST_JOIN, &terms]);
        assert_eq!(late_device::context(&terms), context);
        let parts: [&[u8]; 10] = [
            &[1, 0x26],
            &host.account_id,
            &terms,
            &self.guest.certificate,
            &self.signed_prekeys.body,
            &self.signed_prekeys.signature,
            &self.join,
            &host.device_id,
            &NOW.to_be_bytes(),
            &signature,
        ];
        let shared = parts.concat();
        v.bytes("shared chat", &shared);
        shared
    }

    /// Lets the crate take in what is shared, and share it again.
    fn play(&self, objects: [&[u8]; 3]) {
        let host = client(&self.host.member, self.host.member.device(&self.host.signed_prekeys));
        let [link, grant, chat] = objects.map(|bytes| OwnObject::recall(bytes.to_vec().into()));
        let same = |one: &OwnObject, other: &OwnObject| one.as_bytes() == other.as_bytes();
        let mut imported = Invite::import(&host, &link, NOW).unwrap();
        assert!(same(&imported.export().unwrap(), &link));
        let outcome = imported.sync_grant(&host, &grant, NOW).unwrap().apply();
        assert_eq!(outcome, SyncOutcome::Taken);
        let (joined, _) = Chat::import(&host, &chat, NOW, &mut TestRng::new(2)).unwrap();
        assert!(same(&joined.export(&host, NOW).unwrap(), &chat));
        assert!(same(&joined.export_grant(&host).unwrap(), &grant));
    }
}

/// Computes the shared link.
fn shared_link() -> (Vector, Vec<u8>) {
    let comment =
        "an open link as the device that made it shares it: everything from the seeds to its bytes";
    let mut v = example("guest-shared-link", comment);
    let host = model::member(&mut v, "host");
    let Offer { signed, .. } = offer_until(&mut v, &host, EXPIRES, false);
    let length = u32::try_from(signed.len()).unwrap().to_be_bytes();
    let shared = [&[1, 0x24][..], &length, &signed].concat();
    v.bytes("shared link", &shared);
    (v, shared)
}

/// Returns the bytes that a line of an example shows: in hexadecimal, up to the remark beside them, in the
/// pieces that `…` leaves.
fn shown(line: &str) -> impl Iterator<Item = String> {
    let bytes = line.split("  ").next().unwrap_or_default();
    let pieces = bytes.split('…').map(|piece| piece.replace(' ', ""));
    pieces.filter(|piece| piece.len() >= 4 && piece.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Finds the example on the page that begins with these bytes.
fn block(begin: &str) -> &'static str {
    let examples = PAGE.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut found = examples.filter(|example| example.starts_with(begin));
    let block = found.next().expect("an example");
    assert!(found.next().is_none(), "two examples begin with {begin}");
    block
}

#[test]
fn the_examples_on_the_page_are_these_vectors() {
    for ((_, bytes), begin) in shared().iter().zip(["0124", "0125", "0126"]) {
        let pieces: Vec<String> = block(begin).lines().flat_map(shown).collect();
        let whole = hex(bytes);
        let mut rest = &*whole;
        for piece in &pieces {
            rest = rest.split_once(&**piece).unwrap_or_else(|| panic!("{piece}")).1;
        }
        // What is not shown whole is named by its hash.
        let hash = hex(&kdf::hash(&[bytes]));
        assert!(
            pieces.concat() == whole || PAGE.contains(&*format!("`{hash}`")),
            "{begin}: {hash}"
        );
    }
}
