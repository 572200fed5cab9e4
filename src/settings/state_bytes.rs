//! Settings as they are stored: `spec/state.md`, "Settings, kind 0x0e".

use alloc::boxed::Box;

use super::delta::{SettingsDelta, Step};
use super::settings::{Inner, Settings};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::clock::Clock;
use crate::protocol::identity::certificate::{AccountKey, DeviceId};
use crate::protocol::settings::key::Keys;
use crate::protocol::settings::replica::Replica;
use crate::storage::{Anchor, Stateful};

impl Stateful for Settings {
    const KIND: u8 = 0x0e;

    type Delta = SettingsDelta;

    fn write(&self, writer: &mut Writer) {
        let inner = &*self.inner;
        inner.anchor.write(writer);
        inner.clock.write(writer);
        writer.raw(&inner.account.0);
        writer.raw(&inner.device.0);
        inner.replica.write(writer);
        inner.keys.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, Clock::read(reader)?);
        let (account, device) = (AccountKey(*reader.array()?), DeviceId(*reader.array()?));
        let replica = Replica::read(reader)?;
        let keys = Keys::read(account, reader)?;
        let inner = Inner { account, device, replica, keys, clock, anchor };
        Ok(Self { inner: Box::new(inner) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn fits(&self, delta: &SettingsDelta) -> bool {
        delta.account == self.inner.account
    }

    fn advance(&mut self, next: Anchor, delta: SettingsDelta) {
        let inner = &mut *self.inner;
        inner.anchor = next;
        inner.clock = delta.now.clock();
        for step in delta.steps {
            match step {
                Step::Key(key) => inner.keys.add(key, delta.now.reading()),
                Step::KeyErased(id) => inner.keys.remove(id),
                step => drop(step.apply(&mut inner.replica)),
            }
        }
        inner.replica.tidy();
    }
}
