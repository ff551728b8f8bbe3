//! `/v1/organizations/{organization_id}/contacts/{contact_id}/why`: why somebody was or was not
//! texted in a goal.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GoalId},
    people::why::{Advice, FilterOutcome, Reason, explain},
};
use muster_storage::{
    conversations::automations::{self, ActionOutcome, ToldRun},
    goals,
    people::why,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::contacts::reach::reachable,
    auth::Admin,
    extract::{Path, Query},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhyQuery {
    /// The goal.
    #[param(value_type = Uuid)]
    goal_id: GoalId,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WhyBody {
    /// The carrier took an initial of this goal to this contact.
    texted: bool,
    /// In order of time; then the present obstacles.
    reasons: Vec<ReasonItem>,
    /// The filters of the goal's targeting, by the contact's values of now; none for a contact that
    /// is not in the goal's group. The targets were frozen when the goal was launched.
    filters: Vec<FilterItem>,
    /// The latest hundred runs of automations on the contact's texts, in any goal.
    automations: Vec<AutomationRunItem>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AutomationRunItem {
    at: DateTime<Utc>,
    /// The automation's name; null where it was deleted.
    name: Option<String>,
    actions: Vec<ActionItem>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ActionItem {
    /// The action's kind, such as `add_tag`.
    action: String,
    /// Such as `changed`, `unchanged`, `group_full`, `no_field`, `queued`, `answered_lately`.
    outcome: String,
}

fn run_item(run: ToldRun) -> AutomationRunItem {
    let action = |done: ActionOutcome| ActionItem { action: done.action, outcome: done.outcome };
    AutomationRunItem { at: run.at, name: run.name, actions: run.outcomes.into_iter().map(action).collect() }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FilterItem {
    /// Its place in the targeting: `tags_all[0]`, `tags_any`, `fields[1]`.
    filter: String,
    passes: bool,
    /// The rule that asks for it.
    rule: &'static str,
    /// The value of a contact that passes.
    needs: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonItem {
    at: Option<DateTime<Utc>>,
    /// Such as `targeted`, `skipped`, `initial.held`, `opted_out`, `goal_paused`.
    what: String,
    /// Such as `missing_value:email`, `cap until 2026-11-22T08:00:00Z`, `code 30006`. Of
    /// `opted_out`: `account`, where another organization of the account heard it.
    detail: Option<String>,
    /// The rule behind it, such as `S3`.
    rule: &'static str,
    /// The value or the act that would change it; null where it is over, or nothing can.
    change: Option<&'static str>,
}

impl ReasonItem {
    fn of(reason: Reason) -> Self {
        let Advice { rule, change } = reason.advice();
        Self { at: reason.at, what: reason.what, detail: reason.detail, rule, change }
    }
}

/// Returns a reason as this admin may know it: other organizations are no business of group
/// admins.
fn told(admin: &Admin, reason: Reason) -> Reason {
    let detail = reason.detail.filter(|_| reason.what != "opted_out" || admin.groups().is_none());
    Reason { detail, ..reason }
}

/// Returns why a contact was or was not texted in a goal: the history of its messages there, the
/// present obstacles, and the goal's targeting filter by filter.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts/{contact_id}/why", tag = "contacts")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
    Query(which): Query<WhyQuery>,
) -> Result<Answer<WhyBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    let goal = goals::get(&mut tx, admin.organization_id, which.goal_id).await?.ok_or_else(|| Problem::no("goal"))?;
    admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    let now = tx.clock().await?;
    drop(tx);
    let facts = why::facts(&api.pool, admin.organization_id, id, which.goal_id).await?;
    let answer = explain(&facts.ok_or_else(|| Problem::no("goal"))?, now);
    let filters = why::filters(&api.pool, admin.organization_id, id, which.goal_id).await?;
    let runs = automations::of_contact(&api.pool, admin.organization_id, id).await?;
    let filters = filters.into_iter().map(|FilterOutcome { place, rule, need, passes }| FilterItem {
        filter: place,
        passes,
        rule,
        needs: need,
    });
    Ok(Answer(WhyBody {
        texted: answer.texted,
        reasons: answer.reasons.into_iter().map(|reason| ReasonItem::of(told(&admin, reason))).collect(),
        filters: filters.collect(),
        automations: runs.into_iter().map(run_item).collect(),
    }))
}
