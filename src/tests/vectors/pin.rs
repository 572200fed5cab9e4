//! The exchange that proves a PIN.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use super::tape::Tape;
use crate::primitives::pake::Share;
use crate::primitives::secret::Secret;
use crate::protocol::guest::pin::{Pin, Proofs};
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    vec![proofs()]
}

fn proofs() -> Vector {
    let mut v = Vector::new(
        "guest-pin",
        "guest-links",
        "a PIN, both shares under it for one claim, and what each side shows the other",
    );
    let digits = "052617";
    v.text("digits", digits);
    let t: [u8; 32] = v.input("t");
    let (a, b): ([u8; 64], [u8; 64]) = (v.input("guest random"), v.input("host random"));
    let prk = v.extract("pin prk", labels::GUEST_PIN, &[digits.as_bytes()]);
    let seed: [u8; 64] = v.expand("generator seed", &prk, &[labels::GUEST_PIN_GENERATOR, &t]);
    let seed = Secret::copy(&seed);
    let guest = Tape::play(&[&a], |rng| Share::generate(&seed, rng));
    let host = Tape::play(&[&b], |rng| Share::generate(&seed, rng));
    v.bytes("a", guest.secret().expose());
    v.bytes("b", host.secret().expose());
    v.bytes("guest share", guest.public());
    v.bytes("host share", host.public());
    let agreed = guest.agree(host.public()).unwrap();
    assert_eq!(agreed.expose(), host.agree(guest.public()).unwrap().expose());
    v.bytes("K", agreed.expose());
    let ikm: &[&[u8]] = &[agreed.expose(), guest.public(), host.public()];
    let prk = v.extract("prk", labels::GUEST_PIN_KEY, ikm);
    let host_proof: [u8; 32] = v.expand("host proof", &prk, &[labels::GUEST_PIN_HOST, &t]);
    let guest_proof: [u8; 32] = v.expand("guest proof", &prk, &[labels::GUEST_PIN_GUEST, &t]);

    let pin = Pin::parse(digits).unwrap();
    let ours = Tape::play(&[&a], |rng| pin.share(&t, rng));
    assert_eq!(ours.public(), guest.public());
    for proofs in [
        Proofs::of_guest(&guest, host.public(), &t).unwrap(),
        Proofs::of_host(&host, guest.public(), &t).unwrap(),
    ] {
        assert_eq!((proofs.host.expose(), proofs.guest.expose()), (&host_proof, &guest_proof));
    }
    v
}
