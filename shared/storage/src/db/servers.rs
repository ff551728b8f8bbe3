//! The servers of a database, and which of them is written to.
//!
//! A URL may name several servers: a primary and its standbys, in any order. Connections go to one
//! of them, and every new one is refused where it cannot write. A task beside each pool asks all
//! servers each second. Of those that can be written to it chooses the one with the highest
//! timeline: a standby that was promoted counts its own on, so that a former primary that came
//! back is not chosen. When the choice moves, connections to the other server are not used again,
//! ears are told, and commits that are under way there are given up as unknown.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use muster_domain::servers;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, PgPool, Row as _, postgres::PgConnectOptions,
};
use tokio::{sync::watch, task::JoinSet};

use crate::{Result, db::usable::Trust};

/// How often the servers are asked, and how often while none can be written to.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const LOOK_WHILE_NONE: Duration = Duration::from_millis(250);
/// How long an answer may take.
const LONGEST_ANSWER: Duration = Duration::from_secs(3);

/// The parameter by which Postgres' own library is told to do as is done here.
const TARGET: &str = "target_session_attrs";
const WRITABLE: [&str; 2] = ["read-write", "primary"];

/// Answers no row on a server that cannot be written to, and its timeline on one that can.
const STATE: &str = "select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint
    where not pg_is_in_recovery() and not current_setting('transaction_read_only')::boolean";

/// Returns the servers of a URL.
pub(crate) fn of(url: &str) -> Result<Vec<PgConnectOptions>> {
    servers::each(&without_target(url)?).iter().map(|one| Ok(one.parse()?)).collect()
}

/// Returns the URL without [`TARGET`], which may ask for nothing but a server that can be written
/// to.
fn without_target(url: &str) -> Result<String> {
    let Some((front, query)) = url.split_once('?') else { return Ok(url.to_owned()) };
    let (target, kept): (Vec<_>, Vec<_>) =
        query.split('&').partition(|pair| pair.split_once('=').is_some_and(|(name, _)| name == TARGET));
    for value in target.iter().filter_map(|pair| pair.split_once('=')).map(|(_, value)| value) {
        if !WRITABLE.contains(&value) {
            let why = format!("{TARGET} of the database's URL is read-write or primary, and not {value}");
            return Err(sqlx::Error::Configuration(why.into()).into());
        }
    }
    Ok(if kept.is_empty() { front.to_owned() } else { format!("{front}?{}", kept.join("&")) })
}

/// Returns the timeline of a server that can be written to; none for one that cannot. Statements
/// that are to run before make one message with the question.
async fn timeline(connection: &mut PgConnection, before: &str) -> sqlx::Result<Option<i64>> {
    let row = connection.fetch_optional(sqlx::raw_sql(AssertSqlSafe(format!("{before}{STATE}")))).await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// The highest timeline that a pool has seen: a server below it was left behind by a promotion.
#[derive(Debug, Default)]
pub(crate) struct Newest(AtomicI64);

impl Newest {
    /// Refuses a connection on which nothing can be written, or nothing that the other servers
    /// would know of.
    pub(crate) async fn must_write(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        self.admit(connection, "").await
    }

    /// The same for a new connection, after statements that set it up.
    pub(crate) async fn admit(&self, connection: &mut PgConnection, settings: &str) -> sqlx::Result<()> {
        let why = match timeline(connection, settings).await? {
            Some(timeline) if timeline >= self.0.load(Ordering::Acquire) => return Ok(()),
            Some(_) => "the server is a former primary: another was promoted since",
            None => "the server is a standby, or read-only",
        };
        Err(sqlx::Error::Configuration(why.into()))
    }
}

/// The choice of a server, for one pool.
#[derive(Debug)]
pub(crate) struct Choice {
    moves: watch::Receiver<usize>,
    // Ends with the pool.
    _task: Mutex<JoinSet<()>>,
}

impl Choice {
    /// Begins to look. The pool connects to the first server until another is chosen.
    pub(crate) fn begin(
        servers: Vec<PgConnectOptions>,
        pool: PgPool,
        trust: Arc<Trust>,
        newest: Arc<Newest>,
    ) -> Arc<Self> {
        let (said, moves) = watch::channel(0);
        let mut task = JoinSet::new();
        task.spawn(look(servers, pool, trust, newest, said));
        Arc::new(Self { moves, _task: Mutex::new(task) })
    }

    /// Returns a sign that the choice has moved since this call.
    pub(crate) fn moves(&self) -> Moves {
        let mut moves = self.moves.clone();
        moves.mark_unchanged();
        Moves(Some(moves))
    }
}

/// A sign that another server was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Moves(Option<watch::Receiver<usize>>);

impl Moves {
    /// The sign of a pool with one server: there is none.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Returns whether another server was chosen.
    pub(crate) fn has_come(&self) -> bool {
        self.0.as_ref().is_some_and(|moves| moves.has_changed().unwrap_or(false))
    }

    /// Returns when another server was chosen. It may be asked again, for the next.
    pub(crate) async fn next(&mut self) {
        let moved = match &mut self.0 {
            Some(moves) => moves.changed().await.is_ok(),
            None => false,
        };
        if !moved {
            std::future::pending::<()>().await;
        }
    }
}

async fn look(
    servers: Vec<PgConnectOptions>,
    pool: PgPool,
    trust: Arc<Trust>,
    newest: Arc<Newest>,
    said: watch::Sender<usize>,
) {
    let mut asked: Vec<_> = servers.into_iter().map(|options| Asked { options, connection: None }).collect();
    let (mut present, mut has_moved) = (0, false);
    loop {
        let seen = join_all(asked.iter_mut().map(Asked::ask)).await;
        let chosen = choose(&seen, present);
        // A connection to the other server may have been made at the moment of the last move.
        if std::mem::take(&mut has_moved) {
            trust.distrust_all();
        }
        newest.0.fetch_max(seen.iter().flatten().copied().max().unwrap_or_default(), Ordering::AcqRel);
        if let Some(server) = chosen.filter(|server| *server != present) {
            let options = &asked[server].options;
            tracing::warn!(
                server.address = options.get_host(),
                server.port = options.get_port(),
                "another server of the database is the one to write to"
            );
            (present, has_moved) = (server, true);
            pool.set_connect_options(options.clone());
            trust.distrust_all();
            said.send_replace(server);
        }
        tokio::time::sleep(if chosen.is_some() { LOOK_INTERVAL } else { LOOK_WHILE_NONE }).await;
    }
}

/// Returns the server to write to, by the timelines of those that can be written to: the highest,
/// and of several the present one. None where there is none.
fn choose(seen: &[Option<i64>], present: usize) -> Option<usize> {
    let highest = seen.iter().flatten().max()?;
    let is_highest = |server: &usize| seen.get(*server).is_some_and(|timeline| timeline.as_ref() == Some(highest));
    Some(present).filter(is_highest).or_else(|| (0..seen.len()).find(is_highest))
}

/// A server, and the connection on which it is asked.
struct Asked {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Asked {
    /// Returns its timeline if it answers and can be written to.
    async fn ask(&mut self) -> Option<i64> {
        let mut kept = self.connection.take();
        let asking = async {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let timeline = timeline(&mut connection, "").await?;
            Ok::<_, sqlx::Error>((connection, timeline))
        };
        let (connection, timeline) = tokio::time::timeout(LONGEST_ANSWER, asking).await.ok()?.ok()?;
        self.connection = Some(connection);
        timeline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_timeline_is_chosen_and_of_equal_ones_the_present() {
        assert_eq!(choose(&[None, None], 0), None);
        assert_eq!(choose(&[None, Some(1)], 0), Some(1));
        assert_eq!(choose(&[Some(1), Some(2)], 0), Some(1), "a former primary that came back");
        assert_eq!(choose(&[Some(2), Some(2)], 1), Some(1));
        assert_eq!(choose(&[Some(2), Some(2), None], 2), Some(0));
    }

    #[test]
    fn a_url_may_ask_for_a_server_to_write_to_and_for_no_other() {
        let url = "postgres://u:p@one:1,two:2/db?target_session_attrs=read-write&sslmode=disable";
        let servers = of(url).unwrap();
        let places: Vec<_> = servers.iter().map(|server| (server.get_host(), server.get_port())).collect();
        assert_eq!(places, [("one", 1), ("two", 2)]);
        let error = of("postgres://one/db?target_session_attrs=standby").unwrap_err().to_string();
        assert!(error.contains("read-write or primary, and not standby"), "{error}");
    }
}
