//! How far a sealer or an opener is.

/// How far a [`Sealer`](super::Sealer) or an [`Opener`](super::Opener) is, in bytes of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Progress {
    /// Where the next byte of content stands: where to read the source on, or to write the content on.
    pub position: u64,
    /// Where the last one ends: the length, or the end of the range that is read.
    pub end: u64,
}
