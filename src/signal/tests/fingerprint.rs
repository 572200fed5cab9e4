use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::signal::tests::hex;

/// The digits that a client of the Signal protocol showed for these two, after 5200 iterations in version 2.
const LOCAL: [&str; 2] = [
    "2b3134313531313131313131",
    "057d72f7711cf4889f22d5daa14996c3ff663192e151a5a5924a8084fdb4a7880b",
];
const REMOTE: [&str; 2] = [
    "2b3134313532323232323232",
    "053150e7d6e37b3f88579429c0b7f1598e49d2d92ebae9e62cccbe013e1dea9625",
];
const NUMERIC: &str = "000503451011635219921899305073697378766865372181370072803677";
const SCANNABLE: &str = "080212220a201bb1436152e2b7e03aae7d792d1cd317b78d0c08dcdeaa7851474a5a39f1cb8d1a220a207647d347c9cec39e325485f133f87cd00d372ff9eea4f16838496468d1dd2e46";

fn of(version: FingerprintVersion, iterations: Iterations, parties: [[&str; 2]; 2]) -> Fingerprint {
    let [local, remote] =
        parties.map(|[id, key]| (hex(id), IdentityKey::decode(&hex(key)).unwrap()));
    let party = |(id, identity): &(Vec<u8>, IdentityKey)| (id.clone(), *identity);
    let ((local_id, local), (remote_id, remote)) = (party(&local), party(&remote));
    Fingerprint::of(
        version,
        iterations,
        Party { stable_id: &local_id, identity: local },
        Party { stable_id: &remote_id, identity: remote },
    )
}

fn few(version: FingerprintVersion, parties: [[&str; 2]; 2]) -> Fingerprint {
    of(version, Iterations::new(2).unwrap(), parties)
}

#[test]
fn both_sides_show_what_another_client_shows() {
    let here = of(FingerprintVersion::V2, Iterations::STANDARD, [LOCAL, REMOTE]);
    assert_eq!(here.to_string(), NUMERIC);
    assert_eq!(here.to_scannable(), hex(SCANNABLE));
    let there = of(FingerprintVersion::V2, Iterations::STANDARD, [REMOTE, LOCAL]);
    assert_eq!(there.to_string(), NUMERIC);
    assert_eq!(there.compare(&here.to_scannable()), Ok(Comparison::Match));
    assert_eq!(here.compare(&here.to_scannable()), Ok(Comparison::Mismatch));
    let groups: String = here.groups().map(|group| alloc::format!("{group:05}")).concat();
    assert_eq!(groups, NUMERIC);
}

#[test]
fn versions_have_one_number_and_are_not_compared() {
    let [one, two] = [FingerprintVersion::V1, FingerprintVersion::V2]
        .map(|version| few(version, [LOCAL, REMOTE]));
    assert_eq!(one.to_string(), two.to_string());
    assert_eq!(one.compare(&two.to_scannable()), Ok(Comparison::OtherVersion(2)));
    assert_eq!(two.compare(&one.to_scannable()), Ok(Comparison::OtherVersion(1)));
}

#[test]
fn another_key_or_id_or_count_is_a_mismatch() {
    let here = few(FingerprintVersion::V2, [LOCAL, REMOTE]);
    let other = [REMOTE[0], LOCAL[1]];
    for there in [
        few(FingerprintVersion::V2, [other, LOCAL]),
        few(FingerprintVersion::V2, [REMOTE, other]),
        of(FingerprintVersion::V2, Iterations::new(3).unwrap(), [REMOTE, LOCAL]),
    ] {
        assert_eq!(here.compare(&there.to_scannable()), Ok(Comparison::Mismatch));
    }
}

#[test]
fn what_is_no_scannable_fingerprint_is_refused() {
    let here = few(FingerprintVersion::V2, [LOCAL, REMOTE]);
    let shown = here.to_scannable();
    for length in 0..shown.len() {
        assert_eq!(here.compare(&shown[..length]), Err(Error::Malformed), "{length}");
    }
    let short = [&[8, 2, 18, 33, 10, 31][..], &[1; 31], &shown[38..]].concat();
    assert_eq!(here.compare(&short), Err(Error::Malformed));
}

#[test]
fn counts_outside_their_bounds_have_no_value() {
    for iterations in [0, 1, 1_000_001, u32::MAX] {
        assert_eq!(Iterations::new(iterations), None);
    }
    assert_eq!(Iterations::new(5200), Some(Iterations::STANDARD));
    assert!(Iterations::new(2).is_some() && Iterations::new(1_000_000).is_some());
}
