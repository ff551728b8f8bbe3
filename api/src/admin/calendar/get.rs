//! `GET /v1/organizations/{organization_id}/calendar`: the dated things of an organization between
//! two days (rules G1, G11 and B6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use muster_domain::{
    goals::{
        calendar::{DayRange, Entry, EntryKind, entries},
        goal::{GoalStatus, GoalType},
    },
    ids::{CampaignId, GoalId, GroupId},
    zone::Zone,
};
use muster_storage::{
    Page,
    goals::{self, Filter, Goal},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{auth::Admin, bounds, extract::Query, problem::Problem, shapes, state::Api};

/// Days that are asked for at most.
const DAYS: u64 = 93;
/// Goals that are looked at, and entries that are answered, at most.
const GOALS: i64 = 2_000;
const ENTRIES: usize = 10_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CalendarQuery {
    /// The first day, on the clocks of each group.
    from: NaiveDate,
    /// The last day, at most 93 days in all.
    to: NaiveDate,
    /// Only goals of this group.
    #[param(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Calendar {
    /// In order of the groups' clocks.
    entries: Vec<CalendarEntry>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarEntry {
    #[schema(value_type = shapes::EntryKind)]
    kind: EntryKind,
    /// On the group's clocks.
    #[schema(value_type = bounds::LocalTime)]
    local: NaiveDateTime,
    at: DateTime<Utc>,
    /// The group's zone.
    zone: String,
    #[schema(value_type = Uuid)]
    goal_id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(value_type = Option<Uuid>)]
    campaign_id: Option<CampaignId>,
    /// The goal's name.
    name: String,
    #[schema(value_type = shapes::GoalType)]
    goal_type: GoalType,
    /// The goal's status now.
    #[schema(value_type = shapes::GoalStatus)]
    status: GoalStatus,
}

/// Lists when goals open and close, their dates, their reminder windows, and the ticks by which
/// they release batches, between two days. Too much for one answer is refused: ask for fewer days
/// or for one group.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/calendar", tag = "goals")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<CalendarQuery>,
) -> Result<Answer<Calendar>, Problem> {
    let days = DayRange { from: query.from, to: query.to };
    if days.days().is_none_or(|days| days > DAYS) {
        return Err(Problem::invalid_parameter(format!("from and to are at most {DAYS} days, from first to last")));
    }
    if let Some(group_id) = query.group_id {
        admin.group(group_id)?;
    }
    let groups = query.group_id.as_ref().map(std::slice::from_ref).or_else(|| admin.groups());
    let mut tx = api.pool.begin().await?;
    let now = tx.clock().await?;
    let filter = Filter { groups, dated: Some(days.bounds()), ..Filter::default() };
    let goals = goals::page(&mut tx, admin.organization_id, &filter, Page::first(GOALS + 1)).await?;
    tx.rollback().await?;
    let too_much = || Problem::invalid_parameter("there is too much in these days for one answer: ask for fewer");
    if i64::try_from(goals.len()).is_ok_and(|found| found > GOALS) {
        return Err(too_much());
    }
    let mut all = Vec::new();
    for goal in &goals {
        let content = &goal.content;
        let zone = Zone::parse(&content.zone).map_err(|error| Problem::internal(error.to_string()))?;
        let ticks = ENTRIES + 1 - all.len();
        let of = entries(&content.times, content.date_local, &content.release_plan.pace, &zone, days, ticks);
        all.extend(of.into_iter().map(|entry| (entry, goal)));
        if all.len() > ENTRIES {
            return Err(too_much());
        }
    }
    all.sort_by_key(|(entry, goal)| (*entry, goal.id));
    Ok(Answer(Calendar { entries: all.into_iter().map(|(entry, goal)| item(entry, goal, now)).collect() }))
}

fn item(entry: Entry, goal: &Goal, now: DateTime<Utc>) -> CalendarEntry {
    CalendarEntry {
        kind: entry.kind,
        local: entry.local,
        at: entry.at,
        zone: goal.content.zone.clone(),
        goal_id: goal.id,
        group_id: goal.group_id,
        campaign_id: goal.campaign_id,
        name: goal.content.name.clone(),
        goal_type: goal.content.goal_type,
        status: goal.clock.status(now),
    }
}
