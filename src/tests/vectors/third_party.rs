//! Descriptors, attestations and envelopes of third-party chats, and copies and hand-overs for own devices. The
//! formulas need nothing of the Signal wire format; where it is built, its code makes the same bytes.

use alloc::vec;
use alloc::vec::Vec;

use super::form::Vector;
use crate::error::Error;
use crate::protocol::labels;
#[cfg(feature = "signal")]
use crate::signal::tests::policy::model;

/// The names, and the bytes of an account, in the order of its two owners.
const NAMES: [(&str, &str); 2] = [("one.example", "ada"), ("two.example", "grace")];

/// All kinds that somebody foreign may say, texts of 2,000 bytes, timers and view once.
pub(super) const PROFILE: [u8; 11] = [0, 0, 0, 0, 0, 0, 0, 0x3e, 0x07, 0xd0, 3];

pub(super) fn vectors() -> Vec<Vector> {
    vec![
        descriptor(false),
        descriptor(true),
        attestation(false),
        attestation(true),
        envelope(false),
        envelope(true),
        told_sender_key(),
        group_envelope(false),
        group_envelope(true),
        copy(false),
        copy(true),
        hand_over(false),
        hand_over(true),
    ]
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

pub(super) fn account(side: usize) -> Vec<u8> {
    [text(NAMES[side].0), vec![2], text(NAMES[side].1)].concat()
}

pub(super) fn device(side: usize) -> Vec<u8> {
    [account(side), vec![1]].concat()
}

/// Says about the first provider what its root signs.
fn provider_statement(attestation: &[u8; 32]) -> Vec<u8> {
    let times = [5_u64, 1_800_000_000, 1_807_776_000].map(u64::to_be_bytes).concat();
    let provider = text(NAMES[0].0);
    [&[1, 0x40], &provider[..], &times, &[1, 1, 4, 16], &PROFILE, &[0, 0, 0, 1], attestation]
        .concat()
}

/// Says of the first account what its owner signs.
fn account_statement(key: &[u8; 32], identity: &[u8; 32]) -> Vec<u8> {
    let times = [5_u64, 1_800_000_000, 1_802_592_000].map(u64::to_be_bytes).concat();
    [&[1, 0x41], &account(0)[..], key, &times, &PROFILE, &[0, 0, 0, 1], &[1, 5], identity].concat()
}

/// Encodes a content of one part.
fn part(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[1, kind][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

fn descriptor(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        ("refused-third-party-descriptor", "a descriptor under a root that the app does not trust")
    } else {
        ("third-party-descriptor", "a provider whose accounts are attested")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let trusted: [u8; 32] = v.input("root seed");
    let trusted_key = v.signing_key("root key", &trusted);
    let (seed, root) = if is_refused {
        let other: [u8; 32] = v.input("other seed");
        (other, v.signing_key("other key", &other))
    } else {
        (trusted, trusted_key)
    };
    let attestation: [u8; 32] = v.input("attestation seed");
    let attestation = v.signing_key("attestation key", &attestation);
    let statement = provider_statement(&attestation);
    v.bytes("statement", &statement);
    let signature = v.sign("signature", &seed, labels::SIGNAL_PROVIDER, &[&statement, &root]);
    let descriptor = [&statement[..], &root, &signature].concat();
    v.bytes("descriptor", &descriptor);
    #[cfg(feature = "signal")]
    {
        assert_eq!(model::descriptor(&seed, attestation), descriptor);
        let expected = if is_refused { Err(Error::BadSignature) } else { Ok(()) };
        assert_eq!(model::decode_descriptor(&descriptor, &trusted), expected);
    }
    if is_refused { v.refused(Some(Error::BadSignature)) } else { v }
}

/// An account with one device, and what its provider says of it.
struct Attested {
    /// Those of account, provider and device.
    seeds: [[u8; 32]; 3],
    attestation_key: [u8; 32],
    identity: [u8; 32],
    attestation: Vec<u8>,
}

/// Attests an account with one device; refused is what the provider has signed in the account's place.
fn attested(v: &mut Vector, is_refused: bool) -> Attested {
    let seeds: [[u8; 32]; 3] =
        ["account seed", "attestation seed", "identity seed"].map(|it| v.input(it));
    let key = v.signing_key("account key", &seeds[0]);
    let attestation_key = v.signing_key("attestation key", &seeds[1]);
    let identity = v.agreement_key("identity key", &seeds[2]);
    let statement = account_statement(&key, &identity);
    v.bytes("statement", &statement);
    let signer = if is_refused { &seeds[1] } else { &seeds[0] };
    let s1 = v.sign("s1", signer, labels::SIGNAL_ACCOUNT, &[&statement]);
    let request = [&statement[..], &s1].concat();
    let s2 = v.sign("s2", &seeds[1], labels::SIGNAL_ATTESTATION, &[&request, &attestation_key]);
    let attestation = [&request[..], &attestation_key, &s2].concat();
    v.bytes("attestation", &attestation);
    Attested { seeds, attestation_key, identity, attestation }
}

fn attestation(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        (
            "refused-third-party-attestation",
            "a statement that the provider has signed in the account's place",
        )
    } else {
        ("third-party-attestation", "an account with one device")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let Attested { seeds, identity, attestation, .. } = attested(&mut v, is_refused);
    #[cfg(feature = "signal")]
    {
        let expected = if is_refused { Err(Error::BadSignature) } else { Ok(()) };
        assert_eq!(model::verify_attestation(&attestation), expected);
        if !is_refused {
            assert_eq!(model::attestation(&seeds, identity), attestation);
        }
    }
    #[cfg(not(feature = "signal"))]
    let _ = (seeds, identity, attestation);
    if is_refused { v.refused(Some(Error::BadSignature)) } else { v }
}

fn envelope(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        ("refused-third-party-envelope", "an envelope for somebody else, who shows the same keys")
    } else {
        ("third-party-envelope", "a text from one account's first device to another's")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let keys: [[u8; 32]; 2] =
        ["sender account seed", "receiver account seed"].map(|it| v.input(it));
    let keys = [
        v.signing_key("sender account key", &keys[0]),
        v.signing_key("receiver account key", &keys[1]),
    ];
    let ends = [0, 1].map(|side| [&account(side)[..], &keys[side], &PROFILE].concat());
    let agreed = v.hash("agreed", &[labels::SIGNAL_AGREED, &ends[0], &ends[1]]);
    let chat = v.hash("chat", &[labels::SIGNAL_CHAT, &account(0), &account(1)]);
    let id: [u8; 16] = v.input("message id");
    let content = [&[1, 1, 0, 0, 0, 2][..], b"hi"].concat();
    v.bytes("content", &content);
    let receiver = if is_refused {
        [text("two.example"), vec![2], text("peter"), vec![1]].concat()
    } else {
        device(1)
    };
    let sent = 1_800_000_000_u64.to_be_bytes();
    let envelope = [
        &[1, 0x42],
        &device(0)[..],
        &receiver,
        &agreed,
        &[1],
        &chat,
        &id,
        &sent,
        &[0; 5],
        &content,
    ]
    .concat();
    v.bytes("envelope", &envelope);
    #[cfg(feature = "signal")]
    {
        let expected = if is_refused { Err(Error::WrongPeer) } else { Ok(()) };
        assert_eq!(model::disclose(keys, &envelope), expected);
        if !is_refused {
            assert_eq!(model::enclose(keys, id), envelope);
        }
    }
    if is_refused { v.refused(Some(Error::WrongPeer)) } else { v }
}

fn told_sender_key() -> Vector {
    let comment = "a sender key that one account's first device tells another's";
    let mut v = Vector::new("third-party-told-sender-key", "third-party", comment);
    let keys: [[u8; 32]; 2] =
        ["sender account seed", "receiver account seed"].map(|it| v.input(it));
    let keys = [
        v.signing_key("sender account key", &keys[0]),
        v.signing_key("receiver account key", &keys[1]),
    ];
    let ends = [0, 1].map(|side| [&account(side)[..], &keys[side], &PROFILE].concat());
    let agreed = v.hash("agreed", &[labels::SIGNAL_AGREED, &ends[0], &ends[1]]);
    let group: [u8; 32] = v.input("group id");
    let distribution: [u8; 16] = v.input("distribution id");
    let (chain, signing): ([u8; 32], [u8; 32]) = (v.input("chain key"), v.input("signing seed"));
    let signing = v.agreement_key("signing key", &signing);
    // Chain id 9, iteration 4.
    let fields = [
        &[0x33, 0x0a, 16][..],
        &distribution,
        &[0x10, 9, 0x18, 4, 0x22, 32],
        &chain,
        &[0x2a, 33, 5],
        &signing,
    ];
    let message = fields.concat();
    v.bytes("distribution message", &message);
    let told = [&[1, 0x44], &device(0)[..], &device(1), &agreed, &group, &message].concat();
    v.bytes("told sender key", &told);
    #[cfg(feature = "signal")]
    {
        assert_eq!(model::tell(keys, group, &message), told);
        model::take(keys, &told, group, distribution);
    }
    v
}

fn group_envelope(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        ("refused-third-party-group-envelope", "words of another than who told the signing key")
    } else {
        ("third-party-group-envelope", "a text from one account's first device to a group")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let group: [u8; 32] = v.input("group id");
    let id: [u8; 16] = v.input("message id");
    let content = [&[1, 1, 0, 0, 0, 2][..], b"hi"].concat();
    v.bytes("content", &content);
    let sender = device(usize::from(is_refused));
    let sent = 1_800_000_000_u64.to_be_bytes();
    let envelope = [&[1, 0x45], &sender[..], &group, &id, &sent, &[0; 5], &content].concat();
    v.bytes("group envelope", &envelope);
    #[cfg(feature = "signal")]
    {
        let expected = if is_refused { Err(Error::WrongPeer) } else { Ok(()) };
        assert_eq!(model::disclose_in_group(group, &envelope), expected);
        if !is_refused {
            assert_eq!(model::enclose_in_group(group, id), envelope);
        }
    }
    if is_refused { v.refused(Some(Error::WrongPeer)) } else { v }
}

fn copy(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        ("refused-third-party-copy", "a copy whose words are an app's own content")
    } else {
        ("third-party-copy", "what one own device has heard, for the others: the text hi")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let id: [u8; 16] = v.input("message id");
    let words = if is_refused { part(6, &[0, 0, 0, 7]) } else { part(1, b"hi") };
    v.bytes("words", &words);
    let direction = [&[2][..], &device(0)].concat();
    let (place, flags) = ([1, 1], [0; 5]);
    let sent = 1_800_000_000_u64.to_be_bytes();
    let copy =
        [&[1, 0x46], &device(1)[..], &direction, &[0], &place, &id, &sent, &flags, &words].concat();
    v.bytes("copy", &copy);
    let content = part(0x40, &copy);
    v.bytes("content", &content);
    let message = v.hash("message", &[labels::SIGNAL_COPY_MESSAGE, &device(0), &id]);
    let label = labels::SIGNAL_COPY_DIGEST;
    let digest = v.hash("digest", &[label, &message, &direction, &place, &flags, &words]);
    #[cfg(feature = "signal")]
    {
        let expected = if is_refused { Err(Error::NotAllowed) } else { Ok([message, digest]) };
        assert_eq!(model::read_copy(&content), expected);
        if !is_refused {
            assert_eq!(model::copy(id), content);
        }
    }
    #[cfg(not(feature = "signal"))]
    let _ = digest;
    if is_refused { v.refused(Some(Error::NotAllowed)) } else { v }
}

fn hand_over(is_refused: bool) -> Vector {
    let (name, comment) = if is_refused {
        (
            "refused-third-party-hand-over",
            "a hand-over with a statement that the provider has signed in the account's place",
        )
    } else {
        ("third-party-hand-over", "one provider, and one account that the user has accepted")
    };
    let mut v = Vector::new(name, "third-party", comment);
    let Attested { attestation_key, attestation, .. } = attested(&mut v, is_refused);
    let root_seed: [u8; 32] = v.input("root seed");
    let root = v.signing_key("root key", &root_seed);
    let says = provider_statement(&attestation_key);
    let by_root = v.sign("root signature", &root_seed, labels::SIGNAL_PROVIDER, &[&says, &root]);
    let descriptor = [&says[..], &root, &by_root].concat();
    let one = [0, 0, 0, 1];
    // Notices 1 to 5 and 8, in their first version.
    let provider = [&descriptor[..], &[1], &[0, 1, 0, 0, 0x01, 0x3e]].concat();
    v.bytes("provider", &provider);
    // Attested, nothing waits, accepted, version 4 was used, no devices beside those of the attestation.
    let person = [&account(0)[..], &[1], &attestation, &[0, 2, 1, 4, 0, 0, 0, 0]].concat();
    v.bytes("person", &person);
    let page = [0, 0, 0, 1];
    let body = [&[1, 0x47], &account(1)[..], &page, &one, &provider, &one, &person].concat();
    let content = part(0x41, &body);
    v.bytes("content", &content);
    #[cfg(feature = "signal")]
    {
        let expected = if is_refused { Err(Error::BadSignature) } else { Ok(()) };
        assert_eq!(model::take_over(&content, &root_seed), expected);
        if !is_refused {
            assert_eq!(model::hand_over(&root_seed, &descriptor, &attestation), content);
        }
    }
    if is_refused { v.refused(Some(Error::BadSignature)) } else { v }
}
