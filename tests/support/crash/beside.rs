//! States beside a client, settings and groups: what changes in both goes into one transaction, with what is sent.

use latchstring::Error;
use latchstring::client::{
    Address, Client, Enclosed, LetterEvent, Outgoing, OwnContent, Plan, ReceivedLetter, To,
};
use latchstring::content::Content;
use latchstring::group::{Adding, Group, Made, Member, Object, Standing};
use latchstring::settings::{Setting, Settings};
use latchstring::storage::Pending;

use super::super::town::{bytes, said};
use super::super::{NOW, TestRng};
use super::{App, Kept, LETTER, Mail, Memory, Stop, Transaction, World, only};

/// An entry of the settings, on its way to the server.
pub const ENTRY: u8 = 3;

/// Puts settings without any setting beside a client.
pub fn install_settings(app: &mut App) {
    let mut transaction = app.begin();
    let client = &app.memory.clients.values().next().unwrap().state;
    let settings = Settings::create(client, NOW, &mut app.rng).unwrap();
    let kept = Kept::new(&mut transaction, "settings/own", settings, &mut app.rng).unwrap();
    app.memory.settings.insert("settings/own".to_owned(), kept);
    app.finish(transaction, &mut []).unwrap();
}

impl World {
    /// Fetches what a plan needs, seals, and sends, in the transaction that has begun.
    fn seal_for(
        &mut self,
        who: usize,
        mut transaction: Transaction,
        plans: Vec<(Plan, Content)>,
    ) -> Result<(), Stop> {
        let now = self.now;
        let mut outs = Vec::new();
        for (mut plan, content) in plans {
            for address in plan.missing().collect::<Vec<_>>() {
                let bundle = self.bundle(self.app_at(address))?;
                let app = &mut self.apps[who];
                let client = &only(&mut app.memory.clients)?.state;
                plan.supply(client, &bundle, now, &mut app.rng)?;
            }
            let app = &mut self.apps[who];
            let enclosed = match content.as_app() {
                Some((_, [])) => Enclosed::Nothing,
                _ => Enclosed::from(&content),
            };
            let out: Outgoing = only(&mut app.memory.clients)?.step(
                &mut transaction,
                &mut app.rng,
                |client, rng| client.seal(&mut plan, enclosed, now, rng),
            )?;
            outs.push(out);
        }
        for envelope in outs.into_iter().flat_map(|out| out.envelopes) {
            transaction.send(self.app_at(envelope.to), LETTER, envelope.message);
        }
        transaction.done(self.step);
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// Makes a key of the settings, and tells it to the other own devices.
    pub fn make_settings_key(&mut self, who: usize) -> Result<(), Stop> {
        let now = self.now;
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, settings, .. } = &mut app.memory;
        let client = &only(clients)?.state;
        let keys = only(settings)?.step(&mut transaction, &mut app.rng, |settings, rng| {
            settings.rotate(client, now, rng)
        })?;
        let plan = client.plan_object(&keys, now)?;
        self.seal_for(who, transaction, vec![(plan, said(b""))])
    }

    /// Tells the other own devices what this one has.
    pub fn tell_heads(&mut self, who: usize) -> Result<(), Stop> {
        let now = self.now;
        let app = &mut self.apps[who];
        let transaction = app.disk.begin();
        let Memory { clients, settings, .. } = &mut app.memory;
        let client = &only(clients)?.state;
        let heads = only(settings)?.state.tell_heads(client)?;
        let plan = client.plan_object(&heads, now)?;
        self.seal_for(who, transaction, vec![(plan, said(b""))])
    }

    /// Sets something by an entry, which goes to the server. The time is in the value: who sets it again says another
    /// thing.
    pub fn set(&mut self, who: usize, name: &str, value: &str) -> Result<(), Stop> {
        let (now, server, done) = (self.now, self.apps.len(), self.step);
        let value = format!("{value} at {now}");
        let values = [(Setting::App(name.to_owned()), Some(value.as_bytes()))];
        self.move_settings(
            who,
            |settings, client, _| settings.set(client, &values, now),
            |transaction, entry| {
                transaction.send(server, ENTRY, entry.clone());
                transaction.done(done);
            },
        )
        .map(drop)
    }

    /// Returns the entries that the server has.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        let all = self.mail[self.apps.len()].iter().filter(|mail| mail.tag == ENTRY);
        all.map(|mail| mail.bytes.clone()).collect()
    }

    /// Takes all entries that the server has, and shows what they change.
    pub fn take_entries(&mut self, who: usize) -> Result<(), Stop> {
        let (now, entries) = (self.now, self.entries());
        let taken = self.move_settings(
            who,
            |settings, client, _| settings.take(client, &entries, now),
            |transaction, taken| {
                let values = taken.changes.iter().filter_map(|change| change.value.as_ref());
                values.for_each(|value| transaction.show(value));
            },
        )?;
        let refused = taken.refused.iter().find(|refused| refused.error != Error::Duplicate);
        refused.map_or(Ok(()), |refused| Stop::trouble(format!("{:?}", refused.error)))
    }

    fn move_settings<T>(
        &mut self,
        who: usize,
        step: impl for<'a> FnOnce(
            &'a mut Settings,
            &Client,
            &mut TestRng,
        ) -> Result<Pending<'a, Settings, T>, Error>,
        beside: impl FnOnce(&mut Transaction, &T),
    ) -> Result<T, Stop> {
        let Self { apps, mail, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, settings, .. } = &mut app.memory;
        let client = &only(clients)?.state;
        let out = only(settings)?
            .step(&mut transaction, &mut app.rng, |settings, rng| step(settings, client, rng))?;
        beside(&mut transaction, &out);
        app.finish(transaction, mail)?;
        Ok(out)
    }

    fn member(&mut self, of: usize) -> Result<Member, Stop> {
        Ok(Member::of(self.client(of)?.list()))
    }

    /// Founds a group with another app's account, and tells it.
    pub fn found_group(&mut self, who: usize, with: usize) -> Result<(), Stop> {
        let (now, member) = (self.now, self.member(with)?);
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let client = &only(&mut app.memory.clients)?.state;
        let group = Group::found(client, Adding::Administrators, &[member], &[], &mut app.rng)?;
        let (to, content) = (group.recipients(client)?, group.checkpoint(client)?);
        let plan = client.plan(To::Recipients(&to), now)?;
        let kept = Kept::new(&mut transaction, "group/ours", group, &mut app.rng)?;
        app.memory.groups.insert("group/ours".to_owned(), kept);
        self.seal_for(who, transaction, vec![(plan, content)])
    }

    /// Makes an operation about another app's account, and tells all whom it concerns.
    pub fn change_group(&mut self, who: usize, of: usize, adds: bool) -> Result<(), Stop> {
        let (now, member) = (self.now, self.member(of)?);
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, groups, .. } = &mut app.memory;
        let (client, group) = (&only(clients)?.state, only(groups)?);
        let Made { content, to, .. } = group.step(&mut transaction, &mut app.rng, |group, _| {
            if adds { group.add(client, &[member]) } else { group.remove(client, &[member]) }
        })?;
        let mut plans = vec![(client.plan(To::Recipients(&to), now)?, content)];
        if adds {
            let checkpoint = group.state.checkpoint(client)?;
            plans.push((client.plan(To::Account(member.id), now)?, checkpoint));
        }
        self.seal_for(who, transaction, plans)
    }

    /// Says something in the group.
    pub fn say_in_group(&mut self, who: usize, text: &str) -> Result<(), Stop> {
        let now = self.now;
        let app = &mut self.apps[who];
        let transaction = app.disk.begin();
        let Memory { clients, groups, .. } = &mut app.memory;
        let client = &only(clients)?.state;
        let to = only(groups)?.state.recipients(client)?;
        let plan = client.plan(To::Recipients(&to), now)?;
        self.seal_for(who, transaction, vec![(plan, said(text.as_bytes()))])
    }

    /// Opens a letter, and gives what it brings to the states beside the client, in the same transaction.
    pub fn read_beside(&mut self, who: usize, mail: &Mail) -> Result<(), Stop> {
        let (from, now) = (self.address(mail.from), self.now);
        let Self { apps, mail: boxes, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let client = only(&mut app.memory.clients)?;
        let read = client
            .step(&mut transaction, &mut app.rng, |client, _| client.open(from, &mail.bytes, now));
        let letter = match read {
            // Read before the power went.
            Err(Stop::Refused(Error::Duplicate | Error::Replay)) => return Ok(()),
            letter => letter?,
        };
        match &letter.event {
            LetterEvent::Own(OwnContent::SettingsKeys(keys)) => {
                let Memory { clients, settings, .. } = &mut app.memory;
                let client = &only(clients)?.state;
                only(settings)?.step(&mut transaction, &mut app.rng, |settings, _| {
                    settings.take_keys(client, keys, now)
                })?;
            }
            LetterEvent::Own(OwnContent::SettingsHeads(heads)) => {
                let Memory { clients, settings, .. } = &mut app.memory;
                let client = &only(clients)?.state;
                only(settings)?.step(&mut transaction, &mut app.rng, |settings, _| {
                    settings.note_heads(client, heads, now)
                })?;
            }
            LetterEvent::Message(content) => match content.as_group() {
                Some(objects) => {
                    for object in objects {
                        take_object(app, &mut transaction, from, object)?;
                    }
                }
                None => judge(app, &mut transaction, &letter, content, now)?,
            },
            other => return Stop::trouble(format!("{other:?}")),
        }
        app.finish(transaction, boxes)
    }
}

fn take_object(
    app: &mut App,
    transaction: &mut Transaction,
    from: Address,
    object: &[u8],
) -> Result<(), Stop> {
    let Memory { clients, groups, .. } = &mut app.memory;
    let client = &only(clients)?.state;
    match (Object::of(object)?.0, groups.get_mut("group/ours")) {
        (Object::Checkpoint, None) => {
            let group = Group::join(client, from, object)?;
            let kept = Kept::new(transaction, "group/ours", group, &mut app.rng)?;
            groups.insert("group/ours".to_owned(), kept);
        }
        (Object::Operation, Some(group)) => {
            group.step(transaction, &mut app.rng, |group, _| group.take(client, object))?;
        }
        (object, _) => return Stop::trouble(format!("{object:?}")),
    }
    Ok(())
}

/// Shows a text of a member, and drops any other.
fn judge(
    app: &mut App,
    transaction: &mut Transaction,
    letter: &ReceivedLetter,
    content: &Content,
    now: u64,
) -> Result<(), Stop> {
    let Memory { clients, groups, .. } = &mut app.memory;
    let client = &only(clients)?.state;
    let judged = only(groups)?
        .step(transaction, &mut app.rng, |group, _| group.judge(client, letter, now))?;
    if matches!(judged.writer, Standing::Member(_)) {
        transaction.show(&bytes(content));
    }
    Ok(())
}
