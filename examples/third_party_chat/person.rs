//! Somebody with a device: the client in its store, and what the user is shown.

use std::cell::{Cell, RefCell};
use std::path::Path;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::content::Content;
use latchstring::session::{Account, AccountId};
use latchstring::signal::{
    AccountStatement, Address, Attestation, Authority, Client, ContentProfile, Delivery,
    ForeignDevice, ForeignMessage, Notice, ProviderId, Saying, TrustedKeys, Version,
};
use latchstring::storage::{Pending, State, StateKey};

use crate::DAY;
use crate::page::{note, says};
use crate::store::{Failure, Store};

/// The owner of each device's client: what it is stored for.
const CLIENT: &str = "the client for other messengers";

pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) device: ForeignDevice,
    pub(crate) account: Account,
    /// The profile that the person's programs keep to.
    pub(crate) profile: ContentProfile,
    pub(crate) now: Cell<u64>,
    /// All that was shown. It is the app's, and no key opens or closes it.
    pub(crate) shown: RefCell<Vec<String>>,
    store: Store,
}

impl Person {
    /// Sets up a device. There are no providers for it but those that `root` signs for: the maker of its app.
    pub(crate) fn new(
        name: &'static str,
        (provider, root): (&ProviderId, &Authority),
        profile: ContentProfile,
        folder: &Path,
        now: u64,
    ) -> Result<Self, Failure> {
        let mut rng = UnwrapErr(SysRng);
        let device = ForeignDevice::new(provider, &Address::new(&name.to_lowercase(), 1)?);
        let roots = TrustedKeys::new([root.public_key()])?;
        let client = Client::generate(device.clone(), Version::V3, roots, now, &mut rng);
        let store = Store { path: folder.join(name), key: StateKey::new(1, &[9; 32])? };
        store.step(|step| step.save(CLIENT, None, &client))?;
        let mut id = [0; 32];
        id[..name.len()].copy_from_slice(name.as_bytes());
        let account = Account::generate(AccountId(id), &mut rng);
        let (now, shown) = (Cell::new(now), RefCell::default());
        Ok(Self { name, device, account, profile, now, shown, store })
    }

    /// Loads the client as it is stored.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.store.load(CLIENT, None)
    }

    /// Moves the client on and saves it; only then is there something to send or to show.
    pub(crate) fn change<T>(
        &self,
        work: impl for<'s> FnOnce(
            &'s mut Client,
            u64,
            &mut UnwrapErr<SysRng>,
        ) -> Result<Pending<'s, Client, T>, Error>,
    ) -> Result<T, Failure> {
        let (client, now) = (self.client()?, self.now.get());
        self.store.step(|step| {
            step.change(CLIENT, client, |client| work(client, now, &mut UnwrapErr(SysRng)))
        })
    }

    /// Keeps another state beside the client.
    pub(crate) fn keep<S: State>(&self, owner: &str, state: &S) -> Result<(), Failure> {
        self.store.step(|step| step.save(owner, None, state))
    }

    /// Tells whether there is a state of this owner.
    pub(crate) fn has(&self, owner: &str) -> bool {
        self.store.size(owner).is_ok_and(|size| size > 0)
    }

    /// Moves a state beside the client on and saves it, with a look at the client.
    pub(crate) fn with<S: State, T>(
        &self,
        owner: &str,
        work: impl for<'s> FnOnce(&'s mut S, &Client, u64) -> Result<Pending<'s, S, T>, Error>,
    ) -> Result<T, Failure> {
        let (state, client, now) = (self.store.load(owner, None)?, self.client()?, self.now.get());
        self.store.step(|step| step.change(owner, state, |state| work(state, &client, now)))
    }

    /// Says what the account is, and has its provider confirm it.
    pub(crate) fn attested(&self, provider: &Authority) -> Result<Attestation, Failure> {
        let statement = AccountStatement {
            account: self.device.account().clone(),
            key: self.account.public_key(),
            sequence: 1,
            from: self.now.get(),
            until: self.now.get() + 30 * DAY,
            profile: self.profile,
            devices: vec![self.client()?.attested_device()],
        };
        let attestation = statement.sign(&self.account)?.attest(provider);
        let (bytes, key) = (attestation.encode(), self.account.public_key());
        self.change(|client, now, _| client.adopt(&bytes, key, now))?;
        Ok(attestation)
    }

    /// Opts in to a provider, once the user has read what there is to know.
    pub(crate) fn opt_in(&self, provider: &ProviderId) -> Result<(), Failure> {
        let notices = self.client()?.notices(provider).ok_or("a provider that was learned")?;
        note(&format!("{}'s app shows, before it is switched on, of {provider}:", self.name));
        for notice in notices.list() {
            note(&format!("  · {}", words(notice)));
        }
        note(&format!("{} has read it, and switches {provider} on", self.name));
        self.switch_on(provider)
    }

    /// Opts in to a provider, whose notices the user knows.
    pub(crate) fn switch_on(&self, provider: &ProviderId) -> Result<(), Failure> {
        let notices = self.client()?.notices(provider).ok_or("a provider that was learned")?;
        self.change(|client, now, _| client.opt_in(provider, notices, now))
    }

    /// Writes a text. What is sent was saved before.
    pub(crate) fn write(&self, to: &ForeignDevice, text: &str) -> Result<Delivery, Failure> {
        says(self.name, text);
        self.send(to, &Content::text(text)?)
    }

    /// Seals a content, saves, and gives the message to whoever carries it.
    pub(crate) fn send(&self, to: &ForeignDevice, content: &Content) -> Result<Delivery, Failure> {
        let message = self.change(|client, now, rng| {
            let saying = Saying::new(content, client.message_id(rng));
            client.seal(to, &saying, now, rng)
        })?;
        Ok(Delivery { from: self.device.clone(), to: to.clone(), message })
    }

    /// Opens what a server or proxy has brought, saves, and only then shows it.
    pub(crate) fn open(&self, bytes: &[u8]) -> Result<ForeignMessage, Failure> {
        let Delivery { from, message, .. } = Delivery::decode(bytes)?;
        self.change(|client, now, _| client.open(&from, message.kind, &message.bytes, now))
    }

    /// Opens what came and shows a text, with the label of whoever wrote it.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<ForeignMessage, Failure> {
        let message = self.open(bytes)?;
        let who = message.from.account();
        if message.skipped > 0 {
            note(&format!("[{} sees that an earlier message is missing]", self.name));
        }
        let text = message.content.said().and_then(|said| said.content.as_text());
        match text {
            Some(text) if message.is_request => {
                note(&format!("→ {} is asked: {who} would like to write: \"{text}\"", self.name));
            }
            Some(text) => note(&format!("→ {} reads \"{text}\" from {who}", self.name)),
            None => note(&format!("→ {} is told that {who} has sent something", self.name)),
        }
        let text = text.unwrap_or("(no text)");
        self.shown.borrow_mut().push(format!("{who}: {text}"));
        Ok(message)
    }

    /// Has the app refuse what came, which must leave its state as it was.
    pub(crate) fn refuses(&self, what: &str, bytes: &[u8]) -> Result<Error, Failure> {
        let before = self.client()?;
        let error = refused(&format!("{}'s app", self.name), what, self.open(bytes))?;
        let after = self.client()?;
        assert!(before.anchor() == after.anchor(), "a refusal changes nothing");
        Ok(error)
    }
}

/// Tells that something was refused, and by which error.
pub(crate) fn refused<T>(
    who: &str,
    what: &str,
    result: Result<T, impl Into<Failure>>,
) -> Result<Error, Failure> {
    let Err(failure) = result else { return Err(format!("{who} took {what}").into()) };
    let error = *failure.into().downcast::<Error>()?;
    note(&format!("✗ {who} refuses {what} [{error:?}]"));
    Ok(error)
}

/// The words of this app for what a user is to know.
fn words(notice: Notice) -> &'static str {
    match notice {
        Notice::OtherProgram => "what you write is read by a program that is not ours",
        Notice::KeepsCopies => "that program, or its provider, may keep copies",
        Notice::SeesWho => "its provider sees who writes to whom, and when",
        Notice::Unwanted => "unwanted messages and fraud are more common there",
        Notice::AttestedByProvider => "its provider says who people are, unless you compare codes",
        Notice::NoTimers => "messages do not disappear there",
        Notice::NoViewOnce => "nothing can be shown just once there",
        Notice::NoEdits => "nothing that was sent can be edited or deleted there",
        Notice::Unbound => "nobody says who people are there: their names prove nothing",
        Notice::NotPostQuantum => "chats may be without protection against quantum computers",
        _ => "there is something to know that this app is too old to say",
    }
}
