//! The deeds of an app with its client: prekeys, lists, letters.

use std::collections::VecDeque;

use latchstring::Error;
use latchstring::client::{
    Address, Alert, Client, DeviceList, LetterEvent, Outgoing, OwnContent, Plan, ReceivedLetter,
};
use latchstring::session::{Bundle, OneTimePrekey, Served, Stock};
use latchstring::storage::Pending;

use super::super::town::{bytes, enclosed, said};
use super::super::{NOW, TestRng, ids_of};
use super::{App, Keeping, Kept, Mail, Stop, Transaction, World, only};

/// An envelope from client to client.
pub const LETTER: u8 = 1;
/// An uploaded blob, to be found by its hash.
pub const BLOB: u8 = 2;

/// Puts a client on an empty disk, soon to have a new snapshot if it is in a journal.
pub fn install(app: &mut App, client: Client) {
    let mut transaction = app.begin();
    let mut kept = Kept::new(&mut transaction, "client/own", client, &mut app.rng).unwrap();
    let before = if app.disk.keeping == Keeping::Journals { 60 } else { 0 };
    for _ in 0..before {
        kept.step(&mut transaction, &mut app.rng, |client, _| Ok(client.reset_clock(NOW))).unwrap();
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

    /// Finds the app that an envelope goes to.
    pub fn app_at(&self, address: Address) -> usize {
        let is_there =
            |app: &App| app.memory.clients.values().any(|client| client.state.address() == address);
        self.apps.iter().position(is_there).unwrap()
    }

    /// Does a step of the client, what goes with what it gives out, and what follows.
    pub fn move_client<T>(
        &mut self,
        who: usize,
        step: impl for<'a> FnOnce(&'a mut Client, &mut TestRng) -> Result<Pending<'a, Client, T>, Error>,
        beside: impl FnOnce(&mut Transaction, &T),
    ) -> Result<T, Stop> {
        let Self { apps, mail, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let out = only(&mut app.memory.clients)?.step(&mut transaction, &mut app.rng, step)?;
        beside(&mut transaction, &out);
        app.finish(transaction, mail)?;
        Ok(out)
    }

    pub fn publish_bundle(&mut self, who: usize) -> Result<(), Stop> {
        self.apps[who].compare()?;
        let (bundle, now) = (self.client(who)?.bundle(), self.now);
        self.publish(&format!("bundle/{who}"), vec![bundle.encode()])?;
        self.move_client(who, |client, _| Ok(client.note_published([bundle.id()], now)), |_, ()| {})
    }

    /// Makes one-time prekeys, until the server has enough: those that were saved and not published are not
    /// missed.
    pub fn replenish(&mut self, who: usize) -> Result<(), Stop> {
        self.publish_bundle(who)?;
        let place = format!("one-time/{who}");
        let (ids, taken) = (ids_of(self.published(&place)), ids_of(self.taken(&place)));
        let now = self.now;
        // What the server took is noted, also where the power was cut between upload and note.
        self.move_client(who, |client, _| Ok(client.note_published(taken, now)), |_, ()| {})?;
        let client = self.client(who)?;
        let served = Served { bundle: Some(client.bundle().id()), one_time: Stock::Ids(&ids) };
        if !client.tasks(&served, now).prekeys.replenish {
            return Ok(());
        }
        let keys =
            self.move_client(who, |client, rng| Ok(client.replenish(now, rng)), |_, _| {})?;
        self.upload(&place, keys.iter().map(OneTimePrekey::encode))?;
        let ids: Vec<_> = keys.iter().map(OneTimePrekey::id).collect();
        self.move_client(who, |client, _| Ok(client.note_published(ids, now)), |_, ()| {})
    }

    /// Returns what the server gives out for a device. A one-time prekey is gone then, whatever comes of it.
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
        self.move_client(who, |client, _| client.learn(&list, now), |_, _| {}).map(drop)
    }

    /// Plans, fetches the bundles that are missing, seals and sends; empty bytes are no content. The power may go
    /// between any two of these.
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
        let said = said(content);
        let out = client.step(&mut transaction, &mut app.rng, |client, rng| {
            client.seal(&mut plan, enclosed(&said), now, rng)
        })?;
        self.board.insert(format!("id/{}", content.len()), vec![out.id.0.to_vec()]);
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
        let Self { apps, mail: boxes, .. } = self;
        let uploaded = boxes[apps.len()].clone();
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let client = only(&mut app.memory.clients)?;
        let read = client
            .step(&mut transaction, &mut app.rng, |client, _| client.open(from, &mail.bytes, now));
        let arrived = match read {
            // Read before the power went.
            Err(Stop::Refused(Error::Duplicate | Error::Replay)) => return Ok(()),
            arrived => arrived?,
        };
        calm(&arrived)?;
        if let Some(text) = text(&arrived.event, &uploaded)? {
            transaction.show(&text);
        }
        app.finish(transaction, boxes)
    }
}

/// Returns the text that a letter has to show, with the blobs that were uploaded.
fn text(event: &LetterEvent, uploaded: &VecDeque<Mail>) -> Result<Option<Vec<u8>>, Stop> {
    Ok(match event {
        LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)) => {
            Some(bytes(content))
        }
        LetterEvent::Blob(reference) => {
            let found = uploaded.iter().find_map(|blob| reference.open(&blob.bytes).ok());
            let Some(content) = found else { return Stop::trouble("a blob is missing") };
            Some(bytes(&content))
        }
        _ => None,
    })
}

/// Checks that a letter looks neither like one of a copy of a device nor like one of a device that was set back.
fn calm(arrived: &ReceivedLetter) -> Result<(), Stop> {
    let alarms = arrived.alerts.iter().find(|alert| {
        matches!(alert, Alert::SessionReset | Alert::SessionForked | Alert::Equivocation { .. })
    });
    alarms.map_or(Ok(()), |alert| Stop::trouble(format!("{alert:?}")))
}

fn list_of(list: &DeviceList) -> String {
    format!("list/{}", list.account().0[0])
}
