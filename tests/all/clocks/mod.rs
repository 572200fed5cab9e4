//! Clocks that are wrong for a while: `spec/README.md`, "Time".

mod leaps;
mod reset;
mod seldom;
mod withheld;

use latchstring::Error;
use latchstring::client::{
    self, Alert, Client, ClockState, LinkingRequest, ListUpdate, MessageId, NewDevice, Tasks, To,
};
use latchstring::guest::{ChatStatus, EndReason};
use latchstring::session::{Account, AccountId, Served};
use support::guest::{Door, EXPIRES, IDLE, ORIGIN, Talk, text_of};
use support::town::{Mail, Town};
use support::{NOW, OneToOne, TestRng, changed, days, refuses, restored};

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

fn tasks(client: &Client, now: u64) -> Tasks {
    client.tasks(&Served::NOTHING, now)
}

/// Opens a letter that a server has withheld, in a copy of the client, which is dropped.
fn opens(client: &Client, mail: &Mail, now: u64) -> Result<(), Error> {
    restored(client).open(mail.from, &mail.message, now).map(drop)
}

/// Makes two people's devices, and a first message of the second one's, which is withheld.
fn withheld(seed: u64) -> (Town, Mail) {
    let mut town = Town::new(seed, &[1, 1]);
    town.say(1, 0, 0, b"on its way");
    let mail = town.mail(0, 0);
    assert_eq!(opens(town.client(0, 0), &mail, NOW), Ok(()));
    (town, mail)
}
