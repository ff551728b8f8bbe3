//! Goals as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{
        goal::{AssignmentStrategy, GoalStatus, GoalType},
        release::ReleasePlan,
        targeting::Targeting,
        times::GoalTimes,
    },
    ids::{CampaignId, GoalId, GroupId},
};
use muster_storage::goals::{Goal, stats::Figures};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::goals::responses::{ResponseBody, told},
    bounds,
    document::Tagged,
    list::Item,
    shapes,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(value_type = Option<Uuid>)]
    campaign_id: Option<CampaignId>,
    /// `draft`, `paused`, `scheduled`, `active` or `completed`.
    #[schema(value_type = shapes::GoalStatus)]
    pub(crate) status: GoalStatus,
    name: String,
    description: String,
    #[schema(value_type = shapes::GoalType)]
    goal_type: GoalType,
    /// Local.
    #[schema(value_type = bounds::LocalTime)]
    date: chrono::NaiveDateTime,
    #[schema(value_type = shapes::AssignmentStrategy)]
    strategy: AssignmentStrategy,
    instructions: String,
    #[schema(value_type = shapes::Targeting)]
    targeting: Targeting,
    #[schema(value_type = shapes::ReleasePlan)]
    release_plan: ReleasePlan,
    script: String,
    reminder_script: Option<String>,
    /// In the order in which agents see them.
    responses: Vec<ResponseBody>,
    /// The group's zone, in which local times are meant.
    zone: String,
    /// Local.
    #[schema(value_type = bounds::LocalTime)]
    opens: chrono::NaiveDateTime,
    /// Local.
    #[schema(value_type = bounds::LocalTime)]
    closes: chrono::NaiveDateTime,
    /// Local.
    #[schema(value_type = Option<bounds::LocalTime>)]
    reminder_opens: Option<chrono::NaiveDateTime>,
    /// Local.
    #[schema(value_type = Option<bounds::LocalTime>)]
    reminder_closes: Option<chrono::NaiveDateTime>,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    reminder_opens_at: Option<DateTime<Utc>>,
    reminder_closes_at: Option<DateTime<Utc>>,
    launched_at: Option<DateTime<Utc>>,
    /// When its targets were frozen and cut into batches.
    partitioned_at: Option<DateTime<Utc>>,
    version: i32,
    /// Live figures, where a list is asked for them.
    figures: Option<GoalFigures>,
}

/// Live figures of a goal (rule G12), as a list tells them; `…/stats` has all.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct GoalFigures {
    /// Contacts targeted.
    targeted: i64,
    /// Targets with an initial that was handed to the carrier.
    messaged: i64,
    /// Initials that wait or are on their way.
    waiting: i64,
    /// Targets that will get no initial.
    skipped: i64,
    replied: i64,
    yes: i64,
    no: i64,
    maybe: i64,
    opted_out: i64,
}

impl GoalFigures {
    pub(crate) const fn of(figures: &Figures) -> Self {
        let Figures { targeted, messaged, waiting, skipped, replied, yes, no, maybe, opted_out } = *figures;
        Self { targeted, messaged, waiting, skipped, replied, yes, no, maybe, opted_out }
    }
}

impl GoalBody {
    pub(crate) fn with(self, figures: &Figures) -> Self {
        Self { figures: Some(GoalFigures::of(figures)), ..self }
    }
}

impl Item for GoalBody {
    type Id = GoalId;

    const PAGE: &'static str = "GoalPage";
}

pub(crate) fn body(goal: Goal, now: DateTime<Utc>) -> GoalBody {
    let GoalTimes { window, reminder } = goal.content.times;
    GoalBody {
        id: goal.id,
        group_id: goal.group_id,
        campaign_id: goal.campaign_id,
        status: goal.clock.status(now),
        name: goal.content.name,
        description: goal.content.description,
        goal_type: goal.content.goal_type,
        date: goal.content.date_local,
        strategy: goal.content.strategy,
        targeting: goal.content.targeting,
        release_plan: goal.content.release_plan,
        instructions: goal.content.instructions,
        script: goal.content.script,
        reminder_script: goal.content.reminder_script,
        responses: told(goal.content.responses),
        zone: goal.content.zone,
        opens: window.opens.local,
        closes: window.closes.local,
        reminder_opens: reminder.map(|span| span.opens.local),
        reminder_closes: reminder.map(|span| span.closes.local),
        opens_at: goal.clock.opens_at,
        closes_at: goal.clock.closes_at,
        reminder_opens_at: goal.reminder_window.map(|(opens, _)| opens),
        reminder_closes_at: goal.reminder_window.map(|(_, closes)| closes),
        launched_at: goal.clock.launched_at,
        partitioned_at: goal.partitioned_at,
        version: goal.version,
        figures: None,
    }
}

pub(crate) fn tagged(goal: Goal, now: DateTime<Utc>) -> Tagged<GoalBody> {
    Tagged { version: goal.version, body: body(goal, now) }
}
