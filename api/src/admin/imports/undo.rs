//! `POST /v1/organizations/{organization_id}/imports/{import_id}/undo`: takes an import back that
//! nothing was sent from yet.

use axum::extract::State;
use muster_domain::ids::ImportId;
use muster_jobs::kinds::ImportUndo;
use muster_storage::{
    engine::enqueue::enqueue,
    imports::undo::{self, Undoable},
};
use uuid::Uuid;

use crate::{
    admin::imports::body::find,
    auth::Admin,
    document::{Accepted, Made, Once},
    extract::Path,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Undoes an import that is over: contacts that it created are deleted, contacts that it changed
/// become as they were, its memberships and tags go, and contacts that were in the group before
/// have their earlier agents again. Goals no longer target the contacts that it brought into the
/// group. Refused once somebody of them has a conversation there or a text that waits. Contacts
/// that were edited or assigned since stay as they are, and so do contacts that would be one too
/// many for the earlier agent. A job does it; see `undone` in the import.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/imports/{import_id}/undo", tag = "imports")]
pub(crate) async fn undo(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<Once<Accepted<Made>>, Problem> {
    find(&api, &admin, id).await?;
    keyed
        .run(&api, admin.member.id, &id, async |tx| {
            match undo::request(tx, admin.organization_id, id).await? {
                Undoable::Yes => {}
                Undoable::No(why) => return Err(Problem::conflict(why)),
            }
            enqueue(tx, &ImportUndo { import_id: id }, &admin.origin()).await?;
            Ok(Accepted(Made { id: id.0 }))
        })
        .await
}
