//! The tasks of a device: what it does at its start, and each day.

use latchstring::client::{Address, ClockState};
use latchstring::session::{Account, Served, Stock, Withdraw};

use crate::member::Member;
use crate::server::Server;
use crate::store::Failure;
use crate::{note, person};

impl Member {
    /// Does what `Client::tasks` says, once the server has told what it has of this device's prekeys. The account is
    /// on the primary alone, which signs with it.
    pub(crate) fn look_after(
        &self,
        account: Option<&Account>,
        server: &mut Server,
    ) -> Result<(), Failure> {
        let (bundle, one_time) = server.stock(self.address);
        let has = Served { bundle, one_time: Stock::Ids(&one_time) };
        let tasks = self.client()?.tasks(&has, self.now.get());
        if let ClockState::Ahead(seconds) | ClockState::Behind(seconds) = tasks.clock {
            note(&format!("⚠ {}: is the clock right? It is {seconds} s off", self.name));
        }
        if tasks.expire {
            let expired = self.change(|client, now, _| Ok(client.expire(now)))?;
            for unread in expired.lost {
                let who = server.name(unread.from);
                note(&format!("⚠ {}: something of {who} did not come", self.name));
            }
        }
        match &tasks.prekeys.withdraw {
            Withdraw::Ids(dead) => server.withdraw(self.address, |id| dead.contains(id)),
            Withdraw::All => server.withdraw(self.address, |_| true),
            _ => {}
        }
        if tasks.prekeys.rotate {
            self.change(|client, now, rng| Ok(client.rotate(now, rng)))?;
        }
        if tasks.prekeys.rotate || tasks.prekeys.publish {
            server.take_bundle(self.client()?.bundle());
        }
        if tasks.prekeys.replenish {
            let keys = self.change(|client, now, rng| Ok(client.replenish(now, rng)))?;
            server.take_prekeys(self.address, keys);
        }
        self.note_published(server)?;
        for account in tasks.fetch_lists {
            self.learn(account, server)?;
        }
        if let Some(account) = account.filter(|_| tasks.renew_list) {
            self.sign(server, |client, now, _| client.renew(account, now))?;
            server.publish(self.client()?.list());
        }
        if tasks.primary_silent {
            note(&format!("⚠ {}: switch {}'s phone on", self.name, person(self.address.account)));
        }
        for device in tasks.idle {
            let who = server.name(Address { device, ..self.address });
            note(&format!("⚠ {}: nothing was heard of {who} for a month: remove it?", self.name));
        }
        self.repair(server)
    }

    /// Notes what the server has now. Until that is noted the same is given again.
    fn note_published(&self, server: &Server) -> Result<(), Failure> {
        let (bundle, one_time) = server.stock(self.address);
        let ids: Vec<_> = bundle.into_iter().chain(one_time).collect();
        self.change(|client, now, _| Ok(client.note_published(ids, now)))
    }
}
