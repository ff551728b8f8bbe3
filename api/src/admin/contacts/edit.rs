//! `PATCH /v1/organizations/{organization_id}/contacts/{contact_id}` (rules A5, C1, C14 and C16).

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use muster_domain::ids::ContactId;
use muster_storage::{
    imports::admit,
    people::{
        contacts,
        edit::{self, Hearers},
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::contacts::{
        body::{ContactBody, body},
        input::{Values, new_fields, read_tags},
        reach::{as_expected, reachable},
    },
    auth::Admin,
    bounds,
    document::Digested,
    extract::{IfMatch, Json, Path, present},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactEditBody {
    #[schema(value_type = Option<bounds::ContactName>)]
    first_name: Option<String>,
    #[schema(value_type = Option<bounds::ContactName>)]
    last_name: Option<String>,
    /// Null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::Email>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    email: Option<Option<String>>,
    /// Null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::ContactValue>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    postal_code: Option<Option<String>>,
    /// Notes for agents; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::Notes>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    notes: Option<Option<String>>,
    /// Your own id of the person; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::ContactValue>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    external_id: Option<Option<String>>,
    /// Custom fields to change by name; the others stay.
    #[serde(default)]
    #[schema(value_type = bounds::FieldEdits)]
    fields: BTreeMap<String, Option<String>>,
    /// All tags of the contact.
    #[schema(value_type = Option<bounds::ContactTags>)]
    tags: Option<Vec<String>>,
}

/// Edits a contact. An edit by an admin of the organization is told to all of the contact's groups;
/// one by a group admin to the admin's own, and other groups keep their knowledge. A value or a tag
/// that only other groups know is not a group admin's to take away.
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}/contacts/{contact_id}", tag = "contacts")]
pub(crate) async fn patch(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
    expected: IfMatch,
    Json(edit): Json<ContactEditBody>,
) -> Result<Digested<ContactBody>, Problem> {
    let values = Values {
        first_name: edit.first_name.as_deref(),
        last_name: edit.last_name.as_deref(),
        email: edit.email.as_ref().map(Option::as_deref),
        postal_code: edit.postal_code.as_ref().map(Option::as_deref),
        notes: edit.notes.as_ref().map(Option::as_deref),
        external_id: edit.external_id.as_ref().map(Option::as_deref),
    };
    let values = values.read(&edit.fields)?;
    let tags = edit.tags.as_deref().map(read_tags).transpose()?;
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    if !contacts::lock_one(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::conflict("the contact is redacted"));
    }
    let before = as_expected(&mut tx, &admin, id, &expected).await?;
    let organization = admin.organization(&mut tx).await?;
    let fresh = new_fields(&mut tx, &organization, &values).await?;
    admit::create_names(&mut tx, admin.organization_id, &[], &fresh).await?;
    let hearers = Hearers::of(admin.groups());
    edit::edit(&mut tx, hearers, id, &values).await?;
    if let Some(tags) = tags {
        let had: BTreeSet<_> = before.tags.iter().collect();
        let wanted: BTreeSet<_> = tags.iter().collect();
        for name in wanted.difference(&had) {
            let tag = edit::tag(&mut tx, admin.organization_id, name).await?;
            edit::add_tag(&mut tx, admin.organization_id, hearers, &[id], tag).await?;
        }
        for name in had.difference(&wanted) {
            if let Some(tag) = edit::known_tag(&mut tx, admin.organization_id, name).await? {
                edit::remove_tag(&mut tx, admin.organization_id, hearers, &[id], tag).await?;
            }
        }
    }
    let after = contacts::get(&mut tx, admin.organization_id, admin.groups(), id).await?;
    let after = after.ok_or_else(|| Problem::no("contact"))?;
    tx.commit().await?;
    Ok(Digested(body(after, &admin)))
}
