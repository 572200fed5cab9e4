//! Apps and the server between them, which never loses power.

use std::collections::{BTreeMap, VecDeque};

use super::super::NOW;
use super::{App, Flaw, Keeping, Power, Stop};

/// A message that waits to leave.
#[derive(Clone)]
pub struct Letter {
    pub to: usize,
    pub tag: u8,
    pub bytes: Vec<u8>,
}

impl Letter {
    pub fn encode(&self) -> Vec<u8> {
        [&[u8::try_from(self.to).unwrap(), self.tag], self.bytes.as_slice()].concat()
    }

    pub fn decode(row: &[u8]) -> Self {
        Self { to: row[0].into(), tag: row[1], bytes: row[2..].to_vec() }
    }
}

/// A message that waits to be acknowledged.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub from: usize,
    pub tag: u8,
    pub bytes: Vec<u8>,
}

pub struct World {
    pub apps: Vec<App>,
    /// The mail that waits for each app, and behind it what the server has of apps.
    pub mail: Vec<VecDeque<Mail>>,
    /// Everything that was acknowledged, with its reader.
    pub read: Vec<(usize, Mail)>,
    /// The objects that apps have published.
    pub board: BTreeMap<String, Vec<Vec<u8>>>,
    pub power: Power,
    /// The time. It passes while an app starts again.
    pub now: u64,
    /// The step of the script.
    pub step: usize,
    /// The number of times that a tab came too late.
    pub late: usize,
}

impl World {
    pub fn new(apps: usize, keeping: Keeping, flaw: Option<Flaw>) -> Self {
        let power = Power::default();
        Self {
            apps: (0..apps).map(|app| App::new(app, keeping, flaw, &power)).collect(),
            mail: vec![VecDeque::new(); apps + 1],
            read: Vec::new(),
            board: BTreeMap::new(),
            power,
            now: NOW,
            step: 0,
            late: 0,
        }
    }

    /// Makes another world in which everything is as it is here.
    pub fn copy(&self) -> Result<Self, Stop> {
        let power = Power::default();
        let apps = self.apps.iter().map(|app| app.copy(&power)).collect::<Result<_, _>>()?;
        Ok(Self {
            apps,
            mail: self.mail.clone(),
            read: self.read.clone(),
            board: self.board.clone(),
            power,
            now: self.now,
            step: self.step,
            late: self.late,
        })
    }

    /// Tells whether everything is here as it is there, but for the time.
    pub fn is_as(&self, other: &Self) -> bool {
        let mut apps = self.apps.iter().zip(&other.apps);
        self.is_left_as(other) && apps.all(|(app, other)| app.is_as(other))
    }

    /// Tells whether everything outside memory is here as it is there, but for time and randomness.
    pub fn is_left_as(&self, other: &Self) -> bool {
        let mut apps = self.apps.iter().zip(&other.apps);
        self.mail == other.mail
            && self.board == other.board
            && apps.all(|(app, other)| app.is_left_as(other))
    }

    /// Puts something up, in place of what was there.
    pub fn publish(&mut self, what: &str, pieces: Vec<Vec<u8>>) -> Result<(), Stop> {
        self.power.spend()?;
        self.board.insert(what.to_owned(), pieces);
        Ok(())
    }

    /// Puts up one-time prekeys beside those that are there. The server remembers all that it took, and takes
    /// none of them once more.
    pub fn upload(
        &mut self,
        what: &str,
        keys: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<(), Stop> {
        self.power.spend()?;
        let taken = self.board.entry(taken(what)).or_default();
        let new: Vec<_> = keys.into_iter().filter(|key| !taken.contains(key)).collect();
        taken.extend(new.iter().cloned());
        self.board.entry(what.to_owned()).or_default().extend(new);
        Ok(())
    }

    /// Returns the one-time prekeys that the server has ever taken.
    pub fn taken(&self, what: &str) -> &[Vec<u8>] {
        self.published(&taken(what))
    }

    pub fn published(&self, what: &str) -> &[Vec<u8>] {
        self.board.get(what).map_or(&[], Vec::as_slice)
    }

    /// Gives everything that waits for an app to `read`, and acknowledges it.
    pub fn read_all(
        &mut self,
        who: usize,
        read: impl FnMut(&mut Self, &Mail) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.read_from(who, |_| 0, read)
    }

    /// Reads the same, the newest first.
    pub fn read_backwards(
        &mut self,
        who: usize,
        read: impl FnMut(&mut Self, &Mail) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.read_from(who, |waiting| waiting - 1, read)
    }

    fn read_from(
        &mut self,
        who: usize,
        place: fn(usize) -> usize,
        mut read: impl FnMut(&mut Self, &Mail) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        while !self.mail[who].is_empty() {
            let place = place(self.mail[who].len());
            let mail = self.mail[who][place].clone();
            read(self, &mail)?;
            self.power.spend()?;
            self.mail[who].remove(place);
            self.read.push((who, mail));
        }
        Ok(())
    }
}

/// The name under which the server remembers what it took.
fn taken(what: &str) -> String {
    format!("{what}, taken")
}
