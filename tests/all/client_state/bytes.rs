//! Bytes.

use super::*;

#[test]
fn a_client_whose_bytes_were_altered_is_refused_or_is_what_it_says() {
    let mut town = Town::new(9, &[2, 1]);
    town.client(0, 0);
    town.chat(0, 1);
    let bytes = town.client(0, 0).to_bytes();
    let mut refused = 0;
    for place in (0..bytes.len()).step_by(7) {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        match Client::from_bytes(&altered) {
            Ok(client) => assert!(*client.to_bytes() == altered, "{place}: two encodings"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 50, "{refused}");
    for length in (2..bytes.len()).step_by(53) {
        assert_eq!(Client::from_bytes(&bytes[..length]).err(), Some(Error::Corrupt), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Client::from_bytes(&longer).err(), Some(Error::Corrupt));
}

#[test]
fn a_restored_new_device_goes_on_and_no_altered_one_passes_for_it() {
    let mut rng = TestRng::new(10);
    let new_device = NewDevice::generate("laptop", NOW, &mut rng).unwrap();
    let again = restored(&new_device);
    assert_eq!(*again.code(), *new_device.code());
    assert_eq!(again.anchor(), new_device.anchor());
    let bytes = new_device.to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[place] ^= 0x81;
        match NewDevice::from_bytes(&altered) {
            Ok(new_device) => {
                assert!(*new_device.to_bytes() == altered);
                assert_ne!(*new_device.code(), *again.code(), "{place}");
            }
            Err(error) => assert!(matches!(
                error,
                Error::Corrupt | Error::WrongKind | Error::UnknownVersion(_)
            )),
        }
    }
    for length in 2..bytes.len() {
        assert_eq!(NewDevice::from_bytes(&bytes[..length]).err(), Some(Error::Corrupt));
    }
    let record = key(7).seal(&new_device, OWNER, &mut rng).unwrap();
    let opened: NewDevice = key(7).open(OWNER, Some(&new_device.anchor()), &record).unwrap();
    assert_eq!(*opened.code(), *new_device.code());
}
