//! What leaves a client, and how much of it the server has taken.

use alloc::vec::Vec;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

use super::{Address, MAX_PEERS, MessageId};

/// Bytes of one envelope or blob at most: a first message of the longest content, and room.
const MAX_BYTES: usize = 1 << 21;

/// A letter sealed for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The device to bring it to.
    pub to: Address,
    /// What to bring.
    pub message: Vec<u8>,
}

/// What leaves: an envelope for each device of a plan, and the blob if the content was long.
///
/// Nothing in it is secret. Write it with the change it came with, and keep it until all of it was
/// sent ([`Outgoing::delivered`]): an envelope that is lost before it is sent is not made again, it
/// must be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The message's name, the same for all devices.
    pub id: MessageId,
    /// One for each device, all of the same length unless a session begins with them.
    pub envelopes: Vec<Envelope>,
    /// The content, sealed once for all: upload it, to be found by its SHA-256, and set this to `None`
    /// then.
    pub blob: Option<Vec<u8>>,
    /// Devices that got nothing, because the caller left them out.
    pub left_out: Vec<Address>,
}

impl Outgoing {
    /// Notes that the server has taken the envelope for this device. What is left is to be sent
    /// when the connection is back; sending an envelope twice does no harm.
    ///
    /// ```
    /// # fn send(_: &latchstring::Envelope) {}
    /// # fn all(mut out: latchstring::Outgoing) {
    /// while let Some(envelope) = out.envelopes.first() {
    ///     send(envelope);
    ///     out.delivered(envelope.to);
    /// }
    /// # }
    /// ```
    pub fn delivered(&mut self, to: Address) {
        self.envelopes.retain(|envelope| envelope.to != to);
    }

    /// The encoding that [`Outgoing::decode`] reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&self.id);
        writer.count(self.envelopes.len());
        for envelope in &self.envelopes {
            envelope.to.write(&mut writer);
            writer.bytes(&envelope.message);
        }
        writer.flag(self.blob.is_some());
        if let Some(blob) = &self.blob {
            writer.bytes(blob);
        }
        writer.count(self.left_out.len());
        for address in &self.left_out {
            address.write(&mut writer);
        }
        writer.public()
    }

    /// Reads what was written down with the change.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for anything that [`Outgoing::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let id = *reader.array()?;
            let envelopes = (0..reader.count(MAX_PEERS)?).map(|_| {
                let to = Address::read(reader)?;
                Ok(Envelope { to, message: reader.bytes(MAX_BYTES)?.to_vec() })
            });
            let envelopes = envelopes.collect::<Result<_, Error>>()?;
            let blob = if reader.flag()? { Some(reader.bytes(MAX_BYTES)?.to_vec()) } else { None };
            let left_out = (0..reader.count(MAX_PEERS)?).map(|_| Address::read(reader));
            let left_out = left_out.collect::<Result<_, Error>>()?;
            Ok(Self { id, envelopes, blob, left_out })
        })
    }
}
