//! Exporters and franks of letters: what is given out beside an envelope, and what is asked of one that comes.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::address::Address;
use super::client::Client;
use super::enclosed::Enclosed;
use super::event::ReceivedLetter;
use super::outgoing::Outgoing;
use super::plan::Plan;
use super::receive::Unopened;
use super::take::{Mail, Taken};
use crate::error::Error;
use crate::protocol::franking::{Frank, FrankCheck};
use crate::protocol::ratchet::Exporter;
use crate::storage::Pending;

/// A letter that was sealed, and the exporter of each of its envelopes.
#[derive(Debug)]
pub struct Exported {
    /// The letter, to be stored and sent as any other.
    pub outgoing: Outgoing,
    /// An exporter for each envelope, by the device that it is for, in the order of the envelopes. They are in no
    /// store: a process that ends has lost them.
    pub exporters: Vec<(Address, Exporter)>,
}

impl Client {
    /// Seals one letter as [`Client::seal`] does, and gives the exporter of each envelope beside it: its receiver has
    /// the same ([`ReceivedLetter::exporter`]). A letter that is sealed again has others.
    ///
    /// # Errors
    ///
    /// As [`Client::seal`].
    pub fn seal_exporting<'a>(
        &mut self,
        plan: &mut Plan,
        enclosed: impl Into<Enclosed<'a>>,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<'_, Self, Exported>, Error> {
        let now = self.inner.clock.now(now);
        let mut exporters = Vec::with_capacity(plan.targets.len());
        let enclosed = enclosed.into();
        let sealed = self.inner.sealed(plan, enclosed, Some(&mut exporters), now, rng)?;
        let exported = Exported { outgoing: sealed.out, exporters };
        Ok(self.pending(sealed.now, sealed.items, exported))
    }

    /// Opens an envelope as [`Client::open`] does, and holds it to the frank that the service brought with it: what
    /// somebody says must have the right one, and the letter then has its [evidence](ReceivedLetter::evidence).
    /// Letters between own devices, and those that say nothing, need none.
    ///
    /// # Errors
    ///
    /// [`Error::FrankMismatch`] if the frank is of something else or missing; else as [`Client::open`]. Nothing
    /// changes then.
    pub fn open_franked(
        &mut self,
        from: Address,
        envelope: &[u8],
        frank: Option<&Frank>,
        now: u64,
    ) -> Result<Pending<'_, Self, ReceivedLetter>, Error> {
        let now = self.inner.clock.now(now);
        let opened = self.inner.opened(from, envelope, FrankCheck::Given(frank), now);
        let (items, letter) = opened.map_err(Unopened::error)?;
        Ok(self.pending(now.supported(letter.support()), items, letter))
    }

    /// Takes mail in as [`Client::take`] does, and holds it to its frank as [`Client::open_franked`] does. A letter
    /// without the right frank is [`Taken::Unread`], and asked for again like any that did not open. With mail that
    /// waits ([`Taken::Waits`]) keep its frank too.
    pub fn take_franked(
        &mut self,
        mail: &Mail<'_>,
        frank: Option<&Frank>,
        now: u64,
    ) -> Pending<'_, Self, Taken> {
        self.taken(mail, FrankCheck::Given(frank), now)
    }
}
