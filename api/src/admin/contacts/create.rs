//! `POST /v1/organizations/{organization_id}/contacts` (rules C1, C9, C13 and C16).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{ContactId, GroupId, MemberId},
    people::{
        contact::{ContactSource, SaveOutcome},
        phone,
    },
    tenancy::role::Role,
};
use muster_storage::{
    people::save::{self, Limits, NewContact, NotSaved},
    sending::Concerned,
    tenancy::{groups, members},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    admin::contacts::input::{Values, new_fields, read_tags},
    auth::Admin,
    bounds,
    document::Once,
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContactBody {
    /// The number, in any of the usual ways of writing it: the contact's identity.
    #[schema(value_type = bounds::ContactValue)]
    phone: String,
    /// The group that the contact joins.
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    #[serde(default)]
    #[schema(value_type = bounds::ContactName)]
    first_name: String,
    #[serde(default)]
    #[schema(value_type = bounds::ContactName)]
    last_name: String,
    #[schema(value_type = Option<bounds::Email>)]
    email: Option<String>,
    #[schema(value_type = Option<bounds::ContactValue>)]
    postal_code: Option<String>,
    /// Notes for agents.
    #[schema(value_type = Option<bounds::Notes>)]
    notes: Option<String>,
    /// Your own id of the person.
    #[schema(value_type = Option<bounds::ContactValue>)]
    external_id: Option<String>,
    /// Custom fields by name; those that are not there are made, unless the organization has locked
    /// its fields.
    #[serde(default)]
    #[schema(value_type = bounds::FieldEdits)]
    fields: BTreeMap<String, Option<String>>,
    /// Tags; those that are not there are made.
    #[serde(default)]
    #[schema(value_type = bounds::ContactTags)]
    tags: Vec<String>,
    /// The contact's agent in the group.
    #[schema(value_type = Option<uuid::Uuid>)]
    assigned_agent_id: Option<MemberId>,
    /// The consent that the person gave, which stays with the contact.
    #[schema(value_type = Option<bounds::Consent>)]
    consent_text: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SavedContact {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    /// `created`; `joined`, for a contact of the organization that is new in the group; `updated`;
    /// or `unchanged`. For a group admin a contact that is new in the group is `created`, whichever
    /// other group has it.
    #[schema(value_type = shapes::SaveOutcome)]
    outcome: SaveOutcome,
}

/// Saves a contact in a group. The number is its identity: one that the organization has already is
/// updated, never made twice, and joins the group. A redacted number comes back as a new contact
/// that keeps its opt-out.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/contacts", tag = "contacts")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<NewContactBody>,
) -> Result<Once<Answer<SavedContact>>, Problem> {
    admin.group(body.group_id)?;
    let number = bounds::ContactValue::read("phone", &body.phone)?;
    let number = phone::read(number).map_err(|error| Problem::invalid_body(format!("phone: {error}")))?;
    let values = Values {
        first_name: Some(body.first_name.as_str()).filter(|name| !name.is_empty()),
        last_name: Some(body.last_name.as_str()).filter(|name| !name.is_empty()),
        email: body.email.as_deref().map(Some),
        postal_code: body.postal_code.as_deref().map(Some),
        notes: body.notes.as_deref().map(Some),
        external_id: body.external_id.as_deref().map(Some),
    };
    let mut values = values.read(&body.fields)?;
    values.fields.retain(|_, value| value.is_some());
    let tags = read_tags(&body.tags)?;
    let consent = body.consent_text.as_deref().map(|text| bounds::Consent::read("consent_text", text)).transpose()?;
    let hashes = api.phone_hash_keys.of(&number);
    groups::get(&api.pool, admin.organization_id, body.group_id).await?.ok_or_else(|| Problem::no("group"))?;
    // A request with an idempotency key is remembered by the keyed hash of the number (rule R4).
    let mut request = serde_json::to_value(&body).map_err(muster_storage::Error::from)?;
    request["phone"] = json!(hashes.agreed());
    let mut moved = None;
    let answer = keyed
        .run(&api, admin.member.id, &request, async |tx| {
            let organization = admin.organization(tx).await?;
            new_fields(tx, &organization, &values).await?;
            if let Some(agent) = body.assigned_agent_id {
                let member = members::get(tx, admin.member.account_id, agent).await?;
                let fits =
                    member.is_some_and(|member| member.role == Role::Agent && member.groups.contains(&body.group_id));
                if !fits {
                    return Err(Problem::no("agent in this group"));
                }
            }
            let new = NewContact {
                account_id: admin.member.account_id,
                organization_id: admin.organization_id,
                readers: admin.groups(),
                group_id: body.group_id,
                number: &number,
                hashes: &hashes,
                values: &values,
                tags: &tags,
                agent_id: body.assigned_agent_id,
                source: ContactSource::Api,
                consent_text: consent,
                limits: Limits {
                    group: organization.settings.group_contact_limit,
                    agent: organization.settings.agent_contact_limit,
                },
            };
            let saved = save::save(tx, &new).await?.map_err(refused)?;
            moved = Some(saved.id);
            Ok(Answer(SavedContact { id: saved.id, outcome: saved.outcome }))
        })
        .await?;
    if let Some(id) = moved.filter(|_| body.assigned_agent_id.is_some()) {
        // The contact may have had another agent (rule W4).
        api.until_it_holds(Concerned::Contacts(&[id])).await;
    }
    Ok(answer)
}

fn refused(why: NotSaved) -> Problem {
    match why {
        NotSaved::BeingRedacted => Problem::conflict("the number is being redacted; try again when that is done"),
        NotSaved::GroupFull => Problem::group_full("the group has as many contacts as the organization allows"),
        NotSaved::AgentFull => Problem::agent_full("the agent has as many contacts in this group as allowed"),
        NotSaved::NoAgent => Problem::no("agent in this group"),
    }
}
