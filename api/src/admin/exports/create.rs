//! `POST /v1/organizations/{organization_id}/exports` (rule E1).

use axum::extract::State;
use muster_domain::{
    ids::{CampaignId, ContactId, ExportId, GoalId},
    people::{contact::OptOutOrigin, e164::E164},
    tenancy::role::Role,
    trust::export::{Chosen, ExportFormat, ExportKind},
};
use muster_jobs::kinds::Export;
use muster_storage::{
    engine::enqueue::enqueue,
    trust::exports::{self, NewExport},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    admin::{
        campaigns::list::CampaignQuery,
        contacts::filter::ContactFilter,
        conversations::list::ThreadFilter,
        exports::filter::{AuditFilter, check_named, read},
        goals::list::GoalFilter,
    },
    auth::Admin,
    bounds,
    document::{Accepted, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

/// Exports of an organization that are not over, access requests among them, at most.
pub(crate) const OPEN_LIMIT: i64 = 5;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewExportBody {
    /// The records.
    #[schema(value_type = shapes::ExportKind)]
    pub(crate) kind: ExportKind,
    /// `csv` unless told.
    #[serde(default = "csv")]
    #[schema(value_type = shapes::ExportFormat)]
    pub(crate) format: ExportFormat,
    /// Pack the file by gzip.
    #[serde(default)]
    gzip: bool,
    /// The columns of the file, in this order; all of the kind if absent. Contacts have
    /// `field:NAME` for each custom field besides.
    #[schema(value_type = Option<bounds::ExportColumns>)]
    columns: Option<Vec<String>>,
    /// Of `contacts`: those that the list finds.
    pub(crate) contacts: Option<ContactFilter>,
    /// Of `contacts`: these alone.
    #[schema(value_type = Option<bounds::ContactIds>)]
    pub(crate) contact_ids: Option<Vec<ContactId>>,
    /// Of `conversations`: the texts of those that the list finds.
    pub(crate) conversations: Option<ThreadFilter>,
    /// Of `goal_results`: those of the goals that the list finds.
    pub(crate) goals: Option<GoalFilter>,
    /// Of `goal_results`: those of these goals alone.
    #[schema(value_type = Option<bounds::ExportGoals>)]
    pub(crate) goal_ids: Option<Vec<GoalId>>,
    /// Of `campaign_results`: those of the campaigns that the list finds.
    pub(crate) campaigns: Option<CampaignQuery>,
    /// Of `campaign_results`: those of these campaigns alone.
    #[schema(value_type = Option<bounds::ExportCampaigns>)]
    pub(crate) campaign_ids: Option<Vec<CampaignId>>,
    /// Of `opt_outs`: those that the list finds.
    pub(crate) opt_outs: Option<OptOutFilter>,
    /// Of `audit`: those that the list finds.
    pub(crate) audit: Option<AuditFilter>,
}

/// Conditions on opt-outs.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptOutFilter {
    /// Only those that were recorded like this.
    #[schema(value_type = Option<shapes::OptOutOrigin>)]
    pub(crate) origin: Option<OptOutOrigin>,
}

const fn csv() -> ExportFormat {
    ExportFormat::Csv
}

/// Has records written into a file by a job; follow it at `…/exports/{export_id}`, and make a link
/// to the file when it has succeeded. Filters are those of the lists. A group admin's file has the
/// records of their groups, by the knowledge of these, and the export ends when the admin loses one
/// of them. The audit is for admins of the organization, and acts of the whole account are for
/// account admins.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/exports", tag = "exports")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<NewExportBody>,
) -> Result<Once<Accepted<Made>>, Problem> {
    let asked = read(&body)?;
    if body.kind == ExportKind::Audit {
        let of_account = body.audit.as_ref().is_some_and(|filter| filter.account);
        admin.at_least(if of_account { Role::AccountAdmin } else { Role::OrganizationAdmin })?;
    }
    let columns = body.columns.clone().unwrap_or_default();
    if body.columns.is_some() {
        bounds::ExportColumns::check("columns", &columns)?;
    }
    Chosen::read(body.kind, &columns).map_err(|error| Problem::invalid_body(format!("columns: {error}")))?;
    // A request with an idempotency key is remembered by the keyed hash of a number (rule R4).
    let mut request = serde_json::to_value(&body).map_err(muster_storage::Error::from)?;
    if let Some(number) = asked.filter["phone"].as_str().and_then(|number| E164::parse(number).ok()) {
        for list in ["contacts", "conversations"] {
            if request[list].is_object() {
                request[list]["phone"] = json!(api.phone_hash_keys.of(&number).agreed());
            }
        }
    }
    keyed
        .run(&api, admin.member.id, &request, async |tx| {
            check_named(tx, &admin, &asked).await?;
            if exports::open(tx, admin.organization_id).await? >= OPEN_LIMIT {
                return Err(Problem::conflict(format!("{OPEN_LIMIT} exports of the organization are not over")));
            }
            let id = ExportId::new();
            let new = NewExport {
                organization_id: admin.organization_id,
                created_by: admin.member.id,
                kind: body.kind,
                format: body.format,
                gzip: body.gzip,
                columns: &columns,
                filter: &asked.filter,
                readers: admin.groups(),
            };
            exports::create(tx, id, &new).await?;
            enqueue(tx, &Export { export_id: id }, &admin.origin()).await?;
            Ok(Accepted(Made { id: id.0 }))
        })
        .await
}
