//! Encodings of descriptors, attestations and decisions.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::test_rng::TestRng;
use crate::session::{Account, AccountId};
use crate::signal::*;
use crate::storage::{Change, State, StateKey};

#[test]
fn a_descriptor_is_the_one_encoding_of_what_it_says() {
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    let bytes = descriptor(statement(0));
    let read = ProviderDescriptor::decode(&bytes, &roots).unwrap();
    assert_eq!((read.statement(), read.encode()), (&statement(0), bytes.clone()));
    for length in 0..bytes.len() {
        let cut = ProviderDescriptor::decode(&bytes[..length], &roots);
        assert_eq!(cut.map(drop), Err(Error::Malformed));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(ProviderDescriptor::decode(&longer, &roots).map(drop), Err(Error::Malformed));
}

#[test]
fn a_statement_about_a_provider_that_cannot_be_is_not_signed() {
    let keys = |count: u8| {
        TrustedKeys::new((0..count).map(|seed| Authority::from_seed(&[seed; 32]).public_key()))
    };
    let refused = [
        ProviderStatement { until: NOW, ..statement(0) },
        ProviderStatement { until: NOW + 90 * DAY + 1, ..statement(0) },
        ProviderStatement { devices: 0, ..statement(0) },
        ProviderStatement { devices: 17, ..statement(0) },
        ProviderStatement { attestation_keys: TrustedKeys::NONE, ..statement(0) },
        ProviderStatement { programs: Programs::Plain, ..statement(0) },
    ];
    for statement in refused {
        assert_eq!(statement.sign(&root()).map(drop), Err(Error::InvalidPolicy));
    }
    assert_eq!(keys(5).map(drop), Err(Error::InvalidPolicy));
    assert!(keys(4).is_ok());
}

#[test]
fn an_account_lists_each_device_and_key_once_and_in_order() {
    let mut town = Town::founded();
    let device = town.clients[0].attested_device();
    let other = AttestedDevice { number: 2, ..town.clients[1].attested_device() };
    let lists: [Vec<AttestedDevice>; 4] = [
        [].into(),
        [device, device].into(),
        [other, device].into(),
        [device, AttestedDevice { number: 2, ..device }].into(),
    ];
    for devices in lists {
        let says = AccountStatement { devices, ..town.says(0) };
        assert_eq!(says.sign(&town.accounts[0]).map(drop), Err(Error::DeviceConflict));
    }
    let says = AccountStatement { devices: [device, other].into(), ..town.says(0) };
    says.sign(&town.accounts[0]).unwrap();
    town.opt_in(1);
}

#[test]
fn an_id_of_a_provider_and_a_name_are_lines() {
    for id in ["", "one\nline", "\u{202e}elpmaxe", &"x".repeat(65)] {
        assert_eq!(ProviderId::new(id).map(drop), Err(Error::InvalidName));
    }
    assert_eq!(ProviderId::new(&"x".repeat(64)).unwrap().as_str().len(), 64);
    // A name that would turn around whose it is.
    let name = "\u{202e}adA";
    assert_eq!(ForeignAccount::new(&provider(0), name).map(drop), Err(Error::InvalidName));
    assert_eq!(Address::new(name, 1), Err(Error::InvalidName));
}

#[test]
fn each_decision_is_recorded_and_leads_to_the_same_state() {
    let mut town = Town::open();
    let key = StateKey::new(1, &[9; 32]).unwrap();
    let (ada, id) = (account(0), provider(0));
    let impostor = Account::generate(AccountId([9; 32]), &mut town.rng);
    let says = AccountStatement { sequence: 6, key: impostor.public_key(), ..town.says(0) };
    let changed = says.sign(&impostor).unwrap().attest(&provider_key(0)).encode();
    let first = town.attested(0, town.says(0));
    let own = town.attested(1, AccountStatement { sequence: 6, ..town.says(1) });
    let (own_key, wrong) = (town.accounts[1].public_key(), impostor.public_key());
    let suspended =
        ProviderStatement { counter: 6, status: ProviderStatus::Suspended, ..statement(0) };
    let suspended = descriptor(suspended);
    let mut rng = TestRng::new(1);
    let mut copy = Client::from_bytes(&town.clients[1].to_bytes()).unwrap();
    let client = &mut town.clients[1];
    let notices = client.notices(&id).unwrap();
    let roots = TrustedKeys::new([root().public_key()]).unwrap();
    macro_rules! follow {
        ($operation:expr) => {{
            let stored = client.anchor();
            let pending = $operation;
            let recorded = pending.record(&key, b"grace", &stored, &mut rng).unwrap();
            let record = recorded.record().expect("a change").to_vec();
            recorded.apply();
            let change: Change<Client> = key.open(b"grace", None, &record).unwrap();
            change.apply(&mut copy).unwrap();
            assert_eq!(*copy.to_bytes(), *client.to_bytes());
        }};
    }
    follow!(client.learn_account(&first, NOW).unwrap());
    follow!(client.accept(&ada, NOW).unwrap());
    follow!(client.learn_account(&changed, NOW).unwrap());
    follow!(client.dismiss_key(&ada, wrong, NOW).unwrap());
    follow!(client.learn_account(&changed, NOW).unwrap());
    follow!(client.accept_key(&ada, wrong, NOW).unwrap());
    follow!(client.block(&ada, NOW).unwrap());
    follow!(client.forget(&ada, NOW));
    follow!(client.adopt(&own, own_key, NOW).unwrap());
    follow!(client.opt_out(&id, NOW));
    follow!(client.opt_in(&id, notices, NOW).unwrap());
    follow!(client.learn_provider(&suspended, NOW).unwrap());
    follow!(client.trust(TrustedKeys::NONE, NOW));
    follow!(client.trust(roots, NOW));
    // What is known already is no change.
    assert!(!client.learn_provider(&suspended, NOW).unwrap().is_change());
    assert!(!client.adopt(&own, own_key, NOW).unwrap().is_change());
}
