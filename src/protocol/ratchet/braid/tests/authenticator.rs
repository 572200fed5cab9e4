use super::*;
use alloc::format;
use alloc::string::String;

fn hex(bytes: &[u8; 32]) -> String {
    bytes.map(|byte| format!("{byte:02x}")).concat()
}

#[test]
fn with_the_labels_of_signal_root_and_key_are_those_of_another_implementation() {
    let Authenticator { root, key } = Authenticator::start(&Secret::copy(&[0x66; 32]), &SIGNAL);
    let known = "8daa00d5ed4c4b9183eed2d09ab7cb050731e95b26dc58f9871aa248d5301f17";
    assert_eq!(hex(root.expose()), known);
    let known = "77a3bd23944083d19ae3d1aa27361eb4b3dcd4be8ff7a49c6080d3fadb0f4a24";
    assert_eq!(hex(key.expose()), known);
}

#[test]
fn with_the_labels_of_signal_both_tags_are_those_of_another_implementation() {
    let authenticator = Authenticator::start(&Secret::copy(&[0x66; 32]), &SIGNAL);
    let known = "9ab313e04b0d88eca9a969152f796bb29577050745ed19e260598be31acab9ef";
    assert_eq!(hex(&authenticator.header_tag(&SIGNAL, 1, &[0x88; 64])), known);
    let known = "bb011b4a1aa2d01a708cd9d1eb7053abfde5aa8df7793b9507e2c4d644d47b68";
    assert_eq!(hex(&authenticator.ciphertext_tag(&SIGNAL, 1, &[0x99; 1088])), known);
}

#[test]
fn with_the_labels_of_signal_the_secret_of_an_epoch_is_that_of_another_implementation() {
    let secret = epoch_secret(&SIGNAL, 1, &Secret::copy(&[0xaa; 32]));
    let known = "e388d81b1e534eba06057c381048379ff6de959c979bbe8125dc93b88cfc4789";
    assert_eq!(hex(secret.expose()), known);
}

#[test]
fn each_epoch_and_each_purpose_has_tags_and_secrets_of_its_own() {
    let zero = Secret::copy(&[0; 32]);
    let start = Authenticator::start(&zero, &NATIVE);
    assert_ne!(start.header_tag(&NATIVE, 1, &[0; 64]), start.header_tag(&NATIVE, 2, &[0; 64]));
    assert_ne!(start.header_tag(&NATIVE, 1, &[0; 64]), start.header_tag(&SIGNAL, 1, &[0; 64]));
    let updated = [1, 2].map(|epoch| start.update(&NATIVE, epoch, &zero));
    assert_ne!(updated[0].root.expose(), updated[1].root.expose());
    assert_ne!(updated[0].key.expose(), updated[1].key.expose());
    let secrets = [1, 2].map(|epoch| epoch_secret(&NATIVE, epoch, &zero));
    assert_ne!(secrets[0].expose(), secrets[1].expose());
}
