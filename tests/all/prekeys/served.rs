//! Prekeys that the server says it has, compared with what can still be opened.

use super::*;

/// The part that a server owns up to of a refill of which it was given so many before, one note after the other.
type OwnsUp = fn(&[PrekeyId], usize) -> Vec<&[PrekeyId]>;

/// A device that has published a batch, and their ids.
fn published(rng: &mut TestRng) -> (Device, Vec<PrekeyId>) {
    let mut device = device(1, rng);
    let bundle = device.bundle().id();
    publish(&mut device, [bundle], NOW);
    let keys = replenished(&mut device, NOW, rng);
    (device, ids(&keys))
}

fn stock<'a>(device: &Device, ids: &'a [PrekeyId]) -> Served<'a> {
    Served { bundle: Some(device.bundle().id()), one_time: Stock::Ids(ids) }
}

#[test]
fn a_server_that_has_everything_needs_nothing() {
    let mut rng = TestRng::new(70);
    let (device, ids) = published(&mut rng);
    for served in [stock(&device, &ids), served(&device, BATCH)] {
        let tasks = device.tasks(&served, NOW);
        assert!(!tasks.rotate && !tasks.publish && !tasks.replenish && !tasks.expire);
        assert_eq!(tasks.withdraw, Withdraw::Nothing);
    }
}

#[test]
fn a_dead_one_time_prekey_is_to_be_withdrawn_and_replaced() {
    let mut rng = TestRng::new(71);
    let (mut device, mut ids) = published(&mut rng);
    let foreign = PrekeyId([7; 8]);
    ids[3] = foreign;
    // Said twice, it is no more than one.
    ids.push(foreign);
    let tasks = device.tasks(&stock(&device, &ids), NOW);
    assert_eq!(tasks.withdraw, Withdraw::Ids(vec![foreign]));
    assert!(tasks.replenish);
    // What is past its time is dead before it is erased.
    let late = NOW + 90 * DAY;
    ids.sort_unstable();
    ids.dedup();
    let tasks = device.tasks(&stock(&device, &ids), late);
    assert_eq!(tasks.withdraw, Withdraw::Ids(ids.clone()));
    assert!(tasks.replenish && tasks.expire);
    expired(&mut device, late);
    assert_eq!(device.tasks(&stock(&device, &ids), late).withdraw, Withdraw::Ids(ids));
}

#[test]
fn a_prekey_that_was_used_is_dead() {
    let mut rng = TestRng::new(72);
    let initiator = device(2, &mut rng);
    let mut responder = device(1, &mut rng);
    let keys = replenished(&mut responder, NOW, &mut rng);
    let bundle = responder.bundle().attach(keys[0].clone()).unwrap();
    let first = first_message(&initiator, &bundle, NOW, &mut rng);
    responder.accept(&first, NOW).unwrap().apply();
    // A server that hands out one twice, or that was restored.
    let tasks = responder.tasks(&stock(&responder, &ids(&keys)), NOW);
    assert_eq!(tasks.withdraw, Withdraw::Ids(vec![keys[0].id()]));
}

#[test]
fn a_count_that_is_too_high_shows_dead_prekeys() {
    let mut rng = TestRng::new(73);
    let (device, _) = published(&mut rng);
    for (count, withdraw) in
        [(BATCH, Withdraw::Nothing), (BATCH + 1, Withdraw::All), (usize::MAX, Withdraw::All)]
    {
        let tasks = device.tasks(&served(&device, count), NOW);
        assert_eq!(tasks.withdraw, withdraw, "{count}");
        assert_eq!(tasks.replenish, withdraw == Withdraw::All, "{count}");
    }
}

#[test]
fn a_restored_older_state_withdraws_what_it_cannot_open() {
    let mut rng = TestRng::new(74);
    let (mut newer, old_ids) = published(&mut rng);
    let mut older = restored(&newer);
    let keys = replenished(&mut newer, NOW + DAY, &mut rng);
    let bundle = rotated(&mut newer, NOW + 2 * DAY, &mut rng);
    publish(&mut newer, [bundle.id()], NOW + 2 * DAY);
    let on_server: Vec<_> = old_ids.iter().copied().chain(ids(&keys)).collect();
    let served = Served { bundle: Some(bundle.id()), one_time: Stock::Ids(&on_server) };
    let tasks = newer.tasks(&served, NOW + DAY);
    assert!(!tasks.publish && tasks.withdraw == Withdraw::Nothing);

    // The older state knows neither the bundle nor the second batch.
    let tasks = older.tasks(&served, NOW + DAY);
    let mut dead = ids(&keys);
    dead.sort_unstable();
    assert_eq!(tasks.withdraw, Withdraw::Ids(dead));
    assert!(tasks.publish, "its own bundle takes the place of one that it cannot open");
    // A count shows it as well, if it is higher than what the state holds.
    let counted = Served { one_time: Stock::Count(on_server.len()), ..served };
    assert_eq!(older.tasks(&counted, NOW + DAY).withdraw, Withdraw::All);

    // Withdrawn and replaced: whoever comes now is heard.
    let keys = replenished(&mut older, NOW + DAY, &mut rng);
    let bundle = older.bundle().attach(keys[0].clone()).unwrap();
    let first = first_message(&early_initiator(&mut rng), &bundle, NOW + DAY, &mut rng);
    assert!(older.accept(&first, NOW + DAY).is_ok());
}

#[test]
fn a_server_without_the_bundle_is_given_it_and_nothing_rotates() {
    let mut rng = TestRng::new(75);
    let (device, ids) = published(&mut rng);
    for bundle in [None, Some(PrekeyId([7; 8]))] {
        let tasks = device.tasks(&Served { bundle, ..stock(&device, &ids) }, NOW);
        assert!(tasks.publish && !tasks.rotate);
    }
    // When it is time to rotate, the new one is what is published.
    let tasks = device.tasks(&Served { bundle: None, ..stock(&device, &ids) }, NOW + 2 * DAY);
    assert!(!tasks.publish && tasks.rotate);
}

#[test]
fn a_long_list_of_ids_is_not_looked_through() {
    let mut rng = TestRng::new(76);
    let (device, _) = published(&mut rng);
    let made_up: Vec<_> = (1..=1051_u64).map(|id| PrekeyId(id.to_be_bytes())).collect();
    assert_eq!(device.tasks(&stock(&device, &made_up), NOW).withdraw, Withdraw::All);
    let some = &made_up[..1050];
    assert_eq!(device.tasks(&stock(&device, some), NOW).withdraw, Withdraw::Ids(some.to_vec()));
}

#[test]
fn a_server_that_claims_to_have_nothing_takes_two_weeks_to_push_anything_out() {
    let mut rng = TestRng::new(77);
    let mut responder = device(1, &mut rng);
    let key = replenished(&mut responder, NOW, &mut rng).remove(0);
    let mut refills = 0;
    // It is asked every ten minutes, and always says that it has nothing.
    for minute in (0..14 * 24 * 60).step_by(10) {
        let now = NOW + 60 * minute;
        if responder.tasks(&Served::NOTHING, now).replenish {
            replenished(&mut responder, now, &mut rng);
            refills += 1;
        }
    }
    let end = NOW + 14 * DAY;
    assert_eq!(refills, 3 + 16);
    let bundle = rotated(&mut responder, end, &mut rng).attach(key).unwrap();
    let first = first_message(&early_initiator(&mut rng), &bundle, end, &mut rng);
    assert!(responder.accept(&first, end).is_ok());
}

#[test]
fn a_server_that_owns_up_to_a_part_pushes_nothing_out_sooner() {
    let choices: [OwnsUp; 3] = [
        // All but one, so that something is always left to be given again.
        |refill, _| vec![&refill[..49]],
        |refill, _| vec![&refill[1..]],
        // It holds many back, and then owns up to what is new, and to an old one last.
        |refill, again| vec![&refill[again..], &refill[..1]].split_off(usize::from(again == 0)),
    ];
    for (choice, owns_up) in choices.into_iter().enumerate() {
        let mut rng = TestRng::new(78);
        let mut responder = device(1, &mut rng);
        let mut given = HashSet::new();
        let mut out = None;
        for minute in (0..14 * 24 * 60).step_by(10) {
            let now = NOW + 60 * minute;
            if !responder.tasks(&Served::NOTHING, now).replenish {
                continue;
            }
            let keys = responder.replenish(now, &mut rng).apply();
            let refill = ids(&keys);
            let again = refill.iter().filter(|id| !given.insert(**id)).count();
            for note in owns_up(&refill, again) {
                let key = keys.iter().find(|key| note.contains(&key.id()));
                out = out.or_else(|| key.cloned());
                publish(&mut responder, note.iter().copied(), now);
            }
        }
        let end = NOW + 14 * DAY;
        let bundle = rotated(&mut responder, end, &mut rng).attach(out.unwrap()).unwrap();
        let first = first_message(&early_initiator(&mut rng), &bundle, end, &mut rng);
        assert_eq!(responder.accept(&first, end).err(), None, "choice {choice}");
    }
}
