//! The bytes of what a client holds of one other device: `spec/state.md`, "Client, kind 0x06".

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::doubt::Doubt;
use super::gaps::Gaps;
use super::limits::MAX_ACCOUNTS;
use super::links::Links;
use super::peer::Peer;
use super::places::Places;
use super::replaced_session::ReplacedSession;
use super::session_choice::{MAX_REPLACED, Met};
use super::wanted::Wanted;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::identity::certificate::AccountId;
use crate::protocol::letter::copy::MAX_COPIES;
use crate::protocol::letter::{Listed, MessageId};
use crate::session::Session;
use crate::storage::Stateful;

impl Peer {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.option(self.active.as_ref(), Session::write);
        writer.list(&self.replaced, ReplacedSession::write);
        writer.u64(self.since);
        writer.u64(self.newest);
        writer.u64(self.heard);
        self.met.write(writer);
        self.latest.write(writer);
        self.doubt.write(writer);
        writer.flag(self.forgot);
        writer.flag(self.told);
        self.links.write(writer);
        self.wanted.write(writer);
        writer.list(&self.refused, |id, writer| writer.raw(&id.0));
        self.gaps.write(writer);
        self.places.write(writer);
        writer.list(&self.reports, |(subject, listed), writer| {
            writer.raw(&subject.0);
            listed.write(writer);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let active = reader.option(Session::read)?;
        let replaced: Vec<_> = reader.list(MAX_REPLACED, ReplacedSession::read)?;
        let (since, newest, heard) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let (met, latest) = (Met::read(reader)?, Met::read(reader)?);
        let doubt = Doubt::read(reader)?;
        let (forgot, told) = (reader.flag()?, reader.flag()?);
        let ids = active.iter().chain(replaced.iter().map(|replaced| &replaced.session));
        let mut ids: Vec<_> = ids.map(Session::id).collect();
        ids.sort_unstable();
        if (told && !forgot) || !ids.is_sorted_by(|one, other| one < other) {
            return Err(Error::Malformed);
        }
        let links = Links::read(reader)?;
        let wanted = Wanted::read(reader)?;
        let refused: Vec<_> = reader.list(MAX_COPIES, |reader| Ok(MessageId(*reader.array()?)))?;
        let (gaps, places) = (Gaps::read(reader)?, Places::read(reader)?);
        let mut reports = BTreeMap::new();
        for _ in 0..reader.count(MAX_ACCOUNTS.saturating_add(1))? {
            let subject = AccountId(*reader.array()?);
            ascending(&mut reports, subject, Listed::read(reader)?)?;
        }
        Ok(Self {
            active,
            since,
            replaced,
            newest,
            met,
            latest,
            forgot,
            told,
            links,
            doubt,
            heard,
            wanted,
            refused,
            gaps,
            places,
            reports,
        })
    }
}
