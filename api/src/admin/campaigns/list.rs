//! `GET /v1/organizations/{organization_id}/campaigns`: campaigns by age, with the figures of their
//! goals (rules G10 and G12).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{goals::goal::GoalStatus, ids::CampaignId};
use muster_storage::goals::{
    campaigns::{self, CampaignFilter},
    stats::{self, Figures},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::goals::body::GoalFigures,
    auth::Admin,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

/// Conditions on campaigns, which combine with AND; the same for the list and for exports.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignQuery {
    /// Only campaigns with a goal that has this status now.
    #[param(value_type = Option<shapes::GoalStatus>)]
    #[schema(value_type = Option<shapes::GoalStatus>)]
    pub(crate) status: Option<GoalStatus>,
    /// Tells live figures of each campaign, of at most 20 a page.
    #[serde(default)]
    pub(crate) figures: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignItem {
    #[schema(value_type = Uuid)]
    id: CampaignId,
    name: String,
    version: i32,
    created_at: DateTime<Utc>,
    /// How many of its goals have each status.
    goals: BTreeMap<String, i64>,
    /// Live figures of all its goals together, where they are asked for.
    figures: Option<GoalFigures>,
}

impl Item for CampaignItem {
    type Id = CampaignId;

    const PAGE: &'static str = "CampaignPage";
}

/// Campaigns of a page with figures at most: each counts the targets of all its goals.
const WITH_FIGURES: i64 = 20;

/// Lists campaigns by age; for a group admin those with goals in their groups alone.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns", tag = "campaigns")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<CampaignQuery>,
) -> Result<Answer<Listed<CampaignItem>>, Problem> {
    let mut page = query.page(CampaignId);
    if query.filter.figures {
        page.limit = page.limit.min(WITH_FIGURES);
    }
    let mut tx = api.pool.begin().await?;
    let now = tx.clock().await?;
    let status = query.filter.status.map(|status| (status, now));
    let filter = CampaignFilter { groups: admin.groups(), id: None, status };
    let found = campaigns::page(&mut tx, admin.organization_id, &filter, page).await?;
    let ids: Vec<_> = found.iter().map(|campaign| campaign.id).collect();
    let mut goals = campaigns::goals(&mut tx, &ids, now).await?;
    let each = if query.filter.figures {
        let all: Vec<_> = goals.values().flat_map(|goals| goals.ids.iter().copied()).collect();
        Some(stats::figures(&mut tx, &all).await?)
    } else {
        None
    };
    tx.rollback().await?;
    Ok(Listed::answer(
        &page,
        found,
        |campaign| campaign.id,
        |campaign| {
            let goals = goals.remove(&campaign.id).unwrap_or_default();
            let figures = each.as_ref().map(|each| {
                let all = goals.ids.iter().filter_map(|id| each.get(id));
                GoalFigures::of(&all.fold(Figures::default(), Figures::and))
            });
            CampaignItem {
                id: campaign.id,
                name: campaign.name,
                version: campaign.version,
                created_at: campaign.created_at,
                goals: goals.by_status,
                figures,
            }
        },
    ))
}
