//! `muster acts`: one act on all jobs that match a filter, as a job of its own.

use anyhow::{Context, ensure};
use muster_domain::{engine::act::JobVerb, ids::JobActId};
use muster_jobs::kinds::JobAct;
use muster_storage::{
    Page,
    engine::{
        acts::{self, Act, NewAct},
        enqueue::{Origin, enqueue},
    },
};
use serde_json::json;
use uuid::Uuid;

use super::{jobs::JobFilterArgs, operator, pool, remote::Remote, words};
use crate::{out::say, table::Table};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Count the jobs that match, and have the act done with each, so many a second.
    Start(Start),
    /// List acts, the newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
        limit: i64,
        /// Print a JSON list.
        #[arg(long)]
        json: bool,
    },
    /// Show an act with its progress, as JSON.
    Show {
        /// The act.
        id: Uuid,
    },
    /// Stop an act. It stays done with the jobs so far.
    Stop {
        /// The act.
        id: Uuid,
        /// Reason, for later readers.
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(clap::Args)]
pub(crate) struct Start {
    /// `retry` lets parked jobs run again; `cancel` cancels jobs that wait or are parked.
    #[arg(value_parser = words::<JobVerb>())]
    verb: JobVerb,
    #[command(flatten)]
    which: JobFilterArgs,
    /// Only say how many there are.
    #[arg(long)]
    dry_run: bool,
    /// Jobs a second.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    rate: i32,
    /// End when more than this share of the jobs that were tried again has failed.
    #[arg(long, default_value_t = 0.2)]
    abort_above: f64,
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
    /// Print one JSON object: {id, matching}.
    #[arg(long)]
    json: bool,
}

/// Returns an act, by the operators' API or the database.
pub(super) async fn one(id: Uuid) -> anyhow::Result<Act> {
    match Remote::chosen()? {
        Some(remote) => Ok(serde_json::from_value(remote.get(&format!("job-acts/{id}")).await?)?),
        None => {
            let found = acts::page(&pool()?, Some(JobActId(id)), Page::first(1)).await?.pop();
            found.with_context(|| format!("there is no act {id}"))
        }
    }
}

/// Returns the newest acts.
async fn newest(limit: i64) -> anyhow::Result<Vec<Act>> {
    match Remote::chosen()? {
        Some(remote) => {
            let mut page = remote.read("job-acts", &[("limit", Some(limit.to_string()))]).await?;
            Ok(serde_json::from_value(page["items"].take())?)
        }
        None => Ok(acts::page(&pool()?, None, Page::first(limit)).await?),
    }
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Start(args) => start(args).await,
        Command::List { limit, json } => {
            let found = newest(limit).await?;
            if json {
                let rows: Vec<_> = found.iter().map(row).collect();
                say!("{}", serde_json::to_string(&rows)?)?;
                return Ok(());
            }
            let mut table =
                Table::with_names(["id", "verb", "state", ">matching", ">acted", ">tried", ">failed", "asked at"]);
            for act in found {
                let [matching, acted, tried, failed] =
                    [act.matching, act.acted, act.tried, act.failed].map(|jobs| jobs.to_string());
                let at = act.created_at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
                let (id, verb, state) = (act.id.to_string(), act.verb.to_string(), act.state.to_string());
                table.row([id, verb, state, matching, acted, tried, failed, at]);
            }
            table.print("")
        }
        Command::Show { id } => {
            say!("{}", row(&one(id).await?))
        }
        Command::Stop { id, reason } => {
            if let Some(remote) = Remote::chosen()? {
                remote.act(&format!("job-acts/{id}/stop"), json!({}), reason.as_deref()).await?;
            } else {
                let mut draft = operator::draft("acts_stop", []);
                draft.reason = reason;
                let stopped = operator::acts(draft, acts::stop(&pool()?, JobActId(id))).await?;
                ensure!(stopped, "act {id} is over, or is not there");
            }
            say!("act {id} is stopped")
        }
    }
}

async fn start(args: Start) -> anyhow::Result<()> {
    let Start { verb, which, dry_run, rate, abort_above, reason, json } = args;
    ensure!((0.0..=1.0).contains(&abort_above), "--abort-above is a share, from 0 to 1");
    let filter = which.filter(None);
    if let Some(remote) = Remote::chosen()? {
        let act = json!({
            "verb": verb, "filter": filter, "rate": rate, "abort_above": abort_above, "dry_run": dry_run,
        });
        let asked = remote.act("job-acts", act, reason.as_deref()).await?;
        return tell(
            json,
            serde_json::from_value(asked["id"].clone())?,
            asked["matching"].as_i64().unwrap_or_default(),
        );
    }
    let pool = pool()?;
    let mut draft = operator::draft("acts_start", [verb.as_str().to_owned()]);
    draft.reason = reason;
    let (id, matching) = operator::acts(draft, async {
        let mut tx = pool.begin().await?;
        let matching = acts::count(&mut tx, verb, &filter).await?;
        if dry_run {
            tx.rollback().await?;
            return Ok((None, matching));
        }
        let id = JobActId::new();
        acts::create(&mut tx, &NewAct { id, verb, filter: &filter, matching, rate, abort_above }).await?;
        enqueue(&mut tx, &JobAct { job_act_id: id }, &Origin::default()).await?;
        tx.commit().await?;
        Ok::<_, muster_storage::Error>((Some(id), matching))
    })
    .await?;
    tell(json, id, matching)
}

fn tell(as_json: bool, id: Option<JobActId>, matching: i64) -> anyhow::Result<()> {
    match id {
        _ if as_json => say!("{}", json!({ "id": id, "matching": matching })),
        Some(id) => say!("act {id}: {matching} jobs match; muster wait act {id} follows it"),
        None => say!("{matching} jobs match"),
    }
}

fn row(act: &Act) -> serde_json::Value {
    json!({
        "id": act.id, "verb": act.verb, "filter": act.filter, "matching": act.matching, "rate": act.rate,
        "abort_above": act.abort_above, "state": act.state, "acted": act.acted, "tried": act.tried, "failed": act.failed,
        "created_at": act.created_at, "finished_at": act.finished_at,
    })
}
