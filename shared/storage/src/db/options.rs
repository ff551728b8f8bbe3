//! How a process connects, and the settings of its connections.

use std::time::Duration;

use crate::db::room::RoomOptions;

/// How a process connects.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Of the process, for `pg_stat_activity`.
    pub name: String,
    /// Connections at most.
    pub max_connections: u32,
    /// How long to wait for one.
    pub acquire_timeout: Duration,
    /// Commits wait until they are on disk. Without, the last ones are gone after a crash of
    /// Postgres, though never one that others which are on disk have seen: for writes that are
    /// harmless to do again. Where the URL names several servers, all commits wait: a primary that
    /// lost its standbys takes none then.
    pub durable: bool,
    /// Statements follow indexes, in their order, in spite of the planner's beliefs about the
    /// tables: for queues, which are empty when statistics are made and full when they count, so
    /// that it would read and sort all waiting rows to find the first. Each keeps one plan, as in
    /// [`Pool::begin_repeated`](crate::Pool::begin_repeated).
    pub by_index: bool,
    /// How long a transaction may stand still before the database ends it, and with it the locks of
    /// a process that hangs.
    pub idle_transaction_limit: Duration,
    /// How long a statement may take before the database ends it; without, for ever.
    pub statement_limit: Option<Duration>,
    /// Sharing of connections; without, the first to ask has one.
    pub room: Option<RoomOptions>,
    /// While the database is known to be away, a caller that wants a connection is told at once
    /// ([`Error::Away`](crate::Error::Away)).
    pub refuses_when_away: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            durable: true,
            by_index: false,
            idle_transaction_limit: Duration::from_mins(1),
            statement_limit: None,
            room: None,
            refuses_when_away: false,
        }
    }
}

/// Returns the statements that set a new connection up. They are not sent with the connection's
/// beginning: a pooler between would refuse it, or forget them.
pub(super) fn settings(options: &PoolOptions, several: bool) -> String {
    let switch = |on: bool| if on { "on" } else { "off" };
    let (idle, statement) = (options.idle_transaction_limit, options.statement_limit.unwrap_or_default());
    let planned = switch(!options.by_index);
    [
        ("idle_in_transaction_session_timeout", idle.as_millis().to_string().as_str()),
        // A client that is cut off and holds locks is given up as soon.
        ("tcp_user_timeout", idle.as_millis().to_string().as_str()),
        // 0 is none.
        ("statement_timeout", statement.as_millis().to_string().as_str()),
        ("jit", "off"),
        ("enable_sort", planned),
        ("enable_bitmapscan", planned),
        ("enable_seqscan", planned),
        ("plan_cache_mode", if options.by_index { "force_generic_plan" } else { "auto" }),
        ("synchronous_commit", switch(options.durable || several)),
    ]
    .map(|(name, value)| format!("set {name} = {value};"))
    .concat()
}
