use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;

/// Finds five characters that stand for three small letters, wherever they are.
fn found(text: &str) -> Option<Vec<u8>> {
    find(text, 'G', 5, |characters| {
        let bytes = decode(characters, 3)?;
        bytes.iter().all(u8::is_ascii_lowercase).then(|| bytes.to_vec())
    })
}

#[test]
fn what_is_written_is_found() {
    assert_eq!(*write('G', b"foobar"), "G1MZXW6YTBOI");
    assert_eq!(found(&write('G', b"foo")).unwrap(), b"foo");
}

#[test]
fn bytes_have_one_text() {
    for length in 1..=12 {
        let bytes: Vec<u8> = (0..length).map(|byte| byte * 20 + 5).collect();
        let text = write('G', &bytes);
        let characters = &text.as_bytes()[2..];
        assert_eq!(*decode(characters, bytes.len()).unwrap(), bytes);
        assert_eq!(decode(&characters[1..], bytes.len()), None, "{length}");
        // The last character has spare bits, unless the bytes are five.
        let mut last = characters.to_vec();
        let spare = !(characters.len() * 5).is_multiple_of(8);
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let value = alphabet.iter().position(|char| Some(char) == characters.last()).unwrap();
        *last.last_mut().unwrap() = alphabet[value ^ 1];
        assert_eq!(decode(&last, bytes.len()).is_none(), spare, "{length}");
    }
    for wrong in ["MZXW0", "MZXW1", "MZXW8", "MZXW9", "mzxw6", "MZXW=", "MZX W"] {
        assert_eq!(decode(wrong.as_bytes(), 3), None, "{wrong}");
    }
}

#[test]
fn a_mark_is_a_letter_and_a_one_that_are_no_part_of_something_else() {
    for text in ["G1MZXW6", "g1mzxw6", "(G1MZXW6)", "#G1MZXW6", "G\u{ad}1MZXW6", "\u{e9}G1MZXW6"] {
        assert!(found(text).is_some(), "{text}");
    }
    for text in ["XG1MZXW6", "7G1MZXW6", "/G1MZXW6", "?G1MZXW6", "=G1MZXW6", "&G1MZXW6"] {
        assert!(found(text).is_none(), "{text}");
    }
    for text in
        ["https://a/-G1MZXW6", "http://a/x;G1MZXW6", "https://a?b,G1MZXW6", "a://b%20G1MZXW6"]
    {
        assert!(found(text).is_none(), "{text}");
    }
    for text in ["https://a/ G1MZXW6", "https://a?u=https://b/#G1MZXW6", "https://a#b,G1MZXW6"] {
        assert!(found(text).is_some(), "{text}");
    }
    for text in ["1MZXW6", "H1MZXW6", "G2MZXW6", "GMZXW6", "G1", "G", "1", "", "G1MZXW"] {
        assert!(found(text).is_none(), "{text}");
    }
}

#[test]
fn the_first_mark_that_holds_is_the_one() {
    assert_eq!(found("in plan G1, and g1 below: G1MZXW6").unwrap(), b"foo");
    assert_eq!(found("G1MZXW7 or G1MZXW6 or G1MFRGG").unwrap(), b"foo");
}

#[test]
fn escapes_are_undone_three_times_and_only_if_nothing_was_found() {
    let mut text = String::from("%23%47%31%4D%5a%58%57%36");
    for _ in 0..3 {
        assert_eq!(found(&text).unwrap(), b"foo", "{text}");
        text = text.replace('%', "%25");
    }
    assert_eq!(found(&text), None);
    // `%D1` would be a byte.
    let holds = |text| find(text, 'D', 5, |characters| decode(characters, 3)).is_some();
    assert!(holds("100%D1MZXW6"));
    for text in ["%", "%4", "%zz", "%%", "G1MZXW6%", "%G1MZXW6%4"] {
        assert_eq!(found(text).is_some(), text.contains("MZXW6"), "{text}");
    }
}

#[test]
fn what_is_skipped_and_what_is_searched_is_bounded() {
    for (length, holds) in [(256, true), (257, false)] {
        let gap = " ".repeat(length);
        assert_eq!(found(&format!("G{gap}1MZXW6")).is_some(), holds, "{length}");
        assert_eq!(found(&format!("G1MZ{gap}XW6")).is_some(), holds, "{length}");
    }
    for (length, holds) in [(16_384, true), (16_385, false)] {
        let text = format!("{}G1MZXW6", ".".repeat(length - 7));
        assert_eq!(found(&text).is_some(), holds, "{length}");
    }
}
