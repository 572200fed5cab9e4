use super::*;

fn keys() -> Keys {
    Keys { tag: Secret::copy(&[1; 32]), stream: Secret::copy(&[2; 32]) }
}

#[test]
fn what_is_sealed_opens_and_a_change_of_any_byte_does_not() {
    let keys = keys();
    for length in [0, 1, 15, 16, 17, 100] {
        let text: alloc::vec::Vec<u8> = (0..length).collect();
        let tag = keys.tag(b"about", &text);
        let mut sealed = text.clone();
        keys.encrypt(&tag, &mut sealed);
        assert!(length < 15 || sealed != text);
        let mut opened = sealed.clone();
        assert_eq!(keys.open(b"about", &tag, &mut opened), Ok(()));
        assert_eq!(opened, text);
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert_eq!(keys.open(b"about", &tag, &mut altered), Err(Error::Forged));
            assert!(altered.iter().all(|byte| *byte == 0), "wiped");
        }
        for place in 0..TAG {
            let mut other = tag;
            other[place] ^= 0x80;
            assert_eq!(keys.open(b"about", &other, &mut sealed.clone()), Err(Error::Forged));
        }
        assert_eq!(keys.open(b"other", &tag, &mut sealed.clone()), Err(Error::Forged));
    }
}

#[test]
fn two_texts_meet_under_no_key() {
    let keys = keys();
    let [one, other] = [[0; 64], [1; 64]].map(|mut text: [u8; 64]| {
        let tag = keys.tag(b"", &text);
        let clear = text;
        keys.encrypt(&tag, &mut text);
        // The stream that was laid over the text.
        core::array::from_fn::<_, 64, _>(|i| text[i] ^ clear[i])
    });
    assert_ne!(one, other);
}
