//! `GET /v1/organizations/{organization_id}/retention`: a preview.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::trust::retention::RetentionStep;
use muster_storage::trust::retention;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::AccountAdminHere, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionPreview {
    /// The instant of the preview.
    at: DateTime<Utc>,
    /// A line for each kind of record.
    steps: Vec<RetentionPreviewStep>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RetentionPreviewStep {
    /// `contacts`, `texts`, `imports` or `addresses`.
    #[schema(value_type = shapes::RetentionStep)]
    step: RetentionStep,
    /// The organization's time; null where it is off.
    days: Option<i32>,
    /// Records from before this instant leave.
    before: Option<DateTime<Utc>>,
    /// How many would leave now.
    would_leave: i64,
}

/// Previews retention: how many records of each kind would leave if it ran now. Nothing leaves
/// unless the organization's settings say a time. For account admins.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/retention", tag = "privacy")]
pub(crate) async fn get(
    State(api): State<Api>,
    AccountAdminHere(admin): AccountAdminHere,
) -> Result<Answer<RetentionPreview>, Problem> {
    let mut tx = api.pool.begin().await?;
    let settings = admin.organization(&mut tx).await?.settings;
    let at = tx.clock().await?;
    tx.rollback().await?;
    let mut steps = Vec::new();
    for step in RetentionStep::ALL.iter().copied().filter(|step| *step != RetentionStep::Done) {
        let before = step.cutoff(&settings, at);
        let would_leave = match before {
            Some(before) => retention::count(&api.pool, admin.organization_id, step, before).await?,
            None => 0,
        };
        steps.push(RetentionPreviewStep { step, days: step.days(&settings), before, would_leave });
    }
    Ok(Answer(RetentionPreview { at, steps }))
}
