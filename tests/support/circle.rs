//! A town whose people are in one group, and what its letters bring.

use std::collections::BTreeMap;

use latchstring::Error;
use latchstring::client::{Address, Client, LetterEvent, Outgoing, OwnContent, ReceivedLetter, To};
use latchstring::content::Content;
use latchstring::group::{Adding, Group, GroupEvent, Judgement, Made, Member, Object, Recipients};

use super::town::{Mail, Town};

/// A letter of the group as it was judged.
pub struct Judged {
    pub person: usize,
    pub from: Address,
    pub text: Option<String>,
    pub judgement: Judgement,
}

/// A town, and the group on each device that is in it.
pub struct Circle {
    pub town: Town,
    pub groups: BTreeMap<(usize, usize), Group>,
    /// The things that operations brought about, by person and device.
    pub events: Vec<((usize, usize), GroupEvent)>,
    /// The objects that did not serve, by person.
    pub refused: Vec<(usize, Error)>,
    /// Operations that wait for others.
    pub waiting: Vec<((usize, usize), Vec<u8>)>,
}

impl Circle {
    /// The first person founds a group; the second one is an administrator, and all but the last `outside` are members.
    pub fn new(seed: u64, devices: &[usize], outside: usize) -> Self {
        let mut town = Town::new(seed, devices);
        let inside = devices.len() - outside;
        let members: Vec<_> = (1..inside).map(|person| member(&town, person)).collect();
        let Town { people, rng, .. } = &mut town;
        let client = &people[0].devices[0];
        let group = Group::found(client, Adding::Members, &members, &members[..1], rng).unwrap();
        let groups = BTreeMap::from([((0, 0), group)]);
        let (events, refused, waiting) = (Vec::new(), Vec::new(), Vec::new());
        let mut circle = Self { town, groups, events, refused, waiting };
        circle.tell((0, 0));
        circle.deliver();
        circle
    }

    /// Sends a checkpoint to all members.
    pub fn tell(&mut self, by: (usize, usize)) {
        let (group, client) = (&self.groups[&by], &self.town.people[by.0].devices[by.1]);
        let (to, content) = (group.recipients(client).unwrap(), group.checkpoint(client).unwrap());
        self.send(by, To::Recipients(&to), &content);
    }

    /// Sends a checkpoint to one person.
    pub fn tell_one(&mut self, by: (usize, usize), whom: usize) {
        let content = self.groups[&by].checkpoint(&self.town.people[by.0].devices[by.1]).unwrap();
        self.send(by, To::Account(self.town.id(whom)), &content);
    }

    pub fn member(&self, person: usize) -> Member {
        member(&self.town, person)
    }

    pub fn group(&mut self, by: (usize, usize)) -> &mut Group {
        self.groups.get_mut(&by).unwrap()
    }

    pub fn recipients(&self, by: (usize, usize)) -> Recipients {
        self.groups[&by].recipients(&self.town.people[by.0].devices[by.1]).unwrap()
    }

    /// Seals for everybody that is named.
    pub fn seal(&mut self, by: (usize, usize), to: To<'_>, content: &Content) -> Outgoing {
        let town = &mut self.town;
        let mut plan = town.people[by.0].devices[by.1].plan(to, town.now).unwrap();
        town.supply(by.0, by.1, &mut plan).unwrap();
        town.seal_plan(by.0, by.1, &mut plan, content).unwrap()
    }

    pub fn send(&mut self, by: (usize, usize), to: To<'_>, content: &Content) {
        let out = self.seal(by, to, content);
        self.town.server.post(self.town.address(by.0, by.1), out);
    }

    /// Says something in the group.
    pub fn say(&mut self, by: (usize, usize), text: &str) {
        let to = self.recipients(by);
        self.send(by, To::Recipients(&to), &Content::text(text).unwrap());
    }

    /// Makes an operation, and gives out what is to be sent.
    pub fn make(
        &mut self,
        by: (usize, usize),
        how: impl FnOnce(&mut Group, &Client) -> Made,
    ) -> Made {
        let client = &self.town.people[by.0].devices[by.1];
        how(self.groups.get_mut(&by).unwrap(), client)
    }

    /// Makes an operation and sends it.
    pub fn change(&mut self, by: (usize, usize), how: impl FnOnce(&mut Group, &Client) -> Made) {
        let made = self.make(by, how);
        self.send(by, To::Recipients(&made.to), &made.content);
    }

    /// Lets everybody receive until nothing is on its way, and returns the letters of the group.
    pub fn deliver(&mut self) -> Vec<Judged> {
        let mut judged = Vec::new();
        loop {
            let mail: Vec<Mail> = self.town.server.mail.values().flatten().cloned().collect();
            self.town.server.mail.clear();
            if mail.is_empty() {
                return judged;
            }
            for mail in mail {
                judged.extend(self.receive(&mail));
            }
        }
    }

    /// Receives one envelope.
    pub fn receive(&mut self, mail: &Mail) -> Option<Judged> {
        let place = self.place(mail.to)?;
        let now = self.town.now;
        let client = &mut self.town.people[place.0].devices[place.1];
        let letter = client.receive(mail.from, &mail.message, now).unwrap();
        let judgement = self
            .groups
            .get_mut(&place)
            .and_then(|group| Some(group.judge(client, &letter, now).ok()?.apply()));
        let content = self.content(&letter);
        let text = content.as_ref().and_then(Content::as_text).map(str::to_owned);
        let objects = content.as_ref().and_then(Content::as_group).into_iter().flatten();
        let objects: Vec<_> = objects.map(<[u8]>::to_vec).collect();
        for object in objects {
            self.take_object(place, mail.from, &object);
        }
        judgement.map(|judgement| Judged { person: place.0, from: mail.from, text, judgement })
    }

    /// Returns the content of a letter, from its blob if it is in one.
    fn content(&self, letter: &ReceivedLetter) -> Option<Content> {
        match &letter.event {
            LetterEvent::Message(content) | LetterEvent::Own(OwnContent::Said(content)) => {
                Some(again(content))
            }
            LetterEvent::Blob(reference) => {
                self.town.server.blobs.iter().find_map(|blob| reference.open(blob).ok())
            }
            _ => None,
        }
    }

    /// Gives an object to the group of a device.
    pub fn take_object(&mut self, at: (usize, usize), from: Address, object: &[u8]) {
        let client = &self.town.people[at.0].devices[at.1];
        match (Object::of(object).unwrap().0, self.groups.get_mut(&at)) {
            (Object::Checkpoint, None) => match Group::join(client, from, object) {
                Ok(group) => drop(self.groups.insert(at, group)),
                Err(error) => self.refused.push((at.0, error)),
            },
            (Object::Operation, Some(group)) => match group.take(client, object) {
                Ok(events) => {
                    let events = events.apply();
                    self.events.extend(events.into_iter().map(|event| (at, event)));
                    self.take_waiting(at, from);
                }
                Err(Error::EntryMissing) => self.waiting.push((at, object.to_vec())),
                Err(Error::Duplicate) => {}
                Err(error) => self.refused.push((at.0, error)),
            },
            (Object::Request, Some(group)) => match group.answer(client, from, object) {
                Ok(Some(content)) => self.send(at, To::Account(from.account), &content),
                Ok(None) => {}
                Err(error) => self.refused.push((at.0, error)),
            },
            _ => {}
        }
    }

    fn take_waiting(&mut self, at: (usize, usize), from: Address) {
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|it| it.0 == at);
        self.waiting = later;
        for (_, object) in now {
            self.take_object(at, from, &object);
        }
    }

    fn place(&self, of: Address) -> Option<(usize, usize)> {
        let people = self.town.people.iter().enumerate();
        let mut places = people.flat_map(|(person, it)| {
            it.devices.iter().enumerate().map(move |(device, it)| ((person, device), it.address()))
        });
        places.find(|(_, address)| *address == of).map(|(place, _)| place)
    }
}

fn member(town: &Town, person: usize) -> Member {
    Member::of(town.people[person].devices[0].list())
}

/// Reads a content once more.
fn again(content: &Content) -> Content {
    Content::decode(&content.encode(), latchstring::content::Kinds::ALL).unwrap()
}
