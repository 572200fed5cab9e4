//! The briefing of a device that was linked, and refused ones.

use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use super::form::Vector;
use super::linking::{But, Linking, steps};
use crate::client::{Client, Entrant, LogStatus};
use crate::error::Error;
use crate::primitives::codec::Reader;
use crate::primitives::secret::Secret;
use crate::primitives::tests::test_rng::TestRng;
use crate::primitives::{dh, sign};
use crate::protocol::identity::certificate::{AccountId, AccountKind, Certificate, DeviceId};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::identity::linking::briefing::BriefingKey;
use crate::protocol::identity::linking::code::{LinkingPurpose, LinkingRequest};
use crate::protocol::labels;
use crate::session::Device;
use crate::storage::State;

const NOTES: &[u8] = b"settings of the app";

pub(super) fn vectors() -> Vec<Vector> {
    let refused = [of_another_linking(), without_the_device(), with_a_false_list(), false_key()];
    [briefing(), transfer()].into_iter().chain(refused).collect()
}

/// The lists that a primary tells, and the bytes in which it does.
struct Told {
    next: DeviceList,
    contact: DeviceList,
    briefing: Vec<u8>,
}

/// Makes the first list of somebody whom the account knows.
fn contact(v: &mut Vector) -> DeviceList {
    v.part("contact");
    let account = AccountId(v.input("account id"));
    let [key, signing] = ["account seed", "signing seed"]
        .map(|name| sign::SecretKey::from_seed(Secret::copy(&v.input(name))));
    let agreement = dh::SecretKey::from_seed(Secret::copy(&v.input("agreement seed")));
    let device = DeviceId(v.input("device id"));
    let member = AccountKind::Member;
    let device = Certificate::sign(member, account, &key, device, &signing, &agreement);
    let list = DeviceList::first(&key, device, NOW);
    v.bytes("list", &list.encode());
    v.part("");
    list
}

/// Encodes a contact without a history: verified, and its list found in a log.
fn encoded(list: &DeviceList, bytes: &[u8]) -> Vec<u8> {
    let since = [&list.devices()[0].device().0[..], &1_u64.to_be_bytes(), &NOW.to_be_bytes()];
    let since = [&1_u32.to_be_bytes()[..], &since.concat()].concat();
    // Not forgotten, no newcomer, verified, in the log; nothing waits, nothing was dismissed, no letter has named a
    // newer list.
    [bytes, &[0, 0, 1, 1], &since, &[0; 4], &[0; 4], &[0; 8], &[0; 16]].concat()
}

/// Seals a briefing under key 3, for the linking of transcript `t`.
fn seal(v: &mut Vector, key: &[u8; 32], t: &[u8; 32], content: &[u8]) -> Vec<u8> {
    v.bytes("briefing content", content);
    // Two lengths to an octave; no content here is longer than 6,143 bytes.
    let power = 1 << content.len().ilog2();
    let length = if content.len() < power + power / 2 { power + power / 2 } else { 2 * power };
    let mut text = [content, &[0x80]].concat();
    text.resize(length, 0);
    v.bytes("briefing text", &text);
    let salt = v.mac("briefing salt", key, &[labels::LINKING_BRIEFING_SALT, t, &text]);
    let prk = v.extract("briefing prk", &salt, &[key]);
    let k = v.expand("k", &prk, &[labels::LINKING_BRIEFING, t]);
    let front = [1, 0x15];
    let sealed = v.seal("sealed briefing", &k, &[&front[..], t].concat(), &text);
    let briefing = [&front[..], &salt, &sealed].concat();
    v.bytes("briefing", &briefing);
    briefing
}

/// Seals what a primary tells, whose next list has these devices.
fn tell(
    v: &mut Vector,
    linking: &Linking,
    (devices, seed): (Vec<Certificate>, Option<[u8; 32]>),
    contact_bytes: impl FnOnce(&DeviceList) -> Vec<u8>,
) -> Told {
    let account = linking.home.key();
    let next = linking.home.current(false).next(account.key(), devices, NOW).unwrap();
    v.bytes("next list", &next.encode());
    let contact = contact(v);
    let framed = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    };
    let contact_part = encoded(&contact, &contact_bytes(&contact));
    let account = seed.map_or(vec![0], |seed| [&[1][..], &seed].concat());
    let parts = [framed(&next.encode()), framed(NOTES), account, vec![0, 0, 0, 1], contact_part];
    let (_, key, t) = &linking.shown;
    let briefing = seal(v, key, t, &parts.concat());
    Told { next, contact, briefing }
}

/// Returns the bytes of a list as it stands in a contact.
fn inside(list: &DeviceList) -> Vec<u8> {
    list.encode()[2..].to_vec()
}

impl Linking {
    /// Makes the crate's own entrant.
    fn entrant(&self) -> Entrant {
        let code = LinkingRequest::read(self.code(), NOW).unwrap();
        let purpose = if code.purpose() == LinkingPurpose::Primary { 2 } else { 1 };
        let companion = &self.home.companion;
        let (_, key, t) = &self.shown;
        let certificate = self.home.certificate(companion).encode();
        let (rendezvous, list) = ([0x77; 16], inside(&self.home.current(false)));
        let (accepted, seeds) =
            (NOW.to_be_bytes(), [companion.signing_seed, companion.agreement_seed].concat());
        let parts: [&[u8]; 8] =
            [&[1, 0x0a, purpose], &seeds, &certificate, key, t, &rendezvous, &accepted, &list];
        Entrant::from_bytes(&parts.concat()).unwrap()
    }
}

fn briefing() -> Vector {
    let mut v = Vector::new(
        "linking-briefing",
        "linking",
        "the briefing after linking: a next list with both devices, notes, and one verified contact",
    );
    let linking = steps(&mut v, But::Nothing);
    let told = tell(&mut v, &linking, (linking.home.both(), None), inside);
    let (_, key, t) = &linking.shown;
    let entrant = linking.entrant();
    let opened = entrant.open(&told.briefing, NOW).unwrap();
    assert_eq!((opened.list(), opened.notes()), (&told.next, NOTES));
    let mut rng = TestRng::new(1);
    let (client, _) = opened.begin(entrant, NOW, &mut rng).unwrap();
    let account = told.contact.account();
    assert_eq!((client.list(), client.list_of(account)), (&told.next, Some(&told.contact)));
    assert!(client.is_verified(account));
    assert_eq!(client.logged(account), Some(LogStatus::Included));

    // The primary knows as much, and tells it in these bytes.
    let home = &linking.home;
    let device = Device::new(home.identity(&home.primary), NOW, &mut rng);
    let mut primary = Client::new(device, home.current(false), NOW);
    primary.learn(&told.contact, NOW).unwrap().apply();
    let verified = Some(told.contact.account_key());
    primary.set_verified(account, verified, NOW).unwrap().apply();
    let status = Some(LogStatus::Included);
    primary.set_logged(account, told.contact.hash(), status, NOW).unwrap().apply();
    let own = Reader::all(&[*key, *t].concat(), BriefingKey::read).unwrap();
    assert_eq!(
        own.seal(primary.briefing(&told.next, NOTES, None).written()).unwrap(),
        told.briefing
    );
    v
}

fn transfer() -> Vector {
    let mut v = Vector::new(
        "linking-transfer",
        "linking",
        "a transfer: a code of a new primary, a next list with it alone, a briefing with the account seed",
    );
    let linking = steps(&mut v, But::Primary);
    let new = vec![linking.home.certificate(&linking.home.companion)];
    let seed = linking.home.account_seed;
    let told = tell(&mut v, &linking, (new, Some(seed)), inside);
    let scanned = LinkingRequest::read(linking.code(), NOW).unwrap();
    assert_eq!(scanned.purpose(), LinkingPurpose::Primary);
    let entrant = linking.entrant();
    let opened = entrant.open(&told.briefing, NOW).unwrap();
    let (_, account) = opened.begin(entrant, NOW, &mut TestRng::new(2)).unwrap();
    let account = account.unwrap();
    assert_eq!(account.public_key(), told.next.account_key());
    assert_eq!(account.to_bytes()[34..], seed);

    // The primary says it in these bytes.
    let home = &linking.home;
    let device = Device::new(home.identity(&home.primary), NOW, &mut TestRng::new(1));
    let mut primary = Client::new(device, home.current(false), NOW);
    primary.learn(&told.contact, NOW).unwrap().apply();
    let id = told.contact.account();
    primary.set_verified(id, Some(told.contact.account_key()), NOW).unwrap().apply();
    let status = Some(LogStatus::Included);
    primary.set_logged(id, told.contact.hash(), status, NOW).unwrap().apply();
    let (_, key, t) = &linking.shown;
    let own = Reader::all(&[*key, *t].concat(), BriefingKey::read).unwrap();
    let content = primary.briefing(&told.next, NOTES, Some(&account));
    assert_eq!(own.seal(content.written()).unwrap(), told.briefing);
    v
}

fn false_key() -> Vector {
    let comment = "a transfer's briefing with the seed of another account key than the list's";
    let mut v = Vector::new("refused-linking-transfer", "linking", comment);
    let linking = steps(&mut v, But::Primary);
    let new = vec![linking.home.certificate(&linking.home.companion)];
    let seed = v.input("other account seed");
    let told = tell(&mut v, &linking, (new, Some(seed)), inside);
    let error = linking.entrant().open(&told.briefing, NOW).err();
    assert_eq!(error, Some(Error::WrongPeer));
    refused(v, &linking, &told.briefing)
}

fn refused(v: Vector, linking: &Linking, briefing: &[u8]) -> Vector {
    v.refused(linking.entrant().open(briefing, NOW).err())
}

fn of_another_linking() -> Vector {
    let comment = "a briefing that is sealed for the transcript of another linking";
    let mut v = Vector::new("refused-linking-briefing", "linking", comment);
    let mut linking = steps(&mut v, But::Nothing);
    let mine = linking.shown.2;
    linking.shown.2 = v.input("other t");
    let told = tell(&mut v, &linking, (linking.home.both(), None), inside);
    linking.shown.2 = mine;
    refused(v, &linking, &told.briefing)
}

fn without_the_device() -> Vector {
    let comment = "a briefing whose list does not name the device that it is for";
    let mut v = Vector::new("refused-linking-briefing-unlisted", "linking", comment);
    let linking = steps(&mut v, But::Nothing);
    let alone = vec![linking.home.certificate(&linking.home.primary)];
    let told = tell(&mut v, &linking, (alone, None), inside);
    refused(v, &linking, &told.briefing)
}

fn with_a_false_list() -> Vector {
    let comment = "a briefing with a contact's list whose signature does not hold";
    let mut v = Vector::new("refused-linking-briefing-list", "linking", comment);
    let linking = steps(&mut v, But::Nothing);
    let told = tell(&mut v, &linking, (linking.home.both(), None), |list| {
        let mut bytes = inside(list);
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    });
    let error = linking.entrant().open(&told.briefing, NOW).err();
    assert_eq!(error, Some(Error::BadSignature));
    refused(v, &linking, &told.briefing)
}
