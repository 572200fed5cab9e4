//! Links, invitations, server copies, guest keys and contents.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::NOW;
use super::form::Vector;
use super::model;
use super::model::{Member, SignedPrekeys};
use super::tape::Tape;
use crate::client::Client;
use crate::guest::Invite;
use crate::primitives::kdf;
use crate::primitives::kdf::Prk;
use crate::primitives::pasted;
use crate::primitives::secret::Secret;
use crate::protocol::guest::claim::guest_identity;
use crate::protocol::guest::content::{Asks, ChatContent, TextStatus};
use crate::protocol::guest::invitation::{Approval, Policy};
use crate::protocol::guest::link::{InviteLink, Locator};
use crate::protocol::guest::server_copy::ServerCopy;
use crate::protocol::guest::text::TextId;
use crate::protocol::handshake::x3dh::Psk;
use crate::protocol::identity::certificate::{AccountId, Certificate, DeviceId};
use crate::protocol::identity::device_list::{DeviceList, VALID_FOR};
use crate::protocol::labels;
use crate::protocol::letter::{Listed, MessageId};
use crate::session::Device;

pub(super) const ORIGIN: &str = "example.org";
pub(super) const EXPIRES: u64 = NOW + 7 * 86_400;

pub(super) fn vectors() -> Vec<Vector> {
    vec![link(), invitation(), keys(), contents()]
}

pub(super) fn policy() -> Policy {
    Policy::new("Ada", EXPIRES)
}

/// All keys and ids that follow from S.
pub(super) struct LinkValues {
    pub(super) secret: [u8; 32],
    pub(super) locator: [u8; 24],
    pub(super) invitation_id: [u8; 32],
    pub(super) invitation_key: [u8; 32],
    pub(super) claim_seed: [u8; 32],
    pub(super) claim_signing: [u8; 32],
    pub(super) claim_mac_key: [u8; 32],
    pub(super) credentials_key: [u8; 32],
    pub(super) psk: [u8; 32],
}

pub(super) fn link_keys(v: &mut Vector, secret: &[u8; 32]) -> LinkValues {
    let prk: Prk = v.extract("link prk", labels::GUEST_LINK, &[secret]);
    let locator = v.expand("locator", &prk, &[labels::GUEST_LOCATOR]);
    let invitation_id = v.expand("invitation id", &prk, &[labels::GUEST_INVITATION_ID]);
    let invitation_key = v.expand("invitation key", &prk, &[labels::GUEST_INVITATION_KEY]);
    let claim_seed = v.expand("claim seed", &prk, &[labels::GUEST_CLAIM_SEED]);
    let claim_signing = v.signing_key("claim signing key", &claim_seed);
    let claim_mac_key = v.expand("claim key", &prk, &[labels::GUEST_CLAIM_KEY]);
    let credentials_key = v.expand("record key", &prk, &[labels::GUEST_RECORD_KEY]);
    let psk = v.expand("psk", &prk, &[labels::GUEST_PSK]);
    let real = InviteLink::from_secret(Secret::copy(secret)).keys();
    assert_eq!(real.locator(), Locator(locator));
    assert_eq!(real.invitation_id(), invitation_id);
    assert_eq!(real.invitation_key().expose(), &invitation_key);
    assert_eq!(real.claim_signing().seed().expose(), &claim_seed);
    assert_eq!(real.claim_mac_key().expose(), &claim_mac_key);
    assert_eq!(real.credentials_key().expose(), &credentials_key);
    let secret = *secret;
    LinkValues {
        secret,
        locator,
        invitation_id,
        invitation_key,
        claim_seed,
        claim_signing,
        claim_mac_key,
        credentials_key,
        psk,
    }
}

fn link_text(v: &mut Vector, secret: &[u8; 32]) {
    let check = kdf::hash(&[labels::GUEST_CHECK, secret]);
    v.bytes("check", &check[..4]);
    let text = pasted::write('G', &[&secret[..], &check[..4]].concat());
    v.text("text", &text);
    v.text("URL's origin", ORIGIN);
    let url = alloc::format!("https://{ORIGIN}/g#{}", text.as_str());
    v.text("URL", &url);
    let real = InviteLink::from_secret(Secret::copy(secret));
    assert_eq!(*real.to_url(ORIGIN).unwrap(), url);
    assert_eq!(InviteLink::parse(&url).unwrap().secret().expose(), secret);
}

fn link() -> Vector {
    let mut v = Vector::new("guest-link", "guest-links", "a link's text, and all its keys");
    let secret = v.input("S");
    link_text(&mut v, &secret);
    link_keys(&mut v, &secret);
    v
}

/// An offer by the formulas: the link's keys and what the server stores.
pub(super) struct Offer {
    /// The random bytes of the owner key and the nonce.
    random: [[u8; 32]; 2],
    pub(super) owner_seed: [u8; 32],
    pub(super) owner: [u8; 32],
    pub(super) expires: u64,
    /// Epoch and hash of the host account's list.
    pub(super) listed: Vec<u8>,
    pub(super) policy: Vec<u8>,
    pub(super) signed: Vec<u8>,
    pub(super) keys: LinkValues,
    pub(super) sealed: Vec<u8>,
    pub(super) server_copy: Vec<u8>,
}

/// Computes the hash of the list of an account's one device, by the formulas.
fn listed(v: &mut Vector, host: &Member) -> [u8; 32] {
    v.part("list");
    let (issued, expires) = (NOW, NOW + VALID_FOR);
    v.number("issued", issued);
    v.number("expires", expires);
    let count = 1_u32.to_be_bytes();
    let (account, key) = (&host.account_id, &host.core[33..65]);
    let times = [issued.to_be_bytes(), expires.to_be_bytes()].concat();
    let content = [&times[..], &count, &host.certificate[65..]].concat();
    let inner = v.hash("inner", &[labels::DEVICES_CONTENT, account, key, &content]);
    let hash = v.hash("hash", &[labels::DEVICES_HASH, &1_u64.to_be_bytes(), &[0; 32], &inner]);
    v.part("");
    hash
}

/// Makes the crate's own client of the host's device, with a list of it alone.
pub(super) fn client(host: &Member, device: Device) -> Client {
    let certificate = device.certificate().clone();
    let list = DeviceList::first(host.account().key(), certificate, NOW);
    Client::new(device, list, NOW)
}

pub(super) fn offer(v: &mut Vector, host: &Member) -> Offer {
    offer_until(v, host, EXPIRES, true)
}

/// Computes an offer until this time, of what is drawn, or of an owner seed and a nonce that are given.
pub(super) fn offer_until(v: &mut Vector, host: &Member, expires: u64, is_drawn: bool) -> Offer {
    let listed = [&1_u64.to_be_bytes()[..], &listed(v, host)].concat();
    v.text("origin", ORIGIN);
    v.number("approval", 1_u8);
    v.number("expires", expires);
    v.number("idle", 864_000_u32);
    v.number("max-text", 4096_u32);
    v.number("max-pending", 3_u8);
    v.text("host name", "Ada");
    let policy = [
        &[1][..],
        &expires.to_be_bytes(),
        &864_000_u32.to_be_bytes(),
        &4096_u16.to_be_bytes(),
        &[3],
        &[0, 0, 0, 3],
        b"Ada",
    ]
    .concat();
    v.bytes("policy", &policy);
    let origin = [&[0, 0, 0, 11][..], ORIGIN.as_bytes()].concat();
    let info: [&[u8]; 4] = [labels::GUEST_OWNER, &NOW.to_be_bytes(), &origin, &policy];
    let secret = &host.agreement_seed;
    let (owner_random, owner_seed) = if is_drawn {
        v.hedged(("owner", "owner seed"), secret, &info)
    } else {
        ([0; 32], v.input("owner seed"))
    };
    let owner = v.signing_key("owner", &owner_seed);
    let info: [&[u8]; 6] =
        [labels::GUEST_NONCE, &origin, &host.certificate, &listed, &owner, &policy];
    let (random, nonce): (_, [u8; 32]) = if is_drawn {
        v.hedged(("invitation", "invitation nonce"), secret, &info)
    } else {
        ([0; 32], v.input("invitation nonce"))
    };
    let parts: [&[u8]; 7] =
        [&[1, 0x20, 1], &nonce, &origin, &host.certificate, &listed, &owner, &policy];
    let body = parts.concat();
    v.bytes("invitation body", &body);
    let signature =
        v.sign("invitation signature", &host.signing_seed, labels::GUEST_INVITATION, &[&body]);
    let signed = [&body[..], &signature].concat();
    v.bytes("signed invitation", &signed);
    let secret = v.hash("S", &[labels::GUEST_SECRET, &signed]);
    link_text(v, &secret);
    let keys = link_keys(v, &secret);
    let mut padded = [&signed[..], &[0x80]].concat();
    while padded.len() % 256 != 0 {
        padded.push(0);
    }
    v.bytes("padded invitation", &padded);
    let sealed = v.seal("sealed invitation", &keys.invitation_key, &keys.locator, &padded);
    let length = u32::try_from(sealed.len()).unwrap().to_be_bytes();
    let parts: [&[u8]; 7] = [
        &[1, 0x21],
        &keys.locator,
        &keys.claim_signing,
        &owner,
        &expires.to_be_bytes(),
        &length,
        &sealed,
    ];
    let server_copy = parts.concat();
    v.bytes("posting", &server_copy);
    let random = [owner_random, random];
    Offer { random, owner_seed, owner, expires, listed, policy, signed, keys, sealed, server_copy }
}

impl Offer {
    /// Makes the crate's own invite on the same inputs.
    pub(super) fn invite(&self, client: &Client) -> (Invite, ServerCopy) {
        let random: &[&[u8]] = &[&self.random[0], &self.random[1]];
        let policy = Policy::new("Ada", self.expires);
        let (invite, server_copy) =
            Tape::play(random, |rng| Invite::create(client, ORIGIN, policy, NOW, rng)).unwrap();
        assert_eq!(server_copy.encode(), self.server_copy);
        assert_eq!(ServerCopy::decode(&self.server_copy).unwrap(), server_copy);
        assert_eq!(invite.link().unwrap().secret().expose(), &self.keys.secret);
        (invite, server_copy)
    }
}

fn invitation() -> Vector {
    let mut v = Vector::new(
        "guest-invitation",
        "guest-links",
        "a host's signed invitation, the link that it is hashed to, and the posting",
    );
    let host = model::member(&mut v, "host");
    let offer = offer(&mut v, &host);
    let mut scratch = Vector::new("scratch", "", "");
    let device = host.device(&model::signed_prekeys(&mut scratch, "host", &host));
    let (invite, server_copy) = offer.invite(&client(&host, device));
    let link = invite.link().unwrap();
    let preview = link.open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    assert_eq!(preview.host().encode(), host.certificate);
    assert_eq!(*preview.policy(), policy());
    assert_eq!(policy().approval, Approval::Host);
    v
}

/// A guest by the formulas.
pub(super) struct Guest {
    pub(super) uid: [u8; 16],
    pub(super) signing_seed: [u8; 32],
    pub(super) agreement_seed: [u8; 32],
    pub(super) account: [u8; 32],
    pub(super) core: Vec<u8>,
    pub(super) certificate: Vec<u8>,
}

impl Guest {
    /// Returns it as the device that it is.
    pub(super) fn member(&self) -> Member {
        Member {
            account_id: self.account,
            account_seed: self.signing_seed,
            device_id: self.account[..8].try_into().unwrap(),
            signing_seed: self.signing_seed,
            agreement_seed: self.agreement_seed,
            core: self.core.clone(),
            certificate: self.certificate.clone(),
        }
    }
}

/// Computes the keys of a guest with this identifier and seed.
pub(super) fn guest(
    v: &mut Vector,
    locator: &[u8; 24],
    (uid, seed): ([u8; 16], [u8; 32]),
) -> Guest {
    v.part("guest");
    let prk = v.extract("prk", labels::GUEST_SEED, &[&seed]);
    let signing_seed = v.expand("signing", &prk, &[labels::GUEST_SIGNING, &uid, locator]);
    let agreement_seed = v.expand("agreement", &prk, &[labels::GUEST_AGREEMENT, &uid, locator]);
    let signing = v.signing_key("signing key", &signing_seed);
    let agreement = v.agreement_key("agreement key", &agreement_seed);
    let parts: [&[u8]; 5] = [labels::GUEST_ACCOUNT, &uid, locator, &signing, &agreement];
    let account = v.hash("account", &parts);
    let core = [&[2][..], &account, &signing, &account[..8], &signing, &agreement].concat();
    v.bytes("core", &core);
    let by_account = v.sign("account signature", &signing_seed, labels::IDENTITY_ACCOUNT, &[&core]);
    let by_device = v.sign("device signature", &signing_seed, labels::IDENTITY_DEVICE, &[&core]);
    let certificate = [&core[..], &by_account, &by_device].concat();
    v.bytes("certificate", &certificate);
    v.part("");
    let real = guest_identity(&Secret::copy(&seed), &uid, Locator(*locator));
    assert_eq!(real.certificate.encode(), certificate);
    assert_eq!(real.signing.seed().expose(), &signing_seed);
    assert_eq!(real.agreement.seed().expose(), &agreement_seed);
    assert!(Certificate::decode(&certificate).unwrap() == real.certificate);
    Guest { uid, signing_seed, agreement_seed, account, core, certificate }
}

/// The random bytes of three draws.
pub(super) type Random = [[u8; 32]; 3];

/// Computes the prekeys for late devices, by the formulas.
pub(super) fn late_device_prekeys(v: &mut Vector, guest: &Guest) -> (SignedPrekeys, Random) {
    let owner = guest.member();
    v.part("guest");
    let (secret, now) = (&guest.agreement_seed, NOW.to_be_bytes());
    let info = |i: &'static [u8]| {
        [labels::PREKEYS_SET_SECRETS.to_vec(), now.to_vec(), i.to_vec()].concat()
    };
    let (one, id) = v.hedged(("lasting id", "lasting id"), secret, &[&info(&[1])]);
    let (two, signed) = v.hedged(("signed prekey", "signed prekey seed"), secret, &[&info(&[2])]);
    let names = ("last-resort KEM", "last-resort KEM seed");
    let (three, kem) = v.hedged(names, secret, &[&info(&[3])]);
    (model::signed_by(v, "guest", &owner, id, (signed, kem)), [one, two, three])
}

fn keys() -> Vector {
    let mut v =
        Vector::new("guest-keys", "guest-links", "a guest's keys and certificate, for one link");
    let locator = v.input("locator");
    v.part("guest");
    let secrets = (v.input("uid"), v.input("seed"));
    guest(&mut v, &locator, secrets);
    v
}

fn contents() -> Vector {
    let comment = "contents of a guest chat, behind the list that the sender knows and its time";
    let mut v = Vector::new("guest-contents", "guest-links", comment);
    let wrap = |text: &str| Zeroizing::new(text.to_string());
    v.number("epoch", 7_u64);
    let hash: [u8; 32] = v.input("hash");
    let listed = Listed { epoch: 7, hash };
    v.number("sent", NOW + 7);
    let front = [&7_u64.to_be_bytes()[..], &hash, &(NOW + 7).to_be_bytes()].concat();
    let ids: [[u8; 16]; 2] = [v.input("first id"), v.input("second id")];
    let introduction = [&[1, 0, 0, 0, 2][..], b"Al", &[0, 0, 0, 2]].concat();
    let introduction = [&introduction[..], &ids[0], &[0, 0, 0, 1], b"a"].concat();
    let introduction = [&introduction[..], &ids[1], &[0, 0, 0, 2], "é".as_bytes()].concat();
    let join: [u8; 32] = v.input("join key");
    let introduction = [&introduction[..], &join].concat();
    let real = ChatContent::Introduction {
        name: "Al".to_string(),
        texts: vec![(MessageId(ids[0]), wrap("a")), (MessageId(ids[1]), wrap("é"))],
        share: None,
        join: Box::new(Psk::new(Secret::copy(&join)).unwrap()),
    };
    let signature: [u8; 64] = v.input("signature");
    v.number("at", NOW);
    let grant = [&[3][..], &NOW.to_be_bytes(), &signature].concat();
    let text = [&[2][..], &ids[0], &(NOW + 6).to_be_bytes(), b"a text"].concat();
    let said = ChatContent::Text { id: MessageId(ids[0]), sent: NOW + 6, text: wrap("a text") };
    let by: [u8; 8] = v.input("device id");
    let receipt = [&[9, 2, 0, 0, 0, 1][..], &by, &ids[0]].concat();
    let read = vec![TextId { by: DeviceId(by), id: MessageId(ids[0]) }];
    let account: [u8; 32] = v.input("account");
    let accepted = [&[11][..], &account].concat();
    let all: [(&str, &[u8], ChatContent); 10] = [
        ("hello", &introduction, real),
        ("said", &text, said),
        ("grant", &grant, ChatContent::Grant { at: NOW, signature }),
        ("end", &[4], ChatContent::End),
        ("join", &[7], ChatContent::Join),
        ("answer", &[8, 0], ChatContent::Knock(Asks::Nothing)),
        ("knock for a word", &[8, 1], ChatContent::Knock(Asks::Word)),
        ("knock for a session", &[8, 2], ChatContent::Knock(Asks::Session)),
        ("receipt", &receipt, ChatContent::Receipt { status: TextStatus::Read, texts: read }),
        ("accepted", &accepted, ChatContent::Accepted(AccountId(account))),
    ];
    for (name, bytes, real) in all {
        let bytes = [&front[..], bytes].concat();
        v.bytes(name, &bytes);
        assert_eq!(real.encode(&listed, NOW + 7)[..], bytes);
        let (reported, sent, read) = ChatContent::decode(&bytes, &policy()).unwrap();
        let again = read.encode(&listed, NOW + 7);
        assert_eq!((reported, sent, &again[..]), (listed, NOW + 7, &bytes[..]));
    }
    v
}
