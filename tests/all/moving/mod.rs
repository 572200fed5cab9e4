//! Accounts that move to another id: who they stay for whom, and who does not become them.

mod claims;
mod guests;
mod held;
mod orders;
mod sessions;

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, Conversation, DeviceList, GroupId, ListUpdate, Mail, MessageId, Need,
    ReceivedLetter, Taken, To,
};
use latchstring::session::{Account, AccountId};

use support::town::{Town, said, text};
use support::{TestRng, linking, refuses, restored};

const OLD: AccountId = AccountId([1; 32]);
const NEW: AccountId = AccountId([0x51; 32]);
const NEXT: AccountId = AccountId([0x52; 32]);
const DAY: u64 = 86_400;

/// Moves a person's account, on its primary and on the server, which takes everything along.
fn move_to(town: &mut Town, person: usize, to: AccountId) {
    let before = town.people[person].devices[0].list().account();
    let now = town.now;
    let person = &mut town.people[person];
    linking::show_own_list(&mut person.devices[0]);
    person.devices[0].move_account(&person.account, to, now).unwrap().apply();
    let list = person.devices[0].list().clone();
    assert_eq!((list.account(), list.first_id()), (to, person.account.id()));
    town.server.publish(&list);
    let new = |address: Address| {
        let is_listed = address.account == before && list.device(address.device).is_some();
        Address { account: if is_listed { to } else { address.account }, ..address }
    };
    let server = &mut town.server;
    server.bundles =
        std::mem::take(&mut server.bundles).into_iter().map(|(at, it)| (new(at), it)).collect();
    server.one_time =
        std::mem::take(&mut server.one_time).into_iter().map(|(at, it)| (new(at), it)).collect();
}

/// Brings all mail to where its device is: it may name any id that its account had.
fn route(town: &mut Town) {
    let places: Vec<_> =
        town.people.iter().flat_map(|person| person.devices.iter().map(Client::address)).collect();
    for (to, mail) in std::mem::take(&mut town.server.mail) {
        let place = places.iter().find(|place| place.device == to.device).unwrap_or(&to);
        town.server.mail.entry(*place).or_default().extend(mail);
    }
}

/// Restarts every device from its state.
fn restart(town: &mut Town) {
    for device in town.people.iter_mut().flat_map(|person| &mut person.devices) {
        *device = restored(device);
    }
}

/// Sends in the sessions that there are: it fails if one would have to begin.
fn say(town: &mut Town, person: usize, device: usize, to: To<'_>, words: &[u8]) -> MessageId {
    let Town { people, server, now, rng } = town;
    let client = &mut people[person].devices[device];
    let out = client.send(to, &said(words), *now, rng).unwrap();
    let id = out.id;
    server.post(client.address(), out);
    route(town);
    id
}

/// Takes everything that waits for a device, learning every list that it asks for.
fn take(town: &mut Town, person: usize, device: usize) -> Vec<ReceivedLetter> {
    route(town);
    let (address, now) = (town.address(person, device), town.now);
    let mut letters = Vec::new();
    while let Some(mail) = town.server.take(address) {
        let mut taken = None;
        for _ in 0..3 {
            let letter = Mail { from: mail.from, id: Some(mail.id), envelope: &mail.message };
            match town.client(person, device).take(&letter, now).apply() {
                Taken::Waits(Need::List(of)) => drop(town.learn(person, device, of).unwrap()),
                other => {
                    taken = Some(other);
                    break;
                }
            }
        }
        match taken {
            Some(Taken::Letter(letter)) => letters.push(*letter),
            other => panic!("{other:?}"),
        }
    }
    letters
}

/// Takes the one letter that waits for a device.
#[track_caller]
fn take_one(town: &mut Town, person: usize, device: usize) -> ReceivedLetter {
    let mut letters = take(town, person, device);
    assert_eq!(letters.len(), 1);
    letters.remove(0)
}

/// Tells whether something about sessions is told that is not so.
fn is_alarm(alert: &Alert) -> bool {
    use latchstring::client::ListMismatch::Forked;
    !matches!(alert, Alert::Lists { mismatch, .. } if *mismatch != Forked)
        && !matches!(alert, Alert::ListsAgree { .. })
}

#[track_caller]
fn is_quiet(letter: &ReceivedLetter) {
    assert!(!letter.alerts.iter().any(is_alarm), "{:?}", letter.alerts);
}

/// Makes the next owner of an id.
fn next_owner(town: &mut Town, id: AccountId) -> usize {
    town.add_account(id);
    town.people.len() - 1
}
