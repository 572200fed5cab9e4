//! Groups of plain programs.

use alloc::vec::Vec;

use super::world::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::Kinds;
use crate::signal::*;
use crate::storage::Pending;

const ID: Option<Uuid> = Some(Uuid([0xd1; 16]));

/// Has Ada tell a key in her session with Grace, within content of a plain program.
fn told(world: &mut World, key: &mut SenderKey) -> SenderKeyDistribution {
    let to = world.address(1);
    let told = key.tell(&world.clients[0], &to, NOW).unwrap().apply();
    let (start, end) = (7, 7 + told.bytes().len());
    let message = world.seal(0, &[b"before:", told.bytes(), b":after"].concat());
    let ForeignContent::Plain(content) = world.deliver(0, &message).unwrap().content else {
        panic!("bytes of a plain program")
    };
    // What stands elsewhere in it, or not in it, is none.
    for place in [0..end, start..end + 100, start..end - 1, end..start] {
        assert!(content.sender_key(place).is_err());
    }
    content.sender_key(start..end).unwrap()
}

/// Ada and Grace, Ada's key, and what Grace has of it.
pub(super) fn circle(version: Version) -> (World, SenderKey, ReceivedSenderKeys) {
    let mut world = World::talking(version);
    let mut key = SenderKey::generate_plain(ID, &mut TestRng::new(1));
    let told = told(&mut world, &mut key);
    let mut keys = ReceivedSenderKeys::new(&told);
    keys.learn(&world.clients[1], told, NOW).unwrap().apply();
    (world, key, keys)
}

pub(super) fn seal(world: &World, key: &mut SenderKey) -> Result<Vec<u8>, Error> {
    let sealed = key.seal_plain(&world.clients[0], b"to all", NOW, &mut TestRng::new(2));
    sealed.map(Pending::apply)
}

fn open(world: &World, keys: &mut ReceivedSenderKeys, bytes: &[u8]) -> Result<GroupMessage, Error> {
    let (client, from) = (&world.clients[1], world.address(0));
    let message = client.read_group_message(&from, bytes, NOW)?;
    keys.open(client, &message, NOW).map(Pending::apply)
}

#[test]
fn a_group_of_plain_programs_has_their_bytes_and_is_unbound() {
    let (world, mut key, mut keys) = circle(Version::V3);
    let bytes = seal(&world, &mut key).unwrap();
    let opened = open(&world, &mut keys, &bytes).unwrap();
    assert_eq!((&opened.from, opened.binding), (&world.address(0), Binding::Unbound));
    assert_eq!(opened.content.plain(), Some(&b"to all"[..]));
    assert!(opened.content.said().is_none());
    // In nobody else's name.
    let (client, other) = (&world.clients[1], device("bob", 1));
    let message = client.read_group_message(&other, &bytes, NOW);
    let refused = message.and_then(|message| keys.open(client, &message, NOW).map(drop));
    assert_eq!(refused, Err(Error::WrongPeer));
}

#[test]
fn a_device_with_another_identity_key_neither_speaks_nor_reads_on() {
    for side in 0..2 {
        let (mut world, mut key, mut keys) = circle(Version::V4);
        let bytes = seal(&world, &mut key).unwrap();
        let again = told(&mut world, &mut key);
        let identity = client("bob", Version::V3, &mut TestRng::new(9)).identity();
        let peer = world.address(other(side));
        world.clients[side].acknowledge(&peer, identity, NOW).unwrap().apply();
        if side == 0 {
            assert_eq!(seal(&world, &mut key), Err(Error::IdentityChanged));
            let told = key.tell(&world.clients[0], &peer, NOW).map(drop);
            assert_eq!(told, Err(Error::IdentityChanged));
        } else {
            assert_eq!(open(&world, &mut keys, &bytes).map(drop), Err(Error::IdentityChanged));
            let learned = keys.learn(&world.clients[1], again, NOW).map(drop);
            assert_eq!(learned, Err(Error::IdentityChanged));
            assert!(keys.is_void(&world.clients[1]));
        }
    }
}

#[test]
fn an_account_that_was_forgotten_and_accepted_anew_is_somebody_new() {
    for side in 0..2 {
        let (mut world, mut key, mut keys) = circle(Version::V4);
        let bytes = seal(&world, &mut key).unwrap();
        let peer = world.address(other(side));
        world.clients[side].forget(peer.account(), NOW).apply();
        if side == 1 {
            assert_eq!(open(&world, &mut keys, &bytes).map(drop), Err(Error::NotAccepted));
        }
        world.clients[side].accept(peer.account(), NOW).unwrap().apply();
        if side == 0 {
            assert_eq!(seal(&world, &mut key), Err(Error::UnknownAccount));
        } else {
            assert_eq!(open(&world, &mut keys, &bytes).map(drop), Err(Error::UnknownAccount));
            assert!(keys.is_void(&world.clients[1]));
        }
    }
}

/// Has both sides know another descriptor of the provider.
fn describe(world: &mut World, with: impl Fn(&mut ProviderStatement)) {
    let root = Authority::from_seed(&[1; 32]);
    for client in &mut world.clients {
        let mut says = client.provider(&provider()).unwrap().statement().clone();
        says.counter += 1;
        with(&mut says);
        client.learn_provider(&says.sign(&root).unwrap().encode(), NOW).unwrap().apply();
        let notices = client.notices(&provider()).unwrap();
        client.opt_in(&provider(), notices, NOW).unwrap().apply();
    }
}

#[test]
fn a_chain_that_is_told_again_in_an_older_version_is_as_strong_as_that() {
    let (mut world, mut key, _) = circle(Version::V4);
    let to = world.address(1);
    world.clients[0].forget(to.account(), NOW).apply();
    world.begin(0, Version::V3, true);
    key.tell(&world.clients[0], &to, NOW).unwrap().apply();
    assert!(seal(&world, &mut key).is_ok());
    world.begin(0, Version::V4, true);
    assert_eq!(seal(&world, &mut key), Err(Error::Downgrade));
}

#[test]
fn a_chain_that_was_told_in_an_older_version_ends_where_the_floor_rises() {
    let (mut world, mut key, mut keys) = circle(Version::V3);
    let (bytes, again) = (seal(&world, &mut key).unwrap(), told(&mut world, &mut key));
    world.begin(0, Version::V4, true);
    world.pass(0, b"hello");
    assert_eq!(open(&world, &mut keys, &bytes).map(drop), Err(Error::Downgrade));
    let learned = keys.learn(&world.clients[1], again, NOW).map(drop);
    assert_eq!(learned, Err(Error::Downgrade));
    assert_eq!(seal(&world, &mut key), Err(Error::Downgrade));
    let (client, to) = (&world.clients[0], world.address(1));
    assert_eq!(key.tell(client, &to, NOW).map(drop), Err(Error::Downgrade));
    // A program that tells the same chain again vouches for its signing key in version 4.
    let distribution = key.distribution().unwrap();
    let message = world.seal(0, &distribution);
    let opened = world.deliver(0, &message).unwrap();
    let ForeignContent::Plain(content) = opened.content else { panic!("bytes") };
    let again = content.sender_key(0..distribution.len()).unwrap();
    keys.learn(&world.clients[1], again, NOW).unwrap().apply();
    open(&world, &mut keys, &bytes).unwrap();
    key.rotate(&mut TestRng::new(5)).apply();
    let told = told(&mut world, &mut key);
    keys.learn(&world.clients[1], told, NOW).unwrap().apply();
    let bytes = seal(&world, &mut key).unwrap();
    open(&world, &mut keys, &bytes).unwrap();
}

#[test]
fn a_key_of_plain_programs_serves_no_attested_account_and_the_reverse() {
    let (mut world, mut key, mut keys) = circle(Version::V4);
    let (bytes, again) = (seal(&world, &mut key).unwrap(), told(&mut world, &mut key));
    let content = crate::protocol::content::Content::text("x").unwrap();
    let group = ForeignGroupId([1; 32]);
    let saying = Saying::new(&content, ForeignMessageId([1; 16])).in_group(group);
    let mut rng = TestRng::new(4);
    let sealed = key.seal(&world.clients[0], &saying, NOW, &mut rng).map(drop);
    assert_eq!(sealed, Err(Error::WrongKind));
    let mut bound = SenderKey::generate(group, Uuid([1; 16]), &mut rng);
    let to = world.address(1);
    assert_eq!(bound.tell(&world.clients[0], &to, NOW).map(drop), Err(Error::WrongKind));
    assert_eq!(
        bound.seal_plain(&world.clients[0], b"x", NOW, &mut rng).map(drop),
        Err(Error::WrongKind)
    );
    let plain = key.tell(&world.clients[0], &to, NOW).unwrap().apply();
    let sealed = world.clients[0].seal_distribution(&plain, NOW, &mut rng).map(drop);
    assert_eq!(sealed, Err(Error::WrongKind));
    // The provider begins to attest: what was told before is of programs that were plain ones.
    let authority = Authority::from_seed(&[3; 32]);
    describe(&mut world, |says| {
        says.programs = Programs::Attested;
        says.attestation_keys = TrustedKeys::new([authority.public_key()]).unwrap();
        says.profile = ContentProfile::new(Kinds::of(crate::protocol::content::Sender::Foreign), 9);
    });
    assert_eq!(seal(&world, &mut key), Err(Error::UnknownAccount));
    attest(&mut world, &authority);
    assert_eq!(seal(&world, &mut key), Err(Error::WrongKind));
    assert_eq!(open(&world, &mut keys, &bytes).map(drop), Err(Error::WrongKind));
    assert_eq!(keys.learn(&world.clients[1], again, NOW).map(drop), Err(Error::WrongKind));
}

/// Has both accounts attested, and each know of the other.
fn attest(world: &mut World, authority: &Authority) {
    use crate::session::{Account, AccountId};
    let mut rng = TestRng::new(6);
    let attested = [0, 1].map(|side| {
        let account = Account::generate(AccountId([side; 32]), &mut rng);
        let client = &mut world.clients[usize::from(side)];
        let says = AccountStatement {
            account: client.device().account().clone(),
            key: account.public_key(),
            sequence: 1,
            from: NOW,
            until: NOW + 86_400,
            profile: client.provider(&provider()).unwrap().statement().profile,
            devices: Vec::from([client.attested_device()]),
        };
        let bytes = says.sign(&account).unwrap().attest(authority).encode();
        client.adopt(&bytes, account.public_key(), NOW).unwrap().apply();
        bytes
    });
    for side in 0..2 {
        world.clients[side].learn_account(&attested[other(side)], NOW).unwrap().apply();
    }
}
