//! Operators' acts on all jobs that match a filter: asked for with a count, done by the kind
//! `job-act` a second's worth each second, looked at, and stopped.
//!
//! An act is for the jobs that were there, in the state that it is for, when it was asked for. Jobs
//! that it lets run are followed until each has been tried once (`job_act_job`), so that it can end
//! when too many fail.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::{
        act::{JobActState, JobVerb, too_many_fail},
        job::JobState,
    },
    ids::JobActId,
};
use muster_jobs::JobKind;
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    look::Filter,
    operate::{cancel_all, run_again},
};
use crate::{Db, Page, Pool, Result, Tx, db::error::read_word};

/// Jobs of one act with an attempt that is looked at in one step.
const FOLLOWED: i64 = 10_000;

/// Minutes after the last job for which an act waits until each has been tried.
const PATIENCE_MINUTES: i32 = 10;

/// An act that is asked for.
#[derive(Debug, Clone)]
pub struct NewAct<'a> {
    /// The act.
    pub id: JobActId,
    /// The thing to do with each job.
    pub verb: JobVerb,
    /// The jobs.
    pub filter: &'a Filter,
    /// How many there are.
    pub matching: i64,
    /// Jobs a second.
    pub rate: i32,
    /// The share of tried jobs beyond which failures end it.
    pub abort_above: f64,
}

/// An act with its progress.
#[derive(Debug, Clone, Deserialize)]
pub struct Act {
    /// The act.
    pub id: JobActId,
    /// The thing that is done with each job.
    pub verb: JobVerb,
    /// The jobs.
    pub filter: Filter,
    /// Jobs that matched when it was asked for.
    pub matching: i64,
    /// Jobs a second.
    pub rate: i32,
    /// The share of tried jobs beyond which failures end it.
    pub abort_above: f64,
    /// How far it is.
    pub state: JobActState,
    /// Jobs that it was done with.
    pub acted: i64,
    /// Jobs that have had an attempt since.
    pub tried: i64,
    /// Jobs of these with an attempt that failed.
    pub failed: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The states that a verb is for, narrowed to a filter's own.
fn states(verb: JobVerb, filter: &Filter) -> Vec<String> {
    let all: &[JobState] = match verb {
        JobVerb::Retry => &[JobState::Parked],
        JobVerb::Cancel => &[JobState::Pending, JobState::Published, JobState::Parked],
    };
    let wanted = |state: &&JobState| filter.state.is_none_or(|own| own == **state);
    all.iter().filter(wanted).map(|state| state.as_str().to_owned()).collect()
}

/// Counts the jobs that an act would be done with.
pub async fn count(tx: &mut Tx, verb: JobVerb, filter: &Filter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "jobs!" from job
           where state = any($1) and ($2::text is null or kind = $2) and ($3::uuid is null or organization_id = $3)
             and ($4::text is null or strpos(errors -> -1 ->> 'error', $4) > 0)
             and ($5::text is null or payload ->> 'goal_id' = $5)
             and ($6::timestamptz is null or (errors -> -1 ->> 'at')::timestamptz >= $6)"#,
        &states(verb, filter),
        filter.kind.map(JobKind::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
        filter.goal_id.map(|id| id.to_string()),
        filter.failed_since,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Writes an act down; the caller enqueues its job.
pub async fn create(tx: &mut Tx, act: &NewAct<'_>) -> Result<()> {
    sqlx::query!(
        "insert into job_act (id, verb, filter, matching, rate, abort_above) values ($1, $2, $3, $4, $5, $6)",
        act.id.0,
        act.verb.as_str(),
        Json(act.filter) as _,
        act.matching,
        act.rate,
        act.abort_above,
    )
    .execute(tx.conn())
    .await?;
    tx.names("job_act", &[act.id.0], act.filter.organization_id.map(|id| id.0));
    Ok(())
}

/// Returns a page of acts, the newest first, or the one of an id.
pub async fn page(db: impl Into<Db<'_>>, id: Option<JobActId>, page: Page<JobActId>) -> Result<Vec<Act>> {
    let rows = sqlx::query!(
        r#"select id, verb, filter as "filter: Json<Filter>", matching, rate, abort_above, state, acted, tried, failed, created_at,
                  finished_at
           from job_act where ($1::uuid is null or id = $1) and ($2::uuid is null or id < $2) order by id desc limit $3"#,
        id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Act {
                id: JobActId(row.id),
                verb: read_word("job_act", &row.verb)?,
                filter: row.filter.0,
                matching: row.matching,
                rate: row.rate,
                abort_above: row.abort_above,
                state: read_word("job_act", &row.state)?,
                acted: row.acted,
                tried: row.tried,
                failed: row.failed,
                created_at: row.created_at,
                finished_at: row.finished_at,
            })
        })
        .collect()
}

/// Stops an act between two steps; false when it is over, or not there.
pub async fn stop(pool: &Pool, id: JobActId) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let stopped = end(&mut tx, id, JobActState::Stopped).await?;
    if stopped {
        tx.commit().await?;
    }
    Ok(stopped)
}

async fn end(tx: &mut Tx, id: JobActId, state: JobActState) -> Result<bool> {
    let done = sqlx::query!(
        "update job_act set state = $2, finished_at = clock_timestamp() where id = $1 and state = 'running'",
        id.0,
        state.as_str(),
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("delete from job_act_job where job_act_id = $1", id.0).execute(tx.conn()).await?;
    Ok(true)
}

/// Whether an act goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to do, or to wait for.
    GoesOn,
    /// It is over.
    Over,
}

/// Does a second's worth of an act.
pub async fn step(tx: &mut Tx, id: JobActId) -> Result<Step> {
    let row = sqlx::query!(
        r#"select verb, filter as "filter: Json<Filter>", rate, abort_above, tried, failed, created_at,
                  acted_at < clock_timestamp() - make_interval(mins => $2) as "waited!"
           from job_act where id = $1 and state = 'running' for update"#,
        id.0,
        PATIENCE_MINUTES,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(act) = row else { return Ok(Step::Over) };
    let (tried, failed) = follow(tx, id).await?;
    let (tried, failed) = (act.tried + tried, act.failed + failed);
    sqlx::query!("update job_act set tried = $2, failed = $3 where id = $1", id.0, tried, failed)
        .execute(tx.conn())
        .await?;
    if too_many_fail(tried, failed, act.abort_above, false) {
        end(tx, id, JobActState::Aborted).await?;
        return Ok(Step::Over);
    }
    let verb: JobVerb = read_word("job_act", &act.verb)?;
    let jobs = take(tx, verb, &act.filter, act.created_at, act.rate.into()).await?;
    if !jobs.is_empty() {
        act_on(tx, id, verb, &jobs).await?;
    }
    if i64::try_from(jobs.len()) == Ok(i64::from(act.rate)) {
        return Ok(Step::GoesOn);
    }
    let follows =
        sqlx::query_scalar!(r#"select exists (select from job_act_job where job_act_id = $1) as "any!""#, id.0)
            .fetch_one(tx.conn())
            .await?;
    if follows && (!jobs.is_empty() || !act.waited) {
        return Ok(Step::GoesOn);
    }
    let aborted = too_many_fail(tried, failed, act.abort_above, true);
    end(tx, id, if aborted { JobActState::Aborted } else { JobActState::Succeeded }).await?;
    Ok(Step::Over)
}

/// Looks at jobs that the act lets run; returns how many have been tried since, and how many of
/// these have failed. They are not looked at again.
async fn follow(tx: &mut Tx, id: JobActId) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"with followed as (
               select job_id from job_act_job where job_act_id = $1 order by job_id limit $2
           ), tried as (
               select f.job_id, coalesce(j.state = 'parked' or j.attempt > 1 and j.state not in ('succeeded', 'cancelled')
                          or (j.attempt = 1 and j.state in ('pending', 'published')), false) as failed
               from followed f left join job j on j.id = f.job_id
               where j.id is null or j.state in ('succeeded', 'parked', 'cancelled') or j.attempt > 1
                  or (j.attempt = 1 and j.state <> 'running')
           ), over as (
               delete from job_act_job a using tried t where a.job_act_id = $1 and a.job_id = t.job_id
           )
           select count(*) as "tried!", count(*) filter (where failed) as "failed!" from tried"#,
        id.0,
        FOLLOWED,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.tried, row.failed))
}

/// Locks the next jobs of an act: those in a line in its order, then the oldest. Jobs that came
/// later, or were parked later, are not among them.
async fn take(tx: &mut Tx, verb: JobVerb, filter: &Filter, asked_at: DateTime<Utc>, limit: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from job
         where state = any($1) and ($2::text is null or kind = $2) and ($3::uuid is null or organization_id = $3)
           and ($4::text is null or strpos(errors -> -1 ->> 'error', $4) > 0)
           and ($5::text is null or payload ->> 'goal_id' = $5)
           and ($6::timestamptz is null or (errors -> -1 ->> 'at')::timestamptz >= $6)
           and created_at <= $7 and (finished_at is null or finished_at <= $7)
         order by position nulls last, id limit $8 for update skip locked",
        &states(verb, filter),
        filter.kind.map(JobKind::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
        filter.goal_id.map(|id| id.to_string()),
        filter.failed_since,
        asked_at,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

async fn act_on(tx: &mut Tx, id: JobActId, verb: JobVerb, jobs: &[Uuid]) -> Result<()> {
    match verb {
        JobVerb::Retry => {
            run_again(tx, jobs).await?;
            sqlx::query!(
                "insert into job_act_job (job_act_id, job_id) select $1, unnest($2::uuid[]) on conflict do nothing",
                id.0,
                jobs,
            )
            .execute(tx.conn())
            .await?;
        }
        JobVerb::Cancel => cancel_all(tx, jobs).await?,
    }
    sqlx::query!(
        "update job_act set acted = acted + cardinality($2::uuid[]), acted_at = clock_timestamp() where id = $1",
        id.0,
        jobs,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
