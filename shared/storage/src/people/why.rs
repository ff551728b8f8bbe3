//! Known facts of a contact in a goal, for the question why they were or were not texted.

use muster_domain::{
    ids::{ContactId, GoalId, OrganizationId},
    people::why::{ContactEvent, Facts, FilterOutcome, MessageEvent, Skip},
    sending::MessageReason,
};

use crate::{
    Page, Pool, Result,
    db::error::{read_word, recognized},
    goals::{self, Wanted},
};

/// Returns the facts; `None` when the organization has no such contact or no such goal.
pub async fn facts(
    pool: &Pool,
    organization_id: OrganizationId,
    contact_id: ContactId,
    goal_id: GoalId,
) -> Result<Option<Facts>> {
    let row = sqlx::query!(
        r#"select c.redacted_at is not null as "redacted!", c.opted_out_at, coalesce(c.opt_out_origin = 'account', false) as "by_account!", not is_textable(c.line_type) as "not_textable!",
                  m.contact_id is not null as "member!", m.deactivated_at as "deactivated_at?",
                  g.launched_at, g.partitioned_at, g.paused_at, g.opens_at, g.closes_at,
                  t.contact_id is not null as "targeted!", t.skipped_at as "skipped_at?", t.skip_reason as "skip_reason?",
                  b.state as "batch?", g.group_id
           from contact c join goal g on g.organization_id = c.organization_id
           left join membership m on m.contact_id = c.id and m.group_id = g.group_id
           left join target t on t.goal_id = g.id and t.contact_id = c.id
           left join batch b on b.id = t.batch_id
           where c.organization_id = $1 and c.id = $2 and g.id = $3"#,
        organization_id.0,
        contact_id.0,
        goal_id.0,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let events = sqlx::query!(
        r#"select at as "at!", kind as "kind!", state as "state!", reason, held_until, error_code from (
               select * from message_event where contact_id = $1 and goal_id = $2 and kind <> 'inbound' order by id desc limit 500
           ) newest order by id"#,
        contact_id.0,
        goal_id.0,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    let changes = sqlx::query!(
        r#"select at as "at!", what as "what!" from (
               select * from contact_event where contact_id = $1 and organization_id = $2 and (group_id is null or group_id = $3)
               order by id desc limit 500
           ) newest order by id"#,
        contact_id.0,
        organization_id.0,
        row.group_id,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(Some(Facts {
        redacted: row.redacted,
        opted_out_at: row.opted_out_at,
        opted_out_by_account: row.by_account,
        not_textable: row.not_textable,
        member: row.member,
        deactivated_at: row.deactivated_at,
        launched_at: row.launched_at,
        partitioned_at: row.partitioned_at,
        paused_at: row.paused_at,
        opens_at: Some(row.opens_at),
        closes_at: Some(row.closes_at),
        targeted: row.targeted,
        skipped: row.skipped_at.map(|at| Skip { at, reason: row.skip_reason }),
        batch: row.batch.map(|state| read_word("batch", &state)).transpose()?,
        changes: changes
            .into_iter()
            .map(|row| Ok(ContactEvent { at: row.at, kind: read_word("contact_event", &row.what)? }))
            .collect::<Result<_>>()?,
        events: events
            .into_iter()
            .map(|row| {
                let reason = |word: String| recognized("message_event", &word, MessageReason::parse(&word));
                Ok(MessageEvent {
                    at: row.at,
                    kind: read_word("message_event", &row.kind)?,
                    state: read_word("message_event", &row.state)?,
                    reason: row.reason.map(reason).transpose()?,
                    held_until: row.held_until,
                    error_code: row.error_code,
                })
            })
            .collect::<Result<_>>()?,
    }))
}

/// Returns the filters of a goal's targeting, and whether the contact passes each now, as the
/// goal's group knows them; none for a contact that the group does not have.
pub async fn filters(
    pool: &Pool,
    organization_id: OrganizationId,
    contact_id: ContactId,
    goal_id: GoalId,
) -> Result<Vec<FilterOutcome>> {
    let mut tx = pool.begin().await?;
    let Some(goal) = goals::get(&mut tx, organization_id, goal_id).await? else { return Ok(Vec::new()) };
    let targeting = &goal.content.targeting;
    let wanted = Wanted { part: None, filter: None, id: Some(contact_id), sample: false, whole: false };
    let found = goals::candidates(&mut tx, goal.group_id, targeting, wanted, Page::first(1)).await?;
    tx.rollback().await?;
    let Some(contact) = found.first() else { return Ok(Vec::new()) };
    let filters = targeting.filters().into_iter().enumerate();
    Ok(filters
        .map(|(nth, placed)| FilterOutcome {
            rule: placed.filter.rule(),
            need: placed.filter.need(),
            place: placed.place,
            passes: !contact.misses.contains(&nth),
        })
        .collect())
}

/// Finds the one organization that has both, for operators, which name none.
pub async fn organization_of(pool: &Pool, contact_id: ContactId, goal_id: GoalId) -> Result<Option<OrganizationId>> {
    let id = sqlx::query_scalar!(
        "select c.organization_id from contact c join goal g on g.organization_id = c.organization_id where c.id = $1 and g.id = $2",
        contact_id.0,
        goal_id.0,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    Ok(id.map(OrganizationId))
}

/// Returns the contact with this number in a goal's organization.
pub async fn contact_by_number(pool: &Pool, e164: &str, goal_id: GoalId) -> Result<Option<ContactId>> {
    let id = sqlx::query_scalar!(
        "select c.id from contact c join goal g on g.organization_id = c.organization_id where c.e164 = $1 and g.id = $2",
        e164,
        goal_id.0,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    Ok(id.map(ContactId))
}
