//! A guest and a host with several devices.
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

use std::collections::{HashMap, HashSet};

use latchstring::{
    Address, Alert, Approval, Bundle, Change, Chat, ChatStatus, Client, DeviceList, EndReason,
    Envelope, Error, Event, Invite, Learned, Pin, Policy, Posting, Preview, Received, Settlement,
    State, StateKey, View,
};
use support::guest::{DAY, EXPIRES, ORIGIN, text_of};
use support::home::{Home, next_list};
use support::{NOW, OneToOne, TestRng, bundle_of, client, only, refuses, restarted};

/// A host with several devices, all of which hold one link.
struct Doors {
    rng: TestRng,
    home: Home,
    invites: Vec<Invite>,
    posting: Posting,
    url: String,
    bundles: Vec<Bundle>,
}

impl Doors {
    fn new(seed: u64, devices: usize) -> Self {
        Self::with_policy(seed, devices, Policy::new("Ada", EXPIRES))
    }

    fn with_policy(seed: u64, devices: usize, policy: Policy) -> Self {
        let mut rng = TestRng::new(seed);
        let mut home = Home::new(1, devices, &mut rng);
        let host = &home.clients[0];
        let (invite, posting) = Invite::create(host, ORIGIN, policy, NOW, &mut rng).unwrap();
        let bundles = home.clients.iter_mut().map(|host| bundle_of(host, &mut rng)).collect();
        let url = invite.link().unwrap().to_url(ORIGIN).to_string();
        let shared = invite.share().unwrap();
        let others = home.clients[1..].iter();
        let others: Vec<_> =
            others.map(|client| Invite::adopt(client, &shared, NOW).unwrap()).collect();
        let invites = [invite].into_iter().chain(others).collect();
        Self { rng, home, invites, posting, url, bundles }
    }

    fn preview(&self) -> Preview {
        let link = self.invites[0].link().unwrap();
        link.open(self.posting.sealed_invitation(), ORIGIN, NOW).unwrap()
    }

    fn claim(&mut self, list: &DeviceList, bundles: &[Bundle]) -> Result<(Chat, Vec<u8>), Error> {
        self.preview().claim(list, bundles, "Grace", &["hi"], NOW, &mut self.rng)
    }

    fn guest(&mut self) -> (Chat, Vec<u8>) {
        let (list, bundles) = (self.home.list.clone(), self.bundles.clone());
        self.claim(&list, &bundles).unwrap()
    }

    /// Lets the device take a claim.
    fn take(&mut self, device: usize, claim: &[u8]) -> Chat {
        let (invite, client) = (&mut self.invites[device], &mut self.home.clients[device]);
        let arrival = invite.claim(client, claim, NOW).unwrap();
        let (chat, hello) = arrival.apply(invite, client).unwrap();
        assert_eq!(hello.name, "Grace");
        chat
    }

    /// A claim of somebody who is not remembered.
    fn guest_of_nobody(&mut self) -> Vec<u8> {
        // A settled link shows no preview: the guest had looked before.
        let link = self.url.clone();
        let link = latchstring::Link::parse(&link).unwrap();
        let preview = link.open(self.posting.sealed_invitation(), ORIGIN, NOW).unwrap();
        let list = self.home.list.clone();
        preview.claim(&list, &self.bundles, "Grace", &[], NOW, &mut self.rng).unwrap().1
    }

    fn grant(&mut self, device: usize, chat: &mut Chat) -> Vec<u8> {
        let client = &self.home.clients[device];
        only(chat.grant(client, NOW, &mut self.rng).unwrap().apply().unwrap())
    }

    /// Gives a record to the link, and to the chat if there is one.
    fn settle(
        &mut self,
        device: usize,
        chat: Option<&mut Chat>,
        record: &[u8],
    ) -> Vec<Result<Settlement, Error>> {
        let (invite, client) = (&mut self.invites[device], &self.home.clients[device]);
        let mut told = Vec::new();
        let settled = invite.settle(client, record, NOW).map(|(settlement, change)| {
            if let Some(change) = change {
                invite.apply(change).unwrap();
            }
            settlement
        });
        told.push(settled);
        if let Some(chat) = chat {
            told.push(chat.settle(client, record, NOW).map(|(settlement, change)| {
                if let Some(change) = change {
                    chat.apply(change).unwrap();
                }
                settlement
            }));
        }
        told
    }

    fn address(&self, device: usize) -> Address {
        self.home.clients[device].address()
    }
}

/// The envelope for one device.
fn of(envelopes: &[Envelope], to: Address) -> &[u8] {
    let mut found = envelopes.iter().filter(|envelope| envelope.to == to);
    let envelope = found.next().unwrap();
    assert!(found.next().is_none());
    &envelope.message
}

/// A guest that three devices of its host have taken in.
struct Meeting {
    doors: Doors,
    guest: Chat,
    hosts: Vec<Chat>,
}

impl Meeting {
    fn waiting(seed: u64, devices: usize) -> Self {
        let mut doors = Doors::new(seed, devices);
        let (guest, claim) = doors.guest();
        let hosts = (0..devices).map(|device| doors.take(device, &claim)).collect();
        Self { doors, guest, hosts }
    }

    /// Every device grants, which is once and two repetitions for the guest.
    fn new(seed: u64, devices: usize) -> Self {
        let mut meeting = Self::waiting(seed, devices);
        for device in 0..devices {
            let granted = meeting.doors.grant(device, &mut meeting.hosts[device]);
            let from = meeting.doors.address(device);
            let received = meeting.guest.receive(from, &granted, NOW).unwrap();
            assert!(received.event == Event::Granted && received.from == from);
        }
        meeting
    }
}

// ---- many devices ----

#[test]
fn each_device_of_the_host_opens_its_own_envelope_of_one_claim() {
    let meeting = Meeting::waiting(1, 3);
    let code = meeting.guest.security_code();
    for (device, host) in meeting.hosts.iter().enumerate() {
        assert_eq!(host.security_code(), code);
        assert_eq!(host.peer(), meeting.hosts[0].peer());
        assert!(host.devices().eq([host.other()]));
        assert!(meeting.guest.devices().any(|at| at == meeting.doors.address(device)));
    }
    assert_eq!(meeting.guest.devices().count(), 3);
    assert_eq!(meeting.guest.list(), &meeting.doors.home.list);
}

#[test]
fn what_a_guest_says_arrives_at_every_device_and_each_of_them_answers() {
    let mut meeting = Meeting::new(2, 3);
    for round in 0..3_u64 {
        let said = meeting.guest.send("hello", NOW + round, &mut meeting.doors.rng).unwrap();
        assert_eq!(said.len(), 3);
        for (device, host) in meeting.hosts.iter_mut().enumerate() {
            let message = of(&said, meeting.doors.address(device));
            assert_eq!(text_of(&host.hear(message, NOW + round).unwrap().event), "hello");
            let answer = host.say("welcome", NOW + round, &mut meeting.doors.rng).unwrap();
            let from = meeting.doors.address(device);
            let received = meeting.guest.receive(from, &answer, NOW + round).unwrap();
            assert_eq!(text_of(&received.event), "welcome");
            assert_eq!(received.from, from);
        }
        (meeting.guest, meeting.hosts) =
            (restarted(&meeting.guest), meeting.hosts.iter().map(restarted).collect());
    }
}

#[test]
fn the_envelopes_of_one_text_have_one_length_and_nothing_else_in_common() {
    let mut meeting = Meeting::new(3, 3);
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap();
    for one in &said {
        for other in said.iter().filter(|other| other.to != one.to) {
            assert_eq!(one.message.len(), other.message.len());
            assert!(support::guest::shared(&one.message, &other.message).is_empty());
        }
    }
}

#[test]
fn a_text_that_is_sealed_and_given_up_moves_no_session() {
    let mut meeting = Meeting::new(4, 3);
    let before = meeting.guest.to_bytes();
    drop(meeting.guest.text("hello", NOW, &mut meeting.doors.rng).unwrap());
    assert!(before == meeting.guest.to_bytes());
}

#[test]
fn what_was_sealed_for_one_device_opens_at_no_other_and_from_no_other() {
    let mut meeting = Meeting::new(5, 2);
    let (one, two) = (meeting.doors.address(0), meeting.doors.address(1));
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap();
    let (first, second) = (of(&said, one), of(&said, two));
    refuses(&mut meeting.hosts[0], Error::Forged, |host| host.listen(second, NOW));
    refuses(&mut meeting.hosts[1], Error::Forged, |host| host.listen(first, NOW));
    let answer = meeting.hosts[0].say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    refuses(&mut meeting.guest, Error::Forged, |guest| guest.open(two, &answer, NOW));
    meeting.guest.receive(one, &answer, NOW).unwrap();
}

#[test]
fn a_sender_that_is_not_of_the_other_side_is_refused() {
    let mut meeting = Meeting::new(6, 2);
    let one = meeting.doors.address(0);
    let guest = meeting.hosts[0].other();
    let answer = meeting.hosts[0].say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap();
    let stranger = client(9, &mut meeting.doors.rng).address();
    let elsewhere = Address { account: one.account, ..stranger };
    for (from, error) in [
        (stranger, Error::WrongPeer),
        (guest, Error::WrongPeer),
        (Address { account: stranger.account, ..one }, Error::WrongPeer),
        (elsewhere, Error::Unlisted),
    ] {
        refuses(&mut meeting.guest, error, |guest| guest.open(from, &answer, NOW));
    }
    let message = of(&said, one);
    for (from, error) in [
        (one, Error::WrongPeer),
        (stranger, Error::WrongPeer),
        (Address { device: one.device, ..guest }, Error::Unlisted),
    ] {
        refuses(&mut meeting.hosts[0], error, |host| host.open(from, message, NOW));
    }
    assert!(meeting.hosts[0].receive(guest, message, NOW).is_ok());
}

#[test]
fn a_guest_that_leaves_leaves_every_device() {
    let mut meeting = Meeting::new(7, 3);
    let end = meeting.guest.end(NOW, &mut meeting.doors.rng).unwrap().apply().unwrap();
    assert_eq!(meeting.guest.status(), ChatStatus::Ended(EndReason::Here));
    assert_eq!(meeting.guest.devices().count(), 0);
    for (device, host) in meeting.hosts.iter_mut().enumerate() {
        host.hear(of(&end, meeting.doors.address(device)), NOW).unwrap();
        assert_eq!(host.status(), ChatStatus::Ended(EndReason::There));
    }
}

// ---- the list and the bundles of a claim ----

#[test]
fn a_device_without_a_bundle_is_left_out() {
    let mut doors = Doors::new(20, 3);
    let (list, bundles) = (doors.home.list.clone(), doors.bundles.clone());
    let (mut guest, claim) = doors.claim(&list, &[bundles[2].clone(), bundles[0].clone()]).unwrap();
    let mut expected = [doors.address(0), doors.address(2)];
    expected.sort();
    assert!(guest.devices().eq(expected));
    for device in [0, 2] {
        doors.take(device, &claim);
    }
    let (invite, client) = (&mut doors.invites[1], &doors.home.clients[1]);
    refuses(invite, Error::WrongPeer, |invite| invite.claim(client, &claim, NOW));
    let (left_out, message) = (doors.address(1), [1, 1].repeat(80));
    refuses(&mut guest, Error::Forged, |guest| guest.open(left_out, &message, NOW));
}

#[test]
fn a_claim_needs_bundles_of_listed_devices_each_once() {
    let mut doors = Doors::new(21, 2);
    let list = doors.home.list.clone();
    let [one, two] = [doors.bundles[0].clone(), doors.bundles[1].clone()];
    let stranger = bundle_of(&mut client(9, &mut doors.rng), &mut doors.rng);
    // Of the account, and not in its list.
    let mut unlisted = Client::create(&doors.home.account, NOW, &mut doors.rng).unwrap();
    let unlisted = bundle_of(&mut unlisted, &mut doors.rng);
    for (bundles, error) in [
        (vec![], Error::BadArgument),
        (vec![one.clone(), one.clone()], Error::BadArgument),
        (vec![two.clone(), one.clone(), two.clone()], Error::BadArgument),
        (vec![stranger.clone()], Error::WrongPeer),
        (vec![one.clone(), stranger], Error::WrongPeer),
        (vec![one.clone(), unlisted], Error::WrongPeer),
    ] {
        assert_eq!(doors.claim(&list, &bundles).err(), Some(error));
    }
    assert!(doors.claim(&list, &[two, one]).is_ok());
}

#[test]
fn a_claim_needs_a_list_that_descends_from_the_invitations() {
    let mut rng = TestRng::new(22);
    let mut home = Home::new(1, 2, &mut rng);
    let older = home.clients[0].list().clone();
    home.relist(|_| true, NOW);
    let policy = Policy::new("Ada", EXPIRES);
    let (invite, posting) =
        Invite::create(&home.clients[0], ORIGIN, policy, NOW, &mut rng).unwrap();
    let named = home.list.clone();
    let bundles = [bundle_of(&mut home.clients[0], &mut rng)];
    let devices: Vec<_> = named.devices().to_vec();
    let next = |known: &DeviceList, at| next_list(&home.account, known, &devices, at);
    let fork = next(&older, NOW + 1);
    let later = next(&named, NOW);
    let mut far = named.clone();
    for _ in 0..65 {
        far = next(&far, NOW);
    }
    let gap = next(&far, NOW);
    let other = client(9, &mut rng);
    for (list, now, error) in [
        (&older, NOW, Some(Error::ListRollback)),
        (&fork, NOW, Some(Error::ListFork)),
        (&next(&fork, NOW), NOW, Some(Error::ListFork)),
        (other.list(), NOW, Some(Error::WrongPeer)),
        (&next(&named, NOW - 30 * DAY - 1), NOW, Some(Error::ListExpired)),
        (&next(&named, NOW + DAY + 1), NOW, Some(Error::ListExpired)),
        (&named, NOW, None),
        (&later, NOW, None),
        (&far, NOW, None),
        (&gap, NOW, Some(Error::ListGap)),
    ] {
        let preview =
            invite.link().unwrap().open(posting.sealed_invitation(), ORIGIN, NOW).unwrap();
        let claimed = preview.claim(list, &bundles, "Grace", &[], now, &mut rng);
        assert_eq!(claimed.err(), error, "epoch {}", list.epoch());
    }
}

#[test]
fn a_device_that_is_no_more_listed_makes_no_link_and_takes_no_claim() {
    let mut doors = Doors::new(23, 2);
    let (_, claim) = doors.guest();
    doors.home.relist(|device| device == 0, NOW);
    let removed = &mut doors.home.clients[1];
    let rng = &mut doors.rng;
    refuses(removed, Error::Unlisted, |host| {
        Invite::create(host, ORIGIN, Policy::new("Ada", EXPIRES), NOW, rng).map(drop)
    });
    let removed = &doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::Unlisted, |invite| invite.claim(removed, &claim, NOW));
    doors.take(0, &claim);
}

#[test]
fn a_link_is_made_under_a_list_in_its_time() {
    let mut doors = Doors::new(24, 2);
    let (host, rng) = (&mut doors.home.clients[0], &mut doors.rng);
    let later = NOW + 31 * DAY;
    refuses(host, Error::ListExpired, |host| {
        Invite::create(host, ORIGIN, Policy::new("Ada", later + DAY), later, rng).map(drop)
    });
}

// ---- one link on several devices ----

#[test]
fn a_shared_link_is_taken_by_devices_of_its_account_only() {
    let mut doors = Doors::new(40, 2);
    let shared = doors.invites[0].share().unwrap();
    let adopted = &doors.invites[1];
    assert_eq!(adopted.locator(), doors.invites[0].locator());
    assert_eq!(adopted.policy(), doors.invites[0].policy());
    let url = |invite: &Invite| invite.link().unwrap().to_url(ORIGIN).to_string();
    assert_eq!(url(adopted), url(&doors.invites[0]));
    let mut stranger = client(9, &mut doors.rng);
    // The same account id under another key.
    let mut impostor = client(1, &mut doors.rng);
    for other in [&mut stranger, &mut impostor] {
        refuses(other, Error::WrongPeer, |other| Invite::adopt(other, &shared, NOW).map(drop));
    }
    let ours = &mut doors.home.clients[1];
    for late in [EXPIRES + 1, u64::MAX] {
        refuses(ours, Error::Expired, |ours| Invite::adopt(ours, &shared, late).map(drop));
    }
    for length in 0..shared.len() {
        assert_eq!(Invite::adopt(ours, &shared[..length], NOW).err(), Some(Error::Malformed));
    }
    for place in 0..shared.len() {
        let altered = support::flipped(&shared, place);
        let error = Invite::adopt(ours, &altered, NOW).err().unwrap();
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 | 39 => error == Error::WrongKind,
            2..34 => error == Error::WrongPeer,
            34..38 => error == Error::Malformed,
            38 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            _ => matches!(error, Error::BadSignature | Error::WeakKey | Error::Malformed),
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    doors.home.relist(|device| device == 0, NOW);
    let removed = &mut doors.home.clients[1];
    refuses(removed, Error::Unlisted, |removed| Invite::adopt(removed, &shared, NOW).map(drop));
}

#[test]
fn a_link_is_shared_while_it_is_open() {
    let mut doors = Doors::new(41, 2);
    let (_, claim) = doors.guest();
    doors.take(0, &claim);
    assert_eq!(doors.invites[0].share().err(), Some(Error::AlreadyClaimed));
    let change = doors.invites[1].revoke(NOW).unwrap();
    doors.invites[1].apply(change).unwrap();
    assert_eq!(doors.invites[1].share().err(), Some(Error::Ended));
}

#[test]
fn any_device_that_holds_the_link_tells_the_server_that_it_is_over() {
    let mut doors = Doors::new(42, 2);
    let (_, claim) = doors.guest();
    doors.take(1, &claim);
    let notice = doors.invites[1].notice().unwrap();
    assert_eq!(doors.posting.close(&notice), Ok(()));
}

#[test]
fn a_pin_is_proved_by_the_device_that_made_the_link_and_by_no_other() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(43, 2, policy);
    let digits = doors.invites[0].pin().unwrap().digits();
    assert!(doors.invites[1].pin().is_none());
    assert!(!support::guest::contains(&doors.invites[0].share().unwrap(), digits.as_bytes()));
    let preview = doors.preview().enter(Pin::parse(&digits).unwrap()).unwrap();
    let claimed =
        preview.claim(&doors.home.list, &doors.bundles, "Grace", &[], NOW, &mut doors.rng);
    let (mut guest, claim) = claimed.unwrap();
    let (mut maker, mut other) = (doors.take(0, &claim), doors.take(1, &claim));
    let rng = &mut doors.rng;
    refuses(&mut other, Error::NotAllowed, |other| {
        other.answer_pin(&doors.home.clients[1], NOW, rng).map(drop)
    });
    let client = &doors.home.clients[1];
    refuses(&mut other, Error::NotAllowed, |other| other.grant(client, NOW, rng).map(drop));
    other = restarted(&other);
    let answer = only(maker.answer_pin(&doors.home.clients[0], NOW, rng).unwrap().apply().unwrap());
    let from = doors.home.clients[0].address();
    assert!(guest.receive(from, &answer, NOW).unwrap().event == Event::PinAnswered);
    guest = restarted(&guest);
    let proof = guest.prove_pin(NOW, rng).unwrap().apply().unwrap();
    assert!(proof.iter().map(|envelope| envelope.to).eq([from]));
    assert!(maker.hear(&only(proof), NOW).unwrap().event == Event::PinProved);
    let granted = doors.grant(0, &mut maker);
    guest.receive(from, &granted, NOW).unwrap();
    let record = maker.record(&doors.home.clients[0]).unwrap();
    let told = doors.settle(1, Some(&mut other), &record);
    assert_eq!(told, [Ok(Settlement::Known), Ok(Settlement::Taken)]);
    assert_eq!(other.status(), ChatStatus::Active);
    let welcome = other.say("welcome", NOW, &mut doors.rng).unwrap();
    guest.receive(doors.address(1), &welcome, NOW).unwrap();
}

// ---- grants among own devices ----

#[test]
fn a_device_that_hears_of_a_grant_first_takes_that_claim_and_no_other() {
    let mut doors = Doors::new(60, 2);
    let ((mut guest, claim), (_, late)) = (doors.guest(), doors.guest());
    let mut host = doors.take(0, &claim);
    let granted = doors.grant(0, &mut host);
    let record = host.record(&doors.home.clients[0]).unwrap();
    assert_eq!(doors.settle(1, None, &record), [Ok(Settlement::Taken)]);
    assert_eq!(doors.settle(1, None, &record), [Ok(Settlement::Known)]);
    assert!(doors.invites[1].link().is_none());
    assert_eq!(doors.invites[1].share().err(), Some(Error::AlreadyClaimed));
    doors.invites[1] = restarted(&doors.invites[1]);
    let client = &doors.home.clients[1];
    let take = |claim: Vec<u8>, now| move |invite: &mut Invite| invite.claim(client, &claim, now);
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, take(late.clone(), NOW));
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| invite.revoke(NOW));
    refuses(&mut doors.invites[1], Error::Expired, take(claim.clone(), EXPIRES + 1));
    let mut other = doors.take(1, &claim);
    assert_eq!(other.status(), ChatStatus::Active);
    let client = &doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::Duplicate, |invite| invite.claim(client, &claim, NOW));
    // It has let nobody in itself, and needs not to.
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    let welcome = other.say("welcome", NOW, &mut doors.rng).unwrap();
    guest.receive(doors.address(1), &welcome, NOW).unwrap();
    let told = other.record(&doors.home.clients[1]).unwrap();
    assert!(told == record);
}

#[test]
fn what_a_settled_link_keeps_makes_no_claim_and_goes_with_its_time() {
    let mut doors = Doors::new(61, 2);
    let url = doors.invites[0].link().unwrap().to_url(ORIGIN).to_string();
    let secret = support::guest::secret_of(&url);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let record = host.record(&doors.home.clients[0]).unwrap();
    doors.settle(1, None, &record);
    let key = |label| support::guest::link_key::<32>(&secret, label);
    let kept = |invite: &Invite, label| support::guest::contains(&invite.to_bytes(), &key(label));
    for label in ["psk", "record-key"] {
        assert!(kept(&doors.invites[1], label), "{label}");
    }
    for label in ["invitation-key", "claim-seed", "claim-key"] {
        assert!(!kept(&doors.invites[1], label), "{label}");
    }
    assert!(!support::guest::contains(&doors.invites[1].to_bytes(), &secret));
    // An hour that passes is remembered, and takes nothing.
    assert!(doors.invites[1].tick(NOW + 3599).unwrap().is_none());
    let change = doors.invites[1].tick(EXPIRES).unwrap().unwrap();
    leads_to_the_same(&doors.invites[1], change, |invite, change| invite.apply(change).unwrap());
    let change = doors.invites[1].tick(EXPIRES).unwrap().unwrap();
    doors.invites[1].apply(change).unwrap();
    assert!(kept(&doors.invites[1], "psk"));
    assert!(doors.invites[1].tick(EXPIRES).unwrap().is_none());
    let change = doors.invites[1].tick(EXPIRES + 1).unwrap().unwrap();
    doors.invites[1].apply(change).unwrap();
    for label in ["psk", "record-key"] {
        assert!(!kept(&doors.invites[1], label), "{label}");
    }
    let client = &doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::Duplicate, |invite| invite.claim(client, &claim, NOW));
}

#[test]
fn a_waiting_chat_becomes_active_by_the_record_of_another_device_without_a_word() {
    let mut meeting = Meeting::waiting(62, 2);
    let Meeting { doors, guest, hosts } = &mut meeting;
    assert_eq!(hosts[0].record(&doors.home.clients[0]).err(), Some(Error::NotGranted));
    assert_eq!(guest.record(&doors.home.clients[0]).err(), Some(Error::NotAllowed));
    let granted = doors.grant(0, &mut hosts[0]);
    let record = hosts[0].record(&doors.home.clients[0]).unwrap();
    let told = doors.settle(1, Some(&mut hosts[1]), &record);
    assert_eq!(told, [Ok(Settlement::Known), Ok(Settlement::Taken)]);
    assert_eq!(hosts[1].status(), ChatStatus::Active);
    // Before the guest has heard of it, a text of the other device has overtaken the grant.
    let text = hosts[1].say("hi", NOW, &mut doors.rng).unwrap();
    guest.receive(doors.address(1), &text, NOW).unwrap();
    assert_eq!(guest.status(), ChatStatus::Waiting);
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    assert_eq!(guest.status(), ChatStatus::Active);
    // Another grant of the same claim harms nobody.
    let again = doors.grant(1, &mut hosts[1]);
    assert!(guest.receive(doors.address(1), &again, NOW).unwrap().event == Event::Granted);
}

#[test]
fn a_record_that_no_listed_device_signed_or_of_another_link_is_refused() {
    let mut doors = Doors::new(63, 2);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let record = host.record(&doors.home.clients[0]).unwrap();
    let mut other = doors.take(1, &claim);
    let client = &doors.home.clients[1];
    let invite = &mut doors.invites[1];
    for place in 0..record.len() {
        let altered = support::flipped(&record, place);
        let error = support::fails(invite, |invite| invite.settle(client, &altered, NOW));
        assert_eq!(support::fails(&mut other, |chat| chat.settle(client, &altered, NOW)), error);
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 => error == Error::WrongKind,
            98..106 => error == Error::Unlisted,
            _ => error == Error::BadSignature,
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    for length in 0..record.len() {
        let cut = &record[..length];
        refuses(invite, Error::Malformed, |invite| invite.settle(client, cut, NOW));
    }
    let policy = Policy::new("Ada", EXPIRES);
    let (mut elsewhere, _) = Invite::create(client, ORIGIN, policy, NOW, &mut doors.rng).unwrap();
    refuses(&mut elsewhere, Error::WrongPeer, |invite| invite.settle(client, &record, NOW));
    let stranger = Home::new(9, 2, &mut doors.rng);
    let stranger = &stranger.clients[0];
    refuses(&mut doors.invites[1], Error::Unlisted, |invite| invite.settle(stranger, &record, NOW));
}

#[test]
fn two_devices_that_took_different_guests_tell_and_let_nobody_in() {
    let mut doors = Doors::new(65, 2);
    let guests = [doors.guest(), doors.guest()];
    let mut chats = [doors.take(0, &guests[0].1), doors.take(1, &guests[1].1)];
    let waiting = doors.invites[1].notice().unwrap();
    doors.grant(0, &mut chats[0]);
    let record = chats[0].record(&doors.home.clients[0]).unwrap();
    let told = doors.settle(1, Some(&mut chats[1]), &record);
    assert_eq!(told, [Ok(Settlement::Contested); 2]);
    let invite = restarted(&doors.invites[1]);
    doors.invites[1] = invite;
    assert_eq!(restarted(&chats[1]).status(), ChatStatus::Ended(EndReason::Contested));
    let told = doors.settle(1, Some(&mut chats[1]), &record);
    assert_eq!(told, [Ok(Settlement::Contested), Err(Error::Ended)]);
    // The link takes nobody any more, and both guests can be told so.
    let client = &doors.home.clients[1];
    for (_, claim) in &guests {
        refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| {
            invite.claim(client, claim, NOW)
        });
    }
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| invite.revoke(NOW));
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |invite| invite.share().map(drop));
    assert!(doors.invites[1].tick(EXPIRES + 1).unwrap().is_none());
    let notice = doors.invites[1].notice().unwrap();
    assert_ne!(notice, waiting);
    for (guest, _) in guests {
        let mut guest = guest;
        let change = guest.notice(&notice, NOW).unwrap().unwrap();
        guest.apply(change).unwrap();
        assert_eq!(guest.status(), ChatStatus::Ended(EndReason::Revoked));
    }
}

#[test]
fn a_record_for_a_link_that_was_taken_back_here_raises_the_alarm_and_changes_nothing() {
    let mut doors = Doors::new(66, 2);
    let (_, claim) = doors.guest();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let record = host.record(&doors.home.clients[0]).unwrap();
    let change = doors.invites[1].revoke(NOW).unwrap();
    doors.invites[1].apply(change).unwrap();
    let client = &doors.home.clients[1];
    let (told, change) = doors.invites[1].settle(client, &record, NOW).unwrap();
    assert!(told == Settlement::Contested && change.is_none());
    let late = NOW + 10 * DAY;
    refuses(&mut host, Error::Expired, |host| host.settle(client, &record, late));
    let (mut guest, _) = doors_guest(67);
    refuses(&mut guest, Error::NotAllowed, |guest| guest.settle(client, &record, NOW));
}

fn doors_guest(seed: u64) -> (Chat, Vec<u8>) {
    Doors::new(seed, 1).guest()
}

/// The change as it is read from its record leads to the same state.
fn leads_to_the_same<S: State>(state: &S, change: Change, apply: impl Fn(&mut S, Change)) {
    let read = Change::from_bytes(&change.to_bytes()).unwrap();
    assert_eq!(read.to_bytes(), change.to_bytes());
    let (mut direct, mut other) = (restarted(state), restarted(state));
    apply(&mut direct, change);
    apply(&mut other, read);
    assert_eq!(direct.anchor(), other.anchor());
    assert!(direct.to_bytes() == other.to_bytes());
}

#[test]
fn what_devices_change_in_a_link_and_a_chat_is_recorded_whole() {
    let mut meeting = Meeting::waiting(68, 2);
    let invite = |invite: &mut Invite, change| invite.apply(change).unwrap();
    let chat = |chat: &mut Chat, change| chat.apply(change).unwrap();
    let mut open = Doors::new(69, 2);
    let (_, claim) = open.guest();
    let mut host = open.take(0, &claim);
    open.grant(0, &mut host);
    let record = host.record(&open.home.clients[0]).unwrap();
    let client = &open.home.clients[1];
    let (_, change) = open.invites[1].settle(client, &record, NOW).unwrap();
    leads_to_the_same(&open.invites[1], change.unwrap(), invite);
    let other = open.guest_of_nobody();
    let mut chat_of_another = open.take(1, &other);
    let client = &open.home.clients[1];
    let (_, change) = open.invites[1].settle(client, &record, NOW).unwrap();
    leads_to_the_same(&open.invites[1], change.unwrap(), invite);
    let (_, change) = chat_of_another.settle(client, &record, NOW).unwrap();
    leads_to_the_same(&chat_of_another, change.unwrap(), chat);
    chat_of_another = restarted(&chat_of_another);
    assert_eq!(chat_of_another.status(), ChatStatus::Waiting);

    let granted = {
        let Meeting { doors, hosts, .. } = &mut meeting;
        doors.grant(0, &mut hosts[0])
    };
    let from = meeting.doors.address(0);
    leads_to_the_same(&meeting.guest, meeting.guest.open(from, &granted, NOW).unwrap().1, chat);
    meeting.guest.receive(from, &granted, NOW).unwrap();
    let [one, client] = &meeting.doors.home.clients[..] else { panic!() };
    let record = meeting.hosts[0].record(one).unwrap();
    let (_, change) = meeting.hosts[1].settle(client, &record, NOW).unwrap();
    leads_to_the_same(&meeting.hosts[1], change.unwrap(), chat);
    let (new, _, envelope) = meeting.link(NOW);
    let change = meeting.guest.learn(&meeting.doors.home.list, NOW).unwrap().1;
    leads_to_the_same(&meeting.guest, change.unwrap(), chat);
    meeting.guest_learns(NOW);
    let opened = meeting.guest.open(new.address(), &envelope.message, NOW).unwrap();
    leads_to_the_same(&meeting.guest, opened.1, chat);
    // A report of another list, and a text for three devices.
    let text = meeting.hosts[0].say("behind", NOW, &mut meeting.doors.rng).unwrap();
    let (received, change) = meeting.guest.open(from, &text, NOW).unwrap();
    assert_eq!(received.alerts.len(), 1);
    leads_to_the_same(&meeting.guest, change, chat);
    meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let (before, rng) = (restarted(&meeting.guest), &mut meeting.doors.rng);
    let sealed = meeting.guest.text("to three", NOW, rng).unwrap();
    let recorded = sealed.record(&key, b"guest", &before.anchor(), rng).unwrap();
    let change: Change = key.open(b"guest", None, recorded.record()).unwrap();
    assert_eq!(recorded.apply().unwrap().len(), 3);
    let mut replica = before;
    replica.apply(change).unwrap();
    assert!(replica.to_bytes() == meeting.guest.to_bytes());
}

// ---- what each side knows of the host's devices ----

impl Meeting {
    /// The guest learns the account's newest list.
    fn guest_learns(&mut self, now: u64) -> Learned {
        let (learned, change) = self.guest.learn(&self.doors.home.list, now).unwrap();
        if let Some(change) = change {
            self.guest.apply(change).unwrap();
        }
        learned
    }

    /// A device of the host learns it.
    fn host_learns(&mut self, device: usize, now: u64) -> Learned {
        let host = &mut self.hosts[device];
        let (learned, change) = host.learn(&self.doors.home.list, now).unwrap();
        if let Some(change) = change {
            host.apply(change).unwrap();
        }
        learned
    }

    fn guest_says(&mut self, device: usize, now: u64) -> Received {
        let said = self.guest.send("hello", now, &mut self.doors.rng).unwrap();
        self.hosts[device].hear(of(&said, self.doors.address(device)), now).unwrap()
    }

    fn host_says(&mut self, device: usize, now: u64) -> Received {
        let text = self.hosts[device].say("welcome", now, &mut self.doors.rng).unwrap();
        self.guest.receive(self.doors.address(device), &text, now).unwrap()
    }
}

#[test]
fn another_list_than_the_known_one_is_told_once_and_stays_until_both_agree() {
    let mut meeting = Meeting::new(80, 2);
    let of = meeting.doors.home.list.account();
    assert!(meeting.guest_says(0, NOW).alerts.is_empty());
    assert!(meeting.host_says(0, NOW).alerts.is_empty());
    meeting.doors.home.relist(|_| true, NOW + 1);
    // One device of the host knows the newer list, the guest and the other do not.
    meeting.host_learns(0, NOW + 1);
    let guest = meeting.hosts[0].other();
    let one = meeting.doors.address(0);
    assert_eq!(meeting.guest_says(0, NOW + 1).alerts, [Alert::Lists { of, view: View::Behind }]);
    assert!(meeting.guest_says(0, NOW + 1).alerts.is_empty());
    assert!(meeting.hosts[0].mismatches().eq([(guest, View::Behind)]));
    assert_eq!(meeting.host_says(0, NOW + 1).alerts, [Alert::Lists { of, view: View::Ahead }]);
    assert!(meeting.host_says(1, NOW + 1).alerts.is_empty());
    meeting.guest = restarted(&meeting.guest);
    assert!(meeting.guest.mismatches().eq([(one, View::Ahead)]));
    // Learning the list that was reported clears it here, saying so clears it there.
    meeting.guest_learns(NOW + 1);
    assert_eq!(meeting.guest.mismatches().count(), 0);
    assert!(meeting.host_says(0, NOW + 1).alerts.is_empty());
    assert_eq!(meeting.guest_says(0, NOW + 1).alerts, [Alert::ListsAgree { of }]);
    assert_eq!(meeting.hosts[0].mismatches().count(), 0);
    let two = meeting.doors.address(1);
    assert_eq!(meeting.host_says(1, NOW + 1).alerts, [Alert::Lists { of, view: View::Behind }]);
    assert!(meeting.guest.mismatches().eq([(two, View::Behind)]));
}

#[test]
fn a_fork_of_the_hosts_list_is_seen_by_both_sides() {
    let mut meeting = Meeting::new(81, 2);
    let of = meeting.doors.home.list.account();
    let (account, known) = (&meeting.doors.home.account, meeting.doors.home.list.clone());
    let fork = next_list(account, &known, known.devices(), NOW + 2);
    meeting.doors.home.relist(|_| true, NOW + 1);
    meeting.host_learns(0, NOW + 1);
    let (_, change) = meeting.guest.learn(&fork, NOW + 2).unwrap();
    meeting.guest.apply(change.unwrap()).unwrap();
    assert_eq!(meeting.guest_says(0, NOW + 2).alerts, [Alert::Lists { of, view: View::Forked }]);
    assert_eq!(meeting.host_says(0, NOW + 2).alerts, [Alert::Lists { of, view: View::Forked }]);
    let ours = &meeting.doors.home.list;
    refuses(&mut meeting.guest, Error::ListFork, |guest| guest.learn(ours, NOW + 2));
}

#[test]
fn a_host_sees_at_the_door_that_its_guest_knows_an_older_list() {
    let mut doors = Doors::new(82, 2);
    let (_, claim) = doors.guest();
    doors.home.relist(|_| true, NOW);
    let (invite, client) = (&mut doors.invites[0], &mut doors.home.clients[0]);
    let arrival = invite.claim(client, &claim, NOW).unwrap();
    let (host, hello) = arrival.apply(invite, client).unwrap();
    let of = doors.home.list.account();
    assert_eq!(hello.alerts, [Alert::Lists { of, view: View::Behind }]);
    assert!(host.mismatches().eq([(host.other(), View::Behind)]));
}

#[test]
fn a_fork_of_the_hosts_list_is_told_at_the_door() {
    let mut doors = Doors::new(114, 2);
    let (account, known) = (&doors.home.account, &doors.home.list);
    let fork = next_list(account, known, known.devices(), NOW + 1);
    doors.home.relist(|_| true, NOW);
    let bundles = doors.bundles.clone();
    let (_, claim) = doors.claim(&fork, &bundles).unwrap();
    let (invite, client) = (&mut doors.invites[0], &mut doors.home.clients[0]);
    let (_, hello) = invite.claim(client, &claim, NOW).unwrap().apply(invite, client).unwrap();
    let of = doors.home.list.account();
    assert_eq!(hello.alerts, [Alert::Lists { of, view: View::Forked }]);
    // Where both know the same there is nothing to tell.
    let claim = doors.guest_of_nobody();
    let (invite, client) = (&mut doors.invites[1], &mut doors.home.clients[1]);
    let (_, hello) = invite.claim(client, &claim, NOW).unwrap().apply(invite, client).unwrap();
    assert!(hello.alerts.is_empty());
}

#[test]
fn a_device_that_is_gone_loses_its_session_with_the_guest_at_once() {
    let mut meeting = Meeting::new(83, 3);
    let late = meeting.hosts[2].say("late", NOW, &mut meeting.doors.rng).unwrap();
    let gone = meeting.doors.address(2);
    meeting.doors.home.relist(|device| device != 2, NOW);
    let learned = meeting.guest_learns(NOW);
    assert_eq!(learned, Learned::Newer { added: vec![], removed: vec![gone.device] });
    assert_eq!(meeting.guest.devices().count(), 2);
    refuses(&mut meeting.guest, Error::Unlisted, |guest| guest.open(gone, &late, NOW));
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap();
    assert!(said.iter().all(|envelope| envelope.to != gone));
    // Its session key is gone, too.
    let name = meeting.hosts[2].names().next().unwrap();
    assert!(meeting.guest.names().all(|other| other != name));
    // The device itself ends when it hears of it.
    assert_eq!(meeting.host_learns(2, NOW), Learned::Removed);
    assert_eq!(meeting.hosts[2].status(), ChatStatus::Ended(EndReason::Removed));
    assert_eq!(meeting.hosts[2].devices().count(), 0);
    meeting.host_learns(0, NOW);
    assert!(meeting.guest_says(0, NOW).alerts.is_empty());
}

#[test]
fn a_grant_of_a_device_that_is_gone_lets_nobody_in() {
    let mut meeting = Meeting::waiting(84, 2);
    let Meeting { doors, hosts, .. } = &mut meeting;
    let granted = doors.grant(1, &mut hosts[1]);
    let (gone, record) = (doors.address(1), hosts[1].record(&doors.home.clients[1]).unwrap());
    meeting.doors.home.relist(|device| device == 0, NOW);
    meeting.guest_learns(NOW);
    refuses(&mut meeting.guest, Error::Unlisted, |guest| guest.open(gone, &granted, NOW));
    let (client, host) = (&meeting.doors.home.clients[0], &mut meeting.hosts[0]);
    refuses(host, Error::Unlisted, |host| host.settle(client, &record, NOW));
}

#[test]
fn a_guest_learns_what_follows_and_nothing_else() {
    let mut meeting = Meeting::new(85, 2);
    let old = meeting.doors.home.list.clone();
    let mut far = old.clone();
    for _ in 0..66 {
        far = next_list(&meeting.doors.home.account, &far, old.devices(), NOW);
    }
    meeting.doors.home.relist(|_| true, NOW);
    let stranger = Home::new(9, 2, &mut meeting.doors.rng);
    let impostor = Home::new(1, 2, &mut meeting.doors.rng);
    let expired = meeting.doors.home.list.clone();
    let guest = &mut meeting.guest;
    refuses(guest, Error::ListGap, |guest| guest.learn(&far, NOW));
    refuses(guest, Error::WrongPeer, |guest| guest.learn(&stranger.list, NOW));
    refuses(guest, Error::WrongPeer, |guest| guest.learn(&impostor.list, NOW));
    refuses(guest, Error::Expired, |guest| guest.learn(&expired, NOW + 10 * DAY));
    assert_eq!(meeting.guest_learns(NOW), Learned::Newer { added: vec![], removed: vec![] });
    assert_eq!(meeting.guest_learns(NOW), Learned::Nothing);
    refuses(&mut meeting.guest, Error::ListRollback, |guest| guest.learn(&old, NOW));
}

#[test]
fn a_guest_says_and_reads_nothing_by_a_list_past_its_time() {
    let mut meeting = Meeting::new(86, 2);
    // Six days at a time, so that the chat does not end before the list does.
    let mut now = NOW;
    while now < NOW + 30 * DAY {
        meeting.guest_says(0, now);
        meeting.host_says(0, now);
        now += 6 * DAY;
    }
    let now = NOW + 30 * DAY;
    meeting.guest_says(0, now);
    let late = now + 1;
    let text = meeting.hosts[0].say("late", late, &mut meeting.doors.rng).unwrap();
    let (from, rng) = (meeting.doors.address(0), &mut meeting.doors.rng);
    let guest = &mut meeting.guest;
    refuses(guest, Error::ListExpired, |guest| guest.send("late", late, rng));
    refuses(guest, Error::ListExpired, |guest| guest.open(from, &text, late));
    meeting.doors.home.relist(|_| true, late);
    meeting.guest_learns(late);
    meeting.guest.receive(from, &text, late).unwrap();
    meeting.guest_says(0, late);
}

#[test]
fn a_guest_whose_host_has_no_device_left_that_it_knew_says_nothing() {
    let mut meeting = Meeting::new(87, 1);
    let other = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    meeting.doors.home.clients.push(other);
    meeting.doors.home.relist(|device| device == 1, NOW);
    meeting.guest_learns(NOW);
    let rng = &mut meeting.doors.rng;
    refuses(&mut meeting.guest, Error::Unlisted, |guest| guest.send("hello", NOW, rng));
    let change = meeting.guest.block(NOW).unwrap();
    meeting.guest.apply(change).unwrap();
    assert_eq!(meeting.guest.status(), ChatStatus::Ended(EndReason::Here));
}

#[test]
fn a_message_that_does_not_say_which_list_its_sender_knows_is_not_allowed() {
    let mut meeting = Meeting::new(88, 1);
    let mut session = support::guest::bare_session(&meeting.guest).session;
    let no_list = [&[0; 40][..], b"\x02hello"].concat();
    for content in [&[][..], &[2], b"\x02hello", &[1; 39], &[1; 40], &no_list] {
        let message = session.encrypt(content, &mut meeting.doors.rng).unwrap();
        refuses(&mut meeting.hosts[0], Error::NotAllowed, |host| host.listen(&message, NOW));
    }
}

// ---- devices that are linked later ----

impl Meeting {
    /// A new device of the account, which is told of the chat and comes in.
    fn link(&mut self, now: u64) -> (Client, Chat, Envelope) {
        let new = self.doors.home.link(now, &mut self.doors.rng);
        let shared = self.hosts[0].share(&self.doors.home.clients[0], now).unwrap();
        let (chat, envelope) = Chat::join(&new, &shared, now, &mut self.doors.rng).unwrap();
        (new, chat, envelope)
    }
}

#[test]
fn a_device_joins_no_chat_whose_grant_its_device_has_not_signed() {
    let mut meeting = Meeting::new(130, 2);
    let new = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let shared = meeting.hosts[0].share(&meeting.doors.home.clients[0], NOW).unwrap();
    let rng = &mut meeting.doors.rng;
    // Of which invitation, of which claim; when, and the signature.
    let end = shared.len();
    for place in [34, 65, 66, 97, end - 65, end - 64, end - 1] {
        let altered = support::flipped(&shared, place);
        assert_eq!(Chat::join(&new, &altered, NOW, rng).err(), Some(Error::BadSignature));
    }
    assert!(Chat::join(&new, &shared, NOW, rng).is_ok());
}

#[test]
fn a_device_joins_a_chat_whose_granting_device_has_left_the_list() {
    let mut meeting = Meeting::new(131, 2);
    let Meeting { doors, hosts, .. } = &mut meeting;
    let new = doors.home.link(NOW, &mut doors.rng);
    doors.home.clients.push(new);
    let shared = hosts[0].share(&doors.home.clients[0], NOW).unwrap();
    doors.home.relist(|device| device != 0, NOW);
    assert!(Chat::join(&doors.home.clients[2], &shared, NOW, &mut doors.rng).is_ok());
}

#[test]
fn a_device_that_is_linked_later_comes_into_the_chat() {
    let mut meeting = Meeting::new(100, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    assert_eq!(late.status(), ChatStatus::Active);
    assert_eq!(late.security_code(), meeting.guest.security_code());
    assert_eq!((envelope.to, late.peer_name()), (late.other(), "Grace"));
    meeting.guest_learns(NOW);
    (late, meeting.guest) = (restarted(&late), restarted(&meeting.guest));
    let received = meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    assert!(received.event == Event::Joined && received.from == new.address());
    assert!(received.alerts.is_empty());
    (late, meeting.guest) = (restarted(&late), restarted(&meeting.guest));
    assert_eq!(meeting.guest.devices().count(), 3);
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap();
    assert_eq!(text_of(&late.hear(of(&said, new.address()), NOW).unwrap().event), "hello");
    for round in 0..3_u64 {
        let text = late.say("welcome", NOW + round, &mut meeting.doors.rng).unwrap();
        let received = meeting.guest.receive(new.address(), &text, NOW + round).unwrap();
        assert_eq!(text_of(&received.event), "welcome");
        let said = meeting.guest.send("hello", NOW + round, &mut meeting.doors.rng).unwrap();
        late.hear(of(&said, new.address()), NOW + round).unwrap();
    }
    // It can bring in the next one.
    let next = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let shared = late.share(&new, NOW).unwrap();
    let (_, envelope) = Chat::join(&next, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    assert!(meeting.guest.receive(next.address(), &envelope.message, NOW).is_ok());
}

#[test]
fn a_device_comes_in_once_the_guest_knows_a_list_that_names_it() {
    let mut meeting = Meeting::new(101, 2);
    let (new, _, envelope) = meeting.link(NOW);
    let from = new.address();
    let guest = &mut meeting.guest;
    refuses(guest, Error::Unlisted, |guest| guest.open(from, &envelope.message, NOW));
    meeting.guest_learns(NOW);
    meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    refuses(&mut meeting.guest, Error::Duplicate, |guest| guest.open(from, &envelope.message, NOW));
}

#[test]
fn a_device_comes_in_once_and_its_first_message_is_not_replayed_later() {
    let mut meeting = Meeting::new(102, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    let shared = meeting.hosts[0].share(&meeting.doors.home.clients[0], NOW).unwrap();
    let (_, again) = Chat::join(&new, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    let from = new.address();
    meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    refuses(&mut meeting.guest, Error::WrongPeer, |guest| guest.open(from, &again.message, NOW));
    let second = late.say("second", NOW, &mut meeting.doors.rng).unwrap();
    // Removed, and listed again: its old first message brings no old session back.
    meeting.doors.home.relist(|_| true, NOW);
    meeting.guest_learns(NOW);
    assert_eq!(meeting.guest.devices().count(), 2);
    meeting.doors.home.clients.push(new);
    meeting.doors.home.relist(|_| true, NOW);
    meeting.guest_learns(NOW);
    for old in [&envelope.message, &second] {
        refuses(&mut meeting.guest, Error::Replay, |guest| guest.open(from, old, NOW));
    }
    meeting.guest.receive(from, &again.message, NOW).unwrap();
}

#[test]
fn nobody_comes_in_who_was_not_told_of_the_chat() {
    let mut meeting = Meeting::new(103, 2);
    let other = Meeting::new(104, 2);
    let mut rng = TestRng::new(1030);
    let new = meeting.doors.home.link(NOW, &mut rng);
    meeting.guest_learns(NOW);
    let from = new.address();
    let shared = meeting.hosts[0].share(&meeting.doors.home.clients[0], NOW).unwrap();
    // The chat of another guest; this one with another key, or under another claim.
    let elsewhere = other.hosts[0].share(&other.doors.home.clients[0], NOW).unwrap();
    let envelope = Chat::join(&new, &elsewhere, NOW, &mut rng).unwrap().1;
    refuses(&mut meeting.guest, Error::UnknownPrekey, |guest| {
        guest.open(from, &envelope.message, NOW)
    });
    // Behind the key: host device id, time, signature. The transcript is behind the account's id and
    // that of the invitation. A grant by a device that is not listed is not checked.
    let granter = shared.len() - 80;
    let key = granter - 32;
    for place in [key, key + 31, 66, 97] {
        let altered = support::flipped(&support::flipped(&shared, granter), place);
        let envelope = Chat::join(&new, &altered, NOW, &mut rng).unwrap().1;
        refuses(&mut meeting.guest, Error::Forged, |guest| {
            guest.open(from, &envelope.message, NOW)
        });
    }
    let envelope = Chat::join(&new, &shared, NOW, &mut rng).unwrap().1;
    for place in 2..envelope.message.len() {
        let altered = support::flipped(&envelope.message, place);
        let error = support::fails(&mut meeting.guest, |guest| guest.open(from, &altered, NOW));
        let expected = match place {
            2 => matches!(error, Error::Malformed | Error::WrongKind | Error::UnknownPrekey),
            3..11 => error == Error::UnknownPrekey,
            11..19 => error == Error::Malformed,
            _ => matches!(error, Error::Forged | Error::WeakKey),
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    let ordinary = [&[1, 1][..], &[7; 200]].concat();
    refuses(&mut meeting.guest, Error::Forged, |guest| guest.open(from, &ordinary, NOW));
    meeting.guest.receive(from, &envelope.message, NOW).unwrap();
}

#[test]
fn a_listed_device_cannot_come_in_as_another_one() {
    let mut meeting = Meeting::new(105, 2);
    let (one, _, envelope) = meeting.link(NOW);
    meeting.doors.home.clients.push(one);
    let two = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    meeting.guest_learns(NOW);
    let (from, message) = (two.address(), &envelope.message);
    refuses(&mut meeting.guest, Error::WrongPeer, |guest| guest.open(from, message, NOW));
    // Nor a device of another account under the id of a listed one.
    let stranger = Home::new(9, 1, &mut meeting.doors.rng);
    let shared = meeting.hosts[0].share(&meeting.doors.home.clients[0], NOW).unwrap();
    let rng = &mut meeting.doors.rng;
    let refused = Chat::join(&stranger.clients[0], &shared, NOW, rng);
    assert_eq!(refused.err(), Some(Error::WrongPeer));
    let claimed = [&shared[..2], &stranger.list.account().0, &shared[34..]].concat();
    let envelope = Chat::join(&stranger.clients[0], &claimed, NOW, rng).unwrap().1;
    let guest = &mut meeting.guest;
    refuses(guest, Error::WrongPeer, |guest| guest.open(from, &envelope.message, NOW));
    let stranger = stranger.clients[0].address();
    refuses(guest, Error::WrongPeer, |guest| guest.open(stranger, &envelope.message, NOW));
}

#[test]
fn a_first_message_that_says_more_than_that_it_comes_is_not_allowed() {
    let mut meeting = Meeting::new(106, 2);
    let new = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let shared = meeting.hosts[0].share(&meeting.doors.home.clients[0], NOW).unwrap();
    let (chat, _) = Chat::join(&new, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest_learns(NOW);
    let mut session = support::guest::bare_session(&chat);
    for content in [&b"\x02hello"[..], &[4], &[7, 0], &[]] {
        let message = session.encrypt(content, &mut meeting.doors.rng).unwrap();
        refuses(&mut meeting.guest, Error::NotAllowed, |guest| {
            guest.open(new.address(), &message, NOW)
        });
    }
    // And nobody says in a session that it comes.
    let message = support::guest::bare_session(&meeting.hosts[0]);
    let message = { message }.encrypt(&[7], &mut meeting.doors.rng).unwrap();
    let from = meeting.doors.address(0);
    refuses(&mut meeting.guest, Error::NotAllowed, |guest| guest.open(from, &message, NOW));
}

#[test]
fn a_chat_is_shared_by_the_host_while_it_is_active() {
    let mut meeting = Meeting::waiting(107, 2);
    assert_eq!(
        meeting.hosts[0].share(&meeting.doors.home.clients[0], NOW).err(),
        Some(Error::NotGranted)
    );
    assert_eq!(
        meeting.guest.share(&meeting.doors.home.clients[0], NOW).err(),
        Some(Error::NotAllowed)
    );
    let Meeting { doors, hosts, .. } = &mut meeting;
    doors.grant(0, &mut hosts[0]);
    let shared = hosts[0].share(&doors.home.clients[0], NOW).unwrap();
    assert_eq!(hosts[0].share(&doors.home.clients[0], NOW + 10 * DAY).err(), Some(Error::Expired));
    let change = hosts[0].block(NOW).unwrap();
    hosts[0].apply(change).unwrap();
    assert_eq!(hosts[0].share(&doors.home.clients[0], NOW).err(), Some(Error::Ended));
    let mut new = doors.home.link(NOW, &mut doors.rng);
    let rng = &mut doors.rng;
    for length in 0..shared.len() {
        let error = Chat::join(&new, &shared[..length], NOW, rng).err();
        assert_eq!(error, Some(Error::Malformed), "{length}");
    }
    let longer = [&shared[..], &[0]].concat();
    assert_eq!(Chat::join(&new, &longer, NOW, rng).err(), Some(Error::Malformed));
    let list = doors.home.list.clone();
    doors.home.relist(|_| true, NOW);
    let (_, change) = new.learn(&doors.home.list, NOW).unwrap();
    new.apply(change.unwrap()).unwrap();
    assert!(list.device(new.address().device).is_some());
    refuses(&mut new, Error::Unlisted, |new| Chat::join(new, &shared, NOW, rng).map(drop));
}

#[test]
fn what_is_kept_for_devices_that_come_later_goes_with_the_chat() {
    let mut meeting = Meeting::new(108, 1);
    let tail = |chat: &Chat| {
        let bytes = chat.to_bytes();
        bytes[bytes.len() - support::guest::joining_of(chat) + 1..].to_vec()
    };
    let (guest, host) = (tail(&meeting.guest), tail(&meeting.hosts[0]));
    // One key, which the guest made and nobody else knows.
    let (own, told) = (&guest[guest.len() - 32..], &host[host.len() - 32..]);
    assert_eq!(own, told);
    let end = meeting.guest.end(NOW, &mut meeting.doors.rng).unwrap().apply().unwrap();
    meeting.hosts[0].hear(&only(end), NOW).unwrap();
    for (chat, secrets) in [(&meeting.guest, [&guest[..128], own]), (&meeting.hosts[0], [told; 2])]
    {
        let after = chat.to_bytes();
        for secret in secrets {
            let mut parts = secret.windows(8);
            assert!(parts.all(|part| !support::guest::contains(&after, part)));
        }
    }
}

// ---- two guests, two devices, every order ----

/// What one device does, in its own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Act {
    /// Is given the claim of one of the guests.
    Claim(usize),
    /// Lets in the guest that it has taken.
    Grant,
    /// Is given the record of the other device, which let this guest in.
    Settle(usize),
}

/// A device after some acts.
#[derive(Clone)]
struct Seen {
    client: Vec<u8>,
    invite: Vec<u8>,
    /// The guest that it took, and the chat.
    chat: Option<(usize, Vec<u8>)>,
    alarmed: bool,
}

struct Race {
    claims: [Vec<u8>; 2],
    /// By device and guest: the record of its grant.
    records: [[Vec<u8>; 2]; 2],
    seen: HashMap<(usize, Vec<Act>), Seen>,
    rng: TestRng,
}

impl Race {
    fn act(&mut self, device: usize, history: &[Act]) -> Seen {
        let key = (device, history.to_vec());
        if let Some(seen) = self.seen.get(&key) {
            return seen.clone();
        }
        let (act, before) = history.split_last().unwrap();
        let mut seen = self.act(device, before);
        let mut client = Client::from_bytes(&seen.client).unwrap();
        let mut invite = Invite::from_bytes(&seen.invite).unwrap();
        let load = |chat: &Option<(usize, Vec<u8>)>| {
            chat.as_ref().map(|(guest, chat)| (*guest, Chat::from_bytes(chat).unwrap()))
        };
        let mut chat = load(&seen.chat);
        match *act {
            Act::Claim(guest) => match invite.claim(&client, &self.claims[guest], NOW) {
                Ok(arrival) => {
                    assert!(chat.is_none(), "one device took two guests in");
                    let taken = arrival.apply(&mut invite, &mut client).unwrap().0;
                    chat = Some((guest, taken));
                }
                Err(error) => assert_eq!(error, Error::AlreadyClaimed),
            },
            Act::Grant => {
                if let Some((guest, chat)) = &mut chat
                    && chat.status() == ChatStatus::Waiting
                {
                    chat.grant(&client, NOW, &mut self.rng).unwrap().apply().unwrap();
                    self.records[device][*guest] = chat.record(&client).unwrap().to_vec();
                }
            }
            Act::Settle(guest) => {
                let record = &self.records[1 - device][guest];
                let (told, change) = invite.settle(&client, record, NOW).unwrap();
                seen.alarmed |= told == Settlement::Contested;
                if let Some(change) = change {
                    invite.apply(change).unwrap();
                }
                if let Some((_, chat)) = &mut chat {
                    match chat.settle(&client, record, NOW) {
                        Ok((_, Some(change))) => chat.apply(change).unwrap(),
                        Ok((_, None)) => {}
                        Err(error) => assert_eq!(error, Error::Ended),
                    }
                }
            }
        }
        seen.client = client.to_bytes().to_vec();
        seen.invite = invite.to_bytes().to_vec();
        seen.chat = chat.map(|(guest, chat)| (guest, chat.to_bytes().to_vec()));
        self.seen.insert(key, seen.clone());
        seen
    }

    /// The guest whose chat is active here.
    fn active(&mut self, device: usize, history: &[Act]) -> Option<usize> {
        let seen = self.act(device, history);
        let (guest, chat) = seen.chat?;
        let active = Chat::from_bytes(&chat).unwrap().status() == ChatStatus::Active;
        active.then_some(guest)
    }

    /// Goes on from two histories in every order, to where nothing is left to happen; counts how
    /// often that is with an alarm and without.
    fn explore(
        &mut self,
        histories: &mut [Vec<Act>; 2],
        done: &mut HashSet<[Vec<Act>; 2]>,
        ends: &mut [usize; 2],
    ) {
        if !done.insert(histories.clone()) {
            return;
        }
        let mut is_end = true;
        for device in 0..2 {
            let mut next = vec![Act::Claim(0), Act::Claim(1), Act::Grant];
            // What the other device has granted so far by its own word.
            let other = self.granted(1 - device, &histories[1 - device]);
            next.extend(other.map(Act::Settle));
            for act in next {
                if histories[device].contains(&act) {
                    continue;
                }
                is_end = false;
                histories[device].push(act);
                self.explore(histories, done, ends);
                histories[device].pop();
            }
        }
        if is_end {
            let alarmed = (0..2).any(|device| self.act(device, &histories[device]).alarmed);
            let active: Vec<_> =
                (0..2).map(|device| self.active(device, &histories[device])).collect();
            let agreed = active[0].is_some() && active[0] == active[1];
            let nobody = active == [None, None];
            let granted = (0..2).any(|device| self.granted(device, &histories[device]).is_some());
            assert!(alarmed || agreed || (nobody && !granted), "{histories:?}: {active:?}");
            // No two guests are active, whatever was said.
            assert!(active[0].is_none() || active[1].is_none() || agreed, "{histories:?}");
            ends[usize::from(alarmed)] += 1;
        }
    }

    /// Whom the device has let in by its own word in this history.
    fn granted(&mut self, device: usize, history: &[Act]) -> Option<usize> {
        let place = history.iter().position(|act| *act == Act::Grant)?;
        let before = self.act(device, &history[..place]);
        let (guest, chat) = before.chat?;
        let waited = Chat::from_bytes(&chat).unwrap().status() == ChatStatus::Waiting;
        if waited {
            self.act(device, &history[..=place]);
        }
        waited.then_some(guest)
    }
}

#[test]
fn of_two_guests_at_two_devices_one_is_active_on_both_or_a_device_raises_the_alarm() {
    let mut doors = Doors::new(64, 2);
    let claims = [doors.guest().1, doors.guest().1];
    let mut seen = HashMap::new();
    for device in 0..2 {
        let client = doors.home.clients[device].to_bytes().to_vec();
        let invite = doors.invites[device].to_bytes().to_vec();
        let start = Seen { client, invite, chat: None, alarmed: false };
        seen.insert((device, Vec::new()), start);
    }
    let Doors { rng, .. } = doors;
    let mut race = Race { claims, records: Default::default(), seen, rng };
    let mut ends = [0, 0];
    race.explore(&mut Default::default(), &mut HashSet::new(), &mut ends);
    // Both kinds of end were reached, many times.
    assert!(ends.iter().all(|count| *count > 50), "{ends:?}");
}

// ---- devices that were removed ----

#[test]
fn a_device_that_was_removed_lets_nobody_in_and_brings_nobody_in() {
    let mut meeting = Meeting::waiting(110, 3);
    let Meeting { doors, guest, hosts } = &mut meeting;
    // One that waits, one that is active.
    doors.grant(2, &mut hosts[2]);
    doors.home.relist(|device| device == 0, NOW);
    let rng = &mut doors.rng;
    let [listed, waiting, active] = &doors.home.clients[..] else { panic!() };
    refuses(&mut hosts[1], Error::Unlisted, |host| host.grant(waiting, NOW, rng).map(drop));
    refuses(&mut hosts[2], Error::Unlisted, |host| host.grant(active, NOW, rng).map(drop));
    refuses(&mut hosts[2], Error::Unlisted, |host| host.share(active, NOW).map(drop));
    refuses(&mut hosts[2], Error::Unlisted, |host| host.record(active).map(drop));
    // Nor by the client of a device that is listed.
    refuses(&mut hosts[2], Error::BadArgument, |host| host.grant(listed, NOW, rng).map(drop));
    refuses(&mut hosts[2], Error::BadArgument, |host| host.share(listed, NOW).map(drop));
    refuses(&mut hosts[2], Error::BadArgument, |host| host.record(listed).map(drop));
    let granted = only(hosts[0].grant(listed, NOW, rng).unwrap().apply().unwrap());
    guest.receive(listed.address(), &granted, NOW).unwrap();
    assert!(hosts[0].share(listed, NOW).is_ok() && hosts[0].record(listed).is_ok());
}

#[test]
fn a_device_that_was_removed_answers_no_pin() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(111, 2, policy);
    let pin = Pin::parse(&doors.invites[0].pin().unwrap().digits()).unwrap();
    let preview = doors.preview().enter(pin).unwrap();
    let (list, rng) = (doors.home.list.clone(), &mut doors.rng);
    let (_, claim) = preview.claim(&list, &doors.bundles, "Grace", &[], NOW, rng).unwrap();
    let mut maker = doors.take(0, &claim);
    let [maker_client, other] = &doors.home.clients[..] else { panic!() };
    let rng = &mut doors.rng;
    refuses(&mut maker, Error::BadArgument, |host| host.answer_pin(other, NOW, rng).map(drop));
    assert!(restarted(&maker).answer_pin(maker_client, NOW, rng).is_ok());
    doors.home.relist(|device| device == 1, NOW);
    let (removed, rng) = (&doors.home.clients[0], &mut doors.rng);
    refuses(&mut maker, Error::Unlisted, |host| host.answer_pin(removed, NOW, rng).map(drop));
}

// ---- devices that could not take the claim ----

/// A guest whose claim was for two devices, of which the second could not take it.
fn half_taken(seed: u64) -> Meeting {
    let mut doors = Doors::new(seed, 2);
    // Its prekeys are gone: the device was set back to what it had saved before.
    let mut before = restarted(&doors.home.clients[1]);
    doors.bundles[1] = bundle_of(&mut before, &mut doors.rng);
    let (mut guest, claim) = doors.guest();
    let client = &doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::UnknownPrekey, |invite| {
        invite.claim(client, &claim, NOW)
    });
    let mut host = doors.take(0, &claim);
    let granted = doors.grant(0, &mut host);
    guest.receive(doors.address(0), &granted, NOW).unwrap();
    assert_eq!(guest.devices().count(), 2);
    Meeting { doors, guest, hosts: vec![host] }
}

#[test]
fn a_device_that_could_not_take_the_claim_comes_in_when_the_chat_is_shared() {
    let mut meeting = half_taken(112);
    let lost = meeting.guest.send("lost", NOW, &mut meeting.doors.rng).unwrap();
    let unanswered: Vec<_> = meeting.guest.names().collect();
    let [one, two] = &meeting.doors.home.clients[..] else { panic!() };
    let (from, rng) = (two.address(), &mut meeting.doors.rng);
    let shared = meeting.hosts[0].share(one, NOW).unwrap();
    let (mut late, envelope) = Chat::join(two, &shared, NOW, rng).unwrap();
    let guest = &mut meeting.guest;
    // What it was not told of, and what is no message of it, replaces nothing.
    let key = shared.len() - 80 - 32;
    let untold = Chat::join(two, &support::flipped(&shared, key), NOW, rng).unwrap().1;
    refuses(guest, Error::Forged, |guest| guest.open(from, &untold.message, NOW));
    let reflected = of(&lost, from);
    refuses(guest, Error::Forged, |guest| guest.open(from, reflected, NOW));
    // Nor does it take the place of the device that has answered.
    refuses(guest, Error::WrongPeer, |guest| guest.open(one.address(), &envelope.message, NOW));
    let (received, change) = guest.open(from, &envelope.message, NOW).unwrap();
    assert!(received.event == Event::Joined && received.from == from);
    leads_to_the_same(guest, change, |chat, change| chat.apply(change).unwrap());
    guest.receive(from, &envelope.message, NOW).unwrap();
    *guest = restarted(guest);
    assert_eq!(guest.devices().count(), 2);
    let named: Vec<_> = guest.names().collect();
    assert_eq!(named.iter().filter(|name| unanswered.contains(name)).count(), 1);
    for round in 0..3_u64 {
        let said = guest.send("hello", NOW + round, rng).unwrap();
        let received = late.hear(of(&said, from), NOW + round).unwrap();
        assert_eq!(text_of(&received.event), "hello");
        meeting.hosts[0].hear(of(&said, one.address()), NOW + round).unwrap();
        let answer = late.say("welcome", NOW + round, rng).unwrap();
        let received = guest.receive(from, &answer, NOW + round).unwrap();
        assert_eq!(text_of(&received.event), "welcome");
    }
    // It has come in once.
    let again = Chat::join(two, &shared, NOW, rng).unwrap().1;
    refuses(guest, Error::WrongPeer, |guest| guest.open(from, &again.message, NOW + 2));
}

#[test]
fn a_device_that_has_answered_its_claim_does_not_come_in_again() {
    let mut meeting = Meeting::new(113, 2);
    let [one, two] = &meeting.doors.home.clients[..] else { panic!() };
    let shared = meeting.hosts[0].share(one, NOW).unwrap();
    let envelope = Chat::join(two, &shared, NOW, &mut meeting.doors.rng).unwrap().1;
    let from = two.address();
    refuses(&mut meeting.guest, Error::WrongPeer, |guest| guest.open(from, &envelope.message, NOW));
}

#[test]
fn what_a_device_reports_as_it_comes_in_stays_until_it_reports_another_list() {
    let mut meeting = Meeting::new(115, 2);
    let (new, mut late, envelope) = meeting.link(NOW);
    let of = new.list().account();
    // The guest has learned a list that the device does not know.
    meeting.doors.home.clients.push(new);
    meeting.doors.home.relist(|_| true, NOW);
    meeting.guest_learns(NOW);
    let from = meeting.doors.address(2);
    let received = meeting.guest.receive(from, &envelope.message, NOW).unwrap();
    assert_eq!(received.alerts, [Alert::Lists { of, view: View::Behind }]);
    meeting.guest = restarted(&meeting.guest);
    assert!(meeting.guest.mismatches().eq([(from, View::Behind)]));
    // It is told once, and that it is over, too.
    let text = late.say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    assert!(meeting.guest.receive(from, &text, NOW).unwrap().alerts.is_empty());
    let (_, change) = late.learn(&meeting.doors.home.list, NOW).unwrap();
    late.apply(change.unwrap()).unwrap();
    let text = late.say("welcome", NOW, &mut meeting.doors.rng).unwrap();
    let received = meeting.guest.receive(from, &text, NOW).unwrap();
    assert_eq!(received.alerts, [Alert::ListsAgree { of }]);
    assert_eq!(meeting.guest.mismatches().count(), 0);
}

#[test]
fn a_device_that_comes_in_keeps_the_chat_open_like_any_message() {
    let mut meeting = Meeting::new(116, 2);
    let late = NOW + 10 * DAY - 1;
    let (new, _, envelope) = meeting.link(late);
    meeting.guest_learns(late);
    assert_eq!(meeting.guest.deadline(), NOW + 10 * DAY);
    meeting.guest.receive(new.address(), &envelope.message, late).unwrap();
    meeting.guest = restarted(&meeting.guest);
    assert_eq!(meeting.guest.deadline(), late + 10 * DAY);
    assert!(meeting.guest.send("hello", late + DAY, &mut meeting.doors.rng).is_ok());
}
