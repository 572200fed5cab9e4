//! Several devices of one account: which there are, and how many may be.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count::Work;
use crate::primitives::tests::test_rng::TestRng;
use crate::signal::*;

/// Makes another device of a side's account.
pub(super) fn another(side: usize, number: u8, rng: &mut TestRng) -> Client {
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    Client::generate(device(side, number), Version::V4, roots, NOW, rng)
}

/// Returns what an account says of itself by now, with another device.
pub(super) fn says_with(town: &Town, side: usize, more: &Client) -> AccountStatement {
    let mut says = AccountStatement { sequence: 6, ..town.says(side) };
    says.devices.push(more.attested_device());
    says
}

/// Has a device know all that it needs in order to talk to the other side.
pub(super) fn settle(town: &Town, side: usize, client: &mut Client, says: &AccountStatement) {
    client.learn_provider(&descriptor(statement(other(side))), NOW).unwrap().apply();
    let notices = client.notices(&provider(other(side))).unwrap();
    client.opt_in(&provider(other(side)), notices, NOW).unwrap().apply();
    let key = town.accounts[side].public_key();
    client.adopt(&town.attested(side, says.clone()), key, NOW).unwrap().apply();
    let attestation = town.attested(other(side), town.says(other(side)));
    client.learn_account(&attestation, NOW).unwrap().apply();
}

#[test]
fn t11_a_message_goes_to_every_listed_device_under_one_id() {
    let mut town = Town::talking();
    let mut second = another(1, 2, &mut town.rng);
    let says = says_with(&town, 1, &second);
    settle(&town, 1, &mut second, &says);
    second.accept(&account(0), NOW).unwrap().apply();
    town.renew(1, says.clone());
    let known = town.clients[0].devices_of(&account(1));
    let expected = says.devices.iter().map(|it| (device(1, it.number), it.identity));
    let listed = known.iter().map(|it| (it.device.clone(), it.identity));
    assert!(listed.eq(expected));
    assert!(known.iter().all(|it| it.binding == Binding::Attested));
    let (bundle, mut rng) = (second.bundle(), TestRng::new(9));
    town.clients[0].begin(&device(1, 2), &bundle, NOW, &mut rng).unwrap().apply();
    let content = text(5);
    let saying = Saying::new(&content, town.clients[0].message_id(&mut rng));
    for KnownDevice { device: to, .. } in known {
        let message = town.clients[0].seal(&to, &saying, NOW, &mut rng).unwrap().apply();
        let reader = if to.number() == 1 { &mut town.clients[1] } else { &mut second };
        let opened = reader.open(&device(0, 1), message.kind, &message.bytes, NOW).unwrap().apply();
        assert_eq!(opened.content.said().unwrap().id, saying.id);
    }
    // Nobody is listed of whom nothing is known.
    let stranger = ForeignAccount::new(&provider(1), "nobody").unwrap();
    let elsewhere = ForeignAccount::new(&ProviderId::new("x.example").unwrap(), "grace").unwrap();
    for account in [stranger, elsewhere] {
        assert_eq!(town.clients[0].devices_of(&account), []);
    }
}

#[test]
fn t11_an_attestation_of_more_devices_than_are_allowed_by_now_is_not_used() {
    let mut town = Town::talking();
    let says = says_with(&town, 0, &another(0, 2, &mut TestRng::new(8)));
    town.renew(0, says.clone());
    town.pass(0, &text(1));
    let late = town.say(0, &text(1)).unwrap();
    town.describe(1, ProviderStatement { counter: 6, devices: 1, ..statement(0) }).unwrap();
    assert_eq!(town.refused(0, &late), Error::NotAllowed);
    assert_eq!(town.work, Work::default());
    assert_eq!(town.say(1, &text(1)), Err(Error::NotAllowed));
    assert_eq!(town.begin(1), Err(Error::NotAllowed));
    assert_eq!(
        town.clients[1].read_group_message(&device(0, 1), &[], NOW).map(drop),
        Err(Error::NotAllowed)
    );
    assert_eq!(town.learn(1, says.clone()), Err(Error::NotAllowed));
    // One that lists as many as it may ends that.
    let fewer = AccountStatement { sequence: 7, ..town.says(0) };
    town.renew(0, fewer);
    town.deliver(0, &late, NOW).unwrap();
    town.pass(1, &text(1));
}

/// Two people of plain providers, whose accounts have so many devices at most.
pub(super) fn plain(devices: u8) -> Town {
    let mut town = Town::founded();
    for side in 0..2 {
        town.describe(side, plain_statement(other(side), devices)).unwrap();
        let client = &mut town.clients[side];
        let notices = client.notices(&provider(other(side))).unwrap();
        client.opt_in(&provider(other(side)), notices, NOW).unwrap().apply();
    }
    town
}

pub(super) fn plain_statement(side: usize, devices: u8) -> ProviderStatement {
    ProviderStatement {
        programs: Programs::Plain,
        attestation_keys: TrustedKeys::NONE,
        devices,
        ..statement(side)
    }
}

/// Has Ada write first to a device of Grace's.
fn begin_with(town: &mut Town, with: &Client) -> Result<(), Error> {
    let (bundle, to, mut rng) = (with.bundle(), with.device().clone(), TestRng::new(5));
    town.unless_refused(0, |client| {
        client.begin(&to, &bundle, NOW, &mut rng)?.apply();
        Ok(())
    })
}

/// Has a device of Grace's write to Ada.
fn heard_of(town: &mut Town, by: &mut Client) -> Result<ForeignMessage, Error> {
    by.learn_provider(&descriptor(plain_statement(0, 16)), NOW).unwrap().apply();
    let notices = by.notices(&provider(0)).unwrap();
    by.opt_in(&provider(0), notices, NOW).unwrap().apply();
    let (bundle, mut rng) = (town.clients[0].bundle(), TestRng::new(6));
    by.begin(&device(0, 1), &bundle, NOW, &mut rng).unwrap().apply();
    let message = by.seal_plain(&device(0, 1), b"hello", NOW, &mut rng).unwrap().apply();
    let from = by.device().clone();
    town.unless_refused(0, |it| Ok(it.open(&from, message.kind, &message.bytes, NOW)?.apply()))
}

#[test]
fn t11_a_plain_account_has_no_more_devices_than_its_provider_allows() {
    let [mut first, mut second, mut third] =
        [1, 2, 3].map(|it| another(1, it, &mut TestRng::new(u64::from(it))));
    for as_initiator in [true, false] {
        let mut town = plain(1);
        town.clients[0].accept(&account(1), NOW).unwrap().apply();
        if as_initiator {
            begin_with(&mut town, &first).unwrap();
        } else {
            heard_of(&mut town, &mut first).unwrap();
        }
        assert_eq!(begin_with(&mut town, &second), Err(Error::NotAllowed));
        assert_eq!(heard_of(&mut town, &mut second).map(drop), Err(Error::NotAllowed));
        assert_eq!(town.work, Work::default());
        // The known one goes on, and another account has a place of its own.
        begin_with(&mut town, &first).unwrap();
        let known = town.clients[0].devices_of(&account(1));
        assert_eq!(known.len(), 1);
        assert_eq!((&known[0].device, known[0].binding), (&device(1, 1), Binding::Unbound));
        assert_eq!(known[0].identity, first.identity());
        // A provider that allows more has room again, and one that allows fewer takes away nobody.
        let more = ProviderStatement { counter: 6, ..plain_statement(1, 2) };
        town.describe(0, more).unwrap();
        heard_of(&mut town, &mut second).unwrap();
        town.describe(0, ProviderStatement { counter: 7, ..plain_statement(1, 1) }).unwrap();
        assert_eq!(heard_of(&mut town, &mut third).map(drop), Err(Error::NotAllowed));
        for known in [&first, &second] {
            begin_with(&mut town, known).unwrap();
        }
    }
}

#[test]
fn t11_a_device_that_the_user_forgets_leaves_room_for_another() {
    let [first, second] = [1, 2].map(|it| another(1, it, &mut TestRng::new(u64::from(it))));
    let mut town = plain(1);
    begin_with(&mut town, &first).unwrap();
    assert_eq!(begin_with(&mut town, &second), Err(Error::NotAllowed));
    town.clients[0].forget_device(&device(1, 1), NOW).apply();
    assert_eq!(town.clients[0].identity_of(&device(1, 1)), None);
    assert_eq!(town.clients[0].consent_of(&account(1)), Consent::Accepted);
    begin_with(&mut town, &second).unwrap();
    let numbers: Vec<_> = town.clients[0].devices_of(&account(1)).into_iter().collect();
    assert_eq!((numbers.len(), &numbers[0].device), (1, &device(1, 2)));
}
