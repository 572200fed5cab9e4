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
    let own: [u8; 32] = v.input("guest agreement");
    let info: [&[u8]; 2] = [labels::GUEST_PIN_SHARE, &t];
    let (random, a) = v.hedged(("guest", "guest exponent"), &own, &info);
    let theirs = v.input("host agreement");
    let prk = v.extract("pin prk", labels::GUEST_PIN, &[digits.as_bytes()]);
    let seed: [u8; 64] = v.expand("generator seed", &prk, &[labels::GUEST_PIN_GENERATOR, &t]);
    let seed = Secret::copy(&seed);
    let guest = Share::of(&seed, &Secret::copy(&a));
    let info: [&[u8]; 3] = [labels::GUEST_PIN_SHARE, &t, guest.public()];
    let (host_random, b) = v.hedged(("host", "host exponent"), &theirs, &info);
    let host = Share::of(&seed, &Secret::copy(&b));
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
    let (own, theirs) = (Secret::copy(&own), Secret::copy(&theirs));
    let ours = Tape::play(&[&random], |rng| pin.share(&own, &t, &[], rng));
    assert_eq!(ours.public(), guest.public());
    let answer = Tape::play(&[&host_random], |rng| pin.share(&theirs, &t, guest.public(), rng));
    assert_eq!(answer.public(), host.public());
    for proofs in [
        Proofs::of_guest(&guest, host.public(), &t).unwrap(),
        Proofs::of_host(&host, guest.public(), &t).unwrap(),
    ] {
        assert_eq!((proofs.host.expose(), proofs.guest.expose()), (&host_proof, &guest_proof));
    }
    v
}
