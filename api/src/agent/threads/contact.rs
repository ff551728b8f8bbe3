//! `PATCH /v1/agent/threads/{thread_id}/contact`: the contact's profile (rules W9 and A5).

use std::collections::BTreeMap;

use axum::extract::State;
use muster_domain::ids::ThreadId;
use muster_storage::{
    conversations::agent_tags,
    people::edit::{self, ContactEdit, Hearers, TextColumn},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::thread::lock_contact,
    auth::Agent,
    bounds,
    document::NoContent,
    extract::{Json, Path, present},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are; null takes a value away.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileEdit {
    #[schema(value_type = Option<bounds::PersonName>)]
    first_name: Option<String>,
    #[schema(value_type = Option<bounds::PersonName>)]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::Email>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::PostalCode>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    postal_code: Option<Option<String>>,
    /// Custom fields by name, at most 50 of those that the organization has and that no admin has
    /// locked.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    fields: BTreeMap<String, Option<String>>,
}

/// Custom fields of one edit.
const FIELDS_LIMIT: usize = 50;

/// Reads the edit.
fn read(body: &ProfileEdit) -> Result<ContactEdit, Problem> {
    let name = |member, value: Option<&str>| -> Result<Option<String>, Problem> {
        value.map(|value| bounds::PersonName::read(member, value).map(ToOwned::to_owned)).transpose()
    };
    let mut texts = BTreeMap::new();
    if let Some(email) = &body.email {
        let email = email.as_deref().map(|value| bounds::Email::read("email", value)).transpose()?;
        texts.insert(TextColumn::Email, email.map(ToOwned::to_owned));
    }
    if let Some(code) = &body.postal_code {
        let code = code.as_deref().map(|value| bounds::PostalCode::read("postal_code", value)).transpose()?;
        texts.insert(TextColumn::PostalCode, code.map(ToOwned::to_owned));
    }
    if body.fields.len() > FIELDS_LIMIT {
        return Err(Problem::invalid_body(format!("fields has more than {FIELDS_LIMIT} members")));
    }
    let mut fields = BTreeMap::new();
    for (field, value) in &body.fields {
        let value = value.as_deref().map(|value| bounds::FieldValue::read("fields", value)).transpose()?;
        // A blank value is none.
        fields.insert(field.clone(), value.filter(|value| !value.trim().is_empty()).map(ToOwned::to_owned));
    }
    Ok(ContactEdit {
        first_name: name("first_name", body.first_name.as_deref())?,
        last_name: name("last_name", body.last_name.as_deref())?,
        texts,
        fields,
    })
}

/// Edits the contact's names, e-mail address, postal code and custom fields. The conversation's
/// group learns of it; other groups keep their knowledge.
#[utoipa::path(patch, path = "/v1/agent/threads/{thread_id}/contact", tag = "agent")]
pub(crate) async fn patch(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
    Json(body): Json<ProfileEdit>,
) -> Result<NoContent, Problem> {
    let wanted = read(&body)?;
    let mut tx = api.pool.begin().await?;
    let names: Vec<_> = wanted.fields.keys().cloned().collect();
    let free = agent_tags::free_fields(&mut tx, agent.organization_id, &names).await?;
    if free.len() != names.len() {
        return Err(Problem::invalid_body("fields has one that agents do not set"));
    }
    let thread = lock_contact(&mut tx, &agent, id).await?;
    let learn = [thread.group_id];
    edit::edit(&mut tx, Hearers::of(Some(&learn)), thread.contact_id, &wanted).await?;
    tx.commit().await?;
    Ok(NoContent)
}
