//! Whoever can put mail into a queue, and has no key: what it brings opens nowhere, costs nobody a letter, and no more
//! sessions than are allowed.

use latchstring::client::{Conversation, MessageId};
use latchstring::rand_core::Rng;

use crate::letters::{What, content};
use crate::server::{INITIAL, Mail, attack};
use crate::world::World;

/// The kind byte of a message of a session (`spec/wire.md`).
const ORDINARY: u8 = 0x01;

impl World {
    /// Brings junk as some listed device's, once in a while a flood of it.
    pub fn junk(&mut self) {
        if self.server.attacks & attack::JUNK == 0 || !self.once_in(25) {
            return;
        }
        if self.once_in(8) {
            return self.besiege();
        }
        let count = if self.once_in(8) { 40 } else { 1 + self.below(3) };
        let (from, to) = (self.some_node(), self.some_node());
        let (from, to) = (self.address(from), self.address(to));
        for _ in 0..count {
            let mail = match self.below(3) {
                0 => self.true_message_of_another_name(),
                _ => None,
            };
            let mail = mail.unwrap_or_else(|| {
                let (id, message) = (self.some_id(), self.invented());
                Mail { from, to, id, message, envelope: None, tries: 0 }
            });
            self.server.bring(mail, &mut self.rng);
        }
        self.count(if count == 40 { "a flood of junk" } else { "junk" });
    }

    /// Brings junk to a device again and again, whose app sees to it at once, and is answered at once: it may not begin
    /// a session each time.
    fn besiege(&mut self) {
        let (with, victim) = (self.some_node(), self.some_node());
        let (from, to) = (self.address(with), self.address(victim));
        if with == victim {
            return;
        }
        for _ in 0..12 {
            let (mut id, mut message) = (MessageId([0; 16]), vec![0; 322]);
            self.rng.fill_bytes(&mut id.0);
            self.rng.fill_bytes(&mut message);
            (message[0], message[1]) = (1, ORDINARY);
            self.server
                .bring(Mail { from, to, id, message, envelope: None, tries: 0 }, &mut self.rng);
            for (node, other) in [(victim, from.account), (with, to.account)] {
                while self.deliver(node) {}
                self.look_after(node);
                if other != self.address(node).account {
                    let content = content(&mut self.rng);
                    let _ =
                        self.say(node, What::New(Conversation::With(other), Vec::new()), content);
                }
                self.flush(node);
            }
        }
        self.count("a siege of junk");
    }

    /// Copies an envelope that waits, under another message id than its own; half the time altered.
    fn true_message_of_another_name(&mut self) -> Option<Mail> {
        let of = self.some_node();
        let (of, id) = (self.address(of), self.some_id());
        let waiting = self.server.mail.get(&of)?.len().max(1);
        let place = self.below(waiting);
        let mut mail = self.server.mail[&of].get(place)?.clone();
        mail.id = id;
        if self.once_in(2) {
            let place = self.below(mail.message.len());
            mail.message[place] ^= 1 << self.below(8);
            mail.envelope = None;
        }
        Some(mail)
    }

    /// Draws an id: a new one, or one of a message that was sealed.
    fn some_id(&mut self) -> MessageId {
        if self.once_in(2) && !self.messages.is_empty() {
            let message = self.below(self.messages.len());
            return self.messages[message].id;
        }
        let mut id = MessageId([0; 16]);
        self.rng.fill_bytes(&mut id.0);
        id
    }

    /// Draws bytes that look like a message.
    fn invented(&mut self) -> Vec<u8> {
        let is_first = self.once_in(3);
        let length = [162, 322, 386, 1788, self.below(3000)][self.below(5)];
        let mut message = vec![0; length.max(2)];
        self.rng.fill_bytes(&mut message);
        (message[0], message[1]) = (1, if is_first { INITIAL } else { ORDINARY });
        message
    }
}
