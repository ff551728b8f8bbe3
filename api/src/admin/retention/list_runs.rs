//! `GET /v1/organizations/{organization_id}/retention/runs`: reports.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::RetentionRunId,
    trust::retention::{RetentionCounts, RetentionStep},
};
use muster_storage::trust::retention::{self, Run};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::OrganizationAdmin,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionRunBody {
    #[schema(value_type = uuid::Uuid)]
    id: RetentionRunId,
    /// The step that it is at; `done` when it is over.
    #[schema(value_type = shapes::RetentionStep)]
    step: RetentionStep,
    /// Records that left, by step.
    #[schema(value_type = BTreeMap<String, i64>)]
    counts: RetentionCounts,
    /// Contacts that were in touch again, or had something under way, once their turn came.
    left_alone: i64,
    began_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl Item for RetentionRunBody {
    type Id = RetentionRunId;

    const PAGE: &'static str = "RetentionRunPage";
}

/// Lists the runs of retention, the youngest first, each with counts of the records that left, and
/// no names. For organization admins.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/retention/runs", tag = "privacy")]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    query: ListQuery,
) -> Result<Answer<Listed<RetentionRunBody>>, Problem> {
    let page = query.page(RetentionRunId);
    let found = retention::runs(&api.pool, admin.organization_id, page).await?;
    let body = |run: Run| RetentionRunBody {
        id: run.id,
        step: run.step,
        counts: run.counts,
        left_alone: run.left_alone,
        began_at: run.began_at,
        finished_at: run.finished_at,
    };
    Ok(Listed::answer(&page, found, |run| run.id, body))
}
