//! Rosters, the state of a group after an operation, and who may do what in it: `spec/groups.md`, "Who may do what".
//!
//! ```text
//! roster    = hash ‖ u64(number) ‖ adding ‖ u32(count) ‖ admission … ‖ u32(count) ‖ member …
//! admission = member ‖ hash of the operation that added it ‖ member that made that operation
//! ```

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::action::{Action, Adding, Founding};
use super::member::{Member, read_order, write_list};
use super::operation::{Operation, OperationHash};
use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, ascending};

/// The most members of a group.
pub(crate) const MAX_MEMBERS: usize = 1_024;

/// The most administrators of a group: each has a bit in the weight of a branch.
pub(crate) const MAX_ADMINISTRATORS: usize = 64;

/// The word by which an account is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Admission {
    /// The operation that added the account.
    pub operation: OperationHash,
    /// The account that made it.
    pub by: Member,
}

/// The members of a group after an operation; before the first one there are none.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Roster {
    pub(crate) hash: OperationHash,
    pub(crate) number: u64,
    adding: Adding,
    members: BTreeMap<Member, Admission>,
    /// The most senior first.
    administrators: Vec<Member>,
}

impl Roster {
    /// Makes the roster of a group that is not founded yet.
    pub(crate) fn empty() -> Self {
        Self {
            hash: OperationHash::NONE,
            number: 0,
            adding: Adding::Administrators,
            members: BTreeMap::new(),
            administrators: Vec::new(),
        }
    }

    pub(crate) fn admission(&self, of: Member) -> Option<Admission> {
        self.members.get(&of).copied()
    }

    pub(crate) fn is_member(&self, member: Member) -> bool {
        self.members.contains_key(&member)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (Member, Admission)> {
        self.members.iter().map(|(member, admission)| (*member, *admission))
    }

    pub(crate) fn administrators(&self) -> &[Member] {
        &self.administrators
    }

    pub(crate) fn adding(&self) -> Adding {
        self.adding
    }

    /// Returns the seniority of an administrator, 0 for the most senior one.
    fn rank(&self, of: Member) -> Option<usize> {
        self.administrators.iter().position(|administrator| *administrator == of)
    }

    /// Returns the bit of an account in the weight of a branch: the higher, the more senior; none for who is no
    /// administrator.
    pub(crate) fn weight(&self, of: Member) -> u64 {
        let shift = self.rank(of).and_then(|rank| u32::try_from(rank).ok());
        shift.and_then(|shift| (1_u64 << 63).checked_shr(shift)).unwrap_or(0)
    }

    /// Checks that an operation is the next one here: its author may do that, and it can be done.
    pub(crate) fn check(&self, next: &Operation) -> Result<(), Error> {
        if next.predecessor != self.hash || Some(next.number) != self.number.checked_add(1) {
            return Err(Error::Malformed);
        }
        let author = next.author();
        let is_entitled = match &next.action {
            Action::Found(founding) => can_begin(founding, author),
            _ if !self.is_member(author) => false,
            Action::Add(members) => {
                let may = self.adding == Adding::Members || self.rank(author).is_some();
                may && !members.iter().any(|member| self.is_member(*member))
            }
            Action::Remove(members) => members.iter().all(|member| self.yields(*member, author)),
            Action::Leave => true,
            Action::Appoint(member) => {
                let is_plain = self.is_member(*member) && self.rank(*member).is_none();
                is_plain && self.rank(author).is_some()
            }
            Action::Dismiss(member) => {
                let is_own = *member == author;
                self.rank(*member).is_some() && (is_own || self.yields(*member, author))
            }
        };
        if !is_entitled {
            return Err(Error::NotEntitled);
        }
        self.check_room(&next.action)
    }

    /// Checks that there is room for what an action adds.
    fn check_room(&self, action: &Action) -> Result<(), Error> {
        let is_full = match action {
            Action::Add(members) => self.members.len().saturating_add(members.len()) > MAX_MEMBERS,
            Action::Appoint(_) => self.administrators.len() >= MAX_ADMINISTRATORS,
            _ => false,
        };
        if is_full { Err(Error::TooManyAccounts) } else { Ok(()) }
    }

    /// Tells whether a member yields to an administrator: it is another one, and none or a more junior administrator.
    fn yields(&self, member: Member, to: Member) -> bool {
        let is_junior = match (self.rank(to), self.rank(member)) {
            (Some(_), None) => true,
            (Some(own), Some(other)) => own < other,
            (None, _) => false,
        };
        self.is_member(member) && is_junior
    }

    /// Takes an operation that was checked.
    pub(crate) fn advance(&mut self, by: &Operation) {
        let author = by.author();
        let admission = Admission { operation: by.hash(), by: author };
        match &by.action {
            Action::Found(founding) => {
                let members = founding.members.iter().copied().chain([author]);
                self.members = members.map(|member| (member, admission)).collect();
                let others = founding.administrators.iter().copied();
                self.administrators = [author].into_iter().chain(others).collect();
                self.adding = founding.adding;
            }
            Action::Add(members) => {
                self.members.extend(members.iter().map(|member| (*member, admission)));
            }
            Action::Remove(members) => members.iter().for_each(|member| self.drop(*member)),
            Action::Leave => self.drop(author),
            Action::Appoint(member) => self.administrators.push(*member),
            Action::Dismiss(member) => self.administrators.retain(|other| other != member),
        }
        (self.hash, self.number) = (by.hash(), by.number);
    }

    fn drop(&mut self, member: Member) {
        self.members.remove(&member);
        self.administrators.retain(|other| *other != member);
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.hash.0);
        writer.u64(self.number);
        self.adding.write(writer);
        writer.list(&self.members, |(member, admission), writer| {
            member.write(writer);
            writer.raw(&admission.operation.0);
            admission.by.write(writer);
        });
        write_list(&self.administrators, writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (hash, number) = (OperationHash(*reader.array()?), reader.u64()?);
        let adding = Adding::read(reader)?;
        let mut members = BTreeMap::new();
        for _ in 0..reader.count(MAX_MEMBERS)? {
            let member = Member::read(reader)?;
            let operation = OperationHash(*reader.array()?);
            ascending(&mut members, member, Admission { operation, by: Member::read(reader)? })?;
        }
        let administrators = read_order(reader, MAX_ADMINISTRATORS)?;
        let roster = Self { hash, number, adding, members, administrators };
        if roster.holds() { Ok(roster) } else { Err(Error::Malformed) }
    }

    /// Tells whether it can be: administrators are members, and before the first operation there is nothing.
    fn holds(&self) -> bool {
        if self.number == 0 || self.hash == OperationHash::NONE {
            return *self == Self::empty();
        }
        self.administrators.iter().all(|administrator| self.is_member(*administrator))
    }
}

/// Tells whether a group can begin so: the founder is not named, and administrators are members.
fn can_begin(founding: &Founding, founder: Member) -> bool {
    let members = &founding.members;
    let are_members = founding.administrators.iter().all(|it| members.contains(it));
    are_members && !members.contains(&founder)
}
