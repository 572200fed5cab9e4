//! What apps do with their client: prekeys, lists, letters.

use latchstring::{
    Address, Alert, Arrived, Bundle, Change, Client, Content, DeviceList, Error, OneTimePrekey,
    Outgoing, Plan,
};

use super::super::NOW;
use super::{App, Keeping, Kept, Mail, Stop, Transaction, World, only};

/// An envelope from client to client.
pub const LETTER: u8 = 1;
/// What was uploaded, to be found by its hash.
pub const BLOB: u8 = 2;

/// A client on an empty disk, soon to have a new snapshot if it is in a journal.
pub fn settle(app: &mut App, client: Client) {
    let mut transaction = app.begin();
    let mut kept = Kept::new(&mut transaction, "client/own", client, &mut app.rng).unwrap();
    let before = if app.disk.keeping == Keeping::Journals { 60 } else { 0 };
    for _ in 0..before {
        let change = kept.state.mend_clock(NOW).unwrap();
        kept.change(&mut transaction, change, &mut app.rng).unwrap();
    }
    app.memory.clients.insert("client/own".to_owned(), kept);
    app.finish(transaction, &mut []).unwrap();
}

impl World {
    pub fn client(&mut self, who: usize) -> Result<&mut Client, Stop> {
        Ok(&mut only(&mut self.apps[who].memory.clients)?.state)
    }

    pub fn address(&self, who: usize) -> Address {
        self.apps[who].memory.clients.values().next().unwrap().state.address()
    }

    /// The app that an envelope goes to.
    pub fn app_at(&self, address: Address) -> usize {
        let is_there =
            |app: &App| app.memory.clients.values().any(|client| client.state.address() == address);
        self.apps.iter().position(is_there).unwrap()
    }

    /// A change of the client, what else goes with it, and what follows.
    pub fn move_client(
        &mut self,
        who: usize,
        change: Change,
        beside: impl FnOnce(&mut Transaction),
    ) -> Result<(), Stop> {
        let Self { apps, mail, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        only(&mut app.memory.clients)?.change(&mut transaction, change, &mut app.rng)?;
        beside(&mut transaction);
        app.finish(transaction, mail)
    }

    pub fn publish_bundle(&mut self, who: usize) -> Result<(), Stop> {
        self.apps[who].compare()?;
        let bundle = self.client(who)?.bundle()?.encode();
        self.publish(&format!("bundle/{who}"), vec![bundle])
    }

    /// One-time prekeys, until the server has enough: those that were saved and not published are
    /// not missed.
    pub fn replenish(&mut self, who: usize) -> Result<(), Stop> {
        self.publish_bundle(who)?;
        let place = format!("one-time/{who}");
        let published = self.published(&place).len();
        let app = &mut self.apps[who];
        let client = &only(&mut app.memory.clients)?.state;
        if !client.due(self.now, published).prekeys.replenish {
            return Ok(());
        }
        let (keys, change) = client.replenish(self.now, &mut app.rng)?;
        self.move_client(who, change, |_| {})?;
        let keys = keys.iter().map(OneTimePrekey::encode);
        let keys = self.published(&place).iter().cloned().chain(keys).collect();
        self.publish(&place, keys)
    }

    /// What the server gives out for a device. A one-time prekey is gone then, whatever comes of
    /// it.
    pub fn bundle(&mut self, of: usize) -> Result<Bundle, Stop> {
        let bundle = Bundle::decode(&self.published(&format!("bundle/{of}"))[0])?;
        match self.board.get_mut(&format!("one-time/{of}")).and_then(Vec::pop) {
            Some(key) => Ok(bundle.attach(OneTimePrekey::decode(&key)?)?),
            None => Ok(bundle),
        }
    }

    /// Puts up the list that the app's client knows of its own account.
    pub fn publish_list(&mut self, who: usize) -> Result<(), Stop> {
        self.apps[who].compare()?;
        let list = self.client(who)?.list().clone();
        self.publish(&list_of(&list), vec![list.encode()])
    }

    /// Takes the newest list of another app's account.
    pub fn learn(&mut self, who: usize, of: usize) -> Result<(), Stop> {
        let known = self.client(of)?.list().clone();
        let list = DeviceList::decode(&self.published(&list_of(&known))[0])?;
        let now = self.now;
        match self.client(who)?.learn(&list, now)?.1 {
            Some(change) => self.move_client(who, change, |_| {}),
            None => Ok(()),
        }
    }

    /// Plans, fetches the bundles that are missing, seals and sends. The power may go between any
    /// two of these.
    pub fn write(
        &mut self,
        who: usize,
        content: &[u8],
        plan: impl Fn(&Client, u64) -> Result<Plan, Error>,
    ) -> Result<(), Stop> {
        let now = self.now;
        let mut plan = plan(self.client(who)?, now)?;
        self.power.spend()?;
        for address in plan.missing().collect::<Vec<_>>() {
            let bundle = self.bundle(self.app_at(address))?;
            let app = &mut self.apps[who];
            let client = &only(&mut app.memory.clients)?.state;
            plan.supply(client, &bundle, now, &mut app.rng)?;
            self.power.spend()?;
        }
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let client = only(&mut app.memory.clients)?;
        let out = client.seal(&mut transaction, &mut app.rng, |client, rng| {
            client.seal(&mut plan, content, now, rng)
        })?;
        self.board.insert(format!("id/{}", content.len()), vec![out.id.to_vec()]);
        self.post(who, transaction, out)
    }

    fn post(
        &mut self,
        who: usize,
        mut transaction: Transaction,
        out: Outgoing,
    ) -> Result<(), Stop> {
        if let Some(blob) = out.blob {
            transaction.send(self.apps.len(), BLOB, blob);
        }
        for envelope in out.envelopes {
            transaction.send(self.app_at(envelope.to), LETTER, envelope.message);
        }
        transaction.done(self.step);
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// Opens a letter. What there is to show goes beside its change, with whatever else belongs
    /// there.
    pub fn read_letter(&mut self, who: usize, mail: &Mail) -> Result<(), Stop> {
        let (from, now) = (self.address(mail.from), self.now);
        match self.client(who)?.open(from, &mail.bytes, now) {
            Ok((arrived, change)) => {
                calm(&arrived)?;
                let text = self.text(&arrived.content)?;
                self.move_client(who, change, |transaction| {
                    if let Some(text) = &text {
                        transaction.show(text);
                    }
                })
            }
            // Read before the power went.
            Err(Error::Duplicate | Error::Replay) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn text(&self, content: &Content) -> Result<Option<Vec<u8>>, Stop> {
        Ok(match content {
            Content::Message(text) | Content::Own(text) => Some(text.to_vec()),
            Content::Large(large) => {
                let uploaded = &self.mail[self.apps.len()];
                let found = uploaded.iter().find_map(|blob| large.open(&blob.bytes).ok());
                let Some(text) = found else { return Stop::trouble("a blob is missing") };
                Some(text.to_vec())
            }
            _ => None,
        })
    }
}

/// No letter of these may look like a copy of a device, or like a device that was set back.
fn calm(arrived: &Arrived) -> Result<(), Stop> {
    let alarms = arrived.alerts.iter().find(|alert| {
        matches!(alert, Alert::SessionReset | Alert::SessionForked | Alert::Equivocation { .. })
    });
    alarms.map_or(Ok(()), |alert| Stop::trouble(format!("{alert:?}")))
}

fn list_of(list: &DeviceList) -> String {
    format!("list/{}", list.account().0[0])
}
