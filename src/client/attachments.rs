//! Attachments of a client: `spec/attachments.md`.

use alloc::boxed::Box;

use rand_core::CryptoRng;

use super::client::Client;
use crate::attachment::{Media, Padding, Sealer};
use crate::error::Error;
use crate::primitives::codec::Writer;
use crate::protocol::attachment::keys::draw;
use crate::protocol::attachment::terms::Terms;

impl Client {
    /// Begins to seal an attachment with a content of `length` bytes, under a fresh key. The client does not
    /// change: save the [`Sealer`] if it is to outlive the process.
    ///
    /// What a few messages can carry goes in messages, up to 2^20 bytes; see [`attachment`](crate::attachment).
    ///
    /// # Errors
    ///
    /// [`Error::ContentTooLong`] for more than 2^48 bytes.
    pub fn attach(
        &self,
        media: Media,
        length: u64,
        padding: Padding,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealer, Error> {
        let terms = Terms::new(media, length, padding)?;
        let mut place = Writer::new();
        self.inner.anchor.write(&mut place);
        place.u64(now);
        let secret = self.inner.device.identity().agreement.seed();
        let key = Box::new(draw(secret, &terms, place.written(), rng));
        Ok(Sealer::new(key, terms))
    }
}
