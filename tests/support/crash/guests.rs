//! What apps do with links and guest chats.

use latchstring::{
    Address, Approval, Bundle, Change, Chat, ChatStatus, Client, DeviceList, Envelope, Error,
    Event, Invite, Link, Pin, Policy, Posting, Sealed, Settlement,
};

use super::super::TestRng;
use super::super::guest::{DAY, ORIGIN};
use super::app::Shelf;
use super::{App, Kept, Mail, Memory, Stop, Transaction, World, only};

/// A message of a chat.
const CHAT: u8 = 20;
/// A guest's claim.
const CLAIM: u8 = 21;
/// What the server keeps of a link.
const POSTING: u8 = 22;
/// Between own devices: a link, a grant, a chat.
const SHARED_LINK: u8 = 23;
const RECORD: u8 = 24;
const SHARED_CHAT: u8 = 25;

impl World {
    /// A link, for the own devices `with` too.
    pub fn make_link(
        &mut self,
        who: usize,
        approval: Approval,
        with: &[usize],
    ) -> Result<(), Stop> {
        let mut policy = Policy::new("Ada", self.now + DAY);
        policy.approval = approval;
        let Self { apps, mail, now, step, .. } = self;
        let (app, server) = (&mut apps[who], mail.len() - 1);
        let client = &only(&mut app.memory.clients)?.state;
        let (invite, posting) = Invite::create(client, ORIGIN, policy, *now, &mut app.rng)?;
        let mut transaction = app.begin();
        transaction.send(server, POSTING, posting.encode());
        for device in with {
            transaction.send(*device, SHARED_LINK, invite.share()?.to_vec());
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
        let shown = [link.to_url(ORIGIN).as_bytes().to_vec()].into_iter().chain(pin).collect();
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

    /// A guest claims the chat with these devices of the host.
    pub fn claim(&mut self, who: usize, hosts: &[usize], texts: &[&str]) -> Result<(), Stop> {
        let shown = self.published("link").iter().map(|text| String::from_utf8(text.clone()));
        let shown: Vec<_> = shown.map(Result::unwrap).collect();
        let link = Link::parse(&shown[0])?;
        let mut posted = self.mail[self.apps.len()].iter().rev();
        let Some(posted) = posted.find(|mail| mail.tag == POSTING) else {
            return Stop::trouble("the server has no link");
        };
        let posting = Posting::decode(&posted.bytes)?;
        let mut preview = link.open(posting.sealed_invitation(), ORIGIN, self.now)?;
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

    /// What comes to a device of the host, or to a guest.
    pub fn read_chat(&mut self, who: usize, mail: &Mail) -> Result<(), Stop> {
        match mail.tag {
            CHAT => self.hear(who, mail),
            CLAIM => self.admit(who, mail),
            SHARED_LINK => self.adopt(who, mail),
            RECORD => self.settle(who, mail),
            SHARED_CHAT => self.join(who, mail),
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
        let invite = Invite::adopt(client, &shared.bytes, *now)?;
        let mut transaction = app.begin();
        keep_invite(app, &mut transaction, invite)?;
        app.finish(transaction, mail)
    }

    /// A guest arrives: its chat, the link that is spent and the prekey that is gone are one step.
    fn admit(&mut self, who: usize, claim: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.begin();
        let Memory { clients, invites, .. } = &mut app.memory;
        let (client, invite) = (only(clients)?, last(invites)?);
        let arrival = match invite.state.claim(&client.state, &claim.bytes, *now) {
            Err(Error::Duplicate) => return Ok(()),
            arrival => arrival?,
        };
        invite.record(&mut transaction, arrival.invite_change(), &mut app.rng)?;
        client.record(&mut transaction, arrival.client_change(), &mut app.rng)?;
        let (chat, hello) = arrival.apply(&mut invite.state, &mut client.state)?;
        invite.save(&mut transaction, &mut app.rng)?;
        client.save(&mut transaction, &mut app.rng)?;
        for text in &hello.texts {
            transaction.show(text.as_bytes());
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
            .seal(&mut transaction, &mut app.rng, |chat, rng| words.seal(chat, client, now, rng))?;
        for device in tell {
            let record = chat.state.record(client.ok_or(Error::NotAllowed)?)?;
            transaction.send(*device, RECORD, record.to_vec());
        }
        transaction.done(step);
        for Envelope { to, message } in out {
            transaction.send(self.end_at(to), CHAT, message);
        }
        let Self { apps, mail, .. } = self;
        apps[who].finish(transaction, mail)
    }

    /// The app of a host's device; what is none is the guest, which is the last app.
    fn end_at(&self, address: Address) -> usize {
        let is_there =
            |app: &App| app.memory.clients.values().any(|client| client.state.address() == address);
        self.apps.iter().position(is_there).unwrap_or(self.apps.len() - 1)
    }

    fn hear(&mut self, who: usize, message: &Mail) -> Result<(), Stop> {
        let host = self.apps[message.from].memory.clients.values().next();
        let host = host.map(|client| client.state.address());
        let chat = &last(&mut self.apps[who].memory.chats)?.state;
        let peer = Address { account: chat.peer().account(), device: chat.peer().device() };
        let (received, change) = match chat.open(host.unwrap_or(peer), &message.bytes, self.now) {
            // Heard before the power went; or the last that was heard.
            Err(Error::Duplicate) => return Ok(()),
            Err(Error::Ended) if matches!(chat.status(), ChatStatus::Ended(_)) => return Ok(()),
            received => received?,
        };
        let text = match &received.event {
            Event::Text(text) => text.as_bytes().to_vec(),
            Event::PinAnswered => b"answered".to_vec(),
            Event::PinProved => b"proved".to_vec(),
            Event::Granted => b"granted".to_vec(),
            Event::Joined => b"joined".to_vec(),
            Event::Ended => b"ended".to_vec(),
            _ => return Stop::trouble("a guest does not know the PIN"),
        };
        self.move_chat(who, change, |transaction| transaction.show(&text))
    }

    /// A change of the newest chat, and what goes with it.
    pub fn move_chat(
        &mut self,
        who: usize,
        change: Change,
        beside: impl FnOnce(&mut Transaction),
    ) -> Result<(), Stop> {
        let Self { apps, mail, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        last(&mut app.memory.chats)?.change(&mut transaction, change, &mut app.rng)?;
        beside(&mut transaction);
        app.finish(transaction, mail)
    }

    /// Another own device has let a guest in: the link and the chat hear of it together.
    fn settle(&mut self, who: usize, record: &Mail) -> Result<(), Stop> {
        let Self { apps, mail, now, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let Memory { clients, invites, chats, .. } = &mut app.memory;
        let client = &only(clients)?.state;
        let invite = last(invites)?;
        let told = invite.state.settle(client, &record.bytes, *now)?;
        if let Some(change) = uncontested(told)? {
            invite.change(&mut transaction, change, &mut app.rng)?;
        }
        // A chat that is over hears no more of it.
        let is_over = |chat: &&mut Kept<Chat>| matches!(chat.state.status(), ChatStatus::Ended(_));
        if let Some(chat) = chats.values_mut().next_back().filter(|chat| !is_over(chat)) {
            let told = chat.state.settle(client, &record.bytes, *now)?;
            if let Some(change) = uncontested(told)? {
                chat.change(&mut transaction, change, &mut app.rng)?;
            }
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
        let shared = last(&mut app.memory.chats)?.state.share(client, *now)?;
        transaction.send(with, SHARED_CHAT, shared.to_vec());
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
        let (chat, envelope) = Chat::join(client, &shared.bytes, *now, &mut app.rng)?;
        let mut transaction = app.begin();
        transaction.send(guest, CHAT, envelope.message);
        keep_chat(app, &mut transaction, chat)?;
        app.finish(transaction, mail)
    }

    /// The host's newest list, for the chat.
    pub fn chat_learns(&mut self, who: usize) -> Result<(), Stop> {
        let (list, now) = (self.host_list()?, self.now);
        match last(&mut self.apps[who].memory.chats)?.state.learn(&list, now)?.1 {
            Some(change) => self.move_chat(who, change, |_| {}),
            None => Ok(()),
        }
    }

    /// What time does to the newest chat.
    pub fn chat_ticks(&mut self, who: usize, now: u64) -> Result<(), Stop> {
        match last(&mut self.apps[who].memory.chats)?.state.tick(now)? {
            Some(change) => self.move_chat(who, change, |_| {}),
            None => Ok(()),
        }
    }

    /// Takes the newest link back, or lets time do it.
    pub fn close_link(&mut self, who: usize, at: Option<u64>) -> Result<(), Stop> {
        let Self { apps, mail, now, step, .. } = self;
        let app = &mut apps[who];
        let mut transaction = app.disk.begin();
        let invite = last(&mut app.memory.invites)?;
        let change = match at {
            Some(at) => invite.state.tick(at)?,
            None => Some(invite.state.revoke(*now)?),
        };
        if let Some(change) = change {
            invite.change(&mut transaction, change, &mut app.rng)?;
        }
        transaction.done(*step);
        app.finish(transaction, mail)
    }
}

/// What is said in a chat.
#[derive(Clone, Copy)]
pub enum Words<'a> {
    Grant,
    AnswerPin,
    ProvePin,
    Text(&'a str),
    End,
}

impl Words<'_> {
    fn seal<'a>(
        self,
        chat: &'a mut Chat,
        client: Option<&Client>,
        now: u64,
        rng: &mut TestRng,
    ) -> Result<Sealed<'a, Chat>, Error> {
        match (self, client) {
            (Self::Grant, Some(client)) => chat.grant(client, now, rng),
            (Self::AnswerPin, Some(client)) => chat.answer_pin(client, now, rng),
            (Self::Grant | Self::AnswerPin, None) => Err(Error::NotAllowed),
            (Self::ProvePin, _) => chat.prove_pin(now, rng),
            (Self::Text(text), _) => chat.text(text, now, rng),
            (Self::End, _) => chat.end(now, rng),
        }
    }
}

/// The newest of a kind.
fn last<S>(shelf: &mut Shelf<S>) -> Result<&mut Kept<S>, Stop> {
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

/// Nobody was let in twice.
fn uncontested(told: (Settlement, Option<Change>)) -> Result<Option<Change>, Stop> {
    match told {
        (Settlement::Contested, _) => Stop::trouble("contested"),
        (_, change) => Ok(change),
    }
}
