//! Whether the database is known to be out of reach.
//!
//! A connection beside the pool is asked once a second. While it cannot be made, or is not
//! answered, a caller that wants the pool is told at once and does not find out alone. As soon as
//! it is answered again all is as before. Requests that are under way are left to their own time
//! limits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions as _, PgConnection, PgPool};
use tokio::{sync::Notify, task::JoinSet};

use crate::db::{servers::Newest, usable::Trust};

/// How often the database is asked, and how often while it is away.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
const CHECK_INTERVAL_WHILE_AWAY: Duration = Duration::from_millis(250);
/// How long an answer may take. A machine that is merely busy must not look like one that is gone.
const LONGEST_ANSWER: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub(crate) struct Outage {
    state: Arc<State>,
    // Ends with the pool.
    _task: Mutex<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct State {
    away: AtomicBool,
    suspected: Notify,
}

impl Outage {
    /// Begins to ask.
    pub(crate) fn watch(pool: PgPool, trust: Arc<Trust>, newest: Arc<Newest>) -> Arc<Self> {
        let state = Arc::new(State::default());
        let mut task = JoinSet::new();
        task.spawn(run(pool, trust, newest, Arc::clone(&state)));
        Arc::new(Self { state, _task: Mutex::new(task) })
    }

    /// Returns whether it is known to be away.
    pub(crate) fn is_known(&self) -> bool {
        self.state.away.load(Ordering::Acquire)
    }

    /// Somebody could not reach it: it is asked at once.
    pub(crate) fn suspect(&self) {
        self.state.suspected.notify_one();
    }
}

async fn run(pool: PgPool, trust: Arc<Trust>, newest: Arc<Newest>, state: Arc<State>) {
    let mut connection = None;
    loop {
        let answered = tokio::time::timeout(LONGEST_ANSWER, ask(&pool, &newest, &mut connection)).await;
        let why = match answered {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {LONGEST_ANSWER:?}")),
        };
        let away = why.is_some();
        if away {
            connection = None;
        }
        if state.away.swap(away, Ordering::AcqRel) != away {
            match why {
                Some(why) => {
                    // The present ones lead to a server that does not answer.
                    trust.distrust_all();
                    tracing::warn!(error = why, "the database is away; requests are refused until it answers");
                }
                None => tracing::info!("the database answers again"),
            }
        }
        let pause = if away { CHECK_INTERVAL_WHILE_AWAY } else { CHECK_INTERVAL };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = state.suspected.notified(), if !away => {}
        }
    }
}

/// Asks the server that the pool connects to, on a connection that is kept or on a new one, whether
/// it can be written to.
async fn ask(pool: &PgPool, newest: &Newest, kept: &mut Option<(PgConnection, String)>) -> sqlx::Result<()> {
    let options = pool.connect_options();
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let mut asked = match kept.take().filter(|(_, to)| *to == place) {
        Some((connection, _)) => connection,
        None => options.connect().await?,
    };
    newest.must_write(&mut asked).await?;
    *kept = Some((asked, place));
    Ok(())
}
