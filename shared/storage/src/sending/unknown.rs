//! Texts of unknown outcome, as operators look at them and settle them by the carrier's word
//! (rule S2).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BrandId, GoalId, JobId, MessageId, OrganizationId},
    sending::message::MessageKind,
};

use crate::{Page, Pool, Result, Tx, db::error::read_word};

/// A text with a hand-over of unknown outcome, without its words and its number.
#[derive(Debug, Clone)]
pub struct UnknownText {
    /// The text.
    pub id: MessageId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The goal that it is of.
    pub goal_id: Option<GoalId>,
    /// Its kind.
    pub kind: MessageKind,
    /// Segments that are kept from the cap for it.
    pub segments: i32,
    /// The job that handed it over.
    pub send_job_id: Option<JobId>,
    /// When that was.
    pub handed_over_at: Option<DateTime<Utc>>,
    /// The carrier is still asked about it.
    pub asked: bool,
}

/// Returns a page of the texts of unknown outcome, of all organizations or of one, the newest
/// first.
pub async fn unknown_texts(
    pool: &Pool,
    organization_id: Option<OrganizationId>,
    page: Page<MessageId>,
) -> Result<Vec<UnknownText>> {
    let rows = sqlx::query!(
        r#"select id, organization_id, goal_id, kind, segments, send_job_id, handed_over_at,
                  coalesce(handed_over_at > clock_timestamp() - interval '24 hours', false) as "asked!"
           from message
           where state = 'unknown' and ($1::uuid is null or organization_id = $1)
             and id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
           order by id desc limit $3"#,
        organization_id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(UnknownText {
                id: MessageId(row.id),
                organization_id: OrganizationId(row.organization_id),
                goal_id: row.goal_id.map(GoalId),
                kind: read_word("message", &row.kind)?,
                segments: row.segments,
                send_job_id: row.send_job_id.map(JobId),
                handed_over_at: row.handed_over_at,
                asked: row.asked,
            })
        })
        .collect()
}

/// A text of unknown outcome that is to be settled.
#[derive(Debug, Clone, Copy)]
pub struct ToSettle {
    /// The job that handed it over.
    pub send_job_id: JobId,
    /// The brand with the cap.
    pub brand_id: BrandId,
}

/// Locks a text of unknown outcome, which the audit names; none where there is no such text, or its
/// outcome is known.
pub async fn lock_unknown(tx: &mut Tx, id: MessageId) -> Result<Option<ToSettle>> {
    let row = sqlx::query!(
        r#"select m.send_job_id as "send_job_id!", m.organization_id, o.brand_id as "brand_id!"
           from message m join organization o on o.id = m.organization_id
           where m.id = $1 and m.state = 'unknown' and m.send_job_id is not null
           for update of m"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    tx.names("message", &[id.0], Some(row.organization_id));
    Ok(Some(ToSettle { send_job_id: JobId(row.send_job_id), brand_id: BrandId(row.brand_id) }))
}
