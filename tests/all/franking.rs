//! Reports: what they prove to the service, and what neither side can make of them.

use hmac::{Hmac, KeyInit, Mac};
use latchstring::Error;
use latchstring::client::{
    Address, Conversation, Enclosed, Envelope, GroupId, LetterEvent, Mail, Outgoing,
    ReceivedLetter, Repair, Taken, To,
};
use latchstring::content::Content;
use latchstring::franking::{Frank, Report, ReportedContent, ServiceKey, Stamp};
use latchstring::guest::{ChatEvent, TakenMessage};
use latchstring::session::{AccountId, DeviceId};
use sha2::Sha256;
use support::guest::Talk;
use support::town::{Town, bytes, said};
use support::{NOW, changed, flipped, refuses, restored};

/// Places in an encoded report.
const WORDS: usize = 2 + 1 + 32 + 40 + 40 + 40;

fn service() -> ServiceKey {
    ServiceKey::new(&[7; 32]).unwrap()
}

/// Seals a letter with franks.
fn franked(town: &mut Town, to: To<'_>, content: &[u8]) -> Outgoing {
    let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    plan.frank();
    town.seal_plan(0, 0, &mut plan, &said(content)).unwrap()
}

/// Returns the envelope for a device, and its frank.
fn envelope(town: &Town, out: &Outgoing, person: usize, device: usize) -> (Vec<u8>, Frank) {
    let to = town.address(person, device);
    let found = out.envelopes.iter().find(|envelope| envelope.to == to).unwrap();
    (found.message.clone(), found.frank.unwrap())
}

/// Lets a device read its envelope with its frank.
fn read(town: &mut Town, out: &Outgoing, person: usize, device: usize) -> (ReceivedLetter, Frank) {
    let (message, frank) = envelope(town, out, person, device);
    let from = town.address(0, 0);
    let client = town.client(person, device);
    (changed(client.open_franked(from, &message, Some(&frank), NOW).unwrap()), frank)
}

/// Makes the report of what person 1's first device was sent.
fn report(town: &mut Town, out: &Outgoing, at: u64) -> Vec<u8> {
    let (letter, frank) = read(town, out, 1, 0);
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    let stamp = service().stamp(&frank, from, to, at);
    Report::new(letter.evidence.unwrap(), from, to, stamp).encode().to_vec()
}

#[test]
fn a_report_says_who_said_what_to_whom_and_when() {
    let mut town = Town::new(1, &[1, 1]);
    let to = To::Account(town.id(1));
    let out = franked(&mut town, to, b"pay, or else");
    let report = Report::decode(&report(&mut town, &out, NOW + 5)).unwrap();
    let reported = report.verify(&service()).unwrap();
    assert_eq!((reported.from, reported.to), (town.address(0, 0), town.address(1, 0)));
    assert_eq!((reported.at, reported.sent, reported.id), (NOW + 5, NOW, out.id));
    assert_eq!(reported.group, None);
    let ReportedContent::Message(content) = reported.said else { panic!("a message was sent") };
    assert_eq!(bytes(&content), b"pay, or else");
}

#[test]
fn a_content_in_a_blob_is_reported_by_its_reference() {
    let mut town = Town::new(2, &[1, 1]);
    let to = To::Account(town.id(1));
    let out = franked(&mut town, to, &[5; 5000]);
    let report = Report::decode(&report(&mut town, &out, NOW)).unwrap();
    let ReportedContent::Blob(reference) = report.verify(&service()).unwrap().said else {
        panic!("it is in a blob")
    };
    assert_eq!(Some(reference.hash()), out.blob_hash());
    assert_eq!(bytes(&reference.open(out.blob.as_ref().unwrap()).unwrap()), [5; 5000]);
}

#[test]
fn a_letter_of_a_group_is_reported_by_each_device_for_itself() {
    let mut town = Town::new(3, &[1, 2]);
    let (id, members) = (GroupId([9; 32]), [town.id(1)]);
    let out = franked(&mut town, To::Group { id, members: &members }, b"pay");
    let franks: Vec<_> = out.envelopes.iter().map(|envelope| envelope.frank.unwrap()).collect();
    assert!(franks.len() == 2 && franks[0] != franks[1]);
    for device in [0, 1] {
        let (letter, frank) = read(&mut town, &out, 1, device);
        assert_eq!(letter.conversation, Conversation::Group(id));
        let (from, to) = (town.address(0, 0), town.address(1, device));
        let stamp = service().stamp(&frank, from, to, NOW);
        let report = Report::new(letter.evidence.unwrap(), from, to, stamp);
        assert_eq!(report.verify(&service()).unwrap().group, Some(id));
    }
}

#[test]
fn no_byte_of_a_report_can_be_changed_nor_cut() {
    let mut town = Town::new(4, &[1, 1]);
    let to = To::Account(town.id(1));
    let out = franked(&mut town, to, b"pay");
    let report = report(&mut town, &out, NOW);
    let verified = |bytes: &[u8]| Report::decode(bytes)?.verify(&service()).map(drop);
    assert_eq!(verified(&report), Ok(()));
    for place in 0..report.len() {
        let refused = verified(&flipped(&report, place)).unwrap_err();
        // Key, parties, time, tag and words.
        assert!(place < 3 || refused == Error::Forged, "{place}: {refused}");
        assert!(verified(&report[..place]).is_err(), "{place}");
    }
    assert_eq!(verified(&[&report[..], &[0]].concat()), Err(Error::Forged));
}

#[test]
fn the_stamp_of_another_message_proves_nothing() {
    let mut town = Town::new(5, &[1, 1, 1]);
    let to = To::Account(town.id(1));
    let [one, other] = [b"hello".as_slice(), b"pay"].map(|said| franked(&mut town, to, said));
    let [one, other] = [one, other].map(|out| report(&mut town, &out, NOW));
    // The words and key of one, the stamp of the other; and the other way round.
    for (one, other) in [(&one, &other), (&other, &one)] {
        let mut mixed = one.clone();
        mixed[115..WORDS].copy_from_slice(&other[115..WORDS]);
        assert_eq!(Report::decode(&mixed).unwrap().verify(&service()).err(), Some(Error::Forged));
    }
}

#[test]
fn only_the_service_can_check_a_report() {
    let mut town = Town::new(6, &[1, 1]);
    let to = To::Account(town.id(1));
    let out = franked(&mut town, to, b"pay");
    let report = Report::decode(&report(&mut town, &out, NOW)).unwrap();
    let other = ServiceKey::new(&[8; 32]).unwrap();
    assert_eq!(report.verify(&other).err(), Some(Error::Forged));
    assert_eq!(ServiceKey::new(&[0; 32]).err(), Some(Error::WeakKey));
}

#[test]
fn a_receiver_can_make_the_frank_of_any_words_so_it_proves_nothing_alone() {
    let mut town = Town::new(7, &[1, 1]);
    let to = To::Account(town.id(1));
    let out = franked(&mut town, to, b"hello");
    let mut report = report(&mut town, &out, NOW);
    // The key is the receiver's, too: it fixes other words as the sender would.
    report.truncate(WORDS);
    let out = franked(&mut town, to, b"pay, or else");
    report.extend(&self::report(&mut town, &out, NOW)[WORDS..]);
    let mut mac = Hmac::<Sha256>::new_from_slice(&report[3..35]).unwrap();
    mac.update(b"latchstring/v1/frank/words.\x01");
    mac.update(&report[WORDS..]);
    let frank = Frank(mac.finalize().into_bytes().into());
    assert_eq!(Report::decode(&report).unwrap().verify(&service()).err(), Some(Error::Forged));
    let stamp = service().stamp(&frank, town.address(0, 0), town.address(1, 0), NOW);
    report[115..WORDS].copy_from_slice(&stamp.to_bytes());
    assert!(Report::decode(&report).unwrap().verify(&service()).is_ok());
}

#[test]
fn a_letter_without_its_own_frank_does_not_open() {
    let mut town = Town::new(8, &[1, 1]);
    let to = To::Account(town.id(1));
    let [one, other] = [b"same", b"same"].map(|said| franked(&mut town, to, said));
    let from = town.address(0, 0);
    let (message, frank) = envelope(&town, &one, 1, 0);
    let (_, other) = envelope(&town, &other, 1, 0);
    assert_ne!(frank, other);
    let altered = Frank({
        let mut bytes = frank.0;
        bytes[31] ^= 1;
        bytes
    });
    let client = town.client(1, 0);
    for wrong in [None, Some(&other), Some(&altered)] {
        refuses(client, Error::FrankMismatch, |client| {
            client.open_franked(from, &message, wrong, NOW).map(drop)
        });
    }
    let letter = changed(client.open_franked(from, &message, Some(&frank), NOW).unwrap());
    assert!(letter.evidence.is_some());
}

#[test]
fn a_letter_without_its_own_frank_is_asked_for_and_comes_with_another() {
    let mut town = Town::new(9, &[1, 1]);
    let to = To::Account(town.id(1));
    town.chat(0, 1);
    let out = franked(&mut town, to, b"pay");
    let (from, (message, frank)) = (town.address(0, 0), envelope(&town, &out, 1, 0));
    let mail = Mail { from, id: Some(out.id), envelope: &message };
    let client = town.client(1, 0);
    let taken = changed(client.take_franked(&mail, None, NOW));
    assert!(matches!(taken, Taken::Unread(Error::FrankMismatch)));
    let asks = client.repairs(NOW).next().unwrap();
    let mut plan = client.plan_repair(&asks, NOW).unwrap();
    plan.frank();
    town.supply(1, 0, &mut plan).unwrap();
    let request = town.seal_plan(1, 0, &mut plan, Enclosed::Nothing).unwrap();

    // What says nothing needs no frank, and may have one.
    let by = town.address(1, 0);
    let asked = &request.envelopes[0];
    assert!(asked.frank.is_some());
    let client = town.client(0, 0);
    let letter = changed(client.open_franked(by, &asked.message, None, NOW).unwrap());
    assert!(matches!(letter.event, LetterEvent::ResendRequested) && letter.evidence.is_none());
    let mut plan = client.plan_repair(&Repair::Resend { to: by, id: out.id }, NOW).unwrap();
    plan.frank();
    let again = town.seal_plan(0, 0, &mut plan, &said(b"pay")).unwrap();
    let (letter, other) = read(&mut town, &again, 1, 0);
    assert!(other != frank && letter.id == out.id && letter.evidence.is_some());
}

#[test]
fn an_own_copy_needs_no_frank_and_is_no_evidence() {
    let mut town = Town::new(10, &[2, 1]);
    let to = To::Account(town.id(1));
    let out = franked(&mut town, to, b"pay");
    let (letter, _) = read(&mut town, &out, 0, 1);
    assert!(letter.evidence.is_none());
    let out = franked(&mut town, to, b"pay");
    let (from, (message, _)) = (town.address(0, 0), envelope(&town, &out, 0, 1));
    let opened = town.client(0, 1).open_franked(from, &message, None, NOW).unwrap();
    assert!(changed(opened).evidence.is_none());
}

#[test]
fn franks_are_stored_with_their_envelopes_and_change_no_message() {
    let mut town = Town::new(11, &[2, 2]);
    let to = To::Account(town.id(1));
    let mut out = Outgoing { target: None, ..franked(&mut town, to, b"pay") };
    assert_eq!(Outgoing::decode(&out.encode()), Ok(out.clone()));
    let whole = out.encode().len();
    out.envelopes[0].frank = None;
    assert_eq!(Outgoing::decode(&out.encode()), Ok(out.clone()));
    for envelope in &mut out.envelopes {
        envelope.frank = None;
    }
    let bare = out.encode();
    assert_eq!(Outgoing::decode(&bare), Ok(out));
    assert_eq!(whole, bare.len() + 3 * 33);
    assert_eq!(Outgoing::decode(&[&bare[..], &[0; 3]].concat()), Err(Error::Malformed));
    // Without the plan's word there are none.
    let out = town.seal(0, 0, to, b"pay").unwrap();
    assert!(out.envelopes.iter().all(|envelope| envelope.frank.is_none()));
}

#[test]
fn a_stamp_and_a_report_have_one_encoding() {
    let to = Address { account: AccountId([1; 32]), device: DeviceId([2; 8]) };
    let stamp = service().stamp(&Frank([1; 32]), to, to, NOW);
    assert_eq!(Stamp::from_bytes(&stamp.to_bytes()), Ok(stamp));
    assert_eq!(Stamp::from_bytes(&stamp.to_bytes()[1..]), Err(Error::Malformed));
    let report = |head: [u8; 3], words: usize| {
        Report::decode(&[&head[..], &[9; WORDS - 3], &vec![0; words]].concat())
    };
    assert!(report([1, 0x3c, 1], 0).is_ok());
    assert!(report([1, 0x3c, 2], 1 << 20).is_ok());
    assert_eq!(report([1, 0x3c, 2], (1 << 20) + 1).err(), Some(Error::Malformed));
    assert_eq!(report([1, 0x3c, 0], 9).err(), Some(Error::Malformed));
    assert_eq!(report([1, 0x3c, 3], 9).err(), Some(Error::Malformed));
    assert_eq!(report([2, 0x3c, 1], 9).err(), Some(Error::UnknownVersion(2)));
    assert_eq!(report([1, 0x31, 1], 9).err(), Some(Error::WrongKind));
}

#[test]
fn stamped_words_that_say_nothing_are_no_report() {
    let mut town = Town::new(13, &[1, 1]);
    let (from, to) = (town.address(0, 0), town.address(1, 0));
    let mut report = [&[1, 0x3c, 1][..], &[9; 32], &from.to_bytes(), &to.to_bytes()].concat();
    report.extend([0; 40]);
    let account = town.client(1, 0).address().account;
    // A resend request that names nothing; a kind that is none; nothing.
    let asks = [&[0; 24][..], &[1], &account.0, &[4], &[0; 8]].concat();
    let none = [&[0; 24][..], &[1], &account.0, &[99]].concat();
    for words in [&asks[..], &none, &[]] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[9; 32]).unwrap();
        mac.update(b"latchstring/v1/frank/words.\x01");
        mac.update(words);
        let stamp = service().stamp(&Frank(mac.finalize().into_bytes().into()), from, to, NOW);
        report.truncate(115);
        report.extend(stamp.to_bytes());
        report.extend(words);
        let refused = Report::decode(&report).unwrap().verify(&service()).err();
        assert_eq!(refused, Some(Error::Malformed));
    }
}

#[test]
fn texts_of_a_guest_chat_are_reported_by_either_side() {
    let mut talk = Talk::new(14);
    let (host, guest) = (talk.door.host.address(), talk.guest.address());
    for by_guest in [true, false] {
        let (from, to) = if by_guest { (guest, host) } else { (host, guest) };
        let (sender, receiver) = if by_guest {
            (&mut talk.guest, &mut talk.host)
        } else {
            (&mut talk.host, &mut talk.guest)
        };
        let rng = &mut talk.door.rng;
        let sent = sender.text("pay, or else", NOW, rng).unwrap().apply();
        let Envelope { message, frank, .. } = &sent.envelopes[0];
        for wrong in [None, Some(&Frank([1; 32]))] {
            refuses(receiver, Error::FrankMismatch, |chat| {
                chat.open_franked(from, message, wrong, NOW).map(drop)
            });
            let taken = receiver.take_franked(from, message, wrong, NOW).apply();
            assert!(matches!(taken, TakenMessage::Unread));
            // It comes again after a repair.
            let mut doubting = restored(&*receiver);
            let host = by_guest.then_some(&talk.door.host);
            let repair = doubting.repair(host, NOW + 3600, rng).unwrap();
            assert!(!repair.apply().envelopes.is_empty());
        }
        let opened = receiver.open_franked(from, message, frank.as_ref(), NOW).unwrap();
        let event = changed(opened);
        let stamp = service().stamp(&frank.unwrap(), from, to, NOW);
        let report = Report::new(event.evidence.unwrap(), from, to, stamp).encode();
        let reported = Report::decode(&report).unwrap().verify(&service()).unwrap();
        assert_eq!((reported.from, reported.to, reported.id), (from, to, sent.text.id.id));
        assert!(matches!(reported.said, ReportedContent::Text(text) if *text == "pay, or else"));
        // Words of a chat are not read as those of a letter.
        let mut report = report.to_vec();
        report[2] = 1;
        assert_eq!(Report::decode(&report).unwrap().verify(&service()).err(), Some(Error::Forged));
    }
    // What says nothing needs none.
    let end = talk.host.end(NOW, &mut talk.door.rng).unwrap().apply();
    let opened = talk.guest.open_franked(host, &end[0].message, None, NOW).unwrap();
    assert_eq!(changed(opened).event, ChatEvent::Ended);
}

#[test]
fn without_a_report_a_frank_tells_nobody_whether_two_messages_are_one() {
    let mut town = Town::new(15, &[1, 1]);
    let to = To::Account(town.id(1));
    let content = Content::app(7, b"same");
    let mut franks = Vec::new();
    for _ in 0..3 {
        let mut plan = town.client(0, 0).plan(to, NOW).unwrap();
        town.supply(0, 0, &mut plan).unwrap();
        plan.frank();
        franks.push(town.seal_plan(0, 0, &mut plan, &content).unwrap().envelopes[0].frank.unwrap());
    }
    franks.sort_unstable();
    franks.dedup();
    assert_eq!(franks.len(), 3);
}
