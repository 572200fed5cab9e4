//! A group that knows its members: who is in, by whose word, and who is out.

use latchstring::client::{Client, Enclosed, ReceivedLetter, Recipients, To};
use latchstring::content::Content;
use latchstring::group::{Adding, Group, Member, Object, Standing};
use latchstring::session::AccountId;
use latchstring::storage::State;

use crate::device::{Device, deed, now, rng, text_of};
use crate::store::{Failure, Step};
use crate::{GRACE, note, scene};

const GROUP: &str = "the group";

/// Tells the scenes.
pub(crate) fn tell(
    phone: &Device<'_>,
    new: &Device<'_>,
    grace: &Device<'_>,
) -> Result<(), Failure> {
    let everybody_reads = || [grace, phone, new].into_iter().try_for_each(Device::read);

    scene("Ada founds a group with Grace");
    phone.found_group(GRACE)?;
    everybody_reads()?;
    grace.say_in_group("who else is here?")?;
    everybody_reads()?;
    new.say_in_group("the two of us")?;
    everybody_reads()?;
    grace.show_members()?;

    scene("Ada removes Grace, who can write there no more");
    phone.remove_from_group(GRACE)?;
    everybody_reads()?;
    new.show_members()?;
    match grace.group()?.recipients(&grace.client()?) {
        Err(error) => note(&format!("    {} writes: {error}", grace.name)),
        Ok(_) => return Err("Grace was removed".into()),
    }
    Ok(())
}

impl Device<'_> {
    fn group(&self) -> Result<Group, Failure> {
        self.store.load(GROUP, None)
    }

    /// Founds a group, and tells its members how it stands, if that was not done.
    fn found_group(&self, with: AccountId) -> Result<(), Failure> {
        if self.store.kept(GROUP)?.is_some() {
            return Ok(());
        }
        let client = self.client()?;
        let member = Member::of(client.list_of(with).ok_or("a contact")?);
        let group = Group::found(&client, Adding::Administrators, &[member], &[], &mut rng())?;
        let (to, checkpoint) = (group.recipients(&client)?, group.checkpoint(&client)?);
        self.send_to_group(&to, &checkpoint, |step| step.save(GROUP, None, &group))
    }

    fn say_in_group(&self, text: &str) -> Result<(), Failure> {
        if self.store.kept(&deed(text))?.is_some() {
            return Ok(());
        }
        let to = self.group()?.recipients(&self.client()?)?;
        note(&format!("    {} to the group: {text}", self.name));
        self.send_to_group(&to, &Content::text(text)?, |step| {
            step.keep(deed(text), b"");
            Ok(())
        })
    }

    /// Removes a member, if it is one. Who is removed is told, too.
    fn remove_from_group(&self, account: AccountId) -> Result<(), Failure> {
        let (client, mut group) = (self.client()?, self.group()?);
        let member = Member::of(client.list_of(account).ok_or("a contact")?);
        if !group.members().any(|(known, _)| known == member) {
            return Ok(());
        }
        let from = group.anchor();
        let made = group.remove(&client, &[member])?.apply();
        self.send_to_group(&made.to, &made.content, |step| step.save(GROUP, Some(from), &group))
    }

    /// Sends a content to members, and keeps something in the same step.
    fn send_to_group(
        &self,
        to: &Recipients,
        content: &Content,
        keep: impl FnOnce(&mut Step<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (client, plan) = self.supplied(|client| client.plan(To::Recipients(to), now()))?;
        self.seal(client, plan, Enclosed::from(content), |step, _| keep(step))
    }

    /// Takes what came in a group, in the step in which its letter is read. This story has one group, and a user who
    /// joins whatever a contact invites to.
    pub(crate) fn keep_in_group(
        &self,
        step: &mut Step<'_>,
        client: &Client,
        letter: &ReceivedLetter,
        content: &Content,
    ) -> Result<(), Failure> {
        let Some(objects) = content.as_group() else {
            return self.judge(step, client, letter, content);
        };
        for object in objects {
            match Object::of(object)?.0 {
                Object::Checkpoint if self.store.kept(GROUP)?.is_none() => {
                    step.save(GROUP, None, &Group::join(client, letter.from, object)?)?;
                }
                Object::Operation => {
                    let group = self.group()?;
                    step.change(GROUP, group, |group| group.take(client, object))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Shows a text only of who may write in the group.
    fn judge(
        &self,
        step: &mut Step<'_>,
        client: &Client,
        letter: &ReceivedLetter,
        content: &Content,
    ) -> Result<(), Failure> {
        let group = self.group()?;
        let judged = step.change(GROUP, group, |group| group.judge(client, letter, now()))?;
        match judged.writer {
            Standing::Member(_) => {}
            other => note(&format!("⚠ {} drops {}: {other:?}", self.name, text_of(content))),
        }
        Ok(())
    }

    fn show_members(&self) -> Result<(), Failure> {
        for (member, word) in self.group()?.members() {
            let [member, by] = [member, word.by].map(|it| name_of(it.id));
            note(&format!("    {} knows as a member: {member}, by the word of {by}", self.name));
        }
        Ok(())
    }
}

/// Returns the name that is in an account's id, in this story.
fn name_of(account: AccountId) -> String {
    let id = String::from_utf8_lossy(&account.0);
    id.split(',').next().unwrap_or_default().to_owned()
}
