//! Attempts of a hostile server, a thief, a wrong clock or a broken machine against a client.

use core::convert::Infallible;

use latchstring::Error;
use latchstring::client::{
    Alert, Client, DeviceList, GroupId, LinkingRequest, ListUpdate, NewDevice, Stop, To,
};
use latchstring::rand_core::{TryCryptoRng, TryRng};
use latchstring::session::{Account, AccountId, Certificate};
use latchstring::storage::{Pending, State};

use support::town::{Person, Town, said, stop};
use support::{NOW, TestRng, changed, refuses, restored, started};

const DAY: u64 = 86_400;

#[test]
fn an_answered_session_is_not_stale_after_a_week() {
    let mut town = Town::new(1, &[1, 1]);
    town.say(0, 0, 1, b"hello");
    assert_eq!(town.read(1, 0), [b"hello"]);
    town.say(1, 0, 0, b"welcome");
    assert_eq!(town.read(0, 0), [b"welcome"]);
    let peer = town.address(1, 0);
    assert!(town.client(0, 0).has_session(peer, NOW + 8 * DAY));
}

/// A generator that repeats itself.
struct Stuck;

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}

#[test]
fn a_generator_that_repeats_itself_makes_a_client_that_loads_again() {
    let account = Account::generate(AccountId([1; 32]), &mut Stuck);
    let client = Client::create(&account, NOW, &mut Stuck);
    assert_eq!(restored(&client).address(), client.address());
    let list = DeviceList::decode(&client.list().encode()).unwrap();
    assert_eq!(list.account_key(), account.public_key());
    let devices: Vec<_> = list.devices().iter().map(Certificate::device).collect();
    assert_eq!(devices, [client.address().device]);
}

/// Makes a list of the account's id under a key of somebody else.
fn impostor(id: AccountId, seed: u64) -> DeviceList {
    let mut rng = TestRng::new(seed);
    let account = Account::generate(id, &mut rng);
    Client::create(&account, NOW, &mut rng).list().clone()
}

#[test]
fn a_changed_account_stays_so_until_the_user_has_decided() {
    let mut town = Town::new(4, &[1, 1]);
    let id = town.id(1);
    // The owner has set the account up anew; a thief has the old telephone and its account key.
    changed(town.client(0, 0).learn(&impostor(id, 9), NOW).unwrap());
    let thief = &town.people[1];
    let mut phone = started(&thief.devices[0]);
    phone.renew(&thief.account, NOW + 1).unwrap().apply();
    let list = phone.list().clone();
    let learned = changed(town.client(0, 0).learn(&list, NOW + 1).unwrap());
    assert!(
        matches!(learned, ListUpdate::Newer { .. }),
        "and nothing says that the other is dropped"
    );
    let plan = town.client(0, 0).plan(To::Account(id), NOW + 1).map(drop);
    assert_eq!(plan, Err(Error::AccountChanged));
}

#[test]
fn a_plan_is_of_the_client_that_made_it() {
    let mut town = Town::new(7, &[2, 1]);
    let id = town.id(1);
    let mut plan = town.client(0, 0).plan(To::Account(id), NOW).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let sealed = town
        .seal_plan(0, 1, &mut plan, &said(b"by another device"))
        .map(|out| out.envelopes.iter().map(|envelope| envelope.to).collect::<Vec<_>>());
    assert_eq!(sealed, Err(Error::WrongClient));
}

#[test]
fn a_refused_account_key_does_not_come_again_and_the_known_list_holds() {
    let mut town = Town::new(3, &[1, 1]);
    let (id, wrong) = (town.id(1), impostor(town.id(1), 9));
    let learned = changed(town.client(0, 0).learn(&wrong, NOW).unwrap());
    assert_eq!(learned, ListUpdate::Changed);
    let blocked = town.client(0, 0).plan(To::Account(id), NOW).map(drop);
    assert_eq!(blocked, Err(Error::AccountChanged));
    town.client(0, 0).dismiss(&wrong, NOW).unwrap().apply();
    assert!(town.client(0, 0).plan(To::Account(id), NOW).is_ok());
    refuses(town.client(0, 0), Error::WrongPeer, |client| client.learn(&wrong, NOW).map(drop));
    assert_eq!(town.learn(0, 0, id), Ok(ListUpdate::Nothing));
}

#[test]
fn a_clock_that_was_wrong_once_is_reset() {
    let mut town = Town::new(5, &[1, 1]);
    let (id, ahead) = (town.id(1), NOW + 3650 * DAY);
    for now in [ahead, ahead + 3600] {
        changed(town.client(0, 0).expire(now));
    }
    let Person { account, devices } = &mut town.people[0];
    devices[0].renew(account, ahead).unwrap().apply();
    assert_eq!(stop(town.client(0, 0), id, NOW + 1), Some(Stop::ListOver));
    town.client(0, 0).reset_clock(NOW + 1).apply();
    let Person { account, devices } = &mut town.people[0];
    devices[0].renew(account, NOW + 1).unwrap().apply();
    town.server.publish(devices[0].list());
    let own = town.id(0);
    assert!(matches!(town.learn(1, 0, own), Ok(ListUpdate::Newer { .. })));
    town.say(0, 0, 1, b"back");
    assert_eq!(town.read(1, 0), [b"back"]);
}

#[test]
fn a_session_from_a_wrong_future_is_given_up_when_the_clock_is_reset() {
    let mut town = Town::new(15, &[1, 1]);
    let ahead = NOW + 20 * DAY;
    town.now = ahead;
    let address = town.address(1, 0);
    let bundle = town.people[1].devices[0].rotate(ahead, &mut town.rng).apply();
    town.server.bundles.insert(address, bundle.encode());
    town.say(0, 0, 1, b"from the future");
    town.now = NOW + 1;
    for person in [0, 1] {
        town.client(person, 0).reset_clock(NOW + 1).apply();
    }
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(arrived.alerts.contains(&Alert::StraySession), "{:?}", arrived.alerts);
    let bundle = town.people[1].devices[0].rotate(NOW + 1, &mut town.rng).apply();
    town.server.bundles.insert(address, bundle.encode());
    town.say(0, 0, 1, b"now");
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert!(arrived.alerts.contains(&Alert::NewSession), "{:?}", arrived.alerts);
    town.say(1, 0, 0, b"welcome");
    assert_eq!(town.read(0, 0), [b"welcome"]);
}

#[test]
fn an_offer_of_another_account_with_the_same_id_has_another_code() {
    let mut town = Town::new(10, &[1]);
    let (id, mut rng) = (town.id(0), TestRng::new(3));
    let new_device = NewDevice::generate("a laptop", NOW, &mut rng).unwrap();
    let request = LinkingRequest::read(&new_device.code(), NOW).unwrap();
    // Who saw the screen makes an account of its own, under the id of the user's account.
    let account = Account::generate(id, &mut rng);
    let mut thief = Client::create(&account, NOW, &mut rng);
    let offer = thief.approve(&account, &request, 4, NOW, &mut rng).unwrap().apply();
    let code = town.client(0, 0).account_fingerprint();
    assert!(!code.matches(&new_device.open(&offer, NOW).unwrap().fingerprint().to_qr()));
    let Person { account, devices } = &mut town.people[0];
    let offer = devices[0].approve(account, &request, 4, NOW, &mut rng).unwrap().apply();
    assert!(code.matches(&new_device.open(&offer, NOW).unwrap().fingerprint().to_qr()));
}

#[test]
fn a_description_looks_like_what_it_says() {
    let mut rng = TestRng::new(1);
    for text in
        ["laptop\u{202e}", "a\u{2028}Tap yes to cancel", "a\u{200b}b", "\u{2066}x", " ", "\u{3164}"]
    {
        let made = NewDevice::generate(text, NOW, &mut rng).map(drop);
        assert_eq!(made, Err(Error::InvalidName), "{text:?}");
    }
}

#[test]
fn a_removed_device_keeps_no_prekeys() {
    let mut town = Town::new(9, &[2, 1]);
    let removed = town.address(0, 1).device;
    let Person { account, devices } = &mut town.people[0];
    devices[0].remove(account, removed, NOW).unwrap().apply();
    let list = devices[0].list().clone();
    let before = town.client(0, 1).to_bytes().len();
    let learned = changed(town.client(0, 1).learn(&list, NOW).unwrap());
    assert_eq!(learned, ListUpdate::Removed);
    let after = town.client(0, 1).to_bytes().len();
    assert!(after + 50 * 112 <= before, "{before} → {after}: the one-time prekeys are still there");
}

#[test]
fn who_has_answered_and_then_names_no_session_has_lost_it() {
    let mut town = Town::new(14, &[1, 1]);
    let before = town.client(1, 0).to_bytes();
    town.say(0, 0, 1, b"hello");
    town.read(1, 0);
    town.say(1, 0, 0, b"welcome");
    town.read(0, 0);
    // Somebody who has the answerer's identity key, or the answerer after a loss, begins anew.
    town.people[1].devices[0] = Client::from_bytes(&before).unwrap();
    town.now += 60;
    town.say(1, 0, 0, b"it is me");
    let arrived = town.receive(0, 0).pop().unwrap().unwrap();
    assert!(arrived.alerts.contains(&Alert::SessionReset), "{:?}", arrived.alerts);
}

#[test]
fn a_list_in_between_bridges_a_gap_although_it_has_expired() {
    let mut town = Town::new(15, &[1, 1]);
    let Person { account, devices } = &mut town.people[1];
    let mut lists = vec![devices[0].list().clone()];
    let mut now = NOW;
    for _ in 0..70 {
        now += 7 * DAY;
        devices[0].renew(account, now).unwrap().apply();
        lists.push(devices[0].list().clone());
    }
    let reader = town.client(0, 0);
    let learned = reader.learn(&lists[40], now).map(Pending::apply);
    assert!(matches!(learned, Ok(ListUpdate::Newer { .. })), "{learned:?}");
}

#[test]
fn a_group_letter_of_an_outsider_is_not_for_the_group() {
    let mut town = Town::new(16, &[1, 1, 1]);
    let (group, members) = ([7; 32], [town.id(0), town.id(1)]);
    // The third knows the group's id and members, and is none.
    let to = To::Group { id: GroupId(group), members: &members };
    let out = town.seal(2, 0, to, b"I belong here").unwrap();
    town.server.post(town.address(2, 0), out);
    let arrived = town.receive(0, 0).pop().unwrap().unwrap();
    assert!(!arrived.is_for(&members), "it names itself, and is_for adds whoever sends");
}
