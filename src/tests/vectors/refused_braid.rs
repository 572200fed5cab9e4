//! Refused streams of the epoch of `braid-epoch`. Each side is where all chunks before have brought it,
//! and the last chunk is one failure.

use alloc::vec;
use alloc::vec::Vec;

use super::braid::{Authenticator, BraidPart, Epoch, header_stream, send};
use super::form::Vector;
use crate::error::Error;
use crate::protocol::ratchet::braid::Braid;
use crate::protocol::ratchet::braid::BraidPart as RealPart;

pub(super) fn vectors() -> Vec<Vector> {
    vec![vector(), not_reduced(), ciphertext_tag()]
}

fn begin(name: &str, comment: &'static str) -> (Vector, Epoch) {
    let mut scratch = Vector::new("scratch", "", "");
    (Vector::new(name, "braid", comment), Epoch::new(&mut scratch))
}

/// Gives a side all chunks of a stream; returns its answer to the last one.
fn feed(side: &mut Braid, kind: u8, stream: &[u8]) -> Result<(), Error> {
    let n = u16::try_from(stream.len() / 32).unwrap();
    for index in 0..n {
        let part = BraidPart::next((1, kind), stream, index, 0, 0);
        let received = side.receive(&RealPart::decode(&part.bytes()).unwrap(), &[], false);
        if index + 1 == n {
            return received.map(|mut step| side.apply(&mut step));
        }
        side.apply(&mut received.unwrap());
    }
    Ok(())
}

/// Makes the responder, with a header and its own ct1 on the way.
fn responder(epoch: &Epoch, header: &[u8]) -> Braid {
    let [_, mut responder] = epoch.sides();
    feed(&mut responder, 1, header).unwrap();
    send(&mut responder, &[&epoch.random[1]]);
    responder
}

fn vector() -> Vector {
    let (mut v, mut epoch) = begin(
        "refused-braid-vector",
        "the header of braid-epoch, and a vector with the lowest bit of its last byte flipped",
    );
    v.bytes("braid key", &epoch.braid_key);
    v.bytes("header stream", &epoch.header);
    assert_eq!(feed(&mut responder(&epoch, &epoch.header), 2, &epoch.vector), Ok(()));
    epoch.vector[1151] ^= 1;
    v.bytes("altered vector", &epoch.vector);
    let refused = feed(&mut responder(&epoch, &epoch.header), 2, &epoch.vector);
    v.refused(refused.err())
}

fn not_reduced() -> Vector {
    let (mut v, epoch) = begin(
        "refused-braid-vector-not-reduced",
        "a vector whose first coefficient is 3329, and its header, well hashed and well tagged",
    );
    v.bytes("braid key", &epoch.braid_key);
    let authenticator = Authenticator::start(&mut v, &epoch.braid_key);
    let mut ek = epoch.ek;
    ek[0] = 0x01;
    ek[1] = (ek[1] & 0xf0) | 0x0d;
    let header = header_stream(&mut v, &authenticator, 1, &ek);
    v.bytes("altered vector", &ek[..1152]);
    let mut responder = responder(&epoch, &header);
    v.refused(feed(&mut responder, 2, &ek[..1152]).err())
}

fn ciphertext_tag() -> Vector {
    let (mut v, mut epoch) = begin(
        "refused-braid-ciphertext-tag",
        "the ciphertext of braid-epoch with the last bit of its tag flipped",
    );
    let initiator = |epoch: &Epoch| {
        let [mut initiator, _] = epoch.sides();
        send(&mut initiator, &[&epoch.random[0]]);
        feed(&mut initiator, 5, &epoch.ct1).unwrap();
        initiator
    };
    v.bytes("braid key", &epoch.braid_key);
    v.bytes("initiator random", &epoch.random[0]);
    v.bytes("ct1", &epoch.ct1);
    assert_eq!(feed(&mut initiator(&epoch), 6, &epoch.ct2), Ok(()));
    epoch.ct2[159] ^= 1;
    v.bytes("altered ct2 stream", &epoch.ct2);
    let refused = feed(&mut initiator(&epoch), 6, &epoch.ct2);
    v.refused(refused.err())
}
