//! Envelopes and blobs that leave a client, until the server has taken them.

use alloc::vec::Vec;

use super::address::Address;
use super::limits::MAX_PEERS;
use super::stop::Stop;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::content::Target;
use crate::protocol::franking::Frank;
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::MessageId;
use crate::protocol::letter::blob::BlobHash;

/// The most bytes of one envelope or blob: a first message of the longest content, and room.
const MAX_BYTES: usize = 1 << 21;

/// A letter sealed for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The device to bring it to.
    pub to: Address,
    /// The message to bring.
    pub message: Vec<u8>,
    /// The frank to give to the service with it, if the plan asked for one ([`Plan::frank`](super::Plan::frank)).
    pub frank: Option<Frank>,
}

impl Envelope {
    /// Puts a message without a frank into an envelope.
    pub(crate) fn new(to: Address, message: Vec<u8>) -> Self {
        Self { to, message, frank: None }
    }
}

/// The output of sealing a letter: an envelope for each device of a plan, and the blob if the content was
/// long.
///
/// Nothing in its encoding is secret. Write it with the change that it came with, and keep it until all of it was sent
/// ([`Outgoing::delivered`]): an envelope that is lost before it is sent is not made again unless its
/// receiver requests it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The message id, the same for all devices.
    pub id: MessageId,
    /// The message, as what is said about it names it: keep it with what was said. It depends on what was said, and is
    /// secret as that is; [`Outgoing::encode`] leaves it out, and [`Outgoing::decode`] gives none.
    pub target: Option<Target>,
    /// One for each device, all of the same length unless a session begins with them.
    pub envelopes: Vec<Envelope>,
    /// The content, sealed once for all: upload it, to be found by its SHA-256, and set this to `None`
    /// then.
    pub blob: Option<Vec<u8>>,
    /// Devices that got nothing, because the caller left them out.
    pub left_out: Vec<Address>,
    /// Accounts that got nothing, and why: tell the user. But for those whose devices were all left out, the letter
    /// waits for them ([`Repair::Backfill`](super::Repair::Backfill)): keep its content.
    pub stopped: Vec<(AccountId, Stop)>,
}

impl Outgoing {
    /// Removes the envelope for this device, which the server has taken; the others may stand in another order then. Send
    /// what is left when the connection is back; sending an envelope twice does no harm. From either end, as below, it
    /// looks for none.
    ///
    /// ```
    /// # fn send(_: &latchstring::client::Envelope) {}
    /// # fn all(mut out: latchstring::client::Outgoing) {
    /// while let Some(envelope) = out.envelopes.first() {
    ///     send(envelope);
    ///     out.delivered(envelope.to);
    /// }
    /// # }
    /// ```
    pub fn delivered(&mut self, to: Address) {
        let is_for = |envelope: &Envelope| envelope.to == to;
        if self.envelopes.last().is_some_and(is_for) {
            self.envelopes.pop();
        } else if let Some(place) = self.envelopes.iter().position(is_for) {
            self.envelopes.swap_remove(place);
        }
    }

    /// Returns the hash that the blob is to be found by, if there is one to upload.
    #[must_use]
    pub fn blob_hash(&self) -> Option<BlobHash> {
        self.blob.as_deref().map(BlobHash::of)
    }

    /// Encodes all of it but the target, to be written with the change.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&self.id.0);
        writer.list(&self.envelopes, |envelope, writer| {
            envelope.to.write(writer);
            writer.bytes(&envelope.message);
        });
        writer.option(self.blob.as_deref(), |blob, writer| writer.bytes(blob));
        writer.list(&self.left_out, Address::write);
        writer.list(&self.stopped, |(account, stop), writer| {
            writer.raw(&account.0);
            stop.write(writer);
        });
        if self.envelopes.iter().any(|envelope| envelope.frank.is_some()) {
            for envelope in &self.envelopes {
                writer.option(envelope.frank.as_ref(), |frank, writer| writer.raw(&frank.0));
            }
        }
        writer.public()
    }

    /// Decodes what [`Outgoing::encode`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let id = MessageId(*reader.array()?);
            let mut envelopes: Vec<_> = reader.list(MAX_PEERS, |reader| {
                let to = Address::read(reader)?;
                Ok(Envelope::new(to, reader.bytes(MAX_BYTES)?.to_vec()))
            })?;
            let blob = reader.option(|reader| Ok(reader.bytes(MAX_BYTES)?.to_vec()))?;
            let left_out = reader.list(MAX_PEERS, Address::read)?;
            let stopped = reader
                .list(MAX_PEERS, |reader| Ok((AccountId(*reader.array()?), Stop::read(reader)?)))?;
            if !reader.is_empty() {
                for envelope in &mut envelopes {
                    envelope.frank = reader.option(|reader| Ok(Frank(*reader.array()?)))?;
                }
                // Without a frank there is nothing here.
                if envelopes.iter().all(|envelope| envelope.frank.is_none()) {
                    return Err(Error::Malformed);
                }
            }
            Ok(Self { id, target: None, envelopes, blob, left_out, stopped })
        })
    }
}
