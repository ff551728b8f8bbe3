//! `GET /v1/organizations/{organization_id}/exports/{export_id}/links`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::ids::{ExportId, ExportLinkId, MemberId};
use muster_storage::trust::exports;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{admin::exports::body::find, auth::Admin, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ExportLinks {
    /// The latest 100 links, the youngest first.
    items: Vec<ExportLinkBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExportLinkBody {
    #[schema(value_type = Uuid)]
    id: ExportLinkId,
    /// The admin that made it; it is bound to them.
    #[schema(value_type = Uuid)]
    member_id: MemberId,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// How often it was opened.
    opened: i64,
    /// The latest 100 of them, the latest first.
    openings: Vec<LinkOpening>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LinkOpening {
    at: DateTime<Utc>,
    /// The client's address, of IPv6 the network; empty where none is known.
    client_address: String,
}

/// Lists the links to an export's file, each with its openings.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/exports/{export_id}/links", tag = "exports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Answer<ExportLinks>, Problem> {
    let mut tx = api.pool.begin().await?;
    find(&mut tx, &admin, id).await?;
    tx.rollback().await?;
    links(&api, id).await
}

/// Returns the links to a file.
pub(crate) async fn links(api: &Api, id: ExportId) -> Result<Answer<ExportLinks>, Problem> {
    let links = exports::links(&api.pool, id).await?;
    let items = links.into_iter().map(|link| ExportLinkBody {
        id: link.id,
        member_id: link.member_id,
        created_at: link.created_at,
        expires_at: link.expires_at,
        opened: link.opened,
        openings: link
            .openings
            .into_iter()
            .map(|opening| LinkOpening { at: opening.at, client_address: opening.client_address })
            .collect(),
    });
    Ok(Answer(ExportLinks { items: items.collect() }))
}
