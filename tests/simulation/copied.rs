//! A device whose state was copied, and both go on with it: where both have written to somebody in one session, one
//! of the two is refused or told of, and no place of a session shows two messages.

use std::collections::{BTreeMap, BTreeSet};

use latchstring::client::{Address, Client, To};
use latchstring::session::{Bundle, OneTimePrekey};

use crate::impostors::Forgery;
use crate::letters::{content, copy};
use crate::world::World;
use support::town::said;

/// A copy of a device's state, which writes as it pleases and reads nothing.
pub struct Copied {
    of: usize,
    client: Client,
    /// The session that the device was on when it was copied, by device.
    shared: BTreeMap<Address, usize>,
    /// The session that the copy sends on.
    active: BTreeMap<Address, usize>,
    /// The number of envelopes that were sealed before it was made.
    since: usize,
    /// To whom, and in which sessions, it has written.
    wrote: BTreeSet<(Address, usize)>,
    /// By reader: what became of the first letter that the device itself has sealed since, and of the copy's, in the
    /// session that both were on: whether it was refused, or something told.
    first: BTreeMap<usize, [Option<bool>; 2]>,
}

/// The writer of a letter.
#[derive(Clone, Copy)]
pub enum Writer {
    /// The device itself, this envelope.
    Original(usize),
    /// This copy, in this session.
    Copy(usize, usize),
}

impl World {
    /// Copies a device's state, or lets a copy write.
    pub fn copy_or_write(&mut self) {
        if self.impostors.copies.is_empty() || self.once_in(8) {
            let Some(of) = self.some_companion() else { return };
            let node = &self.nodes[of];
            let (client, shared, active) =
                (copy(&node.client), node.active.clone(), node.active.clone());
            let (since, wrote, first) = (self.sent.len(), BTreeSet::new(), BTreeMap::new());
            self.impostors.suspects.insert(client.address());
            self.impostors.copies.push(Copied { of, client, shared, active, since, wrote, first });
            self.count("a device is copied");
        } else {
            let copy = self.below(self.impostors.copies.len());
            self.write_as_copy(copy);
        }
    }

    fn write_as_copy(&mut self, number: usize) {
        let person = self.below(self.people.len());
        let (to, content) = (self.account(person), content(&mut self.rng));
        let now = self.time(self.impostors.copies[number].of);
        let Self { impostors, server, rng, .. } = self;
        let copied = &mut impostors.copies[number];
        let from = copied.client.address();
        if to == from.account {
            return;
        }
        let Ok(mut plan) = copied.client.plan(To::Account(to), now) else { return };
        let missing: Vec<_> = plan.missing().collect();
        for of in &missing {
            let (bytes, one_time) = server.bundle(*of, rng);
            let mut bundle = Bundle::decode(&bytes).unwrap();
            if let Some(key) = one_time {
                bundle = bundle.attach(OneTimePrekey::decode(&key).unwrap()).unwrap();
            }
            if plan.supply(&copied.client, &bundle, now, rng).is_err() {
                plan.leave_out(*of).unwrap();
            }
        }
        let Ok(out) = copied.client.seal(&mut plan, &said(&content), now, rng) else { return };
        let out = out.apply();
        for envelope in out.envelopes {
            let to = envelope.to;
            let session = if missing.contains(&to) {
                let session = self.begin_as(from);
                self.impostors.copies[number].active.insert(to, session);
                session
            } else {
                self.impostors.copies[number].active[&to]
            };
            let is_first = self.impostors.copies[number].wrote.insert((to, session));
            let made = Forgery { from, session, copy: Some(number), is_first };
            self.bring_forgery(to, out.id, envelope.message, made);
        }
        self.count("a copy writes");
    }

    /// Notes what became of a letter of a copied device, or of its copy, and checks that one of two was told of.
    pub fn note_writer(&mut self, node: usize, by: Writer, is_told: bool) {
        let reader = self.address(node);
        for (number, copied) in self.impostors.copies.iter_mut().enumerate() {
            let (place, session) = match by {
                Writer::Original(envelope) => {
                    let sent = &self.sent[envelope];
                    if sent.from != copied.client.address() {
                        continue;
                    }
                    let course = &self.courses[&(sent.from, sent.to, sent.session)];
                    let mut sealed = course.sent.iter().filter(|sent| **sent >= copied.since);
                    if sealed.next() != Some(&envelope) {
                        continue;
                    }
                    (0, sent.session)
                }
                Writer::Copy(copy, session) if copy == number => (1, session),
                Writer::Copy(..) => continue,
            };
            // Who has begun another session since says where it left this one.
            if copied.shared.get(&reader) != Some(&session) {
                continue;
            }
            let first = copied.first.entry(node).or_default();
            first[place] = Some(first[place].unwrap_or(false) || is_told);
            if let [Some(original), Some(copy)] = *first {
                assert!(original || copy, "a device and its copy have written, and nobody knows");
                self.counts.entry("a copy, told".to_owned()).and_modify(|n| *n += 1).or_insert(1);
            }
        }
    }
}
