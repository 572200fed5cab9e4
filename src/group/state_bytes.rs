//! A group as it is stored: `spec/groups.md`, "State".

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use super::delta::{GroupDelta, StateReport};
use super::group::{Group, Inner};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};
use crate::protocol::group::member::Member;
use crate::protocol::group::operation::OperationHash;
use crate::protocol::group::roster::MAX_MEMBERS;
use crate::protocol::group::tree::Tree;
use crate::protocol::letter::GroupId;
use crate::storage::{Anchor, Stateful};

impl Stateful for Group {
    const KIND: u8 = 0x0f;

    type Delta = GroupDelta;

    fn write(&self, writer: &mut Writer) {
        let inner = &*self.inner;
        inner.anchor.write(writer);
        inner.own.write(writer);
        writer.raw(&inner.id.0);
        inner.tree.write(writer);
        writer.list(&inner.reports, |(by, report), writer| {
            by.write(writer);
            report.write(writer);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (anchor, own) = (Anchor::read(reader)?, Member::read(reader)?);
        let (id, tree) = (GroupId(*reader.array()?), Tree::read(reader)?);
        let mut reports = BTreeMap::new();
        for _ in 0..reader.count(MAX_MEMBERS)? {
            let by = Member::read(reader)?;
            ascending(&mut reports, by, StateReport::read(reader)?)?;
        }
        let inner = Inner { own, id, tree, reports, anchor };
        if inner.holds() { Ok(Self { inner: Box::new(inner) }) } else { Err(Error::Malformed) }
    }

    fn stands(&self) -> Anchor {
        self.inner.anchor
    }

    fn fits(&self, delta: &GroupDelta) -> bool {
        let inner = &*self.inner;
        match delta {
            GroupDelta::Take(operation) => {
                operation.group == inner.id && inner.tree.check(operation).is_ok()
            }
            GroupDelta::Report(report) => inner.tree.head().is_member(report.0),
        }
    }

    fn advance(&mut self, next: Anchor, delta: GroupDelta) {
        match delta {
            GroupDelta::Take(operation) => self.inner.insert(*operation),
            GroupDelta::Report(report) => {
                self.inner.reports.insert(report.0, report.1);
            }
        }
        self.inner.anchor = next;
    }
}

impl Inner {
    /// Tells whether it can be: a group that is founded, of one id, and words of members alone.
    fn holds(&self) -> bool {
        let head = self.tree.head();
        head.hash != OperationHash::NONE
            && self.tree.all().all(|operation| operation.group == self.id)
            && self.reports.keys().all(|by| head.is_member(*by))
    }
}
