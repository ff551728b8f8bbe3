//! Which connections of a pool may still be used.
//!
//! A connection with a far side that went away without a word looks like a slow one: nothing on it
//! ever fails. The pool would wait for its answer each time it is taken or given back, and lend it
//! out in between. Here every such look has a limit, and one connection that does not answer takes
//! all older ones with it, because they most likely lead to the same place that is gone.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection, pool::PoolConnectionMetadata};

/// How long a connection may take to say that it is there.
const LONGEST_ANSWER: Duration = Duration::from_secs(3);
/// A connection that was in use this recently is not asked again: its next user will see.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// A pool's trust in its connections.
#[derive(Debug)]
pub(crate) struct Trust {
    /// Connections that are older than this are not used any more.
    born_after: Mutex<Instant>,
}

impl Trust {
    pub(crate) fn new() -> Self {
        Self { born_after: Mutex::new(Instant::now()) }
    }

    /// Returns whether this one may be lent. One that is merely too old is closed, one that does
    /// not answer is dropped.
    pub(crate) async fn lend(
        &self,
        connection: &mut PgConnection,
        meta: &PoolConnectionMetadata,
    ) -> sqlx::Result<bool> {
        if self.is_distrusted(meta) {
            return Ok(false);
        }
        if meta.idle_for >= FRESH_FOR {
            self.ask(connection).await?;
        }
        Ok(true)
    }

    /// Returns whether this one may be kept.
    pub(crate) async fn keep(
        &self,
        connection: &mut PgConnection,
        meta: &PoolConnectionMetadata,
    ) -> sqlx::Result<bool> {
        if self.is_distrusted(meta) {
            return Ok(false);
        }
        self.ask(connection).await.map(|()| true)
    }

    /// None of the connections that there are is used again once it is given back.
    pub(crate) fn distrust_all(&self) {
        *self.born_after.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_distrusted(&self, meta: &PoolConnectionMetadata) -> bool {
        let born_after = *self.born_after.lock().unwrap_or_else(PoisonError::into_inner);
        Instant::now().checked_sub(meta.age).is_some_and(|born| born < born_after)
    }

    async fn ask(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        if let Ok(answer) = tokio::time::timeout(LONGEST_ANSWER, connection.ping()).await {
            return answer;
        }
        self.distrust_all();
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the connection does not answer")))
    }
}
