//! Braids and deltas as they are stored, and those that no history leads to.

use super::*;

/// Returns the braid of one side after some messages in turns, as bytes, and whether it is the
/// initiator's.
fn stored(messages: usize, side: usize) -> Vec<u8> {
    let mut sides = pair(15);
    for message in 0..messages {
        let sent = sides[message % 2].send(0, 0);
        sides[1 - message % 2].receive(&sent).unwrap();
    }
    sides[side].bytes()
}

fn read(bytes: &[u8]) -> Result<Braid, Error> {
    Reader::all(bytes, |reader| Braid::read(reader, &NATIVE))
}

/// Offset of the phase in a braid without a secret.
const PHASE: usize = 4 + 64 + 1;

#[test]
fn a_stored_braid_that_no_history_leads_to_is_refused() {
    // Ct2 on the key side, with one and more chunks of ct2; the phase is seed, count, ct1, ct2.
    let good = stored(82, 0);
    assert_eq!((good[PHASE], read(&good).is_ok()), (1, true));
    let ct1 = PHASE + 1 + 64 + 2;
    let ct2 = ct1 + 1 + 30 * 34;
    assert_eq!(good[ct1], 30);
    assert!(good[ct2] >= 1);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        read(&bytes).err()
    };
    let malformed = Some(Error::Malformed);
    // A chunk twice, chunks out of order, more than there are, ct2 before all of ct1, all of ct2.
    assert_eq!(with(&|bytes| bytes.copy_within(ct1 + 1..ct1 + 3, ct1 + 1 + 34)), malformed);
    assert_eq!(with(&|bytes| bytes[ct1 + 2] = 99), malformed);
    let more = |bytes: &mut Vec<u8>| {
        bytes[ct1] = 31;
        bytes.splice(ct2..ct2, [255; 34]);
    };
    assert_eq!(with(&more), malformed);
    let early = |bytes: &mut Vec<u8>| {
        bytes[ct1] = 29;
        bytes.drain(ct1 + 1..ct1 + 1 + 34);
    };
    assert_eq!(with(&early), malformed);
    let whole = |bytes: &mut Vec<u8>| {
        let have = bytes[ct2];
        bytes[ct2] = 5;
        (have..5).for_each(|index| bytes.extend([&[255, index][..], &[0; 32]].concat()));
    };
    assert_eq!(with(&whole), malformed);
    assert_eq!(with(&|bytes| bytes[..4].fill(0)), malformed);
    assert_eq!(with(&|bytes| bytes[PHASE] = 5), malformed);
    // Of another role, or of other epochs than the root has.
    let braid = read(&good).unwrap();
    assert!(braid.fits(0, true) && !braid.fits(0, false));
    assert!(!braid.fits(1, true) && !braid.fits(u32::MAX, true));
    // A ciphertext side without its secret.
    let other = stored(82, 1);
    assert_eq!((other[PHASE - 1], read(&other).is_ok()), (1, true));
    let mut without = other.clone();
    without[PHASE - 1] = 0;
    without.drain(PHASE..PHASE + 32);
    assert!(!read(&without).unwrap().fits(0, false));
    assert!(read(&other).unwrap().fits(0, false));
}

#[test]
fn a_stored_delta_that_no_message_makes_is_refused() {
    let read = |bytes: &[u8]| Reader::all(bytes, BraidDelta::read).err();
    let received = [&[4, 1, 0, 3, 0][..], &[7; 32]].concat();
    assert_eq!(read(&received), None);
    let sent = |chunks: u16| [&[0], &chunks.to_be_bytes()[..]].concat();
    assert_eq!(read(&sent(1)), None);
    assert_eq!(read(&sent(36 * 101)), None);
    assert_eq!(read(&[6]), None);
    // Nothing at all; more chunks than go into as many messages; both directions; no such event or
    // kind.
    let mut bad = vec![sent(0), sent(36 * 101 + 1), [&received[..], &[0, 1]].concat()];
    bad.extend([vec![6, 0, 1], vec![7], vec![4, 0], vec![4, 7]]);
    bad.push([&[4, 1, 255, 255, 1][..], &[7; 64]].concat());
    bad.push([&[4, 1, 0, 3, 36][..], &[7; 37 * 32]].concat());
    for bytes in bad {
        assert_eq!(read(&bytes), Some(Error::Malformed), "{bytes:?}");
    }
    // An acknowledgement brings no chunk.
    assert_eq!(read(&[4, 4]), None);
}
