//! `/v1/organizations/{organization_id}/import-sources/{source_id}`: one source, and fetching its
//! file.

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::ImportSourceId, tenancy::role::Role};
use muster_jobs::kinds::ImportFetch;
use muster_storage::{
    engine::{enqueue::enqueue, schedules},
    imports::sources::{self, Replaced, Source, schedule_name},
};
use uuid::Uuid;

use crate::{
    admin::imports::sources::{SourceBody, SourceItem, check, item, set_schedule, taken},
    auth::Admin,
    document::{Accepted, Made, NoContent, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

async fn find(api: &Api, admin: &Admin, id: ImportSourceId) -> Result<Source, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    sources::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("source"))
}

/// Reads a source, and the outcome of the last look at its file.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/import-sources/{source_id}", tag = "imports")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
) -> Result<Answer<SourceItem>, Problem> {
    Ok(Answer(item(find(&api, &admin, id).await?)))
}

/// Replaces a source's definition. The next fetch imports its file even if it has not changed.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/import-sources/{source_id}", tag = "imports")]
pub(crate) async fn put(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
    Json(body): Json<SourceBody>,
) -> Result<Answer<SourceItem>, Problem> {
    let definition = check(&api, &admin, &body).await?;
    let mut tx = api.pool.begin().await?;
    match sources::replace(&mut tx, admin.organization_id, id, &definition).await? {
        Replaced::Done => {}
        Replaced::NoSource => return Err(Problem::no("source")),
        Replaced::NameTaken => return Err(taken()),
    }
    set_schedule(&mut tx, admin.organization_id, id, body.schedule.as_ref()).await?;
    tx.commit().await?;
    Ok(Answer(item(find(&api, &admin, id).await?)))
}

/// Deletes a source and its schedule; its imports stay.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/import-sources/{source_id}", tag = "imports")]
pub(crate) async fn delete(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
) -> Result<NoContent, Problem> {
    find(&api, &admin, id).await?;
    let mut tx = api.pool.begin().await?;
    schedules::remove(&mut tx, &schedule_name(id)).await?;
    if !sources::delete(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::no("source"));
    }
    tx.commit().await?;
    Ok(NoContent)
}

/// Fetches a source's file and imports it if it has changed; see `last_import_id` and `failure` of
/// the source.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/import-sources/{source_id}/fetch", tag = "imports")]
pub(crate) async fn fetch(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
) -> Result<Once<Accepted<Made>>, Problem> {
    let source = find(&api, &admin, id).await?;
    if source.definition.url.is_none() {
        return Err(Problem::conflict("the source has no url; upload its file"));
    }
    keyed
        .run(&api, admin.member.id, &id, async |tx| {
            enqueue(tx, &ImportFetch { source_id: id }, &admin.origin()).await?;
            Ok(Accepted(Made { id: id.0 }))
        })
        .await
}
