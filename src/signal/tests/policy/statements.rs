//! Encodings of descriptors and attestations.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::signal::*;

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
fn an_id_of_a_provider_is_a_line() {
    for id in ["", "one\nline", "\u{202e}elpmaxe", &"x".repeat(65)] {
        assert_eq!(ProviderId::new(id).map(drop), Err(Error::InvalidName));
    }
    assert_eq!(ProviderId::new(&"x".repeat(64)).unwrap().as_str().len(), 64);
}
