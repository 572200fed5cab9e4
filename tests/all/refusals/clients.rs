//! Plans, letters and envelopes that a client refuses.

use latchstring::Error;
use latchstring::attachment::{Media, PIECE, Padding, Reference};
use latchstring::client::{Address, GroupId, MessageId, Plan, Repair, To};
use latchstring::content::{Content, Target};
use latchstring::history::{HistoryImport, HistoryRange, HistoryRequests};
use latchstring::session::{AccountId, DeviceId};
use support::forged;
use support::home::Home;
use support::town::{Town, said};
use support::{NOW, TestRng, refusal};

pub(super) fn a_content_of_a_later_version_is_not_supported() -> Option<Error> {
    let mut town = Town::new(35, &[1, 1]);
    let mail = town.whisper((0, 0), (1, 0), |words| words.raw(forged::MESSAGE, &[2]));
    refusal(town.client(1, 0), |client| client.open(mail.from, &mail.message, NOW).map(drop))
}

pub(super) fn an_image_that_is_shown_once_is_not_viewed_twice() -> Option<Error> {
    let mut town = Town::new(33, &[1]);
    let bytes = [&[1, 0x32, 2, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
    let image = Content::attached(&Reference::decode(&bytes).unwrap(), b"").unwrap();
    let (image, target) = (image.shown_once().unwrap(), Target::decode(&[9; 88]).unwrap());
    let client = town.client(0, 0);
    client.view(&target, &image, NOW, NOW).unwrap().apply();
    refusal(client, |client| client.view(&target, &image, NOW, NOW).map(drop))
}

pub(super) fn typing_twice_within_ten_seconds_is_too_often() -> Option<Error> {
    let mut town = Town::new(34, &[1, 1]);
    town.chat(0, 1);
    let to = To::Account(town.id(1));
    let Town { people, rng, .. } = &mut town;
    let client = &mut people[0].devices[0];
    client.send(to, &Content::typing(true), NOW, rng).unwrap();
    refusal(client, |client| client.send(to, &Content::typing(true), NOW, rng))
}

pub(super) fn settings_of_another_account_are_not_this_devices_own() -> Option<Error> {
    let mut town = Town::new(36, &[1, 1]);
    let mail = town.whisper((0, 0), (1, 0), |words| words.content(forged::OWN, b"settings"));
    refusal(town.client(1, 0), |client| client.open(mail.from, &mail.message, NOW).map(drop))
}

pub(super) fn an_account_whose_list_was_never_learned_is_unknown() -> Option<Error> {
    let mut town = Town::new(37, &[1]);
    let to = To::Account(AccountId([9; 32]));
    refusal(town.client(0, 0), |client| client.plan(to, NOW))
}

pub(super) fn a_first_message_to_a_device_misses_its_bundle() -> Option<Error> {
    let mut town = Town::new(39, &[1, 1]);
    let to = To::Account(town.id(1));
    let Town { people, rng, .. } = &mut town;
    refusal(&mut people[0].devices[0], |client| client.send(to, &said(b"hello"), NOW, rng))
}

pub(super) fn a_message_sealed_again_with_other_content_does_not_match() -> Option<Error> {
    let mut town = Town::new(42, &[1, 1]);
    let id = town.say(0, 0, 1, b"yes");
    let to = town.address(1, 0);
    let Town { people, rng, .. } = &mut town;
    let client = &mut people[0].devices[0];
    let mut plan = client.plan_repair(&Repair::Resend { to, id }, NOW).unwrap();
    refusal(client, |client| client.seal(&mut plan, &said(b"no"), NOW, rng).map(drop))
}

pub(super) fn pieces_of_an_attachment_before_the_last_index_are_forgotten() -> Option<Error> {
    let mut town = Town::new(49, &[1]);
    let length = 2049 * 65_536;
    let Town { people, rng, .. } = &mut town;
    let client = &people[0].devices[0];
    let mut sealer = client.attach(Media::File, length, Padding::Exact, NOW, rng).unwrap();
    let mut buffer = [0; PIECE];
    while sealer.seal(&mut buffer).unwrap().is_some() {}
    let before = sealer.to_bytes();
    let refused = sealer.resume(2048 * 65_536).err();
    assert!(*sealer.to_bytes() == *before && sealer.reference().is_some());
    refused
}

pub(super) fn a_message_sealed_again_five_times_has_reached_its_limit() -> Option<Error> {
    let mut town = Town::new(43, &[1, 1]);
    let id = town.say(0, 0, 1, b"again");
    let to = town.address(1, 0);
    let Town { people, rng, .. } = &mut town;
    let client = &mut people[0].devices[0];
    for _ in 0..5 {
        let mut plan = client.plan_repair(&Repair::Resend { to, id }, NOW).unwrap();
        client.seal(&mut plan, &said(b"again"), NOW, rng).unwrap().apply();
    }
    refusal(client, |client| client.plan_repair(&Repair::Resend { to, id }, NOW))
}

pub(super) fn a_letter_with_another_frank_is_refused() -> Option<Error> {
    let mut town = Town::new(57, &[1, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    plan.frank();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"hello")).unwrap();
    let (from, sent) = (town.address(0, 0), &out.envelopes[0]);
    let mut frank = sent.frank.unwrap();
    frank.0[0] ^= 1;
    let client = town.client(1, 0);
    refusal(client, |client| client.open_franked(from, &sent.message, Some(&frank), NOW).map(drop))
}

pub(super) fn a_device_that_no_list_names_is_unlisted() -> Option<Error> {
    let mut town = Town::new(55, &[1, 1]);
    let from = Address { device: DeviceId([9; 8]), ..town.address(1, 0) };
    refusal(town.client(0, 0), |client| client.request_resend(from, MessageId([1; 16]), NOW))
}

pub(super) fn a_device_that_was_removed_is_itself_unlisted() -> Option<Error> {
    let mut town = Town::new(56, &[2]);
    let (list, mut gone) = town.remove(0, 1);
    gone.learn(&list, NOW).unwrap().apply();
    refusal(&mut gone, |gone| gone.plan(To::Own, NOW))
}

/// Makes a plan of the first device to the second account, for which nothing is missing.
fn supplied(town: &mut Town) -> Plan {
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    plan
}

pub(super) fn a_plan_made_before_a_newer_list_is_stale() -> Option<Error> {
    let mut town = Town::new(57, &[1, 1]);
    let mut plan = supplied(&mut town);
    town.renew(1);
    town.inform(0, town.id(1));
    let Town { people, rng, .. } = &mut town;
    refusal(&mut people[0].devices[0], |client| {
        client.seal(&mut plan, &said(b"x"), NOW, rng).map(drop)
    })
}

pub(super) fn a_plan_of_another_device_is_another_clients() -> Option<Error> {
    let mut town = Town::new(58, &[2, 1]);
    let mut plan = supplied(&mut town);
    let Town { people, rng, .. } = &mut town;
    refusal(&mut people[0].devices[1], |client| {
        client.seal(&mut plan, &said(b"x"), NOW, rng).map(drop)
    })
}

pub(super) fn a_device_of_no_recipient_is_not_in_the_plan() -> Option<Error> {
    let mut town = Town::new(59, &[1, 1, 1]);
    let mut plan = town.plan(0, 0, 1);
    let third = town.address(2, 0);
    refusal(town.client(0, 0), |_| plan.leave_out(third))
}

pub(super) fn a_session_that_was_answered_is_in_use() -> Option<Error> {
    let mut town = Town::new(60, &[1, 1]);
    town.chat(0, 1);
    let mut plan = town.plan(0, 0, 1);
    let peer = town.address(1, 0);
    refusal(town.client(0, 0), |client| plan.renew(client, peer))
}

pub(super) fn a_group_of_nobody_has_no_recipient() -> Option<Error> {
    let mut town = Town::new(61, &[1]);
    let to = To::Group { id: GroupId([3; 32]), members: &[] };
    refusal(town.client(0, 0), |client| client.plan(to, NOW))
}

pub(super) fn a_group_of_65536_others_has_too_many_accounts() -> Option<Error> {
    let mut town = Town::new(62, &[1]);
    let mut members = vec![AccountId([9; 32]); 65_536];
    for (number, member) in (0_u32..).zip(&mut members) {
        member.0[..4].copy_from_slice(&number.to_be_bytes());
    }
    let to = To::Group { id: GroupId([3; 32]), members: &members };
    refusal(town.client(0, 0), |client| client.plan(to, NOW))
}

pub(super) fn the_own_account_is_not_the_other_one() -> Option<Error> {
    let mut town = Town::new(63, &[2]);
    let to = To::Account(town.id(0));
    refusal(town.client(0, 0), |client| client.plan(to, NOW))
}

pub(super) fn a_message_that_was_never_sent_is_not_remembered() -> Option<Error> {
    let mut town = Town::new(64, &[1, 1]);
    let to = town.address(1, 0);
    refusal(town.client(0, 0), |client| {
        client.plan_repair(&Repair::Resend { to, id: MessageId([0; 16]) }, NOW)
    })
}

pub(super) fn a_third_account_was_no_recipient() -> Option<Error> {
    let mut town = Town::new(65, &[1, 1, 1]);
    let id = town.say(0, 0, 1, b"for the second");
    let third = town.address(2, 0);
    refusal(town.client(0, 0), |client| client.plan_repair(&Repair::Resend { to: third, id }, NOW))
}

pub(super) fn a_history_that_was_not_asked_for_is_unsolicited() -> Option<Error> {
    let home = Home::new(10, 2, &mut TestRng::new(67));
    let [source, asker] = [0, 1].map(|device| &home.clients[device]);
    let ask = |seed| {
        let (of, rng) = (source.address().device, &mut TestRng::new(seed));
        HistoryImport::ask(asker, of, &HistoryRange::ALL, NOW, rng).unwrap()
    };
    let (import, mut other) = (ask(1), ask(2));
    let mut requests = HistoryRequests::default();
    let export = requests.answer(source, asker.address(), &import.request(), NOW).unwrap();
    let answer = export.finish(source, false, NOW).unwrap();
    let before = other.to_bytes();
    let error = other.take(asker, source.address(), &answer).err();
    assert!(*before == *other.to_bytes());
    error
}

pub(super) fn a_second_long_history_in_two_hours_comes_too_soon() -> Option<Error> {
    let home = Home::new(10, 2, &mut TestRng::new(68));
    let [source, asker] = [0, 1].map(|device| &home.clients[device]);
    let (of, rng) = (source.address().device, &mut TestRng::new(1));
    let import = HistoryImport::ask(asker, of, &HistoryRange::ALL, NOW, rng).unwrap();
    let mut requests = HistoryRequests::default();
    let mut answer = |now| {
        let error = requests.answer(source, asker.address(), &import.request(), now).err();
        (error, requests.to_bytes())
    };
    let (first, before) = answer(NOW);
    let (second, after) = answer(NOW + 7_199);
    assert_eq!((first, before), (None, after));
    second
}

#[test]
fn a_member_who_is_named_again_and_again_is_one_recipient() {
    let mut town = Town::new(64, &[1, 1]);
    town.chat(0, 1);
    let members = vec![town.id(1); 65_536];
    let to = To::Group { id: GroupId([3; 32]), members: &members };
    assert_eq!(town.client(0, 0).plan(to, NOW).unwrap().devices().count(), 1);
}
