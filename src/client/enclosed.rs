//! Things that a plan is given to seal.

use super::copied_letter::CopiedLetter;
use super::own_object::OwnObject;
use crate::protocol::content::Content;

/// The thing that a letter is to hold, for [`Client::seal`](super::Client::seal).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Enclosed<'a> {
    /// A content, for the plan of a message.
    Content(&'a Content),
    /// An object, for the plan by which it is sent again.
    Object(&'a OwnObject),
    /// A copy, for the plan by which it is passed on.
    Copy(&'a CopiedLetter),
    /// Nothing: the plan says all. So for an object, a resend request and a seen report.
    Nothing,
}

impl Enclosed<'_> {
    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }
}

impl<'a> From<&'a Content> for Enclosed<'a> {
    fn from(content: &'a Content) -> Self {
        Self::Content(content)
    }
}

impl<'a> From<&'a CopiedLetter> for Enclosed<'a> {
    fn from(copy: &'a CopiedLetter) -> Self {
        Self::Copy(copy)
    }
}

impl<'a> From<&'a OwnObject> for Enclosed<'a> {
    fn from(object: &'a OwnObject) -> Self {
        Self::Object(object)
    }
}
