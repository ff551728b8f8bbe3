//! Making jobs and looking at them.

use std::{fmt::Display, time::Duration};

use muster_domain::ids::{BatchId, JobId, OrganizationId};
use muster_jobs::{Job as _, kinds::LeaseExpiry};
use muster_storage::engine::enqueue::{JobOrder, Origin, enqueue, enqueue_all};
use serde::Deserialize;

use crate::{World, eventually_or, holds};

/// A job's row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Job {
    /// `pending`, `published`, `running`, `succeeded`, `parked` or `cancelled`.
    pub state: String,
    /// Attempts that count.
    pub attempt: i32,
    /// Claims.
    pub epoch: i64,
    /// Worker of the last claim.
    pub worker: Option<String>,
    /// One for each failed attempt.
    pub errors: Vec<JobError>,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobError {
    /// Its number, from 1.
    pub attempt: i32,
    /// Worker that had it.
    pub worker: Option<String>,
    /// Record of the events.
    pub error: String,
}

/// Returns a job that finds nothing to do: it is about a batch that does not exist.
pub fn no_op() -> LeaseExpiry {
    LeaseExpiry { batch_id: BatchId::new() }
}

impl World {
    /// Enqueues a job in a transaction of its own, for a tenant that does not exist.
    pub async fn enqueue<P: muster_jobs::Job>(&self, payload: &P) -> JobId {
        let mut tx = self.pool().begin().await.expect("begin");
        let id = enqueue(&mut tx, payload, &origin()).await.expect("enqueue");
        tx.commit().await.expect("commit");
        id
    }

    /// Enqueues so many jobs that find nothing to do, in one transaction.
    pub async fn enqueue_no_ops(&self, jobs: usize) -> Vec<JobId> {
        let payloads: Vec<_> = (0..jobs).map(|_| (JobId::new(), no_op())).collect();
        let jobs: Vec<_> = payloads.iter().map(|(id, payload)| (*id, payload)).collect();
        let mut tx = self.pool().begin().await.expect("begin");
        enqueue_all(&mut tx, &jobs, JobOrder::Ordinary, &origin()).await.expect("enqueue");
        tx.commit().await.expect("commit");
        jobs.into_iter().map(|(id, _)| id).collect()
    }

    /// Reads a job's row.
    pub async fn job(&self, id: JobId) -> Job {
        self.row(&format!(
            "select json_build_object('state', state, 'attempt', attempt, 'epoch', epoch, 'worker', worker, 'errors', errors)
             from job where id = '{id}'"
        ))
        .await
    }

    /// Waits until a job is in this state.
    pub async fn until_state(&self, id: JobId, state: &str, within: Duration) -> Job {
        let job = self.jobs().id(id).state(state);
        eventually_or(
            within,
            async || holds(job.count().await == 1, "another state"),
            async || format!("{:?}", self.job(id).await),
        )
        .await;
        self.job(id).await
    }

    /// Waits until no job is under way any more, and asserts that every one has succeeded.
    pub async fn all_succeed(&self, jobs: usize, within: Duration) {
        let jobs = i64::try_from(jobs).expect("a number of jobs");
        let under_way = self.jobs().any_of("state", &["pending", "published", "running"]);
        let look = async || {
            let left = under_way.try_count().await.map_err(|error| error.to_string())?;
            holds(left == 0, format!("{left} jobs are not over"))
        };
        eventually_or(within, look, async || self.census().await).await;
        let succeeded = self.jobs().state("succeeded").count().await;
        assert_eq!(succeeded, jobs, "jobs that succeeded; {}", self.census().await);
    }

    /// Makes an operator's pause of a kind, for all tenants.
    pub async fn pause_jobs(&self, kind: impl Display) {
        self.execute(&[&format!("insert into job_policy (kind, paused) values ('{kind}', true)")]).await;
    }

    /// Makes an operator's limit of a kind: so many at once, of all tenants together.
    pub async fn limit_jobs(&self, kind: impl Display, at_most: u32) {
        self.execute(&[&format!("insert into job_policy (kind, at_most) values ('{kind}', {at_most})")]).await;
    }

    /// Starts to count completions: a row in `completion` for each, written in the transaction that
    /// completes the job.
    pub async fn record_completions(&self) {
        self.execute(&[
            "create table completion (job_id uuid not null)",
            "create function record_completion() returns trigger language plpgsql as $$
             begin insert into completion values (new.id); return null; end $$",
            "create trigger record_completion after update on job for each row
             when (new.state = 'succeeded') execute function record_completion()",
        ])
        .await;
    }

    /// Asserts that each of so many jobs was completed exactly once.
    pub async fn completed_once_each(&self, jobs: usize) {
        let jobs = i64::try_from(jobs).expect("a number of jobs");
        let rows = self.rows("completion").count().await;
        let distinct = self.count("(select distinct job_id from completion) c").await;
        assert_eq!((rows, distinct), (jobs, jobs), "completions, and jobs that have one");
    }

    /// Whenever this job would complete, this statement of PL/pgSQL runs in the same transaction.
    pub async fn sabotage(&self, id: JobId, statement: &str) {
        let name = format!("sabotage_{}", id.0.simple());
        self.execute(&[
            &format!(
                "create function {name}() returns trigger language plpgsql as $$ begin {statement}; return new; end $$"
            ),
            &format!(
                "create trigger {name} before update on job for each row
                 when (new.id = '{id}' and new.state = 'succeeded') execute function {name}()"
            ),
        ])
        .await;
    }

    /// Waits until a job has failed for good, at its first attempt, and returns it. It is one that
    /// finds nothing to do.
    pub async fn parked(&self) -> JobId {
        // No worker may have it before it is bound to fail.
        self.pause_jobs(LeaseExpiry::NAME).await;
        let failing = self.enqueue(&no_op()).await;
        self.sabotage(failing, "raise exception 'it fails'").await;
        self.jobs().id(failing).set("max_attempts", 1).await;
        self.job_policies().kind(LeaseExpiry::NAME).delete().await;
        self.until_state(failing, "parked", Duration::from_mins(1)).await;
        failing
    }

    /// Returns all jobs by kind and state, for messages.
    pub async fn census(&self) -> String {
        self.told(
            "select string_agg(line, ', ' order by line) from (
                 select kind || ' ' || state || ' ' || count(*) || ' (attempts up to ' || max(attempt) || ')' as line
                 from job group by kind, state) jobs",
        )
        .await
    }

    /// Returns all jobs, and all messages, for a test that has waited in vain.
    pub async fn story(&self) -> String {
        let messages = "select string_agg(line, ', ' order by line) from (
                 select concat_ws(' ', kind, state, reason, error_code, count(*)) as line
                 from message group by kind, state, reason, error_code) messages";
        format!("jobs: {}; messages: {}", self.census().await, self.told(messages).await)
    }
}

/// Returns a tenant that does not exist: the no-op jobs do not look for it.
fn origin() -> Origin {
    Origin { organization_id: Some(OrganizationId::new()), traceparent: None }
}
