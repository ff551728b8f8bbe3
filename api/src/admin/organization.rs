//! `/v1/organizations/{organization_id}`: read and edit an organization's settings.

use axum::{Json as Answer, extract::State};
use muster_domain::{hours::SendingHours, role::Role, sending::HoldReason};
use muster_jobs::payloads::HoldRelease;
use muster_storage::{
    engine::enqueue::enqueue,
    organizations::{self, Organization, Settings},
    sending,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Admin,
    extract::{Json, at_most},
    problem::Problem,
    state::Api,
};

/// Settings; a member that is absent from a PATCH stays as it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    /// Contacts in a batch, 1 to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    batch_size: Option<i32>,
    /// Minutes of a batch's lease, 1 to 1,440.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_minutes: Option<i32>,
    /// Minutes that an agent has for claimed replies, 1 to 1,440.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_window_minutes: Option<i32>,
    /// Contacts in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group_contact_limit: Option<i32>,
    /// Contacts assigned to one agent in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent_contact_limit: Option<i32>,
    /// Scripts must say how to opt out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require_opt_out_language: Option<bool>,
    /// Keep the hours of every zone the contact may be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipient_safe: Option<bool>,
    /// `{"opens_minute": 480, "closes_minute": 1200}`, minutes after midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    sending_hours: Option<SendingHours>,
    /// Segments of an initial, 1 to 57.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_segments: Option<i32>,
    /// Opt-out words beside the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opt_out_keywords: Option<Vec<String>>,
    /// The one text to somebody who opts out, at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opt_out_text: Option<String>,
    /// The answer to HELP, at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    help_text: Option<String>,
    /// Columns of files that are no custom field yet are left out of imports and reported, instead of becoming fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock_custom_fields: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationBody {
    id: uuid::Uuid,
    name: String,
    settings: SettingsBody,
}

fn body(organization: Organization) -> OrganizationBody {
    let Settings {
        batch_size,
        lease_minutes,
        response_window_minutes,
        group_contact_limit,
        agent_contact_limit,
        require_opt_out_language,
        recipient_safe,
        sending_hours,
        max_segments,
        opt_out_keywords,
        opt_out_text,
        help_text,
        lock_custom_fields,
    } = organization.settings;
    OrganizationBody {
        id: organization.id.0,
        name: organization.name,
        settings: SettingsBody {
            batch_size: Some(batch_size),
            lease_minutes: Some(lease_minutes),
            response_window_minutes: Some(response_window_minutes),
            group_contact_limit: Some(group_contact_limit),
            agent_contact_limit: Some(agent_contact_limit),
            require_opt_out_language: Some(require_opt_out_language),
            recipient_safe: Some(recipient_safe),
            sending_hours: Some(sending_hours),
            max_segments: Some(max_segments),
            opt_out_keywords: Some(opt_out_keywords),
            opt_out_text: Some(opt_out_text),
            help_text: Some(help_text),
            lock_custom_fields: Some(lock_custom_fields),
        },
    }
}

/// Reads the organization and its settings.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}", tag = "organizations", params(("organization_id" = uuid::Uuid, Path)), responses((status = 200, body = OrganizationBody), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<OrganizationBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    Ok(Answer(body(admin.organization(&mut tx).await?)))
}

/// Edits settings. Hours take effect on what is queued already (rule S9).
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}", tag = "organizations", params(("organization_id" = uuid::Uuid, Path)), request_body = SettingsBody, responses((status = 200, body = OrganizationBody), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn patch(
    State(api): State<Api>,
    admin: Admin,
    Json(edit): Json<SettingsBody>,
) -> Result<Answer<OrganizationBody>, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let mut tx = api.pool.begin().await?;
    let mut organization = admin.organization(&mut tx).await?;
    let settings = &mut organization.settings;
    let ranged = |name: &str, value: i32, least: i32, most: i32| {
        if (least..=most).contains(&value) {
            Ok(value)
        } else {
            Err(Problem::invalid_body(format!("{name} must be {least} to {most}")))
        }
    };
    if let Some(value) = edit.batch_size {
        settings.batch_size = ranged("batch_size", value, 1, 1_000)?;
    }
    if let Some(value) = edit.lease_minutes {
        settings.lease_minutes = ranged("lease_minutes", value, 1, 1_440)?;
    }
    if let Some(value) = edit.response_window_minutes {
        settings.response_window_minutes = ranged("response_window_minutes", value, 1, 1_440)?;
    }
    if let Some(value) = edit.group_contact_limit {
        settings.group_contact_limit = ranged("group_contact_limit", value, 1, i32::MAX)?;
    }
    if let Some(value) = edit.agent_contact_limit {
        settings.agent_contact_limit = ranged("agent_contact_limit", value, 1, i32::MAX)?;
    }
    if let Some(value) = edit.max_segments {
        settings.max_segments = ranged("max_segments", value, 1, 57)?;
    }
    if let Some(value) = edit.sending_hours {
        settings.sending_hours = SendingHours::new(value.opens_minute, value.closes_minute)
            .map_err(|error| Problem::invalid_body(error.to_string()))?;
    }
    settings.require_opt_out_language = edit.require_opt_out_language.unwrap_or(settings.require_opt_out_language);
    settings.recipient_safe = edit.recipient_safe.unwrap_or(settings.recipient_safe);
    settings.lock_custom_fields = edit.lock_custom_fields.unwrap_or(settings.lock_custom_fields);
    if let Some(words) = edit.opt_out_keywords {
        for word in &words {
            at_most("opt_out_keywords", word, 40)?;
        }
        settings.opt_out_keywords = words;
    }
    for (name, edit, text) in [
        ("opt_out_text", edit.opt_out_text, &mut settings.opt_out_text),
        ("help_text", edit.help_text, &mut settings.help_text),
    ] {
        if let Some(edit) = edit {
            crate::extract::text(name, &edit, 320)?.clone_into(text);
        }
    }
    organizations::update_settings(&mut tx, organization.id, &organization.settings).await?;
    if edit.sending_hours.is_some() || edit.recipient_safe.is_some() {
        for group_id in sending::recheck_held(&mut tx, organization.id, HoldReason::Hours).await? {
            enqueue(&mut tx, &HoldRelease { group_id }, &admin.origin()).await?;
        }
    }
    tx.commit().await?;
    Ok(Answer(body(organization)))
}
