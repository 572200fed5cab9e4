//! Every error, reached once, and what the failure left behind: nothing.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

mod support;

use std::collections::BTreeSet;

use latchstring::{
    Account, AccountId, Answer, Bundle, Candidate, Change, Chat, Client, Device, Error, Invite,
    Journal, Link, Pin, Policy, Proposal, Session, State, StateKey, To,
};
use support::forged::{self, Listing};
use support::town::{Person, Town};
use support::{
    Door, NOW, ORIGIN, OneToOne, Pair, TestRng, Visit, account_seed, bundle_with_one_time, client,
    copy, device, previous_length, refusal, seal_many,
};

const DAY: u64 = 86_400;

/// One test for each case, and one over all of them.
macro_rules! cases {
    ($($case:ident: $error:expr;)*) => {
        $(
            #[test]
            fn $case() {
                assert_eq!(case::$case(), Some($error));
            }
        )*

        const CASES: &[fn() -> Option<Error>] = &[$(case::$case),*];
    };
}

cases! {
    bytes_that_are_no_message_are_malformed: Error::Malformed;
    a_message_of_a_later_release_has_an_unknown_version: Error::UnknownVersion(2);
    a_claim_altered_in_transit_has_a_bad_signature: Error::BadSignature;
    a_first_message_with_an_ephemeral_key_out_of_range_has_a_weak_key: Error::WeakKey;
    an_altered_message_is_forged: Error::Forged;
    a_message_delivered_twice_is_a_duplicate: Error::Duplicate;
    a_first_message_delivered_twice_is_a_replay: Error::Replay;
    a_message_of_a_cloned_sender_is_cloned: Error::Cloned;
    a_chain_of_two_previous_lengths_is_inconsistent: Error::Inconsistent;
    a_first_message_of_another_session_is_from_the_wrong_peer: Error::WrongPeer;
    an_object_that_is_no_message_is_of_the_wrong_kind: Error::WrongKind;
    a_first_message_for_another_device_has_an_unknown_prekey: Error::UnknownPrekey;
    a_bundle_two_weeks_old_is_stale: Error::StalePrekey;
    a_full_replay_memory_requires_rotation: Error::RotationRequired;
    a_message_over_2001_others_is_too_far_ahead: Error::TooFarAhead;
    a_message_forgotten_for_room_has_no_key: Error::KeyGone;
    a_link_that_lost_a_character_is_mangled: Error::LinkMangled;
    another_links_invitation_is_the_wrong_one: Error::WrongInvitation;
    a_link_of_another_service_has_the_wrong_origin: Error::WrongOrigin;
    a_link_that_asks_for_no_pin_is_not_the_one_that_was_told: Error::PinNotAsked;
    a_second_claim_finds_the_link_claimed: Error::AlreadyClaimed;
    a_chat_that_nobody_wrote_in_expires: Error::Expired;
    a_chat_that_was_left_has_ended: Error::Ended;
    a_host_writes_nothing_before_the_grant: Error::NotGranted;
    an_empty_text_is_not_allowed: Error::NotAllowed;
    a_record_under_another_key_does_not_open: Error::WrongStateKey;
    a_damaged_record_is_corrupt: Error::Corrupt;
    a_record_behind_its_anchor_was_rolled_back: Error::StateRollback;
    a_change_of_an_older_generation_is_stale: Error::StaleChange;
    a_journal_that_has_turned_is_full: Error::JournalFull;
    a_message_for_which_no_number_is_reserved_is_refused: Error::NotReserved;
    a_state_at_its_last_generation_is_exhausted: Error::Exhausted;
    a_content_longer_than_a_message_takes_is_a_bad_argument: Error::BadArgument;
    a_device_list_older_than_the_known_one_is_a_rollback: Error::ListRollback;
    another_device_list_of_the_known_epoch_is_a_fork: Error::ListFork;
    a_list_of_the_own_account_67_epochs_later_leaves_a_gap: Error::ListGap;
    a_device_list_a_second_past_its_end_has_expired: Error::ListExpired;
    settings_of_another_account_are_not_this_devices_own: Error::NotSelf;
    an_account_whose_list_is_not_known_is_unlisted: Error::Unlisted;
    an_account_with_another_key_has_changed: Error::AccountChanged;
    a_plan_without_its_bundles_is_stale: Error::StalePlan;
    a_fifth_companion_is_one_device_too_many: Error::TooManyDevices;
    a_letter_that_is_sealed_again_with_another_content_is_another: Error::OtherContent;
}

mod case {
    use super::*;

    pub(super) fn bytes_that_are_no_message_are_malformed() -> Option<Error> {
        let mut pair = Pair::new(1);
        refusal(&mut pair.responder, |to| to.decrypt(&[1, 1, 0]))
    }

    pub(super) fn a_message_of_a_later_release_has_an_unknown_version() -> Option<Error> {
        let mut pair = Pair::new(2);
        let mut message = pair.initiator.encrypt(b"later", &mut pair.rng).unwrap();
        message[0] = 2;
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn a_claim_altered_in_transit_has_a_bad_signature() -> Option<Error> {
        let mut door = Door::new(3);
        let (_, mut claim) = door.claim("Grace");
        let last = claim.last_mut().unwrap();
        *last ^= 1;
        let before = door.host.to_bytes();
        let error = refusal(&mut door.invite, |invite| invite.claim(&door.host, &claim, NOW));
        assert!(before == door.host.to_bytes());
        error
    }

    /// A first message to a device that accepts it.
    fn first() -> (Device, Vec<u8>) {
        let mut rng = TestRng::new(4);
        let initiator = device(1, &mut rng);
        let mut responder = device(2, &mut rng);
        let bundle = bundle_with_one_time(&mut responder, &mut rng);
        let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
        (responder, session.encrypt(b"hello", &mut rng).unwrap())
    }

    pub(super) fn a_first_message_with_an_ephemeral_key_out_of_range_has_a_weak_key()
    -> Option<Error> {
        let (mut responder, mut message) = first();
        // version, kind, mode, two prekey ids, then the ephemeral key
        message[19..51].fill(0xff);
        refusal(&mut responder, |to| to.accept(&message, NOW))
    }

    pub(super) fn an_altered_message_is_forged() -> Option<Error> {
        let mut pair = Pair::new(5);
        let mut message = pair.initiator.encrypt(b"altered", &mut pair.rng).unwrap();
        *message.last_mut().unwrap() ^= 1;
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn a_message_delivered_twice_is_a_duplicate() -> Option<Error> {
        let mut pair = Pair::new(6);
        let message = pair.initiator.encrypt(b"once", &mut pair.rng).unwrap();
        pair.responder.decrypt(&message).unwrap();
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn a_first_message_delivered_twice_is_a_replay() -> Option<Error> {
        let (mut responder, message) = first();
        let accepted = responder.accept(&message, NOW).unwrap();
        accepted.apply(&mut responder).unwrap();
        refusal(&mut responder, |to| to.accept(&message, NOW))
    }

    pub(super) fn a_message_of_a_cloned_sender_is_cloned() -> Option<Error> {
        let mut pair = Pair::new(7);
        pair.initiator.encrypt(b"a chain begins", &mut pair.rng).unwrap();
        let mut clone = copy(&pair.initiator);
        let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
        pair.responder.decrypt(&message).unwrap();
        let message = clone.encrypt(b"another", &mut pair.rng).unwrap();
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn a_chain_of_two_previous_lengths_is_inconsistent() -> Option<Error> {
        let mut pair = Pair::new(8);
        let message = pair.initiator.encrypt(b"original", &mut pair.rng).unwrap();
        pair.responder.decrypt(&message).unwrap();
        // A sender that gives its last chain another length with every message of the new one.
        let mut state = pair.initiator.to_bytes();
        let previous = previous_length(&state);
        state[previous.end - 1] += 1;
        let mut liar = Session::from_bytes(&state).unwrap();
        let message = liar.encrypt(b"another", &mut pair.rng).unwrap();
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn a_first_message_of_another_session_is_from_the_wrong_peer() -> Option<Error> {
        let (_, message) = first();
        let mut pair = Pair::new(9);
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn an_object_that_is_no_message_is_of_the_wrong_kind() -> Option<Error> {
        let mut pair = Pair::new(10);
        let bundle = pair.bob.bundle().unwrap().encode();
        refusal(&mut pair.responder, |to| to.decrypt(&bundle))
    }

    pub(super) fn a_first_message_for_another_device_has_an_unknown_prekey() -> Option<Error> {
        let (_, message) = first();
        refusal(&mut device(3, &mut TestRng::new(11)), |to| to.accept(&message, NOW))
    }

    pub(super) fn a_bundle_two_weeks_old_is_stale() -> Option<Error> {
        let mut pair = Pair::new(12);
        let bundle = pair.bob.bundle().unwrap();
        let Pair { alice, rng, .. } = &mut pair;
        refusal(alice, |alice| alice.initiate(&bundle, NOW + 14 * DAY, rng))
    }

    pub(super) fn a_full_replay_memory_requires_rotation() -> Option<Error> {
        let mut rng = TestRng::new(13);
        let initiator = device(1, &mut rng);
        let mut responder = device(2, &mut rng);
        let bundle: Bundle = responder.bundle().unwrap();
        let mut first = || {
            let mut session = initiator.initiate(&bundle, NOW, &mut rng).unwrap();
            session.encrypt(b"hello", &mut rng).unwrap()
        };
        for _ in 0..1024 {
            let accepted = responder.accept(&first(), NOW).unwrap();
            accepted.apply(&mut responder).unwrap();
        }
        refusal(&mut responder, |to| to.accept(&first(), NOW))
    }

    pub(super) fn a_message_over_2001_others_is_too_far_ahead() -> Option<Error> {
        let mut pair = Pair::new(14);
        let message = seal_many(&mut pair.initiator, 2002, &mut pair.rng).pop().unwrap();
        refusal(&mut pair.responder, |to| to.decrypt(&message))
    }

    pub(super) fn a_message_forgotten_for_room_has_no_key() -> Option<Error> {
        let mut pair = Pair::new(15);
        let messages = seal_many(&mut pair.initiator, 2003, &mut pair.rng);
        pair.responder.decrypt(&messages[1]).unwrap();
        pair.responder.decrypt(&messages[2002]).unwrap();
        refusal(&mut pair.responder, |to| to.decrypt(&messages[0]))
    }

    pub(super) fn a_link_that_lost_a_character_is_mangled() -> Option<Error> {
        let mut door = Door::new(16);
        let mut url = door.invite.link().unwrap().to_url(ORIGIN);
        url.pop();
        refusal(&mut door.invite, |_| Link::parse(&url))
    }

    pub(super) fn another_links_invitation_is_the_wrong_one() -> Option<Error> {
        let mut door = Door::new(17);
        let other = Door::new(18).posting;
        let open = |invite: &mut Invite| {
            invite.link().unwrap().open(other.sealed_invitation(), ORIGIN, NOW)
        };
        refusal(&mut door.invite, open)
    }

    pub(super) fn a_link_that_asks_for_no_pin_is_not_the_one_that_was_told() -> Option<Error> {
        let door = Door::new(18);
        let link = door.invite.link().unwrap();
        let preview = link.open(door.posting.sealed_invitation(), ORIGIN, NOW).unwrap();
        preview.enter(Pin::parse("123456").unwrap()).err()
    }

    pub(super) fn a_link_of_another_service_has_the_wrong_origin() -> Option<Error> {
        let Door { mut invite, posting, .. } = Door::new(19);
        refusal(&mut invite, |invite| {
            invite.link().unwrap().open(posting.sealed_invitation(), "example.com", NOW)
        })
    }

    pub(super) fn a_second_claim_finds_the_link_claimed() -> Option<Error> {
        let mut door = Door::new(20);
        let (_, late) = door.claim("Eve");
        let mut visit = door.admit();
        refusal(&mut visit.invite, |invite| invite.claim(&visit.host, &late, NOW))
    }

    pub(super) fn a_chat_that_nobody_wrote_in_expires() -> Option<Error> {
        let Visit { mut chat, mut guest, mut rng, .. } = Visit::new(21);
        let late = guest.say("late", NOW, &mut rng).unwrap();
        refusal(&mut chat, |chat: &mut Chat| chat.hear(&late, NOW + 10 * DAY))
    }

    pub(super) fn a_chat_that_was_left_has_ended() -> Option<Error> {
        let Visit { mut guest, mut rng, .. } = Visit::new(22);
        guest.end(NOW, &mut rng).unwrap().apply().unwrap();
        refusal(&mut guest, |guest| guest.say("again", NOW, &mut rng))
    }

    pub(super) fn a_host_writes_nothing_before_the_grant() -> Option<Error> {
        let Visit { mut chat, mut rng, .. } = Door::new(23).admit();
        refusal(&mut chat, |chat| chat.say("come in", NOW, &mut rng))
    }

    pub(super) fn an_empty_text_is_not_allowed() -> Option<Error> {
        let Visit { mut chat, mut rng, .. } = Visit::new(24);
        refusal(&mut chat, |chat| chat.say("", NOW, &mut rng))
    }

    pub(super) fn a_record_under_another_key_does_not_open() -> Option<Error> {
        let mut pair = Pair::new(25);
        let record = key(1, 7).seal(&pair.alice, b"alice", &mut pair.rng).unwrap();
        refusal(&mut pair.alice, |_| key(1, 8).open::<Device>(b"alice", None, &record))
    }

    pub(super) fn a_damaged_record_is_corrupt() -> Option<Error> {
        let mut pair = Pair::new(26);
        let mut record = key(1, 7).seal(&pair.alice, b"alice", &mut pair.rng).unwrap();
        *record.last_mut().unwrap() ^= 1;
        refusal(&mut pair.alice, |_| key(1, 7).open::<Device>(b"alice", None, &record))
    }

    pub(super) fn a_record_behind_its_anchor_was_rolled_back() -> Option<Error> {
        let mut pair = Pair::new(27);
        let record = key(1, 7).seal(&pair.initiator, b"alice", &mut pair.rng).unwrap();
        pair.initiator.encrypt(b"on", &mut pair.rng).unwrap();
        refusal(&mut pair.initiator, |now| {
            key(1, 7).open::<Session>(b"alice", Some(&now.anchor()), &record)
        })
    }

    pub(super) fn a_change_of_an_older_generation_is_stale() -> Option<Error> {
        let mut pair = Pair::new(28);
        let one: Change = pair.bob.expire(NOW).unwrap();
        let other = pair.bob.expire(NOW).unwrap();
        pair.bob.apply(one).unwrap();
        refusal(&mut pair.bob, |bob| bob.apply(other))
    }

    pub(super) fn a_message_for_which_no_number_is_reserved_is_refused() -> Option<Error> {
        let Pair { mut initiator, mut rng, .. } = Pair::new(29);
        refusal(&mut initiator, |initiator| initiator.stage_send().seal_reserved(b"b", &mut rng))
    }

    pub(super) fn a_journal_that_has_turned_is_full() -> Option<Error> {
        let mut pair = Pair::new(28);
        let key = StateKey::new(1, &[7; 32]).unwrap();
        let answer = pair.responder.encrypt(b"answer", &mut pair.rng).unwrap();
        pair.initiator.decrypt(&answer).unwrap();
        let Pair { initiator, rng, .. } = &mut pair;
        let (_, mut journal) = Journal::begin(initiator, &key, b"owner", rng).unwrap();
        let turning = initiator.stage_send().seal(b"turning", rng).unwrap();
        turning.journal(&mut journal, rng).unwrap().apply().unwrap();
        refusal(initiator, |initiator| {
            let next = initiator.stage_send().seal(b"next", rng)?;
            next.journal(&mut journal, rng).map(|_| ())
        })
    }

    pub(super) fn a_state_at_its_last_generation_is_exhausted() -> Option<Error> {
        let mut rng = TestRng::new(29);
        let mut state = device(1, &mut rng).to_bytes();
        // The generation is behind version and kind.
        state[2..10].copy_from_slice(&u64::MAX.to_be_bytes());
        let mut device = Device::from_bytes(&state).unwrap();
        refusal(&mut device, |device| device.replenish(NOW, &mut rng))
    }

    pub(super) fn a_content_longer_than_a_message_takes_is_a_bad_argument() -> Option<Error> {
        let mut pair = Pair::new(30);
        let content = vec![0; (1 << 20) + 1];
        let Pair { initiator, rng, .. } = &mut pair;
        refusal(initiator, |from| from.encrypt(&content, rng))
    }

    pub(super) fn a_device_list_older_than_the_known_one_is_a_rollback() -> Option<Error> {
        let mut town = Town::new(32, &[1, 1]);
        let old = town.server.list(town.id(1));
        town.renew(1);
        town.inform(0, town.id(1));
        refusal(town.client(0, 0), |client| client.learn(&old, NOW))
    }

    pub(super) fn another_device_list_of_the_known_epoch_is_a_fork() -> Option<Error> {
        let mut town = Town::new(33, &[1, 1]);
        let mut other = Listing::of(&town.server.list(town.id(1)));
        other.issued += 1;
        let other = other.signed(&account_seed(&town.people[1].account)).list();
        refusal(town.client(0, 0), |client| client.learn(&other, NOW))
    }

    pub(super) fn a_list_of_the_own_account_67_epochs_later_leaves_a_gap() -> Option<Error> {
        let mut town = Town::new(34, &[2]);
        for _ in 0..66 {
            town.renew(0);
        }
        let far = town.server.list(town.id(0));
        refusal(town.client(0, 1), |client| client.learn(&far, NOW))
    }

    pub(super) fn a_device_list_a_second_past_its_end_has_expired() -> Option<Error> {
        let mut town = Town::new(35, &[1, 1]);
        let to = To::Account(town.id(1));
        refusal(town.client(0, 0), |client| client.plan(to, NOW + 30 * DAY + 1))
    }

    pub(super) fn settings_of_another_account_are_not_this_devices_own() -> Option<Error> {
        let mut town = Town::new(36, &[1, 1]);
        let mail = town.whisper((0, 0), (1, 0), |words| words.content(forged::OWN, b"settings"));
        refusal(town.client(1, 0), |client| client.open(mail.from, &mail.message, NOW))
    }

    pub(super) fn an_account_whose_list_is_not_known_is_unlisted() -> Option<Error> {
        let mut town = Town::new(37, &[1]);
        let to = To::Account(AccountId([9; 32]));
        refusal(town.client(0, 0), |client| client.plan(to, NOW))
    }

    pub(super) fn an_account_with_another_key_has_changed() -> Option<Error> {
        let mut town = Town::new(38, &[1, 1]);
        let account = Account::generate(town.id(1), &mut town.rng);
        let new = Client::create(&account, NOW, &mut town.rng).unwrap();
        let client = town.client(0, 0);
        let (_, change) = client.learn(new.list(), NOW).unwrap();
        client.apply(change.unwrap()).unwrap();
        refusal(client, |client| client.plan(To::Account(account.id()), NOW))
    }

    pub(super) fn a_plan_without_its_bundles_is_stale() -> Option<Error> {
        let mut town = Town::new(39, &[1, 1]);
        let to = To::Account(town.id(1));
        let Town { people, rng, .. } = &mut town;
        refusal(&mut people[0].devices[0], |client| client.send(to, b"hello", NOW, rng))
    }

    pub(super) fn a_fifth_companion_is_one_device_too_many() -> Option<Error> {
        let mut town = Town::new(40, &[5]);
        let candidate = Candidate::generate("laptop", NOW, &mut TestRng::new(41)).unwrap();
        let proposal = Proposal::read(&candidate.code(), NOW).unwrap();
        let Town { people, rng, .. } = &mut town;
        let Person { account, devices } = &mut people[0];
        refusal(&mut devices[0], |primary| {
            primary.approve(account, &proposal, Client::COMPANIONS, NOW, rng)
        })
    }

    pub(super) fn a_letter_that_is_sealed_again_with_another_content_is_another() -> Option<Error> {
        let mut town = Town::new(42, &[1, 1]);
        let id = town.say(0, 0, 1, b"yes");
        let to = town.address(1, 0);
        let Town { people, rng, .. } = &mut town;
        let client = &mut people[0].devices[0];
        let mut plan = client.plan_again(to, id, NOW).unwrap();
        refusal(client, |client| client.seal(&mut plan, b"no", NOW, rng).map(drop))
    }
}

fn key(id: u32, byte: u8) -> StateKey {
    StateKey::new(id, &[byte; 32]).unwrap()
}

#[test]
fn every_variant_of_the_error_is_reached_here() {
    let reached: BTreeSet<String> =
        CASES.iter().map(|case| name(&format!("{:?}", case().unwrap()))).collect();
    assert_eq!(reached, variants());
}

/// A variant's name without what it holds.
fn name(variant: &str) -> String {
    variant.split('(').next().unwrap().to_owned()
}

/// The variants that `src/error.rs` declares.
fn variants() -> BTreeSet<String> {
    let source = std::fs::read_to_string("src/error.rs").unwrap();
    let (_, body) = source.split_once("pub enum Error {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let names: BTreeSet<_> = lines.filter_map(|line| line.strip_suffix(',')).map(name).collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

#[test]
fn a_peer_learns_one_of_three_things_about_a_refusal() {
    let answers: BTreeSet<_> =
        CASES.iter().map(|case| format!("{:?}", case().unwrap().answer())).collect();
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), ["LinkOver", "NewBundle", "Nothing"]);
}

#[test]
fn decoding_and_authentication_fail_with_one_answer() {
    for error in [
        Error::Malformed,
        Error::UnknownVersion(2),
        Error::WrongKind,
        Error::NotSelf,
        Error::WrongPeer,
        Error::WeakKey,
        Error::BadSignature,
        Error::Forged,
        Error::Duplicate,
        Error::Replay,
        Error::Cloned,
        Error::Inconsistent,
        Error::TooFarAhead,
        Error::KeyGone,
    ] {
        assert_eq!(error.answer(), Answer::Nothing, "{error:?}");
    }
}

#[test]
fn a_policy_beyond_its_limits_makes_no_link() {
    let mut rng = TestRng::new(31);
    let mut host = client(1, &mut rng);
    let policy = Policy::new("Ada", NOW + 31 * DAY);
    let error = refusal(&mut host, |host| Invite::create(host, ORIGIN, policy, NOW, &mut rng));
    assert_eq!(error, Some(Error::BadArgument));
}
