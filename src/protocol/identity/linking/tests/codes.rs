//! Codes: their contents, and the time for which they may be read.

use super::*;

#[test]
fn a_description_is_1_to_64_bytes_without_control_characters() {
    let mut rng = TestRng::new(5);
    let longest = "x".repeat(64);
    for fits in ["a", "Jürgens Rechner", &longest] {
        let room = Room::showing(fits);
        assert_eq!(room.scanned().description(), fits);
    }
    let long = "x".repeat(65);
    for not in ["", "two\nlines", "\u{7}", "\u{9b}31m", &long] {
        let made = Request::generate((COMPANION, not), NOW, &mut rng).err();
        assert_eq!(made, Some(Error::InvalidName), "{not:?}");
        // What a code says that was made in another way.
        let mut bytes = bytes(&Room::showing("a").request.code());
        bytes[LENGTH] = u8::try_from(not.len()).unwrap();
        bytes.splice(LENGTH + 1..LENGTH + 2, not.bytes());
        assert_eq!(
            LinkingRequest::read(&code(&bytes), NOW).err(),
            Some(Error::LinkMangled),
            "{not:?}"
        );
    }
    let mut bytes = bytes(&Room::showing("a").request.code());
    bytes[LENGTH + 1] = 0xff;
    assert_eq!(LinkingRequest::read(&code(&bytes), NOW).err(), Some(Error::LinkMangled));
}

#[test]
fn no_character_of_a_code_can_be_changed() {
    // Lengths whose text has each number of spare bits at its end.
    for description in ["a", "ab", "abc", "abcd", "abcde"] {
        let text = Room::showing(description).request.code();
        for place in 0..text.len() {
            for other in ['A', 'B', 'x', '7', '0', '-', '_', '=', ' ', '+', '\u{e9}'] {
                let mut altered: Vec<char> = text.chars().collect();
                if altered[place].eq_ignore_ascii_case(&other) {
                    continue;
                }
                altered[place] = other;
                let altered: String = altered.into_iter().collect();
                assert_eq!(LinkingRequest::read(&altered, NOW).err(), Some(Error::LinkMangled));
            }
        }
        let last = text.chars().next_back().unwrap();
        for other in ('A'..='Z').chain('2'..='7').filter(|other| *other != last) {
            let altered = [&text[..text.len() - 1], other.to_string().as_str()].concat();
            assert_eq!(LinkingRequest::read(&altered, NOW).err(), Some(Error::LinkMangled));
        }
    }
}

#[test]
fn a_code_that_is_cut_or_of_another_form_is_mangled() {
    let text = Room::new().request.code();
    for length in 0..text.len() {
        let cut = LinkingRequest::read(&text[..length], NOW).err();
        assert_eq!(cut, Some(Error::LinkMangled), "{length}");
    }
    let body = &text[2..];
    for altered in [
        ["G1", body].concat(),
        ["D2", body].concat(),
        body.to_string(),
        "D1".to_string() + &"A".repeat(100_000),
        "D1".to_string() + &"7".repeat(400),
    ] {
        assert_eq!(LinkingRequest::read(&altered, NOW).err(), Some(Error::LinkMangled));
    }
    // Another form or purpose, a byte too many, a length that says otherwise, all well checked.
    let genuine = bytes(&text);
    for alter in [
        |bytes: &mut Vec<u8>| bytes[0] = 2,
        |bytes: &mut Vec<u8>| bytes[1] = 0,
        |bytes: &mut Vec<u8>| bytes[1] = 3,
        |bytes: &mut Vec<u8>| bytes[LENGTH] += 1,
        |bytes: &mut Vec<u8>| bytes[LENGTH] -= 1,
    ] {
        let mut altered = genuine.clone();
        alter(&mut altered);
        assert_eq!(LinkingRequest::read(&code(&altered), NOW).err(), Some(Error::LinkMangled));
    }
    assert!(LinkingRequest::read(&code(&genuine), NOW).is_ok());
}

#[test]
fn a_code_is_found_however_it_was_sent() {
    for description in ["a", &"x".repeat(64)] {
        let text = Room::showing(description).request.code();
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        for sent in [
            text.to_lowercase(),
            alloc::format!("My new telephone: <{}>. Quick!", *text),
            alloc::format!("https://example.org/link#{}?utm_source=x", *text),
            alloc::format!("https%3A%2F%2Fexample.org%2Flink%23{}", *text),
            lines.join("\r\n"),
            lines.join("=\n"),
            lines.join("\u{200b}"),
        ] {
            let read = LinkingRequest::read(&sent, NOW);
            assert_eq!(read.unwrap().description(), description, "{sent}");
        }
        assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
        assert!(text.len() <= 334);
    }
}

#[test]
fn no_byte_of_what_a_code_says_can_differ_between_the_two_sides() {
    let mut room = Room::new();
    let genuine = bytes(&room.request.code());
    let (mut refused, mut forged) = (0, 0);
    for place in 0..genuine.len() {
        let mut altered = genuine.clone();
        altered[place] ^= 1;
        // Somebody shows the account another code, with check bytes that hold.
        match LinkingRequest::read(&code(&altered), NOW) {
            Err(error) => {
                let expected = [Error::LinkMangled, Error::WeakKey, Error::Expired];
                assert!(expected.contains(&error), "{place}: {error:?}");
                refused += 1;
            }
            Ok(scanned) => {
                let (_, offer) = room.offer_to(&scanned).unwrap();
                assert_eq!(room.open(&offer).err(), Some(Error::Forged), "{place}");
                forged += 1;
            }
        }
    }
    // At least the agreement and ephemeral keys, the description and the secret.
    assert!(forged > 32 + 32 + 13 + 32 && refused > 2, "{forged} {refused}");
}

#[test]
fn a_description_that_was_altered_in_the_code_makes_an_offer_that_the_device_refuses() {
    let mut room = Room::new();
    let mut altered = bytes(&room.request.code());
    altered[LENGTH + 1..LENGTH + 7].copy_from_slice(b"Tablet");
    let scanned = LinkingRequest::read(&code(&altered), NOW).unwrap();
    assert_eq!(scanned.description(), "Tablet, Linux");
    let (_, offer) = room.offer_to(&scanned).unwrap();
    assert_eq!(room.open(&offer).err(), Some(Error::Forged));
}

#[test]
fn keys_of_a_code_are_canonical_and_agree_on_something() {
    let mut room = Room::new();
    let genuine = bytes(&room.request.code());
    for place in [AGREEMENT, EPHEMERAL] {
        let mut altered = genuine.clone();
        altered[place + 31] |= 0x80;
        assert_eq!(LinkingRequest::read(&code(&altered), NOW).err(), Some(Error::WeakKey));
        altered[place..place + 32].fill(0);
        let scanned = LinkingRequest::read(&code(&altered), NOW).unwrap();
        assert_eq!(room.offer_to(&scanned).err(), Some(Error::WeakKey), "small order");
    }
    let mut altered = genuine;
    altered[10..42].fill(0);
    altered[10] = 1;
    assert_eq!(
        LinkingRequest::read(&code(&altered), NOW).err(),
        Some(Error::WeakKey),
        "small order"
    );
}

#[test]
fn a_code_is_read_for_a_minute() {
    let room = Room::new();
    let code = room.request.code();
    for (now, error) in [
        (NOW - 61, Some(Error::Expired)),
        (NOW - 60, None),
        (NOW + 60, None),
        (NOW + 61, Some(Error::Expired)),
        (0, Some(Error::Expired)),
        (u64::MAX, Some(Error::Expired)),
    ] {
        assert_eq!(LinkingRequest::read(&code, now).err(), error, "{now}");
    }
    let mut last = bytes(&code);
    last[CREATED..CREATED + 8].fill(0xff);
    assert_eq!(LinkingRequest::read(&self::code(&last), NOW).err(), Some(Error::Expired));
}
