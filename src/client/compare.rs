//! What a letter says is compared with what is known: the device lists that it names, and whether
//! it, or another one under its name, was read before.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::protocol::letter::{self, Body, Letter, Listed, Sighting};

use super::logs::Seen;
use super::open::{Alert, Content, Large};
use super::step::{Report, Step};
use super::{AccountId, Address, Inner};

impl Inner {
    /// Compares the lists that a letter names with the known ones.
    pub(super) fn compare_lists(
        &self,
        from: Address,
        letter: &Letter<'_>,
        steps: &mut Vec<Step>,
        alerts: &mut Vec<Alert>,
    ) {
        let own = self.account();
        let other = match letter.conversation {
            letter::Conversation::With(account) => account,
            letter::Conversation::Group { .. } => own,
        };
        let subjects: &[_] = &[(from.account, letter.lists[0]), (other, letter.lists[1])];
        let most = if other == from.account { 1 } else { 2 };
        for (of, reported) in subjects.iter().take(most) {
            self.compare_list(from, *of, *reported, steps, alerts);
        }
    }

    fn compare_list(
        &self,
        by: Address,
        of: AccountId,
        reported: Listed,
        steps: &mut Vec<Step>,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(contact) = self.contact(of) else { return };
        let before = self.peers.get(&by).and_then(|peer| peer.reports.get(&of)).copied();
        let view = contact.view(reported);
        let listed = view.map(|_| reported);
        if listed == before {
            return;
        }
        let listed = listed.map(Box::new);
        steps.push(Step::Report(Box::new(Report { by, subject: of, listed })));
        let was = before.and_then(|before| contact.view(before));
        match view {
            Some(view) if was != Some(view) => alerts.push(Alert::Lists { of, view }),
            None if was.is_some() => alerts.push(Alert::ListsAgree { of }),
            _ => {}
        }
    }

    /// What a letter says, once it is known whether it was said before.
    pub(super) fn take_in(
        &self,
        from: Address,
        letter: &Letter<'_>,
        steps: &mut Vec<Step>,
        alerts: &mut Vec<Alert>,
    ) -> Content {
        match &letter.body {
            Body::AskAgain(id) => {
                return Content::AskedAgain(*id);
            }
            Body::Witness(sightings) => {
                for sighting in sightings {
                    self.take_sighting(sighting, steps, alerts);
                }
                return Content::Witness;
            }
            Body::Message(_) | Body::Large(_) | Body::Own(_) => {}
        }
        let digest = letter.digest(from.account, from.device);
        for seen in self.seen.all(from.account, from.device, &letter.id) {
            let same = seen.what.digest == digest;
            if !same {
                alerts.push(Alert::Equivocation { by: from, id: letter.id });
            }
            // What only another own device says it has read hides nothing: that device may be stolen.
            if seen.here {
                return Content::Repeated;
            }
        }
        let (account, device) = (from.account, from.device);
        let what = Sighting { account, device, id: letter.id, digest };
        steps.push(Step::Seen(Box::new(Seen { what, here: true })));
        match &letter.body {
            Body::Large(reference) => Content::Large(Large(reference.duplicate())),
            Body::Own(content) => Content::Own(Zeroizing::new(content.to_vec())),
            Body::Message(content) => Content::Message(Zeroizing::new(content.to_vec())),
            Body::AskAgain(_) | Body::Witness(_) => Content::Witness,
        }
    }

    /// Compares what another own device has read with what this one has.
    fn take_sighting(&self, told: &Sighting, steps: &mut Vec<Step>, alerts: &mut Vec<Alert>) {
        let by = Address { account: told.account, device: told.device };
        let mut known = false;
        for seen in self.seen.all(told.account, told.device, &told.id) {
            known |= seen.what.digest == told.digest;
            if seen.what.digest != told.digest {
                alerts.push(Alert::Equivocation { by, id: told.id });
            }
        }
        if !known {
            steps.push(Step::Seen(Box::new(Seen { what: *told, here: false })));
        }
    }
}
