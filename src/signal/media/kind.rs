//! Kinds of media files: `spec/third-party.md`, "Media".

/// The kind of a media file, by which another program shows it. The sender says so; the bytes may be anything.
///
/// The keys of a file follow from its kind too: taken for another one, it opens nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A recording, of a voice or of something else.
    Audio,
    /// A file, to be kept and not to be shown.
    Document,
    /// The small picture beside a link. The one that stands in a content itself is no media file.
    LinkThumbnail,
}

impl MediaKind {
    /// Returns what the keys of a file of this kind are derived about.
    pub(super) const fn info(self) -> &'static [u8] {
        match self {
            Self::Image => b"WhatsApp Image Keys",
            Self::Video => b"WhatsApp Video Keys",
            Self::Audio => b"WhatsApp Audio Keys",
            Self::Document => b"WhatsApp Document Keys",
            Self::LinkThumbnail => b"WhatsApp Link Thumbnail Keys",
        }
    }
}
