use alloc::string::ToString;

use super::*;

const UUID: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";

#[test]
fn a_service_id_is_one_name_however_it_is_written() {
    let address = Address::new(UUID, 1).unwrap();
    assert_eq!(address, Address::new(&UUID.to_uppercase(), 1).unwrap());
    assert_eq!(address.to_string(), "9d0652a3-dcc3-4d11-975f-74d61598733f.1");
    assert!(address.service_id().is_some());
    assert_ne!(address, Address::new(&alloc::format!("PNI:{UUID}"), 1).unwrap());
    assert_eq!(Address::new("+14151111111", 2).unwrap().service_id(), None);
}

#[test]
fn what_is_no_address_is_refused() {
    for (name, device) in [
        ("", 1),
        ("ada", 0),
        ("ada", 128),
        ("ada [one.example]", 1),
        ("a[", 1),
        ("]a", 1),
        ("a \u{ff3b}b\u{ff3d}", 1),
    ] {
        assert_eq!(Address::new(name, device), Err(Error::InvalidName));
    }
    assert_eq!(Address::new(&"a".repeat(129), 1), Err(Error::InvalidName));
}

#[test]
fn a_name_has_one_encoding() {
    for name in [UUID, "ada"] {
        let name = Name::new(name).unwrap();
        let mut writer = Writer::new();
        name.write(&mut writer);
        let bytes = writer.public();
        assert!(Reader::all(&bytes, Name::read) == Ok(name));
    }
    // A service id in the form of another name.
    let mut writer = Writer::new();
    writer.u8(2);
    writer.bytes(UUID.as_bytes());
    assert_eq!(Reader::all(writer.written(), Name::read).err(), Some(Error::Malformed));
}

#[test]
fn both_addresses_stand_in_the_direction_of_the_message() {
    let (one, two) =
        (Address::new(UUID, 1).unwrap(), Address::new(&alloc::format!("PNI:{UUID}"), 2).unwrap());
    let both = Address::both(&one, &two).unwrap();
    assert_eq!((both[0], both[17], both[18], both[35]), (0, 1, 1, 2));
    assert_ne!(Address::both(&two, &one).unwrap(), both);
    assert_eq!(Address::both(&one, &Address::new("ada", 1).unwrap()), None);
}
