//! The chain that a device seals with, and to whom it was told: `spec/third-party.md`, "Groups".

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::primitives::dh;
use crate::primitives::kdf::drawn;
use crate::primitives::secret::Secret;
use crate::protocol::clock::Now;
use crate::protocol::labels;
use crate::protocol::ratchet::ChainKey;
use crate::signal::client::{Inner, MAX_PEERS};
use crate::signal::keys::IdentityKey;
use crate::signal::policy::{ContentProfile, ForeignDevice, Party};
use crate::signal::service_id::Uuid;
use crate::signal::session::Session;
use crate::signal::version::Version;

use super::wire::{Place, ToldChain};

/// A chain id has 31 bits: some clients read it as a signed number.
const CHAIN_ID: u32 = 0x7fff_ffff;

/// The chain that a device seals with.
pub(crate) struct OwnChain {
    pub(super) id: u32,
    pub(super) key: ChainKey,
    /// The iteration of the next message.
    pub(super) iteration: u32,
    pub(super) signing: dh::SecretKey,
    pub(super) public: dh::PublicKey,
    /// Everybody who can read what is sealed.
    told: BTreeMap<ForeignDevice, Box<Told>>,
}

/// A device as it was when a chain was told to it.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(super) identity: IdentityKey,
    pub(super) version: Version,
}

impl OwnChain {
    /// Draws a chain. `about` names the state and its generation, so that a generator that repeats itself
    /// gives no two of them one chain.
    pub(super) fn generate(about: &[u8], rng: &mut impl CryptoRng) -> Self {
        let drawn: Secret<68> = drawn(labels::SIGNAL_SENDER_KEY, &[about], rng);
        let (id, keys) = drawn.expose().split_at(4);
        let (key, signing) = keys.split_at(32);
        let signing = dh::SecretKey::from_seed(Secret::fill(|out| out.copy_from_slice(signing)));
        Self {
            id: id.iter().fold(0, |id, byte| (id << 8) | u32::from(*byte)) & CHAIN_ID,
            key: ChainKey(Secret::fill(|out| out.copy_from_slice(key))),
            iteration: 0,
            public: signing.public(),
            signing,
            told: BTreeMap::new(),
        }
    }

    /// Asks of each device that was told the chain whether a message may be sent to it: all of them can read it.
    /// Returns what all their profiles and this side's allow, if they have any.
    pub(super) fn ask(
        &self,
        client: &Inner,
        is_attested: bool,
        now: Now,
    ) -> Result<Option<ContentProfile>, Error> {
        if self.told.is_empty() {
            return Err(Error::NoRecipient);
        }
        self.told.iter().try_fold(None, |all: Option<ContentProfile>, (device, told)| {
            let party = client.writing(device, now)?;
            told.check(client, &party, device, is_attested)?;
            let profile = party.profile();
            Ok(all.zip(profile).map(|(all, profile)| all.and(profile)).or(profile))
        })
    }

    /// Finds what a device is that may be told the chain; nothing if it was told before in a session as strong.
    ///
    /// # Errors
    ///
    /// As [`Client::seal`](crate::signal::Client::seal) for the device; [`Error::TooManyAccounts`].
    pub(super) fn tell(
        &self,
        client: &Inner,
        to: &ForeignDevice,
        is_attested: bool,
        now: Now,
    ) -> Result<Option<Told>, Error> {
        let party = client.writing(to, now)?;
        let session = client.peers.get(to).and_then(|peer| peer.current());
        if let Some(told) = self.told.get(to) {
            told.check(client, &party, to, is_attested)?;
            // A chain is as strong as the weakest session that it was told in.
            let weaker = session.map(Session::version).filter(|version| *version < told.version);
            return Ok(weaker.map(|version| Told { identity: told.identity, version }));
        }
        let session = session.ok_or(Error::BundleMissing)?;
        let told = Told { identity: *session.peer(), version: session.version() };
        told.check(client, &party, to, is_attested)?;
        if self.told.len() >= MAX_PEERS { Err(Error::TooManyAccounts) } else { Ok(Some(told)) }
    }

    pub(super) fn note(&mut self, device: ForeignDevice, told: Box<Told>) {
        self.told.insert(device, told);
    }

    pub(super) fn told(&self) -> impl Iterator<Item = &ForeignDevice> {
        self.told.keys()
    }

    pub(super) fn place(&self, distribution: Option<Uuid>) -> Place {
        Place { distribution, chain: self.id, iteration: self.iteration }
    }

    pub(super) fn distribution(&self, distribution: Option<Uuid>) -> Zeroizing<Vec<u8>> {
        ToldChain::encode(self.place(distribution), &self.key, &self.public)
    }

    /// Writes the chain, without those to whom it was told.
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(self.id);
        writer.u32(self.iteration);
        writer.raw(self.key.0.expose());
        writer.raw(self.signing.seed().expose());
        writer.raw(self.public.bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reader.u32()?,
            iteration: reader.u32()?,
            key: ChainKey(reader.secret()?),
            signing: dh::SecretKey::from_seed(reader.secret()?),
            public: dh::PublicKey::decode(*reader.array()?)?,
            told: BTreeMap::new(),
        })
    }

    /// Writes the chain with those to whom it was told.
    pub(super) fn write_whole(&self, writer: &mut Writer) {
        self.write(writer);
        writer.count(self.told.len());
        for (device, told) in &self.told {
            device.write(writer);
            told.write(writer);
        }
    }

    pub(super) fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut chain = Self::read(reader)?;
        for _ in 0..reader.count(MAX_PEERS)? {
            let (device, told) = (ForeignDevice::read(reader)?, Told::read(reader)?);
            ascending(&mut chain.told, device, Box::new(told))?;
        }
        Ok(chain)
    }
}

impl Told {
    /// Refuses a device to which nothing may be sealed under a chain that was told to it when it was this.
    fn check(
        &self,
        client: &Inner,
        party: &Party<'_>,
        device: &ForeignDevice,
        is_attested: bool,
    ) -> Result<(), Error> {
        if party.is_attested() != is_attested {
            return Err(Error::WrongKind);
        }
        client.check_same(party, device, &self.identity)?;
        client.check_version(party, self.version)
    }

    pub(super) fn write(self, writer: &mut Writer) {
        writer.raw(self.identity.0.bytes());
        writer.u8(self.version.number());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let identity = IdentityKey(dh::PublicKey::decode(*reader.array()?)?);
        Ok(Self { identity, version: Version::of_number(reader.u8()?)? })
    }
}
