//! Enlistments, by which a device shows another service's server who it is: `spec/third-party.md`, "Connecting".
//!
//! ```text
//! claims     = 01 52 ‖ attestation ‖ token ‖ u8(number of the device) ‖ route       route = 01 ‖ channel (32) | 02
//! enlistment = claims ‖ XEdDSA(identity key, LABEL(signal/enlistment) ‖ challenge ‖ claims)
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer};
use crate::primitives::sign::Signature;
use crate::primitives::xeddsa;
use crate::protocol::{labels, wire};
use crate::signal::client::Client;
use crate::signal::keys::IdentityKey;
use crate::signal::policy::{Attestation, ForeignAccount, ProviderId};

use super::challenge::Question;
use super::token::EnlistmentToken;

/// The way by which a device is connected to a service's server, as the device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// Directly. The 32 bytes are what both ends derive from the keys of their transport (the exporter of TLS, the
    /// hash of a Noise handshake), so that nobody sits in between and passes everything on.
    Direct([u8; 32]),
    /// By the proxy of the device's own provider.
    Proxy,
}

/// The way by which a connection came, as the service's server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival<'a> {
    /// Directly, with what the server has derived from the keys of the transport ([`Route::Direct`]).
    Direct([u8; 32]),
    /// By the proxy of this provider, which the service knows by its own means.
    Proxy(&'a ProviderId),
}

/// The claims of a device that connects to a service's server, with the proof of its identity key. They are nothing
/// more before the server has admitted it ([`Challenge::admit`](super::Challenge::admit)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enlistment {
    pub(super) attestation: Attestation,
    pub(super) token: EnlistmentToken,
    pub(super) number: u8,
    pub(super) route: Route,
    signature: Signature,
}

impl Client {
    /// Answers the challenge of the service that `origin` names, so that its server admits this device.
    ///
    /// # Errors
    ///
    /// [`Error::WrongOrigin`] if the challenge or the token is another service's; [`Error::OwnDeviceUnlisted`] if no
    /// attestation of this side's own account is known that names this device, [`Error::ListExpired`] if it is past
    /// its time; [`Error::WrongPeer`] if the token is for another attestation.
    pub fn enlist(
        &self,
        origin: &str,
        challenge: &Question,
        token: &EnlistmentToken,
        route: Route,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Enlistment, Error> {
        challenge.origin.check(origin)?;
        let inner = &*self.inner;
        let own = inner.policy.own_attestation().ok_or(Error::OwnDeviceUnlisted)?;
        let number = inner.device.number();
        if own.statement().device(number) != Some(inner.keys.public()) {
            return Err(Error::OwnDeviceUnlisted);
        }
        own.check(inner.clock.now(now))?;
        token.check(origin, own)?;
        let (attestation, token) = (own.clone(), token.clone());
        let mut answer = Enlistment { attestation, token, number, route, signature: [0; 64] };
        let (challenge, claims) = (challenge.bytes(), answer.claims());
        let message = [labels::SIGNAL_ENLISTMENT, challenge.written(), claims.written()];
        answer.signature = xeddsa::sign(inner.keys.identity(), &message, rng);
        Ok(answer)
    }
}

impl Enlistment {
    /// Decodes an enlistment, at the server.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::UnknownVersion`], [`Error::WrongKind`], [`Error::WeakKey`] for the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            reader.begin(wire::VERSION, wire::ENLISTMENT)?;
            Ok(Self {
                attestation: Attestation::recall(reader)?,
                token: EnlistmentToken::read(reader)?,
                number: reader.u8()?,
                route: Route::read(reader)?,
                signature: *reader.array()?,
            })
        })
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = self.claims();
        writer.raw(&self.signature);
        writer.public()
    }

    /// Returns the account that the device says it is of: whose descriptor and known attestation the server needs.
    #[must_use]
    pub fn account(&self) -> &ForeignAccount {
        &self.attestation.statement().account
    }

    /// Tells whether a connection came by the way that the device says.
    pub(super) fn came_by(&self, arrival: Arrival<'_>) -> bool {
        match (self.route, arrival) {
            (Route::Direct(says), Arrival::Direct(found)) => says == found,
            (Route::Proxy, Arrival::Proxy(provider)) => self.account().provider() == provider,
            _ => false,
        }
    }

    /// Verifies that an identity key answers a challenge by it.
    pub(super) fn verify(&self, identity: &IdentityKey, challenge: &Question) -> Result<(), Error> {
        let (challenge, claims) = (challenge.bytes(), self.claims());
        let message = [labels::SIGNAL_ENLISTMENT, challenge.written(), claims.written()];
        xeddsa::verify(&identity.0, &message, &self.signature)
    }

    fn claims(&self) -> Writer {
        let mut writer = Writer::begin(wire::VERSION, wire::ENLISTMENT);
        self.attestation.write(&mut writer);
        self.token.write(&mut writer);
        writer.u8(self.number);
        self.route.write(&mut writer);
        writer
    }
}

impl Route {
    fn write(self, writer: &mut Writer) {
        match self {
            Self::Direct(channel) => {
                writer.u8(1);
                writer.raw(&channel);
            }
            Self::Proxy => writer.u8(2),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u8()? {
            1 => Ok(Self::Direct(*reader.array()?)),
            2 => Ok(Self::Proxy),
            _ => Err(Error::Malformed),
        }
    }
}
