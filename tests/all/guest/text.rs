//! The text of a link.

use super::*;

#[test]
fn the_secret_of_a_link_stands_behind_the_fragment_mark_only() {
    let door = Door::new(10);
    let url = door.url();
    let (front, fragment) = url.split_once('#').unwrap();
    assert_eq!(front, "https://example.org/g");
    assert_eq!(fragment.len(), 60);
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
        let same = |byte: &u8| byte.eq_ignore_ascii_case(&url.as_bytes()[place]);
        for character in (0x21..0x7f_u8).filter(|byte| !same(byte)) {
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
fn a_link_is_found_however_it_was_sent() {
    let door = Door::new(14);
    let url = door.url();
    let (front, text) = url.split_once('#').unwrap();
    let wrapped = |by: &str| {
        let lines: Vec<_> = url.as_bytes().chunks(30).map(String::from_utf8_lossy).collect();
        lines.join(by)
    };
    let spaced: String = text.chars().flat_map(|char| [char, '\u{200b}']).collect();
    let sent = [
        text.to_string(),
        format!("Shall we talk? {url}. See you!"),
        format!("({url})"),
        format!("<{url}>,"),
        format!("\u{ab}{url}\u{bb}"),
        format!("[our chat]({url})"),
        format!("**{url}**"),
        format!("`{url}`;"),
        format!("<a href=\"{url}\">{url}</a>"),
        format!("\u{feff} \t{url}\r\n"),
        format!("{url}?utm_source=mail&utm_medium=none"),
        format!("{url}&fbclid=IwAR0abc"),
        format!("{url}\nSent from my telephone"),
        wrapped("\r\n"),
        wrapped("=\r\n"),
        wrapped("\n> "),
        wrapped("\n    "),
        wrapped("\u{a0}"),
        wrapped("\u{ad}"),
        format!("{front}#{spaced}"),
        url.to_uppercase(),
        url.to_lowercase(),
        url.replace('#', "%23"),
        url.replace('#', "&#35;"),
        "https://safe.example/?url=".to_string()
            + &url.replace(':', "%3A").replace('/', "%2F").replace('#', "%23")
            + "&data=05",
        format!("https://other.example/g#H1ABC and {url}"),
    ];
    for pasted in sent {
        let link = InviteLink::parse(&pasted);
        assert_eq!(link.unwrap().locator(), door.server_copy.locator(), "{pasted}");
    }
}

#[test]
fn what_a_program_may_do_to_a_link_is_nothing_that_its_text_invites() {
    for seed in 0..20 {
        let url = Door::new(100 + seed).url();
        let (_, text) = url.split_once('#').unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    }
}

#[test]
fn nothing_is_guessed_that_the_check_does_not_confirm() {
    let url = Door::new(15).url();
    let (front, text) = url.split_once('#').unwrap();
    let others = [
        text.replacen('1', "\u{ff11}", 1),
        text.replacen("G1", "G2", 1),
        text.replacen("G1", "01", 1),
        text.replacen("G1", "", 1),
        text.chars().rev().collect(),
        String::new(),
        "G1".to_string(),
        "G1".to_string() + &"A".repeat(100_000),
        ".".repeat(16_384) + text,
    ];
    for other in others {
        let altered = format!("{front}#{other}");
        assert_eq!(InviteLink::parse(&altered).err(), Some(Error::LinkMangled), "{altered}");
    }
    // Words among the characters.
    let (one, two) = url.split_at(60);
    let altered = format!("{one} (continued) {two}");
    assert_eq!(InviteLink::parse(&altered).err(), Some(Error::LinkMangled));
}

#[test]
fn a_link_leads_to_a_host_and_to_nothing_else() {
    let link = Door::new(19).link();
    for origin in ["example.org", "localhost:8080", "a", "xn--bcher-kva.example", "10.0.0.1"] {
        let url = link.to_url(origin).unwrap();
        assert!(url.starts_with(&format!("https://{origin}/g#G1")));
    }
    let long = "a".repeat(256);
    for origin in [
        "",
        " ",
        "example.org ",
        " example.org",
        "exam ple.org",
        "example.org/",
        "example.org#",
        "user@example.org",
        "https://example.org",
        "Example.org",
        "b\u{fc}cher.example",
        ".",
        "-",
        "example.org.",
        "a\nb",
        "a?b",
        "a%2fb",
        "a\\b",
        &long,
    ] {
        assert_eq!(link.to_url(origin).err(), Some(Error::InvalidPolicy), "{origin:?}");
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
    let body = url.split_once("#G1").unwrap().1;
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
