//! Certificates, which say who a device is: `spec/identity.md`.
//!
//! ```text
//! core        = kind ‖ account id ‖ account key ‖ device id ‖ signing key ‖ agreement key
//! certificate = core ‖ Ed25519(account key, LABEL(identity/account) ‖ core)
//!                    ‖ Ed25519(signing key, LABEL(identity/device)  ‖ core)
//! ```

use core::fmt;

use crate::error::Error;
use crate::primitives::codec::{Reader, Writer, concat};
use crate::primitives::id::ids;
use crate::primitives::sign::{SIGNATURE, Signature};
use crate::primitives::{dh, sign};
use crate::protocol::labels;

/// Length of a certificate's signed core in bytes.
pub(crate) const CORE: usize = 1 + 32 + 32 + 8 + 32 + 32;

/// Length of a certificate in bytes.
pub(crate) const CERTIFICATE: usize = CORE + 2 * SIGNATURE;

ids! {
    /// An account's id: 32 bytes that the app chooses, unique in its service. Draw it at random, and better take no
    /// telephone number, name or address, which people change and pass on. Where it must change all the same, move the
    /// account ([`Client::move_account`](crate::client::Client::move_account)), which keeps sessions and pins.
    AccountId: 32;

    /// A device's id within its account: 8 random bytes that say nothing about the device.
    DeviceId: 8;

    /// The public key of an account, which signs its devices. People compare fingerprints to know that
    /// it is the right person's ([`Fingerprint`](crate::session::Fingerprint)).
    AccountKey: 32;
}

/// The two public keys of a device: one signs, the other agrees, and neither does both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey {
    pub(crate) signing: sign::PublicKey,
    pub(crate) agreement: dh::PublicKey,
}

impl IdentityKey {
    /// Tells whether the two identities have a key in common: two devices share none.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.signing == other.signing || self.agreement == other.agreement
    }

    /// Encodes the 64 bytes `Ed25519 signing key ‖ X25519 agreement key`.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 64] {
        concat(&[self.signing.bytes(), self.agreement.bytes()])
    }

    /// Reads the keys. Only a [`Certificate`] proves that a device holds them.
    ///
    /// # Errors
    ///
    /// [`Error::WeakKey`] for a key that is not canonical or of small order.
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, Error> {
        Reader::all(bytes, |reader| {
            let signing = sign::PublicKey::read(reader)?;
            Ok(Self { signing, agreement: dh::PublicKey::decode(*reader.array()?)? })
        })
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(")?;
        for byte in self.signing.bytes().iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

/// The kind of account that a device belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountKind {
    /// An account of the service.
    Member,
    /// A guest: somebody who holds nothing but a link. It has exactly one device.
    Guest,
}

impl AccountKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Member => 1,
            Self::Guest => 2,
        }
    }

    fn decode(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::Member),
            2 => Ok(Self::Guest),
            _ => Err(Error::Malformed),
        }
    }
}

/// A device of an account, signed by the account and by the device itself.
///
/// It exists only if both signatures hold. It does not prove that the *account key* is the right
/// person's: people compare that ([`Fingerprint`](crate::session::Fingerprint)).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    kind: AccountKind,
    account: AccountId,
    account_key: sign::PublicKey,
    device: DeviceId,
    identity: IdentityKey,
    account_signature: Signature,
    device_signature: Signature,
}

impl Certificate {
    /// Signs a device into an account. A guest is its own account: both keys are one.
    pub(crate) fn sign(
        kind: AccountKind,
        account: AccountId,
        account_key: &sign::SecretKey,
        device: DeviceId,
        signing: &sign::SecretKey,
        agreement: &dh::SecretKey,
    ) -> Self {
        let identity = IdentityKey { signing: signing.public(), agreement: agreement.public() };
        let mut certificate = Self {
            kind,
            account,
            account_key: account_key.public(),
            device,
            identity,
            account_signature: [0; SIGNATURE],
            device_signature: [0; SIGNATURE],
        };
        let core = certificate.core();
        certificate.account_signature = account_key.sign(labels::IDENTITY_ACCOUNT, &[&core]);
        certificate.device_signature = signing.sign(labels::IDENTITY_DEVICE, &[&core]);
        certificate
    }

    /// Reads and verifies a certificate of 265 bytes ([identity.md](crate::spec::identity)).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a wrong length or kind, [`Error::WeakKey`] for a key that is not
    /// canonical or of small order, [`Error::BadSignature`] if a signature does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let certificate = Self::recall(reader)?;
        certificate.verify()?;
        Ok(certificate)
    }

    /// Reads a certificate from this device's own state, which holds only verified ones.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let kind = AccountKind::decode(reader.u8()?)?;
        let account = AccountId(*reader.array()?);
        let account_key = sign::PublicKey::read(reader)?;
        Ok(Self { kind, ..Self::recall_member(reader, account, account_key)? })
    }

    /// Reads a device of a list, which holds what all its devices share only once. The signatures are
    /// not verified.
    pub(crate) fn recall_member(
        reader: &mut Reader<'_>,
        account: AccountId,
        account_key: sign::PublicKey,
    ) -> Result<Self, Error> {
        Ok(Self {
            kind: AccountKind::Member,
            account,
            account_key,
            device: DeviceId(*reader.array()?),
            identity: IdentityKey {
                signing: sign::PublicKey::read(reader)?,
                agreement: dh::PublicKey::decode(*reader.array()?)?,
            },
            account_signature: *reader.array()?,
            device_signature: *reader.array()?,
        })
    }

    pub(crate) fn verify(&self) -> Result<(), Error> {
        self.verify_account()?;
        let core = self.core();
        self.identity.signing.verify(labels::IDENTITY_DEVICE, &[&core], &self.device_signature)
    }

    fn verify_account(&self) -> Result<(), Error> {
        // A guest has no account apart from its device; a member's account key is no device key,
        // because otherwise to steal the device would be to steal the account.
        let own_account = self.account_key == self.identity.signing;
        if own_account != (self.kind == AccountKind::Guest) {
            return Err(Error::Malformed);
        }
        let core = self.core();
        self.account_key.verify(labels::IDENTITY_ACCOUNT, &[&core], &self.account_signature)
    }

    /// Encodes what [`Certificate::decode`] reads, 265 bytes.
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        Writer::encoded(|writer| self.write(writer))
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.core());
        writer.raw(&self.account_signature);
        writer.raw(&self.device_signature);
    }

    /// Writes the part that is this device's alone, 200 bytes (`spec/devices.md`).
    pub(crate) fn write_member(&self, writer: &mut Writer) {
        writer.raw(&self.device.0);
        writer.raw(self.identity.signing.bytes());
        writer.raw(self.identity.agreement.bytes());
        writer.raw(&self.account_signature);
        writer.raw(&self.device_signature);
    }

    /// Encodes the core: the bytes that both signatures cover, and that identify the device in
    /// everything it signs.
    pub(crate) fn core(&self) -> [u8; CORE] {
        concat(&[
            &[self.kind.byte()],
            &self.account.0,
            self.account_key.bytes(),
            &self.device.0,
            self.identity.signing.bytes(),
            self.identity.agreement.bytes(),
        ])
    }

    /// Tells whether this is a device of a member or of a guest.
    #[must_use]
    pub fn kind(&self) -> AccountKind {
        self.kind
    }

    /// Returns the account that the device belongs to, by the id that it was made with.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Returns the account's Ed25519 public key. If it changes, tell the user before anything is sent.
    #[must_use]
    pub fn account_key(&self) -> AccountKey {
        AccountKey(*self.account_key.bytes())
    }

    /// Returns the device's id within its account.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Returns the device's identity keys.
    #[must_use]
    pub fn identity(&self) -> &IdentityKey {
        &self.identity
    }
}

/// A device that its account has signed and that has not countersigned yet. It exists only if the
/// account's signature holds.
pub(crate) struct UncheckedCertificate {
    /// The certificate without the device's signature.
    certificate: Certificate,
}

impl UncheckedCertificate {
    /// Returns the device's public keys.
    pub(crate) fn identity(&self) -> &IdentityKey {
        &self.certificate.identity
    }

    /// Signs a device of which only the public keys are here.
    pub(crate) fn sign(
        (account, account_key): (AccountId, &sign::SecretKey),
        device: DeviceId,
        identity: IdentityKey,
    ) -> Self {
        let mut certificate = Certificate {
            kind: AccountKind::Member,
            account,
            account_key: account_key.public(),
            device,
            identity,
            account_signature: [0; SIGNATURE],
            device_signature: [0; SIGNATURE],
        };
        let core = certificate.core();
        certificate.account_signature = account_key.sign(labels::IDENTITY_ACCOUNT, &[&core]);
        Self { certificate }
    }

    /// Reads `device id ‖ account signature` for a device whose keys are known, of the account of
    /// another device.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        sibling: &Certificate,
        identity: IdentityKey,
    ) -> Result<Self, Error> {
        let certificate = Certificate {
            device: DeviceId(*reader.array()?),
            identity,
            account_signature: *reader.array()?,
            device_signature: [0; SIGNATURE],
            ..sibling.clone()
        };
        certificate.verify_account()?;
        Ok(Self { certificate })
    }

    /// Writes what [`UncheckedCertificate::read`] reads.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(&self.certificate.device.0);
        writer.raw(&self.certificate.account_signature);
    }

    /// Writes all of it for this device's own state.
    pub(crate) fn keep(&self, writer: &mut Writer) {
        self.certificate.write(writer);
    }

    /// Reads what [`UncheckedCertificate::keep`] wrote.
    pub(crate) fn recall(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Certificate::recall(reader).map(|certificate| Self { certificate })
    }

    pub(crate) fn core(&self) -> [u8; CORE] {
        self.certificate.core()
    }

    pub(crate) fn device(&self) -> DeviceId {
        self.certificate.device
    }

    /// Makes the device's signature over its own core.
    pub(crate) fn countersign(&self, signing: &sign::SecretKey) -> Signature {
        signing.sign(labels::IDENTITY_DEVICE, &[&self.core()])
    }

    /// Returns the certificate, if the device's signature holds.
    pub(crate) fn complete(&self, device_signature: Signature) -> Result<Certificate, Error> {
        let certificate = Certificate { device_signature, ..self.certificate.clone() };
        certificate.verify()?;
        Ok(certificate)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("kind", &self.kind)
            .field("account", &self.account)
            .field("device", &self.device)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// A device's secret identity keys, with the certificate that names their public halves.
pub(crate) struct Identity {
    pub(crate) signing: sign::SecretKey,
    pub(crate) agreement: dh::SecretKey,
    pub(crate) certificate: Certificate,
}

impl Identity {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.signing.seed().expose());
        writer.raw(self.agreement.seed().expose());
        self.certificate.write(writer);
    }

    /// Reads an identity from this device's own state.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let signing = sign::SecretKey::from_seed(reader.secret()?);
        let agreement = dh::SecretKey::from_seed(reader.secret()?);
        let certificate = Certificate::recall(reader)?;
        let ours = IdentityKey { signing: signing.public(), agreement: agreement.public() };
        if certificate.identity != ours {
            return Err(Error::Malformed);
        }
        Ok(Self { signing, agreement, certificate })
    }
}
