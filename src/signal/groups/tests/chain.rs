use super::*;
use crate::signal::tests::hex;

#[test]
fn the_keys_of_a_seed_are_those_of_other_clients() {
    let seed = hex("c4ede064b5f2a51225b2175e5b84fb73f9cec689ac3d912ac4878f7ebeab0149");
    let keys = CipherKeys::derive(&MessageKey(Secret::copy(&seed.try_into().unwrap())));
    assert_eq!(keys.iv[..], hex("99f84d6adaf0663bb79e1f541e232e70"));
    let key = hex("72000d68346a05ffb143906cf02137458d26f53db8af9aa8f3bfb17c60622a8a");
    assert_eq!(keys.key.expose()[..], key);
}
