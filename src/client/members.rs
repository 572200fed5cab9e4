//! A client's part in groups that know their members: whose devices are whose, and who signs.

use super::client::Client;
use crate::error::Error;
use crate::protocol::group::member::Member;
use crate::protocol::identity::certificate::Certificate;
use crate::protocol::identity::device_list::DeviceList;
use crate::session::Device;

impl Client {
    /// Returns the list of an account that a group knows, this one included, if it is known here.
    pub(crate) fn list_of_member(&self, member: Member) -> Option<&DeviceList> {
        let moved = self.inner.holdings.moves.from(member.id).chain([self.inner.account()]);
        let known = [member.id].into_iter().chain(moved).filter_map(|id| self.list_of(id));
        known.into_iter().find(|list| Member::of(list) == member)
    }

    /// Checks that a known list names this device of a member.
    pub(crate) fn check_member_device(&self, certificate: &Certificate) -> Result<(), Error> {
        let list = self.list_of_member(Member::of_device(certificate));
        let listed = list.ok_or(Error::UnknownAccount)?.device(certificate.device());
        if listed == Some(certificate) { Ok(()) } else { Err(Error::Unlisted) }
    }

    /// Returns this device, which signs for its account, as long as it is one of it.
    pub(crate) fn signer(&self) -> Result<&Device, Error> {
        self.inner.check_listed()?;
        Ok(self.device())
    }
}
