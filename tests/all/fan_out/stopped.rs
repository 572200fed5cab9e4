//! Members and devices that get nothing, and stop nobody.

use super::*;

const GROUP: GroupId = GroupId([5; 32]);

#[test]
fn one_dead_member_stops_nobody_and_the_audience_stays() {
    let mut town = Town::new(60, &[1, 1, 1, 1, 1]);
    let [own, alive, dead, other, gone] = [0, 1, 2, 3, 4].map(|person| town.id(person));
    let never = AccountId([9; 32]);
    town.now = NOW + 31 * DAY;
    for person in [0, 1] {
        town.renew(person);
        town.rotate(person, 0);
    }
    town.inform(0, alive);
    town.inform(1, own);
    // One has another key now, one lets its list end, one nobody knows, and of one there is no bundle.
    let account = Account::generate(other, &mut town.rng);
    let changed_list = Client::create(&account, town.now, &mut town.rng).list().clone();
    let now = town.now;
    changed(town.client(0, 0).learn(&changed_list, now).unwrap());
    town.renew(4);
    town.inform(0, gone);
    let members = [dead, alive, never, other, gone];
    let to = To::Group { id: GROUP, members: &members };
    let mut plan = town.client(0, 0).plan(to, now).unwrap();
    let stopped = [(dead, Stop::ListOver), (other, Stop::Changed), (never, Stop::Unknown)];
    assert!(plan.stopped().eq(stopped));
    assert!(town.client(0, 0).stopped(&members, now).all(|stop| stopped.contains(&stop)));
    let bundle = town.server.bundle(town.address(1, 0));
    plan.supply(&town.people[0].devices[0], &bundle, now, &mut town.rng).unwrap();
    assert_eq!(plan.leave_out_missing(), 1);
    assert_eq!(plan.leave_out_missing(), 0);
    let out = town.seal_plan(0, 0, &mut plan, &said(b"all who can")).unwrap();
    assert_eq!(out.stopped, [&stopped[..], &[(gone, Stop::NoBundle)]].concat());
    assert_eq!(out.left_out, [town.address(4, 0)]);
    let out = Outgoing { target: None, ..out };
    assert_eq!(Outgoing::decode(&out.encode()).as_ref(), Ok(&out));
    let id = out.id;
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(1, 0).pop().unwrap().unwrap();
    assert_eq!(text(&arrived.event), b"all who can");
    assert!(arrived.is_for(&[own, dead, alive, never, other, gone]), "it is for all members");
    assert!(!arrived.is_for(&[own, alive]));

    // In the state they ascend.
    let bytes = town.client(0, 0).to_bytes();
    let [first, last] =
        [[dead.0, other.0, never.0], [other.0, dead.0, never.0]].map(|ids| ids.concat());
    let at = places(&bytes, &first)[0];
    let mut wrong = bytes.to_vec();
    wrong[at..][..96].copy_from_slice(&last);
    assert_eq!(Client::from_bytes(&wrong).err(), Some(Error::Corrupt));

    // Whoever comes back gets it, of the same audience.
    town.renew(2);
    town.rotate(2, 0);
    town.inform(0, dead);
    town.inform(2, own);
    let mut later = restored(town.client(0, 0));
    days(now, now + 14 * DAY).for_each(|now| drop(later.expire(now).apply()));
    let late = later.plan_repair(&Repair::Backfill { id }, now + 14 * DAY).unwrap();
    assert!(late.devices().eq([town.address(2, 0)]), "who was left out is not owed it for so long");
    let mut plan = town.client(0, 0).plan_repair(&Repair::Backfill { id }, now).unwrap();
    assert!(plan.stopped().map(|(account, _)| account).eq([other, never]));
    assert!(plan.devices().eq([town.address(2, 0), town.address(4, 0)]));
    let bundle = town.server.bundle(town.address(2, 0));
    plan.supply(&town.people[0].devices[0], &bundle, now, &mut town.rng).unwrap();
    plan.leave_out_missing();
    let out = town.seal_plan(0, 0, &mut plan, &said(b"all who can")).unwrap();
    assert_eq!(out.id, id);
    town.server.post(town.address(0, 0), out);
    let arrived = town.receive(2, 0).pop().unwrap().unwrap();
    assert!(arrived.is_for(&[own, dead, alive, never, other, gone]));
}

#[test]
fn a_letter_is_not_sealed_for_whom_time_stops_after_the_plan() {
    let mut town = Town::new(61, &[1, 1, 1]);
    town.chat(0, 1);
    let members = [1, 2].map(|person| town.id(person));
    let end = town.server.list(members[0]).expires();
    town.now = end;
    town.renew(0);
    town.renew(2);
    town.rotate(2, 0);
    town.inform(0, members[1]);
    let to = To::Group { id: GROUP, members: &members };
    let mut plan = town.client(0, 0).plan(to, end).unwrap();
    town.supply(0, 0, &mut plan).unwrap();
    let (client, rng) = (&mut town.people[0].devices[0], &mut town.rng);
    refuses(client, Error::StalePlan, |client| {
        client.seal(&mut plan, &said(b"late"), end + 1, rng).map(drop)
    });
    let plan = client.plan(to, end + 1).unwrap();
    assert!(plan.stopped().eq([(members[0], Stop::ListOver)]));
}

#[test]
fn a_bad_bundle_leaves_one_device_out() {
    let mut town = Town::new(62, &[1, 3, 1]);
    let mut plan = town.plan(0, 0, 1);
    let [good, poor, bad] = [0, 1, 2].map(|device| town.address(1, device));
    town.server.one_time.remove(&poor);
    let stranger = town.address(2, 0);
    let mut bundles: Vec<_> =
        [good, poor, stranger].into_iter().map(|of| town.server.bundle(of)).collect();
    // Under the id of a listed device, with other keys.
    let account = &town.people[1].account;
    bundles.insert(1, forged::named(account, bad.device.0, &mut TestRng::new(77)).bundle());
    let client = &town.people[0].devices[0];
    let supplied = plan.supply_all(client, bundles, NOW, &mut town.rng);
    assert_eq!(supplied.without_one_time, [poor]);
    let refused = [(bad, Error::WrongPeer), (stranger, Error::WrongPeer)];
    assert_eq!(supplied.refused, refused);
    assert_eq!(missing(&plan), [bad]);
    assert_eq!(plan.leave_out_missing(), 1);
    let out = town.seal_plan(0, 0, &mut plan, &said(b"for two of three")).unwrap();
    assert_eq!((out.left_out.as_slice(), out.stopped.as_slice()), (&[bad][..], &[][..]));
    assert_eq!(out.envelopes.len(), 2);
}

#[test]
fn forty_members_open_a_group_in_one_round() {
    const MEMBERS: usize = 40;
    let mut town = Town::new(63, &[1; MEMBERS]);
    let ids: Vec<_> = (0..MEMBERS).map(|person| town.id(person)).collect();
    // All plan and fetch before anybody seals.
    let mut plans = Vec::new();
    for person in 0..MEMBERS {
        let members: Vec<_> = ids.iter().copied().filter(|id| *id != ids[person]).collect();
        let to = To::Group { id: GROUP, members: &members };
        let mut plan = town.client(person, 0).plan(to, NOW).unwrap();
        town.supply(person, 0, &mut plan).unwrap();
        plans.push(plan);
    }
    // Each reads what has come, then seals by the plan that it has.
    for (person, plan) in plans.iter_mut().enumerate() {
        let read = town.receive(person, 0);
        assert!(read.len() == person && read.iter().all(Result::is_ok));
        let out = town.seal_plan(person, 0, plan, &said(b"hello, all")).unwrap();
        assert_eq!(out.envelopes.len(), MEMBERS - 1);
        let kinds = out.envelopes.iter().map(|envelope| MessageKind::of(&envelope.message));
        let begun = kinds.filter(|kind| *kind != Ok(MessageKind::Ordinary)).count();
        assert_eq!(begun, MEMBERS - 1 - person, "who has written is answered");
        town.server.post(town.address(person, 0), out);
    }
    for person in 0..MEMBERS {
        assert!(town.receive(person, 0).iter().all(Result::is_ok));
    }
}
