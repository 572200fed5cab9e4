//! Media files of a client: `spec/third-party.md`, "Media".

use rand_core::CryptoRng;

use super::keys::draw;
use super::kind::MediaKind;
use super::layout::MediaLayout;
use super::sealer::MediaSealer;
use crate::error::Error;
use crate::signal::client::Client;
use crate::storage::State;

impl Client {
    /// Begins to seal a media file of `length` bytes under a fresh key, for people who have plain programs. The
    /// client does not change. What people of attested accounts are sent is an [`attachment`](crate::attachment).
    ///
    /// # Errors
    ///
    /// [`Error::NotAllowed`] for an empty file, [`Error::ContentTooLong`] for more than
    /// [`MAX_MEDIA_LENGTH`](super::MAX_MEDIA_LENGTH) bytes.
    ///
    /// ```
    /// use latchstring::Error;
    /// use latchstring::attachment::PIECE;
    /// use latchstring::signal::{Client, MediaKind, MediaReference};
    /// # use rand_core::CryptoRng;
    ///
    /// /// Seals a picture, and returns what is stored and what a content says of it.
    /// fn seal(
    ///     client: &Client,
    ///     picture: &[u8],
    ///     now: u64,
    ///     rng: &mut impl CryptoRng,
    /// ) -> Result<(Vec<u8>, MediaReference), Error> {
    ///     let (mut source, mut stored, mut buffer) = (picture, Vec::new(), Box::new([0; PIECE]));
    ///     let mut sealer = client.seal_media(MediaKind::Image, picture.len() as u64, now, rng)?;
    ///     loop {
    ///         let (here, rest) = source.split_at(sealer.wants());
    ///         buffer[..here.len()].copy_from_slice(here);
    ///         source = rest;
    ///         let Some(piece) = sealer.seal(&mut buffer) else { break };
    ///         stored.extend_from_slice(piece);
    ///     }
    ///     Ok((stored, sealer.reference().expect("all pieces are sealed")))
    /// }
    /// ```
    pub fn seal_media(
        &self,
        kind: MediaKind,
        length: u64,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<MediaSealer, Error> {
        let layout = MediaLayout::new(length)?;
        let secret = self.inner.keys.identity().seed();
        let key = draw((secret, self.anchor()), kind, layout, now, rng);
        Ok(MediaSealer::new(kind, key, layout))
    }
}
