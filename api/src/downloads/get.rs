//! `GET /v1/downloads/{download_key}`.

use axum::{body::Body, extract::State};
use muster_domain::{people::bulk::Asker, tenancy::member::MemberState, trust::export::ExportKind};
use muster_storage::{
    Page, Tx,
    tenancy::members::{self, MemberFilter},
    trust::{
        audit::{self, Principal},
        exports::{self, Export, Opened},
    },
};

use crate::{
    auth::secret_hash,
    document::Download,
    downloads::client::{ClientAddress, DownloadKey},
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Downloads the file of an export or of an access request by a link. The link is all that is asked
/// for; it is refused once it has expired, the file has ended, or the admin that made it may not
/// have it any more. Each opening is kept with its time and the client's address.
#[utoipa::path(get, path = "/v1/downloads/{download_key}", tag = "exports")]
pub(crate) async fn get(
    State(api): State<Api>,
    Path(DownloadKey(secret)): Path<DownloadKey>,
    ClientAddress(address): ClientAddress,
) -> Result<Download, Problem> {
    let gone = || Problem::no("file");
    let mut tx = api.pool.begin().await?;
    let opened = exports::find_by_secret(&mut tx, &secret_hash(&secret)).await?.ok_or_else(gone)?;
    let export = exports::get(&mut tx, opened.organization_id, opened.export_id).await?.ok_or_else(gone)?;
    if !export.has_file(tx.clock().await?) || !may_have(&mut tx, &opened, &export).await? {
        return Err(gone());
    }
    let organization_id = Some(opened.organization_id.0);
    audit::acting_as(Principal { organization_id, ..Principal::member(opened.account_id.0, opened.member_id.0) });
    let record = if export.kind == ExportKind::AccessRequest { "access_request" } else { "export" };
    audit::concerns(record, opened.export_id.0);
    exports::record_opening(&mut tx, opened.link_id, &address).await?;
    tx.commit().await?;
    let file = api.objects.get(&export.object_key()).await?.ok_or_else(gone)?;
    let packed = if export.gzip { ".gz" } else { "" };
    let day = export.created_at.format("%Y-%m-%d");
    let name = format!("{}-{day}.{}{packed}", export.kind, export.format.ending());
    Ok(Download { name, file: Body::from_stream(file) })
}

/// Returns whether the admin that made a link may have the file (rule A5).
async fn may_have(tx: &mut Tx, opened: &Opened, export: &Export) -> Result<bool, Problem> {
    let filter = MemberFilter {
        account_id: opened.account_id,
        organization_id: opened.organization_id,
        with_account_admins: true,
        reader: None,
        only: Some(opened.member_id),
        role: None,
        group_id: None,
        search: None,
        state: None,
    };
    let found = members::page(&mut *tx, filter, Page::first(1)).await?.pop();
    Ok(found.is_some_and(|found| {
        let active = found.state == MemberState::Active;
        let asker = Asker { active, role: found.member.role, groups: &found.member.groups };
        asker.may_go_on(export.readers.as_deref()) && asker.role >= export.least_role()
    }))
}
