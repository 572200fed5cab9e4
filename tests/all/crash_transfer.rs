//! An account that moves to a new telephone, and the power that goes before every deed of the old one, the new one
//! and a friend: there is one primary at the end, with the account, and one list that says so.

use latchstring::client::Address;
use support::crash::{Script, Stop, World};

use crate::crash_linking::{Act, BOB, COMPANION, PRIMARY, act, begin};

/// The new telephone.
const NEW: usize = COMPANION;

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (PRIMARY, Act::Learn(BOB)),
        (BOB, Act::Learn(PRIMARY)),
        (PRIMARY, Act::Write(1)),
        (BOB, Act::Read),
        (NEW, Act::ShowPrimary),
        (PRIMARY, Act::Approve),
        (PRIMARY, Act::ShowDigits),
        (NEW, Act::Read),
        (PRIMARY, Act::Read),
        (PRIMARY, Act::PublishList),
        (NEW, Act::Read),
        (NEW, Act::Publish),
        (BOB, Act::Learn(PRIMARY)),
        (BOB, Act::Write(2)),
        (NEW, Act::Read),
        (NEW, Act::Write(3)),
        (BOB, Act::Read),
        (NEW, Act::Renew),
        (NEW, Act::PublishList),
        (BOB, Act::Learn(NEW)),
    ],
    act,
    check: |_| Ok(()),
    end,
};

fn end(world: &mut World) -> Result<(), Stop> {
    let read = [PRIMARY, NEW, BOB].map(|app| world.apps[app].inbox());
    let read = read.map(|inbox| inbox.iter().map(Vec::len).collect::<Vec<_>>());
    if read != [vec![], vec![2], vec![1, 3]] {
        return Stop::trouble(format!("{read:?} were read"));
    }
    let new: Address = world.address(NEW);
    for who in [NEW, BOB] {
        let known = world.client(who)?.list_of(new.account).unwrap();
        let devices: Vec<_> = known.devices().iter().map(Address::of).collect();
        if devices != [new] || known.epoch() != 3 {
            return Stop::trouble(format!("{devices:?} are listed, at {}", known.epoch()));
        }
    }
    if world.client(PRIMARY)?.is_listed() {
        return Stop::trouble("the old telephone goes on");
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_an_account_has_one_primary_after_a_transfer() {
    SCRIPT.survives_every_cut(50);
}

#[test]
fn power_that_goes_again_while_an_account_moves_does_no_more_harm() {
    SCRIPT.survives_a_second_cut(50);
}
