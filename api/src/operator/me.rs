//! `GET /v1/operator/me`: the operator that asks.

use axum::Json as Answer;
use chrono::{DateTime, Utc};
use muster_domain::tenancy::sign_in::operator::OperatorRights;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Operator, problem::Problem, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorBody {
    id: Uuid,
    name: String,
    #[schema(value_type = shapes::OperatorRights)]
    rights: OperatorRights,
    created_at: DateTime<Utc>,
    /// From then on the token is refused.
    expires_at: DateTime<Utc>,
}

/// Reads the operator with the request's token.
#[utoipa::path(get, path = "/v1/operator/me", tag = "operator")]
pub(crate) async fn get(Operator(operator): Operator) -> Result<Answer<OperatorBody>, Problem> {
    Ok(Answer(OperatorBody {
        id: operator.id.0,
        name: operator.name,
        rights: operator.rights,
        created_at: operator.created_at,
        expires_at: operator.expires_at,
    }))
}
