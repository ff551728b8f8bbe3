//! Contacts still to be texted in a goal, by the limits on their time (rule S11).

use muster_domain::goals::goal::AssignmentStrategy;

use crate::{Result, Tx, goals::Goal};

/// Contacts with the same postal code, prefix and carrier.
#[derive(Debug, Clone)]
pub struct Remaining {
    /// Their postal code, if it is known. It decides when they may be texted (rule S5).
    pub postal_code: Option<String>,
    /// The postal code that the goal's group knows (rule A5). It decides which place of theirs the
    /// group is told.
    pub known_postal_code: Option<String>,
    /// Their numbers without the country code; the last four digits are zeros.
    pub national: String,
    /// Their carrier, if somebody has looked not too long ago (rule S10), as the hand-over sees it.
    pub carrier: Option<String>,
    /// How many.
    pub texts: i64,
}

/// Contacts that the goal would still text: its targets without an initial that has gone, or,
/// before it has chosen them, those that it would choose now. Lookups count for so many days.
pub async fn remaining(tx: &mut Tx, goal: &Goal, lookup_max_age_days: i32) -> Result<Vec<Remaining>> {
    let rows = sqlx::query!(
        r#"select c.postal_code, case when mb.knows is null then c.postal_code else mb.knows ->> 'postal_code' end as known_postal_code,
                  substr(c.e164, 3, 6) || '0000' as "national!",
                  case when c.looked_up_at is null or c.looked_up_at > now() - make_interval(days => $6) then c.carrier end as carrier,
                  count(*) as "texts!"
           from (
               select t.contact_id from target t left join message m on m.id = t.initial_message_id
               where $4 and t.goal_id = $1 and t.skipped_at is null and t.batch_id is not null and (t.initial_message_id is null or m.state in ('queued', 'held'))
               union all
               select contact_id from targeted_contacts($2, $3) where not $4
           ) wanted join contact c on c.id = wanted.contact_id
               join membership mb on mb.group_id = $2 and mb.contact_id = wanted.contact_id
           where mb.deactivated_at is null and ($4 or $5 or mb.assigned_agent_id is not null) and c.e164 is not null and c.opted_out_at is null and is_textable(c.line_type)
           group by 1, 2, 3, 4"#,
        goal.id.0,
        goal.group_id.0,
        goal.content.targeting.as_filters()?,
        goal.partitioned_at.is_some(),
        goal.content.strategy == AssignmentStrategy::Anyone,
        lookup_max_age_days,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Remaining {
            postal_code: row.postal_code,
            known_postal_code: row.known_postal_code,
            national: row.national,
            carrier: row.carrier,
            texts: row.texts,
        })
        .collect())
}

/// Of these, how many are in batches that agents can have or have; none before the goal has chosen
/// its targets.
pub async fn released(tx: &mut Tx, goal: &Goal) -> Result<Option<i64>> {
    if goal.partitioned_at.is_none() {
        return Ok(None);
    }
    let released = sqlx::query_scalar!(
        r#"select count(*) as "texts!"
           from target t join batch b on b.id = t.batch_id left join message m on m.id = t.initial_message_id
           where t.goal_id = $1 and b.state <> 'held' and t.skipped_at is null
             and (t.initial_message_id is null or m.state in ('queued', 'held'))"#,
        goal.id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Some(released))
}

/// Numbers from which a goal's group can text.
pub async fn numbers(tx: &mut Tx, goal: &Goal) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "numbers!" from sender_number where group_id = $1 and agent_id is not null"#,
        goal.group_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}
