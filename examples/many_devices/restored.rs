//! A scene: Grace's laptop is restored from a backup, its anchor too, so that nobody can know.
//!
//! From then on the laptop and all that it wrote to since are not on one session any more. No line of this file is
//! about that: the members read and write as ever, and what did not open comes once more, in a new session.

use std::fs;

use crate::member::Member;
use crate::server::Server;
use crate::store::Failure;
use crate::{ADA, GRACE, note, scene};

/// Ada's phone, Grace's laptop, and the others.
pub(crate) struct People<'a> {
    pub(crate) phone: &'a Member,
    pub(crate) laptop: &'a Member,
    pub(crate) others: [&'a Member; 3],
}

impl People<'_> {
    /// Lets everybody read until nothing waits.
    fn read(&self, server: &mut Server) -> Result<(), Failure> {
        let all = || [self.phone, self.laptop].into_iter().chain(self.others);
        while all().any(|member| server.copy(member.address).is_some()) {
            all().try_for_each(|member| member.read(server))?;
        }
        Ok(())
    }
}

pub(crate) fn play(people: &People<'_>, server: &mut Server) -> Result<(), Failure> {
    let People { phone, laptop, others } = people;
    scene("Grace's laptop is restored from a backup");
    let backup = laptop.store.path.with_extension("backup");
    fs::copy(&laptop.store.path, &backup)?;
    note("there is a backup of Grace's laptop, and life goes on:");
    phone.say(GRACE, "dinner on Friday?", server)?;
    people.read(server)?;
    laptop.say(ADA, "with pleasure", server)?;
    people.read(server)?;

    fs::copy(&backup, &laptop.store.path)?;
    note("its disk breaks, and the backup is put back. Ada knows nothing of it:");
    let fetched = server.fetched;
    phone.say(GRACE, "then bring the cake, please", server)?;
    let lost = server.copy(laptop.address).expect("just sent");
    people.read(server)?;
    note("the server brings once more what did not open:");
    laptop.take(&lost, server)?;

    note("others hear of it when the laptop writes by what it remembers:");
    laptop.say(ADA, "I have the cake", server)?;
    people.read(server)?;
    phone.say(GRACE, "see you on Friday", server)?;
    people.read(server)?;
    for member in [*phone, *laptop].iter().chain(others) {
        assert_eq!(member.client()?.unread().count(), 0);
    }
    assert_eq!(server.fetched.saturating_sub(fetched), 4, "one new session with each device");
    note("each of the four has one new session with the laptop, and nothing is unread any more;");
    note("nobody was asked anything. What it had read since the backup is in the histories of");
    note("the others: to bring that back is the app's");
    Ok(())
}
