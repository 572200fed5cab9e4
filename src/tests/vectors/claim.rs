//! A whole claim, from the link to the bytes for the server, and the host's grant.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::braid::BraidPart;
use super::form::Vector;
use super::guest::{
    Guest, ORIGIN, Offer, Random, client, guest, late_device_prekeys, offer, policy,
};
use super::handshake::{Chosen, FirstMessage, Initiator, Shared, choose, combine, first};
use super::model::{Published, SignedPrekeys};
use super::ratchet::{Sealing, ratchet_key, turn};
use super::tape::Tape;
use crate::client::Client;
use crate::guest::Chat;
use crate::guest::Invite;
use crate::guest::{ChatEvent, ChatStatus, ClaimDigest};
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    let scene = Scene::new("guest-claim", "a whole claim: everything from the seeds to its bytes");
    let (v, grant) = scene.play();
    vec![v, grant]
}

/// A claim by the formulas.
pub(super) struct Claim {
    pub(super) t: [u8; 32],
    text_random: [u8; 32],
    salt_random: [u8; 32],
    pub(super) salt: [u8; 32],
    pub(super) record: Vec<u8>,
    pub(super) sealed: Vec<u8>,
    pub(super) tag: [u8; 32],
    pub(super) bytes: Vec<u8>,
}

/// A host with an offer, and a guest that claims it.
pub(super) struct Scene {
    pub(super) v: Vector,
    pub(super) host: Published,
    pub(super) offer: Offer,
    pub(super) guest: Guest,
    /// The random bytes of the guest's own secrets, and of its prekeys.
    random: [Random; 2],
    pub(super) join: [u8; 32],
    pub(super) chosen: Chosen,
    pub(super) shared: Shared,
    pub(super) first: FirstMessage,
    pub(super) claim: Claim,
}

/// Encodes a claim and signs it with the link's claim signing key.
pub(super) fn claim_bytes(
    v: &mut Vector,
    offer: &Offer,
    device: [u8; 8],
    claim: (&[u8; 32], &[u8; 32], &[u8], &[u8; 32]),
    message: &[u8],
) -> Vec<u8> {
    let (t, salt, sealed, tag) = claim;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes();
    let parts: [&[u8]; 10] = [
        &[1, 0x22],
        &offer.keys.locator,
        t,
        salt,
        &length(sealed),
        sealed,
        tag,
        &[0, 0, 0, 1],
        &device,
        &length(message),
    ];
    let body = [&parts.concat(), message].concat();
    v.bytes("claim body", &body);
    let signature =
        v.sign("claim signature", &offer.keys.claim_seed, labels::GUEST_CLAIM_ADMIT, &[&body]);
    let claim = [&body[..], &signature].concat();
    v.bytes("claim", &claim);
    claim
}

impl Scene {
    pub(super) fn new(name: &str, comment: &'static str) -> Self {
        let mut v = Vector::new(name, "guest-links", comment);
        let host = Published::new(&mut v, "host");
        let offer = offer(&mut v, &host.member);
        let parts: [&[u8]; 3] = [&host.member.core, &host.signed_prekeys.body, &host.one_time.body];
        let bundle_hash = v.hash("bundle hash", &parts);
        let said = [&[0, 0, 0, 2][..], b"Al", &[0, 0, 0, 1, 0, 0, 0, 5], b"Hello"].concat();
        let (now, list) = (NOW.to_be_bytes(), &offer.listed[8..]);
        let id = &offer.keys.invitation_id;
        let about: [&[u8]; 6] = [id, &now, list, &[0, 0, 0, 1], &bundle_hash, &said];
        let info = [labels::GUEST_SECRETS, &about.concat()].concat();
        v.part("guest");
        let (uid_random, uid) = v.hedged(("uid", "uid"), &[0; 32], &[&info, &[1]]);
        let (seed_random, seed) = v.hedged(("seed", "seed"), &[0; 32], &[&info, &[2]]);
        let (join_random, join) = v.hedged::<32>(("join", "join key"), &[0; 32], &[&info, &[3]]);
        let guest = guest(&mut v, &offer.keys.locator, (uid, seed));
        let (signed_prekeys, prekeys_random) = late_device_prekeys(&mut v, &guest);
        let random = [[uid_random, seed_random, join_random], prekeys_random];
        let initiator = Initiator::new(&guest.agreement_seed, &guest.certificate);
        let chosen = choose(&mut v, &initiator, &host, true);

        let to = (&host.member.device_id, &bundle_hash, &chosen);
        let t = transcript(&mut v, &offer, &guest, &signed_prekeys, to);

        let binding = Some((&offer.keys.psk, &t));
        let shared = combine(&mut v, &initiator, &host, &chosen, true, binding);
        let (text_random, text_id) = v.hedged::<16>(
            ("text", "text id"),
            &join,
            &[labels::GUEST_TEXT_ID, &t, &now, &[1], b"Hello"],
        );
        let said = [&said[..10], &text_id, &said[10..]].concat();
        let introduction = [&offer.listed[..], &now, &[1], &said, &join].concat();
        let first = first(&mut v, &shared, &host, &introduction);

        let info = [labels::GUEST_SALT, &t];
        let (salt_random, salt) = v.hedged(("salt", "salt"), &guest.agreement_seed, &info);
        let proof = v.sign("proof", &guest.signing_seed, labels::GUEST_CLAIM_PROOF, &[&t]);
        let parts: [&[u8]; 7] = [
            &guest.uid,
            &guest.certificate,
            &proof,
            &[0, 0, 0, 1],
            &bundle_hash,
            &signed_prekeys.body,
            &signed_prekeys.signature,
        ];
        let record = parts.concat();
        v.bytes("record", &record);
        let prk = v.extract("record prk", &salt, &[&offer.keys.credentials_key]);
        let key = v.expand("sealing key of the record", &prk, &[labels::GUEST_RECORD, &t]);
        let sealed = v.seal("sealed record", &key, &t, &record);
        let tag = v.mac("tag", &offer.keys.claim_mac_key, &[labels::GUEST_CLAIM_TAG, &t]);
        let parts = (&t, &salt, &sealed[..], &tag);
        let bytes = claim_bytes(&mut v, &offer, host.member.device_id, parts, &first.message);
        let claim = Claim { t, text_random, salt_random, salt, record, sealed, tag, bytes };
        Self { v, host, offer, guest, random, join, chosen, shared, first, claim }
    }

    /// Makes the host's client by the crate.
    pub(super) fn client(&self) -> Client {
        client(&self.host.member, self.host.device().0)
    }

    /// Makes the guest's side by the crate: its chat, once its claim is what the formulas say.
    fn claimed(&self, client: &Client, invite: &Invite) -> Chat {
        let link = invite.link().unwrap();
        let preview = link.open(&self.offer.sealed, ORIGIN, NOW).unwrap();
        let [[uid, seed, join], [prekeys_id, signed_prekey, last_resort]] = &self.random;
        let random: &[&[u8]] = &[
            uid,
            seed,
            prekeys_id,
            signed_prekey,
            last_resort,
            join,
            &self.chosen.ephemeral_random,
            &self.chosen.kem_random,
            &self.claim.text_random,
            &self.first.ratchet_random,
            &self.first.braid_random,
            &self.first.nonce_random,
            &self.claim.salt_random,
        ];
        let bundles = [self.host.device().1];
        let claimed = Tape::play(random, |rng| {
            preview.claim(client.list(), &bundles, "Al", &["Hello"], NOW, rng)
        });
        let (chat, claim) = claimed.unwrap();
        assert_eq!(claim, self.claim.bytes);
        chat
    }

    /// Plays the whole scene by the crate, on both sides, to the grant.
    fn play(self) -> (Vector, Vector) {
        let mut host = self.client();
        let (mut invite, server_copy) = self.offer.invite(&host);
        let mut theirs = self.claimed(&host, &invite);
        let digest = crate::primitives::kdf::hash(&[labels::GUEST_CLAIM_DIGEST, &self.claim.bytes]);
        assert_eq!(server_copy.check_claim(&self.claim.bytes), Ok(ClaimDigest(digest)));
        let (mut ours, introduction) =
            invite.claim(&mut host, &self.claim.bytes, NOW).unwrap().apply();
        let texts = &introduction.texts;
        assert_eq!((&*introduction.name, texts.len(), &**texts[0].text), ("Al", 1, "Hello"));
        assert_eq!(ours.fingerprint(), theirs.fingerprint());

        let mut scratch = Vector::new("scratch", "", "");
        let (t, seed) = (&self.claim.t, &self.offer.owner_seed);
        let locator = &self.offer.keys.locator;
        let notice = super::notice::signed_notice(&mut scratch, locator, seed, Some(t));
        assert_eq!(invite.notice().unwrap(), notice);
        assert_eq!(server_copy.check_notice(&notice), Ok(()));
        assert!(!theirs.read_notice(&notice, NOW).unwrap().is_change());

        let (v, random, nonce, message) = self.grant();
        let random: &[&[u8]] = &[&random, &nonce];
        let sealed = Tape::play(random, |rng| ours.grant(&host, NOW, rng).unwrap().apply());
        assert!(sealed.iter().map(|one| &one.message).eq([&message]));
        assert!(theirs.receive(host.address(), &message, NOW).unwrap().event == ChatEvent::Granted);
        assert_eq!(theirs.status(), ChatStatus::Active);
        assert_eq!(*theirs.policy(), policy());
        (self.v, v)
    }

    /// Computes the grant by the formulas: the vector, the randomness, the message.
    fn grant(&self) -> (Vector, [u8; 32], [u8; 12], Vec<u8>) {
        let mut v = Vector::new(
            "guest-grant",
            "guest-links",
            "the host's grant for the claim of guest-claim, and the message that carries it",
        );
        let Self { host, offer, guest, shared, first, .. } = self;
        v.bytes("invitation id", &offer.keys.invitation_id);
        v.bytes("t", &self.claim.t);
        v.bytes("guest account", &guest.account);
        v.bytes("host device id", &host.member.device_id);
        v.bytes("host signing seed", &host.member.signing_seed);
        v.number("at", NOW);
        let parts: [&[u8]; 5] = [
            &offer.keys.invitation_id,
            &self.claim.t,
            &guest.account,
            &host.member.device_id,
            &NOW.to_be_bytes(),
        ];
        let parts = parts.concat();
        v.bytes("granted", &parts);
        let signature =
            v.sign("grant signature", &host.member.signing_seed, labels::GUEST_GRANT, &[&parts]);
        let now = NOW.to_be_bytes();
        let content = [&offer.listed[..], &now, &[3], &now, &signature].concat();
        v.bytes("session id", &shared.session);
        v.bytes("root", &first.root);
        v.bytes("peer ratchet seed", &first.ratchet_seed);
        v.bytes("header key", &shared.responder_header);
        let (random, seed, ratchet) = ratchet_key(&mut v, &first.root);
        let turned = turn(&mut v, &first.root, &seed, &first.ratchet_seed);
        let sealing = Sealing {
            session: &shared.session,
            direction: 2,
            prefix: None,
            ratchet: &ratchet,
            previous: 0,
            number: 0,
            header_key: &shared.responder_header,
            pq_epoch: 0,
            part: &BraidPart::bare(1, 0),
            imprint_key: &shared.imprint_keys[1],
        };
        let (_, nonce, message) = sealing.seal(&mut v, &turned.chain, &content);
        (v, random, nonce, message)
    }
}

/// Computes the transcript of a claim for one device, by its id and the hash of its bundle.
pub(super) fn transcript(
    v: &mut Vector,
    offer: &Offer,
    guest: &Guest,
    signed_prekeys: &SignedPrekeys,
    (host, bundle_hash, chosen): (&[u8; 8], &[u8; 32], &Chosen),
) -> [u8; 32] {
    let ciphertext_hash = v.hash("ciphertext hash", &[&chosen.ciphertext]);
    let parts: [&[u8]; 10] = [
        labels::GUEST_CLAIM,
        &offer.keys.invitation_id,
        &guest.uid,
        &guest.core,
        &signed_prekeys.body,
        &[0, 0, 0, 1],
        host,
        bundle_hash,
        &chosen.ephemeral,
        &ciphertext_hash,
    ];
    v.hash("t", &parts)
}
