//! Labels, certificates, fingerprints, prekeys and bundles.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::form::Vector;
use super::model;
use super::model::Published;
use crate::primitives::secret::Secret;
use crate::protocol::guest::{claim, link};
use crate::protocol::handshake::bundle::{Bundle, OneTimePrekey};
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::identity::fingerprint::Fingerprint;
use crate::protocol::labels;
use crate::session::Device;

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        all_labels(),
        certificate(),
        fingerprint(),
        fingerprint_in_chat(),
        signed_prekeys(),
        one_time(),
        bundle(true),
        bundle(false),
    ]
}

fn all_labels() -> Vector {
    let mut v = Vector::new("labels", "README", "every label, in ASCII, by its name");
    for label in labels::ALL {
        let label = core::str::from_utf8(label).unwrap();
        let name = label.strip_prefix("latchstring/v1/").unwrap().strip_suffix('.').unwrap();
        v.text(name, label);
    }
    v
}

fn certificate() -> Vector {
    let mut v = Vector::new(
        "identity-certificate",
        "identity",
        "a member's device, signed by its account and by itself",
    );
    let member = model::member(&mut v, "initiator");
    let real = Certificate::decode(&member.certificate).unwrap();
    assert_eq!(real.core()[..], member.core);
    // Signed by the code itself, and not only accepted by it.
    let mut scratch = Vector::new("scratch", "", "");
    let signed_prekeys = model::signed_prekeys(&mut scratch, "initiator", &member);
    assert_eq!(member.device(&signed_prekeys).certificate(), &real);
    v
}

/// Computes a fingerprint by the formulas, to its digits and its bytes for a QR code.
fn digits(v: &mut Vector, context: &[u8; 32], one: &[u8], other: &[u8]) -> (Vec<u8>, String) {
    let (one, other) = (&one[..65], &other[..65]);
    v.bytes("party one", one);
    v.bytes("party other", other);
    let (low, high) = (one.min(other), one.max(other));
    let first = v.hash("f_0", &[labels::IDENTITY_FINGERPRINT, context, low, high]);
    let mut f = v.hash("f_1", &[&first, context, low, high]);
    for _ in 1..1023 {
        f = crate::primitives::kdf::hash(&[&f, context, low, high]);
    }
    let f = v.hash("f_1024", &[&f, context, low, high]);
    // The first 200 bits as one number, written in base 100,000: here by repeated subtraction of what
    // is already known, digit by digit of base 10.
    let mut decimal = [0_u8; 61];
    for byte in &f[..25] {
        let mut carry = u32::from(*byte);
        for digit in decimal.iter_mut().rev() {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap();
            carry = value / 10;
        }
        assert_eq!(carry, 0);
    }
    let text: Vec<_> = decimal[1..]
        .chunks(5)
        .map(|group| group.iter().map(|digit| char::from(b'0' + digit)).collect())
        .collect::<Vec<String>>();
    let text = text.join(" ");
    v.text("digits", &text);
    let qr = [&[1][..], &f].concat();
    v.bytes("QR", &qr);
    (qr, text)
}

fn agrees(real: Fingerprint, (qr, text): &(Vec<u8>, String)) {
    assert_eq!(real.to_qr()[..], **qr);
    assert_eq!(format!("{real}"), *text);
    assert!(real.matches(qr));
}

fn fingerprint() -> Vector {
    let mut v = Vector::new(
        "fingerprint",
        "identity",
        "the security code of two members, in no particular chat",
    );
    let one = model::member(&mut v, "initiator");
    let other = model::member(&mut v, "responder");
    let context = [0; 32];
    v.bytes("context", &context);
    let code = digits(&mut v, &context, &one.core, &other.core);
    let one = Certificate::decode(&one.certificate).unwrap();
    let other = Certificate::decode(&other.certificate).unwrap();
    agrees(Fingerprint::of(&one, &other), &code);
    agrees(Fingerprint::of(&other, &one), &code);
    v
}

fn fingerprint_in_chat() -> Vector {
    let mut v = Vector::new(
        "fingerprint-in-chat",
        "identity",
        "the security code of a guest chat: the context is the invitation id",
    );
    let host = model::member(&mut v, "host");
    let secret = v.input("S");
    let keys = link::InviteLink::from_secret(Secret::copy(&secret)).keys();
    v.bytes("locator", &keys.locator().0);
    v.part("guest");
    let uid = v.input("uid");
    let seed = Secret::copy(&v.input("seed"));
    let guest = claim::guest_identity(&seed, &uid, keys.locator()).certificate;
    v.bytes("certificate", &guest.encode());
    v.part("");
    let context = keys.invitation_id();
    v.bytes("context", &context);
    let code = digits(&mut v, &context, &guest.core(), &host.core);
    let host = Certificate::decode(&host.certificate).unwrap();
    agrees(Fingerprint::within(&context, &guest, &host), &code);
    agrees(Fingerprint::within(&context, &host, &guest), &code);
    v
}

fn signed_prekeys() -> Vector {
    let mut v = Vector::new("prekeys-lasting", "prekeys", "lasting prekeys and their signature");
    let member = model::member(&mut v, "responder");
    let signed_prekeys = model::signed_prekeys(&mut v, "responder", &member);
    let device: Device = member.device(&signed_prekeys);
    let real = device.bundle().encode();
    let place = 2 + member.certificate.len();
    let signed = [&signed_prekeys.body[..], &signed_prekeys.signature].concat();
    assert_eq!(real[place..place + signed.len()], signed);
    v
}

fn one_time() -> Vector {
    let mut v = Vector::new(
        "prekeys-one-time",
        "prekeys",
        "a one-time prekey, its signature, and its encoding on its own",
    );
    let member = model::member(&mut v, "responder");
    let key = model::one_time(&mut v, "responder", &member);
    let mut scratch = Vector::new("scratch", "", "");
    let signed_prekeys = model::signed_prekeys(&mut scratch, "responder", &member);
    let published = Published { member, signed_prekeys, one_time: key };
    let alone = published.one_time_alone();
    v.bytes("one-time encoding", &alone);
    let real = OneTimePrekey::decode(&alone).unwrap();
    assert_eq!(real.encode(), alone);
    assert!(published.made_one_time() == real);
    v
}

fn bundle(with_one_time: bool) -> Vector {
    let (name, comment) = if with_one_time {
        ("bundle", "a bundle with a one-time prekey")
    } else {
        ("bundle-without-one-time", "a bundle whose one-time prekeys are used up")
    };
    let mut v = Vector::new(name, "prekeys", comment);
    let member = model::member(&mut v, "responder");
    let signed_prekeys = model::signed_prekeys(&mut v, "responder", &member);
    let mut scratch = Vector::new("scratch", "", "");
    let to = if with_one_time { &mut v } else { &mut scratch };
    let one_time = model::one_time(to, "responder", &member);
    let published = Published { member, signed_prekeys, one_time };
    // Compares what the device publishes with the formulas.
    let _device = published.device();
    let bytes = published.bundle(with_one_time);
    v.bytes("bundle", &bytes);
    let real = Bundle::decode(&bytes).unwrap();
    assert_eq!(real.encode(), bytes);
    assert_eq!(real.has_one_time_prekey(), with_one_time);
    v
}
