//! Settings: what is set on one phone is so on the other, through entries that the server keeps and cannot read.

use latchstring::client::{Client, OwnObject};
use latchstring::settings::{Setting, Settings};
use latchstring::storage::State;

use crate::device::{Device, deed, now, rng};
use crate::store::{Failure, Step};
use crate::{note, scene};

const SETTINGS: &str = "the settings";

/// Tells the scene.
pub(crate) fn tell(phone: &Device<'_>, new: &Device<'_>) -> Result<(), Failure> {
    scene("Ada sets something on the old phone");
    phone.make_settings_key()?;
    new.read()?;
    phone.set("theme", b"dark")?;
    new.take_settings()
}

impl Device<'_> {
    fn settings(&self, client: &Client) -> Result<Settings, Failure> {
        match self.store.kept(SETTINGS)? {
            Some(_) => self.store.load(SETTINGS, None),
            None => Ok(Settings::create(client, now(), &mut rng())?),
        }
    }

    /// Makes the key of the settings and tells the other own devices, if that is due. A program asks once a day, and
    /// when a device has left.
    fn make_settings_key(&self) -> Result<(), Failure> {
        let client = self.client()?;
        if self.store.kept(SETTINGS)?.is_none() {
            let settings = Settings::create(&client, now(), &mut rng())?;
            self.store.step(|step| step.save(SETTINGS, None, &settings))?;
        }
        let mut settings = self.settings(&client)?;
        if !settings.tasks(&client, now())?.rotate {
            return Ok(());
        }
        let from = settings.anchor();
        let keys = settings.rotate(&client, now(), &mut rng())?.apply();
        self.send_object(&keys, |step| step.save(SETTINGS, Some(from), &settings))
    }

    /// Takes the keys of another own device, in the step in which its letter is read.
    pub(crate) fn take_settings_keys(
        &self,
        step: &mut Step<'_>,
        client: &Client,
        keys: &OwnObject,
    ) -> Result<(), Failure> {
        let mut settings = self.settings(client)?;
        let from = self.store.kept(SETTINGS)?.map(|_| settings.anchor());
        settings.take_keys(client, keys, now())?.apply();
        step.save(SETTINGS, from, &settings)
    }

    /// Sets something of the app's own, if that was not done. What was saved and has not reached the server is brought.
    fn set(&self, name: &str, value: &[u8]) -> Result<(), Failure> {
        let client = self.client()?;
        if self.store.kept(&deed(name))?.is_none() {
            let settings = self.settings(&client)?;
            let values = [(Setting::App(name.to_owned()), Some(value))];
            self.store.step(|step| {
                let entry = step
                    .change(SETTINGS, settings, |settings| settings.set(&client, &values, now()))?;
                step.keep(deed(name), &entry);
                Ok(())
            })?;
        }
        let entry = self.store.kept(&deed(name))?.ok_or("just saved")?;
        note(&format!("    {}: {name} is {}", self.name, String::from_utf8_lossy(value)));
        self.server.add_entry(client.address().account, &entry)
    }

    /// Takes what the server has of the settings, and shows what is set. Its order does not matter; what it leaves out
    /// is noticed when the devices tell each other how far they are (`Settings::tell_heads`).
    fn take_settings(&self) -> Result<(), Failure> {
        let client = self.client()?;
        let entries = self.server.entries(client.address().account)?;
        let settings = self.settings(&client)?;
        self.store.step(|step| {
            step.change(SETTINGS, settings, |settings| settings.take(&client, &entries, now()))
        })?;
        for (setting, value) in self.settings(&client)?.iter() {
            let Setting::App(name) = setting else { continue };
            note(&format!("    {}: {name} is {}", self.name, String::from_utf8_lossy(value)));
        }
        Ok(())
    }
}
