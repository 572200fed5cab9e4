//! Talk on two phones of one account: reactions, corrections and replies, messages that disappear, and a picture that
//! can be seen once.

use std::io::Cursor;

use latchstring::attachment::{Media, Reference};
use latchstring::client::{Conversation, Lifetime, MessageFacts, To};
use latchstring::content::{
    Content, ConversationTimer, Correction, Reaction, Target, TimerSetting,
};
use latchstring::session::AccountId;

use crate::device::{CLIENT, Device, Message, deed, kept, now, text_of};
use crate::store::{Failure, Step};
use crate::{ADA, GRACE, note, scene};

const TIMER: &str = "the timer of the conversation";
const OWED: &str = "a notice that is owed";

const DAY: u64 = 86_400;
const SEVEN_DAYS: u32 = 604_800;

/// Tells the scenes.
pub(crate) fn tell(
    phone: &Device<'_>,
    new: &Device<'_>,
    grace: &Device<'_>,
) -> Result<(), Failure> {
    let everybody_reads = || [grace, phone, new].into_iter().try_for_each(Device::read);

    scene(
        "The new phone reacts to what was said before it was there, and replies; Grace corrects herself",
    );
    new.react(GRACE, "a film! I will watch it tonight", "👍")?;
    new.reply(GRACE, "a film! I will watch it tonight", "tell me how you liked it")?;
    grace.say(ADA, "I wlil")?;
    everybody_reads()?;
    grace.correct(ADA, "I wlil", "I will")?;
    everybody_reads()?;
    note(&format!("    {} shows: {}", new.name, new.newest_text(GRACE)?));

    scene("From now on their messages disappear seven days after they were read");
    phone.set_timer(GRACE, SEVEN_DAYS)?;
    everybody_reads()?;
    grace.say_for_a_time(ADA, "the key is under the mat")?;
    everybody_reads()?;
    new.show_lifetime(GRACE)?;

    scene("Grace sends a picture that can be seen once");
    let picture = grace.upload("picture", Media::Image, &mut Cursor::new([7; 5000]))?;
    let content = Content::attached(&picture, b"")?.shown_once()?;
    grace.send("picture", To::Account(ADA), &content)?;
    everybody_reads()?;
    phone.look_once(GRACE)?;
    everybody_reads()?;
    new.look_once(GRACE)
}

impl Device<'_> {
    /// Keeps what somebody says, or what it says about an earlier message, in the step that seals or opens it. Own words
    /// and those of others go this one way, so that all devices come to the same.
    pub(crate) fn keep_said(
        &self,
        step: &mut Step<'_>,
        row: String,
        facts: &MessageFacts,
        content: &Content,
    ) -> Result<(), Failure> {
        if let Some(correction) = content.as_correction() {
            return self.keep_correction(step, facts, correction);
        }
        if let Some(reaction) = content.as_reaction() {
            keep_reaction(step, facts, reaction);
            return Ok(());
        }
        if let Some(setting) = content.as_timer_setting() {
            return self.keep_timer(step, facts, setting);
        }
        let is_new = step.keep(row, &kept(facts, &content.encode()));
        if is_new { Ok(()) } else { Err("a message came twice".into()) }
    }

    /// Puts the new text in the place of the old one, if it is its author's and in time. A program also keeps the number
    /// of the correction: of several the one with the highest holds. This story has one of each message.
    fn keep_correction(
        &self,
        step: &mut Step<'_>,
        facts: &MessageFacts,
        correction: &Correction,
    ) -> Result<(), Failure> {
        let messages = self.messages()?;
        let is_it = |it: &&Message| it.facts.is_corrected_by(correction, facts);
        let Some(corrected) = messages.iter().find(is_it) else { return Ok(()) };
        let content = Content::text(correction.text())?.encode();
        step.keep(corrected.row(), &kept(&corrected.facts, &content));
        Ok(())
    }

    fn keep_timer(
        &self,
        step: &mut Step<'_>,
        facts: &MessageFacts,
        setting: TimerSetting,
    ) -> Result<(), Failure> {
        let mut timer = self.timer()?;
        if timer.merge(setting, &facts.target) {
            step.keep(TIMER.to_owned(), &timer.encode());
        }
        Ok(())
    }

    /// Returns the timer of the one conversation that this story has.
    fn timer(&self) -> Result<ConversationTimer, Failure> {
        let saved = self.store.kept(TIMER)?;
        Ok(saved.map(|saved| ConversationTimer::decode(&saved)).transpose()?.unwrap_or_default())
    }

    /// Returns the newest message of a conversation that is so.
    fn newest(
        &self,
        with: AccountId,
        is_so: impl Fn(&Content) -> bool,
    ) -> Result<Option<Message>, Failure> {
        let of = self.messages()?.into_iter().rev();
        let mut of = of.filter(|it| it.facts.conversation == Conversation::With(with));
        Ok(of.find(|it| is_so(&it.content)))
    }

    /// Returns the newest message of a conversation that says this.
    fn find(&self, with: AccountId, text: &str) -> Result<Message, Failure> {
        let found = self.newest(with, |content| content.as_text() == Some(text))?;
        found.ok_or_else(|| format!("{} does not know: {text}", self.name).into())
    }

    fn newest_text(&self, with: AccountId) -> Result<String, Failure> {
        let newest = self.newest(with, |content| content.as_text().is_some())?;
        Ok(newest.map(|message| text_of(&message.content)).unwrap_or_default())
    }

    fn react(&self, with: AccountId, to: &str, sign: &str) -> Result<(), Failure> {
        let target = self.find(with, to)?.facts.target;
        let content = Content::reaction(&target, 1, Some(sign))?;
        self.send(&format!("{sign} {to}"), To::Account(with), &content)
    }

    fn reply(&self, with: AccountId, to: &str, text: &str) -> Result<(), Failure> {
        let content = Content::text(text)?.with_reply(&self.find(with, to)?.facts.target)?;
        self.send(text, To::Account(with), &content)
    }

    /// Corrects a text, if that was not done.
    fn correct(&self, with: AccountId, from: &str, to: &str) -> Result<(), Failure> {
        if self.store.kept(&deed(to))?.is_some() {
            return Ok(());
        }
        let said = self.find(with, from)?;
        let content = self.client()?.correction(&said.facts, 1, to, now())?;
        self.send(to, To::Account(with), &content)
    }

    fn set_timer(&self, with: AccountId, seconds: u32) -> Result<(), Failure> {
        let content = Content::timer_setting(&self.timer()?, Some(seconds))?;
        self.send("the timer", To::Account(with), &content)
    }

    /// Says a text that disappears after the time that the conversation has.
    fn say_for_a_time(&self, with: AccountId, text: &str) -> Result<(), Failure> {
        let seconds = self.timer()?.seconds().ok_or("the conversation has a timer")?;
        self.send(text, To::Account(with), &Content::text(text)?.with_timer(seconds)?)
    }

    /// Shows how long the newest message that disappears is there. A program keeps the deadline with the message from
    /// when it is shown, and asks again before it shows it, and once a day.
    fn show_lifetime(&self, with: AccountId) -> Result<(), Failure> {
        let message = self.newest(with, |content| content.timer().is_some())?;
        let message = message.ok_or("nothing disappears")?;
        let (client, now) = (self.client()?, now());
        let seconds = message.content.timer().ok_or("it has a timer")?;
        let mut deadline = client.start_timer(seconds, now);
        for (when, days) in [("now", 0), ("in six days", 6), ("in eight", 8)] {
            let then = now.saturating_add(DAY.saturating_mul(days));
            // A clock that has gone far ahead hides it and erases nothing: it may be wrong.
            let state = match client.timed(&mut deadline, then) {
                Lifetime::Shown(seconds) => {
                    format!("shown for {} days more", seconds.div_ceil(DAY))
                }
                Lifetime::Hidden => "hidden, and erased when others show that it is so late".into(),
                Lifetime::Over => "erased".into(),
                _ => "as a newer release says".into(),
            };
            note(&format!("    {} on {}, {when}: {state}", text_of(&message.content), self.name));
        }
        Ok(())
    }

    /// Looks at what can be seen once: what the client notes, the notice for the other own devices, and that the
    /// message has gone are saved before anything is shown.
    fn look_once(&self, with: AccountId) -> Result<(), Failure> {
        self.send_owed_notice()?;
        let message = self.newest(with, |content| content.view_once().is_some())?;
        let Some(message) = message else {
            note(&format!("    {}: there is nothing to be seen any more", self.name));
            return Ok(());
        };
        let (target, received) = (message.facts.target, message.facts.at);
        let client = self.client()?;
        let reference = self.store.step(|step| {
            let viewing = step.change(CLIENT, client, |client| {
                client.view(&target, &message.content, received, now())
            })?;
            step.remove(&message.row());
            step.keep(OWED.to_owned(), &target.encode());
            Ok(viewing.attachment.reference().encode())
        })?;
        self.send_owed_notice()?;
        let picture = self.fetch(&Reference::decode(&*reference)?)?;
        note(&format!("    {} shows {} bytes, once", self.name, picture.len()));
        Ok(())
    }

    fn send_owed_notice(&self) -> Result<(), Failure> {
        let Some(target) = self.store.kept(OWED)? else { return Ok(()) };
        let notice = self.client()?.view_notice(&Target::decode(&target)?).ok_or("it was seen")?;
        self.send_object(&notice, |step| {
            step.remove(OWED);
            Ok(())
        })
    }

    /// Erases what another own device has shown, in the step in which its notice is read.
    pub(crate) fn forget_viewed(
        &self,
        step: &mut Step<'_>,
        target: &Target,
    ) -> Result<(), Failure> {
        let messages = self.messages()?;
        let seen = messages.iter().find(|message| message.facts.target == *target);
        if let Some(seen) = seen {
            step.remove(&seen.row());
        }
        Ok(())
    }
}

fn keep_reaction(step: &mut Step<'_>, facts: &MessageFacts, reaction: &Reaction) {
    let by = facts.target.account();
    let sign = reaction.sign().unwrap_or_default();
    step.keep(format!("reaction of {by} to {:?}", reaction.target()), sign.as_bytes());
}
