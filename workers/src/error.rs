//! An error of a handler carries its decision: try again, or never.

use std::time::Duration;

/// The meaning of a failed attempt for its job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Try again, after the policy's delay or this one. The attempt counts.
    #[error("{error}")]
    Retry {
        /// A delay instead of the policy's.
        delay: Option<Duration>,
        /// The error's text. Never a name, a phone or a text (rule R5).
        error: String,
        /// The database could not be reached.
        database_lost: bool,
    },
    /// Never again: park the job.
    #[error("{0}")]
    Fail(String),
    /// Not yet: the job waits for something. Look again after this time. The attempt does not
    /// count.
    #[error("not yet: {why}")]
    NotYet {
        /// How long to wait.
        delay: Duration,
        /// Reason of the wait.
        why: &'static str,
    },
    /// The lease is gone: another worker has the job. Nothing was written.
    #[error("the lease is gone")]
    Lost,
}

impl JobError {
    /// Trying again cannot help.
    pub fn fail(why: impl Into<String>) -> Self {
        Self::Fail(why.into())
    }

    /// Returns the kind of failure, as traces tell it; none where it is no failure.
    pub(crate) const fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Retry { database_lost: true, .. } => Some("database_lost"),
            Self::Retry { .. } => Some("retry"),
            Self::Fail(_) => Some("fail"),
            Self::Lost => Some("lease_lost"),
            Self::NotYet { .. } => None,
        }
    }

    /// Trying again may help.
    pub fn retry(error: impl std::fmt::Display) -> Self {
        Self::Retry { delay: None, error: error.to_string(), database_lost: false }
    }
}

impl From<muster_storage::Error> for JobError {
    fn from(error: muster_storage::Error) -> Self {
        match error {
            muster_storage::Error::StaleLease => Self::Lost,
            error => Self::Retry { delay: None, database_lost: error.is_unavailable(), error: error.to_string() },
        }
    }
}

impl From<muster_mail::Error> for JobError {
    fn from(error: muster_mail::Error) -> Self {
        match error {
            muster_mail::Error::Later(error) => Self::retry(error),
            muster_mail::Error::Never(error) => Self::fail(error),
        }
    }
}

impl From<muster_objects::Error> for JobError {
    fn from(error: muster_objects::Error) -> Self {
        Self::retry(error)
    }
}
