//! The memory of a chat beside its sessions: texts that are known, receipts, a hand-over.

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::guest::content::EndReason;
use crate::protocol::guest::hand_over::HandOver;
use crate::protocol::guest::text::{KnownText, KnownTexts};

use super::delta::ChatStep;

/// The time in seconds between two receipts of a side, at least.
const BETWEEN_RECEIPTS: u64 = 30;

/// The memory of a chat beside its sessions. None of it is secret.
#[derive(Default)]
pub(super) struct ChatMemory {
    /// Those of the other side, and at the host those of own devices.
    pub(super) texts: KnownTexts,
    /// The time of the last receipt, 0 if there is none.
    receipted: u64,
    /// The account that the guest says that it is.
    pub(super) hand_over: Option<Box<HandOver>>,
}

impl ChatMemory {
    /// Refuses a receipt that is too close to the last.
    pub(super) fn check_receipt(&self, now: u64) -> Result<(), Error> {
        let is_soon = self.receipted != 0 && now < self.receipted.saturating_add(BETWEEN_RECEIPTS);
        if is_soon { Err(Error::TooOften) } else { Ok(()) }
    }

    /// Leaves no receipt of a time that is still to come.
    pub(super) fn bound_times(&mut self, now: u64) {
        self.receipted = self.receipted.min(now);
    }

    /// Remembers what a change brings, and forgets the texts of a chat that is over.
    pub(super) fn apply(&mut self, known: Option<KnownText>, step: &ChatStep, now: u64) {
        self.texts.remember(known);
        match step {
            ChatStep::Receipted => self.receipted = now,
            ChatStep::HandOver(hand_over) => self.hand_over = Some(hand_over.clone()),
            ChatStep::Become(hand_over) => {
                *self = Self { hand_over: Some(hand_over.clone()), ..Self::default() };
            }
            ChatStep::End(EndReason::BecameAccount) => {
                *self = Self { hand_over: self.hand_over.take(), ..Self::default() };
            }
            ChatStep::End(_) => *self = Self::default(),
            _ => {}
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.texts.write(writer);
        writer.u64(self.receipted);
        writer.option(self.hand_over.as_ref(), |hand_over, writer| hand_over.write(writer));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            texts: KnownTexts::read(reader)?,
            receipted: reader.u64()?,
            hand_over: reader.option(|reader| HandOver::recall(reader).map(Box::new))?,
        })
    }
}
