//! The events of a history.

use latchstring::client::{Client, Conversation, GroupId, Repair};
use latchstring::storage::State;

use crate::letters::{What, content};
use crate::repairs::Style;
use crate::server::{DAY, attack};
use crate::world::{Place, World};

impl World {
    /// Tells whether everything that is sealed arrives in time, victims of a server's apart, and nobody forgets
    /// anything.
    pub fn is_lossless(&self) -> bool {
        let harmless = attack::DUPLICATE
            | attack::REORDER
            | attack::WITHHOLD
            | attack::FAIL_UPLOAD
            | attack::JUNK;
        self.attacks & !harmless == 0
    }

    /// Lets one thing happen, at random.
    pub fn event(&mut self) {
        self.now += self.below(60) as u64;
        self.server.release(self.now, &mut self.rng);
        self.server.replay(&mut self.rng);
        self.impose();
        self.junk();
        self.leave();
        self.withhold();
        let node = self.some_speaker();
        self.step_back(node);
        self.tick(node);
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
            850..870 => {
                let other = self.some_node();
                if self.nodes[other].care.style == Style::Always {
                    self.look_after(other);
                }
            }
            870..885 => self.pass(),
            885..905 => self.maintain_listed(node),
            905..915 => self.draft(node),
            915..925 => self.seal_draft(node),
            925..932 => _ = self.say(node, What::Repair(Repair::SeenReport), Vec::new()),
            932..945 => self.backfill_last(node),
            945..960 => {
                let client = &mut self.nodes[node].client;
                *client = Client::from_bytes(&client.to_bytes()).unwrap();
            }
            960..966 => {
                let person = self.some_person();
                self.link(person);
            }
            966..970 => {
                let person = self.some_person();
                self.remove(person);
            }
            970..971 if !self.is_lossless() => {
                let person = self.some_person();
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
                let person = self.some_person();
                self.remove(person);
            }
            988..992 if self.server.attacks & attack::OLD_KEY != 0 => {
                let person = self.some_person();
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
        if self.below(4) != 0 {
            self.look_after(node);
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
        let mut to = self.below(self.people.len());
        if self.server.attacks & attack::DEAD != 0 && self.once_in(3) {
            to = self.people.len() - 1;
        }
        let with = self.account(to);
        let content = content(&mut self.rng);
        if with == self.address(node).account {
            return;
        }
        let _ = self.say(node, What::New(Conversation::With(with), Vec::new()), content);
    }

    pub fn group(&mut self, node: usize) {
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
        if self.server.attacks & (attack::EXPIRED_LIST | attack::AWAY | attack::DEAD) != 0 {
            self.now += 3 * DAY;
        }
        self.server.expire(self.now);
        self.count("time passes");
        for node in 0..self.nodes.len() {
            if self.is_on(node) && self.below(4) != 0 {
                self.maintain_listed(node);
                self.look_after(node);
            }
        }
    }

    fn maintain_listed(&mut self, node: usize) {
        if self.is_on(node) {
            self.maintain(node);
        }
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
                if self.is_on(node) {
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
