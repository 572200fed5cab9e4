//! The peer's side of the rows.

use std::hint::black_box;

use vodozemac::olm::{
    Account, InboundCreationResult, OlmMessage, Session, SessionConfig, SessionPickle,
};
use vodozemac::{Ed25519PublicKey, Ed25519Signature};

use super::Watch;

const MANY: usize = 200;

/// A bundle as an app gives it out: two keys, each signed, as a device's keys are in Matrix.
struct Bundle {
    signer: Ed25519PublicKey,
    identity: vodozemac::Curve25519PublicKey,
    identity_signature: Ed25519Signature,
    one_time: vodozemac::Curve25519PublicKey,
    one_time_signature: Ed25519Signature,
}

impl Bundle {
    fn of(account: &mut Account) -> Self {
        account.generate_one_time_keys(1);
        let one_time = *account.one_time_keys().values().next().unwrap();
        account.mark_keys_as_published();
        let identity = account.curve25519_key();
        Self {
            signer: account.ed25519_key(),
            identity,
            identity_signature: account.sign(identity.to_bytes()),
            one_time,
            one_time_signature: account.sign(one_time.to_bytes()),
        }
    }

    fn begin(&self, account: &Account) -> Session {
        self.signer.verify(&self.identity.to_bytes(), &self.identity_signature).unwrap();
        self.signer.verify(&self.one_time.to_bytes(), &self.one_time_signature).unwrap();
        let config = SessionConfig::version_1();
        account.create_outbound_session(config, self.identity, self.one_time).unwrap()
    }
}

fn accept(account: &mut Account, from: &Account, first: &OlmMessage) -> InboundCreationResult {
    let OlmMessage::PreKey(first) = first else { panic!("not a first message") };
    let config = SessionConfig::version_1();
    account.create_inbound_session(config, from.curve25519_key(), first).unwrap()
}

/// Makes two sessions that both have confirmed.
fn pair() -> [Session; 2] {
    let (one, mut other) = (Account::new(), Account::new());
    let bundle = Bundle::of(&mut other);
    let mut session = bundle.begin(&one);
    let first = session.encrypt([7; 32]).unwrap();
    let mut inbound = accept(&mut other, &one, &first).session;
    let answer = inbound.encrypt([7; 32]).unwrap();
    session.decrypt(&answer).unwrap();
    [session, inbound]
}

pub(crate) fn encrypt(length: usize) -> impl FnMut(&mut Watch) {
    let [mut session, _] = pair();
    let content = vec![7; length];
    move |watch| {
        for _ in 0..MANY {
            black_box(watch.time(|| session.encrypt(&content).unwrap()));
        }
    }
}

pub(crate) fn decrypt(length: usize) -> impl FnMut(&mut Watch) {
    let [mut session, mut inbound] = pair();
    let content = vec![7; length];
    move |watch| {
        for _ in 0..MANY {
            let message = session.encrypt(&content).unwrap();
            black_box(watch.time(|| inbound.decrypt(&message).unwrap()));
        }
    }
}

pub(crate) fn ping_pong(length: usize) -> impl FnMut(&mut Watch) {
    let [mut session, mut inbound] = pair();
    let content = vec![7; length];
    move |watch| {
        for _ in 0..MANY / 4 {
            watch.time(|| {
                let message = session.encrypt(&content).unwrap();
                black_box(inbound.decrypt(&message).unwrap());
                let message = inbound.encrypt(&content).unwrap();
                black_box(session.decrypt(&message).unwrap());
            });
        }
    }
}

pub(crate) fn first_out() -> impl FnMut(&mut Watch) {
    let (from, mut to) = (Account::new(), Account::new());
    move |watch| {
        for _ in 0..10 {
            let bundle = Bundle::of(&mut to);
            black_box(watch.time(|| bundle.begin(&from).encrypt([7; 32]).unwrap()));
        }
    }
}

pub(crate) fn first_in() -> impl FnMut(&mut Watch) {
    let (from, mut to) = (Account::new(), Account::new());
    move |watch| {
        for _ in 0..10 {
            let first = Bundle::of(&mut to).begin(&from).encrypt([7; 32]).unwrap();
            black_box(watch.time(|| accept(&mut to, &from, &first)));
        }
    }
}

pub(crate) fn gap(skipped: usize) -> impl FnMut(&mut Watch) {
    let [mut session, mut inbound] = pair();
    move |watch| {
        for _ in 0..3 {
            for _ in 0..skipped {
                session.encrypt([7; 32]).unwrap();
            }
            let message = session.encrypt([7; 32]).unwrap();
            black_box(watch.time(|| inbound.decrypt(&message).unwrap()));
        }
    }
}

/// Opens the first of some messages, after the last: it keeps the keys of 40.
pub(crate) fn late(skipped: usize) -> impl FnMut(&mut Watch) {
    let [mut session, mut inbound] = pair();
    move |watch| {
        for _ in 0..MANY / 10 {
            let late = session.encrypt([7; 32]).unwrap();
            for _ in 1..skipped {
                session.encrypt([7; 32]).unwrap();
            }
            let last = session.encrypt([7; 32]).unwrap();
            inbound.decrypt(&last).unwrap();
            black_box(watch.time(|| inbound.decrypt(&late).unwrap()));
        }
    }
}

fn open(pickle: &str) -> Session {
    Session::from_pickle(SessionPickle::from_encrypted(pickle, &[9; 32]).unwrap())
}

pub(crate) fn load() -> impl FnMut(&mut Watch) {
    let [session, _] = pair();
    let pickle = session.pickle().encrypt(&[9; 32]);
    move |watch| {
        for _ in 0..MANY {
            black_box(watch.time(|| open(&pickle)));
        }
    }
}

pub(crate) fn load_encrypt_save() -> impl FnMut(&mut Watch) {
    let [session, _] = pair();
    let mut pickle = session.pickle().encrypt(&[9; 32]);
    move |watch| {
        for _ in 0..MANY {
            watch.time(|| {
                let mut session = open(&pickle);
                black_box(session.encrypt([7; 32]).unwrap());
                pickle = session.pickle().encrypt(&[9; 32]);
            });
        }
    }
}

pub(crate) fn load_decrypt_save() -> impl FnMut(&mut Watch) {
    let [mut session, inbound] = pair();
    let mut pickle = inbound.pickle().encrypt(&[9; 32]);
    move |watch| {
        for _ in 0..MANY {
            let message = session.encrypt([7; 32]).unwrap();
            watch.time(|| {
                let mut inbound = open(&pickle);
                black_box(inbound.decrypt(&message).unwrap());
                pickle = inbound.pickle().encrypt(&[9; 32]);
            });
        }
    }
}

/// Encrypts the same content in a session with each device, as an app has to do it.
pub(crate) fn fan_out(devices: usize, length: usize) -> impl FnMut(&mut Watch) {
    let mut sessions: Vec<_> = (0..devices).map(|_| pair()).map(|[session, _]| session).collect();
    let content = vec![7; length];
    move |watch| {
        for _ in 0..(100 / devices).max(1) {
            watch.time(|| {
                for session in &mut sessions {
                    black_box(session.encrypt(&content).unwrap());
                }
            });
        }
    }
}
