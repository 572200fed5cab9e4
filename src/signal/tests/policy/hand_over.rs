//! Hand-overs: the people on other messengers that a linked device takes over, and what it does not.

use alloc::vec::Vec;

use super::several::{another, plain, plain_statement, says_with};
use super::town::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::session::{Account, AccountId};
use crate::signal::policy::{MAX_ACCOUNTS, MAX_UNDECIDED_OF_ONE};
use crate::signal::*;
use crate::storage::{Change, Pending, State, StateKey};

/// Takes a page on its way to another own device.
fn passed(page: &PolicyHandover) -> PolicyHandover {
    let bytes = page.to_content().encode();
    let content = Content::decode(&bytes, Kinds::of(Sender::Own)).unwrap();
    let again = PolicyHandover::of_content(&content).unwrap();
    assert_eq!(*again.to_content().encode(), *bytes);
    again
}

/// Has a device take over all that another one knows.
pub(super) fn take(from: &Client, to: &mut Client) -> Vec<Unmerged> {
    let pages = from.hand_over();
    let pages = pages.iter().map(passed);
    pages.flat_map(|page| take_page(to, &page)).collect()
}

/// Has a device take over a page. The recorded change makes the same of what was stored before it, and the state can
/// be read again.
fn take_page(to: &mut Client, page: &PolicyHandover) -> Vec<Unmerged> {
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let mut stored = Client::from_bytes(&to.to_bytes()).unwrap();
    let anchor = to.anchor();
    let pending = to.take_over(page, NOW).unwrap();
    let recorded = pending.record(&key, b"ada", &anchor, &mut TestRng::new(1)).unwrap();
    let record = recorded.record().map(<[u8]>::to_vec);
    let unmerged = recorded.apply();
    if let Some(record) = record {
        let change: Change<Client> = key.open(b"ada", None, &record).unwrap();
        change.apply(&mut stored).unwrap();
    }
    assert_eq!(*stored.to_bytes(), *to.to_bytes());
    assert_eq!(*Client::from_bytes(&to.to_bytes()).unwrap().to_bytes(), *to.to_bytes());
    unmerged
}

/// Ada talks to Grace, and has linked a second device.
fn linked() -> (Town, Client) {
    let mut town = Town::talking();
    let second = another(0, 2, &mut town.rng);
    (town, second)
}

/// Refuses a page, which changes nothing.
fn refused(client: &mut Client, page: &PolicyHandover) -> Error {
    let before = client.to_bytes();
    let error = client.take_over(page, NOW).map(drop).expect_err("it was taken");
    assert_eq!(*client.to_bytes(), *before);
    error
}

#[test]
fn m22_a_linked_device_knows_whom_the_first_one_knows_and_talks_once_it_is_attested() {
    let (mut town, mut second) = linked();
    assert_eq!(take(&town.clients[0], &mut second), []);
    assert_eq!(second.statement_of(&account(1)), town.clients[0].statement_of(&account(1)));
    assert_eq!(second.provider(&provider(1)), town.clients[0].provider(&provider(1)));
    assert_eq!(second.consent_of(&account(1)), Consent::Accepted);
    assert!(second.is_opted_in(&provider(1)));
    // It has a key of its own, and no session of the other device's.
    assert_ne!(second.identity(), town.clients[0].identity());
    assert!(!second.has_session(&device(1, 1)));
    let (bundle, mut rng) = (town.clients[1].bundle(), TestRng::new(7));
    let begun = second.begin(&device(1, 1), &bundle, NOW, &mut rng).map(drop);
    assert_eq!(begun, Err(Error::OwnDeviceUnlisted));
    let says = says_with(&town, 0, &second);
    town.renew(0, says.clone());
    let key = town.accounts[0].public_key();
    second.adopt(&town.attested(0, says), key, NOW).unwrap().apply();
    second.begin(&device(1, 1), &bundle, NOW, &mut rng).unwrap().apply();
    let content = text(4);
    let saying = Saying::new(&content, second.message_id(&mut rng));
    let mut say = |second: &mut Client| {
        second.seal(&device(1, 1), &saying, NOW, &mut rng).map(Pending::apply)
    };
    let message = say(&mut second).unwrap();
    let from = device(0, 2);
    let opened = town.clients[1].open(&from, message.kind, &message.bytes, NOW).unwrap().apply();
    assert_eq!((opened.from, opened.is_request), (from.clone(), false));
    town.pass(0, &text(1));
    // Once it is removed, the other side has erased its sessions, and it says nothing more.
    let without = AccountStatement { sequence: 7, ..town.says(0) };
    town.renew(0, without.clone());
    assert!(!town.clients[1].has_session(&from));
    second.adopt(&town.attested(0, without), key, NOW).unwrap().apply();
    assert_eq!(say(&mut second), Err(Error::OwnDeviceUnlisted));
    let refused = town.clients[1].open(&from, message.kind, &message.bytes, NOW).map(drop);
    assert_eq!(refused, Err(Error::Unlisted));
}

#[test]
fn m22_nothing_that_opens_or_seals_is_handed_over() {
    let (town, mut second) = linked();
    let first = &town.clients[0];
    let bytes = first.hand_over()[0].to_content().encode();
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(has(&town.accounts[1].public_key().0) && has(b"grace"));
    assert!(!has(first.inner.keys.identity().seed().expose()));
    // All of the state that is secret stands in the keys and in the sessions.
    let state = first.to_bytes();
    let before = second.to_bytes().len();
    take(first, &mut second);
    let grown = second.to_bytes().len() - before;
    assert!(bytes.len() < state.len() && grown < bytes.len() + 64, "{grown}, {}", bytes.len());
    assert!(second.inner.peers.is_empty());
}

#[test]
fn m22_taking_over_is_one_change_and_happens_once() {
    let (town, mut second) = linked();
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let mut copy = Client::from_bytes(&second.to_bytes()).unwrap();
    let pages = town.clients[0].hand_over();
    assert_eq!((pages.len(), pages[0].page(), pages[0].account()), (1, (0, 1), &account(0)));
    let stored = second.anchor();
    let pending = second.take_over(&pages[0], NOW).unwrap();
    let recorded = pending.record(&key, b"ada", &stored, &mut TestRng::new(1)).unwrap();
    let record = recorded.record().expect("a change").to_vec();
    recorded.apply();
    let change: Change<Client> = key.open(b"ada", None, &record).unwrap();
    change.apply(&mut copy).unwrap();
    assert_eq!(*copy.to_bytes(), *second.to_bytes());
    assert!(!second.take_over(&pages[0], NOW).unwrap().is_change());
    // To forget a device is one, too.
    let (mut town, stored) = (plain(16), second.anchor());
    let recorded = second.forget_device(&device(1, 1), NOW);
    let recorded = recorded.record(&key, b"ada", &stored, &mut town.rng).unwrap();
    let record = recorded.record().expect("a change").to_vec();
    recorded.apply();
    key.open::<Change<Client>>(b"ada", None, &record).unwrap().apply(&mut copy).unwrap();
    assert_eq!(*copy.to_bytes(), *second.to_bytes());
}

#[test]
fn m22_a_hand_over_of_another_account_is_refused() {
    let (town, mut second) = linked();
    let page = &town.clients[1].hand_over()[0];
    assert_eq!(refused(&mut second, page), Error::WrongPeer);
}

#[test]
fn m22_every_signature_in_a_hand_over_is_verified_once_more() {
    let (town, mut second) = linked();
    let bytes = town.clients[0].hand_over()[0].to_content().encode();
    let place_of = |part: &[u8]| bytes.windows(part.len()).position(|it| it == part).unwrap();
    let descriptor = descriptor(statement(1));
    let attestation = town.attested(1, town.says(1));
    let signatures = [
        place_of(&descriptor) + descriptor.len() - 60,
        place_of(&attestation) + attestation.len() - 60,
        place_of(&attestation) + attestation.len() - 64 - 32 - 60,
    ];
    for place in signatures {
        let mut altered = bytes.to_vec();
        altered[place] ^= 1;
        let content = Content::decode(&altered, Kinds::of(Sender::Own)).unwrap();
        let page = PolicyHandover::of_content(&content).unwrap();
        assert_eq!(refused(&mut second, &page), Error::BadSignature, "{place}");
    }
}

#[test]
fn m22_a_provider_is_taken_by_the_takers_own_roots() {
    let (town, _) = linked();
    let other = TrustedKeys::new([Authority::from_seed(&[8; 32]).public_key()]).unwrap();
    let mut second = Client::generate(device(0, 2), Version::V4, other, NOW, &mut TestRng::new(4));
    let told = [Unmerged::Provider(provider(1)), Unmerged::Account(account(1))];
    assert_eq!(take(&town.clients[0], &mut second), told);
    assert!(second.provider(&provider(1)).is_none() && !second.is_opted_in(&provider(1)));
    // Nor does it say by what its people are known.
    assert!(second.statement_of(&account(1)).is_none());
    // Nor accepts whoever would be the first under that name.
    assert_eq!(second.consent_of(&account(1)), Consent::Unasked);
    assert_eq!(
        second.read_group_message(&device(1, 1), &[], NOW).map(drop),
        Err(Error::NotOptedIn)
    );
}

#[test]
fn m22_nothing_that_is_known_becomes_older_or_weaker() {
    let (mut town, mut second) = linked();
    let mut third = another(0, 3, &mut town.rng);
    take(&town.clients[0], &mut second);
    take(&town.clients[0], &mut third);
    // The second device learns more, and blocks; the first one has stayed behind.
    let newer = descriptor(ProviderStatement { counter: 6, ..statement(1) });
    second.learn_provider(&newer, NOW).unwrap().apply();
    let says = AccountStatement { sequence: 6, ..town.says(1) };
    second.learn_account(&town.attested(1, says), NOW).unwrap().apply();
    second.block(&account(1), NOW).unwrap().apply();
    second.opt_out(&provider(1), NOW).apply();
    let before = second.to_bytes();
    let told = |consent| [Unmerged::Consent(account(1), consent)];
    assert_eq!(take(&town.clients[0], &mut second), told(Consent::Accepted));
    assert_eq!(*second.to_bytes(), *before);
    // The other way round the first one learns more, and stays on, since its user has seen the provider.
    assert_eq!(take(&second, &mut town.clients[0]), told(Consent::Blocked));
    assert_eq!(town.clients[0].provider(&provider(1)).unwrap().statement().counter, 6);
    assert_eq!(town.clients[0].statement_of(&account(1)).unwrap().sequence, 6);
    assert_eq!(town.clients[0].consent_of(&account(1)), Consent::Accepted);
    assert!(town.clients[0].is_opted_in(&provider(1)));
    // Nor does a newer descriptor switch on where the user has switched off.
    let newest = descriptor(ProviderStatement { counter: 7, ..statement(1) });
    town.clients[0].learn_provider(&newest, NOW).unwrap().apply();
    assert_eq!(take(&town.clients[0], &mut second), told(Consent::Accepted));
    assert_eq!(second.provider(&provider(1)).unwrap().statement().counter, 7);
    assert!(!second.is_opted_in(&provider(1)));
    // And what is newer of somebody who is blocked unblocks nobody.
    let says = AccountStatement { sequence: 7, ..town.says(1) };
    third.learn_account(&town.attested(1, says), NOW).unwrap().apply();
    assert_eq!(third.consent_of(&account(1)), Consent::Accepted);
    assert_eq!(take(&third, &mut second), told(Consent::Accepted));
    assert_eq!(second.statement_of(&account(1)).unwrap().sequence, 7);
    assert_eq!(second.consent_of(&account(1)), Consent::Blocked);
}

#[test]
fn m22_the_version_that_an_account_has_used_is_taken_over() {
    let (town, _) = linked();
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    let mut second = Client::generate(device(0, 2), Version::V3, roots, NOW, &mut TestRng::new(4));
    let pin = |client: &Client| client.inner.policy.account(&account(1)).unwrap().pin;
    take(&town.clients[0], &mut second);
    assert_eq!(pin(&second), Some(Version::V4));
    // And is not lowered by who has seen less.
    let mut third = another(0, 3, &mut TestRng::new(5));
    third.accept(&account(1), NOW).unwrap().apply();
    third.inner.policy.pin(&account(1), Version::V3);
    assert_eq!(take(&third, &mut second), []);
    assert_eq!(pin(&second), Some(Version::V4));
    assert_eq!(take(&second, &mut third), []);
    assert_eq!(pin(&third), Some(Version::V4));
}

#[test]
fn m22_what_contradicts_what_is_known_is_told_and_not_taken() {
    let (mut town, mut second) = linked();
    let impostor = Account::generate(AccountId([9; 32]), &mut town.rng);
    take(&town.clients[0], &mut second);
    let known = second.statement_of(&account(1)).unwrap().clone();
    // Another descriptor of the same counter, and another statement of the same number.
    let mut third = another(0, 3, &mut town.rng);
    let forked = descriptor(ProviderStatement { devices: 3, ..statement(1) });
    third.learn_provider(&forked, NOW).unwrap().apply();
    let notices = third.notices(&provider(1)).unwrap();
    third.opt_in(&provider(1), notices, NOW).unwrap().apply();
    let says = AccountStatement { until: NOW + 20 * DAY, ..town.says(1) };
    third.learn_account(&town.attested(1, says), NOW).unwrap().apply();
    let both = [Unmerged::Provider(provider(1)), Unmerged::Account(account(1))];
    assert_eq!(take(&third, &mut second), both);
    assert_eq!(second.provider(&provider(1)).unwrap().statement().devices, 16);
    assert_eq!(second.statement_of(&account(1)), Some(&known));
    assert!(second.changed_statement_of(&account(1)).is_none());
    // Another account key waits for the user, as it does from whomever it comes.
    third.forget(&account(1), NOW).apply();
    let says = AccountStatement { sequence: 6, key: impostor.public_key(), ..town.says(1) };
    let bytes = says.clone().sign(&impostor).unwrap().attest(&provider_key(1)).encode();
    third.learn_account(&bytes, NOW).unwrap().apply();
    assert_eq!(take(&third, &mut second)[1..], [Unmerged::Account(account(1))]);
    assert_eq!(second.statement_of(&account(1)), Some(&known));
    assert_eq!(second.changed_statement_of(&account(1)), Some(&says));
    // It waits on a device that takes both over, too.
    let mut fourth = another(0, 4, &mut town.rng);
    assert_eq!(take(&second, &mut fourth), []);
    assert_eq!(fourth.statement_of(&account(1)), Some(&known));
    assert_eq!(fourth.changed_statement_of(&account(1)), Some(&says));
    let own = town.attested(0, says_with(&town, 0, &fourth));
    fourth.adopt(&own, town.accounts[0].public_key(), NOW).unwrap().apply();
    assert_eq!(
        fourth.read_group_message(&device(1, 1), &[], NOW).map(drop),
        Err(Error::IdentityChanged)
    );
}

#[test]
fn m22_an_attestation_that_does_not_hold_now_comes_in_the_place_of_none() {
    let (mut town, mut second) = linked();
    take(&town.clients[0], &mut second);
    let known = second.statement_of(&account(1)).unwrap().clone();
    let short = AccountStatement { sequence: 6, until: NOW + DAY, ..town.says(1) };
    let bytes = town.attested(1, short.clone());
    town.clients[0].learn_account(&bytes, NOW).unwrap().apply();
    let page = &town.clients[0].hand_over()[0];
    let told = [Unmerged::Account(account(1))];
    assert_eq!(second.take_over(page, NOW + DAY).unwrap().apply(), told);
    assert_eq!(second.statement_of(&account(1)), Some(&known));
    // Where nothing is known, it is what the account is known by.
    let mut third = another(0, 3, &mut town.rng);
    assert_eq!(third.take_over(page, NOW + DAY).unwrap().apply(), []);
    assert_eq!(third.statement_of(&account(1)), Some(&short));
    let impostor = Account::generate(AccountId([9; 32]), &mut town.rng);
    let says = AccountStatement { sequence: 7, key: impostor.public_key(), ..town.says(1) };
    let bytes = says.sign(&impostor).unwrap().attest(&provider_key(1)).encode();
    assert_eq!(third.learn_account(&bytes, NOW + DAY).unwrap().apply(), Learned::KeyChanged);
}

#[test]
fn m22_a_plain_device_is_known_by_the_key_that_another_own_device_has_seen() {
    let mut town = plain(2);
    let [one, two, three] = [1, 2, 3].map(|it| another(1, it, &mut TestRng::new(u64::from(it))));
    let mut rng = TestRng::new(5);
    for with in [&one, &two] {
        let begun = town.clients[0].begin(with.device(), &with.bundle(), NOW, &mut rng);
        begun.unwrap().apply();
    }
    let mut second = another(0, 2, &mut town.rng);
    assert_eq!(take(&town.clients[0], &mut second), []);
    assert_eq!(second.devices_of(&account(1)), town.clients[0].devices_of(&account(1)));
    let mut begin = |client: &mut Client, to: &ForeignDevice, bundle: &Bundle| {
        client.begin(to, bundle, NOW, &mut rng).map(Pending::apply)
    };
    // No other key is trusted when it is first seen there, and no device beyond them.
    let exchanged = begin(&mut second, &device(1, 1), &three.bundle());
    assert_eq!(exchanged, Err(Error::IdentityChanged));
    assert_eq!(begin(&mut second, three.device(), &three.bundle()), Err(Error::NotAllowed));
    begin(&mut second, &device(1, 1), &one.bundle()).unwrap();
    // A device that has seen something else keeps it, and says so; so does one that has no place.
    let mut third = another(0, 3, &mut town.rng);
    third.learn_provider(&descriptor(plain_statement(1, 2)), NOW).unwrap().apply();
    let notices = third.notices(&provider(1)).unwrap();
    third.opt_in(&provider(1), notices, NOW).unwrap().apply();
    begin(&mut third, &device(1, 1), &three.bundle()).unwrap();
    begin(&mut third, &device(1, 3), &three.bundle()).unwrap();
    let told = [Unmerged::Device(device(1, 1)), Unmerged::Device(device(1, 2))];
    assert_eq!(take(&town.clients[0], &mut third), told);
    assert_eq!(third.identity_of(&device(1, 1)), Some(three.identity()));
    assert_eq!(third.identity_of(&device(1, 2)), None);
    // Nor is an attestation taken that exchanges what was seen, or a device beside an attestation.
    let mut attested = another(0, 4, &mut town.rng);
    attested.learn_provider(&descriptor(statement(1)), NOW).unwrap().apply();
    let notices = attested.notices(&provider(1)).unwrap();
    attested.opt_in(&provider(1), notices, NOW).unwrap().apply();
    let bytes = town.attested(1, town.says(1));
    attested.learn_account(&bytes, NOW).unwrap().apply();
    let told = take(&attested, &mut third);
    assert!(told.contains(&Unmerged::Account(account(1))), "{told:?}");
    assert!(third.statement_of(&account(1)).is_none());
    let told = take(&town.clients[0], &mut attested);
    let both = [1, 2].map(|number| Unmerged::Device(device(1, number)));
    assert!(both.iter().all(|device| told.contains(device)), "{told:?}");
    assert!(attested.inner.peers.is_empty());
}

#[test]
fn m22_many_people_fill_pages_that_stand_each_for_itself() {
    let (mut town, mut second) = linked();
    let name = |number: usize| alloc::format!("{number:04}{}", "x".repeat(110));
    let person = |number| ForeignAccount::new(&provider(1), &name(number)).unwrap();
    for number in 0..MAX_ACCOUNTS - 1 {
        town.clients[0].inner.policy.consent(&person(number), Consent::Blocked);
    }
    let pages = town.clients[0].hand_over();
    assert!(pages.len() > 2, "{}", pages.len());
    for (number, page) in pages.iter().enumerate() {
        let count = u16::try_from(pages.len()).unwrap();
        assert_eq!(page.page(), (u16::try_from(number).unwrap(), count));
        assert!(page.to_content().encode().len() <= (1 << 18) + (1 << 16));
    }
    let last = passed(pages.last().unwrap());
    assert_eq!(second.take_over(&last, NOW).unwrap().apply(), []);
    assert!(second.is_opted_in(&provider(1)));
    assert_eq!(take(&town.clients[0], &mut second), []);
    assert_eq!(second.inner.policy.accounts(), MAX_ACCOUNTS);
    assert_eq!(second.hand_over().len(), pages.len());
    // There is no room for one more, which is told.
    let mut third = another(0, 3, &mut town.rng);
    let one_more = person(9999);
    third.block(&one_more, NOW).unwrap().apply();
    assert_eq!(take(&third, &mut second), [Unmerged::Account(one_more)]);
    // Nor for more people than a user can be asked about.
    for number in 0..=MAX_UNDECIDED_OF_ONE {
        third.inner.policy.consent(&person(number), Consent::Requested);
    }
    let mut fourth = another(0, 4, &mut town.rng);
    assert_eq!(take(&third, &mut fourth), [Unmerged::Account(person(MAX_UNDECIDED_OF_ONE))]);
}
