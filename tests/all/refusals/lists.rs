//! Refusals of a client about the device lists of its own and of other accounts.

use latchstring::Error;
use latchstring::client::{Client, LinkingDigits, LinkingRequest, NewDevice, To};
use latchstring::session::{Account, AccountId};
use support::forged::Listing;
use support::linking::accepted;
use support::town::{Person, Town};
use support::{NOW, TestRng, account_seed, changed, refusal, restored, started};

use super::DAY;

pub(super) fn a_device_list_older_than_the_known_one_is_a_rollback() -> Option<Error> {
    let mut town = Town::new(32, &[1, 1]);
    let old = town.server.list(town.id(1));
    town.renew(1);
    town.inform(0, town.id(1));
    refusal(town.client(0, 0), |client| client.learn(&old, NOW).map(drop))
}

pub(super) fn another_device_list_of_the_known_epoch_is_a_fork() -> Option<Error> {
    let mut town = Town::new(33, &[1, 1]);
    let mut other = Listing::of(&town.server.list(town.id(1)));
    other.issued += 1;
    let other = other.signed(&account_seed(&town.people[1].account)).list();
    refusal(town.client(0, 0), |client| client.learn(&other, NOW).map(drop))
}

pub(super) fn a_list_of_the_own_account_67_epochs_later_leaves_a_gap() -> Option<Error> {
    let mut town = Town::new(34, &[2]);
    for _ in 0..66 {
        town.renew(0);
    }
    let far = town.server.list(town.id(0));
    refusal(town.client(0, 1), |client| client.learn(&far, NOW).map(drop))
}

pub(super) fn a_device_list_a_second_past_its_end_has_expired() -> Option<Error> {
    let town = Town::new(35, &[1, 1]);
    let (list, mut rng) = (town.server.list(town.id(1)), TestRng::new(36));
    let account = Account::generate(AccountId([9; 32]), &mut rng);
    let late = NOW + 30 * DAY + 1;
    let mut stranger = Client::create(&account, late, &mut rng);
    refusal(&mut stranger, |client| client.learn(&list, late).map(drop))
}

pub(super) fn a_fifth_companion_is_one_device_too_many() -> Option<Error> {
    let mut town = Town::new(40, &[5]);
    let laptop = NewDevice::generate("laptop", NOW, &mut TestRng::new(41)).unwrap();
    let request = LinkingRequest::read(&laptop.code(), NOW).unwrap();
    let Town { people, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    refusal(&mut devices[0], |primary| {
        primary.approve(account, &request, Client::COMPANIONS, NOW, rng).map(drop)
    })
}

pub(super) fn an_account_with_another_key_has_changed() -> Option<Error> {
    let mut town = Town::new(38, &[1, 1]);
    let account = Account::generate(town.id(1), &mut town.rng);
    let new = Client::create(&account, NOW, &mut town.rng);
    let client = town.client(0, 0);
    changed(client.learn(new.list(), NOW).unwrap());
    refusal(client, |client| client.plan(To::Account(account.id()), NOW))
}

pub(super) fn an_account_without_a_changed_list_has_not_changed() -> Option<Error> {
    let mut town = Town::new(50, &[1, 1]);
    let list = town.server.list(town.id(1));
    refusal(town.client(0, 0), |client| client.acknowledge(&list, NOW).map(drop))
}

pub(super) fn a_list_under_the_key_of_another_account_is_not_signed() -> Option<Error> {
    let mut town = Town::new(51, &[1, 1]);
    let [one, other] = &mut town.people[..] else { panic!("two people") };
    refusal(&mut one.devices[0], |client| client.renew(&other.account, NOW).map(drop))
}

pub(super) fn a_primary_does_not_remove_itself() -> Option<Error> {
    let mut town = Town::new(52, &[2]);
    let own = town.address(0, 0).device;
    let Person { account, devices } = &mut town.people[0];
    refusal(&mut devices[0], |client| client.remove(account, own, NOW).map(drop))
}

pub(super) fn a_list_of_the_last_epoch_has_none_after_it() -> Option<Error> {
    let mut town = Town::new(53, &[1]);
    let Person { account, devices } = &town.people[0];
    let mut last = Listing::of(devices[0].list());
    // It names the 64 lists before it, whatever they were.
    (last.epoch, last.base, last.trail) = (u64::MAX - 1, [7; 32], vec![[7; 32]; 64]);
    let last = last.signed(&account_seed(account)).list();
    let mut client = Client::recover(account, &last, &[], NOW, &mut town.rng).unwrap();
    assert_eq!(client.list().epoch(), u64::MAX);
    refusal(&mut client, |client| client.renew(account, NOW).map(drop))
}

pub(super) fn a_loaded_primary_that_was_shown_no_list_signs_none() -> Option<Error> {
    let mut town = Town::new(58, &[1]);
    let Person { account, devices } = &mut town.people[0];
    let mut primary = restored(&devices[0]);
    refusal(&mut primary, |primary| primary.renew(account, NOW).map(drop))
}

pub(super) fn a_device_that_a_list_names_is_not_admitted_twice() -> Option<Error> {
    let mut town = Town::new(54, &[1]);
    let Town { people, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    let primary = &mut devices[0];
    let laptop = NewDevice::generate("laptop", NOW, rng).unwrap();
    let request = LinkingRequest::read(&laptop.code(), NOW).unwrap();
    let offer = primary.approve(account, &request, Client::COMPANIONS, NOW, rng).unwrap().apply();
    let offer = laptop.open(&offer, NOW).unwrap();
    let (_, acceptance) = accepted(offer, laptop, primary, NOW);
    // A second copy of the primary, which an app must never have, has admitted it.
    let mut copy = started(primary);
    copy.admit(account, &acceptance, b"", NOW).unwrap().apply();
    changed(primary.learn(copy.list(), NOW).unwrap());
    refusal(primary, |primary| primary.admit(account, &acceptance, b"", NOW).map(drop))
}

pub(super) fn digits_that_the_primary_does_not_show_differ() -> Option<Error> {
    let mut town = Town::new(55, &[1]);
    let Town { people, rng, .. } = &mut town;
    let Person { account, devices } = &mut people[0];
    let laptop = NewDevice::generate("laptop", NOW, rng).unwrap();
    let request = LinkingRequest::read(&laptop.code(), NOW).unwrap();
    let offer = devices[0].approve(account, &request, Client::COMPANIONS, NOW, rng).unwrap();
    let offer = laptop.open(&offer.apply(), NOW).unwrap();
    let shown = devices[0].linking_digits().unwrap().text();
    let typed = if shown.starts_with('0') { "100000" } else { "000000" };
    let typed = LinkingDigits::parse(typed).unwrap();
    // It is used up with the offer: nothing is left that could have changed.
    offer.accept(laptop, &typed, NOW).err()
}
