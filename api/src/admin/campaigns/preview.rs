//! `GET /v1/organizations/{organization_id}/campaigns/{campaign_id}/preview`: the contacts that a
//! campaign would reach, group by group (rule T3).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::{
    goals::estimate::estimate,
    ids::{CampaignId, GoalId, GroupId},
};
use muster_storage::{
    Page,
    goals::{self, Filter},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::goals::goals_of,
        goals::preview::{FilterCount, counts},
    },
    auth::Admin,
    extract::Path,
    list::{Item, ListQuery, Listed, NoFilter},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalPreview {
    #[schema(value_type = Uuid)]
    goal_id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    /// Contacts that a launch now would target.
    contacts: i64,
    /// Segments of all initials together, with an ordinary value in each field.
    segments: i64,
    /// Contacts of the group that no goal can target, by reason.
    excluded: BTreeMap<String, i64>,
    /// Of the others, those that each filter leaves out.
    filters: Vec<FilterCount>,
}

impl Item for GoalPreview {
    type Id = GoalId;

    const PAGE: &'static str = "GoalPreviewPage";
}

/// Goals of a page at most: each looks at all contacts of its group.
const GOALS: i64 = 50;

/// Lists the goals of a campaign by age with the contacts that a launch of each would reach, at
/// most 50 a page.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}/preview", tag = "campaigns")]
pub(crate) async fn preview(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
    query: ListQuery<NoFilter>,
) -> Result<Answer<Listed<GoalPreview>>, Problem> {
    let asked = query.page(GoalId);
    let page = Page { limit: asked.limit.min(GOALS), ..asked };
    let mut tx = api.pool.begin().await?;
    goals_of(&mut tx, &admin, id).await?;
    let smart_encoding = admin.organization(&mut tx).await?.settings.smart_encoding;
    let filter = Filter { campaign_id: Some(id), ..Filter::default() };
    let mut previews = Vec::new();
    for goal in goals::page(&mut tx, admin.organization_id, &filter, page).await? {
        let targeting = &goal.content.targeting;
        let selection = goals::preview(&mut tx, goal.group_id, targeting).await?;
        let each = estimate(&goal.content.script, smart_encoding).segments;
        let excluded = selection.excluded.iter().map(|(reason, contacts)| (reason.as_str().to_owned(), *contacts));
        previews.push(GoalPreview {
            goal_id: goal.id,
            group_id: goal.group_id,
            contacts: selection.contacts,
            segments: selection.contacts * i64::from(each),
            excluded: excluded.collect(),
            filters: counts(targeting, &selection),
        });
    }
    Ok(Listed::answer(&page, previews, |preview| preview.goal_id, |preview| preview))
}
