//! An agent's home as answers and events tell it.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{
        availability::Work,
        goal::GoalStatus,
        home::{Obstacle, ObstacleKind, Step},
    },
    ids::{BatchId, GoalId, GroupId},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::shapes;

/// A home without the instant of the look, so that two looks compare.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Home {
    pub(crate) replies: HomeReplies,
    pub(crate) groups: Vec<HomeGroup>,
    pub(crate) goals: Vec<HomeGoal>,
}

impl Home {
    /// Returns it as it is told at an instant.
    pub(crate) fn told(&self, at: DateTime<Utc>) -> HomeBody {
        let Self { replies, groups, mut goals } = self.clone();
        for goal in &mut goals {
            for batch in [&mut goal.initial.batch, &mut goal.reminder.batch].into_iter().flatten() {
                batch.seconds_left = (batch.expires_at - at).num_seconds().max(0);
            }
        }
        HomeBody { at, replies, groups, goals }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Home)]
pub(crate) struct HomeBody {
    /// When this was so, by the database's clock.
    at: DateTime<Utc>,
    /// Unread replies of all groups.
    replies: HomeReplies,
    groups: Vec<HomeGroup>,
    /// Launched goals of the agent's groups that are not over for 31 days, at most 50 a group:
    /// active ones first, then those that close first.
    goals: Vec<HomeGoal>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HomeGroup {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) group_id: GroupId,
    /// Unread replies in the group, in conversations about any goal or none.
    pub(crate) replies: HomeReplies,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HomeGoal {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: GoalId,
    #[schema(value_type = uuid::Uuid)]
    pub(crate) group_id: GroupId,
    pub(crate) name: String,
    pub(crate) instructions: String,
    #[schema(value_type = shapes::GoalStatus)]
    pub(crate) status: GoalStatus,
    pub(crate) opens_at: DateTime<Utc>,
    pub(crate) closes_at: DateTime<Utc>,
    /// All that the goal's status allows.
    #[schema(value_type = Vec<shapes::GoalWork>)]
    pub(crate) allows: Vec<Work>,
    pub(crate) initial: HomeWorkflow,
    pub(crate) reminder: HomeWorkflow,
    pub(crate) replies: HomeReplies,
}

/// A workflow with batches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HomeWorkflow {
    /// The step that the agent can take now; null where there is none.
    #[schema(value_type = Option<shapes::HomeStep>)]
    pub(crate) can: Option<Step>,
    /// Why there is none.
    #[schema(value_type = Option<shapes::HomeObstacle>)]
    pub(crate) why_not: Option<ObstacleKind>,
    /// When that ends or may end, where it is known.
    pub(crate) until: Option<DateTime<Utc>>,
    /// When texts go that are sent now; null where they go at once.
    pub(crate) texts_wait_until: Option<DateTime<Utc>>,
    /// Contacts still to be texted that the agent may get or has, while the goal is active. Null
    /// until they are counted.
    pub(crate) left: Option<i64>,
    /// Of these, those that are the agent's: assigned, or in the batch in hand.
    pub(crate) mine: Option<i64>,
    /// The batch in hand.
    pub(crate) batch: Option<HomeBatch>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HomeBatch {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: BatchId,
    /// Its place among the goal's batches.
    pub(crate) number: i32,
    pub(crate) expires_at: DateTime<Utc>,
    /// Seconds of the lease that are left.
    pub(crate) seconds_left: i64,
    /// Contacts in it that are still to be texted.
    pub(crate) left: i64,
}

/// Conversations with unread replies.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HomeReplies {
    /// The step that the agent can take now; null where there is none.
    #[schema(value_type = Option<shapes::HomeStep>)]
    pub(crate) can: Option<Step>,
    /// Why there is none.
    #[schema(value_type = Option<shapes::HomeObstacle>)]
    pub(crate) why_not: Option<ObstacleKind>,
    /// When that ends or may end, where it is known.
    pub(crate) until: Option<DateTime<Utc>>,
    /// Conversations that the agent may claim.
    pub(crate) waiting: i64,
    /// Since when the first of them and of those in hand waits.
    pub(crate) oldest_at: Option<DateTime<Utc>>,
    /// Conversations in the agent's hand that wait for an answer.
    pub(crate) in_hand: i64,
    /// When the first claim of these ends.
    pub(crate) held_until: Option<DateTime<Utc>>,
}

/// Returns a decision as it is told.
pub(crate) fn decided(step: Result<Step, Obstacle>) -> (Option<Step>, Option<ObstacleKind>, Option<DateTime<Utc>>) {
    match step {
        Ok(step) => (Some(step), None, None),
        Err(Obstacle { kind, until }) => (None, Some(kind), until),
    }
}
