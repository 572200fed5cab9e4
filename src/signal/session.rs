//! A session with one device on another messenger: `spec/third-party.md`, "Sessions".

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::dh;
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::kdf::{Prk, hash, hedged};
use crate::primitives::kyber;
use crate::primitives::secret::Secret;
use crate::protocol::labels;
use crate::protocol::position::{Position, Role};
use crate::protocol::ratchet::{SignalDelta, SignalKeys, SignalPlace, SignalRatchet};

use super::bundle::{Bundle, Checked};
use super::handshake::{InitiatorKeys, ResponderKeys, SharedKeys};
use super::keys::IdentityKey;
use super::message_keys::{Ends, MessageKeys};
use super::own_keys::{Found, OwnKeys};

use super::version::Version;
use super::wire::{ADDRESSES, Clear, Envelope, InitialMessage, KemPart, Message};

/// The time for which messages are sent on a session that the peer never answered, in seconds: its prekeys may be
/// gone.
const UNANSWERED_FOR: u64 = 30 * 86_400;

/// One session. Secret.
pub(crate) struct Session {
    version: Version,
    /// The initiator's base key, which names the session on both sides.
    base: dh::PublicKey,
    peer: IdentityKey,
    /// The registration id that the peer said it has.
    registration: u32,
    /// The frame around every message until the peer has answered. See note `[boxes]`.
    opening: Option<Box<Opening>>,
    ratchet: SignalRatchet,
}

/// The prekeys that an initiator used, which it names until it is answered.
struct Opening {
    made: u64,
    one_time: Option<u32>,
    signed: u32,
    kem: Option<(u32, Box<[u8; kyber::CIPHERTEXT]>)>,
}

/// The two ends of a session and what a message may say of them.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) own: &'a OwnKeys,
    /// The addresses as this side knows them, if both are service ids: in the direction of the message.
    pub(crate) addresses: Option<&'a [u8; ADDRESSES]>,
}

/// A text that was opened, and the place of its message.
pub(crate) struct OpenedText {
    pub(crate) text: Zeroizing<Vec<u8>>,
    pub(crate) position: Position,
    pub(crate) skipped: usize,
    pub(crate) lost: usize,
}

impl Session {
    /// Begins a session with a device by its bundle.
    pub(crate) fn initiate(
        own: &OwnKeys,
        bundle: &Bundle,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let Checked { signed, kem, one_time } = bundle.check()?;
        let (secret, label) = (own.identity().seed(), labels::SIGNAL_HANDSHAKE);
        let (their_identity, at) = (&bundle.identity.0, now.to_be_bytes());
        let (identity, prekey) = (their_identity.bytes(), signed.bytes());
        let base = hedged(secret, label, &[identity, prekey, &at, &[1]], rng);
        let base = dh::SecretKey::from_seed(base);
        let mut shared = None;
        let mut opening = Opening {
            made: now,
            one_time: one_time.map(|(id, _)| id),
            signed: bundle.signed.id,
            kem: None,
        };
        if let Some((id, key)) = kem {
            let coins = hedged(secret, label, &[identity, prekey, &at, &[2]], rng);
            let (ciphertext, secret) = key.encapsulate(&coins);
            opening.kem = Some((id, ciphertext));
            shared = Some(secret);
        }
        let keys = InitiatorKeys {
            identity: own.identity(),
            base: &base,
            their_identity,
            signed: &signed,
            one_time: one_time.as_ref().map(|(_, key)| key),
        };
        let keys = keys.derive(shared.as_ref())?;
        Ok(Self {
            version: if shared.is_some() { Version::V4 } else { Version::V3 },
            base: base.public(),
            peer: bundle.identity,
            registration: bundle.registration,
            opening: Some(Box::new(opening)),
            ratchet: SignalRatchet::initiate(ratchet_keys(own, &base.public(), keys), signed),
        })
    }

    /// Makes the responder's session, which exists only once its first message has been opened. `shared` is the
    /// secret in its KEM ciphertext.
    pub(crate) fn accept(
        line: Line<'_>,
        initial: &InitialMessage<'_>,
        found: &Found<'_>,
        shared: Option<&Secret<32>>,
    ) -> Result<(Self, OpenedText), Error> {
        let keys = ResponderKeys {
            identity: line.own.identity(),
            signed: found.signed,
            one_time: found.one_time,
            their_identity: &initial.identity,
            base: &initial.base,
        };
        let keys = keys.derive(shared)?;
        let message = &initial.message;
        let keys = ratchet_keys(line.own, &initial.base, keys);
        let ratchet = SignalRatchet::answer(keys, message.ratchet);
        let mut session = Self {
            version: message.version,
            base: initial.base,
            peer: IdentityKey(initial.identity),
            registration: initial.registration,
            opening: None,
            ratchet,
        };
        let (opened, mut delta) = session.open_from(line, message, Some(found.signed))?;
        session.apply(&mut delta);
        Ok((session, opened))
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn base(&self) -> &dh::PublicKey {
        &self.base
    }

    pub(crate) fn peer(&self) -> &IdentityKey {
        &self.peer
    }

    pub(crate) fn registration(&self) -> u32 {
        self.registration
    }

    /// Tells whether the peer has shown that it sends on this session.
    pub(crate) fn is_proven(&self) -> bool {
        match self.ratchet.double().role() {
            Role::Initiator => self.ratchet.double().received() >= 1,
            Role::Responder => self.ratchet.double().received() >= 2,
        }
    }

    /// Returns the number behind the last message that was opened in the newest chain.
    pub(crate) fn heard(&self) -> u32 {
        self.ratchet.double().heard().number
    }

    /// Returns the newest epoch of the post-quantum ratchet whose keys are in use, 0 for that of the handshake.
    pub(crate) fn post_quantum_epoch(&self) -> u32 {
        self.ratchet.epoch()
    }

    /// Tells whether the session with this version and base key is this one.
    pub(crate) fn is_begun_by(&self, initial: &InitialMessage<'_>) -> bool {
        self.version == initial.message.version && self.base == initial.base
    }

    /// Tells whether a ratchet key is the one that this side sends under.
    pub(crate) fn sends_under(&self, key: &dh::PublicKey) -> bool {
        self.ratchet.sends_under(key)
    }

    /// Tells whether a message is in a chain of this session that is known.
    pub(crate) fn knows_chain_of(&self, message: &Message<'_>) -> bool {
        self.version == message.version && self.ratchet.knows(&message.ratchet)
    }

    /// Seals a text; returns the message, whether it is an initial one, and the change.
    ///
    /// # Errors
    ///
    /// [`Error::StalePrekey`] on a session that was never answered in 30 days.
    pub(crate) fn seal(
        &self,
        line: Line<'_>,
        text: &[u8],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, SignalDelta), Error> {
        let opening = self.opening.as_deref();
        if opening.is_some_and(|opening| now >= opening.made.saturating_add(UNANSWERED_FOR)) {
            return Err(Error::StalePrekey);
        }
        let next = self.ratchet.next(rng)?;
        let keys = MessageKeys::derive(next.seed(), next.post_quantum_key());
        let ends = Ends { sender: &line.own.public().0, receiver: &self.peer.0 };
        let clear = Clear {
            version: self.version,
            ratchet: &next.ratchet,
            number: next.number,
            previous: next.previous,
            braid: next.part(),
            addresses: line.addresses.filter(|_| opening.is_some() && self.version == Version::V4),
        };
        let message = clear.seal(&keys, ends, text)?;
        let delta = next.finish(&self.ratchet, &message);
        let message = match opening {
            None => message,
            Some(opening) => self.envelope(line.own, opening).wrap(&message),
        };
        Ok((message, delta))
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.opening.is_none()
    }

    fn envelope<'a>(&'a self, own: &'a OwnKeys, opening: &'a Opening) -> Envelope<'a> {
        let kem = opening.kem.as_ref();
        Envelope {
            version: self.version,
            one_time: opening.one_time,
            base: &self.base,
            identity: &own.public().0,
            registration: own.registration(),
            signed: opening.signed,
            kem: kem.map(|(prekey, ciphertext)| KemPart { prekey: *prekey, ciphertext }),
        }
    }

    /// Opens a message. Nothing changes before the delta is applied.
    pub(crate) fn open(
        &self,
        line: Line<'_>,
        message: &Message<'_>,
    ) -> Result<(OpenedText, SignalDelta), Error> {
        if message.version != self.version {
            return Err(Error::Forged);
        }
        self.open_from(line, message, None)
    }

    fn open_from(
        &self,
        line: Line<'_>,
        message: &Message<'_>,
        first: Option<&dh::SecretKey>,
    ) -> Result<(OpenedText, SignalDelta), Error> {
        let place = SignalPlace {
            ratchet: message.ratchet,
            number: message.number,
            previous: message.previous,
            part: message.braid,
        };
        let staged = match first {
            Some(signed) => self.ratchet.stage_first(signed, &place, message.whole)?,
            None => self.ratchet.stage(&place, message.whole)?,
        };
        let keys = MessageKeys::derive(staged.seed(), staged.post_quantum_key());
        let ends = Ends { sender: &self.peer.0, receiver: &line.own.public().0 };
        keys.check(ends, message.covered, *message.mac)?;
        // A service that hands a message to another device, or in another name, than its sender meant.
        if let Some(addresses) = message.addresses
            && line.addresses != Some(addresses)
        {
            return Err(Error::WrongPeer);
        }
        let position = staged.position();
        let delta = staged.finish()?;
        let mut text = Zeroizing::new(message.text.to_vec());
        let length = keys.decrypt(&mut text)?;
        text.truncate(length);
        let double = self.ratchet.double();
        let (skipped, lost) = (delta.double.skipped(), double.dropped_by(&delta.double));
        Ok((OpenedText { text, position, skipped, lost }, delta))
    }

    /// Applies a delta that was made from this very state.
    pub(crate) fn apply(&mut self, delta: &mut SignalDelta) {
        if delta.double.is_received() {
            self.opening = None;
        }
        self.ratchet.apply(delta);
    }

    /// Stops naming the prekeys that began it, once it is no longer the session to send in.
    pub(crate) fn archive(&mut self) {
        self.opening = None;
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.version.number());
        writer.raw(self.base.bytes());
        writer.raw(self.peer.0.bytes());
        writer.u32(self.registration);
        writer.option(self.opening.as_deref(), Opening::write);
        self.ratchet.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let version = Version::of_number(reader.u8()?)?;
        let base = dh::PublicKey::decode(*reader.array()?)?;
        let peer = IdentityKey(dh::PublicKey::decode(*reader.array()?)?);
        let registration = reader.u32()?;
        let opening = reader.option(|reader| Opening::read(reader).map(Box::new))?;
        let ratchet = SignalRatchet::read(reader)?;
        let has_kem =
            opening.as_ref().is_none_or(|it| it.kem.is_some() == (version == Version::V4));
        if has_kem && ratchet.is_triple() == (version == Version::V4) {
            Ok(Self { version, base, peer, registration, opening, ratchet })
        } else {
            Err(Error::Malformed)
        }
    }
}

impl Opening {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.made);
        writer.option(self.one_time, |id, writer| writer.u32(id));
        writer.u32(self.signed);
        writer.option(self.kem.as_ref(), |(id, ciphertext), writer| {
            writer.u32(*id);
            writer.raw(ciphertext.as_slice());
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            made: reader.u64()?,
            one_time: reader.option(Reader::u32)?,
            signed: reader.u32()?,
            kem: reader.option(|reader| Ok((reader.u32()?, Box::new(*reader.array()?))))?,
        })
    }
}

/// Returns the keys that the ratchet begins with. The imprint key is this side's own: whoever could compute it
/// could make two messages that this side takes for one.
fn ratchet_keys(own: &OwnKeys, base: &dh::PublicKey, keys: SharedKeys) -> SignalKeys {
    let SharedKeys { root, braid } = keys;
    let imprint = Prk::extract(own.identity().seed().expose(), &[base.bytes()]);
    let imprint = imprint.expand::<DIGEST_KEY>(&[labels::SIGNAL_IMPRINT]);
    let session = hash(&[labels::SIGNAL_SESSION, base.bytes()]);
    SignalKeys { root, session, imprint, braid }
}
