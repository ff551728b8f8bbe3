//! Notifications of Postgres, with a new connection after a lost one and without.

use sqlx::{AssertSqlSafe, Executor as _, PgPool, postgres::PgListener};

use crate::{Error, Result, db::servers::Moves};

/// Wakes when somebody notifies a channel.
#[derive(Debug)]
pub struct Listener {
    listener: PgListener,
    pool: PgPool,
    channels: Vec<String>,
    moves: Moves,
}

impl Listener {
    /// Listens on a connection of this pool.
    pub(super) async fn begin(pool: PgPool, channels: Vec<String>, moves: Moves) -> Result<Self> {
        let listener = listening(&pool, &channels).await?;
        Ok(Self { listener, pool, channels, moves })
    }

    /// Waits for the next notification and returns its channel. After a lost connection, or one to
    /// a server that is no longer written to, it reconnects by itself and answers `None`, so that
    /// the caller looks for the notifications that it may have missed.
    pub async fn wait(&mut self) -> Result<Option<String>> {
        let moved = tokio::select! {
            received = self.listener.try_recv() => {
                return Ok(received?.map(|notification| notification.channel().to_owned()));
            }
            () = self.moves.next() => listening(&self.pool, &self.channels).await,
        };
        self.listener = moved?;
        Ok(None)
    }
}

async fn listening(pool: &PgPool, channels: &[String]) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all(channels.iter().map(String::as_str)).await?;
    Ok(listener)
}

/// Notifications of one channel, heard on one connection: from
/// [`Pool::hear`](crate::Pool::hear) until the connection
/// is lost, and never beyond.
#[derive(Debug)]
pub struct Ear {
    pub(super) listener: PgListener,
    pub(super) again: String,
    pub(super) moves: Moves,
}

impl Ear {
    /// Waits for the next notification; `None` when the connection is lost, or its server no longer
    /// written to, and with it this ear. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Result<Option<String>> {
        tokio::select! {
            said = self.listener.try_recv() => Ok(said?.map(|said| said.payload().to_owned())),
            () = self.moves.next() => Ok(None),
        }
    }

    /// Returns all notifications with commits that were answered before this call and that
    /// [`Self::next`] has not returned.
    ///
    /// Postgres hands a connection its notifications before it says that a statement is done. The
    /// statement listens once more to the same channel, which changes nothing. An ear with a proof
    /// that fails or is given up hears nothing any more.
    pub async fn all(&mut self) -> Result<Vec<String>> {
        tokio::select! {
            proof = (&mut self.listener).execute(AssertSqlSafe(self.again.clone())) => proof.map(|_| ())?,
            () = self.moves.next() => return Err(Error::Moved),
        }
        Ok(std::iter::from_fn(|| self.listener.next_buffered()).map(|said| said.payload().to_owned()).collect())
    }
}
