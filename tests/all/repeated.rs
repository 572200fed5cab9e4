//! Machines whose random generator repeats itself.

use latchstring::client::{Client, LinkingRequest, NewDevice, To};
use latchstring::session::Bundle;
use latchstring::storage::State;

use support::town::{Person, Town, said};
use support::{Door, NOW, ORIGIN, TestRng, started};

/// Returns a generator that always starts again.
fn stuck() -> TestRng {
    TestRng::new(77)
}

#[test]
fn a_generator_that_repeats_seals_no_two_offers_under_one_key() {
    let mut town = Town::new(11, &[1]);
    let new_device = NewDevice::generate("a laptop", NOW, &mut TestRng::new(3)).unwrap();
    let request = LinkingRequest::read(&new_device.code(), NOW).unwrap();
    let Person { account, devices } = &mut town.people[0];
    let offer = |devices: &[Client]| {
        let mut copy = started(&devices[0]);
        copy.approve(account, &request, 4, NOW, &mut stuck()).unwrap().apply()
    };
    let one = offer(devices);
    assert_eq!(one, offer(devices), "of the same list, to the same code");
    devices[0].renew(account, NOW + 1).unwrap().apply();
    let other = offer(devices);
    assert_ne!(one[34..], other[34..], "two texts");
    assert_ne!(one[2..34], other[2..34], "one ephemeral, one code: one key, and the nonce is zero");
}

/// The offset of the sealed handshake payload in a first message: behind version, kind, mode, two ids,
/// ephemeral and KEM ciphertext.
const SEALED: usize = 3 + 16 + 32 + 1088;

#[test]
fn a_generator_that_repeats_seals_no_two_handshake_payloads_under_one_key() {
    let mut town = Town::new(12, &[1, 1]);
    let (to, of) = (To::Account(town.id(1)), town.address(1, 0));
    let bundle = Bundle::decode(&town.server.bundles[&of]).unwrap();
    let mut first = |now| {
        let mut plan = town.client(0, 0).plan(to, now).unwrap();
        plan.supply(town.client(0, 0), &bundle, now, &mut stuck()).unwrap();
        // What was sent first is lost with the state: a snapshot of the whole machine is restored.
        let mut copy = Client::from_bytes(&town.client(0, 0).to_bytes()).unwrap();
        let out = copy.seal(&mut plan, &said(b"x"), now, &mut stuck()).unwrap().apply();
        out.envelopes[0].message[..1468].to_vec()
    };
    let (one, other) = (first(NOW), first(NOW + 1));
    assert_eq!(one, first(NOW), "of the same continuation, to the same bundle");
    assert_ne!(one[SEALED..], other[SEALED..], "two texts");
    assert_ne!(one[19..SEALED], other[19..SEALED], "one key, and the nonce is zero");
}

#[test]
fn a_generator_that_repeats_seals_no_two_guest_payloads_under_one_key() {
    let door = Door::new(13);
    let claim = |now| {
        let link = door.invite.link().unwrap();
        let preview = link.open(door.server_copy.sealed_invitation(), ORIGIN, now).unwrap();
        let (_, claim) = preview
            .claim(
                door.host.list(),
                std::slice::from_ref(&door.bundle),
                "Grace",
                &[],
                now,
                &mut stuck(),
            )
            .unwrap();
        // Behind version, kind, locator, transcript, salt, sealed credentials, tag, count, id and length.
        let at = 2 + 24 + 32 + 32;
        let sealed = u32::from_be_bytes(claim[at..at + 4].try_into().unwrap());
        let sealed = usize::try_from(sealed).unwrap();
        let first = &claim[at + 4 + sealed + 32 + 4 + 8 + 4..][..1468];
        assert_eq!(first[..3], [1, 2, 3], "version, kind, mode");
        first.to_vec()
    };
    let (one, other) = (claim(NOW), claim(NOW + 1));
    assert_eq!(one, claim(NOW), "of the same continuation, to the same bundle");
    assert_ne!(one[SEALED..], other[SEALED..], "two texts");
    assert_ne!(one[19..SEALED], other[19..SEALED], "one key, and the nonce is zero");
}
