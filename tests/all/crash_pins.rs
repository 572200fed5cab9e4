//! Links with a PIN, links that are taken back or whose time ends, chats whose time ends, and the
//! power that goes before every deed: a PIN is answered once, and what is over stays over.

use latchstring::guest::{Approval, ChatStatus, EndReason};
use support::crash::guests::Words;
use support::crash::{Flaw, Keeping, Script, Stop, World, install};
use support::guest::DAY;
use support::{TestRng, client};

const HOST: usize = 0;
const GUEST: usize = 1;

#[derive(Clone, Copy, Debug)]
enum Act {
    Replenish,
    MakeLink(Approval),
    ShowLink,
    Claim,
    Read,
    Answer,
    Prove,
    Grant,
    Say(&'static str),
    /// Takes the newest link back.
    Revoke,
    /// The time of the newest link ends.
    Expire,
    Notice,
    /// The time of the chat ends.
    Idle,
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (HOST, Act::Replenish),
        (HOST, Act::MakeLink(Approval::Pin)),
        (HOST, Act::ShowLink),
        (GUEST, Act::Claim),
        (HOST, Act::Read),
        (HOST, Act::Notice),
        (HOST, Act::Answer),
        (GUEST, Act::Read),
        (GUEST, Act::Prove),
        (HOST, Act::Read),
        (HOST, Act::Grant),
        (GUEST, Act::Read),
        (GUEST, Act::Say("1")),
        (HOST, Act::Read),
        (HOST, Act::Say("2")),
        (HOST, Act::Say("3")),
        (GUEST, Act::Read),
        (HOST, Act::MakeLink(Approval::Host)),
        (HOST, Act::Revoke),
        (HOST, Act::Notice),
        (HOST, Act::MakeLink(Approval::Pin)),
        (HOST, Act::ShowLink),
        (HOST, Act::Expire),
        (HOST, Act::Idle),
        (GUEST, Act::Idle),
    ],
    act,
    check: |_| Ok(()),
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(2, keeping, flaw);
    let mut rng = TestRng::new(99);
    install(&mut world.apps[HOST], client(1, &mut rng));
    world.publish_list(HOST).unwrap();
    world
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Replenish => world.replenish(who),
        Act::MakeLink(approval) => world.make_link(who, approval, &[]),
        Act::ShowLink => world.show_link(who),
        Act::Claim => world.claim(who, &[HOST], &[]),
        Act::Read => world.read_all(who, |world, mail| world.read_chat(who, mail)),
        Act::Answer => world.speak(who, Words::AnswerPin, &[]),
        Act::Prove => world.speak(who, Words::ProvePin, &[]),
        Act::Grant => world.speak(who, Words::Grant, &[]),
        Act::Say(text) => world.write_text(who, text, &[]),
        Act::Revoke => world.close_link(who, None),
        Act::Expire => world.close_link(who, Some(world.now + DAY + 3600)),
        Act::Notice => world.notice(who),
        Act::Idle => world.chat_ticks(who, world.now + DAY + 3600),
    }
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [HOST, GUEST].map(|app| world.apps[app].inbox());
    let expected: [&[&[u8]]; 2] = [&[b"proved", b"1"], &[b"answered", b"granted", b"2", b"3"]];
    if read.iter().zip(expected).any(|(read, expected)| read != expected) {
        return Stop::trouble(format!("{read:?} were read"));
    }
    let is_over = |who: usize| {
        let chat = &world.apps[who].memory.chats["chat/0"].state;
        chat.status() == ChatStatus::Ended(EndReason::Idle)
    };
    let invites = &world.apps[HOST].memory.invites;
    let open = invites.values().any(|invite| invite.state.link().is_some());
    if invites.len() != 3 || open || ![HOST, GUEST].into_iter().all(is_over) {
        return Stop::trouble("something that is over is not");
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_a_pin_serves_once_and_what_is_over_stays_over() {
    SCRIPT.survives_every_cut(60);
}

#[test]
fn power_that_goes_again_while_a_pin_is_proved_does_no_more_harm() {
    SCRIPT.survives_a_second_cut(60);
}

#[test]
fn of_two_tabs_with_one_pin_the_one_that_is_behind_loads_again() {
    SCRIPT.survives_two_tabs(8);
}

#[test]
fn links_with_a_pin_and_ended_chats_are_refused_as_they_were_before() {
    SCRIPT.survives_backups(15);
}

#[test]
fn a_host_or_guest_with_a_pin_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}
