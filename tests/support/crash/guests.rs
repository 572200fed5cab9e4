//! The deeds of an app with links and guest chats.

use latchstring::Error;
use latchstring::client::{Address, Client, DeviceList, Envelope};
use latchstring::guest::{
    Approval, Chat, ChatEvent, ChatStatus, Invite, InviteLink, Pin, Policy, ServerCopy, SyncOutcome,
};
use latchstring::session::Bundle;
use latchstring::storage::Pending;

use super::super::guest::{DAY, ORIGIN};
use super::super::{TestRng, object};
use super::app::Shelf;
use super::kept::take_claim;
use super::{App, Kept, Mail, Memory, Stop, Transaction, World, only};

/// A message of a chat.
pub(super) const CHAT: u8 = 20;
/// A guest's claim.
const CLAIM: u8 = 21;
/// A server copy.
const SERVER_COPY: u8 = 22;
/// Between own devices: a link, a grant, a chat.
const SHARED_LINK: u8 = 23;
const RECORD: u8 = 24;
const SHARED_CHAT: u8 = 25;
/// A copy of what an own device has said.
pub(super) const COPY: u8 = 26;
/// A guest's hand-over that an own device has accepted.
pub(super) const HAND_OVER: u8 = 27;

impl World {
    /// Makes a link, for the own devices `with` too.
    pub fn make_link(
        &mut self,
        who: usize,
        approval: Approval,
        with: &[usize],
    ) -> Result<(), Stop> {
        let mut policy = Policy::new("Ada", self.now + DAY);
        policy.idle = 86_400;
        policy.approval = approval;
        let Self { apps, mail, now, step, .. } = self;
        let (app, server) = (&mut apps[who], mail.len() - 1);
        let client = &only(&mut app.memory.clients)?.state;
        let (invite, server_copy) = Invite::create(client, ORIGIN, policy, *now, &mut app.rng)?;
        let mut transaction = app.begin();
        transaction.send(server, SERVER_COPY, server_copy.encode());
        for device in with {
            transaction.send(*device, SHARED_LINK, invite.export()?.as_bytes().to_vec());
        }
        transaction.done(*step);
        keep_invite(app, &mut transaction, invite)?;
        app.finish(transaction, mail)
    }

    /// Gives the link to the guest, with its PIN if there is one.
    pub fn show_link(&mut self, who: usize) -> Result<(), Stop> {
        self.apps[who].compare()?;
        let invite = &last(&mut self.apps[who].memory.invites)?.state;
        let Some(link) = invite.link() else { return Stop::trouble("the link is not open") };
        let pin = invite.pin().map(|pin| pin.digits().as_bytes().to_vec());
        let shown =
            [link.to_url(ORIGIN).unwrap().as_bytes().to_vec()].into_iter().chain(pin).collect();
        self.publish("link", shown)
    }

    /// Tells the server that the link is claimed or over, once it is saved.
    pub fn notice(&mut self, who: usize) -> Result<(), Stop> {
        self.apps[who].compare()?;
        match last(&mut self.apps[who].memory.invites)?.state.notice() {
            Some(notice) => self.publish("notice", vec![notice]),
            None => Stop::trouble("there is nothing to tell"),
        }
    }

    /// Lets a guest claim the chat with these devices of the host.
    pub fn claim(&mut self, who: usize, hosts: &[usize], texts: &[&str]) -> Result<(), Stop> {
        let shown = self.published("link").iter().map(|text| String::from_utf8(text.clone()));
        let shown: Vec<_> = shown.map(Result::unwrap).collect();
        let link = InviteLink::parse(&shown[0])?;
        let mut posted = self.mail[self.apps.len()].iter().rev();
        let Some(posted) = posted.find(|mail| mail.tag == SERVER_COPY) else {
            return Stop::trouble("the server has no link");
        };
        let server_copy = ServerCopy::decode(&posted.bytes)?;
        let mut preview = link.open(server_copy.sealed_invitation(), ORIGIN, self.now)?;
        if let Some(pin) = shown.get(1) {
            preview = preview.enter(Pin::parse(pin)?)?;
        }
        let list = self.host_list()?;
        let bundles: Result<Vec<Bundle>, Stop> =
            hosts.iter().map(|host| self.bundle(*host)).collect();
        let Self { apps, mail, now, step, .. } = self;
        let app = &mut apps[who];
        let (chat, claim) = preview.claim(&list, &bundles?, "Grace", texts, *now, &mut app.rng)?;
        let mut transaction = app.begin();
        for host in hosts {
            transaction.send(*host, CLAIM, claim.clone());
        }
        transaction.done(*step);
        keep_chat(app, &mut transaction, chat)?;
        app.finish(transaction, mail)
    }

    fn host_list(&self) -> Result<DeviceList, Stop> {
        Ok(DeviceList::decode(&self.published("list/1")[0])?)
    }

    /// Reads what comes to a device of the host, or to a guest.
    pub fn read_chat(&mut self, who: usize, mail: &Mail) -> Result<(), Stop> {
        match mail.tag {
            CHAT => self.hear(who, mail),
            CLAIM => self.admit(who, mail),
            SHARED_LINK => self.adopt(who, mail),
            RECORD => self.sync_grant(who, mail),
            SHARED_CHAT => self.join(who, mail),
            COPY => self.sync_copy(who, mail),
            HAND_OVER => self.sync_hand_over(who, mail),
            other => Stop::trouble(format!("{other} is nothing that a chat reads")),
        }
    }

    fn adopt(&mut self, who: usize, shared: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let app = &mut apps[who];
        // It was adopted, and came again.
        if !app.memory.invites.is_empty() {
            return Ok(());
        }
        let client = &only(&mut app.memory.clients)?.state;
        let invite = Invite::import(client, &object(&shared.bytes), *now)?;
        let mut transaction = app.begin();
        keep_invite(app, &mut transaction, invite)?;
        app.finish(transaction, mail)
    }

    /// Takes a guest's claim: its chat, the link that is spent and the prekey that is gone are one step.
    fn admit(&mut self, who: usize, claim: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.begin();
        let Memory { clients, invites, .. } = &mut app.memory;
        let (client, invite) = (only(clients)?, last(invites)?);
        let arrived =
            take_claim((invite, client), &mut transaction, &mut app.rng, &claim.bytes, *now);
        let (chat, introduction) = match arrived {
            Err(Stop::Refused(Error::Duplicate)) => return Ok(()),
            arrived => arrived?,
        };
        for text in &introduction.texts {
            transaction.show(text.text.as_bytes());
        }
        keep_chat(app, &mut transaction, chat)?;
        app.finish(transaction, mail)
    }

    /// Seals something in the chat, and tells own devices of the grant if they are named.
    pub fn speak(&mut self, who: usize, words: Words, tell: &[usize]) -> Result<(), Stop> {
        let (now, step) = (self.now, self.step);
        let app = &mut self.apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, chats, .. } = &mut app.memory;
        let (client, chat) = (clients.values().next().map(|kept| &kept.state), last(chats)?);
        let out = chat
            .step(&mut transaction, &mut app.rng, |chat, rng| words.seal(chat, client, now, rng))?;
        for device in tell {
            let record = chat.state.export_grant(client.ok_or(Error::NotAllowed)?)?;
            transaction.send(*device, RECORD, record.as_bytes().to_vec());
        }
        transaction.done(step);
        for Envelope { to, message, .. } in out {
            transaction.send(self.end_at(to), CHAT, message);
        }
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// Returns the guest's app, which may have a client as well: of the account that the guest becomes.
    fn guest(&self) -> usize {
        self.apps.len() - 1
    }

    /// Finds the app of a host's device; what is none is the guest, which is the last app.
    pub(super) fn end_at(&self, address: Address) -> usize {
        let is_there =
            |app: &App| app.memory.clients.values().any(|client| client.state.address() == address);
        self.apps.iter().position(is_there).unwrap_or(self.guest())
    }

    fn hear(&mut self, who: usize, message: &Mail) -> Result<(), Stop> {
        let is_hosts = message.from != self.guest();
        let host = self.apps[message.from].memory.clients.values().next().filter(|_| is_hosts);
        let host = host.map(|client| client.state.address());
        let chat = &last(&mut self.apps[who].memory.chats)?.state;
        let peer = Address { account: chat.peer().account(), device: chat.peer().device() };
        let (now, is_over) = (self.now, matches!(chat.status(), ChatStatus::Ended(_)));
        let mut shown = Ok(Vec::new());
        let heard = self.move_chat(
            who,
            |chat, _| chat.open(host.unwrap_or(peer), &message.bytes, now),
            |transaction, received| {
                shown = words_of(&received.event);
                if let Ok(text) = &shown {
                    transaction.show(text);
                }
            },
        );
        shown?;
        match heard {
            // Heard before the power went; or the last that was heard.
            Err(Stop::Refused(Error::Duplicate)) => Ok(()),
            Err(Stop::Refused(Error::Ended)) if is_over => Ok(()),
            heard => heard.map(drop),
        }
    }

    /// Does a step of the newest chat, and what goes with what it gives out.
    pub fn move_chat<T>(
        &mut self,
        who: usize,
        step: impl for<'a> FnOnce(&'a mut Chat, &mut TestRng) -> Result<Pending<'a, Chat, T>, Error>,
        beside: impl FnOnce(&mut Transaction, &T),
    ) -> Result<T, Stop> {
        let Self { apps, mail, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let out = last(&mut app.memory.chats)?.step(&mut transaction, &mut app.rng, step)?;
        beside(&mut transaction, &out);
        app.finish(transaction, mail)?;
        Ok(out)
    }

    /// Tells the link and the chat together that another own device has let a guest in.
    fn sync_grant(&mut self, who: usize, record: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, invites, chats, .. } = &mut app.memory;
        let client = &only(clients)?.state;
        let invite = last(invites)?;
        let (rng, record) = (&mut app.rng, object(&record.bytes));
        let told =
            invite.step(&mut transaction, rng, |it, _| it.sync_grant(client, &record, *now))?;
        uncontested(told)?;
        // A chat that is over hears no more of it.
        let is_over = |chat: &&mut Kept<Chat>| matches!(chat.state.status(), ChatStatus::Ended(_));
        if let Some(chat) = chats.values_mut().next_back().filter(|chat| !is_over(chat)) {
            let told =
                chat.step(&mut transaction, rng, |chat, _| chat.sync_grant(client, &record, *now))?;
            uncontested(told)?;
        }
        app.finish(transaction, mail)
    }

    /// Tells an own device of the chat, which it has not taken the claim of.
    pub fn share_chat(&mut self, who: usize, with: usize) -> Result<(), Stop> {
        let Self { apps, mail, now, step, .. } = self;
        let app = &mut apps[who];
        app.compare()?;
        let mut transaction = app.disk.begin();
        let client = &only(&mut app.memory.clients)?.state;
        let shared = last(&mut app.memory.chats)?.state.export(client, *now)?;
        transaction.send(with, SHARED_CHAT, shared.as_bytes().to_vec());
        transaction.done(*step);
        app.finish(transaction, mail)
    }

    fn join(&mut self, who: usize, shared: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let (app, guest) = (&mut apps[who], mail.len() - 2);
        // It came in, and is told again.
        if !app.memory.chats.is_empty() {
            return Ok(());
        }
        let client = &only(&mut app.memory.clients)?.state;
        let (chat, envelope) = Chat::import(client, &object(&shared.bytes), *now, &mut app.rng)?;
        let mut transaction = app.begin();
        transaction.send(guest, CHAT, envelope.message);
        keep_chat(app, &mut transaction, chat)?;
        app.finish(transaction, mail)
    }

    /// Lets the chat learn the host's newest list.
    pub fn chat_learns(&mut self, who: usize) -> Result<(), Stop> {
        let (list, now) = (self.host_list()?, self.now);
        self.move_chat(who, |chat, _| chat.learn(&list, now), |_, _| {}).map(drop)
    }

    /// Does to the newest chat what time does.
    pub fn chat_ticks(&mut self, who: usize, now: u64) -> Result<(), Stop> {
        self.move_chat(who, |chat, _| Ok(chat.expire(now)), |_, ()| {})
    }

    /// Takes the newest link back, or lets time do it.
    pub fn close_link(&mut self, who: usize, at: Option<u64>) -> Result<(), Stop> {
        let Self { apps, mail, now, step, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let invite = last(&mut app.memory.invites)?;
        invite.step(&mut transaction, &mut app.rng, |invite, _| match at {
            Some(at) => Ok(invite.expire(at)),
            None => invite.revoke(*now),
        })?;
        transaction.done(*step);
        app.finish(transaction, mail)
    }
}

/// A thing to say in a chat.
#[derive(Clone, Copy)]
pub enum Words {
    Grant,
    AnswerPin,
    ProvePin,
    End,
}

impl Words {
    fn seal<'a>(
        self,
        chat: &'a mut Chat,
        client: Option<&Client>,
        now: u64,
        rng: &mut TestRng,
    ) -> Result<Pending<'a, Chat, Vec<Envelope>>, Error> {
        match (self, client) {
            (Self::Grant, Some(client)) => chat.grant(client, now, rng),
            (Self::AnswerPin, Some(client)) => chat.answer_pin(client, now, rng),
            (Self::Grant | Self::AnswerPin, None) => Err(Error::NotAllowed),
            (Self::ProvePin, _) => chat.prove_pin(now, rng),
            (Self::End, _) => chat.end(now, rng),
        }
    }
}

/// Returns the newest of a kind.
pub(super) fn last<S>(shelf: &mut Shelf<S>) -> Result<&mut Kept<S>, Stop> {
    shelf.values_mut().next_back().ok_or_else(|| Stop::Trouble("a state is missing".to_owned()))
}

fn keep_invite(app: &mut App, transaction: &mut Transaction, invite: Invite) -> Result<(), Stop> {
    let name = format!("invite/{}", app.memory.invites.len());
    let kept = Kept::new(transaction, &name, invite, &mut app.rng)?;
    app.memory.invites.insert(name, kept);
    Ok(())
}

fn keep_chat(app: &mut App, transaction: &mut Transaction, chat: Chat) -> Result<(), Stop> {
    let name = format!("chat/{}", app.memory.chats.len());
    let kept = Kept::new(transaction, &name, chat, &mut app.rng)?;
    app.memory.chats.insert(name, kept);
    Ok(())
}

/// Checks that nobody was let in twice.
fn uncontested(told: SyncOutcome) -> Result<(), Stop> {
    match told {
        SyncOutcome::Known | SyncOutcome::Taken => Ok(()),
        other => Stop::trouble(format!("{other:?}")),
    }
}

/// Returns the text that a chat shows of an event.
fn words_of(event: &ChatEvent) -> Result<Vec<u8>, Stop> {
    Ok(match event {
        ChatEvent::Text(text) => text.text.as_bytes().to_vec(),
        ChatEvent::PinAnswered => b"answered".to_vec(),
        ChatEvent::PinProved => b"proved".to_vec(),
        ChatEvent::Granted => b"granted".to_vec(),
        ChatEvent::Joined => b"joined".to_vec(),
        ChatEvent::Ended => b"ended".to_vec(),
        ChatEvent::HandedOver(_) => b"handed over".to_vec(),
        ChatEvent::BecameAccount => b"became an account".to_vec(),
        _ => return Stop::trouble("a guest does not know the PIN"),
    })
}
