use alloc::string::ToString;

use super::*;

#[test]
fn an_address_has_a_name_and_a_device_in_their_bounds() {
    let address = SenderAddress::new("ada", 127).unwrap();
    assert_eq!(address.to_string(), "ada.127");
    assert_eq!((address.name(), address.device(), address.service_id()), ("ada", 127, None));
    let long = "n".repeat(MAX_NAME + 1);
    for (name, device) in [("", 1), ("ada", 0), ("ada", 128), (&long, 1)] {
        assert_eq!(SenderAddress::new(name, device), Err(Error::Malformed));
    }
    let of_service = SenderAddress::new("PNI:9d0652a3-dcc3-4d11-975f-74d61598733f", 1).unwrap();
    assert!(matches!(of_service.service_id(), Some(ServiceId::Pni(_))));
}
