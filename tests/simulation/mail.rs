//! Sending and delivering.

use latchstring::client::{self, Alert, Outgoing, ReceivedLetter, Taken};
use latchstring::{Answer, Error};

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
        let opened = if crashes {
            let client = &mut self.nodes[node].client;
            client.open(mail.from, &mail.message, now).map(|_dropped| None)
        } else {
            self.commit(node, |client, _| client.open(mail.from, &mail.message, now)).map(Some)
        };
        match opened {
            Ok(arrived) => {
                let Some(arrived) = arrived else {
                    self.check_sample(node, before.as_ref(), "opening without applying");
                    self.server.mail.get_mut(&address).unwrap().push_front(mail);
                    return true;
                };
                let Some(envelope) = is_true else {
                    self.hear_impostor(node, &mail, &arrived);
                    return true;
                };
                self.check_opened(node, envelope, &arrived);
                self.note(node, envelope, &mail, &arrived);
            }
            Err(error) => {
                self.check_sample(node, before.as_ref(), "a refusal");
                self.note_refused(node, is_true, &mail, error);
                self.refuse(node, is_true, mail, error);
            }
        }
        true
    }

    /// Does what a device does about an envelope that does not open.
    fn refuse(&mut self, node: usize, is_true: Option<usize>, mut mail: Mail, error: Error) {
        self.check_refused(node, is_true, &mail, error);
        let address = self.address(node);
        if waits(error) && self.nodes[node].place == Place::Listed {
            let _ = self.fetch(node, mail.from.account);
            let _ = self.fetch(node, address.account);
            mail.tries += 1;
            if mail.tries < 8 {
                self.server.mail.get_mut(&address).unwrap().push_back(mail);
                return;
            }
        }
        self.count_error(if is_true.is_some() { "open" } else { "open untrue" }, error);
        if error == Error::Duplicate {
            return;
        }
        if !waits(error) {
            self.note_unread(node, &mail);
        }
        if let Some(envelope) = is_true
            && !self.sent[envelope].opened
        {
            self.refused.insert(envelope, error);
            if error.answer() == Answer::NewBundle {
                let sender = self.at[&mail.from];
                self.nodes[sender].renew.insert(address);
            }
        }
        if !self.nodes[node].read.contains(&(mail.from, mail.id)) && mail.from != address {
            self.nodes[node].failed.entry((mail.from, mail.id)).or_insert(0);
        }
    }

    /// Lets the client note what did not open: the session may have come apart, and another one begins then.
    fn note_unread(&mut self, node: usize, mail: &Mail) {
        let now = self.time(node);
        let taken = self.commit(node, |client, _| {
            let (from, envelope) = (mail.from, &mail.message);
            Ok(client.take(&client::Mail { from, id: Some(mail.id), envelope }, now))
        });
        assert!(!matches!(taken, Ok(Taken::Letter(_))), "what was refused is read");
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
        assert_eq!(arrived.from, mail.from);
        if self.once_in(64) {
            self.check_size(node);
        }
    }
}

/// Tells whether an envelope that is refused so may open once its reader knows other lists.
pub fn waits(error: Error) -> bool {
    matches!(
        error,
        Error::Unlisted
            | Error::OwnDeviceUnlisted
            | Error::UnknownAccount
            | Error::ListExpired
            | Error::AccountChanged
    )
}
