//! Two guests, two devices, every order.

use super::*;

/// An act of one device. Each does its own in its own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Act {
    /// Is given the claim of one of the guests.
    Claim(usize),
    /// Lets in the guest that it has taken.
    Grant,
    /// Is given the shared grant of the other device, which let this guest in.
    SyncGrant(usize),
    /// Is given the notice of the link's maker, which took this guest's claim.
    SyncNotice(usize),
}

/// A device after some acts.
#[derive(Clone)]
struct Seen {
    client: Vec<u8>,
    invite: Vec<u8>,
    /// The guest that it took, and the chat.
    chat: Option<(usize, Vec<u8>)>,
    /// All that it was told before it had a chat.
    kept: Vec<Act>,
    alarmed: bool,
}

struct Race {
    claims: [Vec<u8>; 2],
    /// The shared grants, by device and guest.
    shared_grants: [[Vec<u8>; 2]; 2],
    /// The maker's notices, by guest.
    notices: [Vec<u8>; 2],
    seen: HashMap<(usize, Vec<Act>), Seen>,
    rng: TestRng,
}

impl Race {
    fn act(&mut self, device: usize, history: &[Act]) -> Seen {
        let key = (device, history.to_vec());
        if let Some(seen) = self.seen.get(&key) {
            return seen.clone();
        }
        let (act, before) = history.split_last().unwrap();
        let mut seen = self.act(device, before);
        let mut client = Client::from_bytes(&seen.client).unwrap();
        let mut invite = Invite::from_bytes(&seen.invite).unwrap();
        let load = |chat: &Option<(usize, Vec<u8>)>| {
            chat.as_ref().map(|(guest, chat)| (*guest, Chat::from_bytes(chat).unwrap()))
        };
        let mut chat = load(&seen.chat);
        match *act {
            Act::Claim(guest) => match invite.claim(&mut client, &self.claims[guest], NOW) {
                Ok(opened_claim) => {
                    assert!(chat.is_none(), "one device took two guests in");
                    let taken = opened_claim.apply().0;
                    chat = Some((guest, taken));
                    if device == 0 {
                        self.notices[guest] = invite.notice().unwrap();
                    }
                    for told in std::mem::take(&mut seen.kept) {
                        let alarm = self.tell(device, told, &client, &mut invite, &mut chat);
                        seen.alarmed |= alarm;
                    }
                }
                Err(error) => assert_eq!(error, Error::AlreadyClaimed),
            },
            Act::Grant => {
                if let Some((guest, chat)) = &mut chat
                    && chat.status() == ChatStatus::Waiting
                {
                    chat.grant(&client, NOW, &mut self.rng).unwrap().apply();
                    self.shared_grants[device][*guest] =
                        chat.export_grant(&client).unwrap().as_bytes().to_vec();
                }
            }
            told @ (Act::SyncGrant(_) | Act::SyncNotice(_)) => {
                if chat.is_none() {
                    seen.kept.push(told);
                }
                seen.alarmed |= self.tell(device, told, &client, &mut invite, &mut chat);
            }
        }
        seen.client = client.to_bytes().to_vec();
        seen.invite = invite.to_bytes().to_vec();
        seen.chat = chat.map(|(guest, chat)| (guest, chat.to_bytes().to_vec()));
        self.seen.insert(key, seen.clone());
        seen
    }

    /// Gives what another device has told to the link, and to the chat if there is one. Returns whether the user is
    /// alarmed.
    fn tell(
        &self,
        device: usize,
        told: Act,
        client: &Client,
        invite: &mut Invite,
        chat: &mut Option<(usize, Chat)>,
    ) -> bool {
        let chat = chat.as_mut().map(|(_, chat)| chat);
        let there = |told: Result<SyncOutcome, Error>| {
            told.unwrap_or_else(|error| {
                assert_eq!(error, Error::Ended);
                SyncOutcome::Known
            })
        };
        let outcomes = match told {
            Act::SyncGrant(guest) => {
                let shared = &object(&self.shared_grants[1 - device][guest]);
                let here = invite.sync_grant(client, shared, NOW).unwrap().apply();
                [
                    Some(here),
                    chat.map(|chat| {
                        there(chat.sync_grant(client, shared, NOW).map(Pending::apply))
                    }),
                ]
            }
            Act::SyncNotice(guest) => {
                let notice = &self.notices[guest];
                let here = invite.sync_notice(notice, NOW).unwrap().apply();
                [
                    Some(here),
                    chat.map(|chat| there(chat.sync_notice(notice, NOW).map(Pending::apply))),
                ]
            }
            Act::Claim(_) | Act::Grant => unreachable!(),
        };
        let is_alarm = |told| matches!(told, SyncOutcome::Contested | SyncOutcome::Disputed { .. });
        outcomes.into_iter().flatten().any(is_alarm)
    }

    /// Returns the guest whose chat is active here.
    fn active(&mut self, device: usize, history: &[Act]) -> Option<usize> {
        let seen = self.act(device, history);
        let (guest, chat) = seen.chat?;
        let active = Chat::from_bytes(&chat).unwrap().status() == ChatStatus::Active;
        active.then_some(guest)
    }

    /// Goes on from two histories in every order, to where nothing is left to happen; counts how
    /// often that is with an alarm and without.
    fn explore(
        &mut self,
        histories: &mut [Vec<Act>; 2],
        done: &mut HashSet<[Vec<Act>; 2]>,
        ends: &mut [usize; 2],
    ) {
        if !done.insert(histories.clone()) {
            return;
        }
        let mut is_end = true;
        for device in 0..2 {
            let mut next = vec![Act::Claim(0), Act::Claim(1), Act::Grant];
            // What the other device has granted so far itself.
            let other = self.granted(1 - device, &histories[1 - device]);
            next.extend(other.map(Act::SyncGrant));
            // The first device made the link.
            let taken = self.act(0, &histories[0]).chat;
            next.extend(taken.filter(|_| device == 1).map(|(guest, _)| Act::SyncNotice(guest)));
            for act in next {
                if histories[device].contains(&act) {
                    continue;
                }
                is_end = false;
                histories[device].push(act);
                self.explore(histories, done, ends);
                histories[device].pop();
            }
        }
        if is_end {
            let alarmed = (0..2).any(|device| self.act(device, &histories[device]).alarmed);
            let active: Vec<_> =
                (0..2).map(|device| self.active(device, &histories[device])).collect();
            let agreed = active[0].is_some() && active[0] == active[1];
            let nobody = active == [None, None];
            let granted = (0..2).any(|device| self.granted(device, &histories[device]).is_some());
            assert!(alarmed || agreed || (nobody && !granted), "{histories:?}: {active:?}");
            // No two guests are active once everybody has heard of the maker's.
            assert!(active[0].is_none() || active[1].is_none() || agreed, "{histories:?}");
            ends[usize::from(alarmed)] += 1;
        }
    }

    /// Returns the guest that the device itself has let in in this history.
    fn granted(&mut self, device: usize, history: &[Act]) -> Option<usize> {
        let place = history.iter().position(|act| *act == Act::Grant)?;
        let before = self.act(device, &history[..place]);
        let (guest, chat) = before.chat?;
        let waited = Chat::from_bytes(&chat).unwrap().status() == ChatStatus::Waiting;
        if waited {
            self.act(device, &history[..=place]);
        }
        waited.then_some(guest)
    }
}

#[test]
fn of_two_guests_one_is_active_everywhere_or_a_device_raises_the_alarm() {
    let mut doors = Doors::new(64, 2);
    let claims = [doors.guest().1, doors.guest().1];
    let mut seen = HashMap::new();
    for device in 0..2 {
        let client = doors.home.clients[device].to_bytes().to_vec();
        let invite = doors.invites[device].to_bytes().to_vec();
        let start = Seen { client, invite, chat: None, kept: Vec::new(), alarmed: false };
        seen.insert((device, Vec::new()), start);
    }
    let Doors { rng, .. } = doors;
    let (shared_grants, notices) = Default::default();
    let mut race = Race { claims, shared_grants, notices, seen, rng };
    let mut ends = [0, 0];
    race.explore(&mut Default::default(), &mut HashSet::new(), &mut ends);
    // Both kinds of end were reached, many times.
    assert!(ends.iter().all(|count| *count > 50), "{ends:?}");
}
