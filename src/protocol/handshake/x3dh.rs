//! The agreement of two devices on keys while one is offline: `spec/handshake.md`, "Key schedule".
//!
//! ```text
//! ephemeral secret = hedged(initiator's agreement secret, LABEL(handshake/ephemeral),
//!                           responder certificate ‖ prekeys ‖ one-time? ‖ continuation)
//! coins            = hedged(initiator's agreement secret, LABEL(handshake/coins), ephemeral)
//!
//! dh1 = X25519(initiator identity, signed prekey)
//! dh2 = X25519(ephemeral, responder identity)
//! dh3 = X25519(ephemeral, signed prekey)
//! dh4 = X25519(ephemeral, one-time prekey), or 32 zero bytes
//! kem = the ML-KEM secret; psk = the pre-shared key, or 32 zero bytes
//!
//! h1      = SHA-256(LABEL(handshake/terms) ‖ mode ‖ suite ‖ responder certificate ‖ prekeys ‖ one-time?
//!                   ‖ ephemeral ‖ KEM ciphertext ‖ context)
//! early   = HKDF-Extract(salt = h1, ikm = dh2 ‖ dh3 ‖ dh4 ‖ kem ‖ psk)
//! k       = HKDF-Expand(early, LABEL(handshake/identity), 32)
//! payload = initiator certificate ‖ continuation
//! who     = AES-256-GCM(key = k, nonce = 0, ad = h1, payload)
//! h2      = SHA-256(LABEL(handshake/parties) ‖ h1 ‖ who ‖ payload)
//! late    = HKDF-Extract(salt = early, ikm = dh1)
//! key i   = HKDF-Expand(late, LABEL(handshake/keys) ‖ h2 ‖ byte i, 32)
//!           1 root, 2 initiator header, 3 responder header, 4 session id, 5 braid key
//!
//! imprint key = HKDF(salt = own identity secret, ikm = own secret of ephemeral or signed prekey,
//!                 LABEL(ratchet/imprint) ‖ session id, 144)
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::{Reader, Writer, first};
use crate::primitives::digest::DIGEST_KEY;
use crate::primitives::kdf::{Prk, hash, hedged};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kem};

use super::bundle::{Bundle, OneTimePrekey, PrekeyId, SignedPrekeys};
use super::continuation::{CONTINUATION, Continuation};
use super::prekeys::Found;
use super::replay::HandshakeId;
use crate::protocol::identity::certificate::{CERTIFICATE, Certificate, Identity};
use crate::protocol::{labels, wire};

/// Length of a handshake payload in bytes.
const PAYLOAD: usize = CERTIFICATE + CONTINUATION;

/// Length of the sealed handshake payload in bytes.
const SEALED_PAYLOAD: usize = PAYLOAD + TAG;

/// Length of the prefix of an initial message in bytes.
pub(crate) const PREFIX: usize = 2 + 1 + 8 + 8 + 32 + kem::CIPHERTEXT + SEALED_PAYLOAD;

const ONE_TIME: u8 = 1;
const PSK: u8 = 2;

/// A pre-shared key: 32 secret bytes, not all zero, which stand for "none".
pub(crate) struct Psk(Secret<32>);

impl Psk {
    pub(crate) fn new(key: Secret<32>) -> Result<Self, Error> {
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self(key)) }
    }

    /// Returns the bytes, to be written into state.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// A tie of a handshake to something outside it: a secret of both sides, and the hash of what both have
/// agreed on before.
pub(crate) struct Binding<'a> {
    pub(crate) psk: &'a Psk,
    pub(crate) context: &'a [u8; 32],
}

/// The keys that a side holds after the handshake: those of both sides, and its own.
pub(crate) struct SessionKeys {
    pub(crate) root: Secret<32>,
    pub(crate) initiator_header: Secret<32>,
    pub(crate) responder_header: Secret<32>,
    pub(crate) session: [u8; 32],
    pub(crate) braid: Secret<32>,
    /// This side's imprint key, which the other side cannot compute.
    pub(crate) imprint: Secret<DIGEST_KEY>,
}

/// The secrets of a side's own that its imprint key follows from.
struct OwnSecrets<'a> {
    identity: &'a dh::SecretKey,
    /// The initiator's ephemeral key, or the responder's signed prekey.
    handshake: &'a dh::SecretKey,
}

impl OwnSecrets<'_> {
    fn imprint_key(&self, session: &[u8; 32]) -> Secret<DIGEST_KEY> {
        let (identity, handshake) = (self.identity.seed(), self.handshake.seed());
        let prk = Prk::extract(identity.expose(), &[handshake.expose()]);
        prk.expand(&[labels::RATCHET_IMPRINT, session])
    }
}

/// The secrets that need no knowledge of the initiator's identity.
struct EarlySecrets<'a> {
    dh2: Secret<32>,
    dh3: Secret<32>,
    dh4: Option<Secret<32>>,
    kem: Secret<32>,
    psk: Option<&'a Psk>,
}

/// Computes `early` above. Absent secrets are 32 zero bytes; the mode byte in h1 says which are absent.
fn early(secrets: &EarlySecrets<'_>, h1: &[u8; 32]) -> Prk {
    let zero = [0; 32];
    let dh4 = secrets.dh4.as_ref().map_or(&zero, Secret::expose);
    let psk = secrets.psk.map_or(&zero, |psk| psk.0.expose());
    let (dh2, dh3) = (secrets.dh2.expose(), secrets.dh3.expose());
    Prk::extract(h1, &[dh2, dh3, dh4, secrets.kem.expose(), psk])
}

/// Makes a session's keys. It is the one function that does, for both sides.
fn combine(early: &Prk, dh1: &Secret<32>, h2: &[u8; 32], own: &OwnSecrets<'_>) -> SessionKeys {
    let late = Prk::extract(early.chain().expose(), &[dh1.expose()]);
    let key = |i: u8| late.expand::<32>(&[labels::HANDSHAKE_KEYS, h2, &[i]]);
    let session = *key(4).expose();
    SessionKeys {
        root: key(1),
        initiator_header: key(2),
        responder_header: key(3),
        session,
        braid: key(5),
        imprint: own.imprint_key(&session),
    }
}

fn identity_key(early: &Prk) -> Secret<32> {
    early.expand(&[labels::HANDSHAKE_IDENTITY])
}

/// The public inputs of the handshake before the initiator is known.
struct HandshakeTerms<'a> {
    mode: u8,
    responder: &'a Certificate,
    signed_prekeys: &'a SignedPrekeys,
    /// The body of the one-time prekey, empty if there is none.
    one_time: &'a [u8],
    ephemeral: &'a dh::PublicKey,
    ciphertext: &'a [u8; kem::CIPHERTEXT],
    context: &'a [u8; 32],
}

fn h1(terms: &HandshakeTerms<'_>) -> [u8; 32] {
    let mut certificate = Writer::new();
    terms.responder.write(&mut certificate);
    hash(&[
        labels::HANDSHAKE_TERMS,
        &[terms.mode, wire::SUITE],
        &certificate.public(),
        &terms.signed_prekeys.body(),
        terms.one_time,
        terms.ephemeral.bytes(),
        terms.ciphertext,
        terms.context,
    ])
}

fn h2(h1: &[u8; 32], sealed: &[u8], payload: &[u8]) -> [u8; 32] {
    hash(&[labels::HANDSHAKE_PARTIES, h1, sealed, payload])
}

fn mode(one_time: bool, psk: bool) -> u8 {
    (if one_time { ONE_TIME } else { 0 }) | (if psk { PSK } else { 0 })
}

/// An initiator's draws for one responder, before it binds the handshake to anything.
pub(crate) struct InitiatorHandshake<'a> {
    bundle: &'a Bundle,
    continuation: Continuation,
    ephemeral: dh::SecretKey,
    public: dh::PublicKey,
    ciphertext: Box<[u8; kem::CIPHERTEXT]>,
    kem: Secret<32>,
}

impl<'a> InitiatorHandshake<'a> {
    pub(crate) fn generate(
        identity: &Identity,
        bundle: &'a Bundle,
        continuation: Continuation,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let secret = identity.agreement.seed();
        // Two attempts that agree in all of this are one attempt: of what else is in their keys and payloads, the
        // certificate, an agreement key has one.
        let (mut responder, mut continued) = (Writer::new(), Writer::new());
        bundle.certificate.write(&mut responder);
        continuation.write(&mut continued);
        let prekeys = bundle.signed_prekeys.body();
        let one_time = bundle.one_time.as_ref().map(OneTimePrekey::body).unwrap_or_default();
        let about: [&[u8]; 4] = [responder.written(), &prekeys, &one_time, continued.written()];
        let seed = hedged(secret, labels::HANDSHAKE_EPHEMERAL, &about, rng);
        let ephemeral = dh::SecretKey::from_seed(seed);
        let public = ephemeral.public();
        let key =
            bundle.one_time.as_ref().map_or(&bundle.signed_prekeys.last_resort, |key| &key.kem);
        // All that is known has gone into the ephemeral key.
        let coins = hedged(secret, labels::HANDSHAKE_COINS, &[public.bytes()], rng);
        let (ciphertext, kem) = key.encapsulate(&coins);
        Self { bundle, continuation, ephemeral, public, ciphertext, kem }
    }

    pub(crate) fn ephemeral(&self) -> &dh::PublicKey {
        &self.public
    }

    pub(crate) fn ciphertext(&self) -> &[u8; kem::CIPHERTEXT] {
        &self.ciphertext
    }

    /// Computes the initiator's side: the keys, and the prefix of its messages until it is answered.
    pub(crate) fn initiate(
        &self,
        identity: &Identity,
        binding: Option<&Binding<'_>>,
    ) -> Result<(SessionKeys, Vec<u8>), Error> {
        let Bundle { certificate: responder, signed_prekeys, one_time } = self.bundle;
        let mode = mode(one_time.is_some(), binding.is_some());
        let h1 = h1(&HandshakeTerms {
            mode,
            responder,
            signed_prekeys,
            one_time: &one_time.as_ref().map(OneTimePrekey::body).unwrap_or_default(),
            ephemeral: &self.public,
            ciphertext: &self.ciphertext,
            context: binding.map_or(&[0; 32], |binding| binding.context),
        });
        let dh1 = identity.agreement.agree(&signed_prekeys.signed)?;
        let dh4 = one_time.as_ref().map(|key| self.ephemeral.agree(&key.agreement));
        let early = early(
            &EarlySecrets {
                dh2: self.ephemeral.agree(&responder.identity().agreement)?,
                dh3: self.ephemeral.agree(&signed_prekeys.signed)?,
                dh4: dh4.transpose()?,
                kem: self.kem.duplicate(),
                psk: binding.map(|binding| binding.psk),
            },
            &h1,
        );
        let mut payload = Writer::new();
        identity.certificate.write(&mut payload);
        self.continuation.write(&mut payload);
        let payload = payload.public();
        let sealed = seal_once(identity_key(&early), &h1, &payload)?;
        let own = OwnSecrets { identity: &identity.agreement, handshake: &self.ephemeral };
        let keys = combine(&early, &dh1, &h2(&h1, &sealed, &payload), &own);

        let mut prefix = Writer::begin(wire::VERSION, wire::INITIAL);
        prefix.u8(mode);
        prefix.raw(&signed_prekeys.id.0);
        prefix.raw(&one_time.as_ref().map_or([0; 8], |key| key.id.0));
        prefix.raw(self.public.bytes());
        prefix.raw(&*self.ciphertext);
        prefix.raw(&sealed);
        Ok((keys, prefix.public()))
    }
}

/// The prefix: the clear part of a first message, in front of its ratchet message.
pub(crate) struct Prefix<'a> {
    mode: u8,
    pub(crate) signed_prekeys: PrekeyId,
    pub(crate) one_time: Option<PrekeyId>,
    pub(crate) ephemeral: dh::PublicKey,
    pub(crate) ciphertext: &'a [u8; kem::CIPHERTEXT],
    sealed: &'a [u8; SEALED_PAYLOAD],
}

impl<'a> Prefix<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::INITIAL)?;
            let mode = reader.u8()?;
            if mode & !(ONE_TIME | PSK) != 0 {
                return Err(Error::Malformed);
            }
            let signed_prekeys = PrekeyId::decode(*reader.array()?)?;
            let one_time = match (mode & ONE_TIME, *reader.array()?) {
                (0, [0, 0, 0, 0, 0, 0, 0, 0]) => None,
                (0, _) => return Err(Error::Malformed),
                (_, id) => Some(PrekeyId::decode(id)?),
            };
            Ok(Self {
                mode,
                signed_prekeys,
                one_time,
                ephemeral: dh::PublicKey::decode(*reader.array()?)?,
                ciphertext: reader.array()?,
                sealed: reader.array()?,
            })
        })
    }

    /// Returns the id under which this first message is remembered.
    pub(crate) fn handshake_id(&self) -> HandshakeId {
        let hash = hash(&[labels::HANDSHAKE_NAME, self.ephemeral.bytes(), self.ciphertext]);
        HandshakeId(first(&hash))
    }

    /// Computes the responder's side: the initiator, the continuation that it names, and the keys.
    pub(crate) fn accept(
        &self,
        (agreement, certificate): (&dh::SecretKey, &Certificate),
        found: &Found<'_>,
        binding: Option<&Binding<'_>>,
    ) -> Result<(Certificate, Continuation, SessionKeys), Error> {
        // A first message for a link given to an account, or the reverse.
        if (self.mode & PSK != 0) != binding.is_some() {
            return Err(Error::WrongKind);
        }
        let Found { prekey_set, one_time } = found;
        let (kem, one_time_body) = one_time.map_or_else(
            || (prekey_set.last_resort.decapsulate(self.ciphertext), Vec::new()),
            |key| key.open(self.ciphertext),
        );
        let h1 = h1(&HandshakeTerms {
            mode: self.mode,
            responder: certificate,
            signed_prekeys: &prekey_set.public,
            one_time: &one_time_body,
            ephemeral: &self.ephemeral,
            ciphertext: self.ciphertext,
            context: binding.map_or(&[0; 32], |binding| binding.context),
        });
        let dh4 = one_time.map(|key| key.agreement.agree(&self.ephemeral));
        let early = early(
            &EarlySecrets {
                dh2: agreement.agree(&self.ephemeral)?,
                dh3: prekey_set.signed.agree(&self.ephemeral)?,
                dh4: dh4.transpose()?,
                kem,
                psk: binding.map(|binding| binding.psk),
            },
            &h1,
        );
        let opened = open_once(identity_key(&early), &h1, self.sealed)?;
        // Only now is there somebody whose signatures are worth checking.
        let (initiator, continuation) = Reader::all(&opened, |reader| {
            Ok((Certificate::read(reader)?, Continuation::read(reader)?))
        })?;
        let dh1 = prekey_set.signed.agree(&initiator.identity().agreement)?;
        let own = OwnSecrets { identity: agreement, handshake: &prekey_set.signed };
        let keys = combine(&early, &dh1, &h2(&h1, self.sealed, &opened), &own);
        Ok((initiator, continuation, keys))
    }
}
