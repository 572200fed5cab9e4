//! A companion that somebody has stolen, and that its account still lists: what its word does to others.

use support::guest::bare_session;

use super::*;

/// Contents of the page on guest links.
const END: &[u8] = &[4];
const PIN_ANSWER: u8 = 5;

/// The stolen device; the first one made the link.
const STOLEN: usize = 1;

/// Makes a host with three devices, and a guest who waits for it to prove the PIN.
fn waiting_with_pin(seed: u64) -> Meeting {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(seed, 3, policy);
    let (preview, rng) = (doors.preview(), &mut doors.rng);
    let claimed = preview.claim(&doors.home.list, &doors.bundles, "Grace", &[], NOW, rng);
    let (guest, claim) = claimed.unwrap();
    let hosts = (0..3).map(|device| doors.take(device, &claim)).collect();
    Meeting { doors, guest, hosts }
}

/// Replaces some bytes of what is shared: what a stolen device tells a late one.
fn with(shared: &OwnObject, at: usize, bytes: &[u8]) -> OwnObject {
    let mut told = shared.as_bytes().to_vec();
    told[at..at + bytes.len()].copy_from_slice(bytes);
    object(&told)
}

impl Meeting {
    /// Has the stolen device sign that it has let in a guest who never was.
    fn invented(&self) -> OwnObject {
        self.doors.grant_of(&[9; 32], &self.doors.home.clients[STOLEN], &[8; 32])
    }

    /// Seals something for the guest that no honest device would say.
    fn sealed_by(&mut self, device: usize, content: &[u8]) -> Vec<u8> {
        bare_session(&self.hosts[device]).encrypt(content, &mut self.doors.rng).unwrap()
    }
}

#[test]
fn an_invented_grant_of_a_companion_ends_no_chat() {
    for mut meeting in [Meeting::waiting(150, 3), Meeting::new(151, 3)] {
        let shared_grant = meeting.invented();
        for device in [0, 2] {
            let before = meeting.hosts[device].to_bytes();
            let chat = &mut meeting.hosts[device];
            let told = meeting.doors.tell(device, Some(chat), &shared_grant);
            let by = meeting.doors.address(STOLEN).device;
            assert_eq!(told, [Ok(SyncOutcome::Disputed { by }); 2]);
            assert!(meeting.hosts[device].to_bytes() == before, "{device}");
            let claimed = meeting.doors.invites[device].export().err();
            assert_eq!(claimed, Some(Error::AlreadyClaimed));
            meeting.doors.grant(device, &mut meeting.hosts[device]);
        }
    }
}

#[test]
fn a_grant_of_a_companion_shuts_no_guest_out_of_an_open_link() {
    let mut doors = Doors::new(152, 3);
    let (guest, claim) = doors.guest();
    let by = &doors.home.clients[STOLEN];
    let transcript = support::guest::transcript_of(&claim).try_into().unwrap();
    // Of a guest who never was; of another guest under the claim that is.
    let invented = doors.grant_of(&[9; 32], by, &[8; 32]);
    let untrue = doors.grant_of(&transcript, by, &[8; 32]);
    for device in [0, 2] {
        let early = Ok(SyncOutcome::Early { by: doors.address(STOLEN).device });
        for shared_grant in [&invented, &untrue] {
            assert_eq!(doors.tell(device, None, shared_grant), [early]);
        }
        let mut chat = doors.take(device, &claim);
        assert_eq!(chat.fingerprint(), guest.fingerprint());
        // What the program has kept, it gives to the chat.
        let disputed = Ok(SyncOutcome::Disputed { by: doors.address(STOLEN).device });
        assert_eq!(doors.tell(device, Some(&mut chat), &invented), [disputed; 2]);
        let client = &doors.home.clients[device];
        refuses(&mut chat, Error::WrongPeer, |chat| {
            chat.sync_grant(client, &untrue, NOW).map(drop)
        });
        assert_eq!(chat.status(), ChatStatus::Waiting);
    }
}

#[test]
fn a_companion_cannot_sign_for_the_owner_of_a_link() {
    let mut doors = Doors::new(153, 3);
    let (_, claim) = doors.guest();
    doors.take(STOLEN, &claim);
    assert!(doors.invites[STOLEN].notice().is_none());
    doors.invites[2].revoke(NOW).unwrap().apply();
    assert!(doors.invites[2].notice().is_none());
    // The owner's seed, at the end of the maker's state, is on no other device.
    let state = doors.invites[0].to_bytes();
    let seed = &state[state.len() - 32..];
    for device in [STOLEN, 2] {
        assert!(!support::guest::contains(&doors.invites[device].to_bytes(), seed), "{device}");
    }
}

#[test]
fn an_end_by_a_companion_ends_its_own_part_of_a_chat_and_one_by_the_maker_all_of_it() {
    let mut meeting = Meeting::new(154, 3);
    let (stolen, maker) = (meeting.doors.address(STOLEN), meeting.doors.address(0));
    let end = meeting.sealed_by(STOLEN, END);
    leads_to_the_same(&meeting.guest, |guest| guest.open(stolen, &end, NOW));
    let received = meeting.guest.receive(stolen, &end, NOW).unwrap();
    assert!(received.event == ChatEvent::DeviceEnded && received.from == stolen);
    meeting.guest = restored(&meeting.guest);
    assert_eq!(meeting.guest.status(), ChatStatus::Active);
    assert!(meeting.guest.devices().all(|device| device != stolen));
    for device in [0, 2] {
        meeting.guest_says(device, NOW);
        meeting.host_says(device, NOW);
    }
    let end = meeting.sealed_by(0, END);
    meeting.guest.receive(maker, &end, NOW).unwrap();
    assert_eq!(meeting.guest.status(), ChatStatus::Ended(EndReason::There));
}

#[test]
fn a_chat_is_over_once_each_of_the_hosts_devices_has_ended_it() {
    let mut meeting = Meeting::new(155, 3);
    meeting.doors.home.relist(|device| device != 0, NOW);
    meeting.guest_learns(NOW);
    for (device, ended) in [(1, ChatStatus::Active), (2, ChatStatus::Ended(EndReason::There))] {
        let end = meeting.sealed_by(device, END);
        meeting.guest.receive(meeting.doors.address(device), &end, NOW).unwrap();
        assert_eq!(meeting.guest.status(), ended);
    }
}

#[test]
fn a_pin_is_answered_by_the_maker_of_the_link_and_no_false_answer_ends_the_chat() {
    let mut meeting = waiting_with_pin(156);
    let (stolen, maker) = (meeting.doors.address(STOLEN), meeting.doors.address(0));
    let rng = &mut TestRng::new(1560);
    let client = &meeting.doors.home.clients[0];
    let answer = only(meeting.hosts[0].answer_pin(client, NOW, rng).unwrap().apply());
    // The guest's own share, which is one that holds, and no proof.
    let state = meeting.guest.to_bytes();
    let share = support::guest::stage_of(&state) + 3 + 32;
    let content = [&[PIN_ANSWER][..], &state[share..share + 32], &[7; 32]].concat();
    let lie = meeting.sealed_by(STOLEN, &content);
    let guest = &mut meeting.guest;
    refuses(guest, Error::NotAllowed, |guest| guest.open(stolen, &lie, NOW).map(drop));
    assert!(guest.receive(maker, &answer, NOW).unwrap().event == ChatEvent::PinAnswered);
}

#[test]
fn a_guest_with_a_pin_is_let_in_by_the_maker_of_the_link_alone() {
    let mut meeting = waiting_with_pin(157);
    let rng = &mut TestRng::new(1570);
    let (stolen, maker) = (meeting.doors.address(STOLEN), meeting.doors.address(0));
    // An own device that has taken the claim does not take the word of another one for it.
    let account = meeting.guest.address().account.0;
    let transcript = support::guest::transcript_of_chat(&meeting.guest);
    let by = &meeting.doors.home.clients[STOLEN];
    let forged = meeting.doors.grant_of(&transcript, by, &account);
    let client = &meeting.doors.home.clients[2];
    refuses(&mut meeting.hosts[2], Error::NotAllowed, |chat| {
        chat.sync_grant(client, &forged, NOW).map(drop)
    });
    // Nor does the guest, which has proved the PIN.
    let client = &meeting.doors.home.clients[0];
    let answer = only(meeting.hosts[0].answer_pin(client, NOW, rng).unwrap().apply());
    meeting.guest.receive(maker, &answer, NOW).unwrap();
    let proof = only(meeting.guest.prove_pin(NOW, rng).unwrap().apply());
    let granted =
        [&[3], &NOW.to_be_bytes()[..], &forged.as_bytes()[forged.as_bytes().len() - 64..]].concat();
    let granted = meeting.sealed_by(STOLEN, &granted);
    let guest = &mut meeting.guest;
    refuses(guest, Error::NotAllowed, |guest| guest.open(stolen, &granted, NOW).map(drop));
    meeting.hosts[0].hear(&proof, NOW).unwrap();
    let Meeting { doors, hosts, guest } = &mut meeting;
    let by_maker = doors.grant(0, &mut hosts[0]);
    guest.receive(maker, &by_maker, NOW).unwrap();
    // Once it is let in, a repeated grant of any device changes nothing.
    assert!(guest.receive(stolen, &granted, NOW).unwrap().event == ChatEvent::Granted);
    let shared_grant = hosts[0].export_grant(&doors.home.clients[0]).unwrap();
    let told = doors.tell(2, Some(&mut hosts[2]), &shared_grant);
    assert_eq!(told, [Ok(SyncOutcome::Known), Ok(SyncOutcome::Taken)]);
}

#[test]
fn a_link_with_a_pin_is_claimed_with_a_bundle_of_its_maker() {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(158, 3, policy);
    let (preview, rng) = (doors.preview(), &mut doors.rng);
    let claim = |bundles: &[_], rng: &mut TestRng| {
        preview.claim(&doors.home.list, bundles, "Grace", &[], NOW, rng).map(drop)
    };
    assert_eq!(claim(&doors.bundles[1..], rng), Err(Error::BundleMissing));
    assert_eq!(claim(&doors.bundles[..1], rng), Ok(()));
}

#[test]
fn what_a_companion_says_is_shown_as_its_own_word() {
    let mut meeting = Meeting::new(159, 3);
    let (stolen, maker) = (meeting.doors.address(STOLEN), meeting.doors.address(0));
    let text = meeting.hosts[STOLEN].say("it is me", NOW, &mut meeting.doors.rng).unwrap();
    let guest = &mut meeting.guest;
    refuses(guest, Error::Forged, |guest| guest.open(maker, &text, NOW).map(drop));
    assert_eq!(guest.receive(stolen, &text, NOW).unwrap().from, stolen);
}

#[test]
fn a_chat_that_a_companion_invents_for_a_late_device_keeps_it_from_no_guest() {
    let mut meeting = Meeting::new(160, 3);
    // Somebody else under the guest's name, by a link that the stolen device has made.
    let Meeting { doors, hosts, .. } = &mut meeting;
    let (home, rng) = (&mut doors.home, &mut doors.rng);
    let list = home.list.clone();
    let policy = Policy::new("Ada", EXPIRES);
    let stolen = &mut home.clients[STOLEN];
    let (mut invite, copy) = Invite::create(stolen, ORIGIN, policy, NOW, rng).unwrap();
    let link = invite.link().unwrap();
    let preview = link.open(copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    let bundle = bundle_of(stolen, rng);
    let (_, claim) = preview.claim(&list, &[bundle], "Grace", &[], NOW, rng).unwrap();
    let mut eve = invite.claim(stolen, &claim, NOW).unwrap().apply().0;
    eve.grant(stolen, NOW, rng).unwrap().apply();
    let invented = eve.export(stolen, NOW).unwrap();
    let new = home.link(NOW, rng);
    let (untrue, _) = Chat::import(&new, &invented, NOW, rng).unwrap();
    assert_ne!(untrue.fingerprint(), hosts[0].fingerprint());
    // What an honest device shares comes in beside it.
    let shared = hosts[0].export(&home.clients[0], NOW).unwrap();
    let (mut chat, envelope) = Chat::import(&new, &shared, NOW, rng).unwrap();
    assert_eq!(chat.fingerprint(), hosts[0].fingerprint());
    meeting.guest_learns(NOW);
    meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&chat.hear(of(&said, new.address()), NOW).unwrap().event), "hello");
}

#[test]
fn a_companion_that_has_ended_its_part_comes_in_again() {
    let mut meeting = Meeting::new(161, 3);
    let stolen = meeting.doors.address(STOLEN);
    let end = meeting.sealed_by(STOLEN, END);
    meeting.guest.receive(stolen, &end, NOW).unwrap();
    let Meeting { doors, hosts, guest } = &mut meeting;
    let shared = hosts[0].export(&doors.home.clients[0], NOW).unwrap();
    let client = &doors.home.clients[STOLEN];
    let (mut chat, envelope) = Chat::import(client, &shared, NOW, &mut doors.rng).unwrap();
    assert!(guest.receive(stolen, &envelope.message, NOW).unwrap().event == ChatEvent::Joined);
    let said = guest.send("hello", NOW, &mut doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&chat.hear(of(&said, stolen), NOW).unwrap().event), "hello");
}

#[test]
fn a_chat_shared_with_false_terms_opens_nowhere_and_keeps_nobody_out() {
    let mut meeting = Meeting::new(162, 3);
    let new = meeting.doors.home.link(NOW, &mut meeting.doors.rng);
    let stolen = &meeting.doors.home.clients[STOLEN];
    let (key, id) = (&stolen.certificate().encode()[33..65], stolen.address().device.0);
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    let guests_name = shared.as_bytes().windows(5).position(|name| name == b"Grace").unwrap();
    // Locator, owner key, approval, expiry, idle time, longest text, pending texts, host's name, maker, guest's name.
    let lies: [(usize, &[u8]); 10] = [
        (98, &[7; 24]),
        (122, key),
        (154, &[2]),
        (155, &[0; 8]),
        (163, &[0, 0, 0, 1]),
        (167, &[0, 1]),
        (169, &[1]),
        (174, b"Eve"),
        (177, &id),
        (guests_name, b"Trudy"),
    ];
    meeting.guest_learns(NOW);
    for (at, lie) in lies {
        let told = with(&shared, at, lie);
        let envelope = Chat::import(&new, &told, NOW, &mut meeting.doors.rng).unwrap().1;
        refuses(&mut meeting.guest, Error::Forged, |guest| {
            guest.open(new.address(), &envelope.message, NOW).map(drop)
        });
    }
    let (mut chat, envelope) = Chat::import(&new, &shared, NOW, &mut meeting.doors.rng).unwrap();
    meeting.guest.receive(new.address(), &envelope.message, NOW).unwrap();
    let said = meeting.guest.send("hello", NOW, &mut meeting.doors.rng).unwrap().envelopes;
    assert_eq!(text_of(&chat.hear(of(&said, new.address()), NOW).unwrap().event), "hello");
}

/// Lets the guest prove its PIN and be let in, and returns the chat as the maker shares it.
fn proved(meeting: &mut Meeting, rng: &mut TestRng) -> OwnObject {
    let Meeting { doors, hosts, guest } = meeting;
    let client = &doors.home.clients[0];
    let answer = only(hosts[0].answer_pin(client, NOW, rng).unwrap().apply());
    guest.receive(client.address(), &answer, NOW).unwrap();
    let proof = only(guest.prove_pin(NOW, rng).unwrap().apply());
    hosts[0].hear(&proof, NOW).unwrap();
    doors.grant(0, &mut hosts[0]);
    hosts[0].export(&doors.home.clients[0], NOW).unwrap()
}

#[test]
fn a_chat_with_a_pin_is_joined_by_the_grant_of_its_maker_alone() {
    let mut meeting = waiting_with_pin(163);
    let rng = &mut TestRng::new(1630);
    let shared = proved(&mut meeting, rng);
    let Meeting { doors, guest, .. } = &mut meeting;
    // All but the grant is known to each device that has opened its envelope.
    let transcript = support::guest::transcript_of_chat(guest);
    let (by, account) = (&doors.home.clients[STOLEN], guest.address().account.0);
    let forged = doors.grant_of(&transcript, by, &account);
    let grant = forged.as_bytes().last_chunk::<80>().unwrap();
    let told = with(&shared, shared.as_bytes().len() - 80, grant);
    let by = by.address().device.0;
    let new = doors.home.link(NOW, rng);
    assert_eq!(Chat::import(&new, &told, NOW, rng).err(), Some(Error::NotAllowed));
    // Nor by one of a maker that it names instead, at the guest.
    let told = with(&told, 177, &by);
    let envelope = Chat::import(&new, &told, NOW, rng).unwrap().1;
    guest.learn(&doors.home.list, NOW).unwrap().apply();
    refuses(guest, Error::Forged, |guest| {
        guest.open(new.address(), &envelope.message, NOW).map(drop)
    });
    let envelope = Chat::import(&new, &shared, NOW, rng).unwrap().1;
    assert!(guest.receive(new.address(), &envelope.message, NOW).is_ok());
}

#[test]
fn a_chat_with_a_pin_is_joined_while_its_maker_is_listed_and_after_the_proof() {
    let mut meeting = waiting_with_pin(164);
    let rng = &mut TestRng::new(1640);
    let mut unproved = restored(&meeting.guest);
    let shared = proved(&mut meeting, rng);
    let home = &mut meeting.doors.home;
    let new = home.link(NOW, rng);
    let envelope = Chat::import(&new, &shared, NOW, rng).unwrap().1;
    unproved.learn(&home.list, NOW).unwrap().apply();
    refuses(&mut unproved, Error::NotAllowed, |guest| {
        guest.open(new.address(), &envelope.message, NOW).map(drop)
    });
    // Once the maker has left, nobody checks the signature in its name.
    home.clients.push(new);
    home.relist(|device| device != 0, NOW);
    let new = home.clients.last().unwrap();
    let invented = altered(&shared, shared.as_bytes().len() - 1);
    for shared in [&invented, &shared] {
        assert_eq!(Chat::import(new, shared, NOW, rng).err(), Some(Error::NotAllowed));
    }
}

#[test]
fn two_chats_of_one_share_stand_at_two_anchors() {
    let mut meeting = Meeting::new(165, 2);
    let rng = &mut TestRng::new(1650);
    let new = meeting.doors.home.link(NOW, rng);
    let shared = meeting.hosts[0].export(&meeting.doors.home.clients[0], NOW).unwrap();
    let [mut one, mut two] = [(); 2].map(|()| Chat::import(&new, &shared, NOW, rng).unwrap().0);
    assert!(one.anchor() != two.anchor());
    let (key, anchor) = (StateKey::new(1, &[7; 32]).unwrap(), one.anchor());
    let pending = one.expire(NOW + 3600);
    let recorded = pending.record(&key, b"one", &anchor, rng).unwrap();
    let change: Change<Chat> = key.open(b"one", None, recorded.record().unwrap()).unwrap();
    refuses(&mut two, Error::StaleChange, |two| change.apply(two));
}
