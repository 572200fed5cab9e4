//! The part of Protocol Buffers that formats of others use: fields that occur once, varints, fixed 64-bit
//! numbers and byte strings. Unknown fields are skipped, since those formats grow by them; what no writer makes
//! is refused: a varint or key that is longer than it needs to be, a known field twice, a known field of
//! another type, groups.

use super::codec::{Reader, Writer};
use crate::error::Error;

/// The value of a field.
#[derive(Clone, Copy)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// A type that no known field has.
    Other,
}

/// A known field of a message: it may be absent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Field<'a>(Option<Value<'a>>);

impl<'a> Field<'a> {
    /// Returns its bytes, if it is there.
    pub(crate) fn optional_bytes(self) -> Result<Option<&'a [u8]>, Error> {
        match self.0 {
            None => Ok(None),
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(_) => Err(Error::Malformed),
        }
    }

    /// Returns its bytes.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Error> {
        self.optional_bytes()?.ok_or(Error::Malformed)
    }

    /// Returns its bytes, which are `N`.
    pub(crate) fn array<const N: usize>(self) -> Result<&'a [u8; N], Error> {
        self.bytes()?.try_into().map_err(|_| Error::Malformed)
    }

    /// Returns its number, if it is there.
    pub(crate) fn optional_u64(self) -> Result<Option<u64>, Error> {
        match self.0 {
            None => Ok(None),
            Some(Value::Varint(number)) => Ok(Some(number)),
            Some(_) => Err(Error::Malformed),
        }
    }

    /// Returns its number of at most 32 bits, if it is there.
    pub(crate) fn optional_u32(self) -> Result<Option<u32>, Error> {
        let number = self.optional_u64()?;
        number.map(|number| u32::try_from(number).map_err(|_| Error::Malformed)).transpose()
    }

    /// Returns its number of at most 32 bits.
    pub(crate) fn u32(self) -> Result<u32, Error> {
        self.optional_u32()?.ok_or(Error::Malformed)
    }

    /// Returns its fixed 64-bit number.
    pub(crate) fn fixed_u64(self) -> Result<u64, Error> {
        match self.0 {
            Some(Value::Fixed64(number)) => Ok(number),
            _ => Err(Error::Malformed),
        }
    }
}

/// Reads a message whose known fields are numbered 1 to `N`; the place of a field is its number less one.
pub(crate) fn read<const N: usize>(bytes: &[u8]) -> Result<[Field<'_>; N], Error> {
    let mut fields = [Field::default(); N];
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let key = varint(&mut reader)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut reader)?),
            1 => Value::Fixed64(u64::from_le_bytes(*reader.array()?)),
            2 => {
                let length = usize::try_from(varint(&mut reader)?).map_err(|_| Error::Malformed)?;
                Value::Bytes(reader.slice(length)?)
            }
            5 => {
                reader.array::<4>()?;
                Value::Other
            }
            _ => return Err(Error::Malformed),
        };
        // Field numbers end at 2^29 − 1.
        let number = usize::try_from(u32::try_from(key).map_err(|_| Error::Malformed)? >> 3);
        let place = number.ok().and_then(|number| number.checked_sub(1)).ok_or(Error::Malformed)?;
        if let Some(field) = fields.get_mut(place)
            && field.0.replace(value).is_some()
        {
            return Err(Error::Malformed);
        }
    }
    Ok(fields)
}

/// Reads a varint in its one shortest form.
pub(crate) fn varint(reader: &mut Reader<'_>) -> Result<u64, Error> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = reader.u8()?;
        let bits = u64::from(byte & 0x7f);
        let placed = bits.wrapping_shl(shift);
        // Ten bytes have room for 70 bits.
        if placed.wrapping_shr(shift) != bits {
            return Err(Error::Malformed);
        }
        number |= placed;
        if byte & 0x80 == 0 {
            let is_shortest = byte != 0 || shift == 0;
            return if is_shortest { Ok(number) } else { Err(Error::Malformed) };
        }
    }
    Err(Error::Malformed)
}

/// Writes a varint.
pub(crate) fn put_varint(writer: &mut Writer, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return writer.u8(low & 0x7f);
        }
        writer.u8(low | 0x80);
    }
}

/// Writes a field with a number. Fields are written in the order of their numbers.
pub(crate) fn put_number(writer: &mut Writer, field: u8, number: impl Into<u64>) {
    writer.u8(key(field, 0));
    put_varint(writer, number.into());
}

/// Writes a field with a fixed 64-bit number.
#[cfg(test)]
pub(crate) fn put_fixed(writer: &mut Writer, field: u8, number: u64) {
    writer.u8(key(field, 1));
    writer.raw(&number.to_le_bytes());
}

/// Writes a field with bytes.
pub(crate) fn put_bytes(writer: &mut Writer, field: u8, bytes: &[u8]) {
    begin_bytes(writer, field, bytes.len());
    writer.raw(bytes);
}

/// Writes what is in front of the bytes of a field.
pub(crate) fn begin_bytes(writer: &mut Writer, field: u8, length: usize) {
    writer.u8(key(field, 2));
    put_varint(writer, u64::try_from(length).unwrap_or(u64::MAX));
}

/// Returns a field's key, of one byte: no known field has a number over 15.
fn key(field: u8, kind: u8) -> u8 {
    debug_assert!((1..16).contains(&field), "a key of more than one byte");
    field.wrapping_shl(3) | kind
}

#[cfg(test)]
#[path = "tests/protobuf.rs"]
mod tests;
