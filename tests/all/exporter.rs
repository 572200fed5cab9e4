//! Secrets that both sides of a message take from it.

use latchstring::Error;
use latchstring::client::Repair;
use latchstring::guest::ExportedText;
use latchstring::session::Exporter;
use support::guest::Talk;
use support::town::{Town, said};
use support::{NOW, Pair};

const LABEL: &[u8] = b"chat.example call";

fn key(exporter: &Exporter) -> [u8; 32] {
    *exporter.secret(LABEL, b"call 17").unwrap()
}

#[test]
fn both_sides_of_each_message_have_its_exporter_and_no_other_has() {
    let mut pair = Pair::new(1);
    let Pair { initiator, responder, rng, .. } = &mut pair;
    let mut seal = || initiator.stage_send().seal_exporting(b"same", rng).unwrap().apply();
    let sent: Vec<_> = (0..6).map(|_| seal()).collect();
    // In order, ahead, late, and late again.
    for place in [0, 3, 1, 5, 2, 4] {
        let (message, exporter) = &sent[place];
        let opened = responder.decrypt(message).unwrap();
        assert_eq!(key(&opened.exporter()), key(exporter), "{place}");
        let others = sent.iter().enumerate().filter(|(other, _)| *other != place);
        assert!(others.into_iter().all(|(_, (_, other))| key(other) != key(exporter)));
    }
    let (answer, exporter) = responder.stage_send().seal_exporting(b"same", rng).unwrap().apply();
    assert_eq!(key(&initiator.decrypt(&answer).unwrap().exporter()), key(&exporter));
}

#[test]
fn a_secret_is_of_its_label_and_of_its_context() {
    let mut pair = Pair::new(2);
    let Pair { initiator, rng, .. } = &mut pair;
    let (_, exporter) = initiator.stage_send().seal_exporting(b"", rng).unwrap().apply();
    let secret = |label: &[u8], context: &[u8]| exporter.secret(label, context);
    assert_eq!(secret(b"ab", b"c"), secret(b"ab", b"c"));
    assert_ne!(secret(b"ab", b"c"), secret(b"a", b"bc"));
    assert_ne!(secret(b"ab", b"c"), secret(b"ab", b""));
    assert_ne!(secret(b"ab", b"c"), secret(b"aB", b"c"));
    assert!(secret(&[7; 64], &[7; 1 << 20]).is_ok());
    assert_eq!(secret(b"", b"c"), Err(Error::InvalidName));
    assert_eq!(secret(&[7; 65], b"c"), Err(Error::InvalidName));
    assert_eq!(secret(&[7; 256 + 1], b"c"), Err(Error::InvalidName));
    assert_eq!(secret(b"ab", &[7; (1 << 20) + 1]), Err(Error::ContentTooLong));
}

#[test]
fn each_device_has_the_exporter_of_its_own_envelope() {
    let mut town = Town::new(3, &[2, 2]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let (from, content) = (town.address(0, 0), said(b"shall we talk?"));
    let Town { people, rng, .. } = &mut town;
    let client = &mut people[0].devices[0];
    let exported = client.seal_exporting(&mut plan, &content, NOW, rng).unwrap().apply();
    let mut keys = Vec::new();
    for (envelope, (to, exporter)) in exported.outgoing.envelopes.iter().zip(&exported.exporters) {
        assert_eq!(envelope.to, *to);
        let place = [(0, 1), (1, 0), (1, 1)].into_iter().find(|(a, b)| town.address(*a, *b) == *to);
        let (person, device) = place.unwrap();
        let letter = town.client(person, device).receive(from, &envelope.message, NOW).unwrap();
        assert_eq!(key(&letter.exporter()), key(exporter));
        keys.push(key(exporter));
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[test]
fn both_sides_of_a_guest_chat_have_the_exporter_of_a_text() {
    let mut talk = Talk::new(4);
    let (host, guest) = (talk.door.host.address(), talk.guest.address());
    let rng = &mut talk.door.rng;
    let ExportedText { sent, exporters } =
        talk.guest.text_exporting("hello", NOW, rng).unwrap().apply();
    let event = talk.host.receive(guest, &sent.envelopes[0].message, NOW).unwrap();
    assert_eq!((exporters[0].0, key(&exporters[0].1)), (host, key(&event.exporter())));
    let ExportedText { sent, exporters } =
        talk.host.text_exporting("hello", NOW, rng).unwrap().apply();
    let event = talk.guest.receive(host, &sent.envelopes[0].message, NOW).unwrap();
    assert_eq!((exporters[0].0, key(&exporters[0].1)), (guest, key(&event.exporter())));
}

#[test]
fn a_letter_that_is_sealed_again_exports_another_secret() {
    let mut town = Town::new(5, &[1, 1]);
    let mut plan = town.plan(0, 0, 1);
    town.supply(0, 0, &mut plan).unwrap();
    let (to, content) = (town.address(1, 0), said(b"again"));
    let Town { people, rng, .. } = &mut town;
    let client = &mut people[0].devices[0];
    let first = client.seal_exporting(&mut plan, &content, NOW, rng).unwrap().apply();
    let id = first.outgoing.id;
    let repair = Repair::Resend { to, id };
    let mut plan = client.plan_repair(&repair, NOW).unwrap();
    let again = client.seal_exporting(&mut plan, &content, NOW, rng).unwrap().apply();
    assert_eq!(again.outgoing.id, id);
    assert_ne!(key(&again.exporters[0].1), key(&first.exporters[0].1));
}
