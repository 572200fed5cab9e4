//! Accounts that move to a new telephone.

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, Entrant, LinkingPurpose, LinkingRequest, ListUpdate, NewDevice, To,
};
use latchstring::session::{Account, AccountId};
use latchstring::storage::State;

use support::linking::{accepted, companion, show_own_list};
use support::town::{Person, Town};
use support::{NOW, TestRng, refuses, restored};

/// A new telephone that the account's primary has been asked to move to.
struct Move {
    phone: NewDevice,
    request: LinkingRequest,
}

impl Move {
    fn new(rng: &mut TestRng) -> Self {
        let phone = NewDevice::generate_primary("the new telephone", NOW, rng).unwrap();
        let phone = restored(&phone);
        assert_eq!(phone.purpose(), LinkingPurpose::Primary);
        let request = LinkingRequest::read(&phone.code(), NOW).unwrap();
        assert_eq!(request.purpose(), LinkingPurpose::Primary);
        Self { phone, request }
    }

    /// Approves it and accepts.
    fn accept(self, person: &mut Person, rng: &mut TestRng) -> (Entrant, Vec<u8>) {
        let Person { account, devices } = person;
        let old = &mut devices[0];
        let offer = old.approve_transfer(account, &self.request, NOW, rng).unwrap().apply();
        *old = restored(old);
        show_own_list(old);
        let offer = self.phone.open(&offer, NOW).unwrap();
        let (entrant, acceptance) = accepted(offer, self.phone, old, NOW);
        (restored(&entrant), acceptance)
    }
}

/// Moves the first account of a town, and gives its old telephone.
fn moved(town: &mut Town) -> Client {
    let Town { people, rng, .. } = &mut *town;
    let (entrant, acceptance) = Move::new(rng).accept(&mut people[0], rng);
    let Person { account, devices } = &mut people[0];
    let briefing = devices[0].transfer(account, &acceptance, b"notes", NOW).unwrap().apply();
    town.server.publish(town.people[0].devices[0].list());
    let briefing = entrant.open(&briefing, NOW).unwrap();
    assert_eq!(briefing.notes(), b"notes");
    assert!(briefing.is_transfer());
    let (new, handed_on) = briefing.begin(entrant, NOW, &mut town.rng).unwrap();
    let handed_on = restored(&handed_on.unwrap());
    assert!(*handed_on.to_bytes() == *town.people[0].account.to_bytes());
    town.people[0].account = handed_on;
    let old = std::mem::replace(town.client(0, 0), new);
    town.publish_keys(0, 0);
    old
}

#[test]
fn a_new_phone_takes_the_primarys_place_in_one_list() {
    let mut town = Town::new(140, &[2, 1, 1]);
    town.chat(0, 1);
    let (id, friend) = (town.id(0), town.id(1));
    let key = town.client(0, 0).list_of(friend).unwrap().account_key();
    town.client(0, 0).set_verified(friend, Some(key), NOW).unwrap().apply();
    let before = town.client(0, 0).list().clone();
    let old = moved(&mut town);
    let (one, new) = (old.address().device, town.address(0, 0).device);
    let list = town.server.list(id);
    assert_eq!(list.epoch(), before.epoch() + 1);
    assert_eq!(list.account_key(), before.account_key());
    assert!(list.device(one).is_none() && list.device(new).is_some());
    // Everybody hears of one change.
    let news = ListUpdate::Newer { added: vec![new], removed: vec![one] };
    for (person, device) in [(0, 1), (1, 0), (2, 0)] {
        assert_eq!(town.learn(person, device, id), Ok(news.clone()));
    }
    assert!(town.client(0, 0).is_verified(friend), "what the user has compared came along");
    // It writes and is written to, and it signs.
    town.say(0, 0, 1, b"from the new one");
    assert_eq!(town.read(1, 0), [b"from the new one"]);
    assert_eq!(town.read(0, 1), [b"from the new one"]);
    town.say(1, 0, 0, b"to the new one");
    for device in [0, 1] {
        assert_eq!(town.read(0, device), [b"to the new one"]);
    }
    let Person { account, devices } = &mut town.people[0];
    // Not before a server has shown it that nothing came after the list of its briefing.
    refuses(&mut devices[0], Error::ListUnconfirmed, |new| new.renew(account, NOW).map(drop));
    show_own_list(&mut devices[0]);
    devices[0].renew(account, NOW).unwrap().apply();
    let tablet = companion(&mut devices[0], account, NOW, &mut TestRng::new(3));
    assert_eq!(tablet.list().epoch(), list.epoch() + 2);
    *town.client(0, 0) = restored(town.client(0, 0));
}

#[test]
fn an_old_phone_is_removed_by_its_own_change() {
    let mut town = Town::new(141, &[2, 1]);
    town.chat(0, 1);
    town.say(1, 0, 0, b"on its way");
    let address = town.address(0, 0);
    let mail = town.server.mail[&address][0].clone();
    let mut old = moved(&mut town);
    old = restored(&old);
    show_own_list(&mut old);
    assert!(!old.is_listed() && old.linking_digits().is_none());
    assert!(!old.has_session(mail.from, NOW) && !old.has_session(town.address(0, 1), NOW));
    let account = &town.people[0].account;
    let unlisted = Error::OwnDeviceUnlisted;
    refuses(&mut old, unlisted, |old| old.open(mail.from, &mail.message, NOW).map(drop));
    refuses(&mut old, unlisted, |old| old.plan(To::Account(AccountId([2; 32])), NOW).map(drop));
    // It still has the account key, and no list that it signs comes after the one of the transfer.
    refuses(&mut old, unlisted, |old| old.renew(account, NOW).map(drop));
    let mut rng = TestRng::new(5);
    let request = Move::new(&mut rng).request;
    refuses(&mut old, unlisted, |old| {
        old.approve_transfer(account, &request, NOW, &mut rng).map(drop)
    });
}

#[test]
fn a_code_for_one_purpose_is_refused_for_the_other() {
    let mut town = Town::new(142, &[1]);
    let mut rng = TestRng::new(6);
    let Town { people, .. } = &mut town;
    let laptop = NewDevice::generate("a laptop", NOW, &mut rng).unwrap();
    let further = LinkingRequest::read(&laptop.code(), NOW).unwrap();
    assert_eq!(
        (laptop.purpose(), further.purpose()),
        (LinkingPurpose::Companion, LinkingPurpose::Companion)
    );
    let Person { account, devices } = &mut people[0];
    let (primary, rng) = (&mut devices[0], &mut rng);
    let Move { phone, request } = Move::new(rng);
    refuses(primary, Error::NotAllowed, |primary| {
        primary.approve(account, &request, 4, NOW, rng).map(drop)
    });
    refuses(primary, Error::NotAllowed, |primary| {
        primary.approve_transfer(account, &further, NOW, rng).map(drop)
    });
    // Nor does what one offer began end as the other, also after the process ended.
    let offer = primary.approve_transfer(account, &request, NOW, rng).unwrap().apply();
    let (_, acceptance) = accepted(phone.open(&offer, NOW).unwrap(), phone, primary, NOW);
    *primary = restored(primary);
    show_own_list(primary);
    refuses(primary, Error::NotAllowed, |primary| {
        primary.admit(account, &acceptance, b"", NOW).map(drop)
    });
    assert!(primary.transfer(account, &acceptance, b"", NOW).is_ok());
    let offer = primary.approve(account, &further, 4, NOW, rng).unwrap().apply();
    let (_, acceptance) = accepted(laptop.open(&offer, NOW).unwrap(), laptop, primary, NOW);
    *primary = restored(primary);
    show_own_list(primary);
    refuses(primary, Error::NotAllowed, |primary| {
        primary.transfer(account, &acceptance, b"", NOW).map(drop)
    });
    assert!(primary.admit(account, &acceptance, b"", NOW).is_ok());
}

#[test]
fn a_companions_briefing_has_no_account() {
    let mut town = Town::new(143, &[1]);
    let mut rng = TestRng::new(7);
    let Person { account, devices } = &mut town.people[0];
    let laptop = NewDevice::generate("a laptop", NOW, &mut rng).unwrap();
    let request = LinkingRequest::read(&laptop.code(), NOW).unwrap();
    let offer = devices[0].approve(account, &request, 4, NOW, &mut rng).unwrap().apply();
    let offer = laptop.open(&offer, NOW).unwrap();
    let (entrant, acceptance) = accepted(offer, laptop, &devices[0], NOW);
    let briefing = devices[0].admit(account, &acceptance, b"", NOW).unwrap().apply();
    let briefing = entrant.open(&briefing, NOW).unwrap();
    assert!(!briefing.is_transfer());
    assert!(briefing.begin(entrant, NOW, &mut rng).unwrap().1.is_none());
}

#[test]
fn a_transfer_that_is_refused_leaves_the_old_phone_as_it_was() {
    let mut town = Town::new(144, &[2, 1]);
    let Town { people, rng, .. } = &mut town;
    let (_, acceptance) = Move::new(rng).accept(&mut people[0], rng);
    let Person { account, devices } = &mut people[0];
    let old = &mut devices[0];
    let mut altered = acceptance.clone();
    *altered.last_mut().unwrap() ^= 1;
    let other = Account::generate(account.id(), rng);
    let long = vec![0; (1 << 20) + 1];
    for (account, acceptance, notes, now, error) in [
        (&*account, &altered, &b""[..], NOW, Error::Forged),
        (&other, &acceptance, b"", NOW, Error::WrongAccount),
        (account, &acceptance, &long, NOW, Error::ContentTooLong),
        (account, &acceptance, b"", NOW + 301, Error::Expired),
    ] {
        refuses(old, error, |old| old.transfer(account, acceptance, notes, now).map(drop));
    }
    let mut loaded = restored(old);
    refuses(&mut loaded, Error::ListUnconfirmed, |old| {
        old.transfer(account, &acceptance, b"", NOW).map(drop)
    });
    assert!(old.transfer(account, &acceptance, b"", NOW).is_ok());
}

#[test]
fn a_transfer_whose_briefing_was_lost_is_recovered_by_the_old_phone() {
    let mut town = Town::new(145, &[2, 1]);
    let Town { people, rng, .. } = &mut town;
    let (entrant, acceptance) = Move::new(rng).accept(&mut people[0], rng);
    let lost = entrant.certificate().device();
    drop(entrant);
    let friend = people[1].account.id();
    let key = people[1].account.public_key();
    let [verified, dismissed] = [1, 2].map(|_| Account::generate(friend, rng));
    let [other, refused] =
        [&verified, &dismissed].map(|account| Client::create(account, NOW, rng).list().clone());
    let Person { account, devices } = &mut people[0];
    devices[0].set_verified(friend, Some(key), NOW).unwrap().apply();
    devices[0].learn(&refused, NOW).unwrap().apply();
    devices[0].dismiss(&refused, NOW).unwrap().apply();
    devices[0].transfer(account, &acceptance, b"", NOW).unwrap().apply();
    let newest = devices[0].list().clone();
    town.server.publish(&newest);
    let Town { people, rng, .. } = &mut town;
    let (account, old) = (&people[0].account, &people[0].devices[0]);
    let stranger = &people[1].devices[0];
    let wrong = Client::recover_from(stranger, account, &newest, &[lost], NOW, rng).err();
    assert_eq!(wrong, Some(Error::WrongAccount));
    let mut again = Client::recover_from(old, account, &newest, &[lost], NOW, rng).unwrap();
    assert_eq!(again.list().epoch(), newest.epoch() + 1);
    // Whoever dropped the briefing has not made everybody a stranger to it.
    assert!(again.is_verified(friend));
    refuses(&mut again, Error::WrongPeer, |again| again.learn(&refused, NOW).map(drop));
    assert_eq!(again.learn(&other, NOW).unwrap().apply(), ListUpdate::Changed);
    again.dismiss(&other, NOW).unwrap().apply();
    let again = restored(&again);
    *town.client(0, 0) = again;
    let after = town.client(0, 0).list().clone();
    town.server.publish(&after);
    town.publish_keys(0, 0);
    town.learn_all();
    town.say(0, 0, 1, b"here again");
    let alerts = town.alerts(1, 0);
    assert!(!alerts.contains(&Alert::SessionReset), "it is another device");
    assert_eq!(town.read(0, 1), [b"here again"]);
}

#[test]
fn a_full_account_is_transferred() {
    let mut town = Town::new(146, &[1]);
    for _ in 1..32 {
        town.link(0);
    }
    let mut rng = TestRng::new(8);
    let laptop = NewDevice::generate("one too many", NOW, &mut rng).unwrap();
    let request = LinkingRequest::read(&laptop.code(), NOW).unwrap();
    let Person { account, devices } = &mut town.people[0];
    refuses(&mut devices[0], Error::TooManyDevices, |primary| {
        primary.approve(account, &request, 32, NOW, &mut rng).map(drop)
    });
    let old = moved(&mut town);
    let list = town.server.list(town.id(0));
    assert_eq!(list.devices().len(), 32);
    assert!(list.devices().iter().map(Address::of).all(|address| address != old.address()));
}
