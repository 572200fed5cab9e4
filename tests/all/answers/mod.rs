//! Repairs: what did not open or did not come is asked for, and answered.

mod copies;
mod gaps;
mod resent;

use std::collections::BTreeMap;

use latchstring::Error;
use latchstring::client::{Address, Enclosed, LetterEvent, MessageId, Repair, To};

use support::forged::{self, Words};
use support::town::{Mail, Town, bytes, said, text};
use support::{NOW, changed, refuses, restored};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A device of a person.
type Who = (usize, usize);

/// The contents that a device has kept.
type Kept = BTreeMap<MessageId, Vec<u8>>;

/// Does all that a device is to repair, and sends it. Content that was not kept is given up.
fn repair(town: &mut Town, (person, device): Who, kept: &Kept) -> Vec<Repair> {
    let mut done = Vec::new();
    let next = |town: &Town| town.people[person].devices[device].repairs(town.now).next();
    // It ends: what was done is not listed again.
    while let Some(repair) = next(town) {
        assert!(done.len() < 300, "{repair:?} comes again and again");
        done.push(repair);
        let said_before = match repair {
            Repair::Resend { id, .. } | Repair::Backfill { id } => Some(kept.get(&id)),
            _ => None,
        };
        if said_before == Some(None) {
            let now = town.now;
            changed(town.client(person, device).give_up(&repair, now));
            continue;
        }
        let content = said_before.flatten().map(|content| said(content));
        let enclosed = content.as_ref().map_or(Enclosed::Nothing, Enclosed::from);
        let now = town.now;
        let mut plan = town.client(person, device).plan_repair(&repair, now).unwrap();
        town.supply(person, device, &mut plan).unwrap();
        let out = town.seal_plan(person, device, &mut plan, enclosed).unwrap();
        town.server.post(town.address(person, device), out);
        let client = town.client(person, device);
        *client = restored(client);
    }
    done
}

/// Has a device ask another one for letters by what a request says, in the session that there is.
fn ask(town: &mut Town, (person, device): Who, to: Address, id: MessageId) {
    let now = town.now;
    let mut plan = town.client(person, device).request_resend(to, id, now).unwrap();
    let out = town.seal_plan(person, device, &mut plan, Enclosed::Nothing).unwrap();
    town.server.post(town.address(person, device), out);
}

/// Returns the texts that wait for a device, and the ids that are refused.
fn read(town: &mut Town, (person, device): Who) -> (Vec<Vec<u8>>, Vec<MessageId>) {
    let (mut texts, mut refused) = (Vec::new(), Vec::new());
    for arrived in town.receive(person, device) {
        match arrived.unwrap().event {
            LetterEvent::NotResent(ids) => {
                refused.extend(ids.into_iter().filter(|id| *id != MessageId([0; 16])));
            }
            LetterEvent::ResendRequested => {}
            event => texts.push(text(&event)),
        }
    }
    (texts, refused)
}

/// Sends so many texts to the second person, and returns them with their ids.
fn burst(town: &mut Town, count: u8) -> (Kept, Vec<MessageId>) {
    let said = (0..count).map(|number| (town.say(0, 0, 1, &[number, 1]), vec![number, 1]));
    let said: Vec<_> = said.collect();
    let ids = said.iter().map(|(id, _)| *id).collect();
    (said.into_iter().collect(), ids)
}

/// Has a device ask another one for what it has not got.
fn request(town: &mut Town, who: Who, to: Address) {
    ask(town, who, to, MessageId([0; 16]));
}
