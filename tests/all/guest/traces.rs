//! The traces that a link leaves.

use super::*;

#[test]
fn an_invite_forgets_its_link_when_it_is_claimed_revoked_or_over() {
    for ending in 0..3 {
        let mut door = Door::new(100);
        let secret = secret_of(&door.url());
        let signed = signed_invitation(&door.url(), door.server_copy.sealed_invitation());
        assert!(contains(&door.invite.to_bytes(), &signed));
        let (_, claim) = door.guest();
        match ending {
            0 => drop(door.admit(&claim)),
            1 => {
                door.invite.revoke(NOW).unwrap().apply();
            }
            _ => {
                changed(door.invite.expire(EXPIRES + 1));
            }
        }
        assert!(door.invite.link().is_none());
        let after = door.invite.to_bytes();
        let keys: [[u8; 32]; 5] =
            ["invitation-key", "claim-seed", "claim-key", "record-key", "psk"]
                .map(|label| link_key(&secret, label));
        let nonce: &[u8; 32] = signed[3..35].try_into().unwrap();
        for key in keys.iter().chain([&secret, nonce]) {
            assert!(key.windows(8).all(|part| !contains(&after, part)));
        }
    }
}

#[test]
fn neither_sides_chat_holds_the_link_or_a_key_of_it() {
    let mut door = Door::new(101);
    let secret = secret_of(&door.url());
    let (guest, claim) = door.guest();
    let host = door.admit(&claim);
    let keys: [[u8; 32]; 5] = ["invitation-key", "claim-seed", "claim-key", "record-key", "psk"]
        .map(|label| link_key(&secret, label));
    for chat in [guest, host] {
        let bytes = chat.to_bytes();
        for key in keys.iter().chain([&secret]) {
            assert!(key.windows(8).all(|part| !contains(&bytes, part)));
        }
    }
}

#[test]
fn the_device_erases_the_one_time_prekey_that_a_claim_used() {
    let mut door = Door::new(102);
    let (_, claim) = door.guest();
    let id = &claim[PREKEYS.start + 8..PREKEYS.end];
    let before = door.host.to_bytes();
    let place = before.windows(8).position(|window| window == id).unwrap();
    let secrets = before[place..place + 8 + 32 + 64].to_vec();
    door.admit(&claim);
    let after = door.host.to_bytes();
    assert!(secrets.windows(8).all(|part| !contains(&after, part)));
}
