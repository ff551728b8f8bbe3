//! `/v1/organizations/{organization_id}`: read and edit an organization's settings.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    sending::{
        admission::UnknownCarriers,
        hours::{SendingHours, Strictness},
    },
    tenancy::role::Role,
};
use muster_storage::{
    sending::{
        Concerned, rates,
        waiting::{Changed, rearm},
    },
    tenancy::organizations::{self, Organization, Settings},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, extract::Json, problem::Problem, shapes, state::Api};

/// Settings; a member that is absent from a PATCH stays as it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    /// Contacts in a batch, 1 to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::BatchSize>)]
    batch_size: Option<i32>,
    /// Minutes of a batch's lease, 1 to 1,440.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Minutes>)]
    lease_minutes: Option<i32>,
    /// Minutes that an agent has for claimed replies, 1 to 1,440.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Minutes>)]
    response_window_minutes: Option<i32>,
    /// Replies of agents in one conversation in an hour, 1 to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::RepliesPerHour>)]
    replies_per_hour: Option<i32>,
    /// Contacts in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Limit>)]
    group_contact_limit: Option<i32>,
    /// Contacts assigned to one agent in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Limit>)]
    agent_contact_limit: Option<i32>,
    /// Scripts must say how to opt out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require_opt_out_language: Option<bool>,
    /// Keep the hours of every zone the contact may be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipient_safe: Option<bool>,
    /// `{"opens_minute": 480, "closes_minute": 1200}`, minutes after midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::SendingHours>)]
    sending_hours: Option<SendingHours>,
    /// `commercial` keeps the hours of laws on commercial texts where the contact is, beside the organization's; `off` is for
    /// organizations whose texts are exempt. The table of laws is at `/laws`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Strictness>)]
    law_strictness: Option<Strictness>,
    /// Segments that go out from one number in any minute, 1 to 60,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::NumberPace>)]
    number_segments_per_minute: Option<i32>,
    /// How texts count to numbers whose carrier nobody has looked up: `strictest` (against the strictest cap and rate that the brand has) or
    /// `unlimited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::UnknownCarriers>)]
    unknown_carriers: Option<UnknownCarriers>,
    /// Replace curly quotes, dashes, ellipses and the like by plain ones in texts where that makes them no longer, before they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    smart_encoding: Option<bool>,
    /// Replies within a conversation go at any hour; otherwise they wait for the sending hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replies_at_any_hour: Option<bool>,
    /// Have numbers looked up, where this installation can: landlines are then never texted, and texts count under their own carrier's caps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carrier_lookups: Option<bool>,
    /// Days after which a number may be looked up again, 1 to 3,650.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::LookupDays>)]
    lookup_max_age_days: Option<i32>,
    /// Initials to one contact in 24 hours over all goals, 1 to 100; 0 for no such cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::InitialsPerDay>)]
    initials_per_day: Option<i32>,
    /// Segments of an initial, 1 to 57.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::MaxSegments>)]
    max_segments: Option<i32>,
    /// Opt-out words beside the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<bounds::Keyword>>)]
    opt_out_keywords: Option<Vec<String>>,
    /// The one text to somebody who opts out, at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::AutomaticText>)]
    opt_out_text: Option<String>,
    /// The answer to HELP, at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::AutomaticText>)]
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
        replies_per_hour,
        group_contact_limit,
        agent_contact_limit,
        require_opt_out_language,
        recipient_safe,
        sending_hours,
        law_strictness,
        own_laws: _,
        number_segments_per_minute,
        unknown_carriers,
        smart_encoding,
        replies_at_any_hour,
        carrier_lookups,
        lookup_max_age_days,
        initials_per_day,
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
            replies_per_hour: Some(replies_per_hour),
            group_contact_limit: Some(group_contact_limit),
            agent_contact_limit: Some(agent_contact_limit),
            require_opt_out_language: Some(require_opt_out_language),
            recipient_safe: Some(recipient_safe),
            sending_hours: Some(sending_hours),
            law_strictness: Some(law_strictness),
            number_segments_per_minute: Some(number_segments_per_minute),
            unknown_carriers: Some(unknown_carriers),
            smart_encoding: Some(smart_encoding),
            replies_at_any_hour: Some(replies_at_any_hour),
            carrier_lookups: Some(carrier_lookups),
            lookup_max_age_days: Some(lookup_max_age_days),
            initials_per_day: Some(initials_per_day.unwrap_or(0)),
            max_segments: Some(max_segments),
            opt_out_keywords: Some(opt_out_keywords),
            opt_out_text: Some(opt_out_text),
            help_text: Some(help_text),
            lock_custom_fields: Some(lock_custom_fields),
        },
    }
}

/// Reads the organization and its settings.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<OrganizationBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    Ok(Answer(body(admin.organization(&mut tx).await?)))
}

/// Edits settings. They take effect on what is queued, held or still to be released already (rules S9 and B6).
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}", tag = "organizations")]
pub(crate) async fn patch(
    State(api): State<Api>,
    admin: Admin,
    Json(edit): Json<SettingsBody>,
) -> Result<Answer<OrganizationBody>, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let mut tx = api.pool.begin().await?;
    organizations::change_terms(&mut tx, admin.organization_id).await?;
    let mut organization = admin.organization(&mut tx).await?;
    let before = organization.settings.clone();
    let settings = &mut organization.settings;
    if let Some(value) = edit.batch_size {
        settings.batch_size = bounds::BatchSize::read("batch_size", value)?;
    }
    if let Some(value) = edit.lease_minutes {
        settings.lease_minutes = bounds::Minutes::read("lease_minutes", value)?;
    }
    if let Some(value) = edit.response_window_minutes {
        settings.response_window_minutes = bounds::Minutes::read("response_window_minutes", value)?;
    }
    if let Some(value) = edit.replies_per_hour {
        settings.replies_per_hour = bounds::RepliesPerHour::read("replies_per_hour", value)?;
    }
    if let Some(value) = edit.group_contact_limit {
        settings.group_contact_limit = bounds::Limit::read("group_contact_limit", value)?;
    }
    if let Some(value) = edit.agent_contact_limit {
        settings.agent_contact_limit = bounds::Limit::read("agent_contact_limit", value)?;
    }
    if let Some(value) = edit.max_segments {
        settings.max_segments = bounds::MaxSegments::read("max_segments", value)?;
    }
    if let Some(value) = edit.number_segments_per_minute {
        settings.number_segments_per_minute = bounds::NumberPace::read("number_segments_per_minute", value)?;
    }
    if let Some(value) = edit.initials_per_day {
        settings.initials_per_day =
            Some(bounds::InitialsPerDay::read("initials_per_day", value)?).filter(|value| *value > 0);
    }
    if let Some(value) = edit.lookup_max_age_days {
        settings.lookup_max_age_days = bounds::LookupDays::read("lookup_max_age_days", value)?;
    }
    if let Some(value) = edit.sending_hours {
        settings.sending_hours = SendingHours::new(value.opens_minute, value.closes_minute)
            .map_err(|error| Problem::invalid_body(error.to_string()))?;
    }
    settings.require_opt_out_language = edit.require_opt_out_language.unwrap_or(settings.require_opt_out_language);
    settings.recipient_safe = edit.recipient_safe.unwrap_or(settings.recipient_safe);
    settings.lock_custom_fields = edit.lock_custom_fields.unwrap_or(settings.lock_custom_fields);
    settings.smart_encoding = edit.smart_encoding.unwrap_or(settings.smart_encoding);
    settings.replies_at_any_hour = edit.replies_at_any_hour.unwrap_or(settings.replies_at_any_hour);
    settings.carrier_lookups = edit.carrier_lookups.unwrap_or(settings.carrier_lookups);
    settings.unknown_carriers = edit.unknown_carriers.unwrap_or(settings.unknown_carriers);
    settings.law_strictness = edit.law_strictness.unwrap_or(settings.law_strictness);
    if let Some(words) = edit.opt_out_keywords {
        for word in &words {
            bounds::Keyword::read("opt_out_keywords", word)?;
        }
        settings.opt_out_keywords = words;
    }
    for (name, edit, text) in [
        ("opt_out_text", edit.opt_out_text, &mut settings.opt_out_text),
        ("help_text", edit.help_text, &mut settings.help_text),
    ] {
        if let Some(edit) = edit {
            bounds::AutomaticText::read(name, &edit)?.clone_into(text);
        }
    }
    organizations::update_settings(&mut tx, organization.id, &organization.settings).await?;
    let changed = Changed::between(&before, &organization.settings);
    if changed.rates {
        rates::set_numbers(&mut tx, organization.id, organization.settings.number_segments_per_minute).await?;
    }
    rearm(&mut tx, organization.id, changed, &admin.origin()).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    Ok(Answer(body(organization)))
}
