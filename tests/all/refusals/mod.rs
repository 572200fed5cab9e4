//! Every error, reached at least once, and what the failure left behind: nothing.

mod clients;
mod groups;
mod guests;
mod lists;
mod sessions;
mod settings;
mod storage;

use std::collections::BTreeSet;

use latchstring::client::{Client, Stop};
use latchstring::session::{Account, AccountId};
use latchstring::{Answer, Error};
use support::town::Town;
use support::{NOW, changed, tree};

const DAY: u64 = 86_400;

/// A test for each case, and the errors that all of them end with.
macro_rules! cases {
    ($($module:ident { $($case:ident: $error:expr;)* })*) => {
        $($(
            #[test]
            fn $case() {
                assert_eq!($module::$case(), Some($error));
            }
        )*)*

        const REACHED: &[Error] = &[$($($error,)*)*];
    };
}

/// Only a state that takes 64 GiB of memory is too large to be sealed: no test makes one. The others are the
/// feature `signal`'s, whose own tests reach them.
const UNREACHED: [Error; 9] = [
    Error::StateTooLarge,
    Error::Downgrade,
    Error::IdentityChanged,
    Error::NotOptedIn,
    Error::Frozen,
    Error::NoticesNotAcknowledged,
    Error::NotAccepted,
    Error::Blocked,
    Error::ProfilesDiffer,
];

cases! {
    sessions {
        bytes_that_are_no_message_are_malformed: Error::Malformed;
        a_message_of_a_later_release_has_an_unknown_version: Error::UnknownVersion(2);
        a_first_message_with_an_ephemeral_key_out_of_range_has_a_weak_key: Error::WeakKey;
        an_altered_message_is_forged: Error::Forged;
        a_message_delivered_twice_is_a_duplicate: Error::Duplicate;
        a_first_message_delivered_twice_is_a_replay: Error::Replay;
        a_second_message_of_one_number_shows_a_cloned_state: Error::StateCloned;
        a_chain_of_two_previous_lengths_is_inconsistent: Error::Inconsistent;
        a_first_message_of_another_session_is_from_the_wrong_peer: Error::WrongPeer;
        an_object_that_is_no_message_is_of_the_wrong_kind: Error::WrongKind;
        a_first_message_for_another_device_has_an_unknown_prekey: Error::UnknownPrekey;
        a_bundle_two_weeks_old_is_stale: Error::StalePrekey;
        a_full_replay_memory_requires_rotation: Error::RotationRequired;
        an_account_that_has_used_up_its_share_of_the_memory_is_refused: Error::ReplayShareFull;
        a_message_over_2001_others_is_too_far_ahead: Error::TooFarAhead;
        a_message_whose_key_was_dropped_for_room_has_none: Error::MessageKeyGone;
        a_message_for_which_no_number_is_reserved_is_refused: Error::NotReserved;
        a_chain_at_its_last_number_is_exhausted: Error::ChainExhausted;
        more_than_a_hundred_numbers_are_too_many_to_reserve: Error::TooManyReserved;
        a_content_of_more_than_a_mebibyte_is_too_long: Error::ContentTooLong;
    }
    groups {
        a_fork_behind_256_operations_shows_two_histories: Error::Forked;
        a_member_that_is_no_administrator_may_not_remove: Error::NotEntitled;
        an_operation_that_overtook_another_one_misses_it: Error::EntryMissing;
    }
    guests {
        a_claim_altered_in_transit_has_a_bad_signature: Error::BadSignature;
        a_link_that_lost_a_character_is_mangled: Error::LinkMangled;
        another_links_invitation_is_the_wrong_one: Error::WrongInvitation;
        five_digits_are_no_pin: Error::InvalidDigits;
        a_claim_without_the_pin_that_the_link_asks_for_is_not_made: Error::PinRequired;
        a_link_that_asks_for_no_pin_is_not_the_one_that_was_told: Error::PinNotRequested;
        a_link_of_another_service_has_the_wrong_origin: Error::WrongOrigin;
        a_second_claim_finds_the_link_claimed: Error::AlreadyClaimed;
        a_chat_that_nobody_wrote_in_expires: Error::Expired;
        a_chat_that_was_left_has_ended: Error::Ended;
        a_host_writes_nothing_before_the_grant: Error::NotGranted;
        an_empty_text_is_not_allowed: Error::NotAllowed;
        the_1025th_device_that_comes_later_is_one_too_many: Error::TooManyJoins;
        a_second_receipt_within_30_seconds_is_sent_too_often: Error::TooOften;
        a_guest_that_has_become_an_account_becomes_no_other_account: Error::OtherAccount;
        a_host_whose_name_is_two_lines_makes_no_link: Error::InvalidName;
        a_policy_beyond_its_limits_makes_no_link: Error::InvalidPolicy;
    }
    storage {
        a_record_under_another_key_does_not_open: Error::WrongStateKey;
        a_damaged_record_is_corrupt: Error::Corrupt;
        a_record_behind_its_anchor_was_rolled_back: Error::StateRollback;
        a_change_of_an_older_generation_is_stale: Error::StaleChange;
        a_journal_that_has_turned_is_full: Error::JournalFull;
    }
    lists {
        a_device_list_older_than_the_known_one_is_a_rollback: Error::ListRollback;
        another_device_list_of_the_known_epoch_is_a_fork: Error::ListFork;
        a_list_of_the_own_account_67_epochs_later_leaves_a_gap: Error::ListGap;
        a_device_list_a_second_past_its_end_has_expired: Error::ListExpired;
        a_loaded_primary_that_was_shown_no_list_signs_none: Error::ListUnconfirmed;
        a_list_of_the_last_epoch_has_none_after_it: Error::ListExhausted;
        an_account_with_another_key_has_changed: Error::AccountChanged;
        an_account_without_a_changed_list_has_not_changed: Error::NotChanged;
        a_list_under_the_key_of_another_account_is_not_signed: Error::WrongAccount;
        a_primary_does_not_remove_itself: Error::OwnDevice;
        a_device_that_a_list_names_is_not_admitted_twice: Error::DeviceConflict;
        a_fifth_companion_is_one_device_too_many: Error::TooManyDevices;
        digits_that_the_primary_does_not_show_differ: Error::DigitsDiffer;
    }
    settings {
        two_entries_of_one_number_are_a_fork: Error::Forked;
        an_entry_after_one_that_is_not_here_waits: Error::EntryMissing;
        a_setting_is_not_sealed_under_a_key_of_thirty_days: Error::StaleKey;
    }
    clients {
        a_content_of_a_later_version_is_not_supported: Error::UnsupportedContent;
        an_image_that_is_shown_once_is_not_viewed_twice: Error::AlreadyViewed;
        typing_twice_within_ten_seconds_is_too_often: Error::TooOften;
        settings_of_another_account_are_not_this_devices_own: Error::NotSelf;
        an_account_whose_list_was_never_learned_is_unknown: Error::UnknownAccount;
        a_device_that_no_list_names_is_unlisted: Error::Unlisted;
        a_device_that_was_removed_is_itself_unlisted: Error::OwnDeviceUnlisted;
        a_first_message_to_a_device_misses_its_bundle: Error::BundleMissing;
        a_plan_made_before_a_newer_list_is_stale: Error::StalePlan;
        a_plan_of_another_device_is_another_clients: Error::WrongClient;
        a_device_of_no_recipient_is_not_in_the_plan: Error::NotInPlan;
        a_session_that_was_answered_is_in_use: Error::SessionInUse;
        a_group_of_nobody_has_no_recipient: Error::NoRecipient;
        a_group_of_65536_others_has_too_many_accounts: Error::TooManyAccounts;
        the_own_account_is_not_the_other_one: Error::OwnAccount;
        a_message_that_was_never_sent_is_not_remembered: Error::MessageForgotten;
        a_third_account_was_no_recipient: Error::NotRecipient;
        a_message_sealed_again_with_other_content_does_not_match: Error::ContentMismatch;
        pieces_of_an_attachment_before_the_last_index_are_forgotten: Error::PieceForgotten;
        a_history_that_was_not_asked_for_is_unsolicited: Error::Unsolicited;
        a_second_long_history_in_two_hours_comes_too_soon: Error::TooSoon;
        a_message_sealed_again_five_times_has_reached_its_limit: Error::ResendLimit;
        a_letter_with_another_frank_is_refused: Error::FrankMismatch;
    }
}

#[test]
fn every_variant_of_the_error_is_reached_here() {
    let declared = variants();
    let reached: BTreeSet<_> = REACHED.iter().map(|error| error.name().to_owned()).collect();
    assert!(declared.is_superset(&reached), "an error is not declared");
    assert_eq!(
        &declared - &reached,
        UNREACHED.iter().map(|error| error.name().to_owned()).collect()
    );
}

/// Lists the variants that `src/error/mod.rs` declares.
fn variants() -> BTreeSet<String> {
    let source = std::fs::read_to_string(tree("src/error/mod.rs")).unwrap();
    let (_, body) = source.split_once("pub enum Error {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let variants = lines.filter_map(|line| line.strip_suffix(','));
    let names: BTreeSet<_> =
        variants.map(|variant| variant.split('(').next().unwrap().to_owned()).collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

#[test]
fn a_peer_learns_one_of_three_things_about_a_refusal() {
    for error in REACHED.iter().chain(&UNREACHED) {
        let answer = match error.name() {
            "UnknownPrekey" | "StalePrekey" | "RotationRequired" | "ReplayShareFull" => {
                Answer::NewBundle
            }
            "AlreadyClaimed" | "Expired" | "Ended" => Answer::LinkOver,
            _ => Answer::Nothing,
        };
        assert_eq!(error.answer(), answer, "{error:?}");
    }
}

#[test]
fn decoding_and_authentication_fail_with_one_answer() {
    for error in [
        Error::Malformed,
        Error::UnknownVersion(2),
        Error::UnsupportedContent,
        Error::NotAllowed,
        Error::WrongKind,
        Error::NotSelf,
        Error::WrongPeer,
        Error::WeakKey,
        Error::BadSignature,
        Error::Forged,
        Error::Duplicate,
        Error::Replay,
        Error::StateCloned,
        Error::Inconsistent,
        Error::TooFarAhead,
        Error::MessageKeyGone,
        Error::ChainExhausted,
        Error::UnknownAccount,
        Error::Unlisted,
        Error::OwnDeviceUnlisted,
        Error::TooManyJoins,
        Error::TooOften,
        Error::OtherAccount,
        Error::DigitsDiffer,
    ] {
        assert_eq!(error.answer(), Answer::Nothing, "{error:?}");
    }
}

#[test]
fn a_client_names_exactly_the_accounts_that_get_nothing_and_why() {
    let mut town = Town::new(66, &[1, 1, 1, 1]);
    let [own, known, forgotten, old] = [0, 1, 2, 3].map(|person| town.id(person));
    let [never, other] = [AccountId([8; 32]), AccountId([9; 32])];
    let changed_key = Account::generate(known, &mut town.rng);
    let list = Client::create(&changed_key, NOW, &mut town.rng).list().clone();
    town.now = NOW + 20 * DAY;
    for person in [0, 1] {
        let id = town.id(person);
        town.renew(person);
        town.inform(0, id);
    }
    let client = town.client(0, 0);
    assert_eq!(client.stopped(&[own, known, forgotten, old], NOW).count(), 0);
    changed(client.forget(forgotten, NOW).unwrap());
    changed(client.learn(&list, NOW).unwrap());
    let members = [other, own, forgotten, known, never, old];
    let now = NOW + 30 * DAY + 1;
    let expected = [
        (other, Stop::Unknown),
        (forgotten, Stop::Unknown),
        (known, Stop::Changed),
        (never, Stop::Unknown),
        (old, Stop::ListOver),
    ];
    assert!(client.stopped(&members, now).eq(expected));
    assert_eq!(client.stopped(&[], now).count(), 0);
}
