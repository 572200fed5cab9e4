//! Hand-overs that somebody else has got at, or that come late: what a taker keeps.

use super::hand_over::take;
use super::several::{another, plain, plain_statement, says_with};
use super::town::*;
use crate::primitives::tests::test_rng::TestRng;
use crate::session::{Account, AccountId};
use crate::signal::policy::MAX_PROVIDERS;
use crate::signal::*;

/// Ada's first device talks to Grace, and her second one has taken over what the first knows.
fn taken() -> (Town, Client) {
    let mut town = Town::talking();
    let mut second = another(0, 2, &mut town.rng);
    assert_eq!(take(&town.clients[0], &mut second), []);
    (town, second)
}

fn impostor() -> Account {
    Account::generate(AccountId([9; 32]), &mut TestRng::new(6))
}

/// Says something of Grace's account under another account key.
fn posed(town: &Town, sequence: u64) -> AccountStatement {
    AccountStatement { sequence, key: impostor().public_key(), ..town.says(1) }
}

fn attested(says: &AccountStatement, by: &Account) -> Attestation {
    says.clone().sign(by).unwrap().attest(&provider_key(1))
}

/// A device of Ada's that knows Grace's provider, and has these words of Grace's account in its state, however they
/// came there: it was in other hands.
fn stolen(held: impl IntoIterator<Item = Attestation>) -> Client {
    let mut client = another(0, 5, &mut TestRng::new(5));
    knows(&mut client, "two.example");
    for attestation in held {
        client.inner.policy.attest(attestation.into(), NOW);
    }
    client
}

#[test]
fn m22_a_key_that_waits_beside_a_known_one_is_recorded_and_read_again() {
    let (mut town, mut second) = taken();
    let known = second.statement_of(&account(1)).unwrap().clone();
    let says = posed(&town, 6);
    town.learn_bytes(0, &attested(&says, &impostor()).encode(), NOW).unwrap();
    // It alone is news.
    assert_eq!(take(&town.clients[0], &mut second), [Unmerged::Account(account(1))]);
    assert_eq!(second.statement_of(&account(1)), Some(&known));
    assert_eq!(second.changed_statement_of(&account(1)), Some(&says));
    // So it is beside a newer one of the known key, and where nothing is known.
    let newer = AccountStatement { sequence: 6, ..town.says(1) };
    let both = [attested(&newer, &town.accounts[1]), attested(&posed(&town, 7), &impostor())];
    let first = stolen(both);
    let mut third = another(0, 3, &mut town.rng);
    for client in [&mut second, &mut third] {
        let told = take(&first, client);
        assert_eq!(told.is_empty(), client.device().number() == 3);
        assert_eq!(client.statement_of(&account(1)), Some(&newer));
        assert_eq!(client.changed_statement_of(&account(1)), Some(&posed(&town, 7)));
        assert_eq!(take(&first, client), []);
    }
}

/// Lets a device know a provider of this name.
fn knows(client: &mut Client, name: &str) {
    let id = ProviderId::new(name).unwrap();
    let bytes = descriptor(ProviderStatement { id, ..statement(1) });
    client.learn_provider(&bytes, NOW).unwrap().apply();
}

#[test]
fn m22_a_page_brings_no_more_providers_than_a_state_may_have() {
    let (mut town, mut second) = taken();
    let mut third = another(0, 3, &mut town.rng);
    for number in 0..MAX_PROVIDERS {
        knows(&mut third, &alloc::format!("{number:02}.example"));
    }
    let last = ProviderId::new("63.example").unwrap();
    assert_eq!(take(&third, &mut second), [Unmerged::Provider(last.clone())]);
    assert_eq!(second.inner.policy.all_providers().count(), MAX_PROVIDERS);
    assert!(second.provider(&last).is_none());
    // What is newer of a known one needs no room.
    let newer = descriptor(ProviderStatement { counter: 6, ..statement(1) });
    town.clients[0].learn_provider(&newer, NOW).unwrap().apply();
    assert_eq!(take(&town.clients[0], &mut second), []);
    assert_eq!(second.provider(&provider(1)).unwrap().statement().counter, 6);
}

#[test]
fn m22_a_first_attestation_is_taken_only_if_its_provider_is_known_to_stand_by_it() {
    let town = Town::talking();
    let told = Unmerged::Account(account(1));
    let refuses = |from: &Client, mut to: Client| {
        let all = take(from, &mut to);
        assert!(all.contains(&told), "{all:?}");
        assert!(to.statement_of(&account(1)).is_none() && to.inner.policy.accounts() == 0);
    };
    let fourth = || another(0, 4, &mut TestRng::new(4));
    let true_one = || attested(&town.says(1), &town.accounts[1]);
    // Anybody makes a key and attests with it.
    let anybody =
        posed(&town, 5).sign(&impostor()).unwrap().attest(&Authority::from_seed(&[77; 32]));
    refuses(&stolen([anybody]), fourth());
    // It is from the future, or has more devices than it may have.
    let later = AccountStatement { from: NOW + 3 * DAY, ..town.says(1) };
    refuses(&stolen([attested(&later, &town.accounts[1])]), fourth());
    let two = says_with(&town, 1, &fourth());
    let narrow = || {
        let mut client = fourth();
        let says = ProviderStatement { counter: 6, devices: 1, ..statement(1) };
        client.learn_provider(&descriptor(says), NOW).unwrap().apply();
        client
    };
    refuses(&stolen([attested(&two, &town.accounts[1])]), narrow());
    // The provider's programs are plain, its root is not trusted any more, or nobody says anything of it.
    let mut plain = fourth();
    let says = ProviderStatement { counter: 6, ..plain_statement(1, 16) };
    plain.learn_provider(&descriptor(says), NOW).unwrap().apply();
    refuses(&stolen([true_one()]), plain);
    let mut distrusting = fourth();
    knows(&mut distrusting, "two.example");
    distrusting.trust(TrustedKeys::NONE, NOW).apply();
    refuses(&stolen([true_one()]), distrusting);
    let mut without = another(0, 5, &mut TestRng::new(5));
    without.inner.policy.attest(true_one().into(), NOW);
    refuses(&without, fourth());
    // Past its time it is what the account is known by.
    let past = AccountStatement { from: NOW - 2 * DAY, until: NOW - DAY, ..town.says(1) };
    for says in [town.says(1), past] {
        let mut client = fourth();
        assert_eq!(take(&stolen([attested(&says, &town.accounts[1])]), &mut client), []);
        assert_eq!(client.statement_of(&account(1)), Some(&says));
    }
}

#[test]
fn m22_what_waits_beside_a_first_attestation_must_hold_as_if_it_were_learned_after_it() {
    let town = Town::talking();
    let (known, says) = (|| attested(&town.says(1), &town.accounts[1]), posed(&town, 6));
    let past = AccountStatement { from: NOW - 2 * DAY, until: NOW - DAY, ..says.clone() };
    let later = AccountStatement { from: NOW + 3 * DAY, ..says.clone() };
    let mut many = says_with(&town, 1, &another(0, 4, &mut TestRng::new(4)));
    many.key = says.key;
    let narrow = descriptor(ProviderStatement { counter: 6, devices: 1, ..statement(1) });
    for (place, waiting) in [
        says.clone().sign(&impostor()).unwrap().attest(&Authority::from_seed(&[77; 32])),
        attested(&past, &impostor()),
        attested(&later, &impostor()),
        attested(&posed(&town, 4), &impostor()),
        attested(&posed(&town, 5), &impostor()),
        attested(&many, &impostor()),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = another(0, 4, &mut TestRng::new(4));
        client.learn_provider(&narrow, NOW).unwrap().apply();
        let told = take(&stolen([known(), waiting]), &mut client);
        assert!(told.contains(&Unmerged::Account(account(1))), "{place}: {told:?}");
        assert_eq!(client.statement_of(&account(1)), Some(&town.says(1)));
        assert!(client.changed_statement_of(&account(1)).is_none(), "{place}");
    }
    // Nothing waits beside a first one that is not taken.
    let anybody = town.says(1).sign(&town.accounts[1]).unwrap();
    let anybody = anybody.attest(&Authority::from_seed(&[77; 32]));
    let mut client = another(0, 4, &mut TestRng::new(4));
    let told = take(&stolen([anybody, attested(&says, &impostor())]), &mut client);
    assert_eq!(told, [Unmerged::Account(account(1))]);
    assert_eq!(client.inner.policy.accounts(), 0);
}

#[test]
fn m22_what_the_user_has_decided_here_is_not_undone_by_a_page_that_comes_late() {
    let (mut town, mut second) = taken();
    let peter = ForeignAccount::new(&provider(1), "peter").unwrap();
    for name in [&peter, &account(1)] {
        town.clients[0].block(name, NOW).unwrap().apply();
    }
    // Nothing was decided here about Peter. Of Grace it is told.
    let told = || [Unmerged::Consent(account(1), Consent::Blocked)];
    assert_eq!(take(&town.clients[0], &mut second), told());
    assert_eq!(second.consent_of(&peter), Consent::Blocked);
    assert_eq!(second.consent_of(&account(1)), Consent::Accepted);
    // Unblocked here, and the same page once more.
    second.accept(&peter, NOW).unwrap().apply();
    let both = [told(), [Unmerged::Consent(peter.clone(), Consent::Blocked)]].concat();
    assert_eq!(take(&town.clients[0], &mut second), both);
    assert_eq!(second.consent_of(&peter), Consent::Accepted);
    // Nor does another own device unblock.
    let unblocked = [(account(1), Consent::Accepted), (peter.clone(), Consent::Accepted)];
    let unblocked = unblocked.map(|(name, consent)| Unmerged::Consent(name, consent));
    assert_eq!(take(&second, &mut town.clients[0]), unblocked);
    assert_eq!(town.clients[0].consent_of(&peter), Consent::Blocked);
    // Who only asks has been decided about by nobody.
    let asks = |client: &mut Client, consent| client.inner.policy.consent(&peter, consent);
    asks(&mut second, Consent::Requested);
    assert_eq!(take(&town.clients[0], &mut second), told());
    assert_eq!(second.consent_of(&peter), Consent::Blocked);
    asks(&mut town.clients[0], Consent::Requested);
    assert_eq!(take(&town.clients[0], &mut second), told());
    assert_eq!(second.consent_of(&peter), Consent::Blocked);
}

#[test]
fn m22_a_key_that_was_dismissed_here_waits_again_only_with_a_word_to_the_user() {
    let (mut town, mut second) = taken();
    let says = posed(&town, 6);
    town.learn_bytes(0, &attested(&says, &impostor()).encode(), NOW).unwrap();
    for _ in 0..2 {
        assert_eq!(take(&town.clients[0], &mut second), [Unmerged::Account(account(1))]);
        second.dismiss_key(&account(1), says.key, NOW).unwrap().apply();
    }
}

#[test]
fn m22_devices_that_were_seen_are_taken_of_plain_accounts_alone() {
    let mut first = another(0, 5, &mut TestRng::new(5));
    let grace = another(1, 1, &mut TestRng::new(1));
    let says = plain_statement(1, 16);
    first.learn_provider(&descriptor(says.clone()), NOW).unwrap().apply();
    let notices = first.notices(&provider(1)).unwrap();
    first.opt_in(&provider(1), notices, NOW).unwrap().apply();
    let begun = first.begin(grace.device(), &grace.bundle(), NOW, &mut TestRng::new(6));
    begun.unwrap().apply();
    let told = Unmerged::Device(device(1, 1));
    let mut attested = another(0, 4, &mut TestRng::new(4));
    knows(&mut attested, "two.example");
    let mut distrusting = another(0, 4, &mut TestRng::new(4));
    distrusting.trust(TrustedKeys::NONE, NOW).apply();
    for mut client in [attested, distrusting] {
        let all = take(&first, &mut client);
        assert!(all.contains(&told), "{all:?}");
        assert!(client.inner.peers.is_empty());
    }
}

#[test]
fn m22_a_descriptor_from_the_future_does_not_freeze_its_provider() {
    let (town, mut second) = taken();
    let says = ProviderStatement { counter: 6, from: NOW + 3 * DAY, ..statement(1) };
    let later = ProviderStatement { until: NOW + 60 * DAY, ..says };
    let mut other = stolen([]);
    other.inner.policy.describe(later.sign(&root()).unwrap());
    assert_eq!(take(&other, &mut second), [Unmerged::Provider(provider(1))]);
    assert_eq!(second.provider(&provider(1)), town.clients[0].provider(&provider(1)));
}

#[test]
fn m22_an_acceptance_is_of_somebody_with_a_key() {
    // Plain programs: somebody has asked here in Grace's name, by another key than the first device knows.
    let mut town = plain(2);
    let [one, posing] = [1, 2].map(|it| another(1, 1, &mut TestRng::new(it)));
    let mut rng = TestRng::new(5);
    town.clients[0].begin(one.device(), &one.bundle(), NOW, &mut rng).unwrap().apply();
    assert_eq!(town.clients[0].consent_of(&account(1)), Consent::Accepted);
    let mut second = another(0, 2, &mut town.rng);
    second.learn_provider(&descriptor(plain_statement(1, 2)), NOW).unwrap().apply();
    let notices = second.notices(&provider(1)).unwrap();
    second.opt_in(&provider(1), notices, NOW).unwrap().apply();
    second.begin(one.device(), &posing.bundle(), NOW, &mut rng).unwrap().apply();
    second.inner.policy.consent(&account(1), Consent::Requested);
    assert_eq!(take(&town.clients[0], &mut second), [Unmerged::Device(device(1, 1))]);
    assert_eq!(second.consent_of(&account(1)), Consent::Requested);
    // Attested ones: what waits is another key, and one that is accepted elsewhere is not this one.
    let town = Town::talking();
    let mut first = stolen([attested(&posed(&town, 9), &impostor())]);
    first.accept(&account(1), NOW).unwrap().apply();
    let mut second = another(0, 4, &mut TestRng::new(4));
    knows(&mut second, "two.example");
    let notices = second.notices(&provider(1)).unwrap();
    second.opt_in(&provider(1), notices, NOW).unwrap().apply();
    second.learn_account(&town.attested(1, town.says(1)), NOW).unwrap().apply();
    assert_eq!(take(&first, &mut second), [Unmerged::Account(account(1))]);
    assert_eq!(second.consent_of(&account(1)), Consent::Unasked);
    // To block is to block whoever has the name.
    first.block(&account(1), NOW).unwrap().apply();
    take(&first, &mut second);
    assert_eq!(second.consent_of(&account(1)), Consent::Blocked);
}

#[test]
fn m22_a_later_statement_that_cannot_be_taken_is_told() {
    let (town, mut second) = taken();
    let later =
        AccountStatement { sequence: 9, from: NOW - 2 * DAY, until: NOW - DAY, ..town.says(1) };
    let first = stolen([attested(&later, &town.accounts[1])]);
    assert!(take(&first, &mut second).contains(&Unmerged::Account(account(1))));
    assert_eq!(second.statement_of(&account(1)), Some(&town.says(1)));
}
