//! Floods.

use super::*;

#[test]
fn fifty_first_letters_of_one_device_touch_no_other_pair() {
    let mut town = Town::new(20, &[1, 1, 1]);
    town.chat(0, 1);
    town.chat(0, 2);
    let friend = town.people[1].devices[0].certificate().clone();
    let flooder = town.people[2].devices[0].certificate().clone();
    let before = secrets_with(&town.client(0, 0).to_bytes(), &friend);
    let mut enough = 0;
    for number in 0..50_u8 {
        town.now += 1;
        let mail = town.whisper((2, 0), (0, 0), |words: Words| Words { id: [number; 16], ..words });
        assert!(receive(&mut town, 0, &mail).is_ok());
        let bytes = town.client(0, 0).to_bytes();
        let sessions = places(&bytes, &flooder.encode()).len();
        assert!(sessions <= 5, "{sessions} sessions with one device");
        if number == 10 {
            enough = bytes.len();
        }
    }
    let bytes = town.client(0, 0).to_bytes();
    assert!(secrets_with(&bytes, &friend) == before, "another pair's session changed");
    // Names of first messages and of letters, and nothing else.
    assert!(bytes.len() < enough + 40 * 200, "{} bytes", bytes.len() - enough);
    on_one_session(&mut town);
}

#[test]
fn fifty_old_first_letters_do_not_push_out_the_active_session() {
    let mut town = Town::new(21, &[1, 1]);
    town.now = NOW + HOUR;
    town.chat(0, 1);
    town.now = NOW;
    for number in 0..50_u8 {
        let mail = town.whisper((1, 0), (0, 0), |words: Words| Words { id: [number; 16], ..words });
        let (_, alerts) = receive(&mut town, 0, &mail).unwrap();
        assert_eq!(alerts, [Alert::StraySession]);
    }
    let writer = town.people[1].devices[0].certificate().encode();
    assert_eq!(places(&town.client(0, 0).to_bytes(), &writer).len(), 5);
    town.now = NOW + HOUR;
    on_one_session(&mut town);
}
