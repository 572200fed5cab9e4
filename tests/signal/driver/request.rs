//! A request of the harness, and how bytes are written in it.

use std::fmt::Write;

use latchstring::Error;
use latchstring::signal::{Address, ForeignDevice, ProviderId};
use serde_json::Value;

/// A request, or an object in one.
pub struct Request(Value);

impl Request {
    /// Reads a request from its line.
    pub fn read(line: &str) -> Self {
        Self(serde_json::from_str(line).expect("JSON"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub fn object(&self, name: &str) -> Self {
        Self(self.0[name].clone())
    }

    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("no text {name}"))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or_else(|| panic!("no flag {name}"))
    }

    pub fn number<T: TryFrom<u64>>(&self, name: &str) -> T {
        let number = self.0[name].as_u64().unwrap_or_else(|| panic!("no number {name}"));
        number.try_into().unwrap_or_else(|_| panic!("{number} is too large for {name}"))
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.text(name).as_bytes();
        let byte = |pair: &[u8]| {
            let digits = std::str::from_utf8(pair).expect("hexadecimal digits");
            u8::from_str_radix(digits, 16).expect("hexadecimal digits")
        };
        text.chunks(2).map(byte).collect()
    }

    /// Returns bytes of one length: of another, what a peer gave is malformed.
    pub fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], Error> {
        self.bytes(name).try_into().map_err(|_| Error::Malformed)
    }

    pub fn objects(&self, name: &str) -> Vec<Self> {
        let list = self.0[name].as_array().unwrap_or_else(|| panic!("no list {name}"));
        list.iter().cloned().map(Self).collect()
    }

    pub fn address(&self, name: &str) -> Result<ForeignDevice, Error> {
        self.object(name).itself()
    }

    /// Reads an object that is an address.
    pub fn itself(&self) -> Result<ForeignDevice, Error> {
        let address = Address::new(self.text("name"), self.number("device"))?;
        Ok(ForeignDevice::new(&provider(), &address))
    }
}

/// The one provider of all who talk here. Their programs know no profile.
pub fn provider() -> ProviderId {
    ProviderId::new("peers.example").expect("a line")
}

/// Writes bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes all");
    }
    text
}
