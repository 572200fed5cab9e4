//! Progress of a sealer or an opener.

/// The progress of a [`Sealer`](super::Sealer) or an [`Opener`](super::Opener), in bytes of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Progress {
    /// The place of the next byte of content: from there the source is read on, or the content written on.
    pub position: u64,
    /// The end of the last one: the length, or the end of the range that is read.
    pub end: u64,
}
