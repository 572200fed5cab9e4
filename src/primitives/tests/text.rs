//! Lines that a user is shown.

use alloc::format;

use crate::primitives::text::is_line;

/// `Default_Ignorable_Code_Point` of Unicode 17, `DerivedCoreProperties.txt`.
const IGNORABLE: [(u32, u32); 17] = [
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfff8),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
];

#[test]
fn a_line_shows_every_character_that_it_has() {
    let ignorable = IGNORABLE.iter().flat_map(|(first, last)| *first..=*last);
    let blank = [0x2800, 0x1d159, 0x16fe4];
    let others = [0x0, 0x7, 0x9b, 0x2028, 0x2029, 0xfff9, 0xfffb, 0x13430];
    for code in ignorable.chain(blank).chain(others) {
        let char = char::from_u32(code).unwrap();
        for text in [format!("{char}"), format!("a{char}"), format!("a{char}b"), format!(" {char}")]
        {
            assert!(!is_line(&text), "{code:x} in {text:?}");
        }
    }
}

#[test]
fn a_line_is_empty_or_shows_something() {
    assert!(is_line(""));
    for blank in [" ", "\u{a0}", "\u{3000}\u{2003}", "\u{200d}", "\u{fe0f}", " \u{200c} "] {
        assert!(!is_line(blank), "{blank:?}");
    }
}

#[test]
fn names_of_many_scripts_and_emoji_are_lines() {
    let names = [
        "Jürgens Rechner",
        "Nguyễn Thị Minh",
        "李小龙",
        "עדה",
        // Persian with non-joiners, Devanagari and Sinhala with joiners, Malayalam with one at its end.
        "مهدی\u{200c}ها",
        "क\u{94d}\u{200d}ष",
        "ශ\u{dca}\u{200d}ර",
        "അരുണ\u{d4d}\u{200d}",
        // Emoji: a family, a heart on fire, a keycap, a sign in colour, a skin tone.
        "👩\u{200d}👧\u{200d}👦",
        "❤\u{fe0f}\u{200d}🔥",
        "1\u{fe0f}\u{20e3}",
        "©\u{fe0f}",
        "👩🏽\u{200d}💻",
    ];
    for name in names {
        assert!(is_line(name), "{name:?}");
    }
}

#[test]
fn joiners_and_selectors_stand_only_where_they_do_something() {
    let hidden = [
        "Ada\u{200d}",
        "A\u{200c}da",
        "李\u{200d}小龙",
        "Нина\u{200d}",
        "مهدی\u{200c}\u{200c}ها",
        "مهدی \u{200c}ها",
        "\u{200d}مهدی",
        "Ada\u{fe0f}",
        "1\u{fe0f}",
        "❤\u{fe0f}\u{fe0f}",
        "❤\u{fe0e}\u{200d}🔥",
        "葛\u{e0100}",
    ];
    for name in hidden {
        assert!(!is_line(name), "{name:?}");
    }
}
