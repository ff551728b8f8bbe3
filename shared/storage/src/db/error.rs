//! Errors of the database.

use muster_domain::{people::e164::NotE164, text_enum::TextEnum, zone::UnknownZone};

use crate::db::migrations::WrongHistory;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database did not answer in time: it is overloaded, or the connection was cut off.
    #[error("database: no answer within {0:?}")]
    NoAnswer(std::time::Duration),
    /// The database is known to be away; nobody was asked.
    #[error("database: away")]
    Away,
    /// The database's servers changed their parts while a commit was under way on the one that is
    /// no longer written to. Whether the other has it is not known, as after a lost connection.
    #[error("database: another server took over during a commit")]
    Moved,
    /// Too many wait for a connection already, or have waited for too long.
    #[error("database: too many wait for a connection{}", if *.everywhere { "" } else { " on behalf of the same tenant" })]
    Busy {
        /// Every caller is refused, and not the one tenant alone.
        everywhere: bool,
    },
    /// Migrations could not run.
    #[error("migrations: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database cannot be migrated by this version; nothing was changed.
    #[error(transparent)]
    History(#[from] WrongHistory),
    /// A job's lease is gone: another worker has it, or it is done. Nothing was written.
    #[error("the lease on the job is no longer held")]
    StaleLease,
    /// A payload could not be written as JSON.
    #[error("payload: {0}")]
    Payload(#[from] serde_json::Error),
    /// A row holds something that this version cannot read.
    #[error("a row of {table} holds {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The finding.
        what: String,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns whether the database could not be reached, or is starting or stopping. Then trying
    /// again later is right, and a worker takes no more jobs until it answers.
    pub fn is_unavailable(&self) -> bool {
        let error = match self {
            Self::NoAnswer(_) | Self::Away | Self::Moved | Self::Busy { .. } => return true,
            Self::Database(error) => error,
            _ => return false,
        };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                true
            }
            // Class 08: connection exceptions; 57P: the server is shutting down, crashed or
            // starting; 25006: it has become one that cannot be written to.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                code.starts_with("08") || code.starts_with("57P") || matches!(&*code, "53300" | "25006")
            }),
            _ => false,
        }
    }

    /// Returns whether the request failed for a passing reason, so that the same one may well
    /// succeed. The database could not be reached, gave the request up because it took too long or
    /// stood still, ran out of a resource, or had to choose between two that waited for each other;
    /// or its answer broke off in the middle.
    pub fn is_passing(&self) -> bool {
        if self.is_unavailable() || self.is_contention() {
            return true;
        }
        match self {
            Self::Database(sqlx::Error::Protocol(_) | sqlx::Error::Tls(_)) => true,
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                // Class 53: insufficient resources. 25P03: idle in a transaction. 57014: cancelled.
                code.starts_with("53") || matches!(&*code, "25P03" | "25P04" | "57014")
            }),
            _ => false,
        }
    }

    /// Returns whether the transaction met another one: a deadlock, a serialization failure, or a
    /// lock that was not to be had in time. Nothing was written, and the same one may well succeed
    /// at once.
    pub fn is_contention(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| matches!(&*code, "55P03" | "40001" | "40P01"))
    }

    /// Returns whether a lock was not to be had within the time that the transaction waits for one.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        // lock_not_available
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "55P03"))
    }

    /// Returns the unique or check constraint that a statement ran into.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }
}

impl From<UnknownZone> for Error {
    fn from(error: UnknownZone) -> Self {
        Self::Corrupt { table: "contact_group", what: error.to_string() }
    }
}

impl From<NotE164> for Error {
    fn from(error: NotE164) -> Self {
        Self::Corrupt { table: "contact", what: error.to_string() }
    }
}

/// Reads a word of an enum that a row holds.
pub(crate) fn read_word<T: TextEnum>(table: &'static str, word: &str) -> Result<T> {
    recognized(table, word, T::of_word(word))
}

/// Returns the value that a row's word was read as, or the error that this version does not know
/// the word.
pub(crate) fn recognized<T>(table: &'static str, word: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::Corrupt { table, what: format!("the unknown word {word:?}") })
}
