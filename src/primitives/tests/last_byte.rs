use super::*;

#[test]
fn the_last_byte_is_found_wherever_it_is() {
    for length in (0..300).chain([511, 512, 513, 1024, 1160]) {
        let mut text = alloc::vec![0; length];
        assert_eq!(last_byte(&text), (0, 0), "{length}");
        for at in 0..length {
            for byte in [1, 0x80, 0xff] {
                text[at] = byte;
                assert_eq!(last_byte(&text), (at.try_into().unwrap(), byte), "{at} of {length}");
            }
            // What stands before it is not looked for, zero or not.
            text[at] = if at % 3 == 0 { 0 } else { 7 };
        }
    }
}
