//! Something that is shown once, and the power that goes before every deed: it is shown once or never, and the other
//! own device hears of it.

use latchstring::Error;
use latchstring::attachment::Reference;
use latchstring::content::{Content, Target};
use support::crash::{Flaw, Keeping, Script, Stop, World, install};
use support::home::Home;
use support::{NOW, TestRng};

/// Two devices of one account.
const PHONE: usize = 0;
const LAPTOP: usize = 1;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Views the message with this number.
    View(u8),
    /// Tells the other device that it was viewed.
    Notify(u8),
    Read,
    /// Finds that it was viewed on the other device.
    FindViewed(u8),
}

const SCRIPT: Script<Act> = Script {
    begin,
    acts: &[
        (PHONE, Act::View(1)),
        (PHONE, Act::Notify(1)),
        (LAPTOP, Act::View(2)),
        (LAPTOP, Act::Read),
        (LAPTOP, Act::FindViewed(1)),
        (LAPTOP, Act::Notify(2)),
        (PHONE, Act::Read),
        (PHONE, Act::FindViewed(2)),
    ],
    act,
    check: |_| Ok(()),
    end,
};

fn begin(keeping: Keeping, flaw: Option<Flaw>) -> World {
    let mut world = World::new(2, keeping, flaw);
    let mut rng = TestRng::new(98);
    let home = Home::new(1, 2, &mut rng);
    for (app, client) in world.apps.iter_mut().zip(home.clients) {
        install(app, client);
    }
    world.publish_list(PHONE).unwrap();
    for who in [PHONE, LAPTOP] {
        world.publish_bundle(who).unwrap();
    }
    world
}

fn target(number: u8) -> Target {
    Target::decode(&[number + 100; 88]).unwrap()
}

fn image() -> Content {
    let bytes = [&[1, 0x32, 2, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
    let reference = Reference::decode(&bytes).unwrap();
    Content::attached(&reference, b"").unwrap().shown_once().unwrap()
}

/// Views a message: what there is to show goes beside the change.
fn view(world: &mut World, who: usize, number: u8) -> Result<(), Stop> {
    let (now, target, image) = (world.now, target(number), image());
    let viewed = world.move_client(
        who,
        |client, _| {
            let pending = client.view(&target, &image, NOW, now)?;
            Ok(pending)
        },
        |transaction, _| transaction.show(&[number]),
    );
    viewed.map(drop)
}

fn act(world: &mut World, who: usize, act: Act) -> Result<(), Stop> {
    match act {
        Act::View(number) => match view(world, who, number) {
            // Viewed before the power went.
            Err(Stop::Refused(Error::AlreadyViewed)) => Ok(()),
            viewed => viewed,
        },
        Act::Notify(number) => world.write(who, b"", |client, now| {
            let notice = client.view_notice(&target(number)).ok_or(Error::MessageForgotten)?;
            client.plan_object(&notice, now)
        }),
        Act::Read => world.read_all(who, |world, mail| world.read_letter(who, mail)),
        Act::FindViewed(number) => match view(world, who, number) {
            Err(Stop::Refused(Error::AlreadyViewed)) => Ok(()),
            other => Stop::trouble(format!("{other:?}: it was viewed")),
        },
    }
}

fn end(world: &mut World) -> Result<(), Stop> {
    let seen = [PHONE, LAPTOP].map(|app| world.apps[app].eye.clone());
    if seen != [vec![vec![1]], vec![vec![2]]] {
        return Stop::trouble(format!("{seen:?} were shown"));
    }
    Ok(())
}

#[test]
fn wherever_the_power_goes_what_is_shown_once_is_shown_once() {
    SCRIPT.survives_every_cut(20);
}

#[test]
fn power_that_goes_again_shows_it_no_second_time() {
    SCRIPT.survives_a_second_cut(20);
}
