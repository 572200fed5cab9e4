//! A minimal store: all that a device keeps is one file, and a step puts a new one in its place.
//!
//! A state is in memory only while something is done with it: load it, and give it to a [`Step::change`]
//! with the operation. That compares where the state stands with the file, as another process or tab may
//! have come first. [`Store::step`] then writes everything to a second file, waits for the disk, and renames
//! that: all of the step has happened or nothing, and only now is there something to send or to show.
//!
//! Each state is sealed under a key that belongs into the system's key store, and for its owner: its record
//! opens under no other name. What is in the outbox is sealed by its nature.
//!
//! What an app has said and read is a row like any other ([`Step::keep`]), in clear: it is the app's, which protects it
//! as it protects its history.
//!
//! This store leaves out three things that `examples/sqlite_store` does: to write what has changed and not
//! everything, to keep other processes out *while* anchors are compared, and to overwrite what is deleted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use getrandom::{SysRng, rand_core::UnwrapErr};
use latchstring::Error;
use latchstring::client::{Address, MessageId, Outgoing};
use latchstring::storage::{Anchor, Pending, State, StateKey};

/// A failure of the disk, or one of the library's.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A file of states, and of messages that wait to be sent.
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) key: StateKey,
}

/// A message that waits for the server to take it.
pub(crate) struct Waiting {
    row: String,
    /// The device that it is for, if it is for one device of many.
    pub(crate) to: Option<Address>,
    /// The message id, which the transport carries beside a client's letter.
    pub(crate) id: Option<MessageId>,
    pub(crate) message: Vec<u8>,
}

/// The writes of one step: bytes, each under the name of its row.
pub(crate) struct Step<'a> {
    rows: BTreeMap<String, Vec<u8>>,
    key: &'a StateKey,
}

impl Store {
    /// Does all of `work` or nothing, and only then gives out its result.
    pub(crate) fn step<T>(
        &self,
        work: impl FnOnce(&mut Step<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut step = self.read()?;
        let result = work(&mut step)?;
        let mut text = String::new();
        for (name, row) in &step.rows {
            write!(text, "{name}\t")?;
            row.iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
            text.push('\n');
        }
        let next = self.path.with_extension("next");
        let mut file = File::create(&next)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, &self.path)?;
        #[cfg(unix)] // The new name is in the folder, which elsewhere is no file.
        File::open(self.path.parent().ok_or("a file is in a folder")?)?.sync_all()?;
        Ok(result)
    }

    /// Loads a state. With `outer`, one that is behind this anchor is refused.
    pub(crate) fn load<S: State>(&self, owner: &str, outer: Option<&Anchor>) -> Result<S, Failure> {
        let step = self.read()?;
        let record = step.rows.get(owner).ok_or("there is no such state")?;
        Ok(self.key.open(owner.as_bytes(), outer, record)?)
    }

    /// Counts the bytes that are stored for a state.
    pub(crate) fn size(&self, owner: &str) -> Result<usize, Failure> {
        Ok(self.read()?.rows.get(owner).map_or(0, Vec::len))
    }

    /// Lists the messages that are to be sent, or to be sent again: whoever gets one twice knows it.
    pub(crate) fn outbox(&self) -> Result<Vec<Waiting>, Failure> {
        let rows = self.read()?.rows.into_iter();
        let waiting = rows.filter_map(|(row, message)| {
            let mut names = row.strip_prefix("outbox ")?.split(' ').skip(1);
            let (to, id) =
                (names.next()?.parse().ok(), names.next().and_then(|id| id.parse().ok()));
            Some(Waiting { row, to, id, message })
        });
        Ok(waiting.collect())
    }

    /// Removes a message that the server has.
    pub(crate) fn sent(&self, waiting: &Waiting) -> Result<(), Failure> {
        self.step(|step| {
            step.rows.remove(&waiting.row);
            Ok(())
        })
    }

    /// Returns what was kept under a name.
    pub(crate) fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.read()?.rows.remove(name))
    }

    /// Lists what was kept under names that begin so, in the order of the names.
    pub(crate) fn all(&self, begin: &str) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let rows = self.read()?.rows.into_iter();
        Ok(rows.filter(|(name, _)| name.starts_with(begin)).collect())
    }

    fn read(&self) -> Result<Step<'_>, Failure> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let mut rows = BTreeMap::new();
        for line in text.lines() {
            let (name, digits) = line.split_once('\t').ok_or(Error::Corrupt)?;
            let pairs = digits.as_bytes().chunks(2).map(str::from_utf8);
            let row = pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?));
            rows.insert(name.to_owned(), row.collect::<Result<_, Failure>>()?);
        }
        Ok(Step { rows, key: &self.key })
    }
}

impl Step<'_> {
    /// Moves a state on, saves it, and gives what the operation gave. The state is not given back: were the
    /// file not written, it would be ahead of it.
    pub(crate) fn change<S: State, T>(
        &mut self,
        owner: &str,
        mut state: S,
        work: impl for<'s> FnOnce(&'s mut S) -> Result<Pending<'s, S, T>, Error>,
    ) -> Result<T, Failure> {
        let from = state.anchor();
        let output = work(&mut state)?.apply();
        self.save(owner, Some(from), &state)?;
        Ok(output)
    }

    /// Saves a state in the place of the one at the anchor `from`; with none it is new, and so is its owner.
    pub(crate) fn save<S: State>(
        &mut self,
        owner: &str,
        from: Option<Anchor>,
        state: &S,
    ) -> Result<(), Failure> {
        let stored = self.rows.get(owner).map(|row| self.key.open(owner.as_bytes(), None, row));
        if stored.transpose()?.map(|stored: S| stored.anchor()) != from {
            return Err(Error::StaleChange.into());
        }
        let record = self.key.seal(state, owner.as_bytes(), &mut UnwrapErr(SysRng))?;
        self.rows.insert(owner.to_owned(), record);
        Ok(())
    }

    /// Deletes a state that is of no use any more.
    pub(crate) fn remove(&mut self, owner: &str) {
        self.rows.remove(owner);
    }

    /// Keeps something of the app's own under a name, and tells whether there was nothing under it.
    pub(crate) fn keep(&mut self, name: String, content: &[u8]) -> bool {
        self.rows.insert(name, content.to_vec()).is_none()
    }

    /// Puts a client's letter into the outbox, an envelope for each device.
    pub(crate) fn send(&mut self, out: &Outgoing) -> Result<(), Failure> {
        let mut envelopes = out.envelopes.iter();
        envelopes.try_for_each(|one| self.put(&format!("{} {}", one.to, out.id), &one.message))
    }

    /// Puts a message into the outbox. It leaves from there.
    pub(crate) fn post(&mut self, to: Option<Address>, message: &[u8]) -> Result<(), Failure> {
        self.put(&to.map_or_else(String::new, |to| to.to_string()), message)
    }

    fn put(&mut self, names: &str, message: &[u8]) -> Result<(), Failure> {
        // The last number stays when its message is gone: no two messages have the same.
        let last = self.rows.get("posted").map(|row| row.as_slice().try_into()).transpose()?;
        let number = last.map_or(0, u64::from_be_bytes).saturating_add(1);
        self.rows.insert("posted".to_owned(), number.to_be_bytes().to_vec());
        self.rows.insert(format!("outbox {number:020} {names}"), message.to_vec());
        Ok(())
    }
}
