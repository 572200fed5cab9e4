//! A disk of rows, transactions on it, and the power.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use latchstring::Error;
use latchstring::storage::Anchor;

use super::Keeping;

/// The reason why a step ends before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The power is gone: what is in memory is lost.
    Dark,
    /// Another tab or process was first: load again and repeat.
    Stale,
    /// The crate refused a step.
    Refused(Error),
    /// Something that must not be.
    Trouble(String),
}

impl Stop {
    pub fn trouble<T>(what: impl Into<String>) -> Result<T, Self> {
        Err(Self::Trouble(what.into()))
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::StaleChange => Self::Stale,
            error => Self::Refused(error),
        }
    }
}

/// The number of deeds that the power still lasts for; for ever if nothing is said.
#[derive(Clone, Default)]
pub struct Power(Rc<Cell<Option<usize>>>);

impl Power {
    pub fn lasts(&self, deeds: Option<usize>) {
        self.0.set(deeds);
    }

    /// Spends the power of a deed, before it is done.
    pub fn spend(&self) -> Result<(), Stop> {
        match self.0.get() {
            Some(0) => Err(Stop::Dark),
            Some(left) => {
                self.0.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// A fault of an app: each takes one safeguard away, and must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Each state, and what the app keeps beside them, has a transaction of its own.
    TransactionForEachState,
    /// The same, in the other order.
    TransactionForEachStateReversed,
    /// The store writes row after row.
    NoTransactions,
    /// Messages leave before they are saved.
    SendsFirst,
    /// Texts are shown before they are saved.
    ShowsFirst,
    /// Messages are not saved with the change that sealed them.
    NoOutbox,
    /// The stored anchor is not looked at.
    NoComparison,
    /// The outer anchor is not looked at.
    NoOuterAnchor,
}

type Write = (String, Option<Vec<u8>>);

/// The part of an app that a power cut leaves.
#[derive(Clone)]
pub struct Disk {
    pub rows: BTreeMap<String, Vec<u8>>,
    /// The outer anchors. Where a backup of the disk does not reach; moved after each commit.
    pub outer: BTreeMap<String, Anchor>,
    pub keeping: Keeping,
    pub flaw: Option<Flaw>,
    pub power: Power,
}

impl Disk {
    pub fn new(keeping: Keeping, flaw: Option<Flaw>, power: &Power) -> Self {
        let power = power.clone();
        Self { rows: BTreeMap::new(), outer: BTreeMap::new(), keeping, flaw, power }
    }

    /// Begins a transaction: reads what it compares with.
    pub fn begin(&self) -> Transaction {
        let anchors = self.rows.iter().filter_map(|(row, bytes)| {
            let anchor = Anchor::from_bytes(bytes.as_slice().try_into().ok()?);
            Some((row.strip_suffix("#anchor")?.to_owned(), anchor))
        });
        Transaction {
            keeping: self.keeping,
            compares: self.flaw != Some(Flaw::NoComparison),
            stored: anchors.collect(),
            writes: Vec::new(),
            outer: Vec::new(),
            letters: Vec::new(),
            texts: Vec::new(),
        }
    }

    pub fn commit(&mut self, transaction: Transaction) -> Result<(), Stop> {
        for writes in apart(transaction.writes, self.flaw) {
            self.power.spend()?;
            for (row, value) in writes {
                match value {
                    Some(value) => drop(self.rows.insert(row, value)),
                    None => drop(self.rows.remove(&row)),
                }
            }
        }
        for (name, anchor) in transaction.outer {
            self.power.spend()?;
            self.outer.insert(name, anchor);
        }
        Ok(())
    }

    /// Returns the rows of a table or a state, in their order.
    pub fn table<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a String, &'a Vec<u8>)> {
        let start = format!("{name}#");
        self.rows.iter().filter(move |(row, _)| row.starts_with(&start))
    }

    /// Returns the number behind those of a table's rows.
    pub fn next_in(&self, table: &str) -> usize {
        let last = self.table(table).last();
        last.map_or(0, |(row, _)| row.split_once('#').unwrap().1.parse::<usize>().unwrap() + 1)
    }
}

/// Groups the writes that reach the disk together.
fn apart(writes: Vec<Write>, flaw: Option<Flaw>) -> Vec<Vec<Write>> {
    let of = |row: &str| {
        let table = row.split_once('#').unwrap().0;
        if table.contains('/') { table.to_owned() } else { "app".to_owned() }
    };
    let mut groups: Vec<(String, Vec<Write>)> = Vec::new();
    for write in writes {
        let name = of(&write.0);
        let together = match flaw {
            Some(Flaw::NoTransactions) => None,
            Some(Flaw::TransactionForEachState | Flaw::TransactionForEachStateReversed) => {
                groups.iter_mut().find(|(of, _)| *of == name)
            }
            _ => groups.first_mut(),
        };
        match together {
            Some((_, group)) => group.push(write),
            None => groups.push((name, vec![write])),
        }
    }
    if flaw == Some(Flaw::TransactionForEachStateReversed) {
        groups.reverse();
    }
    groups.into_iter().map(|(_, writes)| writes).collect()
}

/// The writes that are made together, and the deeds that follow them.
pub struct Transaction {
    pub keeping: Keeping,
    compares: bool,
    stored: BTreeMap<String, Anchor>,
    writes: Vec<Write>,
    outer: Vec<(String, Anchor)>,
    pub letters: Vec<super::Letter>,
    pub texts: Vec<Vec<u8>>,
}

impl Transaction {
    /// Returns the anchor that the store holds, for a change made from `base`. None is wrong.
    pub fn stored(&self, name: &str, base: &Anchor) -> Result<Anchor, Stop> {
        if !self.compares {
            return Ok(*base);
        }
        self.stored.get(name).copied().ok_or(Stop::Stale)
    }

    /// Tells whether another tab has made this state already.
    pub fn holds(&self, name: &str) -> bool {
        self.compares && self.stored.contains_key(name)
    }

    pub fn put(&mut self, row: String, value: Vec<u8>) {
        self.writes.push((row, Some(value)));
    }

    pub fn delete(&mut self, row: String) {
        self.writes.push((row, None));
    }

    /// Notes that a state is at this anchor now.
    pub fn moves(&mut self, name: &str, to: Anchor) {
        self.put(format!("{name}#anchor"), to.to_bytes().to_vec());
        self.stored.insert(name.to_owned(), to);
        // A new device has no history, and is nothing that a backup brings back.
        let passes = ["new-device/", "entrant/"];
        if !passes.iter().any(|kind| name.starts_with(kind)) {
            self.outer.push((name.to_owned(), to));
        }
    }

    /// Notes that what the user wanted is done.
    pub fn done(&mut self, step: usize) {
        self.put(format!("done#{step}"), Vec::new());
    }

    /// Adds a letter that leaves once this is committed.
    pub fn send(&mut self, to: usize, tag: u8, bytes: Vec<u8>) {
        self.letters.push(super::Letter { to, tag, bytes });
    }

    /// Adds a text that is shown once this is committed.
    pub fn show(&mut self, text: &[u8]) {
        self.texts.push(text.to_vec());
    }

    pub fn take_letters(&mut self) -> Vec<super::Letter> {
        mem::take(&mut self.letters)
    }
}
