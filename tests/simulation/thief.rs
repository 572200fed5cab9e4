//! A thief of an identity key: it begins sessions as that device, and says of time and descent what it likes.

use latchstring::client::{Address, Client, Enclosed, MessageId, Repair};
use latchstring::rand_core::Rng;
use latchstring::session::{Bundle, Certificate};
use latchstring::storage::State;
use support::forged::Words;
use support::{device_of, places, secrets_of_session_in};

use crate::impostors::Forgery;
use crate::server::DAY;
use crate::world::World;

/// Lengths in an encoded session (`spec/state.md`): anchor, certificate, handshake id; continuation.
const FRONT: usize = 32 + 265 + 16;
const CONTINUATION: usize = 32 + 4 + 4 + 8;

impl World {
    /// Begins a session as some companion, with some device of another account.
    pub fn thieve(&mut self) {
        let (Some(stolen), victim) = (self.some_companion(), self.some_node()) else { return };
        let (from, to) = (self.address(stolen), self.address(victim));
        let is_known = self.nodes[stolen].client.list_of(to.account).is_some();
        if from.account == to.account || !is_known {
            return;
        }
        let (bytes, _) = self.server.bundle(to, &mut self.rng);
        let bundle = Bundle::decode(&bytes).unwrap();
        let (sealed, what) = if self.once_in(2) {
            (self.names_none(stolen, to, &bundle), "a thief names no predecessor")
        } else {
            let sealed = self.names_what_never_was(stolen, to, &bundle);
            (sealed.into_iter().collect(), "a thief invents a predecessor")
        };
        if sealed.is_empty() {
            return;
        }
        let session = self.begin_as(from);
        self.count(what);
        let mut is_first = true;
        for (id, message) in sealed {
            self.bring_forgery(to, id, message, Forgery { from, session, copy: None, is_first });
            is_first = false;
        }
    }

    /// Seals one text, or two, in a session that continues none.
    fn names_none(
        &mut self,
        stolen: usize,
        to: Address,
        bundle: &Bundle,
    ) -> Vec<(MessageId, Vec<u8>)> {
        let (now, rng) = (self.time(stolen), &mut self.rng);
        let created = [now, now.saturating_sub(20 * DAY), now - DAY, now + 11 * DAY, now + DAY];
        let created = created[(rng.next_u64() % 5) as usize];
        let client = &self.nodes[stolen].client;
        // Only a time that its bundle allows.
        let Ok(mut session) = device_of(client).initiate(bundle, created, rng) else {
            return Vec::new();
        };
        let count = 1 + rng.next_u64() % 2;
        let text = |_| {
            let words = Words::new(client, to.account, 0, b"it is me");
            let id = rng.next_u64().to_be_bytes().repeat(2).try_into().unwrap();
            let sealed = session.encrypt(&Words { id, ..words }.encode(), rng).unwrap();
            (MessageId(id), sealed)
        };
        (0..count).map(text).collect()
    }

    /// Seals a resend request in a session that continues what never was.
    fn names_what_never_was(
        &mut self,
        stolen: usize,
        to: Address,
        bundle: &Bundle,
    ) -> Option<(MessageId, Vec<u8>)> {
        let (now, rng) = (self.time(stolen), &mut self.rng);
        let newest = [0, now, now + 13 * DAY, u64::MAX - 1][(rng.next_u64() % 4) as usize];
        let mut invented = [0; 32];
        rng.fill_bytes(&mut invented);
        let client = &self.nodes[stolen].client;
        let mut client = doctored(client, bundle.certificate(), &invented, newest)?;
        let what = "a thief doctors its state";
        self.counts.entry(what.to_owned()).and_modify(|count| *count += 1).or_insert(1);
        client.reset_session(to, now).ok()?.apply();
        let mut plan = client.plan_repair(&Repair::Request { to }, now).ok()?;
        plan.supply(&client, bundle, now, rng).ok()?;
        let mut out = client.seal(&mut plan, Enclosed::Nothing, now, rng).ok()?.apply();
        let at = out.envelopes.iter().position(|envelope| envelope.to == to)?;
        Some((out.id, out.envelopes.swap_remove(at).message))
    }
}

/// Returns the client with another word on its sessions with a device: which it is on, and how new they are.
fn doctored(
    client: &Client,
    with: &Certificate,
    session_id: &[u8; 32],
    newest: u64,
) -> Option<Client> {
    let (mut bytes, certificate) = (client.to_bytes().to_vec(), with.encode());
    // A peer that has an active session: address, flag, session.
    let begin = [&with.account().0[..], &with.device().0, &[1]].concat();
    let sessions = places(&bytes, &begin).into_iter().map(|at| at + begin.len());
    let session = sessions.into_iter().find(|at| bytes[at + 32..].starts_with(&certificate))?;
    let end_of = |bytes: &[u8], at: usize| at - 2 + secrets_of_session_in(&bytes[at - 2..]).1;
    let flag = session + FRONT + CONTINUATION + 1;
    let names = if bytes[flag] == 1 {
        // Unanswered: the next one continues what it continued.
        session + FRONT
    } else {
        flag + 1 + 1
    };
    bytes[names..names + 32].copy_from_slice(session_id);
    let mut at = end_of(&bytes, session);
    let replaced = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    at += 4;
    for _ in 0..replaced {
        at = end_of(&bytes, at) + 8;
    }
    // Since when it is active; the newest.
    bytes[at..at + 8].fill(0);
    bytes[at + 8..at + 16].copy_from_slice(&newest.to_be_bytes());
    Some(Client::from_bytes(&bytes).expect("a doctored state is one"))
}
