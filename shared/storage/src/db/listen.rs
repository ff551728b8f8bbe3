//! Notifications of Postgres, with a new connection after a lost one and without.

use sqlx::{AssertSqlSafe, Executor as _, postgres::PgListener};

use crate::Result;

/// Wakes when somebody notifies a channel.
#[derive(Debug)]
pub struct Listener(pub(super) PgListener);

impl Listener {
    /// Waits for the next notification and returns its channel. After a lost connection it
    /// reconnects by itself and answers `None`, so that the caller looks for the notifications that
    /// it may have missed.
    pub async fn wait(&mut self) -> Result<Option<String>> {
        Ok(self.0.try_recv().await?.map(|notification| notification.channel().to_owned()))
    }
}

/// Notifications of one channel, heard on one connection: from
/// [`Pool::hear`](crate::Pool::hear) until the connection
/// is lost, and never beyond.
#[derive(Debug)]
pub struct Ear {
    pub(super) listener: PgListener,
    pub(super) again: String,
}

impl Ear {
    /// Waits for the next notification; `None` when the connection is lost, and with it this ear.
    /// Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Result<Option<String>> {
        Ok(self.listener.try_recv().await?.map(|said| said.payload().to_owned()))
    }

    /// Returns all notifications with commits that were answered before this call and that
    /// [`Self::next`] has not returned.
    ///
    /// Postgres hands a connection its notifications before it says that a statement is done. The
    /// statement listens once more to the same channel, which changes nothing. An ear with a proof
    /// that fails or is given up hears nothing any more.
    pub async fn all(&mut self) -> Result<Vec<String>> {
        (&mut self.listener).execute(AssertSqlSafe(self.again.clone())).await?;
        Ok(std::iter::from_fn(|| self.listener.next_buffered()).map(|said| said.payload().to_owned()).collect())
    }
}
