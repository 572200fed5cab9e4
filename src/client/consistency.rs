//! Comparison of a letter with what is known: the device lists that it names, and whether it, or another one
//! under its id, was opened before.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::protocol::content::{Content, Kinds, Sender, Target};
use crate::protocol::letter::{Body, Letter, LetterConversation, Listed, Said, SeenMessage};

use super::address::Address;
use super::blob_reference::BlobReference;
use super::client::Inner;
use super::contact::ListMismatch;
use super::delta::{ClientItem, ListReport};
use super::event::{Alert, LetterEvent, OwnContent};
use super::seen_log::Seen;
use crate::protocol::identity::certificate::AccountId;

/// The findings about a letter: what is to be remembered, and what is to be told.
pub(super) struct Findings {
    pub(super) items: Vec<ClientItem>,
    pub(super) alerts: Vec<Alert>,
    /// The message that was found, if it says something.
    pub(super) target: Option<Target>,
}

impl Findings {
    /// Tells whether the list of the letter's sender is over.
    pub(super) fn is_over(&self) -> bool {
        self.alerts.iter().any(Alert::is_list_over)
    }
}

impl Inner {
    /// Compares the lists that a letter names with the known ones.
    pub(super) fn compare_lists(&self, from: Address, letter: &Letter<'_>, found: &mut Findings) {
        let own = self.account();
        // With somebody else it is this account's list that a letter names beside its sender's.
        let partner = self.partner(from, letter).filter(|_| from.account == own);
        let other = partner.unwrap_or(own);
        let subjects: &[_] = &[(from.account, letter.lists[0]), (other, letter.lists[1])];
        let most = if other == from.account { 1 } else { 2 };
        for (of, reported) in subjects.iter().take(most) {
            self.compare_list(from, *of, *reported, found);
        }
    }

    fn compare_list(&self, by: Address, of: AccountId, reported: Listed, found: &mut Findings) {
        let Some(contact) = self.contact(of) else { return };
        let before = self.peers.get(&by).and_then(|peer| peer.reports.get(&of)).copied();
        let mismatch = contact.mismatch(reported);
        let listed = mismatch.map(|_| reported);
        // The account's own device says again that there is a newer list, and nothing tells of it any more: an
        // older one that was shown in between has not shown that.
        let reopens =
            by.account == of && mismatch == Some(ListMismatch::Ahead) && !contact.ahead.is_open();
        if listed == before && !reopens {
            return;
        }
        let listed = listed.map(Box::new);
        found.items.push(ClientItem::Report(Box::new(ListReport { by, subject: of, listed })));
        let was = before.and_then(|before| contact.mismatch(before));
        match mismatch {
            Some(mismatch) if was != Some(mismatch) => {
                found.alerts.push(Alert::Lists { of, mismatch });
            }
            None if was.is_some() => found.alerts.push(Alert::ListsAgree { of }),
            _ => {}
        }
    }

    /// Notes the list that a device has reported, or that it is the known one. A newer one shortens the time for
    /// which the known one is used, if the device is of the account: what somebody else says of an account must
    /// not silence it.
    pub(super) fn report(&mut self, report: ListReport, now: u64) {
        let ListReport { by, subject, listed } = report;
        let is_own = subject == self.account();
        let contact = if is_own { Some(&mut *self.own) } else { self.contacts.get_mut(&subject) };
        if let (true, Some(contact), Some(listed)) = (by.account == subject, contact, &listed) {
            contact.note_ahead(listed.epoch, now);
        }
        let reports = &mut self.peer(by).reports;
        match listed {
            Some(listed) => reports.insert(subject, *listed),
            None => reports.remove(&subject),
        };
    }

    /// Returns what a letter says, once it is known whether it was opened before.
    pub(super) fn take_in(
        &self,
        from: Address,
        letter: &Letter<'_>,
        found: &mut Findings,
    ) -> Result<LetterEvent, Error> {
        let event = match &letter.body {
            Body::ResendRequest(missing) => {
                self.note_request(from, missing, found);
                LetterEvent::ResendRequested
            }
            Body::Refusal(refused) => {
                if !found.is_over() {
                    let refusal = Box::new((from, refused.clone()));
                    found.items.push(ClientItem::Refused(refusal));
                }
                LetterEvent::NotResent(refused.ids.clone())
            }
            Body::CopyRequest(letters) => {
                self.note_copy_request(from, letters, found);
                LetterEvent::ResendRequested
            }
            Body::Copy(copy) => self.take_copy(copy, found)?,
            Body::SeenReport(messages) => {
                // A device that was removed since its list was made must not decide what is compared.
                let is_over = found.is_over();
                for told in messages.iter().filter(|_| !is_over) {
                    self.compare_seen(told, found);
                }
                LetterEvent::SeenReport
            }
            Body::Said(said) => self.read_once(from, letter, said, found)?,
        };
        let is_more = |item: &&ClientItem| matches!(item, ClientItem::Seen(seen) if !self.seen.has(&seen.what));
        let more = found.items.iter().filter(is_more).count();
        if self.has_companions() && self.seen.loses_untold(self.account(), more) {
            found.alerts.push(Alert::NotCompared);
        }
        Ok(event)
    }

    /// Returns what somebody says, if it was not opened here before.
    fn read_once(
        &self,
        from: Address,
        letter: &Letter<'_>,
        said: &Said<'_>,
        found: &mut Findings,
    ) -> Result<LetterEvent, Error> {
        let partner = self.partner(from, letter);
        let named = match (letter.conversation, partner) {
            (LetterConversation::With(_), _) if from.account != self.account() => {
                LetterConversation::With(self.own.list.first_id())
            }
            (_, Some(partner)) => self.in_digest(LetterConversation::With(partner)),
            (group, None) => group,
        };
        let digest = letter.digest_in(named, self.name_of(from.account), from.device);
        let name = self.name_of(from.account);
        found.target = Some(Target::new(name, from.device, letter.id, digest));
        let is_own = partner == Some(self.account());
        let sender = if is_own { Sender::Own } else { Sender::Member };
        for seen in self.seen.all(from.account, from.device, &letter.id) {
            let same = seen.what.digest == digest;
            if !same {
                found.alerts.push(Alert::Equivocation { by: from, id: letter.id });
            }
            // A message that only another own device says it has opened is shown: that device may be stolen.
            if seen.here {
                let reference = if let (true, Said::Blob(reference)) = (same, said) {
                    Some(BlobReference::new(reference.duplicate(), sender))
                } else {
                    None
                };
                return Ok(LetterEvent::Repeated(reference));
            }
        }
        let (account, device) = (from.account, from.device);
        let what = SeenMessage { account, device, id: letter.id, digest };
        let is_ours = from.account == self.account();
        let read = |content| {
            let content = Content::decode(content, Kinds::of(sender))?;
            self.check_passing(&content, partner, is_ours)?;
            Ok(content)
        };
        let event = match said {
            Said::Blob(reference) => {
                LetterEvent::Blob(BlobReference::new(reference.duplicate(), sender))
            }
            Said::Own(content) => LetterEvent::Own(OwnContent::Said(read(content)?)),
            Said::Object(kind, object) => LetterEvent::Own(OwnContent::sorted(*kind, object)?),
            Said::Message(content) => LetterEvent::Message(read(content)?),
        };
        if let LetterEvent::Own(OwnContent::Viewed(target)) = &event
            && !found.is_over()
        {
            found.items.extend(self.note_viewed(target));
        }
        // What passes is not remembered: a flood of it must not push out what matters.
        if !event.is_passing() {
            found.items.push(ClientItem::Seen(Box::new(Seen { what, here: true, told: false })));
        }
        Ok(event)
    }

    /// Compares what another own device has opened with what this one has.
    fn compare_seen(&self, told: &SeenMessage, found: &mut Findings) {
        let by = self.known_at(Address { account: told.account, device: told.device });
        if by.account == self.account() {
            return;
        }
        let told = &SeenMessage { account: by.account, ..*told };
        let mut known = false;
        for seen in self.seen.all(told.account, told.device, &told.id) {
            known |= seen.what.digest == told.digest;
            if seen.what.digest != told.digest {
                found.alerts.push(Alert::Equivocation { by, id: told.id });
            }
        }
        if !known {
            found.items.push(ClientItem::Seen(Box::new(Seen {
                what: *told,
                here: false,
                told: false,
            })));
        }
    }
}
