//! Contacts still to be texted in a goal, by the limits on their time (rule S11).

use muster_domain::goals::goal::AssignmentStrategy;
use sqlx::FromRow;

use crate::{
    Result, Tx,
    goals::{
        Goal,
        selection::{Statement, read},
    },
};

/// Contacts with the same postal code, prefix and carrier.
#[derive(Debug, Clone, FromRow)]
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
    let mut statement = Statement::of(tx, goal.group_id, &goal.content.targeting).await?;
    let wanted = if goal.partitioned_at.is_some() {
        format!(
            "select t.contact_id from target t left join message m on m.id = t.initial_message_id
             where t.goal_id = {} and t.skipped_at is null and t.batch_id is not null
               and (t.initial_message_id is null or m.state in ('queued', 'held'))",
            statement.bind(goal.id.0)?
        )
    } else {
        statement.targeted()
    };
    let group = statement.bind(goal.group_id.0)?;
    let days = statement.bind(lookup_max_age_days)?;
    // Of an assigned goal, contacts without an agent are in no batch.
    let with_agent = match goal.content.strategy {
        AssignmentStrategy::Assigned if goal.partitioned_at.is_none() => "mb.assigned_agent_id is not null",
        AssignmentStrategy::Assigned | AssignmentStrategy::Anyone => "true",
    };
    let text = format!(
        "select c.postal_code, case when mb.knows is null then c.postal_code else mb.knows ->> 'postal_code' end as known_postal_code,
             substr(c.e164, 3, 6) || '0000' as national,
             case when c.looked_up_at is null or c.looked_up_at > now() - make_interval(days => {days}) then c.carrier end as carrier,
             count(*) as texts
         from ({wanted}) wanted
         join contact c on c.id = wanted.contact_id
         join membership mb on mb.group_id = {group} and mb.contact_id = wanted.contact_id
         where mb.deactivated_at is null and {with_agent} and c.e164 is not null and c.opted_out_at is null and is_textable(c.line_type)
         group by 1, 2, 3, 4"
    );
    read(&statement.reading(text).fetch_all(tx.conn()).await?)
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
