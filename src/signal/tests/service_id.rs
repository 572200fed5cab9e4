use std::string::ToString;

use proptest::prelude::*;

use super::*;

extern crate std;

const TEXT: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";

#[test]
fn a_service_id_has_one_text_and_one_binary_form() {
    let aci: ServiceId = TEXT.parse().unwrap();
    let pni: ServiceId = "PNI:9D0652A3-dcc3-4d11-975f-74d61598733f".parse().unwrap();
    assert_eq!(aci.uuid(), pni.uuid());
    assert_ne!(aci, pni);
    assert_eq!(aci.to_string(), TEXT);
    assert_eq!(pni.to_string(), std::format!("PNI:{TEXT}"));
    assert_eq!(aci.encode()[..3], [0, 0x9d, 0x06]);
    assert_eq!(pni.encode()[..3], [1, 0x9d, 0x06]);
}

#[test]
fn other_texts_and_bytes_are_no_service_ids() {
    for text in [
        "",
        "bob",
        "PNI:",
        "ACI:9d0652a3-dcc3-4d11-975f-74d61598733f",
        "pni:9d0652a3-dcc3-4d11-975f-74d61598733f",
        "9d0652a3dcc34d11975f74d61598733f",
        "{9d0652a3-dcc3-4d11-975f-74d61598733f}",
        "9d0652a3-dcc3-4d11-975f-74d61598733",
        "9d0652a3-dcc3-4d11-975f-74d61598733f-",
        "9d0652a3-dcc3-4d11-975f-74d61598733f ",
        "9d0652a-3dcc3-4d11-975f-74d61598733f",
        "9d0652a3-dcc3-4d11-975f-74d61598733g",
    ] {
        assert_eq!(text.parse::<ServiceId>(), Err(Error::Malformed), "{text}");
    }
    assert_eq!(ServiceId::decode(&[0; 16]), Err(Error::Malformed));
    assert_eq!(ServiceId::decode(&[0; 18]), Err(Error::Malformed));
    assert_eq!(ServiceId::decode(&[2; 17]), Err(Error::Malformed));
}

proptest! {
    #[test]
    fn a_service_id_comes_back_from_both_forms(uuid: [u8; 16], is_pni: bool) {
        let id = if is_pni { ServiceId::Pni(Uuid(uuid)) } else { ServiceId::Aci(Uuid(uuid)) };
        prop_assert_eq!(ServiceId::decode(&id.encode()), Ok(id));
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }
}
