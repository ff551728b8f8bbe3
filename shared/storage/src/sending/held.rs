//! Messages that wait, and how they come back into line (rules S3, S4, S5, S6 and S9).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BrandId, GoalId, GroupId, JobId, MessageId, OrganizationId},
    sending::HoldReason,
};
use muster_jobs::kinds;

use crate::{
    Result, Tx,
    engine::enqueue::{JobOrder, Origin, enqueue_all},
};

/// Lets as many texts of a brand that are held at the cap be looked at again now as so many
/// segments may be for, the first ones first; returns their groups. For segments that come back
/// during the day: a cap is used up to its last text, whichever of the brand's organizations has
/// it.
pub async fn recheck_capped(tx: &mut Tx, brand_id: BrandId, segments: i64) -> Result<Vec<(OrganizationId, GroupId)>> {
    let groups = sqlx::query!(
        r#"with woken as (
               update message set held_until = clock_timestamp()
               where id in (
                   select m.id from organization o cross join lateral (
                       select id from message where organization_id = o.id and state = 'held' and reason = 'cap'
                       order by id limit $2 for update skip locked) m
                   where o.brand_id = $1 order by m.id limit $2)
               returning organization_id, group_id
           )
           select distinct organization_id as "organization_id!", group_id as "group_id!" from woken"#,
        brand_id.0,
        segments,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(groups.into_iter().map(|row| (OrganizationId(row.organization_id), GroupId(row.group_id))).collect())
}

/// Queues held messages of a group that can go now, with new send jobs; returns how many, at most
/// `limit`.
pub async fn release_held(tx: &mut Tx, group_id: GroupId, limit: i64, origin: &Origin) -> Result<usize> {
    // Two looks, each along an index: texts at their time, and texts of goals that go on.
    let ids = sqlx::query_scalar!(
        r#"with due as (
               select id from message
               where group_id = $1 and state = 'held' and lane is null and held_until <= statement_timestamp()
               order by held_until, id limit $2 for update skip locked
           ), resumed as (
               select m.id from goal g, lateral (
                   select id from message
                   where goal_id = g.id and state = 'held' and reason = 'paused' and lane is null and held_until is null
                   order by id limit $2 for update skip locked) m
               where g.group_id = $1 and goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()) <> 'paused'
               limit $2
           )
           select id as "id!" from (table due union all table resumed) waiting order by id limit $2"#,
        group_id.0,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    queue_again(tx, &ids, JobOrder::Ordinary, None, origin).await?;
    Ok(ids.len())
}

/// Queues messages that have taken their time in their lanes (rule S4).
pub async fn release_from_lanes(
    tx: &mut Tx,
    ids: &[MessageId],
    urgent: bool,
    now: DateTime<Utc>,
    origin: &Origin,
) -> Result<()> {
    let line = if urgent { JobOrder::Urgent } else { JobOrder::Ordinary };
    queue_again(tx, &ids.iter().map(|id| id.0).collect::<Vec<_>>(), line, Some(now), origin).await
}

/// Puts messages back into line, under new send jobs.
pub(super) async fn queue_again(
    tx: &mut Tx,
    ids: &[uuid::Uuid],
    line: JobOrder<'_>,
    slot: Option<DateTime<Utc>>,
    origin: &Origin,
) -> Result<()> {
    let jobs: Vec<JobId> = ids.chunks(kinds::Send::MAX_MESSAGES).map(|_| JobId::new()).collect();
    let job_ids: Vec<_> = (0..ids.len()).map(|index| jobs[index / kinds::Send::MAX_MESSAGES].0).collect();
    sqlx::query!(
        "update message m set state = 'queued', reason = null, held_until = null, lane = null, send_job_id = j.job_id, send_epoch = null,
             rate_slot = $3
         from unnest($1::uuid[], $2::uuid[]) as j (id, job_id) where m.id = any($1) and m.id = j.id",
        ids,
        &job_ids,
        slot,
    )
    .execute(tx.conn())
    .await?;
    let payload = kinds::Send {};
    enqueue_all(tx, &jobs.into_iter().map(|id| (id, &payload)).collect::<Vec<_>>(), line, origin).await
}

/// Lets the messages of an organization that are held for one of these reasons be looked at again
/// now, because the reason has changed (rule S9); returns the groups with a `hold-release` that is
/// due.
pub(crate) async fn recheck_held(
    tx: &mut Tx,
    organization_id: OrganizationId,
    reasons: &[HoldReason],
) -> Result<Vec<GroupId>> {
    if reasons.is_empty() {
        return Ok(Vec::new());
    }
    let groups = sqlx::query_scalar!(
        r#"with woken as (
               update message set held_until = clock_timestamp()
               where group_id in (select id from contact_group where organization_id = $1) and state = 'held' and reason = any($2)
                 and lane is null
               returning group_id
           )
           select distinct group_id as "group_id!" from woken"#,
        organization_id.0,
        &reasons.iter().map(|reason| reason.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// Lets texts under a carrier's hold of the brand be looked at again when that hold ends, because
/// the hours that were added to it have changed; returns the groups of these messages, and when.
pub(crate) async fn recheck_behind_hold(
    tx: &mut Tx,
    organization_id: OrganizationId,
) -> Result<Vec<(GroupId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"with brand as (
               select h.until from brand_hold h join organization o on o.brand_id = h.brand_id
               where o.id = $1 and h.until > clock_timestamp()
           ), moved as (
               update message m set held_until = brand.until from brand
               where m.group_id in (select id from contact_group where organization_id = $1) and m.state = 'held'
                 and m.reason = 'carrier' and m.lane is null and m.held_until > brand.until
               returning m.group_id, m.held_until
           )
           select group_id as "group_id!", min(held_until) as "until!" from moved group by group_id"#,
        organization_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (GroupId(row.group_id), row.until)).collect())
}

/// Lets the messages of a goal that wait for an instant of its window, of the hours or of a cap be
/// looked at again now, because its times have changed: they are told until when they wait now.
/// Returns whether there are any.
pub async fn recheck_goal(tx: &mut Tx, goal_id: GoalId) -> Result<bool> {
    let reasons = [HoldReason::NotOpen, HoldReason::Hours, HoldReason::Cap, HoldReason::Frequency];
    let done = sqlx::query!(
        "update message set held_until = clock_timestamp()
         where goal_id = $1 and state = 'held' and kind in ('initial', 'reminder') and reason = any($2) and lane is null",
        goal_id.0,
        &reasons.map(|reason| reason.as_str().to_owned()),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Returns when the next of a group's held messages can go.
pub async fn next_hold_ends(tx: &mut Tx, group_id: GroupId) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select min(held_until) from message where group_id = $1 and state = 'held' and lane is null and held_until is not null",
        group_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}
