//! History: the new phone asks, the old one answers, and each item is kept with the place behind it.

use std::io::Cursor;

use latchstring::Error;
use latchstring::attachment::{Media, PIECE};
use latchstring::client::{Address, Client, OwnObject};
use latchstring::history::{
    HistoryExport, HistoryImport, HistoryItem, HistoryPosition, HistoryRange, HistoryRequests,
};
use latchstring::session::DeviceId;

use crate::device::{Device, Message, kept, now, rng, row};
use crate::note;
use crate::store::{Failure, Step};

const IMPORT: &str = "import";
const POSITION: &str = "position";
const EXPORT: &str = "export";
const REQUESTS: &str = "requests";
const ANSWERED: &str = "answered";

/// The messages in a part. A program takes some thousands; this story is short.
const PART: usize = 4;

impl Device<'_> {
    /// Asks an own device for everything, if that was not done.
    pub(crate) fn ask_for_history(&self, of: DeviceId) -> Result<(), Failure> {
        if self.store.kept(IMPORT)?.is_some() {
            return Ok(());
        }
        // The range is the app's choice: the last month, one conversation, or the 50 messages before one.
        let range = HistoryRange::ALL.at_most(1_000_000, 1 << 30);
        let import = HistoryImport::ask(&self.client()?, of, &range, now(), &mut rng())?;
        self.send_object(&import.request(), |step| {
            step.keep(IMPORT.to_owned(), &import.to_bytes());
            Ok(())
        })
    }

    /// Takes a request, in the step in which its letter is read.
    pub(crate) fn begin_answer(
        &self,
        step: &mut Step<'_>,
        client: &Client,
        from: Address,
        request: &OwnObject,
    ) -> Result<(), Failure> {
        let saved = self.store.kept(REQUESTS)?;
        let mut requests = match saved {
            Some(saved) => HistoryRequests::from_bytes(&saved)?,
            None => HistoryRequests::default(),
        };
        match requests.answer(client, from, request, now()) {
            Ok(export) => {
                step.keep(REQUESTS.to_owned(), &requests.to_bytes());
                step.keep(EXPORT.to_owned(), &export.to_bytes());
            }
            // Others are asked, or the same again: nothing is to be done. An app tells its user of the rest.
            Err(Error::NotRecipient | Error::TooSoon) => {}
            Err(error) => note(&format!("⚠ {} does not answer: {error}", self.name)),
        }
        Ok(())
    }

    /// Answers a request, or does what is left of it: part for part, then the manifest.
    pub(crate) fn answer(&self) -> Result<(), Failure> {
        let (Some(saved), None) = (self.store.kept(EXPORT)?, self.store.kept(ANSWERED)?) else {
            return Ok(());
        };
        let mut export = HistoryExport::from_bytes(&saved)?;
        let told = usize::try_from(export.items())?;
        // What can be seen once is not told. Nor is what has disappeared, of which a program erases the row; what is
        // on its way to that has its deadline beside it (`HistoryItem::with_deadline`), but nothing is yet.
        let told_on = self.messages()?.into_iter().rev();
        let told_on = told_on.filter(|message| message.content.view_once().is_none());
        let newest_first: Vec<_> = told_on.skip(told).collect();
        for messages in newest_first.chunks(PART) {
            let (mut writer, mut chunk) = (export.writer(), Vec::new());
            for it in messages {
                let with = it.facts.conversation;
                let item = HistoryItem::new(with, it.from, it.id, it.sent, &it.content);
                chunk.extend_from_slice(&writer.write(&item.with_facts(&it.facts)?)?);
            }
            let name = format!("history part {}", export.parts());
            let reference = self.upload(&name, Media::File, &mut Cursor::new(chunk))?;
            export.add(&writer, &reference, b"")?;
            self.store.step(|step| {
                step.keep(EXPORT.to_owned(), &export.to_bytes());
                Ok(())
            })?;
        }
        let (messages, parts) = (export.items(), export.parts());
        note(&format!("    {} tells {messages} messages in {parts} parts", self.name));
        let answer = export.finish(&self.client()?, false, now())?;
        self.send_object(&answer, |step| {
            step.keep(ANSWERED.to_owned(), b"");
            Ok(())
        })
    }

    /// Takes an answer, in the step in which its letter is read.
    pub(crate) fn take_answer(
        &self,
        step: &mut Step<'_>,
        client: &Client,
        from: Address,
        answer: &OwnObject,
    ) -> Result<(), Failure> {
        let Some(saved) = self.store.kept(IMPORT)? else { return Ok(()) };
        let mut import = HistoryImport::from_bytes(&saved)?;
        match import.take(client, from, answer) {
            Ok(()) => {
                step.keep(IMPORT.to_owned(), &import.to_bytes());
            }
            Err(error) => note(&format!("⚠ {} drops a history: {error}", self.name)),
        }
        Ok(())
    }

    /// Reads the answer, or what is left of it: each piece's messages and the place behind them are one step.
    pub(crate) fn import(&self) -> Result<(), Failure> {
        let saved = self.store.kept(IMPORT)?.ok_or("history was asked for")?;
        let mut import = HistoryImport::from_bytes(&saved)?;
        if !import.is_answered() {
            return Err("nobody has answered".into());
        }
        if let Some(saved) = self.store.kept(POSITION)? {
            import.resume(&HistoryPosition::from_bytes(&saved)?)?;
        }
        let mut buffer = Box::new([0; PIECE]);
        while let Some(mut opener) = import.opener() {
            let part = import.part().ok_or("there is an opener for it")?;
            let reference =
                latchstring::attachment::Reference::decode(&*part.reference().encode())?;
            while let Some(mut content) = self.open_next(&mut opener, &reference, &mut buffer)? {
                let mut told = Vec::new();
                while let Some(item) = import.read(&mut content)? {
                    told.push(item.item);
                }
                let here = self.messages()?;
                self.store.step(|step| {
                    for item in &told {
                        // What is here already came by a letter, which may say another time. An app whose accounts
                        // move compares their first ids.
                        let is_it = |message: &Message| {
                            (message.from.account, message.id) == (item.from.account, item.id)
                        };
                        if !here.iter().any(is_it) {
                            let facts = item.facts().ok_or("it was told with them")?;
                            // As it came: what only a newer program can show is kept for that.
                            let row = row(item.sent, item.from, item.id);
                            step.keep(row, &kept(&facts, item.encoded()));
                        }
                    }
                    step.keep(POSITION.to_owned(), &import.position().to_bytes());
                    Ok(())
                })?;
            }
            let (number, all) = (import.number(), import.items());
            note(&format!("    {} has {number} of {all} messages", self.name));
        }
        Ok(())
    }
}
