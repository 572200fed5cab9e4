//! Prekeys that are held, and what an initial message uses of them: `spec/third-party.md`, "Prekeys".

use alloc::boxed::Box;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::dh;
use crate::primitives::kdf::hash;
use crate::primitives::kyber;
use crate::primitives::sign::Signature;
use crate::protocol::handshake::prekeys::{KEEP_FOR, ONE_TIME_KEEP_FOR};
use crate::protocol::handshake::replay::{FirstMessage, HandshakeId, ReplayMemory, ShareId};
use crate::protocol::labels;

use super::bundle::{KemPrekey, OneTimePrekey};
use super::keys::{typed, typed_kem};
use super::policy::ForeignDevice;
use super::wire::InitialMessage;

/// A signed prekey and a KEM prekey under one id, and the first messages that used nothing else.
pub(crate) struct PrekeySet {
    pub(super) id: u32,
    pub(super) created: u64,
    pub(super) signed: dh::SecretKey,
    pub(super) signature: Signature,
    pub(super) kem: kyber::SecretKey,
    pub(super) kem_signature: Signature,
    pub(super) memory: ReplayMemory,
}

/// A one-time prekey, with a KEM prekey under the same id that is used as often.
pub(crate) struct OneTime {
    /// True once it is known that the service has it, and has perhaps handed it out.
    pub(super) is_published: bool,
    pub(super) created: u64,
    pub(super) agreement: dh::SecretKey,
    pub(super) kem: kyber::SecretKey,
    pub(super) kem_signature: Signature,
}

/// The prekeys that an accepted initial message uses up.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    /// The ids of one-time prekeys to be erased.
    pub(crate) one_time: [Option<u32>; 2],
    /// The set, and how the first message is remembered, if it used no one-time prekey.
    pub(crate) remembered: Option<(u32, FirstMessage)>,
}

impl PrekeySet {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn is_kept(&self, now: u64) -> bool {
        now < self.created.saturating_add(KEEP_FOR)
    }

    /// Says how a first message is remembered that used these prekeys alone.
    pub(super) fn remember(
        &self,
        initial: &InitialMessage<'_>,
        from: &ForeignDevice,
    ) -> Result<FirstMessage, Error> {
        let mut name = Writer::new();
        from.account().write(&mut name);
        let base = hash(&[labels::SIGNAL_SESSION, initial.base.bytes()]);
        let (handshake, share) = (HandshakeId(first(&base)), ShareId::of_name(name.written()));
        if self.memory.has_seen(&handshake) {
            return Err(Error::Replay);
        }
        if self.memory.is_full() {
            return Err(Error::RotationRequired);
        }
        if self.memory.is_share_full(share) {
            return Err(Error::ReplayShareFull);
        }
        Ok(FirstMessage { handshake, share })
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u32(self.id);
        writer.u64(self.created);
        writer.raw(self.signed.seed().expose());
        writer.raw(&self.signature);
        writer.raw(self.kem.seed().expose());
        writer.raw(&self.kem_signature);
        self.memory.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reader.u32()?,
            created: reader.u64()?,
            signed: dh::SecretKey::from_seed(reader.secret()?),
            signature: *reader.array()?,
            kem: kyber::SecretKey::from_seed(reader.secret()?),
            kem_signature: *reader.array()?,
            memory: ReplayMemory::read(reader)?,
        })
    }
}

impl OneTime {
    pub(super) fn is_kept(&self, now: u64) -> bool {
        now < self.created.saturating_add(ONE_TIME_KEEP_FOR)
    }

    /// Returns its two published halves.
    pub(super) fn public(&self, id: u32) -> (OneTimePrekey, KemPrekey) {
        let key = typed(&self.agreement.public());
        (OneTimePrekey { id, key }, kem_prekey(id, &self.kem, self.kem_signature))
    }

    pub(crate) fn write(&self, id: u32, writer: &mut Writer) {
        writer.u32(id);
        writer.u64(self.created);
        writer.flag(self.is_published);
        writer.raw(self.agreement.seed().expose());
        writer.raw(self.kem.seed().expose());
        writer.raw(&self.kem_signature);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<(u32, Self), Error> {
        let id = reader.u32()?;
        let prekey = Self {
            created: reader.u64()?,
            is_published: reader.flag()?,
            agreement: dh::SecretKey::from_seed(reader.secret()?),
            kem: kyber::SecretKey::from_seed(reader.secret()?),
            kem_signature: *reader.array()?,
        };
        Ok((id, prekey))
    }
}

impl Used {
    pub(crate) fn write(&self, writer: &mut Writer) {
        for id in &self.one_time {
            writer.option(id.as_ref(), |id, writer| writer.u32(*id));
        }
        writer.option(self.remembered.as_ref(), |(id, message), writer| {
            writer.u32(*id);
            message.write(writer);
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut id = || reader.option(Reader::u32);
        let one_time = [id()?, id()?];
        let remembered =
            reader.option(|reader| Ok((reader.u32()?, FirstMessage::read(reader)?)))?;
        Ok(Self { one_time, remembered })
    }
}

/// Returns the published half of a KEM prekey.
pub(super) fn kem_prekey(id: u32, key: &kyber::SecretKey, signature: Signature) -> KemPrekey {
    KemPrekey { id, key: Box::new(typed_kem(&key.public())), signature }
}
