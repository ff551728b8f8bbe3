//! Why reading ends early: the file is refused, or the source broke off.

use std::io;

/// The file as a whole is refused (rule C15), with a reason for its owner. Reading it again changes
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// Why reading ended before the file's end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The source broke off; trying again may help.
    #[error("the file could not be read: {0}")]
    Broken(#[source] io::Error),
}

impl ReadError {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(Refused(reason.into()))
    }
}

/// A refusal travels through `Read` as an `io::Error` that carries it.
impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
            Some(refused) => Self::Refused(refused.clone()),
            None => Self::Broken(error),
        }
    }
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        Self::new(io::ErrorKind::InvalidData, refused)
    }
}
