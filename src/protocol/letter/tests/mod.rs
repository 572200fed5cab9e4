//! Letters: the bytes that are one, and the senders that may send each kind.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use alloc::vec;

use super::*;
use crate::error::Error;
use crate::primitives::codec::Reader;
use crate::primitives::codec::Writer;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::identity::certificate::DeviceId;
use crate::protocol::letter::blob::Reference;
use crate::protocol::letter::copy::{LetterCopy, LetterOf};
use crate::protocol::letter::missing::{Gap, Missing};
use crate::protocol::letter::object::ObjectKind;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

const OWN: AccountId = AccountId([1; 32]);
const OTHER: AccountId = AccountId([2; 32]);
const DEVICE: DeviceId = DeviceId([3; 8]);
const WITH: LetterConversation = LetterConversation::With(OWN);
const COPY: LetterConversation = LetterConversation::With(OTHER);
const GROUP: LetterConversation =
    LetterConversation::Group { id: GroupId([4; 32]), audience: [5; 32] };

/// Length of the beginning of a letter in bytes: what the sender knows of both lists.
const LISTS: usize = 2 * (8 + 32);
/// Offset of the conversation.
const CONVERSATION: usize = LISTS + 1 + 8 + 16;
/// Offset of the kind in a letter of a conversation with an account.
const KIND: usize = CONVERSATION + 33;

fn lists(epoch: u64) -> [Listed; 2] {
    [Listed { epoch, hash: [6; 32] }, Listed { epoch: epoch + 1, hash: [7; 32] }]
}

fn seen_message(account: u8, digest: u8) -> SeenMessage {
    let account = AccountId([account; 32]);
    SeenMessage { account, device: DEVICE, id: MessageId([8; 16]), digest: [digest; 32] }
}

fn reference() -> Reference {
    let bytes = [&[9; 32][..], &[10; 32], &7_000_u64.to_be_bytes()].concat();
    Reader::all(&bytes, Reference::read).unwrap()
}

fn gap(from: u32, count: u32) -> Gap {
    Gap { session: [14; 16], chain: 3, from, count }
}

fn missing() -> Missing {
    let ids = [11, 12].map(|byte| MessageId([byte; 16])).to_vec();
    Missing { ids, gaps: vec![gap(0, 1), gap(2, 65_536), gap(u32::MAX - 1, 1)] }
}

fn letter_of(byte: u8) -> LetterOf {
    LetterOf { account: AccountId([15; 32]), device: DEVICE, id: MessageId([byte; 16]) }
}

fn copy(conversation: LetterConversation, said: Said<'static>) -> LetterCopy<'static> {
    LetterCopy { of: letter_of(1), sent: 16, conversation, said }
}

fn bodies() -> [Body<'static>; 9] {
    [
        Body::Said(Said::Message(b"hello")),
        Body::Said(Said::Blob(reference())),
        Body::Said(Said::Own(b"settings")),
        Body::ResendRequest(missing()),
        Body::SeenReport(vec![seen_message(1, 1), seen_message(2, 1), seen_message(2, 2)]),
        Body::Said(Said::Object(ObjectKind::Grant, b"\x01\x25of a claim")),
        Body::Refusal(missing()),
        Body::CopyRequest(vec![letter_of(1), letter_of(2)]),
        Body::Copy(copy(WITH, Said::Blob(reference()))),
    ]
}

fn letter(conversation: LetterConversation, body: Body<'_>) -> Letter<'_> {
    Letter {
        lists: lists(1),
        rolled_back: false,
        sent: 12,
        id: MessageId([13; 16]),
        conversation,
        body,
    }
}

fn encoded(body: Body<'_>) -> Vec<u8> {
    letter(WITH, body).encode().to_vec()
}

fn error(bytes: &[u8]) -> Option<Error> {
    Letter::decode(bytes).err()
}

#[test]
fn a_letter_encodes_to_what_it_was_decoded_from() {
    for conversation in [WITH, COPY, GROUP] {
        for body in bodies() {
            let bytes = letter(conversation, body).encode();
            let decoded = Letter::decode(&bytes).unwrap();
            assert_eq!(*decoded.encode(), *bytes);
            assert_eq!(decoded.lists, lists(1));
            assert_eq!((decoded.sent, decoded.id), (12, MessageId([13; 16])));
            assert!(decoded.conversation == conversation);
        }
    }
}

#[test]
fn missing_letters_stand_in_order_and_only_a_request_may_name_none() {
    let nothing = encoded(Body::ResendRequest(Missing::default()));
    assert!(Letter::decode(&nothing).is_ok());
    assert_eq!(error(&encoded(Body::Refusal(Missing::default()))), Some(Error::Malformed));
    let unordered = [
        Missing { ids: [12, 11].map(|byte| MessageId([byte; 16])).to_vec(), ..missing() },
        Missing { ids: [11, 11].map(|byte| MessageId([byte; 16])).to_vec(), ..missing() },
        Missing { gaps: vec![gap(2, 1), gap(1, 1)], ..missing() },
        Missing { gaps: vec![gap(2, 1), gap(2, 1)], ..missing() },
        Missing { gaps: vec![gap(2, 0)], ..missing() },
        Missing { gaps: vec![gap(2, 65_537)], ..missing() },
        Missing { gaps: vec![gap(u32::MAX, 1)], ..missing() },
        Missing { ids: (0..33).map(|byte| MessageId([byte; 16])).collect(), ..missing() },
        Missing { gaps: (0..17).map(|from| gap(from, 1)).collect(), ..missing() },
    ];
    for missing in unordered {
        for body in [Body::ResendRequest(missing.clone()), Body::Refusal(missing)] {
            assert_eq!(error(&encoded(body)), Some(Error::Malformed));
        }
    }
}

#[test]
fn a_copy_has_the_digest_of_its_letter_and_is_none_of_a_copy() {
    for conversation in [WITH, GROUP] {
        let said = || Said::Message(b"hello");
        let copied = copy(conversation, said());
        let letter = Letter { id: copied.of.id, ..letter(conversation, Body::Said(said())) };
        assert_eq!(copied.digest(), letter.digest(copied.of.account, copied.of.device));
        assert_ne!(copied.digest(), copy(COPY, said()).digest());
        // Nothing but a message or a blob reference is copied, however deep a copy would go.
        for kind in 0..=u8::MAX {
            let mut bytes = encoded(Body::Copy(copy(conversation, Said::Message(&[0; 200]))));
            let at = bytes.len() - 201;
            assert_eq!(bytes[at], 1);
            bytes[at] = kind;
            // A blob reference has 72 bytes, and no more.
            assert_eq!(error(&bytes), (kind != 1).then_some(Error::Malformed), "{kind}");
        }
    }
}

#[test]
fn copy_requests_stand_in_order_and_name_some() {
    let refused = [
        vec![],
        vec![letter_of(2), letter_of(1)],
        vec![letter_of(1), letter_of(1)],
        (0..33).map(letter_of).collect(),
    ];
    for letters in refused {
        assert_eq!(error(&encoded(Body::CopyRequest(letters))), Some(Error::Malformed));
    }
}

#[test]
fn an_object_is_of_a_kind_that_own_devices_know() {
    let mut bytes = encoded(Body::Said(Said::Object(ObjectKind::Grant, &[1, 0x25])));
    for version in [0, 1, 2, u8::MAX] {
        for kind in 0..=u8::MAX {
            bytes[KIND + 1] = version;
            bytes[KIND + 2] = kind;
            let expected = match (version, kind) {
                (1, 0x23..=0x28 | 0x33 | 0x34 | 0x37 | 0x38 | 0x3b) => None,
                (1, _) => Some(Error::WrongKind),
                _ => Some(Error::UnknownVersion(version)),
            };
            assert_eq!(error(&bytes), expected);
        }
    }
}

#[test]
fn a_letter_that_names_a_list_of_epoch_0_is_malformed() {
    for place in [0, 40] {
        let mut bytes = encoded(Body::Said(Said::Message(b"hello")));
        bytes[place..place + 8].fill(0);
        assert_eq!(error(&bytes), Some(Error::Malformed));
    }
}

#[test]
fn an_empty_message_is_a_message() {
    let bytes = encoded(Body::Said(Said::Message(b"")));
    assert!(matches!(Letter::decode(&bytes).unwrap().body, Body::Said(Said::Message(b""))));
}

#[test]
fn a_letter_cut_anywhere_before_a_content_without_length_is_malformed() {
    for body in bodies() {
        let bytes = encoded(body);
        let (least, open_end) = match Letter::decode(&bytes).unwrap().body {
            Body::Said(Said::Message(_) | Said::Own(_)) => (KIND + 1, true),
            // Whether an object ends where it must is for whoever takes it in to see.
            Body::Said(Said::Object(..)) => (KIND + 3, true),
            _ => (bytes.len(), false),
        };
        for length in 0..least {
            assert_eq!(error(&bytes[..length]), Some(Error::Malformed), "{length}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(error(&longer), (!open_end).then_some(Error::Malformed));
    }
}

#[test]
fn a_conversation_is_with_an_account_or_in_a_group() {
    let mut bytes = encoded(Body::Said(Said::Message(&[1; 100])));
    for tag in 0..=u8::MAX {
        bytes[CONVERSATION] = tag;
        let known = (1..=2).contains(&tag);
        assert_eq!(error(&bytes), (!known).then_some(Error::Malformed), "{tag}");
    }
}

#[test]
fn there_are_nine_kinds() {
    for (body, own_kind) in bodies().into_iter().zip(1..) {
        let mut bytes = encoded(body);
        for kind in (0..=u8::MAX).filter(|kind| *kind != own_kind) {
            bytes[KIND] = kind;
            // Whatever follows is a message's or an own content, a request may be a refusal, and the rest has
            // another length.
            let fits = [1, 3].contains(&kind) || [[4, 7], [7, 4]].contains(&[own_kind, kind]);
            // And an own object begins with its version, be it none.
            let version = bytes[KIND + 1];
            let expected = match kind {
                _ if fits => None,
                6 if version == 1 => Some(Error::WrongKind),
                6 => Some(Error::UnknownVersion(version)),
                _ => Some(Error::Malformed),
            };
            assert_eq!(error(&bytes), expected, "{own_kind} {kind}");
        }
    }
}

#[test]
fn the_content_of_a_blob_is_as_long_as_a_content_may_be() {
    let mut bytes = encoded(Body::Said(Said::Blob(reference())));
    let at = bytes.len() - 8;
    for (length, expected) in [
        (0, None),
        (1 << 20, None),
        ((1 << 20) + 1, Some(Error::Malformed)),
        (u64::MAX, Some(Error::Malformed)),
    ] {
        bytes[at..].copy_from_slice(&u64::to_be_bytes(length));
        assert_eq!(error(&bytes), expected, "{length}");
    }
}

/// Encodes a seen report of these seen messages in this order, under this count.
fn seen_report(count: u32, messages: &[SeenMessage]) -> Vec<u8> {
    let mut bytes = encoded(Body::SeenReport(vec![]));
    bytes.truncate(KIND + 1);
    bytes.extend(count.to_be_bytes());
    let mut writer = Writer::new();
    for seen_message in messages {
        seen_message.write(&mut writer);
    }
    bytes.extend(writer.written());
    bytes
}

#[test]
fn seen_messages_strictly_ascend() {
    let (a, b, c) = (seen_message(1, 1), seen_message(1, 2), seen_message(2, 1));
    assert_eq!(error(&seen_report(3, &[a, b, c])), None);
    for wrong in [[a, a], [b, a], [c, a], [c, b], [c, c]] {
        assert_eq!(error(&seen_report(2, &wrong)), Some(Error::Malformed));
    }
}

#[test]
fn seen_messages_are_written_in_order_and_once_however_they_are_given() {
    let (a, b, c) = (seen_message(1, 1), seen_message(1, 2), seen_message(2, 1));
    let body = Body::SeenReport(vec![c, a, b, a]);
    assert_eq!(encoded(body), seen_report(3, &[a, b, c]));
}

#[test]
fn a_letter_has_at_most_256_seen_messages() {
    let many: Vec<_> = (0..=256_u16)
        .map(|number| SeenMessage {
            id: MessageId([number.to_be_bytes(); 8].concat().try_into().unwrap()),
            ..seen_message(1, 1)
        })
        .collect();
    assert_eq!(error(&seen_report(256, &many[..256])), None);
    assert_eq!(error(&seen_report(257, &many)), Some(Error::Malformed));
    // Refused for the count alone, before anything is set aside for it.
    assert_eq!(error(&seen_report(u32::MAX, &[])), Some(Error::Malformed));
    assert_eq!(error(&seen_report(2, &many[..1])), Some(Error::Malformed));
    assert_eq!(error(&seen_report(1, &many[..2])), Some(Error::Malformed));
}

#[test]
fn other_lists_go_in_front_and_change_nothing_else() {
    for body in bodies() {
        let mut of_one = letter(GROUP, body);
        let of_another = of_one.encode();
        of_one.lists = lists(u64::MAX - 1);
        let bytes = of_one.encode();
        assert_ne!(bytes[..80], of_another[..80]);
        assert_eq!(bytes[80..], of_another[80..]);
    }
}

#[test]
fn what_is_sent_again_has_the_digest_that_it_had() {
    for body in bodies() {
        let mut letter = letter(GROUP, body);
        let digest = letter.digest(OTHER, DEVICE);
        letter.lists = lists(100);
        letter.sent = 1_000;
        assert_eq!(letter.digest(OTHER, DEVICE), digest);
    }
}

#[test]
fn a_digest_holds_who_said_what_where_under_which_id() {
    let mut digests = BTreeSet::new();
    let mut add = |letter: &Letter<'_>, account, device| {
        assert!(digests.insert(letter.digest(account, device)));
    };
    for conversation in [
        WITH,
        COPY,
        GROUP,
        LetterConversation::Group { id: GroupId([4; 32]), audience: [6; 32] },
        LetterConversation::Group { id: GroupId([5; 32]), audience: [5; 32] },
    ] {
        for body in bodies() {
            add(&letter(conversation, body), OTHER, DEVICE);
        }
    }
    let text = || letter(WITH, Body::Said(Said::Message(b"hello")));
    add(&letter(WITH, Body::Said(Said::Message(b"hellp"))), OTHER, DEVICE);
    add(&letter(WITH, Body::Said(Said::Own(b"hello"))), OTHER, DEVICE);
    let object = Said::Own(b"\x01\x25of a claim");
    add(&letter(WITH, Body::Said(object)), OTHER, DEVICE);
    add(&Letter { id: MessageId([14; 16]), ..text() }, OTHER, DEVICE);
    add(&text(), OWN, DEVICE);
    add(&text(), OTHER, DeviceId([4; 8]));
}

#[test]
fn an_audience_is_a_set_of_accounts() {
    let of = |ids: &[u8]| audience(ids.iter().map(|id| AccountId([*id; 32])));
    assert_eq!(of(&[1, 2, 3]), of(&[3, 1, 2, 1]));
    let others = [of(&[]), of(&[1]), of(&[1, 2]), of(&[1, 2, 3]), of(&[1, 2, 4])];
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
}

fn is_own(body: &Body<'_>) -> bool {
    matches!(
        body,
        Body::Said(Said::Own(_) | Said::Object(..))
            | Body::SeenReport(_)
            | Body::CopyRequest(_)
            | Body::Copy(_)
    )
}

fn checked(letter: &Letter<'_>, from_self: bool) -> Result<(), Error> {
    letter.check_sender(from_self, letter.conversation == WITH, (OWN, |id| id == OWN))
}

#[test]
fn another_account_says_what_is_meant_for_this_one_and_nothing_else() {
    for conversation in [WITH, COPY, GROUP, LetterConversation::With(AccountId([9; 32]))] {
        for body in bodies() {
            let allowed = !is_own(&body) && [WITH, GROUP].contains(&conversation);
            let checked = checked(&letter(conversation, body), false);
            assert_eq!(checked, if allowed { Ok(()) } else { Err(Error::NotSelf) });
        }
    }
}

#[test]
fn a_copy_is_of_what_another_account_has_said_to_this_one() {
    let check = |copy| checked(&letter(WITH, Body::Copy(copy)), true);
    let said = || Said::Message(b"hello");
    for (conversation, expected) in [(WITH, Ok(())), (GROUP, Ok(())), (COPY, Err(Error::Malformed))]
    {
        assert_eq!(check(copy(conversation, said())), expected);
        let of = LetterOf { account: OWN, ..letter_of(1) };
        assert_eq!(check(LetterCopy { of, ..copy(conversation, said()) }), Err(Error::Malformed));
    }
}

#[test]
fn the_own_account_says_everything_but_own_content_in_another_conversation() {
    for conversation in [WITH, COPY, GROUP] {
        for body in bodies() {
            let misplaced = is_own(&body) && conversation != WITH;
            let checked = checked(&letter(conversation, body), true);
            assert_eq!(checked, if misplaced { Err(Error::Malformed) } else { Ok(()) });
        }
    }
}
