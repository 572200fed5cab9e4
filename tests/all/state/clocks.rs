//! Clocks that are set wrong.

use super::*;

#[test]
fn a_clock_at_either_end_breaks_no_device() {
    let mut rng = TestRng::new(35);
    for now in [0, NOW, u64::MAX] {
        let account = Account::generate(AccountId([1; 32]), &mut rng);
        let mut device = Device::generate(&account, now, &mut rng);
        for later in [u64::MAX, 0, NOW] {
            device.rotate(later, &mut rng).apply();
            device.expire(later).apply();
            assert!(device.tasks(&Served::NOTHING, later).replenish);
            device = restored(&device);
        }
    }
}

#[test]
fn a_clock_set_back_revives_no_chat() {
    let Talk { door: Door { mut rng, .. }, host: mut chat, mut guest, .. } = Talk::new(36);
    for now in [u64::MAX - 3600, u64::MAX] {
        chat.expire(now).apply();
    }
    let text = guest.say("late", NOW, &mut rng).unwrap();
    for now in [0, NOW] {
        let error = refusal(&mut chat, |chat| chat.hear(&text, now));
        assert_eq!(error, Some(Error::Ended));
    }
}

#[test]
fn a_clock_set_back_revives_no_prekey() {
    let mut rng = TestRng::new(37);
    let (peer, mut responder) = (device(1, &mut rng), device(2, &mut rng));
    let bundle = responder.bundle();
    let first = peer.initiate(&bundle, NOW, &mut rng).unwrap().encrypt(b"hi", &mut rng).unwrap();
    let late = NOW + 40 * 86_400;
    responder.rotate(late, &mut rng).apply();
    responder.expire(late).apply();
    let error = refusal(&mut responder, |responder| responder.accept(&first, NOW).map(drop));
    assert_eq!(error, Some(Error::UnknownPrekey));
}
