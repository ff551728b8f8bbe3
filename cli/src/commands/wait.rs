//! `muster wait`: until a queue is drained, or an import, a goal or an act on many jobs is over.

use std::{process::ExitCode, time::Duration};

use muster_domain::engine::act::JobActState;
use muster_jobs::JobKind;
use muster_service::clock;
use muster_storage::{Pool, engine::policies};
use uuid::Uuid;

use super::{
    acts,
    client::{Api, Where},
    jobs::kind,
    pool,
    remote::Remote,
};
use crate::out::say;

/// It is over, and did not succeed.
const EXIT_OTHERWISE: u8 = 2;
/// The time is over first, as `timeout` has it.
const EXIT_TIME_IS_OVER: u8 = 124;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Wait until no job of a kind could run, is published or runs. Jobs of a later time are left.
    Queue {
        /// The kind.
        #[arg(value_parser = kind)]
        kind: JobKind,
        #[command(flatten)]
        limit: Limit,
    },
    /// Wait until an import is over, through the API; the exit code is 2 unless it succeeded.
    Import {
        /// The import.
        id: Uuid,
        #[command(flatten)]
        at: Where,
        #[command(flatten)]
        limit: Limit,
    },
    /// Wait until a goal is completed, through the API.
    Goal {
        /// The goal.
        id: Uuid,
        #[command(flatten)]
        at: Where,
        #[command(flatten)]
        limit: Limit,
    },
    /// Wait until an act on many jobs is over; the exit code is 2 unless it succeeded.
    Act {
        /// The act.
        id: Uuid,
        #[command(flatten)]
        limit: Limit,
    },
}

#[derive(clap::Args)]
pub(crate) struct Limit {
    /// Wait so long at most; the exit code is 124 then.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    timeout_seconds: u64,
    /// Look so often.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    every_seconds: u64,
}

/// A look at something that is waited for.
enum Look {
    /// It goes on, and this is how far it is.
    GoesOn(String),
    /// It is over; whether it succeeded.
    Over(String, bool),
}

pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Queue { kind, limit } => match Remote::chosen()? {
            Some(remote) => until(&limit, async || queue_of(&remote, kind).await).await,
            None => {
                let pool = pool()?;
                until(&limit, async || queue(&pool, kind).await).await
            }
        },
        Command::Import { id, at, limit } => {
            let api = at.open()?;
            until(&limit, async || import(&api, id).await).await
        }
        Command::Goal { id, at, limit } => {
            let api = at.open()?;
            until(&limit, async || goal(&api, id).await).await
        }
        Command::Act { id, limit } => until(&limit, async || act(id).await).await,
    }
}

async fn until(limit: &Limit, look: impl AsyncFn() -> anyhow::Result<Look>) -> anyhow::Result<ExitCode> {
    let (started, longest) = (clock::start(), Duration::from_secs(limit.timeout_seconds));
    loop {
        match look().await? {
            Look::Over(told, succeeded) => {
                say!("{told}")?;
                return Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::from(EXIT_OTHERWISE) });
            }
            Look::GoesOn(told) if started.elapsed() >= longest => {
                say!("the time is over: {told}")?;
                return Ok(ExitCode::from(EXIT_TIME_IS_OVER));
            }
            Look::GoesOn(_) => {
                let left = longest.saturating_sub(started.elapsed());
                tokio::time::sleep(Duration::from_secs(limit.every_seconds).min(left)).await;
            }
        }
    }
}

async fn queue(pool: &Pool, kind: JobKind) -> anyhow::Result<Look> {
    Ok(if policies::is_drained(pool, kind).await? {
        Look::Over(format!("no job of {kind} could run or runs"), true)
    } else {
        Look::GoesOn(format!("jobs of {kind} could run or run"))
    })
}

/// The same by the operators' API: its figures are up to ten seconds old.
async fn queue_of(remote: &Remote, kind: JobKind) -> anyhow::Result<Look> {
    let queues = remote.get("queues").await?;
    let kinds = queues["kinds"].as_array().cloned().unwrap_or_default();
    let queue = kinds.into_iter().find(|queue| queue["kind"] == kind.as_str()).unwrap_or_default();
    let jobs: f64 = ["due", "published", "running"].iter().filter_map(|name| queue[name].as_f64()).sum();
    let told = format!("{jobs} jobs of {kind} could run or run");
    Ok(if jobs > 0.0 { Look::GoesOn(told) } else { Look::Over(told, true) })
}

async fn import(api: &Api, id: Uuid) -> anyhow::Result<Look> {
    let import = api.get(&format!("imports/{id}")).await?;
    let state = import["state"].as_str().unwrap_or_default();
    let told = format!("import {id} is {state}");
    Ok(match state {
        "waiting" | "running" => Look::GoesOn(told),
        state => Look::Over(told, state == "succeeded"),
    })
}

async fn goal(api: &Api, id: Uuid) -> anyhow::Result<Look> {
    let goal = api.get(&format!("goals/{id}")).await?;
    let status = goal["status"].as_str().unwrap_or_default();
    let told = format!("goal {id} is {status}");
    Ok(if status == "completed" { Look::Over(told, true) } else { Look::GoesOn(told) })
}

async fn act(id: Uuid) -> anyhow::Result<Look> {
    let act = acts::one(id).await?;
    let told =
        format!("act {id} is {}: done with {} jobs, {} tried, {} failed", act.state, act.acted, act.tried, act.failed);
    Ok(match act.state {
        JobActState::Running => Look::GoesOn(told),
        JobActState::Succeeded => Look::Over(told, true),
        JobActState::Stopped | JobActState::Aborted => Look::Over(told, false),
    })
}
