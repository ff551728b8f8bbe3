//! `POST /v1/organizations/{organization_id}/access-requests` (rule R8).

use axum::extract::State;
use muster_domain::{
    ids::{ContactId, ExportId},
    people::{e164::E164, phone},
};
use muster_jobs::kinds::Export;
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    trust::{
        access::{self, Found, NewRequest},
        audit, exports,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    admin::exports::create::OPEN_LIMIT,
    auth::{Admin, OrganizationAdmin},
    bounds,
    document::{Accepted, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccessRequestBody {
    /// The person's number; or `contact_id`.
    #[schema(value_type = Option<bounds::WrittenPhone>)]
    phone: Option<String>,
    /// The contact; or `phone`. A redacted person has no number any more.
    #[schema(value_type = Option<uuid::Uuid>)]
    contact_id: Option<ContactId>,
    /// Why it is asked for; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
    /// Count the records, and write nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AccessRequestAsked {
    /// The access request; null for a dry run.
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Option<ExportId>,
    contact: AccessRequestContact,
    /// Records of the person now.
    records: i64,
    /// How many of each kind; kinds without any are left out.
    sections: Vec<AccessRequestSection>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AccessRequestContact {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    /// Null once they are redacted.
    phone: Option<String>,
    first_name: String,
    last_name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AccessRequestSection {
    /// Its name in the file's JSON.
    name: String,
    /// Its heading in the file.
    title: String,
    records: i64,
}

/// Has everything that the organization holds of a person written into one file, which a reader
/// opens in a browser and a program reads as JSON; with `dry_run` the records are counted alone.
/// Rows of kept files of contacts are looked for when the file is made, and not counted here. The
/// person is named by number or by contact. Follow it at
/// `…/access-requests/{access_request_id}`, and make a link to the file when it has succeeded. For
/// admins of the organization and the account.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/access-requests", tag = "privacy")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<NewAccessRequestBody>,
) -> Result<Once<Accepted<AccessRequestAsked>>, Problem> {
    let reason = bounds::Reason::read("reason", &body.reason)?;
    let number = number(&body)?;
    // A request with an idempotency key is remembered by the keyed hash of a number (rule R4).
    let mut request = serde_json::to_value(&body).map_err(muster_storage::Error::from)?;
    if let Some(number) = &number {
        request["phone"] = json!(api.phone_hash_keys.of(number).agreed());
    }
    keyed
        .run(&api, admin.member.id, &request, async |tx| {
            let found = access::find(tx, admin.organization_id, body.contact_id, number.as_ref()).await?;
            let found = found.ok_or_else(|| Problem::no("contact"))?;
            audit::concerns("contact", found.id.0);
            let sections = sections(&api, tx, &admin, &found).await?;
            if body.dry_run {
                audit::changes_nothing();
                return Ok(Accepted(asked(None, found, sections)));
            }
            if exports::open(tx, admin.organization_id).await? >= OPEN_LIMIT {
                return Err(Problem::conflict(format!("{OPEN_LIMIT} exports of the organization are not over")));
            }
            let id = ExportId::new();
            let new = NewRequest {
                organization_id: admin.organization_id,
                created_by: admin.member.id,
                contact_id: found.id,
                reason,
            };
            access::create(tx, id, &new).await?;
            enqueue(tx, &Export { export_id: id }, &admin.origin()).await?;
            Ok(Accepted(asked(Some(id), found, sections)))
        })
        .await
}

/// Reads the number, if the person is named by it.
fn number(body: &NewAccessRequestBody) -> Result<Option<E164>, Problem> {
    match (&body.phone, body.contact_id) {
        (Some(written), None) => {
            let written = bounds::WrittenPhone::read("phone", written)?;
            let number = phone::read(written).map_err(|error| Problem::invalid_body(format!("phone: {error}")))?;
            Ok(Some(number))
        }
        (None, Some(_)) => Ok(None),
        _ => Err(Problem::invalid_body("either phone or contact_id must be there")),
    }
}

/// Counts a person's records.
async fn sections(api: &Api, tx: &mut Tx, admin: &Admin, found: &Found) -> Result<Vec<AccessRequestSection>, Problem> {
    let hash = |number: &E164| api.phone_hash_keys.of(number);
    let subject = access::subject(tx, admin.organization_id, found.id, hash).await?;
    let subject = subject.ok_or_else(|| Problem::no("contact"))?;
    let sections = access::sections();
    let counts = access::counts(tx, &sections, &subject).await?;
    let told = sections.into_iter().zip(counts).filter(|(_, records)| *records > 0);
    Ok(told
        .map(|(section, records)| AccessRequestSection {
            name: section.shown.name.to_owned(),
            title: section.shown.title,
            records,
        })
        .collect())
}

fn asked(id: Option<ExportId>, found: Found, sections: Vec<AccessRequestSection>) -> AccessRequestAsked {
    let contact = AccessRequestContact {
        id: found.id,
        phone: found.number,
        first_name: found.first_name,
        last_name: found.last_name,
    };
    AccessRequestAsked { id, contact, records: sections.iter().map(|section| section.records).sum(), sections }
}
