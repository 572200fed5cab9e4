//! A log in runs of neighbours, each a page of a snapshot: what is added touches the last run, what
//! is forgotten the first, and the others are not written again.

use alloc::collections::VecDeque;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};

/// What such a log is of.
pub(super) trait Entry: Sized {
    /// The first byte of its pages' titles.
    const PAGE: u8;
    /// Entries of one run at most.
    const RUN: usize;
    /// Entries of the log at most.
    const MAX: usize;

    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
}

/// Entries, oldest first.
pub(super) struct Runs<T>(VecDeque<Run<T>>);

/// Neighbours, under a number that stays theirs. Never empty.
struct Run<T> {
    number: u64,
    entries: VecDeque<T>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Runs<T> {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().flat_map(|run| &run.entries)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flat_map(|run| &mut run.entries)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().fold(0, |sum, run| sum.saturating_add(run.entries.len()))
    }

    /// Forgets the oldest entry.
    pub(super) fn pop(&mut self) {
        if let Some(run) = self.0.front_mut() {
            run.entries.pop_front();
        }
        self.tidy();
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for run in &mut self.0 {
            run.entries.retain(&mut keep);
        }
        self.tidy();
    }

    fn tidy(&mut self) {
        self.0.retain(|run| !run.entries.is_empty());
    }
}

impl<T: Entry> Runs<T> {
    pub(super) fn push(&mut self, entry: T) {
        match self.0.back_mut() {
            Some(run) if run.entries.len() < T::RUN => run.entries.push_back(entry),
            last => {
                let number = last.map_or(0, |run| run.number.saturating_add(1));
                self.0.push_back(Run { number, entries: VecDeque::from([entry]) });
            }
        }
    }

    /// How many runs there are, which the pages do not tell.
    pub(super) fn write_count(&self, writer: &mut Writer) {
        writer.count(self.0.len());
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for run in &self.0 {
            writer.page(&[&[T::PAGE], &run.number.to_be_bytes()]);
            writer.u64(run.number);
            writer.count(run.entries.len());
            for entry in &run.entries {
                entry.write(writer);
            }
        }
    }

    pub(super) fn read_count(reader: &mut Reader<'_>) -> Result<usize, Error> {
        reader.count(T::MAX)
    }

    pub(super) fn read(reader: &mut Reader<'_>, count: usize) -> Result<Self, Error> {
        let mut runs = Self::default();
        for _ in 0..count {
            let run = Run::read(reader)?;
            let follows = runs.0.back().is_none_or(|last| last.number < run.number);
            if !follows || run.entries.is_empty() {
                return Err(Error::Malformed);
            }
            runs.0.push_back(run);
        }
        if runs.len() > T::MAX { Err(Error::Malformed) } else { Ok(runs) }
    }
}

impl<T: Entry> Run<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let number = reader.u64()?;
        let entries = (0..reader.count(T::RUN)?).map(|_| T::read(reader));
        Ok(Self { number, entries: entries.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]
    use alloc::vec::Vec;

    use super::*;

    /// A number, in runs of 4, and 8 at most.
    struct Number(u8);

    impl Entry for Number {
        const PAGE: u8 = 9;
        const RUN: usize = 4;
        const MAX: usize = 8;

        fn write(&self, writer: &mut Writer) {
            writer.u8(self.0);
        }

        fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
            reader.u8().map(Self)
        }
    }

    fn of(numbers: impl IntoIterator<Item = u8>) -> Runs<Number> {
        let mut runs = Runs::default();
        numbers.into_iter().for_each(|number| runs.push(Number(number)));
        runs
    }

    fn pages(runs: &Runs<Number>) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut writer = Writer::new();
        runs.write(&mut writer);
        let (_, pages) = writer.cut();
        pages.into_iter().map(|part| (part.title.to_vec(), part.bytes.to_vec())).collect()
    }

    fn read(count: usize, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let runs: Runs<Number> = Reader::all(bytes, |reader| Runs::read(reader, count))?;
        Ok(runs.iter().map(|number| number.0).collect())
    }

    /// A run as it is written.
    fn run(number: u8, entries: &[u8]) -> Vec<u8> {
        let count = u8::try_from(entries.len()).unwrap();
        [&[0, 0, 0, 0, 0, 0, 0, number, 0, 0, 0, count], entries].concat()
    }

    #[test]
    fn what_is_added_and_what_is_forgotten_leaves_the_runs_between_as_they_were() {
        let mut runs = of(0..10);
        let before = pages(&runs);
        assert_eq!(before[1], ([9, 0, 0, 0, 0, 0, 0, 0, 1].to_vec(), run(1, &[4, 5, 6, 7])));
        runs.pop();
        runs.push(Number(10));
        let after = pages(&runs);
        assert_eq!(after[0].1, run(0, &[1, 2, 3]));
        assert_eq!(after[1], before[1]);
        assert_eq!(after[2].1, run(2, &[8, 9, 10]));
        // Numbers stay, also when a run in the middle is gone.
        runs.retain(|number| !(4..8).contains(&number.0));
        assert_eq!(pages(&runs), [after[0].clone(), after[2].clone()]);
        for _ in 0..3 {
            runs.pop();
        }
        assert_eq!(pages(&runs), [after[2].clone()]);
        assert_eq!(runs.iter().next_back().unwrap().0, 10);
    }

    #[test]
    fn runs_that_no_log_writes_are_refused() {
        let two = |one: Vec<u8>, other: Vec<u8>| read(2, &[one, other].concat());
        assert_eq!(two(run(3, &[1]), run(5, &[2, 3])), Ok(Vec::from([1, 2, 3])));
        assert_eq!(two(run(3, &[1]), run(3, &[2])), Err(Error::Malformed));
        assert_eq!(two(run(3, &[1]), run(2, &[2])), Err(Error::Malformed));
        assert_eq!(two(run(3, &[]), run(4, &[2])), Err(Error::Malformed));
        assert_eq!(read(1, &run(3, &[1, 2, 3, 4])), Ok(Vec::from([1, 2, 3, 4])));
        assert_eq!(read(1, &run(3, &[1, 2, 3, 4, 5])), Err(Error::Malformed));
        let eight = [run(1, &[1, 2, 3, 4]), run(2, &[5, 6, 7]), run(3, &[8])].concat();
        assert_eq!(read(3, &eight).map(|numbers| numbers.len()), Ok(8));
        let nine = [eight, run(4, &[9])].concat();
        assert_eq!(read(4, &nine), Err(Error::Malformed));
        assert_eq!(Runs::<Number>::read_count(&mut Reader::new(&[0, 0, 0, 8])), Ok(8));
        let most = Runs::<Number>::read_count(&mut Reader::new(&[0, 0, 0, 9]));
        assert_eq!(most, Err(Error::Malformed));
    }
}
