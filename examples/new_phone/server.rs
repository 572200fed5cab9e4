//! A server that is a folder: device lists, bundles, mail, files, and entries of settings.
//!
//! It is as real servers are where it matters here: it takes files by appending, and tells how much of one has arrived.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use latchstring::attachment::AttachmentId;
use latchstring::client::{Address, DeviceList, MessageId};
use latchstring::session::{AccountId, Bundle};

use crate::store::Failure;

/// The server.
pub(crate) struct Server {
    folder: PathBuf,
}

/// An envelope as it has it.
pub(crate) struct Mail {
    path: PathBuf,
    pub(crate) from: Address,
    pub(crate) id: MessageId,
    pub(crate) envelope: Vec<u8>,
}

impl Mail {
    /// Has the server drop an envelope that its receiver has.
    pub(crate) fn acknowledge(&self) -> Result<(), Failure> {
        Ok(fs::remove_file(&self.path)?)
    }
}

impl Server {
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let folder = folder.join("server");
        for name in ["lists", "bundles", "mail", "files", "settings"] {
            fs::create_dir_all(folder.join(name))?;
        }
        Ok(Self { folder })
    }

    fn place(&self, shelf: &str, name: &str) -> PathBuf {
        self.folder.join(shelf).join(name.replace('/', "-"))
    }

    /// Puts a file in the place of another one, whole.
    fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let next = path.with_extension("next");
        fs::write(&next, bytes)?;
        Ok(fs::rename(next, path)?)
    }

    pub(crate) fn publish_list(&self, list: &DeviceList) -> Result<(), Failure> {
        Self::put(&self.place("lists", &list.account().to_string()), &list.encode())
    }

    pub(crate) fn publish_bundle(&self, bundle: &Bundle) -> Result<(), Failure> {
        let address = Address::of(bundle.certificate());
        Self::put(&self.place("bundles", &address.to_string()), &bundle.encode())
    }

    pub(crate) fn list(&self, of: AccountId) -> Result<DeviceList, Failure> {
        Ok(DeviceList::decode(&fs::read(self.place("lists", &of.to_string()))?)?)
    }

    pub(crate) fn bundle(&self, of: Address) -> Result<Bundle, Failure> {
        Ok(Bundle::decode(&fs::read(self.place("bundles", &of.to_string()))?)?)
    }

    /// Takes an envelope. One that is brought again is the same.
    pub(crate) fn send(
        &self,
        from: Address,
        to: Address,
        id: MessageId,
        envelope: &[u8],
    ) -> Result<(), Failure> {
        let bytes = [&from.to_bytes(), id.as_ref(), envelope].concat();
        Self::put(&self.place("mail", &format!("{to} {id}")), &bytes)
    }

    /// Returns the mail of a device, the oldest first.
    pub(crate) fn mail(&self, to: Address) -> Result<Vec<Mail>, Failure> {
        let begin = format!("{to} ").replace('/', "-");
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder.join("mail"))? {
            let (name, path) = {
                let entry = entry?;
                (entry.file_name(), entry.path())
            };
            let name = name.into_string().unwrap_or_default();
            if !name.starts_with(&begin) || name.ends_with(".next") {
                continue;
            }
            let bytes = fs::read(&path)?;
            let (from, rest) = bytes.split_first_chunk().ok_or("no mail")?;
            let (id, envelope) = rest.split_first_chunk().ok_or("no mail")?;
            let mail = Mail {
                from: Address::from_bytes(from),
                id: MessageId(*id),
                envelope: envelope.to_vec(),
                path,
            };
            found.push((fs::metadata(&mail.path)?.modified()?, mail));
        }
        found.sort_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, mail)| mail).collect())
    }

    /// Takes an entry of an account's settings. One that is brought again is the same.
    pub(crate) fn add_entry(&self, of: AccountId, entry: &[u8]) -> Result<(), Failure> {
        let entries = self.entries(of)?;
        if entries.iter().any(|known| known == entry) {
            return Ok(());
        }
        Self::put(&self.place("settings", &format!("{of} {:09}", entries.len())), entry)
    }

    /// Returns the entries of an account's settings.
    pub(crate) fn entries(&self, of: AccountId) -> Result<Vec<Vec<u8>>, Failure> {
        let mut entries = Vec::new();
        for number in 0.. {
            match fs::read(self.place("settings", &format!("{of} {number:09}"))) {
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                entry => entries.push(entry?),
            }
        }
        Ok(entries)
    }

    /// Tells how many bytes of a file have arrived.
    pub(crate) fn arrived(&self, id: AttachmentId) -> Result<u64, Failure> {
        match fs::metadata(self.place("files", &id.to_string())) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            found => Ok(found?.len()),
        }
    }

    /// Takes bytes that belong at a place of a file: behind those that have arrived, and nowhere else.
    pub(crate) fn append(&self, id: AttachmentId, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        if self.arrived(id)? != at {
            return Err("these bytes have arrived before".into());
        }
        let path = self.place("files", &id.to_string());
        Ok(OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)?)
    }

    /// Gives out a range of a file.
    pub(crate) fn fetch(
        &self,
        id: AttachmentId,
        range: Range<u64>,
        into: &mut [u8],
    ) -> Result<(), Failure> {
        let mut file = File::open(self.place("files", &id.to_string()))?;
        file.seek(SeekFrom::Start(range.start))?;
        Ok(file.read_exact(into)?)
    }
}
