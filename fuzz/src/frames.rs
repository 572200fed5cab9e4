//! Frames that a device of an attested account shows to another service's server.

use latchstring::content::Kinds;
use latchstring::session::{Account, AccountId};
use latchstring::signal::{
    AccountStatement, Address, Arrival, Attestation, AttestedDevice, Authority, Bundle, Challenge,
    Client, ContentProfile, Delivery, Enlistment, EnlistmentToken, ForeignDevice, MessageKind,
    PrekeyBatch, Programs, ProviderDescriptor, ProviderId, ProviderStatement, ProviderStatus,
    Question, Route, SealedMessage, TrustedKeys, Version,
};

use crate::edited;
use crate::support::{NOW, TestRng};

/// The frames that a device of an attested account shows to a service's server, and what the server knows.
pub struct Frames {
    provider: ProviderDescriptor,
    challenge: Vec<u8>,
    answer: Vec<u8>,
    /// An object of each kind that is decoded alone.
    others: [Vec<u8>; 5],
}

/// Asks as the server does, the same each time.
fn challenge() -> Challenge {
    Challenge::generate("here", NOW, &mut TestRng::new(3)).unwrap()
}

impl Frames {
    pub fn new() -> Self {
        let (root, rng) = (Authority::from_seed(&[1; 32]), &mut TestRng::new(2));
        let id = ProviderId::new("peers.example").unwrap();
        let key = Authority::from_seed(&[2; 32]);
        let provider = ProviderStatement {
            programs: Programs::Attested,
            attestation_keys: TrustedKeys::new([key.public_key()]).unwrap(),
            id: id.clone(),
            counter: 1,
            from: NOW,
            until: NOW + 30 * 86_400,
            status: ProviderStatus::Active,
            floor: Version::V4,
            devices: 16,
            profile: ContentProfile::new(Kinds::NONE, 0),
        };
        let provider = provider.sign(&root).unwrap();
        let device = ForeignDevice::new(&id, &Address::new("bob", 1).unwrap());
        let roots = TrustedKeys::new([root.public_key()]).unwrap();
        let mut bob = Client::generate(device.clone(), Version::V4, roots, NOW, rng);
        let account = Account::generate(AccountId([3; 32]), rng);
        let says = AccountStatement {
            account: device.account().clone(),
            key: account.public_key(),
            sequence: 1,
            from: NOW,
            until: NOW + 86_400,
            profile: ContentProfile::new(Kinds::NONE, 0),
            devices: vec![AttestedDevice { number: 1, identity: bob.identity() }],
        };
        let own = says.sign(&account).unwrap().attest(&key);
        bob.adopt(&own.encode(), account.public_key(), NOW).unwrap().apply();
        let challenge = challenge().encode();
        let question = Question::decode(&challenge).unwrap();
        let token = EnlistmentToken::issue(&own, "here", (NOW, NOW + 60), &key).unwrap();
        let answer = bob.enlist("here", &question, &token, Route::Proxy, NOW, rng).unwrap();
        let message = SealedMessage { kind: MessageKind::Initial, bytes: vec![7; 40] };
        let mut batch = bob.replenish(NOW, rng).apply();
        batch.truncate(2);
        let others = [
            own.encode(),
            token.encode(),
            bob.bundle().encode(),
            PrekeyBatch::new(batch).unwrap().encode(),
            Delivery { from: device.clone(), to: device, message }.encode(),
        ];
        Self { provider, challenge, answer: answer.encode(), others }
    }

    /// Nobody is admitted by altered bytes, and what is read has one encoding.
    pub fn check(&self, which: u8, bytes: &[u8]) {
        let which = usize::from(which) % (self.others.len() + 2);
        if which == self.others.len() {
            let answer = edited(&self.answer, bytes);
            if let Ok(read) = Enlistment::decode(&answer) {
                assert_eq!(read.encode(), answer);
                let id = &self.provider.statement().id;
                let by = Arrival::Proxy(id);
                let admitted = challenge().admit(&read, &self.provider, None, by, NOW);
                assert_eq!(admitted.is_ok(), answer == self.answer);
            }
            return;
        }
        if which > self.others.len() {
            let altered = edited(&self.challenge, bytes);
            let again = Question::decode(&altered).map(|read| read.encode());
            assert!(again.is_err() || again == Ok(altered));
            return;
        }
        let altered = edited(&self.others[which], bytes);
        let again = match which {
            0 => Attestation::decode(&altered).map(|read| read.encode()),
            1 => EnlistmentToken::decode(&altered).map(|read| read.encode()),
            2 => Bundle::decode(&altered).map(|read| read.encode()),
            3 => PrekeyBatch::decode(&altered).map(|read| read.encode()),
            _ => Delivery::decode(&altered).map(|read| read.encode()),
        };
        assert!(again.is_err() || again == Ok(altered));
    }
}
