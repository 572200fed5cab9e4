//! Sending and delivering.

use latchstring::Error;
use latchstring::client::{self, Address, Alert, Need, Outgoing, ReceivedLetter, Taken};

use crate::server::Mail;
use crate::world::{Place, World};

impl World {
    /// Sends what was sealed; sometimes the connection breaks in between, or the device ends
    /// before it notes what it has sent.
    pub fn flush(&mut self, node: usize) {
        let outbox = std::mem::take(&mut self.nodes[node].outbox);
        for (mut out, places) in outbox {
            let from = self.address(node);
            let breaks = if self.is_quiet { usize::MAX } else { self.below(12) };
            for envelope in out.envelopes.clone().into_iter().take(breaks) {
                let to = envelope.to;
                let mail = Mail {
                    from,
                    to,
                    id: out.id,
                    message: envelope.message,
                    envelope: Some(places[&to]),
                    tries: 0,
                };
                let brought = self.server.post(mail, self.now, &mut self.rng);
                if !brought {
                    self.count("dropped or altered");
                }
                if self.is_quiet || !self.once_in(40) {
                    out.delivered(to);
                }
            }
            if !out.envelopes.is_empty() {
                let out = Outgoing::decode(&out.encode()).unwrap();
                self.nodes[node].outbox.push((out, places));
            }
        }
    }

    /// Brings one envelope to a device. Returns false if none waits.
    pub fn deliver(&mut self, node: usize) -> bool {
        let address = self.address(node);
        let Some(queue) = self.server.mail.get_mut(&address) else { return false };
        let Some(mail) = queue.pop_front() else { return false };
        let is_true = mail.envelope.filter(|envelope| {
            let sent = &self.sent[*envelope];
            sent.from == mail.from && sent.to == address
        });
        let (now, before) = (self.time(node), self.sample(node));
        let crashes = !self.is_quiet && self.once_in(50);
        let id = self.nodes[node].care.has_hints.then_some(mail.id);
        let came = client::Mail { from: mail.from, id, envelope: &mail.message };
        if crashes {
            drop(self.nodes[node].client.take(&came, now));
            self.check_sample(node, before.as_ref(), "taking without applying");
            self.server.mail.get_mut(&address).unwrap().push_front(mail);
            return true;
        }
        let strict = if self.once_in(8) { Some(self.open_strictly(node, &mail)) } else { None };
        let taken = self.commit(node, |client, _| Ok(client.take(&came, now))).unwrap();
        self.nodes[node].care.note_mail();
        let is_letter = matches!(taken, Taken::Letter(_));
        assert!(strict.is_none_or(|strict| strict.is_ok() == is_letter), "taken is what opens");
        if !is_letter && !matches!(taken, Taken::Unread(_) | Taken::Unremembered(_)) {
            self.check_sample(node, before.as_ref(), "a refusal");
        }
        match taken {
            Taken::Letter(arrived) => {
                let Some(envelope) = is_true else {
                    self.hear_impostor(node, &mail, &arrived);
                    return true;
                };
                self.check_opened(node, envelope, &arrived);
                if let Some(backup) = &mut self.nodes[node].backup {
                    backup.came.push(mail.clone());
                }
                self.note(node, envelope, &mail, &arrived);
            }
            Taken::Known => self.check_known(node, is_true, &mail),
            Taken::Unread(error) | Taken::Unremembered(error) | Taken::Refused(error) => {
                assert!(strict.is_none_or(|strict| strict == Err(error)));
                self.refuse(node, is_true, &mail, error);
            }
            Taken::Waits(need) => {
                check_need(mail.from, need);
                let error = self.open_strictly(node, &mail).unwrap_err();
                self.wait(node, is_true, mail, error);
            }
            _ => panic!("something else"),
        }
        true
    }

    /// Opens an envelope without applying the change.
    fn open_strictly(&mut self, node: usize, mail: &Mail) -> Result<(), Error> {
        let now = self.time(node);
        self.nodes[node].client.open(mail.from, &mail.message, now).map(drop)
    }

    /// Checks that what a device calls known was opened there, or shown by its app.
    fn check_known(&mut self, node: usize, is_true: Option<usize>, mail: &Mail) {
        let was_shown = self.nodes[node].read.contains(&(mail.from, mail.id));
        let was_opened = is_true.is_some_and(|envelope| self.sent[envelope].opened);
        let is_of_impostor = self.impostors.forgeries.contains_key(&mail.message);
        assert!(was_shown || was_opened || is_of_impostor, "known, and never shown");
        self.count(if is_true.is_some() { "known" } else { "known untrue" });
    }

    /// Keeps mail that may open once its reader knows other lists.
    fn wait(&mut self, node: usize, is_true: Option<usize>, mut mail: Mail, error: Error) {
        self.check_refused(node, is_true, &mail, error);
        let address = self.address(node);
        if self.nodes[node].place == Place::Listed {
            let _ = self.fetch(node, mail.from.account);
            let _ = self.fetch(node, address.account);
            mail.tries += 1;
            if mail.tries < 8 {
                self.server.mail.get_mut(&address).unwrap().push_back(mail);
                return;
            }
        }
        self.count_error(if is_true.is_some() { "open" } else { "open untrue" }, error);
        if let Some(envelope) = is_true.filter(|envelope| !self.sent[*envelope].opened) {
            self.refused.insert(envelope, error);
        }
    }

    /// Notes and checks what did not open, and what a client remembers of it.
    fn refuse(&mut self, node: usize, is_true: Option<usize>, mail: &Mail, error: Error) {
        self.note_refused(node, is_true, mail);
        self.check_refused(node, is_true, mail, error);
        self.count_error(if is_true.is_some() { "open" } else { "open untrue" }, error);
        self.note_unread(node);
        if let Some(envelope) = is_true.filter(|envelope| !self.sent[*envelope].opened) {
            self.refused.insert(envelope, error);
        }
    }

    /// Notes and checks what an envelope brought, after it was opened and the change applied.
    fn note(&mut self, node: usize, envelope: usize, mail: &Mail, arrived: &ReceivedLetter) {
        let is_over = |alert: &Alert| matches!(alert, Alert::ListOver { .. });
        if !arrived.alerts.iter().any(is_over) {
            self.check_named(node, mail.from.account, "opened");
        }
        self.note_session(node, envelope, arrived);
        self.note_genuine(node, envelope, mail, arrived);
        self.note_named(node, envelope);
        self.check_views(node, envelope);
        self.check_content(node, envelope, arrived);
        self.note_answers(node, arrived);
        assert_eq!(arrived.from, mail.from);
        if self.once_in(64) {
            self.check_size(node);
        }
    }
}

/// Checks that mail waits for the list of its sender's account, or of the own one.
fn check_need(from: Address, need: Need) {
    match need {
        Need::List(of) | Need::User(of) => assert_eq!(of, from.account),
        Need::OwnList => {}
        _ => panic!("waits for something else"),
    }
}
