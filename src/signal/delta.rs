//! Changes of a client by one operation: `spec/third-party.md`, "State".

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::kdf::hash;
use crate::protocol::clock::Now;
use crate::protocol::labels;
use crate::protocol::ratchet::SignalDelta;
use crate::storage::{Delta, DeltaKind};

use super::handover::Entries;
use super::keys::IdentityKey;
use super::peer::SessionName;
use super::policy::{
    Attestation, Consent, ForeignAccount, ForeignDevice, Notices, ProviderDescriptor, ProviderId,
    TrustedKeys,
};
use super::prekeys::{OneTime, PrekeySet, Used};
use super::session::Session;

/// Maximum number of items in one change.
const MAX_ITEMS: usize = 4;

/// Maximum number of one-time prekeys in one change.
const MAX_BATCH: usize = 255;

/// Maximum number of ids in one change: those of all one-time prekeys that a device holds.
pub(super) const MAX_PUBLISHED: usize = 1000;

/// The changes that one operation makes in a client, and its time.
pub(crate) struct ClientDelta {
    pub(super) now: Now,
    pub(super) items: Vec<ClientItem>,
}

/// A single change. See note `[boxes]`.
pub(super) enum ClientItem {
    /// New signed prekeys.
    Rotated(Box<PrekeySet>),
    /// New one-time prekeys.
    Replenished(Vec<(u32, Box<OneTime>)>),
    /// The service has these one-time prekeys.
    Published(Vec<u32>),
    /// Prekeys were used up by an initial message.
    Used(Box<Used>),
    /// A session begins, from either side, and is the one to send in.
    Begun(Box<Begun>),
    /// A message was sealed or opened.
    Moved(Box<Moved>),
    /// Nothing more is sent in the present session with a device.
    Closed(Box<ForeignDevice>),
    /// The user has acknowledged another identity key of a device.
    Acknowledged(Box<Acknowledged>),
    /// Only time has passed.
    Expired,
    /// Other keys say which providers there are.
    Trusted(Box<TrustedKeys>),
    /// A provider's newest descriptor.
    Described(Box<ProviderDescriptor>),
    /// The user has opted in to a provider, or out of it.
    Opted(Box<Opted>),
    /// An account's newest attestation. One under another account key waits.
    Attested(Box<Attestation>),
    /// The user has accepted the account key that waits, or dismissed it.
    Decided(Box<Decided>),
    /// The user has decided about an account.
    Consented(Box<Consented>),
    /// The user has forgotten an account.
    Forgotten(Box<ForeignAccount>),
    /// The newest attestation of this side's own account.
    Adopted(Box<Attestation>),
    /// The entries that were taken of another own device's hand-over.
    TakenOver(Box<Entries>),
    /// The user has forgotten a device.
    Dropped(Box<ForeignDevice>),
}

pub(super) struct Opted {
    pub(super) provider: ProviderId,
    /// The notices that the user knows; `None` to opt out.
    pub(super) acknowledged: Option<Notices>,
}

pub(super) struct Decided {
    pub(super) account: ForeignAccount,
    pub(super) is_accepted: bool,
}

pub(super) struct Consented {
    pub(super) account: ForeignAccount,
    pub(super) consent: Consent,
}

pub(super) struct Begun {
    pub(super) with: ForeignDevice,
    pub(super) session: Box<Session>,
}

pub(super) struct Moved {
    pub(super) with: ForeignDevice,
    pub(super) session: SessionName,
    pub(super) delta: SignalDelta,
}

pub(super) struct Acknowledged {
    pub(super) with: ForeignDevice,
    pub(super) identity: IdentityKey,
}

impl Delta for ClientDelta {
    const KIND: DeltaKind = DeltaKind::Signal;

    /// Hashes the time and what is not secret.
    fn id(&self) -> impl AsRef<[u8]> {
        let mut writer = Writer::new();
        self.now.write(&mut writer);
        for item in &self.items {
            writer.u8(item.tag());
            match item {
                ClientItem::Rotated(set) => writer.u32(set.id()),
                ClientItem::Replenished(batch) => {
                    writer.list(batch, |(id, _), writer| writer.u32(*id));
                }
                ClientItem::Published(ids) => write_ids(ids, &mut writer),
                ClientItem::Used(used) => used.write(&mut writer),
                ClientItem::Begun(begun) => {
                    begun.with.write(&mut writer);
                    SessionName::of(&begun.session).write(&mut writer);
                }
                ClientItem::Moved(moved) => {
                    moved.with.write(&mut writer);
                    moved.session.write(&mut writer);
                    writer.raw(&moved.delta.double.change_id());
                }
                ClientItem::Closed(with) => with.write(&mut writer),
                ClientItem::Acknowledged(acknowledged) => acknowledged.write(&mut writer),
                ClientItem::Expired => {}
                item => item.write_decision(&mut writer),
            }
        }
        hash(&[labels::SIGNAL_CLIENT, writer.written()])
    }

    fn write(&self, writer: &mut Writer) {
        self.now.write(writer);
        writer.list(&self.items, |item, writer| {
            writer.u8(item.tag());
            match item {
                ClientItem::Rotated(set) => set.write(writer),
                ClientItem::Replenished(batch) => {
                    writer.list(batch, |(id, prekey), writer| prekey.write(*id, writer));
                }
                ClientItem::Published(ids) => write_ids(ids, writer),
                ClientItem::Used(used) => used.write(writer),
                ClientItem::Begun(begun) => {
                    begun.with.write(writer);
                    begun.session.write(writer);
                }
                ClientItem::Moved(moved) => {
                    moved.with.write(writer);
                    moved.session.write(writer);
                    moved.delta.write(writer);
                }
                ClientItem::Closed(with) => with.write(writer),
                ClientItem::Acknowledged(acknowledged) => acknowledged.write(writer),
                ClientItem::Expired => {}
                item => item.write_decision(writer),
            }
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let now = Now::read(reader)?;
        Ok(Self { now, items: reader.list(MAX_ITEMS, ClientItem::read)? })
    }
}

impl ClientItem {
    fn tag(&self) -> u8 {
        match self {
            Self::Rotated(_) => 1,
            Self::Replenished(_) => 2,
            Self::Used(_) => 3,
            Self::Begun(_) => 4,
            Self::Moved(_) => 5,
            Self::Closed(_) => 6,
            Self::Acknowledged(_) => 7,
            Self::Expired => 8,
            Self::Published(_) => 9,
            Self::Trusted(_) => 10,
            Self::Described(_) => 11,
            Self::Opted(_) => 12,
            Self::Attested(_) => 13,
            Self::Decided(_) => 14,
            Self::Consented(_) => 15,
            Self::Forgotten(_) => 16,
            Self::Adopted(_) => 17,
            Self::TakenOver(_) => 24,
            Self::Dropped(_) => 25,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => Self::Rotated(Box::new(PrekeySet::read(reader)?)),
            2 => Self::Replenished(reader.list(MAX_BATCH, |reader| {
                let (id, prekey) = OneTime::read(reader)?;
                Ok((id, Box::new(prekey)))
            })?),
            3 => Self::Used(Box::new(Used::read(reader)?)),
            4 => {
                let with = ForeignDevice::read(reader)?;
                let session = Box::new(Session::read(reader)?);
                Self::Begun(Box::new(Begun { with, session }))
            }
            5 => Self::Moved(Box::new(Moved {
                with: ForeignDevice::read(reader)?,
                session: SessionName::read(reader)?,
                delta: SignalDelta::read(reader)?,
            })),
            6 => Self::Closed(Box::new(ForeignDevice::read(reader)?)),
            7 => Self::Acknowledged(Box::new(Acknowledged {
                with: ForeignDevice::read(reader)?,
                identity: IdentityKey(dh::PublicKey::decode(*reader.array()?)?),
            })),
            8 => Self::Expired,
            9 => Self::Published(reader.list(MAX_PUBLISHED, Reader::u32)?),
            10 => Self::Trusted(Box::new(TrustedKeys::read(reader)?)),
            11 => Self::Described(Box::new(ProviderDescriptor::recall(reader)?)),
            12 => Self::Opted(Box::new(Opted {
                provider: ProviderId::read(reader)?,
                acknowledged: reader.option(Notices::read)?,
            })),
            13 => Self::Attested(Box::new(Attestation::recall(reader)?)),
            14 => Self::Decided(Box::new(Decided {
                account: ForeignAccount::read(reader)?,
                is_accepted: reader.flag()?,
            })),
            15 => Self::Consented(Box::new(Consented {
                account: ForeignAccount::read(reader)?,
                consent: Consent::read(reader)?,
            })),
            16 => Self::Forgotten(Box::new(ForeignAccount::read(reader)?)),
            17 => Self::Adopted(Box::new(Attestation::recall(reader)?)),
            24 => Self::TakenOver(Box::new(Entries::read(reader)?)),
            25 => Self::Dropped(Box::new(ForeignDevice::read(reader)?)),
            _ => return Err(Error::Malformed),
        })
    }

    /// Writes an item of the policy, of which nothing is secret.
    fn write_decision(&self, writer: &mut Writer) {
        match self {
            Self::Trusted(roots) => roots.write(writer),
            Self::Described(descriptor) => descriptor.write(writer),
            Self::Opted(opted) => {
                opted.provider.write(writer);
                writer.option(opted.acknowledged, Notices::write);
            }
            Self::Attested(attestation) | Self::Adopted(attestation) => attestation.write(writer),
            Self::Decided(decided) => {
                decided.account.write(writer);
                writer.flag(decided.is_accepted);
            }
            Self::Consented(consented) => {
                consented.account.write(writer);
                consented.consent.write(writer);
            }
            Self::Forgotten(account) => account.write(writer),
            Self::TakenOver(entries) => entries.write(writer),
            Self::Dropped(device) => device.write(writer),
            _ => {}
        }
    }
}

impl Acknowledged {
    fn write(&self, writer: &mut Writer) {
        self.with.write(writer);
        writer.raw(self.identity.0.bytes());
    }
}

fn write_ids(ids: &[u32], writer: &mut Writer) {
    writer.list(ids, |id, writer| writer.u32(*id));
}
