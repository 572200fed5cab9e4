//! Padding.

use super::*;

#[test]
fn contents_up_to_4096_bytes_have_at_most_16_lengths_on_the_wire() {
    let mut pair = Pair::new(22);
    let content = [7; 4096];
    let lengths: BTreeSet<usize> = (0..=4096)
        .map(|length| pair.initiator.encrypt(&content[..length], &mut pair.rng).unwrap().len())
        .collect();
    assert!(lengths.len() <= 16, "{lengths:?}");
}

#[test]
fn contents_of_every_length_come_back_whole() {
    let mut pair = Pair::new(23);
    let content: Vec<u8> = (0..2048_u32).map(|i| if i % 3 == 0 { 0x80 } else { 0 }).collect();
    for length in (0..200).chain([255, 256, 1000, 2047, 2048]) {
        let message = pair.initiator.encrypt(&content[..length], &mut pair.rng).unwrap();
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, content[..length]);
    }
}

#[test]
fn the_longest_content_travels() {
    let mut pair = Pair::new(24);
    let content = vec![0x80; 1 << 20];
    let message = pair.initiator.encrypt(&content, &mut pair.rng).unwrap();
    assert!(*pair.responder.decrypt(&message).unwrap().content == content);
}

#[test]
fn exact_padding_adds_one_byte() {
    let mut pair = Pair::new(25);
    for length in [0, 1, 31, 32, 33, 1000] {
        let content = vec![9; length];
        let sending = pair.initiator.stage_send().padding(Padding::Exact);
        let message = sending.seal(&content, &mut pair.rng).unwrap().apply();
        assert_eq!(message.len(), 2 + 96 + 16 + 16 + length + 1);
        assert_eq!(*pair.responder.decrypt(&message).unwrap().content, content);
    }
}
