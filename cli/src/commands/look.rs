//! Looks at the installation: by the operators' API where a profile or the environment names one,
//! else by the database.

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use muster_domain::{
    engine::lateness::{Policy, Row},
    ids::{JobId, OrganizationId},
};
use muster_jobs::JobKind;
use muster_storage::{
    Page, Pool,
    engine::{
        look::{self, Filter, Life, Summary},
        policies,
        processes::{self, Process},
    },
    figures::{self, Taken},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{pool, remote::Remote};

/// Jobs that one page of the operators' API has at most.
const PAGE_LIMIT: usize = 500;

/// The way to the installation.
pub(crate) enum Way {
    Api(Remote),
    Database(Pool),
}

/// A kind's jobs that are not over, and the workers that take them.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Kind {
    pub(crate) kind: String,
    pub(crate) due: f64,
    pub(crate) parked: f64,
    pub(crate) oldest_due_seconds: Option<f64>,
    pub(crate) done_per_minute: Option<f64>,
    /// Live workers that take the kind and do not drain.
    pub(crate) workers: i64,
}

impl Way {
    pub(crate) fn chosen() -> anyhow::Result<Self> {
        Ok(match Remote::chosen()? {
            Some(remote) => Self::Api(remote),
            None => Self::Database(pool()?),
        })
    }

    /// Returns the installation's time: that of the database, else this machine's.
    pub(crate) async fn now(&self) -> anyhow::Result<DateTime<Utc>> {
        match self {
            Self::Api(_) => Ok(muster_service::clock::machine_now()),
            Self::Database(pool) => Ok(pool.now().await?),
        }
    }

    /// Returns the pauses and limits in force.
    pub(crate) async fn policies(&self) -> anyhow::Result<Vec<Policy>> {
        match self {
            Self::Api(remote) => {
                let told: Vec<ToldPolicy> = serde_json::from_value(remote.get("policies").await?)?;
                Ok(told.into_iter().map(ToldPolicy::policy).collect())
            }
            Self::Database(pool) => Ok(policies::list(pool)
                .await?
                .into_iter()
                .map(|one| Policy {
                    kind: one.kind,
                    organization_id: one.organization_id,
                    paused: one.paused,
                    at_most: one.at_most,
                    reason: one.reason,
                    since: one.changed_at,
                })
                .collect()),
        }
    }

    /// Returns the daemons of the last day.
    pub(crate) async fn daemons(&self) -> anyhow::Result<Vec<Process>> {
        match self {
            Self::Api(remote) => Ok(serde_json::from_value(remote.get("daemons").await?)?),
            Self::Database(pool) => Ok(processes::list(pool).await?),
        }
    }

    /// Returns every kind, by the figures of the last ten seconds.
    pub(crate) async fn kinds(&self) -> anyhow::Result<Vec<Kind>> {
        match self {
            Self::Api(remote) => Ok(serde_json::from_value(remote.get("queues").await?["kinds"].take())?),
            Self::Database(pool) => {
                let (taken, workers) = (figures::latest(pool).await?, processes::workers_by_kind(pool).await?);
                Ok(JobKind::ALL.into_iter().map(|kind| kind_of(kind, &taken, &workers)).collect())
            }
        }
    }

    /// Returns the figures of the last ten seconds.
    pub(crate) async fn figures(&self) -> anyhow::Result<Taken> {
        match self {
            Self::Api(remote) => {
                let mut told = remote.get("overview").await?;
                Ok(Taken {
                    at: serde_json::from_value(told["taken_at"].take())?,
                    figures: serde_json::from_value(told["figures"].take())?,
                })
            }
            Self::Database(pool) => Ok(figures::latest(pool).await?),
        }
    }

    /// Returns the newest jobs that match, behind one, at most so many. Each page looks through a
    /// bounded number of rows.
    pub(crate) async fn jobs(
        &self,
        filter: &Filter,
        mut after: Option<Uuid>,
        limit: usize,
    ) -> anyhow::Result<Vec<Summary>> {
        let mut jobs: Vec<Summary> = Vec::new();
        loop {
            let left = limit - jobs.len();
            let (found, next) = match self {
                Self::Api(remote) => page_of(remote, filter, after, left.min(PAGE_LIMIT)).await?,
                Self::Database(pool) => {
                    let page = Page { after: after.map(JobId), limit: i64::try_from(left)? };
                    let looked = look::page(pool, filter, page).await?;
                    (looked.jobs, looked.next.map(|id| id.0))
                }
            };
            jobs.extend(found);
            after = next;
            if after.is_none() || jobs.len() >= limit {
                return Ok(jobs);
            }
        }
    }

    /// Returns a job's row, as far as it tells of waiting.
    pub(crate) async fn job(&self, id: Uuid) -> anyhow::Result<Row> {
        match self {
            Self::Api(remote) => {
                let told: ToldLife = serde_json::from_value(remote.get(&format!("jobs/{id}")).await?)?;
                Ok(told.row())
            }
            Self::Database(pool) => {
                let life = look::life(pool, JobId(id)).await?;
                Ok(row(life.with_context(|| format!("there is no job {id}"))?))
            }
        }
    }
}

async fn page_of(
    remote: &Remote,
    filter: &Filter,
    after: Option<Uuid>,
    limit: usize,
) -> anyhow::Result<(Vec<Summary>, Option<Uuid>)> {
    let page = [
        ("kind", filter.kind.map(|kind| kind.to_string())),
        ("state", filter.state.map(|state| state.to_string())),
        ("organization_id", filter.organization_id.map(|id| id.to_string())),
        ("goal_id", filter.goal_id.map(|id| id.to_string())),
        ("failed_since", filter.failed_since.map(|since| since.to_rfc3339_opts(SecondsFormat::Micros, true))),
        ("error", filter.error.clone()),
        ("cursor", after.map(|id| id.to_string())),
        ("limit", Some(limit.to_string())),
    ];
    let mut page = remote.read("jobs", &page).await?;
    Ok((serde_json::from_value(page["items"].take())?, serde_json::from_value(page["next"].take())?))
}

fn kind_of(kind: JobKind, taken: &Taken, workers: &[(String, i64)]) -> Kind {
    let name = kind.as_str();
    let jobs = |state| taken.value(figures::JOBS, &[("kind", name), ("state", state)]).unwrap_or_default();
    let of_kind = |gauge| taken.value(gauge, &[("kind", name)]);
    Kind {
        kind: name.to_owned(),
        due: of_kind(figures::DUE).unwrap_or_default(),
        parked: jobs("parked"),
        oldest_due_seconds: of_kind(figures::OLDEST_DUE),
        done_per_minute: of_kind(figures::DONE),
        workers: workers.iter().find(|(own, _)| own == name).map_or(0, |(_, workers)| *workers),
    }
}

/// A policy as the operators' API tells it.
#[derive(Deserialize)]
struct ToldPolicy {
    kind: Option<String>,
    organization_id: Option<OrganizationId>,
    paused: bool,
    at_most: Option<i32>,
    reason: Option<String>,
    since: DateTime<Utc>,
}

impl ToldPolicy {
    fn policy(self) -> Policy {
        let Self { kind, organization_id, paused, at_most, reason, since } = self;
        Policy { kind, organization_id, paused, at_most, reason, since }
    }
}

/// A job's life as the operators' API tells it.
#[derive(Deserialize)]
struct ToldLife {
    job: Summary,
    blocked: bool,
    behind: Option<JobId>,
    lease_until: Option<DateTime<Utc>>,
    timeline: Vec<ToldEvent>,
}

#[derive(Deserialize)]
struct ToldEvent {
    at: DateTime<Utc>,
    event: String,
    detail: Option<String>,
}

impl ToldLife {
    fn row(self) -> Row {
        let last = |name: &str| self.timeline.iter().rev().find(|event| event.event == name).map(|event| event.at);
        let all = |name: &str| {
            let events = self.timeline.iter().filter(|event| event.event == name);
            events.map(|event| (event.at, event.detail.clone().unwrap_or_default())).collect()
        };
        Row {
            id: self.job.id,
            published_at: last("published"),
            claimed_at: self.job.claimed_at,
            failures: all("failed"),
            hand_backs: all("handed_back"),
            kind: self.job.kind,
            state: self.job.state,
            organization_id: self.job.organization_id,
            created_at: self.job.created_at,
            run_at: self.job.run_at,
            finished_at: self.job.finished_at,
            lease_until: self.lease_until,
            worker: self.job.worker,
            blocked: self.blocked,
            behind: self.behind,
        }
    }
}

fn row(life: Life) -> Row {
    let job = life.summary;
    Row {
        id: job.id,
        kind: job.kind,
        state: job.state,
        organization_id: job.organization_id,
        created_at: job.created_at,
        run_at: job.run_at,
        published_at: life.published_at,
        claimed_at: job.claimed_at,
        finished_at: job.finished_at,
        lease_until: life.lease_until,
        worker: job.worker,
        blocked: life.blocked,
        behind: life.behind,
        failures: life.failures.into_iter().map(|failure| (failure.at, failure.error)).collect(),
        hand_backs: life.hand_backs.into_iter().map(|back| (back.at, back.why)).collect(),
    }
}
