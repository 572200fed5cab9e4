//! The events of a history.

use latchstring::Error;
use latchstring::client::{Client, Conversation, GroupId};
use latchstring::storage::State;

use crate::letters::{What, content};
use crate::server::{DAY, attack};
use crate::world::{Place, World};

/// The number of times that a device asks for one letter.
const TRIES: u8 = 3;

impl World {
    /// Tells whether everything that is sealed arrives in time, victims of a server's apart, and nobody forgets
    /// anything.
    pub fn is_lossless(&self) -> bool {
        let harmless = attack::DUPLICATE | attack::REORDER | attack::WITHHOLD | attack::FAIL_UPLOAD;
        self.attacks & !harmless == 0
    }

    /// Lets one thing happen, at random.
    pub fn event(&mut self) {
        self.now += self.below(60) as u64;
        self.server.release(self.now, &mut self.rng);
        self.server.replay(&mut self.rng);
        self.impose();
        self.withhold();
        let node = self.some_speaker();
        match self.below(1000) {
            0..260 => self.chat(node),
            260..300 => self.group(node),
            300..330 => self.sync(node),
            330..720 => {
                for _ in 0..=self.below(8) {
                    self.deliver(node);
                }
            }
            720..760 => self.flush(node),
            760..850 => {
                let of = self.below(self.people.len());
                let _ = self.fetch(node, self.account(of));
            }
            850..870 => _ = self.retry(node),
            870..885 => self.pass(),
            885..905 => self.maintain_listed(node),
            905..915 => self.draft(node),
            915..925 => self.seal_draft(node),
            925..932 => _ = self.say(node, What::SeenReport, Vec::new()),
            932..945 => self.backfill(node),
            945..960 => {
                let client = &mut self.nodes[node].client;
                *client = Client::from_bytes(&client.to_bytes()).unwrap();
            }
            960..966 => {
                let person = self.below(self.people.len());
                self.link(person);
            }
            966..970 => {
                let person = self.below(self.people.len());
                self.remove(person);
            }
            970..971 if !self.is_lossless() => {
                let person = self.below(self.people.len());
                self.reset(person);
            }
            971..972 if !self.is_lossless() => {
                let of = self.below(self.people.len());
                self.forget(node, self.account(of));
            }
            972..974 if self.server.attacks & attack::FORK_LIST != 0 => {
                let person = self.below(self.people.len());
                self.steal(person);
            }
            974..980 => self.acknowledge_any(node),
            980..982 if self.server.attacks & attack::FAIL_UPLOAD != 0 => self.fail_uploads(node),
            980..988 if self.server.attacks & attack::GHOST_SENDS != 0 => {
                let person = self.below(self.people.len());
                self.remove(person);
            }
            988..992 if self.server.attacks & attack::OLD_KEY != 0 => {
                let person = self.below(self.people.len());
                self.reset(person);
            }
            // Who knows no list yet is who can be shown one that has ended, and who has no session
            // left is who can be shown how an old one began.
            980..996 if self.server.attacks & (attack::EXPIRED_LIST | attack::REPLAY) != 0 => {
                let of = self.below(self.people.len());
                self.forget(node, self.account(of));
                let _ = self.fetch(node, self.account(of));
            }
            _ => {}
        }
        self.flush_soon(node);
    }

    /// Draws a device that is listed, or one that should be heard no more.
    fn some_speaker(&mut self) -> usize {
        if self.server.attacks & (attack::GHOST_SENDS | attack::FORK_LIST) != 0 && self.once_in(12)
        {
            let node = self.below(self.nodes.len());
            let is_open = match self.nodes[node].place {
                Place::Removed => self.server.attacks & attack::GHOST_SENDS != 0,
                Place::Listed | Place::Ghost => true,
            };
            if is_open {
                return node;
            }
        }
        self.some_node()
    }

    fn flush_soon(&mut self, node: usize) {
        if self.below(4) != 0 {
            self.flush(node);
        }
    }

    fn chat(&mut self, node: usize) {
        let to = self.below(self.people.len());
        let with = self.account(to);
        let content = content(&mut self.rng);
        if with == self.address(node).account {
            return;
        }
        let _ = self.say(node, What::New(Conversation::With(with), Vec::new()), content);
    }

    fn group(&mut self, node: usize) {
        let people = self.people.len();
        let own = self.nodes[node].person;
        let others = (1..people.min(4)).map(|step| (own + step) % people);
        let members = others.map(|person| self.account(person)).collect();
        let content = content(&mut self.rng);
        let _ = self.say(node, What::New(Conversation::Group(GroupId([5; 32])), members), content);
    }

    fn sync(&mut self, node: usize) {
        let content = content(&mut self.rng);
        let _ = self.say(node, What::New(Conversation::Own, Vec::new()), content);
    }

    /// Lets time pass, and most devices do their tasks.
    fn pass(&mut self) {
        if self.is_lossless() {
            self.deliver_all();
        }
        self.now += match self.below(10) {
            0..5 => self.below(7200) as u64,
            5..9 => self.below(3 * DAY as usize) as u64,
            _ => self.below(20 * DAY as usize) as u64,
        };
        if self.server.attacks & attack::EXPIRED_LIST != 0 {
            self.now += 3 * DAY;
        }
        self.server.expire(self.now);
        self.count("time passes");
        for node in 0..self.nodes.len() {
            if self.nodes[node].place == Place::Listed && self.below(4) != 0 {
                self.maintain_listed(node);
            }
        }
    }

    fn maintain_listed(&mut self, node: usize) {
        if self.nodes[node].place == Place::Listed {
            self.maintain(node);
        }
    }

    /// Asks for what could not be opened, and seals again what is asked for.
    ///
    /// Of a device that has an open request nothing more is asked for an hour: it may be asking for
    /// that request, too.
    pub fn retry(&mut self, node: usize) -> bool {
        let failed = self.nodes[node].failed.clone();
        let (now, mut any) = (self.now, false);
        let asking = self.nodes[node].asking.clone();
        for ((from, id), tries) in failed.into_iter().filter(|(_, tries)| *tries < TRIES) {
            match self.nodes[node].asking.get(&from) {
                Some(since) if now < since + 3600 => {
                    any = true;
                    if asking.contains_key(&from) {
                        continue;
                    }
                }
                _ => {}
            }
            let asked = self.say(node, What::Ask(from, id), Vec::new());
            any |= asked.is_ok();
            let is_gone = matches!(
                asked,
                Err(Error::Unlisted | Error::UnknownAccount | Error::OwnDeviceUnlisted)
            );
            let tries = if is_gone { TRIES } else { tries + 1 };
            self.nodes[node].failed.insert((from, id), tries);
            self.nodes[node].asking.insert(from, now);
        }
        for (to, id) in std::mem::take(&mut self.nodes[node].asked) {
            match self.answer(node, to, id) {
                Ok(()) => any = true,
                Err(error) => self.count_error("answer", error),
            }
        }
        any
    }

    fn draft(&mut self, node: usize) {
        let to = self.below(self.people.len());
        let with = self.account(to);
        if with == self.address(node).account {
            return;
        }
        let content = content(&mut self.rng);
        let what = What::New(Conversation::With(with), Vec::new());
        if let Ok(mut draft) = self.plan(node, what, content) {
            self.supply(node, &mut draft);
            self.nodes[node].draft = Some(draft);
        }
    }

    /// Seals by a plan that was made some time ago.
    fn seal_draft(&mut self, node: usize) {
        if let Some(mut draft) = self.nodes[node].draft.take() {
            let plan_is_good = self.seal(node, &mut draft).is_ok();
            if plan_is_good && self.once_in(2) {
                // Once more by the same plan: another message.
                let _ = self.seal(node, &mut draft);
            }
        }
    }

    fn backfill(&mut self, node: usize) {
        let Some(message) = self.messages.iter().rposition(|message| message.from == node) else {
            return;
        };
        let content = self.messages[message].content.clone();
        if let Ok(mut draft) = self.plan(node, What::Resend(message), content) {
            if draft.plan.devices().next().is_none() {
                return;
            }
            let newer = draft.plan.devices().all(|device| {
                let message = &self.messages[message];
                !message.targets.contains(&device) || message.left_out.contains(&device)
            });
            assert!(newer, "made up for what was not missing");
            self.supply(node, &mut draft);
            let sealed = self.seal(node, &mut draft);
            assert_ne!(sealed, Err(Error::ContentMismatch), "the same content is refused");
            self.count("backfill");
        }
    }

    fn acknowledge_any(&mut self, node: usize) {
        for person in 0..self.people.len() {
            let of = self.account(person);
            self.decide_all(node, of);
        }
    }

    /// Brings everything that was sealed, as long as that changes anything.
    pub fn deliver_all(&mut self) {
        for _ in 0..40 {
            let mut any = false;
            for node in 0..self.nodes.len() {
                self.flush(node);
                if self.nodes[node].place == Place::Listed {
                    while self.deliver(node) {
                        any = true;
                    }
                }
            }
            if !any {
                break;
            }
        }
    }
}
