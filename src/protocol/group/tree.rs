//! The tree of a group's operations, and the path through it that is in force: `spec/groups.md`, "Path".
//!
//! ```text
//! weight(branch) = Σ 2^(63 - seniority) over the administrators at the fork that have an operation in it
//! path           = from each fork on the branch of the highest weight; of equals that of the lowest first hash
//! ```

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::member::Member;
use super::operation::{Operation, OperationHash};
use super::roster::Roster;
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// The most operations of the path that are kept: a fork behind them is refused.
pub(crate) const MAX_PATH: usize = 256;

/// The most operations that are kept beside the path.
pub(crate) const MAX_ASIDE: usize = 128;

/// The most hashes that are remembered of the path before those operations.
pub(crate) const MAX_PAST: usize = 1_024;

/// The place of a state in a group's history.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is in force.
    Head,
    /// It was in force, and what came since builds on it.
    Path,
    /// The same, and its operation is not kept any more.
    Past,
    /// It is on a branch that is not in force.
    Aside,
    /// It is not known.
    Unknown,
}

/// The newest operations of a group, and what came before them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    /// The roster before the operations that are kept.
    base: Roster,
    operations: BTreeMap<OperationHash, Operation>,
    /// The hashes of the path before those of the operations, the oldest first.
    past: VecDeque<OperationHash>,
    /// The path, and where it ends. Made of the operations, and never stored.
    path: Vec<OperationHash>,
    head: Roster,
}

impl Tree {
    /// Makes a tree without operations, from a roster.
    pub(crate) fn new(base: Roster) -> Self {
        let head = base.clone();
        Self { base, operations: BTreeMap::new(), past: VecDeque::new(), path: Vec::new(), head }
    }

    pub(crate) fn base(&self) -> &Roster {
        &self.base
    }

    pub(crate) fn head(&self) -> &Roster {
        &self.head
    }

    /// Lists all operations that are kept.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// Lists the operations of the path that are kept, the oldest first.
    pub(crate) fn path(&self) -> impl Iterator<Item = &Operation> {
        self.path.iter().filter_map(|hash| self.operations.get(hash))
    }

    /// Lists the operations that are not on the path.
    pub(crate) fn aside(&self) -> impl Iterator<Item = &Operation> {
        let path: BTreeSet<_> = self.path.iter().collect();
        self.operations.values().filter(move |operation| !path.contains(&operation.hash()))
    }

    pub(crate) fn place(&self, hash: OperationHash) -> Place {
        if hash == self.head.hash {
            Place::Head
        } else if self.path.contains(&hash) {
            Place::Path
        } else if self.operations.contains_key(&hash) {
            Place::Aside
        } else if self.base.hash == hash || self.past.contains(&hash) {
            Place::Past
        } else {
            Place::Unknown
        }
    }

    /// Returns the operations from the base up to one of them, the oldest first, if it is kept.
    pub(crate) fn way_to(&self, hash: OperationHash) -> Option<Vec<&Operation>> {
        let (mut way, mut at) = (Vec::new(), hash);
        while at != self.base.hash {
            let operation = self.operations.get(&at)?;
            way.push(operation);
            at = operation.predecessor;
        }
        way.reverse();
        Some(way)
    }

    /// Returns the roster after an operation that is kept, or the base.
    pub(crate) fn roster_at(&self, hash: OperationHash) -> Option<Roster> {
        if hash == self.head.hash {
            return Some(self.head.clone());
        }
        let mut roster = self.base.clone();
        for operation in self.way_to(hash)? {
            roster.advance(operation);
        }
        Some(roster)
    }

    /// Checks that an operation is new here, that what it builds on is here, and that it follows from that.
    pub(crate) fn check(&self, operation: &Operation) -> Result<(), Error> {
        if !matches!(self.place(operation.hash()), Place::Unknown) {
            return Err(Error::Duplicate);
        }
        match self.roster_at(operation.predecessor) {
            Some(roster) => roster.check(operation),
            // A branch that leaves the path where nothing is kept any more.
            None if operation.number <= self.base.number => Err(Error::Forked),
            None => Err(Error::EntryMissing),
        }
    }

    /// Returns the operation that the device of this one has signed over the same state, if there is one.
    pub(crate) fn rival(&self, of: &Operation) -> Option<&Operation> {
        let is_rival = |other: &&Operation| {
            other.predecessor == of.predecessor
                && other.author == of.author
                && other.hash() != of.hash()
        };
        self.operations.values().find(is_rival)
    }

    /// Takes an operation that was checked.
    pub(crate) fn insert(&mut self, operation: Operation) {
        if operation.predecessor == self.head.hash {
            // Nothing builds on the head, and what is new in the branches on the way speaks for the path.
            self.path.push(operation.hash());
            self.head.advance(&operation);
            self.operations.insert(operation.hash(), operation);
        } else {
            self.operations.insert(operation.hash(), operation);
            self.follow();
        }
        self.make_room();
    }

    fn make_room(&mut self) {
        loop {
            while self.path.len() > MAX_PATH {
                self.advance_base();
            }
            if self.operations.len().saturating_sub(self.path.len()) <= MAX_ASIDE {
                return;
            }
            self.drop_one();
        }
    }

    fn follow(&mut self) {
        (self.path, self.head) = self.found();
    }

    /// Finds the path, and where it ends.
    fn found(&self) -> (Vec<OperationHash>, Roster) {
        let mut children: BTreeMap<OperationHash, Vec<&Operation>> = BTreeMap::new();
        for operation in self.operations.values() {
            children.entry(operation.predecessor).or_default().push(operation);
        }
        let (mut path, mut roster) = (Vec::new(), self.base.clone());
        while let Some(next) = chosen(&children, &roster) {
            path.push(next.hash());
            roster.advance(next);
        }
        (path, roster)
    }

    /// Moves the base on by one operation of the path, and forgets the branches beside it.
    fn advance_base(&mut self) {
        let Some(next) = self.path.first().and_then(|hash| self.operations.remove(hash)) else {
            return;
        };
        self.path.remove(0);
        if self.base.hash != OperationHash::NONE {
            self.past.push_back(self.base.hash);
        }
        if self.past.len() > MAX_PAST {
            self.past.pop_front();
        }
        self.base.advance(&next);
        let kept = self.rooted();
        self.operations.retain(|hash, _| kept.contains(hash));
    }

    /// Returns the operations that build on the base.
    fn rooted(&self) -> BTreeSet<OperationHash> {
        let mut ordered: Vec<_> = self.operations.values().collect();
        ordered.sort_unstable_by_key(|operation| operation.number);
        let mut kept = BTreeSet::from([self.base.hash]);
        for operation in ordered {
            if kept.contains(&operation.predecessor) {
                kept.insert(operation.hash());
            }
        }
        kept
    }

    /// Forgets an operation beside the path on which nothing builds: of those who are no members now, if there is one,
    /// and of them, one of the account that has most there. One that speaks for the path goes after all others,
    /// because a flood must not decide which branch is in force.
    fn drop_one(&mut self) {
        let ends = self.ends();
        for hash in &ends {
            let Some(operation) = self.operations.remove(hash) else { continue };
            if self.found().0 == self.path {
                return;
            }
            self.operations.insert(*hash, operation);
        }
        if let Some(hash) = ends.first() {
            self.operations.remove(hash);
            self.follow();
        }
    }

    /// Lists the operations beside the path on which nothing builds, the one that goes first in front.
    fn ends(&self) -> Vec<OperationHash> {
        let built_on: BTreeSet<_> = self.operations.values().map(|it| it.predecessor).collect();
        let mut counts: BTreeMap<Member, usize> = BTreeMap::new();
        for operation in self.aside() {
            let count = counts.entry(operation.author()).or_default();
            *count = count.saturating_add(1);
        }
        let ends = self.aside().filter(|it| !built_on.contains(&it.hash()));
        let burden = |it: &&Operation| {
            let count = counts.get(&it.author()).copied().unwrap_or(0);
            (!self.head.is_member(it.author()), count, it.hash())
        };
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable_by_key(|it| Reverse(burden(it)));
        ends.into_iter().map(Operation::hash).collect()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        self.base.write(writer);
        let mut ordered: Vec<_> = self.operations.values().collect();
        ordered.sort_unstable_by_key(|operation| (operation.number, operation.hash()));
        writer.list(ordered, Operation::write);
        writer.list(&self.past, |hash, writer| writer.raw(&hash.0));
    }

    /// Reads a tree of this device's own state.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut tree = Self::new(Roster::read(reader)?);
        let mut last = None;
        for _ in 0..reader.count(MAX_PATH.saturating_add(MAX_ASIDE))? {
            let operation = Operation::recall(reader)?;
            let place = (operation.number, operation.hash());
            let before = tree.roster_at(operation.predecessor).ok_or(Error::Malformed)?;
            before.check(&operation)?;
            if last.replace(place).is_some_and(|last| last >= place) {
                return Err(Error::Malformed);
            }
            tree.operations.insert(operation.hash(), operation);
        }
        tree.follow();
        let past = |reader: &mut Reader<'_>| Ok(OperationHash(*reader.array()?));
        tree.past = reader.list(MAX_PAST, past)?;
        let aside = tree.operations.len().saturating_sub(tree.path.len());
        if tree.path.len() > MAX_PATH || aside > MAX_ASIDE {
            Err(Error::Malformed)
        } else {
            Ok(tree)
        }
    }
}

/// Returns the operation that is in force of those that build on a roster.
fn chosen<'a>(
    children: &BTreeMap<OperationHash, Vec<&'a Operation>>,
    roster: &Roster,
) -> Option<&'a Operation> {
    match children.get(&roster.hash)?.as_slice() {
        [] => None,
        [only] => Some(only),
        several => {
            let weight = |first: &Operation| branch_weight(first, children, roster);
            let key = |first: &&&Operation| (!weight(first), first.hash());
            several.iter().min_by_key(key).copied()
        }
    }
}

/// Returns the weight of a branch: which administrators of the fork have an operation in it.
fn branch_weight(
    first: &Operation,
    children: &BTreeMap<OperationHash, Vec<&Operation>>,
    fork: &Roster,
) -> u64 {
    let (mut weight, mut open) = (0, Vec::from([first]));
    while let Some(operation) = open.pop() {
        weight |= fork.weight(operation.author());
        open.extend(children.get(&operation.hash()).into_iter().flatten().copied());
    }
    weight
}
