//! The deeds of an app with what is said in a guest chat, and with a guest that becomes an account.

use latchstring::Error;
use latchstring::client::Envelope;
use latchstring::guest::SyncOutcome;

use super::super::object;
use super::guests::{CHAT, COPY, HAND_OVER, last};
use super::{Mail, Memory, Stop, World, only};

impl World {
    /// Seals a text in the chat, and tells own devices of it if they are named.
    pub fn write_text(&mut self, who: usize, text: &str, tell: &[usize]) -> Result<(), Stop> {
        let (now, step) = (self.now, self.step);
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, chats, .. } = &mut app.memory;
        let (client, chat) = (clients.values().next().map(|kept| &kept.state), last(chats)?);
        let sent =
            chat.step(&mut transaction, &mut app.rng, |chat, rng| chat.text(text, now, rng))?;
        for device in tell {
            let client = client.ok_or(Error::NotAllowed)?;
            let copy = chat.state.export_copy(client, Some(&sent.text))?;
            transaction.send(*device, COPY, copy.as_bytes().to_vec());
        }
        transaction.done(step);
        for Envelope { to, message, .. } in sent.envelopes {
            transaction.send(self.end_at(to), CHAT, message);
        }
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// Shows what another own device has said.
    pub(super) fn sync_copy(&mut self, who: usize, copy: &Mail) -> Result<(), Stop> {
        let (from, now) = (self.address(copy.from), self.now);
        let Self { apps, mail, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, chats, .. } = &mut app.memory;
        let (client, chat) = (&only(clients)?.state, last(chats)?);
        let shared = object(&copy.bytes);
        let synced = chat.step(&mut transaction, &mut app.rng, |chat, _| {
            chat.sync_copy(client, from, &shared, now)
        });
        let synced = match synced {
            // It came before, and the chat is over.
            Err(Stop::Refused(Error::Ended)) => return Ok(()),
            synced => synced?,
        };
        if !synced.alerts.is_empty() {
            return Stop::trouble(format!("{:?}", synced.alerts));
        }
        if let Some(text) = synced.text {
            transaction.show(text.text.as_bytes());
        }
        app.finish(transaction, mail)
    }

    /// Lets a guest say that it is the account of its client.
    pub fn hand_over(&mut self, who: usize) -> Result<(), Stop> {
        let (now, step) = (self.now, self.step);
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, chats, .. } = &mut app.memory;
        let (client, chat) = (&only(clients)?.state, last(chats)?);
        let said = chat
            .step(&mut transaction, &mut app.rng, |chat, rng| chat.hand_over(client, now, rng))?;
        transaction.done(step);
        for Envelope { to, message, .. } in said {
            transaction.send(self.end_at(to), CHAT, message);
        }
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// Lets a device of the host go on with the guest's account, and tells another one.
    pub fn accept_hand_over(&mut self, who: usize, tell: usize) -> Result<(), Stop> {
        let (now, step) = (self.now, self.step);
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, chats, .. } = &mut app.memory;
        let (client, chat) = (&only(clients)?.state, last(chats)?);
        let said = chat.step(&mut transaction, &mut app.rng, |chat, rng| {
            chat.accept_hand_over(client, now, rng)
        })?;
        let shared = chat.state.export_hand_over(client)?;
        transaction.send(tell, HAND_OVER, shared.as_bytes().to_vec());
        transaction.done(step);
        for Envelope { to, message, .. } in said {
            transaction.send(self.end_at(to), CHAT, message);
        }
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// Ends the chat as another own device has.
    pub(super) fn sync_hand_over(&mut self, who: usize, shared: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, chats, .. } = &mut app.memory;
        let (client, chat) = (&only(clients)?.state, last(chats)?);
        let shared = object(&shared.bytes);
        let told = chat.step(&mut transaction, &mut app.rng, |chat, _| {
            chat.sync_hand_over(client, &shared, *now)
        })?;
        match told {
            SyncOutcome::Known => {}
            SyncOutcome::Taken => transaction.show(b"taken over"),
            other => return Stop::trouble(format!("{other:?}")),
        }
        app.finish(transaction, mail)
    }
}
