//! A client as it is stored: `spec/state.md`, "Client, kind 0x06".
//!
//! The small parts that always change come first; all else lies in pages, so that a snapshot writes
//! again only what changed since the one before.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::clock::Clock;
use crate::protocol::identity::certificate::{AccountId, AccountKind};
use crate::protocol::identity::linking::PendingLinking;

use super::address::Address;
use super::client::{Client, Inner};
use super::contact::Contact;
use super::delta::{ClientDelta, ClientItem};
use super::holdings::Holdings;
use super::limits::{MAX_ACCOUNTS, MAX_PEERS};
use super::moving::are_distinct;
use super::paged_log::{Entry, PagedLog};
use super::passing::PassingLog;
use super::peer::Peer;
use super::seen_log::{Seen, SeenLog};
use super::sent_log::{Sent, SentLog};
use super::spent::{Spent, SpentLog};
use super::tombstones::{Tombstone, Tombstones};
use super::tracked::Tracked;
use super::trail::{Title, Trail};
use super::unread::{Unread, UnreadLog};
use crate::session::Device;
use crate::storage::{Anchor, Stateful};

/// Titles of touched pages that are remembered also of a client that knows few: what a journal's letters come to.
const MIN_TITLES: usize = 1024;

/// The numbers of things that lie in pages.
struct Counts {
    contacts: usize,
    peers: usize,
    sent: usize,
    seen: usize,
    tombstones: usize,
    unread: usize,
    spent: usize,
}

impl Inner {
    fn write_core(&self, writer: &mut Writer) {
        self.anchor.write(writer);
        self.clock.write(writer);
        writer.u64(self.report_tried);
        writer.count(self.contacts.len());
        writer.count(self.peers.len());
        self.sent.0.write_count(writer);
        self.seen.stored().write_count(writer);
        self.tombstones.0.write_count(writer);
        self.unread.0.write_count(writer);
        self.spent.0.write_count(writer);
        writer.option(self.linking.as_deref(), PendingLinking::write);
    }

    fn write_pages(&self, writer: &mut Writer) {
        Title::Device.begin(writer);
        self.device.write(writer);
        Title::Own.begin(writer);
        self.own.write(writer);
        for (account, contact) in &*self.contacts {
            Title::Contact(*account).begin(writer);
            contact.write(writer);
        }
        for (address, peer) in &*self.peers {
            Title::Peer(*address).begin(writer);
            write_peer(*address, peer, writer);
        }
        self.sent.0.write(writer);
        self.seen.stored().write(writer);
        self.tombstones.0.write(writer);
        self.unread.0.write(writer);
        self.spent.0.write(writer);
    }

    /// Writes the page of a title, empty if there is none.
    fn write_page(&self, title: Title, writer: &mut Writer) {
        title.begin(writer);
        match title {
            Title::Device => self.device.write(writer),
            Title::Own => self.own.write(writer),
            Title::Contact(account) => {
                if let Some(contact) = self.contacts.get(&account) {
                    contact.write(writer);
                }
            }
            Title::Peer(address) => {
                if let Some(peer) = self.peers.get(&address) {
                    write_peer(address, peer, writer);
                }
            }
            Title::Piece(Sent::PAGE, number) => self.sent.0.write_piece(number, writer),
            Title::Piece(Seen::PAGE, number) => self.seen.stored().write_piece(number, writer),
            Title::Piece(Tombstone::PAGE, number) => self.tombstones.0.write_piece(number, writer),
            Title::Piece(Unread::PAGE, number) => self.unread.0.write_piece(number, writer),
            Title::Piece(_, number) => self.spent.0.write_piece(number, writer),
        }
    }

    /// Notes the pages that a change from an anchor has touched.
    pub(super) fn note_step(&mut self, from: Anchor) {
        let most = self.contacts.len().saturating_add(self.peers.len()).saturating_add(MIN_TITLES);
        let device = self.device.take_touch().then_some(Title::Device);
        let own = self.own.take_touch().then_some(Title::Own);
        let titles = device.into_iter().chain(own);
        let titles = titles.chain(self.contacts.take_touched().map(Title::Contact));
        let titles = titles.chain(self.peers.take_touched().map(Title::Peer));
        let titles = titles.chain(self.sent.0.take_touched()).chain(self.seen.take_touched());
        let titles = titles.chain(self.tombstones.0.take_touched());
        let titles = titles.chain(self.unread.0.take_touched()).chain(self.spent.0.take_touched());
        self.trail.note(from, titles, most);
    }

    /// Has the next snapshot look at all pages: what has changed was no change of the journal's.
    pub(super) fn lose_trail(&mut self) {
        self.note_step(self.anchor);
        self.trail.clear();
    }

    /// Tells whether something was touched that no change in the trail says.
    fn is_touched(&self) -> bool {
        self.device.is_touched()
            || self.own.is_touched()
            || !self.contacts.touched().is_empty()
            || !self.peers.touched().is_empty()
            || !self.sent.0.touched().is_empty()
            || !self.seen.stored().touched().is_empty()
            || !self.tombstones.0.touched().is_empty()
            || !self.unread.0.touched().is_empty()
            || !self.spent.0.touched().is_empty()
    }

    /// Lists the pages that were touched since an anchor, if that is known.
    fn touched_since(&self, anchor: &Anchor) -> Option<BTreeSet<Title>> {
        if self.is_touched() {
            None
        } else if *anchor == self.anchor {
            Some(BTreeSet::new())
        } else {
            self.trail.since(anchor)
        }
    }
}

impl Counts {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            contacts: reader.count(MAX_ACCOUNTS)?,
            peers: reader.count(MAX_PEERS)?,
            sent: PagedLog::<Sent>::read_count(reader)?,
            seen: PagedLog::<Seen>::read_count(reader)?,
            tombstones: PagedLog::<Tombstone>::read_count(reader)?,
            unread: PagedLog::<Unread>::read_count(reader)?,
            spent: PagedLog::<Spent>::read_count(reader)?,
        })
    }
}

fn write_peer(address: Address, peer: &Peer, writer: &mut Writer) {
    address.write(writer);
    peer.write(writer);
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
    if are_distinct(contacts.values()) { Ok(contacts) } else { Err(Error::Malformed) }
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

impl Stateful for Client {
    const KIND: u8 = 0x06;

    type Delta = ClientDelta;

    fn write(&self, writer: &mut Writer) {
        self.inner.write_core(writer);
        self.inner.write_pages(writer);
    }

    fn write_since(&self, anchor: &Anchor, writer: &mut Writer) -> bool {
        let Some(titles) = self.inner.touched_since(anchor) else { return false };
        self.inner.write_core(writer);
        for title in titles {
            self.inner.write_page(title, writer);
        }
        true
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, clock) = (Anchor::read(reader)?, Clock::read(reader)?);
        let report_tried = reader.u64()?;
        let counts = Counts::read(reader)?;
        let linking = reader.option(|reader| PendingLinking::read(reader).map(Box::new))?;
        let device = Device::read(reader)?;
        let own = Contact::read(reader)?;
        let certificate = device.certificate();
        let is_ours = own.list.first_id() == certificate.account() && own.is_own();
        if !is_ours || certificate.kind() != AccountKind::Member {
            return Err(Error::Malformed);
        }
        let contacts = read_contacts(reader, counts.contacts, &own)?;
        let peers = read_peers(reader, counts.peers)?;
        let sent = SentLog(PagedLog::read(reader, counts.sent)?);
        let seen = SeenLog::from(PagedLog::read(reader, counts.seen)?);
        let tombstones = Tombstones(PagedLog::read(reader, counts.tombstones)?);
        let unread = UnreadLog(PagedLog::read(reader, counts.unread)?);
        let viewed = SpentLog(PagedLog::read(reader, counts.spent)?);
        let holdings = Holdings::default();
        let mut inner = Box::new(Inner {
            device: Tracked::new(device),
            own: Tracked::new(own),
            contacts: contacts.into(),
            peers: peers.into(),
            holdings,
            sent,
            seen,
            unread,
            tombstones,
            spent: viewed,
            passed: PassingLog::since(clock.latest()),
            linking,
            shown: 0,
            report_tried,
            clock,
            anchor,
            trail: Trail::default(),
        });
        if inner.count_loaded() { Ok(Self { inner }) } else { Err(Error::Malformed) }
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn fits(&self, delta: &ClientDelta) -> bool {
        delta.items.iter().all(|item| match item {
            ClientItem::Prekeys(change) => change.fits(&self.inner.device),
            _ => true,
        })
    }

    fn advance(&mut self, next: Anchor, delta: ClientDelta) {
        self.inner.advance(next, delta);
    }
}
