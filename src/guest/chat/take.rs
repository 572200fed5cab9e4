//! Messages as a transport brings them, whatever they are: `spec/guest-links.md`, "Repair".

use alloc::boxed::Box;
use alloc::vec;

use super::chat::Chat;
use super::delta::{ChatDelta, ChatStep};
use super::doubt::{ChatDoubt, UnopenedMessage};
use super::event::TakenMessage;
use crate::client::Address;
use crate::error::Error;
use crate::protocol::content::Sender;
use crate::protocol::franking::FrankCheck;
use crate::storage::Pending;

impl Chat {
    /// Takes in a message that a transport brings, whatever it is. Save the change, apply it, then do what the answer
    /// says; [`Chat::repair`] says what is to be sent.
    ///
    /// It opens what [`Chat::open`] opens. Of what does not open the chat remembers that it did not, so that both
    /// sides come to understand each other again: after one of them was restored from a backup, or lost more than a
    /// session can make good.
    ///
    /// ```
    /// # use getrandom::{SysRng, rand_core::UnwrapErr};
    /// # use latchstring::client::Client;
    /// # use latchstring::guest::{Invite, Policy, TakenMessage};
    /// # use latchstring::session::{Account, AccountId};
    /// # use latchstring::storage::State;
    /// # fn main() -> Result<(), latchstring::Error> {
    /// # let mut rng = UnwrapErr(SysRng);
    /// # let now = 1_800_000_000;
    /// # let mut host = Client::create(&Account::generate(AccountId([1; 32]), &mut rng), now, &mut rng);
    /// # let policy = Policy::new("Ada", now + 86_400);
    /// # let (mut invite, copy) = Invite::create(&host, "chat.example", policy, now, &mut rng)?;
    /// # let preview = invite.link().expect("a link").open(copy.sealed_invitation(), "chat.example", now)?;
    /// # let (mut guest, claim) =
    /// #     preview.claim(host.list(), &[host.bundle()], "Grace", &[], now, &mut rng)?;
    /// # let (mut chat, _) = invite.claim(&mut host, &claim, now)?.apply();
    /// # let grant = chat.grant(&host, now, &mut rng)?.apply();
    /// # guest.receive(host.address(), &grant[0].message, now)?;
    /// // Grace's browser is restored from a backup. Ada cannot read what she writes then.
    /// # let backup = guest.to_bytes();
    /// # let one = guest.send("one", now, &mut rng)?;
    /// # chat.receive(guest.address(), &one.envelopes[0].message, now)?;
    /// # let mut guest = latchstring::guest::Chat::from_bytes(&backup)?;
    /// let text = guest.send("two", now, &mut rng)?;
    /// let taken = chat.take(guest.address(), &text.envelopes[0].message, now).apply();
    /// assert!(matches!(taken, TakenMessage::Unread));
    ///
    /// // Both apps ask once in a while what is to be done. Ada's begins anew, and Grace's answers.
    /// let anew = chat.repair(Some(&host), now, &mut rng)?.apply();
    /// for envelope in anew.envelopes {
    ///     guest.take(host.address(), &envelope.message, now).apply();
    /// }
    /// let answer = guest.repair(None, now, &mut rng)?.apply();
    /// let taken = chat.take(guest.address(), &answer.envelopes[0].message, now).apply();
    /// assert!(matches!(taken, TakenMessage::Event(event) if event.renewed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn take(
        &mut self,
        from: Address,
        message: &[u8],
        now: u64,
    ) -> Pending<'_, Self, TakenMessage> {
        self.taken(from, message, FrankCheck::Skip, now)
    }

    pub(super) fn taken(
        &mut self,
        from: Address,
        message: &[u8],
        frank: FrankCheck<'_>,
        now: u64,
    ) -> Pending<'_, Self, TakenMessage> {
        match self.opening(from, message, frank, now) {
            Ok((received, delta)) => {
                Pending::new(self, delta, TakenMessage::Event(Box::new(received)))
            }
            Err(UnopenedMessage { error, doubt }) => {
                let delta = self.doubted(from, doubt, now);
                let taken = self.refused(error, doubt);
                Pending::maybe(self, delta, taken)
            }
        }
    }

    /// Tells what is to be done about a message that was refused.
    fn refused(&self, error: Error, doubt: ChatDoubt) -> TakenMessage {
        match error {
            Error::Duplicate => TakenMessage::Known,
            Error::ListExpired => TakenMessage::Waits,
            Error::Unlisted if self.sender() == Sender::Member => TakenMessage::Waits,
            Error::Forged | Error::MessageKeyGone | Error::FrankMismatch => TakenMessage::Unread,
            _ if doubt != ChatDoubt::None => TakenMessage::Unread,
            error => TakenMessage::Refused(error),
        }
    }

    /// Notes the doubt about the session with the sender of a message, if it is more than there was.
    fn doubted(&self, from: Address, doubt: ChatDoubt, now: u64) -> Option<ChatDelta> {
        let note = doubt.note()?;
        let inner = &*self.inner;
        let now = self.alive(now).ok()?;
        let chat_session = inner.session_with(from).ok()??;
        // The other side may have sealed it before it knew of the session that was begun anew.
        let is_on_its_way = chat_session.is_unanswered()
            && !chat_session.replaced.is_empty()
            && chat_session.repair.is_fresh(now.reading());
        if is_on_its_way || doubt <= chat_session.repair.doubt {
            return None;
        }
        let notes = vec![(chat_session.with(), note)];
        Some(ChatDelta { notes, ..ChatDelta::step(now, ChatStep::Stay) })
    }
}
