//! Two devices, a slow or lossy transport between them, and apps that do what their clients list, or do not.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at a surprise"
)]

use std::collections::{BTreeMap, BTreeSet};

use latchstring::client::{
    self, Alert, Client, Enclosed, LetterEvent, MessageId, Outgoing, Plan, Repair, Taken, To,
};
use latchstring::session::{HandshakeId, MessageKind, Served};

use super::town::{Town, said, text};
use super::{NOW, restored};

/// The way in which an app does what its client lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As soon as something has come, and at the times that the client names.
    Follows,
    /// Every minute, too.
    Always,
    /// Never: it only takes mail, and writes.
    Never,
}

/// The fate of an envelope on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The seconds that it takes.
    pub delay: u64,
    /// The number of first messages that are lost, once trouble has begun.
    pub loses: usize,
    /// True if it carries message ids.
    pub ids: bool,
}

/// An envelope on its way, by when it arrives.
#[derive(Clone)]
struct UnderWay {
    to: usize,
    id: Option<MessageId>,
    message: Vec<u8>,
}

/// The two devices, each the only one of its account.
pub struct Two {
    pub town: Town,
    pub styles: [Style; 2],
    pub transport: Transport,
    /// The letters that each has read, in the order in which they came.
    pub read: [Vec<Vec<u8>>; 2],
    /// The alerts about sessions that each was told.
    pub alerts: [Vec<Alert>; 2],
    /// The letters that each was told are lost.
    pub lost: [Vec<MessageId>; 2],
    /// The sessions that each has begun, and when.
    pub begun: [Vec<u64>; 2],
    /// The envelopes that each has sent.
    pub sent: [usize; 2],
    /// The handshakes of all sessions that were begun.
    handshakes: BTreeSet<HandshakeId>,
    under_way: BTreeMap<(u64, usize), UnderWay>,
    /// The time at which both looked after their clients last.
    day: u64,
    said: BTreeMap<MessageId, Vec<u8>>,
    shown: [BTreeSet<MessageId>; 2],
}

impl Two {
    /// Makes two devices in a proven session of this age.
    pub fn new(seed: u64, styles: [Style; 2], transport: Transport, age: u64) -> Self {
        let mut town = Town::new(seed, &[1, 1]);
        town.chat(0, 1);
        let mut two = Self {
            town,
            styles,
            transport,
            read: Default::default(),
            alerts: Default::default(),
            lost: Default::default(),
            day: NOW,
            begun: Default::default(),
            sent: [0; 2],
            handshakes: BTreeSet::new(),
            under_way: BTreeMap::new(),
            said: BTreeMap::new(),
            shown: Default::default(),
        };
        two.run(age);
        two
    }

    /// Does what there is to do each day.
    fn maintain(&mut self) {
        self.day = self.town.now;
        for who in [0, 1] {
            let now = self.town.now;
            let expired = self.client(who).expire(now).apply();
            self.lost[who].extend(expired.lost.iter().map(|unread| unread.id));
            let tasks = self.client(who).tasks(&Served::NOTHING, now);
            if tasks.prekeys.rotate {
                self.town.rotate(who, 0);
            }
            if tasks.renew_list {
                self.town.renew(who);
                self.town.learn_all();
            }
        }
    }

    pub fn client(&mut self, who: usize) -> &mut Client {
        self.town.client(who, 0)
    }

    /// Lets both exchange letters that arrive at once, so many each way.
    pub fn exchange(&mut self, count: usize) {
        for number in 0..count {
            for from in [0, 1] {
                self.town.say(from, 0, 1 - from, format!("{number}").as_bytes());
                assert_eq!(self.town.receive(1 - from, 0).pop().unwrap().unwrap().alerts, []);
            }
        }
    }

    /// Takes a backup.
    pub fn backup(&mut self, who: usize) -> Client {
        restored(self.client(who))
    }

    /// Rolls a side back. The server shows it the newest lists.
    pub fn restore(&mut self, who: usize, backup: Client) {
        *self.client(who) = backup;
        self.town.learn_all();
    }

    /// Writes a letter, in a new session if the plan misses a bundle.
    pub fn say(&mut self, from: usize, content: &str) -> MessageId {
        self.maintain();
        let to = To::Account(self.town.id(1 - from));
        let now = self.town.now;
        let plan = self.client(from).plan(to, now).unwrap();
        let out = self.seal(from, plan, Some(content.as_bytes()));
        let id = out.id;
        self.said.insert(id, content.as_bytes().to_vec());
        self.post(from, out);
        id
    }

    /// Lets time pass, and everything arrive that does meanwhile.
    pub fn run(&mut self, seconds: u64) {
        let end = self.town.now + seconds;
        loop {
            let mail = self.under_way.keys().next().map(|(at, _)| *at);
            let repair = (0..2).filter_map(|who| self.next_repair(who)).min();
            let times = mail.into_iter().chain(repair).chain([self.day + 86_400]);
            let Some(at) = times.min().filter(|at| *at <= end) else { break };
            self.town.now = self.town.now.max(at);
            self.maintain();
            while let Some(entry) = self.under_way.first_entry()
                && entry.key().0 <= self.town.now
            {
                let arrived = entry.remove();
                self.take(&arrived);
            }
            for who in [0, 1] {
                self.repair(who);
            }
        }
        self.town.now = end;
    }

    /// Brings an envelope again, or one that nobody has sealed.
    pub fn bring(&mut self, to: usize, id: Option<MessageId>, message: Vec<u8>) -> Taken {
        self.take(&UnderWay { to, id, message })
    }

    fn next_repair(&mut self, who: usize) -> Option<u64> {
        let now = self.town.now;
        match self.styles[who] {
            Style::Never => None,
            Style::Follows => self.client(who).next_repair(now),
            Style::Always => self.client(who).next_repair(now).map(|_| now + 60),
        }
    }

    fn take(&mut self, arrived: &UnderWay) -> Taken {
        let (who, now) = (arrived.to, self.town.now);
        let from = self.town.address(1 - who, 0);
        let mail = client::Mail { from, id: arrived.id, envelope: &arrived.message };
        let taken = self.client(who).take(&mail, now).apply();
        let client = self.client(who);
        *client = restored(client);
        let Taken::Letter(letter) = &taken else { return taken };
        let of_sessions = |alert: &&Alert| {
            let of_lists = matches!(alert, Alert::Lists { .. } | Alert::ListsAgree { .. });
            !of_lists && **alert != Alert::NoOneTimePrekey
        };
        self.alerts[who].extend(letter.alerts.iter().filter(of_sessions));
        match &letter.event {
            LetterEvent::Message(_) => {
                assert!(self.shown[who].insert(letter.id), "shown twice");
                self.read[who].push(text(&letter.event));
            }
            LetterEvent::NotResent(ids) => self.lost[who].extend(ids),
            _ => {}
        }
        taken
    }

    /// Does what the client lists, and gives up what it was never told to keep.
    pub fn repair(&mut self, who: usize) {
        if self.styles[who] == Style::Never {
            return;
        }
        let now = self.town.now;
        for _ in 0..300 {
            let Some(repair) = self.client(who).repairs(now).next() else { return };
            let kept = match repair {
                Repair::Resend { id, .. } | Repair::Backfill { id } => self.said.get(&id).cloned(),
                _ => Some(Vec::new()),
            };
            let Some(content) = kept else {
                self.client(who).give_up(&repair, now).apply();
                continue;
            };
            let plan = self.client(who).plan_repair(&repair, now).unwrap();
            let out = self.seal(who, plan, (!content.is_empty()).then_some(&content[..]));
            self.post(who, out);
        }
        panic!("it is never done");
    }

    fn seal(&mut self, who: usize, mut plan: Plan, content: Option<&[u8]>) -> Outgoing {
        self.town.supply(who, 0, &mut plan).unwrap();
        let content = content.map(said);
        let enclosed = content.as_ref().map_or(Enclosed::Nothing, Enclosed::Content);
        self.town.seal_plan(who, 0, &mut plan, enclosed).unwrap()
    }

    fn post(&mut self, from: usize, out: Outgoing) {
        for envelope in out.envelopes {
            self.sent[from] += 1;
            if let Ok(MessageKind::Initial(handshake)) = MessageKind::of(&envelope.message) {
                if self.handshakes.insert(handshake) {
                    self.begun[from].push(self.town.now);
                }
                if self.transport.loses > 0 {
                    self.transport.loses -= 1;
                    continue;
                }
            }
            let at = self.town.now + self.transport.delay;
            let id = self.transport.ids.then_some(out.id);
            let arrived = UnderWay { to: 1 - from, id, message: envelope.message };
            self.under_way.insert((at, self.sent[0] + self.sent[1]), arrived);
        }
    }
}
