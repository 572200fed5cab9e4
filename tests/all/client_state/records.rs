//! Records.

use super::*;

#[test]
fn records_of_two_clients_are_not_swapped() {
    let mut town = Town::new(6, &[2, 1]);
    let rng = &mut TestRng::new(6);
    let [mut one, mut other] = [0, 1].map(|device| restored(town.client(0, device)));
    let record = key(7).seal(&one, OWNER, rng).unwrap();
    assert_eq!(
        key(7).open::<Client>(OWNER, Some(&other.anchor()), &record).err(),
        Some(Error::StateRollback)
    );
    let wrong = key(7).open::<Client>(b"tablet", None, &record).err();
    assert_eq!(wrong, Some(Error::WrongStateKey));
    assert_eq!(key(8).open::<Client>(OWNER, None, &record).err(), Some(Error::WrongStateKey));
    assert_eq!(key(7).open::<Device>(OWNER, None, &record).err(), Some(Error::WrongKind));
    assert_eq!(key(7).open::<NewDevice>(OWNER, None, &record).err(), Some(Error::WrongKind));
    let opened: Client = key(7).open(OWNER, Some(&one.anchor()), &record).unwrap();
    assert!(*opened.to_bytes() == *one.to_bytes());
    // A change's record does not replace the state's, nor that of another client's change.
    let anchor = one.anchor();
    let keys = one.replenish(NOW, &mut TestRng::new(60));
    let recorded = keys.record(&key(7), OWNER, &anchor, rng).unwrap();
    let record = recorded.record().unwrap();
    assert_eq!(key(7).open::<Client>(OWNER, None, record).err(), Some(Error::WrongKind));
    let change: Change<Client> = key(7).open(OWNER, None, record).unwrap();
    refuses(&mut other, Error::StaleChange, |other| change.apply(other));
}

#[test]
fn a_client_behind_its_anchor_is_refused_and_one_ahead_is_taken() {
    let mut town = Town::new(7, &[1, 1]);
    let mut rng = TestRng::new(7);
    let old = key(7).seal(town.client(0, 0), OWNER, &mut rng).unwrap();
    let before = town.client(0, 0).anchor();
    town.chat(0, 1);
    let client = town.client(0, 0);
    let anchor = client.anchor();
    assert!(anchor.generation() > before.generation());
    let error = key(7).open::<Client>(OWNER, Some(&anchor), &old).err();
    assert_eq!(error, Some(Error::StateRollback));
    let new = key(7).seal(client, OWNER, &mut rng).unwrap();
    assert!(key(7).open::<Client>(OWNER, Some(&before), &new).is_ok());
    // As many steps on another way: another lineage at the same generation.
    let mut other: Client = key(7).open(OWNER, None, &old).unwrap();
    while other.anchor().generation() < anchor.generation() {
        other.reset_clock(NOW).apply();
    }
    let other = key(7).seal(&other, OWNER, &mut rng).unwrap();
    let error = key(7).open::<Client>(OWNER, Some(&anchor), &other).err();
    assert_eq!(error, Some(Error::StateRollback));
}

#[test]
fn two_offers_from_one_state_are_two_lineages() {
    let mut town = Town::new(8, &[1]);
    let rng = &mut TestRng::new(80);
    let Person { account, devices } = &mut town.people[0];
    let anchors = [0, 1].map(|_| {
        let mut client = started(&devices[0]);
        let new_device = NewDevice::generate("laptop", NOW, rng).unwrap();
        let request = LinkingRequest::read(&new_device.code(), NOW).unwrap();
        client.approve(account, &request, 4, NOW, rng).unwrap().apply();
        client.anchor()
    });
    assert_eq!(anchors[0].generation(), anchors[1].generation());
    assert_ne!(anchors[0], anchors[1]);
}

#[test]
fn what_changes_nothing_is_refused_over_a_state_that_moved_on_and_has_no_record_otherwise() {
    let mut town = Town::new(9, &[1, 1]);
    let rng = &mut TestRng::new(9);
    let known = town.client(1, 0).list().clone();
    let client = town.client(0, 0);
    let _ = client.learn(&known, NOW).unwrap().apply();
    let here = client.anchor();
    let mut ahead = restored(client);
    ahead.replenish(NOW, rng).apply();
    let (_, mut journal) = Journal::begin(client, &key(7), OWNER, rng).unwrap();
    let (_, mut moved) = Journal::begin(&ahead, &key(7), OWNER, rng).unwrap();
    let error = client.learn(&known, NOW).unwrap().record(&key(7), OWNER, &ahead.anchor(), rng);
    assert_eq!(error.err(), Some(Error::StaleChange));
    let error = client.learn(&known, NOW).unwrap().journal(&mut moved, rng);
    assert_eq!(error.err(), Some(Error::StaleChange));
    let learned = client.learn(&known, NOW).unwrap();
    assert!(learned.record(&key(7), OWNER, &here, rng).unwrap().record().is_none());
    let learned = client.learn(&known, NOW).unwrap();
    assert!(learned.journal(&mut journal, rng).unwrap().record().is_none());
    assert_eq!((journal.entries(), moved.entries(), client.anchor()), (0, 0, here));
}
