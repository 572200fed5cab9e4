//! A group of two attested accounts.

use alloc::vec::Vec;

use super::town::*;
use crate::error::Error;
use crate::primitives::tests::op_count::{self, Work};
use crate::primitives::tests::test_rng::TestRng;
use crate::protocol::content::Content;
use crate::signal::*;
use crate::storage::State;

pub(super) const GROUP: ForeignGroupId = ForeignGroupId([7; 32]);
pub(super) const ID: Uuid = Uuid([8; 16]);

/// Ada and Grace, Ada's sender key, and what Grace has of it.
pub(super) struct Circle {
    pub(super) town: Town,
    pub(super) key: SenderKey,
    pub(super) keys: ReceivedSenderKeys,
}

/// Takes the sender key out of a message.
pub(super) fn taken(opened: ForeignMessage) -> SenderKeyDistribution {
    let ForeignContent::SenderKey(told) = opened.content else { panic!("a sender key") };
    told
}

impl Circle {
    /// Ada has told her key, and Grace has learned it.
    pub(super) fn closed() -> Self {
        Self::of(Town::talking())
    }

    pub(super) fn of(mut town: Town) -> Self {
        let mut key = SenderKey::generate(GROUP, ID, &mut town.rng);
        let told = tell(&mut town, &mut key).unwrap();
        let keys = ReceivedSenderKeys::new(&told);
        let mut circle = Self { town, key, keys };
        circle.learn(told, NOW).unwrap();
        circle
    }

    /// Has Ada tell her key as it is.
    pub(super) fn told(&mut self) -> SenderKeyDistribution {
        tell(&mut self.town, &mut self.key).unwrap()
    }

    pub(super) fn learn(&mut self, told: SenderKeyDistribution, now: u64) -> Result<(), Error> {
        let client = &self.town.clients[1];
        let learned = kept(&mut self.keys, |keys| {
            keys.learn(client, told, now)?.apply();
            Ok(())
        });
        learned.map(drop)
    }

    pub(super) fn say(&mut self, content: &Content) -> Result<Vec<u8>, Error> {
        let id = self.town.clients[0].message_id(&mut self.town.rng);
        self.seal(Saying::new(content, id).in_group(GROUP), NOW)
    }

    pub(super) fn seal(&mut self, saying: Saying<'_>, now: u64) -> Result<Vec<u8>, Error> {
        let (client, rng) = (&self.town.clients[0], &mut TestRng::new(now));
        kept(&mut self.key, |key| Ok(key.seal(client, &saying, now, rng)?.apply())).map(|it| it.0)
    }

    /// Opens a message, and returns what that has cost.
    pub(super) fn open(&mut self, bytes: &[u8], now: u64) -> Result<GroupMessage, Error> {
        let (client, from) = (&self.town.clients[1], device(0, 1));
        let opened = kept(&mut self.keys, |keys| {
            let message = client.read_group_message(&from, bytes, now)?;
            Ok(keys.open(client, &message, now)?.apply())
        });
        opened.map(|it| it.0)
    }

    pub(super) fn refused(&mut self, bytes: &[u8], now: u64) -> Error {
        self.open(bytes, now).map(drop).expect_err("it was opened")
    }
}

/// Has Ada tell a key in her session with Grace.
pub(super) fn tell(town: &mut Town, key: &mut SenderKey) -> Result<SenderKeyDistribution, Error> {
    let to = device(1, 1);
    let client = &town.clients[0];
    let (told, _) = kept(key, |key| Ok(key.tell(client, &to, NOW)?.apply()))?;
    let mut rng = TestRng::new(5);
    let message = town
        .unless_refused(0, |client| Ok(client.seal_distribution(&told, NOW, &mut rng)?.apply()))?;
    town.deliver(0, &message, NOW).map(taken)
}

/// Does something with a state, which is saved and loaded before; a refusal must change nothing.
pub(super) fn kept<S: State, T>(
    state: &mut S,
    act: impl FnOnce(&mut S) -> Result<T, Error>,
) -> Result<(T, Work), Error> {
    let before = state.to_bytes();
    *state = S::from_bytes(&before).unwrap();
    assert_eq!(*state.to_bytes(), *before);
    let (result, work) = op_count::of(|| act(state));
    if result.is_err() {
        assert_eq!(*state.to_bytes(), *before);
    }
    result.map(|value| (value, work))
}
