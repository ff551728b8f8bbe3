//! `POST /v1/organizations/{organization_id}/imports/{import_id}/cancel`.

use axum::extract::State;
use muster_domain::ids::ImportId;
use muster_storage::imports;
use uuid::Uuid;

use crate::{admin::imports::body::find, auth::Admin, document::TakenOn, extract::Path, problem::Problem, state::Api};

/// Cancels an import that is not over. Applied rows stay, and are in its counters; `…/undo` takes
/// them back.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/imports/{import_id}/cancel", tag = "imports")]
pub(crate) async fn cancel(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<TakenOn, Problem> {
    find(&api, &admin, id).await?;
    let mut tx = api.pool.begin().await?;
    if !imports::request_cancel(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::conflict("the import is over"));
    }
    tx.commit().await?;
    Ok(TakenOn)
}
