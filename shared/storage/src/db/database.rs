//! The pool, transactions and notifications.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions as _, PgConnection, PgPool, Postgres,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::sync::mpsc;

use uuid::Uuid;

use crate::{
    Error, Result,
    db::{
        announce::Announcer,
        handle::Lent,
        listen::{Ear, Listener},
        options::{PoolOptions, settings},
        outage::Outage,
        room::{self, Pass, Room, RoomFigures},
        servers::{self, Choice, Moves, Newest},
        usable::Trust,
        waits::{PoolFigures, Waits},
    },
    trust::audit::{self, Acting, Draft},
};

/// A pool of connections. Connections are asked for by [`Pool::begin`] and `Pool::connection` and
/// by no other way, because they see to it that no holder of one waits for another (`room`).
#[derive(Debug, Clone)]
pub struct Pool {
    inner: PgPool,
    number: u64,
    announcer: Arc<Announcer>,
    trust: Arc<Trust>,
    room: Option<Arc<Room>>,
    outage: Option<Arc<Outage>>,
    choice: Option<Arc<Choice>>,
    newest: Arc<Newest>,
    settings: Arc<str>,
    waits: Arc<Waits>,
}

/// Pools that this process has made.
static POOLS: AtomicU64 = AtomicU64::new(0);

/// A transaction; dropped without [`Tx::commit`], it rolls back.
#[derive(Debug)]
pub struct Tx {
    // First, so that it speaks before the connection is given back.
    copying: Copying,
    inner: sqlx::Transaction<'static, Postgres>,
    announcer: Arc<Announcer>,
    enqueued: bool,
    /// The operation of which this is a transaction.
    acting: Option<Arc<Acting>>,
    /// Entries of the audit that it ends with.
    entries: Vec<Draft>,
    moves: Moves,
    // After the connection: the next caller finds it given back.
    _pass: Pass,
}

/// Whether a COPY is under way. A connection on which one was dropped in the middle may be an
/// answer behind: its next user would be given the answer to another question.
#[derive(Debug)]
struct Copying {
    now: bool,
    trust: Arc<Trust>,
}

impl Drop for Copying {
    fn drop(&mut self) {
        if self.now {
            self.trust.distrust_all();
        }
    }
}

impl Pool {
    /// Makes a pool that connects when it is first used, so that a process can start before its
    /// database does. The URL may name several servers (`servers`).
    pub fn connect_lazily(url: &SecretString, options: &PoolOptions) -> Result<Self> {
        let mut servers = servers::of(url.expose_secret())?;
        let trust = Arc::new(Trust::new());
        let (lending, keeping) = (Arc::clone(&trust), Arc::clone(&trust));
        let application = if options.name.is_empty() { "muster" } else { &format!("muster {}", options.name) };
        let settings: Arc<str> = settings(options, servers.len() > 1).into();
        for server in &mut servers {
            *server = server.clone().application_name(application);
        }
        let first = servers.first().cloned().unwrap_or_default();
        let newest = Arc::new(Newest::default());
        let (connecting, set) = (Arc::clone(&newest), Arc::clone(&settings));
        let inner = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let (newest, settings) = (Arc::clone(&connecting), Arc::clone(&set));
                Box::pin(async move { newest.admit(connection, &settings).await })
            })
            .before_acquire(move |connection, meta| {
                let trust = Arc::clone(&lending);
                Box::pin(async move { trust.lend(connection, &meta).await })
            })
            .after_release(move |connection, meta| {
                let trust = Arc::clone(&keeping);
                Box::pin(async move { trust.keep(connection, &meta).await })
            })
            .connect_lazy_with(first);
        let outage =
            options.refuses_when_away.then(|| Outage::watch(inner.clone(), Arc::clone(&trust), Arc::clone(&newest)));
        let choice =
            (servers.len() > 1).then(|| Choice::begin(servers, inner.clone(), Arc::clone(&trust), Arc::clone(&newest)));
        let announcer = Announcer::of(&inner, choice.is_some());
        let room = options.room.map(|room| Room::of(options.max_connections, room));
        let number = POOLS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { inner, number, announcer, trust, room, outage, choice, newest, settings, waits: Arc::default() })
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Tx> {
        self.begin_by("begin").await
    }

    /// Begins a transaction of statements on few rows by their ids, which are repeated all day.
    /// Each keeps one plan: the planner would make another for each list of ids, which takes
    /// longer than the statement. The plan looks by an index, also where it was made while the
    /// table was empty, as a month's part is at its beginning. Statements that find rows by a
    /// filter of many parts need plans of their own, and have no place here.
    pub async fn begin_repeated(&self) -> Result<Tx> {
        self.begin_by("begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off").await
    }

    /// Begins a transaction that a crash may lose within a second of its commit, which waits for no
    /// disk. For bookkeeping whose loss harms nobody, such as the last use of a token. Where the
    /// URL names several servers, this commit waits as all do ([`PoolOptions::durable`]).
    pub async fn begin_lossy(&self) -> Result<Tx> {
        let has_several = self.choice.is_some();
        self.begin_by(if has_several { "begin" } else { "begin; set local synchronous_commit = off" }).await
    }

    async fn begin_by(&self, statements: &'static str) -> Result<Tx> {
        let _wait = self.waits.begin();
        let pass = self.pass().await.map_err(|error| self.waits.failed(error))?;
        let (inner, moves) = loop {
            let moves = self.moves();
            // On the heap: it is a part of every handler's future, which would be as much larger.
            let begun = Box::pin(self.inner.begin_with(statements)).await;
            let inner = begun.map_err(|error| self.none_lent(error))?;
            if !moves.has_come() {
                break (inner, moves);
            }
        };
        let copying = Copying { now: false, trust: Arc::clone(&self.trust) };
        let (announcer, acting) = (Arc::clone(&self.announcer), audit::present());
        Ok(Tx { copying, inner, announcer, enqueued: false, acting, entries: Vec::new(), moves, _pass: pass })
    }

    /// Returns a sign that the pool has turned to another server since this call.
    fn moves(&self) -> Moves {
        self.choice.as_ref().map_or_else(Moves::none, |choice| choice.moves())
    }

    /// Returns a connection for one statement.
    pub(crate) async fn connection(&self) -> Result<Lent> {
        let _wait = self.waits.begin();
        let pass = self.pass().await.map_err(|error| self.waits.failed(error))?;
        let inner = Box::pin(self.inner.acquire()).await.map_err(|error| self.none_lent(error))?;
        Ok(Lent { inner, _pass: pass })
    }

    fn none_lent(&self, error: sqlx::Error) -> Error {
        self.suspect();
        self.waits.failed(error.into())
    }

    async fn pass(&self) -> Result<Pass> {
        if self.is_away() {
            return Err(Error::Away);
        }
        Pass::to(self.number, self.room.as_ref()).await
    }

    /// A failure that keeps one from a connection may keep all from one.
    fn suspect(&self) {
        if let Some(outage) = &self.outage {
            outage.suspect();
        }
    }

    /// Returns whether the database is known to be away. Only pools that refuse then know it.
    pub fn is_away(&self) -> bool {
        self.outage.as_ref().is_some_and(|outage| outage.is_known())
    }

    /// Returns how the pool's room is used; all zero for a pool without one.
    pub fn room(&self) -> RoomFigures {
        self.room.as_ref().map(|room| room.figures()).unwrap_or_default()
    }

    /// Returns how the pool is used. A transaction's BEGIN is part of its wait.
    pub fn figures(&self) -> PoolFigures {
        self.waits.figures(self.inner.options().get_max_connections(), self.inner.size(), self.inner.num_idle())
    }

    /// Asks the database for its time: it answers, and this is its clock.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let mut connection = self.connection().await?;
        Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&mut *connection).await?)
    }

    /// Listens to channels of the database.
    pub async fn listen(&self, channels: &[&str]) -> Result<Listener> {
        let channels = channels.iter().map(|channel| (*channel).to_owned()).collect();
        Listener::begin(self.inner.clone(), channels, self.moves()).await
    }

    /// Listens to one channel on a connection of its own beside the pool's, which can prove that
    /// nothing was missed.
    pub async fn hear(&self, channel: &str) -> Result<Ear> {
        let (options, moves) = (self.inner.connect_options(), self.moves());
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.as_ref().clone());
        let mut listener = PgListener::connect_with(&own).await?;
        // A lost connection is told, and not replaced unseen.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(Ear { listener, again: format!("LISTEN \"{channel}\""), moves })
    }

    /// Returns a session beside the pool's, for as long as its holder wants, and a sign that the
    /// pool has turned to another server since.
    pub(crate) async fn session(&self) -> Result<(PgConnection, Moves)> {
        let (options, moves) = (self.inner.connect_options(), self.moves());
        let mut session = options.connect().await?;
        self.newest.admit(&mut session, &self.settings).await?;
        Ok((session, moves))
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.inner.close().await;
    }
}

impl Tx {
    /// Makes the writes durable. The audit's entries come last, so that their chain is locked for
    /// no longer than the commit takes.
    pub async fn commit(mut self) -> Result<()> {
        self.entries.extend(self.acting.take().and_then(|acting| acting.at_commit()));
        self.commit_unrecorded().await
    }

    /// The same for bookkeeping, such as a token of a rate limit: the operation under way writes no
    /// entry.
    pub async fn commit_unrecorded(mut self) -> Result<()> {
        let entries = std::mem::take(&mut self.entries);
        audit::append_all(self.conn(), entries).await?;
        room::commits();
        tokio::select! {
            committed = self.inner.commit() => committed?,
            () = self.moves.next() => return Err(Error::Moved),
        }
        if self.enqueued {
            self.announcer.announce();
        }
        Ok(())
    }

    /// The transaction ends with this entry of the audit, if it commits.
    pub fn record(&mut self, entry: Draft) {
        self.entries.push(entry);
    }

    /// The operation under way is on these records, within an organization if they are in one.
    pub(crate) fn names(&self, kind: &str, ids: &[Uuid], organization_id: Option<Uuid>) {
        if let Some(acting) = &self.acting {
            acting.names(kind, ids, organization_id);
        }
    }

    /// Drops the writes.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// Begins a part that [`Tx::end_part`] keeps or undoes alone.
    pub async fn begin_part(&mut self) -> Result<()> {
        sqlx::query!("savepoint part").execute(self.conn()).await?;
        Ok(())
    }

    /// Ends a part: keeps its writes, or undoes them and leaves the rest of the transaction as it
    /// was.
    pub async fn end_part(&mut self, keep: bool) -> Result<()> {
        if !keep {
            sqlx::query!("rollback to savepoint part").execute(self.conn()).await?;
        }
        sqlx::query!("release savepoint part").execute(self.conn()).await?;
        Ok(())
    }

    /// Returns the database's clock at this moment, not at the transaction's begin.
    pub async fn clock(&mut self) -> Result<DateTime<Utc>> {
        Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(self.conn()).await?)
    }

    /// Sends rows in COPY's text format; returns how many there were.
    pub(crate) async fn copy(
        &mut self,
        statement: &str,
        chunks: impl Iterator<Item = impl Deref<Target = [u8]> + Send>,
    ) -> Result<u64> {
        self.copying.now = true;
        let mut copy = self.inner.copy_in_raw(statement).await?;
        for chunk in chunks {
            copy.send(chunk).await?;
        }
        let rows = copy.finish().await?;
        self.copying.now = false;
        Ok(rows)
    }

    /// Receives rows in COPY's text format, and hands them on in pieces of whole lines. Ends when
    /// the receiver has gone.
    pub(crate) async fn copy_out(
        &mut self,
        statement: &str,
        piece: usize,
        to: &mpsc::Sender<Option<Bytes>>,
    ) -> Result<()> {
        self.copying.now = true;
        let mut copy = self.inner.copy_out_raw(statement).await?;
        let mut gathered = BytesMut::new();
        // Postgres sends a line at a time.
        while let Some(line) = copy.try_next().await? {
            gathered.extend_from_slice(&line);
            if gathered.len() >= piece && to.send(Some(gathered.split().freeze())).await.is_err() {
                return Ok(());
            }
        }
        drop(copy);
        self.copying.now = false;
        if !gathered.is_empty() {
            let _gone = to.send(Some(gathered.freeze())).await;
        }
        Ok(())
    }

    /// Jobs come with this transaction: relays are woken when it has committed.
    pub(crate) const fn has_enqueued(&mut self) {
        self.enqueued = true;
    }

    pub(crate) fn conn(&mut self) -> &mut sqlx::PgConnection {
        &mut self.inner
    }
}
