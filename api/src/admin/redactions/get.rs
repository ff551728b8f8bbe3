//! `GET /v1/redactions/{redaction_id}`: how far a redaction is (rule R3). Account admins only.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::RedactionId;
use muster_storage::people::redactions::{self, RedactionStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Caller, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct RedactionBody {
    #[schema(value_type = uuid::Uuid)]
    id: RedactionId,
    done: bool,
    /// Contacts overwritten.
    contacts: i32,
    /// Messages overwritten.
    messages: i64,
}

/// Reads how far a redaction is.
#[utoipa::path(get, path = "/v1/redactions/{redaction_id}", tag = "privacy")]
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<RedactionId>,
) -> Result<Answer<RedactionBody>, Problem> {
    let Caller(member) = caller.account_admin()?;
    let status = redactions::status(&api.pool, member.account_id, id).await?;
    let RedactionStatus { done, contacts, messages } = status.ok_or_else(|| Problem::no("redaction"))?;
    Ok(Answer(RedactionBody { id, done, contacts, messages }))
}
