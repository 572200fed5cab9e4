//! What the devices of one host tell each other about a link, and which of it is believed.
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

use latchstring::{
    Approval, Bundle, Chat, ChatStatus, Client, Error, Event, Invite, Pin, Policy, Posting,
    Settlement, State,
};
use support::guest::{EXPIRES, ORIGIN, contains, link_key, secret_of, transcript_of};
use support::home::Home;
use support::{
    NOW, OneToOne, TestRng, bundle_of, device_of, fails, flipped, only, refuses, restarted, sign,
    signing_seed,
};

/// A host with several devices, all of which hold one link, and one guest that has claimed it.
struct Doors {
    rng: TestRng,
    home: Home,
    invites: Vec<Invite>,
    posting: Posting,
    url: String,
    bundles: Vec<Bundle>,
    guest: Chat,
    claim: Vec<u8>,
}

impl Doors {
    fn new(seed: u64, devices: usize) -> Self {
        Self::with(seed, devices, Policy::new("Ada", EXPIRES))
    }

    fn with_pin(seed: u64, devices: usize) -> Self {
        let mut policy = Policy::new("Ada", EXPIRES);
        policy.approval = Approval::Pin;
        Self::with(seed, devices, policy)
    }

    fn with(seed: u64, devices: usize, policy: Policy) -> Self {
        let mut rng = TestRng::new(seed);
        let mut home = Home::new(1, devices, &mut rng);
        let host = &home.clients[0];
        let (invite, posting) = Invite::create(host, ORIGIN, policy, NOW, &mut rng).unwrap();
        let bundles: Vec<_> =
            home.clients.iter_mut().map(|host| bundle_of(host, &mut rng)).collect();
        let url = invite.link().unwrap().to_url(ORIGIN).to_string();
        let shared = invite.share().unwrap();
        let others = home.clients[1..].iter();
        let others: Vec<_> =
            others.map(|client| Invite::adopt(client, &shared, NOW).unwrap()).collect();
        let invites: Vec<_> = [invite].into_iter().chain(others).collect();
        let (guest, claim) = claim_of(&invites[0], &posting, &home, &bundles, &mut rng);
        Self { rng, home, invites, posting, url, bundles, guest, claim }
    }

    fn another_claim(&mut self) -> Vec<u8> {
        claim_of(&self.invites[0], &self.posting, &self.home, &self.bundles, &mut self.rng).1
    }

    /// Lets the device take a claim.
    fn take(&mut self, device: usize, claim: &[u8]) -> Chat {
        let (invite, client) = (&mut self.invites[device], &mut self.home.clients[device]);
        let arrival = invite.claim(client, claim, NOW).unwrap();
        arrival.apply(invite, client).unwrap().0
    }

    fn grant(&mut self, device: usize, chat: &mut Chat) -> Vec<u8> {
        let client = &self.home.clients[device];
        only(chat.grant(client, NOW, &mut self.rng).unwrap().apply().unwrap())
    }

    /// The guest's account, which its own certificate names: by the page on states.
    fn guest_account(&self) -> [u8; 32] {
        let state = self.guest.to_bytes();
        let name = u32::from_be_bytes(state[186..190].try_into().unwrap());
        let own = 190 + usize::try_from(name).unwrap();
        state[own + 1..own + 33].try_into().unwrap()
    }

    /// A record that the device signs, whatever it has seen: what whoever stole it can send.
    fn forged(&self, by: &Client, guest: &[u8; 32]) -> Vec<u8> {
        let parts: [&[u8]; 5] = [
            &link_key::<32>(&secret_of(&self.url), "invitation-id"),
            transcript_of(&self.claim),
            guest,
            &by.address().device.0,
            &NOW.to_be_bytes(),
        ];
        let seed = signing_seed(&device_of(by));
        let signature = sign(&seed, "guest/grant", &[&parts.concat()]);
        [&[1, 0x25], &parts.concat()[..], &signature].concat()
    }

    fn settle(&mut self, device: usize, record: &[u8], now: u64) -> Result<Settlement, Error> {
        let (invite, client) = (&mut self.invites[device], &self.home.clients[device]);
        let (settlement, change) = invite.settle(client, record, now)?;
        if let Some(change) = change {
            invite.apply(change).unwrap();
        }
        Ok(settlement)
    }

    fn heed(&mut self, device: usize, notice: &[u8]) -> Result<Settlement, Error> {
        let invite = &mut self.invites[device];
        let (settlement, change) = invite.heed(notice, NOW)?;
        if let Some(change) = change {
            invite.apply(change).unwrap();
        }
        *invite = restarted(invite);
        Ok(settlement)
    }

    fn revoke(&mut self, device: usize) -> Vec<u8> {
        let change = self.invites[device].revoke(NOW).unwrap();
        self.invites[device].apply(change).unwrap();
        self.invites[device].notice().unwrap()
    }
}

fn claim_of(
    invite: &Invite,
    posting: &Posting,
    home: &Home,
    bundles: &[Bundle],
    rng: &mut TestRng,
) -> (Chat, Vec<u8>) {
    let link = invite.link().unwrap();
    let mut preview = link.open(posting.sealed_invitation(), ORIGIN, NOW).unwrap();
    if let Some(pin) = invite.pin() {
        preview = preview.enter(Pin::parse(&pin.digits()).unwrap()).unwrap();
    }
    preview.claim(&home.list, bundles, "Grace", &[], NOW, rng).unwrap()
}

#[test]
fn the_word_of_another_device_does_not_stand_for_a_pin_where_it_is_to_be_proved() {
    let mut doors = Doors::with_pin(1, 2);
    let (claim, rng) = (doors.claim.clone(), &mut TestRng::new(10));
    let guest_id = doors.guest_account();
    let forged = doors.forged(&doors.home.clients[1], &guest_id);
    let client = &doors.home.clients[0];
    refuses(&mut doors.invites[0], Error::NotAllowed, |link| link.settle(client, &forged, NOW));
    let mut maker = doors.take(0, &claim);
    let believes = |maker: &mut Chat, doors: &Doors| {
        let client = &doors.home.clients[0];
        refuses(maker, Error::NotAllowed, |maker| maker.settle(client, &forged, NOW));
        assert_eq!(maker.status(), ChatStatus::Waiting);
    };
    believes(&mut maker, &doors);
    let answer = only(maker.answer_pin(&doors.home.clients[0], NOW, rng).unwrap().apply().unwrap());
    believes(&mut maker, &doors);
    let from = doors.home.clients[0].address();
    doors.guest.receive(from, &answer, NOW).unwrap();
    let proof = only(doors.guest.prove_pin(NOW, rng).unwrap().apply().unwrap());
    assert!(maker.hear(&proof, NOW).unwrap().event == Event::PinProved);
    // Nor does it stand for the user who has not let the guest in yet.
    believes(&mut maker, &doors);
    doors.grant(0, &mut maker);
    let client = &doors.home.clients[0];
    assert!(maker.settle(client, &forged, NOW).unwrap().0 == Settlement::Known);
}

#[test]
fn an_open_link_with_a_pin_goes_by_the_word_of_the_device_that_made_it() {
    let mut doors = Doors::with_pin(2, 3);
    let (claim, guest) = (doors.claim.clone(), doors.guest_account());
    let forged = doors.forged(&doors.home.clients[1], &guest);
    for device in [1, 2] {
        let client = &doors.home.clients[device];
        refuses(&mut doors.invites[device], Error::NotAllowed, |link| {
            link.settle(client, &forged, NOW)
        });
    }
    let word = doors.forged(&doors.home.clients[0], &guest);
    assert_eq!(doors.settle(2, &word, NOW), Ok(Settlement::Taken));
    assert_eq!(doors.take(2, &claim).status(), ChatStatus::Active);
    // Without a PIN the word of any own device is good.
    let mut doors = Doors::new(3, 3);
    let word = doors.forged(&doors.home.clients[1], &doors.guest_account());
    assert_eq!(doors.settle(2, &word, NOW), Ok(Settlement::Taken));
}

#[test]
fn a_record_is_taken_by_the_device_of_the_chat_while_its_account_lists_it() {
    let mut doors = Doors::new(4, 3);
    let claim = doors.claim.clone();
    let (mut host, mut chat) = (doors.take(0, &claim), doors.take(1, &claim));
    doors.grant(0, &mut host);
    let record = host.record(&doors.home.clients[0]).unwrap();
    let other = &doors.home.clients[2];
    refuses(&mut chat, Error::BadArgument, |chat| chat.settle(other, &record, NOW));
    doors.home.relist(|device| device != 1, NOW);
    let gone = &doors.home.clients[1];
    refuses(&mut chat, Error::Unlisted, |chat| chat.settle(gone, &record, NOW));
}

#[test]
fn an_open_link_goes_by_the_word_of_its_own_account() {
    let mut doors = Doors::new(5, 2);
    let stranger = Home::new(9, 1, &mut doors.rng);
    let stranger = &stranger.clients[0];
    let record = doors.forged(stranger, &doors.guest_account());
    let invite = &mut doors.invites[1];
    refuses(invite, Error::WrongPeer, |invite| invite.settle(stranger, &record, NOW));
}

#[test]
fn a_link_that_hears_of_a_grant_after_its_time_keeps_no_key() {
    for (late, kept) in [(0, true), (1, false)] {
        let mut doors = Doors::new(6, 2);
        let claim = doors.claim.clone();
        let mut host = doors.take(0, &claim);
        doors.grant(0, &mut host);
        let record = host.record(&doors.home.clients[0]).unwrap();
        assert_eq!(doors.settle(1, &record, EXPIRES + late), Ok(Settlement::Taken));
        let state = doors.invites[1].to_bytes();
        for label in ["psk", "record-key"] {
            let key = link_key::<32>(&secret_of(&doors.url), label);
            assert_eq!(contains(&state, &key), kept, "{label} {late}");
        }
        assert_eq!(doors.settle(1, &record, EXPIRES + late), Ok(Settlement::Known));
        if !kept {
            let client = &doors.home.clients[1];
            refuses(&mut doors.invites[1], Error::Duplicate, |link| {
                link.claim(client, &claim, NOW)
            });
        }
    }
}

#[test]
fn a_record_is_good_for_the_guest_that_it_names() {
    let mut doors = Doors::new(7, 3);
    let claim = doors.claim.clone();
    let mut chat = doors.take(1, &claim);
    let other = doors.forged(&doors.home.clients[0], &[7; 32]);
    let client = &doors.home.clients[1];
    refuses(&mut chat, Error::WrongPeer, |chat| chat.settle(client, &other, NOW));
    // A link does not know yet which guest it is, and finds out at the claim.
    assert_eq!(doors.settle(2, &other, NOW), Ok(Settlement::Taken));
    let client = &doors.home.clients[2];
    refuses(&mut doors.invites[2], Error::WrongPeer, |link| link.claim(client, &claim, NOW));
    // The device that gave its word may be gone by then.
    let word = doors.forged(&doors.home.clients[0], &doors.guest_account());
    assert_eq!(chat.settle(&doors.home.clients[1], &word, NOW).unwrap().0, Settlement::Taken);
    let mut doors = Doors::new(14, 3);
    let claim = doors.claim.clone();
    let word = doors.forged(&doors.home.clients[2], &doors.guest_account());
    assert_eq!(doors.settle(1, &word, NOW), Ok(Settlement::Taken));
    doors.home.relist(|device| device != 2, NOW);
    assert_eq!(doors.take(1, &claim).status(), ChatStatus::Active);
}

#[test]
fn a_link_taken_back_on_one_device_ends_on_the_others() {
    let mut doors = Doors::new(8, 3);
    let claim = doors.claim.clone();
    let notice = doors.revoke(0);
    assert_eq!(doors.heed(0, &notice), Ok(Settlement::Known));
    assert_eq!(doors.heed(1, &notice), Ok(Settlement::Taken));
    assert_eq!(doors.heed(1, &notice), Ok(Settlement::Known));
    assert!(doors.invites[1].link().is_none());
    let client = &doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::Ended, |link| link.claim(client, &claim, NOW));
    // One that was not told, and took a guest in: the user is told on both.
    let mut chat = doors.take(2, &claim);
    let invite = &mut doors.invites[2];
    refuses(invite, Error::AlreadyClaimed, |invite| invite.heed(&notice, NOW));
    let claimed = doors.invites[2].notice().unwrap();
    assert_eq!(doors.heed(0, &claimed), Ok(Settlement::Contested));
    doors.grant(2, &mut chat);
    let record = chat.record(&doors.home.clients[2]).unwrap();
    for device in 0..2 {
        assert_eq!(doors.settle(device, &record, NOW), Ok(Settlement::Contested));
        let client = &doors.home.clients[device];
        let invite = &mut doors.invites[device];
        refuses(invite, Error::Ended, |link| link.claim(client, &claim, NOW));
    }
}

#[test]
fn a_link_whose_time_has_ended_raises_no_alarm_at_late_news() {
    let mut doors = Doors::new(9, 2);
    let claim = doors.claim.clone();
    let change = doors.invites[1].tick(EXPIRES + 1).unwrap().unwrap();
    doors.invites[1].apply(change).unwrap();
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let (record, notice) =
        (host.record(&doors.home.clients[0]).unwrap(), doors.invites[0].notice().unwrap());
    let client = &doors.home.clients[1];
    let invite = &mut doors.invites[1];
    refuses(invite, Error::Ended, |invite| invite.settle(client, &record, NOW));
    refuses(invite, Error::Ended, |invite| invite.heed(&notice, NOW));
}

#[test]
fn devices_with_different_claims_take_nobody_once_they_see_each_others_notice() {
    let mut doors = Doors::new(10, 3);
    let (claim, other) = (doors.claim.clone(), doors.another_claim());
    doors.take(0, &claim);
    let notice = doors.invites[0].notice().unwrap();
    // Open: it may take the same claim, which the notice does not show.
    assert_eq!(doors.heed(1, &notice), Ok(Settlement::Known));
    assert!(doors.invites[1].link().is_some());
    doors.take(1, &claim);
    assert_eq!(doors.heed(1, &notice), Ok(Settlement::Known));
    doors.take(2, &other);
    assert_eq!(doors.heed(2, &notice), Ok(Settlement::Contested));
    assert_eq!(doors.heed(2, &notice), Ok(Settlement::Contested));
    let client = &doors.home.clients[2];
    refuses(&mut doors.invites[2], Error::AlreadyClaimed, |link| link.claim(client, &other, NOW));
}

#[test]
fn a_settled_link_heeds_the_notice_of_its_claim_and_of_another() {
    let mut doors = Doors::new(11, 3);
    let (claim, other) = (doors.claim.clone(), doors.another_claim());
    let mut host = doors.take(0, &claim);
    doors.grant(0, &mut host);
    let record = host.record(&doors.home.clients[0]).unwrap();
    assert_eq!(doors.settle(1, &record, NOW), Ok(Settlement::Taken));
    let same = doors.invites[0].notice().unwrap();
    assert_eq!(doors.heed(1, &same), Ok(Settlement::Known));
    doors.take(2, &other);
    let notice = doors.invites[2].notice().unwrap();
    assert_eq!(doors.heed(1, &notice), Ok(Settlement::Contested));
    let client = &doors.home.clients[1];
    refuses(&mut doors.invites[1], Error::AlreadyClaimed, |link| link.claim(client, &claim, NOW));
}

#[test]
fn a_notice_that_the_links_owner_did_not_sign_is_not_heeded() {
    let mut doors = Doors::new(12, 2);
    let notice = doors.revoke(0);
    let invite = &mut doors.invites[1];
    for place in 0..notice.len() {
        let error = fails(invite, |invite| invite.heed(&flipped(&notice, place), NOW));
        let expected = match place {
            0 => matches!(error, Error::Malformed | Error::UnknownVersion(_)),
            1 => error == Error::WrongKind,
            2..26 => error == Error::WrongPeer,
            26..59 => error == Error::Malformed,
            _ => error == Error::BadSignature,
        };
        assert!(expected, "byte {place}: {error:?}");
    }
    for length in 0..notice.len() {
        let error = fails(invite, |invite| invite.heed(&notice[..length], NOW));
        assert!(matches!(error, Error::Malformed | Error::BadSignature), "{length}: {error:?}");
    }
    let elsewhere = Doors::new(13, 1).revoke(0);
    refuses(invite, Error::WrongPeer, |invite| invite.heed(&elsewhere, NOW));
}
