//! A guest and two devices of its host, each of which is restored from copies, loses mail, gets junk and has a clock
//! that is wrong, in any order; and what is left of it once all that ends.

use latchstring::guest::TakenMessage;

use super::*;

const HOUR: u64 = 3600;

/// The guest's place among the ends; those before it are the host's devices.
const GUEST: usize = 2;

/// A message on its way.
struct Posted {
    to: usize,
    from: Address,
    message: Vec<u8>,
}

struct World {
    meeting: Meeting,
    mail: Vec<Posted>,
    /// Earlier states of each end.
    copies: [Vec<Vec<u8>>; 3],
    now: u64,
    /// The seconds that each end's clock is wrong by.
    wrong: [i64; 3],
    /// Texts that each end has read.
    read: [Vec<String>; 3],
    /// First messages of new sessions that the guest has taken.
    renewed: usize,
    dice: u64,
}

impl World {
    /// Makes one whose guest waits; behind a PIN one whose guest has proved it, because that is done once.
    fn new(seed: u64, has_pin: bool) -> Self {
        let meeting = if has_pin { proved(seed) } else { Meeting::waiting(seed, 2) };
        let mut world = Self {
            meeting,
            mail: Vec::new(),
            copies: Default::default(),
            now: NOW,
            wrong: [0; 3],
            read: Default::default(),
            renewed: 0,
            dice: seed | 1,
        };
        world.keep_copies();
        world.grants();
        world
    }

    /// Throws dice of so many sides.
    fn throw(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }

    fn end(&mut self) -> usize {
        usize::try_from(self.throw(3)).unwrap()
    }

    fn chat(&mut self, end: usize) -> &mut Chat {
        if end == GUEST { &mut self.meeting.guest } else { &mut self.meeting.hosts[end] }
    }

    fn clock(&self, end: usize) -> u64 {
        self.now.checked_add_signed(self.wrong[end]).unwrap()
    }

    fn keep_copies(&mut self) {
        for end in 0..3 {
            let bytes = self.chat(end).to_bytes().to_vec();
            self.copies[end].push(bytes);
        }
    }

    /// Lets the users of the host let the guest in, where they are asked; with a PIN the maker does, and says so.
    fn grants(&mut self) {
        for end in 0..GUEST {
            if self.chat(end).status() == ChatStatus::Waiting {
                let now = self.clock(end);
                let Meeting { doors, hosts, .. } = &mut self.meeting;
                let clients = &doors.home.clients;
                if let Ok(granted) = hosts[end].grant(&clients[end], now, &mut doors.rng) {
                    let granted = granted.apply();
                    self.post(end, granted);
                } else if let Ok(shared) = hosts[0].export_grant(&clients[0]) {
                    let _ = hosts[end].sync_grant(&clients[end], &shared, now).map(Pending::apply);
                }
            }
        }
    }

    /// Shares the chat with the other device, which has lost its own or given it up.
    fn shares(&mut self) {
        let (one, two) = (self.clock(0), self.clock(1));
        let Meeting { doors, hosts, .. } = &mut self.meeting;
        let clients = &doors.home.clients;
        if let Ok(shared) = hosts[0].export(&clients[0], one) {
            let imported = Chat::import(&clients[1], &shared, two, &mut doors.rng);
            let (chat, envelope) = imported.unwrap();
            hosts[1] = chat;
            self.post(1, vec![envelope]);
        }
    }

    /// Tells whether the other device has no chat in which the guest answers: who was restored to before it ended its
    /// part, or the guest to before it came in, hears nothing, and its user notices.
    fn is_out(&self) -> bool {
        let Meeting { hosts, guest, .. } = &self.meeting;
        let is_in = guest.devices().any(|device| device == hosts[1].address());
        matches!(hosts[1].status(), ChatStatus::Ended(_)) || !hosts[1].is_confirmed() || !is_in
    }

    fn post(&mut self, by: usize, envelopes: Vec<Envelope>) {
        let from = self.chat(by).address();
        for Envelope { to, message, .. } in envelopes {
            let to = (0..3).find(|end| self.chat(*end).address() == to).unwrap();
            self.mail.push(Posted { to, from, message });
        }
    }

    fn write(&mut self, by: usize, text: &str) {
        let now = self.clock(by);
        let Meeting { doors, guest, hosts } = &mut self.meeting;
        let chat = if by == GUEST { guest } else { &mut hosts[by] };
        if let Ok(sent) = chat.send(text, now, &mut doors.rng) {
            self.post(by, sent.envelopes);
        }
    }

    fn look(&mut self, by: usize) {
        let now = self.clock(by);
        let Meeting { doors, guest, hosts } = &mut self.meeting;
        let client = (by != GUEST).then(|| &doors.home.clients[by]);
        let chat = if by == GUEST { guest } else { &mut hosts[by] };
        let repaired = chat.repair(client, now, &mut doors.rng).unwrap().apply();
        assert_eq!(repaired.event, None);
        self.post(by, repaired.envelopes);
        let status = self.chat(by).status();
        let fine = by == 1 && status == ChatStatus::Ended(EndReason::Here);
        assert!(fine || !matches!(status, ChatStatus::Ended(_)), "{by}: {status:?}");
    }

    fn bring(&mut self, Posted { to, from, message }: Posted) {
        let now = self.clock(to);
        match self.chat(to).take(from, &message, now).apply() {
            TakenMessage::Event(event) => {
                if let ChatEvent::Text(text) = &event.event {
                    self.read[to].push(text.text.to_string());
                }
                self.renewed += usize::from(event.renewed && to == GUEST);
            }
            TakenMessage::Waits => self.mail.push(Posted { to, from, message }),
            TakenMessage::Known | TakenMessage::Unread => {}
            TakenMessage::Refused(error) => {
                let fine = [Error::Replay, Error::NotGranted, Error::Ended];
                assert!(fine.contains(&error), "{error:?}");
            }
            other => panic!("{other:?}"),
        }
        *self.chat(to) = restored(self.chat(to));
    }

    /// Brings all mail, of which some is left out or comes twice, in another order.
    fn mails(&mut self, is_honest: bool) {
        for mut posted in std::mem::take(&mut self.mail) {
            match if is_honest { 9 } else { self.throw(10) } {
                0 | 1 => {}
                2 => self.mail.push(posted),
                3 => {
                    let Posted { to, from, message } = &posted;
                    let twice = Posted { to: *to, from: *from, message: message.clone() };
                    self.bring(twice);
                    self.mail.push(posted);
                }
                4 => {
                    *posted.message.last_mut().unwrap() ^= 1;
                    self.bring(posted);
                }
                _ => self.bring(posted),
            }
        }
    }

    /// Does one thing that goes wrong in the world, or none.
    fn mischief(&mut self, ahead: usize) {
        let end = self.end();
        match self.throw(16) {
            0 => self.keep_copies(),
            1 | 2 => {
                let copies = u64::try_from(self.copies[end].len()).unwrap();
                let at = usize::try_from(self.throw(copies)).unwrap();
                *self.chat(end) = Chat::from_bytes(&self.copies[end][at]).unwrap();
            }
            3 => {
                let behind = i64::try_from(self.throw(60 * DAY)).unwrap();
                self.wrong[end] = -behind;
            }
            4 => self.wrong[end] = 0,
            // For long, so that its chat believes it, and stands still when it is right again.
            10 => self.wrong[end] = i64::try_from(self.throw(3 * DAY)).unwrap(),
            5 => {
                // For a moment, after which the app looks at it again.
                let before = self.wrong[ahead];
                self.wrong[ahead] = i64::try_from(self.throw(60 * DAY)).unwrap();
                match self.throw(3) {
                    0 => self.look(ahead),
                    1 => self.write(ahead, "ahead"),
                    _ => self.mails(false),
                }
                self.wrong[ahead] = before;
                self.look(ahead);
            }
            6 => {
                let from = if end == GUEST { 0 } else { GUEST };
                let (from, message) =
                    (self.chat(from).address(), [&[1, 1][..], &[7; 200]].concat());
                self.bring(Posted { to: end, from, message });
            }
            7 => self.shares(),
            8 => {
                let now = self.clock(1);
                let Meeting { doors, hosts, .. } = &mut self.meeting;
                if let Ok(end) = hosts[1].end(now, &mut doors.rng) {
                    let end = end.apply();
                    self.post(1, end);
                }
            }
            9 => self.relists(),
            _ => self.write(end, "a text"),
        }
    }

    /// Takes the other device off the account's list and puts it on again, and tells the guest.
    fn relists(&mut self) {
        let home = &self.meeting.doors.home;
        let devices: Vec<_> = home.clients.iter().map(|one| one.certificate().clone()).collect();
        for count in [1, 2] {
            let home = &mut self.meeting.doors.home;
            home.list = next_list(&home.account, &home.list, &devices[..count], self.now);
            let list = self.meeting.doors.home.list.clone();
            self.learns(&list);
        }
    }

    /// Lets the guest learn a list, which it refuses while its clock is wrong.
    fn learns(&mut self, list: &DeviceList) {
        let now = self.clock(GUEST);
        let learned = self.meeting.guest.learn(list, now).map(Pending::apply);
        assert!(learned.is_ok() || learned == Err(Error::ListExpired), "{learned:?}");
    }
}

/// Brings a guest and two devices of its host so far that the maker may let the guest in.
pub(super) fn proved(seed: u64) -> Meeting {
    let mut policy = Policy::new("Ada", EXPIRES);
    policy.approval = Approval::Pin;
    let mut doors = Doors::with_policy(seed, 2, policy);
    let (preview, rng) = (doors.preview(), &mut doors.rng);
    let (list, bundles) = (&doors.home.list, &doors.bundles);
    let (mut guest, claim) = preview.claim(list, bundles, "Grace", &[], NOW, rng).unwrap();
    let mut hosts: Vec<_> = (0..2).map(|device| doors.take(device, &claim)).collect();
    let (maker, rng) = (&doors.home.clients[0], &mut doors.rng);
    let answer = only(hosts[0].answer_pin(maker, NOW, rng).unwrap().apply());
    guest.receive(maker.address(), &answer, NOW).unwrap();
    let proof = only(guest.prove_pin(NOW, rng).unwrap().apply());
    hosts[0].hear(&proof, NOW).unwrap();
    Meeting { doors, guest, hosts }
}

#[test]
fn whatever_was_restored_lost_or_dated_wrong_all_ends_read_each_other_again() {
    for seed in 1..=24_u64 {
        let mut world = World::new(1000 + seed * 7919, seed % 4 == 0);
        for _ in 0..40 {
            world.mischief(usize::try_from(seed % 3).unwrap());
            world.now += [0, 600, HOUR, 4 * HOUR][usize::try_from(world.throw(4)).unwrap()];
            for _ in 0..2 {
                let end = world.end();
                world.look(end);
                world.mails(false);
            }
            world.grants();
        }
        // From here on all is well; people write twice a day.
        world.wrong = [0; 3];
        let newest = world.meeting.doors.home.list.clone();
        world.learns(&newest);
        let mut renewed = 0;
        for hour in 0..8 * 24 {
            if hour % 12 == 0 {
                (0..3).for_each(|end| world.write(end, "still there?"));
                world.grants();
            }
            if hour % 24 == 0 && world.is_out() {
                world.shares();
            }
            for end in 0..3 {
                world.look(end);
                world.mails(true);
            }
            if hour == 6 * 24 {
                renewed = world.renewed;
            }
            world.now += HOUR;
        }
        assert_eq!(world.renewed, renewed, "{seed}: nothing is begun anew any more");
        for end in 0..3 {
            assert_eq!(world.chat(end).status(), ChatStatus::Active, "{seed}: {end}");
        }
        world.read = Default::default();
        (0..3).for_each(|end| world.write(end, &format!("by {end}")));
        world.mails(true);
        assert_eq!(world.read, [vec!["by 2"], vec!["by 2"], vec!["by 0", "by 1"]], "{seed}");
    }
}
