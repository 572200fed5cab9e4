//! A guest and three devices of its host, and the power that goes before every deed: nobody is let
//! in twice, no link is spent without its chat, and no word is lost.

use latchstring::guest::{Approval, ChatStatus, EndReason};
use support::crash::guests::Words;
use support::crash::{App, Flaw, Keeping, Kept, Script, Stop, World, install, only};
use support::home::Home;
use support::linking::show_own_list;
use support::{TestRng, device_of, one_time_prekeys, restored};

const PHONE: usize = 0;
const LAPTOP: usize = 1;
const TABLET: usize = 2;
const GUEST: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Act {
    Replenish,
    /// A link, which the laptop holds too.
    MakeLink,
    ShowLink,
    /// The guest claims the chat with the phone and the laptop.
    Claim,
    /// Reads everything that came.
    Read,
    /// The server is told that the link is spent.
    Notice,
    /// Lets the guest in, and tells the laptop.
    Grant,
    /// Says something, and tells these own devices of it.
    Say(&'static str, &'static [usize]),
    /// Tells the tablet of the chat.
    Share,
    /// The account signs its list anew, and an app takes it.
    Renew,
    Learn,
    ChatLearns,
    End,
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
        (GUEST, Act::Say("1", &[])),
        (PHONE, Act::Read),
        (PHONE, Act::Notice),
        (LAPTOP, Act::Read),
        (PHONE, Act::Grant),
        (LAPTOP, Act::Read),
        (LAPTOP, Act::Say("2", &[PHONE])),
        (GUEST, Act::Read),
        (GUEST, Act::Say("3", &[])),
        (PHONE, Act::Read),
        (PHONE, Act::Share),
        (TABLET, Act::Read),
        (PHONE, Act::Say("4", &[LAPTOP, TABLET])),
        (GUEST, Act::Read),
        (GUEST, Act::Say("5", &[])),
        (TABLET, Act::Read),
        (TABLET, Act::Say("6", &[PHONE])),
        (PHONE, Act::Renew),
        (LAPTOP, Act::Learn),
        (LAPTOP, Act::ChatLearns),
        (GUEST, Act::Read),
        (GUEST, Act::ChatLearns),
        (LAPTOP, Act::Read),
        (GUEST, Act::End),
        (PHONE, Act::Read),
        (LAPTOP, Act::Read),
        (TABLET, Act::Read),
    ],
    act,
    check,
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(4, keeping, flaw);
    let Home { account, clients, .. } = Home::new(1, 3, &mut TestRng::new(99));
    for (app, client) in world.apps.iter_mut().zip(clients) {
        install(app, client);
    }
    let (app, name) = (&mut world.apps[PHONE], "account/own");
    let mut transaction = app.begin();
    let kept = Kept::new(&mut transaction, name, account, &mut app.rng).unwrap();
    app.memory.accounts.insert(name.to_owned(), kept);
    app.finish(transaction, &mut []).unwrap();
    world.publish_list(PHONE).unwrap();
    world
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::Replenish => world.replenish(who),
        Act::MakeLink => world.make_link(who, Approval::Host, &[LAPTOP]),
        Act::ShowLink => world.show_link(who),
        Act::Claim => world.claim(who, &[PHONE, LAPTOP], &["hi"]),
        Act::Read => world.read_all(who, |world, mail| world.read_chat(who, mail)),
        Act::Notice => world.notice(who),
        Act::Grant => world.speak(who, Words::Grant, &[LAPTOP]),
        Act::Say(text, tell) => world.write_text(who, text, tell),
        Act::Share => world.share_chat(who, TABLET),
        Act::Renew => {
            let now = world.now;
            show_own_list(world.client(who)?);
            let account = restored(&only(&mut world.apps[who].memory.accounts)?.state);
            world.move_client(who, |client, _| client.renew(&account, now), |_, ()| {})?;
            world.publish_list(who)
        }
        Act::Learn => world.learn(who, PHONE),
        Act::ChatLearns => world.chat_learns(who),
        Act::End => world.speak(who, Words::End, &[]),
    }
}

/// Checks that each one-time prekey is there, or in the chat of the guest that used it.
fn check(app: &App) -> Result<(), Stop> {
    let Some(client) = app.memory.clients.values().next() else { return Ok(()) };
    let here = one_time_prekeys(&device_of(&client.state));
    if here == 0 || (here + app.memory.chats.len()).is_multiple_of(50) {
        return Ok(());
    }
    Stop::trouble("a one-time prekey is gone without its chat")
}

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [PHONE, LAPTOP, TABLET, GUEST].map(|app| world.apps[app].inbox());
    let read = read.map(|inbox| {
        inbox.iter().map(|text| String::from_utf8(text.clone()).unwrap()).collect::<Vec<_>>()
    });
    let expected = [
        vec!["hi", "1", "2", "3", "5", "6", "ended"],
        vec!["hi", "1", "3", "4", "5", "ended"],
        vec!["4", "5", "ended"],
        vec!["granted", "2", "joined", "4", "6"],
    ];
    if read != expected {
        return Stop::trouble(format!("{read:?} were read"));
    }
    for (who, reason) in
        [(PHONE, EndReason::There), (TABLET, EndReason::There), (GUEST, EndReason::Here)]
    {
        let chat = &world.apps[who].memory.chats["chat/0"].state;
        if chat.status() != ChatStatus::Ended(reason) {
            return Stop::trouble("the chat is not over");
        }
    }
    // Whatever comes again is known.
    for (who, mail) in world.read.clone() {
        let before = world.apps[who].memory.bytes();
        world.read_chat(who, &mail)?;
        if world.apps[who].memory.bytes() != before {
            return Stop::trouble("something was read again");
        }
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_one_guest_enters_once_and_no_text_is_lost() {
    SCRIPT.survives_every_cut(100);
}

#[test]
fn power_that_goes_again_while_a_chat_recovers_does_no_more_harm() {
    SCRIPT.survives_a_second_cut(100);
}

#[test]
fn of_two_tabs_of_a_guest_or_a_host_the_late_one_loads_again() {
    SCRIPT.survives_two_tabs(10);
}

#[test]
fn links_and_chats_are_refused_as_they_were_before_any_step() {
    SCRIPT.survives_backups(20);
}

#[test]
fn a_host_or_guest_without_one_of_the_safeguards_is_caught() {
    SCRIPT.needs_every_safeguard();
}
