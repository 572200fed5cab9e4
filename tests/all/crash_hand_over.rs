//! A guest that becomes an account, two devices of its host, and the power that goes before every deed: the chat is
//! handed over once, and ends on all of them.

use latchstring::guest::{Approval, ChatStatus, EndReason, HandOver};
use support::TestRng;
use support::client;
use support::crash::guests::Words;
use support::crash::{App, Flaw, Keeping, Script, Stop, World, install};
use support::home::Home;

const PHONE: usize = 0;
const LAPTOP: usize = 1;
const GUEST: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Act {
    Replenish,
    MakeLink,
    ShowLink,
    Claim,
    Read,
    Grant,
    Say(&'static str),
    HandOver,
    /// A device of the host learns the list of the guest's account.
    Learn,
    Accept,
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (PHONE, Act::Replenish),
        (LAPTOP, Act::Replenish),
        (PHONE, Act::MakeLink),
        (LAPTOP, Act::Read),
        (PHONE, Act::ShowLink),
        (GUEST, Act::Claim),
        (PHONE, Act::Read),
        (LAPTOP, Act::Read),
        (PHONE, Act::Grant),
        (LAPTOP, Act::Read),
        (GUEST, Act::Read),
        (GUEST, Act::HandOver),
        (GUEST, Act::Say("1")),
        (PHONE, Act::Read),
        (LAPTOP, Act::Read),
        (PHONE, Act::Learn),
        (LAPTOP, Act::Learn),
        (PHONE, Act::Accept),
        (LAPTOP, Act::Read),
        (GUEST, Act::Read),
    ],
    act,
    check,
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(3, keeping, flaw);
    let Home { clients, .. } = Home::new(1, 2, &mut TestRng::new(99));
    let account = client(2, &mut TestRng::new(98));
    for (app, client) in world.apps.iter_mut().zip(clients.into_iter().chain([account])) {
        install(app, client);
    }
    world.publish_list(PHONE).unwrap();
    world.publish_list(GUEST).unwrap();
    world
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Replenish => world.replenish(who),
        Act::MakeLink => world.make_link(who, Approval::Host, &[LAPTOP]),
        Act::ShowLink => world.show_link(who),
        Act::Claim => world.claim(who, &[PHONE, LAPTOP], &["hi"]),
        Act::Read => world.read_all(who, |world, mail| world.read_chat(who, mail)),
        Act::Grant => world.speak(who, Words::Grant, &[LAPTOP]),
        Act::Say(text) => world.write_text(who, text, &[]),
        Act::HandOver => world.hand_over(who),
        Act::Learn => world.learn(who, GUEST),
        Act::Accept => world.accept_hand_over(who, LAPTOP),
    }
}

/// Checks that a chat which is handed over says to whom.
fn check(app: &App) -> Result<(), Stop> {
    let is_over = ChatStatus::Ended(EndReason::BecameAccount);
    let mut chats = app.memory.chats.values().map(|kept| &kept.state);
    if chats.any(|chat| chat.status() == is_over && chat.handed_over().is_none()) {
        return Stop::trouble("a chat is handed over to nobody");
    }
    Ok(())
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [PHONE, LAPTOP, GUEST].map(|app| world.apps[app].inbox());
    let expected: [&[&[u8]]; 3] = [
        &[b"hi", b"handed over", b"1"],
        &[b"hi", b"handed over", b"1", b"taken over"],
        &[b"granted", b"became an account"],
    ];
    if read.each_ref().map(|inbox| inbox.iter().map(Vec::as_slice).collect::<Vec<_>>()) != expected
    {
        return Stop::trouble(format!("{read:?} were read"));
    }
    let account = world.address(GUEST).account;
    for who in [PHONE, LAPTOP, GUEST] {
        let chat = &world.apps[who].memory.chats["chat/0"].state;
        let named = chat.handed_over().map(HandOver::account);
        if chat.status() != ChatStatus::Ended(EndReason::BecameAccount) || named != Some(account) {
            return Stop::trouble("the chat is not over");
        }
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_a_guest_becomes_one_account_once() {
    SCRIPT.survives_every_cut(50);
}

#[test]
fn of_two_tabs_the_late_one_hands_nothing_over() {
    SCRIPT.survives_two_tabs(5);
}

#[test]
fn a_hand_over_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}
