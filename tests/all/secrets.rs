//! Secret types cannot be copied or compared, and what can be printed shows no secret.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display, Write};

use latchstring::Error;
use latchstring::client::{
    BlobReference, Briefing, Client, Entrant, LetterEvent, LinkingDigits, LinkingOffer,
    LinkingRequest, NewDevice, OwnContent, OwnObject,
};
use latchstring::content::{Attachment, Content};
use latchstring::guest::{
    Chat, ChatEvent, Invite, InviteLink, OpenedClaim, Pin, Policy, Preview, ReceivedEvent,
    ServerCopy,
};
use latchstring::session::{
    Accepted, Account, AccountId, Decrypted, Device, Fingerprint, MessageKind, Sending, Served,
    Session,
};
use latchstring::settings::{SettingChange, Settings};
use latchstring::storage::{Change, Journal, Pending, Recorded, State, StateKey};
use support::{NOW, ORIGIN, OneToOne, RecordingRng, session_secrets};

/// Fails to compile if the type has one of the traits: `check` is then more than one function.
macro_rules! has_none_of {
    ($($type:ty),+: $traits:tt) => { $(has_none_of!(@ $type, $traits);)+ };
    (@ $type:ty, [$($trait:path),+]) => {
        const _: fn() = || {
            trait Check<Marker> {
                fn check() {}
            }
            impl<T: ?Sized> Check<()> for T {}
            $({
                struct Has;
                impl<T: ?Sized + $trait> Check<Has> for T {}
            })+
            let _ = <$type as Check<_>>::check;
        };
    };
}

has_none_of!(
    Account, Device, Session, Invite, Chat, Change<Session>, Change<Client>, StateKey,
    Pending<'static, Session, Vec<u8>>, Recorded<'static, Session, Vec<u8>>,
    Pending<'static, Session, Decrypted>, Recorded<'static, Session, Decrypted>,
    Sending<'static>, Decrypted, ReceivedEvent, Accepted, OpenedClaim<'static>, LinkingRequest,
    Attachment, BlobReference, Briefing, Content, LetterEvent, Journal, LinkingDigits, LinkingOffer, Entrant, NewDevice, OwnContent, OwnObject, Pin, Settings, SettingChange:
    [Clone, Display, PartialEq, PartialOrd, std::hash::Hash, Default, AsRef<[u8]>]
);

// These two are printed by their public part.
has_none_of!(
    InviteLink, Preview:
    [Clone, Display, PartialEq, PartialOrd, std::hash::Hash, Default, AsRef<[u8]>]
);

// Content may be compared and copied by who was given it, but is not shown in passing.
has_none_of!(ChatEvent: [Display]);

/// All that the crate can print of one run, and the run's secrets.
struct Printed {
    text: String,
    secrets: Vec<Vec<u8>>,
}

impl Printed {
    fn debug(&mut self, value: &impl Debug) {
        write!(self.text, "{value:?}\n{value:#?}\n").unwrap();
    }

    fn display(&mut self, value: &impl Display) {
        write!(self.text, "{value}\n{value:#}\n").unwrap();
    }

    fn errors(&mut self, errors: &[Error]) {
        for error in errors {
            self.debug(error);
            self.display(error);
            self.debug(&error.answer());
            assert!(std::error::Error::source(error).is_none());
        }
    }
}

fn print_everything() -> Printed {
    let mut rng = RecordingRng::new(1);
    let mut printed = Printed { text: String::new(), secrets: Vec::new() };
    let account = Account::generate(AccountId([1; 32]), &mut rng);
    let mut host = Device::generate(&account, NOW, &mut rng);
    let peer_account = Account::generate(AccountId([2; 32]), &mut rng);
    let peer = Device::generate(&peer_account, NOW, &mut rng);
    let keys = host.replenish(NOW, &mut rng).apply();
    let bundle = host.bundle().attach(keys[0].clone()).unwrap();
    printed.debug(&account.id());
    printed.debug(&host.certificate());
    printed.debug(&host.certificate().identity());
    printed.debug(&host.certificate().device());
    printed.debug(&host.certificate().kind());
    printed.debug(&host.tasks(&Served::NOTHING, NOW));
    printed.debug(&keys);
    printed.debug(&bundle);

    let mut session = peer.initiate(&bundle, NOW, &mut rng).unwrap();
    let mut first = session.encrypt(b"a plaintext of some length", &mut rng).unwrap();
    printed.secrets.push(b"a plaintext of some length".to_vec());
    printed.debug(&MessageKind::of(&first));
    printed.debug(&session.role());
    let accepted = host.accept(&first, NOW).unwrap().apply();
    let Accepted { session: accepted, opened } = accepted;
    printed.debug(&opened.position);
    *first.last_mut().unwrap() ^= 1;
    let (error, replay) = (host.accept(&first, NOW).err(), accepted.to_bytes());
    printed.errors(&error.into_iter().collect::<Vec<_>>());
    let secrets = session_secrets(&session.to_bytes()).into_iter().chain(session_secrets(&replay));
    printed.secrets.extend(secrets.map(|secret| secret.to_vec()));

    let policy = Policy::new("Ada", NOW + 86_400);
    let mut host = Client::create(&account, NOW, &mut rng);
    let keys = host.replenish(NOW, &mut rng).apply();
    let bundle = host.bundle().attach(keys[0].clone()).unwrap();
    printed.debug(&host.address());
    printed.debug(host.list());
    let (invite, server_copy) = Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap();
    let link = invite.link().unwrap();
    let url = link.to_url(ORIGIN).unwrap();
    printed.secrets.push(url.split_once("#G1").unwrap().1.as_bytes().to_vec());
    printed.secrets.push(support::guest::secret_of(&url).to_vec());
    // version, kind, anchor, clock, status, length, then the signed invitation, with its nonce
    printed.secrets.push(invite.to_bytes()[2 + 32 + 25 + 1 + 4 + 3..][..32].to_vec());
    printed.debug(&link);
    printed.debug(&link.locator());
    printed.debug(&server_copy);
    printed.debug(&ServerCopy::decode(&server_copy.encode()));
    let open = |url: &str| InviteLink::parse(url).unwrap();
    printed.debug(&open(&url).open(server_copy.sealed_invitation(), "example.com", NOW));
    let preview = open(&url).open(server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
    printed.debug(&preview);
    printed.debug(preview.host());
    printed.debug(preview.policy());
    let claimed = preview.claim(host.list(), &[bundle], "Grace", &["hi"], NOW, &mut rng);
    let (mut chat, claim) = claimed.unwrap();
    printed.debug(&server_copy.check_claim(&claim));
    printed.debug(&chat.status());
    printed.debug(&chat.sender());
    let code: Fingerprint = chat.fingerprint();
    printed.debug(&code);
    printed.display(&code);
    printed.debug(&chat.anchor());
    let refused = [chat.say("", NOW, &mut rng).err(), chat.hear(&claim, NOW).err()];
    printed.errors(&refused.into_iter().flatten().collect::<Vec<_>>());
    let key = StateKey::new(1, &[0xa5; 32]).unwrap();
    printed.secrets.push(vec![0xa5; 32]);
    let record = key.seal(&chat, b"owner", &mut rng).unwrap();
    let refused = key.open::<Session>(b"owner", None, &record).err();
    printed.errors(&refused.into_iter().collect::<Vec<_>>());
    printed.debug(&StateKey::id_of(&record));
    printed.secrets.append(&mut rng.taken);
    printed
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Reads the printed text as numbers, however they are separated: what a decimal list shows.
fn numbers(text: &str) -> Vec<u32> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    words.filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn nothing_that_is_printed_shows_eight_bytes_of_a_secret_in_hex() {
    let Printed { text, secrets } = print_everything();
    let digits: String = text.to_lowercase().chars().filter(char::is_ascii_hexdigit).collect();
    let shown: BTreeSet<&str> = (0..digits.len() - 15).map(|at| &digits[at..at + 16]).collect();
    assert!(secrets.len() > 100, "{}", secrets.len());
    for secret in secrets {
        for window in secret.windows(8) {
            assert!(!shown.contains(hex(window).as_str()));
        }
    }
}

#[test]
fn nothing_that_is_printed_shows_eight_bytes_of_a_secret_in_decimal() {
    let Printed { text, secrets } = print_everything();
    let numbers = numbers(&text);
    let shown: BTreeSet<&[u32]> = numbers.windows(8).collect();
    for secret in secrets {
        let secret: Vec<u32> = secret.into_iter().map(u32::from).collect();
        for window in secret.windows(8) {
            assert!(!shown.contains(window));
        }
    }
}

/// Encodes as base64 of every alignment, without the characters that depend on what stands around.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1)).collect();
    let value = |six: &[u8]| six.iter().fold(0, |value, bit| value << 1 | usize::from(*bit));
    bits.chunks_exact(6).map(|six| char::from(alphabet[value(six)])).collect()
}

#[test]
fn nothing_that_is_printed_shows_eight_bytes_of_a_secret_in_base64() {
    const COMMON: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let Printed { text, secrets } = print_everything();
    let shown: BTreeSet<&[u8]> = text.as_bytes().windows(10).collect();
    for last in [b"+/", b"-_"] {
        let mut alphabet = [0; 64];
        alphabet[..62].copy_from_slice(COMMON);
        alphabet[62..].copy_from_slice(last);
        for secret in &secrets {
            for window in secret.windows(8) {
                assert!(!shown.contains(base64(window, &alphabet).as_bytes()));
            }
        }
    }
}

#[test]
fn the_text_of_a_link_is_not_printed() {
    let Printed { text, secrets } = print_everything();
    let shown: BTreeSet<&[u8]> = text.as_bytes().windows(8).collect();
    for secret in secrets {
        for window in secret.windows(8) {
            assert!(!shown.contains(window));
        }
    }
}

#[test]
fn the_search_finds_what_is_printed() {
    let text = format!("{:?} {}", [9_u8, 8, 7, 6, 5, 4, 3, 200], hex(&[9, 8, 7]));
    assert_eq!(numbers(&text)[..8], [9, 8, 7, 6, 5, 4, 3, 200]);
    assert!(text.contains("090807"));
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert_eq!(base64(b"foobar", alphabet), "Zm9vYmFy");
}
