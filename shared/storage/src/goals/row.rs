//! A goal's row, and the goal that it is.

use chrono::{DateTime, NaiveDateTime, Utc};
use muster_domain::{
    goals::{
        goal::GoalClock,
        times::{GoalTimes, Span, Time},
    },
    ids::{CampaignId, GoalId, GroupId, OrganizationId},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Result, Tx,
    db::error::read_word,
    goals::{Goal, GoalContent},
};

/// Names of times that were given as instants.
pub(super) const OPENS: &str = "opens";
pub(super) const CLOSES: &str = "closes";
pub(super) const REMINDER_OPENS: &str = "reminder_opens";
pub(super) const REMINDER_CLOSES: &str = "reminder_closes";

/// A goal's row, but for its author and its age.
pub(super) struct GoalRow {
    pub(super) id: Uuid,
    pub(super) organization_id: Uuid,
    pub(super) group_id: Uuid,
    pub(super) campaign_id: Option<Uuid>,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) goal_type: String,
    pub(super) date_local: NaiveDateTime,
    pub(super) strategy: String,
    pub(super) instructions: String,
    pub(super) targeting: Value,
    pub(super) script: String,
    pub(super) reminder_script: Option<String>,
    pub(super) responses: Value,
    pub(super) zone: String,
    pub(super) fixed_times: Vec<String>,
    pub(super) opens_local: NaiveDateTime,
    pub(super) closes_local: NaiveDateTime,
    pub(super) opens_at: DateTime<Utc>,
    pub(super) closes_at: DateTime<Utc>,
    pub(super) reminder_opens_local: Option<NaiveDateTime>,
    pub(super) reminder_closes_local: Option<NaiveDateTime>,
    pub(super) reminder_opens_at: Option<DateTime<Utc>>,
    pub(super) reminder_closes_at: Option<DateTime<Utc>>,
    pub(super) release_plan: Value,
    pub(super) launched_at: Option<DateTime<Utc>>,
    pub(super) partitioned_at: Option<DateTime<Utc>>,
    pub(super) paused_at: Option<DateTime<Utc>>,
    pub(super) version: i32,
}

/// Returns the row of a goal of this organization.
pub(super) async fn get(tx: &mut Tx, organization_id: OrganizationId, id: GoalId) -> Result<Option<GoalRow>> {
    Ok(sqlx::query_as!(
        GoalRow,
        "select id, organization_id, group_id, campaign_id, name, description, goal_type, date_local, strategy, instructions,
             targeting, script, reminder_script, responses, zone, fixed_times, opens_local, closes_local, opens_at, closes_at,
             reminder_opens_local, reminder_closes_local, reminder_opens_at, reminder_closes_at, release_plan, launched_at,
             partitioned_at, paused_at, version
         from goal where organization_id = $1 and id = $2",
        organization_id.0,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

impl GoalRow {
    /// Returns the goal.
    pub(super) fn goal(self) -> Result<Goal> {
        let time =
            |name: &str, local, at| Time { local, at, fixed: self.fixed_times.iter().any(|fixed| fixed == name) };
        let reminder = |name: &str, local: Option<_>, at: Option<_>| Some(time(name, local?, at?));
        let opens = reminder(REMINDER_OPENS, self.reminder_opens_local, self.reminder_opens_at);
        let closes = reminder(REMINDER_CLOSES, self.reminder_closes_local, self.reminder_closes_at);
        let times = GoalTimes {
            window: Span {
                opens: time(OPENS, self.opens_local, self.opens_at),
                closes: time(CLOSES, self.closes_local, self.closes_at),
            },
            reminder: opens.zip(closes).map(|(opens, closes)| Span { opens, closes }),
        };
        Ok(Goal {
            id: GoalId(self.id),
            organization_id: OrganizationId(self.organization_id),
            group_id: GroupId(self.group_id),
            campaign_id: self.campaign_id.map(CampaignId),
            content: GoalContent {
                name: self.name,
                description: self.description,
                goal_type: read_word("goal", &self.goal_type)?,
                date_local: self.date_local,
                strategy: read_word("goal", &self.strategy)?,
                instructions: self.instructions,
                targeting: serde_json::from_value(self.targeting)?,
                script: self.script,
                reminder_script: self.reminder_script,
                responses: serde_json::from_value(self.responses)?,
                zone: self.zone,
                times,
                release_plan: serde_json::from_value(self.release_plan)?,
            },
            clock: GoalClock {
                launched_at: self.launched_at,
                paused_at: self.paused_at,
                opens_at: self.opens_at,
                closes_at: self.closes_at,
            },
            reminder_window: self.reminder_opens_at.zip(self.reminder_closes_at),
            partitioned_at: self.partitioned_at,
            version: self.version,
        })
    }
}
