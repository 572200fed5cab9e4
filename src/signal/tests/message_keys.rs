use super::*;
use crate::signal::tests::known_answers::array;

#[test]
fn keys_are_those_of_other_clients() {
    let seed = Secret::copy(&array("kdf.message_keys.seed"));
    let salt = Secret::copy(&[0x22; 32]);
    for (name, post_quantum) in [("no_salt", None), ("salt_22x32", Some(&salt))] {
        let keys = MessageKeys::derive(&seed, post_quantum);
        let of = |part: &str| alloc::format!("kdf.message_keys.{name}.{part}");
        assert_eq!(*keys.cipher.expose(), array(&of("cipher")));
        assert_eq!(*keys.mac.expose(), array(&of("mac")));
        assert_eq!(*keys.iv.expose(), array(&of("iv")));
    }
}

#[test]
fn a_mac_is_bound_to_both_ends_in_their_order_and_to_all_it_covers() {
    let keys = MessageKeys::derive(&Secret::copy(&[1; 32]), None);
    let [one, two] =
        [1, 2].map(|seed| dh::SecretKey::from_seed(Secret::copy(&[seed; 32])).public());
    let ends = Ends { sender: &one, receiver: &two };
    let mac = keys.mac(ends, b"covered");
    assert_eq!(keys.check(ends, b"covered", mac), Ok(()));
    let swapped = Ends { sender: &two, receiver: &one };
    assert_eq!(keys.check(swapped, b"covered", mac), Err(Error::Forged));
    assert_eq!(keys.check(ends, b"Covered", mac), Err(Error::Forged));
    for bit in 0..64 {
        let mut altered = mac;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(keys.check(ends, b"covered", altered), Err(Error::Forged));
    }
}
