//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/preview`: the contacts that a launch
//! would reach (rule T3).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::{
    goals::{estimate::estimate, targeting::Targeting},
    ids::GoalId,
    sending::segments::Segments,
};
use muster_storage::{
    Tx,
    goals::{self, Goal, Selection},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, extract::Path, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Contacts that a launch now would target.
    contacts: i64,
    /// The script's count with an ordinary value in each field.
    #[schema(value_type = shapes::Segments)]
    sample: Segments,
    /// Segments of all initials together, by that sample.
    segments: i64,
    /// Contacts of the group that no goal can target, by reason.
    excluded: BTreeMap<String, i64>,
    /// Of the others, those that each filter leaves out, in the order in which filters are counted.
    filters: Vec<FilterCount>,
}

/// Contacts that a filter leaves out.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilterCount {
    /// Its place in the targeting: `tags_all[0]`, `tags_any`, `fields[1]`.
    filter: String,
    /// The rule that asks for it.
    rule: &'static str,
    /// The need of a contact that it leaves out.
    needs: String,
    /// Contacts that it leaves out, of those that the filters before it have left.
    leaves_out: i64,
    /// Contacts that it would leave out alone.
    alone: i64,
}

/// Returns the counts of a targeting, filter by filter.
pub(crate) fn counts(targeting: &Targeting, selection: &Selection) -> Vec<FilterCount> {
    let counts = targeting.filters().into_iter().zip(&selection.filters);
    counts
        .map(|(placed, left_out)| FilterCount {
            rule: placed.filter.rule(),
            needs: placed.filter.need(),
            filter: placed.place,
            leaves_out: left_out.in_order,
            alone: left_out.alone,
        })
        .collect()
}

/// Returns a goal that this admin may see.
pub(crate) async fn seen(tx: &mut Tx, admin: &Admin, id: GoalId) -> Result<Goal, Problem> {
    let goal = goals::get(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    Ok(goal)
}

/// Contacts that a launch now would reach, and how many each filter leaves out.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/preview", tag = "goals")]
pub(crate) async fn preview(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<Preview>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = seen(&mut tx, &admin, id).await?;
    let targeting = &goal.content.targeting;
    let selection = goals::preview(&mut tx, goal.group_id, targeting).await?;
    let settings = admin.organization(&mut tx).await?.settings;
    let sample = estimate(&goal.content.script, settings.smart_encoding);
    let filters = counts(targeting, &selection);
    let excluded = selection.excluded.iter().map(|(reason, contacts)| (reason.as_str().to_owned(), *contacts));
    Ok(Answer(Preview {
        contacts: selection.contacts,
        sample,
        segments: selection.contacts * i64::from(sample.segments),
        excluded: excluded.collect(),
        filters,
    }))
}
