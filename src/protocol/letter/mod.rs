//! What devices of accounts say to each other inside a session: `spec/fan-out.md`, "Letter".
//!
//! ```text
//! letter       = lists ‖ u64 sent ‖ id ‖ conversation ‖ kind ‖ content
//! lists        = 2 × (u64 epoch ‖ hash)            the sender's account, the other account
//! conversation = 1 ‖ account id | 2 ‖ group id ‖ audience
//! audience     = SHA-256(LABEL(letter/audience) ‖ u32 count ‖ account id …)
//! digest       = SHA-256(LABEL(letter/digest) ‖ sender's account id ‖ sender's device id
//!                        ‖ id ‖ conversation ‖ kind ‖ content)
//! ```

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::hash;
use crate::protocol::blob::Reference;
use crate::protocol::devices::DeviceList;
use crate::protocol::identity::{AccountId, DeviceId};
use crate::protocol::labels;

/// Length of what a letter begins with in bytes: the state of both lists.
#[cfg(test)]
pub(crate) const LISTS: usize = 2 * (8 + 32);

/// The most sightings in one letter.
pub(crate) const MAX_SIGHTINGS: usize = 256;

/// Which list of an account's devices a sender knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) epoch: u64,
    pub(crate) hash: [u8; 32],
}

impl Listed {
    pub(crate) fn of(list: &DeviceList) -> Self {
        Self { epoch: list.epoch(), hash: *list.hash() }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.epoch);
        writer.raw(&self.hash);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { epoch: reader.u64()?, hash: *reader.array()? })
    }
}

/// Where a letter belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Conversation {
    /// With an account: from a foreign sender the receiver's own, in an own copy the other's.
    With(AccountId),
    /// In a group, whose accounts the sender takes to be those of the audience.
    Group { id: [u8; 32], audience: [u8; 32] },
}

impl Conversation {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::With(account) => {
                writer.u8(1);
                writer.raw(&account.0);
            }
            Self::Group { id, audience } => {
                writer.u8(2);
                writer.raw(id);
                writer.raw(audience);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::With(AccountId(*reader.array()?))),
            2 => Ok(Self::Group { id: *reader.array()?, audience: *reader.array()? }),
            _ => Err(Error::Malformed),
        }
    }
}

/// The accounts of a group, the sender's included, in whatever order they are given.
pub(crate) fn audience(accounts: impl IntoIterator<Item = AccountId>) -> [u8; 32] {
    let accounts: BTreeSet<_> = accounts.into_iter().collect();
    let mut writer = Writer::new();
    writer.count(accounts.len());
    for account in accounts {
        writer.raw(&account.0);
    }
    hash(&[labels::LETTER_AUDIENCE, writer.written()])
}

/// That an own device opened a letter, and what it said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) id: [u8; 16],
    pub(crate) digest: [u8; 32],
}

impl Sighting {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.account.0);
        writer.raw(&self.device.0);
        writer.raw(&self.id);
        writer.raw(&self.digest);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            account: AccountId(*reader.array()?),
            device: DeviceId(*reader.array()?),
            id: *reader.array()?,
            digest: *reader.array()?,
        })
    }
}

/// What a letter carries.
pub(crate) enum Body<'a> {
    /// The content of a message.
    Message(&'a [u8]),
    /// Where the content of a message is, and its key.
    Large(Reference),
    /// Something between devices of one account.
    Own(&'a [u8]),
    /// The id of a letter that could not be opened.
    AskAgain([u8; 16]),
    /// What letters of others said to this device, for the other own devices to compare.
    Witness(Vec<Sighting>),
}

impl<'a> Body<'a> {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Message(content) => {
                writer.u8(1);
                writer.raw(content);
            }
            Self::Large(reference) => {
                writer.u8(2);
                reference.write(writer);
            }
            Self::Own(content) => {
                writer.u8(3);
                writer.raw(content);
            }
            Self::AskAgain(id) => {
                writer.u8(4);
                writer.raw(id);
            }
            Self::Witness(sightings) => {
                writer.u8(5);
                let sightings: BTreeSet<_> = sightings.iter().collect();
                writer.count(sightings.len());
                for sighting in sightings {
                    sighting.write(writer);
                }
            }
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Message(reader.rest())),
            2 => Ok(Self::Large(Reference::read(reader)?)),
            3 => Ok(Self::Own(reader.rest())),
            4 => Ok(Self::AskAgain(*reader.array()?)),
            5 => {
                let count = reader.count(MAX_SIGHTINGS)?;
                let sightings = (0..count).map(|_| Sighting::read(reader));
                let sightings = sightings.collect::<Result<Vec<_>, Error>>()?;
                if sightings.is_sorted_by(|a, b| a < b) {
                    Ok(Self::Witness(sightings))
                } else {
                    Err(Error::Malformed)
                }
            }
            _ => Err(Error::Malformed),
        }
    }
}

/// The content of one message of a session between devices of accounts. The same goes to all
/// devices, but for the lists.
pub(crate) struct Letter<'a> {
    pub(crate) lists: [Listed; 2],
    pub(crate) sent: u64,
    pub(crate) id: [u8; 16],
    pub(crate) conversation: Conversation,
    pub(crate) body: Body<'a>,
}

impl<'a> Letter<'a> {
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new();
        for listed in &self.lists {
            listed.write(&mut writer);
        }
        writer.u64(self.sent);
        writer.raw(&self.id);
        self.conversation.write(&mut writer);
        self.body.write(&mut writer);
        writer.secret()
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            Ok(Self {
                lists: [Listed::read(reader)?, Listed::read(reader)?],
                sent: reader.u64()?,
                id: *reader.array()?,
                conversation: Conversation::read(reader)?,
                body: Body::read(reader)?,
            })
        })
    }

    /// What own devices compare. Neither lists nor time are in it, so what is sent again has the
    /// digest that it had.
    pub(crate) fn digest(&self, account: AccountId, device: DeviceId) -> [u8; 32] {
        let mut writer = Writer::new();
        self.conversation.write(&mut writer);
        self.body.write(&mut writer);
        hash(&[labels::LETTER_DIGEST, &account.0, &device.0, &self.id, writer.written()])
    }

    /// Refuses what this sender may not say to a device of `own`. `sender` is the account that the
    /// session proved, and nothing that came with the letter.
    pub(crate) fn check_sender(&self, sender: AccountId, own: AccountId) -> Result<(), Error> {
        let from_self = sender == own;
        let about_self = self.conversation == Conversation::With(own);
        match (&self.body, self.conversation) {
            (Body::Own(_) | Body::Witness(_), _) if !from_self => Err(Error::NotSelf),
            // Own content belongs to the own account and to no other conversation.
            (Body::Own(_) | Body::Witness(_), _) if !about_self => Err(Error::Malformed),
            // A copy of what an own device sent to somebody else.
            (_, Conversation::With(_)) if !from_self && !about_self => Err(Error::NotSelf),
            _ => Ok(()),
        }
    }
}

/// Puts other lists in front of an encoded letter: in a group they differ from account to account,
/// and nothing else does.
pub(crate) fn readdress(letter: &mut Zeroizing<Vec<u8>>, lists: &[Listed; 2]) {
    let mut writer = Writer::new();
    for listed in lists {
        listed.write(&mut writer);
    }
    for (to, from) in letter.iter_mut().zip(writer.written()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests;
