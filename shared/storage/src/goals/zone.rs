//! Rules A1 and G11: goals are in their group's zone, also when that or its rules change.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{
        goal::{GoalClock, Window},
        lifecycle::GoalCommand,
        times::{GoalTimes, Span},
    },
    ids::{GoalId, GroupId, OrganizationId},
    zone::Zone,
};

use crate::{
    Page, Result, Tx,
    goals::{self, Filter, Goal, GoalContent},
};

/// Drafts of a group that are moved in one go.
const DRAFTS_LIMIT: i64 = 100_000;

/// Moves a group's drafts to its new zone: their times on the clock stay as they are, and times
/// that were given as instants stay instants. False, and nothing is changed, when a launched goal
/// of the group is not over: agents and contacts were told its times.
pub async fn move_drafts(tx: &mut Tx, organization_id: OrganizationId, group_id: GroupId, zone: &Zone) -> Result<bool> {
    sqlx::query!(
        "select from goal where group_id = $1 and (launched_at is null or closes_at > now()) order by id for no key update",
        group_id.0
    )
    .fetch_all(tx.conn())
    .await?;
    let now = tx.clock().await?;
    let groups = [group_id];
    let filter = Filter { groups: Some(&groups), open_or_draft_at: Some(now), ..Filter::default() };
    let goals = goals::page(tx, organization_id, &filter, Page::first(DRAFTS_LIMIT)).await?;
    if goals.iter().any(|goal| goal.clock.launched_at.is_some()) {
        return Ok(false);
    }
    for goal in goals {
        let times = goal.content.times.map(|time| time.within(zone));
        store(tx, &goal, zone.name(), &times).await?;
    }
    Ok(true)
}

/// A goal with local times that were resolved by older rules of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldRules {
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The goal.
    pub goal_id: GoalId,
}

/// Returns goals that are not over and go by older rules than this release of them, behind `after`.
pub async fn with_old_rules(tx: &mut Tx, release: &str, after: Option<GoalId>, limit: i64) -> Result<Vec<OldRules>> {
    let rows = sqlx::query!(
        "select id, organization_id from goal
         where zone_rules < $1 and (launched_at is null or closes_at > now()) and ($2::uuid is null or id > $2)
         order by id limit $3",
        release,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OldRules { organization_id: OrganizationId(row.organization_id), goal_id: GoalId(row.id) })
        .collect())
}

/// Outcome of [`resolve_again`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Its instants are as they were.
    Same,
    /// They have moved: it is open like this.
    Moved(Window),
    /// They would make a window that a goal cannot have: they stay.
    Refused,
}

/// Resolves the local times of a goal again by rules of its zone (rule G11), and notes the release
/// of the rules. Instants that have come stay, and so do times that were given as instants. The
/// goal is locked.
pub async fn resolve_again(tx: &mut Tx, goal: &Goal, zone: &Zone, release: &str) -> Result<Resolved> {
    let now = tx.clock().await?;
    let times = goal.content.times.map(|time| time.resolved_again(zone, now));
    sqlx::query!("update goal set zone_rules = $2 where id = $1 and zone_rules < $2", goal.id.0, release)
        .execute(tx.conn())
        .await?;
    if times == goal.content.times {
        return Ok(Resolved::Same);
    }
    let window = GoalContent { times, ..goal.content.clone() }.window();
    if window.check_length().is_err() || !obeys(&goal.clock, &window, now) {
        return Ok(Resolved::Refused);
    }
    store(tx, goal, zone.name(), &times).await?;
    Ok(if window == goal.window() { Resolved::Same } else { Resolved::Moved(window) })
}

fn obeys(clock: &GoalClock, window: &Window, now: DateTime<Utc>) -> bool {
    let Window { opens_at, closes_at, .. } = *window;
    clock.after(GoalCommand::Move { opens_at, closes_at }, now).is_ok()
}

/// Keeps a goal's zone and times, without a change of their intent.
async fn store(tx: &mut Tx, goal: &Goal, zone: &str, times: &GoalTimes) -> Result<()> {
    let GoalTimes { window: Span { opens, closes }, reminder } = *times;
    sqlx::query!(
        "update goal set zone = $2, opens_local = $3, closes_local = $4, opens_at = $5, closes_at = $6, reminder_opens_local = $7,
             reminder_closes_local = $8, reminder_opens_at = $9, reminder_closes_at = $10, version = version + 1
         where id = $1",
        goal.id.0,
        zone,
        opens.local,
        closes.local,
        opens.at,
        closes.at,
        reminder.map(|span| span.opens.local),
        reminder.map(|span| span.closes.local),
        reminder.map(|span| span.opens.at),
        reminder.map(|span| span.closes.at),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
