//! A linking from both sides' seeds to the acceptance, and refused ones.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::household::Household;
use super::tape::Tape;
use crate::error::Error;
use crate::primitives::codec::Reader;
use crate::primitives::kdf::{Prk, hash};
use crate::primitives::pasted;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::identity::linking::code::{LinkingRequest, Request};
use crate::protocol::identity::linking::digits::LinkingDigits;
use crate::protocol::identity::linking::offer_to;
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    let mut all = vec![linking()];
    all.extend(refused());
    all
}

const DESCRIPTION: &str = "Laptop, Linux";

/// A difference from the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum But {
    Nothing,
    /// The last bit of the code's check is flipped.
    Check,
    /// The account read a code with another description.
    Description,
    /// The list does not have the primary.
    Unlisted,
    /// The account key signs the transcript.
    Signer,
    /// The account key signs for the new device.
    Countersigner,
    /// No difference: the code is that of a new primary.
    Primary,
}

/// The values of the formulas, and what the crate's own run on the same inputs needs.
pub(super) struct Linking {
    pub(super) home: Household,
    ephemeral_seed: [u8; 32],
    secret: [u8; 32],
    random: [u8; 32],
    body: Vec<u8>,
    code: String,
    offer: Vec<u8>,
    acceptance: Vec<u8>,
    /// The digits; key 3 and t.
    pub(super) shown: (String, [u8; 32], [u8; 32]),
}

/// Computes body and text of a code.
fn code(
    v: &mut Vector,
    front: &str,
    description: &str,
    keys: &[u8],
    (secret, but): (&[u8; 32], But),
) -> (Vec<u8>, String) {
    v.text(&format!("{front}description"), description);
    let length = u8::try_from(description.len()).unwrap();
    let purpose = if but == But::Primary { 2 } else { 1 };
    let fixed = [&[1, purpose][..], &NOW.to_be_bytes(), keys, &[length]].concat();
    let body = [&fixed, description.as_bytes()].concat();
    v.bytes(&format!("{front}body"), &body);
    let hash = v.hash(&format!("{front}check hash"), &[labels::LINKING_CHECK, &body, secret]);
    let mut bytes = [&body[..], secret, &hash[..4]].concat();
    v.hash(&format!("{front}rendezvous hash"), &[labels::LINKING_RENDEZVOUS, &body, secret]);
    *bytes.last_mut().unwrap() ^= u8::from(but == But::Check);
    let code = pasted::write('D', &bytes).to_string();
    v.text(&format!("{front}code"), &code);
    (body, code)
}

/// Computes the digits that the primary shows.
fn digits(v: &mut Vector, prk: &Prk, t: &[u8; 32]) -> String {
    let drawn: [u8; 48] = v.expand("digits drawn", prk, &[labels::LINKING_DIGITS, t]);
    let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().unwrap()) % 10;
    let digits: String = drawn.chunks(8).map(|bytes| number(bytes).to_string()).collect();
    v.text("digits", &digits);
    digits
}

pub(super) fn steps(v: &mut Vector, but: But) -> Linking {
    let home = Household::new(v);
    let (primary, companion) = (&home.primary, &home.companion);
    v.part("companion");
    let ephemeral_seed = v.input("ephemeral seed");
    let ephemeral = v.agreement_key("ephemeral", &ephemeral_seed);
    v.part("");
    let secret: [u8; 32] = v.input("linking secret");
    v.number("created", NOW);
    let keys = [&companion.core[73..], &ephemeral].concat();
    let (mut body, mut text) = code(v, "", DESCRIPTION, &keys, (&secret, but));
    if but == But::Description {
        (body, text) = code(v, "altered ", "Tablet, Linux", &keys, (&secret, but));
    }

    let current = home.current(but == But::Unlisted);
    let (list_hash, list) = (current.hash(), current.encode());
    v.bytes("list hash", &list_hash.0);
    v.bytes("list", &list);
    v.part("primary");
    let random = v.input("ephemeral random");
    let hedge = v.extract("ephemeral prk", &primary.agreement_seed, &[&random]);
    let info: [&[u8]; 4] = [labels::LINKING_EPHEMERAL, &list_hash.0, &companion.id, &body];
    let own_seed = v.expand("ephemeral seed", &hedge, &info);
    let own = v.agreement_key("ephemeral", &own_seed);
    v.part("");
    let by_ephemeral = v.agree("dh of the ephemerals", &own_seed, &ephemeral_seed);
    let by_agreement = v.agree("dh with the agreement key", &own_seed, &companion.agreement_seed);
    let prk = v.extract("prk", &secret, &[&by_ephemeral, &by_agreement]);
    let key_1 = v.expand("key 1", &prk, &[labels::LINKING_KEYS, &[1]]);
    let key_2 = v.expand("key 2", &prk, &[labels::LINKING_KEYS, &[2]]);
    let key_3 = v.expand("key 3", &prk, &[labels::LINKING_KEYS, &[3]]);

    let parts: [&[u8]; 6] =
        [labels::LINKING_TRANSCRIPT, &body, &own, &primary.core, &companion.core, &list_hash.0];
    let t = v.hash("t", &parts);
    let digits = digits(v, &prk, &t);
    let signer = if but == But::Signer { &home.account_seed } else { &primary.signing_seed };
    let signature = v.sign("offer signature", signer, labels::LINKING_OFFER, &[&t]);
    let certificate = home.certificate(primary).encode();
    v.bytes("primary certificate", &certificate);
    let signed_by_account = companion.account_signature();
    let length = u32::try_from(list.len()).unwrap().to_be_bytes();
    let front = [&certificate[..], &companion.id, signed_by_account, &signature];
    let offered = [&front.concat()[..], &length, &list].concat();
    v.bytes("offer text", &offered);
    let clear = [&[1, 0x13][..], &own].concat();
    let sealed = v.seal("sealed offer", &key_1, &[&clear[..], &body].concat(), &offered);
    let offer = [clear, sealed].concat();
    v.bytes("offer", &offer);

    let by_account = but == But::Countersigner;
    let signer = if by_account { &home.account_seed } else { &companion.signing_seed };
    let signature = v.sign("countersignature", signer, labels::IDENTITY_DEVICE, &[&companion.core]);
    let sealed = v.seal("sealed acceptance", &key_2, &[&[1, 0x14][..], &t].concat(), &signature);
    let acceptance = [&[1, 0x14][..], &sealed].concat();
    v.bytes("acceptance", &acceptance);
    let code = text;
    let shown = (digits, key_3, t);
    Linking { home, ephemeral_seed, secret, random, body, code, offer, acceptance, shown }
}

impl Linking {
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// Makes the crate's own new device on the same inputs.
    fn request(&self) -> Request {
        let companion = &self.home.companion;
        let (signing, agreement) = (&companion.signing_seed, &companion.agreement_seed);
        let (now, text) = (NOW.to_be_bytes(), DESCRIPTION.as_bytes());
        let about = [self.body[1], u8::try_from(text.len()).unwrap()];
        let parts: [&[u8]; 7] =
            [signing, agreement, &self.ephemeral_seed, &self.secret, &now, &about, text];
        Reader::all(&parts.concat(), Request::read).unwrap()
    }

    /// Opens the acceptance by the crate, on the account's side.
    fn completed(&self) -> Result<Vec<u8>, Error> {
        let home = &self.home;
        let scanned = LinkingRequest::read(&self.code, NOW).unwrap();
        let (primary, account) = (home.identity(&home.primary), home.key());
        let (list, to) = (home.current(false), (&scanned, DeviceId(home.companion.id)));
        let made = Tape::play(&[&self.random], |rng| {
            offer_to(to, &primary, account.key(), &list, NOW, rng)
        });
        let (pending, bytes) = made.unwrap();
        assert_eq!(bytes, self.offer);
        pending.complete(&self.acceptance, NOW).map(|certificate| certificate.encode())
    }
}

fn linking() -> Vector {
    let mut v = Vector::new(
        "linking",
        "linking",
        "a whole linking: everything from the seeds to the acceptance",
    );
    let linking = steps(&mut v, But::Nothing);
    let request = linking.request();
    assert_eq!(request.code().as_str(), linking.code);
    let scanned = LinkingRequest::read(&linking.code, NOW).unwrap();
    let hash = hash(&[labels::LINKING_RENDEZVOUS, &linking.body, &linking.secret]);
    for id in [request.rendezvous(), scanned.rendezvous()] {
        assert_eq!(id.0, hash[..16]);
    }
    let typed = LinkingDigits::parse(&linking.shown.0).unwrap();
    let accepted = request.open(&linking.offer, NOW).unwrap().accept(&request, &typed).unwrap();
    assert_eq!(accepted.acceptance, linking.acceptance);
    let certificate = accepted.identity.certificate.encode();
    assert_eq!(linking.completed(), Ok(certificate.clone()));
    v.bytes("companion certificate", &certificate);
    v
}

/// Ends a linking with what `last` makes of it.
fn ends(
    name: &str,
    comment: &'static str,
    but: But,
    last: impl FnOnce(&mut Vector, &Linking) -> Option<Error>,
) -> Vector {
    let mut v = Vector::new(name, "linking", comment);
    let linking = steps(&mut v, but);
    let error = last(&mut v, &linking);
    v.refused(error)
}

fn refused() -> Vec<Vector> {
    let at = |v: &mut Vector, now: u64| {
        v.number("now", now);
        now
    };
    let open =
        |_: &mut Vector, linking: &Linking| linking.request().open(&linking.offer, NOW).err();
    vec![
        ends(
            "refused-linking-check",
            "a code with one bit of its check flipped",
            But::Check,
            |_, linking| LinkingRequest::read(&linking.code, NOW).err(),
        ),
        ends(
            "refused-linking-late",
            "a genuine code, read 61 seconds after it was made",
            But::Nothing,
            |v, linking| LinkingRequest::read(&linking.code, at(v, NOW + 61)).err(),
        ),
        ends(
            "refused-linking-offer-late",
            "a genuine offer, opened 301 seconds after the code was made",
            But::Nothing,
            |v, linking| linking.request().open(&linking.offer, at(v, NOW + 301)).err(),
        ),
        ends(
            "refused-linking-description",
            "an offer for a code that was altered on its way: it says that this is something else",
            But::Description,
            open,
        ),
        ends(
            "refused-linking-unlisted",
            "an offer whose primary is not on the list that it shows",
            But::Unlisted,
            open,
        ),
        ends(
            "refused-linking-signature",
            "an offer whose transcript the account key signed instead of the primary",
            But::Signer,
            open,
        ),
        ends(
            "refused-linking-digits",
            "a genuine offer, accepted with digits of which the last is another one",
            But::Nothing,
            |v, linking| {
                let (first, last) = linking.shown.0.split_at(5);
                let typed = [first, if last == "0" { "1" } else { "0" }].concat();
                v.text("typed digits", &typed);
                let offered = linking.request().open(&linking.offer, NOW).unwrap();
                let typed = LinkingDigits::parse(&typed).unwrap();
                offered.accept(&linking.request(), &typed).err()
            },
        ),
        ends(
            "refused-linking-acceptance",
            "an acceptance, well sealed, in which the account key signed for the new device",
            But::Countersigner,
            |_, linking| linking.completed().err(),
        ),
    ]
}
