//! A client as it is stored: `spec/state.md`, "Client, kind 0x06".
//!
//! What is small and always changes comes first; all else lies in pages, so that a snapshot writes
//! again only what changed since the one before.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use crate::change::Change;
use crate::device::Device;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::protocol::identity::{AccountId, AccountKind};
use crate::protocol::linking::Pending;
use crate::protocol::record::Anchor;
use crate::state::private::Stateful;

use super::contact::Contact;
use super::gone::{Gone, GoneLog};
use super::logs::{Seen, SeenLog, Sent, SentLog};
use super::peer::Peer;
use super::runs::Runs;
use super::{Address, Client, Inner, MAX_ACCOUNTS, MAX_PEERS};

/// First bytes of the titles of pages. Those of the logs stand with what they are of.
const DEVICE: u8 = 1;
const OWN: u8 = 2;
const CONTACT: u8 = 3;
const PEER: u8 = 4;

/// How many there are of what lies in pages.
struct Counts {
    contacts: usize,
    peers: usize,
    sent: usize,
    seen: usize,
    gone: usize,
}

impl Inner {
    fn write_core(&self, writer: &mut Writer) {
        self.anchor.write(writer);
        writer.u64(self.clock);
        writer.count(self.contacts.len());
        writer.count(self.peers.len());
        self.sent.0.write_count(writer);
        self.seen.0.write_count(writer);
        self.gone.0.write_count(writer);
        writer.flag(self.linking.is_some());
        if let Some(pending) = &self.linking {
            pending.write(writer);
        }
    }

    fn write_pages(&self, writer: &mut Writer) {
        writer.page(&[&[DEVICE]]);
        self.device.write(writer);
        writer.page(&[&[OWN]]);
        self.own.write(writer);
        for (account, contact) in &self.contacts {
            writer.page(&[&[CONTACT], &account.0]);
            contact.write(writer);
        }
        for (address, peer) in &self.peers {
            writer.page(&[&[PEER], &address.account.0, &address.device.0]);
            address.write(writer);
            peer.write(writer);
        }
        self.sent.0.write(writer);
        self.seen.0.write(writer);
        self.gone.0.write(writer);
    }
}

impl Counts {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            contacts: reader.count(MAX_ACCOUNTS)?,
            peers: reader.count(MAX_PEERS)?,
            sent: Runs::<Sent>::read_count(reader)?,
            seen: Runs::<Seen>::read_count(reader)?,
            gone: Runs::<Gone>::read_count(reader)?,
        })
    }
}

fn read_contacts(
    reader: &mut Reader<'_>,
    count: usize,
    own: &Contact,
) -> Result<BTreeMap<AccountId, Contact>, Error> {
    let mut contacts = BTreeMap::new();
    for _ in 0..count {
        let contact = Contact::read(reader)?;
        if contact.list.account() == own.list.account() {
            return Err(Error::Malformed);
        }
        ascending(&mut contacts, contact.list.account(), contact)?;
    }
    Ok(contacts)
}

fn read_peers(reader: &mut Reader<'_>, count: usize) -> Result<BTreeMap<Address, Peer>, Error> {
    let mut peers = BTreeMap::new();
    for _ in 0..count {
        let (address, peer) = (Address::read(reader)?, Peer::read(reader)?);
        if !peer.is_at(address) {
            return Err(Error::Malformed);
        }
        ascending(&mut peers, address, peer)?;
    }
    Ok(peers)
}

/// Adds an entry that must come after all the others: one encoding for each map.
pub(super) fn ascending<K: Ord + Copy, V>(
    map: &mut BTreeMap<K, V>,
    key: K,
    value: V,
) -> Result<(), Error> {
    if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
        return Err(Error::Malformed);
    }
    map.insert(key, value);
    Ok(())
}

impl Stateful for Client {
    const KIND: u8 = 0x06;

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn write(&self, writer: &mut Writer) {
        self.inner.write_core(writer);
        self.inner.write_pages(writer);
    }

    #[allow(private_interfaces, reason = "nobody outside can call or implement it")]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, reader.u64()?);
        let counts = Counts::read(reader)?;
        let linking = if reader.flag()? { Some(Box::new(Pending::read(reader)?)) } else { None };
        let device = Device::read(reader)?;
        let own = Contact::read(reader)?;
        let certificate = device.certificate();
        if own.list.account() != certificate.account() || certificate.kind() != AccountKind::Member
        {
            return Err(Error::Malformed);
        }
        let contacts = read_contacts(reader, counts.contacts, &own)?;
        let peers = read_peers(reader, counts.peers)?;
        let sent = SentLog(Runs::read(reader, counts.sent)?);
        let seen = SeenLog(Runs::read(reader, counts.seen)?);
        let gone = GoneLog(Runs::read(reader, counts.gone)?);
        let inner =
            Inner { device, own, contacts, peers, sent, seen, gone, linking, clock, anchor };
        Ok(Self { inner: Box::new(inner) })
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn adopt(&mut self, change: Change) -> Result<(), Error> {
        self.apply(change)
    }
}
