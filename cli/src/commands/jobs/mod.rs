//! `muster jobs`: look at jobs, say why they are late, and let them run again or not.

mod replay;
mod why;

use anyhow::{Context, ensure};
use chrono::{DateTime, FixedOffset};
use muster_domain::{
    engine::job::JobState,
    ids::{GoalId, JobId, OrganizationId},
};
use muster_jobs::JobKind;
use muster_storage::engine::{
    look::{self, Filter, Summary},
    operate,
};
use serde_json::json;

use super::{look::Way, operator, remote::Remote, words};
use crate::{out::say, table::Table};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List jobs, the newest first.
    List {
        #[command(flatten)]
        which: JobFilterArgs,
        /// Only jobs in this state.
        #[arg(long, value_parser = words::<JobState>())]
        state: Option<JobState>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Only jobs behind this one in the list: the last of the page before.
        #[arg(long)]
        after: Option<uuid::Uuid>,
        /// Print a JSON list.
        #[arg(long)]
        json: bool,
    },
    /// Show everything that a job's row says, as JSON.
    Show {
        /// The job.
        id: uuid::Uuid,
        /// As it is; kept for symmetry, the output is JSON anyway.
        #[arg(long)]
        json: bool,
    },
    /// Let a parked or cancelled job run again, with all its attempts.
    Retry {
        /// The job.
        id: uuid::Uuid,
        /// Reason, for later readers.
        #[arg(long)]
        reason: Option<String>,
        /// Print one JSON object: {id, state}.
        #[arg(long)]
        json: bool,
    },
    /// Cancel a job that is waiting or parked.
    Cancel {
        /// The job.
        id: uuid::Uuid,
        /// Reason, for later readers.
        #[arg(long)]
        reason: Option<String>,
        /// Print one JSON object: {id, state}.
        #[arg(long)]
        json: bool,
    },
    /// Say why a job has not run yet, or why it ran late.
    Why {
        /// The job.
        id: uuid::Uuid,
        /// Print one JSON object: `{id, kind, state, due_at, late_seconds, seconds, causes: [{code,
        /// told, remedy}]}`.
        #[arg(long)]
        json: bool,
    },
    /// Let the jobs that are parked now run again, at a rate, until each has been tried or too many
    /// of them fail again.
    Replay(replay::Args),
}

/// Which jobs.
#[derive(clap::Args)]
pub(crate) struct JobFilterArgs {
    /// Only this kind.
    #[arg(long, value_parser = kind)]
    kind: Option<JobKind>,
    /// Only this organization's.
    #[arg(long)]
    organization: Option<uuid::Uuid>,
    /// Only jobs with a payload that names this goal.
    #[arg(long)]
    goal: Option<uuid::Uuid>,
    /// Only jobs with a last error of this instant or later, in RFC 3339.
    #[arg(long)]
    failed_since: Option<DateTime<FixedOffset>>,
    /// Only jobs with this text in their last error.
    #[arg(long)]
    error: Option<String>,
}

impl JobFilterArgs {
    pub(crate) fn filter(self, state: Option<JobState>) -> Filter {
        Filter {
            kind: self.kind,
            state,
            organization_id: self.organization.map(OrganizationId),
            goal_id: self.goal.map(GoalId),
            failed_since: self.failed_since.map(|since| since.to_utc()),
            error: self.error,
        }
    }
}

/// Reads the name of a kind.
pub(crate) fn kind(name: &str) -> Result<JobKind, String> {
    JobKind::parse(name).ok_or_else(|| {
        let known: Vec<_> = JobKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("not a kind of job; there are {}", known.join(", "))
    })
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { which, state, limit, after, json } => {
            print(&Way::chosen()?.jobs(&which.filter(state), after, limit as usize).await?, json)
        }
        Command::Show { id, .. } => {
            let job = match Way::chosen()? {
                Way::Api(remote) => remote.get(&format!("jobs/{id}")).await?,
                Way::Database(pool) => {
                    look::show(&pool, JobId(id)).await?.with_context(|| format!("there is no job {id}"))?
                }
            };
            say!("{}", serde_json::to_string_pretty(&job)?)
        }
        Command::Why { id, json } => why::tell(id, json).await,
        Command::Retry { id, reason, json } => {
            let state = match Way::chosen()? {
                Way::Api(remote) => acted(&remote, id, "retry", reason).await?,
                Way::Database(pool) => {
                    let mut draft = operator::draft("jobs_retry", []);
                    draft.reason = reason;
                    let state = operator::acts(draft, operate::retry(&pool, JobId(id))).await?;
                    state.with_context(|| format!("job {id} is not parked or cancelled, or is not there"))?
                }
            };
            let again = "is cancelled again: a newer job with its unique key waits";
            tell(json, id, state, if state == JobState::Cancelled { again } else { "will run again" })
        }
        Command::Cancel { id, reason, json } => {
            let state = match Way::chosen()? {
                Way::Api(remote) => acted(&remote, id, "cancel", reason).await?,
                Way::Database(pool) => {
                    let mut draft = operator::draft("jobs_cancel", []);
                    draft.reason = reason;
                    let cancelled = operator::acts(draft, operate::cancel(&pool, JobId(id))).await?;
                    ensure!(cancelled, "job {id} runs, is over, or is not there");
                    JobState::Cancelled
                }
            };
            tell(json, id, state, "is cancelled")
        }
        Command::Replay(args) => replay::run(args).await,
    }
}

/// Acts on a job by the operators' API; returns its state.
async fn acted(remote: &Remote, id: uuid::Uuid, verb: &str, reason: Option<String>) -> anyhow::Result<JobState> {
    let mut acted = remote.act(&format!("jobs/{id}/{verb}"), json!({}), reason.as_deref()).await?;
    Ok(serde_json::from_value(acted["state"].take())?)
}

/// Tells the outcome for a job.
fn tell(as_json: bool, id: uuid::Uuid, state: JobState, in_words: &str) -> anyhow::Result<()> {
    if as_json { say!("{}", json!({ "id": id, "state": state })) } else { say!("job {id} {in_words}") }
}

fn print(jobs: &[Summary], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> = jobs
            .iter()
            .map(|job| {
                json!({
                    "id": job.id, "kind": job.kind, "state": job.state, "attempt": job.attempts, "max_attempts": job.max_attempts,
                    "run_at": job.run_at, "organization_id": job.organization_id, "worker": job.worker, "last_error": job.last_error,
                })
            })
            .collect();
        say!("{}", serde_json::to_string(&rows)?)?;
        return Ok(());
    }
    let mut table = Table::with_names(["id", "kind", "state", ">attempts", "run at", "last error"]);
    for job in jobs {
        let attempts = format!("{}/{}", job.attempts, job.max_attempts);
        let run_at = job.run_at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let error = job.last_error.clone().unwrap_or_default();
        table.row([job.id.to_string(), job.kind.clone(), job.state.to_string(), attempts, run_at, error]);
    }
    table.print("")
}
