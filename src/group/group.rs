//! A group, as one of its members' devices knows it.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use rand_core::CryptoRng;

use super::delta::StateReport;
use super::event::StateRelation;
use crate::client::{Client, Recipients};
use crate::content::Content;
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::primitives::kdf::hedged;
use crate::primitives::secret::redacted;
use crate::protocol::group::action::{Action, Adding, Founding, MAX_NAMED};
use crate::protocol::group::checkpoint::Checkpoint;
use crate::protocol::group::member::{Member, sorted, write_list};
use crate::protocol::group::operation::{Operation, OperationHash};
use crate::protocol::group::roster::{Admission, Roster};
use crate::protocol::group::tree::{Place, Tree};
use crate::protocol::identity::device_list::DeviceList;
use crate::protocol::labels;
use crate::protocol::letter::GroupId;
use crate::storage::{Anchor, Stateful};

/// A group with a signed history of who is in it. A state of its own, beside the client that signs and seals for it:
/// no `Clone`.
///
/// Administrators stand in order of seniority: the founder first, then as they were appointed. An administrator may
/// remove or dismiss whom it is senior to. Of operations that were made at once, those of the branch count in which
/// the more senior administrators have written.
///
/// ```
/// use getrandom::{SysRng, rand_core::UnwrapErr};
/// use latchstring::client::{Client, To};
/// use latchstring::content::Content;
/// use latchstring::group::{Adding, Group, Member};
/// use latchstring::session::{Account, AccountId};
///
/// fn main() -> Result<(), latchstring::Error> {
///     let mut rng = UnwrapErr(SysRng);
///     let now = 1_800_000_000;
///     let [mut ada, grace, joan] = [1, 2, 3].map(|id| {
///         Client::create(&Account::generate(AccountId([id; 32]), &mut rng), now, &mut rng)
///     });
///     ada.learn(grace.list(), now)?.apply();
///     ada.learn(joan.list(), now)?.apply();
///     let [grace_in, joan_in] = [Member::of(grace.list()), Member::of(joan.list())];
///
///     let mut group = Group::found(&ada, Adding::Members, &[grace_in, joan_in], &[], &mut rng)?;
///     group.appoint(&ada, grace_in)?.apply();
///
///     // Save the group, then tell its members; Joan hears that she is out, and nothing after that.
///     let made = group.remove(&ada, &[joan_in])?.apply();
///     let plan = ada.plan(To::Recipients(&made.to), now)?;
///     assert!(plan.missing().any(|device| device == joan.address()));
///     let after = group.recipients(&ada)?;
///     let plan = ada.plan(To::Recipients(&after), now)?;
///     assert!(plan.missing().eq([grace.address()]));
///     Ok(())
/// }
/// ```
pub struct Group {
    pub(super) inner: Box<Inner>,
}

redacted!(Group, |group| id = group.id(), state = group.state(), members = group.members().count());

pub(super) struct Inner {
    /// The account whose device this is.
    pub(super) own: Member,
    pub(super) id: GroupId,
    pub(super) tree: Tree,
    /// The states that members have named.
    pub(super) reports: BTreeMap<Member, StateReport>,
    pub(super) anchor: Anchor,
}

impl Group {
    /// Founds a group of this account and up to 32 others, of whom some may be administrators, the most senior first.
    /// Save it, then seal a [`checkpoint`](Group::checkpoint) for its [`recipients`](Group::recipients).
    ///
    /// # Errors
    ///
    /// [`Error::OwnAccount`] if this account is named, which is a member anyway; [`Error::TooManyAccounts`] for more
    /// than 32 others; [`Error::NotEntitled`] for an administrator who is no member, or twice one;
    /// [`Error::OwnDeviceUnlisted`] if this device is no longer one of its account's.
    pub fn found(
        client: &Client,
        adding: Adding,
        members: &[Member],
        administrators: &[Member],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let identity = client.signer()?.identity();
        let (own, members) = (Member::of(client.list()), sorted(members));
        if members.contains(&own) {
            return Err(Error::OwnAccount);
        }
        if members.len() > MAX_NAMED {
            return Err(Error::TooManyAccounts);
        }
        if sorted(administrators).len() != administrators.len() {
            return Err(Error::NotEntitled);
        }
        let administrators = administrators.to_vec();
        let mut about = Writer::new();
        client.stands().write(&mut about);
        adding.write(&mut about);
        write_list(&members, &mut about);
        write_list(&administrators, &mut about);
        let seed = identity.agreement.seed();
        let salt = *hedged(seed, labels::GROUP_SALT, &[about.written()], rng).expose();
        let action = Action::Found(Founding { salt, adding, members, administrators });
        let first = Operation::sign(None, (OperationHash::NONE, 1), action, identity);
        let mut tree = Tree::new(Roster::empty());
        tree.check(&first)?;
        let (id, begin) = (first.group, first.hash());
        tree.insert(first);
        Ok(Self::new(client, (own, id), tree, &begin.0))
    }

    pub(super) fn new(
        client: &Client,
        (own, id): (Member, GroupId),
        tree: Tree,
        begin: &[u8; 32],
    ) -> Self {
        let anchor = Anchor::start(Self::KIND, &client.certificate().core(), begin);
        let reports = BTreeMap::new();
        Self { inner: Box::new(Inner { own, id, tree, reports, anchor }) }
    }

    /// Returns the group's id. It is a hash of the first operation, so nobody founds another group under it.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.inner.id
    }

    /// Returns the state that the group is in here: the hash of the last operation in force.
    #[must_use]
    pub fn state(&self) -> OperationHash {
        self.inner.tree.head().hash
    }

    /// Lists all members, this account included, each with the word by which it is one.
    pub fn members(&self) -> impl Iterator<Item = (Member, Admission)> {
        self.inner.tree.head().members()
    }

    /// Lists the administrators, the most senior first.
    #[must_use]
    pub fn administrators(&self) -> &[Member] {
        self.inner.tree.head().administrators()
    }

    /// Tells who may add somebody.
    #[must_use]
    pub fn adding(&self) -> Adding {
        self.inner.tree.head().adding()
    }

    /// Tells whether this account is a member.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.inner.tree.head().is_member(self.inner.own)
    }

    /// Lists the operations in force that are kept, the newest 256, the oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Operation> {
        self.inner.tree.path()
    }

    /// Lists this account's own operations that are kept and not in force, because others that were made at the same
    /// time go before them: ask the user whether to make them again.
    pub fn voided(&self) -> impl Iterator<Item = &Operation> {
        let own = self.inner.own;
        self.inner.tree.aside().filter(move |operation| operation.author() == own)
    }

    /// Lists the members that have written here, with the state that each has named last, and since when: who is
    /// long behind lacks operations, or somebody withholds them.
    pub fn reports(&self) -> impl Iterator<Item = (Member, StateRelation, u64)> {
        let reports = self.inner.reports.iter();
        reports.map(|(by, report)| (*by, self.relation(report.state), report.since))
    }

    /// Lists the states that members have named and that are not known here: ask each for its own
    /// ([`Group::request`]).
    pub fn missing(&self) -> impl Iterator<Item = (Member, OperationHash)> {
        self.reports().filter_map(|(by, relation, _)| match relation {
            StateRelation::Unknown(state) => Some((by, state)),
            _ => None,
        })
    }

    /// Returns the other members as a letter in this group is sent to them.
    ///
    /// Of whom the client knows no list under the key that the group knows, that member is left out, and gets nothing
    /// of the letter later either: see [`Group::unknown`] before.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if this account is no member; [`Error::WrongClient`] for a client of another account.
    pub fn recipients(&self, client: &Client) -> Result<Recipients, Error> {
        self.check_client(client)?;
        if !self.is_member() {
            return Err(Error::NotEntitled);
        }
        let others = self.members().map(|(member, _)| member);
        let others = others.filter(|member| *member != self.inner.own);
        let lists = others.filter_map(|member| client.list_of_member(member));
        Ok(Recipients::new((self.id(), self.state()), lists.map(DeviceList::account)))
    }

    /// Lists the members of whom the client knows no list under the key that the group knows: learn their lists. Who
    /// has another account key now is another account to the group: remove the old one and add the new one.
    pub fn unknown(&self, client: &Client) -> impl Iterator<Item = Member> {
        let members = self.members().map(|(member, _)| member);
        members.filter(|member| client.list_of_member(*member).is_none())
    }

    /// Signs how the group stands, for somebody who comes in, for an own device, or for a member who lost its way.
    ///
    /// # Errors
    ///
    /// [`Error::NotEntitled`] if this account is no member; [`Error::WrongClient`] for a client of another account;
    /// [`Error::OwnDeviceUnlisted`] if this device is no longer one of its account's.
    pub fn checkpoint(&self, client: &Client) -> Result<Content, Error> {
        self.check_client(client)?;
        if !self.is_member() {
            return Err(Error::NotEntitled);
        }
        let identity = client.signer()?.identity();
        Ok(Content::group([Checkpoint::sign(self.id(), &self.inner.tree, identity)]))
    }

    /// Refuses the client of another account.
    pub(super) fn check_client(&self, client: &Client) -> Result<(), Error> {
        let is_own = Member::of(client.list()) == self.inner.own;
        if is_own { Ok(()) } else { Err(Error::WrongClient) }
    }

    pub(super) fn relation(&self, state: OperationHash) -> StateRelation {
        match self.inner.tree.place(state) {
            Place::Head => StateRelation::Same,
            Place::Path | Place::Past => StateRelation::Behind,
            Place::Aside => StateRelation::Aside,
            Place::Unknown => StateRelation::Unknown(state),
        }
    }
}

impl Inner {
    /// Takes an operation that was checked, and forgets what those have named who are no members any more.
    pub(super) fn insert(&mut self, operation: Operation) {
        self.tree.insert(operation);
        let head = self.tree.head();
        self.reports.retain(|by, _| head.is_member(*by));
    }

    /// Returns the operations of the path, by their hashes.
    pub(super) fn in_force(&self) -> BTreeSet<OperationHash> {
        self.tree.path().map(Operation::hash).collect()
    }
}
