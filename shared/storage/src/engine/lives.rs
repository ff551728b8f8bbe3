//! Lives of workers: jobs of a worker that died run again long before their leases end.
//!
//! A worker holds a session of the database beside its pools, and shares in it the advisory lock of
//! its life. When the process dies, its machine closes the connection, Postgres ends the session,
//! and nobody has the lock. Schedulers look for lives without a lock; `domain::engine::life`
//! decides how long they wait.
//!
//! Locks decide, and no clock. The end of a life takes the lock for itself alone, which nobody
//! gets while a session shares it, and a worker that goes on in another session shares the lock
//! before it reads whether its life is over. So one of both comes first, and the other sees it.
//!
//! A lock tells something on the server on which the session was. After a restart or a failover a
//! life is nobody's until its worker is there, and its leases decide meanwhile.

use sqlx::{Connection as _, PgConnection};

use crate::{Error, Pool, Result, db::servers::Moves};

/// The class of the locks, "life" in ASCII; a life's id is the other half of its key.
const LOCKS: i32 = 0x6c69_6665;

/// A worker's life, as long as its session lasts.
#[derive(Debug)]
pub struct Life {
    id: i32,
    session: PgConnection,
    /// Of the session: where a pooler is between, another one may answer.
    backend: i32,
    moves: Moves,
}

impl Life {
    /// Begins a life.
    pub async fn begin(pool: &Pool, worker: &str) -> Result<Self> {
        let (mut session, moves) = pool.session().await?;
        let backend = backend(&mut session).await?;
        // The lock is there before anybody sees the row.
        let id = sqlx::query_scalar!(
            "insert into life (worker, server_started_at) values ($1, pg_postmaster_start_time())
             returning case when pg_try_advisory_lock_shared($2, id) then id end",
            worker,
            LOCKS,
        )
        .fetch_one(&mut session)
        .await?;
        Ok(Self { id: id.ok_or(Error::StaleLease)?, session, backend, moves })
    }

    /// Returns its id, which claims of its jobs name.
    pub const fn id(&self) -> i32 {
        self.id
    }

    /// Goes on in another session; `None` where the life is over and its jobs are others'.
    pub async fn go_on(&self, pool: &Pool) -> Result<Option<Self>> {
        let (mut session, moves) = pool.session().await?;
        let backend = backend(&mut session).await?;
        sqlx::query!("select pg_advisory_lock_shared($1, $2)", LOCKS, self.id).execute(&mut session).await?;
        // A statement of its own, which sees an end that had the lock before.
        let lives = sqlx::query!(
            "update life set server_started_at = pg_postmaster_start_time() where id = $1 and over_at is null",
            self.id
        )
        .execute(&mut session)
        .await?
        .rows_affected();
        Ok((lives > 0).then_some(Self { id: self.id, session, backend, moves }))
    }

    /// Returns whether the session is there still, and with it the lock.
    pub async fn is_there(&mut self) -> bool {
        matches!(backend(&mut self.session).await, Ok(backend) if backend == self.backend)
    }

    /// Returns when another server is the one to write to.
    pub async fn moved(&mut self) {
        self.moves.next().await;
    }

    /// Ends the life of a worker that stops in order. Jobs that it has left behind are for the
    /// schedulers.
    pub async fn end(mut self) -> Result<()> {
        forget_in(&mut self.session, self.id).await?;
        Ok(self.session.close().await?)
    }
}

async fn backend(session: &mut PgConnection) -> Result<i32> {
    Ok(sqlx::query_scalar!(r#"select pg_backend_pid() as "backend!""#).fetch_one(session).await?)
}

/// A life without its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The life.
    pub id: i32,
    /// Its session was on this server, since this server's start.
    pub same_server: bool,
    /// It is known to be over; jobs of it may be left.
    pub is_over: bool,
}

/// Returns the lives that are without their locks.
pub async fn missed(pool: &Pool) -> Result<Vec<Missed>> {
    // A row is seen after its lock was there, and the locks are read after the rows are chosen.
    Ok(sqlx::query_as!(
        Missed,
        r#"select id, server_started_at = pg_postmaster_start_time() as "same_server!", over_at is not null as "is_over!"
           from life
           where id not in (
               select objid::bigint from pg_locks
               where locktype = 'advisory' and classid::bigint = $1 and objsubid = 2 and granted
                 and database = (select oid from pg_database where datname = current_database()))"#,
        i64::from(LOCKS),
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}

/// A life that has ended with its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The worker.
    pub worker: String,
    /// Its jobs with leases that are ended now.
    pub jobs: u64,
}

/// Ends a life and the leases of its jobs; `None` where a session has its lock, or it was on
/// another server. Jobs in a transaction that is not over are left for the next time: one may be
/// about to commit, and one of a dead worker is undone when Postgres finds its client gone.
pub async fn end(pool: &Pool, id: i32) -> Result<Option<Death>> {
    let mut tx = pool.begin().await?;
    let nobody_has_it = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1, $2) as "had!""#, LOCKS, id);
    if !nobody_has_it.fetch_one(tx.conn()).await? {
        return Ok(None);
    }
    let worker = sqlx::query_scalar!(
        "update life set over_at = coalesce(over_at, clock_timestamp())
         where id = $1 and (over_at is not null or server_started_at = pg_postmaster_start_time()) returning worker",
        id,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(worker) = worker else { return Ok(None) };
    let jobs = sqlx::query!(
        "update job set lease_until = clock_timestamp()
         where id in (
             select id from job
             where state = 'running' and life = $1 and worker = $2 and lease_until > clock_timestamp() for update skip locked)",
        id,
        worker,
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    forget_in(tx.conn(), id).await?;
    tx.commit().await?;
    Ok(Some(Death { worker, jobs }))
}

/// Forgets a life without running jobs.
pub async fn forget(pool: &Pool, id: i32) -> Result<()> {
    forget_in(&mut *pool.connection().await?, id).await
}

async fn forget_in(connection: &mut PgConnection, id: i32) -> Result<()> {
    sqlx::query!(
        "delete from life where id = $1 and not exists (select from job where state = 'running' and life = $1)",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
