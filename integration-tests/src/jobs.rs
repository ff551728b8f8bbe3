//! Making jobs and looking at them.

use std::time::Duration;

use muster_domain::ids::{BatchId, JobId, OrganizationId};
use muster_jobs::kinds::LeaseExpiry;
use muster_storage::{
    engine::enqueue::{Line, Origin, enqueue, enqueue_all},
    testing::{execute, number},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Harness, eventually};

/// A job's row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Job {
    /// `pending`, `published`, `running`, `succeeded`, `parked` or `cancelled`.
    pub state: String,
    /// Attempts that count.
    pub attempt: i32,
    /// Claims.
    pub epoch: i64,
    /// Who claimed it last.
    pub worker: Option<String>,
    /// One for each failed attempt.
    pub errors: Vec<JobError>,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobError {
    /// Its number, from 1.
    pub attempt: i32,
    /// Whose it was.
    pub worker: Option<String>,
    /// What happened.
    pub error: String,
}

/// A job that finds nothing to do: it is about a batch that does not exist.
pub fn no_op() -> LeaseExpiry {
    LeaseExpiry { batch_id: BatchId::new() }
}

impl Harness {
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
        enqueue_all(&mut tx, &jobs, Line::Ordinary, &origin()).await.expect("enqueue");
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

    /// Reads what a query of one row of one JSON value answers.
    pub async fn row<T: DeserializeOwned>(&self, query: &str) -> T {
        let text = self.stack.postgres.run_sql(&self.database, query).await.expect("reading a row");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{query} answers {text:?}: {error}"))
    }

    /// Counts the rows of `from`, which may go on with a `where`.
    pub async fn count(&self, from: &str) -> i64 {
        self.try_count(from).await.unwrap_or_else(|error| panic!("counting {from}: {error}"))
    }

    /// The same where the database may be away.
    pub async fn try_count(&self, from: &str) -> muster_storage::Result<i64> {
        number(self.pool(), &format!("select count(*) from {from}")).await
    }

    /// Runs statements that no production code does.
    pub async fn execute(&self, statements: &[&str]) {
        for statement in statements {
            execute(self.pool(), statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }

    /// Waits until a job is in this state.
    pub async fn until_state(&self, id: JobId, state: &str, within: Duration) -> Job {
        let query = format!("job where id = '{id}' and state = '{state}'");
        eventually(within, async || {
            if self.count(&query).await == 1 { Ok(()) } else { Err(format!("{:?}", self.job(id).await)) }
        })
        .await;
        self.job(id).await
    }

    /// Waits until there are at least so many rows of `from`.
    pub async fn until_count(&self, from: &str, at_least: i64, within: Duration) {
        eventually(within, async || {
            let seen = self.try_count(from).await.map_err(|error| error.to_string())?;
            if seen >= at_least { Ok(()) } else { Err(format!("{seen} of {at_least} {from}; {}", self.census().await)) }
        })
        .await;
    }

    /// Waits until no job is under way any more, and asserts that every one has succeeded.
    pub async fn all_succeed(&self, jobs: usize, within: Duration) {
        let jobs = i64::try_from(jobs).expect("a number of jobs");
        eventually(within, async || {
            let left = self.try_count("job where state in ('pending', 'published', 'running')").await;
            match left {
                Ok(0) => Ok(()),
                Ok(left) => Err(format!("{left} jobs are not over; {}", self.census().await)),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
        let succeeded = self.count("job where state = 'succeeded'").await;
        assert_eq!(succeeded, jobs, "jobs that succeeded; {}", self.census().await);
    }

    /// Starts to count completions: a row in `completion` for each, written in the transaction that completes the job.
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
        let rows = self.count("completion").await;
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

    /// All jobs by kind and state, for messages.
    pub async fn census(&self) -> String {
        let query = "select kind || ' ' || state || ' ' || count(*) || ' (attempts up to ' || max(attempt) || ')'
                     from job group by kind, state order by 1";
        match self.stack.postgres.run_sql(&self.database, query).await {
            Ok(lines) => lines.trim().replace('\n', ", "),
            Err(error) => format!("no census: {error}"),
        }
    }
}

/// A tenant that does not exist: the no-op jobs do not look for it.
fn origin() -> Origin {
    Origin { organization_id: Some(OrganizationId::new()), traceparent: None }
}
