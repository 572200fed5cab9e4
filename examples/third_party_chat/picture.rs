//! A picture that is stored at the sender's provider, and fetched by the reader's service.

use std::collections::HashMap;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use latchstring::Error;
use latchstring::attachment::{Media, Opener, PIECE, Padding, Reference, Sealer};
use latchstring::client;
use latchstring::content::Content;
use latchstring::session::Account;

use crate::store::Failure;

/// The files of hosts, by host and path.
pub(crate) type Files = HashMap<String, Vec<u8>>;

/// Seals a file. What travels in a message is the reference, and the place at which the host has it.
pub(crate) fn sealed(
    account: &Account,
    file: &[u8],
    now: u64,
) -> Result<(Reference, Vec<u8>), Failure> {
    let mut rng = UnwrapErr(SysRng);
    let native = client::Client::create(account, now, &mut rng);
    let length = u64::try_from(file.len())?;
    let mut sealer: Sealer =
        native.attach(Media::Image, length, Padding::Buckets, now, &mut rng)?;
    let mut buffer: Box<[u8; PIECE]> = vec![0; PIECE].try_into().map_err(|_| "a buffer")?;
    let (mut rest, mut stored) = (file, Vec::new());
    loop {
        let (here, after) = rest.split_at(sealer.wants());
        buffer[..here.len()].copy_from_slice(here);
        rest = after;
        let Some(piece) = sealer.seal(&mut buffer)? else { break };
        stored.extend_from_slice(piece);
    }
    Ok((sealer.reference().ok_or("all was sealed")?, stored))
}

/// Opens what was fetched, piece by piece; each is verified before a byte of it is shown.
pub(crate) fn opened(reference: &Reference, fetched: &[u8]) -> Result<Vec<u8>, Error> {
    let mut opener = Opener::new(reference);
    let (mut shown, mut fetched) = (Vec::new(), fetched.to_vec());
    while let Some(range) = opener.wants() {
        let range = usize::try_from(range.start)
            .and_then(|start| usize::try_from(range.end).map(|end| start..end));
        // Fewer bytes than the reference says are not the file, either.
        let piece = range.ok().and_then(|range| fetched.get_mut(range)).ok_or(Error::Forged)?;
        shown.extend_from_slice(opener.open(piece)?);
    }
    Ok(shown)
}

/// Names a picture in a message: by its reference, and by where it is.
pub(crate) fn content(reference: &Reference, place: &str) -> Result<Content, Error> {
    Content::attached(reference, place.as_bytes())
}

/// Returns by what a picture is opened, and where it is.
pub(crate) fn named(content: &Content) -> Option<(Reference, String)> {
    let attachment = content.attachment()?;
    let reference = Reference::decode(&*attachment.reference().encode()).ok()?;
    Some((reference, String::from_utf8(attachment.place().to_vec()).ok()?))
}

/// The proxy of the reader's service: it asks known hosts alone, so that the partner does not see who reads, and
/// stops at the length that the reference says.
pub(crate) fn fetched(
    hosts: &Files,
    place: &str,
    reference: &Reference,
) -> Result<Vec<u8>, Failure> {
    let partner = "files.two.example/";
    let file = hosts.get(place).filter(|_| place.starts_with(partner)).ok_or("no such file")?;
    let length = usize::try_from(reference.sealed_length())?;
    Ok(file.get(..length).unwrap_or(file).to_vec())
}
