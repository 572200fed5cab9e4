use super::*;

/// Recovers a secret with an expanded key, which known answers of others have instead of a seed.
pub(crate) fn decapsulate_expanded(key: &[u8; 3168], ciphertext: &[u8; CIPHERTEXT]) -> Secret<32> {
    with(&MlKem1024PrivateKey::from(key), ciphertext)
}

#[test]
fn both_sides_have_one_secret_that_is_not_that_of_the_standard() {
    let key = SecretKey::from_seed(Secret::copy(&[5; 64]));
    let public = PublicKey::decode(key.public().bytes()).unwrap();
    let coins = Secret::copy(&[9; 32]);
    let (ciphertext, shared) = public.encapsulate(&coins);
    assert_eq!(key.decapsulate(&ciphertext).expose(), shared.expose());

    // The same key and the same coins under FIPS 203.
    let standard = libcrux_ml_kem::mlkem1024::encapsulate(
        &MlKem1024PublicKey::from(public.bytes()),
        *coins.expose(),
    );
    assert_ne!(standard.1, *shared.expose());
    let (secret, _) = kyber1024::generate_key_pair([5; 64]).into_parts();
    let confused =
        libcrux_ml_kem::mlkem1024::decapsulate(&secret, &MlKem1024Ciphertext::from(&*ciphertext));
    assert_ne!(confused, *shared.expose());
}

#[test]
fn a_key_with_a_coefficient_over_the_modulus_is_refused() {
    let mut bytes = *SecretKey::from_seed(Secret::copy(&[5; 64])).public().bytes();
    bytes[..3].copy_from_slice(&[0xff; 3]);
    assert_eq!(PublicKey::decode(&bytes), Err(Error::WeakKey));
}
