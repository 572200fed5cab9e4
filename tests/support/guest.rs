//! A link and both ends of its chat, and what a dishonest end can make.

use core::slice;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use base32ct::{Base32UpperUnpadded, Encoding};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use latchstring::Error;
use latchstring::client::{Client, DeviceList};
use latchstring::content::Sender;
use latchstring::guest::{Chat, ChatEvent, Invite, InviteLink, Policy, Preview, ServerCopy};
use latchstring::session::{Bundle, Session};
use latchstring::storage::State;
use sha2::{Digest, Sha256};

use super::{NOW, OneToOne, TestRng, bundle_of, client, only, sign};

/// The service of all links in tests.
pub const ORIGIN: &str = "example.org";
pub const DAY: u64 = 86_400;
pub const EXPIRES: u64 = NOW + DAY;
pub const IDLE: u64 = 10 * DAY;

/// A host, its link, and what the server has of it.
pub struct Door {
    pub rng: TestRng,
    pub host: Client,
    pub invite: Invite,
    pub server_copy: ServerCopy,
    pub bundle: Bundle,
}

impl Door {
    pub fn new(seed: u64) -> Self {
        Self::with_policy(seed, Policy::new("Ada", EXPIRES))
    }

    pub fn with_policy(seed: u64, policy: Policy) -> Self {
        let mut rng = TestRng::new(seed);
        let mut host = client(1, &mut rng);
        let (invite, server_copy) = Invite::create(&host, ORIGIN, policy, NOW, &mut rng).unwrap();
        let bundle = bundle_of(&mut host, &mut rng);
        Self { rng, host, invite, server_copy, bundle }
    }

    pub fn url(&self) -> String {
        self.invite.link().unwrap().to_url(ORIGIN).unwrap().to_string()
    }

    pub fn link(&self) -> InviteLink {
        InviteLink::parse(&self.url()).unwrap()
    }

    pub fn preview(&self) -> Preview {
        self.link().open(self.server_copy.sealed_invitation(), ORIGIN, NOW).unwrap()
    }

    /// Makes a guest's chat and claim.
    pub fn guest(&mut self) -> (Chat, Vec<u8>) {
        self.claim("Grace", &["hi"], NOW).unwrap()
    }

    /// Claims as a guest of this name, with these texts.
    pub fn claim(
        &mut self,
        name: &str,
        texts: &[&str],
        now: u64,
    ) -> Result<(Chat, Vec<u8>), Error> {
        let bundles = slice::from_ref(&self.bundle);
        self.preview().claim(self.host.list(), bundles, name, texts, now, &mut self.rng)
    }

    /// Takes in a claim that must be good.
    pub fn admit(&mut self, claim: &[u8]) -> Chat {
        self.invite.claim(&mut self.host, claim, NOW).unwrap().apply().0
    }

    /// Checks that a claim is refused and leaves both states as they were.
    #[track_caller]
    pub fn refuses(&mut self, claim: &[u8], now: u64, error: Error) {
        let before = [self.invite.to_bytes(), self.host.to_bytes()];
        assert_eq!(self.invite.claim(&mut self.host, claim, now).err(), Some(error));
        assert!(before == [self.invite.to_bytes(), self.host.to_bytes()], "a state has changed");
    }
}

/// A chat as both sides see it, and the claim it came of.
pub struct Talk {
    pub door: Door,
    pub host: Chat,
    pub guest: Chat,
    pub claim: Vec<u8>,
}

impl Talk {
    /// Lets a guest come to the door, and wait.
    pub fn at(mut door: Door) -> Self {
        let (guest, claim) = door.guest();
        let host = door.admit(&claim);
        Self { door, host, guest, claim }
    }

    pub fn waiting(seed: u64) -> Self {
        Self::at(Door::new(seed))
    }

    /// Makes the chat of a guest who has been let in.
    pub fn new(seed: u64) -> Self {
        let mut talk = Self::waiting(seed);
        let granted = talk.grant();
        talk.guest.hear(&granted, NOW).unwrap();
        talk
    }

    pub fn grant(&mut self) -> Vec<u8> {
        only(self.host.grant(&self.door.host, NOW, &mut self.door.rng).unwrap().apply())
    }

    pub fn host_says(&mut self, text: &str, now: u64) -> Vec<u8> {
        self.host.say(text, now, &mut self.door.rng).unwrap()
    }

    pub fn guest_says(&mut self, text: &str, now: u64) -> Vec<u8> {
        self.guest.say(text, now, &mut self.door.rng).unwrap()
    }
}

pub fn text_of(event: &ChatEvent) -> &str {
    let ChatEvent::Text(text) = event else { panic!("not a text") };
    &text.text
}

/// Encodes a text as a content of a chat, under an id that no other text has.
pub fn raw_text(text: &[u8]) -> Vec<u8> {
    [&[2], &Sha256::digest(text)[..16], &NOW.to_be_bytes(), text].concat()
}

/// Reads the link's secret from its text.
pub fn secret_of(url: &str) -> [u8; 32] {
    let (_, body) = url.split_once("#G1").unwrap();
    Base32UpperUnpadded::decode_vec(body).unwrap()[..32].try_into().unwrap()
}

/// Derives a key of the link, by the page of the specification.
pub fn link_key<const N: usize>(secret: &[u8; 32], label: &str) -> [u8; N] {
    let mut key = [0; N];
    Hkdf::<Sha256>::new(Some(b"latchstring/v1/guest/link."), secret)
        .expand(format!("latchstring/v1/guest/{label}.").as_bytes(), &mut key)
        .unwrap();
    key
}

/// Signs the claim anew for the server: what a dishonest holder of the link sends.
pub fn resigned(url: &str, claim: &[u8]) -> Vec<u8> {
    let body = &claim[..claim.len() - 64];
    let seed = link_key(&secret_of(url), "claim-seed");
    [body, &sign(&seed, "guest/claim-admit", &[body])].concat()
}

/// Finds the end of a name of any length.
fn behind_name(chat: &[u8], at: usize) -> usize {
    let length = chat[at..at + 4].try_into().unwrap();
    at + 4 + usize::try_from(u32::from_be_bytes(length)).unwrap()
}

/// Finds the chat's own certificate in its state: behind the host's name, the maker's id and the guest's name.
fn own_certificate_at(chat: &[u8]) -> usize {
    behind_name(chat, behind_name(chat, 203) + 8)
}

/// Returns the certificate with which the chat's own side speaks.
pub fn own_certificate(chat: &Chat) -> Vec<u8> {
    let bytes = chat.to_bytes();
    bytes[own_certificate_at(&bytes)..][..265].to_vec()
}

/// Finds the beginning of the stage in a chat's state.
pub fn stage_of(chat: &[u8]) -> usize {
    own_certificate_at(chat) + 2 * 265
}

/// Returns the chat's session without the rules around it: what a dishonest client sends with.
pub fn bare_session(chat: &Chat) -> Bare {
    let bytes = chat.to_bytes();
    let end = bytes.len() - joining_of(chat);
    let session = &bytes[session_of(chat, &bytes)..end];
    let session = Session::from_bytes(&[&[1, 3], session].concat());
    Bare { session: session.unwrap(), front: listed(chat.list()), sent: NOW }
}

/// Returns the length of the end of a chat's state, behind its session: what it keeps for devices of the host
/// that come later.
pub fn joining_of(chat: &Chat) -> usize {
    match chat.sender() {
        // Signed prekeys with their signature, a key.
        Sender::Guest => 1 + 1304 + 32,
        // A signing key, the uid and the hash of a bundle; an agreement key; both prekeys, their public half, the first
        // messages; a key; devices that have gone.
        _ => 1 + 32 + 16 + 4 + 32 + 32 + 32 + 64 + 1304 + 4 + 32 + 4,
    }
}

/// Makes a guest's chat that remembers these first messages and no other: places of handshake ids in their order,
/// with the device of each.
pub fn remembering(guest: &Chat, seen: &[(u64, [u8; 8])]) -> Chat {
    let bytes = guest.to_bytes();
    // The end of its state: their count; the join key, and how many devices have gone.
    let (front, end) = bytes.split_at(bytes.len() - 4 - 32 - 4);
    assert_eq!(end[..4], [0; 4]);
    let count = u32::try_from(seen.len()).unwrap().to_be_bytes();
    let entry = |(id, device): &(u64, [u8; 8])| [[0; 8], id.to_be_bytes(), *device].concat();
    let seen: Vec<u8> = seen.iter().flat_map(entry).collect();
    Chat::from_bytes(&[front, &count, &seen, &end[4..]].concat()).unwrap()
}

/// A session, and what stands before each content of its chat.
pub struct Bare {
    pub session: Session,
    front: Vec<u8>,
    /// The time that its messages say.
    pub sent: u64,
}

impl Bare {
    pub fn encrypt(&mut self, content: &[u8], rng: &mut TestRng) -> Result<Vec<u8>, Error> {
        let front = [&self.front[..], &self.sent.to_be_bytes()].concat();
        self.session.encrypt(&[&front, content].concat(), rng)
    }

    /// Returns the content of a message, without what stands before it.
    pub fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        let opened = self.session.decrypt(message).unwrap();
        let (front, content) = opened.content.split_at(48);
        assert_eq!(front[..40], self.front);
        content.to_vec()
    }
}

/// Returns epoch and hash of a list.
pub fn listed(list: &DeviceList) -> Vec<u8> {
    [&list.epoch().to_be_bytes()[..], &list.hash().0].concat()
}

/// Finds the one session in a chat's state.
pub fn session_of(chat: &Chat, bytes: &[u8]) -> usize {
    let stage = stage_of(bytes);
    // A waiting chat counts texts and says how far its PIN is.
    let list = match (bytes[stage], bytes[stage + 2]) {
        (1, 0) => stage + 3,
        (1, 1) => stage + 3 + 6 + 32,
        (1, 3) => stage + 3 + 64,
        (1, 4) => stage + 3 + 8 + 32,
        (1, 5) => stage + 3 + 8,
        (1, _) => stage + 3 + 32,
        // An active one says by whose word it is.
        _ => stage + 1 + 80,
    };
    // Behind the list, which newer one was named.
    let texts = list + chat.list().encode().len() - 2 + 16;
    let count = u32::from_be_bytes(bytes[texts..texts + 4].try_into().unwrap());
    // Behind the known texts, the time of a receipt, and a hand-over if there is one.
    let hand_over = texts + 4 + usize::try_from(count).unwrap() * 56 + 8;
    let seats = hand_over + 1 + usize::from(bytes[hand_over]) * 539;
    assert_eq!(bytes[seats..seats + 4], [0, 0, 0, 1], "the chat has one session");
    // The list that the other side reported last; doubt, two times, tries, flag; no replaced sessions.
    let session = seats + 4 + 40 + 19 + 4;
    assert_eq!(bytes[session - 4..session], [0; 4], "the session has replaced none");
    session
}

/// Finds the windows of eight bytes that begin at a place of `one` and are anywhere in `other`.
pub fn shared(one: &[u8], other: &[u8]) -> Vec<usize> {
    let theirs: std::collections::HashSet<_> = other.windows(8).collect();
    (0..one.len() - 7).filter(|at| theirs.contains(&one[*at..*at + 8])).collect()
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Returns the signed invitation inside a server copy, opened with the link.
pub fn signed_invitation(url: &str, sealed: &[u8]) -> Vec<u8> {
    let secret = secret_of(url);
    let (key, locator) =
        (link_key::<32>(&secret, "invitation-key"), link_key::<24>(&secret, "locator"));
    let (text, tag) = sealed.split_last_chunk::<16>().unwrap();
    let mut bytes = text.to_vec();
    Aes256Gcm::new(&key.into())
        .decrypt_inout_detached(&[0; 12].into(), &locator, bytes.as_mut_slice().into(), tag.into())
        .unwrap();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).unwrap());
    bytes
}

/// Makes a link to any bytes at all, and what the server would store: what a dishonest host makes.
pub fn link_to(signed: &[u8], padding: &[u8]) -> (InviteLink, Vec<u8>) {
    let digest = |label: &str, bytes: &[u8]| -> [u8; 32] {
        Sha256::new()
            .chain_update(format!("latchstring/v1/guest/{label}."))
            .chain_update(bytes)
            .finalize()
            .into()
    };
    let secret = digest("secret", signed);
    let text = [secret.as_slice(), &digest("check", &secret)[..4]].concat();
    let link =
        InviteLink::parse(&format!("G1{}", Base32UpperUnpadded::encode_string(&text))).unwrap();
    (link, sealed_under(&secret, signed, padding))
}

/// Seals what a server that knows the link can store under it.
pub fn sealed_under(secret: &[u8; 32], signed: &[u8], padding: &[u8]) -> Vec<u8> {
    let (key, locator) =
        (link_key::<32>(secret, "invitation-key"), link_key::<24>(secret, "locator"));
    let mut sealed = [signed, padding].concat();
    let tag = Aes256Gcm::new(&key.into())
        .encrypt_inout_detached(&[0; 12].into(), &locator, sealed.as_mut_slice().into())
        .unwrap();
    sealed.extend_from_slice(&tag);
    sealed
}

/// Makes a claim whose credentials are what `change` makes of them, and everything else made to fit by the
/// page of the specification: what a dishonest guest sends. The handshake inside is left as it was.
pub fn reclaimed(url: &str, claim: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let secret = secret_of(url);
    let cipher = |transcript: &[u8]| {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(&claim[58..90]), &link_key::<32>(&secret, "record-key"))
            .expand(&[b"latchstring/v1/guest/record.", transcript].concat(), &mut key)
            .unwrap();
        Aes256Gcm::new(&key.into())
    };
    let (sealed, tag) = claim[94..1795].split_last_chunk::<16>().unwrap();
    let mut credentials = sealed.to_vec();
    cipher(&claim[26..58])
        .decrypt_inout_detached(
            &[0; 12].into(),
            &claim[26..58],
            credentials.as_mut_slice().into(),
            tag.into(),
        )
        .unwrap();
    change(&mut credentials);
    let (uid, core, bundle) = (&credentials[..16], &credentials[16..153], &credentials[349..381]);
    let signed_prekeys = &credentials[381..1621];
    let transcript = Sha256::new()
        .chain_update(b"latchstring/v1/guest/claim.")
        .chain_update(link_key::<32>(&secret, "invitation-id"))
        .chain_update(uid)
        .chain_update(core)
        .chain_update(signed_prekeys)
        .chain_update(1_u32.to_be_bytes())
        .chain_update(&claim[1831..1839])
        .chain_update(bundle)
        .chain_update(&claim[1862..1894])
        .chain_update(Sha256::digest(&claim[1894..2982]))
        .finalize();
    let tag = cipher(&transcript)
        .encrypt_inout_detached(&[0; 12].into(), &transcript, credentials.as_mut_slice().into())
        .unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&link_key::<32>(&secret, "claim-key"))
        .unwrap()
        .chain_update(b"latchstring/v1/guest/claim-tag.")
        .chain_update(transcript)
        .finalize()
        .into_bytes();
    let parts: [&[u8]; 7] =
        [&claim[..26], &transcript, &claim[58..94], &credentials, &tag, &mac, &claim[1827..]];
    resigned(url, &parts.concat())
}

/// Returns the transcript that the proof in a claim's credentials signs.
pub fn transcript_of(claim: &[u8]) -> &[u8] {
    &claim[26..58]
}

/// Returns the transcript of the claim that a chat began with.
pub fn transcript_of_chat(chat: &Chat) -> [u8; 32] {
    let bytes = chat.to_bytes();
    // Behind version and kind, anchor, clock, last activity, invitation id.
    bytes[2 + 32 + 25 + 8 + 32..][..32].try_into().unwrap()
}
