//! `GET /v1/redactions/{redaction_id}`: the receipt of a redaction (rule R3). Account admins only.

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::ids::RedactionId;
use muster_storage::people::redactions::{self, Receipt};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::AccountAdmin, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct RedactionBody {
    #[schema(value_type = uuid::Uuid)]
    id: RedactionId,
    done: bool,
    /// Contacts overwritten.
    contacts: i32,
    /// Messages overwritten.
    messages: i64,
    /// The member that asked for it; null when it was repeated after a restore, or made by a time
    /// of retention.
    requested_by: Option<Uuid>,
    /// From then on nothing is sent to the number.
    requested_at: DateTime<Utc>,
    /// From then on nothing but the keyed hash is left.
    finished_at: Option<DateTime<Utc>>,
    /// Rows that were erased, by table.
    erased_rows: BTreeMap<String, u64>,
    /// Files that were erased, by folder of the object store.
    erased_objects: BTreeMap<String, u64>,
    /// Imports that it waited for, because their files might hold the person.
    waited_for: Vec<Uuid>,
    /// Imports of them that it ended, because they were under way for more than a day.
    ended_imports: Vec<Uuid>,
}

/// Reads how far a redaction is, and its receipt: the counts of erased rows and objects, without
/// the person's name. It is kept for good.
#[utoipa::path(get, path = "/v1/redactions/{redaction_id}", tag = "privacy")]
pub(crate) async fn get(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    Path(id): Path<RedactionId>,
) -> Result<Answer<RedactionBody>, Problem> {
    let receipt = redactions::receipt(&api.pool, member.account_id, id).await?;
    let Receipt {
        done,
        contacts,
        messages,
        requested_by,
        requested_at,
        finished_at,
        rows: erased_rows,
        objects: erased_objects,
        waited_for,
        ended_imports,
    } = receipt.ok_or_else(|| Problem::no("redaction"))?;
    Ok(Answer(RedactionBody {
        id,
        done,
        contacts,
        messages,
        requested_by: requested_by.map(|by| by.0),
        requested_at,
        finished_at,
        erased_rows,
        erased_objects,
        waited_for,
        ended_imports,
    }))
}
