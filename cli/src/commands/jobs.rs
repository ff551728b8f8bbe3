//! `muster jobs`: look at jobs, and let them run again or not.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, FixedOffset, SecondsFormat};
use muster_domain::{
    engine::job::JobState,
    ids::{GoalId, JobId, OrganizationId},
};
use muster_jobs::JobKind;
use muster_storage::{
    Page, Pool,
    engine::{
        look::{self, Filter, Summary},
        operate::{self, ReplayOutcome},
    },
};
use serde_json::json;

use super::{operator, pool, remote::Remote, words};
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
    /// Let the jobs that are parked now run again, at a rate, until each has been tried or too many
    /// of them fail again.
    Replay {
        #[command(flatten)]
        which: JobFilterArgs,
        /// Only say how many there are.
        #[arg(long)]
        dry_run: bool,
        /// Jobs a second.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        rate: u32,
        /// Stop when more than this share of the replayed jobs that have been tried has failed;
        /// looked at from the tenth on, and at the end.
        #[arg(long, default_value_t = 0.2)]
        abort_on_error_rate: f64,
        /// How long to wait at the end for jobs that have not been tried yet.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
        wait_seconds: u32,
        /// Print one JSON object at the end: {matching, replayed, tried, failed, aborted}.
        #[arg(long)]
        json: bool,
    },
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

/// Jobs that one page of the operators' API has at most.
const PAGE_LIMIT: usize = 500;

/// Before the share of failures means anything.
const FEWEST_TRIED: i64 = 10;

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match Remote::chosen()? {
        Some(remote) => remotely(&remote, command).await,
        None => directly(&pool()?, command).await,
    }
}

/// By the operators' API.
async fn remotely(remote: &Remote, command: Command) -> anyhow::Result<()> {
    let act = async |id: uuid::Uuid, verb: &str, reason: Option<String>| {
        let acted = remote.act(&format!("jobs/{id}/{verb}"), json!({}), reason.as_deref()).await?;
        Ok::<JobState, anyhow::Error>(serde_json::from_value(acted["state"].clone())?)
    };
    match command {
        Command::List { which, state, limit, after, json } => {
            print(&listed(remote, &which.filter(state), after, limit as usize).await?, json)
        }
        Command::Show { id, .. } => {
            say!("{}", serde_json::to_string_pretty(&remote.get(&format!("jobs/{id}")).await?)?)
        }
        Command::Retry { id, reason, json } => retried(json, id, act(id, "retry", reason).await?),
        Command::Cancel { id, reason, json } => tell(json, id, act(id, "cancel", reason).await?, "is cancelled"),
        Command::Replay { .. } => bail!("by the operators' API, muster acts start retry does it"),
    }
}

/// Returns the newest jobs that match, behind one, at most so many, page by page.
async fn listed(
    remote: &Remote,
    filter: &Filter,
    mut after: Option<uuid::Uuid>,
    limit: usize,
) -> anyhow::Result<Vec<Summary>> {
    let mut jobs: Vec<Summary> = Vec::new();
    loop {
        let page = [
            ("kind", filter.kind.map(|kind| kind.to_string())),
            ("state", filter.state.map(|state| state.to_string())),
            ("organization_id", filter.organization_id.map(|id| id.to_string())),
            ("goal_id", filter.goal_id.map(|id| id.to_string())),
            ("failed_since", filter.failed_since.map(|since| since.to_rfc3339_opts(SecondsFormat::Micros, true))),
            ("error", filter.error.clone()),
            ("cursor", after.map(|id| id.to_string())),
            ("limit", Some((limit - jobs.len()).min(PAGE_LIMIT).to_string())),
        ];
        let mut page = remote.read("jobs", &page).await?;
        jobs.extend(serde_json::from_value::<Vec<Summary>>(page["items"].take())?);
        after = serde_json::from_value(page["next"].take())?;
        if after.is_none() || jobs.len() >= limit {
            return Ok(jobs);
        }
    }
}

/// By the database.
async fn directly(pool: &Pool, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { which, state, limit, after, json } => {
            print(&list(pool, &which.filter(state), after.map(JobId), limit.into()).await?, json)
        }
        Command::Show { id, .. } => {
            let job = look::show(pool, JobId(id)).await?.with_context(|| format!("there is no job {id}"))?;
            say!("{}", serde_json::to_string_pretty(&job)?)?;
            Ok(())
        }
        Command::Retry { id, reason, json } => {
            let mut draft = operator::draft("jobs_retry", []);
            draft.reason = reason;
            let state = operator::acts(draft, operate::retry(pool, JobId(id))).await?;
            retried(json, id, state.with_context(|| format!("job {id} is not parked or cancelled, or is not there"))?)
        }
        Command::Cancel { id, reason, json } => {
            let mut draft = operator::draft("jobs_cancel", []);
            draft.reason = reason;
            let cancelled = operator::acts(draft, operate::cancel(pool, JobId(id))).await?;
            ensure!(cancelled, "job {id} runs, is over, or is not there");
            tell(json, id, JobState::Cancelled, "is cancelled")
        }
        Command::Replay { which, dry_run, rate, abort_on_error_rate, wait_seconds, json } => {
            if !(0.0..=1.0).contains(&abort_on_error_rate) {
                bail!("--abort-on-error-rate is a share, from 0 to 1");
            }
            let filter = which.filter(None);
            let matching = operate::count_parked(pool, &filter).await?;
            let Replayed { replayed, tried, failed, aborted } = if dry_run {
                Replayed::default()
            } else {
                let kind = filter.kind.map(|kind| kind.as_str().to_owned());
                let work = replay(pool, &filter, rate, abort_on_error_rate, wait_seconds);
                operator::acts(operator::draft("jobs_replay", kind), work).await?
            };
            if json {
                let report = json!({
                    "matching": matching, "replayed": replayed, "tried": tried, "failed": failed, "aborted": aborted,
                });
                say!("{report}")?;
            } else if dry_run {
                say!("{matching} parked jobs would run again")?;
            } else {
                say!(
                    "{replayed} of {matching} parked jobs run again; {tried} have been tried, of which {failed} failed"
                )?;
            }
            ensure!(!aborted, "more than {abort_on_error_rate} of the replayed jobs failed");
            Ok(())
        }
    }
}

/// Returns the newest jobs that match, behind one, at most so many. Each statement looks through a
/// bounded number of rows.
async fn list(pool: &Pool, filter: &Filter, mut after: Option<JobId>, limit: i64) -> anyhow::Result<Vec<Summary>> {
    let mut jobs: Vec<Summary> = Vec::new();
    loop {
        let left = limit - i64::try_from(jobs.len())?;
        let looked = look::page(pool, filter, Page { after, limit: left }).await?;
        jobs.extend(looked.jobs);
        after = looked.next;
        if after.is_none() || i64::try_from(jobs.len())? >= limit {
            return Ok(jobs);
        }
    }
}

/// Tells the outcome of a retry.
fn retried(as_json: bool, id: uuid::Uuid, state: JobState) -> anyhow::Result<()> {
    let again = "is cancelled again: a newer job with its unique key waits";
    tell(as_json, id, state, if state == JobState::Cancelled { again } else { "will run again" })
}

/// Tells the outcome for a job.
fn tell(as_json: bool, id: uuid::Uuid, state: JobState, in_words: &str) -> anyhow::Result<()> {
    if as_json { say!("{}", json!({ "id": id, "state": state })) } else { say!("job {id} {in_words}") }
}

/// Progress of a replay.
#[derive(Default)]
struct Replayed {
    replayed: usize,
    tried: i64,
    failed: i64,
    aborted: bool,
}

/// Replays a second's worth each second, then waits until each job has been tried. Jobs that come
/// to be parked meanwhile are left.
async fn replay(pool: &Pool, filter: &Filter, rate: u32, abort_at: f64, wait_seconds: u32) -> anyhow::Result<Replayed> {
    let before = pool.now().await?;
    let mut ids = Vec::new();
    let mut waited = 0;
    loop {
        let more = operate::replay(pool, filter, before, rate.into()).await?;
        let is_last = more.len() < rate as usize;
        ids.extend(more);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let ReplayOutcome { tried, failed } = operate::outcome(pool, &ids).await?;
        let ends = is_last && (usize::try_from(tried)? >= ids.len() || waited >= wait_seconds);
        waited += u32::from(is_last);
        #[expect(clippy::cast_precision_loss, reason = "a share of counts")]
        let aborted = (tried >= FEWEST_TRIED || ends) && failed as f64 > abort_at * tried as f64;
        if ends || aborted {
            return Ok(Replayed { replayed: ids.len(), tried, failed, aborted });
        }
    }
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
