//! Copies: letters of others that own devices pass on to each other. `spec/fan-out.md`, "Copies".

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::address::Address;
use super::blob_reference::BlobReference;
use super::client::Inner;
use super::consistency::Findings;
use super::copied_letter::{CopiedLetter, Words, letter_of};
use super::delta::{ClientItem, Settled};
use super::event::{Alert, LetterEvent, ReceivedLetter};
use super::peer::Peer;
use super::plan::{Plan, Purpose};
use super::repair::Repair;
use super::seen_log::Seen;
use crate::error::Error;
use crate::protocol::clock::Now;
use crate::protocol::content::{Content, Kinds, Sender, Target};
use crate::protocol::letter::copy::{LetterCopy, LetterOf, MAX_COPIES};
use crate::protocol::letter::missing::Missing;
use crate::protocol::letter::{LetterConversation, MessageId, SeenMessage};

impl ReceivedLetter {
    /// Makes a copy of a message of another account, to be kept for own devices that miss it; none of anything else,
    /// and of what is shown once.
    #[must_use]
    pub fn to_copy(&self) -> Option<CopiedLetter> {
        let words = match &self.event {
            _ if self.sender != Sender::Member => return None,
            LetterEvent::Message(content) if content.is_passing() => return None,
            LetterEvent::Message(content) if content.view_once().is_some() => return None,
            LetterEvent::Message(content) => Words::Message(content.encode()),
            LetterEvent::Blob(reference) => Words::Blob(reference.duplicate()),
            _ => return None,
        };
        let audience = self.audience.map_or([0; 32], |(_, audience)| audience);
        let Self { from, id, sent, conversation, .. } = *self;
        Some(CopiedLetter { from, id, sent, conversation, audience, words })
    }
}

impl CopiedLetter {
    /// Returns the event that the letter itself is: [`LetterEvent::Message`], or [`LetterEvent::Blob`].
    ///
    /// # Errors
    ///
    /// As [`Content::decode`]. On [`Error::UnsupportedContent`] keep the copy until there is a newer release.
    pub fn event(&self) -> Result<LetterEvent, Error> {
        Ok(match &self.words {
            Words::Message(content) => {
                LetterEvent::Message(Content::decode(content, Kinds::of(Sender::Member))?)
            }
            Words::Blob(reference) => {
                LetterEvent::Blob(BlobReference::new(reference.duplicate(), Sender::Member))
            }
        })
    }
}

impl Inner {
    /// Lists what own devices are asked for, and what they are given.
    pub(super) fn copies(&self, now: Now) -> impl Iterator<Item = Repair> + '_ {
        let asked = self.refused_letters().next().map(|_| Repair::AskOwn);
        let open = self.check_listed().is_ok() && self.own.stop(now).is_none();
        let wanted = self.peers.iter().filter(move |_| open).flat_map(move |(to, peer)| {
            let copies = peer.wanted.copies.iter().copied().filter(|of| self.was_seen(of));
            copies.map(|of| {
                let from = Address { account: of.account, device: of.device };
                Repair::Copy { to: to.device, from, id: of.id }
            })
        });
        wanted.chain(asked.filter(|_| open && self.reaches_companions(now)))
    }

    /// Notes that a device does not send again what it was asked for: own devices may have it.
    pub(super) fn note_refusal(&mut self, from: Address, refused: &Missing) {
        let is_ours = from.account == self.account();
        let asks_own = !is_ours && self.has_companions() && !self.is_newcomer(from.account);
        let unread = |id: &MessageId| asks_own && self.unread.has(from, id);
        let ids: Vec<_> = refused.ids.iter().copied().filter(unread).collect();
        let peer = self.peer(from);
        peer.gaps.close(&refused.gaps);
        for id in ids {
            if !peer.refused.contains(&id) && peer.refused.len() < MAX_COPIES {
                peer.refused.push(id);
            }
        }
    }

    /// Notes that own devices were asked for letters: once is enough.
    pub(super) fn note_asked_own(&mut self, letters: &[LetterOf]) {
        for letter in letters {
            let from = Address { account: letter.account, device: letter.device };
            if let Some(peer) = self.peers.get_mut(&from) {
                peer.refused.retain(|id| *id != letter.id);
            }
        }
    }

    /// Lists the letters that their senders do not send again, that have not come otherwise, and that nobody was asked
    /// for yet.
    fn refused_letters(&self) -> impl Iterator<Item = LetterOf> {
        let peers = self.peers.iter();
        let refused =
            peers.flat_map(|(from, peer)| peer.refused.iter().map(|id| letter_of(*from, *id)));
        refused.filter(|of| !self.was_seen(of))
    }

    /// Tells whether another own device can be written to without its bundle.
    fn reaches_companions(&self, now: Now) -> bool {
        let own = self.peers.iter().filter(|(address, _)| address.account == self.account());
        own.filter(|(address, _)| **address != self.address())
            .any(|(_, peer)| peer.usable(now).is_some())
    }

    /// Plans a copy, or a request for copies.
    pub(super) fn plan_copy(&self, repair: &Repair, now: Now) -> Result<Plan, Error> {
        let own = LetterConversation::With(self.account());
        if let Repair::Copy { to, from, id } = *repair {
            let to = Address { account: self.account(), device: to };
            let of = self.letter_known(&letter_of(from, id));
            if !self.was_seen(&of) {
                return Err(Error::MessageForgotten);
            }
            return self.plan_for(Purpose::Copy(of), own, to, now);
        }
        let mut letters: Vec<_> = self.refused_letters().take(MAX_COPIES).collect();
        letters.sort_unstable();
        if letters.is_empty() {
            return Err(Error::StalePlan);
        }
        let plan = self.plan(Purpose::CopyRequest(letters), own, &[], |_| true, now)?;
        // It is not kept to be sealed later.
        plan.stop_of(self.account()).map_or(Ok(plan), |stop| Err(stop.refused()))
    }

    /// Tells whether a letter was read here.
    pub(super) fn was_seen(&self, of: &LetterOf) -> bool {
        self.seen.all(of.account, of.device, &of.id).any(|seen| seen.here)
    }

    /// Refuses a copy of what was not read here, or says something else.
    pub(super) fn check_copy(&self, of: &LetterOf, copy: &CopiedLetter) -> Result<(), Error> {
        let copy = copy.copy(self.account());
        let digest = self.digest_of(&copy);
        let mut seen = self.seen.all(of.account, of.device, &of.id);
        let is_it = self.letter_known(&copy.of) == *of
            && seen.any(|seen| seen.here && seen.what.digest == digest);
        if is_it { Ok(()) } else { Err(Error::ContentMismatch) }
    }

    /// Notes what an own device asks for, as far as it was read here.
    pub(super) fn note_copy_request(
        &self,
        by: Address,
        letters: &[LetterOf],
        found: &mut Findings,
    ) {
        let nothing = Peer::default();
        let peer = self.peers.get(&by).unwrap_or(&nothing);
        let mut wanted = peer.wanted.clone();
        wanted.copies.retain(|letter| self.was_seen(letter));
        let letters = letters.iter().map(|letter| self.letter_known(letter));
        for letter in letters.filter(|letter| self.was_seen(letter)) {
            wanted.add_copy(letter);
        }
        if wanted.copies != peer.wanted.copies {
            found.items.push(ClientItem::Wanted(Box::new((by, wanted))));
        }
    }

    /// Takes a copy that an own device passes on, if the letter was not read here.
    pub(super) fn take_copy(
        &self,
        copy: &LetterCopy<'_>,
        found: &mut Findings,
    ) -> Result<LetterEvent, Error> {
        let digest = self.digest_of(copy);
        let LetterOf { account, device, id } = self.letter_known(&copy.of);
        if account == self.account() {
            // It names this account by an id that it had.
            return Err(Error::Malformed);
        }
        let copied = CopiedLetter::of(copy)?.sent_by(account);
        if copied.event()?.is_passing() {
            return Err(Error::NotAllowed);
        }
        found.target = Some(Target::new(self.name_of(account), device, id, digest));
        if found.is_over() {
            // A device that was removed since its list was made must not decide what is read, and who lies.
            return Ok(LetterEvent::Copied(Box::new(copied)));
        }
        if self.contact(account).is_none() {
            // Its account was forgotten meanwhile.
            return Ok(LetterEvent::Repeated(None));
        }
        let by = Address { account, device };
        for seen in self.seen.all(account, device, &id) {
            if seen.what.digest != digest {
                found.alerts.push(Alert::Equivocation { by, id });
            }
            if seen.here {
                return Ok(LetterEvent::Repeated(None));
            }
        }
        if self.unread.has(by, &id) {
            found.items.push(ClientItem::Settled(Box::new(Settled { from: by, id })));
        }
        let what = SeenMessage { account, device, id, digest };
        found.items.push(ClientItem::Seen(Box::new(Seen { what, here: true, told: false })));
        Ok(LetterEvent::Copied(Box::new(copied)))
    }
}
