//! Forms of hand-overs, and those that cannot be.

use super::copies::part;
use super::several::{another, plain, plain_statement};
use super::town::*;
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::{Content, Kinds, Sender};
use crate::session::{Account, AccountId};
use crate::signal::handover::{Entries, HandedProvider, Person};
use crate::signal::*;

/// Reads a hand-over out of what an own device has said.
fn read(body: &[u8]) -> Result<PolicyHandover, Error> {
    PolicyHandover::of_content(&Content::decode(&part(0x41, body), Kinds::of(Sender::Own))?)
}

#[test]
fn whatever_is_read_as_a_hand_over_is_the_one_encoding_of_it() {
    let mut town = plain(2);
    let mut rng = TestRng::new(5);
    let grace = another(1, 1, &mut TestRng::new(1));
    town.clients[0].begin(grace.device(), &grace.bundle(), NOW, &mut rng).unwrap().apply();
    let impostor = Account::generate(AccountId([9; 32]), &mut town.rng);
    let mut attested = Town::talking();
    let says = AccountStatement { sequence: 6, key: impostor.public_key(), ..attested.says(1) };
    let bytes = says.sign(&impostor).unwrap().attest(&provider_key(1)).encode();
    attested.learn_bytes(0, &bytes, NOW).unwrap();
    let mut count = 0;
    for client in [&town.clients[0], &attested.clients[0]] {
        let body = client.hand_over()[0].to_content().encode()[6..].to_vec();
        for length in 0..body.len() {
            assert!(read(&body[..length]).is_err(), "{length}");
        }
        assert!(read(&[&body[..], &[0]].concat()).is_err());
        for place in 0..body.len() {
            let mut altered = body.clone();
            altered[place] ^= 1 << (place % 8);
            if let Ok(other) = read(&altered) {
                assert_eq!(other.to_content().encode()[6..], altered);
                count += 1;
            }
        }
        let pages = body.windows(4).position(|it| it == [0, 0, 0, 1]).unwrap();
        let mut beyond = body.clone();
        beyond[pages + 1] = 1;
        assert_eq!(read(&beyond).map(drop), Err(Error::Malformed));
    }
    assert!(count > 100, "{count}");
}

/// Encodes a hand-over of these entries, and reads it.
fn handed(entries: &Entries) -> Result<(), Error> {
    let mut writer = Writer::new();
    writer.raw(&[1, 0x47]);
    account(0).write(&mut writer);
    writer.raw(&[0, 0, 0, 1]);
    entries.write(&mut writer);
    read(writer.written()).map(drop)
}

fn attestation(town: &Town, by: &Account, sequence: u64) -> alloc::boxed::Box<Attestation> {
    let says = AccountStatement { sequence, key: by.public_key(), ..town.says(1) };
    says.sign(by).unwrap().attest(&provider_key(1)).into()
}

#[test]
fn a_hand_over_that_cannot_be_is_refused() {
    let town = Town::acquainted();
    let impostor = Account::generate(AccountId([9; 32]), &mut TestRng::new(6));
    let person = |name: &str| Person {
        account: ForeignAccount::new(&provider(1), name).unwrap(),
        attested: None,
        waiting: None,
        consent: Consent::Accepted,
        pin: None,
        devices: [].into(),
    };
    let people = |people| handed(&Entries { providers: [].into(), people });
    let one = |alter: &dyn Fn(&mut Person)| {
        let mut person = person("grace");
        alter(&mut person);
        people([person].into())
    };
    let known = Some(attestation(&town, &town.accounts[1], 5));
    let later = Some(attestation(&town, &town.accounts[1], 6));
    let other = Some(attestation(&town, &impostor, 6));
    let seen = |numbers: &[u8]| {
        let identity = town.clients[1].identity();
        numbers.iter().map(|number| AttestedDevice { number: *number, identity }).collect()
    };
    for taken in [
        one(&|_| {}),
        one(&|it| it.attested = known.clone()),
        one(&|it| (it.attested, it.waiting) = (known.clone(), other.clone())),
        one(&|it| it.devices = seen(&[1, 3, 127])),
        people([person("grace"), person("peter")].into()),
    ] {
        assert_eq!(taken, Ok(()));
    }
    let refused = [
        one(&|it| it.waiting = other.clone()),
        one(&|it| (it.attested, it.waiting) = (known.clone(), later.clone())),
        one(&|it| (it.attested, it.devices) = (known.clone(), seen(&[1]))),
        one(&|it| it.devices = seen(&[0])),
        one(&|it| it.devices = seen(&[128])),
        one(&|it| it.devices = seen(&[2, 1])),
        one(&|it| it.devices = seen(&[1, 1])),
        people([Person { attested: known.clone(), ..person("peter") }].into()),
        people([person("peter"), person("grace")].into()),
        people([person("grace"), person("grace")].into()),
    ];
    for (place, refused) in refused.into_iter().enumerate() {
        assert_eq!(refused, Err(Error::Malformed), "{place}");
    }
    let provider = |side: usize| HandedProvider {
        descriptor: plain_statement(side, 1).sign(&root()).unwrap(),
        acknowledged: None,
    };
    let providers = |sides: [usize; 2]| {
        handed(&Entries { providers: sides.map(provider).into(), people: [].into() })
    };
    assert_eq!(providers([0, 1]), Ok(()));
    for sides in [[1, 0], [0, 0]] {
        assert_eq!(providers(sides), Err(Error::Malformed));
    }
    assert_eq!(read(&[2, 0x47]).map(drop), Err(Error::UnknownVersion(2)));
    assert_eq!(read(&[1, 0x46]).map(drop), Err(Error::WrongKind));
}
