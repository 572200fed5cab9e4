//! The digits that the primary shows and the user types.

use super::*;

/// Returns the digits with one of them raised by one.
fn with_another(digits: &str, place: usize) -> LinkingDigits {
    let mut other: Vec<u8> = digits.bytes().collect();
    other[place] = b'0' + (other[place] - b'0' + 1) % 10;
    LinkingDigits::parse(core::str::from_utf8(&other).unwrap()).unwrap()
}

#[test]
fn an_offer_is_accepted_with_its_six_digits_and_with_no_others() {
    let mut linking = Linking::new(31, 1);
    let offer = linking.offer(&linking.request());
    let shown = linking.person.devices[0].linking_digits().unwrap().text();
    for place in 0..6 {
        let new_device = restored(&linking.new_device);
        let opened = new_device.open(&offer, NOW).unwrap();
        let error = opened.accept(new_device, &with_another(&shown, place), NOW).err();
        assert_eq!(error, Some(Error::DigitsDiffer), "{place}");
    }
    let opened = linking.new_device.open(&offer, NOW).unwrap();
    let typed = LinkingDigits::parse(&shown).unwrap();
    assert!(opened.accept(linking.new_device, &typed, NOW).is_ok());
}

#[test]
fn what_is_not_six_digits_is_no_guess() {
    for text in ["", "12345", "1234567", "12345a", "123 456", "١٢٣"] {
        assert_eq!(LinkingDigits::parse(text).err(), Some(Error::InvalidDigits), "{text}");
    }
    assert_eq!(*LinkingDigits::parse("008290").unwrap().text(), "008290");
}

#[test]
fn the_primary_shows_the_digits_as_long_as_its_offer_is_open() {
    let mut linking = Linking::new(32, 1);
    assert!(linking.person.devices[0].linking_digits().is_none());
    let offer = linking.offer(&linking.request());
    let primary = &mut linking.person.devices[0];
    let shown = primary.linking_digits().unwrap().text();
    *primary = started(primary);
    assert_eq!(primary.linking_digits().unwrap().text(), shown);
    let mut late = restored(primary);
    changed(late.expire(NOW + LATE + 1));
    assert!(late.linking_digits().is_none());
    // Another offer, to another device, has others.
    let other = NewDevice::generate("tablet", NOW, &mut linking.rng).unwrap();
    let mut copy = Linking { person: linking.person, rng: linking.rng, new_device: other };
    let mut primary = started(&copy.person.devices[0]);
    copy.offer(&copy.request());
    assert_ne!(copy.person.devices[0].linking_digits().unwrap().text(), shown);
    // They are gone once the device is there.
    let opened = linking.new_device.open(&offer, NOW).unwrap();
    let (_, acceptance) = accepted(opened, linking.new_device, &primary, NOW);
    primary.admit(&copy.person.account, &acceptance, b"", NOW).unwrap().apply();
    assert!(primary.linking_digits().is_none());
}
