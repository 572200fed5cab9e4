//! The proxy of a provider: it carries messages in a form of its own. What the form says can be changed on the way,
//! and what is inside cannot.

use std::fmt::Write;

use latchstring::Error;
use latchstring::signal::{
    Address, Delivery, ForeignDevice, MessageKind, ProviderId, SealedMessage,
};

/// Writes a delivery as a line of XML, as the proxy's own protocol has it.
pub(crate) fn stanza(delivery: &Delivery) -> String {
    let Delivery { from, to, message } = delivery;
    let kind = if message.kind == MessageKind::Initial { "first" } else { "next" };
    let mut line = String::from("<message");
    for (side, device) in [("from", from), ("to", to)] {
        let address = device.address().to_string();
        let name = address.rsplit_once('.').map_or("", |(name, _)| name);
        let (number, at) = (device.number(), device.provider());
        let _ = write!(line, " {side}='{name}' {side}-device='{number}' {side}-at='{at}'");
    }
    let _ = write!(line, " kind='{kind}'>");
    for byte in &message.bytes {
        let _ = write!(line, "{byte:02x}");
    }
    line + "</message>"
}

/// Makes a delivery of a line, at the other end.
pub(crate) fn delivery(stanza: &str) -> Result<Delivery, Error> {
    let field = |name: &str| {
        let (_, after) = stanza.split_once(&format!(" {name}='")).ok_or(Error::Malformed)?;
        after.split_once('\'').map(|(value, _)| value).ok_or(Error::Malformed)
    };
    let device = |side: &str| {
        let number = field(&format!("{side}-device"))?.parse().map_err(|_| Error::Malformed)?;
        let address = Address::new(field(side)?, number)?;
        Ok(ForeignDevice::new(&ProviderId::new(field(&format!("{side}-at"))?)?, &address))
    };
    let (_, text) = stanza.split_once('>').ok_or(Error::Malformed)?;
    let (digits, _) = text.split_once('<').ok_or(Error::Malformed)?;
    let kind = match field("kind")? {
        "first" => MessageKind::Initial,
        _ => MessageKind::Ordinary,
    };
    let message = SealedMessage { kind, bytes: unhex(digits)? };
    Ok(Delivery { from: device("from")?, to: device("to")?, message })
}

/// Reads hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> Result<Vec<u8>, Error> {
    let pairs = digits.as_bytes().chunks(2).map(str::from_utf8);
    let byte = |pair| u8::from_str_radix(pair, 16).map_err(|_| Error::Malformed);
    pairs.map(|pair| pair.map_err(|_| Error::Malformed).and_then(byte)).collect()
}
