//! Bounds of what the devices of a host may make a guest hold.

use super::*;

/// The skipped keys of a chat at most (`spec/guest-links.md`, "Content").
const MOST: usize = 4000;

/// Lets a device of the host say something after 1,900 texts that do not arrive, and returns these
/// and what arrived.
fn withhold(
    meeting: &mut Meeting,
    device: usize,
    withheld: usize,
) -> (Vec<Vec<u8>>, ReceivedEvent) {
    let say = |meeting: &mut Meeting| {
        meeting.hosts[device].say("text", NOW, &mut meeting.doors.rng).unwrap()
    };
    let texts: Vec<_> = (0..=withheld).map(|_| say(meeting)).collect();
    let from = meeting.doors.address(device);
    let arrived = meeting.guest.receive(from, texts.last().unwrap(), NOW).unwrap();
    assert_eq!(arrived.skipped, withheld);
    (texts, arrived)
}

#[test]
fn a_chat_holds_144_kilobytes_of_keys_whatever_the_other_devices_withhold() {
    let mut meeting = Meeting::new(80, 3);
    let before = meeting.guest.to_bytes().len();
    let (early, arrived) = withhold(&mut meeting, 0, 10);
    assert_eq!(arrived.lost, 0);
    // Beside them 56 bytes of each text that came.
    let (mut skipped, mut lost, mut known) = (10, 0, 56);
    for device in [1, 2, 1, 2] {
        let (_, arrived) = withhold(&mut meeting, device, 1900);
        (skipped, lost) = (skipped + arrived.skipped, lost + arrived.lost);
        meeting.guest = restored(&meeting.guest);
        known += 56;
        let made = meeting.guest.to_bytes().len() - before - known;
        assert_eq!(made, 36 * (skipped - lost), "each key is held, or told as lost");
        assert!(made <= 36 * MOST, "{made}");
    }
    assert_eq!(skipped - lost, MOST);
    // Who holds most loses first.
    let from = meeting.doors.address(0);
    assert_eq!(text_of(&meeting.guest.receive(from, &early[0], NOW).unwrap().event), "text");
}

#[test]
fn a_device_that_withholds_does_not_empty_the_others_of_a_chat() {
    let mut meeting = Meeting::new(82, 3);
    let (early, _) = withhold(&mut meeting, 0, 1500);
    withhold(&mut meeting, 1, 1499);
    let (_, arrived) = withhold(&mut meeting, 2, 1499);
    assert_eq!(arrived.lost, 498);
    // 4,000 keys of three devices are left: each has given about as many.
    let from = meeting.doors.address(0);
    assert!(meeting.guest.receive(from, &early[160], NOW).is_err());
    assert_eq!(text_of(&meeting.guest.receive(from, &early[170], NOW).unwrap().event), "text");
}

#[test]
fn a_chat_that_drops_keys_is_the_same_when_its_change_is_read_back() {
    let mut meeting = Meeting::new(81, 3);
    for device in [0, 1] {
        withhold(&mut meeting, device, 1990);
    }
    let texts: Vec<_> = (0..100)
        .map(|_| meeting.hosts[2].say("text", NOW, &mut meeting.doors.rng).unwrap())
        .collect();
    let from = meeting.doors.address(2);
    let arrived =
        leads_to_the_same(&meeting.guest, |guest| guest.open(from, texts.last().unwrap(), NOW));
    assert_eq!(arrived.lost, 2 * 1990 + 99 - MOST);
}
