//! Briefings: all that a new device is told before it writes to anybody, and what a server can do about it.

use latchstring::session::AccountId;

use super::*;

/// A town in which the first person links a laptop.
struct Admission {
    town: Town,
    entrant: Entrant,
    acceptance: Vec<u8>,
}

impl Admission {
    fn new(mut town: Town, seed: u64) -> Self {
        let mut rng = TestRng::new(seed);
        let now = town.now;
        let new_device = NewDevice::generate("a laptop", now, &mut rng).unwrap();
        let request = LinkingRequest::read(&new_device.code(), now).unwrap();
        let Person { account, devices } = &mut town.people[0];
        let offer = devices[0].approve(account, &request, 31, now, &mut rng).unwrap().apply();
        let offer = new_device.open(&offer, now).unwrap();
        let (entrant, acceptance) = accepted(offer, new_device, &devices[0], now);
        Self { town, entrant, acceptance }
    }

    /// Lets the primary admit the laptop, with these notes.
    fn admit(&mut self, notes: &[u8]) -> Vec<u8> {
        let (now, Person { account, devices }) = (self.town.now, &mut self.town.people[0]);
        devices[0].admit(account, &self.acceptance, notes, now).unwrap().apply()
    }

    fn open(&self, briefing: &[u8]) -> Result<Briefing, Error> {
        self.entrant.open(briefing, self.town.now)
    }
}

/// Lets the first person of a town link a laptop, which is its second device then.
fn linked(mut town: Town) -> Town {
    town.link(0);
    town
}

/// Renews the second person's list so often.
fn renewed(town: &mut Town, times: usize) {
    for _ in 0..times {
        town.renew(1);
    }
}

fn set_up_anew(town: &Town, seed: u64) -> DeviceList {
    let mut rng = TestRng::new(seed);
    let account = Account::generate(town.id(1), &mut rng);
    Client::create(&account, town.now, &mut rng).list().clone()
}

#[test]
fn a_new_device_knows_whom_its_primary_knows_and_what_of_them() {
    let mut town = Town::new(41, &[1, 2, 1, 1]);
    let [known, asked, forgotten] = [1, 2, 3].map(|person| town.id(person));
    let phone = town.client(0, 0);
    let (list, key) = {
        let list = phone.list_of(known).unwrap();
        (list.hash(), list.account_key())
    };
    phone.set_verified(known, Some(key), NOW).unwrap().apply();
    phone.set_logged(known, list, Some(LogStatus::Missing), NOW).unwrap().apply();
    phone.forget(forgotten, NOW).unwrap().apply();
    // Of one account a list waits, and another one was dismissed.
    let mut rng = TestRng::new(1);
    let [waits, dismissed] = [0, 1].map(|_| {
        let account = Account::generate(asked, &mut rng);
        Client::create(&account, NOW, &mut rng).list().clone()
    });
    changed(phone.learn(&dismissed, NOW).unwrap());
    phone.dismiss(&dismissed, NOW).unwrap().apply();
    changed(phone.learn(&waits, NOW).unwrap());

    let mut town = linked(town);
    let laptop = town.client(0, 1);
    assert_eq!(laptop.list_of(known).unwrap().hash(), list);
    assert!(laptop.is_verified(known) && !laptop.is_verified(asked));
    assert_eq!(laptop.logged(known), Some(LogStatus::Missing));
    assert_eq!(laptop.changed_lists_of(asked).collect::<Vec<_>>(), [&waits]);
    refuses(laptop, Error::AccountChanged, |laptop| laptop.plan(To::Account(asked), NOW));
    refuses(laptop, Error::WrongPeer, |laptop| laptop.learn(&dismissed, NOW).map(drop));
    refuses(laptop, Error::UnknownAccount, |laptop| laptop.plan(To::Account(forgotten), NOW));
    assert_eq!(town.learn(0, 1, forgotten), Ok(ListUpdate::First));
    // It writes to whom it was told of, without a list from a server.
    town.inform(1, town.id(0));
    town.say(0, 1, 1, b"from the laptop");
    assert_eq!(town.read(1, 0), [b"from the laptop"]);
}

#[test]
fn a_letter_that_named_a_newer_list_is_heard_of_by_the_new_device() {
    let mut town = Town::new(42, &[1, 2]);
    town.chat(0, 1);
    town.remove(1, 1);
    town.say(1, 0, 0, b"there is a newer list");
    town.receive(0, 0);
    let mut town = linked(town);
    let (id, late) = (town.id(1), NOW + 3 * 86_400 + 1);
    let laptop = town.client(0, 1);
    assert_eq!(laptop.tasks(&Served::NOTHING, NOW).fetch_lists, [id]);
    assert_eq!(stop(laptop, id, late), Some(Stop::Withheld));
}

#[test]
fn a_first_list_under_another_key_waits_on_the_new_device_too() {
    let mut town = linked(Town::new(43, &[1, 1]));
    let (id, other) = (town.id(1), set_up_anew(&town, 430));
    let laptop = town.client(0, 1);
    assert_eq!(changed(laptop.learn(&other, NOW).unwrap()), ListUpdate::Changed);
    refuses(laptop, Error::AccountChanged, |laptop| laptop.plan(To::Account(id), NOW));
}

#[test]
fn a_first_list_with_a_gap_waits_on_the_new_device_too() {
    let mut town = linked(Town::new(44, &[1, 1]));
    renewed(&mut town, 66);
    let id = town.id(1);
    assert_eq!(town.learn(0, 1, id), Ok(ListUpdate::Changed));
    refuses(town.client(0, 1), Error::AccountChanged, |laptop| laptop.plan(To::Account(id), NOW));
}

#[test]
fn a_first_list_of_another_history_is_a_fork_for_the_new_device_too() {
    let mut town = Town::new(45, &[1, 1]);
    let mut copy = started(town.client(1, 0));
    renewed(&mut town, 1);
    town.inform(0, town.id(1));
    let mut town = linked(town);
    copy.renew(&town.people[1].account, NOW + 1).unwrap().apply();
    refuses(town.client(0, 1), Error::ListFork, |laptop| laptop.learn(copy.list(), NOW).map(drop));
}

#[test]
fn a_first_list_that_is_older_is_refused_by_the_new_device_too() {
    let mut town = Town::new(46, &[1, 1]);
    let old = town.server.list(town.id(1));
    renewed(&mut town, 1);
    town.inform(0, town.id(1));
    let mut town = linked(town);
    refuses(town.client(0, 1), Error::ListRollback, |laptop| laptop.learn(&old, NOW).map(drop));
}

#[test]
fn no_byte_of_a_briefing_can_be_changed() {
    let mut admission = Admission::new(Town::new(47, &[1, 1]), 470);
    let briefing = admission.admit(b"settings");
    for place in 0..briefing.len() {
        let error = admission.open(&flipped(&briefing, place)).err().unwrap();
        let expected = match place {
            0 => Error::Malformed,
            1 => Error::WrongKind,
            _ => Error::Forged,
        };
        assert_eq!(error, expected, "{place}");
    }
    for length in 0..briefing.len() {
        assert!(admission.open(&briefing[..length]).is_err());
    }
    assert!(admission.open(&[&briefing[..], &[0]].concat()).is_err());
    assert!(admission.open(&briefing).is_ok());
}

#[test]
fn two_linkings_do_not_mix() {
    let mut one = Admission::new(Town::new(48, &[1, 1]), 480);
    let briefing = one.admit(b"");
    let mut other = Admission::new(Town::new(48, &[1, 1]), 481);
    let theirs = other.admit(b"");
    assert_eq!(other.open(&briefing).err(), Some(Error::Forged));
    let opened = other.open(&theirs).unwrap();
    let error = opened.begin(one.entrant, NOW, &mut TestRng::new(1)).err();
    assert_eq!(error, Some(Error::WrongPeer));
    // Nor do two of one account: the second device is told nothing by what the first one was.
    let mut again = Admission::new(one.town, 482);
    assert_eq!(again.open(&briefing).err(), Some(Error::Forged));
    let newest = again.admit(b"");
    assert!(again.open(&newest).is_ok());
}

#[test]
fn an_entrant_waits_for_an_hour() {
    let mut admission = Admission::new(Town::new(49, &[1, 1]), 490);
    let briefing = admission.admit(b"");
    let mut entrant = restored(&admission.entrant);
    assert_eq!(entrant.expires(), NOW + 3600);
    assert!(entrant.open(&briefing, NOW + 3600).is_ok());
    refuses(&mut entrant, Error::Expired, |entrant| entrant.open(&briefing, NOW + 3601));
    // A clock that was set back makes it no younger, and no older.
    assert!(entrant.open(&briefing, 0).is_ok());
}

#[test]
fn an_acceptance_that_is_admitted_twice_seals_no_two_texts_under_one_key() {
    let admission = Admission::new(Town::new(50, &[1, 1]), 500);
    let Person { account, devices } = &admission.town.people[0];
    let admit = |notes: &[u8], now| {
        let mut copy = started(&devices[0]);
        copy.admit(account, &admission.acceptance, notes, now).unwrap().apply()
    };
    let (one, again) = (admit(b"one", NOW), admit(b"one", NOW));
    assert_eq!(one, again);
    // The salt behind version and kind makes the key.
    for other in [admit(b"two", NOW), admit(b"one", NOW + 1)] {
        assert_eq!(other.len(), one.len());
        assert_ne!(other[2..34], one[2..34]);
        assert!(admission.open(&other).is_ok());
    }
}

#[test]
fn a_server_learns_of_a_briefing_one_of_few_lengths() {
    let admission = Admission::new(Town::new(51, &[1, 1]), 510);
    let Person { account, devices } = &admission.town.people[0];
    let sealed = |notes: usize| {
        let mut copy = started(&devices[0]);
        let notes = vec![7; notes];
        copy.admit(account, &admission.acceptance, &notes, NOW).unwrap().apply()
    };
    let lengths: Vec<_> = (0..600).step_by(20).map(|notes| sealed(notes).len()).collect();
    let mut kinds = lengths.clone();
    kinds.dedup();
    assert!(kinds.len() <= 3, "{kinds:?}");
    assert!(support::places(&sealed(0), &admission.town.id(1).0).is_empty());
}

#[test]
fn notes_are_at_most_a_mebibyte() {
    let mut admission = Admission::new(Town::new(52, &[1, 1]), 520);
    let Person { account, devices } = &mut admission.town.people[0];
    refuses(&mut devices[0], Error::ContentTooLong, |primary| {
        primary.admit(account, &admission.acceptance, &vec![0; (1 << 20) + 1], NOW).map(drop)
    });
    let briefing = admission.admit(&vec![9; 1 << 20]);
    assert_eq!(admission.open(&briefing).unwrap().notes(), vec![9; 1 << 20]);
}

#[test]
fn lists_that_the_primary_signs_meanwhile_lead_to_the_one_that_it_tells() {
    let mut admission = Admission::new(Town::new(53, &[2, 1]), 530);
    let before = admission.town.server.list(admission.town.id(0));
    admission.town.renew(0);
    admission.town.remove(0, 1);
    let briefing = admission.admit(b"");
    let opened = admission.open(&briefing).unwrap();
    assert_eq!(opened.list().epoch(), before.epoch() + 3);
    let (laptop, _) = opened.begin(admission.entrant, NOW, &mut admission.town.rng).unwrap();
    assert_eq!(laptop.list(), admission.town.people[0].devices[0].list());
    assert!(laptop.plan(To::Own, NOW).is_ok());
}

#[test]
fn a_primary_that_knows_nobody_tells_of_nobody() {
    let mut admission = Admission::new(Town::new(54, &[1]), 540);
    let briefing = admission.admit(b"");
    let opened = admission.open(&briefing).unwrap();
    let (laptop, _) = opened.begin(admission.entrant, NOW, &mut admission.town.rng).unwrap();
    let strangers = [AccountId([2; 32])];
    assert_eq!(laptop.stopped(&strangers, NOW).count(), 1);
}

#[test]
fn times_ahead_of_the_new_devices_clock_are_brought_back_to_it() {
    let mut town = Town::new(55, &[1, 2]);
    town.chat(0, 1);
    town.remove(1, 1);
    town.say(1, 0, 0, b"there is a newer list");
    // The primary's clock is ahead.
    town.now += 50;
    town.receive(0, 0);
    town.now -= 50;
    let mut town = linked(town);
    let (id, end) = (town.id(1), NOW + 3 * 86_400);
    let laptop = town.client(0, 1);
    assert_eq!(stop(laptop, id, end), None);
    assert_eq!(stop(laptop, id, end + 1), Some(Stop::Withheld));
}
