//! The relay: an in-memory mailbox. It holds what a server would hold and prints what it sees.

use std::collections::{HashMap, VecDeque};
use std::fmt::Display;

use latchstring::Error;
use latchstring::client::DeviceList;
use latchstring::guest::{ClaimDigest, Locator, ServerCopy};
use latchstring::session::{Bundle, OneTimePrekey};

/// The side that a mailbox belongs to. A server knows no more of a guest than that it is one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Host,
    Guest,
}

/// One link as the server knows it.
struct Entry {
    copy: ServerCopy,
    /// The claim that came first.
    claim: Option<ClaimDigest>,
    /// The owner's notice that the link is over.
    notice: Option<Vec<u8>>,
}

/// The server's reply to a claimant.
pub(crate) enum Answer {
    Taken,
    TooLate { notice: Option<Vec<u8>> },
    Refused(Error),
}

pub(crate) struct Server {
    list: DeviceList,
    bundle: Bundle,
    /// The oldest first: it is handed out first, because its device erases it first.
    one_time: VecDeque<OneTimePrekey>,
    links: HashMap<Locator, Entry>,
    mail: HashMap<(Locator, Side), VecDeque<Vec<u8>>>,
}

/// Prints a line of the server's view, beside the conversation.
fn sees(what: &str) {
    println!("{:WIDTH$}│ {what}", "", WIDTH = crate::WIDTH);
}

/// Shows the first four bytes of an id.
fn short(id: impl Display) -> String {
    format!("{:.8}…", id.to_string())
}

impl Server {
    pub(crate) fn new(list: DeviceList, bundle: Bundle, one_time: Vec<OneTimePrekey>) -> Self {
        sees(&format!("an account's list of {} device(s)", list.devices().len()));
        let size = bundle.encode().len();
        sees(&format!("a device's bundle, {size} B, and {} one-time prekeys", one_time.len()));
        let one_time = one_time.into();
        Self { list, bundle, one_time, links: HashMap::new(), mail: HashMap::new() }
    }

    pub(crate) fn post(&mut self, copy: &[u8]) -> Result<(), Error> {
        let copy = ServerCopy::decode(copy)?;
        let (locator, size) = (copy.locator(), copy.sealed_invitation().len());
        sees(&format!("a link {}, sealed invitation of {size} B", short(locator)));
        self.links.insert(locator, Entry { copy, claim: None, notice: None });
        Ok(())
    }

    /// Gives out the sealed invitation. Looking changes nothing, whoever looks.
    pub(crate) fn look(&self, locator: Locator) -> Option<Vec<u8>> {
        sees(&format!("somebody looks at {}", short(locator)));
        self.links.get(&locator).map(|entry| entry.copy.sealed_invitation().to_vec())
    }

    /// Gives out the account's devices, and a bundle of each with a one-time prekey while there is one.
    pub(crate) fn devices(&mut self) -> Result<(DeviceList, [Bundle; 1]), Error> {
        sees("somebody fetches the device list and the bundle");
        let bundle = match self.one_time.pop_front() {
            Some(one_time) => self.bundle.attach(one_time)?,
            None => self.bundle.clone(),
        };
        Ok((self.list.clone(), [bundle]))
    }

    /// Takes a claim. The first one wins; the same claim again gets the same answer.
    pub(crate) fn claim(&mut self, locator: Locator, claim: &[u8]) -> Answer {
        let Some(entry) = self.links.get_mut(&locator) else {
            return Answer::TooLate { notice: None };
        };
        let digest = match entry.copy.check_claim(claim) {
            Ok(digest) => digest,
            Err(error) => return Answer::Refused(error),
        };
        let first = *entry.claim.get_or_insert(digest);
        if first != digest || entry.notice.is_some() {
            sees(&format!("claim {} comes too late", short(digest)));
            return Answer::TooLate { notice: entry.notice.clone() };
        }
        sees(&format!("claim {} of {}, {} B", short(digest), short(locator), claim.len()));
        self.mail.entry((locator, Side::Host)).or_default().push_back(claim.to_vec());
        Answer::Taken
    }

    pub(crate) fn close(&mut self, locator: Locator, notice: Vec<u8>) -> Result<(), Error> {
        if let Some(entry) = self.links.get_mut(&locator) {
            entry.copy.check_notice(&notice)?;
            entry.notice = Some(notice);
            sees(&format!("the owner of {} says that it is over", short(locator)));
        }
        Ok(())
    }

    pub(crate) fn send(&mut self, locator: Locator, to: Side, message: Vec<u8>) {
        let who = if to == Side::Host { "host" } else { "guest" };
        let start = message[2..6].iter().fold(0, |start, byte| start << 8 | u32::from(*byte));
        sees(&format!("{} B for the {who}: {start:08x}…", message.len()));
        self.mail.entry((locator, to)).or_default().push_back(message);
    }

    /// Takes the next message for one side out of its mailbox.
    pub(crate) fn fetch(&mut self, locator: Locator, side: Side) -> Option<Vec<u8>> {
        self.mail.get_mut(&(locator, side))?.pop_front()
    }
}
