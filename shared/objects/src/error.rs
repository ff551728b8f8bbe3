//! Errors of the object store.

/// An error of the object store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something of the configuration cannot be. Values are not repeated: a mistyped URL may have a
    /// secret in it.
    #[error("object store: {0}")]
    Place(&'static str),
    /// The store failed.
    #[error("object store: {0}")]
    Store(#[from] object_store::Error),
    /// The key is not one that an object can have: it is empty in a part, or leads out of its
    /// folder.
    #[error("object store: {0}")]
    Key(#[from] object_store::path::Error),
    /// The folder could not be made.
    #[error("object store: {0}")]
    Folder(#[from] std::io::Error),
    /// The source of an upload broke off; nothing is kept.
    #[error("the upload broke off: {0}")]
    Source(String),
    /// The upload is larger than allowed; nothing is kept.
    #[error("the upload has more than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
}

impl Error {
    /// The store does not answer, or not sensibly, so that trying again may help.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(object_store::Error::Generic { .. }))
    }
}
