//! Briefings of a primary that is in somebody else's hands.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::vec::Vec;

use crate::client::contact::Contact;
use crate::client::limits::MAX_NEWCOMERS;
use crate::client::{Client, Entrant, LinkingPurpose, LinkingRequest, NewDevice};
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::device_list::DeviceList;
use crate::session::{Account, Device};
use crate::storage::State;

const NOW: u64 = 1_800_000_000;

/// An entrant, its primary just before it admits it, the list that does, and the lists of two other accounts.
struct Scene {
    entrant: Entrant,
    primary: Client,
    next: DeviceList,
    others: [DeviceList; 2],
}

impl Scene {
    fn new() -> Self {
        Self::of(LinkingPurpose::Companion)
    }

    fn of(purpose: LinkingPurpose) -> Self {
        let mut rng = TestRng::new(1);
        let [account, one, two] =
            [1, 2, 3].map(|id| Account::generate(AccountId([id; 32]), &mut rng));
        let others = [&one, &two].map(|of| Client::create(of, NOW, &mut rng).list().clone());
        let mut primary = Client::create(&account, NOW, &mut rng);
        let is_transfer = purpose == LinkingPurpose::Primary;
        let generate = if is_transfer { NewDevice::generate_primary } else { NewDevice::generate };
        let new = generate("laptop", NOW, &mut rng).unwrap();
        let request = LinkingRequest::read(&new.code(), NOW).unwrap();
        let offer = primary.offer(&account, &request, (purpose, 4), NOW, &mut rng);
        let offer = offer.unwrap().apply();
        let digits = primary.linking_digits().unwrap();
        let offer = new.open(&offer, NOW).unwrap();
        let (entrant, acceptance) = offer.accept(new, digits, NOW).unwrap();
        let mut copy = Client::from_bytes(&primary.to_bytes()).unwrap();
        copy.learn(primary.list(), NOW).unwrap().apply();
        if is_transfer {
            copy.transfer(&account, &acceptance, b"", NOW).unwrap().apply();
        } else {
            copy.admit(&account, &acceptance, b"", NOW).unwrap().apply();
        }
        let next = copy.list().clone();
        Self { entrant, primary, next, others }
    }

    /// Seals what such a primary tells, and returns what the entrant says to it.
    fn told(&self, content: &[u8]) -> Option<Error> {
        let pending = self.primary.inner.linking.as_ref().unwrap();
        self.entrant.open(&pending.brief(content).unwrap(), NOW).err()
    }

    /// Returns what is told with these lists in the contacts.
    fn content(&self, lists: &[&DeviceList]) -> Vec<u8> {
        let mut content = Writer::new();
        content.bytes(&self.next.encode());
        content.bytes(b"notes");
        content.flag(false);
        content.list(lists, |list, writer| Contact::new((*list).clone()).write(writer));
        content.public()
    }
}

#[test]
fn a_briefing_names_other_accounts_once_and_in_order() {
    let scene = Scene::new();
    let [one, two] = &scene.others;
    assert_eq!(scene.told(&scene.content(&[one, two])), None);
    for lists in [&[two, one][..], &[one, one], &[&scene.next]] {
        assert_eq!(scene.told(&scene.content(lists)), Some(Error::Malformed));
    }
}

#[test]
fn a_new_primary_is_told_the_account_and_a_companion_is_not() {
    let account = Account::generate(AccountId([1; 32]), &mut TestRng::new(1));
    let seed = account.key().seed().expose();
    for (purpose, fitting) in [(LinkingPurpose::Companion, false), (LinkingPurpose::Primary, true)]
    {
        let mut scene = Scene::of(purpose);
        // A device that was saved while it waits still knows.
        scene.entrant = Entrant::from_bytes(&scene.entrant.to_bytes()).unwrap();
        assert_eq!(scene.entrant.purpose(), purpose);
        for has_account in [false, true] {
            let mut content = Writer::new();
            content.bytes(&scene.next.encode());
            content.bytes(b"notes");
            content.option(has_account.then_some(seed), |seed, writer| writer.raw(seed));
            content.count(0);
            let error = (has_account != fitting).then_some(Error::Malformed);
            assert_eq!(scene.told(content.written()), error, "{purpose:?} {has_account}");
        }
    }
}

#[test]
fn a_briefing_ends_where_its_contacts_do() {
    let scene = Scene::new();
    let content = scene.content(&[&scene.others[0]]);
    for length in 0..content.len() {
        assert!(scene.told(&content[..length]).is_some(), "{length}");
    }
    assert_eq!(scene.told(&[&content[..], &[0]].concat()), Some(Error::Malformed));
    // A count that nothing follows takes no memory.
    let mut empty = scene.content(&[]);
    let count = empty.len() - 4;
    for contacts in [1_u32, 65_536, 65_537, u32::MAX] {
        empty[count..].copy_from_slice(&contacts.to_be_bytes());
        assert_eq!(scene.told(&empty), Some(Error::Malformed));
    }
}

#[test]
fn the_next_list_of_a_briefing_follows_the_one_of_the_offer_and_is_in_its_time() {
    let mut scene = Scene::new();
    let account = Account::generate(AccountId([1; 32]), &mut TestRng::new(1));
    let (next, offered) = (scene.next.clone(), scene.primary.list().clone());
    let both = next.devices().to_vec();
    let mut said = |list: DeviceList| {
        scene.next = list;
        scene.told(&scene.content(&[]))
    };
    assert_eq!(account.public_key(), offered.account_key());
    let signed = |list: &DeviceList, now| list.next(account.key(), both.clone(), now).unwrap();
    assert_eq!(said(signed(&next, NOW)), None);
    assert_eq!(said(offered.clone()), Some(Error::OwnDeviceUnlisted));
    // Of another history: the list before it was issued at another time.
    let alone = offered.devices().to_vec();
    let first = DeviceList::first(account.key(), alone[0].clone(), NOW + 1);
    assert_eq!(said(signed(&first, NOW)), Some(Error::ListFork));
    assert_eq!(said(first), Some(Error::ListFork));
    for issued in [NOW - 31 * 86_400, NOW + 86_401] {
        assert_eq!(said(signed(&offered, issued)), Some(Error::ListExpired));
    }
    let [stranger, _] = &scene.others;
    let stranger = stranger.clone();
    scene.next = stranger;
    assert_eq!(scene.told(&scene.content(&[])), Some(Error::WrongPeer));
}

#[test]
fn a_list_that_waits_in_a_briefing_is_verified_like_the_known_one() {
    let scene = Scene::new();
    let [known, _] = &scene.others;
    // The account's id under another key, with a signature that does not hold.
    let other = Account::generate(known.account(), &mut TestRng::new(2));
    let waits = Client::create(&other, NOW, &mut TestRng::new(3)).list().clone();
    let mut contact = Writer::new();
    Contact::new(known.clone()).write(&mut contact);
    let contact = contact.public();
    // Behind the list, three bytes, and one device with its count: the lists that wait.
    let place = contact.len() - (4 + 4 + 8 + 16);
    let told = |flip: u8| {
        let mut bytes = waits.encode()[2..].to_vec();
        *bytes.last_mut().unwrap() ^= flip;
        let parts: [&[u8]; 5] = [
            &scene.content(&[known]),
            &contact[..place],
            &[0, 0, 0, 1],
            &bytes,
            &contact[place + 4..],
        ];
        let front = parts[0].len() - contact.len();
        let content = [&parts[0][..front], parts[1], parts[2], parts[3], parts[4]].concat();
        scene.told(&content)
    };
    assert_eq!(told(0), None);
    assert_eq!(told(1), Some(Error::BadSignature));
}

#[test]
fn a_briefing_has_no_more_newcomers_than_a_client_may_know() {
    let scene = Scene::new();
    let mut rng = TestRng::new(2);
    let lists: Vec<_> = (0..=MAX_NEWCOMERS)
        .map(|number| {
            let mut id = [9; 32];
            id[..8].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
            let account = Account::generate(AccountId(id), &mut rng);
            let device = Device::generate(&account, NOW, &mut rng);
            DeviceList::first(account.key(), device.certificate().clone(), NOW)
        })
        .collect();
    let lists: Vec<_> = lists.iter().collect();
    assert_eq!(scene.told(&scene.content(&lists[1..])), None);
    assert_eq!(scene.told(&scene.content(&lists)), Some(Error::Malformed));
}
