//! One device with its store: it loads the client for each step, saves it, and only then sends or shows.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::client::{
    self, Address, Client, Conversation, Enclosed, LetterEvent, MessageFacts, MessageId, Outgoing,
    OwnContent, OwnObject, Plan, ReceivedLetter, Taken, To,
};
use latchstring::content::{Content, Kinds, Sender, Target};
use latchstring::session::{Account, AccountId};
use latchstring::storage::{State, StateKey};

use crate::note;
use crate::server::Server;
use crate::store::{Failure, Step, Store};

/// The owners of the states: what each is stored for.
pub(crate) const CLIENT: &str = "the client";
const ACCOUNT: &str = "the account";

/// The row of a message begins with this; the time of sending, the sender and the message id follow, so that rows stand
/// in the order of a history.
pub(crate) const MESSAGE: &str = "message ";

/// A device: its store, and the server.
pub(crate) struct Device<'a> {
    pub(crate) name: &'static str,
    pub(crate) store: Store,
    pub(crate) server: &'a Server,
}

pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl<'a> Device<'a> {
    /// Opens the device's store, under a key that the system's key store would have, and sends what was saved there and
    /// not sent.
    pub(crate) fn new(
        name: &'static str,
        folder: &Path,
        server: &'a Server,
    ) -> Result<Self, Failure> {
        let store = Store { path: folder.join(name), key: StateKey::new(1, &[9; 32])? };
        let device = Self { name, store, server };
        if device.is_set_up()? {
            device.publish()?;
            device.deliver()?;
        }
        Ok(device)
    }

    pub(crate) fn is_set_up(&self) -> Result<bool, Failure> {
        Ok(self.store.kept(CLIENT)?.is_some())
    }

    /// Makes account and client, if that was not done.
    pub(crate) fn set_up(&self, id: AccountId) -> Result<Account, Failure> {
        if !self.is_set_up()? {
            let account = Account::generate(id, &mut rng());
            let client = Client::create(&account, now(), &mut rng());
            self.store.step(|step| {
                step.save(ACCOUNT, None, &account)?;
                step.save(CLIENT, None, &client)
            })?;
            self.publish()?;
        }
        self.store.load(ACCOUNT, None)
    }

    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.store.load(CLIENT, None)
    }

    /// Gives the server list and bundle. (One-time prekeys, and the tasks of each day, are in `many_devices`.)
    pub(crate) fn publish(&self) -> Result<(), Failure> {
        let client = self.client()?;
        self.server.publish_bundle(&client.bundle())?;
        let is_primary = self.store.kept(ACCOUNT)?.is_some();
        if is_primary { self.server.publish_list(client.list()) } else { Ok(()) }
    }

    /// Learns the newest list of an account.
    pub(crate) fn learn(&self, of: AccountId) -> Result<(), Failure> {
        let (list, client) = (self.server.list(of)?, self.client()?);
        self.store.step(|step| step.change(CLIENT, client, |client| client.learn(&list, now())))?;
        Ok(())
    }

    /// Says a line, if that was not done.
    pub(crate) fn say(&self, to: AccountId, text: &str) -> Result<(), Failure> {
        if self.store.kept(&deed(text))?.is_none() {
            note(&format!("{}: {text}", self.name));
        }
        self.send(text, To::Account(to), &Content::text(text)?)
    }

    /// Sends a content to an account, if that was not done under this name. What was sent is a message of this device's
    /// history from the same step on.
    pub(crate) fn send(&self, name: &str, to: To<'_>, content: &Content) -> Result<(), Failure> {
        if self.store.kept(&deed(name))?.is_some() {
            return Ok(());
        }
        let (now, To::Account(account)) = (now(), to) else { return Err("to an account".into()) };
        let (client, plan) = self.supplied(|client| client.plan(to, now))?;
        let from = client.address();
        self.seal(client, plan, Enclosed::from(content), |step, out| {
            step.keep(deed(name), b"");
            let target = out.target.ok_or("a message was sealed")?;
            let facts = MessageFacts { target, conversation: Conversation::With(account), at: now };
            self.keep_said(step, row(now, from, out.id), &facts, content)
        })
    }

    /// Sends an object to the other own devices, and keeps something in the same step.
    pub(crate) fn send_object(
        &self,
        object: &OwnObject,
        keep: impl FnOnce(&mut Step<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (client, plan) = self.supplied(|client| client.plan_object(object, now()))?;
        self.seal(client, plan, Enclosed::Nothing, |step, _| keep(step))
    }

    /// Makes a plan, and supplies it with the bundles that it misses.
    pub(crate) fn supplied(
        &self,
        plan: impl FnOnce(&Client) -> Result<Plan, Error>,
    ) -> Result<(Client, Plan), Failure> {
        let client = self.client()?;
        let mut plan = plan(&client)?;
        for device in plan.missing().collect::<Vec<_>>() {
            plan.supply(&client, &self.server.bundle(device)?, now(), &mut rng())?;
        }
        Ok((client, plan))
    }

    pub(crate) fn seal(
        &self,
        client: Client,
        mut plan: Plan,
        content: Enclosed<'_>,
        keep: impl FnOnce(&mut Step<'_>, &Outgoing) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.store.step(|step| {
            let out = step.change(CLIENT, client, |client| {
                client.seal(&mut plan, content, now(), &mut rng())
            })?;
            keep(step, &out)?;
            step.send(&out)
        })?;
        self.deliver()
    }

    /// Brings the server what was saved and not sent.
    fn deliver(&self) -> Result<(), Failure> {
        let from = self.client()?.address();
        for waiting in self.store.outbox()? {
            let (to, id) = waiting.to.zip(waiting.id).ok_or("a letter is for a device")?;
            self.server.send(from, to, id, &waiting.message)?;
            self.store.sent(&waiting)?;
        }
        Ok(())
    }

    /// Reads all mail: what a letter says is saved with the client that has opened it, and shown then.
    pub(crate) fn read(&self) -> Result<(), Failure> {
        for mail in self.server.mail(self.client()?.address())? {
            let mut client = self.client()?;
            let (before, id) = (client.anchor(), Some(mail.id));
            let envelope = client::Mail { from: mail.from, id, envelope: &mail.envelope };
            let taken = client.take(&envelope, now()).apply();
            self.store.step(|step| {
                if let Taken::Letter(letter) = &taken {
                    self.keep(step, &client, letter)?;
                }
                step.save(CLIENT, Some(before), &client)
            })?;
            self.show(&taken);
            mail.acknowledge()?;
        }
        Ok(())
    }

    fn keep(
        &self,
        step: &mut Step<'_>,
        client: &Client,
        letter: &ReceivedLetter,
    ) -> Result<(), Failure> {
        match &letter.event {
            LetterEvent::Message(content)
                if matches!(letter.conversation, Conversation::Group(_)) =>
            {
                self.keep_in_group(step, client, letter, content)
            }
            LetterEvent::Message(content) => {
                let facts = letter.facts().ok_or("a message is told from others")?;
                self.keep_said(step, row(letter.sent, letter.from, letter.id), &facts, content)
            }
            LetterEvent::Own(OwnContent::Viewed(target)) => self.forget_viewed(step, target),
            LetterEvent::Own(OwnContent::SettingsKeys(keys)) => {
                self.take_settings_keys(step, client, keys)
            }
            LetterEvent::Own(OwnContent::HistoryRequest(request)) => {
                self.begin_answer(step, client, letter.from, request)
            }
            LetterEvent::Own(OwnContent::HistoryManifest(answer)) => {
                self.take_answer(step, client, letter.from, answer)
            }
            _ => Ok(()),
        }
    }

    fn show(&self, taken: &Taken) {
        match taken {
            Taken::Letter(letter) => {
                if let LetterEvent::Message(content) = &letter.event {
                    note(&format!("    {} reads: {}", self.name, text_of(content)));
                }
            }
            Taken::Known => {}
            other => note(&format!("    {}: {other:?}", self.name)),
        }
    }

    /// Lists the messages of this device, the oldest first.
    pub(crate) fn messages(&self) -> Result<Vec<Message>, Failure> {
        let rows = self.store.all(MESSAGE)?.into_iter();
        let read = rows.map(|(row, bytes)| Message::read(&row, &bytes));
        Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    pub(crate) fn count_messages(&self) -> Result<usize, Failure> {
        Ok(self.store.all(MESSAGE)?.len())
    }

    /// Returns the newest message of a conversation that has an attachment.
    pub(crate) fn attached(&self, conversation: Conversation) -> Result<Content, Failure> {
        let messages = self.messages()?.into_iter().rev();
        let mut of = messages.filter(|message| message.facts.conversation == conversation);
        let found = of.find(|message| message.content.attachment().is_some());
        Ok(found.ok_or("nobody has sent a file")?.content)
    }
}

/// A message as this example keeps it.
pub(crate) struct Message {
    pub(crate) sent: u64,
    pub(crate) from: Address,
    pub(crate) id: MessageId,
    /// The facts by which whatever is said about it later is judged.
    pub(crate) facts: MessageFacts,
    pub(crate) content: Content,
}

impl Message {
    /// Reads a message; none if only a newer program can show it.
    fn read(row: &str, bytes: &[u8]) -> Result<Option<Self>, Failure> {
        let mut words = row.split(' ').skip(1);
        let mut word = || words.next().ok_or("no message");
        let (sent, from, id) = (word()?.parse()?, word()?.parse()?, word()?.parse()?);
        let (with, rest) = bytes.split_first_chunk().ok_or("no message")?;
        let (at, rest) = rest.split_first_chunk().ok_or("no message")?;
        let (target, content) = rest.split_first_chunk::<88>().ok_or("no message")?;
        let content = match Content::decode(content, Kinds::of(Sender::Member)) {
            Err(Error::UnsupportedContent) => return Ok(None),
            decoded => decoded?,
        };
        let facts = MessageFacts {
            target: Target::decode(target)?,
            conversation: Conversation::With(AccountId(*with)),
            at: u64::from_be_bytes(*at),
        };
        Ok(Some(Self { sent, from, id, facts, content }))
    }

    pub(crate) fn row(&self) -> String {
        row(self.sent, self.from, self.id)
    }
}

/// Returns the name of a message's row.
pub(crate) fn row(sent: u64, from: Address, id: MessageId) -> String {
    format!("{MESSAGE}{sent:020} {from} {id}")
}

/// Returns the name of the row that says that something was done.
pub(crate) fn deed(name: &str) -> String {
    format!("done: {name}")
}

/// Encodes a message for its row.
pub(crate) fn kept(facts: &MessageFacts, content: &[u8]) -> Vec<u8> {
    let Conversation::With(account) = facts.conversation else { return Vec::new() };
    [&account.0[..], &facts.at.to_be_bytes(), &facts.target.encode(), content].concat()
}

/// Returns what is shown of a content.
pub(crate) fn text_of(content: &Content) -> String {
    if let Some(correction) = content.as_correction() {
        return format!("(a correction) {}", correction.text());
    }
    if let Some(reaction) = content.as_reaction() {
        return format!("(a reaction) {}", reaction.sign().unwrap_or("none any more"));
    }
    if let Some(setting) = content.as_timer_setting() {
        let days = setting.seconds().unwrap_or_default().div_ceil(86_400);
        return format!("(messages disappear after {days} days)");
    }
    if content.view_once().is_some() {
        return "(a picture that can be seen once)".to_owned();
    }
    if content.as_group().is_some() {
        return "(who is in the group)".to_owned();
    }
    let name = content.attachment().and_then(|file| file.name());
    content.as_text().or(name).unwrap_or("(something else)").to_owned()
}
