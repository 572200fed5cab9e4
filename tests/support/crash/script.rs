//! The acts of apps, one after the other, and the ways to live them.

use std::fmt::Debug;
use std::ops::Range;

use latchstring::Error;

use super::{App, Flaw, Keeping, Memory, Stop, World};

/// The number of times that a step is repeated because another tab was first.
const REPEATS: usize = 2;

pub struct Script<A: 'static> {
    pub begin: fn(Keeping, Option<Flaw>) -> World,
    /// The acts, each with the app that does it.
    pub acts: &'static [(usize, A)],
    pub act: fn(&mut World, usize, A) -> Result<(), Stop>,
    /// The check of an app after each step and each restart.
    pub check: fn(&App) -> Result<(), Stop>,
    /// The check of the world in the end.
    pub end: fn(&mut World) -> Result<(), Stop>,
}

impl<A: Copy + Debug> Script<A> {
    /// Checks that the power may go once, before any of at least so many deeds, however states are kept.
    pub fn survives_every_cut(&self, least: usize) {
        for keeping in Keeping::ALL {
            let deeds = self.cut_at_each(keeping, None, &[]).unwrap();
            assert!(deeds >= least, "{deeds} deeds");
        }
    }

    /// Checks that it may go a second time, one deed after the restart.
    pub fn survives_a_second_cut(&self, least: usize) {
        let deeds = self.cut_at_each(Keeping::Journals, None, &[1]).unwrap();
        assert!(deeds >= least, "{deeds} deeds");
    }

    /// Checks that two tabs may take turns, and that at least so often the one that is behind is told so.
    /// Without the comparison of anchors something goes wrong.
    pub fn survives_two_tabs(&self, least: usize) {
        for keeping in Keeping::ALL {
            let late = self.in_two_tabs(keeping, None).unwrap();
            assert!(late >= least, "{late} times too late");
            assert!(self.in_two_tabs(keeping, Some(Flaw::NoComparison)).is_err());
        }
    }

    /// Checks that at least so many backups are refused. Without outer anchors one is taken.
    pub fn survives_backups(&self, least: usize) {
        for keeping in Keeping::ALL {
            let refused = self.refuses_backups(keeping, None).unwrap();
            assert!(refused >= least, "{refused} backups");
            assert!(self.refuses_backups(keeping, Some(Flaw::NoOuterAnchor)).is_err());
        }
    }

    /// Checks that an app that leaves out any one of the safeguards against a cut is caught.
    pub fn needs_every_safeguard(&self) {
        for flaw in [
            Flaw::TransactionForEachState,
            Flaw::TransactionForEachStateReversed,
            Flaw::NoTransactions,
            Flaw::SendsFirst,
            Flaw::ShowsFirst,
            Flaw::NoOutbox,
        ] {
            let lives = self.cut_at_each(Keeping::Journals, Some(flaw), &[]);
            assert!(lives.is_err(), "{flaw:?}");
        }
    }

    /// Lives every cut in a copy of the uncut life up to the step in which the power goes. Tells how many
    /// deeds there were.
    fn cut_at_each(
        &self,
        keeping: Keeping,
        flaw: Option<Flaw>,
        later: &[usize],
    ) -> Result<usize, String> {
        let told = |stop| format!("{keeping:?}, {flaw:?}: {stop:?}");
        let mut before = (self.begin)(keeping, flaw);
        let mut deeds = 0;
        for (step, (who, _)) in self.acts.iter().enumerate() {
            let mut after = before.copy().map_err(told)?;
            self.go(&mut after, step..step + 1, &[])?;
            self.look_at(&after.apps[*who]).map_err(told)?;
            let mut deed = 0;
            while !self.one_cut(&before, &after, deed, later)? {
                deed += 1;
            }
            deeds += deed;
            before = after;
        }
        self.finish(&mut before).map_err(told)?;
        Ok(deeds)
    }

    /// Lives on from before a step, with the power going in it. Tells whether the step was over before the
    /// power went. If it leaves everything as it is `after` the step without a cut, so it goes on. If the cut
    /// leaves everything as it was `before`, what goes on is a life without it, with other randomness.
    fn one_cut(
        &self,
        before: &World,
        after: &World,
        deed: usize,
        later: &[usize],
    ) -> Result<bool, String> {
        let step = after.step;
        let (who, act) = self.acts[step];
        let told = |stop| format!("step {step}, cuts {deed}, {later:?}: {stop:?}");
        let mut life = before.copy().map_err(told)?;
        life.step = step;
        life.power.lasts(Some(deed));
        match self.attempt(&mut life, who, act) {
            Ok(()) => return Ok(true),
            Err(Stop::Dark) => life.now += 1,
            Err(other) => return Err(told(other)),
        }
        self.start_again(&mut life, who).map_err(told)?;
        if life.is_left_as(before) {
            return Ok(false);
        }
        self.go(&mut life, step..step + 1, later)?;
        self.look_at(&life.apps[who]).map_err(told)?;
        if !life.is_as(after) {
            self.go(&mut life, step + 1..self.acts.len(), &[])?;
            self.finish(&mut life).map_err(told)?;
        }
        Ok(false)
    }

    /// Lets two tabs of each app take turns. Tells how often one of them came too late and loaded again.
    fn in_two_tabs(&self, keeping: Keeping, flaw: Option<Flaw>) -> Result<usize, String> {
        let mut world = (self.begin)(keeping, flaw);
        for app in &mut world.apps {
            app.tab = Some(Memory::load(&app.disk).map_err(|stop| format!("{stop:?}"))?);
        }
        self.go(&mut world, 0..self.acts.len(), &[])?;
        let late = world.late;
        self.finish(&mut world).map_err(|stop| format!("in the end: {stop:?}"))?;
        Ok(late)
    }

    /// Checks that every state that a step moved on is refused if it comes back as it was before. Tells how often.
    fn refuses_backups(&self, keeping: Keeping, flaw: Option<Flaw>) -> Result<usize, String> {
        let mut world = (self.begin)(keeping, flaw);
        let mut refused = 0;
        for (step, (who, act)) in self.acts.iter().enumerate() {
            let before = world.apps[*who].disk.clone();
            world.step = step;
            let result = (self.act)(&mut world, *who, *act);
            result.map_err(|stop| format!("{act:?}: {stop:?}"))?;
            let mut backup = before.clone();
            backup.outer.clone_from(&world.apps[*who].disk.outer);
            if backup.outer == before.outer {
                continue;
            }
            let mut restored = App::new(*who, keeping, flaw, &world.power);
            restored.disk = backup;
            match restored.restart() {
                Ok(()) => return Err(format!("a backup from before {act:?} was taken")),
                Err(Stop::Refused(Error::StateRollback)) => {}
                Err(Stop::Trouble(what)) if what.ends_with("is gone") => {}
                Err(stop) => return Err(format!("a backup from before {act:?}: {stop:?}")),
            }
            refused += 1;
        }
        Ok(refused)
    }

    /// Does some steps, with the power going.
    fn go(&self, world: &mut World, steps: Range<usize>, cuts: &[usize]) -> Result<(), String> {
        let mut left = cuts.iter().copied();
        world.power.lasts(left.next());
        for step in steps {
            let (who, act) = self.acts[step];
            let told = |stop| format!("step {step}, cuts {cuts:?}, {who} {act:?}: {stop:?}");
            world.step = step;
            world.apps[who].change_tab();
            let mut repeats = 0;
            while let Err(stop) = self.attempt(world, who, act) {
                let app = &world.apps[who];
                if stop != Stop::Dark {
                    if app.tab.is_none() || repeats == REPEATS || !app.is_behind() {
                        return Err(told(stop));
                    }
                    world.late += 1;
                    repeats += 1;
                }
                self.start_again(world, who).map_err(told)?;
                if stop == Stop::Dark {
                    world.now += 1;
                    world.power.lasts(left.next());
                }
            }
        }
        world.power.lasts(None);
        Ok(())
    }

    /// Starts an app again, and checks what it then has.
    fn start_again(&self, world: &mut World, who: usize) -> Result<(), Stop> {
        world.apps[who].restart()?;
        (self.check)(&world.apps[who])
    }

    /// Checks what holds while an app rests. Of two tabs each may be behind in what it has not used.
    fn look_at(&self, app: &App) -> Result<(), Stop> {
        if app.tab.is_none() {
            app.agrees()?;
        }
        (self.check)(app)
    }

    fn finish(&self, world: &mut World) -> Result<(), Stop> {
        for (app, mail) in world.apps.iter_mut().zip(&world.mail) {
            if !mail.is_empty() {
                return Stop::trouble(format!("{} has not read all", app.number));
            }
            self.look_at(app)?;
            if app.tab.is_some() {
                app.restart()?;
            }
        }
        (self.end)(world)
    }

    /// Does a step, unless it was done before the power went.
    fn attempt(&self, world: &mut World, who: usize, act: A) -> Result<(), Stop> {
        let World { apps, mail, step, .. } = world;
        apps[who].resume(mail)?;
        if apps[who].has_done(*step) { Ok(()) } else { (self.act)(world, who, act) }
    }
}
