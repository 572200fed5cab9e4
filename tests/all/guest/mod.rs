//! A guest link from making it to its end.

mod bounds;
mod chat;
mod claim;
mod invitation;
mod opened_claim;
mod revocation;
mod text;
mod time;
mod traces;

use core::ops::Range;
use core::slice;

use latchstring::client::Client;
use latchstring::content::Sender;
use latchstring::guest::{
    Approval, Chat, ChatEvent, ChatStatus, EndReason, Invite, InviteLink, LinkStatus, Policy,
    ServerCopy,
};
use latchstring::session::AccountKind;
use latchstring::storage::{Change, Journal, Pending, State, StateKey};
use latchstring::{Answer, Error};
use support::guest::{
    DAY, Door, EXPIRES, IDLE, ORIGIN, Talk, contains, link_key, link_to, reclaimed, resigned,
    sealed_under, secret_of, shared, signed_invitation, text_of, transcript_of,
};
use support::home::Home;
use support::{
    NOW, OneToOne, TestRng, bundle_of, certificate, client, days, device, device_of, flipped, only,
    recertified, refusal, refuses, restored, sign, signing_seed,
};

// Where the parts of a claim for one device are (`spec/guest-links.md`).
const LOCATOR: Range<usize> = 2..26;
const TRANSCRIPT: Range<usize> = 26..58;
const SALT: Range<usize> = 58..90;
const RECORD: Range<usize> = 94..1795;
const CLAIM_TAG: Range<usize> = 1795..1827;
const COUNT: Range<usize> = 1827..1831;
const HOST_DEVICE: Range<usize> = 1831..1839;
const ENVELOPE_LENGTH: Range<usize> = 1839..1843;
const ENVELOPE: usize = 1843;
const MODE: usize = ENVELOPE + 2;
const PREKEYS: Range<usize> = ENVELOPE + 3..ENVELOPE + 19;
const AGREED: Range<usize> = ENVELOPE + 19..ENVELOPE + 1139;

/// Applies an operation that must have something to change.
#[track_caller]
pub(super) fn changed<S: State, T>(pending: Pending<'_, S, T>) -> T {
    assert!(pending.is_change(), "nothing changes");
    pending.apply()
}

/// Returns the changes that a claim makes in the link and in the client, as they are read back from their
/// records; the claim itself is given up.
fn recorded(door: &mut Door, claim: &[u8]) -> (Change<Invite>, Change<Client>) {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let (invite, host) = (door.invite.anchor(), door.host.anchor());
    let opened = door.invite.claim(&mut door.host, claim, NOW).unwrap();
    let recorded =
        opened.record(&key, (b"link", &invite), (b"host", &host), &mut door.rng).unwrap();
    let (invite, host) = recorded.records();
    let invite = key.open(b"link", None, invite).unwrap();
    (invite, key.open(b"host", None, host).unwrap())
}

/// Checks that a claim that is opened by copies of link and client from before is not recorded, if either of
/// the two in the store has moved on.
fn is_stale(door: &mut Door, mut copies: (Invite, Client), claim: &[u8]) {
    let key = StateKey::new(1, &[7; 32]).unwrap();
    let (invite, host) = (door.invite.anchor(), door.host.anchor());
    let (link, client) = (&mut copies.0, &mut copies.1);
    let before = client.to_bytes();
    refuses(link, Error::StaleChange, |link| {
        let opened = link.claim(client, claim, NOW)?;
        opened.record(&key, (b"link", &invite), (b"host", &host), &mut door.rng).map(drop)
    });
    assert!(*before == *copies.1.to_bytes());
}

/// Returns a claim that shows `certificate`, with a proof by `seed` where the credentials have it.
fn shown(url: &str, claim: &[u8], certificate: &[u8], seed: &[u8; 32]) -> Vec<u8> {
    let show = |credentials: &mut [u8]| credentials[16..281].copy_from_slice(certificate);
    let unproved = reclaimed(url, claim, show);
    let proof = sign(seed, "guest/claim-proof", &[transcript_of(&unproved)]);
    reclaimed(url, claim, |credentials| {
        show(credentials);
        credentials[281..345].copy_from_slice(&proof);
    })
}
