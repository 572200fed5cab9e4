//! Refused certificates and bundles: one failure in each vector.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use super::model::{Published, member};
use crate::protocol::handshake::bundle::Bundle;
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::labels;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        certificate_altered(),
        guest_of_an_account(),
        swapped_one_time(),
        bundle_key(
            "refused-bundle-not-canonical",
            "a signed prekey that is u + p, well signed: only u < p is a key",
            |signed_prekeys| {
                // 2^255 − 19 + 9, the base point once more.
                signed_prekeys[8..40].fill(0xff);
                signed_prekeys[8] = 0xf6;
                signed_prekeys[39] = 0x7f;
            },
        ),
        bundle_key(
            "refused-bundle-bit-255",
            "a signed prekey with bit 255 set, well signed",
            |signed_prekeys| signed_prekeys[39] |= 0x80,
        ),
        bundle_key(
            "refused-bundle-kem-not-reduced",
            "a KEM key whose first coefficient is 3329, well signed",
            |signed_prekeys| {
                signed_prekeys[40] = 0x01;
                signed_prekeys[41] = (signed_prekeys[41] & 0xf0) | 0x0d;
            },
        ),
        bundle_bytes("refused-bundle-version", "a bundle of version 2", |bundle| bundle[0] = 2),
        bundle_bytes("refused-bundle-kind", "a bundle that says it is a posting", |bundle| {
            bundle[1] = 0x21;
        }),
        bundle_bytes("refused-bundle-trailing", "one byte after the end of a bundle", |bundle| {
            bundle.push(0);
        }),
        bundle_bytes(
            "refused-bundle-flag",
            "2 where 1 says that a one-time prekey follows",
            |bundle| bundle[1571] = 2,
        ),
    ]
}

fn certificate_altered() -> Vector {
    let mut v = Vector::new(
        "refused-certificate-device-signature",
        "identity",
        "a certificate whose device signature is by the account key",
    );
    let member = member(&mut v, "initiator");
    let by_account =
        v.sign("wrong signature", &member.account_seed, labels::IDENTITY_DEVICE, &[&member.core]);
    let altered = [&member.certificate[..member.certificate.len() - 64], &by_account].concat();
    v.bytes("certificate", &altered);
    v.refused(Certificate::decode(&altered).err())
}

fn guest_of_an_account() -> Vector {
    let mut v = Vector::new(
        "refused-certificate-guest",
        "identity",
        "a guest whose account key is not its signing key, well signed",
    );
    let member = member(&mut v, "initiator");
    let core = [&[2][..], &member.core[1..]].concat();
    v.bytes("core", &core);
    let account =
        v.sign("account signature", &member.account_seed, labels::IDENTITY_ACCOUNT, &[&core]);
    let device =
        v.sign("device signature", &member.signing_seed, labels::IDENTITY_DEVICE, &[&core]);
    let certificate = [&core[..], &account, &device].concat();
    v.bytes("certificate", &certificate);
    v.refused(Certificate::decode(&certificate).err())
}

fn swapped_one_time() -> Vector {
    let mut v = Vector::new(
        "refused-bundle-swapped-one-time",
        "prekeys",
        "a bundle with a genuine one-time prekey, of another device",
    );
    let ours = Published::new(&mut v, "responder");
    let theirs = Published::new(&mut v, "other");
    let bundle =
        [&ours.bundle(false)[..1571], &[1], &theirs.one_time.body, &theirs.one_time.signature]
            .concat();
    v.bytes("bundle", &bundle);
    let alone = Bundle::decode(&ours.bundle(false)).unwrap();
    let error = Bundle::decode(&bundle).err();
    assert_eq!(alone.attach(theirs.decoded_one_time()).err(), error);
    v.refused(error)
}

/// Makes a bundle with altered prekeys, signed as they are.
fn bundle_key(name: &str, comment: &'static str, alter: impl FnOnce(&mut [u8])) -> Vector {
    let mut v = Vector::new(name, "prekeys", comment);
    let Published { member, signed_prekeys, .. } = published(&mut v);
    let mut body = signed_prekeys.body;
    alter(&mut body);
    v.bytes("lasting", &body);
    let parts = [&member.core[..], &body];
    let signature =
        v.sign("lasting signature", &member.signing_seed, labels::PREKEYS_LASTING, &parts);
    let bundle = [&[1, 0x10][..], &member.certificate, &body, &signature, &[0]].concat();
    v.bytes("bundle", &bundle);
    v.refused(Bundle::decode(&bundle).err())
}

fn published(v: &mut Vector) -> Published {
    Published::new(v, "responder")
}

/// Makes a bundle altered outside everything that is signed.
fn bundle_bytes(name: &str, comment: &'static str, alter: impl FnOnce(&mut Vec<u8>)) -> Vector {
    let mut v = Vector::new(name, "prekeys", comment);
    let mut bundle = published(&mut Vector::new("scratch", "", "")).bundle(true);
    alter(&mut bundle);
    v.bytes("bundle", &bundle);
    v.refused(Bundle::decode(&bundle).err())
}
