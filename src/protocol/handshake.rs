//! How two devices agree on keys while one is offline: `spec/handshake.md`.
//!
//! ```text
//! dh1 = X25519(initiator identity, signed prekey)
//! dh2 = X25519(ephemeral, responder identity)
//! dh3 = X25519(ephemeral, signed prekey)
//! dh4 = X25519(ephemeral, one-time prekey), or 32 zero bytes
//! kem = the ML-KEM secret; psk = the pre-shared key, or 32 zero bytes
//!
//! h1    = SHA-256(LABEL(handshake/terms) ‖ mode ‖ suite ‖ certificate ‖ lasting ‖ one-time?
//!                 ‖ ephemeral ‖ KEM ciphertext ‖ context)
//! early = HKDF-Extract(salt = h1, ikm = dh2 ‖ dh3 ‖ dh4 ‖ kem ‖ psk)
//! k     = HKDF-Expand(early, LABEL(handshake/identity), 32)
//! intro = initiator certificate ‖ descent
//! who   = AES-256-GCM(key = k, nonce = 0, ad = h1, intro)
//! h2    = SHA-256(LABEL(handshake/parties) ‖ h1 ‖ who ‖ intro)
//! late  = HKDF-Extract(salt = early, ikm = dh1)
//! key i = HKDF-Expand(late, LABEL(handshake/keys) ‖ h2 ‖ byte i, 32)
//!         1 root, 2 initiator header, 3 responder header, 4 session id
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::aead::{TAG, open_once, seal_once};
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::kdf::{Prk, hash, hedged};
use crate::primitives::secret::Secret;
use crate::primitives::{dh, kem};

use super::bundle::{Bundle, Lasting, OneTimePrekey, PrekeyId};
use super::descent::{DESCENT, Descent};
use super::identity::{CERTIFICATE, Certificate, Identity};
use super::prekeys::{Found, Name, OneTimeSecret};
use super::{labels, wire};

/// Length of an introduction in bytes.
const INTRODUCTION: usize = CERTIFICATE + DESCENT;

/// Length of the sealed introduction in bytes.
const SEALED: usize = INTRODUCTION + TAG;

/// Length of what an initial message carries in front of an ordinary one, in bytes.
pub(crate) const PREFIX: usize = 2 + 1 + 8 + 8 + 32 + kem::CIPHERTEXT + SEALED;

const ONE_TIME: u8 = 1;
const PSK: u8 = 2;

/// A pre-shared key: 32 secret bytes, not all zero, which stand for "none".
pub(crate) struct Psk(Secret<32>);

impl Psk {
    pub(crate) fn new(key: Secret<32>) -> Result<Self, Error> {
        if key.is_zero() { Err(Error::WeakKey) } else { Ok(Self(key)) }
    }

    /// The bytes, to be written into state.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// What ties a handshake to something outside it: a secret both sides hold, and the hash of what
/// both have agreed on before.
pub(crate) struct Binding<'a> {
    pub(crate) psk: &'a Psk,
    pub(crate) context: &'a [u8; 32],
}

/// What both sides hold after the handshake.
pub(crate) struct Keys {
    pub(crate) root: Secret<32>,
    pub(crate) initiator_header: Secret<32>,
    pub(crate) responder_header: Secret<32>,
    pub(crate) session: [u8; 32],
    pub(crate) braid: Secret<32>,
}

/// The secrets that need no knowledge of the initiator's identity.
struct EarlySecrets<'a> {
    dh2: Secret<32>,
    dh3: Secret<32>,
    dh4: Option<Secret<32>>,
    kem: Secret<32>,
    psk: Option<&'a Psk>,
}

/// `early` above. Absent secrets are 32 zero bytes; the mode byte in h1 says which are absent.
fn early(secrets: &EarlySecrets<'_>, h1: &[u8; 32]) -> Prk {
    let zero = [0; 32];
    let dh4 = secrets.dh4.as_ref().map_or(&zero, Secret::expose);
    let psk = secrets.psk.map_or(&zero, |psk| psk.0.expose());
    let (dh2, dh3) = (secrets.dh2.expose(), secrets.dh3.expose());
    Prk::extract(h1, &[dh2, dh3, dh4, secrets.kem.expose(), psk])
}

/// The one function that makes a session's keys, for both sides.
fn combine(early: &Prk, dh1: &Secret<32>, h2: &[u8; 32]) -> Keys {
    let late = Prk::extract(early.chain().expose(), &[dh1.expose()]);
    let key = |i: u8| late.expand::<32>(&[labels::HANDSHAKE_KEYS, h2, &[i]]);
    Keys {
        root: key(1),
        initiator_header: key(2),
        responder_header: key(3),
        session: *key(4).expose(),
        braid: key(5),
    }
}

fn identity_key(early: &Prk) -> Secret<32> {
    early.expand(&[labels::HANDSHAKE_IDENTITY])
}

/// All that is public before the initiator is known.
struct Terms<'a> {
    mode: u8,
    responder: &'a Certificate,
    lasting: &'a Lasting,
    /// The body of the one-time prekey, empty if there is none.
    one_time: &'a [u8],
    ephemeral: &'a dh::PublicKey,
    ciphertext: &'a [u8; kem::CIPHERTEXT],
    context: &'a [u8; 32],
}

fn h1(terms: &Terms<'_>) -> [u8; 32] {
    let mut certificate = Writer::new();
    terms.responder.write(&mut certificate);
    hash(&[
        labels::HANDSHAKE_TERMS,
        &[terms.mode, wire::SUITE],
        &certificate.public(),
        &terms.lasting.body(),
        terms.one_time,
        terms.ephemeral.bytes(),
        terms.ciphertext,
        terms.context,
    ])
}

fn h2(h1: &[u8; 32], sealed: &[u8], introduction: &[u8]) -> [u8; 32] {
    hash(&[labels::HANDSHAKE_PARTIES, h1, sealed, introduction])
}

fn mode(one_time: bool, psk: bool) -> u8 {
    (if one_time { ONE_TIME } else { 0 }) | (if psk { PSK } else { 0 })
}

/// What an initiator has chosen for one responder, before it binds the handshake to anything.
pub(crate) struct Opening<'a> {
    bundle: &'a Bundle,
    descent: Descent,
    ephemeral: dh::SecretKey,
    public: dh::PublicKey,
    ciphertext: Box<[u8; kem::CIPHERTEXT]>,
    kem: Secret<32>,
}

impl<'a> Opening<'a> {
    pub(crate) fn generate(
        identity: &Identity,
        bundle: &'a Bundle,
        descent: Descent,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let secret = identity.agreement.seed();
        // The descent is what two introductions to one bundle can differ in.
        let mut about = Writer::new();
        descent.write(&mut about);
        let seed = hedged(secret, labels::HANDSHAKE_EPHEMERAL, about.written(), rng);
        let ephemeral = dh::SecretKey::from_seed(seed);
        let public = ephemeral.public();
        let key = bundle.one_time.as_ref().map_or(&bundle.lasting.last_resort, |key| &key.kem);
        let (ciphertext, kem) = key.encapsulate(rng);
        Self { bundle, descent, ephemeral, public, ciphertext, kem }
    }

    pub(crate) fn ephemeral(&self) -> &dh::PublicKey {
        &self.public
    }

    pub(crate) fn ciphertext(&self) -> &[u8; kem::CIPHERTEXT] {
        &self.ciphertext
    }

    /// The initiator's side: the keys, and the bytes in front of its messages until it is
    /// answered.
    pub(crate) fn initiate(
        &self,
        identity: &Identity,
        binding: Option<&Binding<'_>>,
    ) -> Result<(Keys, Vec<u8>), Error> {
        let Bundle { certificate: responder, lasting, one_time } = self.bundle;
        let mode = mode(one_time.is_some(), binding.is_some());
        let h1 = h1(&Terms {
            mode,
            responder,
            lasting,
            one_time: &one_time.as_ref().map(OneTimePrekey::body).unwrap_or_default(),
            ephemeral: &self.public,
            ciphertext: &self.ciphertext,
            context: binding.map_or(&[0; 32], |binding| binding.context),
        });
        let dh1 = identity.agreement.agree(&lasting.signed)?;
        let dh4 = one_time.as_ref().map(|key| self.ephemeral.agree(&key.agreement));
        let early = early(
            &EarlySecrets {
                dh2: self.ephemeral.agree(&responder.identity().agreement)?,
                dh3: self.ephemeral.agree(&lasting.signed)?,
                dh4: dh4.transpose()?,
                kem: self.kem.duplicate(),
                psk: binding.map(|binding| binding.psk),
            },
            &h1,
        );
        let mut introduction = Writer::new();
        identity.certificate.write(&mut introduction);
        self.descent.write(&mut introduction);
        let introduction = introduction.public();
        let sealed = seal_once(identity_key(&early), &h1, &introduction)?;
        let keys = combine(&early, &dh1, &h2(&h1, &sealed, &introduction));

        let mut prefix = Writer::begin(wire::VERSION, wire::INITIAL);
        prefix.u8(mode);
        prefix.raw(&lasting.id.0);
        prefix.raw(&one_time.as_ref().map_or([0; 8], |key| key.id.0));
        prefix.raw(self.public.bytes());
        prefix.raw(&*self.ciphertext);
        prefix.raw(&sealed);
        Ok((keys, prefix.public()))
    }
}

/// The clear part of a first message, in front of its ratchet message.
pub(crate) struct Prefix<'a> {
    mode: u8,
    pub(crate) lasting: PrekeyId,
    pub(crate) one_time: Option<PrekeyId>,
    pub(crate) ephemeral: dh::PublicKey,
    pub(crate) ciphertext: &'a [u8; kem::CIPHERTEXT],
    sealed: &'a [u8; SEALED],
}

impl<'a> Prefix<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::INITIAL)?;
            let mode = reader.u8()?;
            if mode & !(ONE_TIME | PSK) != 0 {
                return Err(Error::Malformed);
            }
            let lasting = PrekeyId::decode(*reader.array()?)?;
            let one_time = match (mode & ONE_TIME, *reader.array()?) {
                (0, [0, 0, 0, 0, 0, 0, 0, 0]) => None,
                (0, _) => return Err(Error::Malformed),
                (_, id) => Some(PrekeyId::decode(id)?),
            };
            Ok(Self {
                mode,
                lasting,
                one_time,
                ephemeral: dh::PublicKey::decode(*reader.array()?)?,
                ciphertext: reader.array()?,
                sealed: reader.array()?,
            })
        })
    }

    /// The name under which this first message is remembered.
    pub(crate) fn name(&self) -> Name {
        let hash = hash(&[labels::HANDSHAKE_NAME, self.ephemeral.bytes(), self.ciphertext]);
        let mut name = [0; 16];
        for (to, from) in name.iter_mut().zip(hash) {
            *to = from;
        }
        name
    }

    /// The responder's side: the initiator, where it says that the session stands, and the keys.
    pub(crate) fn accept(
        &self,
        (agreement, certificate): (&dh::SecretKey, &Certificate),
        found: &Found<'_>,
        binding: Option<&Binding<'_>>,
    ) -> Result<(Certificate, Descent, Keys), Error> {
        // A first message for a link given to an account, or the reverse.
        if (self.mode & PSK != 0) != binding.is_some() {
            return Err(Error::WrongKind);
        }
        let Found { generation, one_time } = found;
        let h1 = h1(&Terms {
            mode: self.mode,
            responder: certificate,
            lasting: &generation.public,
            one_time: &one_time.map(OneTimeSecret::body).unwrap_or_default(),
            ephemeral: &self.ephemeral,
            ciphertext: self.ciphertext,
            context: binding.map_or(&[0; 32], |binding| binding.context),
        });
        let decapsulation = one_time.map_or(&generation.last_resort, |key| &key.kem);
        let dh4 = one_time.map(|key| key.agreement.agree(&self.ephemeral));
        let early = early(
            &EarlySecrets {
                dh2: agreement.agree(&self.ephemeral)?,
                dh3: generation.signed.agree(&self.ephemeral)?,
                dh4: dh4.transpose()?,
                kem: decapsulation.decapsulate(self.ciphertext),
                psk: binding.map(|binding| binding.psk),
            },
            &h1,
        );
        let opened = open_once(identity_key(&early), &h1, self.sealed)?;
        // Only now is there somebody whose signatures are worth checking.
        let (initiator, descent) = Reader::all(&opened, |reader| {
            Ok((Certificate::read(reader)?, Descent::read(reader)?))
        })?;
        let dh1 = generation.signed.agree(&initiator.identity().agreement)?;
        let keys = combine(&early, &dh1, &h2(&h1, self.sealed, &opened));
        Ok((initiator, descent, keys))
    }
}
