//! A guest chat after its claim: the grant, what may be said, its end, and its copies.

mod copies;
mod end;
mod grant;
mod hand_over;
mod lost;
mod renewals;
mod repair;
mod texts;
mod words;

use latchstring::Error;
use latchstring::client::Client;
use latchstring::guest::{Chat, ChatEvent, ChatStatus, EndReason, Invite, Policy};
use latchstring::session::Device;
use latchstring::storage::{Change, State, StateKey};
use support::guest::{
    DAY, Door, EXPIRES, IDLE, Talk, bare_session, contains, raw_text, session_of, stage_of, text_of,
};
use support::{
    NOW, OneToOne, TestRng, client, days, device_of, flipped, only, refusal, refuses, restored,
    sign, signing_seed,
};

use crate::guest::changed;

// Kinds of content (`spec/guest-links.md`).
const INTRODUCTION: u8 = 1;
const TEXT: u8 = 2;
const GRANT: u8 = 3;
const END: u8 = 4;
const JOIN: u8 = 7;
const KNOCK: u8 = 8;
const RECEIPT: u8 = 9;
const HAND_OVER: u8 = 10;
const ACCEPTED: u8 = 11;
