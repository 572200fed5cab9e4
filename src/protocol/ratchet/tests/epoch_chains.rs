#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]
use super::*;
use crate::protocol::ratchet::ratchet::MAX_SKIP;
use alloc::format;
use alloc::string::String;

fn hex(bytes: &Secret<32>) -> String {
    bytes.expose().map(|byte| format!("{byte:02x}")).concat()
}

fn pair() -> [EpochChains; 2] {
    let key = Secret::copy(&[0x66; 32]);
    [Role::Initiator, Role::Responder].map(|role| EpochChains::start(&key, role))
}

fn add(sides: &mut [EpochChains; 2], secret: u8) {
    let secret = Secret::copy(&[secret; 32]);
    sides[0].add(&secret, Role::Initiator);
    sides[1].add(&secret, Role::Responder);
}

/// Sends a message, and returns its number and key.
fn send(side: &mut EpochChains, epoch: u32) -> (u32, [u8; 32]) {
    let (key, mut delta) = side.send(epoch).unwrap();
    side.apply(&mut delta);
    (delta.number, *key.0.expose())
}

fn receive(side: &mut EpochChains, epoch: u32, number: u32) -> Result<[u8; 32], Error> {
    let (key, delta) = side.find(epoch, number)?.key()?;
    let key = *key.bytes().expose();
    let mut writer = Writer::new();
    delta.write(&mut writer);
    let mut stored = Reader::all(&writer.secret(), EpochDelta::read).unwrap();
    side.apply(&mut stored);
    reload(side);
    Ok(key)
}

fn bytes(side: &EpochChains) -> Vec<u8> {
    let mut writer = Writer::new();
    side.write(&mut writer);
    writer.secret().to_vec()
}

fn reload(side: &mut EpochChains) {
    let before = bytes(side);
    *side = Reader::all(&before, EpochChains::read).unwrap();
    assert_eq!(bytes(side), before);
}

#[test]
fn roots_chains_and_keys_are_those_of_another_implementation() {
    let [mut side, other] = pair();
    let root = "aa64b9fa4c62343e31ba64b6bcc18328b5a5fa257e1df62ad19a5f248ab9e102";
    let a = "537801bdfbf5fd294d1974b8055f78b917c56593c9fdd389d0d2b4d832a4731b";
    let b = "74ccbbe29dbbf65878e7934f124249a4e24ca051e51188850ace0cc2ad7a7b9b";
    let sends = |side: &EpochChains, epoch: usize| {
        hex(&side.pairs[epoch].sending.as_ref().unwrap().chain_key.0)
    };
    let receives = |side: &EpochChains, epoch: usize| hex(&side.pairs[epoch].receiving.chain_key.0);
    assert_eq!(
        (hex(&side.root), sends(&side, 0), receives(&side, 0)),
        (root.into(), a.into(), b.into())
    );
    assert_eq!((sends(&other, 0), receives(&other, 0)), (b.into(), a.into()));
    let (key, mut delta) = side.send(0).unwrap();
    side.apply(&mut delta);
    let first = "1c2a01f13fdff05aab0011032ae36a7daa5d6031f3d996b800fcb1673d8a1251";
    let next = "83f7f3fda507fef2cb4133d519444a139ef6b41bcfebe9139fc90f3b64ffd367";
    assert_eq!((delta.number(), hex(&key.0), sends(&side, 0)), (1, first.into(), next.into()));
    side.add(&Secret::copy(&[0x77; 32]), Role::Initiator);
    let root = "2ff1c73722b9c862c232ed0ee581735f894fc73b0c34677a3d11527096b8e14d";
    let a = "e61dc92fdf36986ccc24f28435254e0367673da0ce6d9e052e66b400766d6b08";
    let b = "a20c853b1ea4b0ae4f855ba0d5c05c6eb32ef81326e46c5471df18b3c5c62e74";
    assert_eq!(
        (hex(&side.root), sends(&side, 1), receives(&side, 1)),
        (root.into(), a.into(), b.into())
    );
}

#[test]
fn keys_are_found_out_of_order_and_over_epochs_each_once() {
    let mut sides = pair();
    let mut sent = Vec::new();
    for epoch in 0..2 {
        for _ in 0..5 {
            sent.push((epoch, send(&mut sides[0], epoch)));
        }
        if epoch == 0 {
            add(&mut sides, 7);
        }
    }
    for at in [9, 3, 0, 4, 7, 8, 1, 2, 6, 5] {
        let (epoch, (number, key)) = sent[at];
        assert_eq!(receive(&mut sides[1], epoch, number), Ok(key));
        assert_eq!(receive(&mut sides[1], epoch, number), Err(Error::MessageKeyGone));
    }
    assert_eq!(sides[1].skipped(), 0);
}

#[test]
fn a_message_is_followed_as_far_ahead_as_the_bound_and_no_further() {
    let mut sides = pair();
    for last in [MAX_SKIP + 1, 2 * MAX_SKIP + 2] {
        assert_eq!(sides[1].find(0, last + 1).err(), Some(Error::TooFarAhead));
        receive(&mut sides[1], 0, last).unwrap();
    }
    assert_eq!(sides[1].find(0, u32::MAX).err(), Some(Error::TooFarAhead));
}

#[test]
fn skipped_keys_of_all_epochs_together_are_bounded_and_the_oldest_go_first() {
    let mut sides = pair();
    add(&mut sides, 7);
    receive(&mut sides[1], 0, 1001).unwrap();
    receive(&mut sides[1], 1, 1001).unwrap();
    assert_eq!(sides[1].skipped(), MAX_SKIPPED);
    receive(&mut sides[1], 1, 1102).unwrap();
    assert_eq!(sides[1].skipped(), MAX_SKIPPED);
    assert_eq!(receive(&mut sides[1], 0, 100), Err(Error::MessageKeyGone));
    receive(&mut sides[1], 0, 101).unwrap();
    receive(&mut sides[1], 1, 1).unwrap();
}

#[test]
fn a_side_keeps_the_epoch_before_the_one_that_it_sends_in_and_none_older() {
    let mut sides = pair();
    for secret in 1..=2 {
        add(&mut sides, secret);
        send(&mut sides[1], secret.into());
        reload(&mut sides[1]);
    }
    assert_eq!(sides[1].find(0, 1).err(), Some(Error::MessageKeyGone));
    receive(&mut sides[1], 1, 1).unwrap();
    receive(&mut sides[1], 2, 1).unwrap();
    // Nor does it send in an epoch that is over.
    assert_eq!(sides[1].send(1).err(), Some(Error::Inconsistent));
    assert_eq!(sides[1].pairs.len(), 2);
}

#[test]
fn an_epoch_that_this_side_does_not_have_is_inconsistent() {
    let sides = pair();
    for (epoch, number) in [(1, 1), (u32::MAX, 1), (0, 0)] {
        assert_eq!(sides[0].find(epoch, number).err(), Some(Error::Inconsistent));
    }
}

#[test]
fn a_chain_at_its_end_sends_no_more() {
    let [mut side, _] = pair();
    side.pairs[0].sending.as_mut().unwrap().number = u32::MAX - 1;
    assert_eq!(send(&mut side, 0).0, u32::MAX - 1);
    assert_eq!(side.send(0).err(), Some(Error::ChainExhausted));
}

#[test]
fn stored_chains_that_no_history_leads_to_are_refused() {
    let refused = |change: &dyn Fn(&mut EpochChains)| {
        let mut sides = pair();
        add(&mut sides, 1);
        send(&mut sides[0], 1);
        receive(&mut sides[0], 1, 3).unwrap();
        change(&mut sides[0]);
        Reader::all(&bytes(&sides[0]), EpochChains::read).err()
    };
    assert_eq!(refused(&|_| {}), None);
    let lies: [&dyn Fn(&mut EpochChains); 7] = [
        &|side| side.sends_in = 2,
        &|side| side.sends_in = 3,
        &|side| side.pairs.clear(),
        &|side| side.pairs[0].epoch = 1,
        &|side| side.pairs[1].sending = None,
        &|side| side.pairs[1].receiving.number = 2,
        &|side| side.pairs[0].receiving.number = 0,
    ];
    for lie in lies {
        assert_eq!(refused(lie), Some(Error::Malformed));
    }
}
