use super::*;
use crate::signal::tests::known_answers::array;

#[test]
fn keys_follow_from_what_was_agreed_as_in_other_clients() {
    let three = expand(Version::V3, &[&[0x55; 160]]);
    assert_eq!(*three.root.expose(), array("kdf.x3dh_kdf_of_55x160.root"));
    assert!(three.braid.is_none());
    let four = expand(Version::V4, &[&[0x55; 192]]);
    assert_eq!(*four.root.expose(), array("kdf.pqxdh_kdf_of_55x192.root"));
    assert_eq!(*four.braid.unwrap().expose(), array("kdf.pqxdh_kdf_of_55x192.pq_auth"));
}

#[test]
fn both_sides_derive_one_root_and_every_agreement_counts() {
    let key = |seed: u8| dh::SecretKey::from_seed(Secret::copy(&[seed; 32]));
    let kem = Secret::copy(&[9; 32]);
    let root = |seeds: [u8; 5], kem: Option<&Secret<32>>| {
        let [identity, base, their_identity, signed, one_time] = seeds.map(key);
        let initiator = InitiatorKeys {
            identity: &identity,
            base: &base,
            their_identity: &their_identity.public(),
            signed: &signed.public(),
            one_time: Some(&one_time.public()),
        };
        let responder = ResponderKeys {
            identity: &their_identity,
            signed: &signed,
            one_time: Some(&one_time),
            their_identity: &identity.public(),
            base: &base.public(),
        };
        let (one, two) = (initiator.derive(kem).unwrap(), responder.derive(kem).unwrap());
        assert_eq!(one.root.expose(), two.root.expose());
        *one.root.expose()
    };
    let seeds = [1, 2, 3, 4, 5];
    let all = root(seeds, Some(&kem));
    assert_ne!(all, root(seeds, None));
    for place in 0..5 {
        let mut other = seeds;
        other[place] = 8;
        assert_ne!(all, root(other, Some(&kem)), "secret {place}");
    }
}
