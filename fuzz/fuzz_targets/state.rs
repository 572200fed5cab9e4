//! Saved states: what loads has one encoding, and a sealed record opens only as it was sealed.
#![no_main]

use latchstring::client::{Client, Entrant, LinkingRequest, NewDevice};
use latchstring::guest::{Chat, Invite};
use latchstring::session::{Account, AccountId, Device, Session};
use latchstring::storage::{Anchor, Change, Pending, State, StateKey};
use latchstring_fuzz::support::{NOW, TestRng};
use latchstring_fuzz::town::{Person, Town};
use latchstring_fuzz::{Guest, edited, gaps, saved};
use libfuzzer_sys::fuzz_target;

thread_local!(static STATES: [Vec<u8>; 10] = {
    let (mut pair, [_, _, turn]) = gaps(1);
    let guest = Guest::new(2);
    let (session, anchor) = (saved(&pair.responder), pair.responder.anchor());
    let turn = change_of(pair.responder.open(&turn).unwrap(), &anchor);
    let account = Account::generate(AccountId([1; 32]), &mut TestRng::new(3));
    let mut town = Town::new(4, &[2, 2]);
    town.say(0, 0, 1, b"hello");
    let mail = town.server.take(town.address(1, 0)).unwrap();
    let reader = town.client(1, 0);
    let anchor = reader.anchor();
    let letter = change_of(reader.open(mail.from, &mail.message, NOW).unwrap(), &anchor);
    let device = NewDevice::generate("a laptop", NOW, &mut town.rng).unwrap();
    let (device, entrant) = (saved(&device), entrant(device, &mut town));
    let client = saved(town.client(0, 0));
    let (invite, chat) = (saved(&guest.invite), saved(&guest.chat));
    let host = saved(&guest.host);
    [saved(&account), host, session, invite, chat, turn, client, device, entrant, letter]
});

/// Has the device offered a place and accept it.
fn entrant(device: NewDevice, town: &mut Town) -> Vec<u8> {
    let Person { account, devices } = &mut town.people[0];
    let request = LinkingRequest::read(&device.code(), NOW).unwrap();
    let offer = devices[0].approve(account, &request, 4, NOW, &mut town.rng).unwrap().apply();
    let offer = device.open(&offer, NOW).unwrap();
    saved(&offer.accept(device, devices[0].linking_digits().unwrap(), NOW).unwrap().0)
}

/// Encodes the change of a pending answer, by way of its record.
fn change_of<S: State, T>(pending: Pending<'_, S, T>, stored: &Anchor) -> Vec<u8> {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let recorded = pending.record(&key, b"", stored, &mut TestRng::new(5)).unwrap();
    let change: Change<S> = key.open(b"", None, recorded.record().unwrap()).unwrap();
    saved(&change)
}

fn check<S: State>(bytes: &[u8], input: &[u8]) {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    assert!(key.open::<S>(b"owner", None, input).is_err());
    if let Ok(state) = S::from_bytes(bytes) {
        assert_eq!(*state.to_bytes(), bytes);
        let record = key.seal(&state, b"owner", &mut TestRng::new(NOW)).unwrap();
        let altered = edited(&record, input);
        let opened = key.open::<S>(b"owner", Some(&state.anchor()), &altered);
        assert_eq!(opened.is_ok(), altered == record);
    }
}

fuzz_target!(|input: (u8, &[u8], &[u8])| STATES.with(|states| {
    let kind = usize::from(input.0 % 10);
    let bytes = edited(&states[kind], input.1);
    let checks: [fn(&[u8], &[u8]); 13] = [
        check::<Account>,
        check::<Device>,
        check::<Session>,
        check::<Invite>,
        check::<Chat>,
        check::<Client>,
        check::<NewDevice>,
        check::<Entrant>,
        check::<Change<Device>>,
        check::<Change<Session>>,
        check::<Change<Invite>>,
        check::<Change<Chat>>,
        check::<Change<Client>>,
    ];
    checks.iter().for_each(|check| check(&bytes, input.2));
}));
