//! `GET /v1/organizations/{organization_id}/contacts`: list contacts, of one group if asked.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GroupId, ImportId},
    people::{contact::ContactSource, line::LineType},
    tenancy::role::Role,
};
use muster_storage::{
    people::contacts::{self, Contact},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Admin,
    bounds,
    extract::{Query, page_limit},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactBody {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    /// E.164; null once redacted.
    #[schema(value_type = Option<bounds::PhoneNumber>)]
    phone: Option<String>,
    first_name: String,
    last_name: String,
    email: Option<String>,
    postal_code: Option<String>,
    external_id: Option<String>,
    /// Custom fields by name.
    #[schema(value_type = BTreeMap<String, String>)]
    fields: serde_json::Value,
    tags: Vec<String>,
    /// `unknown`, `mobile`, `voip`, or one that is never texted: `landline`, or `invalid`, a number
    /// without a subscriber.
    #[schema(value_type = shapes::LineType)]
    line_type: LineType,
    /// Carrier of the number, as caps and rates call it; null where it is unknown.
    carrier: Option<String>,
    opted_out_at: Option<DateTime<Utc>>,
    /// Reason of the opt-out, by its source: `stated in the file of import …`, for one.
    opt_out_reason: Option<String>,
    redacted_at: Option<DateTime<Utc>>,
    #[schema(value_type = Vec<uuid::Uuid>)]
    groups: Vec<GroupId>,
    /// Where the contact comes from: `file`, `api`, `form` or `inbound`.
    #[schema(value_type = shapes::ContactSource)]
    source: ContactSource,
    /// The import that made the contact; null where that is another group's for a group admin.
    #[schema(value_type = Option<uuid::Uuid>)]
    source_import_id: Option<ImportId>,
    /// The consent that was given then.
    consent_text: Option<String>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactPage {
    items: Vec<ContactBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<ContactId>,
}

/// Returns a contact as it was read for this admin: of the groups that the contact is in, those
/// that are the admin's to see, and of where it comes from as much.
pub(crate) fn body(contact: Contact, admin: &Admin) -> ContactBody {
    ContactBody {
        id: contact.id,
        phone: contact.e164,
        first_name: contact.first_name,
        last_name: contact.last_name,
        email: contact.email,
        postal_code: contact.postal_code,
        external_id: contact.external_id,
        fields: contact.fields,
        tags: contact.tags,
        line_type: contact.line_type,
        carrier: contact.carrier,
        opted_out_at: contact.opted_out_at,
        opt_out_reason: contact.opt_out_reason,
        redacted_at: contact.redacted_at,
        groups: contact.groups.into_iter().filter(|group| admin.group(*group).is_ok()).collect(),
        source: contact.source,
        source_import_id: contact
            .source_import_id
            .filter(|_| contact.source_group_id.is_none_or(|group| admin.group(group).is_ok())),
        consent_text: contact.consent_text,
        created_at: contact.created_at,
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContactQuery {
    /// Only members of this group; group admins must name one of theirs.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// The `next` of the page before.
    cursor: Option<uuid::Uuid>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Lists contacts by age; for a group admin as their groups know them: values that other groups
/// have brought are absent.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts", tag = "contacts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<ContactQuery>,
) -> Result<Answer<ContactPage>, Problem> {
    match query.group_id {
        Some(group_id) => {
            admin.group(group_id)?;
            groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
        }
        None => admin.at_least(Role::OrganizationAdmin)?,
    }
    let limit = page_limit(query.limit)?;
    let cursor = query.cursor.map(ContactId);
    let all =
        contacts::page(&api.pool, admin.organization_id, admin.groups(), query.group_id, None, cursor, limit).await?;
    let next = all.last().map(|contact| contact.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(ContactPage { items: all.into_iter().map(|contact| body(contact, &admin)).collect(), next }))
}
