//! `GET /v1/operator/unknown-texts`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GoalId, JobId, MessageId, OrganizationId},
    sending::message::MessageKind,
};
use muster_storage::sending::{self, UnknownText};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Operator,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnknownQuery {
    /// Only texts of this organization.
    #[param(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UnknownTextBody {
    #[schema(value_type = uuid::Uuid)]
    id: MessageId,
    #[schema(value_type = uuid::Uuid)]
    organization_id: OrganizationId,
    #[schema(value_type = Option<uuid::Uuid>)]
    goal_id: Option<GoalId>,
    #[schema(value_type = shapes::MessageKind)]
    kind: MessageKind,
    /// Segments that are kept from the cap for it.
    segments: i32,
    /// The job that handed it over.
    #[schema(value_type = Option<uuid::Uuid>)]
    send_job_id: Option<JobId>,
    handed_over_at: Option<DateTime<Utc>>,
    /// The carrier is still asked about it, within 24 hours of the hand-over. After that only a
    /// receipt, or an operator with the carrier's word, settles it.
    asked: bool,
}

impl Item for UnknownTextBody {
    type Id = MessageId;

    const PAGE: &'static str = "UnknownTextPage";
}

/// Lists the texts of unknown outcome, the newest first, by id: their words and numbers are not
/// told.
#[utoipa::path(get, path = "/v1/operator/unknown-texts", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query: ListQuery<UnknownQuery>,
) -> Result<Answer<Listed<UnknownTextBody>>, Problem> {
    let page = query.page(MessageId);
    let found = sending::unknown_texts(&api.pool, query.filter.organization_id, page).await?;
    Ok(Listed::answer(&page, found, |text| text.id, |text| body(&text)))
}

fn body(text: &UnknownText) -> UnknownTextBody {
    UnknownTextBody {
        id: text.id,
        organization_id: text.organization_id,
        goal_id: text.goal_id,
        kind: text.kind,
        segments: text.segments,
        send_job_id: text.send_job_id,
        handed_over_at: text.handed_over_at,
        asked: text.asked,
    }
}
