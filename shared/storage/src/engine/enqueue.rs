//! Making jobs, in the transaction that makes them necessary.

use std::collections::HashSet;

use muster_domain::ids::{JobId, OrganizationId};
use muster_jobs::{Job, payload};
use uuid::Uuid;

use crate::{Result, Tx};

/// The tenant and the trace of an enqueued job.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The tenant; none for the engine's own upkeep.
    pub organization_id: Option<OrganizationId>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// Order of a job among its tenant's jobs.
#[derive(Debug, Clone, Copy, Default)]
pub enum JobOrder<'a> {
    /// First come, first served.
    #[default]
    Ordinary,
    /// Before the tenant's other jobs of the kind: somebody waits for it.
    Urgent,
    /// After every earlier job with this key is over, and never beside one (engine promise J5). A
    /// key holds ids or keyed hashes, no personal data (rule R5).
    InOrder(&'a str),
}

/// Enqueues a job. When a job with the payload's unique key still waits to be claimed, that job's
/// id is the answer: it will see this transaction's writes, because its claim waits for this
/// commit.
pub async fn enqueue<P: Job>(tx: &mut Tx, payload: &P, origin: &Origin) -> Result<JobId> {
    let id = JobId::new();
    let unique_key = payload.unique_key();
    if let Some(key) = &unique_key {
        // Many may be told at once that the job will see their work: shared, the lock keeps out
        // only the claim.
        let waiting = sqlx::query_scalar!("select job_id from job_unique where unique_key = $1 for key share", key)
            .fetch_optional(tx.conn())
            .await?;
        if let Some(first) = waiting {
            return Ok(JobId(first));
        }
        let first = sqlx::query_scalar!(
            "insert into job_unique (unique_key, job_id) values ($1, $2)
             on conflict (unique_key) do update set unique_key = excluded.unique_key
             returning job_id",
            key,
            id.0,
        )
        .fetch_one(tx.conn())
        .await?;
        if first != id.0 {
            return Ok(JobId(first));
        }
    }
    insert(tx, &[(id, payload)], unique_key.as_deref(), JobOrder::Ordinary, origin).await?;
    Ok(id)
}

/// Enqueues many jobs of a kind in one statement, under ids that the caller made. For payloads
/// without a unique key: those with one go through [`enqueue`], one by one.
pub async fn enqueue_all<P: Job>(tx: &mut Tx, jobs: &[(JobId, &P)], line: JobOrder<'_>, origin: &Origin) -> Result<()> {
    debug_assert!(jobs.iter().all(|(_, payload)| payload.unique_key().is_none()), "{} has a unique key", P::NAME);
    insert(tx, jobs, None, line, origin).await
}

/// A job after the earlier ones of its own key.
#[derive(Debug, Clone, Copy)]
pub struct JobInTurn<'a, P> {
    /// Made by the caller.
    pub id: JobId,
    /// Its payload, without a unique key.
    pub payload: &'a P,
    /// The key of [`JobOrder::InOrder`].
    pub order_key: &'a str,
    /// Its own tenant and trace.
    pub origin: &'a Origin,
}

/// Takes the keys that nobody else enqueues with or ends a job of, until the transaction ends, and
/// returns them. It waits for none: a transaction that waits for one key with another in its hands
/// could wait in a circle.
pub async fn take_keys(tx: &mut Tx, keys: &[&str]) -> Result<HashSet<String>> {
    let taken = sqlx::query_scalar!(
        r#"select key as "key!" from (select distinct key from unnest($1::text[]) key) asked
           where pg_try_advisory_xact_lock(hashtextextended(key, 0))"#,
        keys as &[&str],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(taken.into_iter().collect())
}

/// Takes a key until the transaction ends, and waits for it. For the first lock of a transaction.
pub async fn take_key(tx: &mut Tx, key: &str) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key).execute(tx.conn()).await?;
    Ok(())
}

/// Enqueues jobs of a kind, each in the order of its own key, which the transaction has taken by
/// [`take_keys`].
pub async fn enqueue_in_turn<P: Job>(tx: &mut Tx, jobs: &[JobInTurn<'_, P>]) -> Result<()> {
    debug_assert!(jobs.iter().all(|job| job.payload.unique_key().is_none()), "{} has a unique key", P::NAME);
    if jobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = jobs.iter().map(|job| job.id.0).collect();
    let payloads = jobs.iter().map(|job| payload::write(job.payload)).collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<_> = jobs.iter().map(|job| job.order_key).collect();
    let tenants: Vec<_> = jobs.iter().map(|job| job.origin.organization_id.map(|id| id.0)).collect();
    let traces: Vec<_> = jobs.iter().map(|job| job.origin.traceparent.as_deref()).collect();
    sqlx::query!(
        "insert into job (id, kind, organization_id, payload, max_attempts, traceparent, order_key, position, blocked)
         select id, $2, organization_id, payload, $4, traceparent, order_key, nextval('job_position'),
                nth > 1 or exists (
                    select from job before
                    where before.order_key = new.order_key and before.state in ('pending', 'published', 'running'))
         from (
             select *, row_number() over (partition by order_key order by number) as nth
             from unnest($1::uuid[], $3::jsonb[], $5::text[], $6::uuid[], $7::text[]) with ordinality
                 as given (id, payload, order_key, organization_id, traceparent, number)
             order by number
         ) new",
        &ids,
        P::NAME,
        &payloads,
        P::POLICY.max_attempts,
        &keys as &[&str],
        &tenants as &[Option<Uuid>],
        &traces as &[Option<&str>],
    )
    .execute(tx.conn())
    .await?;
    tx.has_enqueued();
    Ok(())
}

async fn insert<P: Job>(
    tx: &mut Tx,
    jobs: &[(JobId, &P)],
    unique_key: Option<&str>,
    line: JobOrder<'_>,
    origin: &Origin,
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = jobs.iter().map(|(id, _)| id.0).collect();
    let delay = P::GATHERS.as_secs_f64();
    let payloads = jobs.iter().map(|(_, payload)| payload::write(*payload)).collect::<Result<Vec<_>, _>>()?;
    let organization_id = origin.organization_id.map(|id| id.0);
    if let JobOrder::InOrder(key) = line {
        // Until this commits nobody else enqueues with the key or ends the job before: the order is
        // that of the commits, and whether there is a job before is known.
        take_key(tx, key).await?;
        sqlx::query!(
            "insert into job (id, kind, organization_id, payload, max_attempts, traceparent, unique_key, order_key, position, blocked)
             select id, $2, $3, payload, $4, $5, $6, $8, nextval('job_position'),
                    number > 1 or exists (
                        select from job where order_key = $8 and state in ('pending', 'published', 'running'))
             from unnest($1::uuid[], $7::jsonb[]) with ordinality as new (id, payload, number) order by number",
            &ids,
            P::NAME,
            organization_id,
            P::POLICY.max_attempts,
            origin.traceparent,
            unique_key,
            &payloads,
            key,
        )
        .execute(tx.conn())
        .await?;
    } else {
        let priority = i16::from(matches!(line, JobOrder::Urgent));
        sqlx::query!(
            "insert into job (id, kind, organization_id, payload, max_attempts, traceparent, unique_key, priority, run_at)
             select id, $2, $3, payload, $4, $5, $6, $8, now() + make_interval(secs => $9)
             from unnest($1::uuid[], $7::jsonb[]) as new (id, payload)",
            &ids,
            P::NAME,
            organization_id,
            P::POLICY.max_attempts,
            origin.traceparent,
            unique_key,
            &payloads,
            priority,
            delay,
        )
        .execute(tx.conn())
        .await?;
    }
    tx.has_enqueued();
    Ok(())
}
