//! Files on their way: from the disk to the server and back, a piece of 64 KiB at a time.
//!
//! The sealer is saved every 256 pieces. After a crash the server says how much has arrived; from there on the same
//! bytes are sealed once more, and only what has not arrived is sent.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use latchstring::attachment::{Media, Opener, PIECE, Padding, Progress, Reference, Sealer};
use latchstring::client::Conversation;
use latchstring::content::Content;

use crate::device::{Device, now, rng};
use crate::note;
use crate::store::Failure;

/// The pieces between two times that a sealer is saved: 16 MiB.
const SAVED_EVERY: u32 = 256;

/// The first bytes that somebody looks at.
const GLANCE: u64 = 100_000;

/// A line for each tenth of a file.
struct Tenths {
    what: &'static str,
    last: u64,
}

impl Tenths {
    fn new(what: &'static str, progress: Progress) -> Self {
        Self { what, last: Self::of(progress) }
    }

    fn of(progress: Progress) -> u64 {
        progress.position.saturating_mul(10).checked_div(progress.end).unwrap_or(10)
    }

    fn show(&mut self, progress: Progress) {
        let tenths = Self::of(progress);
        if tenths > self.last {
            note(&format!("    {} {:>3} %", self.what, tenths.saturating_mul(10)));
        }
        self.last = tenths;
    }
}

impl Device<'_> {
    /// Seals a file and brings it to the server, or what is left of it.
    pub(crate) fn upload(
        &self,
        name: &str,
        media: Media,
        source: &mut (impl Read + Seek),
    ) -> Result<Reference, Failure> {
        let (row, done) = (format!("sealer of {name}"), format!("reference of {name}"));
        if let Some(reference) = self.store.kept(&done)? {
            return Ok(Reference::decode(&reference)?);
        }
        let length = source.seek(SeekFrom::End(0))?;
        let mut sealer = match self.store.kept(&row)? {
            Some(saved) => Sealer::from_bytes(&saved)?,
            None => self.client()?.attach(media, length, Padding::Buckets, now(), &mut rng())?,
        };
        let save = |sealer: &Sealer| {
            self.store.step(|step| {
                step.keep(row.clone(), &sealer.to_bytes());
                Ok(())
            })
        };
        save(&sealer)?;
        let id = sealer.id();
        sealer.resume(self.server.arrived(id)?)?;
        source.seek(SeekFrom::Start(sealer.progress().position))?;
        let mut tenths = Tenths::new("sent", sealer.progress());
        let mut buffer = Box::new([0; PIECE]);
        let mut pieces = 0_u32;
        loop {
            let at = sealer.sealed();
            let (content, _) = buffer.split_at_mut(sealer.wants());
            source.read_exact(content)?;
            let Some(piece) = sealer.seal(&mut buffer)? else { break };
            // A piece of which the beginning has arrived, or all of it.
            let arrived = self.server.arrived(id)?;
            let known = usize::try_from(arrived.saturating_sub(at))?.min(piece.len());
            if let Some(missing) = piece.get(known..).filter(|missing| !missing.is_empty()) {
                self.server.append(id, arrived, missing)?;
            }
            pieces = pieces.saturating_add(1);
            if pieces.is_multiple_of(SAVED_EVERY) {
                save(&sealer)?;
            }
            tenths.show(sealer.progress());
        }
        let reference = sealer.reference().ok_or("all is sealed")?;
        self.store.step(|step| {
            step.remove(&row);
            step.keep(done, &*reference.encode());
            Ok(())
        })?;
        Ok(reference)
    }

    /// Opens the next piece that is wanted, and returns what is in it.
    pub(crate) fn open_next<'b>(
        &self,
        opener: &mut Opener,
        reference: &Reference,
        buffer: &'b mut [u8; PIECE],
    ) -> Result<Option<&'b [u8]>, Failure> {
        let Some(range) = opener.wants() else { return Ok(None) };
        let length = usize::try_from(range.end.saturating_sub(range.start))?;
        let (piece, _) = buffer.split_at_mut(length);
        self.server.fetch(reference.id(), range, piece)?;
        Ok(Some(opener.open(piece)?))
    }

    /// Fetches a whole file that is small.
    pub(crate) fn fetch(&self, reference: &Reference) -> Result<Vec<u8>, Failure> {
        let (mut opener, mut whole) = (Opener::new(reference), Vec::new());
        let mut buffer = Box::new([0; PIECE]);
        while let Some(opened) = self.open_next(&mut opener, reference, &mut buffer)? {
            whole.extend_from_slice(opened);
        }
        Ok(whole)
    }

    /// Looks at the beginning of the file in a conversation, and fetches no more than it needs for that.
    pub(crate) fn look_at_attachment(&self, conversation: Conversation) -> Result<(), Failure> {
        let content = self.attached(conversation)?;
        let reference = reference_of(&content)?;
        let mut opener = Opener::new(reference);
        opener.read(0..GLANCE);
        let (mut buffer, mut seen, mut fetched) = (Box::new([0; PIECE]), 0_usize, 0_u64);
        while let Some(range) = opener.wants() {
            fetched = fetched.saturating_add(range.end.saturating_sub(range.start));
            let opened = self.open_next(&mut opener, reference, &mut buffer)?.unwrap_or_default();
            seen = seen.saturating_add(opened.len());
        }
        let all = reference.sealed_length();
        note(&format!("    {} sees {seen} bytes; {fetched} of {all} were fetched", self.name));
        Ok(())
    }

    /// Fetches the file in a conversation, or what is left of it. What was written is verified, so its length is all
    /// that there is to remember.
    pub(crate) fn fetch_attachment(
        &self,
        conversation: Conversation,
        path: &Path,
    ) -> Result<PathBuf, Failure> {
        let content = self.attached(conversation)?;
        let reference = reference_of(&content)?;
        let mut copy = OpenOptions::new().create(true).append(true).open(path)?;
        let mut opener = Opener::new(reference);
        opener.read(fs::metadata(path)?.len()..reference.length());
        let mut tenths = Tenths::new("fetched", opener.progress());
        let mut buffer = Box::new([0; PIECE]);
        while let Some(opened) = self.open_next(&mut opener, reference, &mut buffer)? {
            copy.write_all(opened)?;
            tenths.show(opener.progress());
        }
        Ok(path.to_owned())
    }
}

fn reference_of(content: &Content) -> Result<&Reference, Failure> {
    Ok(content.attachment().ok_or("it has an attachment")?.reference())
}

/// Compares two files.
pub(crate) fn compare(one: &Path, other: &Path) -> Result<(), Failure> {
    let (mut one, mut other) =
        (BufReader::new(File::open(one)?), BufReader::new(File::open(other)?));
    let (mut here, mut there) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let length = one.read(&mut here)?;
        let (read, _) = here.split_at(length);
        let (also, _) = there.split_at_mut(length);
        other.read_exact(also)?;
        if read != also {
            return Err("it is another file".into());
        }
        if length == 0 {
            break;
        }
    }
    if other.read(&mut there)? == 0 { Ok(()) } else { Err("it is a longer file".into()) }
}
