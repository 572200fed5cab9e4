//! Refused links, invitations, claims and notices: one failure in each vector.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::claim::{Scene, claim_bytes};
use super::form::Vector;
use super::guest;
use super::guest::ORIGIN;
use super::handshake::{Initiator, combine, first};
use super::model;
use crate::error::Error;
use crate::primitives::secret::Secret;
use crate::primitives::{kdf, pasted, sign};
use crate::protocol::guest::claim::guest_identity;
use crate::protocol::guest::link::{InviteLink, Locator};
use crate::protocol::guest::server_copy::Notice;
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        psk_zero(),
        link_check(),
        link_noncanonical(),
        link_form(),
        another_invitation(),
        another_origin(),
        late(),
        claim_tag(),
        claim_transcript(),
        claim_proof(),
        claim_impostor(),
        claim_admission(),
        notice_forged(),
    ]
}

fn begin(name: &str, comment: &'static str) -> Vector {
    Vector::new(name, "guest-links", comment)
}

fn psk_zero() -> Vector {
    let mut v = Vector::new(
        "refused-psk-zero",
        "handshake",
        "a pre-shared key of zeros, which stand for none",
    );
    v.bytes("psk", &[0; 32]);
    v.refused(Psk::new(Secret::copy(&[0; 32])).err())
}

fn link_check() -> Vector {
    let mut v = begin("refused-link-check", "a link with one bit of its check flipped");
    let secret: [u8; 32] = v.input("S");
    let mut check = kdf::hash(&[labels::GUEST_CHECK, &secret]);
    check[3] ^= 1;
    v.bytes("check", &check[..4]);
    let text = pasted::write('G', &[&secret[..], &check[..4]].concat());
    v.text("text", &text);
    v.refused(InviteLink::parse(&text).err())
}

/// Alters a genuine link's text.
fn altered_link(
    name: &str,
    comment: &'static str,
    alter: impl FnOnce(&str) -> alloc::string::String,
) -> Vector {
    let mut v = begin(name, comment);
    let secret: [u8; 32] = v.input("S");
    let url = InviteLink::from_secret(Secret::copy(&secret)).to_url(ORIGIN).unwrap();
    let text = alter(url.split_once('#').unwrap().1);
    v.text("text", &text);
    v.refused(InviteLink::parse(&text).err())
}

fn link_noncanonical() -> Vector {
    altered_link("refused-link-spare", "a link whose last character has a spare bit set", |text| {
        let (front, last) = text.split_at(text.len() - 1);
        let set = char::from(last.as_bytes()[0] + 1);
        alloc::format!("{front}{set}")
    })
}

fn link_form() -> Vector {
    altered_link("refused-link-form", "a genuine link behind another letter", |text| {
        text.replacen("G1", "H1", 1)
    })
}

/// Opens an offer with other bytes, for another origin or at another time.
fn opened(
    name: &str,
    comment: &'static str,
    how: impl FnOnce(&mut Vector, &guest::Offer) -> (Vec<u8>, &'static str, u64),
) -> Vector {
    let mut v = begin(name, comment);
    let host = model::member(&mut v, "host");
    let offer = guest::offer(&mut v, &host);
    let (sealed, origin, now) = how(&mut v, &offer);
    v.bytes("opened invitation", &sealed);
    v.text("opening origin", origin);
    v.number("opening now", now);
    let link = InviteLink::from_secret(Secret::copy(&offer.keys.secret));
    v.refused(link.open(&sealed, origin, now).err())
}

fn another_invitation() -> Vector {
    opened(
        "refused-invitation-other",
        "another invitation of the same host, well sealed under this link's key",
        |v, offer| {
            let mut scratch = begin("refused-invitation-other-one", "");
            let host = model::member(&mut scratch, "host");
            let other = guest::offer(&mut scratch, &host);
            let key = &other.keys;
            let mut text = other.sealed.clone();
            let (body, tag) = text.split_last_chunk_mut::<16>().unwrap();
            let secret = Secret::copy(&key.invitation_key);
            let ad = &key.locator;
            crate::primitives::aead::open(&secret, &[0; 12], ad, body, tag).unwrap();
            let sealed = v.seal("resealed", &offer.keys.invitation_key, &offer.keys.locator, body);
            (sealed, ORIGIN, NOW)
        },
    )
}

fn another_origin() -> Vector {
    opened(
        "refused-invitation-origin",
        "a genuine invitation, opened by the client of another service",
        |_, offer| (offer.sealed.clone(), "example.net", NOW),
    )
}

fn late() -> Vector {
    opened(
        "refused-invitation-late",
        "a genuine invitation, opened one second after its time",
        |_, offer| (offer.sealed.clone(), ORIGIN, guest::EXPIRES + 1),
    )
}

/// Makes a claim that differs from a genuine one, and gives it to the host.
fn altered_claim(
    name: &str,
    comment: &'static str,
    alter: impl FnOnce(&mut Vector, &Scene) -> Vec<u8>,
) -> (Vector, Scene, Vec<u8>) {
    let scene = Scene::new(name, comment);
    let mut v = Vector::new(name, "guest-links", comment);
    v.bytes("S", &scene.offer.keys.secret);
    v.bytes("host device id", &scene.host.member.device_id);
    v.bytes("host signing seed", &scene.host.member.signing_seed);
    v.bytes("guest signing", &scene.guest.signing_seed);
    v.bytes("t", &scene.claim.t);
    v.bytes("record", &scene.claim.record);
    v.bytes("tag", &scene.claim.tag);
    v.bytes("genuine claim", &scene.claim.bytes);
    v.part("altered");
    let bytes = alter(&mut v, &scene);
    (v, scene, bytes)
}

fn refuse((v, scene, bytes): (Vector, Scene, Vec<u8>)) -> Vector {
    let mut client = scene.client();
    let (mut invite, _) = scene.offer.invite(&client);
    assert!(invite.claim(&mut client, &scene.claim.bytes, NOW).is_ok());
    v.refused(invite.claim(&mut client, &bytes, NOW).err())
}

fn claim_tag() -> Vector {
    refuse(altered_claim(
        "refused-claim-tag",
        "a claim admitted by the server, whose tag was made with another key",
        |v, scene| {
            let Scene { offer, claim, first, host, .. } = scene;
            let key = v.input("claim key");
            let tag = v.mac("tag", &key, &[labels::GUEST_CLAIM_TAG, &claim.t]);
            let parts = (&claim.t, &claim.salt, &claim.sealed[..], &tag);
            claim_bytes(v, offer, host.member.device_id, parts, &first.message)
        },
    ))
}

fn claim_transcript() -> Vector {
    refuse(altered_claim(
        "refused-claim-transcript",
        "a claim in which all else holds for a t that is not the hash of its parts",
        |v, scene| {
            let Scene { offer, claim, first, host, guest, .. } = scene;
            let t = v.input("t");
            let tag = v.mac("tag", &offer.keys.claim_mac_key, &[labels::GUEST_CLAIM_TAG, &t]);
            let proof = v.sign("proof", &guest.signing_seed, labels::GUEST_CLAIM_PROOF, &[&t]);
            let mut record = claim.record.clone();
            record[281..345].copy_from_slice(&proof);
            let sealed = resealed(v, scene, &t, &record);
            let parts = (&t, &claim.salt, &sealed[..], &tag);
            claim_bytes(v, offer, host.member.device_id, parts, &first.message)
        },
    ))
}

/// Seals credentials under the key of the genuine ones.
fn resealed(v: &mut Vector, scene: &Scene, t: &[u8; 32], record: &[u8]) -> Vec<u8> {
    v.bytes("record", record);
    let prk = v.extract("record prk", &scene.claim.salt, &[&scene.offer.keys.credentials_key]);
    let key = v.expand("sealing key of the record", &prk, &[labels::GUEST_RECORD, t]);
    v.seal("sealed record", &key, t, record)
}

fn claim_impostor() -> Vector {
    refuse(altered_claim(
        "refused-claim-impostor",
        "a claim of one guest, whose first message another guest of the link made and bound to it",
        |v, scene| {
            let Scene { offer, claim, host, chosen, .. } = scene;
            v.part("other");
            let (uid, seed) = (v.input("uid"), Secret::copy(&v.input("seed")));
            let other = guest_identity(&seed, &uid, Locator(offer.keys.locator));
            let (agreement_seed, certificate) =
                (other.agreement.seed().expose(), other.certificate.encode());
            v.bytes("agreement seed", agreement_seed);
            v.bytes("certificate", &certificate);
            let initiator = Initiator::new(agreement_seed, &certificate);
            let binding = Some((&offer.keys.psk, &claim.t));
            let shared = combine(v, &initiator, host, chosen, true, binding);
            let introduction = [
                &offer.listed[..],
                &NOW.to_be_bytes(),
                &[1, 0, 0, 0, 2],
                b"Al",
                &[0; 4],
                &scene.join,
            ]
            .concat();
            let first = first(v, &shared, host, &introduction);
            let parts = (&claim.t, &claim.salt, &claim.sealed[..], &claim.tag);
            claim_bytes(v, offer, host.member.device_id, parts, &first.message)
        },
    ))
}

fn claim_proof() -> Vector {
    refuse(altered_claim(
        "refused-claim-proof",
        "a claim whose proof is by a key that is not the guest's",
        |v, scene| {
            let Scene { offer, claim, first, host, .. } = scene;
            let seed = v.input("proof seed");
            let proof = v.sign("proof", &seed, labels::GUEST_CLAIM_PROOF, &[&claim.t]);
            let mut record = claim.record.clone();
            record[281..345].copy_from_slice(&proof);
            let sealed = resealed(v, scene, &claim.t, &record);
            let parts = (&claim.t, &claim.salt, &sealed[..], &claim.tag);
            claim_bytes(v, offer, host.member.device_id, parts, &first.message)
        },
    ))
}

fn claim_admission() -> Vector {
    let (v, scene, bytes) = altered_claim(
        "refused-claim-admission",
        "a claim whose signature for the server does not hold",
        |v, scene| {
            let mut bytes = scene.claim.bytes.clone();
            *bytes.last_mut().unwrap() ^= 0x01;
            v.bytes("claim", &bytes);
            bytes
        },
    );
    let (_, server_copy) = scene.offer.invite(&scene.client());
    let error: Option<Error> = server_copy.check_claim(&bytes).err();
    refuse((v.refused(error), scene, bytes))
}

fn notice_forged() -> Vector {
    let mut v =
        begin("refused-notice", "a notice signed by the link's claim key instead of its owner");
    let secret = v.input("S");
    let keys = guest::link_keys(&mut v, &secret);
    let owner_seed = v.input("owner seed");
    let owner = sign::SecretKey::from_seed(Secret::copy(&owner_seed)).public();
    v.bytes("owner", owner.bytes());
    let notice = super::notice::signed_notice(&mut v, &keys.locator, &keys.claim_seed, None);
    v.refused(Notice::decode(&notice, Locator(keys.locator), &owner).err())
}
