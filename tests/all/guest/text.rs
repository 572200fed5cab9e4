//! The text of a link.

use super::*;

#[test]
fn the_secret_of_a_link_stands_behind_the_fragment_mark_only() {
    let door = Door::new(10);
    let url = door.url();
    let (front, fragment) = url.split_once('#').unwrap();
    assert_eq!(front, "https://example.org/g");
    assert_eq!(fragment.len(), 50);
    assert_eq!(InviteLink::parse(fragment).unwrap().locator(), door.server_copy.locator());
    for elsewhere in ["?k=", "/", "?", "&", ""] {
        let url = format!("{front}{elsewhere}{fragment}");
        assert_eq!(InviteLink::parse(&url).err(), Some(Error::LinkMangled), "{elsewhere}");
    }
}

#[test]
fn no_character_of_a_link_can_be_changed() {
    let url = Door::new(11).url();
    let start = url.find('#').unwrap() + 1;
    for place in start..url.len() {
        for character in (0x21..0x7f_u8).filter(|byte| *byte != url.as_bytes()[place]) {
            let mut altered = url.clone().into_bytes();
            altered[place] = character;
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(InviteLink::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
        }
    }
}

#[test]
fn a_link_without_its_last_characters_is_mangled() {
    let url = Door::new(12).url();
    for length in 0..url.len() {
        assert_eq!(InviteLink::parse(&url[..length]).err(), Some(Error::LinkMangled), "{length}");
    }
}

#[test]
fn a_link_without_its_first_characters_is_mangled_once_the_fragment_is_touched() {
    let url = Door::new(13).url();
    let fragment = url.find('#').unwrap() + 1;
    for start in fragment + 1..url.len() {
        assert_eq!(InviteLink::parse(&url[start..]).err(), Some(Error::LinkMangled), "{start}");
    }
}

#[test]
fn a_link_with_something_around_it_is_mangled() {
    let url = Door::new(14).url();
    let fragment = url[url.find('#').unwrap() + 1..].to_string();
    for after in [")", ".", ").", "\"", ">", ",", "=", "==", " ", "\n", "\0", "A", "#", "&utm=1"] {
        let longer = format!("{url}{after}");
        assert_eq!(InviteLink::parse(&longer).err(), Some(Error::LinkMangled), "{after:?}");
    }
    for before in [" ", "(", "1", "#", "\u{feff}"] {
        let longer = format!("https://example.org/g#{before}{fragment}");
        assert_eq!(InviteLink::parse(&longer).err(), Some(Error::LinkMangled), "{before:?}");
    }
}

#[test]
fn a_link_in_other_letters_is_mangled() {
    let url = Door::new(15).url();
    let (front, fragment) = url.split_once('#').unwrap();
    let (_, body) = fragment.split_once('.').unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(body).unwrap();
    let standard = base64ct::Base64Unpadded::encode_string(&bytes);
    let others = [
        fragment.to_lowercase(),
        fragment.to_uppercase(),
        fragment.replace('.', "%2E"),
        fragment.replace('.', "\u{ff0e}"),
        fragment.replacen('1', "\u{ff11}", 1),
        fragment.replacen("1.", "2.", 1),
        fragment.replacen("1.", "01.", 1),
        format!("1.{standard}="),
        String::new(),
        "1.".to_string(),
    ];
    for other in others {
        let altered = format!("{front}#{other}");
        assert_eq!(InviteLink::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
    }
}

#[test]
fn two_characters_exchanged_make_a_mangled_link() {
    let url = Door::new(16).url();
    let start = url.find('#').unwrap() + 1;
    for place in start..url.len() - 1 {
        let mut altered = url.clone().into_bytes();
        altered.swap(place, place + 1);
        if altered != url.as_bytes() {
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(InviteLink::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
        }
    }
}

#[test]
fn a_locator_shows_nothing_of_the_link() {
    let door = Door::new(17);
    let secret = secret_of(&door.url());
    assert!(secret.windows(3).all(|part| !contains(&door.link().locator().0, part)));
}

#[test]
fn a_link_and_a_preview_do_not_show_themselves_in_debug_output() {
    let door = Door::new(18);
    let (url, preview) = (door.url(), door.preview());
    let shown = format!("{:?} {:#?} {preview:?} {preview:#?}", door.link(), door.link());
    assert!(shown.contains("Link(…)") && shown.contains("Preview"));
    let body = url.split_once("#1.").unwrap().1;
    for at in 0..body.len() - 3 {
        assert!(!shown.contains(&body[at..at + 4]), "{shown}");
    }
    let secret = secret_of(&url);
    for part in secret.windows(2) {
        let hexadecimal = format!("{:02x}{:02x}", part[0], part[1]);
        let decimal = format!("{}, {}", part[0], part[1]);
        assert!(!shown.contains(&hexadecimal) && !shown.contains(&decimal), "{shown}");
    }
}
