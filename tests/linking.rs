//! Linking a companion through the client: code, offer, acceptance, list; and all that is refused.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use base64ct::{Base64UrlUnpadded, Encoding};
use latchstring::{
    Account, Address, Candidate, Client, Error, Learned, Proposal, State, To, Welcome,
};

use support::forged::labelled;
use support::town::{Person, Town};
use support::{NOW, TestRng, fails, flipped, refuses, restarted};

/// For so long a code is read, and for so long its offer and acceptance are taken.
const FRESH: u64 = 60;
const LATE: u64 = 300;

/// A person with so many devices, and a candidate.
struct Scene {
    person: Person,
    rng: TestRng,
    candidate: Candidate,
}

impl Scene {
    fn new(seed: u64, devices: usize) -> Self {
        let mut town = Town::new(seed, &[devices]);
        let mut rng = TestRng::new(seed + 1000);
        let candidate = Candidate::generate("laptop in the study", NOW, &mut rng).unwrap();
        Self { person: town.people.remove(0), rng, candidate }
    }

    fn proposal(&self) -> Proposal {
        Proposal::read(&self.candidate.code(), NOW).unwrap()
    }

    /// The primary approves what this code says.
    fn offer(&mut self, proposal: &Proposal) -> Vec<u8> {
        let Person { account, devices } = &mut self.person;
        let (offer, change) =
            devices[0].approve(account, proposal, 31, NOW, &mut self.rng).unwrap();
        devices[0].apply(change).unwrap();
        offer
    }

    fn welcome(&mut self) -> Welcome {
        let offer = self.offer(&self.proposal());
        self.candidate.open(&offer, NOW).unwrap()
    }

    /// The candidate accepts: the new client, and its acceptance.
    fn accepted(mut self) -> (Person, Client, Vec<u8>) {
        let welcome = self.welcome();
        let (client, acceptance) = welcome.accept(self.candidate, NOW, &mut self.rng).unwrap();
        (self.person, client, acceptance)
    }
}

/// A code taken to pieces: what it says, and its secret.
fn taken_apart(code: &str) -> (Vec<u8>, Vec<u8>) {
    let bytes = Base64UrlUnpadded::decode_vec(code.strip_prefix("1L.").unwrap()).unwrap();
    let (rest, _) = bytes.split_at(bytes.len() - 4);
    let (body, secret) = rest.split_at(rest.len() - 32);
    (body.to_vec(), secret.to_vec())
}

/// A code of these pieces, with a right check.
fn put_together(body: &[u8], secret: &[u8]) -> String {
    let check = labelled("linking/check", &[body, secret]);
    let bytes = [body, secret, &check[..4]].concat();
    format!("1L.{}", Base64UrlUnpadded::encode_string(&bytes))
}

#[test]
fn both_sides_see_what_they_link_before_they_agree() {
    let mut scene = Scene::new(1, 1);
    let proposal = scene.proposal();
    assert_eq!(proposal.description(), "laptop in the study");
    let before = scene.candidate.to_bytes();
    let offer = scene.offer(&proposal);
    scene.candidate = restarted(&scene.candidate);
    let welcome = scene.candidate.open(&offer, NOW).unwrap();
    assert!(*before == *scene.candidate.to_bytes());
    let primary = &scene.person.devices[0];
    assert_eq!(welcome.account(), scene.person.id());
    assert_eq!(welcome.primary(), primary.certificate());
    assert_eq!(welcome.list(), primary.list());
    let (companion, acceptance) = welcome.accept(scene.candidate, NOW, &mut scene.rng).unwrap();
    assert_eq!(companion.certificate().identity(), proposal.identity());

    let Person { account, devices } = &mut scene.person;
    devices[0] = restarted(&devices[0]);
    let change = devices[0].admit(account, &acceptance, NOW).unwrap();
    devices[0].apply(change).unwrap();
    let list = devices[0].list().clone();
    assert_eq!(list.device(companion.address().device), Some(companion.certificate()));
    assert_eq!(devices[0].list(), &list);
}

#[test]
fn a_companion_does_nothing_before_a_list_names_it() {
    let (mut person, mut companion, acceptance) = Scene::new(2, 2).accepted();
    let sibling = person.devices[1].address();
    let before = person.devices[0].list().clone();
    let idle = |companion: &mut Client| {
        refuses(companion, Error::Unlisted, |client| client.plan(To::Own, NOW));
        refuses(companion, Error::Unlisted, |client| client.open(sibling, &[1, 1, 0], NOW));
        refuses(companion, Error::Unlisted, |client| client.witness(NOW));
        assert!(!companion.has_session(sibling, NOW));
    };
    idle(&mut companion);
    // A list that goes on without it is taken, and changes nothing about that.
    let Person { account, devices } = &mut person;
    let change = devices[0].renew(account, NOW).unwrap();
    devices[0].apply(change).unwrap();
    let list = devices[0].list().clone();
    let (_, change) = companion.learn(&list, NOW).unwrap();
    companion.apply(change.unwrap()).unwrap();
    idle(&mut companion);
    refuses(&mut companion, Error::ListRollback, |client| client.learn(&before, NOW));

    let change = devices[0].admit(account, &acceptance, NOW).unwrap();
    devices[0].apply(change).unwrap();
    let list = devices[0].list().clone();
    let (learned, change) = companion.learn(&list, NOW).unwrap();
    companion.apply(change.unwrap()).unwrap();
    let added = vec![companion.address().device];
    assert_eq!(learned, Learned::Newer { added, removed: vec![] });
    assert!(companion.plan(To::Own, NOW).is_ok());
}

#[test]
fn a_new_companion_has_no_history_and_reads_what_comes() {
    let mut town = Town::new(3, &[1, 1]);
    town.chat(0, 1);
    let old = town.say(1, 0, 0, b"a secret of before");
    let before = town.server.mail[&town.address(0, 0)].front().unwrap().clone();
    town.link(0);
    town.learn_all();
    // Nothing waits for it, and what waits for its primary is not for it.
    assert!(
        town.server.mail.get(&town.address(0, 1)).is_none_or(std::collections::VecDeque::is_empty)
    );
    let client = town.client(0, 1);
    refuses(client, Error::Forged, |client| client.open(before.from, &before.message, NOW));
    let bytes = client.to_bytes();
    assert!(support::places(&bytes, &old).is_empty());
    town.receive_all();
    town.say(1, 0, 0, b"hello, both");
    assert_eq!(town.read(0, 0), [b"hello, both"]);
    assert_eq!(town.read(0, 1), [b"hello, both"]);
}

#[test]
fn a_fifth_companion_comes_only_if_the_account_wants_so_many() {
    let mut scene = Scene::new(4, 5);
    let proposal = scene.proposal();
    let Person { account, devices } = &mut scene.person;
    let rng = &mut scene.rng;
    for companions in [0, 3, Client::COMPANIONS] {
        refuses(&mut devices[0], Error::TooManyDevices, |primary| {
            primary.approve(account, &proposal, companions, NOW, rng)
        });
    }
    assert!(devices[0].approve(account, &proposal, 5, NOW, rng).is_ok());
    // The fourth one is within the bound.
    let mut scene = Scene::new(5, 4);
    let proposal = scene.proposal();
    let Person { account, devices } = &mut scene.person;
    let approved = devices[0].approve(account, &proposal, Client::COMPANIONS, NOW, &mut scene.rng);
    assert!(approved.is_ok());
}

#[test]
fn no_account_has_more_than_32_devices() {
    let mut scene = Scene::new(6, 32);
    let proposal = scene.proposal();
    let Person { account, devices } = &mut scene.person;
    for companions in [31, usize::MAX] {
        refuses(&mut devices[0], Error::TooManyDevices, |primary| {
            primary.approve(account, &proposal, companions, NOW, &mut scene.rng)
        });
    }
}

#[test]
fn a_code_an_offer_and_an_acceptance_have_their_last_second() {
    let mut scene = Scene::new(7, 1);
    let code = scene.candidate.code();
    for now in [NOW - FRESH, NOW, NOW + FRESH] {
        assert!(Proposal::read(&code, now).is_ok());
    }
    for now in [NOW - FRESH - 1, NOW + FRESH + 1] {
        assert_eq!(Proposal::read(&code, now).err(), Some(Error::Expired));
    }
    // Read in time, approved late.
    let proposal = scene.proposal();
    let Person { account, devices } = &mut scene.person;
    let rng = &mut scene.rng;
    assert!(devices[0].approve(account, &proposal, 4, NOW + LATE, rng).is_ok());
    refuses(&mut devices[0], Error::Expired, |primary| {
        primary.approve(account, &proposal, 4, NOW + LATE + 1, rng)
    });
    let offer = scene.offer(&proposal);
    let candidate = &mut scene.candidate;
    assert!(candidate.open(&offer, NOW + LATE).is_ok());
    refuses(candidate, Error::Expired, |candidate| candidate.open(&offer, NOW + LATE + 1));
    refuses(candidate, Error::Expired, |candidate| candidate.open(&offer, NOW - FRESH - 1));
    let welcome = candidate.open(&offer, NOW).unwrap();
    let (_, acceptance) = welcome.accept(scene.candidate, NOW, &mut scene.rng).unwrap();
    let Person { account, devices } = &mut scene.person;
    let primary = &mut devices[0];
    assert!(primary.admit(account, &acceptance, NOW + LATE).is_ok());
    let late = NOW + LATE + 1;
    refuses(primary, Error::Expired, |primary| primary.admit(account, &acceptance, late));
    // Time erases what was waited for, and a clock set back does not bring it back.
    assert!(!primary.due(NOW + LATE, 50).tick);
    assert!(primary.due(late, 50).tick);
    let change = primary.tick(late).unwrap().unwrap();
    primary.apply(change).unwrap();
    refuses(primary, Error::Expired, |primary| primary.admit(account, &acceptance, NOW));
}

#[test]
fn a_code_serves_once() {
    let mut scene = Scene::new(8, 1);
    let proposal = scene.proposal();
    let offer = scene.offer(&proposal);
    let Person { account, devices } = &mut scene.person;
    let rng = &mut scene.rng;
    refuses(&mut devices[0], Error::Replay, |primary| {
        primary.approve(account, &proposal, 4, NOW, rng)
    });
    let welcome = scene.candidate.open(&offer, NOW).unwrap();
    let (_, acceptance) = welcome.accept(scene.candidate, NOW, rng).unwrap();
    let change = devices[0].admit(account, &acceptance, NOW).unwrap();
    devices[0].apply(change).unwrap();
    // The device is there; its code and its acceptance are used up.
    refuses(&mut devices[0], Error::WrongPeer, |primary| {
        primary.approve(account, &proposal, 4, NOW, rng)
    });
    refuses(&mut devices[0], Error::Expired, |primary| primary.admit(account, &acceptance, NOW));
}

#[test]
fn another_offer_takes_the_place_of_the_one_before() {
    let mut scene = Scene::new(9, 1);
    let first = scene.welcome();
    let other = Candidate::generate("tablet", NOW, &mut scene.rng).unwrap();
    let offer = scene.offer(&Proposal::read(&other.code(), NOW).unwrap());
    let (_, acceptance) = first.accept(scene.candidate, NOW, &mut scene.rng).unwrap();
    let Person { account, devices } = &mut scene.person;
    refuses(&mut devices[0], Error::Forged, |primary| primary.admit(account, &acceptance, NOW));
    let welcome = other.open(&offer, NOW).unwrap();
    let (companion, acceptance) = welcome.accept(other, NOW, &mut scene.rng).unwrap();
    let change = devices[0].admit(account, &acceptance, NOW).unwrap();
    devices[0].apply(change).unwrap();
    let list = devices[0].list();
    assert!(list.device(companion.address().device).is_some());
}

#[test]
fn of_two_candidates_neither_comes_in_by_what_was_made_for_the_other() {
    let mut scene = Scene::new(10, 1);
    let mut other = Candidate::generate("laptop in the study", NOW, &mut scene.rng).unwrap();
    let offer = scene.offer(&scene.proposal());
    refuses(&mut other, Error::Forged, |other| other.open(&offer, NOW));
    let welcome = scene.candidate.open(&offer, NOW).unwrap();
    assert_eq!(welcome.accept(other, NOW, &mut scene.rng).err(), Some(Error::BadSignature));
}

#[test]
fn an_acceptance_for_one_account_is_none_for_another() {
    let (_, _, acceptance) = Scene::new(11, 1).accepted();
    let mut scene = Scene::new(12, 1);
    scene.offer(&scene.proposal());
    let Person { account, devices } = &mut scene.person;
    refuses(&mut devices[0], Error::Forged, |primary| primary.admit(account, &acceptance, NOW));
    // No offer at all.
    let mut person = Scene::new(13, 1).person;
    let Person { account, devices } = &mut person;
    refuses(&mut devices[0], Error::Expired, |primary| primary.admit(account, &acceptance, NOW));
}

#[test]
fn only_the_account_itself_links() {
    let mut scene = Scene::new(14, 2);
    let proposal = scene.proposal();
    // Another account key under the same id.
    let other = Account::generate(scene.person.id(), &mut scene.rng);
    let primary = &mut scene.person.devices[0];
    let rng = &mut scene.rng;
    refuses(primary, Error::WrongPeer, |primary| primary.approve(&other, &proposal, 4, NOW, rng));
    let offer = scene.offer(&proposal);
    let welcome = scene.candidate.open(&offer, NOW).unwrap();
    let (_, acceptance) = welcome.accept(scene.candidate, NOW, &mut scene.rng).unwrap();
    let primary = &mut scene.person.devices[0];
    refuses(primary, Error::WrongPeer, |primary| primary.admit(&other, &acceptance, NOW));
}

#[test]
fn a_primary_without_a_place_or_a_valid_list_links_nobody() {
    let mut scene = Scene::new(15, 2);
    let end = scene.person.devices[0].list().expires();
    let Person { account, devices } = &mut scene.person;
    let rng = &mut scene.rng;
    let candidate = Candidate::generate("later", end + 1, rng).unwrap();
    let proposal = Proposal::read(&candidate.code(), end + 1).unwrap();
    refuses(&mut devices[0], Error::ListExpired, |primary| {
        primary.approve(account, &proposal, 4, end + 1, rng)
    });
    // A companion that holds the account, and was removed.
    let mut gone = devices.remove(1);
    let change = devices[0].remove(account, gone.address().device, NOW).unwrap();
    devices[0].apply(change).unwrap();
    let (_, change) = gone.learn(devices[0].list(), NOW).unwrap();
    gone.apply(change.unwrap()).unwrap();
    let proposal = Proposal::read(&scene.candidate.code(), NOW).unwrap();
    refuses(&mut gone, Error::Unlisted, |gone| gone.approve(account, &proposal, 4, NOW, rng));
}

#[test]
fn no_character_of_a_code_can_be_changed() {
    let scene = Scene::new(16, 1);
    let code = scene.candidate.code();
    for place in 0..code.len() {
        let mut altered: Vec<_> = code.bytes().collect();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(Proposal::read(&altered, NOW).err(), Some(Error::LinkMangled), "{place}");
    }
    for altered in [&code[1..], &code[..code.len() - 1], &format!("{}A", *code), "", "1L."] {
        assert_eq!(Proposal::read(altered, NOW).err(), Some(Error::LinkMangled));
    }
}

#[test]
fn a_code_that_somebody_rewrote_gets_an_offer_that_the_candidate_refuses() {
    // Who sees the code knows its secret, and can show the primary another one with the same.
    let scene = Scene::new(17, 1);
    let (body, secret) = taken_apart(&scene.candidate.code());
    assert_eq!(put_together(&body, &secret), *scene.candidate.code());
    let (mine, _) = taken_apart(&Scene::new(18, 1).candidate.code());
    // form, purpose, time, signing key, agreement key, ephemeral, length, description
    let fields = [2..10, 10..42, 42..74, 74..106, 107..body.len()];
    for (number, field) in fields.into_iter().enumerate() {
        let mut scene = Scene::new(17, 1);
        let mut altered = body.clone();
        match number {
            0 => altered[9] ^= 1,
            4 => altered[107..].copy_from_slice(b"the bathroom scales"),
            _ => altered[field.clone()].copy_from_slice(&mine[field.clone()]),
        }
        let proposal = Proposal::read(&put_together(&altered, &secret), NOW).unwrap();
        let offer = scene.offer(&proposal);
        let error = fails(&mut scene.candidate, |candidate| candidate.open(&offer, NOW));
        assert_eq!(error, Error::Forged, "{field:?}");
    }
    // And one with another secret.
    let mut scene = Scene::new(17, 1);
    let proposal = Proposal::read(&put_together(&body, &flipped(&secret, 0)), NOW).unwrap();
    let offer = scene.offer(&proposal);
    refuses(&mut scene.candidate, Error::Forged, |candidate| candidate.open(&offer, NOW));
}

#[test]
fn another_purpose_or_form_or_a_hidden_line_is_no_code() {
    let scene = Scene::new(19, 1);
    let (body, secret) = taken_apart(&scene.candidate.code());
    for (place, byte) in [(0, 2), (1, 0), (1, 2), (106, 0), (106, 18), (106, 20), (107, b'\n')] {
        let mut altered = body.clone();
        altered[place] = byte;
        let error = Proposal::read(&put_together(&altered, &secret), NOW).err();
        assert_eq!(error, Some(Error::LinkMangled), "{place} {byte}");
    }
    let mut rng = TestRng::new(1);
    for description in ["", "two\nlines", &"x".repeat(65)] {
        let error = Candidate::generate(description, NOW, &mut rng).err();
        assert_eq!(error, Some(Error::BadArgument));
    }
    assert!(Candidate::generate(&"x".repeat(64), NOW, &mut rng).is_ok());
}

#[test]
fn a_code_with_a_weak_key_is_refused() {
    let scene = Scene::new(20, 1);
    let (body, secret) = taken_apart(&scene.candidate.code());
    let zeroed = |place: usize, byte| {
        let mut altered = body.clone();
        altered[place..place + 32].fill(byte);
        Proposal::read(&put_together(&altered, &secret), NOW)
    };
    // A signing key of small order, agreement keys out of range.
    for (place, byte) in [(10, 0), (42, 0xff), (74, 0xff)] {
        assert_eq!(zeroed(place, byte).err(), Some(Error::WeakKey));
    }
    // Agreement keys of small order agree on nothing.
    let (mut scene, mut rng) = (scene, TestRng::new(1));
    let Person { account, devices } = &mut scene.person;
    for place in [42, 74] {
        let proposal = zeroed(place, 0).unwrap();
        refuses(&mut devices[0], Error::WeakKey, |primary| {
            primary.approve(account, &proposal, 4, NOW, &mut rng)
        });
    }
}

#[test]
fn no_byte_of_an_offer_can_be_changed() {
    let mut scene = Scene::new(21, 1);
    let offer = scene.offer(&scene.proposal());
    let candidate = &mut scene.candidate;
    for place in 0..offer.len() {
        let altered = flipped(&offer, place);
        let error = fails(candidate, |candidate| candidate.open(&altered, NOW));
        let expected: &[Error] = match place {
            0 => &[Error::Malformed],
            1 => &[Error::WrongKind],
            2..34 => &[Error::Forged, Error::WeakKey],
            _ => &[Error::Forged],
        };
        assert!(expected.contains(&error), "{place}: {error:?}");
    }
    for length in 0..offer.len() {
        fails(candidate, |candidate| candidate.open(&offer[..length], NOW));
    }
    let longer = [&offer[..], &[0]].concat();
    refuses(candidate, Error::Forged, |candidate| candidate.open(&longer, NOW));
}

#[test]
fn no_byte_of_an_acceptance_can_be_changed() {
    let (mut person, _, acceptance) = Scene::new(22, 1).accepted();
    let Person { account, devices } = &mut person;
    for place in 0..acceptance.len() {
        let altered = flipped(&acceptance, place);
        let error = fails(&mut devices[0], |primary| primary.admit(account, &altered, NOW));
        let expected = match place {
            0 => Error::Malformed,
            1 => Error::WrongKind,
            _ => Error::Forged,
        };
        assert_eq!(error, expected, "{place}");
    }
    for length in 2..acceptance.len() {
        let cut = &acceptance[..length];
        refuses(&mut devices[0], Error::Malformed, |primary| primary.admit(account, cut, NOW));
    }
    assert!(devices[0].admit(account, &acceptance, NOW).is_ok());
}

#[test]
fn somebody_who_saw_the_code_can_only_link_the_device_to_an_account_of_its_own() {
    // The quishing thief gets the candidate's device, visibly, and nothing of the primary's account.
    let mut thief = Scene::new(23, 1);
    let mut victim = Scene::new(24, 1);
    let offer = thief.offer(&victim.proposal());
    let welcome = victim.candidate.open(&offer, NOW).unwrap();
    assert_eq!(welcome.primary(), thief.person.devices[0].certificate());
    assert_ne!(welcome.list().account_key(), victim.person.devices[0].list().account_key());
    // Its acceptance is no use at the account that the user meant.
    victim.offer(&victim.proposal());
    let (_, acceptance) = welcome.accept(victim.candidate, NOW, &mut victim.rng).unwrap();
    let Person { account, devices } = &mut victim.person;
    refuses(&mut devices[0], Error::Forged, |primary| primary.admit(account, &acceptance, NOW));
}

#[test]
fn ids_of_linked_devices_are_drawn_and_not_counted() {
    let town = Town::new(25, &[5]);
    let ids: Vec<_> = (0..5).map(|device| town.address(0, device)).collect();
    let numbers: Vec<u64> =
        ids.iter().map(|Address { device, .. }| u64::from_be_bytes(device.0)).collect();
    for (one, other) in numbers.iter().zip(&numbers[1..]) {
        assert!(one.abs_diff(*other) > 1 << 32);
    }
}
