//! Rule A1: goals are in their group's zone, also when that changes.

use chrono::{DateTime, Utc};
use muster_domain::{ids::GroupId, zone::Zone};
use uuid::Uuid;

use crate::{Result, Tx};

/// Moves a group's drafts to its new zone: their times on the clock stay as they are. False, and
/// nothing is changed, when a launched goal of the group is not over: agents and contacts were told
/// its times.
pub async fn move_drafts(tx: &mut Tx, group_id: GroupId, zone: &Zone) -> Result<bool> {
    let goals = sqlx::query!(
        r#"select id, zone, opens_local, closes_local, reminder_opens_at, reminder_closes_at, launched_at is not null as "launched!"
           from goal where group_id = $1 and (launched_at is null or closes_at > now()) order by id for no key update"#,
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if goals.iter().any(|goal| goal.launched) {
        return Ok(false);
    }
    let (mut ids, mut opens, mut closes) = (Vec::<Uuid>::new(), Vec::new(), Vec::new());
    let (mut reminder_opens, mut reminder_closes) =
        (Vec::<Option<DateTime<Utc>>>::new(), Vec::<Option<DateTime<Utc>>>::new());
    for goal in goals {
        let old = Zone::parse(&goal.zone)?;
        let moved = |at: Option<DateTime<Utc>>| at.map(|at| zone.resolve(old.local(at)));
        ids.push(goal.id);
        opens.push(zone.resolve(goal.opens_local));
        closes.push(zone.resolve(goal.closes_local));
        reminder_opens.push(moved(goal.reminder_opens_at));
        reminder_closes.push(moved(goal.reminder_closes_at));
    }
    sqlx::query!(
        "update goal g set zone = $2, opens_at = n.opens, closes_at = n.closes, reminder_opens_at = n.reminder_opens,
             reminder_closes_at = n.reminder_closes, version = version + 1
         from unnest($1::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
             as n (id, opens, closes, reminder_opens, reminder_closes)
         where g.id = n.id",
        &ids,
        zone.name(),
        &opens,
        &closes,
        &reminder_opens as &[Option<DateTime<Utc>>],
        &reminder_closes as &[Option<DateTime<Utc>>],
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}
